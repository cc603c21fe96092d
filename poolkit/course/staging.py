"""`stage` and `suite`: what the learner's own pool promises, tried in a process of its own."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass
from pathlib import Path

from poolkit.course.checking import folded
from poolkit.course.desk.pool_running import (
    KEPT,
    OPEN,
    Outcome,
    Tried,
    first_not_kept,
    put_through,
    suite_folder,
)
from poolkit.course.desk.running import Limits
from poolkit.course.exercises import UnknownId, lesson_part
from poolkit.course.lessons import LESSONS
from poolkit.course.shown import Card, short
from poolkit.course.state import STARTED, Store, store

FILE = "my_pool.py"
STEPS = Path(__file__).parent / "lessons" / "capstone" / "steps"
REFERENCE = Path("tests", "conformance", "reference.py")  # the last step
ALL_KEPT = (
    "Your pool is done. Go on with the three incidents, further down in lesson 14. What whoever "
    f"teaches you sees of it is told by `../.venv/bin/poolkit grade {FILE}`, in a terminal in this folder."
)
_LIMITS = Limits(cell=10.0, whole=90.0)
_SIGNS = {"kept": "kept", "broken": "broken", "open": "open", "not judged": "unjudged"}
_outcomes: dict[tuple[str, str], Outcome] = {}  # what each stage came to, of each state of the file


@dataclass(frozen=True)
class Stage:
    """A stage of the conformance suite: what the course says of it."""

    id: str
    title: str
    hints: tuple[str, str, str]

    @property
    def name(self) -> str:
        return self.id.partition(".")[2]

    def solution(self) -> str:
        """A whole file that keeps this stage and those before it, and is no larger than that."""
        step = STEPS / f"{self.name}.py"
        return (step if step.is_file() else suite_folder() / REFERENCE).read_text(encoding="utf-8")


def stages() -> tuple[Stage, ...]:
    """All ten, in the order in which they are tried."""
    return lesson_part("capstone", "stages")


def stage(name: str) -> None:
    """Try one stage's promises on the `Pool` of my_pool.py, and show a line a promise."""
    known = {one.name: one for one in stages()}
    asked = name.removeprefix("capstone.") if isinstance(name, str) else name
    if asked not in known:
        raise UnknownId(f"no stage {short(name)}: there is {', '.join(known)}")
    source = _source()
    if source is not None:
        _stage_card(known[asked], _put_through(source, known[asked])).show()


def suite() -> None:
    """Try all stages on the `Pool` of my_pool.py, and show a line a stage.

    What a stage came to is kept until the file changes.
    """
    source = _source()
    if source is None:
        return
    found = {
        one: _outcomes.get((_mark(source), one.name)) or _put_through(source, one)
        for one in stages()
    }
    _suite_card(found).show()


def _source() -> str | None:
    """The file's text; None where there is none, and then it is told."""
    for folder in dict.fromkeys((Path.cwd(), STARTED)):
        if (folder / FILE).is_file():
            return (folder / FILE).read_text(encoding="utf-8", errors="replace")
    Card(tone="broken").say(
        f"There is no {FILE} in {Path.cwd().name}/. In a terminal, `poolkit hand-out` puts the one to "
        "begin with beside your lessons."
    ).show()
    return None


def _put_through(source: str, one: Stage) -> Outcome:
    outcome = put_through(source, [one.name], _LIMITS)
    _outcomes[_mark(source), one.name] = outcome
    if not outcome.reason and any(tried.what != OPEN for tried in outcome.promises):
        store().keep_try(one.id, _mark(source), _kept(outcome) == len(outcome.promises))
    return outcome


def note_tries(source: str, kept: dict[str, bool], progress: Store) -> None:
    """Keep what stages came to elsewhere, in a terminal: the stage's name → whether it is whole."""
    for one in stages():
        if one.name in kept:
            progress.keep_try(one.id, _mark(source), kept[one.name])


def _mark(source: str) -> str:
    """Tell two states of the file apart; comments and blank lines do not count."""
    try:
        source = ast.dump(ast.parse(source))
    except (SyntaxError, ValueError):
        pass
    return hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()[:16]


def _kept(outcome: Outcome) -> int:
    return sum(tried.what == KEPT for tried in outcome.promises)


def _tone(outcome: Outcome) -> str:
    if not outcome.reason and _kept(outcome) == len(outcome.promises):
        return "kept"  # also where there is nothing to keep: a system without fork
    return "open" if outcome.reason == "not attempted" else "broken"


def _stage_card(one: Stage, outcome: Outcome) -> Card:
    kept, there_are = _kept(outcome), len(outcome.promises)
    tone = _tone(outcome)
    if not there_are and not outcome.reason:
        return Card(tone="open").say("This system cannot fork, so that this stage is not asked.")
    card = Card(f"{one.title}: {kept} of {there_are} promises kept", tone)
    first = first_not_kept(outcome.promises)
    for tried in outcome.promises:
        card.mark("open" if outcome.reason else _SIGNS[tried.what], tried.text)
        if tried is first and not outcome.reason:
            card.story(f"{_sentence(tried.why)} {_lesson(tried)}".rstrip())
    card.say(outcome.story)
    if outcome.reason == "not attempted":
        card.say(_lesson(outcome.promises[0]))
    if outcome.printed.strip():
        card.say("It printed:").code(folded(outcome.printed.strip()))
    if tone == "broken":
        card.say(f'Stuck? `hint("{one.id}")`')
    return card


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "…")) else f"{text}."


def _lesson(tried: Tried) -> str:
    titles = {lesson.number: lesson.title for lesson in LESSONS}
    title = titles.get(tried.lesson)
    if not tried.lesson:
        return ""
    return f"To read up: lesson {tried.lesson:02}{f' ({title})' if title else ''}."


def _suite_card(found: dict[Stage, Outcome]) -> Card:
    kept, there_are = (sum(map(count, found.values())) for count in (_kept, _there_are))
    done = sum(_tone(outcome) == "kept" for outcome in found.values())
    card = Card(f"{kept} of {there_are} promises kept, {done} of {len(found)} stages whole")
    card.tone = "kept" if kept == there_are else "broken"
    for one, outcome in found.items():
        line = f'`stage("{one.name}")`: {one.title}, {_kept(outcome)} of {_there_are(outcome)}'
        first = first_not_kept(outcome.promises)
        if outcome.reason not in ("", "not attempted"):
            card.mark("broken", line)
        elif first is None:
            card.mark("kept", line)
        else:
            card.mark(_tone(outcome), f"{line}. {_next_up(first)}")
    reasons = [outcome for outcome in found.values() if outcome.reason not in ("", "not attempted")]
    if card.tone == "kept":
        card.say(ALL_KEPT)
    return card.say(reasons[0].story if reasons else "")


def _there_are(outcome: Outcome) -> int:
    return len(outcome.promises)


def _next_up(first: Tried) -> str:
    number = f" Lesson {first.lesson:02}." if first.lesson else ""
    if first.what == OPEN:
        return f"{first.why}{number}"
    word = "First broken" if first.what == "broken" else "Not judged"
    return f"{word}: {first.text}{number}"
