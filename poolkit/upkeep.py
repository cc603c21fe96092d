"""What is done to one connection at a time: it is opened, checked, tidied up, closed.

All of it takes time, may fail, and may run code of others; so none of it happens under the pool's
lock, and nothing is logged in the midst of it, but reported for later.
"""

import logging
import math
import sqlite3
from collections.abc import Callable
from typing import Any

from poolkit.connecting import Connector
from poolkit.health import clean, ping
from poolkit.lease import Card
from poolkit.sqlite import ATTRIBUTES, Connection, has_no_file


class Upkeep:
    """Looks after the connections of a pool, each by its card.

    Args:
        connector: opens them.
        check: raises if an idle one no longer works; None: `health.ping`.
        reset: does more than rolling back with one that came back, or raises; None: nothing more.
        ping_after: seconds of lying idle after which one is checked.
        report: takes a level of logging, a text and its arguments.
    """

    def __init__(
        self,
        connector: Connector,
        check: Callable[[Any], object] | None,
        reset: Callable[[Any], object] | None,
        ping_after: float,
        report: Callable[..., None],
    ) -> None:
        self._connector = connector
        self._check = check
        self._reset = reset
        self._ping_after = ping_after
        self._report = report

    def open(self, card: Card, deadline: float | None) -> Any:
        """Open a connection for the card, which notes its kind, and return it.

        Raises:
            ConnectFailed: with the last attempt's exception as its cause.
        """
        conn = None
        try:
            conn = self._connector.open(deadline)
            card.knows_cursors = isinstance(conn, Connection)
            card.tells = card.knows_cursors and self._reset is None
            card.may_be_bound = isinstance(conn, sqlite3.Connection) and not card.knows_cursors
            card.ping_after = -math.inf if card.may_be_bound else self._ping_after
            card.in_memory = has_no_file(conn)
            if isinstance(conn, Connection):
                conn.settle()
            card.settings = [(n, getattr(conn, n)) for n in ATTRIBUTES if hasattr(conn, n)]
        except BaseException:
            if conn is not None:
                conn.close()
            raise
        return conn

    def still_works(self, card: Card, now: float) -> bool:
        """Tell whether an idle connection may be lent, to this thread."""
        if now >= card.expires:
            return False
        card.broken = True  # till the check has come to its end
        try:
            if card.may_be_bound:
                card.conn.rollback()  # raises in a thread that may not use it
            if not card.may_be_bound or now - card.since >= self._ping_after:
                self._look_at(card)
        except Exception as exc:
            self._tell("an idle connection failed its check", exc)
            return False
        card.broken = False
        return True

    def _look_at(self, card: Card) -> None:
        if self._check is None:
            ping(card.conn)
            return
        tidy_up(card)
        self._check(card.conn)
        tidy_up(card)

    def take_back(self, card: Card) -> bool:
        """Tidy up after a borrower; tell whether that went well."""
        try:
            tidy_up(card)
            if self._reset is not None:
                self._reset(card.conn)
                tidy_up(card)
            return True
        except Exception as exc:
            self._tell("a connection that came back could not be reset", exc)
            return False

    def close(self, conn: Any) -> None:
        """Close a connection; if that fails, it is let go of all the same."""
        try:
            conn.close()
        except Exception as exc:
            self._tell("a connection could not be closed", exc)

    def _tell(self, text: str, exc: Exception) -> None:
        # Without its traceback, which would hold the connection, and the borrower's variables.
        self._report(logging.DEBUG, text + ": %r", exc.with_traceback(None))


def tidy_up(card: Card) -> None:
    """Close cursors, roll back, and bring back what was set, so that nothing of a loan is left.

    Raises:
        Exception: whatever the connection's driver raises; a closed one from sqlite3 does.
    """
    conn = card.conn
    if card.knows_cursors:
        conn.close_cursors()
    elif card.may_be_bound:
        conn.rollback()  # raises in a thread that may not use it; otherwise costs next to nothing
    clean(conn)
    changed = [(name, value) for name, value in card.settings if getattr(conn, name) != value]
    for name, value in changed:
        setattr(conn, name, value)
    if changed:
        clean(conn)  # an `autocommit` that was set begins or leaves a transaction
    if card.knows_cursors and conn.was_set:
        conn.restore_pragmas()
