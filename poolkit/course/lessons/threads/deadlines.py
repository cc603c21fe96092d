"""Who gives up, and when: one with a second to spare, whatever others do meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from poolkit.course.lessons.scenes import Table
from poolkit.course.lessons.threads.playing import (
    insist,
    lend,
    lend_in_company,
    one_lent,
    unless_hopeless,
)
from poolkit.course.player import Scene, note, play


def gives_up_on_time(pool_class: type, **others: Callable[[Table], None]) -> None:
    """Insist that ann, who has one second, gives up after one second, whatever others do."""

    def ann(table: Table) -> None:
        if "carl" in others:
            time.sleep(0.1)  # she stands behind him
        start = time.monotonic()
        try:
            conn = lend_in_company(table, timeout=1.0)
        except TimeoutError:
            note("gave up")
            assert time.monotonic() >= start + 1.0, "too early"
            assert time.monotonic() == start + 1.0, "too late"
        else:
            assert time.monotonic() <= start + 1.0, "too late"
            table.give(conn)

    scene = Scene(pool_class, one_lent(pool_class), {"ann": ann, **others}, Table.all_there)
    unless_hopeless(pool_class)
    with_the_lock = "gave up: nobody can go on" in play(scene).story
    few = 0 if "carl" in others else 1  # one written score, where it matters who comes when
    insist(scene, preemptions=few, deadlock="deadlock" if with_the_lock else "no deadline")


def teases(table: Table) -> None:
    """ben gives back and takes again before the one he woke gets going; she may be lucky."""
    time.sleep(0.6)
    table.give(table.first)
    table.first = lend(table, timeout=None)
    time.sleep(2.0)
    table.give(table.first)


def stands_before(table: Table) -> None:
    """carl waits before ann, is served while she waits, and keeps what he has."""
    with suppress(TimeoutError):
        lend(table, timeout=5.0)


def serves_one(table: Table) -> None:
    """ben gives back when both wait."""
    time.sleep(0.6)
    table.give(table.first)
