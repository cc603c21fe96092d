"""Adapters for pools that people use, with SQLite below them; `PEERS` are those that are installed.

Each is set up as its own documentation has it, with a check before a loan where it offers one.
"""

import importlib
import queue
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version

ROLLBACK = "what comes back is rolled back, and no more"
OWN_LOAN = "a loan gives itself back"


class LifoQueue:
    """A queue that was filled once is the smallest pool there is."""

    name = "queue.LifoQueue"
    reproductions = "lifo_queue"
    timed_out = queue.Empty
    follow = [queue.LifoQueue, queue.Queue]
    lacks = {
        "connect": "whoever fills it opens the connections",
        "error": "whoever fills it opens the connections",
        "check": "it knows nothing of connections",
        "clean": "it knows nothing of connections",
        "cursors": "it knows nothing of connections",
        "settings": "it knows nothing of connections",
        "fork": "it knows nothing of connections",
        "give": "it takes whatever is put into it",
        "block": "get and put are all there is",
        "close": "from Python 3.13 it can be shut down, which closes no connection",
        "in_use": "it counts what lies in it",
        "waiting": "it counts what lies in it",
    }
    documented = {
        "waits": "get(timeout): waits at most so many seconds, then raises Empty",
        "order": "nothing on who is served first",
    }

    def __init__(self, connect, size, timeout):
        self.queue, self.timeout = queue.LifoQueue(), timeout
        for _ in range(size):
            self.queue.put(connect())

    def acquire(self):
        return self.queue.get(self.timeout != 0, self.timeout)

    def release(self, conn):
        self.queue.put(conn)

    def stats(self):
        return {"idle": self.queue.qsize()}


def _sqlalchemy():
    import sqlalchemy
    from sqlalchemy import pool as pools
    from sqlalchemy.pool import base
    from sqlalchemy.util import queue as own_queue

    class SQLAlchemy:
        name = "SQLAlchemy QueuePool"
        reproductions = "sqlalchemy"
        version = sqlalchemy.__version__
        timed_out = sqlalchemy.exc.TimeoutError
        follow = [
            pools.QueuePool,
            pools.Pool,
            base._ConnectionRecord,
            base._ConnectionFairy,
            base._finalize_fairy,
            own_queue.Queue,
        ]
        lacks = {
            "cursors": ROLLBACK,
            "settings": ROLLBACK,
            "give": OWN_LOAN,
            "close": "dispose() closes what is idle, and the engine begins a new pool",
            "waiting": "not counted",
        }
        documented = {
            "waits": "timeout: seconds to wait before giving up; "
            "may not be reliable in the tens of milliseconds",
            "order": "nothing on who is served first",
            "fork": "the child is to call engine.dispose(close=False) before it uses the engine",
            "leftovers": "reset_on_return: rollback() on each connection that comes back",
        }

        def __init__(self, connect, size, timeout):
            self.engine = sqlalchemy.create_engine(
                "sqlite://",
                creator=connect,
                poolclass=pools.QueuePool,
                pool_size=size,
                max_overflow=0,
                pool_timeout=timeout,
                pool_pre_ping=True,
            )

        @staticmethod
        def abandon(loan):
            loan._finalizer.detach()

        def acquire(self):
            return self.engine.raw_connection()

        def release(self, loan):
            loan.close()

        @staticmethod
        def raw(loan):
            return loan.dbapi_connection

        @contextmanager
        def connection(self):
            with self.engine.begin() as conn:
                yield conn.connection

        def stats(self):
            return {"idle": self.engine.pool.checkedin(), "in_use": self.engine.pool.checkedout()}

    return SQLAlchemy


def _dbutils():
    from dbutils import pooled_db, steady_db

    class DBUtils:
        name = "DBUtils PooledDB"
        reproductions = "dbutils"
        version = version("dbutils")
        timed_out = pooled_db.TooManyConnectionsError
        follow = [
            pooled_db.PooledDB,
            pooled_db.PooledDedicatedDBConnection,
            steady_db.SteadyDBConnection,
        ]
        lacks = {
            "timeout": "blocking: it waits as long as it takes, or not at all",
            "cursors": ROLLBACK,
            "settings": ROLLBACK,
            "give": OWN_LOAN,
            "block": "a `with` block gives back and does not commit",
            "idle": "not counted",
            "in_use": "not counted",
            "waiting": "not counted",
        }
        documented = {
            "waits": "blocking: block and wait until the number of connections decreases",
            "order": "nothing on who is served first",
            "failures": "connections that are lost are transparently reopened",
            "threads": "maxconnections: maximum number of connections generally allowed",
            "leftovers": "reset: always a rollback for safety's sake",
            "end": "close(): closes all connections in the pool; not that it lends none afterwards",
        }

        def __init__(self, connect, size, timeout):
            self.pool = pooled_db.PooledDB(
                connect,
                maxcached=size,
                maxconnections=size,
                blocking=timeout != 0,
                ping="SELECT 1",
            )

        @staticmethod
        def abandon(loan):
            loan._con = None

        def acquire(self):
            return self.pool.connection()

        def release(self, loan):
            loan.close()

        @staticmethod
        def raw(loan):
            return loan._con._con

        def close_all(self):
            self.pool.close()

    return DBUtils


def _peewee():
    import peewee
    from playhouse import pool as pools

    class Opener(peewee.SqliteDatabase):
        def _connect(self):
            conn = self.opener()
            conn.isolation_level = None  # as peewee has it: it sends BEGIN itself
            return conn

    class Pooled(pools._PooledSqliteDatabase, Opener):
        pass

    class Peewee:
        """Lends one connection to a thread; between loans the thread is made to forget it."""

        name = "peewee PooledSqliteDatabase"
        reproductions = "peewee"
        version = peewee.__version__
        timed_out = pools.MaxConnectionsExceeded
        follow = [
            pools.PooledDatabase,
            pools._PooledSqliteDatabase,
            peewee.Database.connect,
            peewee.Database.close,
        ]
        lacks = {
            "cursors": ROLLBACK,
            "settings": ROLLBACK,
            "give": "a thread has one connection, and closes it",
            "close": "close_all() closes also what is in use, and the next call connects again",
            "idle": "not counted",
            "in_use": "not counted",
            "waiting": "not counted",
        }
        documented = {
            "waits": "timeout: seconds to block when the pool is full; 0 for ever, None not at all",
            "order": "nothing on who is served first",
            "end": "close_all(): closes all connections, the ones in use included",
        }

        def __init__(self, connect, size, timeout):
            waits = {0: None, None: 0}.get(timeout, timeout)
            self.db = Pooled("unused", max_connections=size, timeout=waits)
            self.db.opener = connect

        def acquire(self):
            self.db.connect()
            conn = self.db.connection()
            self.db._state.reset()
            return conn

        def release(self, conn):
            self.db._state.set_connection(conn)
            self.db.close()

        @contextmanager
        def connection(self):
            with self.db:
                yield self.db.connection()

    return Peewee


def _made(make):
    """The adapter, or None; by its name other processes find it here."""
    with suppress(ImportError, PackageNotFoundError):
        pool = make()
        pool.__qualname__ = pool.__name__
        return pool


SQLAlchemy, DBUtils, Peewee = _made(_sqlalchemy), _made(_dbutils), _made(_peewee)

NEEDED = {"SQLAlchemy": "sqlalchemy", "DBUtils": "dbutils", "Peewee": "peewee"}


def peer(name):
    """An adapter by its name; ImportError says which package it needs."""
    found = globals()[name]
    if found is None:
        importlib.import_module(NEEDED[name])
    return found
