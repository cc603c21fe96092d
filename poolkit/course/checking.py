"""`check`: run an exercise's claims on what the learner made, and tell what came out.

The ladder, of which only the first rung that applies is told: not attempted, ours, wrong kind,
signature, raised, hung, wrong type, wrong value. What a slip says is added where the answer
behaves just as the slip does.
"""

from __future__ import annotations

import difflib
import inspect
import itertools
import sqlite3
from dataclasses import dataclass, field

from poolkit.course import guard as guarding
from poolkit.course.exercises import Exercise, NotJudged, Reason, WrongType, find
from poolkit.course.guard import Guard, Line, NoInput, Run
from poolkit.course.originals import as_they_were
from poolkit.course.shown import Card, short
from poolkit.course.slips import Slip, thing_of
from poolkit.course.source import fingerprint, missing_parts, own_functions, state_of
from poolkit.course.state import store

# Of a history in which the answer is seen to do something else than ours.
ANOTHER = "{history:plain}. Yours: {theirs:plain}. Ours: {ours:plain}."
SWITCHED_OFF = (
    "Python was started with -O (or PYTHONOPTIMIZE), which leaves out every `assert`, ours and "
    "yours. Start it without, then check again."
)
STANDS_STILL = "stands still"  # what a scene's claim fails with where nobody can go on
NOT_JUDGED, UNJUDGED = "not judged", "This cannot be judged: what it stands on does not hold."
UNFINISHED = ("not attempted", "partly written")  # nothing was run, and nothing is wrong
_verdicts: dict[str, tuple[object, str, Verdict]] = {}  # id: what was checked, as it was then


@dataclass
class Verdict:
    """What a check found. `reason` is empty where all is kept, else the rung or the telling's key.

    `marks`: for each claim "kept", "broken", "open" (not run) or "unjudged": it cannot be judged
    while an earlier one is broken. `slip`: the known mistake that the answer behaves like.
    """

    exercise: Exercise
    reason: str = ""
    story: str = ""
    marks: list[str] = field(default_factory=list)
    printed: str = ""
    slip: Slip | None = None
    hung: str = ""  # of a later claim that did not come to an end, where an earlier one is told
    keys: list[str] = field(default_factory=list)  # what each claim that was run failed with

    @property
    def kept(self) -> bool:
        return not self.reason

    @property
    def broken(self) -> set[str]:
        """The names of the claims that did not hold."""
        return self._marked("broken")

    @property
    def unjudged(self) -> set[str]:
        """The names of those whose own question never came up."""
        return self._marked("unjudged")

    def _marked(self, wanted: str) -> set[str]:
        claims = zip(self.exercise.claims, self.marks, strict=False)  # while they run, fewer marks
        return {claim.__name__ for claim, mark in claims if mark == wanted}


def check(id: str, thing: object) -> None:
    """Check what you made for an exercise, and show what came of it.

    `thing` is the function or class itself, not its name and not a call of it.
    """
    exercise = find("exercises", id)
    with guarding.stoppable():
        verdict = _judged(exercise, thing)
    if verdict.reason not in ("not attempted", "switched off"):
        store().keep_try(id, fingerprint(thing), verdict.kept)
    _card(verdict).show()


def _judged(exercise: Exercise, thing: object) -> Verdict:
    """Examine it and keep the verdict, with the state that it is about."""
    state = state_of(thing)
    verdict = examine(exercise, thing)
    _verdicts[exercise.id] = thing, state, verdict
    return verdict


def verdicts() -> dict[str, str]:
    """What this kernel's checks came to: exercise id → reason, empty where every claim held."""
    return {id: verdict.reason for id, (_, _, verdict) in _verdicts.items()}


def mine_or_reference(id: str, thing: object) -> object:
    """Your own work if its claims hold, else ours; says which it is."""
    exercise = find("exercises", id)
    if thing is exercise.answer:  # this cell was run before
        Card().say(
            f"From here on: our `{exercise.name}`. Yours is back when its cell is run again."
        ).show()
        return thing
    known, state, verdict = _verdicts.get(id, (None, "", None))
    if verdict is None or known is not thing or state != state_of(thing):
        with guarding.stoppable():
            verdict = _judged(exercise, thing)
    if verdict.kept:
        Card(tone="kept").say(f"From here on: your own `{exercise.name}`.").show()
        return thing
    why = {"not attempted": "not written yet", "switched off": "not checked"}.get(
        verdict.reason, "not right yet"
    )
    if verdict.unjudged and not verdict.broken:
        why = "not judged"
    Card().say(f"From here on: our `{exercise.name}`, since yours is {why}.").show()
    return exercise.answer


