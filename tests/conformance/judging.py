"""The suite without pytest: `judge(pool)` tries every promise on a pool.

from tests.conformance.judging import judge, summary

verdicts = judge(Pool)
print(summary(verdicts))
"""

import importlib
import threading
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from tests.conformance import adapter as shape
from tests.conformance.playing import play
from tests.conformance.story import Story
from tests.conformance.verdicts import MARKS, Verdict

LIMIT = 30.0  # seconds for one promise, whatever it does; the player needs a few at most


class Stage(NamedTuple):
    name: str
    title: str
    lesson: int


STAGES = (
    Stage("lends", "lends and reuses", 2),
    Stage("waits", "caps and waits", 8),
    Stage("order", "order", 8),
    Stage("failures", "failures", 4),
    Stage("leftovers", "what a loan leaves behind", 7),
    Stage("threads", "threads", 8),
    Stage("interrupts", "interrupts", 9),
    Stage("fork", "fork", 12),
    Stage("end", "end", 9),
    Stage("numbers", "numbers that add up", 2),
)


class Promise(NamedTuple):
    """One promise: `id` is "stage.name", `text` one line of plain words."""

    id: str
    text: str
    stage: Stage
    lesson: int
    story: type[Story]


@cache
def promises() -> tuple[Promise, ...]:
    """All of them, in the order in which they are taught."""
    return tuple(promise for stage in STAGES for promise in _of(stage))


def _of(stage: Stage) -> Iterable[Promise]:
    module = importlib.import_module(f"tests.conformance.promises.{stage.name}")
    for name, story in vars(module).items():
        if isinstance(story, type) and story.__module__ == module.__name__ and story.__doc__:
            words = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).strip("_")
            lesson = story.lesson or stage.lesson
            yield Promise(f"{stage.name}.{words}", story.__doc__, stage, lesson, story)


def judge(pool: type, stages: Iterable[str] = ()) -> dict[Promise, Verdict]:
    """Try the promises of these stages on a pool; of all stages, if none is named."""
    wanted = set(stages) or {stage.name for stage in STAGES}
    return {p: judge_one(p, pool) for p in promises() if p.stage.name in wanted}


def judge_one(promise: Promise, pool: type) -> Verdict:
    """Try one promise. It comes back, whatever the pool does."""
    missing = [what for what in promise.story.needs.split() if what in shape.lacks(pool)]
    if missing:
        return Verdict("not offered", shape.lacks(pool)[missing[0]])
    outcome: list[Verdict] = []

    def job() -> None:
        try:
            outcome.append(_try(promise, pool))
        except BaseException as error:  # such as a pool that changed what the suite stands on
            why = f"{type(error).__name__} came out of the suite itself: {error}"
            outcome.append(Verdict("not judged", why))

    thread = threading.Thread(target=job, daemon=True)
    thread.start()
    thread.join(LIMIT)
    return outcome[0] if outcome else Verdict("broken", f"no end after {LIMIT:.0f} s", "hung")


def _try(promise: Promise, pool: type) -> Verdict:
    story = promise.story
    if hasattr(story, "judge"):  # it needs a process of its own
        return story.judge(pool)
    follow = shape.followed(pool)
    if follow is not None:
        verdict = play(story, pool, follow)
        if verdict.what != "unseen":
            return verdict
    from tests.conformance.real import run

    verdict = run(story, pool)
    played = shape.said(pool, "played")
    if played and story.preemptions and not story.interrupts and verdict.what == "kept":
        return play(story, played, shape.followed(played))
    return verdict


def summary(verdicts: dict[Promise, Verdict]) -> str:
    """One line a stage: how many are kept, and the first that is not."""
    lines = []
    for stage in STAGES:
        mine = {p: v for p, v in verdicts.items() if p.stage == stage}
        if mine:
            lines.append(_stage_line(stage, mine))
    return "\n".join(lines)


def _stage_line(stage: Stage, verdicts: dict[Promise, Verdict]) -> str:
    asked = {p: v for p, v in verdicts.items() if v.what != "not offered"}
    kept = sum(v.what == "kept" for v in asked.values())
    line = f"{stage.title}: {kept} of {len(asked)}"
    if len(asked) < len(verdicts):
        line += f", {len(verdicts) - len(asked)} not offered"
    unjudged = sum(v.what == "not judged" for v in asked.values())
    if unjudged:
        line += f", {unjudged} not judged"
    first = next((p for p, v in asked.items() if v.what == "broken"), None)
    if first is not None:
        line += f"; first broken: {first.text} Lesson {first.lesson:02}."
    return line


def told(verdicts: dict[Promise, Verdict]) -> str:
    """Every promise with its mark; under a broken one, what was seen."""
    lines = []
    for promise, verdict in verdicts.items():
        lines.append(f"{MARKS[verdict.what]} {promise.text}")
        if verdict.why and verdict.what != "kept":
            lines.append(f"    {verdict.why}")
    return "\n".join(lines)
