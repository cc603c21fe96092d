"""What a pool does, noted while somebody listens, and nothing of it at any other time."""

import gc
import json
import os
import sys
import threading
import weakref
from collections import deque
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from poolkit import ConnectFailed, ConnectionConfig, ConnectionPool, PoolClosed, PoolTimeout
from poolkit.events import Event, _loan, record
from tests import test_pool_handlers as handlers
from tests import test_pool_interrupts as interrupts
from tests.interrupting import Interrupter, following
from tests.test_forks import in_child
from tests.tools import Clock, Database, Task, wait_until, waiting

THIS = __file__


@pytest.fixture
def database():
    return Database()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pool(database, clock):
    config = ConnectionConfig(pool_size=2, max_connections=2, base_backoff=0, max_retries=2)
    with ConnectionPool(config, connect=database.connect, clock=clock) as pool:
        yield pool


def steps(events):
    return [(event.what, event.conn) for event in events]


def line_of(needle, function):
    """Where a piece of code stands in this file, as an event tells it."""
    lines = Path(THIS).read_text(encoding="utf-8").splitlines()
    (number,) = (n for n, line in enumerate(lines, 1) if line.endswith(f"# {needle}"))
    return f"{THIS}:{number} in {function}"


# What is noted


def test_a_loan_is_opened_lent_returned_and_at_the_end_closed(pool, clock):
    with record(pool) as events:
        conn = pool.acquire()  # the loan
        clock.now += 3
        pool.release(conn)
        clock.now += 1
        pool.shrink(0)

    me = threading.current_thread().name
    line = line_of("the loan", "test_a_loan_is_opened_lent_returned_and_at_the_end_closed")
    assert [event[:6] for event in events] == [
        (1000, "opened", me, 1, 0, line),
        (1000, "lent", me, 1, 0, line),
        (1003, "returned", me, 1, 3, line),
        (1004, "closed", me, 1, 0, ""),
    ]
    assert type(events) is list
    assert all(type(event) is Event for event in events)


def test_how_long_it_took_to_connect_is_told(pool, database, clock):
    slow, database.connect = database.connect, None

    def connect():
        clock.now += 0.25
        return slow()

    pool._connector._connect = connect
    with record(pool) as events, pool.connection():
        pass

    assert (events[0].what, events[0].seconds, events[0].at) == ("opened", 0.25, 1000.25)


def test_connections_are_numbered_as_they_were_opened(pool):
    first, second = pool.acquire(), pool.acquire()
    pool.release(first)
    pool.release(second)

    with record(pool) as events:
        assert pool.acquire() is second
        assert pool.acquire() is first

    assert steps(events) == [("lent", 2), ("lent", 1)]


def test_a_new_connection_in_the_place_of_an_old_one_has_a_new_number(pool, database, clock):
    pool.release(pool.acquire())
    clock.now += 1
    database.opened[0].failure = RuntimeError("gone")

    with record(pool) as events:
        pool.acquire()

    assert steps(events) == [("discarded", 1), ("opened", 2), ("lent", 2)]


def test_one_that_comes_back_broken_is_returned_and_discarded(pool):
    with record(pool) as events:
        conn = pool.acquire()
        conn.in_transaction, conn.failure = True, RuntimeError("gone")
        pool.release(conn)

    assert steps(events)[2:] == [("returned", 1), ("discarded", 1)]


def test_a_connect_that_fails_is_told_once_for_all_its_attempts(pool, database):
    database.failures = [OSError("database is locked"), OSError("no server")]

    with record(pool) as events, pytest.raises(ConnectFailed):
        pool.acquire()

    assert steps(events) == [("connect failed", 0)]
    assert events[0].line.startswith(THIS)


def test_a_timeout_tells_how_long_who_waited_and_where(pool):
    pool.acquire(), pool.acquire()

    def wait():
        pool.acquire(timeout=0.01)  # the wait

    with record(pool) as events, pytest.raises(PoolTimeout):
        Task(wait, name="late").result()

    line = line_of("the wait", "test_a_timeout_tells_how_long_who_waited_and_where.<locals>.wait")
    assert steps(events)[2:] == [("timed out", 0)]
    assert (events[2].thread, events[2].line, events[2].seconds) == ("late", line, 0)


def test_a_wait_is_told_with_its_length_before_the_loan_that_it_brought(pool, clock):
    mine = pool.acquire(), pool.acquire()

    with record(pool) as events:
        other = Task(pool.acquire, name="other")
        waiting(pool, 1)
        clock.now += 7
        pool.release(mine[0])
        other.result()

    assert steps(events)[2:] == [("returned", 1), ("waited", 1), ("lent", 1)]
    assert [event.thread for event in events[3:]] == ["other", "other"]
    assert events[3].seconds == 7


