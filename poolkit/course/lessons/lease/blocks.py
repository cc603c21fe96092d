"""Every short history of blocks in a `with` form: how they end, alone and two at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from poolkit.course.exercises import WrongType, expect
from poolkit.course.guard import Ended, NoInput, their_line
from poolkit.course.histories import Seen
from poolkit.course.lessons.lease.trials import (
    GUEST,
    NO_GUEST,
    Desk,
    Oops,
    desk,
    during,
    loan,
    stored,
)
from poolkit.course.pools import is_closed, listed


class OwnEnd(BaseException):
    """An end of a block that is no Exception, and none of Python's own."""


ERRORS = (None, Oops, KeyboardInterrupt, SystemExit, GeneratorExit, OwnEnd)
DOINGS: dict[str, Callable] = {
    "does nothing": lambda conn: None,
    "reads": lambda conn: conn.execute("SELECT 1").fetchall(),
    "writes": lambda conn: conn.execute(GUEST),
    "writes and commits": lambda conn: (conn.execute(GUEST), conn.commit()),
    "writes and rolls back": lambda conn: (conn.execute(GUEST), conn.rollback()),
    "writes what cannot be committed": lambda conn: conn.execute(NO_GUEST),
    "closes its connection": lambda conn: conn.close(),
}


@dataclass(frozen=True)
class Block:
    """What one block does with its connection, and what it raises in the end."""

    does: str
    raises: type[BaseException] | None = None

    def __str__(self) -> str:
        end = f" and raises {self.raises.__name__}" if self.raises else ""
        return f"a block {self.does}{end}"


def blocks() -> Iterator[tuple[str, tuple[Block, ...]]]:
    """All short histories of blocks: one by one, then two, after, inside and across one another."""
    yield "unused", ()
    yield "refused", ()
    for error in ERRORS:
        yield from (("alone", (Block(does, error),)) for does in DOINGS)
    some = [Block("writes"), Block("writes", Oops), Block("writes", KeyboardInterrupt)]
    for order in ("after one another", "inside one another", "across one another"):
        yield from ((order, (one, other)) for one in some for other in some)


def tell_blocks(history: tuple) -> str:
    """A history in words."""
    order, some = history
    if order == "unused":
        return "The form is called, and no `with` follows"
    if order == "refused":
        return "The pool has nothing to lend and raises PoolTimeout"
    text = ", ".join(map(str, some))
    return text[0].upper() + text[1:] + (f" ({order})" if len(some) > 1 else "")


def play_blocks(seen_of: Callable[[Desk, bool], Iterator[Seen]]):
    """How a history of blocks is played: what each caller gets, what came back, and what else is seen."""

    def play(form: Callable, history: tuple) -> Iterator[Seen]:
        order, some = history
        with desk() as pool:
            pool.refuses = order == "refused"
            yield from ORDERS[order](form, pool, *some)
            back = [which_of(pool.opened, conn) for conn in pool.back]
            yield Seen("given back", back, listed(back))
            yield from seen_of(pool, order)

    return play


def one_block(form: Callable, pool: Desk, block: Block, inner: Callable = lambda: ()) -> list[Seen]:
    """Run a block in the learner's form; see what its caller gets."""
    seen: list[Seen] = []
    planned = block.raises() if block.raises else None

    def work(conn):
        DOINGS[block.does](conn)
        seen.extend(inner())
        if planned is not None:
            raise planned

    got = outcome(lambda: during(form, pool, work), planned, block)
    return [*seen, got]


def outcome(run: Callable, planned: BaseException | None, block: Block | None) -> Seen:
    """What a caller gets of a block: nothing, its own exception, or another one."""
    line = None
    try:
        run()
        got = "nothing"
    except (Ended, NoInput, AssertionError, WrongType):
        raise
    except BaseException as error:
        got = "what the block raised" if error is planned else type(error).__name__
        line = None if error is planned else their_line(error.__traceback__)
        # Where closing and raising meet, the rollback fails, too: either may be told.
        if block and block.does == "closes its connection" and planned is not None:
            got = "an exception"
    return Seen("its caller gets", got, f"{got}, raised at your {line}" if line else got)


def alone(form: Callable, pool: Desk, *some: Block) -> list[Seen]:
    """One block, or several after one another."""
    return [seen for block in some for seen in one_block(form, pool, block)]


def nested(form: Callable, pool: Desk, outer: Block, inner: Block) -> list[Seen]:
    """One block inside the other."""
    return one_block(form, pool, outer, lambda: one_block(form, pool, inner))


def crossed(form: Callable, pool: Desk, one: Block, other: Block) -> list[Seen]:
    """Two loans of which the first to begin is the first to end, as in two threads."""
    managers = [loan(form, pool), loan(form, pool)]
    begun: list = []
    try:
        for manager, block in zip(managers, (one, other), strict=True):
            conn = manager.__enter__()
            begun.append((manager, block))
            expect(conn, sqlite3.Connection, f"with {form.__name__}(pool) as conn")
            DOINGS[block.does](conn)
        return [outcome(lambda: ended(*begun.pop(0)), None, None) for _ in managers]
    finally:
        for manager, _ in begun:  # none is left behind half-way, to be ended by the collector
            with suppress(Exception):
                manager.__exit__(None, None, None)


def ended(manager, block: Block) -> None:
    """End a loan as a `with` does; raise what the block raised unless it is swallowed."""
    if block.raises is None:
        manager.__exit__(None, None, None)
        return
    try:
        raise block.raises
    except BaseException as error:
        if not manager.__exit__(type(error), error, error.__traceback__):
            raise


def refused(form: Callable, pool: Desk) -> list[Seen]:
    """A loan that the pool refuses."""
    return one_block(form, pool, Block("does nothing"))


def unused(form: Callable, pool: Desk) -> list[Seen]:
    """A form that is called and never comes to its `with`."""
    loan(form, pool)
    return [Seen("borrowed were", len(pool.opened))]


ORDERS = {
    "unused": unused,
    "refused": refused,
    "alone": alone,
    "after one another": alone,
    "inside one another": nested,
    "across one another": crossed,
}


def which_of(opened: list, conn: object) -> int:
    """The place of a connection among those that were opened: 1 for the first, 0 for none."""
    return next((n for n, one in enumerate(opened, 1) if one is conn), 0)


def open_connections(pool: Desk, order: str) -> Iterator[Seen]:
    """Which connections are open: a loan ends without closing any."""
    alive = [n for n, conn in enumerate(pool.opened, 1) if not is_closed(conn)]
    yield Seen("open", alive, listed(alive))


def what_is_stored(pool: Desk, order: str) -> Iterator[Seen]:
    """What each connection holds for good, and whether a transaction was open when it came back."""
    yield from open_connections(pool, order)
    in_words = ", ".join("open" if one else "ended" for one in pool.carried)
    yield Seen("at its return the transaction is", pool.carried, in_words or "none")
    rows = [stored(conn) for conn in pool.opened if not is_closed(conn)]
    yield Seen("stored for good:", rows, " and ".join(f"{count} rows" for count in rows) or "none")
