"""Is this connection fit to be lent? And making it so that it is."""

import sqlite3
from contextlib import suppress
from typing import Any


def health_check(conn: Any) -> dict[str, str]:
    """Report on a connection in words; safe on one that is in use, whose transaction it leaves.

    A closed or broken connection is "unhealthy", and so is one that may not be used in this thread.
    No table is read: a file that was deleted or damaged after the connection was opened is not
    noticed, nor is a lock. Another driver's connection that does not tell whether it is in a
    transaction is rolled back afterwards, since the question has opened one.

    Returns:
        `{"status": "healthy", "sqlite_version": ...}` or `{"status": "unhealthy", "error": ...}`;
        with another driver than sqlite3 there is no version.
    """
    try:
        leave = isinstance(conn, sqlite3.Connection) or _is_in_transaction(conn)
        try:
            _select_1(conn)
        except Exception:
            if not leave:
                with suppress(Exception):  # the first error is the one to report
                    clean(conn)
            raise
        if not leave:
            clean(conn)
    except Exception as exc:
        return {"status": "unhealthy", "error": f"{type(exc).__name__}: {exc}"}
    if not isinstance(conn, sqlite3.Connection):
        return {"status": "healthy"}
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


def _is_in_transaction(conn: Any) -> bool:
    """Tell whether it says that it is: sqlite3's and psycopg's can."""
    info = getattr(conn, "info", None)
    return bool(getattr(conn, "in_transaction", getattr(info, "transaction_status", False)))


def ping(conn: Any) -> None:
    """Raise if an idle connection does not answer `SELECT 1`: the pool's default `check`.

    Elsewhere than in SQLite even that opens a transaction, which is rolled back.

    Raises:
        Exception: whatever the connection's driver raises.
    """
    _select_1(conn)
    clean(conn)


def clean(conn: Any) -> None:
    """Roll back what a borrower left open: the pool's default `reset`.

    A connection that does not tell whether it is `in_transaction` is always rolled back.

    Raises:
        Exception: whatever the connection's driver raises; a closed one from sqlite3 does.
    """
    try:
        in_transaction = conn.in_transaction
    except AttributeError:
        conn.rollback()
        return
    if not in_transaction:
        return
    if getattr(conn, "autocommit", None) is True:
        conn.execute("ROLLBACK")  # from Python 3.12: rollback() does nothing in this mode
    else:
        conn.rollback()


def _select_1(conn: Any) -> None:
    cursor = conn.cursor()
    cursor.execute("SELECT 1")
    cursor.close()  # closed unread: fetching would call the row factory that a borrower left behind
