"""Lesson 02, a simple pool: lend, take back, count, shrink."""

from __future__ import annotations

import sqlite3

from poolkit.course.exercises import Exercise, because, expect, same
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


class Counter(Lender):
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
    expect(pool._idle, list, "pool._idle")
    return list(pool._idle)


# --- simple.reuse


def lends_an_open_connection(pool_class):
    """acquire() on an empty pool opens a connection with self._connect()."""
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
        assert lent is not cold, "oldest first"


def counts(pool_class):
    """stats() counts a new connection as created, an idle one as reused."""
    with trial(pool_class) as pool:
        (first,) = lend(pool, 1)
        pool.release(first)
        lend(pool, 2)
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
            "Look at `self._idle` before you open anything.",
            breaks="reuses counts",
            edit="""
-        if self._idle:
-            self._reused += 1
-            return self._idle.pop()
""",
        ),
        slip(
            "kept on the shelf",
            "Looking at the last item is not enough; it has to leave the list.",
            breaks="lends_each_once counts",
            edit="""
-            return self._idle.pop()
+            return self._idle[-1]
""",
        ),
        slip(
            "oldest first",
            "`pop(0)` takes from the front; where did `release` put the last one?",
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
            breaks="lends_each_once counts",
            edit="""
-        return self._connect()
+        self._idle.append(self._connect())
+        return self._idle[-1]
""",
        ),
        slip(
            "raised IndexError",
            "An empty list has nothing to pop: what should happen then?",
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
            "The new connection is never returned.",
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
    after="That is the whole secret of a pool: five lines, and the second borrower pays nothing for opening.",
)


# --- simple.cap


def keeps_what_fits(pool_class):
    """A connection given back is kept while there is room."""
    with trial(pool_class, pool_size=2) as pool:
        first, second = lend(pool, 2)
        pool.release(first)
        assert not is_closed(first), "closed what fits"
        assert len(idle(pool)) == 1, because("kept nothing", idle=len(idle(pool)))
        pool.release(second)
        assert len(idle(pool)) == 2, because("one too few", idle=len(idle(pool)))


def keeps_no_more(pool_class):
    """Never more than pool_size connections lie idle."""
    with trial(pool_class, pool_size=2) as pool:
        for conn in lend(pool, 7):
            pool.release(conn)
        count = len(idle(pool))
        assert count != 7, because("no cap", idle=count)
        assert count != 3, because("one too many", idle=count)
        assert count <= 2, because("another cap", idle=count)


def keeps_again_after_a_rush(pool_class):
    """After a rush it is the same pool as before."""
    with trial(pool_class, pool_size=2) as pool:
        for conn in lend(pool, 7):
            pool.release(conn)
        first, second = lend(pool, 2)
        pool.release(second)
        pool.release(first)
        assert not is_closed(second), "counts what was opened"
        (lent,) = lend(pool, 1)
        assert lent is not second, "turned into a queue"


def closes_the_surplus(pool_class):
    """What finds no room is closed."""
    with trial(pool_class, pool_size=2) as pool:
        lent = lend(pool, 3)
        for conn in lent:
            pool.release(conn)
        open_ones = sum(not is_closed(conn) for conn in lent)
        assert open_ones != 3, "dropped, not closed"


def lends_nothing_closed(pool_class):
    """What lies idle is open."""
    with trial(pool_class, pool_size=2) as pool:
        for conn in lend(pool, 3):
            pool.release(conn)
        assert not any(is_closed(conn) for conn in idle(pool)), "closed on the shelf"


cap = Exercise(
    id="simple.cap",
    title="Keep only as many as the config says",
    answer=CappedPool,
    parts=("release",),
    claims=(
        keeps_what_fits,
        keeps_no_more,
        closes_the_surplus,
        lends_nothing_closed,
        keeps_again_after_a_rush,
    ),
    hints=(
        "Count what lies idle before you put another one down.",
        "Compare `len(self._idle)` with `self.config.pool_size`. In one case append, in the other close; never both.",
        "Fill in the two blanks.\n\nif len(self._idle) ____ self.config.pool_size:\n    self._idle.append(conn)\nelse:\n    ____",
    ),
    tellings={
        "closed what fits": "With `pool_size=2` one connection came back to an empty shelf, and was closed. Close only what does not fit.",
        "kept nothing": "With `pool_size=2` one connection came back, and {idle} lie idle. Put it on the shelf: `self._idle.append(conn)`.",
        "one too few": "With `pool_size=2` two came back and only {idle} lies idle. Compare before you append: is `1 < 2` room for one more?",
        "no cap": "With `pool_size=2` seven came back and {idle} lie idle. After every rush the pool stays as large as the rush was.",
        "one too many": "With `pool_size=2` seven came back and {idle} lie idle. Check the comparison: when 2 lie there already, is there room?",
        "another cap": "With `pool_size=2` seven came back and {idle} lie idle. Compare with `self.config.pool_size`, which is 2 here, and not with a number of your own.",
        "counts what was opened": "After a rush of seven, two were lent again and came back, and were closed although the shelf was empty. Count what lies idle now, not what was ever opened.",
        "turned into a queue": "Two came back, and the one that came back first was lent first. New ones go to the end of the list, where `acquire` takes them: `append`.",
        "dropped, not closed": "With `pool_size=2` three came back, one was not kept, and it is still open. Dropping it leaves its file open until Python happens to clean up. Call `conn.close()`, with its brackets.",
        "closed on the shelf": "A connection that lies idle is closed: its next borrower gets an error for a loan. Either keep it or close it, not both.",
    },
    after="An uncapped shelf is the commonest way for a pool to become a leak.",
)


