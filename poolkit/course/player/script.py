"""Which code a scene follows, and where in it a switch of threads can matter."""

import dis
import functools
import linecache
import sys
from collections.abc import Iterable
from types import CodeType, FunctionType, MethodType, ModuleType

from poolkit.course.player.whose import Owner, is_ours, is_python, package_of

# These touch nothing but the thread's own stack and locals, so a switch before one of them
# is the same as a switch before the next instruction that can see something shared.
_QUIET = (
    "CACHE NOP RESUME EXTENDED_ARG PRECALL KW_NAMES PUSH_NULL COPY SWAP POP_TOP IS_OP RERAISE "
    "PUSH_EXC_INFO POP_EXCEPT CHECK_EXC_MATCH MAKE_CELL COPY_FREE_VARS LOAD_CLOSURE MAKE_FUNCTION "
    "SET_FUNCTION_ATTRIBUTE BUILD_TUPLE BUILD_LIST BUILD_MAP BUILD_STRING RETURN_GENERATOR "
    "DELETE_FAST LOAD_ASSERTION_ERROR END_FOR POP_ITER GET_LEN NOT_TAKEN"
)
_QUIET_NAMES = frozenset(_QUIET.split())
_QUIET_STARTS = ("LOAD_FAST", "STORE_FAST", "LOAD_CONST", "LOAD_SMALL", "JUMP_", "RETURN_")
_ANSWERS_BOOL = frozenset(("COMPARE_OP", "CONTAINS_OP", "IS_OP", "UNARY_NOT", "CHECK_EXC_MATCH"))


class Place:
    """One line of the code under test; `leaving` is the end of a `with` block, told of its head."""

    __slots__ = ("code", "last", "leaving", "line")

    def __init__(self, code: CodeType, line: int, leaving: bool) -> None:
        self.code, self.line, self.leaving = code, line, leaving
        self.last = -1  # the last offset of the line at which a switch can matter

    @property
    def text(self) -> str:
        """The line as it was written, without its comment."""
        written = linecache.getline(self.code.co_filename, self.line).strip()
        return written.split("  #")[0] or f"line {self.line}"

    @property
    def loop(self) -> "Place | None":
        """The head of the loop that the line is in, by its indentation: the same in all Pythons."""
        lines = linecache.getlines(self.code.co_filename)[: self.line]
        depth = _depth(lines[-1]) + 1 if lines else 0
        for number in range(self.line, self.code.co_firstlineno - 1, -1):
            text = lines[number - 1] if lines else ""
            if text.strip() and _depth(text) < depth:
                depth = _depth(text)
                if text.split()[0] in ("while", "for"):
                    return Place(self.code, number, False)
        return None

    def __str__(self) -> str:
        return f"the end of `{self.text}`" if self.leaving else f"`{self.text}`"


def _depth(text: str) -> int:
    return len(text) - len(text.lstrip())


class Script:
    """The code under test: its functions, its classes, their namespaces, and their lines."""

    def __init__(self, roots: Iterable[object]) -> None:
        self.functions: list[FunctionType] = []
        self.classes: list[type] = []
        self.namespaces: list[dict[str, object]] = []
        self.names: dict[CodeType, set[str]] = {}  # the globals that each code reads
        self._seen: dict[tuple[int, bool], object] = {}  # kept, so that no id comes up again
        roots = list(roots)
        for root in roots:
            if not isinstance(root, (type, FunctionType, ModuleType)) and not _wrapped(root):
                raise TypeError(f"a scene follows classes, functions and modules, not {root!r}")
            self._add(root, asked=True)
        self.owner = Owner(self._packages(roots))
        codes = [code for function in self.functions for code in _nested(function.__code__)]
        stored = {name for code in codes for name in _stored_globals(code)}
        #: code -> offset // 2 -> (can a switch matter here, the line it belongs to)
        self.spots = {code: _spots(code, stored) for code in codes}

    def _packages(self, roots: list[object]) -> set[str]:
        """Where the scene's packages lie: those asked for, and those that a class stands on."""
        bases = {base for cls in self.classes for base in cls.__mro__}
        stood_on = {file for base in bases for file in package_of(base) if not is_python(file)}
        return stood_on.union(*map(package_of, roots))

    def _add(self, thing: object, asked: bool = False) -> None:
        """Follow it if it is ours, or asked for: then it may be anybody's."""
        if (id(thing), True) in self._seen or (id(thing), asked) in self._seen:
            return
        self._seen[id(thing), asked] = thing
        if isinstance(thing, FunctionType):
            self._add_function(thing, asked)
        elif isinstance(thing, type):
            self._add_class(thing, asked)
        elif isinstance(thing, ModuleType) and asked:
            self._add_module(thing)
        else:
            for inner in _wrapped(thing):
                self._add(inner, asked)

    def _add_module(self, module: ModuleType) -> None:
        """Follow what is written in a module; in a package, in each of its modules."""
        within = f"{module.__name__}."
        inner = [part for name, part in sys.modules.copy().items() if name.startswith(within)]
        for part in [module, *filter(None, inner)]:
            for value in list(vars(part).values()):
                if getattr(value, "__module__", None) == part.__name__:
                    self._add(value, asked=True)

    def _add_class(self, cls: type, asked: bool) -> None:
        ours = is_ours(_file_of(cls))
        if not (asked or ours):
            return
        if cls not in self.classes:
            self.classes.append(cls)
        for value in list(vars(cls).values()):
            self._add(value, asked)
        for base in cls.__bases__:  # those of a library's class, as far as its package goes
            self._add(base, asked and not ours and package_of(base) == package_of(cls))

    def _add_function(self, function: FunctionType, asked: bool) -> None:
        for inner in _wrapped(function):
            self._add(inner, asked)
        for cell in function.__closure__ or ():
            self._add(_content(cell))
        if not is_ours(function.__code__.co_filename) and not (
            asked and not hasattr(function, "__wrapped__")
        ):
            return
        if function not in self.functions:
            self.functions.append(function)
        space = function.__globals__
        if not any(space is known for known in self.namespaces):
            self.namespaces.append(space)
        for code in _nested(function.__code__):
            self._add_named(code, space)

    def _add_named(self, code: CodeType, space: dict[str, object]) -> None:
        """Follow the functions and classes that the code names, and their own in turn."""
        read = self.names[code] = set()
        for step in dis.get_instructions(code):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                read.add(step.argval)
        for name in read & space.keys():
            value = space[name]
            if isinstance(value, ModuleType):
                for attribute in set(code.co_names) & vars(value).keys():
                    inner = vars(value)[attribute]
                    if isinstance(inner, (type, FunctionType)):
                        self._add(inner)
            elif isinstance(value, (type, FunctionType)):
                self._add(value)


