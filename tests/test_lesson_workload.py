"""Lesson 05: its answers beside `poolkit.run_demo_queries`, and the tools of its claims."""

import sqlite3
from contextlib import closing

import pytest

from poolkit import ConnectionConfig, ConnectionPool, PoolTimeout, SimplePool, run_demo_queries
from poolkit.course import data
from poolkit.course.lessons import workload
from poolkit.course.lessons.workload import given, leaks


@pytest.fixture
def labels():
    return data("labels.txt").read_text(encoding="utf-8").splitlines()


def by_the_answers(pool, labels):
    def work(conn):
        conn.execute(workload.TABLE)
        return workload.insert_labels(conn, labels)

    return workload.borrow_for(pool, work)


@pytest.mark.parametrize("make_pool", [SimplePool, ConnectionPool])
def test_answers_do_what_run_demo_queries_does(tmp_path, labels, make_pool):
    pools = [make_pool(ConnectionConfig(tmp_path / name)) for name in ("mine.db", "ours.db")]
    rounds = [
        (by_the_answers(pools[0], some), run_demo_queries(pools[1], some))
        for some in (labels, [], labels[:3])
    ]
    tables = []
    for pool in pools:
        conn = pool.acquire()
        tables.append(conn.execute("SELECT id, label FROM events ORDER BY id").fetchall())
        pool.release(conn)
    counts = [pool.stats() for pool in pools]
    for pool in pools:
        pool.close_all()

    assert [mine == ours for mine, ours in rounds] == [True] * 3
    assert tables[0] == tables[1]
    assert len(tables[0]) == len(labels) + 3
    assert counts[0] == counts[1]


def test_answers_leave_as_little_as_run_demo_queries_when_a_label_is_refused():
    for work, error in ((by_the_answers, sqlite3.IntegrityError), (run_demo_queries, TypeError)):
        with ConnectionPool(ConnectionConfig(max_connections=5)) as pool:
            work(pool, ["login"])
            with pytest.raises(error):
                work(pool, ["logout", None])

            assert pool.stats()["in_use"] == 0
            conn = pool.acquire()
            assert workload.count(conn) == 1
            pool.release(conn)


def test_the_learners_test_passes_the_real_workload():
    with given.small_pool() as pool:
        workload.finds_leaks(run_demo_queries, pool)


@pytest.mark.parametrize("bad", [(True, False), (False, True), (False, False)])
def test_stores_that_leak_do_leak(bad):
    with given.small_pool() as pool:
        with pytest.raises(AssertionError, match="did not come back"):
            workload.finds_leaks(leaks.make_store(leaks.Store(*bad)), pool)

        assert given.out(pool) == 1
        with pytest.raises(PoolTimeout):
            pool.acquire()


def test_stored_sees_what_is_committed_and_nothing_beside_a_draft():
    with given.neighbours("old") as (conn, other):
        assert given.stored(other) == ["old"]
        conn.execute("INSERT INTO events (label) VALUES ('draft')")
        assert given.stored(other) is None
        conn.commit()
        assert given.stored(other) == ["old", "draft"]


def test_open_events_makes_the_table_once(tmp_path):
    for _ in range(2):
        with closing(workload.open_events(tmp_path, "x.db")) as conn, conn:
            conn.execute("INSERT INTO events (label) VALUES ('a')")

    with closing(workload.open_events(tmp_path, "x.db")) as conn:
        assert workload.count(conn) == 2
