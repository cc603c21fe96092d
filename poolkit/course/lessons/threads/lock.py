"""The exercise threads.lock: its claims, what they tell, and the slips known by heart."""

from __future__ import annotations

from poolkit.course.exercises import Exercise, because
from poolkit.course.lessons import scenes
from poolkit.course.lessons.scenes import Table
from poolkit.course.lessons.threads import alone as one_thread
from poolkit.course.lessons.threads.answers import LockedPool
from poolkit.course.lessons.threads.playing import (
    CLOSED,
    HELD,
    IN_ANY_ORDER,
    LENT_TWICE,
    STORY,
    PlayedHistories,
    alone,
    insist,
    insist_all,
    lend,
    told,
    unless_hopeless,
)
from poolkit.course.lessons.threads.scores import at_once
from poolkit.course.player import play_all
from poolkit.course.slips import slip


def works_as_before(pool_class):
    """One thread alone notices no difference."""

    def ann(table):
        first, second, third = (lend(table) for _ in range(3))
        stats = table.pool.stats()
        assert stats == {"idle": 0, "in_use": 3}, because("miscounted", **stats)
        for conn in (first, second, third):
            table.give(conn)
        stats = table.pool.stats()
        assert stats == {"idle": 2, "in_use": 0}, because("miscounted at the end", **stats)
        assert table.desk.open <= 2, "dropped, not closed"
        conn = lend(table)
        assert conn in (first, second), "not reused"
        assert table.desk.made == 3, "opened for nothing"
        left = table.pool.stats()["idle"]
        assert left == 1, because("left on the shelf", left=left)
        assert conn is second, "not the last one"

    alone(pool_class, ann, size=2)


def takes_in_one_step(pool_class):
    """Two who borrow at once get two connections, though only one lies idle."""
    unless_hopeless(pool_class)
    result = play_all(scenes.lent_once(pool_class))
    if " had made" in result.remark:
        raise AssertionError(told(result, {"raised": "made anew"}))
    insist(scenes.lent_once(pool_class), raised="not in one step")


def counts_both_sides(pool_class):
    """Two borrow or give back at once, and `in_use` is right afterwards."""
    both, one_each, back = ("take", "take"), ("take", "give"), ("give", "give")
    # Nobody has used the pool before: two switches, since what is made at first use takes two.
    at_first = {"counted wrong": "counted wrong at first", "raised": "not in one step"}
    insist(at_once(pool_class, both, _counted), preemptions=2, **at_first)
    insist_all(
        (
            at_once(pool_class, one_each, _counted),
            at_once(pool_class, one_each, _counted, idle=1),
            at_once(pool_class, both, _counted, idle=2),
            at_once(pool_class, back, _counted),
        ),
        raised="not in one step",
    )


def _counted(table: Table) -> None:
    out, in_use = len(table.desk.out), table.pool.stats()["in_use"]
    assert in_use == out, because("counted wrong", out=out, in_use=in_use)


def keeps_no_more(pool_class):
    """Two who give back at once do not fill one free place twice, and nothing gets lost."""
    back = ("give", "give")
    insist_all(
        (
            at_once(pool_class, back, _kept, size=1),
            at_once(pool_class, back, _kept, size=2, idle=1),
            at_once(pool_class, ("take", "give"), _kept, size=1, idle=1),
        )
    )


def _kept(table: Table) -> None:
    idle, out = table.pool.stats()["idle"], len(table.desk.out)
    assert idle <= table.size, because("kept too many", room=table.size, idle=idle)
    assert table.desk.open == idle + out, because(
        "lost one", open=table.desk.open, idle=idle, out=out
    )


def connects_outside(pool_class):
    """While one connects, another can give back."""
    insist(scenes.slow_connect(pool_class))


RACE = "It takes two threads."

