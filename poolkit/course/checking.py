"""`check`: run an exercise's claims on what the learner made, and tell what came out.

The ladder, of which only the first rung that applies is told: not attempted, ours, wrong kind,
signature, raised, hung, wrong type, wrong value (a misconception by name).
"""

from __future__ import annotations

import difflib
import inspect
import sqlite3
from dataclasses import dataclass, field

from poolkit.course import guard as guarding
from poolkit.course.exercises import Exercise, Reason, WrongType, find
from poolkit.course.guard import Guard, Line, NoInput, Run
from poolkit.course.shown import Card, short
from poolkit.course.source import fingerprint, missing_parts, own_functions
from poolkit.course.state import store

UNFINISHED = ("not attempted", "partly written")  # nothing was run, and nothing is wrong
_verdicts: dict[str, tuple[object, Verdict]] = {}


@dataclass
class Verdict:
    """What a check found. `reason` is empty where all is kept, else the rung or misconception."""

    exercise: Exercise
    reason: str = ""
    story: str = ""
    marks: list[str] = field(default_factory=list)  # "kept", "broken" or "open", a claim each
    printed: str = ""

    @property
    def kept(self) -> bool:
        return not self.reason

    @property
    def broken(self) -> set[str]:
        """The names of the claims that did not hold."""
        claims = zip(self.exercise.claims, self.marks, strict=True)
        return {claim.__name__ for claim, mark in claims if mark == "broken"}


def check(id: str, thing: object) -> None:
    """Check what you made for an exercise, and show what came of it.

    `thing` is the function or class itself, not its name and not a call of it.
    """
    exercise = find("exercises", id)
    verdict = examine(exercise, thing)
    _verdicts[id] = (thing, verdict)
    if verdict.reason != "not attempted":
        store().keep_try(id, fingerprint(thing), verdict.kept)
    _card(verdict).show()


def verdicts() -> dict[str, str]:
    """What this kernel's checks came to: exercise id → reason, empty where every claim held."""
    return {id: verdict.reason for id, (_, verdict) in _verdicts.items()}


def mine_or_reference(id: str, thing: object) -> object:
    """Your own work if its claims hold, else ours; says which it is."""
    exercise = find("exercises", id)
    if thing is exercise.answer:  # this cell was run before
        Card().say(
            f"From here on: our `{exercise.name}`. Yours is back when its cell is run again."
        ).show()
        return thing
    known, verdict = _verdicts.get(id, (None, None))
    if verdict is None or known is not thing:
        verdict = examine(exercise, thing)
        _verdicts[id] = (thing, verdict)
    if verdict.kept:
        Card(tone="kept").say(f"From here on: your own `{exercise.name}`.").show()
        return thing
    why = "not written yet" if verdict.reason == "not attempted" else "not right yet"
    Card().say(f"From here on: our `{exercise.name}`, since yours is {why}.").show()
    return exercise.answer


def examine(exercise: Exercise, thing: object, limit: float = 2.0) -> Verdict:
    """Climb the ladder, then run every claim. `limit`: seconds for one claim; 4 for all."""
    for rung in (_not_attempted, _ours, _wrong_kind, _signature):
        if found := rung(exercise, thing):
            reason, story = found
            return Verdict(exercise, reason, story, ["open"] * len(exercise.claims))
    return run_claims(exercise, thing, limit)


def run_claims(exercise: Exercise, thing: object, limit: float = 2.0) -> Verdict:
    """Run every claim under guard: each gets its mark, the first broken one tells its story."""
    verdict = Verdict(exercise)
    with Guard(each=limit) as guard:
        for claim in exercise.claims:
            run = guard.run(lambda claim=claim: claim(thing))
            reason, story = _explain(exercise, run)
            verdict.marks.append("broken" if reason else "kept")
            if reason and not verdict.reason:
                verdict.reason, verdict.story = reason, story
            if run.hung is not None:
                break
    verdict.marks += ["open"] * (len(exercise.claims) - len(verdict.marks))
    verdict.printed = str(guard.printed) + (" …" if guard.printed.more else "")
    if guarding.left_behind():
        verdict.story += "\nPart of it still runs and cannot be stopped: restart the kernel (Kernel ▸ Restart Kernel)."
    return verdict


