"""Lesson 02, a simple pool: lend, take back, count, shrink."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import deque

from poolkit.course.exercises import Exercise, assume, because, expect, same
from poolkit.course.helping import Explanation
from poolkit.course.histories import Histories
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
from poolkit.course.predicting import Prediction
from poolkit.course.slips import slip


class Shelf:
    """A pool that keeps connections but does not lend them yet: `acquire` is missing."""

    def __init__(self, config):
        self.config = config
        self._idle = []
        self._created = 0
        self._reused = 0

    def _connect(self):
        return sqlite3.connect(self.config.db_path, timeout=self.config.timeout)

    def release(self, conn):
        self._idle.append(conn)

    def stats(self):
        return {"created": self._created, "reused": self._reused, "idle": len(self._idle)}


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


class CappedPool(Lender):
    """A pool that keeps only as many connections as its config says."""

    def release(self, conn):
        """Keep `conn` while fewer than `self.config.pool_size` lie idle; else close it."""
        if len(self._idle) < self.config.pool_size:
            self._idle.append(conn)
        else:
            conn.close()


class Keeper(Lender):
    """The lender with a cap: `release` keeps `pool_size` connections and closes the rest."""

    release = CappedPool.release


class Counter(Keeper):
    """A pool that also knows how many of its connections are out: `self._in_use`."""

    def __init__(self, config):
        super().__init__(config)
        self._in_use = 0
        self._peak = 0

    def acquire(self):
        conn = super().acquire()
        self._in_use += 1
        return conn

    def release(self, conn):
        self._in_use -= 1
        super().release(conn)

    def stats(self):
        return {**super().stats(), "in_use": self._in_use}


class PeakPool(Counter):
    """A pool that remembers its busiest moment."""

    def acquire(self):
        """Lend as before; keep in `self._peak` the most connections ever out at once."""
        conn = super().acquire()
        self._peak = max(self._peak, self._in_use)
        return conn

    def stats(self):
        """Report as before, and `"peak"` besides."""
        return {**super().stats(), "peak": self._peak}


class ShrinkingPool(Lender):
    """A pool that can be told to close some of what lies idle."""

    def shrink(self, target):
        """Close idle connections, those unused for longest first, until `target` are left."""
        while len(self._idle) > target:
            self._idle.pop(0).close()


def lend(pool, count: int) -> list:
    """Borrow `count` connections at once, and insist that connections they are."""
    lent = [pool.acquire() for _ in range(count)]
    for conn in lent:
        expect(conn, sqlite3.Connection, "pool.acquire()")
    return lent


def idle(pool) -> list:
    """What lies on the pool's shelf, oldest first."""
    expect(pool._idle, (list, deque), "pool._idle")
    return list(pool._idle)


# --- simple.reuse


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


# --- simple.cap


def keeps_what_fits(pool_class):
    """A connection given back is kept while there is room."""
    with trial(pool_class, pool_size=2) as pool:
        first, second = lend(pool, 2)
        pool.release(first)
        assert idle(pool) or not is_closed(first), "closed what fits"
        assert len(idle(pool)) == 1, because("not kept", back="one", idle=len(idle(pool)))
        pool.release(second)
        assert len(idle(pool)) == 2, because("not kept", back="two", idle=len(idle(pool)))


def keeps_no_more(pool_class):
    """Never more than pool_size connections lie idle."""
    with trial(pool_class, pool_size=2) as pool:
        kept = len(idle(after_a_rush(pool)))
        assert kept <= 2, because("too many idle", idle=kept)


def lends_nothing_closed(pool_class):
    """What lies idle is open."""
    with trial(pool_class, pool_size=2) as pool:
        kept = idle(after_a_rush(pool))
        dead = sum(map(is_closed, kept))
        assert not dead, because("closed on the shelf", kept=len(kept), dead=dead)


def closes_the_surplus(pool_class):
    """What finds no room is closed."""
    with trial(pool_class, pool_size=2) as pool:
        kept = idle(after_a_rush(pool))
        assume(len(kept) == 2)
        gone = [conn for conn in pool.opened_here if not any(conn is one for one in kept)]
        left_open = sum(not is_closed(conn) for conn in gone)
        assert not left_open, because("dropped, not closed", kept=len(kept), left=left_open)


