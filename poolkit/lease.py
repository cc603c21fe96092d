"""One loan: the card that the pool keeps of it, and the `with` form that ends it."""

import contextlib
import math
import os
import sys
import threading
from types import CodeType, TracebackType
from typing import Any

from poolkit.health import clean

Borrower = tuple[threading.Thread, CodeType, int]

# Whose frames are not the borrower: the pool itself, and ExitStack and its like on the way to it.
INHERITED = -1  # the number of a trip that goes on in the parent process, after a fork

_HERE = (lambda: 0).__code__.co_filename
_GO_BETWEENS = {
    _HERE,
    os.path.join(os.path.dirname(_HERE), "pool.py"),
    contextlib.contextmanager.__code__.co_filename,
}


class Card:
    """What the pool knows of one connection, like the card in a library book.

    A card without a connection (`conn` is None) is a place where one may be opened.
    """

    __slots__ = (
        "borrower",
        "broken",
        "conn",
        "expires",
        "fresh_until",
        "key",
        "reported",
        "since",
        "trips",
    )

    def __init__(self) -> None:
        self.conn: Any = None
        self.key = 0  # id(conn): a connection need not be hashable
        self.expires = math.inf  # when it is too old, by the pool's clock, in seconds
        self.fresh_until = -math.inf  # till then it is lent without another look at it
        self.since = 0.0  # when it was lent, or came back
        self.borrower: Borrower | None = None
        self.reported = False  # as a leak, in this loan
        self.broken = False
        self.trips = 0  # how often it was given away: who remembers the number knows a later trip


def caller() -> Borrower:
    """Tell who called the pool: thread, code, and the instruction in it.

    The line is worked out by `whereabouts` when it is asked for; that takes as long as the
    function is, and a loan should not.
    """
    frame = sys._getframe(1)
    while frame.f_code.co_filename in _GO_BETWEENS and frame.f_back is not None:
        frame = frame.f_back
    return threading.current_thread(), frame.f_code, frame.f_lasti


def whereabouts(borrower: Borrower) -> tuple[str, int, str]:
    """Return the file, the line and the function that `caller` saw."""
    _, code, instruction = borrower
    lines = (line for start, end, line in code.co_lines() if start <= instruction < end)
    return code.co_filename, next(lines, None) or code.co_firstlineno, code.co_name


def commit(conn: Any) -> None:
    """Commit, whatever way the connection begins its transactions.

    Raises:
        Exception: whatever the connection's driver raises; a closed one from sqlite3 does.
    """
    try:
        in_transaction = conn.in_transaction
    except AttributeError:  # not sqlite3: its own commit() knows best
        conn.commit()
        return
    if not in_transaction:
        return
    if getattr(conn, "autocommit", None) is True:
        conn.execute("COMMIT")  # from Python 3.12: commit() does nothing in this mode
    else:
        conn.commit()


def roll_back(card: Card) -> None:
    """Roll back what was left open; a connection that cannot do even that is marked broken."""
    try:
        clean(card.conn)
    except Exception:
        card.broken = True


class Lease:
    """`with pool.connection() as conn`: commits at a good end, rolls back at a bad one, gives back.

    It remembers its own trip of the connection. So a block whose connection was given back inside
    it, and perhaps lent to somebody else since, does that borrower no harm at its end.
    """

    __slots__ = ("_card", "_pool", "_timeout", "_trip")

    def __init__(self, pool: Any, timeout: Any) -> None:
        self._pool = pool
        self._timeout = timeout
        self._card: Card | None = None

    def __enter__(self) -> Any:
        if self._card is not None:
            raise RuntimeError("this block is open already: call connection() once for each `with`")
        self._card = card = self._pool._borrow(self._timeout)
        self._trip = card.trips
        return card.conn

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        card, self._card = self._card, None
        try:
            if card.trips == self._trip:
                self._finish(card, well=kind is None)
            elif kind is None and card.trips != INHERITED:  # the parent process will end that one
                raise ValueError(f"{card.conn!r} was given back inside its own `with` block")
        except BaseException:
            if card.trips == self._trip:  # the commit failed, or an interrupt came: it is still out
                roll_back(card)
                self._pool.release(card.conn)
            raise

    def _finish(self, card: Card, well: bool) -> None:
        if well:
            commit(card.conn)
        else:
            roll_back(card)
        self._pool.release(card.conn)
