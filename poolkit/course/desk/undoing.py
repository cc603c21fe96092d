"""Undo what a submission did to the course and to what the course is built on.

Before the first cell runs, every name, class, function and exercise of the course is noted, and so
are the modules it uses; before each judgement they are put back. This meets what is done to them by
name. It is no wall: code of the same process that looks for the judge will find it.
"""

from __future__ import annotations

import builtins
import importlib
import json
import pkgutil
import sys
import threading
from collections.abc import Callable
from types import FunctionType, ModuleType

import poolkit
from poolkit.course.exercises import Exercise

_OF_A_FUNCTION = ("__code__", "__defaults__", "__kwdefaults__", "__module__", "__name__")
_OWN_OF_A_CLASS = ("__dict__", "__weakref__", "__doc__", "__annotations__", "__abstractmethods__")


def import_all() -> None:
    """Import the whole course, so that nothing of it is looked up in what a submission made."""
    for found in pkgutil.walk_packages(poolkit.__path__, "poolkit."):
        if not found.name.startswith(("poolkit.course.desk", "poolkit.__main__")):
            importlib.import_module(found.name)


def noted(*packages: str) -> Callable[[], None]:
    """Note everything as it is now; give the function that puts it back.

    `packages`: the names of those whose modules are noted whole; the course's, where none is given.
    """
    packages = packages or ("poolkit",)
    ours = [m for name, m in list(sys.modules.items()) if name.split(".")[0] in packages]
    used = {id(v): v for m in ours for v in vars(m).values() if isinstance(v, ModuleType)}
    others = [*used.values(), builtins, json.encoder]
    objects = _objects(ours, packages)
    modules = [(vars(m), dict(vars(m)), m in ours) for m in {*ours, *others}]
    functions = [
        (f, [(name, getattr(f, name)) for name in _OF_A_FUNCTION])
        for f in objects if type(f) is FunctionType
    ]  # fmt: skip
    classes = [(c, dict(c.__dict__)) for c in objects if isinstance(c, type)]
    instances = [(vars(e), dict(vars(e))) for e in objects if isinstance(e, Exercise)]
    loaded = dict(sys.modules)
    return _undo(modules, functions, classes, instances, loaded)


def _objects(modules: list[ModuleType], packages: tuple[str, ...]) -> list[object]:
    """Every function, class and exercise of these modules, and the functions in the classes."""
    found: dict[int, object] = {}
    waiting = [value for module in modules for value in vars(module).values()]
    while waiting:
        one = waiting.pop()
        if id(one) in found or not str(getattr(one, "__module__", "")).startswith(packages):
            continue
        if isinstance(one, (FunctionType, type, Exercise)):
            found[id(one)] = one
        if isinstance(one, type):
            waiting += [getattr(v, "__func__", getattr(v, "fget", v)) for v in vars(one).values()]
        if isinstance(one, Exercise):
            waiting += [one.answer, *one.claims]
    return list(found.values())


def _undo(modules, functions, classes, instances, loaded) -> Callable[[], None]:
    # References of its own: what a submission puts in place of a builtin is not asked.
    set_on, delete_from, inside = type.__setattr__, type.__delattr__, sys.modules
    trace, profile, thread = sys.settrace, sys.setprofile, threading
    own, limit, set_limit = _OWN_OF_A_CLASS, sys.getrecursionlimit(), sys.setrecursionlimit
    each, known, put = list, type({}).get, setattr
    nothing = object()

    def undo() -> None:
        trace(None)
        profile(None)
        thread._trace_hook = thread._profile_hook = None
        set_limit(limit)
        inside.update(loaded)
        for now, before, whole in modules:
            for name in each(now) if whole else ():
                if name not in before:  # it would hide a builtin
                    del now[name]
            now.update(before)
        for function, parts in functions:
            for name, value in parts:
                put(function, name, value)
        for cls, before in classes:
            for name, value in before.items():
                if name not in own and known(each_of(cls), name, nothing) is not value:
                    set_on(cls, name, value)
            for name in each(each_of(cls)):
                if name not in before and name not in own:
                    delete_from(cls, name)
        for now, before in instances:
            now.clear()
            now.update(before)

    def each_of(cls: type) -> dict:
        return type_dict(cls).copy()

    type_dict = type.__dict__["__dict__"].__get__
    return undo
