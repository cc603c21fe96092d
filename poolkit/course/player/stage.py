"""One play of a scene: who runs, what time it is, and what was decided where.

Only one worker runs at a time, and it alone calls what is here; to hand over, it chooses the next.
"""

import sys
from collections.abc import Iterator
from typing import NamedTuple

from poolkit.course.player.locks import Ended, real_lock
from poolkit.course.player.script import Place
from poolkit.course.player.worker import Worker

STEPS = 20_000  # instructions of the code under test in one play
NAPS = 100  # waits of one worker in one play that end by time
START = 1000.0  # the clock when a play begins, in virtual seconds
CLEANING = 1_000  # instructions that a worker may still run when it is being ended


class Verdict(NamedTuple):
    """Why a play was stopped: a kind, who was running, where, and what was raised or found."""

    kind: str
    who: str = ""
    place: Place | None = None
    error: BaseException | None = None
    text: str = ""


class Blocked(NamedTuple):
    """A worker that waits when a play is stopped: where, and who holds the lock it waits for."""

    name: str
    place: Place | None
    holder: str


class Point(NamedTuple):
    """A moment at which another worker could have been let run."""

    tick: int
    others: tuple[int, ...]
    forced: bool  # the running worker could not go on, so that switching is free
    midline: bool


class Pause(NamedTuple):
    """An order to stop one worker at a line of its code."""

    name: str
    when: str  # "after", "before" or "inside"
    fragment: str

    def due(self, worker: Worker, offset: int, fresh: bool) -> bool:
        """Whether the worker stands where it should stop; `fresh`: it has just come to its line."""
        place = worker.place
        if worker.name != self.name:
            return False
        if self.when == "inside":
            return self.fragment in place.text and offset == place.last and not place.leaving
        if not fresh:
            return False
        line = worker.before if self.when == "after" else place
        return line is not None and self.fragment in line.text and not line.leaving


