"""What health.lend is tried with: every short shelf, and a clock that is moved by hand."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator

from poolkit import ConnectionConfig
from poolkit.course.exercises import expect
from poolkit.course.histories import Seen, sequences
from poolkit.course.lessons.health.trying import DISK, lend, watched
from poolkit.course.pools import is_closed, listed, told, which

BEHIND, AHEAD = -1000.0, 1e10  # of every clock of the machine


class Hands:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = BEHIND) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


# --- every short history: what lies on the shelf when somebody borrows, and what happens between

_ALIVE, _DEAD, _SILENT = "works", "was closed", "answers nothing"
Shelved = tuple[str, str]  # how long idle, and in what state
_OLD, _EXACT, _YOUNG = "long idle", "idle for exactly ping_after", "younger than ping_after"


def shelves() -> Iterator[tuple]:
    """(ping_after, what lies on the shelf, how often one borrows, by what clock), the rest by moves.

    Some are played by a clock that is ahead of every other, so that a look at another one shows.
    """
    for many in range(4):
        ages = (_OLD, _EXACT, _YOUNG) if many < 3 else (_OLD, _YOUNG)
        states = (_ALIVE, _DEAD, _SILENT) if many < 3 else (_ALIVE, _DEAD)
        for lie in itertools.combinations_with_replacement(ages, many):
            # A young one is lent unasked; whether it is dead, nobody promises to see.
            for some in itertools.product(*((_ALIVE,) if a == _YOUNG else states for a in lie)):
                things = tuple(zip(lie, some, strict=True))
                yield 0.5, things, many + 1, BEHIND
                if many < 2:
                    yield 60.0, things, many + 1, BEHIND
                    yield 0.5, things, many + 1, AHEAD
                if many < 2 and _YOUNG not in lie:
                    yield 0.0, things, many + 1, BEHIND
    for moves in sequences(("acquire", "give back", "0.25 s pass", "0.5 s pass"), 5, _possible):
        if moves[-1] == "acquire":
            yield 0.5, moves, 0, BEHIND


def _possible(moves: tuple[str, ...]) -> bool:
    """It begins with a loan, and nobody gives back what is not out."""
    out = moves.count("acquire") - moves.count("give back")
    return moves[0] == "acquire" and out >= 0 and moves.count("0.25 s pass") < 3


def tell_shelf(history: tuple) -> str:
    """A history in words."""
    ping_after, things, often, now = history
    begin = f"With `ping_after={ping_after:g}`"
    begin += f" and a clock that reads {now:.0f}" if now == AHEAD else ""
    if not often:
        return f"{begin}: {', '.join(f'`{m}`' if m == 'acquire' else m for m in things)}"
    lie = [f"connection {n}, {age}, {state}" for n, (age, state) in enumerate(things, 1)]
    on = "; ".join(lie) + " (the last came back last)" if len(lie) > 1 else "".join(lie)
    times = "`acquire`" if often == 1 else f"`acquire` {often} times"
    return f"{begin}, on the shelf {on or 'nothing'}: {times}"


def play_shelf(pool_class, history: tuple) -> Iterator[Seen]:
    """Which are lent and which were asked before; then what is open and what lies on the shelf."""
    ping_after, things, often, now = history
    clock = Hands(now)
    with _noting(pool_class, ping_after, clock) as (pool, asked):
        held: list = []
        _lay(pool, things if often else (), clock)
        for move in ("acquire",) * often or things:
            yield from _moved(pool, move, clock, held, asked)
        yield Seen("open are", *_which_open(pool))
        expect(pool._idle, list, "pool._idle")
        left = [which(pool, pair[0]) for pair in pool._idle]
        yield Seen("the shelf holds", left, listed(left))
        others = [which(pool.other, pair[0]) for pair in pool.other._idle]
        yield Seen("another pool's shelf holds", others, listed(others))


@contextlib.contextmanager
def _noting(pool_class: type, ping_after: float, clock: Hands) -> Iterator[tuple]:
    """A pool, and the list of those that `_works` was asked about."""
    asked: list = []
    with watched(pool_class) as seen:
        config = ConnectionConfig(ping_after=ping_after)
        pool, other = (seen(config, clock=clock) for _ in range(2))
        pool.other, works = other, pool._works
        other.release(other._connect())

        def noted(conn):
            asked.append(conn)
            return works(conn)

        pool._works, pool.loans = noted, itertools.count(1)
        yield pool, asked


def _lay(pool, things: tuple[Shelved, ...], clock: Hands) -> None:
    limit = pool.config.ping_after
    ages = {_OLD: limit + 8, _EXACT: limit, _YOUNG: limit / 2}
    for age, state in things:
        conn = pool._connect()
        if state == _DEAD:
            conn.close()
        conn.error = DISK if state == _SILENT else None
        pool._idle.append((conn, clock.now - ages[age]))


def _moved(pool, move: str, clock: Hands, held: list, asked: list) -> Iterator[Seen]:
    if move == "give back":
        pool.release(held.pop())
    elif move == "acquire":
        loan = next(pool.loans)
        asked.clear()
        conn = lend(pool)
        held.append(conn)
        numbers = [which(pool, one) for one in asked]
        yield Seen(f"before loan {loan} it asks", numbers, listed(numbers))
        yield Seen(f"loan {loan} is", which(pool, conn), told(pool, conn))
    else:
        clock.now += float(move.split()[0])


def _which_open(pool) -> tuple[list[int], str]:
    numbers = [n for n, conn in enumerate(pool.opened_here, 1) if not is_closed(conn)]
    return numbers, listed(numbers)
