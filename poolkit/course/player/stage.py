"""One play of a scene: real threads, of which exactly one runs at any time.

Each worker is a real thread parked on a real lock of its own, its gate. Handing over is opening
the next worker's gate and parking at one's own. The thread that called the player waits on a lock
too, in short slices, so that Ctrl-C, a limit around it, and a worker that no longer moves all
reach it; whatever happens, it ends the workers that the play leaves behind.
"""

import ctypes
import dis
import sys
import threading
from _thread import get_ident
from collections.abc import Iterator
from typing import NamedTuple

from poolkit.course.player.props import Ended, on_stage, real_lock, real_monotonic
from poolkit.course.player.script import Place

STEPS = 20_000  # instructions of the code under test in one play
NAPS = 100  # waits of one worker in one play that end by time
START = 1000.0  # the clock when a play begins, in virtual seconds
CLEANING = 1_000  # instructions that a worker may still run when it is being ended
PATIENCE = 1.0  # real seconds without a step before a worker counts as stuck
SLICE = 0.02  # real seconds between two looks at a play that runs


class Verdict(NamedTuple):
    """Why a play was stopped: a kind, who was running, where, and what was raised or found."""

    kind: str
    who: str = ""
    place: Place | None = None
    error: BaseException | None = None
    text: str = ""


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

    def due(self, worker: "Worker", place: Place, offset: int, fresh: bool) -> bool:
        if worker.name != self.name:
            return False
        if self.when == "inside":
            return self.fragment in place.text and offset == place.last and not place.leaving
        if not fresh:
            return False
        line = worker.before if self.when == "after" else place
        return line is not None and self.fragment in line.text and not line.leaving


class Worker:
    """A thread of the company; it plays one part after the other."""

    def __init__(self, follower) -> None:
        self.stage: Stage | None = None
        self.name, self.index, self._job = "", 0, None
        self.gate = real_lock()
        self.gate.acquire()
        self.followed = True
        self.spoiled = False  # it had to be ended by force: never used again
        self._follower = follower
        self._clear()
        self.thread = threading.Thread(target=self._live, daemon=True)
        self.thread.start()

    def _clear(self) -> None:
        self.done = self.waiting = self.fresh = self.paused = self.unwritten = False
        self.lock = self.deadline = self.error = None
        self.place: Place | None = None  # the line it is on
        self.before: Place | None = None  # the line it was on before that
        self.waits_at: Place | None = None
        self.naps = self.cleaning = 0
        self.result: object = None

    def cast(self, stage: "Stage", index: int, name: str, job, followed: bool) -> None:
        """Give the worker a part; it begins when its gate is opened."""
        self._clear()
        self.followed = followed
        self.stage, self.index, self.name, self._job = stage, index, name, job
        self.thread.name = name

    def dismiss(self) -> None:
        self._job = None
        self.gate.release()

    def ended(self) -> Ended:
        """What to raise to end the worker where it stands; what follows is cleaning up."""
        self.cleaning += 1
        return Ended()

    def can_run(self, now: float) -> bool:
        if self.done:
            return False
        if not self.waiting or (self.lock is not None and self.lock.holder is None):
            return True
        return self.deadline is not None and self.deadline <= now

    def _live(self) -> None:
        on_stage[get_ident()] = self
        try:
            while not self.spoiled:
                self.gate.acquire()
                if self._job is None:
                    return
                self._play()
        except BaseException:  # sent by force, by us or by a limit around us, and arrived late
            pass
        finally:
            on_stage.pop(get_ident(), None)

    def _play(self) -> None:
        stage = self.stage
        try:
            self._follower.enter(self)
            self.result = self._job()
        except Ended:
            pass
        except BaseException as error:
            self.error = error
        finally:
            self._follower.leave()
            stage.finished(self)

    def end_by_force(self) -> None:
        """Raise SystemExit in the thread, at its next instruction."""
        self.spoiled = True
        ident = ctypes.c_ulong(self.thread.ident)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(SystemExit))


