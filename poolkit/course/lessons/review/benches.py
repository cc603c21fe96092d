"""The bench on which pools are tried: it keeps what they open, and makes closing fail."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from poolkit import ConnectionConfig, ConnectionPool

USERS = "CREATE TABLE users (email TEXT NOT NULL UNIQUE)"


ANN = "INSERT INTO users VALUES ('ann@example.com')"


BEN = "INSERT INTO users VALUES ('ben@example.com')"


NOBODY = "INSERT INTO users VALUES (NULL)"  # IntegrityError; the connection is none the worse


class Watched(sqlite3.Connection):
    """A connection whose next `close()` raises what is put into `trouble`; likewise `rollback()`."""

    trouble = None
    rollback_trouble = None

    def __repr__(self):
        return "<a connection>"

    def rollback(self):
        trouble, self.rollback_trouble = self.rollback_trouble, None
        if trouble is not None:
            raise trouble
        super().rollback()

    def close(self):
        trouble, self.trouble = self.trouble, None
        if trouble is not None:
            raise trouble
        super().close()


class Bench:
    """Makes pools of one kind, and keeps what they open in `opened`.

    `pool(least, most)`: a pool that opens `least` ahead and lends at most `most` at once. Each
    connection has a database in memory with the empty table `users`. At the cap the pool waits
    `patience` seconds.
    """

    def __init__(self, pool_class):
        self.pool_class = pool_class
        self.opened = []
        self.lent = []  # of these, in order of their first loan, where a history counts loans
        self.fails_after = None  # so many connections can be opened, and the next one cannot

    def connect(self):
        if self.fails_after == len(self.opened):
            raise sqlite3.OperationalError("unable to open database file")
        conn = sqlite3.connect(":memory:", check_same_thread=False, factory=Watched)
        conn.execute(USERS)
        self.opened.append(conn)
        return conn

    def pool(self, least=0, most=1, patience=0.01):
        if not issubclass(self.pool_class, ConnectionPool):
            return self.pool_class(self.connect, least, most, patience)
        config = ConnectionConfig(
            min_connections=least,
            pool_size=most,
            max_connections=most,
            max_retries=1,
            acquire_timeout=patience,
            ping_after=0,
        )
        return self.pool_class(config, connect=self.connect)

    def close(self):
        for conn in self.opened:
            conn.trouble = None
            conn.close()


@contextmanager
def bench(pool_class: type) -> Iterator[Bench]:
    """A bench; all that was opened on it is closed in the end."""
    made = Bench(pool_class)
    try:
        yield made
    finally:
        made.close()


def ask(pool) -> str:
    """Borrow from a pool: what does one get?"""
    try:
        pool.acquire()
    except TimeoutError:
        return "TimeoutError"
    except sqlite3.Error:
        return "an error"
    return "a connection"


def rows(conn: sqlite3.Connection) -> int:
    """How many users there are."""
    return conn.execute("SELECT count(*) FROM users").fetchone()[0]


def five_users(pool_class: type, folder: str) -> int:
    """Five threads store a user each, in a file in WAL mode; gives how many are there then."""
    path = Path(folder) / "users.db"

    def connect():
        conn = sqlite3.connect(path, check_same_thread=False)
        conn.execute("PRAGMA journal_mode = WAL")
        return conn

    def insert(name):
        with pool.connection() as conn:
            conn.execute("INSERT INTO users VALUES (?)", (f"{name}@example.com",))
            conn.commit()

    pool = pool_class(connect, least=0, most=8)
    with pool.connection() as conn:
        conn.execute(USERS)
    with ThreadPoolExecutor(max_workers=5) as executor:
        list(executor.map(insert, ["ann", "ben", "cleo", "dan", "eve"]))
    with pool.connection() as conn:
        count = conn.execute("SELECT count(*) FROM users").fetchone()[0]
    pool.close_all()
    return count
