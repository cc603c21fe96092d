"""Exercise health.guard: a guard at the door."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from poolkit import ConnectionConfig
from poolkit.course.exercises import Exercise, assume, because, expect
from poolkit.course.histories import Histories, Seen, sequences
from poolkit.course.lessons.health.asking import health_check  # noqa: F401 - for a slip
from poolkit.course.lessons.health.given import TrustingPool
from poolkit.course.lessons.health.trying import (
    DISK,
    broken,
    fragile,
    lend,
    note,
    rows_of,
    trial,
    watched,
)
from poolkit.course.pools import ACQUIRE, is_closed, listed, still_open, which
from poolkit.course.slips import slip


class GuardedPool(TrustingPool):
    """A pool with a guard at the door: it looks at what comes back."""

    def release(self, conn):
        """Take `conn` back: it is no longer out, so `self._in_use` goes down by one.

        Roll back what its borrower left open, then keep it with `self._keep(conn)`. One that was
        closed by hand, or that cannot be rolled back, is closed and not kept; nothing is raised.
        """
        self._in_use -= 1
        try:
            if conn.in_transaction:
                conn.rollback()
        except sqlite3.Error:
            conn.close()
        else:
            self._keep(conn)


def keeps_a_good_one(pool_class):
    """What comes back in good order is kept while there is room, and only then."""
    with trial(pool_class, pool_size=1) as pool:
        first, second = lend(pool), lend(pool)
        pool.release(first)
        assert not is_closed(first) and len(pool._idle) == 1, "threw away"
        pool.release(second)
        assert len(pool._idle) == 1, because("past the cap", idle=len(pool._idle))
    with trial(pool_class, pool_size=2) as pool:
        for conn in [lend(pool), lend(pool)]:
            pool.release(conn)
        assert len(pool._idle) == 2, because("lost another", idle=len(pool._idle))


def turns_a_closed_one_away(pool_class):
    """One that was closed by hand is not kept, none comes in its place, and nothing is raised."""
    with trial(pool_class) as pool:
        conn = lend(pool)
        conn.close()
        pool.release(conn)
        assert conn not in pool._idle, "kept the closed one"
        assert not pool._idle, "another in its place"


def rolls_back(pool_class):
    """What a borrower left open is rolled back, and the connection is kept."""
    with trial(pool_class) as pool:
        conn = lend(pool)
        pool.release(conn)
        assume(not is_closed(conn) and pool._idle)
    with trial(pool_class) as pool:
        conn = lend(pool)
        note(conn)
        pool.release(conn)
        assert not is_closed(conn) and pool._idle, "threw away the careless"
        assert not conn.in_transaction, "still open"
        left = rows_of(conn) == 1
        assert not left, "committed"


def closes_a_broken_one(pool_class):
    """One that cannot be rolled back is closed and not kept."""
    for ill, how in ((broken(), "everything"), (stuck(), "a rollback, and nothing else,")):
        with trial(pool_class) as pool, contextlib.closing(ill) as conn:
            pool._in_use = 1
            pool.release(conn)
            assert conn not in pool._idle, because("kept the broken one", how=how)
            assert not pool._idle, "another in its place"
            assert is_closed(conn), because("left open", how=how)


def stuck() -> sqlite3.Connection:
    """A connection with a row not committed that answers, and cannot be rolled back."""
    conn = fragile()
    note(conn)
    conn.error, conn.stuck = DISK, True
    return conn


def counts_them_all(pool_class):
    """Each that comes back counts as back, closed and broken ones too."""
    with trial(pool_class) as pool, contextlib.closing(broken()) as ill:
        good, shut = lend(pool), lend(pool)
        shut.close()
        for conn, what in ((good, "in good order"), (shut, "closed"), (ill, "broken")):
            pool._in_use = 1
            pool.release(conn)
            assert pool._in_use == 0, because("miscounted", what=what, in_use=pool._in_use)


# --- every short history: borrow, and give back the first or the last in some state

_STATES = {
    "as it is": lambda conn: None,
    "with a row not committed": note,
    "after BEGIN": lambda conn: conn.execute("BEGIN"),
    "with a row committed": lambda conn: (note(conn), conn.commit()),
    "closed": lambda conn: conn.close(),
    "when it answers nothing but disk errors": lambda conn: setattr(conn, "error", DISK),
    "with a row that cannot be rolled back": lambda conn: _stick(conn),
}


def _stick(conn) -> None:
    note(conn)
    conn.error, conn.stuck = sqlite3.DatabaseError("database disk image is malformed"), True


_FEW = "as it is", "with a row not committed", "closed"
Return = tuple[int, str]  # which of those that are out, and in what state


def returns() -> Iterator[tuple]:
    """All short histories of borrowing and giving back, in pools that keep one or two."""
    moves = [ACQUIRE, *((place, state) for place in (0, -1) for state in _STATES)]
    for history in sequences(moves, 3, _possible):
        if history[-1] != ACQUIRE:
            yield from ((size, history) for size in (1, 2))
    few = [ACQUIRE, *((0, state) for state in _FEW), (-1, "as it is")]
    for history in sequences(few, 4, _possible):
        if len(history) == 4 and history[-1] != ACQUIRE:
            yield from ((size, history) for size in (1, 2))


def _possible(moves: tuple) -> bool:
    """Nobody gives back what is not out; the last of one is the first."""
    out = 0
    for move in moves:
        if move != ACQUIRE and out < (1 if move[0] == 0 else 2):
            return False
        out += 1 if move == ACQUIRE else -1
    return True


def tell_returns(history: tuple) -> str:
    """A history in words."""
    size, moves = history
    return f"With `pool_size={size}`: " + ", ".join(map(_in_words, moves))


def _in_words(move: str | Return) -> str:
    if move == ACQUIRE:
        return "`acquire`"
    return f"give back the {'first' if move[0] == 0 else 'last'} {move[1]}"


def play_returns(pool_class, history: tuple) -> Iterator[Seen]:
    """What is open, kept and counted in the end, and what is left in what is kept."""
    size, moves = history
    with watched(pool_class) as seen:
        pool, other = (seen(ConnectionConfig(pool_size=size)) for _ in range(2))
        other.release(other.acquire())
        held: list = []
        for move in moves:
            if move == ACQUIRE:
                held.append(lend(pool))
                continue
            conn = held.pop(move[0])
            _STATES[move[1]](conn)
            pool.release(conn)
            yield Seen("`release` raises", "nothing", "nothing")
        yield Seen("`self._in_use` is", pool._in_use)
        yield from still_open(pool)
        yield from _kept(pool, "the shelf holds")
        yield from _kept(other, "another pool's shelf holds")
        yield Seen("another pool's `self._in_use` is", other._in_use)


def _kept(pool, what: str) -> Iterator[Seen]:
    expect(pool._idle, list, "pool._idle")
    numbers = [which(pool, conn) for conn in pool._idle]
    yield Seen(what, numbers, listed(numbers))
    for number, conn in zip(numbers, pool._idle, strict=True):
        if not is_closed(conn):
            is_open = conn.in_transaction
            yield Seen(
                f"in connection {number} a transaction is",
                is_open,
                "open" if is_open else "not open",
            )
            yield Seen(f"rows in connection {number}:", rows_of(conn))


guard = Exercise(
    id="health.guard",
    title="A guard at the door",
    answer=GuardedPool,
    parts=("release",),
    claims=(
        keeps_a_good_one,
        turns_a_closed_one_away,
        rolls_back,
        closes_a_broken_one,
        counts_them_all,
        Histories(
            "In whatever order and state they come back, it keeps, cleans, closes and counts as the text says.",
            inputs=returns,
            play=play_returns,
            tell=tell_returns,
        ),
    ),
    hints=(
        "What could you ask a connection that raises if it is closed, and tells you whether something was left open?",
        "`conn.in_transaction` does both. Put it and the rollback into one `try`; close in the `except sqlite3.Error`, keep in the `else`.",
        "Fill in the two blanks.\n\nself._in_use -= 1\ntry:\n    if ____:\n        conn.rollback()\nexcept sqlite3.Error:\n    ____\nelse:\n    self._keep(conn)",
    ),
    tellings={
        "threw away": "A connection came back in good order, there was room, and it was closed or not kept.",
        "past the cap": "With `pool_size=1` two came back, and {idle} lie idle.",
        "lost another": "With `pool_size=2` two came back in good order, and the number of those on the shelf is {idle}.",
        "kept the closed one": "A borrower closed his connection and gave it back, and it lies on the shelf.",
        "another in its place": "One that was closed or broken came back and was not kept, and another one lies on the shelf in its place. A return opens nothing.",
        "threw away the careless": "A borrower forgot to commit, and his connection was closed or not kept. It is in good order: after a rollback it can be lent again.",
        "still open": "A borrower forgot to commit, and what he began is still open on the shelf: the next one will finish it without knowing.",
        "committed": "A borrower gave back half of his work, and it was committed. Nobody has said that it is complete.",
        "kept the broken one": "A connection answered {how:plain} with a disk error, and it was kept. What cannot be cleaned cannot be lent.",
        "left open": "A connection answered {how:plain} with a disk error. It was not kept, and not closed either: its file stays open.",
        "miscounted": "One was out, and it came back {what:plain}: then none is out, and your `self._in_use` says {in_use}.",
    },
    slips=(
        slip(
            "raised ProgrammingError",
            "A closed connection raises at every statement, at `rollback` and at `in_transaction`; nothing of that may come out of `release`.",
            breaks="turns_a_closed_one_away",
            edit="""
