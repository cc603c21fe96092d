"""A forked child starts empty, and leaves alone what its parent has."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from contextlib import closing

import pytest

from poolkit import ConnectionConfig, ConnectionPool
from tests.tools import Database, Task, waiting

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork"),
    # from 3.12: that threads and forks do not mix is what is tried here
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


def in_child(func):
    """Run it in a forked child; return what it prints, or fail if it fails."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            signal.alarm(20)
            os.write(write, repr(func()).encode())
            os._exit(0)
        except BaseException:
            import traceback

            os.write(write, traceback.format_exc().encode())
            os._exit(1)
    os.close(write)
    with open(read, encoding="utf-8") as pipe:
        said = pipe.read()
    _, status = os.waitpid(pid, 0)
    assert status == 0, said
    return said


@pytest.fixture
def database():
    return Database()


def test_the_child_starts_empty_and_the_parent_goes_on(make_pool, database):
    pool = make_pool(connect=database.connect, pool_size=2, max_connections=2)
    lent, idle = pool.acquire(), pool.acquire()
    pool.release(idle)
    before = pool.stats()

    def child():
        assert pool.stats()["created"] == pool.stats()["in_use"] == pool.stats()["idle"] == 0
        conns = [pool.acquire(timeout=0) for _ in range(2)]
        assert not {lent, idle} & set(conns)
        for conn in conns:
            pool.release(conn)
        pool.close_all()
        return [lent.closed, idle.closed, lent.rolled_back, [conn.closed for conn in conns]]

    assert in_child(child) == "[0, 0, 0, [1, 1]]"
    assert pool.stats() == before
    assert pool.acquire(timeout=0) is idle
    pool.release(lent)


def test_what_the_parent_lent_is_not_the_childs_to_give_back(make_pool, database):
    pool = make_pool(connect=database.connect)
    conn = pool.acquire()

    def child():
        with pytest.raises(ValueError, match="not out on loan"):
            pool.release(conn)
        return conn.rolled_back, conn.closed

    assert in_child(child) == "(0, 0)"


def test_a_block_that_goes_on_in_the_child_ends_in_silence(make_pool, database):
    pool = make_pool(connect=database.connect)
    lease = pool.connection()
    conn = lease.__enter__()
    conn.in_transaction = True

    def child():
        lease.__exit__(None, None, None)
        return conn.committed, conn.rolled_back, conn.closed

    assert in_child(child) == "(0, 0, 0)"
    lease.__exit__(None, None, None)
    assert conn.committed == 1


def test_a_lock_that_was_held_and_waiters_do_not_follow(make_pool, database):
    """Fork while other threads are in the midst of everything, over and over."""
    pool = make_pool(connect=database.connect, pool_size=1, max_connections=2)
    stop = threading.Event()

    def work():
        while not stop.is_set():
            with pool.connection():
                pass

    tasks = [Task(work) for _ in range(4)]

    def child():
        with pool.connection(timeout=0), pool.connection(timeout=0):
            assert pool.stats()["waiting"] == 0
        return pool.stats()["in_use"]

    try:
        for _ in range(40):
            assert in_child(child) == "0"
    finally:
        stop.set()
    for task in tasks:
        task.result()
    assert pool.stats()["in_use"] == 0


def test_the_lock_itself_may_be_held(make_pool, database):
    pool = make_pool(connect=database.connect)
    held, done = threading.Event(), threading.Event()

    def hold():
        with pool._lock:
            held.set()
            done.wait(10)

    task = Task(hold)
    assert held.wait(10)
    try:
        assert in_child(lambda: pool.stats()["created"]) == "0"
    finally:
        done.set()
    task.result()


def test_waiters_stay_with_the_parent(make_pool, database):
    pool = make_pool(connect=database.connect, pool_size=1, max_connections=1)
    conn = pool.acquire()
    task = Task(pool.acquire, timeout=10)
    waiting(pool, 1)

    assert in_child(lambda: pool.stats()["waiting"]) == "0"

    pool.release(conn)
    assert task.result() is conn


def test_a_closed_pool_is_closed_in_the_child_too(make_pool, database):
    pool = make_pool(connect=database.connect)
    pool.close_all()

    assert in_child(lambda: "closed" in repr(pool)) == "True"


def test_a_parents_transaction_survives_a_child_that_works_and_exits(tmp_path):
    """SQLite breaks the parent's transaction when its connection is used or closed in the child."""
    path = tmp_path / "app.db"
    script = textwrap.dedent("""
        import gc, os, sys
        from poolkit import ConnectionConfig, ConnectionPool

        pool = ConnectionPool(ConnectionConfig(sys.argv[1]))
        idle, conn = pool.acquire(), pool.acquire()
        conn.execute("CREATE TABLE t (x)")
        pool.release(idle)
        conn.execute("INSERT INTO t VALUES (1)")
        pid = os.fork()
        if pid == 0:
            del idle, conn
            gc.collect()
            with pool.connection() as mine:
                assert mine.execute("SELECT count(*) FROM t").fetchone() == (0,)
            pool.close_all()
            del pool, mine
            gc.collect()
            sys.exit(0)  # with all that an interpreter does at its end
        assert os.waitpid(pid, 0)[1] == 0
        conn.execute("INSERT INTO t VALUES (2)")
        conn.commit()
        pool.release(conn)
        pool.close_all()
        """)

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT count(*) FROM t").fetchone() == (2,)
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_childs_end_closes_nothing_of_its_parents():
    """Not even when modules are cleared: the connections have one reference too many."""
    script = textwrap.dedent("""
        import os, sys
        from poolkit import ConnectionConfig, ConnectionPool

        class Connection:
            in_transaction = False
            def close(self): pass
            def __del__(self, write=os.write): write(1, b"freed ")

        pool = ConnectionPool(ConnectionConfig(), connect=Connection)
        kept = pool.acquire()
        pool.release(pool.acquire())
        pid = os.fork()
        if pid == 0:
            del kept
            pool = None
            sys.exit(0)
        os.waitpid(pid, 0)
        os.write(1, b"child has ended ")
        os._exit(0)
        """)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout == "child has ended "


def test_pools_that_are_gone_are_not_kept_for_a_fork():
    import gc
    import weakref

    pool = ConnectionPool(ConnectionConfig())
    gone = weakref.ref(pool)
    del pool
    gc.collect()

    assert gone() is None
    assert in_child(lambda: 1) == "1"
