"""lease.twice: a pool that takes back each loan once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from poolkit.course.exercises import Exercise, assume, because
from poolkit.course.histories import Histories, Seen, sequences
from poolkit.course.lessons.lease.given import NotingPool
from poolkit.course.pools import (
    ACQUIRE,
    FIRST,
    LAST,
    idle_ones,
    is_closed,
    still_open,
    trial,
    which,
)
from poolkit.course.slips import slip


class OncePool(NotingPool):
    """A pool that takes back only what is out, and each loan only once."""

    def release(self, conn):
        """Take back a connection that is out (one of `self._lent`), as before.

        For any other raise ValueError and change nothing, neither the pool nor the connection.
        """
        if conn not in self._lent:
            raise ValueError("this connection is not out on loan from this pool")
        self._lent.remove(conn)
        super().release(conn)


@contextmanager
def lent_from(pool_class: type, pool_size: int = 2) -> Iterator[tuple]:
    """A pool and two connections borrowed from it; all that it opened is closed in the end."""
    with trial(pool_class, pool_size) as pool:
        yield pool, pool.acquire(), pool.acquire()


def refusal(pool, conn) -> BaseException | None:
    """What `pool.release(conn)` raises; None if it takes it."""
    try:
        pool.release(conn)
    except RecursionError:
        raise
    except (ValueError, KeyError, IndexError, RuntimeError, AssertionError) as error:
        return error
    return None


def takes_back_what_is_out(pool_class):
    """A connection that is out is taken back, as before."""
    with lent_from(pool_class) as (pool, first, _):
        error = refusal(pool, first)
        assert error is None, because("refuses a loan", error=error)
        stats = pool.stats()
        seen = {"idle": stats["idle"], "in_use": stats["in_use"]}
        assert seen == {"idle": 1, "in_use": 1}, because("not as before", **seen)
    with lent_from(pool_class, pool_size=1) as (pool, first, second):
        assert refusal(pool, second) is None
        error = refusal(pool, first)
        assert error is None, because("the other refused", error=error)
        idle = pool.stats()["idle"]
        assert idle == 1, because("no cap", idle=idle)


def refuses_the_second_time(pool_class):
    """Given back a second time, it is refused with ValueError."""
    for pool_size in (2, 1):
        with lent_from(pool_class, pool_size) as (pool, first, second):
            for conn in (first, second):
                pool.release(conn)
            for conn in (first, second):
                kept = "lies idle" if conn in pool._idle else "was closed as surplus"
                insist_on_refusal(pool, conn, because("second accepted", kept=kept))


def refuses_what_it_never_lent(pool_class):
    """A connection that the pool never lent is refused with ValueError."""
    with lent_from(pool_class) as (pool, _, _), closing(sqlite3.connect(":memory:")) as stranger:
        insist_on_refusal(pool, stranger, "stranger accepted")
        assert not is_closed(stranger), "closed the stranger"


def insist_on_refusal(pool, conn, accepted: str) -> None:
    """Assert that the pool refuses the connection, with the error that was asked for."""
    before = standing(pool)
    error = refusal(pool, conn)
    assert error is not None or standing(pool) != before, "not told"
    assert error is not None, accepted
    assert isinstance(error, ValueError), because("wrong error", got=type(error).__name__)


def refusing_changes_nothing(pool_class):
    """A refusal leaves the pool as it was."""
    with lent_from(pool_class) as (pool, first, _):
        pool.release(first)
        before = standing(pool)
        assume(refusal(pool, first) is not None)
        after = standing(pool)
        assert after == before, because("changed something", before=before, after=after)


def standing(pool) -> str:
    """How a pool stands, in words."""
    stats = pool.stats()
    return f"idle {stats['idle']}, in_use {stats['in_use']}, {len(pool._lent)} in `_lent`"


def lends_it_again(pool_class):
    """Lent anew, it can be given back anew."""
    with lent_from(pool_class) as (pool, first, _):
        for _ in range(3):
            error = refusal(pool, first)
            assert error is None, because("once for ever", error=error)
            assert pool.acquire() is first, "does not lend it again"


AGAIN, STRANGER = "give back once more what came back last", "give back a stranger"


def loans_and_slips() -> Iterator[tuple]:
    """All short histories of a pool whose borrowers make slips: (pool_size, moves)."""
    for moves in sequences((ACQUIRE, FIRST, LAST, AGAIN, STRANGER), 5, _can_happen):
        for size in (1, 2):
            if size == 2 or moves.count(ACQUIRE) > 1:
                yield size, moves


def _can_happen(moves: tuple[str, ...]) -> bool:
    """Nobody gives back once more what is out again, since no pool can tell that from a right one."""
    held: list[int] = []
    shelf: list[int] = []
    opened, last = 0, None
    for move in moves:
        if move == ACQUIRE:
            if not shelf:
                opened += 1
            held.append(shelf.pop() if shelf else opened)
        elif move in (FIRST, LAST):
            if len(held) < (1 if move == FIRST else 2):
                return False
            last = held.pop(0 if move == FIRST else -1)
            shelf.append(last)
        elif move == AGAIN and (last is None or last in held):
            return False
    return True


def tell_slips(history: tuple) -> str:
    """A history in words."""
    size, moves = history
    return f"With `pool_size={size}`: {', '.join(moves)}"


def play_slips(pool_class: type, history: tuple) -> Iterator[Seen]:
    """Play loans and slips: what is refused, and that a refusal touches nothing."""
    size, moves = history
    with trial(pool_class, size) as pool, closing(sqlite3.connect(":memory:")) as stranger:
        held: list = []
        last = None
        for move in moves:
            if move == ACQUIRE:
                held.append(pool.acquire())
                yield Seen("`acquire` lends connection", which(pool, held[-1]))
            elif move in (FIRST, LAST):
                last = held.pop(0 if move == FIRST else -1)
                error = refusal(pool, last)
                yield Seen("`release` raises", type(error).__name__, named(error))
            else:
                yield from refused_alone(pool, last if move == AGAIN else stranger)
        yield from (*idle_ones(pool), *still_open(pool))
        yield Seen("`in_use` is", pool.stats()["in_use"])
        yield Seen("`_lent` holds", sorted(which(pool, conn) for conn in pool._lent))


def named(error: BaseException | None) -> str:
    """The class of an exception, or that there was none."""
    return "nothing" if error is None else type(error).__name__


def refused_alone(pool, conn: sqlite3.Connection) -> Iterator[Seen]:
    """Give back what is not out: refused with ValueError, and the connection is left as it is."""
    alive = not is_closed(conn)
    if alive:
        conn.execute("BEGIN")
    error = refusal(pool, conn)
    kind = "ValueError" if isinstance(error, ValueError) else named(error)
    yield Seen("`release` raises", kind, kind)
    if alive:
        left = "is closed" if is_closed(conn) else "is open" if conn.in_transaction else "is ended"
        yield Seen("the transaction of what was refused", left, left)
        if left == "is open":
            conn.rollback()


twice_exercise = Exercise(
    id="lease.twice",
    title="Take back each loan once",
    answer=OncePool,
    parts=("release",),
    claims=(
        takes_back_what_is_out,
        refuses_the_second_time,
        refuses_what_it_never_lent,
        refusing_changes_nothing,
        lends_it_again,
        Histories(
            "Over every short history of loans and slips, it takes back what is out and nothing else.",
            inputs=loans_and_slips,
            play=play_slips,
            tell=tell_slips,
        ),
    ),
    hints=(
        "`acquire` puts every loan on the list `self._lent`. When should it leave the list?",
        "Look first, change afterwards: not on the list means ValueError, before anything else happens. Then take it off the list, and let `super().release(conn)` do the rest.",
        "Fill in the two blanks.\n\nif ____:\n    raise ValueError(\"not out on loan from this pool\")\n____\nsuper().release(conn)",
    ),
    tellings={
        "refuses a loan": "A connection that was out was given back, and `release` raised {error}.",
        "not as before": "Two were out and one was given back: that is idle 1, in_use 1. Your pool says idle {idle}, in_use {in_use}.",
        "second accepted": "A connection was given back twice, and the second time went through; it {kept:plain} at that moment.",
        "the other refused": "Two were out. One came back, and then the other was refused: {error}.",
        "no cap": "Two came back to a pool that keeps one, and {idle} lie idle.",
        "not told": "A connection that was not out was given back. Nothing was changed, and nothing was said: whoever did it never hears of the slip.",
        "stranger accepted": "A connection that this pool never lent was taken in. It may belong to another pool, or to another database.",
        "closed the stranger": "A connection that this pool never lent was refused, and closed. Its owner may be in the midst of something.",
        "wrong error": "The refusal should be a ValueError; it was {got:plain}. Whoever catches it wants to know which one to expect.",
        "changed something": "One was given back twice, and the second `release` changed the pool: from {before:plain} to {after:plain}.",
        "does not lend it again": "A connection was given back and not lent to the next borrower.",
        "once for ever": "A connection was lent, given back, lent again, and the second loan could not be given back: {error}.",
    },
    slips=(
        slip(
            "second accepted",
            "What lies idle is refused, and nothing else. What is out is in `self._lent`.",
            breaks="refuses_the_second_time refuses_what_it_never_lent",
            edit="""