def examine(exercise: Exercise, thing: object, limit: float = 2.0) -> Verdict:
    """Climb the ladder, then run every claim. `limit`: seconds for one claim; 4 for all."""
    with as_they_were():
        for rung in (_switched_off, _not_attempted, _ours, _wrong_kind, _signature):
            if found := rung(exercise, thing):
                reason, story = found
                return Verdict(exercise, reason, story, ["open"] * len(exercise.claims))
        return run_claims(exercise, thing, limit)


def run_claims(exercise: Exercise, thing: object, limit: float = 2.0) -> Verdict:
    """Run every claim under guard: each gets its mark, the first broken one tells its story."""
    verdict = Verdict(exercise)
    before = guarding.left_behind()
    with Guard(each=limit) as guard:
        for claim in exercise.claims:
            if claim is exercise.histories and STANDS_STILL in verdict.keys:
                break  # the player has seen it; here, on real locks, it would hang
            run = guard.run(lambda claim=claim: claim(thing))
            reason, story = _explain(exercise, run)
            mark = _mark(reason, run, verdict.keys)
            first = mark == "broken" and not verdict.broken
            verdict.marks.append(mark)
            verdict.keys.append(reason)
            if reason not in ("", NOT_JUDGED) and (first or not verdict.reason):
                verdict.reason, verdict.story = reason, story
            elif reason == "hung":
                verdict.hung = story
            if run.hung is not None:
                break
        _if_nothing_else_broke(verdict)
        verdict.marks += ["open"] * (len(exercise.claims) - len(verdict.marks))
        # Taken before the slips run: what they print is not the learner's.
        verdict.printed = str(guard.printed) + (" …" if guard.printed.more else "")
        if verdict.reason and "hung" not in verdict.keys:
            _recognise(verdict, thing, guard)
    if left := guarding.left_behind():
        whose = "Part of it" if set(left) - set(before) else "Part of an earlier answer"
        verdict.story = f"{verdict.story}\n{whose} still runs and cannot be stopped: restart the kernel (Kernel ▸ Restart Kernel).".strip()
    return verdict


def _if_nothing_else_broke(verdict: Verdict) -> None:
    """A claim that could not be judged, while none is broken, is told as what it is."""
    if not verdict.reason and NOT_JUDGED in verdict.keys:
        verdict.reason, verdict.story = NOT_JUDGED, UNJUDGED


def _mark(reason: str, run: Run, earlier: list[str]) -> str:
    """What a claim's run comes to. A ✗ has to be true of the claim's own sentence."""
    if not reason:
        return "kept"
    if reason == NOT_JUDGED or isinstance(run.error, NotJudged):
        return "unjudged"
    if set(earlier) <= {"", NOT_JUDGED}:
        return "broken"
    own = isinstance(run.error, AssertionError) and reason not in earlier
    return "broken" if own else "unjudged"


def _recognise(verdict: Verdict, thing: object, guard: Guard) -> None:
    """Add what a slip says, if the answer did over all that was tried just what the slip does."""
    for number, slip in enumerate(verdict.exercise.slips):
        if not slip.says or slip.reason != verdict.reason:
            continue
        if slip.broken(verdict.exercise) != verdict.broken:
            continue
        box: list[bool] = []
        guard.run(lambda n=number, box=box: box.append(_behaves_like(verdict, thing, n)))
        if box == [True]:
            verdict.slip = slip
            verdict.story = f"{verdict.story} {slip.says}".strip()
            return


def _behaves_like(verdict: Verdict, thing: object, number: int) -> bool:
    exercise = verdict.exercise
    theirs = thing_of(exercise, number)
    if theirs is thing:
        return True
    claims = exercise.claims if exercise.histories is None else exercise.claims[:-1]
    for claim, key in zip(claims, verdict.keys, strict=False):
        if _explain(exercise, guarding.plain_run(lambda claim=claim: claim(theirs)))[0] != key:
            return False
    return exercise.histories is None or exercise.histories.behave_alike(thing, theirs)


