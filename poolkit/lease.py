"""One loan: the card that the pool keeps of it, and the `with` form that ends it."""

import math
from types import TracebackType
from typing import Any

from poolkit.forks import IN_PARENT
from poolkit.health import clean

NO_MORE = object()  # the end of a chain of stranded cards


class Card:
    """What the pool knows of one connection, like the card in a library book.

    A card without a connection (`conn` is None) stands for a place where one may be opened.
    """

    __slots__ = (
        "borrower",
        "broken",
        "conn",
        "epoch",
        "expires",
        "fresh_until",
        "in_memory",
        "is_new",
        "key",
        "knows_cursors",
        "may_be_bound",
        "next",
        "number",
        "ping_after",
        "reported",
        "settings",
        "since",
        "tells",
        "trips",
    )

    def __init__(self) -> None:
        self.conn: Any = None
        self.key = 0  # id(conn), since a connection need not be hashable
        self.number = 0  # the first that the pool opened is 1
        self.knows_cursors = False  # a poolkit.sqlite.Connection
        self.tells = False  # ... and whether there is something to tidy up
        self.ping_after = 0.0  # seconds of lying idle after which it is looked at
        self.may_be_bound = False  # sqlite3 may refuse it in another thread than its first
        self.in_memory = False
        self.settings: list[tuple[str, Any]] = []  # its attributes, as each borrower gets them
        self.epoch: object = None  # the pool's when it was opened: drain() begins a new one
        self.expires = math.inf  # when it is too old to keep, by the pool's clock, in seconds
        self.fresh_until = -math.inf  # till then it is lent without another look at it
        self.since = 0.0  # when it was lent, or came back
        self.is_new = False  # till its first loan, unless it was opened beforehand
        self.borrower: Any = None  # what stats.borrower() noted
        self.reported = -1  # the trip on which it was reported as overdue
        self.broken = False
        self.trips = 0  # how often it was given away: who noted the number can tell a later trip
        self.next: Any = None  # while it is stranded: the next of those, or NO_MORE


def commit(conn: Any) -> None:
    """Commit, whatever way the connection begins its transactions.

    Raises:
        Exception: whatever the connection's driver raises.
    """
    if getattr(conn, "autocommit", None) is True and hasattr(conn, "in_transaction"):
        conn.execute("COMMIT")  # from Python 3.12: sqlite3's commit() does nothing in this mode
    else:
        conn.commit()


def commit_or_roll_back(card: Card) -> None:
    """Commit what is open; where that fails, roll back and raise what the driver raised."""
    if not getattr(card.conn, "in_transaction", True):  # not all drivers tell
        return
    try:
        if card.knows_cursors:
            card.conn.close_cursors()  # one in the midst of writing would forbid it
        commit(card.conn)
    except Exception:
        roll_back(card)
        raise


def roll_back(card: Card) -> None:
    """Roll back what was left open; a connection that cannot do even that is marked broken."""
    try:
        clean(card.conn)
    except Exception:
        card.broken = True


class Lease:
    """`with pool.connection() as conn`: commits at a good end, rolls back at a bad one, gives back.

    It has noted its own trip of the connection. So a block whose connection was given back inside
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
                try:
                    if kind is not None:
                        roll_back(card)
                    elif not card.tells or card.conn.in_transaction:
                        commit_or_roll_back(card)
                finally:
                    self._pool.release(card.conn)
            elif kind is None and card.trips != IN_PARENT:
                raise ValueError("this connection was given back inside its own `with` block")
        except BaseException:
            if card.trips == self._trip and card.next is None:  # interrupted before its return
                pool, card.broken = self._pool, True
                card.next, pool._stranded = pool._stranded, card
                pool._chores.due = True
                pool._sweep()
            raise

    def __reduce__(self) -> Any:
        raise TypeError("a block of pool.connection() cannot be copied or pickled")