-        try:
-            if conn.in_transaction:
-                conn.rollback()
-        except sqlite3.Error:
-            conn.close()
-        else:
-            self._keep(conn)
+        if conn.in_transaction:
+            conn.rollback()
+        self._keep(conn)
""",
        ),
        slip(
            "raised OperationalError",
            "It asked, and then rolled back without a guard. What answers a question may still fail at its rollback.",
            breaks="closes_a_broken_one",
            edit="""
-        try:
-            if conn.in_transaction:
-                conn.rollback()
-        except sqlite3.Error:
-            conn.close()
-        else:
-            self._keep(conn)
+        if health_check(conn)["status"] == "healthy":
+            conn.rollback()
+            self._keep(conn)
+        else:
+            conn.close()
""",
        ),
        slip(
            "kept the closed one",
            "Whatever it raises, it is kept.",
            breaks="turns_a_closed_one_away closes_a_broken_one",
            edit="""
-            conn.close()
-        else:
-            self._keep(conn)
+            pass
+        self._keep(conn)
""",
        ),
        slip(
            "kept the closed one",
            "Broken ones are turned away, and closed ones are kept.",
            breaks="turns_a_closed_one_away",
            edit="""
+        except sqlite3.ProgrammingError:
+            self._keep(conn)
         except sqlite3.Error:
""",
        ),
        slip(
            "another in its place",
            breaks="turns_a_closed_one_away",
            edit="""
             conn.close()
-        else:
-            self._keep(conn)
+            conn = self._connect()
+        self._keep(conn)
""",
        ),
        slip(
            "still open",
            "Whether it answers is looked at; what was left open is not.",
            breaks="rolls_back closes_a_broken_one",
            edit="""
-            if conn.in_transaction:
-                conn.rollback()
+            conn.execute("SELECT 1")
""",
        ),
        slip(
            "committed",
            "Roll back.",
            breaks="rolls_back",
            edit="""
-                conn.rollback()
+                conn.commit()
""",
        ),
        slip(
            "threw away the careless",
            breaks="rolls_back",
            edit="""
             if conn.in_transaction:
-                conn.rollback()
+                conn.close()
+                return
""",
        ),
        slip(
            "threw away",
            "Only what was rolled back is kept.",
            breaks="keeps_a_good_one",
            edit="""
                 conn.rollback()
+                self._keep(conn)
+            else:
+                conn.close()
         except sqlite3.Error:
             conn.close()
-        else:
-            self._keep(conn)
""",
        ),
        slip(
            "past the cap",
            "`self._keep(conn)` looks at the size for you.",
            breaks="keeps_a_good_one",
            edit="""
-            self._keep(conn)
+            self._idle.append(conn)
""",
        ),
        slip(
            "lost another",
            "`self._keep(conn)` adds one and leaves the others there.",
            breaks="keeps_a_good_one",
            edit="""
-            self._keep(conn)
+            self._idle = [conn]
""",
        ),
        slip(
            "left open",
            breaks="closes_a_broken_one",
            edit="""
-            conn.close()
+            return
""",
        ),
        slip(
            "kept the broken one",
            "Closed ones are turned away, and broken ones kept.",
            breaks="closes_a_broken_one",
            edit="""
-        except sqlite3.Error:
+        except sqlite3.ProgrammingError:
             conn.close()
+        except sqlite3.Error:
+            self._keep(conn)
""",
        ),
        slip(
            "miscounted",
            "In yours only what is kept is counted as back.",
            breaks="counts_them_all",
            edit="""
-        self._in_use -= 1
         try:
...
+            self._in_use -= 1
             self._keep(conn)
""",
        ),
        slip(
            "miscounted",
            "It goes down by 2. Often that is because `super().release(conn)` counts, too.",
            breaks="counts_them_all",
            edit="""
-            self._keep(conn)
+            super().release(conn)
""",
        ),
        slip(
            "another history",
            "There are other errors than OperationalError after which it cannot be kept: catch `sqlite3.Error`.",
            edit="""
-        except sqlite3.Error:
+        except (sqlite3.OperationalError, sqlite3.ProgrammingError):
             conn.close()
""",
        ),
    ),
    after="What was closed, or left half done, stops at the door. Ours asks for `in_transaction` and nothing else: that raises on a closed connection, finds what was left open, and sends no query.",
)
