"""What the claims of lesson 06 stand on: a folder, and a machine on which things go wrong."""

from __future__ import annotations

import builtins
import errno
import io
import os
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def times(count: int) -> str:
    """A number of times in words."""
    return {0: "not at all", 1: "once", 2: "twice"}.get(count, f"{count} times")


class OwnEnd(BaseException):
    """An end that is no Exception, and none of Python's own."""


# Every way to be stopped from outside, as far as an `except` can tell them apart.
ENDS = (KeyboardInterrupt, SystemExit, GeneratorExit, OwnEnd)
ERRORS = (OSError, ValueError, TypeError, RuntimeError, sqlite3.OperationalError)


@contextmanager
def in_folder(**files: str | bytes) -> Iterator[Path]:
    """A folder with these files in it, named without their ending; text is written as UTF-8."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for stem, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (folder / f"{stem}.txt").write_bytes(data)
        yield folder


class Machine:
    """A machine to call a function on, as a `with` block.

    `encoding`: what files have that are opened as text without `encoding=`. `fails`: which of the
    steps that are asked of the disk raises `error`, counted from 1; 0 for none. Removing a file is
    no step, nor is anything after `path` was replaced. `renames`: whether `os.rename` replaces a
    file that is there; on Windows it does not. `fired`: the step that failed, if one did.
    """

    def __init__(
        self,
        func: Callable,
        encoding: str = "utf-8",
        fails: int = 0,
        error: BaseException | None = None,
        path: Path | None = None,
        renames: bool = True,
    ) -> None:
        self._encoding, self._fails, self._error = encoding, fails, error
        self._path, self._renames = path, renames
        self._names = getattr(func, "__globals__", {})
        self._steps, self._over, self.fired = 0, False, ""
        self.swaps: list[tuple[bytes, Path, bool]] = []  # content, folder, whether one was there

    def __enter__(self) -> Machine:
        self._thread = threading.get_ident()
        places = [vars(builtins), vars(io)]
        if "open" in self._names:  # IPython has one of its own
            places.append(self._names)
        self._before = [(place, "open", place["open"]) for place in places]
        for place in places:
            place["open"] = self._open
        for name in ("open", "write", "fsync", "close", "replace", "rename", "link"):
            real = getattr(os, name)
            for place, known in self._known_as(name, real):
                self._before.append((place, known, real))
                place[known] = self._watched(name, real)
        return self

    def _known_as(self, name: str, real: Callable) -> list[tuple[dict, str]]:
        """Where a function of `os` is to be found: there, and among the learner's own names."""
        imported = [known for known, one in self._names.items() if one is real]
        return [(vars(os), name), *((self._names, known) for known in imported)]

    def __exit__(self, *exc: object) -> None:
        for place, name, before in self._before:
            place[name] = before

    def step(self, name: str) -> None:
        """Count a step of the function's, and let it fail if it is the one."""
        if self._over or threading.get_ident() != self._thread:
            return
        self._steps += 1
        if self._steps == self._fails:
            self.fired = name
            raise self._error

    def _open(
        self, file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True,
        opener=None,
    ):  # fmt: skip
        if threading.get_ident() != self._thread:  # the notebook's own threads are left alone
            real = self._before[0][2]
            return real(file, mode, buffering, encoding, errors, newline, closefd, opener)
        if "b" not in mode and encoding in (None, "locale"):
            encoding = self._encoding
        self.step(f"opening {_named(file)}")
        raw = _Raw(self, file, mode.replace("b", "").replace("t", ""), closefd, opener)
        if buffering == 0:
            return raw
        kind = io.BufferedRandom if "+" in mode else io.BufferedReader
        if not raw.readable():
            kind = io.BufferedWriter
        buffer = kind(raw)
        if "b" in mode:
            return buffer
        text = io.TextIOWrapper(buffer, encoding, errors, newline, buffering == 1)
        text.mode = mode
        return text

    def _watched(self, name: str, real: Callable) -> Callable:
        def call(*args, **kwargs):
            if threading.get_ident() != self._thread:
                return real(*args, **kwargs)
            if name == "close":  # a file that fails to close is closed all the same
                real(*args, **kwargs)
                return self.step("`os.close`")
            self.step(f"`os.{name}`")
            if name in ("replace", "rename", "link"):
                return self._swap(name, real, *args, **kwargs)
            return real(*args, **kwargs)

        return call

    def _swap(self, name: str, real: Callable, source, target, **how) -> None:
        source, target = Path(source), Path(target)
        there = target.is_file()
        if name == "rename" and there and not self._renames:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        if self._path is not None and target.resolve() == self._path.resolve():
            self._over = True  # from here on nothing fails; our own reading is no step either
            content = source.read_bytes() if source.is_file() else b""
            home = target.resolve().parent in source.resolve().parents
            try:
                real(source, target, **how)
            except OSError:
                self._over = False
                raise
            self.swaps.append((content, home, there))
        else:
            real(source, target, **how)


class _Raw(io.FileIO):
    """A real file, each of whose steps is counted."""

    def __init__(self, machine: Machine, file, mode: str, closefd: bool, opener) -> None:
        super().__init__(file, mode, closefd, opener)
        self._machine, self._writes = machine, self.writable()

    def write(self, data) -> int:
        self._machine.step("writing")
        return super().write(data)

    def readinto(self, buffer) -> int:
        self._machine.step("reading")
        return super().readinto(buffer)

    def readall(self) -> bytes:
        self._machine.step("reading")
        return super().readall()

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        if self._writes:
            self._machine.step("closing a file")


def _named(file: object) -> str:
    return "a file" if isinstance(file, int) else Path(os.fspath(file)).name
