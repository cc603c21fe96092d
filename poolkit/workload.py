"""Work for a pool to do: store labels as events, and report how that went."""

import os
from collections.abc import Iterable
from contextlib import suppress
from sqlite3 import Connection, ProgrammingError
from typing import Any, Protocol

from poolkit.config import ConnectionConfig, check_config
from poolkit.files import StrPath, naming, open_labels, replacing, summary_lines
from poolkit.health import clean, health_check
from poolkit.lease import commit
from poolkit.pool import ConnectionPool

_COLUMNS = [("id", "INTEGER", 1), ("label", "TEXT", 0)]  # name, type, place in the primary key


class Lender(Protocol):
    """What the workload asks of a pool; `SimplePool` and `ConnectionPool` both have it."""

    def acquire(self) -> Connection: ...
    def release(self, conn: Connection) -> None: ...


def run_demo_queries(pool: Lender, labels: Iterable[str]) -> list[dict[str, Any]]:
    """Insert the labels into the table `events`, which is made if it is not there, all or none.

    The labels are taken one by one, so an iterator over a large file will do; the database is
    locked for other writers meanwhile. The connection is given back whatever happens.

    Returns:
        `{"id": ..., "label": ...}` of each row that this call inserted, and of no other.

    Raises:
        TypeError: a label is no str, or labels is one str.
        sqlite3.ProgrammingError: there is a table `events` with other columns.
        sqlite3.Error, PoolError: as the database and the pool have it.
    """
    if isinstance(labels, str):
        raise TypeError(f"labels must be a list of str, not one str: pass [{labels!r}]")
    conn = pool.acquire()
    try:
        return _insert(conn, labels)
    finally:
        pool.release(conn)


def _insert(conn: Connection, labels: Iterable[str]) -> list[dict[str, Any]]:
    if not conn.in_transaction:  # with autocommit=False Python has begun one already
        conn.execute("BEGIN IMMEDIATE")  # wait for the lock here, not between two statements
    try:
        _make_table(conn)
        rows = _insert_labels(conn, labels)
        commit(conn)
        return rows
    except BaseException:
        with suppress(Exception):  # what went wrong first is what the caller should hear of
            clean(conn)
        raise


def _make_table(conn: Connection) -> None:
    conn.execute(
        "CREATE TABLE IF NOT EXISTS main.events (id INTEGER PRIMARY KEY, label TEXT NOT NULL)"
    )
    cursor = conn.cursor()
    cursor.row_factory = None
    found = [
        (name.lower(), kind.upper(), key)
        for _, name, kind, _, _, key in cursor.execute("PRAGMA main.table_info(events)")
    ]
    if found != _COLUMNS:
        columns = ", ".join(f"{name} {kind}".strip() for name, kind, _ in found)
        raise ProgrammingError(
            f"there is a table events ({columns}) already, not (id INTEGER PRIMARY KEY, "
            "label TEXT): use another database, or rename that table"
        )


def _insert_labels(conn: Connection, labels: Iterable[str]) -> list[dict[str, Any]]:
    rows = []
    cursor = conn.cursor()
    for label in labels:
        if not isinstance(label, str):
            raise TypeError(f"a label must be a str, not {label!r}")
        cursor.execute("INSERT INTO main.events (label) VALUES (?)", (label,))
        if cursor.rowcount:  # 0 where a rule of the table, such as ON CONFLICT IGNORE, dropped it
            # lastrowid is this connection's own: another program's rows cannot get between
            rows.append({"id": cursor.lastrowid, "label": label})
    return rows


def run(
    input_path: StrPath, output_path: StrPath, config: ConnectionConfig | None = None
) -> dict[str, Any]:
    """Store the labels of a file in the database, and write a summary of it as JSON.

    The summary, `{"rows_inserted", "rows", "health", "pool_stats"}`, takes its place when all is
    done, whole or not at all. Nothing is stored unless the input can be read to its end and there
    is a place for the output.

    Returns:
        The summary.

    Raises:
        OSError: input or output; its `filename` is the path as it was given.
        ValueError: the input is not UTF-8 text, or two of the files are the same one.
        sqlite3.Error, PoolError: as `run_demo_queries`. PoolTimeout and ConnectFailed are OSErrors
            too, so catch PoolError before OSError.
    """
    config = check_config(config)
    _refuse_same_file(input_path, output_path, config.db_path)
    with open_labels(input_path) as labels, replacing(output_path) as file:
        summary = _run_on_pool(labels, config)
        with naming(output_path):
            file.writelines(summary_lines(summary))
    return summary


def _run_on_pool(labels: Iterable[str], config: ConnectionConfig) -> dict[str, Any]:
    with ConnectionPool(config) as pool:
        rows = run_demo_queries(pool, labels)
        conn = pool.acquire()  # the same connection again: "reused" counts it
        try:
            health = health_check(conn)
        finally:
            pool.release(conn)
    return {
        "rows_inserted": len(rows),
        "rows": rows,
        "health": health,
        "pool_stats": pool.stats(),  # after the end, so that it shows that all were closed
    }


def _refuse_same_file(input_path: StrPath, output_path: StrPath, db_path: StrPath) -> None:
    database = _path_of_database(db_path)
    if _same_file(input_path, output_path):
        raise ValueError("input and output are the same file: give the output another name")
    if database is None:
        return
    if _same_file(input_path, database):
        raise ValueError("input and database are the same file: give a text file as the input")
    # "-wal" and its like hold parts of the database while it is open, and after a crash
    if any(_same_file(output_path, database + end) for end in ("", "-wal", "-shm", "-journal")):
        raise ValueError("output and database are the same file: give the output another name")


def _path_of_database(db_path: StrPath) -> str | None:
    path = os.fspath(db_path)
    if isinstance(db_path, str) and path.startswith("file:"):  # a path object is never a URI
        from urllib.parse import unquote, urlsplit  # here, since hardly anybody needs it

        path = unquote(urlsplit(path).path)
    elif isinstance(db_path, os.PathLike):
        return path
    return None if path in ("", ":memory:") else path


def _same_file(one: StrPath, other: StrPath) -> bool:
    try:
        return os.path.samefile(one, other) and os.path.isfile(one)  # a terminal may be both
    except OSError:  # one of them is not there yet
        return os.path.realpath(one) == os.path.realpath(other)
