"""Exercise simple.reuse: lend what you have before you open anything."""

from __future__ import annotations

import sqlite3  # noqa: F401 - for a slip

from poolkit.course.exercises import Exercise, assume, because, same
from poolkit.course.histories import Histories
from poolkit.course.lessons.simple.given import Shelf, lend
from poolkit.course.pools import (
    all_of,
    counters,
    idle_ones,
    is_closed,
    loans,
    play_loans,
    tell_loans,
    trial,
)
from poolkit.course.slips import slip


class ReusingPool(Shelf):
    """A pool that lends what it has before it opens anything."""

    def acquire(self):
        """Lend the idle connection that came back last; open a new one if none is idle.

        Count it: in `self._reused` if it was idle, in `self._created` if it is new.
        """
        if self._idle:
            self._reused += 1
            return self._idle.pop()
        self._created += 1
        return self._connect()


class Lender(Shelf):
    """The shelf with `acquire`; `release` still keeps everything that comes back."""

    acquire = ReusingPool.acquire


def lends_an_open_connection(pool_class):
    """From an empty pool acquire() lends an open connection, made by self._connect()."""
    with trial(pool_class) as pool:
        (conn,) = lend(pool, 1)
        assert not is_closed(conn), "lent closed"
        assert any(conn is one for one in pool.opened_here), "opened elsewhere"


def reuses(pool_class):
    """A connection given back is handed out again."""
    with trial(pool_class) as pool:
        (first,) = lend(pool, 1)
        pool.release(first)
        (second,) = lend(pool, 1)
        assert second is first, "always new"


def lends_each_once(pool_class):
    """A connection that is out is not handed to anybody else."""
    with trial(pool_class) as pool:
        first, second = lend(pool, 2)
        assert first is not second, "shelved while lent"
    with trial(pool_class) as pool:
        pool.release(pool._connect())
        first, second = lend(pool, 2)
        assert first is not second, "kept on the shelf"


def last_back_first_out(pool_class):
    """Of several idle connections the one that came back last goes out first."""
    with trial(pool_class) as pool:
        cold, warm = pool._connect(), pool._connect()
        pool.release(cold)
        pool.release(warm)
        (lent,) = lend(pool, 1)
        assume(lent is warm or lent is cold)
        assert lent is warm, "oldest first"


def counts(pool_class):
    """stats() counts a new connection as created, an idle one as reused."""
    with trial(pool_class) as pool:
        (first,) = lend(pool, 1)
        pool.release(first)
        again, new = lend(pool, 2)
        assume(again is first and new is not first)
        got = {name: pool.stats()[name] for name in ("created", "reused")}
        assert same(got, {"created": 2, "reused": 1}), because("miscounted", **got)


reuse = Exercise(
    id="simple.reuse",
    title="Lend what you have before you open anything",
    answer=ReusingPool,
    parts=("acquire",),
    claims=(
        lends_an_open_connection,
        reuses,
        lends_each_once,
        last_back_first_out,
        counts,
        Histories(
            "Over every short history it lends, keeps and counts what it should.",
            inputs=lambda: loans([5], 6),
            play=play_loans(all_of(idle_ones, counters("created", "reused"))),
            tell=tell_loans,
        ),
    ),
    hints=(
        "There are two cases: something lies on the shelf, or nothing does. An empty list is false.",
        "Taking from the shelf has to remove it there. Which list method removes the last item and returns it? Count in each case before you return.",
        "Fill in the two blanks.\n\nif self._idle:\n    self._reused += 1\n    return ____\nself._created += 1\nreturn ____",
    ),
    tellings={
        "lent closed": "The pool was empty, one borrower asked, and what they got is closed.",
        "opened elsewhere": "What was lent had not been opened by `self._connect()`, which knows the database that the config names.",
        "shelved while lent": "Two borrowers asked an empty pool, and both got the same connection.",
        "always new": "One connection was given back, and the next borrower got another one, although it lay idle.",
        "kept on the shelf": "One connection lay idle and two borrowers asked: both got the same one.",
        "oldest first": "Two were given back, and the one that came back first was lent first. The last one in should be the first one out, so that the busiest stays warm.",
        "miscounted": "Open one, give it back, borrow two: that is created 2, reused 1. Your counters say created {created}, reused {reused}.",
    },
    slips=(
        slip(
            "always new",
            "A new one is opened each time, whatever lies on `self._idle`.",
            breaks="reuses",
            edit="""
-        if self._idle:
-            self._reused += 1
-            return self._idle.pop()
""",
        ),
        slip(
            "kept on the shelf",
            "What is lent has to leave the list.",
            breaks="lends_each_once",
            edit="""
-            return self._idle.pop()
+            return self._idle[-1]
""",
        ),
        slip(
            "oldest first",
            "It takes from the front of the list, and `release` puts at the end.",
            breaks="last_back_first_out",
            edit="""
-            return self._idle.pop()
+            return self._idle.pop(0)
""",
        ),
        slip(
            "miscounted",
            "A connection from the shelf is not counted at all.",
            breaks="counts",
            edit="""
-            self._reused += 1
""",
        ),
        slip(
            "miscounted",
            "A connection from the shelf is counted as created, too.",
            breaks="counts",
            edit="""
+        self._created += 1
         if self._idle:
...
-        self._created += 1
""",
        ),
        slip(
            "lent closed",
            "Return what `self._connect()` opens, as it is.",
            breaks="lends_an_open_connection",
            edit="""
-        return self._connect()
+        conn = self._connect()
+        conn.close()
+        return conn
""",
        ),
        slip(
            "opened elsewhere",
            breaks="lends_an_open_connection",
            edit="""
-        return self._connect()
+        return sqlite3.connect(":memory:")
""",
        ),
        slip(
            "shelved while lent",
            "It was put on the shelf while it was lent. Only `release` puts one there.",
            breaks="lends_each_once",
            edit="""
-        return self._connect()
+        self._idle.append(self._connect())
+        return self._idle[-1]
""",
        ),
        slip(
            "raised IndexError",
            "An empty list has nothing to give: what should happen then?",
            breaks="lends_an_open_connection",
            edit="""
-        if self._idle:
-            self._reused += 1
-            return self._idle.pop()
-        self._created += 1
-        return self._connect()
+        self._reused += 1
+        return self._idle.pop()
""",
        ),
        slip(
            "wrong type",
            "Nothing is returned when the shelf is empty.",
            breaks="lends_an_open_connection",
            edit="""
-        return self._connect()
+        self._idle.append(self._connect())
""",
        ),
        slip(
            "another history",
            "What else lay idle is thrown away with the one that is lent.",
            edit="""
-            return self._idle.pop()
+            conn = self._idle.pop()
+            self._idle.clear()
+            return conn
""",
        ),
    ),
    after="That is the whole secret of a pool: the second borrower pays nothing for opening.",
)