def test_who_is_sent_away_has_waited_for_nothing(pool):
    pool.acquire(), pool.acquire()

    with record(pool) as events:
        other = Task(pool.acquire)
        waiting(pool, 1)
        pool.close_all()
        with pytest.raises(PoolClosed):
            other.result()

    assert steps(events)[2:] == [("waited", 0)]


def test_who_waits_for_a_place_waits_for_no_connection_of_before(pool):
    mine = pool.acquire(), pool.acquire()
    mine[0].in_transaction, mine[0].failure = True, RuntimeError("gone")

    with record(pool) as events:
        other = Task(pool.acquire)
        waiting(pool, 1)
        pool.release(mine[0])
        other.result()

    assert steps(events)[2:] == [
        ("returned", 1), ("discarded", 1), ("waited", 0), ("opened", 3), ("lent", 3),
    ]  # fmt: skip


def test_the_counts_are_those_of_stats(pool, database, clock):
    with record(pool) as events:
        for _ in range(3):
            one, two = pool.acquire(), pool.acquire()
            with suppress(PoolTimeout):
                pool.acquire(timeout=0)
            one.in_transaction, one.failure = True, RuntimeError("gone")
            pool.release(one)
            pool.release(two)
        pool.shrink(0)

    stats, seen = pool.stats(), [event.what for event in events]
    assert seen.count("opened") == stats["created"]
    assert seen.count("lent") == stats["created"] + stats["reused"]
    assert seen.count("timed out") == stats["timeouts"]
    assert seen.count("discarded") == stats["discarded"]
    assert seen.count("discarded") + seen.count("closed") == stats["closed"]


# Whose line it is


def helper(pool):
    return pool.acquire()  # in a helper


@contextmanager
def lending(pool):
    with pool.connection() as conn:  # in a generator
        yield conn


def test_the_block_form_is_told_by_the_line_of_its_with(pool):
    with record(pool) as events, pool.connection():  # the with
        pass

    line = line_of("the with", "test_the_block_form_is_told_by_the_line_of_its_with")
    assert {event.line for event in events} == {line}


def test_a_helpers_callers_are_told(pool):
    with record(pool) as events:
        helper(pool)  # its caller

    assert events[1].line == line_of("in a helper", "helper")
    assert events[1].callers[0] == line_of("its caller", "test_a_helpers_callers_are_told")
    assert len(events[1].callers) <= 8


def test_a_helper_that_is_a_generator_hides_nobody(pool):
    with record(pool) as events, lending(pool):  # through contextlib
        pass

    assert events[1].line == line_of("in a generator", "lending")
    assert events[1].callers[0].startswith(line_of("through contextlib", ""))


def test_what_the_library_itself_borrows_is_its_callers(database):
    from poolkit import run_demo_queries

    with ConnectionPool(ConnectionConfig()) as pool, record(pool) as events:
        run_demo_queries(pool, ["a"])  # the workload

    assert {event.line for event in events} == {
        line_of("the workload", "test_what_the_library_itself_borrows_is_its_callers")
    }


# When a recording begins and ends


def test_what_is_out_when_it_begins_was_lent_at_its_time(pool, clock):
    conn = pool.acquire()  # before
    clock.now += 5

    with record(pool) as events:
        clock.now += 1
        pool.release(conn)

    line = line_of("before", "test_what_is_out_when_it_begins_was_lent_at_its_time")
    assert [event[:2] for event in events] == [(1000, "lent"), (1006, "returned")]
    assert events[0].line == events[1].line == line
    assert events[1].seconds == 6


def test_a_pool_that_did_not_ask_who_knows_only_that_it_is_out(database):
    with ConnectionPool(ConnectionConfig(), connect=database.connect) as pool:
        conn = pool.acquire()
        with record(pool) as events:
            pool.release(conn)
            pool.release(pool.acquire())  # asked

    assert steps(events) == [("lent", 1), ("returned", 1)] * 2
    assert (events[0].thread, events[0].line) == ("", "")
    assert events[2].line.startswith(line_of("asked", ""))


def test_a_wait_that_began_before_is_told_when_it_ends(pool, clock):
    mine = pool.acquire(), pool.acquire()
    other = Task(pool.acquire)
    waiting(pool, 1)

    with record(pool) as events:
        pool.release(mine[0])
        other.result()

    assert steps(events)[2:] == [("returned", 1), ("waited", 1), ("lent", 1)]


def test_what_comes_back_while_it_begins_is_not_out(pool):
    conn = pool.acquire()

    def hook(frame, event, arg):
        if event == "call" and frame.f_code is _loan.__code__:
            sys.setprofile(None)
            pool.release(conn)

    sys.setprofile(hook)
    try:
        with record(pool) as events:
            pool.release(pool.acquire())
    finally:
        sys.setprofile(None)

    assert steps(events) == [("lent", 1), ("returned", 1)]


