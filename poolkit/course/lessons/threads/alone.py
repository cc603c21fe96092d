"""Every short history of a pool of one thread: what is tried, and what is compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from poolkit.course.exercises import expect
from poolkit.course.histories import Seen, sequences
from poolkit.course.lessons import scenes
from poolkit.course.lessons.scenes import Connection, Table

TAKE, FAIL = "`acquire`", "an `acquire` at which connecting fails"
NOW, SOON = "`acquire(timeout=0)`", "`acquire(timeout=2.5)`"
FIRST, LAST = "give back the oldest loan", "give back the newest loan"
PATIENCE = {TAKE: {}, FAIL: {}, NOW: {"timeout": 0}, SOON: {"timeout": 2.5}}
TIMED, GIVES = (NOW, SOON), (FIRST, LAST)


def histories(longest: dict[int, int], moves: Iterable[str], *, cap: bool) -> list[tuple]:
    """All short histories: (size, moves), in order of length. `longest`: of a pool of that size."""
    found = [
        (size, some)
        for size, length in longest.items()
        for some in sequences(tuple(moves), length, _fits(size if cap else length))
    ]
    return sorted(found, key=lambda history: len(history[1]))


def _fits(most: int) -> Callable[[tuple], bool]:
    """Nobody gives back what is not out; at the cap asks only who says how long to wait."""

    def fits(moves: tuple) -> bool:
        out = 0
        for move in moves:
            if move in GIVES and out < (1 if move == FIRST else 2):
                return False
            if move in (TAKE, FAIL) and out >= most:
                return False
            out += -1 if move in GIVES else 0 if move == FAIL else out < most
        return True

    return fits


def tell(history: tuple) -> str:
    size, moves = history
    return f"With `size` {size}, one thread: " + ", ".join(moves)


class Try:
    """One pool in one history, and what it is seen to do."""

    def __init__(self, pool_class: type, size: int) -> None:
        self.table = Table(pool_class, size, scenes.build)
        self.desk, self.pool = self.table.desk, self.table.pool
        self.held: list[Connection] = []
        self.begun, self.fails, self.most = self.desk.made, 0, 0

    def acquire(self, move: str) -> Connection | None:
        """Do a move that asks; None if it raised TimeoutError."""
        self.desk.failures = int(move == FAIL)
        try:
            conn = self.pool.acquire(**PATIENCE[move])
        except TimeoutError:
            return None
        finally:
            self.failed, self.desk.failures = move == FAIL and not self.desk.failures, 0
            self.fails += self.failed
        expect(conn, Connection, "pool.acquire()")
        return conn

    def give(self, move: str) -> None:
        self.pool.release(self.held.pop(0 if move == FIRST else -1))

    def flaw(self, conn: Connection) -> str:
        """What is wrong with what was lent; empty if nothing is."""
        self.most = max(self.most, len(self.held) + 1)
        if conn in self.held:
            return f"{conn}, which is out already"
        return "" if conn.open else f"{conn}, which is closed"

    def opened_for_nothing(self) -> bool:
        """Whether more were opened than were ever out at once, those opened at the start aside."""
        return self.desk.made - self.begun - self.fails > self.most


# --- a pool with no cap: the base's own behaviour, move by move


def play_uncapped(pool_class: type, history: tuple) -> Iterator[Seen]:
    """What each loan gives, what `stats()` says, what is open; and that a second pool is another."""
    size, moves = history
    here, other = Try(pool_class, size), Try(pool_class, size)
    for move in moves:
        if move in GIVES:
            here.give(move)
        else:
            yield from _lent(here, move)
        yield from _counted(here)
    yield from _counted(other)
    conn = other.acquire(TAKE)
    own = conn._desk is other.desk
    yield Seen("another pool lends", own, "its own" if own else "one of the first pool's")


def _lent(here: Try, move: str) -> Iterator[Seen]:
    try:
        conn = here.acquire(move)
    except ConnectionError:
        yield Seen("it raises", "ConnectionError", "the ConnectionError")
        return
    told = "" if conn is None else here.flaw(conn) or conn.name
    yield Seen(f"{move} lends", told, told or "nothing (TimeoutError)")
    here.held.append(conn)


def _counted(here: Try) -> Iterator[Seen]:
    stats = here.pool.stats()
    expect(stats, dict, "pool.stats()")
    for name in ("idle", "in_use"):
        yield Seen(f'`stats()["{name}"]` is', stats.get(name))
    yield Seen("open are", here.desk.open)


# --- a pool with a cap: what it lends, whichever it is, and how long that takes


def play_capped(pool_class: type, history: tuple) -> Iterator[Seen]:
    """What each move comes to, and how many can be lent in the end; not which connection."""
    size, moves = history
    here, other = Try(pool_class, size), Try(pool_class, size)
    for move in moves:
        if move in GIVES:
            here.give(move)
        else:
            yield from _came(here, move)
    yield Seen("then so many more are lent:", _how_many(here))
    yield Seen(
        "open were at most",
        "size" if here.desk.most <= size else here.desk.most,
        f"{here.desk.most}",
    )
    yield Seen("another pool lends", _how_many(other))


def _came(here: Try, move: str) -> Iterator[Seen]:
    start = time.monotonic()
    try:
        conn = here.acquire(move)
    except ConnectionError:
        yield Seen(move, "", "raises what connecting raised")
        return
    passed = time.monotonic() - start
    if conn is None:
        yield Seen(f"{move} raises TimeoutError after", passed, f"{passed:g} seconds")
        return
    flaw = here.flaw(conn)
    if not flaw and here.opened_for_nothing():
        flaw = "a new one, though one had come back"
    if move == FAIL:  # it does not connect where one lies idle, and with all opened at the start
        flaw = flaw or ("one, though connecting failed" if here.failed else "")
        yield Seen(move, flaw, f"lends {flaw}" if flaw else "lends one without connecting")
        here.pool.release(conn)
        return
    here.held.append(conn)
    yield Seen(f"{move} lends", flaw, flaw or "one")
    yield Seen("that takes", passed, f"{passed:g} seconds")


def _how_many(here: Try) -> int:
    """How many can be lent to who does not wait, to one more than there should be."""
    for count in range(here.table.size + 1):
        conn = here.acquire(NOW)
        if conn is None:
            return count
        if here.flaw(conn):
            return -1
        here.held.append(conn)
    return here.table.size + 1
