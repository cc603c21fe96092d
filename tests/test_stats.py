"""Numbers and words."""

import contextlib
import gc
import sys
import threading
import weakref

import pytest

from poolkit import PoolTimeout
from poolkit.stats import borrower, in_words, no_connection, overdue, whereabouts
from tests.tools import Clock, Database, Task


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.0312, "0.031 s"),
        (2.51, "2.5 s"),
        (9.99, "10 s"),
        (41.4, "41 s"),
        (3600, "3600 s"),
    ],
)
def test_lengths_of_time_are_short(seconds, words):
    assert in_words(seconds) == words


class Holder:
    """A card in short: who has it, since when."""

    def __init__(self, since, noted):
        self.since, self.borrower = since, noted


def note():
    return borrower(sys._getframe(1))


def test_the_line_noted_is_that_of_the_call():
    noted = note()
    line = sys._getframe().f_lineno - 1

    assert whereabouts(Holder(0, noted)) == (
        __file__,
        line,
        "test_the_line_noted_is_that_of_the_call",
    )


def test_in_a_long_function_too():
    source = "def long():\n" + "    pass\n" * 5000 + "    return note()\n"
    scope = {"note": note}
    exec(compile(source, "long.py", "exec"), scope)

    assert whereabouts(Holder(0, scope["long"]()))[:2] == ("long.py", 5002)


def test_without_a_holder_the_message_ends_early():
    assert no_connection(5, 2, 2, 3, [], 0.0) == (
        "no connection came free in 5.0 s: 2 of 2 in use, 3 waiting"
    )


def test_the_longest_holder_is_named_and_ones_own_are_counted():
    noted = Task(note, name="worker-2").result()
    mine = note()

    text = no_connection(5.0, 2, 2, 0, [Holder(10.0, noted), Holder(30.0, mine)], 51.0)

    assert text == (
        "no connection came free in 5.0 s: 2 of 2 in use, 0 waiting; "
        f"longest held 41 s by worker-2 at tools.py:{whereabouts(Holder(0, noted))[1]}; "
        "this thread holds 1 of them itself"
    )


def test_an_overdue_loan_is_told_with_its_place():
    text = overdue(Holder(10.0, note()), 71.0)

    assert text.startswith("a connection has been out for 61 s: ")
    assert threading.current_thread().name in text
    assert f"{__file__}:" in text
    assert text.endswith("in test_an_overdue_loan_is_told_with_its_place")


@pytest.mark.parametrize("way", ["acquire", "connection", "stack"])
def test_whichever_way_one_borrows_it_is_ones_own_line(make_pool, caplog, way):
    clock = Clock()
    pool = make_pool(connect=Database().connect, clock=clock, leak_after=1)
    with contextlib.ExitStack() as stack:
        if way == "acquire":
            pool.acquire()
        elif way == "connection":
            lease = pool.connection()
            lease.__enter__()
        else:
            stack.enter_context(pool.connection())
        clock.now += 1
        pool.stats()

        (record,) = caplog.records
        assert f"{__file__}:" in record.getMessage()
        assert "in test_whichever_way" in record.getMessage()


def test_a_snapshot_is_of_one_moment(make_pool):
    """While others borrow and give back, the numbers always agree with each other."""
    pool = make_pool(connect=Database().connect, pool_size=2, max_connections=4)
    stop = threading.Event()

    def work():
        while not stop.is_set():
            with pool.connection():
                pass

    tasks = [Task(work) for _ in range(6)]
    last = pool.stats()
    for _ in range(3000):
        stats = pool.stats()
        assert stats["idle"] + stats["in_use"] <= 4
        assert stats["idle"] <= 2
        assert stats["peak"] <= 4
        assert 0 <= stats["created"] - stats["closed"] <= stats["idle"] + stats["in_use"]
        for name in ("created", "reused", "closed", "discarded", "timeouts", "peak"):
            assert stats[name] >= last[name]
        last = stats
    stop.set()
    for task in tasks:
        task.result()


def test_a_finished_borrower_is_let_go_of_and_still_named(make_pool):
    """Its name is noted, not the thread, on which much may hang."""
    pool = make_pool(connect=Database().connect, pool_size=2, max_connections=2)
    pool.release(Task(pool.acquire, name="worker-8").result())
    task = Task(pool.acquire, name="worker-9")
    task.result()
    pool.acquire()
    gone = weakref.ref(task.thread)
    del task
    gc.collect()

    with pytest.raises(PoolTimeout, match="by worker-9 at"):
        pool.acquire(timeout=0)
    assert gone() is None