def test_of_what_was_closed_nothing_is_remembered(pool):
    with record(pool):
        for _ in range(10):
            pool.release(pool.acquire())
            pool.shrink(0)

        assert pool._recording.loans == pool._recording._back == {}


def test_it_may_end_while_somebody_waits(pool):
    mine = pool.acquire(), pool.acquire()

    with record(pool) as events:
        other = Task(pool.acquire)
        waiting(pool, 1)
    pool.release(mine[0])
    other.result()

    assert steps(events) == [("lent", 1), ("lent", 2)]


def test_after_it_the_pool_is_as_it_was(pool):
    before = dict(vars(pool))

    with record(pool) as events, pool.connection():
        assert vars(pool) != before
    kept = list(events)
    pool.release(pool.acquire())

    changed = {name for name, value in vars(pool).items() if value != before[name]}
    assert changed <= {"_idle", "_room", "_open", "_counts", "_reused", "_peak"}
    assert events == kept


def test_two_recordings_hear_the_same_each_for_its_time(pool):
    with record(pool) as outer:
        pool.release(pool.acquire())
        conn = pool.acquire()
        with record(pool) as inner:
            pool.release(conn)
            pool.release(pool.acquire())
        pool.release(pool.acquire())

    assert steps(inner) == [("lent", 1), ("returned", 1)] * 2
    assert steps(outer) == [("opened", 1), *[("lent", 1), ("returned", 1)] * 4]


def test_recordings_may_overlap(pool):
    one, two = record(pool), record(pool)
    first, second = one.__enter__(), two.__enter__()
    one.__exit__(None, None, None)
    pool.release(pool.acquire())
    two.__exit__(None, None, None)

    assert first == []
    assert steps(second) == [("opened", 1), ("lent", 1), ("returned", 1)]


def test_only_the_last_are_kept_if_asked(pool):
    with record(pool, most=3) as events:
        for _ in range(5):
            pool.release(pool.acquire())
        pool.shrink(0)

    assert type(events) is deque
    assert steps(events) == [("lent", 1), ("returned", 1), ("closed", 1)]


@pytest.mark.parametrize("most", [0, -1])
def test_to_keep_none_is_refused(pool, most):
    with pytest.raises(ValueError, match=f"most must be at least 1, or None, not {most}"):
        record(pool, most=most)


def test_what_is_no_pool_is_refused():
    with pytest.raises(TypeError, match="pool must be a ConnectionPool, not str"):
        record("pool")


def test_nothing_is_kept_alive(database):
    pool = ConnectionPool(ConnectionConfig(), connect=database.connect)
    code = compile("pool.release(pool.acquire())", "borrowing.py", "exec")

    with record(pool) as events:
        Task(exec, code, {"pool": pool}, name="short").result()
    pool.release(pool.acquire())  # from here on it is the last loan
    gone = [weakref.ref(code), weakref.ref(pool), weakref.ref(database.opened.pop())]

    pool.close_all()
    del pool, code
    gc.collect()
    assert [each() for each in gone] == [None] * 3
    assert {event.thread for event in events} == {"short"}
    assert events[1].line == "borrowing.py:1 in <module>"


def test_events_are_plain_and_pandas_reads_them(pool):
    pandas = pytest.importorskip("pandas")
    with record(pool, most=10) as events:
        pool.release(pool.acquire())

    assert json.loads(json.dumps(list(events)))[1][1] == "lent"
    frame = pandas.DataFrame(events)
    assert list(frame.columns) == list(Event._fields)
    assert list(frame["what"]) == ["opened", "lent", "returned"]


def test_the_module_needs_no_pandas():
    from tests.test_package import modules_after

    assert "pandas" not in modules_after("import poolkit.events")
    assert "poolkit.events" not in modules_after("import poolkit")


# Threads


def assert_in_order(events):
    """No connection is lent twice without a return between, nor earlier than it came back."""
    out, last = set(), {}
    for event in events:
        if event.what == "lent":
            assert event.conn not in out
            out.add(event.conn)
        elif event.what == "returned":
            out.remove(event.conn)
        if event.conn:
            assert event.at >= last.get(event.conn, event.at)
            last[event.conn] = event.at
    return out


def test_many_threads_are_told_in_an_order_that_can_have_been():
    config = ConnectionConfig(pool_size=3, max_connections=3, acquire_timeout=None)
    with ConnectionPool(config, connect=Database().connect) as pool, record(pool) as events:

        def work():
            for _ in range(200):
                with pool.connection():
                    pass

        for task in [Task(work, name=f"worker {n}") for n in range(8)]:
            task.result(30)

    assert assert_in_order(events) == set()
    lent = [event for event in events if event.what == "lent"]
    assert len(lent) == 1600
    assert {event.thread for event in lent} == {f"worker {n}" for n in range(8)}


