"""`predict` before the run, `reveal` after it, `recall` in a later lesson."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from poolkit.course.exercises import everything, find
from poolkit.course.shown import Card, short
from poolkit.course.state import store

OUTCOMES = Path(__file__).parent / "lessons" / "outcomes.json"  # written by `poolkit rebuild`


@dataclass(frozen=True)
class Prediction:
    """A question with places to fill in; what is right is never written here, only run.

    `places`: name → int for a whole number, bool for yes or no, or a tuple of the options.
    `explanations`: (part of a wrong guess, what led there and why it is otherwise); for each place
    the first that matches is told.
    `why`: told after the outcome, to everybody. `sample`: the guess in the solved notebooks.
    `measured`: the outcome depends on the machine, so that a run proves no explanation wrong.
    """

    id: str
    question: str
    places: dict[str, type | tuple[str, ...]]
    sample: dict[str, object]
    explanations: tuple[tuple[dict[str, object], str], ...] = ()
    why: str = ""
    measured: bool = False

    def call(self, verb: str) -> str:
        """The cell that asks it, with dots in the places."""
        places = ", ".join(f"{name}=..." for name in self.places)
        sure = ", sure=..." if verb == "predict" else ""
        return f'{verb}("{self.id}", {places}{sure})'

    def read(self, guess: dict[str, object]) -> tuple[dict[str, object], str]:
        """The guess in its plain form, and what is wrong with it in one line, or ''."""
        plain = {}
        for name, wanted in self.places.items():
            value = _plain(guess.get(name, ...), wanted)
            if value is None:
                return {}, f"`{name}` takes {_kinds(wanted)}; you wrote {short(guess[name])}."
            plain[name] = value
        return plain, ""

    def explain(self, guess: dict, outcome: dict) -> list[tuple[list[str], str]]:
        """What there is to say of the wrong parts: the places, and the text for this guess.

        Of each place at most one text speaks, and each text is told once.
        """
        told: dict[str, list[str]] = {}
        explained: set[str] = set()
        for part, text in self.explanations:
            given = self.read({**guess, **part})[0]
            wrong = [name for name in part if outcome[name] != given[name]]
            if given == guess and wrong and explained.isdisjoint(wrong):
                told.setdefault(text, []).extend(wrong)
                explained.update(wrong)
        return [(names, text) for text, names in told.items()]


def _plain(value: object, wanted: type | tuple[str, ...]) -> object:
    if wanted is bool:
        if isinstance(value, str):
            return {"yes": True, "no": False, "true": True, "false": False}.get(
                value.strip().lower()
            )
        return bool(value) if type(value).__name__ in ("bool", "bool_") else None
    if wanted is int:
        whole = type(value) is int or (isinstance(value, float) and value.is_integer())
        return int(value) if whole else None
    if not isinstance(value, str):
        return None
    same = [option for option in wanted if option.lower() == value.strip().lower()]
    return same[0] if same else None


def _kinds(wanted: type | tuple[str, ...]) -> str:
    if wanted is int:
        return "a whole number"
    if wanted is bool:
        return 'True or False ("yes" and "no" will do)'
    return " or ".join(f'"{option}"' for option in wanted)


def _said(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _guess_or_story(question: Prediction, guess: dict) -> tuple[dict | None, str]:
    """The learner's guess, or None and what to tell instead."""
    unknown = [name for name in guess if name not in question.places]
    if unknown:
        return (
            None,
            f"There is no `{unknown[0]}` here; the places are {', '.join(question.places)}.",
        )
    open_places = [name for name in question.places if guess.get(name, ...) is ...]
    if open_places:
        some = len(open_places) < len(question.places)
        return None, f"`{open_places[0]}` still has its dots." if some else ""
    plain, wrong = question.read(guess)
    return (None, wrong) if wrong else (plain, "")


def _ask(question: Prediction, card: Card, how: str) -> None:
    card.say(question.question)
    for name, wanted in question.places.items():
        card.mark("point", f"`{name}`: {_kinds(wanted)}")
    card.say(how)


def predict(id: str, *, sure: object = ..., **guess: object) -> None:
    """Put down what you expect before you run it; the first answer is kept.

    `sure`: how sure you are, from 50 (a coin) to 100 percent.
    """
    question = find("predictions", id)
    card = Card("Predict")
    kept = store().guess(id)
    plain, wrong = _guess_or_story(question, guess)
    percent = _percent(sure)
    same_again = plain in (None, kept and kept[0]) and not wrong and sure in (..., kept and kept[1])
    if kept is not None:
        first = f"You predicted {_listed(kept[0])}, {kept[1]:g} % sure."
        card.say(
            first
            if same_again
            else f"{first} That first answer stays, so that you can learn from it."
        )
        card.say("Now run the next cell.")
    elif wrong:
        card.say(wrong)
    elif plain is None:
        _ask(
            question,
            card,
            "Put your guess in place of the dots, and in `sure` a number from 50 (a coin) to 100.",
        )
    elif percent is None:
        wrote = "it still has its dots" if sure is ... else f"you wrote {short(sure)}"
        card.say(f"How sure are you? `sure` takes a number from 50 (a coin) to 100; {wrote}.")
    else:
        store().keep_guess(id, plain, percent)
        card.say(f"Noted: {_listed(plain)}, {percent:g} % sure. Now run the next cell.")
    card.show()


