"""Read source: make stubs from answers, tell a stub from a try, and one try from another."""

from __future__ import annotations

import ast
import dis
import functools
import inspect
import textwrap
from types import CellType, CodeType, FunctionType

from poolkit.course.exercises import Exercise

BODY = "...  # your code here"


def solution_source(exercise: Exercise) -> str:
    """The answer's own source, as it stands in our code."""
    return textwrap.dedent(inspect.getsource(exercise.answer)).rstrip() + "\n"


def stub_source(exercise: Exercise) -> str:
    """The answer with its docstrings and signatures kept and its bodies left out."""
    source = solution_source(exercise)
    (node,) = ast.parse(source).body
    lines = source.splitlines()
    if isinstance(node, ast.ClassDef):
        return "\n".join(_class_stub(node, lines, exercise.given)) + "\n"
    return "\n".join(_function_stub(node, lines)) + "\n"


def _first(node: ast.stmt) -> int:
    """The index of a statement's first line, its decorators included."""
    above = [d.lineno for d in getattr(node, "decorator_list", ())]
    return min([node.lineno, *above]) - 1


def _head(node: ast.FunctionDef | ast.ClassDef, lines: list[str]) -> list[str]:
    """Everything up to the end of the docstring, or of the signature where there is none."""
    if ast.get_docstring(node) is not None:
        return lines[_first(node) : node.body[0].end_lineno]
    start = _first(node.body[0])
    while start > node.lineno and not lines[start - 1].rstrip().endswith(":"):
        start -= 1  # a comment between the signature and the first statement goes too
    return lines[_first(node) : start]


def _function_stub(node: ast.FunctionDef, lines: list[str]) -> list[str]:
    return [*_head(node, lines), " " * (node.col_offset + 4) + BODY]


def _class_stub(node: ast.ClassDef, lines: list[str], given: tuple[str, ...]) -> list[str]:
    stub = _head(node, lines)
    wrote = False
    for part in node.body[1 if ast.get_docstring(node) is not None else 0 :]:
        if getattr(part, "name", None) in given:
            stub += ["", *lines[_first(part) : part.end_lineno]]
        elif isinstance(part, ast.FunctionDef):
            stub += ["", *_function_stub(part, lines)]
            wrote = True
    return stub if wrote else [*stub, " " * (node.col_offset + 4) + BODY]


def is_empty(func: object) -> bool:
    """Whether a function's body does nothing yet: dots, pass, or raise NotImplementedError."""
    code = getattr(_unwrap(func), "__code__", None)
    if code is None:
        return False
    steps = [step for step in dis.get_instructions(code) if step.opname not in ("RESUME", "NOP")]
    if any(step.argval == "NotImplementedError" for step in steps):
        return all(step.opname.startswith(_RAISING) for step in steps)
    loads = [step for step in steps if step.opname != "RETURN_VALUE"]
    return len(loads) == 1 and "CONST" in loads[0].opname and loads[0].argval in (None, ...)


_RAISING = ("LOAD_GLOBAL", "LOAD_CONST", "PUSH_NULL", "PRECALL", "CALL", "RAISE_VARARGS", "COPY")


def _unwrap(func: object) -> object:
    if isinstance(func, (staticmethod, classmethod)):
        func = func.__func__
    if isinstance(func, (property, functools.cached_property)):
        func = getattr(func, "fget", None) or getattr(func, "func", None)
    try:
        return inspect.unwrap(func) if func is not None else None
    except ValueError:
        return func


def own_functions(cls: type) -> dict[str, object]:
    """The functions that stand in a class's own body, generated ones left out."""
    found = {name: _unwrap(value) for name, value in vars(cls).items()}
    return {
        name: func
        for name, func in found.items()
        if isinstance(func, FunctionType) and func.__code__.co_filename != "<string>"
        and not func.__code__.co_filename.startswith("<frozen")
        and func.__module__ == cls.__module__
    }  # fmt: skip


def missing_parts(exercise: Exercise, thing: object) -> list[str]:
    """The parts of the exercise that are not written yet; its name if nothing is."""
    if thing is ... or thing is None:
        return [exercise.name]
    if not inspect.isclass(thing) or exercise.kind == "function":
        return [exercise.name] if is_empty(thing) else []
    functions = own_functions(thing)
    if exercise.parts:
        return [part for part in exercise.parts if _unwritten(exercise, thing, part)]
    said = inspect.get_annotations(thing)
    written = [func for func in functions.values() if not is_empty(func)]
    return [] if said or written or _plain_values(thing) else [exercise.name]


def _unwritten(exercise: Exercise, cls: type, part: str) -> bool:
    """Whether a part is missing, or does nothing: in the class, or in a base of the learner's own."""
    for one in cls.__mro__:
        if one in exercise.answer.__mro__[1:]:
            return True
        functions = own_functions(one)
        if part in functions:
            return is_empty(functions[part])
        if part in vars(one):
            return False
    return True


def _plain_values(cls: type) -> list:
    return [name for name in vars(cls) if not (name.startswith("__") and name.endswith("__"))]


def fingerprint(thing: object) -> str:
    """Tell two tries apart by what they do: comments, blank lines and docstrings do not count."""
    return repr(_essence(thing))


def _essence(thing: object):
    if inspect.isclass(thing):
        own = own_functions(thing)
        return (
            [base.__name__ for base in thing.__bases__],
            sorted((name, _essence(func)) for name, func in own.items()),
            sorted(map(str, inspect.get_annotations(thing).items())),
            sorted((name, _constant(vars(thing)[name])) for name in _plain_values(thing) if name not in own),
        )  # fmt: skip
    func = _unwrap(thing)
    if isinstance(func, FunctionType):
        return _essence_of_code(func.__code__), _constant(func.__defaults__)
    return type(thing).__name__, _constant(thing)


def _essence_of_code(code: CodeType):
    consts = [_essence_of_code(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    if code.co_consts and isinstance(code.co_consts[0], str):
        consts = consts[1:]  # the docstring
    return code.co_code.hex(), code.co_names, code.co_varnames, consts


def _constant(value: object) -> str:
    return (
        repr(value)[:200]
        if type(value) in (int, float, str, bool, tuple, type(None))
        else type(value).__name__
    )


def state_of(thing: object) -> str:
    """Tell an object from itself after a change: its own code, its bases' and what they name."""
    found: dict[int, str] = {}
    waiting = [thing]
    while waiting:
        one = waiting.pop()
        if id(one) in found or len(found) > 200:
            continue
        found[id(one)] = fingerprint(one)
        waiting += _named_by(one)
    return repr(sorted(found.items()))


def _named_by(thing: object) -> list[object]:
    """The learner's functions and classes that a thing stands on, and the plain values it reads."""
    if inspect.isclass(thing):
        bases = [base for base in thing.__mro__[1:] if not base.__module__.startswith("poolkit")]
        return [*bases, *own_functions(thing).values()] if bases or own_functions(thing) else []
    func = _unwrap(thing)
    if not isinstance(func, FunctionType):
        return []
    named = [func.__globals__.get(name) for name in func.__code__.co_names]
    cells = [cell.cell_contents for cell in func.__closure__ or () if cell != _EMPTY]
    return [
        one
        for one in (*named, *cells)
        if inspect.isroutine(one) or inspect.isclass(one) or type(one) in (int, float, str, bool)
    ]


_EMPTY = CellType()