def _content(cell) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def _wrapped(thing: object) -> list[object]:
    """What a decorator or a descriptor hides."""
    names = ("__wrapped__", "__func__", "fget", "fset", "fdel")
    if isinstance(thing, (functools.partial, functools.cached_property)):
        names = ("func",)
    elif not isinstance(thing, (FunctionType, MethodType, staticmethod, classmethod, property)):
        return []
    return [value for name in names if (value := getattr(thing, name, None)) is not None]


def _file_of(cls: type) -> str:
    """Where a class was written: the file of its first method, since it keeps none itself."""
    for value in vars(cls).values():
        for function in [value, *_wrapped(value)]:
            if isinstance(function, FunctionType):
                return function.__code__.co_filename
    return "<none>"


def _nested(code: CodeType) -> list[CodeType]:
    """The code and all that is defined inside it."""
    inner = [part for part in code.co_consts if isinstance(part, CodeType)]
    return [code, *(deep for part in inner for deep in _nested(part))]


def _stored_globals(code: CodeType) -> set[str]:
    return {step.argval for step in dis.get_instructions(code) if step.opname == "STORE_GLOBAL"}


def _spots(code: CodeType, stored: set[str]) -> list[tuple[bool, Place | None]]:
    spots: list[tuple[bool, Place | None]] = [(False, None)] * (len(code.co_code) // 2 + 1)
    places: dict[tuple[int, bool], Place] = {}
    place, begun, before, heads, line = None, False, "", set(), 0
    for step in dis.get_instructions(code):
        was, line = line, step.positions.lineno or line
        # A `with` line is met twice: at its head, and again where the block is left.
        leaving = line in heads and (line != was or (place is not None and place.leaving))
        if begun:
            place = places.setdefault((line, leaving), Place(code, line, leaving))
            matters = _matters(step, before, stored)
            if matters:
                place.last = step.offset
            spots[step.offset // 2] = (matters, place)
        if step.opname == "BEFORE_WITH":
            heads.add(line)
        begun = begun or step.opname == "RESUME"
        before = step.opname
    for step in dis.get_instructions(code):
        # A way round a line ends in the jump that Python counts to that line: it never came there.
        if step.is_jump_target and step.opname.startswith("JUMP_"):
            spots[step.offset // 2] = (False, spots[step.argval // 2][1])
    for index in range(1, len(spots)):  # a frame that calls may stand on the call's own cache
        if spots[index][1] is None:
            spots[index] = (False, spots[index - 1][1])
    return spots


def _matters(step: dis.Instruction, before: str, stored: set[str]) -> bool:
    name = step.opname
    if name == "LOAD_GLOBAL":
        return step.argval in stored
    if name.startswith("POP_JUMP"):  # asks a list whether it is empty, unless it has its answer
        return not (name.endswith("NONE") or before in _ANSWERS_BOOL or before == "TO_BOOL")
    return name not in _QUIET_NAMES and not name.startswith(_QUIET_STARTS)
