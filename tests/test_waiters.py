"""The line: first come, first served, with no barging, no early and no late timeout."""

import threading
import time

import pytest

from poolkit import ConnectFailed, PoolTimeout
from poolkit.lease import Card
from poolkit.waiters import Line, Waiter
from tests.tools import Database, Task, wait_until, waiting


def in_line(line, count):
    waiters = [Waiter(0.0) for _ in range(count)]
    for waiter in waiters:
        line.append(waiter)
    return waiters


def test_the_longest_waiter_is_served_first():
    line = Line()
    first, second = in_line(line, 2)

    card = Card()
    line.serve(card)

    assert (first.gift, second.gift) == (card, None)
    assert card.trips == 1
    assert len(line) == 1
    first.wait(0)  # does not sleep: its bell has rung
    assert not first.bell.acquire(blocking=False)


def test_who_leaves_is_not_served_and_may_leave_twice():
    line = Line()
    first, second = in_line(line, 2)

    line.leave(first)
    line.leave(first)
    line.serve(Card())

    assert first.gift is None
    assert second.gift is not None


def test_who_is_gone_is_passed_over_and_an_empty_line_serves_nobody():
    line = Line()
    first, second = in_line(line, 2)
    first.gone = True
    card = Card()

    assert line.serve(card)
    assert (first.gift, second.gift) == (None, card)
    assert not line.serve(card)
    assert card.trips == 1


def test_all_are_sent_away_with_empty_hands():
    line = Line()
    waiters = in_line(line, 3)
    tasks = [Task(waiter.wait, None) for waiter in waiters]

    line.send_away()

    for task in tasks:
        task.result()
    assert [waiter.gift for waiter in waiters] == [None] * 3
    assert len(line) == 0


@pytest.mark.parametrize("seconds", [0, -1, 0.02])
def test_a_wait_ends_by_itself(seconds):
    began = time.monotonic()

    Waiter(0.0).wait(seconds)

    assert time.monotonic() - began >= seconds


def test_a_wait_may_be_longer_than_a_lock_can_count():
    waiter = Waiter(0.0)
    task = Task(waiter.wait, 1e12)
    waiter.bell.release()

    task.result()


# In the pool


@pytest.fixture
def database():
    return Database()


@pytest.fixture
def pool(make_pool, database):
    return make_pool(connect=database.connect, pool_size=1, max_connections=1, base_backoff=0)


def test_waiters_are_served_in_the_order_they_came(pool):
    conn = pool.acquire()
    served = []

    def borrow(number):
        conn = pool.acquire(timeout=10)
        served.append(number)
        pool.release(conn)

    tasks = []
    for number in range(20):
        tasks.append(Task(borrow, number))
        waiting(pool, number + 1)
    pool.release(conn)
    for task in tasks:
        task.result()

    assert served == list(range(20))


def test_who_gives_back_cannot_take_it_again_before_those_who_wait(pool):
    conn = pool.acquire()
    task = Task(pool.acquire, timeout=10)
    waiting(pool, 1)

    pool.release(conn)
    with pytest.raises(PoolTimeout):
        pool.acquire(timeout=0)

    assert task.result() is conn


def test_a_new_place_goes_to_the_longest_waiter_too(pool, database):
    """What comes back is broken, so the waiter opens one: nobody may take its place meanwhile."""
    conn = pool.acquire()
    task = Task(pool.acquire, timeout=10)
    waiting(pool, 1)
    database.gate.clear()
    conn.in_transaction, conn.failure = True, RuntimeError("gone")

    pool.release(conn)
    wait_until(lambda: database.connecting == 2)
    with pytest.raises(PoolTimeout):
        pool.acquire(timeout=0)
    database.gate.set()

    assert task.result() is database.opened[1]


def test_a_failed_connect_wakes_the_next_waiter(pool, database):
    conn = pool.acquire()
    database.failures = [RuntimeError("no server"), RuntimeError("no server"), None]
    tasks = []
    for count in (1, 2, 3):
        tasks.append(Task(pool.acquire, timeout=10))
        waiting(pool, count)
    conn.in_transaction, conn.failure = True, RuntimeError("gone")

    pool.release(conn)

    for task in tasks[:2]:
        with pytest.raises(ConnectFailed):
            task.result()
    assert tasks[2].result() is database.opened[1]