def keeps_again_after_a_rush(pool_class):
    """After a rush it is the same pool as before."""
    with trial(pool_class, pool_size=2) as pool:
        first, second = lend(pool, 2)
        pool.release(first)
        assume(not is_closed(first))
        assume(len(idle(after_a_rush(pool))) <= 2)
        first, second = lend(pool, 2)
        assume(not is_closed(first) and not is_closed(second))
        pool.release(second)
        assert not is_closed(second), "closed after a rush"


def after_a_rush(pool, borrowers: int = 7):
    """The pool, after so many borrowed at once and gave back."""
    for conn in lend(pool, borrowers):
        pool.release(conn)
    return pool


cap = Exercise(
    id="simple.cap",
    title="Keep only as many as the config says",
    answer=CappedPool,
    parts=("release",),
    claims=(
        keeps_what_fits,
        keeps_no_more,
        lends_nothing_closed,
        closes_the_surplus,
        keeps_again_after_a_rush,
        Histories(
            "Over every short history, with sizes from 1 to 7, it keeps and closes what it should.",
            inputs=lambda: [
                *loans((1, 2, 3), 4, [("rush", 4)]),
                *loans((3, 7), 2, [("rush", 4), ("rush", 9)]),
            ],
            play=play_loans(all_of(idle_ones, counters("created", "reused"))),
            tell=tell_loans,
        ),
    ),
    hints=(
        "Count what lies idle before you put another one down.",
        "Compare `len(self._idle)` with `self.config.pool_size`. In one case append, in the other close; never both.",
        "Fill in the two blanks.\n\nif len(self._idle) ____ self.config.pool_size:\n    self._idle.append(conn)\nelse:\n    ____",
    ),
    tellings={
        "closed what fits": "With `pool_size=2` two were lent. One came back to an empty shelf and was closed.",
        "not kept": "With `pool_size=2` two were lent, and {back:plain} came back. Idle now: {idle}.",
        "too many idle": "With `pool_size=2` seven were lent at once and came back. Idle now: {idle}.",
        "dropped, not closed": "With `pool_size=2` seven were lent at once and came back. Idle now: {kept}. Open, but not on the shelf: {left}.",
        "closed on the shelf": "With `pool_size=2` seven were lent at once and came back. Idle now: {kept}, of which closed: {dead}. Whoever borrows one of those gets an error for a loan.",
        "closed after a rush": "With `pool_size=2` seven were lent at once and came back. Then two were lent, one of them came back to an empty shelf, and was closed.",
    },
    slips=(
        slip(
            "too many idle",
            "Whatever comes back is kept. `pool_size` bounds nothing by itself: `release` has to.",
            breaks="keeps_no_more",
            edit="""
-        if len(self._idle) < self.config.pool_size:
-            self._idle.append(conn)
-        else:
-            conn.close()
+        self._idle.append(conn)
""",
        ),
        slip(
            "too many idle",
            "It keeps one more than the config says.",
            breaks="keeps_no_more",
            edit="""
-        if len(self._idle) < self.config.pool_size:
+        if len(self._idle) <= self.config.pool_size:
""",
        ),
        slip(
            "too many idle",
            "It keeps five, whatever the config says: compare with `self.config.pool_size`.",
            breaks="keeps_no_more",
            edit="""
-        if len(self._idle) < self.config.pool_size:
+        if len(self._idle) < 5:
""",
        ),
        slip(
            "not kept",
            "It keeps one fewer than the config says.",
            breaks="keeps_what_fits",
            edit="""
-        if len(self._idle) < self.config.pool_size:
+        if len(self._idle) < self.config.pool_size - 1:
""",
        ),
        slip(
            "not kept",
            "Nothing is ever kept, and nothing closed. In which case should `conn` go on the shelf?",
            breaks="keeps_what_fits",
            edit="""
-        if len(self._idle) < self.config.pool_size:
+        if len(self._idle) > self.config.pool_size:
             self._idle.append(conn)
-        else:
-            conn.close()
""",
        ),
        slip(
            "closed what fits",
            "Everything that comes back is closed, so that nothing is ever lent again.",
            breaks="keeps_what_fits",
            edit="""
-        if len(self._idle) < self.config.pool_size:
-            self._idle.append(conn)
-        else:
-            conn.close()
+        conn.close()
""",
        ),
        slip(
            "closed on the shelf",
            "Each is put on the shelf, while there is room, and closed as well. Either keep it or close it, not both.",
            breaks="lends_nothing_closed",
            edit="""
-        else:
-            conn.close()
+        conn.close()
""",
        ),
        slip(
            "dropped, not closed",
            "What is dropped is not closed: its file stays open until Python cleans up. `conn.close()` closes it.",
            breaks="closes_the_surplus",
            edit="""
-        else:
-            conn.close()
""",
        ),
        slip(
            "closed on the shelf",
            "It closes the newcomer, and puts it in the place of one that lay idle.",
            breaks="lends_nothing_closed closes_the_surplus",
            edit="""
-        if len(self._idle) < self.config.pool_size:
-            self._idle.append(conn)
-        else:
-            conn.close()
+        if len(self._idle) >= self.config.pool_size:
+            conn.close()
+            self._idle.pop()
+        self._idle.append(conn)
""",
        ),
        slip(
            "closed after a rush",
            "It counts what was ever opened. How many lie idle now is `len(self._idle)`.",
            breaks="keeps_again_after_a_rush",
            edit="""
-        if len(self._idle) < self.config.pool_size:
+        if self._created <= self.config.pool_size:
""",
        ),
        slip(
            "another history",
            "`acquire` takes from the end of the list: put what comes back there.",
            edit="""
-            self._idle.append(conn)
+            self._idle.insert(0, conn)
""",
        ),
        slip(
            "raised TypeError",
            breaks="keeps_what_fits",
            edit="""
-        if len(self._idle) < self.config.pool_size:
+        if self._idle < self.config.pool_size:
""",
        ),
        slip(
            "another history",
            "It keeps the newcomer, and closes the one that has lain idle for longest.",
            edit="""
-        if len(self._idle) < self.config.pool_size:
-            self._idle.append(conn)
-        else:
-            conn.close()
+        self._idle.append(conn)
+        if len(self._idle) > self.config.pool_size:
+            self._idle.pop(0).close()
""",
        ),
        slip(
            "another history",
            "When the shelf is full, what lies there is closed as well. Only `conn` has to be.",
            edit="""
         else:
-            conn.close()
+            for one in [conn, *self._idle]:
+                one.close()
+            self._idle = []
""",
        ),
    ),
    after="A shelf without a cap is no leak, since all that lies there can be lent again. But it grows with every rush and never gets smaller.",
)


