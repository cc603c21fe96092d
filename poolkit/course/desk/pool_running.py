"""Put a my_pool.py through the promises of tests/conformance, in a process of its own.

A promise whose judgement never ends, or ends the process, costs itself: the others are tried in
another process. After a few of those the rest is not tried.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from poolkit.course.desk.running import Heard, Limits, run_once
from poolkit.course.files import ROOT

SUITE = Path("tests", "conformance", "plain.py")
BASE = 2  # the lesson in which the methods that every pool has are first written
_MOST_ENDED = 4
#: What a promise can come to. "open": what it is about is not written yet.
KEPT, BROKEN, UNJUDGED, OPEN = "kept", "broken", "not judged", "open"


class NoSuite(Exception):
    """The conformance suite is not there. Shows as one line, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@dataclass(frozen=True)
class Tried:
    """What came of one promise: `why` says what was seen, or which method is not written."""

    id: str
    text: str
    lesson: int
    what: str
    why: str = ""

    @property
    def name(self) -> str:
        """Its id in words, without the stage: order.nobody_barges is "nobody barges"."""
        return self.id.partition(".")[2].replace("_", " ")


def first_not_kept(tried: Iterable[Tried]) -> Tried | None:
    """The one to tell of: the first that is broken, else the first that is not kept."""
    left = [one for one in tried if one.what != KEPT]
    return next((one for one in left if one.what == BROKEN), next(iter(left), None))


@dataclass(frozen=True)
class Outcome:
    """What came of a pool. `reason` and `story`: why nothing of it could be tried, or empty."""

    promises: list[Tried]
    reason: str = ""
    story: str = ""
    printed: str = ""
    notes: list[str] = field(default_factory=list)


def suite_folder() -> Path:
    """The clone of the course that has the suite: where the course is, or around where we are.

    Raises NoSuite.
    """
    here = Path.cwd()
    for folder in (ROOT, here, *here.parents):
        if (folder / SUITE).is_file():
            return folder
    raise NoSuite(f"no {SUITE.parent} in {ROOT} or above {here}: work in a clone of the course")


def put_through(
    source: str, stages: Iterable[str], limits: Limits, stop: threading.Event | None = None
) -> Outcome:
    """Try the promises of these stages on the class Pool of a file. Raises NoSuite."""
    heard, stop = Heard(), stop or threading.Event()
    job = {"source": source, "stages": list(stages), "suite": str(suite_folder())}
    ends = time.monotonic() + limits.whole
    for _ in range(_MOST_ENDED):
        heard.at = None
        why = run_once("pool_judge", {**job, "skip": list(heard.tried)}, limits, ends, heard, stop)
        if heard.done or stop.is_set() or heard.at is None:
            break
        kind, name = heard.at
        if kind == "cell":
            heard.notes.append(f"its import {why}")
            break
        if name not in heard.tried:
            heard.notes.append(f"{name} {why}")
            heard.tried[name] = (BROKEN, "", f"While it was tried, the process {why}.")
        if time.monotonic() >= ends:
            break
    return _outcome(heard)


def _outcome(heard: Heard) -> Outcome:
    reason, story = _cannot(heard)
    tried = [
        _what_came(id, text, int(lesson), heard.tried.get(id))
        for id, (text, lesson) in heard.promises.items()
    ]
    if not reason and tried and all(one.what == OPEN for one in tried):
        reason, story = "not attempted", tried[0].why
    return Outcome(tried, reason, story, heard.printed, heard.notes)


def _what_came(id: str, text: str, lesson: int, told: tuple[str, str, str] | None) -> Tried:
    if told is None:
        why = "not tried, since others before it never came to an end"
        return Tried(id, text, lesson, UNJUDGED, why)
    what, _, why = told
    if what == OPEN:
        lesson = BASE if why in ("__init__", "acquire", "release") else lesson
        return Tried(id, text, lesson, OPEN, f"`{why}` is not written yet.")
    return Tried(id, text, lesson, what, why)


def _cannot(heard: Heard) -> tuple[str, str]:
    """Why nothing could be tried."""
    if 0 in heard.raised:
        kind, line, text = heard.raised[0]
        return f"raised {kind}", f"my_pool.py raised {kind}{f', line {line}' * bool(line)}: {text}"
    if heard.notes and heard.notes[0].startswith("its import"):
        return "not imported", f"my_pool.py could not be imported: {heard.notes[0]}."
    if "Pool" in heard.close:
        close = heard.close["Pool"]
        there = f"; there is `{close}`" if close else ""
        return "named otherwise" if close else "not there", f"There is no class `Pool`{there}."
    if strange := heard.close.get("import"):
        return "not its own", (
            f"my_pool.py imports {strange}. This pool is yours: it stands on the standard library "
            "alone, and all of it is in this file."
        )
    return "", ""
