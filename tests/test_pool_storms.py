"""Forty threads at once, and exceptions that come from outside."""

import ctypes
import random
import signal
import sqlite3
import sys
import threading
import time
from contextlib import closing, suppress

import pytest

from poolkit import PoolClosed, PoolError, PoolTimeout
from tests.tools import Database, Task, wait_until, waiting


class Alarm(BaseException):
    """An exception that is sent to a thread from outside."""


def send(exception, thread):
    """Have the exception raised in that thread, at its next look for one."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident), ctypes.py_object(exception)
    )


@pytest.fixture
def often():
    """Switch threads as often as the interpreter can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def database():
    return Database()


def assert_whole(pool, database, cap):
    """Nobody has anything: all places can be had, and what was opened is closed at the end."""
    stats = pool.stats()
    assert (stats["in_use"], stats["waiting"]) == (0, 0)
    assert stats["idle"] == stats["created"] - stats["closed"] == len(database.still_open)
    assert stats["peak"] <= cap
    conns = [pool.acquire(timeout=0) for _ in range(cap)]
    assert len(set(map(id, conns))) == cap
    for conn in conns:
        pool.release(conn)
    pool.close_all()
    assert database.still_open == []
    assert all(conn.closed == 1 for conn in database.opened)


class Storm:
    """Threads that borrow, break and give back by chance, and watch that nobody shares."""

    def __init__(self, pool, seconds):
        self.pool = pool
        self.end = time.monotonic() + seconds
        self.owner = {}
        self.loans = self.refusals = 0

    def one_round(self, rng):
        conn = self.pool.acquire(timeout=rng.choice([0, 0.0005, 0.002, 5, None]))
        assert self.owner.setdefault(id(conn), threading.get_ident()) == threading.get_ident()
        if rng.random() < 0.3:
            time.sleep(rng.random() * 0.0005)
        if rng.random() < 0.05:
            conn.in_transaction, conn.failure = True, RuntimeError("gone")
        del self.owner[id(conn)]
        self.pool.release(conn)

    def work(self, seed):
        rng = random.Random(seed)
        while time.monotonic() < self.end:
            try:
                self.one_round(rng)
                self.loans += 1
            except PoolError:
                self.refusals += 1
            if rng.random() < 0.002:
                self.pool.shrink(rng.randrange(3))

    def run(self, threads=40):
        tasks = [Task(self.work, seed) for seed in range(threads)]
        for task in tasks:
            task.result(within=self.end - time.monotonic() + 60)


def storm(make_pool, database, seconds):
    def connect():
        if random.random() < 0.1:
            raise sqlite3.OperationalError("database is locked")
        return database.connect()

    pool = make_pool(
        connect=connect, pool_size=2, max_connections=4, ping_after=0.0001, max_lifetime=0.05,
        base_backoff=0, max_retries=2, max_idle=0.01, leak_after=60,
    )  # fmt: skip
    storm = Storm(pool, seconds)
    storm.run()
    assert storm.loans > 100
    wait_until(lambda: pool.stats()["in_use"] == 0)
    stats = pool.stats()
    assert stats["in_use"] + stats["idle"] == stats["created"] - stats["closed"]
    return pool


def test_a_storm_leaves_the_pool_whole(make_pool, database, often):
    pool = storm(make_pool, database, seconds=1.5)

    pool.close_all()
    assert database.still_open == []
    assert all(conn.closed == 1 for conn in database.opened)


@pytest.mark.slow
def test_a_long_storm_leaves_the_pool_whole(make_pool, database, often):
    pool = storm(make_pool, database, seconds=60)

    pool.close_all()
    assert database.still_open == []


def test_a_storm_on_a_real_file_loses_no_row(make_pool, tmp_path):
    path = tmp_path / "app.db"
    pool = make_pool(db_path=path, pool_size=4, max_connections=4, timeout=30, acquire_timeout=60)
    with pool.connection() as conn:
        conn.execute("CREATE TABLE t (worker, number)")

    def work(worker):
        for number in range(15):
            with pool.connection() as conn:
                conn.execute("BEGIN IMMEDIATE")
                conn.execute("INSERT INTO t VALUES (?, ?)", (worker, number))
            with suppress(KeyError), pool.connection() as conn:
                conn.execute("INSERT INTO t VALUES (?, ?)", (worker, -1))
                raise KeyError

    for task in [Task(work, worker) for worker in range(40)]:
        task.result(within=60)

    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT count(*), min(number) FROM t").fetchone() == (600, 0)
    assert pool.stats()["created"] <= 4


def test_closing_in_a_storm_wakes_everybody_and_closes_everything(make_pool, database, often):
    for _ in range(20):
        pool = make_pool(connect=database.connect, pool_size=2, max_connections=3)

        def work(pool=pool):
            with suppress(PoolClosed):
                while True:
                    with pool.connection(timeout=None):
                        pass

        tasks = [Task(work) for _ in range(10)]
        wait_until(lambda pool=pool: pool.stats()["reused"] > 50)
        pool.close_all()
        for task in tasks:
            task.result()
        stats = pool.stats()
        assert (stats["in_use"], stats["idle"], stats["waiting"]) == (0, 0, 0)
        assert stats["created"] == stats["closed"]
    assert database.still_open == []