lock = Exercise(
    id="threads.lock",
    title="One at a time, please",
    answer=LockedPool,
    parts=("__init__", "acquire", "release"),
    claims=(
        works_as_before,
        takes_in_one_step,
        counts_both_sides,
        keeps_no_more,
        connects_outside,
        PlayedHistories(
            "Over every short history of one thread it lends, keeps and counts as the base does.",
            inputs=lambda: one_thread.histories(
                {1: 4, 2: 5}, (one_thread.TAKE, one_thread.FAIL, one_thread.FIRST), cap=False
            ),
            play=one_thread.play_uncapped,
            tell=one_thread.tell,
        ),
    ),
    hints=(
        "Which lines of the base read or change `_idle` or `_in_use`? Each look, and the change that follows from it, belong in one `with self._lock:`.",
        "Make one `threading.Lock()` in `__init__` and take it in both methods. Connecting is slow, and can fail: find out under the lock that nothing is idle, let go, connect, and take the lock once more to count it.",
        "Fill in the blanks; `release` goes the same way.\n\nwith self._lock:\n    if self._idle:\n        self._in_use += 1\n        return ____\nconn = ____\nwith self._lock:\n    ____\nreturn conn",
    ),
    tellings={
        "miscounted": "Three were borrowed from an empty shelf: 0 idle, 3 in use. `stats()` says {idle} idle, {in_use} in use.",
        "miscounted at the end": "Three were borrowed and given back, with room for two: 2 idle, 0 in use. `stats()` says {idle} idle, {in_use} in use.",
        "not reused": "Two came back while there was room for them, and the next `acquire()` lent neither.",
        "dropped, not closed": "Three came back, with room for two, and more than two are still open.",
        "opened for nothing": "One that lay idle was lent, and yet another was opened besides.",
        "left on the shelf": "Two lay idle and one of them was lent; `stats()` says that {left} lie idle now.",
        "not the last one": "Two lay idle. The base lends the one that came back last; yours lent the other.",
        "lent closed": CLOSED,
        "no brackets": "`threading.Lock` is what makes locks, and here it was used as if it were one. With brackets, `threading.Lock()`, it makes one.",
        "deadlock": STORY,
        "not in one step": IN_ANY_ORDER,
        "made anew": "{story}\nOne that is made in `__init__` is the same for all.",
        "lent twice": LENT_TWICE,
        "counted wrong": "Out are {out}, and `in_use` says {in_use}:\n{story}",
        "counted wrong at first": "Nobody had used the pool before. Out are {out}, and `in_use` says {in_use}:\n{story}",
        "raised": IN_ANY_ORDER,
        "kept too many": "There was room for {room}, and {idle} lie idle:\n{story}",
        "lost one": "Out are {out}, idle {idle}, and open {open}:\n{story}",
        "held up by a connect": HELD,
        "unseen": STORY,
        "endless": STORY,
    },
    slips=(
        slip(
            "not in one step",
            "Often there is no lock at all around the look and the `pop`.",
            breaks="takes_in_one_step counts_both_sides keeps_no_more",
            edit="""
-        with self._lock:
-            if self._idle:
-                self._in_use += 1
-                return self._idle.pop()
+        if self._idle:
+            self._in_use += 1
+            return self._idle.pop()
...
-        with self._lock:
-            self._in_use += 1
+        self._in_use += 1
...
-        with self._lock:
-            self._in_use -= 1
-            if len(self._idle) < self._size:
-                self._idle.append(conn)
-                return
+        self._in_use -= 1
+        if len(self._idle) < self._size:
+            self._idle.append(conn)
+            return
""",
            beyond=RACE,
        ),
        slip(
            "not in one step",
            "Often the look stands outside the lock, or the lock is let go between look and `pop`.",
            breaks="takes_in_one_step",
            edit="""
-        with self._lock:
-            if self._idle:
-                self._in_use += 1
+        if self._idle:
+            with self._lock:
+                self._in_use += 1
""",
            beyond=RACE,
        ),
        slip(
            "counted wrong",
            "`+= 1` and `-= 1` read, compute and write. Often one side does it without the lock.",
            breaks="counts_both_sides keeps_no_more",
            edit="""
-        with self._lock:
-            self._in_use -= 1
-            if len(self._idle) < self._size:
-                self._idle.append(conn)
-                return
+        self._in_use -= 1
+        if len(self._idle) < self._size:
+            self._idle.append(conn)
+            return
""",
            beyond=RACE,
        ),
        slip(
            "counted wrong",
            "`+= 1` and `-= 1` read, compute and write. Both sides need the lock for it, and the same one.",
            breaks="counts_both_sides",
            edit="""
         self._lock = threading.Lock()
+        self._other = threading.Lock()
...
-        with self._lock:
+        with self._other:
             self._in_use -= 1
""",
            beyond=RACE,
        ),
        slip(
            "lent twice",
            "Often it is looked at under one hold of the lock, and taken off the shelf under another.",
            breaks="takes_in_one_step",
            edit="""
-            if self._idle:
-                self._in_use += 1
-                return self._idle.pop()
+            conn = self._idle[-1] if self._idle else None
+            self._in_use += conn is not None
+        if conn is not None:
+            with self._lock:
+                if conn in self._idle:
+                    self._idle.remove(conn)
+            return conn
""",
            beyond=RACE,
        ),
        slip(
            "made anew",
            breaks="takes_in_one_step counts_both_sides keeps_no_more",
            edit="""
-        with self._lock:
+        with threading.Lock():
             if self._idle:
...
-        with self._lock:
+        with threading.Lock():
             self._in_use += 1
...
-        with self._lock:
+        with threading.Lock():
             self._in_use -= 1
""",
            beyond=RACE,
        ),
        slip(
            "kept too many",
            "Often the look for room is under one hold of the lock, and the `append` under another or none.",
            breaks="keeps_no_more",
            edit="""
-            if len(self._idle) < self._size:
-                self._idle.append(conn)
-                return
-        conn.close()
+            room = len(self._idle) < self._size
+        if room:
+            self._idle.append(conn)
+        else:
+            conn.close()
""",
            beyond=RACE,
        ),
        slip(
            "held up by a connect",
            "Find out under the lock that nothing is idle, let go of it, then connect.",
            breaks="connects_outside",
            edit="""
-        conn = self._connect()
-        with self._lock:
+        with self._lock:
+            conn = self._connect()
             self._in_use += 1
""",
            beyond="One thread alone holds nobody up.",
        ),
        slip(
            "deadlock",
            "Often the lock was taken by hand and is not let go on every way out; `with` does that by itself.",
            breaks="takes_in_one_step",
            edit="""
-        with self._lock:
-            if self._idle:
-                self._in_use += 1
-                return self._idle.pop()
+        self._lock.acquire()
+        if self._idle:
+            self._in_use += 1
+            return self._idle.pop()
+        self._lock.release()
""",
        ),
        slip(
            "deadlock",
            "`threading.Lock` cannot be taken twice, not even by the thread that has it.",
            breaks="works_as_before",
            edit="""
             if len(self._idle) < self._size:
-                self._idle.append(conn)
-                return
+                with self._lock:
+                    self._idle.append(conn)
+                return
""",
        ),
        slip(
            "miscounted",
            "A connection that is new is not counted.",
            breaks="works_as_before counts_both_sides",
            edit="""
-        with self._lock:
-            self._in_use += 1
-        return conn
+        return conn
""",
        ),
        slip(
            "miscounted at the end",
            "What comes back is never taken off `in_use`.",
            breaks="works_as_before counts_both_sides",
            edit="""
-            self._in_use -= 1
""",
        ),
        slip(
            "miscounted at the end",
            "It is taken off `in_use` only if it is kept.",
            breaks="works_as_before",
            edit="""
-            self._in_use -= 1
-            if len(self._idle) < self._size:
+            if len(self._idle) < self._size:
+                self._in_use -= 1
""",
        ),
        slip(
            "dropped, not closed",
            "What is not kept has to be closed.",
            breaks="works_as_before keeps_no_more",
            edit="""
-        conn.close()
""",
        ),
        slip(
            "not reused",
            "Look at `self._idle` before you open anything.",
            breaks="works_as_before",
            edit="""
-        with self._lock:
-            if self._idle:
-                self._in_use += 1
-                return self._idle.pop()
""",
        ),
        slip(
            "opened for nothing",
            "Connect only where nothing is idle.",
            breaks="works_as_before keeps_no_more",
            edit="""
+        conn = self._connect()
         with self._lock:
             if self._idle:
...
-        conn = self._connect()
""",
        ),
        slip(
            "not the last one",
            breaks="works_as_before",
            edit="""
-                return self._idle.pop()
+                return self._idle.pop(0)
""",
        ),
        slip(
            "left on the shelf",
            "To look at the last one is not enough: it has to leave the list.",
            breaks="works_as_before takes_in_one_step keeps_no_more",
            edit="""
-                return self._idle.pop()
+                return self._idle[-1]
""",
        ),
        slip(
            "lent closed",
            "Close only what you do not keep.",
            breaks="works_as_before keeps_no_more",
            edit="""
-                self._idle.append(conn)
-                return
+                self._idle.append(conn)
""",
        ),
        slip(
            "no brackets",
            breaks="works_as_before",
            edit="""
-        self._lock = threading.Lock()
+        self._lock = threading.Lock
""",
        ),
        slip(
            "wrong type",
            "The connection is taken, and not returned.",
            breaks="works_as_before",
            edit="""
-                return self._idle.pop()
+                return self._idle.pop()
...
-        return conn
""",
        ),
        slip(
            "raised AttributeError",
            "Often a part of `__init__` is missing: what the base makes, `super().__init__(connect, size)`, or the lock.",
            breaks="works_as_before",
            edit="""
-        super().__init__(connect, size)
""",
        ),
        slip(
            "raised",
            breaks="takes_in_one_step",
            edit="""
-        with self._lock:
-            if self._idle:
-                self._in_use += 1
-                return self._idle.pop()
+        if not self._lock.locked():
+            self._lock.acquire()
+        conn = self._idle.pop() if self._idle else None
+        self._in_use += conn is not None
+        self._lock.release()
+        if conn is not None:
+            return conn
""",
            beyond=RACE,
        ),
        slip(
            "unseen",
            breaks="works_as_before",
            edit="""
+    _lock = threading.Lock()
+
     def __init__(self, connect, size):
...
-        self._lock = threading.Lock()
""",
        ),
        slip(
            "endless",
            "Often nobody lowers a flag. And a flag that one looks at first and raises afterwards guards nothing.",
            breaks="works_as_before",
            edit="""
-        self._lock = threading.Lock()
+        self._busy = False
...
-        with self._lock:
-            if self._idle:
+        while self._busy:
+            pass
+        self._busy = True
+        if True:
+            if self._idle:
...
-        with self._lock:
-            self._in_use += 1
+        self._in_use += 1
...
-        with self._lock:
+        if True:
             self._in_use -= 1
""",
        ),
        slip(
            "counted wrong at first",
            "Often the lock is made at first use, so that two who come first make one each; or what is new is counted outside it.",
            breaks="counts_both_sides",
            edit="""
-        self._lock = threading.Lock()
+        self._lock = None
...
-        with self._lock:
-            if self._idle:
+        if self._lock is None:
+            self._lock = threading.Lock()
+        with self._lock:
+            if self._idle:
...
-        with self._lock:
-            self._in_use -= 1
+        if self._lock is None:
+            self._lock = threading.Lock()
+        with self._lock:
+            self._in_use -= 1
""",
            beyond=RACE,
        ),
        slip(
            "another history",
            "A connect that failed is counted, though nobody has anything from it.",
            edit="""
-            if self._idle:
-                self._in_use += 1
-                return self._idle.pop()
-        conn = self._connect()
-        with self._lock:
-            self._in_use += 1
-        return conn
+            self._in_use += 1
+            if self._idle:
+                return self._idle.pop()
+        return self._connect()
""",
        ),
        slip(
            "lost one",
            breaks="keeps_no_more",
            edit="""
-            if len(self._idle) < self._size:
-                self._idle.append(conn)
-                return
-        conn.close()
+            room = len(self._idle) < self._size
+            kept = [*self._idle, conn]
+        if room:
+            self._idle = kept
+        else:
+            conn.close()
""",
            beyond=RACE,
        ),
    ),
    after="Ours takes a dozen lines. The work was to see which of them belong together, and which must stay out.",
)
