"""What an exercise asks and how it is judged, as a short text that changes when either does.

It is made from source, not from bytecode: a learner who changes from one Python to the next is not
told that every check has changed.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
from types import FunctionType, ModuleType

from poolkit.course.exercises import Exercise, lesson_part
from poolkit.course.lessons import LESSONS

_OURS = "poolkit.course.lessons"


def of_notebook(name: str) -> dict[str, str]:
    """Exercise id → fingerprint, for the exercises of the lesson in this file; {} if it is none."""
    for lesson in LESSONS:
        if lesson.file == name:
            return {one.id: fingerprint(one) for one in lesson_part(lesson.name, "exercises")}
    return {}


def fingerprint(exercise: Exercise) -> str:
    """Of the claims, with all of the lesson that they call, and of what is told when one fails."""
    parts = [exercise.title, repr(sorted(exercise.tellings.items()))]
    parts += [f"{slip.reason} {slip.says}" for slip in exercise.slips]
    parts += sorted(_sources(exercise.claims, but=exercise.answer))
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _sources(claims: tuple, but: object) -> set[str]:
    """The sources of the claims and of what they name, and the plain values among it."""
    found: dict[int, str] = {id(but): ""}
    waiting = [(claim.__name__, claim) for claim in claims]
    while waiting:
        name, one = waiting.pop()
        if id(one) in found:
            continue
        found[id(one)] = _source(name, one)
        waiting += _named_by(one)
    return set(found.values())


def _source(name: str, one: object) -> str:
    if isinstance(one, (FunctionType, type)):
        return _text_of(inspect.unwrap(one)) if _is_of_a_lesson(one) else ""
    if isinstance(one, (str, bytes, int, float, bool, type(None))):
        return f"{name} = {one!r}"
    return ""  # another library's, or a container, whose parts are looked at


def _is_of_a_lesson(one: FunctionType | type) -> bool:
    """Whether it stands in a lesson's own source: nothing that Python made, or another library."""
    made = isinstance(one, FunctionType) and one.__code__.co_filename.startswith("<")
    return one.__module__.startswith(_OURS) and not made


@functools.cache
def _text_of(one: FunctionType | type) -> str:
    """Its source without comments that stand alone and without blank lines."""
    try:
        lines = inspect.getsource(one).splitlines()
    except (OSError, TypeError, IndentationError):
        return one.__qualname__
    kept = (line.strip() for line in lines)
    return "\n".join(line for line in kept if line and not line.startswith("#"))


def _named_by(one: object) -> list[tuple[str, object]]:
    """What a claim stands on: what a function or class of the lessons names, what an object holds."""
    if isinstance(one, (FunctionType, type)) and not _is_of_a_lesson(one):
        return []
    if isinstance(one, FunctionType):
        one = inspect.unwrap(one)
        cells = zip(one.__code__.co_freevars, one.__closure__ or (), strict=True)
        return [
            *((n, one.__globals__[n]) for n in _names(one.__code__) if n in one.__globals__),
            *((n, cell.cell_contents) for n, cell in cells),
            *((f"default {n}", value) for n, value in enumerate(one.__defaults__ or ())),
        ]
    if isinstance(one, type):
        return [pair for pair in vars(one).items() if isinstance(pair[1], FunctionType)]
    if isinstance(one, (list, tuple)):
        return [(str(n), value) for n, value in enumerate(one)]
    if isinstance(one, dict):
        return [(str(key), value) for key, value in one.items()]
    if isinstance(one, functools.partial):
        return [("func", one.func), ("args", one.args), ("keywords", one.keywords)]
    if isinstance(one, (ModuleType, Exercise)):
        return []
    held = getattr(one, "__dict__", None)
    return list(held.items()) if type(one).__module__.startswith("poolkit.course") and held else []


def _names(code) -> list[str]:
    """The names that a function's code and the functions inside it look up."""
    inner = [one for one in code.co_consts if isinstance(one, type(code))]
    return [*code.co_names, *(name for one in inner for name in _names(one))]
