"""The end of lesson 09: every proof on every pool, and two that no mend of ours passes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator

from poolkit.course.lessons.review.benches import Bench
from poolkit.course.lessons.review.ending import prove_end
from poolkit.course.lessons.review.proving import said_of
from poolkit.course.lessons.review.returning import prove_return
from poolkit.course.lessons.review.scenes import WaitScene, on_stage, play_proof
from poolkit.course.lessons.review.starting import FirstProof


class Slow(Bench):
    """A bench whose connections take four seconds to open, once `slow` is set."""

    slow = False

    def connect(self):
        if self.slow:
            time.sleep(4)
        return super().connect()


def slow_connect(pool_class: type) -> bool:
    """Whether somebody can give back while another thread opens a connection."""

    def setup(bench, pool):
        lent, bench.slow = pool.acquire(), True
        return lent

    def ann(bench, pool, lent):
        pool.acquire()

    def ben(bench, pool, lent):
        time.sleep(1)
        began = time.monotonic()
        pool.release(lent)
        assert time.monotonic() == began

    return holds(pool_class, setup, ann, ben, most=2)


def freed_place(pool_class: type) -> bool:
    """Whether who waits gets the place of a connection that came back broken."""

    def setup(bench, pool):
        return pool.acquire()

    def ann(bench, pool, lent):
        pool.acquire()

    def ben(bench, pool, lent):
        time.sleep(1)
        lent.close()
        pool.release(lent)

    return holds(pool_class, setup, ann, ben, most=1)


def holds(pool_class: type, *scene: Callable, **pool: object) -> bool:
    try:
        on_stage(pool_class, *scene, bench_class=Slow, least=0, **pool)
    except (AssertionError, TimeoutError, sqlite3.Error):
        return False
    return True


def laid_beside(
    proofs: Iterable[type], pools: dict[str, type], more: bool = False
) -> Iterator[str]:
    """Try every proof on every pool: a line for the head, then one for each proof.

    `more`: two proofs besides, of faults that the lesson does not mend.
    """
    yield " " * 34 + "".join(f"{name:>9}" for name in pools)
    for name, kept in _tried(proofs, pools.values(), more):
        yield f"{name:34}" + "".join(f"{'✓' if one else '✗':>9}" for one in kept)


def _tried(
    proofs: Iterable[type], pools: Iterable[type], more: bool = True
) -> Iterator[tuple[str, list[bool]]]:
    pools = list(pools)
    for proof in proofs:
        if issubclass(proof, WaitScene):
            yield "ann waits, ben gives back", [play_proof(proof(), pool).ok for pool in pools]
            continue
        for name in NAMES[proof.__name__]:
            owner = FirstProof if name == "prefilled" else proof
            yield name, [said_of(owner, name, pool) is None for pool in pools]
    if not more:
        return
    yield "a slow connect holds up nobody", [slow_connect(pool) for pool in pools]
    yield "a freed place goes to who waits", [freed_place(pool) for pool in pools]


NAMES = {
    "StartProof": ("prefilled", "interrupted"),
    "ReturnProof": prove_return.parts,
    "EndProof": prove_end.parts,
}
