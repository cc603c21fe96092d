"""What ConnectionPool promises, one thread at a time mostly. `--pool` puts another pool through."""

import gc
import logging
import re
import sqlite3
import threading
import traceback

import pytest

from poolkit import ConnectFailed, PoolClosed, PoolError, PoolTimeout
from tests.tools import Clock, Database, FakeConnection, PlainConnection, Task, wait_until, waiting

LOCKED = sqlite3.OperationalError("database is locked")
MISSING = sqlite3.OperationalError("unable to open database file")


@pytest.fixture
def database():
    return Database()


@pytest.fixture
def clock():
    return Clock()


def borrow_all(pool, count):
    return [pool.acquire() for _ in range(count)]


def give_back_all(pool, conns):
    for conn in conns:
        pool.release(conn)


# Lending


def test_a_new_pool_has_opened_nothing(make_pool, database):
    pool = make_pool(connect=database.connect)

    assert database.opened == []
    assert pool.stats() == {
        "created": 0,
        "reused": 0,
        "closed": 0,
        "discarded": 0,
        "timeouts": 0,
        "peak": 0,
        "wait_seconds": 0.0,
        "idle": 0,
        "in_use": 0,
        "waiting": 0,
        "pool_size": 5,
        "max_connections": None,
    }


def test_without_a_config_it_lends_sqlite_connections_in_memory(pool_class):
    with pool_class() as pool:
        conn = pool.acquire()

        assert isinstance(conn, sqlite3.Connection)
        assert conn.execute("PRAGMA database_list").fetchone()[2] == ""
        pool.release(conn)


def test_a_connection_given_back_is_lent_again(make_pool, database):
    pool = make_pool(connect=database.connect)
    first = pool.acquire()
    pool.release(first)

    assert pool.acquire() is first
    assert (pool.stats()["created"], pool.stats()["reused"]) == (1, 1)


def test_the_one_used_last_is_lent_first(make_pool, database):
    pool = make_pool(connect=database.connect)
    one, two, three = borrow_all(pool, 3)
    give_back_all(pool, [two, three, one])

    assert borrow_all(pool, 3) == [one, three, two]


def test_a_connection_may_be_given_back_by_another_thread(make_pool):
    pool = make_pool()
    conn = pool.acquire()

    Task(pool.release, conn).result()

    assert pool.stats()["idle"] == 1
    assert Task(pool.acquire).result() is conn
    pool.release(conn)


def test_no_more_than_pool_size_are_kept(make_pool, database):
    pool = make_pool(connect=database.connect, pool_size=2)

    give_back_all(pool, borrow_all(pool, 4))

    stats = pool.stats()
    assert (stats["idle"], stats["closed"], stats["discarded"]) == (2, 2, 0)
    assert len(database.still_open) == 2


def test_without_a_cap_lending_has_no_limit(make_pool, database):
    pool = make_pool(connect=database.connect, pool_size=1)

    borrow_all(pool, 50)

    assert pool.stats()["in_use"] == pool.stats()["peak"] == 50


def test_peak_remembers_the_most_in_use_at_once(make_pool, database):
    pool = make_pool(connect=database.connect)
    give_back_all(pool, borrow_all(pool, 3))
    give_back_all(pool, borrow_all(pool, 2))

    assert pool.stats()["peak"] == 3


def test_connections_opened_beforehand_count_as_created_and_their_loans_as_reused(
    make_pool, database
):
    pool = make_pool(connect=database.connect, min_connections=2)
    assert len(database.opened) == 2
    before = pool.stats()

    conn = pool.acquire()

    assert (before["created"], before["idle"], before["peak"]) == (2, 2, 0)
    assert conn in database.opened[:2]
    assert (pool.stats()["created"], pool.stats()["reused"]) == (2, 1)


def test_a_pool_that_cannot_be_filled_closes_what_it_opened(make_pool, database):
    database.failures = [None, MISSING]

    with pytest.raises(ConnectFailed):
        make_pool(connect=database.connect, min_connections=3)

    assert len(database.opened) == 1
    assert database.still_open == []


