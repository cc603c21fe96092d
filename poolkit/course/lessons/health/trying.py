"""What the checks of lesson 04 try with: connections that break when told to, and pools of them."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from poolkit import ConnectionConfig
from poolkit.course.exercises import expect
from poolkit.course.pools import is_closed

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
    notes = False  # whether it has the table yet

    def __repr__(self) -> str:
        return "<connection>"

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
    """A connection in good order, to a database of its own."""
    return sqlite3.connect(":memory:", factory=Fragile)


def note(conn: Fragile, *texts: str) -> None:
    """Write rows into its table, and do not commit them."""
    if not conn.notes:
        sqlite3.Connection.execute(conn, "CREATE TABLE notes (text)")
        conn.notes = True
    conn.executemany("INSERT INTO notes VALUES (?)", [(text,) for text in texts or ("half done",)])


def rows_of(conn: Fragile) -> int:
    """How many rows are in its table; 0 without one."""
    if not conn.notes:
        return 0
    return sqlite3.Connection.execute(conn, "SELECT count(*) FROM notes").fetchone()[0]


def broken(error: BaseException = DISK) -> Fragile:
    """An open connection that answers nothing but this error."""
    conn = fragile()
    conn.error = error
    return conn


@contextlib.contextmanager
def one_connection() -> Iterator[Fragile]:
    """A connection in good order, closed in the end."""
    with contextlib.closing(fragile()) as conn:
        yield conn


@contextlib.contextmanager
def watched(pool_class: type) -> Iterator[type]:
    """The pool class, with an eye on what it opens: all of it is closed in the end.

    `made_in_all`: the pools that were made; `lent_closed`: for each loan, whether it was closed.
    """
    opened, made, lent = [], [], []

    def begin(self, *args, **more):
        made.append(self)
        self.opened_here = []
        pool_class.__init__(self, *args, **more)

    def connect(self):
        conn = fragile()
        self.opened_here.append(conn)
        opened.append(conn)
        return conn

    def acquire(self):
        conn = pool_class.acquire(self)
        lent.append(isinstance(conn, sqlite3.Connection) and is_closed(conn))
        return conn

    eye = {"__init__": begin, "_connect": connect, "acquire": acquire}
    seen = {"made_in_all": made, "lent_closed": lent}
    try:
        yield type(pool_class.__name__, (pool_class,), {**eye, **seen})
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
