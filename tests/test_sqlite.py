"""Opening SQLite for real: other processes that lock, delete and damage, and many at once."""

import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest

from poolkit import ConnectFailed, ConnectionConfig, sqlite
from poolkit.sqlite import open_connection
from tests.tools import Task


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE t (x)")
        conn.execute("INSERT INTO t VALUES (1)")
        conn.commit()
    return path


OTHER = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2:]:
    held = conn.execute(statement).fetchone()
print("ready", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def other_process(path):
    """Start a process that runs statements on the database and holds what it has got."""
    running = []

    def start(*statements):
        process = subprocess.Popen(
            [sys.executable, "-c", OTHER, str(path), *statements],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in running:
        if process.returncode is None:
            process.communicate("done\n", timeout=10)


def journal_mode(path):
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute("PRAGMA journal_mode").fetchone()[0]


def test_a_file_is_switched_to_wal(path):
    with closing(open_connection(ConnectionConfig(path))) as conn:
        assert conn.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert not conn.in_transaction


@pytest.mark.parametrize(
    "name", [":memory:", "file:/shared?vfs=memdb", "file:other?mode=memory&cache=shared"]
)
def test_a_database_in_memory_stays_there(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with closing(open_connection(ConnectionConfig(name))) as conn:
        assert conn.execute("PRAGMA journal_mode").fetchone()[0] == "memory"

    assert os.listdir(tmp_path) == []


def test_it_may_be_used_in_another_thread():
    with closing(open_connection(ConnectionConfig())) as conn:
        assert Task(conn.execute, "SELECT 1").result().fetchone() == (1,)


@pytest.mark.parametrize("seconds", [None, 0, 0.1, 60])
def test_its_own_lock_wait_is_that_of_the_config(path, seconds):
    with closing(open_connection(ConnectionConfig(path, timeout=1.5), seconds)) as conn:
        assert conn.execute("PRAGMA busy_timeout").fetchone()[0] == 1500


def test_a_read_only_database_is_left_as_it_is(path):
    uri = f"{path.as_uri()}?mode=ro"

    with closing(open_connection(ConnectionConfig(uri))) as conn:
        assert conn.execute("SELECT x FROM t").fetchone() == (1,)

    assert journal_mode(path) == "delete"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_so_is_a_file_without_write_permission(path):
    path.chmod(0o444)

    with closing(open_connection(ConnectionConfig(path))) as conn:
        assert conn.execute("SELECT x FROM t").fetchone() == (1,)


def test_first_connections_at_once_all_open_and_have_wal(tmp_path):
    for number in range(12):
        path, barrier = tmp_path / f"{number}.db", threading.Barrier(8)

        def first(path=path, barrier=barrier):
            barrier.wait(10)
            with closing(open_connection(ConnectionConfig(path, timeout=5))) as conn:
                return conn.execute("PRAGMA journal_mode").fetchone()[0]

        tasks = [Task(first) for _ in range(8)]
        assert {task.result() for task in tasks} == {"wal"}


def test_a_locked_file_keeps_nobody_longer_than_the_deadline(path, make_pool, other_process):
    other_process("BEGIN EXCLUSIVE")
    pool = make_pool(db_path=path, timeout=30, max_retries=5)
    began = time.monotonic()

    with pytest.raises(ConnectFailed, match="database is locked") as caught:
        pool.acquire(timeout=0.3)

    assert 0.25 < time.monotonic() - began < 2
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    assert pool.stats()["in_use"] == 0


def test_nor_longer_than_all_attempts_take(path, make_pool, other_process):
    other_process("BEGIN EXCLUSIVE")
    pool = make_pool(db_path=path, timeout=0.05, max_retries=3, base_backoff=0.01)

    with pytest.raises(ConnectFailed, match=r"3 of 3 attempts in 0\.[12]\d* s"):
        pool.acquire(timeout=30)


def test_timeout_zero_tries_once(path, make_pool, other_process):
    other_process("BEGIN EXCLUSIVE")
    pool = make_pool(db_path=path)
    began = time.monotonic()

    with pytest.raises(ConnectFailed, match="1 of 3 attempts"):
        pool.acquire(timeout=0)

    assert time.monotonic() - began < 1


def test_a_lock_that_is_given_up_in_time_is_waited_for(path, make_pool, other_process):
    process = other_process("BEGIN EXCLUSIVE")
    pool = make_pool(db_path=path)
    task = Task(pool.acquire)
    time.sleep(0.1)  # not for something to happen: the lock has to be there for a while

    process.communicate("done\n", timeout=10)

    conn = task.result()
    assert conn.execute("SELECT x FROM t").fetchone() == (1,)
    pool.release(conn)
    assert journal_mode(path) == "wal"


@pytest.mark.parametrize(
    "statements", [["BEGIN IMMEDIATE"], ["BEGIN", "SELECT x FROM t"]], ids=["writer", "reader"]
)
def test_a_file_that_can_be_read_but_not_switched_is_lent_as_it_is(
    path, make_pool, other_process, statements
):
    other_process(*statements)
    pool = make_pool(db_path=path, timeout=0.1)

    conn = pool.acquire(timeout=2)

    assert conn.execute("SELECT x FROM t").fetchone() == (1,)
    assert conn.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
    pool.release(conn)


def test_a_damaged_file_is_not_tried_twice(path, make_pool):
    path.write_bytes(b"no database " * 500)
    pool = make_pool(db_path=path)

    with pytest.raises(ConnectFailed, match=r"1 of 3 attempts .*not a database"):
        pool.acquire()

    assert pool.stats()["in_use"] == 0
    assert path.read_bytes() == b"no database " * 500


@pytest.mark.parametrize("where", ["missing/app.db", "."])
def test_a_file_that_cannot_be_opened_is_not_tried_twice(tmp_path, make_pool, where):
    pool = make_pool(db_path=tmp_path / where)

    with pytest.raises(ConnectFailed, match=r"1 of 3 attempts .*unable to open"):
        pool.acquire()


def test_damage_done_by_another_process_costs_a_query_and_no_place(path, make_pool):
    pool = make_pool(db_path=path, pool_size=1, max_connections=1)
    with pool.connection() as conn:
        conn.execute("SELECT * FROM t").fetchall()
    conn = pool.acquire()
    damage = "import sys; open(sys.argv[1], 'r+b').write(b'x' * 8192)"
    subprocess.run([sys.executable, "-c", damage, str(path)], check=True)
    try:
        conn.execute("INSERT INTO t VALUES (2)")
        conn.commit()
    except sqlite3.DatabaseError:
        pass

    pool.release(conn)

    assert pool.stats()["in_use"] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows deletes no open file")
def test_a_deleted_file_costs_no_place(path, make_pool):
    pool = make_pool(db_path=path, pool_size=1, max_connections=1, ping_after=0)
    with pool.connection() as conn:
        conn.execute("SELECT x FROM t").fetchall()
    path.unlink()

    with pool.connection() as again:  # SELECT 1 cannot see that the file is gone
        assert again is conn

    assert pool.stats()["in_use"] == 0


def test_a_connection_that_cannot_be_set_up_is_closed(path, monkeypatch):
    closed = []

    class Interrupted(sqlite.Connection):
        def execute(self, *_):
            raise KeyboardInterrupt

        def close(self):
            closed.append(self)
            super().close()

    monkeypatch.setattr(sqlite, "Connection", Interrupted)

    with pytest.raises(KeyboardInterrupt):
        open_connection(ConnectionConfig(path))

    assert len(closed) == 1


CLOSE_DURING_QUERY = """
import sqlite3, sys, threading, time
from poolkit import ConnectionConfig, ConnectionPool

pool = ConnectionPool(ConnectionConfig(sys.argv[1]))
running = threading.Event()

def query():
    with pool.connection() as conn:
        conn.create_function("running", 0, lambda: running.set() or 1)
        conn.execute(
            "WITH RECURSIVE n(i) AS (SELECT running() UNION ALL SELECT i + 1 FROM n LIMIT 300000)"
            " SELECT count(*) FROM n"
        ).fetchall()

threads = [threading.Thread(target=query) for _ in range(4)]
for thread in threads:
    thread.start()
running.wait()
pool.close_all()
pool.close_all()
for thread in threads:
    thread.join()
stats = pool.stats()
assert stats["in_use"] == stats["idle"] == 0, stats
assert stats["created"] == stats["closed"], stats
"""


def test_closing_the_pool_during_queries_crashes_nothing(path):
    for _ in range(3):
        subprocess.run(
            [sys.executable, "-c", CLOSE_DURING_QUERY, str(path)], check=True, timeout=60
        )
