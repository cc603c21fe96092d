"""Exercise health.lend: lend nothing dead."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator

from poolkit.course.exercises import Exercise, assume, because
from poolkit.course.histories import Histories
from poolkit.course.lessons.health.asking import health_check
from poolkit.course.lessons.health.shelves import Hands, play_shelf, shelves, tell_shelf
from poolkit.course.lessons.health.trying import broken, lend, trial
from poolkit.course.pools import is_closed
from poolkit.course.slips import slip


class ClockedPool:
    """A pool that guards its door and notes when each connection came back. It lends none yet."""

    def __init__(self, config, clock=time.monotonic):
        self.config = config
        self._clock = clock
        self._idle = []  # pairs: a connection, and when it came back
        self.pings = 0

    def _connect(self):
        return sqlite3.connect(self.config.db_path, timeout=self.config.timeout)

    def release(self, conn):
        try:
            conn.rollback()
        except sqlite3.Error:
            conn.close()
        else:
            self._idle.append((conn, self._clock()))

    def _works(self, conn):
        self.pings += 1
        return health_check(conn)["status"] == "healthy"


class CheckingPool(ClockedPool):
    """A pool that asks a connection before it lends it, if it has lain idle for long."""

    def acquire(self):
        """Lend the connection that came back last if it works, else the next; else open one.

        `self._idle` holds pairs: a connection, and what `self._clock()` read when it came back.
        One that has been idle for `self.config.ping_after` seconds or longer is asked first:
        `self._works(conn)` gives True or False, and counts. A younger one is lent unasked. What
        does not work is closed and gone. Ask only the one you are about to lend, and open one with
        `self._connect()` only if none is left.
        """
        while self._idle:
            conn, since = self._idle.pop()
            if self._clock() - since < self.config.ping_after or self._works(conn):
                return conn
            conn.close()
        return self._connect()


@contextlib.contextmanager
def shelf(pool_class: type, *ages: float, ping_after: float = 0.5) -> Iterator[tuple]:
    """A pool with connections that came back so many seconds ago, oldest first; and those."""
    clock = Hands()
    with trial(pool_class, ping_after=ping_after, clock=clock) as pool:
        conns = [pool._connect() for _ in ages]
        for conn, age in zip(conns, ages, strict=True):
            pool._idle.append((conn, clock.now - age))
        yield pool, conns


def lends_what_works(pool_class):
    """It lends each idle connection once, the last one back first, and opens one only if none is idle."""
    with shelf(pool_class, 9, 8) as (pool, (cold, warm)):
        lent = [lend(pool) for _ in range(3)]
        assert lent[0] is warm or lent[0] is cold, "always new"
        assert lent[0] is warm, "oldest first"
        assert lent[1] is not warm, "lent twice"
        assert lent[1] is cold, "not the other"
        assert lent[2] not in (cold, warm), "lent twice"
        opened = len(pool.opened_here) - 2  # two of them for the shelf
        assert opened >= 1, "opened elsewhere"
        assert opened == 1, because("opened besides", opened=opened)


def replaces_a_dead_one(pool_class):
    """One that died on the shelf is not lent, and leaves the shelf."""
    with shelf(pool_class, 9) as (pool, (dead,)):
        dead.close()
        assert not is_closed(lend(pool)), "lent in spite" if pool.pings else "lent the dead"
        assert not pool._idle, "kept the dead"


def goes_on_to_the_next(pool_class):
    """Behind a dead one the next is tried, however many are dead."""
    with shelf(pool_class, 9, 8) as (pool, _):
        assume(lend(pool) in pool.opened_here[:2])
    with shelf(pool_class, 9) as (pool, (dead,)):
        dead.close()
        assume(not is_closed(lend(pool)))
    with shelf(pool_class, 9, 8, 7) as (pool, (alive, *dead)):
        for conn in dead:
            conn.close()
        lent = lend(pool)
        assert not is_closed(lent), "second one dead"
        assert lent is alive, "gave up early"


def closes_what_does_not_work(pool_class):
    """One that is open and does not answer is closed."""
    with shelf(pool_class) as (pool, _), contextlib.closing(broken()) as silent:
        pool._idle.append((silent, pool._clock() - 9))
        lent = lend(pool)
        assert is_closed(silent), "lent silent" if lent is silent else "left open"


def asks_at_the_limit(pool_class):
    """Idle for exactly ping_after is long enough to be asked; with 0, that is always."""
    with shelf(pool_class, 9) as (pool, (dead,)):
        dead.close()
        assume(not is_closed(lend(pool)))
    for seconds in (0.5, 0):
        with shelf(pool_class, seconds, ping_after=seconds) as (pool, (dead,)):
            dead.close()
            key = "at the limit" if seconds else "at zero"
            assert not is_closed(lend(pool)), because(key, seconds=seconds)
            assume(pool.pings)


def leaves_the_young_alone(pool_class):
    """One that came back less than ping_after ago is lent, and none is asked."""
    with shelf(pool_class, 0.25) as (pool, (young,)):
        assert lend(pool) is young, "young not lent"
        assert pool.pings == 0, "always asks"
    with shelf(pool_class, 30, ping_after=60) as (pool, _):
        lend(pool)
        assert pool.pings == 0, "own limit"
    with shelf(pool_class, 9, 8, 0.25) as (pool, (*_, young)):
        assume(lend(pool) is young)
        assert pool.pings == 0, because("asks the others", pings=pool.pings)


lend_exercise = Exercise(
    id="health.lend",
    title="Lend nothing dead",
    answer=CheckingPool,
    parts=("acquire",),
    claims=(
        lends_what_works,
        replaces_a_dead_one,
        goes_on_to_the_next,
        closes_what_does_not_work,
        asks_at_the_limit,
        leaves_the_young_alone,
        Histories(
            "Whatever lies on the shelf, it asks, closes, lends and opens what the text says.",
            inputs=shelves,
            play=play_shelf,
            tell=tell_shelf,
        ),
    ),
    hints=(
        "Behind a dead connection may lie another dead one. Which statement repeats until something is found, or nothing is left?",
        "`while self._idle:` take the last pair off the list. Young enough, or `self._works(conn)`: return it. Else close it and go round again. After the loop, open one.",
        "Fill in the two blanks.\n\nwhile self._idle:\n    conn, since = self._idle.pop()\n    if self._clock() - since < ____ or ____:\n        return conn\n    conn.close()\nreturn self._connect()",
    ),
    tellings={
        "always new": "Two connections in good order lay idle, and what was lent was neither of them.",
        "not the other": "Two connections in good order lay idle. The one that came back last was lent, and the next loan was not the other.",
        "oldest first": "Two in good order lay idle, and you lent the one that came back first. The last one back is the likeliest to be alive.",
        "lent twice": "Two in good order lay idle, nothing was given back, and one of them was lent twice.",
        "lent the dead": "A connection had died on the shelf, 9 seconds after it came back; `self._works(conn)` was not called, and what you lent is closed.",
        "opened besides": "Two in good order lay idle and were lent, then a third loan needed a new one; by then {opened} had been opened. Opening is the dearest way: only when the shelf is empty.",
        "opened elsewhere": "Two in good order lay idle and were lent, and the third loan had not been opened by `self._connect()`.",
        "lent silent": "A connection was open and answered nothing, 9 seconds after it came back, and it was lent.",
        "young not lent": "A connection in good order came back a quarter of a second ago, `ping_after` is 0.5, and what was lent is another one.",
        "lent in spite": "A connection had died on the shelf. `self._works(conn)` was called, and what you lent is closed all the same.",
        "at zero": "`ping_after` was 0, so that each one is asked, however young; yours was lent dead. The limit is `self.config.ping_after`, and 0 is one like any other.",
        "own limit": "`ping_after` was 60, a connection came back 30 seconds ago, and you asked it all the same. The limit stands in `self.config.ping_after`.",
        "asks the others": "The last one back was young and was lent; the number of pings that this cost is {pings}. Ask only the one you are about to lend.",
        "kept the dead": "A dead connection was not lent, but the shelf is not empty: the next one will find something there.",
        "second one dead": "Two on the shelf were dead, one behind the other, and what you lent is closed.",
        "gave up early": "Behind two dead connections lay one in good order, and you lent another. Opening is the dearest way to get one: try the next first.",
        "left open": "A connection was open and did not answer. You did not lend it, but you did not close it either.",
        "at the limit": '`ping_after` was {seconds}, a connection had been idle for exactly so long, and it was lent dead. "Or longer" means that the limit belongs to it.',
        "always asks": "A connection came back a quarter of a second ago by `self._clock()`, `ping_after` is 0.5, and you asked it all the same.",
    },
    slips=(
        slip(
            "always new",
            "What lay idle is closed, not lent.",
            breaks="lends_what_works leaves_the_young_alone",
            edit="""
