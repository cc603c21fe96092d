"""What the player plays in lesson 09: scenes of ann and ben, and claims on a stage of its own."""

from __future__ import annotations

import time
from collections.abc import Callable

from poolkit.course.exercises import Reason, because
from poolkit.course.guard import their_line
from poolkit.course.lessons.review.benches import Bench
from poolkit.course.player import Result, Scene, note, play, play_all


class WaitScene:
    """A scene for two: the pool's only connection is out, as `self.lent`; ann and ben come."""

    def ann(self, pool):
        """What ann does."""

    def ben(self, pool):
        """What ben does."""

    def scene(self, pool_class, benches, patience=5.0):
        """The scene for the player; `benches` gets what has to be closed afterwards."""

        def setup():
            benches.append(Bench(pool_class))
            pool = benches[-1].pool(most=1, patience=patience)
            self.lent = pool.acquire()
            return pool

        return Scene(pool_class, setup, {"ann": self.ann, "ben": self.ben})


def play_proof(proof: WaitScene, pool_class: type):
    """Play a learner's scene on a pool, in every order; gives the player's result."""
    benches = []
    try:
        return play_all(proof.scene(pool_class, benches), seconds=0.6)
    finally:
        for one in benches:
            one.close()


class Clock(WaitScene):
    """Ann waits five seconds at most; ben gives back after one. Who stood how long?"""

    def __init__(self):
        self.got, self.waited, self.stood = "", 0.0, 0.0

    def ann(self, pool):
        began = time.monotonic()
        try:
            pool.acquire()
            self.got = "a connection"
        except TimeoutError:
            self.got = "TimeoutError"
        self.waited = time.monotonic() - began
        note(f"{self.got} after {self.waited:.0f} s")

    def ben(self, pool):
        time.sleep(1)
        began = time.monotonic()
        pool.release(self.lent)
        self.stood = time.monotonic() - began
        note(f"gave back, after {self.stood:.0f} s in release")


def stand_and_wait(pool_class: type) -> Clock:
    """Play ann and ben once, in the player's time; gives what came of it."""
    benches, clock = [], Clock()
    try:
        play(clock.scene(pool_class, benches))
    finally:
        for one in benches:
            one.close()
    return clock


def on_stage(
    pool_class: type,
    setup: Callable,
    *workers: Callable,
    end: Callable = lambda *_: None,
    bench_class: type = Bench,
    **pool: object,
) -> None:
    """Let the player try a claim on the learner's pool, where time is virtual and no wait hangs.

    `setup(bench, pool)` gives what the workers, ann and ben, share; without workers it is the
    whole claim. Raises what the claim asserts, and the learner's exception where there is one; a
    telling with a place `{order}` gets the order in which the two met.
    """
    benches = []

    def begin():
        benches.append(bench_class(pool_class))
        made = benches[-1].pool(patience=5.0, **pool)
        return benches[-1], made, setup(benches[-1], made) if workers else None

    def part(worker: Callable) -> Callable:
        return lambda shared: worker(*shared)

    parts = workers or (lambda bench, pool, _: setup(bench, pool),)
    named = dict(zip(("ann", "ben"), map(part, parts), strict=False))
    scene = Scene(pool_class, begin, named, part(end))
    try:
        result = play_all(scene, seconds=1.0)
    finally:
        for one in benches:
            one.close()
    if result.error is not None:
        reason = result.error.args[0] if result.error.args else None
        if isinstance(reason, Reason):
            reason.values = {**reason.values, "order": result.story.removesuffix(f": {reason}")}
        raise result.error
    assert result.ok, told("stands still", result)


def told(key: str, result: Result):
    """The key of a misconception, with a player's story and what to do about it."""
    reason = because(key)
    told = result.story.strip() or complaint(result.error)
    story = told[:1].upper() + told[1:]
    advice = ADVICE.get(result.kind, "")
    reason.values = {"story": f"{story.rstrip('.')}.", "advice": advice}
    return reason


def complaint(error: BaseException) -> str:
    """What an exception says, and at which line of the learner's."""
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    line = their_line(error.__traceback__)
    return said if line is None else f"{said}, at your {line}"


ADVICE = {
    "deadlock": "Often a lock is taken twice, or kept by somebody who waits.",
    "endless": "A loop has to come to its end; who waits for a connection sleeps in `self.wait()`.",
}


STILL = "{story} {advice}"
