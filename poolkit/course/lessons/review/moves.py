"""The short histories of lesson 09: what is done to a mended pool by one thread, and what is seen."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

from poolkit.course.exercises import expect
from poolkit.course.guard import Ended, NoInput
from poolkit.course.histories import Seen, sequences
from poolkit.course.pools import is_closed, listed

ACQUIRE, FIRST, LAST, DIES = (
    "acquire",
    "give back the oldest loan",
    "give back the newest loan",
    "one idle dies",
)
DIRTY, CLOSE = "the first that is out writes a row", "close_all"
ROLLBACK = "Ctrl-C comes during the rollback of the first that is out"
HELD_DIES = "the first that is out dies"
CTRL_C = "Ctrl-C comes during the next SELECT 1"
Bench = Callable[[type], object]  # a context manager that gives lesson 09's bench


class Bug(Exception):
    """Stands for an error that nobody expects."""


class End(BaseException):
    """An end that is no Exception, and none of Python's own."""


TROUBLES = (None, sqlite3.Error, sqlite3.OperationalError, KeyboardInterrupt, SystemExit, Bug, End)


def throws(trouble: type[BaseException] | None) -> str:
    """The move that throws away the first that is out, while closing it raises `trouble`."""
    return "throw the first away" + (
        f", while close() raises {trouble.__name__}" if trouble else ""
    )


def block(does: str, error: type[BaseException] | None) -> str:
    """The move that is a block of `pool.connection()`."""
    return f"a block that {does}" + (f" and raises {error.__name__}" if error else "")


DOINGS: dict[str, Callable] = {
    "reads": lambda conn: conn.execute("SELECT 1").fetchall(),
    "writes": lambda conn: conn.execute(_ROW),
    "writes and commits": lambda conn: (conn.execute(_ROW), conn.commit()),
    "closes its connection": lambda conn: conn.close(),
}
_ROW = "INSERT INTO users SELECT 'user ' || count(*) FROM users"
BLOCKS = {block(does, e): (does, e) for does in DOINGS for e in (None, sqlite3.IntegrityError, *TROUBLES[3:])}  # fmt: skip
FAILS = {
    "no connection can be opened": 0,
    "only one connection can be opened": 1,
    "only two connections can be opened": 2,
}
THROWS = {throws(trouble): trouble for trouble in TROUBLES}


def histories(moves: tuple[str, ...], longest: int, sizes: tuple[tuple[int, int], ...]) -> Iterator:
    """All short histories in which nobody waits, since a wait takes its time: ((least, most), moves)."""
    for history in sequences(moves, longest, _possible):
        yield from ((size, history) for size in sizes if _most_out(history) <= size[1])


def of_what_is_opened() -> Iterator:
    """The histories of `review.mend_start`: opening ahead, also in vain, and throwing away."""
    none, one, two = FAILS
    yield from (((least, 3), (fails,)) for fails in (none, one, two) for least in (1, 2, 3))
    sizes = ((0, 1), (1, 2), (2, 2), (2, 3), (3, 3))
    yield from histories((ACQUIRE, FIRST, *THROWS), 3, sizes)


def of_what_waits() -> Iterator:
    """The histories of `review.mend_wait`: one thread's, and one wait in vain."""
    yield from histories((ACQUIRE, FIRST, LAST, DIES), 4, ((0, 1), (1, 2), (2, 3)))
    yield (0, 1), (ACQUIRE, ACQUIRE)
    none, one, _two = FAILS
    yield (0, 1), (none, ACQUIRE)
    yield (0, 2), (one, ACQUIRE, ACQUIRE)


def _most_out(moves: tuple[str, ...]) -> int:
    out, most = 0, 0
    for move in moves:
        out += (move == ACQUIRE) - (move in (FIRST, LAST) or move in THROWS)
        most = max(most, out)
    return most


def of_what_comes_back() -> Iterator:
    """The histories of `review.mend_return`: every block, two good ones, and loans by hand."""
    yield from histories(tuple(BLOCKS), 1, ((0, 2),))
    yield from histories((block("writes", None), block("writes", Bug)), 2, ((0, 2),))
    yield from histories((ACQUIRE, FIRST, LAST, DIRTY), 4, ((0, 2),))
    yield (0, 2), (ACQUIRE, HELD_DIES, FIRST, ACQUIRE)
    yield (0, 2), (ACQUIRE, DIRTY, ROLLBACK, FIRST)


def of_what_ends() -> Iterator:
    """The histories of `review.mend_end`: lending, dying, closing; and Ctrl-C in a test."""
    yield (1, 1), (CTRL_C, ACQUIRE)
    yield from histories((ACQUIRE, FIRST, DIES, CLOSE), 4, ((1, 1), (2, 2)))
    yield from histories((ACQUIRE, LAST, DIRTY, FIRST), 3, ((0, 2),))


def _possible(moves: tuple[str, ...]) -> bool:
    """Nobody gives back what is not out; nothing dies on a shelf where nothing lies."""
    out, closed = 0, False
    for move in moves:
        if move in (FIRST, LAST) or move in THROWS:
            if out < (2 if move == LAST else 1):
                return False
            out -= 1
        if (move == DIRTY and not out) or (move == ACQUIRE and closed):
            return False  # what a closed pool lends is nobody's promise
        closed = closed or move == CLOSE
        out += move == ACQUIRE
    return True