# Interrupts from outside


class Target:
    """A thread that borrows and gives back, and is shot at: one exception at a time."""

    def __init__(self, pool):
        self.pool = pool
        self.stop = False
        self.ready = True  # for the next shot: the one before has been dealt with
        self.hits = 0
        self.task = Task(self.survive)

    def survive(self):
        while not self.stop:
            try:
                self.work()
            except Alarm:
                self.ready = True

    def work(self):
        # A block, since it knows its own loan: whether release() has done its work before it was
        # interrupted nobody can tell, and to call it again might take the next borrower's loan.
        while not self.stop:
            lease = self.pool.connection(timeout=5)
            try:
                with lease:
                    pass
            except Alarm:
                self.hits += 1
                if lease._card is not None:  # the gap that pool.py names: the block did not end
                    lease.__exit__(None, None, None)
                self.ready = True

    def shoot(self):
        if self.ready:
            self.ready = False
            send(Alarm, self.task.thread)


def interrupt_workers(make_pool, database, shots):
    """Send exceptions to threads that borrow and give back, at moments nobody chose."""
    pool = make_pool(connect=database.connect, pool_size=2, max_connections=3)
    targets = [Target(pool) for _ in range(6)]
    rng = random.Random(1)
    for _ in range(shots):
        rng.choice(targets).shoot()
        time.sleep(rng.random() * 0.001)
    for target in targets:
        target.stop = True
    for target in targets:
        with suppress(Alarm):  # one more may be on its way
            target.task.result()
    return pool, sum(target.hits for target in targets)


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="sends exceptions as CPython can")
def test_the_pool_serves_on_when_exceptions_are_sent_to_its_borrowers(make_pool, database, often):
    pool, hits = interrupt_workers(make_pool, database, shots=1000)

    assert hits > 50
    stats = pool.stats()
    assert stats["waiting"] == 0
    assert stats["in_use"] == 0, "a loan was lost"
    assert_whole(pool, database, 3)


@pytest.mark.slow
def test_the_pool_serves_on_when_exceptions_are_sent_for_long(make_pool, database, often):
    pool, _ = interrupt_workers(make_pool, database, shots=30_000)

    assert_whole(pool, database, 3)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows interrupts no waiting lock")
@pytest.mark.parametrize("meanwhile", ["nothing", "hand-over"])
def test_ctrl_c_in_a_wait_loses_nothing(make_pool, database, meanwhile):
    pool = make_pool(connect=database.connect, pool_size=1, max_connections=1)
    rounds = 5 if meanwhile == "nothing" else 200
    for _ in range(rounds):
        holder = Task(pool.acquire, timeout=5)
        conn = holder.result()

        def act(conn=conn):
            waiting(pool, 1)
            if meanwhile == "hand-over":
                pool.release(conn)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

        task = None
        got = None
        try:
            task = Task(act)
            got = pool.acquire(timeout=10)
            task.thread.join(10)
            while True:  # served before the signal came: it comes now
                time.sleep(0.01)
        except KeyboardInterrupt:
            pass
        task.result()
        if got is not None:
            pool.release(got)
        elif meanwhile == "nothing":
            assert pool.stats()["waiting"] == 0
            pool.release(conn)
        assert pool.stats()["in_use"] == 0
        assert pool.stats()["idle"] == 1
    assert pool.stats()["created"] == 1
    assert_whole(pool, database, 1)


@pytest.mark.parametrize("where", ["connect", "check", "reset", "commit", "rollback", "close"])
def test_an_interrupt_in_what_a_connection_does_costs_only_that_connection(
    make_pool, database, where
):
    strike = []

    def maybe(*_):
        if strike and strike.pop():
            raise KeyboardInterrupt

    def connect():
        maybe() if where == "connect" else None
        conn = database.connect()
        for name in {"commit", "rollback", "close"} & {where}:
            real = getattr(conn, name)
            setattr(conn, name, lambda real=real: (maybe(), real()))
        return conn

    pool = make_pool(
        connect=connect,
        check=maybe if where == "check" else None,
        reset=maybe if where == "reset" else None,
        pool_size=1,
        max_connections=2,
        ping_after=0 if where == "check" else 9,
    )
    if where != "connect":
        pool.release(pool.acquire())
    strike.append(True)

    with pytest.raises(KeyboardInterrupt):  # noqa: PT012
        if where == "close":
            pool.shrink(0)
        else:
            with pool.connection() as conn:
                conn.in_transaction = True
                if where == "rollback":
                    raise KeyError

    assert not strike
    assert_whole(pool, database, 2)


def test_a_wait_that_times_out_under_load_is_neither_early_nor_forgotten(make_pool, database):
    pool = make_pool(connect=database.connect, pool_size=1, max_connections=1)
    conn = pool.acquire()

    def borrow(timeout):
        began = time.monotonic()
        with pytest.raises(PoolTimeout):
            pool.acquire(timeout=timeout)
        return time.monotonic() - began - timeout

    tasks = [Task(borrow, 0.05 + 0.005 * number) for number in range(40)]
    assert min(task.result() for task in tasks) >= 0
    assert pool.stats()["waiting"] == 0
    assert pool.stats()["timeouts"] == 40
    pool.release(conn)