def _switched_off(exercise: Exercise, thing: object) -> tuple[str, str] | None:
    return None if __debug__ else ("switched off", SWITCHED_OFF)


def _not_attempted(exercise: Exercise, thing: object) -> tuple[str, str] | None:
    missing = missing_parts(exercise, thing)
    if not missing or thing is None:
        return None
    if other := _named_otherwise(exercise, thing, missing):
        return "named otherwise", other
    parts = exercise.parts or (exercise.name,)
    if len(missing) == len(parts):
        return "not attempted", "Not written yet: write it, run that cell, then this one."
    names = ", ".join(f"`{name}`" for name in missing)
    return "partly written", f"Still does nothing: {names}. Nothing is run before that."


def _named_otherwise(exercise: Exercise, thing: object, missing: list[str]) -> str:
    """What to say where a method is missing and there is another one instead."""
    if not inspect.isclass(thing) or not exercise.parts:
        return ""
    bases = exercise.answer.__mro__[1:]  # what they were given; its methods are no misspelling
    if thing in bases:
        return ""
    absent = [part for part in missing if part not in vars(thing)]
    known = (*exercise.parts, *exercise.given, *(name for base in bases for name in vars(base)))
    others = [name for name in own_functions(thing) if name not in known]
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
            return (
                "signature",
                f"`{name}` is called as `{name}{_head(wanted)}`; yours is `{name}{_head(signature.parameters.values())}`.",
            )
    missing = [k for k in keywords if k in by_name and not _takes(signature, k)]
    if missing:
        return (
            "signature",
            f"`{name}` is called with `{missing[0]}=…`; yours has no argument of that name.",
        )
    return None


def _head(parameters) -> str:
    """The arguments in brackets, as they stand in a `def`, their `*` and `/` included."""
    bare = [p.replace(annotation=p.empty) for p in parameters]
    return str(inspect.Signature(bare))


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
    if found := _telling(exercise, error):
        return found
    if isinstance(error, NotJudged):
        return NOT_JUDGED, UNJUDGED
    if isinstance(error, WrongType):
        return "wrong type", str(error)
    line = guarding.their_line(error.__traceback__)
    if line is None:
        return (
            "wrong type",
            f"The next step, with what came back, raised {type(error).__name__}.",
        )
    return f"raised {type(error).__name__}", _raised_story(error, line)


def _telling(exercise: Exercise, error: BaseException) -> tuple[str, str] | None:
    """The key and the telling of a claim's own assertion, also where the learner wrapped it."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        key = error.args[0] if isinstance(error, AssertionError) and error.args else None
        text = exercise.tellings.get(key) if isinstance(key, str) else None
        if text is None and key == "another history" and isinstance(key, Reason):
            text = ANOTHER
        if text is not None:
            values = key.values if isinstance(key, Reason) else {}
            return str(key), text.format_map(values)
        error = error.__cause__ or error.__context__
    return None


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
    first = f"It did not come to an end: when its time was up, your code was still at {lines[0]}."
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
        card.say("It printed:").code(folded(verdict.printed.strip()))
    if verdict.kept:
        card.say(exercise.after)
    elif verdict.reason != "not attempted":
        card.say(f'Stuck? `hint("{exercise.id}")`')
    return card


def folded(text: str) -> str:
    """A text in which a line that is repeated stands once: a check runs the code many times."""
    runs = [(line, len(list(same))) for line, same in itertools.groupby(text.splitlines())]
    return "\n".join(line if times == 1 else f"{line}  ({times} times)" for line, times in runs)


def _mark_claims(card: Card, verdict: Verdict) -> None:
    told = False
    tells = "broken" if "broken" in verdict.marks else "unjudged"
    for number, (claim, mark) in enumerate(
        zip(verdict.exercise.claims, verdict.marks, strict=True)
    ):
        text = inspect.getdoc(claim).splitlines()[0]
        card.mark(mark, text + {"open": " (not run)", "unjudged": " (not judged)"}.get(mark, ""))
        if mark == tells and not told:
            card.story(verdict.story)
            told = True
        if verdict.hung and number == len(verdict.keys) - 1:
            card.story(verdict.hung)