def _not_attempted(exercise: Exercise, thing: object) -> tuple[str, str] | None:
    missing = missing_parts(exercise, thing)
    if not missing or thing is None:
        return None
    if other := _named_otherwise(exercise, thing, missing):
        return "named otherwise", other
    parts = exercise.parts or (exercise.name,)
    if len(missing) == len(parts):
        return "not attempted", "Not written yet: replace the dots, run that cell, then this one."
    names = ", ".join(f"`{name}`" for name in missing)
    return "partly written", f"Still to be written: {names}. Nothing is run before that."


def _named_otherwise(exercise: Exercise, thing: object, missing: list[str]) -> str:
    """What to say where a method is missing and there is another one instead."""
    if not inspect.isclass(thing) or not exercise.parts:
        return ""
    absent = [part for part in missing if part not in vars(thing)]
    others = [
        name for name in own_functions(thing) if name not in (*exercise.parts, *exercise.given)
    ]
    if not absent or not others:
        return ""
    close = difflib.get_close_matches(absent[0], others, 1, 0.0)[0]
    return f"There is no `{absent[0]}` here, but there is `{close}`. Only the exact name is called."


def _ours(exercise: Exercise, thing: object) -> tuple[str, str] | None:
    ours = "poolkit."
    if inspect.isclass(thing) and exercise.kind == "class":
        allowed = exercise.answer.__mro__[1:]
        copied = [c for c in thing.__mro__ if c.__module__.startswith(ours) and c not in allowed]
    else:
        module = getattr(thing, "__module__", None) or ""
        copied = [thing] if callable(thing) and module.startswith(ours) else []
    if not copied or (exercise.kind == "function" and not inspect.isfunction(copied[0])):
        return None
    return (
        "ours",
        f"That is our own `{copied[0].__name__}`. If you have written yours, run its cell again first.",
    )


def _wrong_kind(exercise: Exercise, thing: object) -> tuple[str, str] | None:
    name, kind = exercise.name, exercise.kind
    if thing is None:
        return "wrong kind", f"You handed over None. Pass `{name}` by its name, without brackets."
    if kind == "class" and not inspect.isclass(thing):
        if type(thing).__name__ == name:
            return (
                "wrong kind",
                f"Pass the class itself: `{name}`, not an object made by `{name}(…)`.",
            )
    elif kind == "function" and (inspect.isclass(thing) or not callable(thing)):
        if not inspect.isclass(thing):
            return (
                "wrong kind",
                f"Pass the function itself, `{name}` without brackets; this is {short(thing)}.",
            )
    else:
        return None
    return "wrong kind", f"This exercise wants a {kind}; this is {short(thing)}."


def _signature(exercise: Exercise, thing: object) -> tuple[str, str] | None:
    answer = exercise.answer
    if exercise.kind == "function":
        return _calls_fit(answer, thing, exercise.name, exercise.names)
    for name in exercise.parts:
        ours, theirs = getattr(answer, name), getattr(thing, name)
        if callable(ours) and not callable(theirs):
            return "signature", f"`{name}` should be a method; it is {short(theirs)}."
        if callable(ours) and (found := _calls_fit(ours, theirs, name, exercise.names)):
            return found
    return None