def test_recordings_begin_and_end_while_others_use_the_pool():
    config = ConnectionConfig(pool_size=3, max_connections=3, acquire_timeout=None)
    with ConnectionPool(config, connect=Database().connect) as pool:
        done = threading.Event()

        def work():
            while not done.is_set():
                with pool.connection():
                    pass

        tasks = [Task(work) for _ in range(4)]
        logs = []
        for _ in range(100):
            with record(pool) as events:
                wait_until(lambda events=events: len(events) > 20)
            logs.append(events)
        done.set()
        for task in tasks:
            task.result()

        for events in logs:
            lent = {event.conn for event in events if event.what == "lent"}
            assert lent <= {1, 2, 3}
            assert_in_order(events)
        assert pool.stats()["in_use"] == 0


# The promises of the pool


RECORDED = [
    interrupts.LendingAndTakingBack, interrupts.OpeningAndClosing, interrupts.Failing,
    interrupts.Replacing, interrupts.TakingBackBroken, interrupts.GivingUp, interrupts.Waiting,
    interrupts.WaitingForAPlace, interrupts.HandingOver, interrupts.Shrinking, interrupts.Block,
]  # fmt: skip


def play_recorded(scene_class, at):
    scene = scene_class()
    interrupter = Interrupter(at)
    with record(scene.pool) as events:
        with suppress(KeyboardInterrupt), following(interrupter):
            scene.act()
        interrupts.settle(scene)
    return interrupter, events


@pytest.mark.parametrize("scene_class", RECORDED, ids=lambda scene: scene.__name__)
def test_no_interrupt_loses_a_connection_or_a_loans_end(scene_class):
    whole_run, _ = play_recorded(scene_class, at=None)

    for at in range(1, whole_run.count + 1):
        interrupter, events = play_recorded(scene_class, at)
        try:
            assert assert_in_order(events) == set()
        except BaseException as exc:
            exc.add_note(f"{scene_class.__name__}, interrupted at {at}: {interrupter.where}")
            raise


class Recording(interrupts.LendingAndTakingBack):
    """The beginning and the end of a recording, interrupted."""

    def before(self):
        super().before()
        self.out = self.pool.acquire()

    def act(self):
        with record(self.pool):
            pass

    def others_finish(self):
        self.pool.release(self.out)


def test_an_interrupt_ends_a_recording_too():
    whole_run, _ = interrupts.play(Recording, at=None)

    for at in range(1, whole_run.count + 1):
        scene, interrupter = Recording(), Interrupter(at)
        before = scene.pool._note_who
        with suppress(KeyboardInterrupt), following(interrupter):
            scene.act()

        at_the_end = interrupter.where.startswith("record.__exit__")  # before its first step
        if not at_the_end:
            assert (scene.pool._recording, scene.pool._note_who) == (None, before)
        interrupts.settle(scene)


class RecordedReleasing(handlers.ReleasingToOne):
    def act(self):
        with record(self.pool):
            super().act()


class RecordedAcquiring(handlers.Acquiring):
    def act(self):
        with record(self.pool):
            super().act()


@pytest.mark.parametrize("handler", [handlers.give_back, handlers.borrow_briefly, handlers.close])
@pytest.mark.parametrize("scene_class", [RecordedReleasing, RecordedAcquiring])
def test_a_handler_may_use_the_pool_at_any_step_of_a_note(scene_class, handler):
    at = 1
    while handlers.play(scene_class, handler, at):
        at += 1
    assert at > 3


def test_nobodys_code_is_called_with_the_lock_held(monkeypatch):
    held = []

    def clock():
        held.append(pool._lock._is_owned())
        return 1000.0

    class Named(threading.Thread):
        @property
        def name(self):
            held.append(pool._lock._is_owned())
            return "named"

        @name.setter
        def name(self, value):
            pass

    pool = None
    pool = ConnectionPool(
        ConnectionConfig(pool_size=1, max_connections=2), connect=Database().connect,
        clock=lambda: clock() if pool else 1000.0,
    )  # fmt: skip

    def work():
        with record(pool):
            one, two = pool.acquire(), pool.acquire()
            with suppress(PoolTimeout):
                pool.acquire(timeout=0)
            pool.release(one)
            pool.release(two)

    thread = Named(target=work)
    thread.start()
    thread.join()
    assert held
    assert not any(held)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_in_a_child_the_events_begin_anew(pool):
    pool.release(pool.acquire())

    with record(pool) as events:
        pool.release(pool.acquire())

        def child():
            assert events == []
            pool.release(pool.acquire())
            assert steps(events) == [("opened", 1), ("lent", 1), ("returned", 1)]

        in_child(child)

    assert ("returned", 1) in steps(events)
    assert ("opened", 1) not in steps(events)