def test_a_failed_check_and_connect_wakes_the_next_waiter(make_pool, database):
    """The place of an idle connection that died, and could not be replaced, is not lost."""
    pool = make_pool(connect=database.connect, pool_size=1, max_connections=1, ping_after=0)
    conn = pool.acquire()
    pool.release(conn)
    conn.failure = RuntimeError("gone")
    database.gate.clear()
    database.failures = [RuntimeError("no server")]
    first = Task(pool.acquire, timeout=10)
    wait_until(lambda: database.connecting == 2)
    second = Task(pool.acquire, timeout=10)
    waiting(pool, 1)

    database.gate.set()

    with pytest.raises(ConnectFailed):
        first.result()
    assert second.result() is database.opened[1]


def test_shrinking_gives_the_place_to_who_came_meanwhile(make_pool, database):
    pool = make_pool(connect=database.connect, pool_size=1, max_connections=1)
    conn = pool.acquire()
    pool.release(conn)
    closing, may_close = threading.Event(), threading.Event()
    conn.close = lambda: (closing.set(), may_close.wait(10))
    shrinking = Task(pool.shrink, 0)
    assert closing.wait(10)
    task = Task(pool.acquire, timeout=10)
    waiting(pool, 1)

    may_close.set()

    shrinking.result()
    assert task.result() is database.opened[1]


def test_who_gives_up_is_out_of_the_line(pool):
    conn = pool.acquire()
    with pytest.raises(PoolTimeout):
        pool.acquire(timeout=0.01)
    assert pool.stats()["waiting"] == 0

    pool.release(conn)

    assert pool.stats()["idle"] == 1


@pytest.mark.parametrize("timeout", [0.01, 0.05, 0.2])
def test_it_gives_up_when_it_is_time(pool, timeout):
    pool.acquire()
    began = time.monotonic()

    with pytest.raises(PoolTimeout):
        pool.acquire(timeout=timeout)

    took = time.monotonic() - began
    assert took >= timeout
    assert took < timeout + 1  # room for a machine that does other things


def test_the_deadline_covers_the_wait_and_the_connect(pool, database):
    """A waiter that is handed a place has only the rest of its time to fill it."""
    import sqlite3

    locked = sqlite3.OperationalError("database is locked")
    conn = pool.acquire()
    task = Task(pool.acquire, timeout=30)
    waiting(pool, 1)
    database.failures = [locked] * 3
    conn.in_transaction, conn.failure = True, RuntimeError("gone")
    pool.release(conn)

    with pytest.raises(ConnectFailed, match="3 of 3"):
        task.result()


def race(pool, rounds, timeout):
    """A waiter's timeout against the hand-over to it, over and over. Who won, how often?"""
    won = 0
    for _ in range(rounds):
        conn = pool.acquire(timeout=5)
        ready = threading.Event()

        def borrow(ready=ready):
            ready.set()
            try:
                pool.release(pool.acquire(timeout=timeout))
            except PoolTimeout:
                return 0
            return 1

        task = Task(borrow)
        ready.wait(10)
        end = time.perf_counter() + timeout
        while time.perf_counter() < end:
            time.sleep(0)
        pool.release(conn)
        won += task.result()
        stats = pool.stats()
        assert (stats["in_use"], stats["idle"], stats["waiting"]) == (0, 1, 0)
    return won


def test_a_hand_over_to_one_who_gives_up_is_never_lost(pool):
    won = race(pool, 1500, timeout=0.0003)

    assert pool.stats()["created"] == 1
    assert 0 < won < 1500, "not a race on this machine: move the timeout"


@pytest.mark.slow
def test_a_hand_over_to_one_who_gives_up_is_never_lost_for_long(pool):
    race(pool, 50_000, timeout=0.0003)

    assert pool.stats()["created"] == 1
