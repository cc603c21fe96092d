"""Lesson 10: its incidents, its picture and its words, its answers beside the pool itself."""

import time

import pytest

from poolkit import ConnectionConfig, ConnectionPool
from poolkit.course.checking import examine
from poolkit.course.exercises import find
from poolkit.course.lessons import watch as lesson
from poolkit.course.lessons.watch import given
from poolkit.course.lessons.watch.given import Incident
from poolkit.course.lessons.watch.logs import BACK, LENT, event, log_of, short_logs
from poolkit.course.lessons.watch.translating import NAMES
from poolkit.events import record
from tests.tools import Database


def incident(*events, now=110.0, later=()):
    return Incident(100.0, now, list(events), {}, ("worker",), tuple(later))


def loans(*spans):
    """The log of loans, each of a connection from a second to a second, or for ever."""
    log = []
    for conn, start, end in spans:
        log.append(event(100 + start, "lent", conn))
        if end is not None:
            log.append(event(100 + end, "returned", conn, end - start))
    return sorted(log)


# The picture and its words


def test_sentence_of_a_leak():
    short = [(1, n, n + 0.5) for n in range(5)]
    said = lesson.timeline_sentence(
        incident(*loans(*short, (2, 1, None)), event(109, "timed out", 0, 1.0))
    )

    assert "1 connections are out, the longest for 9.00 s" in said
    assert "took 500 ms or less. 1 waited in vain" in said
    assert said.endswith("18 times as long as usual: somebody does not give back.")


def test_sentence_of_a_pool_that_is_too_small():
    short = [(1, n, n + 0.75) for n in range(9)]
    said = lesson.timeline_sentence(
        incident(*loans(*short, (1, 9, None), (2, 8.5, None)), event(109, "timed out", 0, 1.0))
    )

    assert "2 connections are out, the longest for 1.50 s" in said
    assert said.endswith("All of them come back as usual: there are too few for so many.")


@pytest.mark.parametrize(
    "events",
    [
        [],
        loans((1, 0, 1), (2, 1, None)),
        [*loans((1, 0, 1)), event(109, "timed out", 0, 1.0)],
        [*loans((1, 0, None)), event(109, "timed out", 0, 1.0)],
    ],
)
def test_sentence_says_so_where_nothing_is_shown(events):
    assert lesson.timeline_sentence(incident(*events)).startswith("Not shown on this machine")


def test_loans_that_are_out_have_no_end():
    found = given.loans_of(loans((1, 0, 2), (2, 1, None)))

    assert [(loan.conn, loan.start, loan.end) for loan in found] == [(1, 100, 102), (2, 101, None)]


def test_a_return_of_an_unknown_loan_is_no_loan():
    assert given.loans_of([event(100, "returned", 1)]) == []


def test_who_still_waits_at_the_end_is_drawn_too():
    one = incident(
        event(104, "waited", 1, 2.0),
        event(105, "timed out", 0, 2.0),
        later=[event(111, "timed out", 0, 3.0), event(113, "waited", 1, 1.0)],
    )

    times, counts = given.waiting_over_time(one)

    assert list(zip(times, counts, strict=True)) == [
        (102, 1), (103, 2), (104, 1), (105, 0), (108, 1), (110, 1),
    ]  # fmt: skip


def test_picture_has_words():
    import matplotlib.pyplot as plt

    fig, alt = lesson.timeline(
        incident(*loans((1, 0, 1), (2, 1, None)), event(109, "timed out", 0, 1.0))
    )

    above, below = fig.axes
    assert (above.get_ylabel(), below.get_ylabel()) == ("connection", "in line")
    assert "seconds" in below.get_xlabel()
    assert "2 connections" in alt
    plt.close(fig)


def test_picture_of_an_incident_without_waits_can_be_drawn():
    import matplotlib.pyplot as plt

    fig, _ = lesson.timeline(incident(*loans((1, 0, 1))))

    assert len(fig.axes) == 2
    plt.close(fig)


# Incidents


def shop(patience=0.05):
    config = ConnectionConfig(pool_size=2, max_connections=2, acquire_timeout=patience)
    return ConnectionPool(config, connect=Database().connect)


def serve(pool):
    with pool.connection():
        time.sleep(0.005)


def leak(pool):
    pool.acquire()
    raise ValueError("forgotten by whoever calls this")


def test_a_leak_is_lived_through_and_nothing_of_it_stays():
    with shop() as pool:
        day = lesson.live_through(pool, lesson.Crew(serve, 2), lesson.Crew(leak, pause=0.02))

        assert day.stats["timeouts"] >= given.IN_VAIN
        assert day.stats["waiting"] > 0
        assert (day.stats["in_use"], day.stats["idle"]) == (2, 0)
        assert len(lesson.overdue(day.events, day.now, day.now - day.began - 2)) == 2
        assert day.crews == ("serve", "leak")
        assert pool.stats()["in_use"] == 0
        assert pool._recording is None