-            if self._clock() - since < self.config.ping_after or self._works(conn):
-                return conn
             conn.close()
""",
        ),
        slip(
            "oldest first",
            "The shelf is gone through from the front: the last one back is at the end.",
            breaks="lends_what_works",
            edit="""
-            conn, since = self._idle.pop()
+            conn, since = self._idle.pop(0)
""",
        ),
        slip(
            "lent twice",
            "What is lent has to leave the list.",
            breaks="lends_what_works",
            edit="""
-            conn, since = self._idle.pop()
+            conn, since = self._idle[-1]
...
             conn.close()
+            self._idle.pop()
""",
        ),
        slip(
            "not the other",
            "What else lay idle is thrown away.",
            breaks="lends_what_works",
            edit="""
             if self._clock() - since < self.config.ping_after or self._works(conn):
+                self._idle.clear()
                 return conn
""",
        ),
        slip(
            "opened besides",
            "One is opened at each call, whether it is needed or not.",
            breaks="lends_what_works",
            edit="""
+        new = self._connect()
         while self._idle:
...
-        return self._connect()
+        return new
""",
        ),
        slip(
            "lent the dead",
            "Nothing is ever asked.",
            breaks="replaces_a_dead_one closes_what_does_not_work",
            edit="""
-            if self._clock() - since < self.config.ping_after or self._works(conn):
-                return conn
-            conn.close()
+            return conn
""",
        ),
        slip(
            "lent the dead",
            "`since` is what the clock read when it came back. How long ago that was is `self._clock() - since`.",
            breaks="replaces_a_dead_one closes_what_does_not_work",
            edit="""