def test_the_pool_shows_itself_in_words(make_pool, pool_class):
    name = "file:app?mode=memory"
    pool = make_pool(db_path=name, max_connections=5)
    give_back_all(pool, borrow_all(pool, 3))
    conn = pool.acquire()

    assert repr(pool) == f"<{pool_class.__name__} {name}: 1 in use, 2 idle, 0 waiting>"
    pool.release(conn)
    pool.close_all()
    assert repr(pool) == f"<{pool_class.__name__} {name}: closed, 0 in use, 0 idle, 0 waiting>"


# What is refused


@pytest.mark.parametrize("timeout", [-1, -0.001, float("nan"), float("-inf")])
@pytest.mark.parametrize("form", ["acquire", "connection"])
def test_a_timeout_that_is_no_length_of_time_is_refused(make_pool, database, timeout, form):
    pool = make_pool(connect=database.connect)
    pool.release(pool.acquire())

    with pytest.raises(ValueError, match="timeout"):
        pool.acquire(timeout) if form == "acquire" else pool.connection(timeout).__enter__()

    assert pool.stats()["in_use"] == 0


def test_endless_timeouts_are_fine(make_pool, database):
    pool = make_pool(connect=database.connect, pool_size=1, max_connections=1)
    conn = pool.acquire(timeout=float("inf"))
    tasks = []
    for timeout in (float("inf"), None):
        tasks.append(Task(pool.acquire, timeout=timeout))
        waiting(pool, len(tasks))

    for task in tasks:
        pool.release(conn)
        assert task.result() is conn


@pytest.mark.parametrize("what", ["stranger", "twice", "none", "other pool"])
def test_what_is_not_on_loan_cannot_be_given_back(make_pool, database, what):
    pool = make_pool(connect=database.connect)
    conn = pool.acquire()
    if what == "twice":
        pool.release(conn)
    other = {
        "stranger": FakeConnection(),
        "twice": conn,
        "none": None,
        "other pool": make_pool(connect=database.connect).acquire(),
    }[what]
    before = pool.stats()

    with pytest.raises(ValueError, match="not out on loan"):
        pool.release(other)

    assert pool.stats() == before
    assert getattr(other, "closed", 0) == getattr(other, "rolled_back", 0) == 0


def test_two_threads_that_give_back_the_same_loan_at_once_give_it_back_once(make_pool, database):
    pool = make_pool(connect=database.connect)
    for _ in range(300):
        conn, barrier, refused = pool.acquire(), threading.Barrier(2), []

        def give_back(conn=conn, barrier=barrier, refused=refused):
            barrier.wait(10)
            try:
                pool.release(conn)
            except ValueError:
                refused.append(1)

        for task in [Task(give_back), Task(give_back)]:
            task.result()
        assert len(refused) == 1
        assert pool.stats()["idle"] == 1


# Waiting at the cap


def test_at_the_cap_it_times_out_and_says_who_has_them(make_pool, database):
    pool = make_pool(connect=database.connect, pool_size=2, max_connections=2)
    Task(pool.acquire, name="worker-2").result()
    line = traceback.extract_stack()[-1].lineno + 1
    Task(lambda: pool.acquire(), name="worker-3").result()

    with pytest.raises(PoolTimeout) as caught:
        pool.acquire(timeout=0.02)

    assert re.fullmatch(
        r"no connection came free in 0\.02 s: 2 of 2 in use, 0 waiting; "
        r"longest held [\d.]+ s by worker-2 at tools\.py:\d+",
        str(caught.value),
    )
    assert isinstance(caught.value, TimeoutError)
    pool.release(database.opened[0])
    with pytest.raises(PoolTimeout, match=f"by worker-3 at test_pool.py:{line}"):
        [pool.acquire(timeout=0) for _ in range(2)]


