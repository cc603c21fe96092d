"""`hint`, `solution` and `explain`: help that waits until it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from poolkit.course.exercises import everything, find
from poolkit.course.shown import Card, short
from poolkit.course.source import solution_source
from poolkit.course.state import store

RUNGS = ("a nudge", "an approach", "nearly code")
FROM_A_WHOLE = (
    "Methods of a pool that keeps all promises; its places are shelved, lent or in somebody's hands. "
    "Yours may be of another build. The whole stands in tests/conformance/reference.py."
)
_given: dict[str, int] = {}


def _helped(id: str) -> tuple[object, bool]:
    """The exercise of this id, or the stage of the learner's pool; whether it is a stage."""
    stages = {one.id: one for one in everything("stages")}
    if isinstance(id, str) and id in stages:
        return stages[id], True
    return find("exercises", id), False


def hint(id: str, rung: int | None = None) -> None:
    """Show the next hint of an exercise, or a certain one: 1 a nudge, 2 an approach, 3 nearly code."""
    exercise, _ = _helped(id)
    card = Card(tone="note")
    if rung is not None and (type(rung) is not int or not 1 <= rung <= 3):
        card.say(f"There are three hints, 1 to 3; you asked for {short(rung)}.").show()
        return
    if rung is None:
        rung = min(_given.get(id, 0) + 1, 3)
    _given[id] = max(rung, _given.get(id, 0))
    card.title = f"Hint {rung} of 3, {RUNGS[rung - 1]}"
    text, _, code = exercise.hints[rung - 1].partition("\n\n")
    card.say(text)
    if code:
        card.code(code)
    if rung == 3:
        card.say(f'That was the last hint. After two tries there is `solution("{id}")`.')
    card.show()


def solution(id: str, *, force: bool = False) -> None:
    """Show our answer, after two real tries of yours; `force=True` shows it at once."""
    exercise, is_stage = _helped(id)
    tries = store().tries(id)
    if tries >= 2 or force or id in store().solved():
        source = exercise.solution() if is_stage else solution_source(exercise)
        card = Card("One answer", "note").code(source)
        card.say(FROM_A_WHOLE if is_stage else "").show()
        return
    through = "stage" if is_stage else "check"
    left = "two real tries" if tries == 0 else "one more try that differs from your last"
    card = Card(tone="open").say(f"The solution opens after {left}, run through `{through}`.")
    card.say(
        f'Until then there is `hint("{id}")`. To see it all the same: `solution("{id}", force=True)`.'
    ).show()


@dataclass(frozen=True)
class Explanation:
    """A thing to put into one's own words, and the points to compare them with."""

    id: str
    question: str
    points: tuple[str, ...]
    sample: str


def _more(text: object) -> str:
    if text is ...:
        return "Write a sentence or two in place of the dots; then points to compare with appear."
    if not isinstance(text, str):
        return 'Write it as text, between quotes: explain("…", "A pool …").'
    return "That is short. One more sentence, and points to compare with appear."


def explain(id: str, text: object = ...) -> None:
    """Write an explanation in your own words, then compare it with the points that matter."""
    asked = find("explanations", id)
    card = Card("Explain it", "open")
    if not isinstance(text, str) or len(text.split()) < 8:
        card.say(asked.question).say(_more(text)).show()
        return
    card.say("Did you say this? Nobody marks it but you.")
    for point in asked.points:
        card.mark("point", point)
    card.show()
