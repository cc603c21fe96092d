"""What a check stands on, as it was when the course was imported.

A notebook is one process: `time.monotonic = lambda: 0`, `sqlite3.connect = counted` or a changed
method in a base class of ours would reach into every check after it. While a check runs, what was
changed is as it was; afterwards the change is back.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import json
import logging
import os
import pathlib
import queue
import random
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Iterator

_MISSING = object()
_kept: dict[int, tuple[object, dict[str, object]]] = {}


def keep(*owners: object) -> None:
    """Remember the public attributes of modules, and all of our classes', as they are now."""
    for owner in owners:
        if id(owner) not in _kept:
            _kept[id(owner)] = owner, {n: v for n, v in vars(owner).items() if _counts(owner, n, v)}


def keep_lesson(module: object) -> None:
    """Remember the functions of a lesson's module, and the classes that it and the library define."""
    ours = [
        c
        for c in vars(module).values()
        if isinstance(c, type) and c.__module__.startswith("poolkit")
    ]
    bases = [base for cls in ours for base in cls.__mro__ if base.__module__.startswith("poolkit")]
    keep(module, *ours, *bases)


def _counts(owner: object, name: str, value: object) -> bool:
    if isinstance(owner, type):
        return name not in (
            "__dict__",
            "__weakref__",
            "__doc__",
            "__annotations__",
        ) and not name.startswith("_abc")
    return (
        not name.startswith("_")
        and callable(value)
        and name not in ("excepthook", "input", "print")
    )


@contextlib.contextmanager
def as_they_were() -> Iterator[None]:
    """Undo, for the length of a block, what was changed since it was kept."""
    undone = [change for owner, names in list(_kept.values()) for change in _restore(owner, names)]
    try:
        yield
    finally:
        for owner, name, value in undone:
            _set(owner, name, value)


def _restore(owner: object, names: dict[str, object]) -> list[tuple[object, str, object]]:
    now = dict(vars(owner))
    changed = [
        (name, value) for name, value in names.items() if now.get(name, _MISSING) is not value
    ]
    if isinstance(owner, type) and owner.__module__.startswith("poolkit"):
        changed += [
            (n, _MISSING) for n, v in now.items() if n not in names and _counts(owner, n, v)
        ]
    for name, value in changed:
        _set(owner, name, value)
    return [(owner, name, now.get(name, _MISSING)) for name, _ in changed]


def _set(owner: object, name: str, value: object) -> None:
    with contextlib.suppress(AttributeError, TypeError):
        if value is _MISSING:
            delattr(owner, name)
        else:
            setattr(owner, name, value)


keep(builtins, contextlib, io, json, logging, os, os.path, pathlib, pathlib.Path, queue, random)
keep(shutil, sqlite3, sys, tempfile, threading, threading.Thread, time)