def test_the_message_says_how_long_and_how_many_wait(make_pool, database, clock):
    pool = make_pool(connect=database.connect, clock=clock, pool_size=1, max_connections=1)
    conn = pool.acquire()
    clock.now += 41.4
    other = Task(pool.acquire)
    waiting(pool, 1)

    with pytest.raises(PoolTimeout, match=r"1 of 1 in use, 1 waiting; longest held 41 s by"):
        pool.acquire(timeout=0)
    pool.release(conn)
    other.result()


def test_a_thread_that_waits_for_itself_is_told_so(make_pool, database):
    pool = make_pool(connect=database.connect, pool_size=2, max_connections=2)
    borrow_all(pool, 2)

    with pytest.raises(PoolTimeout, match="this thread holds 2 of them itself"):
        pool.acquire(timeout=0.01)


def test_timeout_zero_never_waits_but_opens_and_lends_what_there_is(make_pool, database):
    pool = make_pool(connect=database.connect, pool_size=1, max_connections=1)

    conn = pool.acquire(timeout=0)
    with pytest.raises(PoolTimeout):
        pool.acquire(timeout=0)
    pool.release(conn)

    assert pool.acquire(timeout=0) is conn
    assert pool.stats()["timeouts"] == 1


def test_without_a_timeout_that_of_the_config_counts(make_pool, database):
    pool = make_pool(connect=database.connect, pool_size=1, max_connections=1, acquire_timeout=0.01)
    pool.acquire()

    with pytest.raises(PoolTimeout, match=r"in 0\.01 s"):
        pool.acquire()
    with pytest.raises(PoolTimeout, match=r"in 0\.01 s"), pool.connection():
        pass


def test_time_spent_in_line_is_counted(make_pool, database, clock):
    pool = make_pool(connect=database.connect, clock=clock, pool_size=1, max_connections=1)
    conn = pool.acquire()
    task = Task(pool.acquire, timeout=100)
    waiting(pool, 1)

    clock.now += 7
    pool.release(conn)
    task.result()

    stats = pool.stats()
    assert stats["wait_seconds"] == 7
    assert (stats["reused"], stats["timeouts"]) == (1, 0)


# Checking before lending


@pytest.mark.parametrize(
    ("ping_after", "idle_for", "checks"), [(0.5, 0.49, 0), (0.5, 0.5, 1), (0, 0, 1), (9, 8, 0)]
)
def test_an_idle_connection_is_checked_when_it_is_time(
    make_pool, database, clock, ping_after, idle_for, checks
):
    pool = make_pool(connect=database.connect, clock=clock, ping_after=ping_after)
    conn = pool.acquire()
    pool.release(conn)
    clock.now += idle_for

    assert pool.acquire() is conn
    assert conn.checked == checks


def test_a_check_of_ones_own_is_used(make_pool, database):
    checked = []
    pool = make_pool(connect=database.connect, check=checked.append, ping_after=0)
    conn = pool.acquire()
    pool.release(conn)
    pool.acquire()

    assert checked == [conn]


def test_what_a_check_of_ones_own_leaves_open_is_rolled_back(make_pool, database):
    def check(conn):
        conn.in_transaction = True

    pool = make_pool(connect=database.connect, check=check, ping_after=0)
    pool.release(pool.acquire())

    assert pool.acquire().rolled_back == 1


def test_a_dead_idle_connection_is_replaced_unseen(make_pool, database):
    pool = make_pool(connect=database.connect, ping_after=0, pool_size=1, max_connections=1)
    dead = pool.acquire()
    pool.release(dead)
    dead.failure = RuntimeError("server closed the connection")

    conn = pool.acquire()

    assert conn is not dead
    assert dead.closed == 1
    stats = pool.stats()
    assert (stats["created"], stats["reused"]) == (2, 0)
    assert (stats["closed"], stats["discarded"], stats["in_use"]) == (1, 1, 1)


def test_when_the_server_is_gone_the_place_is_free_again(make_pool, database):
    pool = make_pool(connect=database.connect, ping_after=0, pool_size=1, max_connections=1)
    conn = pool.acquire()
    pool.release(conn)
    conn.failure = RuntimeError("server closed the connection")
    database.failures = [MISSING]

    with pytest.raises(ConnectFailed):
        pool.acquire()

    assert pool.stats()["in_use"] == 0
    assert pool.acquire(timeout=0) is database.opened[-1]


