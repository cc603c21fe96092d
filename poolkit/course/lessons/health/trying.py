"""What the checks of lesson 04 try with: connections that break when told to, and pools of them."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from poolkit import ConnectionConfig
from poolkit.course.exercises import expect

DISK = sqlite3.OperationalError("disk I/O error")


class FragileCursor(sqlite3.Cursor):
    """It breaks with its connection."""

    def execute(self, question, *args):
        self.connection.complain(question)
        return super().execute(question, *args)

    def executemany(self, question, *args):
        self.connection.complain(question)
        return super().executemany(question, *args)

    def executescript(self, script):
        self.connection.complain(script)
        return super().executescript(script)


class Fragile(sqlite3.Connection):
    """A connection in good order until it has an `error`; then it is open and raises it.

    Every statement does; if it is `stuck`, only those that end a transaction. `asked`: how many
    statements there were.
    """

    error: BaseException | None = None
    stuck = False
    asked = 0

    def complain(self, question: str) -> None:
        """Raise the error, a fresh one, since an exception keeps its traceback."""
        self.asked += 1
        ends = str(question).strip().upper().startswith(("ROLLBACK", "COMMIT", "END"))
        if self.error is not None and (ends or not self.stuck):
            raise type(self.error)(*self.error.args)

    def cursor(self, factory=FragileCursor):
        return super().cursor(factory)

    def execute(self, question, *args):
        return self.cursor().execute(question, *args)

    def executemany(self, question, *args):
        return self.cursor().executemany(question, *args)

    def executescript(self, script):
        return self.cursor().executescript(script)

    def rollback(self):
        self.complain("ROLLBACK")
        super().rollback()

    def commit(self):
        self.complain("COMMIT")
        super().commit()

    @property
    def in_transaction(self) -> bool:
        now = super().in_transaction
        return now or (self.error is not None and not self.stuck)


def fragile() -> Fragile:
    """A connection in good order, to a database of its own with one table, `notes`."""
    conn = sqlite3.connect(":memory:", factory=Fragile)
    conn.execute("CREATE TABLE notes (text)")
    conn.asked = 0
    return conn


def broken(error: BaseException = DISK) -> Fragile:
    """An open connection that answers nothing but this error."""
    conn = fragile()
    conn.error = error
    return conn


@contextlib.contextmanager
def one_connection() -> Iterator[sqlite3.Connection]:
    """A connection to a table of its own, closed in the end."""
    with contextlib.closing(fragile()) as conn:
        yield conn


@contextlib.contextmanager
def watched(pool_class: type) -> Iterator[type]:
    """The pool class, with an eye on what it opens: all of it is closed in the end."""
    opened, made = [], []

    def begin(self, *args, **more):
        made.append(self)
        self.opened_here = []
        pool_class.__init__(self, *args, **more)

    def connect(self):
        conn = fragile()
        self.opened_here.append(conn)
        opened.append(conn)
        return conn

    eye = {"__init__": begin, "_connect": connect, "opened_in_all": opened, "made_in_all": made}
    try:
        yield type(pool_class.__name__, (pool_class,), eye)
    finally:
        for conn in opened:
            conn.close()


@contextlib.contextmanager
def trial(pool_class: type, pool_size: int = 5, ping_after: float = 0.5, **more) -> Iterator:
    """A pool to try, whose connections are all closed in the end; `opened_here` lists them."""
    with watched(pool_class) as seen:
        yield seen(ConnectionConfig(pool_size=pool_size, ping_after=ping_after), **more)


def lend(pool) -> sqlite3.Connection:
    """Borrow a connection, and insist that it is one."""
    conn = pool.acquire()
    expect(conn, sqlite3.Connection, "pool.acquire()")
    return conn
