"""DBUtils' PooledDB, with dedicated connections of SQLite."""

import contextlib
import gc
import os
import sqlite3
import tempfile
import threading

from dbutils.pooled_db import PooledDB, TooManyConnectionsError

from tests.conformance.reproductions.common import (
    Thread,
    forked,
    in_one_go,
    interrupted,
    main,
    open_sqlite,
    shows,
)


def make(creator=open_sqlite, size=1, blocking=True, **more):
    return PooledDB(creator, maxcached=size, maxconnections=size, blocking=blocking, **more)


class Slow(sqlite3.Connection):
    """Its rollback waits, or is interrupted, when told to."""

    gate = error = None

    def rollback(self):
        if self.gate:
            self.gate.wait()
        if self.error:
            raise self.error
        super().rollback()


def slow():
    return sqlite3.connect(":memory:", check_same_thread=False, factory=Slow)


@shows("order.nobody_barges", "order.newcomers_queue")
def barging():
    """Who gives back and asks again is served before one who has waited."""
    pool = make()
    loan, again = pool.connection(), []
    waits = Thread(pool.connection).sleeps()
    in_one_go(lambda: (loan.close(), again.append(pool.connection())))
    return not waits.done.wait(0.3)


@shows("failures.others_go_on")
def slow_connect():
    """While one connects, nobody can give back."""
    gate, tries = threading.Event(), []

    def creator():
        tries.append(1)
        if len(tries) == 2:
            gate.wait()
        return open_sqlite()

    pool = make(creator, size=2)
    loan = pool.connection()
    Thread(pool.connection).sleeps()
    gives = Thread(loan.close)
    held_up = not gives.done.wait(0.5)
    gate.set()
    return held_up and gives.done.wait(5)


@shows("failures.others_go_on_during_a_check")
def slow_check():
    """While one is checked, nobody can give back."""
    gate = threading.Event()
    pool = make(size=2, ping=lambda conn: gate.wait())
    loan, other = pool.connection(), pool.connection()
    other.close()
    Thread(pool.connection).sleeps()
    gives = Thread(loan.close)
    held_up = not gives.done.wait(0.5)
    gate.set()
    return held_up and gives.done.wait(5)


@shows("failures.others_go_on_during_a_rollback")
def slow_rollback():
    """While one is rolled back, nobody can borrow."""
    pool = make(slow, size=2)
    loan = pool.connection()
    gate = loan._con._con.gate = threading.Event()
    Thread(loan.close).sleeps()
    asks = Thread(pool.connection)
    held_up = not asks.done.wait(0.5)
    gate.set()
    return held_up and asks.done.wait(5)


@shows("threads.closed_first")
def opens_before_it_closes():
    """With one allowed, a rollback that fails on the return has a second one opened beside it."""
    still_open, most = set(), []

    class Counted(Slow):
        def close(self):
            still_open.discard(id(self))
            super().close()

    def creator():
        conn = sqlite3.connect(":memory:", check_same_thread=False, factory=Counted)
        still_open.add(id(conn))
        most.append(len(still_open))
        return conn

    loan = make(creator).connection()
    loan._con._con.error = sqlite3.OperationalError("server gone")
    loan.close()
    return max(most) == 2


@shows("interrupts.next_in_line_gets_it")
def interrupt():
    """One of two who wait is woken and interrupted: the other sleeps on beside an idle one."""
    pool = make()
    loan, others = pool.connection(), []

    def then():
        others.append(Thread(pool.connection).sleeps())
        loan.close()

    came = interrupted(pool.connection, then)
    return came and not others[0].done.wait(0.5) and len(pool._idle_cache) == 1


@shows("interrupts.in_a_rollback")
def interrupted_rollback():
    """An interrupt in the rollback of a return loses the place."""
    pool = make(slow, blocking=False)
    loan = pool.connection()
    loan._con._con.error = KeyboardInterrupt()
    with contextlib.suppress(KeyboardInterrupt):
        loan.close()
    loan._con = None
    try:
        pool.connection()
    except TooManyConnectionsError:
        return True
    return False


@shows("fork.child_has_its_own")
def child():
    """A child process is given its parent's connection."""
    pool = make()
    loan = pool.connection()
    ours = loan._con._con
    loan.close()
    return forked(lambda: pool.connection()._con._con is ours) == "True"


@shows("fork.child_is_not_stuck")
def child_waits():
    """A child process waits, for ever, for what its parent has lent."""
    pool = make()
    loan = pool.connection()
    return forked(pool.connection) is None and loan is not None


@shows("end.lends_nothing_afterwards", "end.loan_meets_the_end")
def lends_on():
    """A closed pool lends, and keeps open what comes back."""
    pool = make()
    pool.close()
    loan = pool.connection()
    conn = loan._con._con
    loan.close()
    return conn.execute("SELECT 1").fetchone() == (1,)


@shows("end.leaves_what_is_out", "end.return_meets_the_end")
def left_open():
    """What is out when the pool is closed stays open when it comes back."""
    pool = make()
    loan = pool.connection()
    conn = loan._con._con
    pool.close()
    loan.close()
    return conn.execute("SELECT 1").fetchone() == (1,)


@shows("end.tells_who_waits")
def not_told():
    """Who waits when the pool is closed is not told, and is lent one when it comes back."""
    pool = make()
    loan = pool.connection()
    waits = Thread(pool.connection).sleeps()
    pool.close()
    silent = not waits.done.wait(0.5)
    loan.close()
    return silent and waits.done.wait(5) and waits.result is not None


@shows("shared.cap")
def one_too_many():
    """With shared connections three are open, and there may be two. (Not in the matrix.)"""
    made = []

    def creator():
        made.append(open_sqlite())
        return made[-1]

    creator.threadsafety = 2
    pool = PooledDB(creator, maxshared=2, maxconnections=2)
    loans = [pool.connection(shareable) for shareable in (True, False, True)]
    return len(made) == 3 and len(loans) == 3


@shows("fork.nothing_committed_is_lost")
def lost_rows():
    """A child writes, its parent closes the pool: what the child commits then is lost."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/t.db"
        with contextlib.closing(sqlite3.connect(path)) as conn:
            conn.execute("PRAGMA journal_mode = WAL")
            conn.execute("CREATE TABLE t (x)")
        pool = make(lambda: sqlite3.connect(path, check_same_thread=False), size=2)
        _write(pool)
        (hear, say), (listen, tell) = os.pipe(), os.pipe()
        pid = os.fork()
        if pid == 0:
            _write(pool)
            os.write(say, b".")
            os.read(listen, 1)
            _write(pool)
            os.write(say, b".")
            os.read(listen, 1)
            os._exit(0)
        os.read(hear, 1)
        _write(pool)
        pool.close()
        del pool
        gc.collect()
        os.write(tell, b".")
        os.read(hear, 1)
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        with contextlib.closing(sqlite3.connect(path)) as conn:
            return conn.execute("SELECT count(*) FROM t").fetchone()[0] < 4


def _write(pool):
    with pool.connection() as loan:
        loan.cursor().execute("INSERT INTO t VALUES (1)")
        loan.commit()


if __name__ == "__main__":
    main()
