"""What a pool can tell about itself: numbers for a program, words for a person."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from poolkit.lease import Card, whereabouts


@dataclass(slots=True)
class Counts:
    """What has happened so far; each number only grows. Changed with the pool's lock held."""

    created: int = 0  # connections opened, the ones opened beforehand included
    reused: int = 0  # loans of a connection that was there already
    closed: int = 0
    discarded: int = 0  # of those, closed because they no longer worked
    timeouts: int = 0  # calls that gave up waiting
    peak: int = 0  # most connections in use at once
    wait_seconds: float = 0.0  # spent waiting in line, all callers together

    def as_dict(self) -> dict[str, float]:
        return {name: getattr(self, name) for name in self.__slots__}


def no_connection(
    timeout: float, in_use: int, limit: int, waiting: int, lent: Sequence[Card], now: float
) -> str:
    """Tell why a call to acquire() got nothing; `lent` are the loans, the longest first."""
    text = f"no connection came free in {float(timeout)} s: {in_use} of {limit} in use"
    text += f", {waiting} waiting"
    if lent:
        file, line, _ = whereabouts(lent[0].borrower)
        held = in_words(now - lent[0].since)
        by = lent[0].borrower[0].name
        text += f"; longest held {held} by {by} at {os.path.basename(file)}:{line}"
    own = sum(card.borrower[0] is threading.current_thread() for card in lent)
    if own:
        text += f"; this thread itself holds {own}"
    return text


def overdue(card: Card, now: float) -> str:
    """Tell who has not given a connection back for so long."""
    file, line, function = whereabouts(card.borrower)
    return (
        f"a connection has been out for {in_words(now - card.since)}, "
        f"borrowed by {card.borrower[0].name} at {file}:{line} in {function}"
    )


def in_words(seconds: float) -> str:
    """Write a length of time, short: `41 s`, `2.5 s`, `0.031 s`."""
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.2g} s"