def tell(history: tuple) -> str:
    """A history in words."""
    (least, most), moves = history
    return f"In a pool with `least={least}, most={most}`: {', '.join(moves)}"


def play(bench: Bench):
    """How a history is played on the bench: what each move gives, and how the pool stands then."""

    def played(pool_class: type, history: tuple) -> Iterator[Seen]:
        (least, most), moves = history
        with bench(pool_class) as tried:
            tried.fails_after = next((FAILS[move] for move in moves if move in FAILS), None)
            made: list = []
            yield _tried(
                "making the pool raises",
                lambda: made.append(tried.pool(least=least, most=most, patience=0.01)),
            )
            if not made:
                return
            (pool,), held = made, []
            for move in moves:
                yield from _move(tried, pool, held, move)
            if not {CTRL_C, ROLLBACK} & set(
                moves
            ):  # what becomes of a connection then is nobody's promise
                yield _lock_of(pool)
                if tried.fails_after is None:  # nor what is counted after a failed connect
                    yield from _stands(tried, pool)

    return played


def _move(tried, pool, held: list, move: str) -> Iterator[Seen]:
    if move == ACQUIRE:
        yield _tried("`acquire` gives", lambda: _lent(tried, pool, held))
    elif (move in (FIRST, LAST) or move in THROWS) and held:
        conn = held.pop(0 if move != LAST else -1)
        conn.trouble = THROWS[move]("closing") if THROWS.get(move) else None
        call = pool.throw_away if move in THROWS else pool.release
        yield _tried("it raises", lambda: call(conn) and None)
    elif move == ROLLBACK and held:
        held[0].rollback_trouble = KeyboardInterrupt()
    elif move == HELD_DIES and held:
        held[0].close()
    elif move == DIRTY and held:
        held[0].execute(_ROW)
    elif move == DIES and pool.idle.queue:
        pool.idle.queue[-1].close()
    elif move == CTRL_C and pool.idle.queue:
        pool.idle.queue[-1].execute = _interrupted
    elif move == CLOSE:
        yield _tried("`close_all` raises", lambda: pool.close_all() and None)
    elif move in BLOCKS:
        yield _tried("its caller gets", lambda: _block(pool, *BLOCKS[move]))


def _lent(tried, pool, held: list) -> str:
    conn = pool.acquire()
    expect(conn, sqlite3.Connection, "pool.acquire()")
    held.append(conn)
    return f"connection {_number(tried, conn)}" + (", which is closed" if is_closed(conn) else "")


def _number(tried, conn) -> int:
    """Which connection this is: they are numbered as they are lent, in whatever order they lay."""
    if not any(one is conn for one in tried.lent):
        tried.lent.append(conn)
    return next(n for n, one in enumerate(tried.lent, 1) if one is conn)


def _block(pool, does: str, error: type[BaseException] | None) -> None:
    planned = error("planned") if error else None
    try:
        with pool.connection() as conn:
            expect(conn, sqlite3.Connection, "with pool.connection() as conn")
            DOINGS[does](conn)
            if planned is not None:
                raise planned
    except BaseException as came:
        if came is planned:
            raise error from None
        raise


def _interrupted(*_args: object) -> None:
    raise KeyboardInterrupt


def _tried(what: str, call: Callable[[], str | None]) -> Seen:
    try:
        got = call() or "nothing"
    except (Ended, NoInput):
        raise
    except BaseException as error:
        got = str(error) if type(error).__name__ == "WrongType" else type(error).__name__
    return Seen(what, got, got)


def _lock_of(pool) -> Seen:
    held = pool.lock.locked()
    return Seen("`self.lock` is", held, "still held" if held else "free")


def _stands(tried, pool) -> Iterator[Seen]:
    """How the pool stands: its count, its shelf, what is open, and what is stored in it."""
    yield Seen("`self.open` is", pool.open)
    shelf = list(pool.idle.queue)
    known = [n for conn in shelf for n, one in enumerate(tried.lent, 1) if one is conn]
    never = len(shelf) - len(known)
    said = listed(known) + (f", and {never} that were never lent" if never else "")
    yield Seen("the shelf holds", [known, never], said)
    alive = [not is_closed(conn) for conn in tried.lent]
    yield Seen("open are", alive, listed([n for n, one in enumerate(alive, 1) if one]))
    yield Seen("open in all are", sum(not is_closed(conn) for conn in tried.opened))
    idle = [conn for conn in pool.idle.queue if not is_closed(conn)]
    left = [conn.in_transaction for conn in idle]
    yield Seen(
        "idle with an open transaction:",
        left,
        ", ".join("yes" if x else "no" for x in left) or "none",
    )
    rows = [sqlite3.Connection.execute(c, "SELECT count(*) FROM users").fetchone()[0] for c in idle]
    yield Seen("rows in what lies idle:", rows, ", ".join(map(str, rows)) or "none")