-        if conn not in self._lent:
-            raise ValueError("this connection is not out on loan from this pool")
-        self._lent.remove(conn)
+        if conn in self._idle:
+            raise ValueError("given back twice")
""",
        ),
        slip(
            "second accepted",
            "It looks at `self._lent`, but nothing leaves that list.",
            breaks="refuses_the_second_time",
            edit="""
-            raise ValueError("this connection is not out on loan from this pool")
-        self._lent.remove(conn)
+            raise ValueError("not out")
""",
        ),
        slip(
            "not told",
            "A `return` tells nobody: `raise ValueError(…)`.",
            breaks="refuses_the_second_time",
            edit="""
-            raise ValueError("this connection is not out on loan from this pool")
+            return
""",
        ),
        slip(
            "closed the stranger",
            "Leave alone what is refused.",
            breaks="refuses_what_it_never_lent",
            edit="""
-            raise ValueError("this connection is not out on loan from this pool")
+            if conn not in self._idle:
+                conn.close()
+            raise ValueError("not out")
""",
        ),
        slip(
            "wrong error",
            breaks="refuses_the_second_time",
            edit="""
-        if conn not in self._lent:
-            raise ValueError("this connection is not out on loan from this pool")
+        assert conn in self._lent, "not out"
""",
        ),
        slip(
            "changed something",
            "Look first, change afterwards.",
            breaks="refusing_changes_nothing",
            edit="""
     def release(self, conn):