# --- simple.peak


def lends_as_before(pool_class):
    """acquire() lends an open connection of its own pool, as before."""
    with trial(pool_class) as other, trial(pool_class) as pool:
        other.release(*lend(other, 1))
        (conn,) = lend(pool, 1)
        assert not any(conn is one for one in other.opened_here), "another pool's"
        assert not is_closed(conn), "lent closed"


def starts_at_zero(pool_class):
    """Before anybody borrows, the peak is 0."""
    with trial(pool_class) as other, trial(pool_class) as pool:
        for _ in range(2):
            with contextlib.suppress(Exception):  # what comes of a loan is another claim's question
                other.acquire()
        assert peak_of(pool) == 0, because("starts wrong", peak=peak_of(pool))


def counts_those_out_at_once(pool_class):
    """The peak is the most connections that were out at the same time."""
    with trial(pool_class) as pool:
        for _ in range(3):
            (conn,) = lend(pool, 1)
            pool.release(conn)
        lend(pool, 1)
        assert peak_of(pool) == 1, because("one at a time", peak=peak_of(pool))
    with trial(pool_class) as pool:
        lend(pool, 7)
        assert peak_of(pool) == 7, because("seven at once", peak=peak_of(pool))


def does_not_fall(pool_class):
    """The peak stays when connections come back, and when fewer go out again."""
    with trial(pool_class) as pool:
        lent = lend(pool, 3)
        top = peak_of(pool)
        for conn in lent:
            pool.release(conn)
        assert peak_of(pool) == top, because("does not stay", top=top, peak=peak_of(pool), then="")
        lend(pool, 1)
        then = ", one went out again"
        assert peak_of(pool) == top, because(
            "does not stay", top=top, peak=peak_of(pool), then=then
        )


