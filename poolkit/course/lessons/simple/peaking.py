"""Exercise simple.peak: remember the busiest moment."""

from __future__ import annotations

import contextlib

from poolkit.course.exercises import Exercise, assume, because, expect
from poolkit.course.histories import Histories
from poolkit.course.lessons.simple.capping import Keeper
from poolkit.course.lessons.simple.given import after_a_rush, lend
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