-            if self._clock() - since < self.config.ping_after or self._works(conn):
+            if since < self.config.ping_after or self._works(conn):
""",
        ),
        slip(
            "lent the dead",
            "It is the wrong way round: the young are asked, and the old are not.",
            breaks="replaces_a_dead_one closes_what_does_not_work leaves_the_young_alone",
            edit="""
-            if self._clock() - since < self.config.ping_after or self._works(conn):
+            if self._clock() - since >= self.config.ping_after or self._works(conn):
""",
        ),
        slip(
            "lent in spite",
            "Another one is found or opened, and nobody gets it.",
            breaks="replaces_a_dead_one",
            edit="""
-        while self._idle:
+        if self._idle:
             conn, since = self._idle.pop()
             if self._clock() - since < self.config.ping_after or self._works(conn):
                 return conn
             conn.close()
+            self.acquire()
+            return conn
""",
        ),
        slip(
            "kept the dead",
            "It is closed and stays on the list.",
            breaks="replaces_a_dead_one",
            edit="""
-        while self._idle:
-            conn, since = self._idle.pop()
+        for conn, since in reversed(list(self._idle)):
             if self._clock() - since < self.config.ping_after or self._works(conn):
+                self._idle.remove((conn, since))
                 return conn
""",
        ),
        slip(
            "second one dead",
            "Only the last one back is looked at. Often an `if` stands where a `while` is meant.",
            breaks="goes_on_to_the_next",
            edit="""