class Stage:
    """The state of one play: who runs, what time it is, and what was decided where."""

    def __init__(
        self, spots, cancelled, *, switches=(), preemptions=0, pauses=(), record=False
    ) -> None:
        self.spots = spots
        self._cancelled = cancelled
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
        self.blocked: list[tuple[str, Place | None]] = []  # who waited, and where, at the verdict
        self.now = START
        self.steps = self.moves = self._tick = self._forced = 0
        self.out_of_sight = False  # the verdict was not made by counting: it took real time
        self.names: list[str] = []
        self.held: list[tuple[str, object]] = []  # who was paused within `with` which lock
        self.locks: list = []
        self._cast: list[Worker] = []
        self._current: Worker | None = None
        self._over = real_lock()
        self._over.acquire()

    # -- called by the thread that directs the play

    def act(self, parts: list[tuple[Worker, str, object]], main=True, followed=True) -> None:
        """Play the parts until each is done or a verdict falls, and leave no worker running."""
        self.main = main
        self._calm_down()
        if main:
            self.names = [name for _, name, _ in parts]
        self._over.acquire(blocking=False)  # in case the act before left it open
        self._cast = [worker for worker, _, _ in parts]
        for index, (worker, name, job) in enumerate(parts):
            worker.cast(self, index, name, job, followed)
        first = self._choose(self._cast)
        self._current = first
        try:
            first.gate.release()
            self._watch()
        finally:
            self._end_all()

    def _watch(self) -> None:
        """Wait for the end of the act; see to a worker that makes no step any more."""
        seen, since, places = -1, real_monotonic(), set()
        while not self._over.acquire(timeout=SLICE):
            if self._cancelled.is_set():
                self.stop("cancelled", self._current)
                return
            moved = self.steps + self.moves
            if moved != seen:
                seen, since, places = moved, real_monotonic(), set()
                continue
            places.add(self._standing())
            if real_monotonic() - since > (PATIENCE if self.verdict is None else 0.1):
                # One that runs, in code that is not followed, is endless; one that waits, stuck.
                runs = len(places) > 1 or None in places
                self.out_of_sight = True
                self.stop("endless" if runs else "stuck", self._current)
                return

    def _standing(self) -> tuple | None:
        """The instruction that the current worker is on, or None if it is on none that waits."""
        frame = sys._current_frames().get(self._current.thread.ident)
        if frame is None:
            return ()
        at = frame.f_lasti
        step = dis.opname[frame.f_code.co_code[at]]
        return None if step.startswith(("JUMP", "RESUME")) else (frame.f_code, at)

    def _end_all(self) -> None:
        """End the parked workers one after the other, and last the one that does not move."""
        if all(worker.done for worker in self._cast):
            return
        self.ending = True
        parked = [w for w in self._cast if not w.done and w is not self._current]
        for worker in parked:
            worker.gate.release()
            self._end(worker)
        if self._current is not None and not self._current.done:
            self._end(self._current)

    def _end(self, worker: Worker) -> None:
        until = real_monotonic() + 0.5
        patience = real_monotonic() + 0.1
        while not worker.done and real_monotonic() < until:
            if real_monotonic() > patience:
                worker.end_by_force()
            self._over.acquire(timeout=SLICE)
        worker.spoiled = worker.spoiled or not worker.done

    def _on(self, worker: Worker) -> Place | None:
        """The innermost line of the code under test that the worker is on, as Python sees it."""
        return next(self._stack(worker), None)

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

    # -- called by the worker that runs

    def step(self, worker: Worker, code, offset: int) -> None:
        """Before each instruction of the code under test: count it, and switch if it is time."""
        if self.ending or worker is not self._current:
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
            worker.unwritten = True
        if not matters:
            return
        fresh, worker.fresh = worker.fresh, False
        others = [w for w in self._cast if w is not worker and w.can_run(self.now)]
        if not others:
            self._write_line(worker)
            return
        tick = self._tick
        self._tick += 1
        if tick in self._switches:
            target = self._cast[self._switches.pop(tick)]
            self._calm_down()
            self._preempt(worker, target, fresh)
        elif self._free and not self._switches:
            self.points.append(Point(tick, tuple(w.index for w in others), False, not fresh))
        elif self.pauses:
            self._pause(worker, place, offset, fresh, others)
        self._write_line(worker)

    def _clean_up(self, worker: Worker) -> None:
        """End the worker, but let its `finally` and `with` run, as long as they do not take long"""
        worker.cleaning += 1
        if worker.cleaning == 1 or worker.cleaning > CLEANING:
            raise Ended

    def _calm_down(self) -> None:
        idle = not (self._switches or self._free or self.pauses)
        self._calm = not self.main or (idle and self.log is None)

    def _pause(self, worker, place, offset, fresh, others) -> None:
        for pause in self.pauses:
            if pause.due(worker, place, offset, fresh):
                self.pauses.remove(pause)
                self._preempt(worker, others[0], fresh)
                return

    def _preempt(self, worker: Worker, target: Worker, fresh: bool) -> None:
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
            if target is None and self.verdict is None and not all(w.done for w in self._cast):
                self.stop("deadlock", worker)
        worker.done = True
        self.moves += 1
        if target is not None:
            self._current = target
            target.gate.release()
        elif self._over.locked():
            self._over.release()

    def stop(self, kind: str, worker: Worker, text: str = "") -> None:
        """Pass the verdict; the worker that called goes on to raise Ended."""
        if self.verdict is None:
            self.ending = True
            waiting = [w for w in self._cast if w.waiting and not w.done]
            self.blocked = [(w.name, w.waits_at) for w in waiting]
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
        ready = [w for w in self._cast if w.can_run(self.now)]
        if not ready:
            due = [w.deadline for w in self._cast if not w.done and w.deadline is not None]
            if not due:
                return None
            # Rounding must not part two timers that are due at once.
            self.now = max(time for time in due if time - min(due) < 1e-6)
            ready = [w for w in self._cast if w.can_run(self.now)]
        return self._choose(ready)

    def _choose(self, ready: list[Worker]) -> Worker:
        """One of those that can run: at no cost, since the running worker could not go on."""
        if len(ready) == 1:
            return ready[0]
        self._forced -= 1
        if self._forced in self._switches:
            chosen = self._cast[self._switches.pop(self._forced)]
            self._calm_down()
            return chosen
        ready = sorted(ready, key=lambda worker: worker.paused)
        if not self._switches:
            others = tuple(w.index for w in ready[1:])
            self.points.append(Point(self._forced, others, True, False))
        return ready[0]

    def _switch(self, worker: Worker, target: Worker) -> None:
        self.moves += 1
        self._current = target
        target.gate.release()
        worker.gate.acquire()
        if self.ending:
            raise worker.ended()


def _headroom(depth: int) -> None:
    """Fail here, with nothing handed over yet, if the stack is about to end (RecursionError)."""
    if depth:
        _headroom(depth - 1)
