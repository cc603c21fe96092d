"""What an exercise is made of: an answer, claims about it, hints, and the mistakes it knows by name."""

from __future__ import annotations

import importlib
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from poolkit.course.originals import keep_lesson
from poolkit.course.shown import short
from poolkit.course.slips import Slip


class Reason(str):
    """The key of a misconception, with the values that its story is filled with."""

    __slots__ = ("values",)


def because(key: str, **values: object) -> Reason:
    """Give a claim's `assert` the key of a misconception and the values for its story.

    `assert idle <= 2, because("no cap", idle=idle)` fills `{idle}` in the story of "no cap" with the
    value's repr. For text of ours, such as a name or a call, the story says `{name:plain}`.
    """
    reason = Reason(key)
    reason.values = {name: _Shown(value) for name, value in values.items()}
    return reason


class _Shown(str):
    """A value's repr, made at once: later its owner may have changed it, and nobody is on guard."""

    __slots__ = ("plain",)

    def __new__(cls, value: object) -> _Shown:
        shown = super().__new__(cls, short(value))
        shown.plain = " ".join(value.split())[:200] if isinstance(value, str) else str(shown)
        return shown

    def __format__(self, spec: str) -> str:
        return self.plain if spec == "plain" else super().__format__(spec)


class NotJudged(Exception):
    """A claim has nothing to stand on, since what an earlier one is about did not hold.

    With an AssertionError as its cause, whose message is `because(...)`, that is told instead.
    """


def assume(condition: object) -> None:
    """Say what must hold before a claim can be judged at all.

    An earlier claim of the same exercise must be the one that insists on it. Raises NotJudged.
    """
    if not condition:
        raise NotJudged


class WrongType(Exception):
    """What the learner's code gave is not the kind of thing that was asked for."""


def expect(value: object, kind: type | tuple[type, ...], called: str, when: str = "") -> None:
    """Insist that `called`, a call as the learner would write it, gave a `kind`.

    Raises WrongType, whose message names the call, what came and what was wanted; it begins with
    `when`, a sentence on what the call does not show.
    """
    if isinstance(value, kind) and not (isinstance(value, bool) and kind in (int, float)):
        return
    kinds = kind if isinstance(kind, tuple) else (kind,)
    wanted = "number" if set(kinds) == {int, float} else " or ".join(k.__name__ for k in kinds)
    article = "an" if wanted[0] in "aeiou" else "a"
    told = f"`{called}` should give {article} {wanted}; it gave {_came(value)}"
    raise WrongType(f"{when} {told}".strip())


def _came(value: object) -> str:
    if value is None:
        return "None."
    if inspect.isroutine(value):
        return "a function."
    return f"{short(value, 60)}."


def same(got: object, want: object) -> bool:
    """Compare plain values without trusting `__eq__`: the types must be the builtins, all the way.

    An int is taken for a float of the same value, since no learner is helped by the difference.
    """
    if type(want) is float and type(got) in (int, float):
        return got == want or abs(got - want) <= 1e-9 * max(1.0, abs(want)) < math.inf
    if type(got) is not type(want):
        return False
    if type(want) in (list, tuple):
        return len(got) == len(want) and all(map(same, got, want))
    if type(want) is dict:
        return set(map(str, got)) == set(map(str, want)) and all(
            same(got.get(key), value) for key, value in want.items()
        )
    return bool(got == want)


@dataclass(frozen=True, eq=False)
class Exercise:
    """One exercise. The stub, the solution and the solved notebook are made from `answer`'s source.

    `parts`: the methods of a class that the learner writes; empty for a function, or for a class
    written from its first line to its last. `given`: parts of the answer that the stub keeps.
    `names`: arguments that the claims give by name. `tellings`: key → what was done and what came
    out, told when a claim fails with that key; true of whatever can fail so. `slips`: mistakes
    known by heart, each an edit of the answer. `no_histories`: why the last claim does not try
    every short history, where it does not.
    """

    id: str
    title: str
    answer: Callable
    claims: tuple[Callable[[object], None], ...]
    hints: tuple[str, str, str]
    tellings: dict[str, str]
    parts: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    after: str = ""
    names: tuple[str, ...] = field(default=())
    slips: tuple[Slip, ...] = ()
    no_histories: str = ""

    def __post_init__(self) -> None:
        if self.histories is not None:
            self.histories.answer = self.answer

    @property
    def histories(self):
        """The claim that tries every short history, or None: it is the last one."""
        last = self.claims[-1] if self.claims else None
        return last if hasattr(last, "first_difference") else None

    @property
    def kind(self) -> str:
        return "class" if inspect.isclass(self.answer) else "function"

    @property
    def name(self) -> str:
        """What the learner calls the thing: the answer's own name."""
        return self.answer.__name__


class UnknownId(Exception):
    """No exercise or prediction has this id. Shows as one line, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def find(kind: str, id: str) -> object:
    """The exercise, prediction or question to explain that has this id.

    `kind` is the name of the lesson file's list: "exercises", "predictions" or "explanations".
    Raises UnknownId, which names the ids there are.
    """
    from poolkit.course.lessons import LESSONS

    names = [lesson.name for lesson in LESSONS]
    name = id.split(".")[0] if isinstance(id, str) else None
    if name not in names:
        raise UnknownId(f"no lesson {short(name or id)}: ids begin with {', '.join(names)}")
    found = {one.id: one for one in lesson_part(name, kind)}
    if id not in found:
        raise UnknownId(
            f"no {kind[:-1]} {id!r} in this lesson; there is {', '.join(found) or 'none'}"
        )
    return found[id]


def lesson_part(name: str, kind: str) -> tuple:
    """A lesson's exercises, predictions or explanations, in the order of the lesson."""
    module = importlib.import_module(f"poolkit.course.lessons.{name}")
    keep_lesson(module)
    return tuple(getattr(module, kind, ()))


def everything(kind: str) -> list:
    """All exercises, predictions or explanations of the course, in the order of the lessons."""
    from poolkit.course.lessons import LESSONS

    return [one for lesson in LESSONS for one in lesson_part(lesson.name, kind)]
