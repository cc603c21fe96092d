"""What a pool can tell about itself: numbers for a program, words for a person."""

import contextlib
import os
import threading
from collections.abc import Sequence
from types import CodeType, FrameType
from typing import Any

from poolkit.lease import Card

_ENTER_CONTEXT = contextlib.ExitStack.enter_context.__code__


# What has happened so far; no number ever falls. A dict, since one is copied in a single step.
NO_COUNTS: dict[str, Any] = {
    "created": 0,  # connections opened, the ones opened beforehand included
    "closed": 0,
    "discarded": 0,  # of those, closed because they no longer worked
    "timeouts": 0,  # calls that gave up waiting
    "wait_seconds": 0.0,  # spent waiting in line, all callers together
}


class _Mark:
    """Stands for a thread, so that the thread itself is not kept when it has finished."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


_here = threading.local()


def borrower(frame: FrameType) -> tuple[_Mark, CodeType, int]:
    """Note who borrows, in this frame: the thread, its code, and the instruction it is at.

    Working out the line takes the longer the longer the function is, so that is left to
    `whereabouts`, for the few that are ever asked about.
    """
    code = frame.f_code
    if code is _ENTER_CONTEXT and frame.f_back is not None:  # it borrows for somebody else
        frame = frame.f_back
        code = frame.f_code
    try:
        return _here.mark, code, frame.f_lasti
    except AttributeError:  # this thread's first loan
        return _mark_thread(), code, frame.f_lasti


def thread_name() -> str:
    """Name this thread, as `borrower` does."""
    try:
        return _here.mark.name
    except AttributeError:
        return _mark_thread().name


def _mark_thread() -> _Mark:
    _here.mark = mark = _Mark(threading.current_thread().name)
    return mark


def whereabouts(card: Card) -> tuple[str, int, str]:
    """Return the file, the line and the function that borrowed it."""
    _, code, instruction, *_ = card.borrower
    lines = (line for start, end, line in code.co_lines() if start <= instruction < end)
    return code.co_filename, next(lines, None) or code.co_firstlineno, code.co_qualname


def no_connection(
    timeout: float, in_use: int, limit: int, waiting: int, lent: Sequence[Card], now: float
) -> str:
    """Tell why somebody got no connection; `lent` are those out, the longest first."""
    text = f"no connection came free in {float(timeout)} s: {in_use} of {limit} in use"
    text += f", {waiting} waiting"
    if lent:
        file, line, _ = whereabouts(lent[0])
        held, thread = in_words(now - lent[0].since), lent[0].borrower[0].name
        text += f"; longest held {held} by {thread} at {os.path.basename(file)}:{line}"
    mine = getattr(_here, "mark", None)
    own = sum(card.borrower[0] is mine for card in lent)
    if own:
        text += f"; this thread holds {own} of them itself"
    return text


def overdue(card: Card, now: float) -> str:
    """Tell who has not given a connection back for so long."""
    file, line, function = whereabouts(card)
    held, thread = in_words(now - card.since), card.borrower[0].name
    return (
        f"a connection has been out for {held}: {thread} borrowed it at {file}:{line} in {function}"
    )


def in_words(seconds: float) -> str:
    """Write a length of time, short: `41 s`, `2.5 s`, `0.031 s`."""
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.2g} s"