class Stage:
    """The state of one play: who runs, what time it is, and what was decided where."""

    def __init__(
        self, script, cancelled, *, switches=(), preemptions=0, pauses=(), record=False
    ) -> None:
        self.spots, self._owner = script.spots, script.owner
        self.cancelled = cancelled
        # Tick -> index of the worker to run from there. Ticks count the moments at which the
        # running worker could be stopped; those at which it cannot go on count down from -1.
        self._switches = dict(switches)
        self._free = preemptions > 0
        self.pauses = list(pauses)
        self.log: list[tuple] | None = [] if record else None
        self._calm = False  # nothing can come any more for which a step must be looked at
        self.points: list[Point] = []
        self.verdict: Verdict | None = None
        self.ending = False
        self.blocked: list[Blocked] = []  # who waited at the verdict
        self.now = START
        self.steps = self.moves = self._tick = self._forced = 0
        self.closed = False  # the play is over, from set-up to the end
        self.out_of_sight = False  # the verdict was not made by counting: it took real time
        self.names: list[str] = []
        self.main = False
        self.held: list[tuple[str, object]] = []  # who was paused within `with` which lock
        self.locks: list = []
        self.cast: list[Worker] = []
        self.current: Worker | None = None
        self.over = real_lock()
        self.over.acquire()  # opened when the act is over

    def open(self, cast: list[Worker], main: bool) -> None:
        """Begin an act: let one of the cast run."""
        self.cast, self.main = cast, main
        if main:
            self.names = [worker.name for worker in cast]
        self._calm_down()
        self.current = self._choose(cast)
        self.current.gate.release()

    def step(self, worker: Worker, code, offset: int) -> None:
        """Before each instruction of the code under test: count it, and switch if it is time."""
        if self.ending or worker is not self.current:
            self._clean_up(worker)
            return
        self.steps += 1
        if self.steps > STEPS:
            limit = sys.getrecursionlimit()
            sys.setrecursionlimit(limit + 200)  # the code may be just short of it
            self.stop("endless", worker)
            sys.setrecursionlimit(limit)
            self._clean_up(worker)
            return
        if self._calm:
            return
        matters, place = self.spots[code][offset >> 1]
        if place is not worker.place and place is not None:
            self._write_line(worker)
            worker.before, worker.place, worker.fresh = worker.place, place, True
            worker.unwritten = self.log is not None and worker.enters(place)
        if matters:
            self._decide(worker, offset)
            self._write_line(worker)

    def _decide(self, worker: Worker, offset: int) -> None:
        """Switch here, or note that one could have: the others may see what comes next."""
        fresh, worker.fresh = worker.fresh, False
        others = [w for w in self.cast if w is not worker and w.can_run(self.now)]
        if not others or worker.in_one_go:
            return
        tick = self._tick
        self._tick += 1
        if tick in self._switches:
            target = self.cast[self._switches.pop(tick)]
            self._calm_down()
            self._preempt(worker, target, fresh)
        elif self._free and not self._switches:
            self.points.append(Point(tick, tuple(w.index for w in others), False, not fresh))
        elif self.pauses:
            self._pause(worker, offset, fresh, others)

    def _clean_up(self, worker: Worker) -> None:
        """End the worker, but let its `finally` and `with` run, as long as they do not take long"""
        worker.cleaning += 1
        if worker.cleaning == 1 or worker.cleaning > CLEANING:
            raise Ended

    def _calm_down(self) -> None:
        idle = not (self._switches or self._free or self.pauses)
        self._calm = not self.main or (idle and self.log is None)

    def _pause(self, worker: Worker, offset: int, fresh: bool, others: list[Worker]) -> None:
        for pause in self.pauses:
            if pause.due(worker, offset, fresh):
                self.pauses.remove(pause)
                self._preempt(worker, others[0], fresh)
                return

    def _preempt(self, worker: Worker, target: Worker, fresh: bool) -> None:
        # What remembers something from play to play (a thread's first loan takes another way) meets
        # a planned switch elsewhere than planned: there it must not wake one who waits.
        if not target.can_run(self.now):
            return
        _headroom(12)
        self._tell("pause", worker, worker.before if fresh else worker.place, fresh)
        self.held += [(worker.name, lock) for lock in self.locks if lock.inside is worker]
        worker.paused = True
        self._switch(worker, target)
        worker.paused = False

    def wait(self, worker: Worker, lock, deadline: float | None) -> bool:
        """Park the worker until the lock is free (True) or the deadline has come (False)."""
        if self.ending:
            raise worker.ended()
        _headroom(12)
        worker.lock, worker.deadline, worker.waiting = lock, deadline, True
        worker.waits_at = self._on(worker)
        self._tell("wait", worker, worker.waits_at, lock, deadline)
        target = self._next()
        if target is None:
            self.stop("deadlock", worker)
            raise worker.ended()
        if target is not worker:
            self._switch(worker, target)
        worker.waiting = False
        if lock is not None and lock.holder is None:
            return True
        self._tell("time", worker, lock)
        worker.naps += 1
        if worker.naps > NAPS:
            self.stop("endless", worker)
            raise worker.ended()
        return False

    def finished(self, worker: Worker) -> None:
        """A worker's part is over, one way or the other: pass on, or end the play."""
        target = None
        self._write_line(worker)
        if not self.ending and self.verdict is None:
            if worker.error is not None:
                self.verdict = Verdict("raised", worker.name, worker.place, worker.error)
            else:
                self._tell("done", worker)
            worker.done = True
            target = self._next() if self.verdict is None else None
            if target is None and self.verdict is None and not all(w.done for w in self.cast):
                self.stop("deadlock", worker)
        worker.done = True
        self.moves += 1
        if target is not None:
            self.current = target
            target.gate.release()
        elif self.over.locked():
            self.over.release()

    def stop(self, kind: str, worker: Worker, text: str = "") -> None:
        """Pass the verdict; the worker that called goes on to raise Ended."""
        if self.verdict is None:
            self.ending = True
            waiting = [w for w in self.cast if w.waiting and not w.done]
            self.blocked = [Blocked(w.name, w.waits_at, w.barred_by()) for w in waiting]
            place = self._loop(worker) if kind == "endless" else self._on(worker)
            self.verdict = Verdict(kind, worker.name, place, None, text)

    def note(self, worker: Worker, text: str) -> None:
        self._write_line(worker)
        self._tell("note", worker, text)

    def _write_line(self, worker: Worker) -> None:
        """Take the line down once something of it has run that others can see, or it is left."""
        if worker.unwritten:
            worker.unwritten = False
            self._tell("line", worker, worker.place)

    def _tell(self, what: str, worker: Worker, *rest) -> None:
        if self.log is not None and self.main and self.verdict is None:
            self.log.append((what, worker.name, *rest))

    def _next(self) -> Worker | None:
        """Who runs now that the running worker cannot; time passes only if nobody else can."""
        ready = [w for w in self.cast if w.can_run(self.now)]
        if not ready:
            due = [w.deadline for w in self.cast if not w.done and w.deadline is not None]
            if not due:
                return None
            # Rounding must not part two timers that are due at once.
            self.now = max(time for time in due if time - min(due) < 1e-6)
            ready = [w for w in self.cast if w.can_run(self.now)]
        return self._choose(ready)

    def _choose(self, ready: list[Worker]) -> Worker:
        """One of those that can run: at no cost, since the running worker could not go on."""
        if len(ready) == 1:
            return ready[0]
        self._forced -= 1
        if self._forced in self._switches:
            chosen = self.cast[self._switches.pop(self._forced)]
            self._calm_down()
            return chosen if chosen in ready else ready[0]
        ready = sorted(ready, key=lambda worker: worker.paused)
        if not self._switches:
            others = tuple(w.index for w in ready[1:])
            self.points.append(Point(self._forced, others, True, False))
        return ready[0]

    def _switch(self, worker: Worker, target: Worker) -> None:
        self.moves += 1
        self.current = target
        target.gate.release()
        worker.gate.acquire()
        if self.ending:
            raise worker.ended()

    def _on(self, worker: Worker) -> Place | None:
        """The innermost line of the code under test that the worker is on, as Python sees it."""
        return next(self._stack(worker), None)

    def strange_code(self) -> str:
        """The package that the running worker is in, if its code is others'; else nothing."""
        return self._owner.strange(sys._current_frames().get(self.current.thread.ident))

    def _loop(self, worker: Worker) -> Place | None:
        """The innermost loop that the worker is in, or else the function that calls itself."""
        places = list(self._stack(worker))
        heads = [head for place in places if (head := place.loop) is not None]
        codes = [place.code for place in places]
        return [*heads, *(Place(code, code.co_firstlineno, False) for code in codes), None][0]

    def _stack(self, worker: Worker) -> Iterator[Place]:
        frame = sys._current_frames().get(worker.thread.ident)
        while frame is not None:
            spots = self.spots.get(frame.f_code)
            place = spots[frame.f_lasti // 2][1] if spots else None
            if place is not None:
                yield place
            frame = frame.f_back


def _headroom(depth: int) -> None:
    """Fail here, with nothing handed over yet, if the stack is about to end (RecursionError)."""
    if depth:
        _headroom(depth - 1)