# --- simple.peak


def starts_at_zero(pool_class):
    """Before anybody borrows, the peak is 0."""
    with trial(pool_class) as pool:
        peak_is(pool, 0, "starts wrong")


def counts_those_out_at_once(pool_class):
    """The peak is the most connections that were out at the same time."""
    with trial(pool_class) as pool:
        for _ in range(3):
            (conn,) = lend(pool, 1)
            pool.release(conn)
        lend(pool, 1)
        assert peak_of(pool) > 0, "looked too early"
        assert peak_of(pool) <= 4, because("counted twice", peak=peak_of(pool))
        peak_is(pool, 1, "counts loans")


def does_not_fall(pool_class):
    """The peak stays when connections come back, and when fewer go out again."""
    with trial(pool_class) as pool:
        lent = lend(pool, 3)
        for conn in lent:
            pool.release(conn)
        peak_is(pool, 3, "falls again")
        lend(pool, 1)
        peak_is(pool, 3, "falls again")


def sees_reused_ones(pool_class):
    """A reused connection counts like a new one; an idle one does not count."""
    with trial(pool_class) as pool:
        for _ in range(2):
            pool.release(pool._connect())
            pool._in_use = 0
        lend(pool, 1)
        assert peak_of(pool) != 2, "counts idle ones"
        lend(pool, 1)
        peak_is(pool, 2, "only new ones")


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


def peak_is(pool, want: int, key: str) -> None:
    """Assert that stats() reports this peak."""
    assert peak_of(pool) == want, because(key, peak=peak_of(pool))


peak = Exercise(
    id="simple.peak",
    title="Remember the busiest moment",
    answer=PeakPool,
    parts=("acquire", "stats"),
    claims=(
        starts_at_zero,
        counts_those_out_at_once,
        does_not_fall,
        sees_reused_ones,
        reports_the_rest,
    ),
    hints=(
        "`super().acquire()` lends and counts `self._in_use`. What is left to do is to compare.",
        "After lending, the peak is the larger of what it was and `self._in_use`. In `stats()`, take the dictionary of `super().stats()` and add one key.",
        'Fill in the two blanks.\n\n# in acquire\nconn = super().acquire()\nself._peak = max(____, ____)\nreturn conn\n\n# in stats\nstats = super().stats()\nstats["peak"] = self._peak\nreturn stats',
    ),
    tellings={
        "no peak": 'There is no `"peak"` in what `stats()` returns. Add it to the dictionary of `super().stats()`.',
        "starts wrong": "Nobody has borrowed yet and the peak is {peak}.",
        "counts loans": "One connection was lent and given back, four times over: never were two out at once, and your peak is {peak}. Compare with `self._in_use`, which also goes down.",
        "only new ones": "Two idle connections were lent at once and your peak is {peak}. A reused connection is as much in use as a new one.",
        "looked too early": "One connection is out and your peak does not know it. `self._in_use` counts a new one only after `super().acquire()`: look at it then.",
        "counted twice": "One connection was lent and given back, four times over, and your peak is {peak}. `super().acquire()` has counted the new one in `self._in_use` already.",
        "falls again": "Three were out at once, all came back, perhaps one went out again, and your peak is {peak}. Keep the larger of the old peak and `self._in_use`.",
        "counts idle ones": "Two lay idle, one of them was lent, and your peak is 2. What lies on the shelf is not in use.",
        "lost keys": "`stats()` had these before and has them no more: {lost}. Keep what `super().stats()` gives.",
    },
    after="Peak is the number to look at before you choose a pool size: it says what was needed, not what was allowed.",
)


# --- simple.shrink


