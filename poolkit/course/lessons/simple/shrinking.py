"""Exercise simple.shrink: give back what a rush left behind."""

from __future__ import annotations

from poolkit.course.exercises import Exercise, assume, because
from poolkit.course.histories import Histories
from poolkit.course.lessons.simple.given import idle, lend
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


class ShrinkingPool(Lender):
    """A pool that can be told to close some of what lies idle."""

    def shrink(self, target):
        """Close idle connections, those unused for longest first, until `target` are left."""
        while len(self._idle) > target:
            self._idle.pop(0).close()


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
