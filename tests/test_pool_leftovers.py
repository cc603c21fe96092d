"""Nothing of a loan outlives it, and the pool is no stranger to whoever calls it by mistake."""

import contextlib
import copy
import functools
import os
import pathlib
import pickle
import sqlite3
import sys

import pytest

from poolkit import (
    ConnectFailed,
    ConnectionConfig,
    ConnectionPool,
    SimplePool,
    health_check,
    retry,
    run,
    run_demo_queries,
)
from poolkit.sqlite import database_name
from tests.tools import Database, FakeConnection, PlainConnection, Task


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "app.db"
    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE t (x)")
        conn.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(1000)])
        conn.execute("INSERT INTO t VALUES (zeroblob(10))")
        conn.commit()
    return path


@pytest.fixture
def pool(make_pool, path):
    return make_pool(db_path=path, pool_size=1, timeout=0.2)


def count(path, where="1"):
    with contextlib.closing(sqlite3.connect(path)) as conn:
        return conn.execute(f"SELECT count(*) FROM t WHERE {where}").fetchone()[0]


# Cursors and blobs


@pytest.mark.parametrize(
    "make",
    [
        lambda conn: conn.execute("SELECT x FROM t"),
        lambda conn: conn.cursor().execute("SELECT x FROM t"),
        lambda conn: conn.executemany("INSERT INTO t VALUES (?)", [(1,)]),
        lambda conn: conn.executescript("SELECT 1"),
        lambda conn: conn.cursor(factory=type("Mine", (sqlite3.Cursor,), {})),
    ],
)
def test_a_cursor_that_was_kept_is_dead(pool, make):
    with pool.connection() as conn:
        cursor = make(conn)

    with pool.connection() as again:
        assert again is conn
        with pytest.raises(sqlite3.ProgrammingError, match="closed cursor"):
            cursor.execute("INSERT INTO t VALUES (-9)")


def test_its_snapshot_and_its_locks_are_gone(pool, path):
    with pool.connection() as conn:
        kept = conn.execute("SELECT x FROM t")
        kept.fetchone()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("INSERT INTO t VALUES (-1)")
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0

    with pool.connection() as conn:
        assert conn.execute("SELECT count(*) FROM t").fetchone() == (1002,)
        conn.execute("INSERT INTO t VALUES (-2)")
    assert count(path, "x < 0") == 2


def test_a_blob_that_was_kept_is_stored_and_its_lock_gone(pool, path):
    with pool.connection() as conn:
        blob = conn.blobopen("t", "x", 1001)
        blob.write(b"hello")

    assert count(path, "substr(x, 1, 5) = CAST('hello' AS BLOB)") == 1
    with contextlib.closing(sqlite3.connect(path, timeout=0)) as other:
        other.execute("INSERT INTO t VALUES (1)")


def test_rows_that_were_returned_but_not_read_do_not_stop_the_commit(pool, path):
    with pool.connection() as conn:
        cursor = conn.execute("INSERT INTO t VALUES (-1), (-2) RETURNING x")
        cursor.fetchone()

    assert count(path, "x < 0") == 2


def test_a_closed_pool_leaves_no_file_open_behind_a_kept_cursor(pool, path):
    with pool.connection() as conn:
        conn.execute("INSERT INTO t VALUES (-1)")
    conn = pool.acquire()
    cursor = conn.execute("SELECT x FROM t")
    cursor.fetchone()
    conn.close()
    pool.release(conn)

    assert not os.path.exists(f"{path}-wal")


def test_ten_thousand_statements_leave_nothing_noted(pool):
    with pool.connection() as conn:
        for _ in range(10_000):
            conn.execute("SELECT 1")
        assert not conn.open_cursors


# What was set


@pytest.mark.parametrize(
    ("name", "value"),
    [("isolation_level", None), ("row_factory", sqlite3.Row), ("text_factory", bytes)],
)
def test_attributes_are_as_they_were(make_pool, path, name, value):
    def connect():
        return sqlite3.connect(path, check_same_thread=False)

    for how in (None, connect):
        pool = make_pool(db_path=path, connect=how, pool_size=1)
        with pool.connection() as conn:
            before = getattr(conn, name)
            setattr(conn, name, value)
        with pool.connection() as again:
            assert again is conn
            assert getattr(again, name) == before


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sqlite3 has autocommit from Python 3.12")
@pytest.mark.parametrize("left", [-1, True, False])
@pytest.mark.parametrize("mode", [-1, True, False])
def test_autocommit_is_as_it_was_and_what_was_open_rolled_back(path, mode, left):
    def configure(conn):
        conn.autocommit = mode

    with ConnectionPool(ConnectionConfig(path, pool_size=1), configure=configure) as pool:
        with pytest.raises(KeyError), pool.connection() as conn:  # noqa: PT012
            conn.autocommit = left
            if not conn.in_transaction:
                conn.execute("BEGIN")
            conn.execute("INSERT INTO t VALUES (-1)")
            raise KeyError
        with pool.connection() as again:
            assert again is conn
            assert again.autocommit == mode
            assert again.in_transaction == (mode is False)
    assert count(path, "x < 0") == 0