def _calls_fit(ours, theirs, name: str, by_name: tuple[str, ...]) -> tuple[str, str] | None:
    """Whether theirs can be called in every way that ours is: with all its arguments, or the least."""
    wanted = list(inspect.signature(ours).parameters.values())
    try:
        signature = inspect.signature(theirs)
    except (TypeError, ValueError):
        return None
    plain = [p for p in wanted if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    keywords = {p.name: 0 for p in wanted if p.kind == p.KEYWORD_ONLY or p.name in by_name}
    least = [p for p in plain if p.default is p.empty]
    for some, named in (
        (least, {}),
        (plain, {k: 0 for k in keywords if k not in [p.name for p in plain]}),
    ):
        try:
            signature.bind(*some, **named)
        except TypeError:
            head = ", ".join(str(p.replace(annotation=p.empty)) for p in wanted)
            has = ", ".join(
                str(p.replace(annotation=p.empty)) for p in signature.parameters.values()
            )
            return "signature", f"`{name}` is called as `{name}({head})`; yours is `{name}({has})`."
    missing = [k for k in keywords if k in by_name and not _takes(signature, k)]
    if missing:
        return (
            "signature",
            f"`{name}` is called with `{missing[0]}=…`; yours has no argument of that name.",
        )
    return None


def _takes(signature: inspect.Signature, name: str) -> bool:
    parameters = signature.parameters
    return name in parameters or any(p.kind == p.VAR_KEYWORD for p in parameters.values())


def _explain(exercise: Exercise, run: Run) -> tuple[str, str]:
    """The reason and the story of one claim's run; two empty strings if it was kept."""
    if run.hung is not None:
        return "hung", _hung_story(run.hung)
    error = run.error
    if error is None:
        return "", ""
    key = error.args[0] if isinstance(error, AssertionError) and error.args else None
    if isinstance(key, str) and key in exercise.misconceptions:
        values = key.values if isinstance(key, Reason) else {}
        return str(key), exercise.misconceptions[key].format_map(values)
    if isinstance(error, WrongType):
        return "wrong type", str(error)
    line = guarding.their_line(error.__traceback__)
    if line is None:
        return "wrong type", f"What came back cannot be used as it should: {_named(error)}."
    return f"raised {type(error).__name__}", _raised_story(error, line)


def _named(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())[:200].rstrip(".")
    except BaseException:  # an exception of the learner's, with a __str__ that raises
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _raised_story(error: BaseException, line: Line) -> str:
    where = f"at your {line}"
    if isinstance(error, SystemExit):
        return f"Your code asked Python to exit, {where}. A function returns or raises; it does not end the program."
    if isinstance(error, NoInput):
        return f"Your code waits for the keyboard, {where}. Use the arguments instead: a check cannot type."
    if isinstance(error, sqlite3.ProgrammingError) and "same thread" in str(error):
        return f"Your code uses a connection from elsewhere in the notebook, {where}. Use the one it is given."
    if isinstance(error, RecursionError):
        return f"Your code calls itself without end, {where}."
    return f"Your code raised {_named(error)}, {where}."


def _hung_story(lines: tuple[Line, ...]) -> str:
    if not lines:
        return "It did not come to an end in time."
    first = f"It did not come to an end: after 2 seconds your code was still at {lines[0]}."
    others = [f"Thread {line.thread} was at {line}." for line in lines[1:3] if line.thread]
    return " ".join([first, *others])


def _card(verdict: Verdict) -> Card:
    exercise = verdict.exercise
    kept = verdict.marks.count("kept")
    tone = "kept" if verdict.kept else "open" if verdict.reason in UNFINISHED else "broken"
    title = f"{exercise.id}: {kept} of {len(verdict.marks)} claims hold"
    card = Card(
        title if set(verdict.marks) != {"open"} else f"{exercise.id}: {exercise.title}", tone
    )
    if set(verdict.marks) == {"open"}:
        sign = "open" if verdict.reason in UNFINISHED else "broken"
        card.mark(sign, verdict.story)
    else:
        _mark_claims(card, verdict)
    if verdict.printed.strip():
        card.say("It printed:").code(verdict.printed.strip())
    if verdict.kept:
        card.say(exercise.after)
    elif verdict.reason != "not attempted":
        card.say(f'Stuck? `hint("{exercise.id}")`')
    return card


def _mark_claims(card: Card, verdict: Verdict) -> None:
    told = False
    for claim, mark in zip(verdict.exercise.claims, verdict.marks, strict=True):
        text = inspect.getdoc(claim).splitlines()[0]
        card.mark(mark, text if mark != "open" else f"{text} (not run)")
        if mark == "broken" and not told:
            card.story(verdict.story)
            told = True
