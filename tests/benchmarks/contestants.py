"""The pools that are measured side by side, each on the same SQLite file.

A contestant has `loan()`, the shortest way to borrow and give back; `block()`, a block as its own
documentation shows it, with nothing in it; `work(func)`, the same with something done on the
connection; and `cap`, whether it can be given a most of connections, for the runs in which threads
wait for each other.
"""

import inspect
import queue
import sqlite3
import textwrap
from contextlib import closing, suppress
from types import SimpleNamespace

from poolkit import lending

QUERY = "SELECT x FROM t WHERE id = 7"


def make_database(path):
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x)")
        conn.executemany("INSERT INTO t (x) VALUES (?)", [(n,) for n in range(100)])
        conn.commit()


def connect(path):
    return sqlite3.connect(path, check_same_thread=False)


class Poolkit:
    name = "poolkit"
    does = "checks after 0.5 s idle, closes cursors, rolls back, hands over in turn, notes who"
    cap = True

    def __init__(self, path, size, **fields):
        from poolkit import ConnectionConfig, ConnectionPool

        fields = {"acquire_timeout": 60, "max_connections": size, **fields}
        self.pool = ConnectionPool(ConnectionConfig(path, pool_size=size, **fields))

    def loan(self):
        self.pool.release(self.pool.acquire())

    def block(self):
        with self.pool.connection():
            pass

    def work(self, func):
        with self.pool.connection() as conn:
            func(conn)

    def close(self):
        self.pool.close_all()


class PoolkitUncapped(Poolkit):
    name = "poolkit, no cap"
    does = "the same, but nobody waits and nobody is noted"
    cap = False

    def __init__(self, path, size, **fields):
        super().__init__(path, size, max_connections=None, **fields)


class PoolkitDeaf(PoolkitUncapped):
    name = "poolkit that cannot be recorded"
    does = "the same, with the question whether it is recorded cut out of its source"

    def __init__(self, path, size, **fields):
        super().__init__(path, size, **fields)
        self.pool.close_all()
        self.pool = deaf(type(self.pool))(self.pool.config)


def deaf(pool_class):
    """The class without the two questions that each loan asks: is somebody recording?"""
    steps = {}
    for name in ("_lend", "_put_back"):
        lines = textwrap.dedent(inspect.getsource(getattr(pool_class, name))).splitlines()
        (asked,) = (
            n for n, line in enumerate(lines) if "if (recording := self._recording)" in line
        )
        del lines[asked : asked + 2]
        exec("\n".join(lines), vars(lending), steps)
    return type(pool_class.__name__, (pool_class,), steps)


class LifoQueue:
    name = "queue.LifoQueue"
    does = "nothing: no check, no rollback, whoever comes first after a put gets it"
    cap = True

    def __init__(self, path, size):
        self.queue = queue.LifoQueue()
        for _ in range(size):
            self.queue.put(connect(path))

    def loan(self):
        self.queue.put(self.queue.get())

    def block(self):
        conn = self.queue.get()
        try:
            pass
        finally:
            self.queue.put(conn)

    def work(self, func):
        conn = self.queue.get()
        try:
            func(conn)
        finally:
            self.queue.put(conn)

    def close(self):
        while not self.queue.empty():
            self.queue.get().close()


class DBUtils:
    name = "DBUtils PooledDB"
    does = "no check with sqlite3, always rolls back, wakes a waiter who may come too late"
    cap = True

    def __init__(self, path, size):
        from dbutils.pooled_db import PooledDB

        self.pool = PooledDB(
            sqlite3, maxcached=size, maxconnections=size, blocking=True,
            database=path, check_same_thread=False,
        )  # fmt: skip

    def loan(self):
        self.pool.connection().close()

    def block(self):
        with self.pool.connection():
            pass

    def work(self, func):
        with self.pool.connection() as conn:
            func(conn)

    def close(self):
        self.pool.close()


class SQLAlchemy:
    name = "SQLAlchemy QueuePool"
    does = "no check, always rolls back, wakes a waiter who may come too late"
    cap = True

    def __init__(self, path, size):
        from sqlalchemy.pool import QueuePool

        self.pool = QueuePool(lambda: connect(path), pool_size=size, max_overflow=0, timeout=60)

    def loan(self):
        self.pool.connect().close()

    def block(self):
        conn = self.pool.connect()
        try:
            pass
        finally:
            conn.close()

    def work(self, func):
        conn = self.pool.connect()
        try:
            func(conn)
        finally:
            conn.close()

    def close(self):
        self.pool.dispose()


def psycopg_pool(path, **settings):
    """psycopg's pool with SQLite below it: what it asks of a connection, and no more."""
    from psycopg.pq import TransactionStatus
    from psycopg_pool import ConnectionPool

    class Connection(sqlite3.Connection):
        """SQLite with what the pool asks of psycopg's connections: class, status, expiry."""

        @classmethod
        def connect(cls, conninfo, **_):
            return sqlite3.connect(conninfo, check_same_thread=False, factory=cls)

        @property
        def pgconn(self):
            open_ = TransactionStatus.INTRANS if self.in_transaction else TransactionStatus.IDLE
            return SimpleNamespace(transaction_status=open_)

    settings = {"connection_class": Connection, "open": True, **settings}
    return ConnectionPool(str(path), **settings)


class PsycopgPool:
    name = "psycopg_pool"
    does = (
        "no check, rolls back what was left open, hands over in turn; SQLite in psycopg's clothes"
    )
    cap = True

    def __init__(self, path, size):
        self.pool = psycopg_pool(path, min_size=size, max_size=size, timeout=60)
        self.pool.wait()

    def loan(self):
        self.pool.putconn(self.pool.getconn())

    def block(self):
        with self.pool.connection():
            pass

    def work(self, func):
        with self.pool.connection() as conn:
            func(conn)

    def close(self):
        self.pool.close()


class NoPool:
    name = "no pool"
    does = "opens and closes a connection each time"
    cap = False

    def __init__(self, path, size):
        self.path = path

    def loan(self):
        connect(self.path).close()

    def block(self):
        with closing(connect(self.path)):
            pass

    def work(self, func):
        with closing(connect(self.path)) as conn:
            func(conn)

    def close(self):
        pass


ALL = [Poolkit, PoolkitUncapped, LifoQueue, DBUtils, SQLAlchemy, PsycopgPool, NoPool]


def query(conn):
    cursor = conn.cursor()
    cursor.execute(QUERY)
    cursor.fetchone()
    cursor.close()


def installed(contestants=ALL):
    """Those of the contestants whose package is there."""
    found = []
    for contestant in contestants:
        with suppress(ImportError):
            contestant(":memory:", 1).close()
            found.append(contestant)
    return found