# Cleaning after a loan


def test_what_was_left_open_is_rolled_back(make_pool, database):
    pool = make_pool(connect=database.connect)
    conn = pool.acquire()
    conn.in_transaction = True
    pool.release(conn)
    conn = pool.acquire()
    pool.release(conn)

    assert conn.rolled_back == 1


def test_a_connection_without_in_transaction_is_always_rolled_back(make_pool):
    pool = make_pool(connect=Database(PlainConnection).connect)
    conn = pool.acquire()
    pool.release(conn)

    assert conn.rolled_back == 1


@pytest.mark.parametrize("when", ["reset", "rollback"])
def test_a_connection_that_cannot_be_cleaned_is_the_only_thing_lost(make_pool, database, when):
    def fail(conn):
        raise RuntimeError("no reset")

    pool = make_pool(
        connect=database.connect,
        reset=fail if when == "reset" else None,
        pool_size=1,
        max_connections=1,
    )
    conn = pool.acquire()
    conn.in_transaction = True
    if when == "rollback":
        conn.failure = RuntimeError("no rollback")  # close() fails too

    pool.release(conn)

    assert conn.closed == 1
    stats = pool.stats()
    assert (stats["closed"], stats["discarded"]) == (1, 1)
    assert (stats["in_use"], stats["idle"]) == (0, 0)
    assert pool.acquire(timeout=0) is not conn


def test_a_connection_closed_by_its_borrower_is_not_lent_again(make_pool):
    pool = make_pool(pool_size=1, max_connections=1)
    conn = pool.acquire()
    conn.close()
    pool.release(conn)

    assert pool.stats()["discarded"] == 1
    conn = pool.acquire(timeout=0)
    assert conn.execute("SELECT 1").fetchone() == (1,)
    pool.release(conn)


def test_a_reset_of_ones_own_is_used(make_pool, database):
    cleaned = []

    def reset(conn):
        cleaned.append((conn, conn.rolled_back))
        conn.in_transaction = True

    pool = make_pool(connect=database.connect, reset=reset)
    conn = pool.acquire()
    conn.in_transaction = True
    pool.release(conn)

    assert cleaned == [(conn, 1)]  # rolled back before it, for DISCARD ALL and the like,
    assert conn.rolled_back == 2  # and after it


# Connecting


def test_a_failed_connect_tells_the_attempts_and_its_cause(make_pool, database):
    database.failures = [LOCKED] * 3
    pool = make_pool(connect=database.connect, max_retries=3, base_backoff=0)

    with pytest.raises(ConnectFailed, match=r"3 of 3 attempts .*database is locked") as caught:
        pool.acquire()

    assert caught.value.__cause__ is LOCKED
    assert isinstance(caught.value, ConnectionError)
    assert isinstance(caught.value, PoolError)
    assert pool.stats()["in_use"] == pool.stats()["created"] == pool.stats()["peak"] == 0


def test_what_may_pass_is_tried_again(make_pool, database):
    database.failures = [LOCKED, LOCKED]
    pool = make_pool(connect=database.connect, max_retries=3, base_backoff=0)

    assert pool.acquire() is database.opened[0]
    assert database.connecting == 3


def test_what_will_not_pass_is_not_tried_again(make_pool, database):
    database.failures = [MISSING] * 3
    pool = make_pool(connect=database.connect, max_retries=3)

    with pytest.raises(ConnectFailed, match="1 of 3 attempts"):
        pool.acquire()

    assert database.connecting == 1


def test_the_deadline_cuts_the_pauses_short(make_pool, database):
    database.failures = [LOCKED] * 9
    pool = make_pool(connect=database.connect, max_retries=9, base_backoff=60, max_backoff=60)

    with pytest.raises(ConnectFailed, match="1 of 9 attempts"):
        Task(pool.acquire, timeout=0.5).result(within=5)


