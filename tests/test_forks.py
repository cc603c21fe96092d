"""A fork with nothing out leaves two whole pools; with something out, the child is refused."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from contextlib import closing

import pytest

from poolkit import ConnectionConfig, ConnectionPool, PoolClosed
from tests.tools import Database, FakeConnection, Task, waiting

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


def test_with_nothing_out_the_child_starts_empty_and_the_parent_goes_on(make_pool, database):
    pool = make_pool(connect=database.connect, pool_size=2, max_connections=2)
    pool.release(pool.acquire())

    def child():
        assert pool.stats()["created"] == pool.stats()["in_use"] == pool.stats()["idle"] == 0
        conns = [pool.acquire(timeout=0) for _ in range(2)]
        for conn in conns:
            pool.release(conn)
        pool.close_all()
        return [conn.closed for conn in (database.opened[0], *conns)]

    assert in_child(child) == "[1, 1, 1]"
    stats = pool.stats()
    assert (stats["created"], stats["closed"], stats["idle"], stats["in_use"]) == (1, 1, 0, 0)
    assert pool.acquire(timeout=0) is database.opened[1]


def test_with_a_connection_out_the_child_is_refused_and_told_why(make_pool, database):
    pool = make_pool(connect=database.connect)
    idle, lent = pool.acquire(), pool.acquire()
    pool.release(idle)

    def child():
        for borrow in (pool.acquire, pool.connection().__enter__):
            with pytest.raises(PoolClosed, match="forked while 1 of"):
                borrow()
        pool.close_all()
        return [lent.closed, lent.rolled_back, pool.stats()["created"]]

    assert in_child(child) == "[0, 0, 0]"
    assert (idle.closed, lent.closed) == (1, 0)
    pool.release(lent)
    assert pool.acquire() is lent


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
        assert pool.stats()["waiting"] == 0
        if "closed" in repr(pool):  # one was out
            with pytest.raises(PoolClosed, match="forked"):
                pool.acquire()
        else:
            with pool.connection(timeout=0), pool.connection(timeout=0):
                pass
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


PARENT_AND_CHILD = """
import gc, os, sys
from poolkit import ConnectionConfig, ConnectionPool, PoolError

pool = ConnectionPool(ConnectionConfig(sys.argv[1]))
idle, conn = pool.acquire(), pool.acquire()
conn.execute("CREATE TABLE t (x)")
pool.release(idle)
conn.execute("INSERT INTO t VALUES (1)")
pid = os.fork()
if pid == 0:
    del idle, conn
    gc.collect()
    for other in (pool, ConnectionPool(ConnectionConfig(sys.argv[1]))):  # on the same file
        try:
            other.acquire()
            os._exit(1)
        except PoolError as exc:
            assert "forked" in str(exc), exc
    pool.close_all()
    del pool, other
    gc.collect()
    sys.exit(0)  # with all that an interpreter does at its end
assert os.waitpid(pid, 0)[1] == 0
conn.execute("INSERT INTO t VALUES (2)")
conn.commit()
pool.release(conn)
pool.close_all()
"""


def test_a_parents_transaction_survives_a_child_that_exits(tmp_path):
    """SQLite breaks the parent's transaction when its connection is used or closed in the child."""
    path = tmp_path / "app.db"

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PARENT_AND_CHILD, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert count_rows(path) == 2


def count_rows(path):
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return conn.execute("SELECT count(*) FROM t").fetchone()[0]


ROWS = """
import multiprocessing, os, sqlite3, sys, threading
from poolkit import ConnectionConfig, ConnectionPool, PoolError

path, end = sys.argv[1:]
pool = ConnectionPool(ConnectionConfig(path, timeout=20))
with pool.connection() as conn:
    conn.execute("CREATE TABLE t (x)")
stop, stored = threading.Event(), multiprocessing.Value("i", 0)

def store():
    with pool.connection() as conn:
        conn.execute("INSERT INTO t VALUES (1)")
    with stored.get_lock():
        stored.value += 1

def churn():
    while not stop.is_set():
        pool.shrink(0)
        store()

def child(ready, go):
    try:
        store()
        ready.set()
        go.wait(20)
        for _ in range(5):
            store()
    except PoolError as exc:
        assert "forked" in str(exc), exc
    finally:
        ready.set()

fork = multiprocessing.get_context("fork")
thread = threading.Thread(target=churn)
if end == "churn":  # another thread opens and closes while this one forks
    thread.start()
children = []
for _ in range(4):
    ready, go = fork.Event(), fork.Event()
    process = fork.Process(target=child, args=(ready, go))
    process.start()
    children.append((process, go))
    assert ready.wait(20)
    store()
stop.set()
if end == "churn":
    thread.join()
if end == "third":
    sqlite3.connect(path).execute("SELECT count(*) FROM t").fetchone()
pool.close_all()
if end == "dies" and os.fork():
    os._exit(0)  # the last of its connections is gone before its children store the rest
for process, go in children:
    go.set()
    if end != "dies":
        process.join()
        assert process.exitcode == 0
if end == "dies":
    import time
    while stored.value < 4 + 4 * 6:
        time.sleep(0.01)
print(stored.value)
"""


@pytest.mark.parametrize("end", ["closes", "dies", "third", "churn"])
def test_no_row_that_was_committed_is_lost(tmp_path, end):
    path = tmp_path / "app.db"

    done = subprocess.run(
        [sys.executable, "-c", ROWS, str(path), end], capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 0, done.stderr
    assert count_rows(path) == int(done.stdout)
    if end != "churn":
        assert int(done.stdout) == 4 + 4 * 6


def test_a_database_in_memory_outlives_a_fork_in_its_parent(make_pool):
    pool = make_pool(pool_size=1)
    with pool.connection() as conn:
        conn.execute("CREATE TABLE t (x)")

    def child():
        with pool.connection() as mine:
            return mine is conn, mine.execute("SELECT count(*) FROM sqlite_master").fetchone()

    with pool.connection():
        assert in_child(child) == "(False, (0,))"
    with pool.connection() as again:
        assert again.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_one_pools_trouble_stops_no_other(make_pool, database):
    class Stubborn(FakeConnection):
        def close(self):
            raise SystemError("not now")

    troubled = make_pool(connect=Database(Stubborn).connect)
    troubled.release(troubled.acquire())
    troubled._close_idle = None  # whatever may go wrong in it
    pool = make_pool(connect=database.connect)
    pool.release(pool.acquire())

    def child():
        with pytest.raises(PoolClosed, match="forked"):
            troubled.acquire()
        with pool.connection() as conn:
            return conn is database.opened[0]

    assert in_child(child) == "False"
    del troubled._close_idle


@pytest.mark.parametrize("ctypes", ["there", "missing"])
def test_the_childs_end_closes_nothing_of_its_parents(ctypes):
    """Not even when modules are cleared: the connections have one reference too many."""
    script = textwrap.dedent("""
        import os, sys
        if sys.argv[1] == "missing":
            sys.modules["ctypes"] = None
        from poolkit import ConnectionConfig, ConnectionPool

        class Connection:
            in_transaction = False
            def close(self): pass
            def __del__(self, write=os.write): write(1, b"freed ")

        pool = ConnectionPool(ConnectionConfig(), connect=Connection)
        kept = pool.acquire()
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
        [sys.executable, "-c", script, ctypes],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
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
