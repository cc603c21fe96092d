"""SQLite for a pool: opening it within a time limit, and knowing what a borrower leaves behind."""

import os
import re
import sqlite3
import time
from pathlib import Path
from typing import Any
from weakref import ref

from poolkit.config import ConnectionConfig
from poolkit.retry import is_transient

_PAUSE = 0.002  # seconds between two questions
_MENTIONED = re.compile(r"pragma\s+(?:\w+\s*\.\s*)?(\w+)", re.IGNORECASE)
# What would bind the next borrower, and belongs to the connection, not to the file.
_PRAGMAS = {
    "busy_timeout",
    "foreign_keys",
    "ignore_check_constraints",
    "locking_mode",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
}
ATTRIBUTES = ("isolation_level", "autocommit", "row_factory", "text_factory")
_cursor, _execute = sqlite3.Connection.cursor, sqlite3.Connection.execute


class Cursor(sqlite3.Cursor):
    """A cursor whose scripts are searched for PRAGMAs, as all other statements are."""

    __slots__ = ()

    def executescript(self, script: str) -> Any:
        self.connection.note_pragmas(script)
        return super().executescript(script)


class Connection(sqlite3.Connection):
    """A SQLite connection that knows its open cursors and blobs, and what was set on it.

    A `connect` of your own gets it by `sqlite3.connect(..., factory=poolkit.sqlite.Connection)`.
    It does not see cursors made by `sqlite3.Cursor(conn)`, past the connection.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.open_cursors: set[ref[Any]] = set()  # blobs too; each leaves when it is freed
        self._leave = self.open_cursors.discard
        self.was_set = False  # one of the ATTRIBUTES, or a PRAGMA, since `settle`
        self._pragmas: dict[str, Any] | None = None  # those mentioned, with their first value
        super().__init__(*args, **kwargs)

    def cursor(self, factory: Any = Cursor) -> Any:
        cursor = _cursor(self, factory)
        self.open_cursors.add(ref(cursor, self._leave))
        return cursor

    def execute(self, *args: Any) -> Any:
        cursor = _execute(self, *args)  # which makes one in C, and asks no cursor() for it
        self.open_cursors.add(ref(cursor, self._leave))
        return cursor

    def executemany(self, *args: Any) -> Any:
        return self.cursor().executemany(*args)

    def executescript(self, script: str, /) -> Any:
        return self.cursor().executescript(script)

    def blobopen(self, *args: Any, **kwargs: Any) -> Any:
        blob = super().blobopen(*args, **kwargs)
        self.open_cursors.add(ref(blob, self._leave))
        return blob

    def close_cursors(self) -> None:
        """Close what a borrower left open, which gives up its locks and its view of the data."""
        for each in list(self.open_cursors):
            cursor = each()
            if cursor is not None:
                cursor.close()

    def close(self) -> None:
        self.was_set = True  # not as it was: worth a look when it comes back
        self.close_cursors()  # else SQLite would keep the file open behind the closed connection
        super().close()

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ATTRIBUTES:
            self.was_set = True
        super().__setattr__(name, value)

    def __call__(self, sql: str) -> Any:
        """Compile a statement: sqlite3 calls this for each that is not in its cache."""
        if "pragma" in sql.lower():
            self.note_pragmas(sql)
        return super().__call__(sql)

    def note_pragmas(self, sql: str) -> None:
        """Note the value that a PRAGMA has, before a statement is run that mentions it."""
        if self._pragmas is None:
            return
        for name in map(str.lower, _MENTIONED.findall(sql)):
            if name in _PRAGMAS and name not in self._pragmas:
                self._pragmas[name] = None  # reading it compiles a statement that mentions it
                self._pragmas[name] = self._read(name)
                self.was_set = True

    def settle(self) -> None:
        """Take everything as it is now for what `restore_pragmas` brings back."""
        self._pragmas = {}
        self.was_set = False

    def restore_pragmas(self) -> None:
        """Bring back what was set; from then on it is looked at after each loan.

        Raises:
            sqlite3.OperationalError: something cannot be brought back.
        """
        for name, value in (self._pragmas or {}).items():
            if self._read(name) == value:
                continue
            if name == "locking_mode":  # an exclusive lock does not always let go before the end
                raise sqlite3.OperationalError("locking_mode was set: another one must be opened")
            self._run(f"PRAGMA {name} = {value}")
        self.was_set = bool(self._pragmas)  # a statement that is cached is not noted again

    def _read(self, name: str) -> Any:
        return self._run(f"PRAGMA {name}")

    def _run(self, sql: str) -> Any:
        cursor = sqlite3.Cursor(self)
        try:
            row = cursor.execute(sql).fetchone()
        finally:
            cursor.close()
        value = row[0] if row else None
        return value.decode() if isinstance(value, bytes) else value  # a text_factory was left


def open_connection(config: ConnectionConfig, seconds: float | None = None) -> Connection:
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
    conn = sqlite3.connect(
        database_name(config.db_path),
        timeout=0,
        uri=True,
        check_same_thread=False,
        factory=Connection,
    )
    try:
        _ask_for_wal(conn, deadline)
        conn.execute(f"PRAGMA busy_timeout = {int(config.timeout * 1000)}").close()
    except BaseException:
        conn.close()
        raise
    return conn


def database_name(db_path: str | os.PathLike[str]) -> str:
    """Name the database wherever the process goes, as `sqlite3.connect(..., uri=True)` takes it.

    A str may be a URI or `:memory:`; a path object is a file, whatever it is called.
    """
    path = os.fspath(db_path)
    if isinstance(db_path, os.PathLike) or not path.startswith((":memory:", "file:")):
        return path if os.path.isabs(path) else os.path.join(os.getcwd(), path)
    name, _, rest = path.removeprefix("file:").partition("?")
    in_memory = name.startswith(":memory:") or "mode=memory" in rest or "vfs=memdb" in rest
    if path.startswith(":memory:") or not name or name.startswith("/") or in_memory:
        return path
    return f"{Path.cwd().as_uri()}/{path.removeprefix('file:')}"


def has_no_file(conn: Any) -> bool:
    """Tell whether this is SQLite in memory, so that no other process can meet it."""
    if not isinstance(conn, sqlite3.Connection):
        return False
    cursor = sqlite3.Cursor(conn)
    file = next(iter(cursor.execute("PRAGMA database_list")))[2]
    cursor.close()
    return not (file and os.path.exists(file))


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