def test_a_connect_that_returns_none_has_failed(make_pool):
    pool = make_pool(connect=lambda: None, pool_size=1, max_connections=1)

    for _ in range(2):
        with pytest.raises(ConnectFailed, match="None"):
            pool.acquire(timeout=0)


def test_a_connect_that_returns_the_same_one_again_is_told(make_pool):
    shared = FakeConnection()
    pool = make_pool(connect=lambda: shared, pool_size=2, max_connections=2)
    conn = pool.acquire()

    with pytest.raises(ConnectFailed, match="no new connection"):
        pool.acquire()

    assert not shared.closed
    pool.release(conn)
    assert pool.stats()["in_use"] == 0
    assert pool.acquire() is shared


def test_the_error_of_an_attempt_holds_no_connection_back(make_pool, database):
    """A traceback that is kept must not keep the place."""
    pool = make_pool(connect=database.connect, pool_size=1, max_connections=1)
    database.failures = [MISSING]
    with pytest.raises(ConnectFailed) as kept:
        pool.acquire()

    assert pool.acquire(timeout=0) in database.opened
    assert kept.value is not None


# Never under the lock


class Stall:
    """Something that takes long: it begins, and does not end before it may."""

    def __init__(self):
        self.begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self, *_):
        self.begun.set()
        assert self.may_end.wait(10)


@pytest.mark.parametrize("what", ["connect", "check", "reset", "rollback", "close"])
def test_what_a_connection_does_blocks_nobody_else(make_pool, database, what):
    """While one thread is stuck in it, another borrows, gives back and asks for numbers."""
    stall, slow, other = Stall(), FakeConnection(), FakeConnection()
    slow.in_transaction = True
    fresh = [other, slow] if what == "connect" else [slow, other]
    pool = make_pool(
        connect=lambda: stall() or slow if fresh[0] is slow and what == "connect" else fresh.pop(0),
        check=lambda conn: stall() if what == "check" and conn is slow else None,
        reset=(lambda conn: stall() if conn is slow else None) if what == "reset" else None,
        ping_after=0,
        pool_size=2,
        max_connections=2,
    )
    if what == "connect":
        assert pool.acquire() is other
        stuck = Task(pool.acquire)
    else:
        assert borrow_all(pool, 2) == [slow, other]
        if what == "check":
            pool.release(slow)
            stuck = Task(pool.acquire)
        else:
            if what == "rollback":
                slow.rollback = stall
            elif what == "close":
                slow.rollback, slow.close = None, stall  # not callable: it is closed instead
            stuck = Task(pool.release, slow)
    assert stall.begun.wait(10)

    def work():
        pool.release(other)
        assert pool.acquire(timeout=0) is other
        pool.shrink(0)
        return pool.stats()["in_use"], repr(pool)

    try:
        assert Task(work).result(within=5)[0] == 2
    finally:
        stall.may_end.set()
    stuck.result()


# Age


def test_an_old_connection_is_replaced_when_it_comes_back(make_pool, database, clock):
    pool = make_pool(connect=database.connect, clock=clock, max_lifetime=100)
    conn = pool.acquire()
    clock.now += 100

    pool.release(conn)

    assert conn.closed == 1
    assert (pool.stats()["closed"], pool.stats()["discarded"]) == (1, 0)


def test_an_old_connection_is_replaced_when_it_would_be_lent(make_pool, database, clock):
    pool = make_pool(
        connect=database.connect, clock=clock, max_lifetime=100, ping_after=1000, pool_size=1
    )
    old = pool.acquire()
    pool.release(old)
    clock.now += 100

    assert pool.acquire() is not old
    assert (old.closed, old.checked) == (1, 0)


