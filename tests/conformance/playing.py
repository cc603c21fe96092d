"""A story played by the player: threads one at a time, in every order that matters, in no time."""

import contextlib
import time

from poolkit.course.player import Scene, play_all
from poolkit.course.player.props import get_ident, on_stage
from poolkit.course.player.stage import Stage
from tests.conformance.story import NotJudged, Story
from tests.conformance.verdicts import Verdict

START = 1000.0  # the player's clock when a play begins
SECONDS = 25.0  # of real time for one story: against a hang; the number of plays decides


class Played:
    """What a story asks of the place it is played in, in virtual time."""

    unit = 1.0
    patience = 0.0

    def at(self, moment: int, by_clock: bool) -> None:
        # The player's clock moves when nobody can run: until then, all that could be done is done.
        time.sleep(max(0.0, START + moment - time.monotonic()))

    def now(self) -> float:
        return time.monotonic()

    def late(self, moment: int) -> float:
        return time.monotonic() - START - moment

    def inside(self, acquire):
        return acquire()

    def wait_for(self, event) -> None:
        event.wait()

    def together(self, act, name: str) -> None:
        """Do something, and interrupt who was woken by it before she goes on."""
        act()
        self.interrupt(name)

    def interrupt(self, name: str) -> None:
        """Have KeyboardInterrupt come to a thread in the wait that it is in."""
        stage = on_stage[get_ident()].stage
        worker = next(worker for worker in stage.cast if worker.name == name)
        worker.interrupted, worker.deadline = True, stage.now


@contextlib.contextmanager
def _adapted():
    """The player, with what the suite needs of it beyond what it offers."""
    before = Stage.wait
    Stage.wait = _interruptible(before)
    try:
        yield
    finally:
        Stage.wait = before


def _interruptible(wait):
    """As Python does it: a signal ends the wait for a lock, which is then not taken."""

    def interruptible(stage, worker, lock, deadline):
        came = wait(stage, worker, lock, deadline)
        if getattr(worker, "interrupted", False):
            worker.interrupted = False
            raise KeyboardInterrupt
        return came

    return interruptible


def play(story: type[Story], pool: type, follow: list) -> Verdict:
    """Play every order of the story's threads; the first in which it breaks is told."""
    told: list[Story] = []

    def setup() -> Story:
        for before in told:
            before.over()
        told[:] = [story.__new__(story)]
        told[0].__init__(pool, Played())
        return told[0]

    workers = {name: getattr(story, name) for name in Story.workers(story)}
    scene = Scene(follow, setup, workers, story.end)
    try:
        with _adapted():
            result = play_all(
                scene, preemptions=story.preemptions, plays=story.plays, seconds=SECONDS
            )
    finally:
        for before in told:
            before.over()
    if result.ok:
        return Verdict("kept", f"in {result.plays} orders" if result.plays > 1 else "")
    if result.kind == "unseen":
        return Verdict("unseen", str(result))
    if isinstance(result.error, NotJudged):
        return Verdict("not judged", str(result.error))
    return Verdict("broken", _why(result), result.kind)


def _why(result) -> str:
    """What was seen, and where it takes an order of the threads to see it, that order."""
    seen, told = result.key, " ".join(str(result).split())
    if result.kind == "raised":
        seen = _raised(result)
    if result.kind not in ("claim", "raised"):
        return told
    return f"{seen.rstrip('.')}. {told}" if "paused" in told else seen


def _raised(result) -> str:
    """The exception, and the line of the pool that it came from."""
    text = " ".join(str(result.error).split())
    who = f"{result.who} got {type(result.error).__name__}" if result.who else "it raised"
    where = f", at `{result.line}`" if result.line else ""
    return f"{who}{f': {text}' * bool(text)}{where}"
