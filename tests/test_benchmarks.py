"""The benchmark's report: what it says follows from the numbers, whatever they are."""

import copy
import sqlite3

import pytest

from poolkit.events import record
from tests.benchmarks import report
from tests.benchmarks.contestants import (
    LifoQueue,
    NoPool,
    Poolkit,
    PoolkitDeaf,
    PoolkitUncapped,
    make_database,
)
from tests.benchmarks.run import compete, quickest

PEERS = ["queue.LifoQueue", "DBUtils PooledDB", "SQLAlchemy QueuePool", "psycopg_pool"]


def run(per_second, least_of_most, longest_wait):
    return {
        "per_second": per_second,
        "least_of_most": least_of_most,
        "longest_wait": longest_wait,
    }


@pytest.fixture
def measured():
    names = [report.OURS, report.UNCAPPED, *PEERS, "no pool"]
    times = dict(zip(names, [1e-6, 0.8e-6, 1e-6, 2e-6, 5e-6, 4e-6, 50e-6], strict=True))
    fairness = {name: run(6000.0, 0.0, 1.5) for name in PEERS}
    fairness[report.OURS] = run(6000.0, 0.99, 0.003)
    return {
        "machine": {"cpus": 2, "system": "Linux", "machine": "x86_64", "python": "CPython 3.11.7"},
        "does": dict.fromkeys(names, "something"),
        "loans": {"loan": times, "block": times, "query": times},
        "extras": {"loan, plain": 1e-6},
        "recording": {"cannot be recorded": 1e-6, "not recorded": 1.01e-6, "recorded": 5e-6},
        "threads": 16,
        "connections": 4,
        "held": 0.0005,
        "fairness": fairness,
        "no work": fairness,
        "contended": {"4 on 4": fairness, "8 on 4": fairness},
    }


def fairness_of(measured):
    return measured["contended"]["8 on 4"]


def test_the_pool_without_a_cap_is_never_the_headline(measured):
    """It is compared with nobody: its peers all have one."""
    measured["loans"]["loan"][report.UNCAPPED] = 99e-6

    assert {row[-1] for row in report.targets_table(measured)[1:]} == {"met"}
    assert report.UNCAPPED not in report.markdown(report.short_table(measured))
    assert report.UNCAPPED in report.page(measured)


def test_the_verdict_says_what_the_numbers_show(measured):
    words = report.verdict(measured)

    assert "Every thread of poolkit's got its share" in words
    assert "saved 49 µs of 50 µs" in words
    assert "not shown" not in words


def test_numbers_of_the_opposite_shape_are_not_talked_round(measured):
    other = copy.deepcopy(measured)
    for each in other["fairness"].values():
        each["least_of_most"] = 0.99
    other["loans"]["query"] = dict.fromkeys(measured["loans"]["query"], 50e-6)

    assert report.verdict(other).count("was not shown on this machine") == 2


def test_a_starved_thread_of_ours_is_admitted(measured):
    measured["fairness"][report.OURS]["least_of_most"] = 0.2

    assert "was not shown" in report.verdict(measured)
    assert ["least served / most served thread", "0.20", "at least 0.9", "missed"] in (
        report.targets_table(measured)
    )


def test_each_target_is_met_or_missed_by_its_number(measured):
    assert {row[-1] for row in report.targets_table(measured)[1:]} == {"met"}

    slow = copy.deepcopy(measured)
    for way in ("loan", "block", "query"):
        slow["loans"][way] = {**slow["loans"][way], report.OURS: 9e-6}
    slow["contended"]["8 on 4"] = {**fairness_of(slow), report.OURS: run(1000.0, 0.1, 1.0)}
    slow["fairness"][report.OURS] = run(1000.0, 0.1, 1.0)

    assert {row[-1] for row in report.targets_table(slow)[1:]} == {"missed"}


def test_a_peer_that_is_not_installed_is_left_out(measured):
    del measured["loans"]["loan"]["SQLAlchemy QueuePool"]

    assert "SQLAlchemy" not in report.plain(report.targets_table(measured))


def test_the_block_takes_its_place_in_the_readme_and_no_more(measured):
    once = report.put_block("# poolkit\n\nText.\n", report.block(measured, "a.png"))
    before, after = once.split(report.BEGIN)[0], "\n\n## After\n"
    twice = report.put_block(once + after, report.block(measured, "b\\1.png"))

    assert once.startswith("# poolkit\n\nText.\n")
    assert twice.startswith(before)
    assert twice.endswith(after)
    assert twice.count(report.BEGIN) == twice.count(report.END) == 1
    assert "(a.png)" not in twice
    assert "(b\\1.png)" in twice


def test_the_picture_is_described_in_words(measured):
    assert "poolkit 1.0" in report.alt_text(measured)
    assert "psycopg_pool 0.00" in report.alt_text(measured)


def test_the_picture_can_be_drawn(measured, tmp_path):
    pytest.importorskip("matplotlib")

    report.draw(measured, tmp_path / "picture.png")

    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_the_quickest_turn_counts():
    naps = iter([5] * 100)
    best = quickest(
        {"quick": lambda: None, "slow": lambda: sum(range(next(naps, 5) * 100))}, turns=3
    )

    assert 0 < best["quick"] < best["slow"]


def test_what_recordings_cost_is_told_as_a_ratio(measured):
    assert [row[-1] for row in report.recording_table(measured)] == [
        "ratio",
        "1.00",
        "1.01",
        "5.00",
    ]
    assert "1.01" in report.page(measured)


def test_the_deaf_pool_is_ours_but_for_the_question(tmp_path):
    path = str(tmp_path / "bench.db")
    make_database(path)
    pool = PoolkitDeaf(path, 2)

    with record(pool.pool) as events:
        pool.loan()
    pool.close()

    assert [event.what for event in events] == ["opened"]


@pytest.mark.parametrize("contestant", [Poolkit, PoolkitUncapped, PoolkitDeaf, LifoQueue, NoPool])
def test_contestants_lend_one_working_connection_in_each_way(contestant, tmp_path):
    path = str(tmp_path / "bench.db")
    make_database(path)
    pool = contestant(path, 2)
    seen = []

    pool.loan()
    pool.block()
    pool.work(seen.append)
    pool.work(lambda conn: seen.append(conn.execute("SELECT count(*) FROM t").fetchone()))
    pool.close()

    assert isinstance(seen[0], sqlite3.Connection)
    assert seen[1] == (100,)


def test_threads_that_compete_are_all_counted(tmp_path):
    path = str(tmp_path / "bench.db")
    make_database(path)

    result = compete(Poolkit, path, seconds=0.15, held=0.0005)

    assert result["per_second"] > 0
    assert 0 <= result["least_of_most"] <= 1
    assert 0 < result["longest_wait"] < 10
