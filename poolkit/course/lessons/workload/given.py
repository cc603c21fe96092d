"""What lesson 05 shows and its claims stand on: a table, and two programs at one database."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from poolkit import ConnectionConfig, ConnectionPool
from poolkit.course.guard import Ended, NoInput

TABLE = "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, label TEXT NOT NULL)"


def open_events(folder: str, name: str) -> sqlite3.Connection:
    """Open a database file in the folder, and see to it that it has the table `events`."""
    conn = sqlite3.connect(Path(folder) / name)
    conn.execute(TABLE)
    return conn


def count(conn: sqlite3.Connection) -> int:
    """The number of rows in `events`, as this connection sees it."""
    return conn.execute("SELECT count(*) FROM events").fetchone()[0]


def filled(conn: sqlite3.Connection, table: Sequence[str | None]) -> sqlite3.Connection:
    """Make the table, with these labels in its rows; None stands for a row that was deleted."""
    conn.execute(TABLE)
    rows = [(n, label) for n, label in enumerate(table, 1) if label]
    conn.executemany("INSERT INTO events VALUES (?, ?)", rows)
    conn.commit()
    return conn


_names = itertools.count()


@contextmanager
def neighbours(*table: str | None) -> Iterator[tuple[sqlite3.Connection, sqlite3.Connection]]:
    """Two connections to one database whose table holds these labels; neither waits for a lock.

    The database has a name and lies in memory: what the disk does meanwhile is no matter.
    """
    name = f"file:/poolkit-lesson-05-{next(_names)}?vfs=memdb"
    with (
        closing(filled(sqlite3.connect(name, uri=True, timeout=0), table)) as conn,
        closing(sqlite3.connect(name, uri=True, timeout=0)) as other,
    ):
        yield conn, other


def stored(conn: sqlite3.Connection) -> list[str] | None:
    """The labels in the table, as this connection sees them; None while another locks it."""
    try:
        return [label for (label,) in conn.execute("SELECT label FROM events ORDER BY id")]
    except sqlite3.OperationalError:
        return None


def is_open(conn: sqlite3.Connection) -> bool:
    """Whether nobody has closed the connection."""
    try:
        conn.in_transaction
    except sqlite3.ProgrammingError:
        return False
    return True


@contextmanager
def small_pool() -> Iterator[ConnectionPool]:
    """A pool of one connection that waits for nobody; closed in the end, whoever still has it."""
    config = ConnectionConfig(pool_size=1, max_connections=1, acquire_timeout=0)
    opened = []

    def connect():
        opened.append(sqlite3.connect(":memory:", check_same_thread=False))
        return opened[-1]

    try:
        with ConnectionPool(config, connect=connect) as pool:
            yield pool
    finally:
        for conn in opened:
            conn.close()


def out(pool: ConnectionPool) -> int:
    """How many connections are out."""
    return pool.stats()["in_use"]


def outcome(func: Callable, *args) -> BaseException | None:
    """What the call raised; None if nothing."""
    try:
        func(*args)
    except (Ended, NoInput):
        raise
    except BaseException as error:
        return error
    return None


def times(count: int) -> str:
    """A number of times in words."""
    return {0: "not at all", 1: "once", 2: "twice"}.get(count, f"{count} times")


class OwnEnd(BaseException):
    """An end that is no Exception, and none of Python's own."""


# Every way in which somebody else's code may fail, as far as an `except` can tell them apart.
ENDS = (OSError, ValueError, sqlite3.OperationalError, KeyError, KeyboardInterrupt, SystemExit)
ENDS += (GeneratorExit, OwnEnd)
