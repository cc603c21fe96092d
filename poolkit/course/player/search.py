"""Trying every place where a switch can fall, the simplest schedules first.

A play is fixed by its switches: at which decision, counted from the start, which worker runs on.
Each play that holds is extended by one more switch, later than all it has. Schedules are tried in
order of their preemptions, switches taken from a worker that could have gone on: most faults show
with one or two (iterative context bounding: Musuvathi and Qadeer, CHESS, PLDI 2007). Among those,
switches between two lines come before switches inside one: they read better, and suffice mostly.
"""

import contextlib
import gc
import heapq
import itertools
import random
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from poolkit.course.player.directing import SLICE, act
from poolkit.course.player.follow import Follower
from poolkit.course.player.locks import on_stage, real_lock, real_monotonic
from poolkit.course.player.props import in_place, undoing, unseen
from poolkit.course.player.script import Script
from poolkit.course.player.stage import Pause, Stage, Verdict
from poolkit.course.player.worker import Worker

_one_at_a_time = threading.Lock()  # the stand-ins and the followed codes are there once


@dataclass(frozen=True)
class Scene:
    """What is played: a set-up, two or three workers, and what holds when they are done.

    `code` is what is followed: a class, a function, a module, or a list of these; their bases and
    what they name in their own files are followed too. Installed packages are followed as far as
    they are named here. `setup()` makes what the workers share;
    each worker is a function of it; `holds`, if given, gets it when all are done and asserts.
    A worker may assert as well. An assertion's message is the result's `key`.
    """

    code: object
    setup: Callable[[], object]
    workers: Mapping[str, Callable[[object], object]]
    holds: Callable[[object], object] | None = None

    def roots(self) -> list[object]:
        return list(self.code) if isinstance(self.code, (list, tuple, set)) else [self.code]

    def namespaces(self) -> list[dict]:
        """The scene's own, so that a name it bound (`from time import sleep`) is played too."""
        functions = [self.setup, *self.workers.values(), self.holds]
        return [f.__globals__ for f in functions if hasattr(f, "__globals__")]


@dataclass
class Found:
    """What a search came back with, before it is told in words."""

    verdict: Verdict | None
    switches: tuple = ()
    plays: int = 0
    complete: bool = True
    preemptions: int | None = None  # the most that a schedule had; None: one given schedule
    stage: Stage | None = None
    left_behind: list[str] = field(default_factory=list)


class Company:
    """The threads that play: one for set-up and the end, one for each worker."""

    def __init__(self, scene: Scene, script: Script, cancelled: threading.Event) -> None:
        self.scene, self.script, self.cancelled = scene, script, cancelled
        self.follower = Follower(script.spots)
        self.left_behind: list[str] = []
        self._hands: list[Worker] = []
        self._set_up = False

    def open(self) -> None:
        self._hands = [Worker(self.follower) for _ in range(len(self.scene.workers) + 1)]
        self.follower.start()

    def close(self) -> None:
        self.follower.stop()
        for hand in self._hands:
            if not hand.spoiled:
                hand.dismiss()
                hand.thread.join(1)

    def play(self, **options) -> Stage:
        """Play the scene once, from set-up to the end; the stage has the verdict."""
        random.seed(1)  # a pool that draws numbers draws the same ones in every play
        stage = Stage(self.script, self.cancelled, **options)
        try:
            self._play(stage, options.get("record"))
        finally:
            stage.closed = True
        return stage

    def _play(self, stage: Stage, record: bool | None) -> None:
        scene = self.scene
        stagehand, *players = self._replace_spoiled()
        # Set-up is the same in every play: it is followed once, in case it never ends.
        first, self._set_up = record or not self._set_up, True
        act(stage, [(stagehand, "setup", scene.setup)], main=False, followed=first)
        if stage.verdict is not None:
            stage.verdict = stage.verdict._replace(who="setup")
            return
        shared = stagehand.result
        parts = zip(players, scene.workers.items(), strict=True)
        act(stage, [(hand, name, _part(job, shared)) for hand, (name, job) in parts])
        if stage.verdict is None and scene.holds is not None:
            act(stage, [(stagehand, "whoever comes next", _part(scene.holds, shared))], main=False)

    def _replace_spoiled(self) -> list[Worker]:
        for index, hand in enumerate(self._hands):
            if hand.spoiled:
                self._hands[index] = Worker(self.follower)
        return self._hands

    def lost(self) -> list[str]:
        return [hand.name for hand in self._hands if hand.spoiled and hand.thread.is_alive()]


def _part(job: Callable[[object], object], shared: object) -> Callable[[], object]:
    return lambda: job(shared)


