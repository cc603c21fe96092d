"""Short records to try an answer on: every order of a few events, told in words."""

from __future__ import annotations

from collections.abc import Iterable

Event = tuple[float, str, str, int | None, str]
ANN, BEN, CLEO = "ann", "ben", "cleo"


def lent(at: float, who: str, connection: int = 1, where: str = "shop.py:1") -> Event:
    return (at, who, "lent", connection, where)


def back(at: float, who: str, connection: int = 1, where: str = "shop.py:9") -> Event:
    return (at, who, "returned", connection, where)


def queued(at: float, who: str) -> Event:
    return (at, who, "queued", None, "shop.py:1")


def did(at: float, who: str, word: str, connection: int = 1) -> Event:
    return (at, who, word, connection, "shop.py:5")


def told(events: Iterable[Event], lines: bool = False) -> str:
    """A record in a few words an event: 1 ann lent 7; with its line of code, if asked."""
    return "; ".join(_one(event, lines) for event in events) or "nothing"


def _one(event: Event, lines: bool) -> str:
    at, who, what, connection, where = event
    told = f"{at:g} {who} {what} {'' if connection is None else connection}".strip()
    return f"{told} {where}" if lines and what in ("lent", "returned") else told


def in_time(moves: Iterable[tuple]) -> list[Event]:
    """Events at 1 s, 2 s, 3 s …, from moves that say who does what on which connection."""
    return [(float(at), *move) for at, move in enumerate(moves, 1)]


def possible(moves: tuple) -> bool:
    """Whether a connection is lent only while it is idle, and does things only while it is lent."""
    out: set[int] = set()
    for _, what, connection, _ in moves:
        if connection is not None and (what == "lent") == (connection in out):
            return False
        if what in ("lent", "returned"):
            out ^= {connection}
    return True