def _percent(sure: object) -> float | None:
    if isinstance(sure, str):
        sure = sure.strip().rstrip("%").strip()
        sure = float(sure) if sure.replace(".", "", 1).isdigit() else None
    if isinstance(sure, bool) or not isinstance(sure, (int, float)):
        return None
    percent = sure * 100 if isinstance(sure, float) and 0.5 <= sure <= 1.0 else sure
    return float(percent) if 50 <= percent <= 100 else None


def _listed(guess: dict[str, object]) -> str:
    return ", ".join(f"{name}={_said(value)}" for name, value in guess.items())


def reveal(id: str, **outcome: object) -> None:
    """Show your guess beside what the run gave, and explain the difference."""
    question = find("predictions", id)
    happened, wrong = question.read(outcome)
    if wrong or set(outcome) != set(question.places):
        raise ValueError(f"{id}: the outcome does not fit its question: {wrong or sorted(outcome)}")
    _recorded[id] = happened
    fixed = not question.measured and not os.environ.get("POOLKIT_RECORDING")
    truth = outcomes().get(id, happened) if fixed else happened
    kept = store().guess(id)
    if kept is None:
        card = Card("What happened")
        card.table([["", "happened"], *[[n, _said(v)] for n, v in happened.items()]])
        card.say("You made no guess here. Next time, guess first: a surprise is what sticks.")
    else:
        guess, sure = kept
        store().keep_outcome(id, truth)
        card = _compared(question, guess, happened, sure)
    if truth != happened:
        card.say(
            f"When this notebook was made, it came out as {_listed(truth)}. A cell that was run twice, "
            "something that you changed, or another system can be why: restart the kernel and run from "
            "the top to see."
        )
    card.say(question.why).show()


def _compared(question: Prediction, guess: dict, happened: dict, sure: float | None) -> Card:
    right = guess == happened
    card = Card("As predicted" if right else "A surprise", "kept" if right else "broken")
    rows = [["", "your guess", "happened", ""]]
    for name, value in happened.items():
        rows.append([name, _said(guess[name]), _said(value), "✓" if guess[name] == value else "✗"])
    card.table(rows)
    if not right:
        _tell(card, question.explain(guess, happened))
        if sure is not None and sure >= 90:
            card.say(f"You were {sure:g} % sure: this is a question worth meeting again.")
    return card


def _tell(card: Card, reasons: list[tuple[list[str], str]]) -> None:
    if len(reasons) == 1:
        card.say(reasons[0][1])
        return
    for names, text in reasons:
        card.mark("point", f"{', '.join(f'`{name}`' for name in names)}: {text}")


_recorded: dict[str, dict] = {}


def recorded() -> dict[str, dict]:
    """The outcomes that this kernel's reveals have shown: id → outcome."""
    return dict(_recorded)


def outcomes() -> dict[str, dict]:
    """What every prediction came to when the solved notebooks were last rebuilt."""
    return json.loads(OUTCOMES.read_text(encoding="utf-8")) if OUTCOMES.exists() else {}


def recall(id: str | None = None, **guess: object) -> None:
    """Answer a question of an earlier lesson again; without an id, one that surprised you."""
    if id is None:
        _recall_own()
        return
    question = find("predictions", id)
    outcome = store().predictions().get(id, (None, None))[1] or outcomes().get(id)
    guess.pop("sure", None)
    plain, wrong = _guess_or_story(question, guess)
    card = Card("Do you remember?")
    if wrong:
        card.say(wrong)
    elif plain is None or outcome is None:
        _ask(
            question,
            card,
            "Put your answer in place of the dots and run the cell again, without looking it up.",
        )
    else:
        card = _compared(question, plain, outcome, None)
        card.title = "Remembered" if plain == outcome else "Not quite"
        store().keep_try(f"recall {id}", _listed(plain), plain == outcome)
        card.say(question.why)
    card.show()


def _recall_own() -> None:
    known = {one.id: one for one in everything("predictions")}
    made, remembered = store().predictions(), store().solved()
    due = {
        id: guess != out
        for id, (guess, out) in made.items()
        if id in known and out is not None and f"recall {id}" not in remembered
    }
    surprising = [id for id, surprised in due.items() if surprised]
    card = Card("Do you remember?")
    if not due:
        card.say("Predictions of yours come back here, those that surprised you first.")
        card.say("None of an earlier lesson is kept yet.").show()
        return
    # The latest surprise, while it can still be mended; else what lies longest back.
    asked = known[surprising[-1] if surprising else next(iter(due))]
    why = "This one surprised you." if surprising else "You had this one right. Do you still?"
    _ask(asked, card, f"{why} Change this cell to the line below and answer it again.")
    card.code(asked.call("recall")).show()