def forgets_what_was_closed(pool_class):
    """What was closed at its return counts no more when another is opened."""
    with trial(pool_class) as pool:
        for _ in range(2):
            pool.release(*lend(pool, 1))
        assume(peak_of(pool) == 1)
    with trial(pool_class, pool_size=1) as pool:
        first, second = (peak_of(after_a_rush(pool, 3)) for _ in range(2))
        assume(first == 3)
        assert second == 3, because("opened anew", peak=second)


def reports_the_rest(pool_class):
    """stats() still has all it had before."""
    with trial(pool_class) as pool:
        lend(pool, 1)
        lost = {"created", "reused", "idle", "in_use"} - set(pool.stats())
        assert not lost, because("lost keys", lost=sorted(lost))


def peak_of(pool) -> int:
    """The peak that stats() reports, which has to be there and a number."""
    stats = pool.stats()
    expect(stats, dict, "pool.stats()")
    assert "peak" in stats, "no peak"
    expect(stats["peak"], int, 'pool.stats()["peak"]')
    return stats["peak"]


peak = Exercise(
    id="simple.peak",
    title="Remember the busiest moment",
    answer=PeakPool,
    parts=("acquire", "stats"),
    claims=(
        lends_as_before,
        starts_at_zero,
        counts_those_out_at_once,
        does_not_fall,
        forgets_what_was_closed,
        reports_the_rest,
        Histories(
            "Over every short history it lends, counts and reports as before, and knows its busiest moment.",
            inputs=lambda: [*loans([1, 2], 3, ["stats", ("rush", 3)]), *loans([1], 5)],
            play=play_loans(
                all_of(idle_ones, counters("created", "reused", "idle", "in_use", "peak"))
            ),
            tell=tell_loans,
        ),
    ),
    hints=(
        "`super().acquire()` lends and counts `self._in_use`. What is left to do is to compare.",
        "After lending, the peak is the larger of what it was and `self._in_use`. In `stats()`, take the dictionary of `super().stats()` and add one key.",
        'Fill in the two blanks.\n\n# in acquire\nconn = super().acquire()\nself._peak = max(____, ____)\nreturn conn\n\n# in stats\nstats = super().stats()\nstats["peak"] = self._peak\nreturn stats',
    ),
    tellings={
        "another pool's": "A connection came back to one pool, and the next borrower of another pool got it.",
        "lent closed": "One borrower asked, and what they got is closed.",
        "no peak": '`stats()` was asked, and there was no `"peak"` in what it returned; it belongs there from the start.',
        "starts wrong": "Nobody has borrowed from this pool yet, only from another one, and its peak is {peak}.",
        "one at a time": "Four loans, one after the other, and never two at once: the peak is {peak}, not 1.",
        "seven at once": "Seven are out at once, and the peak is {peak}.",
        "does not stay": "With three out at once the peak was {top}. All came back{then:plain}, and now it is {peak}.",
        "opened anew": "With `pool_size=1` three were out at once and came back, twice. One was kept, and for the second three two were opened anew. The peak is {peak}, not 3.",
        "lost keys": "`stats()` had these before and has them no more: {lost}.",
    },
    slips=(
        slip(
            "one at a time",
            "It counts loans, and never what comes back. `self._in_use` goes down as well.",
            breaks="counts_those_out_at_once does_not_fall",
            edit="""
-        self._peak = max(self._peak, self._in_use)
+        self._peak += 1
""",
        ),
        slip(
            "one at a time",
            "`self._in_use` knows of this loan only after `super().acquire()`: look at it then.",
            breaks="counts_those_out_at_once",
            edit="""
-        conn = super().acquire()
         self._peak = max(self._peak, self._in_use)
-        return conn
+        return super().acquire()
""",
        ),
        slip(
            "one at a time",
            "`super().acquire()` has counted this loan in `self._in_use` already.",
            breaks="counts_those_out_at_once",
            edit="""
         conn = super().acquire()
+        self._in_use += 1
""",
        ),
        slip(
            "does not stay",
            "What is out now is not the most that ever was.",
            breaks="does_not_fall",
            edit="""
-        return {**super().stats(), "peak": self._peak}
+        return {**super().stats(), "peak": self._in_use}
""",
        ),
        slip(
            "does not stay",
            "Each loan puts the number that is out now in place of the peak: keep the larger of the two.",
            breaks="does_not_fall",
            edit="""
-        self._peak = max(self._peak, self._in_use)
+        self._peak = self._in_use
""",
        ),
        slip(
            "opened anew",
            "`self._created` never falls: it counts what was closed long ago, too.",
            breaks="forgets_what_was_closed",
            edit="""
-        self._peak = max(self._peak, self._in_use)
+        self._peak = self._created
""",
        ),
        slip(
            "seven at once",
            "It never goes above `pool_size`, which says how many are kept, not how many may be out.",
            breaks="counts_those_out_at_once",
            edit="""
-        self._peak = max(self._peak, self._in_use)
+        self._peak = min(max(self._peak, self._in_use), self.config.pool_size)
""",
        ),
        slip(
            "starts wrong",
            "One peak stands for all pools: keep it in `self._peak`.",
            breaks="starts_at_zero counts_those_out_at_once",
            edit="""
-        self._peak = max(self._peak, self._in_use)
+        PeakPool.most = max(getattr(PeakPool, "most", 0), self._in_use)
...
-        return {**super().stats(), "peak": self._peak}
+        return {**super().stats(), "peak": getattr(PeakPool, "most", 0)}
""",
        ),
        slip(
            "starts wrong",
            "It is never below 1.",
            breaks="starts_at_zero",
            edit="""
-        return {**super().stats(), "peak": self._peak}
+        return {**super().stats(), "peak": max(self._peak, 1)}
""",
        ),
        slip(
            "lost keys",
            "Begin with what `super().stats()` gives.",
            breaks="reports_the_rest",
            edit="""
-        return {**super().stats(), "peak": self._peak}
+        return {"peak": self._peak}
""",
        ),
        slip(
            "no peak",
            'Add it to what `super().stats()` gives, under the name `"peak"`.',
            breaks="starts_at_zero",
            edit="""
-        return {**super().stats(), "peak": self._peak}
+        return super().stats()
""",
        ),
        slip(
            "wrong type",
            "`super().acquire()` gives the connection: return it.",
            breaks="lends_as_before",
            edit="""
-        return conn
""",
        ),
        slip(
            "another history",
            "New and reused ones are not counted any more: let `super().acquire()` do that.",
            edit="""
-        conn = super().acquire()
+        conn = self._idle.pop() if self._idle else self._connect()
+        self._in_use += 1
""",
        ),
        slip(
            "lent closed",
            breaks="lends_as_before",
            edit="""
+        conn.close()
         return conn
""",
        ),
        slip(
            "does not stay",
            "Asking for the numbers forgets the peak.",
            breaks="does_not_fall",
            edit="""
-        return {**super().stats(), "peak": self._peak}
+        peak, self._peak = self._peak, self._in_use
+        return {**super().stats(), "peak": peak}
""",
        ),
    ),
    after="Peak is the number to look at before you choose a pool size: it says what was needed, not what was allowed.",
)