def test_a_lifetime_is_shortened_by_at_most_a_tenth_and_not_always_the_same(
    make_pool, database, clock
):
    pool = make_pool(
        connect=database.connect, clock=clock, max_lifetime=1000, pool_size=300, ping_after=9999
    )
    give_back_all(pool, borrow_all(pool, 300))

    def replaced():
        before = pool.stats()["closed"]
        give_back_all(pool, borrow_all(pool, 300))
        return pool.stats()["closed"] - before

    clock.now += 899
    assert replaced() == 0
    clock.now += 51
    assert 50 < replaced() < 250
    clock.now += 51
    assert pool.stats()["closed"] < 300
    give_back_all(pool, borrow_all(pool, 300))
    assert pool.stats()["closed"] >= 300


def test_a_lifetime_of_zero_serves_once(make_pool, database, clock):
    pool = make_pool(connect=database.connect, clock=clock, max_lifetime=0)
    pool.release(pool.acquire())

    assert pool.stats()["closed"] == 1


@pytest.mark.parametrize("call", ["acquire", "release", "stats", "shrink"])
def test_idle_connections_above_the_least_are_closed_at_the_next_call(
    make_pool, database, clock, call
):
    pool = make_pool(connect=database.connect, clock=clock, min_connections=1, max_idle=60)
    conns = borrow_all(pool, 4)
    give_back_all(pool, conns[:3])
    clock.now += 60

    if call == "acquire":
        assert pool.acquire() is conns[2]  # the one that stays is the one used last
    else:
        {"release": lambda: pool.release(conns[3]), "stats": pool.stats}.get(
            call, lambda: pool.shrink(5)
        )()

    assert [conn.closed for conn in conns] == [1, 1, 0, 0]


def test_idle_connections_stay_till_it_is_time(make_pool, database, clock):
    pool = make_pool(connect=database.connect, clock=clock, max_idle=60)
    conns = borrow_all(pool, 3)
    for conn in conns:
        pool.release(conn)
        clock.now += 10

    clock.now += 29.9
    assert pool.stats()["idle"] == 3
    clock.now += 0.1
    assert pool.stats()["idle"] == 2
    assert conns[0].closed == 1


# Leaks


def test_a_leak_is_reported_once_with_the_borrowers_line(make_pool, database, clock, caplog):
    caplog.set_level(logging.WARNING, "poolkit")
    pool = make_pool(connect=database.connect, clock=clock, leak_after=30)

    def borrow():
        return pool.acquire()

    line = borrow.__code__.co_firstlineno + 1
    Task(borrow, name="worker-7").result()
    clock.now += 29.9
    pool.stats()
    assert caplog.records == []

    clock.now += 0.1
    for _ in range(3):
        pool.stats()
    pool.release(pool.acquire())

    (record,) = caplog.records
    assert (record.name, record.levelname) == ("poolkit", "WARNING")
    message = record.getMessage()
    assert "worker-7" in message
    assert "30 s" in message
    assert f"{__file__}:{line}" in message


@pytest.mark.parametrize("call", ["acquire", "release", "stats", "shrink", "connection"])
def test_every_call_of_the_pool_reports_leaks(make_pool, database, clock, caplog, call):
    pool = make_pool(connect=database.connect, clock=clock, leak_after=30, pool_size=2)
    conn = pool.acquire()
    clock.now += 31

    if call == "connection":
        with pool.connection():
            pass
    else:
        args = {"release": [conn], "shrink": [0]}.get(call, [])
        getattr(pool, call)(*args)

    assert len(caplog.records) == 1


def test_each_loan_of_a_connection_is_reported_for_itself(make_pool, database, clock, caplog):
    pool = make_pool(connect=database.connect, clock=clock, leak_after=30)
    for loans in range(1, 4):
        conn = pool.acquire()
        clock.now += 30
        pool.release(conn)
        assert len(caplog.records) == loans
        pool.stats()
        clock.now += 100


def test_who_gives_back_in_time_is_not_reported(make_pool, database, clock, caplog):
    pool = make_pool(connect=database.connect, clock=clock, leak_after=30)
    for _ in range(5):
        conn = pool.acquire()
        clock.now += 20
        pool.release(conn)
        clock.now += 20

    assert caplog.records == []


