"""Run one submission in a process of its own, under limits, and hear what the judge found.

A cell that never ends, or ends its process, costs itself: the process is ended, what was judged
stays, and the submission is run again without that cell.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field

_PASSED_ON = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "SYSTEMROOT", "VIRTUAL_ENV")  # no secrets
_MOST_RUNS = 6
# Seconds for what is not the submission's, whatever a cell may take: a machine can be busy.
_START = 60.0  # until the process has come up
_JUDGING = 15.0  # for one exercise, whose check ends what hangs after four by itself
_MOST_HEARD = 4_000_000  # bytes; an honest submission's verdicts are some thousand


@dataclass(frozen=True)
class Limits:
    """Of one submission: seconds for a cell and for it all, MB of address space, MB of a file."""

    cell: float = 30.0
    whole: float = 300.0
    memory: int = 4096
    file: int = 64


@dataclass
class Heard:
    """What the judge told, over all runs of one submission."""

    verdicts: dict[str, tuple[str, list[str], str]] = field(default_factory=dict)
    raised: dict[int, tuple[str, ...]] = field(default_factory=dict)
    close: dict[str, str] = field(default_factory=dict)
    predictions: dict[str, tuple[str, str]] = field(default_factory=dict)
    promises: dict[str, tuple[str, str]] = field(default_factory=dict)  # of a pool: text, lesson
    tried: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # what, kind, why
    printed: str = ""
    notes: list[str] = field(default_factory=list)
    at: tuple[str, str] | None = None  # "cell" and its number, or "exercise" and its id
    done: bool = False


def run_submission(
    cells: tuple[str, ...], ids: list[str], limits: Limits, stop: threading.Event
) -> Heard:
    """Run the cells and judge the exercises `ids`. `stop` set: end at once."""
    heard, skip = Heard(), []
    ends = time.monotonic() + limits.whole
    for _ in range(_MOST_RUNS):
        heard.at = None
        job = {"cells": cells, "exercises": ids, "skip": skip}
        why = run_once("judge", job, limits, ends, heard, stop)
        if heard.done or stop.is_set() or heard.at is None:
            break
        kind, name = heard.at
        where = f"cell {int(name) + 1}" if kind == "cell" else name
        heard.notes.append(f"{where} {why}")
        if kind == "exercise":
            heard.verdicts[name] = (why, [], f"While it was judged it {why}.")
        skip.append(int(name) if kind == "cell" else name)
        if time.monotonic() >= ends:
            break
    return heard


def run_once(judge: str, job: dict, limits: Limits, ends: float, heard: Heard, stop) -> str:
    """One process of that judge; returns why it had to be ended, or what became of it."""
    token = secrets.token_hex(16)
    job = {**job, "token": token, "memory": limits.memory << 20, "file": limits.file << 20}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", f"poolkit.course.desk.{judge}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            cwd=folder, env=_environment(folder, token[:8]), start_new_session=True,
        )  # fmt: skip
        try:
            with contextlib.suppress(OSError):  # it died at once, which shows below
                process.stdin.write(json.dumps(job).encode() + b"\n")
                process.stdin.flush()
            return _listen(process, token.encode(), limits, ends, heard, stop)
        finally:
            _end(process, token[:8])


def _environment(folder: str, mark: str) -> dict[str, str]:
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    own = {"HOME": folder, "TMPDIR": folder, "TEMP": folder, "MPLBACKEND": "agg",
           "POOLKIT_PROGRESS": ":memory:", "POOLKIT_GRADED": mark, "PYTHONDONTWRITEBYTECODE": "1"}  # fmt: skip
    return {**passed, **own}


def _listen(process, token: bytes, limits: Limits, ends: float, heard: Heard, stop) -> str:
    parts: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(process.stdout.fileno(), parts), daemon=True)
    reader.start()
    try:
        return _take_parts(parts, token, limits, ends, heard, stop)
    finally:
        _kill(process)
        reader.join(2.0)  # not longer: a process that left the group may hold the other end
        if not reader.is_alive():
            process.stdout.close()


def _take_parts(parts, token: bytes, limits: Limits, ends: float, heard: Heard, stop) -> str:
    since, left = time.monotonic(), b""
    while True:
        now = time.monotonic()
        if stop.is_set():
            return "was interrupted"
        if now - since > _patience(limits, heard) or now > ends:
            return "did not come to an end"
        try:
            part = parts.get(timeout=0.05)
        except queue.Empty:
            continue
        if part is None:
            return "flooded the judge's channel"
        if not part:
            return "" if heard.done else "ended its process"
        *lines, left = (left + part).split(b"\n")
        for line in lines:
            if line.startswith(token + b" "):
                _take(line[len(token) + 1 :], heard)
                since = time.monotonic()


def _patience(limits: Limits, heard: Heard) -> float:
    """Seconds that nothing need be heard: only a cell is the submission's own to limit."""
    if heard.at is None:
        return max(limits.cell, _START)
    return limits.cell if heard.at[0] == "cell" else max(limits.cell, _JUDGING)


def _read(fd: int, parts: queue.SimpleQueue) -> None:
    """Hand on what the process writes: b"" at its end, None if it is more than a judge writes."""
    room = _MOST_HEARD
    with contextlib.suppress(OSError):
        while part := os.read(fd, 65536):
            room -= len(part)
            if room < 0:
                parts.put(None)
                return
            parts.put(part)
    parts.put(b"")


def _take(line: bytes, heard: Heard) -> None:
    kind, *words = json.loads(line)
    if kind in ("cell", "exercise"):
        heard.at = (kind, words[0])
    elif kind == "raised":
        heard.raised[int(words[0])] = (words[1], words[2], *words[3:])
    elif kind == "verdict":
        heard.verdicts[words[0]] = (words[1], words[2].split(), words[3])
    elif kind == "close":
        heard.close[words[0]] = words[1]
    elif kind == "promise":
        heard.promises[words[0]] = (words[1], words[2])
    elif kind == "tried":
        heard.tried[words[0]] = (words[1], words[2], words[3])
    elif kind == "printed":
        heard.printed = words[0]
    elif kind == "predicted":
        heard.predictions[words[0]] = (words[1], words[2])
    heard.done = heard.done or kind == "done"


def _kill(process) -> None:
    """End the process and its group."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _end(process, mark: str) -> None:
    """End it, and what left its group but kept its environment, where /proc shows that."""
    _kill(process)
    with contextlib.suppress(OSError):
        process.stdin.close()
    sign = f"POOLKIT_GRADED={mark}".encode()
    for place in _processes():
        with contextlib.suppress(OSError), open(f"/proc/{place}/environ", "rb") as file:
            if sign in file.read().split(b"\0"):
                os.kill(int(place), signal.SIGKILL)


def _processes() -> list[str]:
    try:
        return [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []
