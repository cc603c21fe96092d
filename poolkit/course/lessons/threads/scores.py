"""Scores: scenes in which it is written who comes when, made in all their small variations.

Time is virtual and moves only when nobody can run. So who came at an earlier second stands in line
before who came at a later one, whatever the order of their threads within a second.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from poolkit.course.lessons import scenes
from poolkit.course.lessons.scenes import Connection, Table
from poolkit.course.lessons.threads.playing import lend, lend_in_company
from poolkit.course.player import Scene, note

BACK = 10  # the second at which ben gives back what he has
SHORT = 4  # seconds of patience that are over before that
NAMES = ("ann", "carl", "dora")
#: For line-ups: who comes when is written, and in what order those of one second are let go on
#: hardly matters; every such order would take hundreds of plays.
ONCE = {"preemptions": 0, "plays": 8}


@dataclass
class Call:
    """One `acquire(timeout=…)`: when it was called, when it came back, and with what."""

    name: str
    timeout: float | None
    asked: float
    ended: float = 0.0
    got: bool = False


@dataclass
class Ledger:
    """What the workers of one play share, and a record of who asked when and what was free."""

    table: Table
    held: list[Connection] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    free: list[tuple[float, int]] = field(default_factory=list)  # since when, how many

    def ask(self, name: str, timeout: float | None) -> Connection | None:
        """Borrow, and write down what came of it."""
        call = Call(name, timeout, time.monotonic())
        self.calls.append(call)
        conn = None
        try:
            conn = lend_in_company(self.table, timeout=timeout)
        except TimeoutError:
            note("gave up")
        call.ended, call.got = time.monotonic(), conn is not None
        self._note_free()
        return conn

    def give(self, conn: Connection) -> None:
        self.table.give(conn)
        self._note_free()

    def _note_free(self) -> None:
        self.free.append((time.monotonic(), self.table.size - len(self.table.desk.out)))

    def on_time(self) -> None:
        """Who gave up did so when their time was over; who was served, not after that."""
        for call in self.calls:
            ends = None if call.timeout is None else call.asked + call.timeout
            gave_up = not call.got
            assert not (gave_up and (ends is None or call.ended < ends)), "too early"
            assert ends is None or call.ended <= ends, "too late"

    def nobody_left_waiting(self) -> None:
        """Nobody waited for a second while something was free; scores count in whole ones."""
        for (since, count), (until, _) in itertools.pairwise(self.free):
            for call in self.calls if count > 0 else ():
                waited = min(until, call.ended) - max(since, call.asked)
                assert waited < 1, "kept waiting"

    def in_order(self) -> None:
        """Nobody was served while one who had asked before still waited."""
        for first, later in itertools.permutations(self.calls, 2):
            if first.asked < later.asked and later.got and later.ended < first.ended:
                raise AssertionError("out of order")


def score(
    pool_class: type,
    comers: dict[str, tuple[float, float | None]],
    *,
    size: int = 1,
    asks_again: bool = False,
    in_order: bool = False,
) -> Scene:
    """ben has all `size` and gives them back one after the other; others come before that.

    `comers`: name → the second at which they come, and their patience. Who is served keeps it
    for five seconds.
    """

    def setup() -> Ledger:
        ledger = Ledger(Table(pool_class, size, scenes.build))
        ledger.held = [lend(ledger.table, timeout=0) for _ in range(size)]
        return ledger

    def ben(ledger: Ledger) -> None:
        time.sleep(BACK)
        for conn in ledger.held:
            ledger.give(conn)
        if asks_again:
            _keeps_it(ledger, ledger.ask("ben", None))

    def comer(name: str) -> Callable[[Ledger], None]:
        comes, patience = comers[name]

        def waiter(ledger: Ledger) -> None:
            time.sleep(comes)
            _keeps_it(ledger, ledger.ask(name, patience))

        return waiter

    def holds(ledger: Ledger) -> None:
        ledger.on_time()
        ledger.nobody_left_waiting()
        if in_order:
            ledger.in_order()
        ledger.table.exactly_all_there()

    workers = {name: comer(name) for name in comers}
    return Scene(pool_class, setup, {**workers, "ben": ben}, holds)


def _keeps_it(ledger: Ledger, conn: Connection | None) -> None:
    if conn is not None:
        time.sleep(5)
        ledger.give(conn)


def line_ups(pool_class: type, *, patient: bool, in_order: bool = False) -> Iterator[Scene]:
    """Three come one after the other, all patient or at least one not; one or two come back.

    Of one that comes back ben asks again at once; of two nobody takes the second away.
    """
    for size in (1, 2):
        for limits in itertools.product((None, SHORT), repeat=len(NAMES)):
            if patient == (not any(limits)):
                comers = {
                    n: (at, p) for at, (n, p) in enumerate(zip(NAMES, limits, strict=True), 1)
                }
                yield score(pool_class, comers, size=size, asks_again=size == 1, in_order=in_order)


def two_in_a_row(pool_class: type, *, in_order: bool = False) -> Scene:
    """Two wait, and both connections come back without a pause."""
    return score(pool_class, {"ann": (1, None), "carl": (2, None)}, size=2, in_order=in_order)


def last_moments(pool_class: type, *, in_order: bool = False) -> Iterator[Scene]:
    """Somebody's time is up just when ben gives back, and one more waits: before, or behind."""
    for comers in (
        {"ann": (1, BACK - 1), "carl": (2, None)},
        {"carl": (1, None), "ann": (2, BACK - 2)},
    ):
        yield score(pool_class, comers, in_order=in_order)


def at_once(
    pool_class: type,
    jobs: tuple[str, str],
    holds: Callable[[Table], None],
    *,
    size: int = 2,
    idle: int = 0,
    failures: int = 0,
) -> Scene:
    """ann and ben each "take" or "give" at the same moment; the first connects may fail."""
    out = jobs.count("give")

    def setup() -> Table:
        table = Table(pool_class, size, scenes.build)
        conns = [lend(table) for _ in range(idle + out)]
        for conn in conns[:idle]:
            table.give(conn)
        table.held = conns[idle:]
        table.desk.failures = failures
        return table

    def take(table: Table) -> None:
        try:
            lend_in_company(table)
        except ConnectionError:
            note("could not connect")

    def give(number: int) -> Callable[[Table], None]:
        return lambda table: table.give(table.held[number])

    numbers = itertools.count()
    parts = [take if job == "take" else give(next(numbers)) for job in jobs]
    return Scene(pool_class, setup, dict(zip(("ann", "ben"), parts, strict=True)), holds)


def ask_and_keep(pool_class: type, *, size: int, idle: int = 0) -> Scene:
    """ann and ben ask with `timeout=0` at the same moment and keep what they get."""

    def setup() -> Table:
        table = Table(pool_class, size, scenes.build)
        for conn in [lend(table, timeout=0) for _ in range(idle)]:
            table.give(conn)
        return table

    def ask(table: Table) -> None:
        with suppress(TimeoutError):
            lend_in_company(table, timeout=0)

    def holds(table: Table) -> None:
        assert table.desk.most <= size, "too many opened"
        assert len(table.desk.out) == size, "turned away"

    return Scene(pool_class, setup, {"ann": ask, "ben": ask}, holds)