def test_a_report_may_use_the_pool_itself(make_pool, database, clock, caplog):
    """A log handler that writes to the database must not find the lock held."""
    pool = make_pool(connect=database.connect, clock=clock, leak_after=30)
    pool.acquire()
    clock.now += 30
    seen = []

    class Handler(logging.Handler):
        def emit(self, record):
            conn = Task(pool.acquire).result(within=5)
            seen.append(pool.stats()["in_use"])
            pool.release(conn)

    handler = Handler()
    logging.getLogger("poolkit").addHandler(handler)
    try:
        pool.stats()
    finally:
        logging.getLogger("poolkit").removeHandler(handler)
    assert seen == [2]


# Shrinking and closing


def test_shrink_closes_those_unused_for_longest(make_pool, database):
    pool = make_pool(connect=database.connect)
    conns = borrow_all(pool, 4)
    give_back_all(pool, conns)

    pool.shrink(1)
    pool.shrink(3)

    assert database.still_open == [conns[3]]
    with pytest.raises(ValueError, match="target"):
        pool.shrink(-1)


def test_close_all_closes_idle_ones_now_and_lent_ones_later(make_pool, database):
    pool = make_pool(connect=database.connect)
    idle, lent = borrow_all(pool, 2)
    pool.release(idle)

    pool.close_all()
    pool.close_all()
    assert database.still_open == [lent]
    assert pool.stats()["in_use"] == 1

    pool.release(lent)
    assert database.still_open == []
    assert pool.stats()["created"] == pool.stats()["closed"] == 2


def test_a_closed_pool_lends_no_more(make_pool, database):
    pool = make_pool(connect=database.connect)
    pool.release(pool.acquire())
    pool.close_all()

    with pytest.raises(PoolClosed):
        pool.acquire()
    with pytest.raises(PoolClosed), pool.connection():
        pass
    assert len(database.opened) == 1


def test_close_all_wakes_everybody_who_waits(make_pool, database):
    pool = make_pool(connect=database.connect, pool_size=1, max_connections=1)
    conn = pool.acquire()
    tasks = [Task(pool.acquire, timeout=None) for _ in range(5)]
    waiting(pool, 5)

    pool.close_all()

    for task in tasks:
        with pytest.raises(PoolClosed):
            task.result()
    assert pool.stats()["waiting"] == 0
    pool.release(conn)
    assert database.still_open == []


def test_a_pool_closed_during_a_connect_lends_nothing(make_pool, database):
    database.gate.clear()
    pool = make_pool(connect=database.connect)
    task = Task(pool.acquire)
    wait_until(lambda: database.connecting)

    pool.close_all()
    database.gate.set()

    with pytest.raises(PoolClosed):
        task.result()
    assert database.still_open == []
    assert pool.stats()["in_use"] == 0


def test_the_with_form_of_the_pool_closes_it(pool_class):
    database = Database()
    with pytest.raises(KeyError), pool_class(connect=database.connect) as pool:  # noqa: PT012
        pool.release(pool.acquire())
        raise KeyError

    assert database.still_open == []
    with pytest.raises(PoolClosed):
        pool.acquire()


def test_a_pool_without_a_name_goes_away(make_pool, pool_class):
    """Nothing keeps a pool that nobody uses: no thread, no registry."""
    import weakref

    pool = pool_class()
    pool.release(pool.acquire())
    pool.close_all()
    gone = weakref.ref(pool)
    del pool
    gc.collect()

    assert gone() is None


def test_a_finalizer_may_give_back_at_any_moment(make_pool, database):
    """The collector runs where it likes, also while this very thread holds the pool's lock."""
    pool = make_pool(connect=database.connect, pool_size=50)

    class Wrapper:
        def __init__(self):
            self.conn = pool.acquire()
            self.itself = self  # so that only the collector frees it

        def __del__(self):
            pool.release(self.conn)

    def churn():
        for _ in range(300):
            Wrapper()
            pool.stats()

    before = gc.get_threshold()
    gc.set_threshold(1)
    try:
        Task(churn).result(within=20)
    finally:
        gc.set_threshold(*before)
    gc.collect()
    assert pool.stats()["in_use"] == 0
