"""Exercise simple.cap: keep only as many as the config says."""

from __future__ import annotations

from poolkit.course.exercises import Exercise, assume, because
from poolkit.course.histories import Histories
from poolkit.course.lessons.simple.given import after_a_rush, idle, lend
from poolkit.course.lessons.simple.reusing import Lender
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