def directed(job: Callable[[threading.Event], Found]) -> Found:
    """Run the job in a thread of its own, so that what interrupts us cannot interrupt its clearing
    up: Ctrl-C goes to the main thread, and a limit around a check to the thread that it began.
    """

    def direct() -> None:
        try:
            outcome.append((job(cancelled), None))
        except BaseException as error:
            outcome.append((None, error))
        finally:
            over.release()

    if threading.get_ident() in on_stage:
        raise RuntimeError("a scene cannot be played inside a scene")
    outcome: list[tuple[Found | None, BaseException | None]] = []
    cancelled = threading.Event()
    director = threading.Thread(target=direct, name="the player", daemon=True)
    over = real_lock()  # and no join(): interrupted, that takes a thread that runs for ended
    over.acquire()
    director.start()
    try:
        while not over.acquire(timeout=SLICE):
            pass
    except BaseException:
        cancelled.set()
        over.acquire(timeout=2)
        raise
    director.join()
    found, error = outcome[0]
    if error is not None:
        raise error
    return found


@contextlib.contextmanager
def rehearsal(scene: Scene, cancelled: threading.Event):
    """A company ready to play the scene, with the stand-ins in place."""
    company = Company(scene, Script(scene.roots()), cancelled)
    with undoing() as undo:
        if not _one_at_a_time.acquire(timeout=10):
            raise RuntimeError("another scene is being played, in another thread")
        undo.append(_one_at_a_time.release)
        if gc.isenabled():
            undo.append(gc.enable)
        gc.disable()  # a finalizer must not run at a moment of its own choosing
        drawn = random.getstate()
        undo += [lambda: random.setstate(drawn), company.close]
        with in_place(company.script, scene.namespaces()):
            company.open()
            yield company


def search(scene: Scene, preemptions: int, plays: int, seconds: float) -> Found:
    """Play schedule after schedule until one breaks, none is left, or the bounds are reached."""
    return directed(lambda cancelled: _search(scene, cancelled, preemptions, plays, seconds))


def _search(scene: Scene, cancelled, preemptions: int, plays: int, seconds: float) -> Found:
    with rehearsal(scene, cancelled) as company:
        hidden = unseen(company.script)
        if hidden:
            return Found(Verdict("unseen", text=hidden))
        until = real_monotonic() + seconds
        found = _explore(company, preemptions, plays, until)
        if found.verdict is not None and not found.stage.out_of_sight:
            found = _again(company, found)
        found.left_behind = company.lost()
        return found


def _explore(company: Company, preemptions: int, plays: int, until: float) -> Found:
    count = itertools.count()
    waiting = [(0, 0, next(count), ())]
    played = 0
    while waiting:
        if played >= plays or real_monotonic() > until or company.cancelled.is_set():
            return Found(None, plays=played, complete=False, preemptions=preemptions)
        cost, inside, _, switches = heapq.heappop(waiting)
        stage = company.play(switches=switches, preemptions=preemptions - cost)
        played += 1
        if stage.verdict is not None:
            return Found(stage.verdict, switches, played, stage=stage)
        for point in stage.points:
            paid, deep = cost + (not point.forced), inside + point.midline
            # Beyond the bound on plays there is no use in keeping what will not be played.
            if paid == cost or len(waiting) < 2 * plays:
                for other in point.others:
                    step = (*switches, (point.tick, other))
                    heapq.heappush(waiting, (paid, deep, next(count), step))
    return Found(None, plays=played, preemptions=preemptions)


def _again(company: Company, found: Found) -> Found:
    """Play the schedule that broke once more, taking it down line by line."""
    stage = company.play(switches=found.switches, record=True)
    found.stage = stage
    if stage.verdict is None or stage.verdict.kind != found.verdict.kind:
        stage.log = None  # not the same twice: there is no story to trust
    else:
        found.verdict = stage.verdict
    return found


def perform(scene: Scene, switches: Iterable = (), pauses: Iterable[Pause] = ()) -> Found:
    """Play one given schedule."""
    return directed(lambda cancelled: _perform(scene, cancelled, tuple(switches), list(pauses)))


def _perform(scene: Scene, cancelled, switches: tuple, pauses: list[Pause]) -> Found:
    with rehearsal(scene, cancelled) as company:
        hidden = unseen(company.script)
        if hidden:
            return Found(Verdict("unseen", text=hidden))
        stage = company.play(switches=switches, pauses=pauses, record=True)
        if stage.pauses:
            raise ValueError(f"this pause never came: {' '.join(stage.pauses[0])}")
        return Found(stage.verdict, switches, 1, stage=stage, left_behind=company.lost())
