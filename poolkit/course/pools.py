"""What the lessons on pools of one thread share: to try a pool, and its short histories."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from poolkit import ConnectionConfig
from poolkit.course.exercises import expect
from poolkit.course.histories import Seen, sequences

ACQUIRE, FIRST, LAST = "acquire", "give back the oldest loan", "give back the newest loan"
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
    """All short histories of loans: (pool_size, moves), in order of length, none at all first.

    `extra`: moves besides lending and giving back: a call, such as ("shrink", 1) or "stats";
    ("rush", 3): three borrow at once and give back in the order in which they came.
    """
    sizes, moves = tuple(sizes), (ACQUIRE, FIRST, LAST, *extra)
    for history in itertools.chain([()], sequences(moves, longest, _possible)):
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
    if not moves:
        return f"With `pool_size={size}`, before anything is done"
    runs = [(move, len(list(some))) for move, some in itertools.groupby(moves)]
    return f"With `pool_size={size}`: " + ", ".join(_in_words(*run) for run in runs)


def _in_words(move: Move, times: int) -> str:
    if isinstance(move, tuple) and move[0] == "rush":
        word = f"{move[1]} are borrowed at once and given back in the same order"
    elif isinstance(move, tuple):
        word = f"`{move[0]}({move[1]})`"
    else:
        word = f"`{move}`" if " " not in move else move
    return ", ".join([word] * times) if times < 3 else f"{word} ({times} times)"


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
            if moves:
                yield from _moved(other, ACQUIRE, [], "another pool then lends")

    return play


def _moved(pool, move: Move, held: list, what: str = "`acquire` lends") -> Iterator[Seen]:
    if move == ACQUIRE:
        conn = pool.acquire()
        expect(conn, sqlite3.Connection, "pool.acquire()")
        held.append(conn)
        yield Seen(what, which(pool, conn), told(pool, conn))
    elif move in (FIRST, LAST):
        pool.release(held.pop(0 if move == FIRST else -1))
    elif move[0] == "rush":
        rush: list = []
        for one in (ACQUIRE,) * move[1] + (FIRST,) * move[1]:
            yield from _moved(pool, one, rush)
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
    name = f"connection {number}" if number else "one that `_connect` did not open for it"
    return f"{name}, closed" if closed else name


def still_open(pool) -> Iterator[Seen]:
    """Which of the pool's connections are open."""
    numbers = [n for n, conn in enumerate(pool.opened_here, 1) if not is_closed(conn)]
    yield Seen("still open:", numbers, listed(numbers))


def idle_ones(pool) -> Iterator[Seen]:
    """Which lie on the pool's shelf, those that came back last at the end."""
    expect(pool._idle, (list, deque), "pool._idle")
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
    """Numbers of connections in words; 0 stands for one that is not the pool's."""
    own = [number for number in numbers if number]
    named = f"connection{'s' * (len(own) > 1)} {', '.join(map(str, own))}" if own else ""
    strange = len(numbers) - len(own)
    others = f"{strange} that `_connect` did not open for it" if strange else ""
    return " and ".join(filter(None, (named, others))) or "none"