# --- simple.shrink


def shrinks_to_the_target(pool_class):
    """Afterwards `target` connections lie idle."""
    for target in (3, 0):
        with trial(pool_class) as pool:
            left = idle(shrunk(pool, 7, target))
            assert len(left) == target, because("another number", target=target, left=len(left))


def closes_what_it_takes_away(pool_class):
    """What leaves the shelf is closed, what stays is open."""
    with trial(pool_class) as pool:
        left = idle(shrunk(pool, 4, 1))
        gone = [conn for conn in pool.opened_here if not any(conn is one for one in left)]
        dead, alive = sum(map(is_closed, left)), sum(not is_closed(conn) for conn in gone)
        assert not dead, because("closed the wrong ones", left=len(left), dead=dead)
        assume(gone)
        assert not alive, because("left open", gone=len(gone), alive=alive)


def keeps_the_warm_ones(pool_class):
    """Those unused for longest go first."""
    with trial(pool_class) as pool:
        left = idle(shrunk(pool, 3, 1))
        assume(len(left) == 1)
        assert left[0] is pool.opened_here[-1], "kept a cold one"


def keeps_their_order(pool_class):
    """Of what stays, the one that came back last still goes out first."""
    with trial(pool_class) as pool:
        left = idle(shrunk(pool, 4, 2))
        cold, warm = pool.opened_here[-2:]
        assume(len(left) == 2 and any(cold is one for one in left))
        assume(any(warm is one for one in left))
        (lent,) = lend(pool, 1)
        assert lent is not cold, "turned round"


