"""Lesson 09: the found pool has its faults, the mended one has lost them, each is noticed alone."""

import sqlite3
from contextlib import suppress

import pytest

from poolkit import ConnectionConfig, ConnectionPool
from poolkit.course.lessons import review
from poolkit.course.lessons.review import beside, faults
from poolkit.course.pools import is_closed

PROOFS = [one.answer for one in review.exercises if one.id.startswith("review.prove")]
FAULTS = [
    "prefilled",
    "interrupted",
    "ann waits, ben gives back",
    "rolled_back",
    "kept",
    "replaced",
    "closed",
]
BEYOND = ["a slow connect holds up nobody", "a freed place goes to who waits"]

# Each fault alone, and each mended only where it shows: the one proof that must notice.
ONE_FAULT = {
    faults.Unshelved: "prefilled",
    faults.HalfShelved: "prefilled",
    faults.Lazy: "prefilled",
    faults.Hiding: "interrupted",
    faults.Respelled: "interrupted",
    faults.Grasping: "ann waits, ben gives back",
    faults.Hasty: "ann waits, ben gives back",
    faults.Unclean: "rolled_back",
    faults.Committing: "rolled_back",
    faults.Wasteful: "kept",
    faults.Silencing: "kept",
    faults.Unchecked: "replaced",
    faults.Unmoved: "replaced",
    faults.Forgetful: "closed",
    faults.Brutal: "closed",
}


def tried(pool_class):
    """Which proofs pass on a pool, by name."""
    return {name: kept for name, (kept,) in beside._tried(PROOFS, [pool_class])}


def test_found_pool_has_every_fault():
    assert tried(review.FoundPool) == dict.fromkeys(FAULTS + BEYOND, False)


def test_mended_pool_has_none_of_the_seven_and_is_not_finished():
    assert tried(review.MendedPool) == dict.fromkeys(FAULTS, True) | dict.fromkeys(BEYOND, False)


def test_the_library_passes_all():
    assert tried(ConnectionPool) == dict.fromkeys(FAULTS + BEYOND, True)


@pytest.mark.parametrize("pool_class", ONE_FAULT)
def test_a_pool_with_one_fault_is_noticed(pool_class):
    verdicts = tried(pool_class)

    assert not verdicts[ONE_FAULT[pool_class]]


@pytest.mark.parametrize(
    "pool_class", [one for one, name in ONE_FAULT.items() if name not in ("interrupted",)]
)
def test_proofs_of_other_faults_do_not_mind_it(pool_class):
    verdicts = tried(pool_class)

    others = {name: verdicts[name] for name in FAULTS if name != ONE_FAULT[pool_class]}
    assert all(others.values()), others


def test_stages_mend_one_part_after_the_other():
    lost = {
        stage: [name for name in FAULTS if tried(stage)[name]]
        for stage in (review.Mended1, review.Mended2, review.Mended3)
    }

    assert lost[review.Mended1] == ["prefilled", "interrupted"]
    assert lost[review.Mended2] == [*lost[review.Mended1], "ann waits, ben gives back"]
    assert lost[review.Mended3] == [*lost[review.Mended2], "rolled_back", "kept"]


@pytest.mark.parametrize("pool_class", [review.FoundPool, review.MendedPool, ConnectionPool])
def test_demo_stores_five_users(pool_class, tmp_path):
    if pool_class is ConnectionPool:
        pool_class = library
    assert review.five_users(pool_class, str(tmp_path)) == 5


def library(connect, least, most):
    """The library's pool, made as the found one is."""
    config = ConnectionConfig(
        min_connections=least, pool_size=most, max_connections=most, max_retries=1
    )
    return ConnectionPool(config, connect=connect)


def test_found_pool_loses_a_place_with_each_error():
    with review.bench(review.FoundPool) as bench:
        pool = bench.pool(most=3)
        for _ in range(2):
            with suppress(sqlite3.IntegrityError), pool.connection() as conn:
                conn.execute(review.NOBODY)

        assert (pool.open, len(bench.opened)) == (2, 2)
        assert [review.ask(pool), review.ask(pool)] == ["a connection", "TimeoutError"]


def test_bench_closes_all_it_opened_even_with_trouble_left():
    with review.bench(review.MendedPool) as bench:
        conn = bench.pool().acquire()
        conn.trouble = KeyboardInterrupt

    assert is_closed(conn)


@pytest.mark.parametrize(
    ("pool_class", "got", "waited", "stood"),
    [
        (review.FoundPool, "TimeoutError", 5, 4),
        (review.MendedPool, "a connection", 1, 0),
        (ConnectionPool, "a connection", 1, 0),
    ],
)
def test_ann_and_ben_come_out_the_same_fifty_times(pool_class, got, waited, stood):
    for _ in range(50 if pool_class is not ConnectionPool else 5):
        clock = review.stand_and_wait(pool_class)

        assert (clock.got, round(clock.waited), round(clock.stood)) == (got, waited, stood)