@pytest.mark.parametrize("way", ["execute", "cursor", "script", "script of a cursor"])
@pytest.mark.parametrize(
    ("pragma", "before"),
    [("busy_timeout = 7", 200), ("query_only = 1", 0), ("foreign_keys = ON", 0),
     ("locking_mode = EXCLUSIVE", "normal")],
)  # fmt: skip
def test_pragmas_are_as_they_were_each_time(pool, path, pragma, before, way):
    name = pragma.partition(" ")[0]
    for _ in range(2):  # the second time the statement comes from sqlite3's cache
        with pool.connection() as conn:
            {
                "execute": conn.execute,
                "cursor": conn.cursor().execute,
                "script": conn.executescript,
                "script of a cursor": conn.cursor().executescript,
            }[way](f"PRAGMA {pragma}")
            conn.execute("SELECT * FROM t").fetchall()
        with pool.connection() as again:
            assert (again is conn) == (name != "locking_mode")  # which needs a new one
            assert again.execute(f"PRAGMA {name}").fetchone() == (before,)
            again.execute("INSERT INTO t VALUES (1)")
        count(path)  # another connection may read


def test_another_drivers_autocommit_is_as_it_was(make_pool):
    class Driver(PlainConnection):
        autocommit = False

    pool = make_pool(connect=Database(Driver).connect)
    with pool.connection() as conn:
        conn.autocommit = True

    assert pool.acquire() is conn
    assert conn.autocommit is False


def test_the_workload_stores_in_the_file_whatever_a_borrower_left(pool, path):
    with pool.connection() as conn:
        conn.execute("CREATE TEMP TABLE events (id INTEGER PRIMARY KEY, label TEXT NOT NULL)")

    assert len(run_demo_queries(pool, ["a", "b"])) == 2
    with contextlib.closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT count(*) FROM events").fetchone() == (2,)


# configure and drain


def test_configure_sets_up_each_connection_and_what_it_set_is_what_comes_back(path):
    def configure(conn):
        conn.execute("PRAGMA foreign_keys = ON")
        conn.row_factory = sqlite3.Row
        conn.execute("INSERT INTO t VALUES (-1)")

    with ConnectionPool(ConnectionConfig(path, pool_size=1), configure=configure) as pool:
        with pool.connection() as conn:
            assert conn.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
            assert conn.execute("PRAGMA busy_timeout").fetchone()[0] == 5000
            conn.execute("PRAGMA foreign_keys = OFF")
            conn.row_factory = None
        with pool.connection() as again:
            assert again is conn
            assert again.execute("PRAGMA foreign_keys").fetchone()["foreign_keys"] == 1
    assert count(path, "x < 0") == 1


def test_a_configure_that_raises_is_a_failed_connect_that_leaves_nothing_open():
    database = Database()

    def configure(conn):
        raise sqlite3.OperationalError("database is locked")

    config = ConnectionConfig(pool_size=1, max_connections=1, base_backoff=0)
    pool = ConnectionPool(config, connect=database.connect, configure=configure)
    with pytest.raises(ConnectFailed, match="3 of 3"):
        pool.acquire()

    assert (len(database.opened), database.still_open) == (3, [])
    assert pool.stats()["in_use"] == 0


def test_what_is_drained_is_not_lent_again(make_pool):
    database = Database()
    pool = make_pool(connect=database.connect)
    idle, lent = pool.acquire(), pool.acquire()
    pool.release(idle)

    pool.drain()

    assert (idle.closed, lent.closed) == (1, 0)
    pool.release(lent)
    assert lent.closed == 1
    pool.release(pool.acquire())
    assert pool.stats()["idle"] == 1


def test_what_is_drained_while_it_is_checked_is_replaced(make_pool):
    database = Database()
    pool = make_pool(connect=database.connect, check=lambda conn: pool.drain(), ping_after=0)
    pool.release(pool.acquire())

    assert pool.acquire() is database.opened[1]
    assert database.opened[0].closed == 1


# Names