def leaves_few_alone(pool_class):
    """With no more than `target` idle, nothing happens."""
    with trial(pool_class) as pool:
        left = len(idle(shrunk(pool, 4, 5)))
        assert left == 4, because("closed without need", left=left)


def shrunk(pool, count: int, target: int):
    """The pool, after `count` were lent at once, came back in that order, and it was shrunk."""
    for conn in lend(pool, count):
        pool.release(conn)
    pool.shrink(target)
    return pool


shrink = Exercise(
    id="simple.shrink",
    title="Give back what a rush left behind",
    answer=ShrinkingPool,
    parts=("shrink",),
    claims=(
        shrinks_to_the_target,
        closes_what_it_takes_away,
        keeps_the_warm_ones,
        keeps_their_order,
        leaves_few_alone,
        Histories(
            "Over every short history it closes what it should, and keeps the rest as it was.",
            inputs=lambda: loans(
                [5], 3, [("rush", 3), *(("shrink", target) for target in (0, 1, 2, 4))]
            ),
            play=play_loans(all_of(idle_ones, counters("created", "reused"))),
            tell=tell_loans,
        ),
    ),
    hints=(
        "Which end of the list has been idle for longest? New ones are appended.",
        "Repeat while more than `target` lie idle: take the oldest off the list and close it. Do not walk over the list while you take things off it.",
        "Fill in the two blanks.\n\nwhile len(self._idle) > ____:\n    self._idle.pop(____).close()",
    ),
    tellings={
        "another number": "Seven lay idle, and `shrink({target})` was called. Idle now: {left}.",
        "closed the wrong ones": "Four lay idle and `shrink(1)` was called. Idle now: {left}, of which closed: {dead}. Whoever borrows one of those gets an error for a loan.",
        "left open": "Four lay idle and `shrink(1)` was called. Off the shelf now: {gone}, of which still open: {alive}.",
        "kept a cold one": "Three lay idle and `shrink(1)` was called. The one that is left is not the one that came back last.",
        "turned round": "Four lay idle and `shrink(2)` was called. Of the two that stayed, the one that had been idle longer is now lent first.",
        "closed without need": "Four lay idle, and `shrink(5)` was called. Idle now: {left}. There was nothing to do.",
    },
    slips=(
        slip(
            "another number",
            "A `for` over a list that is being shortened skips items.",
            breaks="shrinks_to_the_target keeps_the_warm_ones",
            edit="""
-        while len(self._idle) > target:
-            self._idle.pop(0).close()
+        for conn in self._idle:
+            if len(self._idle) > target:
+                self._idle.remove(conn)
+                conn.close()
""",
        ),
        slip(
            "another number",
            "`target` says how many stay, not how many go.",
            breaks="shrinks_to_the_target leaves_few_alone",
            edit="""
-        while len(self._idle) > target:
+        for _ in range(min(target, len(self._idle))):
""",
        ),
        slip(
            "another number",
            "Only one goes each time: repeat until `target` are left.",
            breaks="shrinks_to_the_target",
            edit="""
-        while len(self._idle) > target:
+        if len(self._idle) > target:
""",
        ),
        slip(
            "another number",
            "A target of 0 is not heeded. Often that is a slice, since `[-0:]` is the whole list, or a 0 that counts as false.",
            breaks="shrinks_to_the_target",
            edit="""
-        while len(self._idle) > target:
-            self._idle.pop(0).close()
+        for conn in self._idle[:-target]:
+            conn.close()
+        self._idle = self._idle[-target:]
""",
        ),
        slip(
            "another number",
            "It never goes below `pool_size`, and `target` may be less.",
            breaks="shrinks_to_the_target",
            edit="""
-        while len(self._idle) > target:
+        while len(self._idle) > self.config.pool_size:
""",
        ),
        slip(
            "another number",
            "One too many goes: stop as soon as `target` are left.",
            breaks="shrinks_to_the_target",
            edit="""
-        while len(self._idle) > target:
+        while self._idle and len(self._idle) >= target:
""",
        ),
        slip(
            "left open",
            "Taking them off the list does not close them.",
            breaks="closes_what_it_takes_away",
            edit="""
-            self._idle.pop(0).close()
+            self._idle.pop(0)
""",
        ),
        slip(
            "kept a cold one",
            "The one that came back last is the warmest, and here it goes first: keep it for the end.",
            breaks="keeps_the_warm_ones",
            edit="""
-            self._idle.pop(0).close()
+            self._idle.pop().close()
""",
        ),
        slip(
            "closed the wrong ones",
            breaks="closes_what_it_takes_away",
            edit="""
-        while len(self._idle) > target:
-            self._idle.pop(0).close()
+        for conn in self._idle[target:]:
+            conn.close()
+        del self._idle[: max(len(self._idle) - target, 0)]
""",
        ),
        slip(
            "closed without need",
            "With fewer than `target` idle, `len(self._idle) - target` is negative, and a slice up to a negative place is not empty.",
            breaks="leaves_few_alone",
            edit="""
-        while len(self._idle) > target:
-            self._idle.pop(0).close()
+        surplus = len(self._idle) - target
+        for conn in self._idle[:surplus]:
+            conn.close()
+        del self._idle[:surplus]
""",
        ),
        slip(
            "turned round",
            "Keep them in the order in which they came back.",
            breaks="keeps_their_order",
            edit="""
-        while len(self._idle) > target:
-            self._idle.pop(0).close()
+        keep = []
+        while self._idle:
+            conn = self._idle.pop()
+            if len(keep) < target:
+                keep.append(conn)
+            else:
+                conn.close()
+        self._idle = keep
""",
        ),
        slip(
            "another history",
            "It counts what was ever opened, not what lies idle.",
            edit="""
-        while len(self._idle) > target:
-            self._idle.pop(0).close()
+        for _ in range(self._created - target):
+            if self._idle:
+                self._idle.pop(0).close()
""",
        ),
    ),
    after="`close_all()` is `shrink(0)`, and that is how our `SimplePool` writes it.",
)
exercises = (reuse, cap, peak, shrink)


