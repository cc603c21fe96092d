"""psycopg_pool, on a real server."""

import contextlib
import linecache
import sys
import threading
import warnings

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout, TooManyRequests

from tests.conformance.postgres import server
from tests.conformance.reproductions.common import (
    Thread,
    forked,
    interrupted,
    main,
    shows,
)

warnings.simplefilter("ignore")


_kept = []  # a pool that is collected waits for its threads, in the midst of whatever runs


def make(size=1, **more):
    pool = ConnectionPool(server(), min_size=size, max_size=size, open=True, **more)
    pool.wait()
    _kept.append(pool)
    return pool


@shows("threads.one_loan_twice")
def one_connection_put_back_twice_at_once():
    """Two threads put the same connection back at once: it is lent to two."""
    both = threading.Barrier(2, timeout=10)

    class Meeting(psycopg.Connection):
        def rollback(self):
            both.wait()
            super().rollback()

    pool = make(connection_class=Meeting)
    conn = pool.getconn()
    conn.execute("SELECT 1")  # so that its return rolls back
    threads = [Thread(lambda: pool.putconn(conn)) for _ in range(2)]
    ended = all(thread.done.wait(15) for thread in threads)
    return ended and pool.getconn(timeout=5) is pool.getconn(timeout=5)


@shows("interrupts.in_a_wait")
def interrupt():
    """One who waits is interrupted: the next connection that comes back is lost."""
    pool = make()
    conn = pool.getconn()
    came = interrupted(lambda: pool.getconn(timeout=20), lambda: None)
    pool.putconn(conn)
    return came and _none_to_be_had(pool)


@shows("interrupts.handed_over_just_then")
def interrupt_and_hand_over():
    """One who waits is interrupted just when one is handed over: it is lost."""
    pool = make()
    conn = pool.getconn()
    came = interrupted(lambda: pool.getconn(timeout=20), lambda: pool.putconn(conn))
    return came and _none_to_be_had(pool)


@shows("interrupts.next_in_line_gets_it")
def interrupt_with_another_behind():
    """The same with one more who waits: nobody is handed it."""
    pool = make()
    conn, others = pool.getconn(), []

    def then():
        others.append(Thread(lambda: pool.getconn(timeout=2)).sleeps())
        pool.putconn(conn)

    came = interrupted(lambda: pool.getconn(timeout=20), then)
    return came and others[0].done.wait(5) and isinstance(others[0].error, PoolTimeout)


@shows("interrupts.in_a_rollback")
def interrupted_rollback():
    """An interrupt in the rollback of a return loses the connection and its place."""

    class Interrupted(psycopg.Connection):
        def rollback(self):
            raise KeyboardInterrupt

    pool = make(connection_class=Interrupted)
    conn = pool.getconn()
    conn.execute("SELECT 1")
    with contextlib.suppress(KeyboardInterrupt):
        pool.putconn(conn)
    return _none_to_be_had(pool)


@shows("end.hand_over_meets_the_end")
def left_open():
    """One is handed over at a time-out while the pool closes: nobody closes it."""
    pool = make()
    conn = pool.getconn()
    waits = Thread(lambda: pool.getconn(timeout=1)).sleeps()
    with pool._waiting[0]._cond:  # as if it were just being served
        while not _at_the_lock(waits.ident):
            pass
        pool.putconn(conn)
        pool.close()
    waits.done.wait()
    return isinstance(waits.error, PoolTimeout) and not conn.closed


def _at_the_lock(ident):
    """Whether its time is up, and it wants the lock again."""
    frame = sys._current_frames()[ident]
    return "_acquire_restore" in linecache.getline(frame.f_code.co_filename, frame.f_lineno)


@shows("numbers.gave_up_is_gone")
def still_counted():
    """Who gave up counts as waiting: the next is refused as one too many, and nobody waits."""
    pool = make(max_waiting=1)
    pool.getconn()
    with contextlib.suppress(PoolTimeout):
        pool.getconn(timeout=0.2)
    counted = pool.get_stats()["requests_waiting"] == 1
    try:
        pool.getconn(timeout=0.2)
    except TooManyRequests:
        return counted
    return False


@shows("fork.child_has_its_own")
def child():
    """A child process is given its parent's connection."""
    pool = make()
    conn = pool.getconn()
    ours = conn.info.backend_pid
    pool.putconn(conn)
    return forked(lambda: pool.getconn(timeout=1).info.backend_pid) == str(ours)


@shows("fork.child_is_not_stuck")
def child_waits():
    """A child process waits for what its parent has lent."""
    pool = make()
    conn = pool.getconn()
    return forked(lambda: pool.getconn(timeout=1)) == "PoolTimeout" and conn is not None


def _none_to_be_had(pool):
    try:
        pool.getconn(timeout=1)
    except PoolTimeout:
        return True
    return False


if __name__ == "__main__":
    main()
