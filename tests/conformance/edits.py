"""Faults as edits of a right pool: the lines that go out, and the lines that come in."""

import importlib.util
import linecache
from functools import cache
from pathlib import Path
from typing import NamedTuple

RIGHT = Path(__file__).with_name("reference.py")


class Fault(NamedTuple):
    """One fault: what it is, the promise that it breaks, and the edit.

    `also` are promises that cannot but break with it.
    """

    name: str
    breaks: str
    edit: str
    also: str = ""

    @property
    def attribute(self) -> str:
        return self.name.replace(" ", "_").replace("-", "_").replace(",", "")

    def source(self) -> str:
        """The right pool with the edit made; each part of it fits in one spot only."""
        text = RIGHT.read_text(encoding="utf-8")
        for part in self.edit.strip("\n").split("\n\n"):
            lines = [line.partition("|") for line in part.split("\n")]
            before = "".join(f"{line}\n" for mark, _, line in lines if mark != "+")
            after = "".join(f"{line}\n" for mark, _, line in lines if mark != "-")
            if text.count(before) != 1:
                raise ValueError(f"{self.name}: in {text.count(before)} spots:\n{before}")
            text = text.replace(before, after)
        return text


@cache
def made(fault: Fault, module: str) -> type:
    """The pool with this fault, as a class that other processes find in `module`."""
    file = f"<{fault.attribute}>"
    text = fault.source()
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    spec = importlib.util.spec_from_loader(fault.attribute, loader=None)
    space = importlib.util.module_from_spec(spec)
    exec(compile(text, file, "exec"), space.__dict__)
    pool = space.Pool
    pool.name, pool.__module__, pool.__qualname__ = fault.name, module, fault.attribute
    return pool
