"""The conformance suite and the benchmarks' contestants, found beside the notebooks, in `tests/`."""

from __future__ import annotations

import datetime
import functools
import importlib
import json
import logging
import re
import sys
from types import ModuleType
from typing import Any

from poolkit.course.files import ROOT

MATRIX = ROOT / "tests" / "conformance" / "matrix.json"


class NoSuite(RuntimeError):
    """The tests of the course are not there. Shows as one line, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class Unknown(ValueError):
    """No stage, pool or library has this name. Shows as one line, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@functools.cache
def suite(name: str) -> ModuleType:
    """A module of the course's tests, such as "conformance.judging"."""
    if not MATRIX.exists():
        raise NoSuite(
            f"no {MATRIX.relative_to(ROOT)} in {ROOT}: this lesson needs the course's whole folder, as git has it"
        )
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    return importlib.import_module(f"tests.{name}")


class Tried(dict):
    """What came of some promises: promise → kept, broken, not offered or not judged."""

    def __init__(self, verdicts: dict) -> None:
        super().__init__((promise.id, verdict.what) for promise, verdict in verdicts.items())
        self._verdicts = verdicts

    def __str__(self) -> str:
        marks = suite("conformance.verdicts").MARKS
        lines = []
        for promise, verdict in self._verdicts.items():
            lines.append(f"{marks[verdict.what]} {promise.text}")
            if verdict.why and verdict.what != "kept":
                lines.append(f"    {_seen(verdict)}")
        return "\n".join(lines)


def _seen(verdict: Any) -> str:
    """What was seen, without the order of the threads in which it was."""
    return re.split(r"\. \w+ (?:paused|waits|sleeps|gave|took)", verdict.why)[0]


def tried(pool: type, *names: str) -> Tried:
    """Try some promises on a pool: each name is a stage, "order", or a promise, "waits.woken"."""
    judging = suite("conformance.judging")
    known = {promise.id: promise for promise in judging.promises()}
    wanted = {
        id: promise
        for name in names
        for id, promise in known.items()
        if name in (id, promise.stage.name)
    }
    for name in names:
        if not any(name in (id, id.partition(".")[0]) for id in wanted):
            stages = ", ".join(stage.name for stage in judging.STAGES)
            raise Unknown(f"no stage and no promise is called {name!r}; the stages are {stages}")
    _quiet("sqlalchemy.pool")
    return Tried({promise: judging.judge_one(promise, pool) for promise in wanted.values()})


def _quiet(name: str) -> None:
    """A library logs what fails on purpose here, at times later: keep that out of the notebook."""
    logger = logging.getLogger(name)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


# --- the matrix: what came of all promises on all pools, when it was last taken


def matrix() -> dict:
    """All that was printed when the matrix was last taken, as `tests/conformance/matrix.json` has it."""
    suite("conformance.verdicts")
    return json.loads(MATRIX.read_text(encoding="utf-8"))


def cells(taken: dict) -> dict[str, dict[str, str]]:
    """Pool → promise → "kept", "broken", "not offered" or "not judged"."""
    return {
        name: {id: cell["verdict"] for id, cell in pool["cells"].items()}
        for name, pool in taken["pools"].items()
    }


def broken(taken: dict, pool: str) -> str:
    """What a pool breaks: each promise by its name and in words, and below it what was seen."""
    if pool not in taken["pools"]:
        raise Unknown(f"no pool is called {pool!r}; there is {', '.join(taken['pools'])}")
    lines = []
    for id, cell in taken["pools"][pool]["cells"].items():
        if cell["verdict"] == "broken":
            lines += [f"✗ {id}: {taken['promises'][id]['text']}", f"    {cell['why']}"]
    return "\n".join(lines) or f"{pool} keeps all that it is asked for."


def by_stage(taken: dict) -> str:
    """A table for people: of the promises that a pool offers, how many it keeps, stage by stage."""
    found = cells(taken)
    day = datetime.date.fromisoformat(taken["taken"])
    first = f"Taken on {day.day} {day:%B %Y} with Python {taken['python']}."
    head = [["", *(name.split()[0] for name in found)], ["", *map(_version(taken), found)]]
    rows = [
        [stage, *(_kept_of(taken["promises"], one, stage) for one in found.values())]
        for stage in dict.fromkeys(promise["stage"] for promise in taken["promises"].values())
    ]
    widths = [max(map(len, column)) for column in zip(*head, *rows, strict=True)]
    return "\n".join(
        [first]
        + [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in [*head, *rows]
        ]
    )


def _version(taken: dict):
    return lambda name: taken["pools"][name]["version"]


def _kept_of(promises: dict, found: dict[str, str], stage: str) -> str:
    mine = [what for id, what in found.items() if promises[id]["stage"] == stage]
    asked = [what for what in mine if what in ("kept", "broken")]
    return f"{asked.count('kept')} of {len(asked)}" if asked else "–"
