"""A story played by real threads, for a pool that the player cannot follow.

A moment of the story comes when all threads have come to rest: each is done, or stands at a later
moment, or at a gate of the desk, or waits in the pool, which `stats()["waiting"]` has to show. So
nothing is left to a pause that may be too short; one that is never at rest is told after a limit.

A story that interrupts `ann` is played in a process of its own, where she is the main thread:

    python -m tests.conformance.real MODULE:CLASS PROMISE
"""

import os
import signal
import sys
import threading
import time

from tests.conformance import adapter as shape
from tests.conformance import apart
from tests.conformance.story import NotJudged, Story
from tests.conformance.verdicts import Verdict

LIMIT = 15.0  # seconds without any progress
TIMES = 10  # a story about moments that meet is played so often
LOOKS = 6  # so many looks in a row find all threads at rest


class Real:
    """What a story asks of the place it is played in, with real threads and a real clock."""

    unit = 0.4  # seconds of real time for one second of the story
    patience = 8.0  # seconds of a time-out that no story is about, on a machine that is busy

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._moment, self._began = 0, time.monotonic()
        self._standing: dict[int, int] = {}  # thread -> the moment that it stands at
        self._asking: set[int] = set()  # threads inside acquire()
        self._parked: set[int] = set()  # threads that wait for an event of the story
        self.main = None

    def at(self, moment: int, by_clock: bool) -> None:
        me = threading.get_ident()
        if by_clock:
            time.sleep(max(0.0, self._began + moment * self.unit - time.monotonic()))
        with self._turn:
            self._standing[me] = moment
            came = self._turn.wait_for(lambda: self._moment >= moment, LIMIT)
            del self._standing[me]
        assert came, f"the moment {moment} never came"

    def now(self) -> float:
        return time.monotonic()

    def late(self, moment: int) -> float:
        return 0.0

    def inside(self, acquire):
        me = threading.get_ident()
        self._asking.add(me)
        try:
            return acquire()
        finally:
            self._asking.discard(me)

    def wait_for(self, event: threading.Event) -> None:
        self._parked.add(threading.get_ident())
        came = event.wait(LIMIT)
        self._parked.discard(threading.get_ident())
        assert came, "it never came"

    def interrupt(self, name: str) -> None:
        signal.pthread_kill(self.main, signal.SIGINT)

    def together(self, act, name: str) -> None:
        """Interrupt somebody in her wait, and do something in the same moment.

        Not the other way round: woken first, she could be out of the pool by the time it comes.
        """
        self.interrupt(name)
        act()

    def at_rest(self, story: Story, threads: list[threading.Thread]) -> bool:
        """Whether no thread can do anything before the next moment comes."""
        live = {thread.ident for thread in threads if thread.is_alive()}
        with self._turn:
            busy = live - set(self._standing) - self._parked - story.desk.gated
        if story.desk.connecting > story.desk.gated_connects:
            return False
        asking = busy & self._asking
        return busy == asking and (not asking or story.pool.stats()["waiting"] >= len(asking))

    def go_on(self) -> bool:
        """Let the next moment come; False if nobody stands at one."""
        with self._turn:
            if not self._standing:
                return False
            self._moment = max(self._moment, min(self._standing.values()))
            self._turn.notify_all()
            return True


def run(story: type[Story], pool: type) -> Verdict:
    if "waiting" in shape.lacks(pool):
        return Verdict("not judged", "it cannot be followed, and does not show who waits")
    if story.interrupts:
        return _in_a_process(story, pool)
    for _ in range(TIMES if story.preemptions else 1):
        verdict = _play(story, pool)
        if verdict.what != "kept":
            return verdict
    return verdict


def _play(story: type[Story], pool: type, main: str = "") -> Verdict:
    """Play once; the worker named `main` is played by this thread."""
    told, seen, scene = None, [], Real()
    scene.main = threading.get_ident()
    try:
        told = story(pool, scene)

        def part(name):
            try:
                getattr(told, name)()
            except BaseException as error:
                seen.append(error)

        names = [name for name in story.workers(story) if name != main]
        threads = [threading.Thread(target=part, args=(n,), name=n, daemon=True) for n in names]
        for thread in threads:
            thread.start()
        if main:
            everybody = [*threads, threading.current_thread()]
            done = threading.Event()
            threading.Thread(target=_lead, args=(scene, told, everybody, done), daemon=True).start()
            part(main)
            done.set()
        stuck = _lead(scene, told, threads)
        if stuck and not seen:
            return Verdict("broken", f"nobody can go on: {' and '.join(stuck)} waited", "hung")
        if not seen:
            told.end()
    except BaseException as error:
        seen.append(error)
    finally:
        if told is not None:
            told.desk.open_gates()
            told.over()
    return _verdict(seen[0]) if seen else Verdict("kept", "with real threads")


def _lead(scene, story, threads, done=None) -> list[str]:
    """Let moment after moment come until all are done; who is left when nothing moves any more."""
    still, quiet_since = 0, time.monotonic()
    while any(thread.is_alive() for thread in threads) and not (done and done.is_set()):
        still = still + 1 if scene.at_rest(story, threads) else 0
        if still >= LOOKS and scene.go_on():
            still, quiet_since = 0, time.monotonic()
        if time.monotonic() - quiet_since > LIMIT:
            return [thread.name for thread in threads if thread.is_alive()]
        time.sleep(0.004)
    return []


def _verdict(error: BaseException) -> Verdict:
    if isinstance(error, NotJudged):
        return Verdict("not judged", str(error))
    if isinstance(error, AssertionError):
        return Verdict("broken", str(error), "claim")
    return Verdict("broken", f"{type(error).__name__}: {error}", "raised")


def _in_a_process(story: type[Story], pool: type) -> Verdict:
    spec = f"{pool.__module__}:{pool.__qualname__}"
    found, error = apart.ask(__name__, spec, story.__module__, story.__name__)
    return Verdict(*found) if found else Verdict("not judged", error)


def main(spec: str, module: str, name: str) -> None:
    import importlib

    tell = apart.teller()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored
    pool_module, _, pool_name = spec.partition(":")
    pool = getattr(importlib.import_module(pool_module), pool_name)
    story = getattr(importlib.import_module(module), name)
    tell(_play(story, pool, main="ann"))
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
