"""What a pool brings to the suite: this shape. One that has it already needs no adapter.

An adapter may say more about itself in class attributes; each has the default that is given here:

    name = "the class's name"
    lacks = {}            # what the pool does not offer, of FEATURES: in words, why
    timed_out = TimeoutError  # what a borrower gets that was left waiting: a class, or a tuple
    follow = [the class]  # the classes and functions that the player follows; None: it cannot
    played = None         # where it cannot follow: an adapter for the same code without its threads
    desk = Desk           # where the suite's connections come from
    connect = …           # connect(path), a static method: how the pool itself opens a SQLite file
    raw(loan)             # a static method: the connection in what `acquire` lends, if wrapped
    abandon(loan)         # a static method: keep a loan that is dropped from giving itself back
    dispose               # "the name of a method" that ends what the pool runs besides
    documented = {}       # per stage or feature: what the pool's own documentation says
    version = ""
"""

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

FEATURES = {
    "connect": "the pool opens connections itself",
    "error": "a borrower is told why a connect failed",
    "cap": "a most of connections that may be open",
    "timeout": "waiting at the cap ends after some seconds",
    "no_wait": "at the cap it can refuse at once",
    "for_ever": "at the cap it can wait as long as it takes",
    "check": "an idle connection is checked before it is lent",
    "clean": "what a borrower left open is rolled back",
    "cursors": "a cursor that a borrower kept is dead",
    "settings": "what a borrower set on the connection is undone",
    "give": "a loan is given back by handing in the connection",
    "block": "a `with` block that commits or rolls back",
    "close": "the pool can be closed for good",
    "idle": "a number: how many lie idle",
    "in_use": "a number: how many are lent",
    "waiting": "a number: how many wait",
    "fork": "the pool can be used on both sides of a fork",
}


class Pool(Protocol):
    """A pool of at most `size` connections, each made by `connect()`.

    `timeout` is how many seconds `acquire` waits at the cap: 0 never, None as long as it takes.
    """

    def __init__(self, connect: Callable[[], Any], size: int, timeout: float | None) -> None: ...

    def acquire(self) -> Any:
        """Lend a connection."""

    def release(self, loan: Any) -> None:
        """Take it back: exactly what `acquire` gave."""

    def connection(self) -> AbstractContextManager[Any]:
        """Lend for a block: `with pool.connection() as conn`; commit at its end, or roll back."""

    def close_all(self) -> None:
        """Close the pool for good."""

    def stats(self) -> dict[str, int]:
        """Tell how many connections are `idle`, how many `in_use`, how many callers `waiting`."""


def said(pool: type, what: str, default: Any = None) -> Any:
    """What an adapter says of itself under this name.

    A pool that is taken as it stands says nothing (plain.py); and where a static method is meant, a
    method of that name is the pool's own affair.
    """
    stands = vars(pool).get("as_it_stands")
    if stands is not None:
        return stands.get(what, default)
    if what in ("connect", "raw", "abandon"):
        found = inspect.getattr_static(pool, what, None)
        return getattr(pool, what) if isinstance(found, staticmethod) else default
    return getattr(pool, what, default)


def lacks(pool: type) -> dict[str, str]:
    return said(pool, "lacks", {})


def name(pool: type) -> str:
    return said(pool, "name", pool.__name__)


def raw(pool: type, loan: Any) -> Any:
    unwrap = said(pool, "raw")
    return unwrap(loan) if unwrap else loan


def followed(pool: type) -> list[Any] | None:
    return said(pool, "follow", [pool])


def timed_out(pool: type) -> Any:
    return said(pool, "timed_out", TimeoutError)
