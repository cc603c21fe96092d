"""peewee's PooledSqliteDatabase."""

import contextlib
import os
import sqlite3
import threading
import time
import types

from playhouse import pool as module
from playhouse.pool import PooledSqliteDatabase

from tests.conformance.reproductions.common import (
    Thread,
    forked,
    in_one_go,
    interrupted,
    main,
    shows,
)


def make(size=1, timeout=20, **more):
    return PooledSqliteDatabase(
        ":memory:", max_connections=size, timeout=timeout, check_same_thread=False, **more
    )


class Slow(sqlite3.Connection):
    gate = None

    def rollback(self):
        if self.gate:
            self.gate.wait()
        super().rollback()


@shows("order.nobody_barges", "order.newcomers_queue")
def barging():
    """Who closes and connects again is served before one who has waited."""
    db = make()
    db.connect()
    waits = Thread(db.connect).sleeps()
    in_one_go(lambda: (db.close(), db.connect()))
    return not waits.done.wait(0.3)


@shows("order.first_come", "order.others_move_up")
def order():
    """Who waits longer than a second goes to the end of the line."""
    db = make()
    db.connect()
    served = []
    first = Thread(lambda: (db.connect(), served.append("first")))
    time.sleep(0.5)
    second = Thread(lambda: (db.connect(), served.append("second")))
    time.sleep(0.75)
    db.close()
    assert first.done.wait(0.1) or second.done.wait(5)
    return served == ["second"]


@shows("failures.others_go_on")
def slow_connect():
    """While one connects, nobody can give back."""
    gate, tries = threading.Event(), []

    class Opener(PooledSqliteDatabase):
        def _add_conn_hooks(self, conn):
            tries.append(1)
            if len(tries) == 2:
                gate.wait()

    db = Opener(":memory:", max_connections=2, timeout=20, check_same_thread=False)
    db.connect()
    Thread(db.connect).sleeps()
    conn = db.connection()

    def give():
        db._state.set_connection(conn)
        db.close()

    gives = Thread(give)
    held_up = not gives.done.wait(0.5)
    gate.set()
    return held_up and gives.done.wait(5)


@shows("failures.others_go_on_during_a_rollback")
def slow_rollback():
    """While one is rolled back, nobody can borrow."""
    db, gate = make(size=2, factory=Slow), threading.Event()

    def borrow_and_give():
        db.connect()
        conn = db.connection()
        conn.execute("BEGIN")
        conn.gate = gate
        db.close()

    Thread(borrow_and_give).sleeps()
    asks = Thread(db.connect)
    held_up = not asks.done.wait(0.5)
    gate.set()
    return held_up and asks.done.wait(5)


@shows("threads.wake_up_not_lost")
def lost_wake_up():
    """What is closed just before the wait begins wakes nobody: it lasts its whole second."""
    db = make()
    db.connect()
    looked, gave, me = threading.Event(), threading.Event(), threading.get_ident()
    calls = []

    def monotonic():
        if threading.get_ident() != me:
            calls.append(1)
            if len(calls) == 2:  # none was free, and the wait has not begun
                looked.set()
                gave.wait()
        return time.monotonic()

    module.time = types.SimpleNamespace(monotonic=monotonic, time=time.time)
    try:
        waits = Thread(db.connect)
        looked.wait()
        db.close()
        began = time.monotonic()
        gave.set()
        waits.done.wait()
    finally:
        module.time = time
    return waits.at - began > 0.9


@shows("interrupts.next_in_line_gets_it")
def interrupt():
    """One of two who wait is woken and interrupted: the other sleeps on beside an idle one."""
    db = make()
    lender = Thread(lambda: (db.connect(), db.connection())[1])
    lender.done.wait()
    others = []

    def then():
        others.append(Thread(db.connect).sleeps())
        db._state.set_connection(lender.result)
        db.close()

    came = interrupted(db.connect, then)
    return came and not others[0].done.wait(0.3) and len(db._connections) == 1


@shows("fork.child_has_its_own")
def child():
    """A child process is given its parent's connection."""
    db = make()
    db.connect()
    ours = db.connection()
    db.close()
    return forked(lambda: (db.connect(), db.connection())[1] is ours) == "True"


@shows("fork.child_is_not_stuck")
def child_waits():
    """A child process waits for what its parent has lent."""
    db = make(timeout=1)
    lent = Thread(db.connect)
    lent.done.wait()
    return forked(db.connect) == "MaxConnectionsExceeded"


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
    os._exit(0)