def shrinks_to_the_target(pool_class):
    """Afterwards `target` connections lie idle."""
    for target in (3, 0):
        with trial(pool_class) as pool:
            for conn in lend(pool, 5):
                pool.release(conn)
            pool.shrink(target)
            left = len(idle(pool))
            assert left != 5, because("nothing left the shelf", target=target)
            assert left != 4, because("only one", target=target)
            assert left <= target, because("too many left", left=left, target=target)
            assert left == target, because("too few left", left=left, target=target)


def closes_what_it_takes_away(pool_class):
    """What leaves the shelf is closed, what stays is open."""
    with trial(pool_class) as pool:
        lent = lend(pool, 4)
        for conn in lent:
            pool.release(conn)
        pool.shrink(1)
        assert not any(is_closed(conn) for conn in idle(pool)), "closed the wrong ones"
        assert sum(is_closed(conn) for conn in lent) == 3, "left open"


def keeps_the_warm_ones(pool_class):
    """Those unused for longest go first."""
    with trial(pool_class) as pool:
        lent = lend(pool, 3)
        for conn in lent:
            pool.release(conn)
        pool.shrink(1)
        assert is_closed(lent[0]) and not is_closed(lent[2]), "closed the warm ones"


def keeps_their_order(pool_class):
    """Of what stays, the one that came back last still goes out first."""
    with trial(pool_class) as pool:
        lent = lend(pool, 4)
        for conn in lent:
            pool.release(conn)
        pool.shrink(2)
        (warm,) = lend(pool, 1)
        assert warm is not lent[2], "turned round"


def leaves_few_alone(pool_class):
    """With no more than `target` idle, nothing happens."""
    with trial(pool_class) as pool:
        for conn in lend(pool, 4):
            pool.release(conn)
        pool.shrink(5)
        left = len(idle(pool))
        assert left == 4, because("closed without need", left=left)


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
    ),
    hints=(
        "Which end of the list has been idle for longest? New ones are appended.",
        "Repeat while more than `target` lie idle: take the oldest off the list and close it. Do not walk over the list while you take things off it.",
        "Fill in the two blanks.\n\nwhile len(self._idle) > ____:\n    self._idle.pop(____).close()",
    ),
    tellings={
        "nothing left the shelf": "Five lay idle, `shrink({target})` was called, and all five are still there. Take them off `self._idle`; mind that `[-0:]` is the whole list.",
        "only one": "Five lay idle, `shrink({target})` was called, and four are left. One is not enough: repeat until `target` are left.",
        "too many left": "Five lay idle, `shrink({target})` was called, and {left} are left. A `for` over a list that is being shortened skips items.",
        "too few left": "Five lay idle, `shrink({target})` was called, and only {left} are left. `target` says how many stay, not how many go.",
        "closed the wrong ones": "What stayed on the shelf was closed: the next borrower would get a dead connection.",
        "left open": "Four lay idle, `shrink(1)` was called, and not all three that left the shelf are closed. Taking them off the list does not close them.",
        "closed the warm ones": "You closed the one used last and kept the one unused for longest. The last one back is the warmest: keep it.",
        "turned round": "Four lay idle and `shrink(2)` was called. Of the two that stayed, the one that had been idle longer is now lent first: keep their order.",
        "closed without need": "Four lay idle, `shrink(5)` was called, and {left} are left: there was nothing to do. A slice such as `[:4 - 5]` is `[:-1]`, which is not empty.",
    },
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
        why="A server hangs up on a connection that was silent for too long. With a stack a quiet day uses one connection, which stays warm, and the others can be recognised as surplus. With a queue each is used just often enough to look needed.",
    ),
    Prediction(
        id="simple.uncapped",
        question="pool_size is 5, but release() appends without looking. A rush borrows 50 at once and gives them all back. How many lie idle afterwards?",
        places={"uncapped": int, "capped": int},
        sample={"uncapped": 5, "capped": 5, "sure": 80},
        explanations=(
            (
                {"uncapped": 5},
                "`pool_size` is only a number in a config. Nothing enforces it unless `release()` looks.",
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
        why="`close_all()` closes what came home. A borrower who never returns keeps a connection open for ever, and `in_use` is the only trace of it.",
    ),
)

explanations = (
    Explanation(
        id="simple.why_stack",
        question="Why does a pool lend the connection that came back last, and not the one that has waited longest?",
        points=(
            "The one used last is the likeliest still to be alive: servers and firewalls drop what is silent.",
            "Its statement and page caches are warm.",
            "What is not needed stays untouched, so that it can be recognised and closed.",
        ),
        sample="The last one back was alive a moment ago, so it is probably alive now, and the ones nobody needs can be found and closed.",
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
