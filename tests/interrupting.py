"""Raise KeyboardInterrupt at one chosen place of the pool's code, each place in its turn.

CPython delivers a signal, or an exception sent to a thread, only where it looks for one: when a
call into C has returned, at the start of a Python function, and at a jump back. There, and where
`with` takes a lock and may have to wait for it, this raises. `places` counts them in a run;
`interrupted` raises at the n-th.
"""

import dis
import sys
import threading
from contextlib import contextmanager
from functools import cache
from inspect import CO_GENERATOR
from pathlib import Path
from types import CodeType, FunctionType

import poolkit
from tests import tools

LOOKS_AFTER = ("CALL", "JUMP_BACKWARD")
TAKES_LOCK = ("BEFORE_WITH", "LOAD_SPECIAL")  # or a call of acquire(): before it, too
PACKAGE = str(Path(poolkit.__file__).parent)


@cache
def opnames(code):
    return {found.offset: found.opname for found in dis.get_instructions(code)}


@cache
def takes_lock(code):
    """The instructions that may wait for a lock, and be interrupted while they do."""
    found, loads = set(), False
    for each in dis.get_instructions(code):
        if each.opname in TAKES_LOCK or (loads and each.opname.startswith("CALL")):
            found.add(each.offset)
        if each.opname.startswith(("LOAD_METHOD", "LOAD_ATTR")):
            loads = each.argval == "acquire"
        elif each.opname.startswith("CALL"):
            loads = False
    return found


@cache
def start(code):
    """The first instruction that shows: RESUME, where CPython looks, does not."""
    names = opnames(code)
    resume = next(offset for offset, name in names.items() if name == "RESUME")
    return min(offset for offset in names if offset > resume)


class Interrupter:
    """Follows one thread through the package's code, and interrupts it once."""

    def __init__(self, at=None):
        self.at = at
        self.count = 0
        self.where = None
        self._thread = threading.get_ident()
        self._last = (None, "")  # the frame's code and the name of the instruction before

    def step(self, code, offset):
        """Called before each instruction of the package, and of what it calls."""
        if threading.get_ident() != self._thread:
            return
        name = opnames(code).get(offset, "")
        (last_code, last), self._last = self._last, (code, name)
        if not code.co_filename.startswith(PACKAGE) or code.co_flags & CO_GENERATOR:
            return  # a generator that is being freed can only print what is raised in it
        looks = last_code is code and last.startswith(LOOKS_AFTER)
        if looks or offset == start(code) or offset in takes_lock(code):
            self.count += 1
            if self.count == self.at:
                self.where = f"{code.co_qualname}:{offset}"
                raise KeyboardInterrupt(self.where)


@contextmanager
def following(interrupter):
    follow = _by_monitoring if sys.version_info >= (3, 12) else _by_tracing
    with follow(interrupter):
        yield interrupter


@contextmanager
def _by_tracing(interrupter):
    def trace(frame, event, arg):
        frame.f_trace_opcodes = True
        if event == "opcode":
            interrupter.step(frame.f_code, frame.f_lasti)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


@contextmanager
def _by_monitoring(interrupter):
    # Events for the code that matters only: 3.12.1 goes astray when all code has them.
    monitoring, tool = sys.monitoring, 4
    monitoring.use_tool_id(tool, "interrupter")
    monitoring.register_callback(tool, monitoring.events.INSTRUCTION, interrupter.step)
    for code in _followed():
        monitoring.set_local_events(tool, code, monitoring.events.INSTRUCTION)
    try:
        yield
    finally:
        for code in _followed():
            monitoring.set_local_events(tool, code, 0)
        monitoring.register_callback(tool, monitoring.events.INSTRUCTION, None)
        monitoring.free_tool_id(tool)


@cache
def _followed():
    """All code of the package's functions, and of those in Python that it calls."""
    files = [PACKAGE, tools.__file__, threading.__file__]
    modules = [module for module in sys.modules.values() if getattr(module, "__file__", None)]
    codes, found = [], set()
    for module in modules:
        if module.__file__.startswith(tuple(files)):
            codes += _codes_in(vars(module).values())
    while codes:
        code = codes.pop()
        if code not in found and code.co_filename.startswith(tuple(files)):
            found.add(code)
            codes += [const for const in code.co_consts if isinstance(const, CodeType)]
    return found


def _codes_in(values):
    for value in values:
        value = getattr(value, "fget", value)
        if isinstance(value, type):
            yield from _codes_in(vars(value).values())
        elif isinstance(value, FunctionType):
            yield value.__code__