-        while self._idle:
+        if self._idle:
             conn, since = self._idle.pop()
             if self._clock() - since < self.config.ping_after or self._works(conn):
                 return conn
             conn.close()
+            if self._idle:
+                return self._idle.pop()[0]
""",
        ),
        slip(
            "gave up early",
            "Only the last one back is looked at. Often an `if` stands where a `while` is meant.",
            breaks="goes_on_to_the_next",
            edit="""
-        while self._idle:
+        if self._idle:
""",
        ),
        slip(
            "lent silent",
            "`is_closed(conn)`, like any look without a question, sees only what was closed.",
            breaks="closes_what_does_not_work",
            edit="""
-            if self._clock() - since < self.config.ping_after or self._works(conn):
+            if self._clock() - since < self.config.ping_after or not is_closed(conn):
""",
        ),
        slip(
            "young not lent",
            "Young ones are closed.",
            breaks="leaves_the_young_alone",
            edit="""
-            if self._clock() - since < self.config.ping_after or self._works(conn):
+            if self._clock() - since >= self.config.ping_after and self._works(conn):
""",
        ),
        slip(
            "left open",
            breaks="closes_what_does_not_work",
            edit="""
-            conn.close()
""",
        ),
        slip(
            "at the limit",
            breaks="asks_at_the_limit",
            edit="""
-            if self._clock() - since < self.config.ping_after or self._works(conn):
+            if self._clock() - since <= self.config.ping_after or self._works(conn):
""",
        ),
        slip(
            "at zero",
            breaks="asks_at_the_limit leaves_the_young_alone",
            edit="""
-            if self._clock() - since < self.config.ping_after or self._works(conn):
+            if self._clock() - since < 0.5 or self._works(conn):
""",
        ),
        slip(
            "own limit",
            breaks="leaves_the_young_alone",
            edit="""
-            if self._clock() - since < self.config.ping_after or self._works(conn):
+            if self._clock() - since < min(0.5, self.config.ping_after) or self._works(conn):
""",
        ),
        slip(
            "always asks",
            "What counts is what `self._clock()` reads, and here another clock is looked at.",
            breaks="leaves_the_young_alone",
            edit="""
-            if self._clock() - since < self.config.ping_after or self._works(conn):
+            if time.monotonic() - since < self.config.ping_after or self._works(conn):
""",
        ),
        slip(
            "always asks",
            "How long it was idle plays no part.",
            breaks="leaves_the_young_alone",
            edit="""
-            if self._clock() - since < self.config.ping_after or self._works(conn):
+            if self._works(conn):
""",
        ),
        slip(
            "asks the others",
            "Others on the shelf are asked, too, before one is lent.",
            breaks="leaves_the_young_alone",
            edit="""
-        while self._idle:
-            conn, since = self._idle.pop()
-            if self._clock() - since < self.config.ping_after or self._works(conn):
-                return conn
-            conn.close()
-        return self._connect()
+        fit = []
+        for conn, since in self._idle:
+            if self._clock() - since < self.config.ping_after or self._works(conn):
+                fit.append((conn, since))
+            else:
+                conn.close()
+        self._idle = fit
+        return self._idle.pop()[0] if self._idle else self._connect()
""",
        ),
        slip(
            "opened elsewhere",
            breaks="lends_what_works",
            edit="""
-        return self._connect()
+        return sqlite3.connect(":memory:")
""",
        ),
        slip(
            "wrong type",
            "The list holds pairs, and the first of each is the connection.",
            breaks="lends_what_works",
            edit="""
-                return conn
+                return conn, since
""",
        ),
        slip(
            "another history",
            "What is dead is found in another way than through `self._works(conn)`, which counts.",
            edit="""
-            if self._clock() - since < self.config.ping_after or self._works(conn):
+            if self._clock() - since < self.config.ping_after or health_check(conn)["status"] == "healthy":
""",
        ),
    ),
    after="What has lain idle for `ping_after` seconds or longer is asked first: if it died there, its borrower does not notice.",
)