# --- predictions

predictions = (
    Prediction(
        id="simple.counts",
        question="You acquire, release and acquire again. What will the counters say?",
        places={"created": int, "reused": int},
        sample={"created": 2, "reused": 0, "sure": 70},
        explanations=(
            (
                {"created": 2},
                "Two acquires, but one of them found a connection on the shelf: nothing had to be opened.",
            ),
            (
                {"reused": 2},
                "The first acquire found an empty shelf: there was nothing to reuse yet.",
            ),
            (
                {"created": 0},
                "The first connection has to come from somewhere: the pool starts empty and opens it when it is asked.",
            ),
            (
                {"reused": 0},
                "The second acquire found what `release` had put down. That is a reuse.",
            ),
        ),
        why="Created counts what was paid for; reused counts what was saved.",
    ),
    Prediction(
        id="simple.order",
        question="Three connections lie idle. One borrower comes a hundred times, uses one and gives it back. How many different connections do they see?",
        places={"stack": int, "queue": int},
        sample={"stack": 3, "queue": 3, "sure": 60},
        explanations=(
            (
                {"stack": 3},
                "A stack lends what came back last, and that is always the one just given back. The other two are never touched.",
            ),
            (
                {"queue": 1},
                "A queue sends what comes back to the end of the line, so that each in turn gets to the front.",
            ),
            (
                {"stack": 100},
                "Nothing is opened while something lies idle: there are three in all.",
            ),
            (
                {"queue": 100},
                "Nothing is opened while something lies idle: there are three in all.",
            ),
        ),
        why="With a stack a quiet day uses one connection, which stays warm, and the others are seen to be surplus: that decides. A queue uses each just often enough to look needed. It would keep them all awake for a server that hangs up on the silent; but what nobody needs may well be hung up on.",
    ),
    Prediction(
        id="simple.uncapped",
        question="pool_size is 5. Thirty borrow at once and give back, later fifty do. How many lie idle in the end, if release() appends without looking (`uncapped`), and if it keeps to pool_size (`capped`)?",
        places={"uncapped": int, "capped": int},
        sample={"uncapped": 5, "capped": 5, "sure": 80},
        explanations=(
            (
                {"uncapped": 5},
                "`pool_size` is only a number in a config. Nothing enforces it unless `release()` looks.",
            ),
            (
                {"uncapped": 80},
                "The second rush found thirty on the shelf and opened only the twenty that were missing.",
            ),
            (
                {"uncapped": 30},
                "Thirty lay idle when fifty came: twenty more were opened, and nothing closed them.",
            ),
            ({"uncapped": 0}, "Nothing closed them: `release()` put each one on the shelf."),
            ({"capped": 50}, "With the cap, `release()` closes what does not fit."),
            ({"capped": 0}, "The cap closes the surplus only; the first five found room."),
        ),
        why="A pool without a cap stays as large as its worst minute ever was.",
    ),
    Prediction(
        id="simple.out",
        question="One connection is out and two lie idle when close_all() is called. Afterwards: can the borrower still query, and what does in_use say?",
        places={"still_works": bool, "in_use": int},
        sample={"still_works": False, "in_use": 0, "sure": 60},
        explanations=(
            (
                {"still_works": False},
                "The pool closes what is on its shelf. What is out is in somebody else's hands, in the middle of something, perhaps: it is left alone.",
            ),
            (
                {"in_use": 0},
                "Nobody gave it back, so that it still counts as out. A pool that forgot it could never tell you that something leaks.",
            ),
            ({"in_use": 3}, "The two idle ones were not in use before, and are closed now."),
        ),
        why="`close_all()` closes what came home. A borrower who never returns keeps a connection open until Python cleans up behind them. `in_use` counts it for ever, and is the only trace.",
    ),
)

explanations = (
    Explanation(
        id="simple.why_stack",
        question="Why does a pool lend the connection that came back last, and not the one that has waited longest?",
        points=(
            "What is not needed stays untouched, so that it can be recognised and closed.",
            "The caches of the one used last are warm.",
            "The one used last is the likeliest still to be alive: servers and firewalls drop what is silent. A queue would use each in turn and keep all alive, needed or not.",
        ),
        sample="The ones nobody needs can be found and closed, and the last one back is warm and was alive a moment ago.",
    ),
    Explanation(
        id="simple.sizes",
        question="What happens to an application whose pool keeps too few connections, and to one whose pool keeps too many?",
        points=(
            "Too few kept: every rush opens and closes again, and the saving is gone.",
            "Too many kept: memory and open files here, and connection slots on the server that others could use.",
            "This pool limits what it keeps, not what it lends: fifty borrowers at once still open fifty. A cap on lending comes with threads, in lesson 08.",
        ),
        sample="Too few and each rush pays for opening again; too many and they lie about costing memory and slots on the server.",
    ),
)
