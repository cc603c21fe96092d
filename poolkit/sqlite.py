"""Opening a connection to SQLite that any thread may use, within a time limit."""

import os
import sqlite3
import time

from poolkit.config import ConnectionConfig
from poolkit.retry import is_transient

_PAUSE = 0.002  # seconds between two questions


def open_connection(config: ConnectionConfig, seconds: float | None = None) -> sqlite3.Connection:
    """Open `config.db_path` in WAL mode, where it is a file that can have it.

    It waits for locks no longer than `config.timeout`, and no longer than `seconds`; once it is
    open, its own lock wait is `config.timeout`. The connection may be used by one thread after
    another, which is the pool's business, so sqlite3's own check of that is off.

    Raises:
        sqlite3.Error: the file cannot be opened, is locked, or is no database.
    """
    wait = config.timeout if seconds is None else min(config.timeout, max(seconds, 0))
    deadline = time.monotonic() + wait
    # timeout=0: until it is open the waiting is ours. uri=True: for paths that begin with "file:".
    path = os.fspath(config.db_path)
    conn = sqlite3.connect(path, timeout=0, uri=True, check_same_thread=False)
    try:
        _ask_for_wal(conn, deadline)
        conn.execute(f"PRAGMA busy_timeout = {int(config.timeout * 1000)}").close()
    except BaseException:
        conn.close()
        raise
    return conn


def _ask_for_wal(conn: sqlite3.Connection, deadline: float) -> None:
    """Switch to WAL; leave a database as it is that is in memory, read-only, or in use too long."""
    while True:
        try:
            conn.execute("PRAGMA journal_mode = WAL").close()  # in memory: answers "memory"
            return
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY:
                return
            if not is_transient(exc):
                raise
        # Two connections that switch at once collide, and SQLite fails one of them: ask again.
        if time.monotonic() >= deadline:
            conn.execute("PRAGMA schema_version").close()  # raises if it cannot even be read
            return
        time.sleep(_PAUSE)