+        super().release(conn)
...
-            raise ValueError("this connection is not out on loan from this pool")
+            raise ValueError("not out")
...
-        super().release(conn)
""",
        ),
        slip(
            "refuses a loan",
            "The condition is turned round: refuse what is not in `self._lent`.",
            breaks="takes_back_what_is_out refuses_what_it_never_lent lends_it_again",
            edit="""
-        if conn not in self._lent:
-            raise ValueError("this connection is not out on loan from this pool")
-        self._lent.remove(conn)
+        if conn in self._lent:
+            raise ValueError("still out")
""",
        ),
        slip(
            "not as before",
            "`super().release(conn)` does the rest.",
            breaks="takes_back_what_is_out lends_it_again",
            edit="""
-            raise ValueError("this connection is not out on loan from this pool")
+            raise ValueError("not out")
...
-        super().release(conn)
""",
        ),
        slip(
            "once for ever",
            "Each loan may end once; a connection has many loans.",
            breaks="lends_it_again",
            edit="""
-        if conn not in self._lent:
-            raise ValueError("this connection is not out on loan from this pool")
-        self._lent.remove(conn)
+        self._back = getattr(self, "_back", [])
+        if conn in self._back or conn not in self._lent:
+            raise ValueError("given back before")
+        self._back.append(conn)
""",
        ),
        slip(
            "does not lend it again",
            "`super().release(conn)` puts it on the shelf.",
            breaks="lends_it_again",
            edit="""
-            raise ValueError("this connection is not out on loan from this pool")
+            raise ValueError("not out")
...
-        super().release(conn)
+        self._in_use -= 1
+        if len(self._idle) < self.config.pool_size:
+            self._idle.insert(0, self._connect())
+        conn.close()
""",
        ),
        slip(
            "the other refused",
            "The first of the list is taken off it, whichever came back.",
            breaks="takes_back_what_is_out",
            edit="""
-            raise ValueError("this connection is not out on loan from this pool")
-        self._lent.remove(conn)
+            raise ValueError("not out")
+        self._lent.pop(0)
""",
        ),
        slip(
            "the other refused",
            "All are taken off the list when one comes back.",
            breaks="takes_back_what_is_out",
            edit="""
-            raise ValueError("this connection is not out on loan from this pool")
-        self._lent.remove(conn)
+            raise ValueError("not out")
+        self._lent.clear()
""",
        ),
        slip(
            "no cap",
            "`super().release(conn)` does all that release did before.",
            breaks="takes_back_what_is_out",
            edit="""
-        if conn not in self._lent:
-            raise ValueError("this connection is not out on loan from this pool")
...
-        super().release(conn)
+        self._idle.append(conn)
+        self._in_use -= 1
""",
        ),
        slip(
            "another history",
            "What is refused may be in the midst of somebody's work: leave it as it is.",
            edit="""
         if conn not in self._lent:
+            try:
+                conn.rollback()
+            except sqlite3.Error:
+                pass
""",
        ),
        slip(
            "another history",
            "What finds no room on the shelf has to be closed: `super().release(conn)` does both.",
            edit="""
-        super().release(conn)
+        if len(self._idle) < self.config.pool_size:
+            super().release(conn)
""",
        ),
    ),
    after="The pool now notices a slip of the hand, and says so to the one whose hand it was.",
)  # fmt: skip
