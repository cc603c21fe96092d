"""What the lessons on pools of one thread share: to try a pool, and its short histories."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator

from poolkit import ConnectionConfig
from poolkit.course.exercises import expect
from poolkit.course.histories import Seen, sequences

ACQUIRE, FIRST, LAST = "acquire", "give back the first", "give back the last"
Move = str | tuple[str, int]


def is_closed(conn: sqlite3.Connection) -> bool:
    """Whether a connection was closed; asking costs no query."""
    try:
        conn.total_changes
    except sqlite3.ProgrammingError:
        return True
    return False


@contextlib.contextmanager
def trial(pool_class: type, pool_size: int = 5) -> Iterator:
    """A pool to try, whose connections are all closed in the end; `opened_here` lists them."""
    opened = []
    pool = pool_class(ConnectionConfig(pool_size=pool_size))
    connect = pool._connect

    def remember():
        opened.append(connect())
        return opened[-1]

    pool._connect = remember
    try:
        pool.opened_here = opened
        yield pool
    finally:
        for conn in opened:
            conn.close()


def loans(sizes: Iterable[int], longest: int, extra: Iterable[Move] = ()) -> Iterator[tuple]:
    """All short histories of loans: (pool_size, moves), in order of length.

    `extra`: moves besides lending and giving back, such as ("shrink", 1) or "stats".
    """
    moves = (ACQUIRE, FIRST, LAST, *extra)
    for history in sequences(moves, longest, _possible):
        for size in sizes:
            yield size, history


def _possible(moves: tuple[Move, ...]) -> bool:
    """Nobody gives back what is not out; the last of one is the first."""
    out = 0
    for move in moves:
        if move in (FIRST, LAST) and out < (1 if move == FIRST else 2):
            return False
        out += {ACQUIRE: 1, FIRST: -1, LAST: -1}.get(move, 0)
    return True


def tell_loans(history: tuple) -> str:
    """A history in words."""
    size, moves = history
    return f"With `pool_size={size}`: " + ", ".join(map(_in_words, moves))


def _in_words(move: Move) -> str:
    if isinstance(move, tuple):
        return f"`{move[0]}({move[1]})`"
    return f"`{move}`" if " " not in move else move


def play_loans(seen_at_the_end: Callable[[object], Iterable[Seen]]):
    """How a history of loans is played: what each loan gave, what is open, and what else is seen.

    A second pool of the same class stands beside it, and must notice nothing.
    """

    def play(pool_class: type, history: tuple) -> Iterator[Seen]:
        size, moves = history
        with trial(pool_class, size) as pool, trial(pool_class, size) as other:
            held: list = []
            for move in moves:
                yield from _moved(pool, move, held)
            yield from still_open(pool)
            yield from seen_at_the_end(pool)
            conn = other.acquire()
            yield Seen("another pool then lends", which(other, conn), f"its {told(other, conn)}")

    return play


def _moved(pool, move: Move, held: list) -> Iterator[Seen]:
    if move == ACQUIRE:
        conn = pool.acquire()
        expect(conn, sqlite3.Connection, "pool.acquire()")
        held.append(conn)
        yield Seen("`acquire` lends", which(pool, conn), told(pool, conn))
    elif move in (FIRST, LAST):
        pool.release(held.pop(0 if move == FIRST else -1))
    elif isinstance(move, tuple):
        getattr(pool, move[0])(move[1])
    else:
        getattr(pool, move)()


def which(pool, conn: object) -> int:
    """The place of a connection among those that the pool opened: 1 for the first, 0 for none."""
    return next((n for n, one in enumerate(pool.opened_here, 1) if one is conn), 0)


def told(pool, conn: object) -> str:
    """A connection in words."""
    number = which(pool, conn)
    closed = isinstance(conn, sqlite3.Connection) and is_closed(conn)
    name = f"connection {number}" if number else "one that `_connect` did not open"
    return f"{name}, closed" if closed else name


def still_open(pool) -> Iterator[Seen]:
    """Which of the pool's connections are open."""
    numbers = [n for n, conn in enumerate(pool.opened_here, 1) if not is_closed(conn)]
    yield Seen("open are", numbers, listed(numbers))


def idle_ones(pool) -> Iterator[Seen]:
    """Which lie on the pool's shelf, those that came back last at the end."""
    expect(pool._idle, list, "pool._idle")
    numbers = [which(pool, conn) for conn in pool._idle]
    yield Seen("the shelf holds", numbers, listed(numbers))


def counters(*names: str) -> Callable[[object], Iterator[Seen]]:
    """What `stats()` says under these names."""

    def seen(pool) -> Iterator[Seen]:
        stats = pool.stats()
        expect(stats, dict, "pool.stats()")
        for name in names:
            yield Seen(f'`stats()["{name}"]` is', stats.get(name))

    return seen


def all_of(*parts: Callable[[object], Iterable[Seen]]) -> Callable[[object], Iterator[Seen]]:
    """Several things to see at the end, one after the other."""
    return lambda pool: (seen for part in parts for seen in part(pool))


def listed(numbers: list[int]) -> str:
    """Numbers of connections in words."""
    if len(numbers) == 1:
        return f"connection {numbers[0]}"
    return "connections " + ", ".join(map(str, numbers)) if numbers else "none"
