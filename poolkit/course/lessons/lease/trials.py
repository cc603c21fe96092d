"""What the claims of lesson 07 lend from, and how a block runs in a learner's `with` form."""

from __future__ import annotations

import inspect
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from poolkit import ConnectionConfig, PoolTimeout, SimplePool
from poolkit.course.exercises import WrongType, expect
from poolkit.course.pools import is_closed
from poolkit.course.shown import short

TABLES = """
    PRAGMA foreign_keys = ON;
    CREATE TABLE guests (name TEXT PRIMARY KEY);
    CREATE TABLE meals (guest TEXT REFERENCES guests DEFERRABLE INITIALLY DEFERRED);
"""
GUEST = "INSERT INTO guests VALUES ('ann')"
NO_GUEST = "INSERT INTO meals VALUES ('nobody')"  # is refused, but only when it is committed


class Desk(SimplePool):
    """A pool that remembers what it opened and what it took back."""

    def __init__(self):
        super().__init__(ConnectionConfig(pool_size=2))
        self.opened, self.back = [], []
        self.carried = []  # whether each came back with its transaction open
        self.refuses = False

    def acquire(self):
        if self.refuses:
            raise PoolTimeout("nothing to lend")
        return super().acquire()

    def _connect(self):
        conn = super()._connect()
        self.opened.append(conn)
        conn.executescript(TABLES)
        return conn

    def release(self, conn):
        self.back.append(conn)
        self.carried.append(not is_closed(conn) and conn.in_transaction)
        super().release(conn)


@contextmanager
def desk() -> Iterator[Desk]:
    """A pool to try a `with` form on, whose connections are all closed in the end."""
    pool = Desk()
    try:
        yield pool
    finally:
        for conn in pool.opened:
            conn.close()


class Oops(Exception):
    """What goes wrong in a block, on purpose."""


def loan(form: Callable, pool: Desk):
    """The learner's `with` form, looked at before it is used."""
    if isinstance(form, AbstractContextManager):
        raise WrongType("Pass the function itself, `lending`, not a call of it.")
    manager = form(pool)
    assert not inspect.isgenerator(manager), "no decorator"
    if not all(hasattr(type(manager), name) for name in ("__enter__", "__exit__")):
        raise WrongType(
            f"`{form.__name__}(pool)` should give something for a `with`; it gave {short(manager)}."
        )
    assert not hasattr(manager, "gen") or inspect.isgenerator(manager.gen), "no yield"
    return manager


def during(form: Callable, pool: Desk, work: Callable, planned: tuple = ()) -> BaseException | None:
    """Run `work(conn)` in a block of the learner's form; give what came out, if it was planned."""
    try:
        manager = loan(form, pool)
        with manager as conn:
            assert conn is not None or not hasattr(manager, "gen"), "yields nothing"
            expect(conn, sqlite3.Connection, f"with {form.__name__}(pool) as conn")
            work(conn)
    except planned as error:
        return error
    except RuntimeError as error:
        if "didn't stop" in str(error):  # contextlib's own words
            raise AssertionError("yields twice") from None
        raise
    return None


def fails_after(statement: str, error: BaseException) -> Callable:
    """A block that writes something and then raises."""

    def work(conn):
        conn.execute(statement)
        raise error

    return work


def writes(statement: str) -> Callable:
    """A block that writes something and ends well."""
    return lambda conn: conn.execute(statement)


def stored(conn: sqlite3.Connection) -> int:
    """How many guests are there once everything that was not committed is undone."""
    conn.rollback()
    return conn.execute("SELECT count(*) FROM guests").fetchone()[0]