def test_nobody_looks_in_the_middle_of_a_hand_over():
    """A return is noted, the next loan not yet: by the numbers it is lent, by the log not."""
    log, looks = loans((1, 0, None), (2, 1, 2)), []

    class Busy:
        def stats(self):
            looks.append(len(log))
            if len(looks) == 3:
                log.append(event(102, "lent", 2))
            return {"timeouts": given.IN_VAIN, "waiting": 1, "idle": 0, "in_use": 2}

    _, seen, _ = given._look(Busy(), log, 0)

    assert looks == [3, 3, 3]
    assert seen == log
    assert lesson.peak(seen) == 2


def test_notebook_is_right_about_an_export_that_gives_back():
    def export(pool):
        with pool.connection():
            int("n/a")

    with shop() as pool, record(pool) as events, pytest.raises(ValueError, match="n/a"):
        export(pool)

    assert [one.what for one in events] == ["opened", "lent", "returned"]


def test_a_rush_leaks_nothing():
    with shop(patience=0.01) as pool:
        day = lesson.live_through(pool, lesson.Crew(serve, 20))

        longest = max(one.seconds for one in day.events if one.what == "returned")
        assert lesson.overdue(day.events, day.now, max(longest * 2, 1.0)) == []
        assert {one.thread for one in day.events} <= {f"serve {n + 1}" for n in range(20)}


def test_an_incident_that_does_not_come_about_is_told(monkeypatch):
    monkeypatch.setattr(given, "_LONGEST", 0.05)

    with shop() as pool, pytest.raises(RuntimeError, match="did not come about"):
        lesson.live_through(pool, lesson.Crew(serve))

    assert pool._recording is None


def test_a_line_is_told_with_what_stands_there():
    with shop() as pool, record(pool) as events:
        pool.release(pool.acquire())

    function = "test_a_line_is_told_with_what_stands_there"
    said = lesson.read_line(events[1].line)
    assert said.startswith(f"{function}, line ")
    assert said.endswith(": pool.release(pool.acquire())")


# Answers beside the pool


def test_peak_from_the_log_is_that_of_stats():
    with shop(patience=None) as pool, record(pool) as events:
        one, two = pool.acquire(), pool.acquire()
        pool.release(one)
        pool.release(two)
        pool.release(pool.acquire())

    assert lesson.peak(events) == pool.stats()["peak"] == 2


def test_utilisation_agrees_with_what_was_lent():
    now = [100.0]
    config = ConnectionConfig(pool_size=2, max_connections=2)
    with ConnectionPool(config, connect=Database().connect, clock=lambda: now[0]) as pool:
        with record(pool) as events:
            one, two = pool.acquire(), pool.acquire()
            now[0] += 3
            pool.release(one)
            now[0] += 1

        assert lesson.utilisation(events, 100.0, 104.0, 2) == 7 / 8
        assert [loan.conn for loan in lesson.overdue(events, now[0], 4)] == [2]
        pool.release(two)


def test_translation_of_real_numbers():
    with shop() as pool:
        conn = pool.acquire()

        told = lesson.as_psycopg(pool.stats())
        pool.release(conn)

    assert told == {
        "pool_max": 2, "pool_size": 1, "pool_available": 0, "requests_waiting": 0,
        "requests_wait_ms": 0.0, "requests_errors": 0,
    }  # fmt: skip


def test_names_are_those_that_psycopg_pool_gives():
    base = pytest.importorskip("psycopg_pool.base")

    theirs = {value for name, value in vars(base.BasePool).items() if name.isupper()}
    assert set(NAMES) <= theirs


@pytest.mark.parametrize("clock", [time.monotonic, time.time, time.perf_counter])
def test_who_reads_a_clock_instead_of_now_is_not_told_that_the_limit_is_not_asked(clock):
    def overdue(events, now, limit):
        return lesson.overdue(events, clock(), limit)

    verdict = examine(find("exercises", "watch.alarm"), overdue)

    assert verdict.reason == "not found"
    assert "how long is measured up to `now`" in verdict.story


# The logs that answers are tried with


def test_short_logs_are_all_that_can_be():
    logs = list(short_logs(3))

    assert logs[0] == ()
    assert len(set(logs)) == len(logs) == 9
    assert ((LENT, 7), (BACK, 7), (LENT, 7)) in logs
    assert all(lesson.peak(log_of(moves)) <= len(moves) for moves in logs)


def test_a_log_that_was_cut_may_begin_with_a_return():
    logs = list(short_logs(2, cut=True))

    assert ((BACK, 7),) in logs
    assert ((BACK, 7), (BACK, 4)) in logs
    assert ((BACK, 7), (BACK, 7)) not in logs
    assert ((LENT, 7), (LENT, 7)) not in logs