def test_arguments_of_connect_are_in_no_message(make_pool):
    def connect(dsn):
        raise OSError("connection refused")

    class Connect:
        def __init__(self, dsn):
            self.dsn = dsn

        def __call__(self):
            connect(self.dsn)

        def __repr__(self):
            return f"Connect({self.dsn})"

    for form in (functools.partial(functools.partial(connect, "hunter2")), Connect("hunter2")):
        pool = make_pool(connect=form)
        with pytest.raises(ConnectFailed, match=r"connect to (c|C)onnect") as caught:
            pool.acquire()
        assert "hunter2" not in str(caught.value) + repr(pool)
        assert ":memory:" not in repr(pool)


@pytest.mark.parametrize("name", ["app.db", "file:app.db", "file:app.db?mode=rwc", "file:a%20b"])
@pytest.mark.parametrize("make", [ConnectionPool, SimplePool])
def test_a_relative_path_means_the_folder_in_which_the_pool_was_made(
    tmp_path, monkeypatch, name, make
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    pool = make(ConnectionConfig(name))
    monkeypatch.chdir(tmp_path / "elsewhere")

    conn = pool.acquire()
    conn.execute("CREATE TABLE t (x)")
    pool.release(conn)
    pool.close_all()

    assert os.listdir(tmp_path / "elsewhere") == []
    assert len(os.listdir(tmp_path)) == 2


@pytest.mark.parametrize("name", [":memory:", "file:t.db"])
@pytest.mark.parametrize("make", [ConnectionPool, SimplePool])
def test_a_path_object_is_a_file_whatever_it_is_called(tmp_path, monkeypatch, name, make):
    monkeypatch.chdir(tmp_path)
    pool = make(ConnectionConfig(pathlib.Path(name)))
    conn = pool.acquire()
    conn.execute("CREATE TABLE t (x)")
    pool.release(conn)
    pool.close_all()

    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize(
    "name", [":memory:", "file:/a?vfs=memdb", "file:a?mode=memory&cache=shared", "file:///a/b.db"]
)
def test_a_name_without_a_folder_is_left_as_it_is(name):
    assert database_name(name) == name


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_pool_and_a_block_cannot_be_copied(make_pool, duplicate):
    pool = make_pool(connect=Database().connect)

    for thing in (pool, pool.connection()):
        with pytest.raises(TypeError, match="cannot be copied or pickled"):
            duplicate(thing)


@pytest.mark.parametrize("config", ["app.db", "", {}, pathlib.Path("app.db")])
def test_a_config_of_the_wrong_type_is_told_by_name(tmp_path, config):
    for call in (ConnectionPool, SimplePool, lambda config: run("in", tmp_path / "out", config)):
        with pytest.raises(TypeError, match="ConnectionConfig"):
            call(config)


async def coroutine(*_):
    pass


@pytest.mark.parametrize("name", ["connect", "configure", "check", "reset"])
def test_what_is_no_plain_function_is_told_by_name(name):
    for func in (coroutine, functools.partial(coroutine), "a string"):
        with pytest.raises(TypeError, match=name):
            ConnectionPool(**{name: func})


@pytest.mark.parametrize("func", [coroutine, functools.partial(coroutine), lambda: coroutine()])
def test_a_coroutine_function_is_not_retried(func):
    with pytest.raises(TypeError, match="coroutine function"):
        retry(func, attempts=3, transient=lambda exc: True)


def test_a_connection_that_a_thread_may_not_use_is_replaced(path, make_pool):
    pool = make_pool(connect=lambda: sqlite3.connect(path), pool_size=1, max_connections=1)

    def use():
        with pool.connection() as conn:
            return conn.execute("SELECT count(*) FROM t").fetchone()

    assert use() == Task(use).result() == use() == (1001,)
    Task(pool.release, pool.acquire()).result()
    assert (pool.stats()["in_use"], pool.stats()["idle"]) == (0, 0)


class Driver(FakeConnection):
    """Opens a transaction with its first statement, and tells of it as psycopg does."""

    in_transaction = property(lambda self: self.missing, lambda self, value: None)

    @property
    def info(self):
        return self

    transaction_status = 0

    def rollback(self):
        super().rollback()
        self.transaction_status = 0

    def __getattr__(self, name):
        raise AttributeError(name)


def test_the_health_of_another_drivers_connection_has_no_version_and_leaves_nothing_open():
    conn = Driver()

    assert health_check(conn) == {"status": "healthy"}
    assert conn.rolled_back == 1

    conn.transaction_status = 2  # in use: left alone
    assert health_check(conn) == {"status": "healthy"}
    assert conn.rolled_back == 1


def test_the_health_of_a_broken_one_is_told_by_its_first_error():
    conn = Driver()
    conn.failure = RuntimeError("server closed the connection")

    assert "server closed" in health_check(conn)["error"]
