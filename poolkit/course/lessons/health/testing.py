"""Exercise health.test: the test that would have caught it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from poolkit import ConnectionConfig
from poolkit.course.exercises import Exercise, because
from poolkit.course.histories import Histories, Seen
from poolkit.course.lessons.health.given import TrustingPool
from poolkit.course.lessons.health.guarding import GuardedPool
from poolkit.course.lessons.health.trying import watched
from poolkit.course.pools import is_closed
from poolkit.course.slips import slip


class LookingPool(TrustingPool):
    """Another right pool: it keeps whatever comes back, and looks when it lends."""

    def acquire(self):
        self._idle = [conn for conn in self._idle if not is_closed(conn)]
        return super().acquire()


class KeepsNothing(TrustingPool):
    """It throws every connection away."""

    def _keep(self, conn):
        conn.close()


class LendsOnlyNew(GuardedPool):
    """It keeps what comes back, and never lends it."""

    def acquire(self):
        self._in_use += 1
        return self._connect()


class Exchanges(GuardedPool):
    """It closes what comes back, and keeps a new one in its place."""

    def _keep(self, conn):
        conn.close()
        super()._keep(self._connect())


class Shelf:
    """A right pool of another make: no name in it is that of the others but those that are called."""

    def __init__(self, config):
        self.size, self.shelf = config.pool_size, deque()

    def acquire(self):
        return self.shelf.popleft() if self.shelf else self._connect()

    def release(self, conn):
        if self.fit(conn) and len(self.shelf) < self.size:
            self.shelf.append(conn)
        else:
            conn.close()

    def fit(self, conn):
        return not is_closed(conn)


class TrustingShelf(Shelf):
    """The same, and it believes everything."""

    def fit(self, conn):
        return True


class Commits(GuardedPool):
    """It has another fault: what was left open is committed."""

    def release(self, conn):
        if not is_closed(conn):
            conn.commit()
        super().release(conn)


class Miscounts(GuardedPool):
    """It has another fault: nothing that comes back is counted."""

    def release(self, conn):
        super().release(conn)
        self._in_use += 1


class NoCap(LookingPool):
    """It has another fault: it keeps all that comes back, also past its size."""

    def _keep(self, conn):
        self._idle.append(conn)


POOLS = {
    "A pool whose guard turns closed connections away": GuardedPool,
    "A pool that looks when it lends": LookingPool,
    "A pool that keeps and lends closed connections": TrustingPool,
    "A pool that throws every connection away": KeepsNothing,
    "A pool that turns closed ones away, lends the one that came back first, and has no `_idle`": Shelf,
    "A pool that lends closed ones, the one that came back first before the others, and has no `_idle`": TrustingShelf,
    "A pool that keeps what comes back and lends only new ones": LendsOnlyNew,
    "A pool that keeps a new one in place of each that comes back": Exchanges,
    "A pool that turns closed ones away, and commits what was left open": Commits,
    "A pool that turns closed ones away, and counts wrong what is out": Miscounts,
    "A pool that looks when it lends, and keeps more than `pool_size`": NoCap,
}


def lends_nothing_closed(pool_class):
    """Raise AssertionError if a pool of this class lends a closed connection, or reuses none.

    `pool_class(ConnectionConfig())` makes a pool. A healthy connection that was given back has to
    be lent again; one that was closed by hand and then given back must not be. Judge the pool by
    what it lends: where it looks is its own business. Whatever else may be wrong with it, pass.
    """
    pool = pool_class(ConnectionConfig())
    conn = pool.acquire()
    pool.release(conn)
    assert pool.acquire() is conn, "a healthy connection was not kept"
    conn.close()
    pool.release(conn)
    assert not is_closed(pool.acquire()), "a closed connection was lent"


def passes_good_pools(test):
    """It passes on a pool that looks when a connection comes back, and on one that looks when it lends."""
    error, made = outcome(test, GuardedPool)
    assert error is None or made, "own pool"
    by_accident = error is not None and not isinstance(error, AssertionError)
    assert not by_accident, because("stops at the guard", error=error)
    assert error is None, because("fails the guard", error=error)
    error, _ = outcome(test, LookingPool)
    assert error is None, because("fails the other", error=error)


def fails_a_trusting_pool(test):
    """It fails on a pool that believes everything."""
    with watched(TrustingPool) as seen:
        error, made = raised_by(test, seen)
        closed = sum(seen.lent_closed)
    assert error is not None or made, "own pool"
    assert error is not None or not closed, because("saw it", closed=closed)
    assert error is not None, "sees nothing"
    assert isinstance(error, AssertionError), because("fails by accident", error=error)


def fails_one_that_keeps_nothing(test):
    """It fails on a pool that throws every connection away."""
    error, made = outcome(test, KeepsNothing)
    assert made, "own pool"
    assert error is not None, "reuses nothing"


def outcome(test, pool_class: type) -> tuple[Exception | None, int]:
    """What the learner's test raises on this pool, None if it passes; and how many it made."""
    with watched(pool_class) as seen:
        return raised_by(test, seen)


def raised_by(test, pool_class: type) -> tuple[Exception | None, int]:
    """The same, of a class that is watched already."""
    try:
        test(pool_class)
    except Exception as error:
        return error, len(pool_class.made_in_all)
    return None, len(pool_class.made_in_all)


# --- the matrix: right pools, those with the fault, those that have only other faults


def play_test(test, words: str) -> Iterator[Seen]:
    """Whether the test passes on this pool."""
    error, made = outcome(test, POOLS[words])
    if error is None:
        yield Seen("the test", "passes", "passes")
    else:
        yield Seen("the test raises", type(error).__name__, f"{error!r}")
    yield Seen("pools of the class were made:", made > 0, "yes" if made else "none")


test_exercise = Exercise(
    id="health.test",
    title="The test that would have caught it",
    answer=lends_nothing_closed,
    claims=(
        passes_good_pools,
        fails_a_trusting_pool,
        fails_one_that_keeps_nothing,
        Histories(
            "On eleven pools, right ones, wrong ones and those with other faults, it judges as ours does.",
            inputs=lambda: POOLS,
            play=play_test,
        ),
    ),
    hints=(
        "Do what the careless borrower did, then borrow again, and look at what you get.",
        "Two halves. First a healthy one: give it back, borrow, and it is the same. Then close it, give it back, borrow, and ask `is_closed(...)` about what comes.",
        "Fill in the two blanks.\n\npool = pool_class(ConnectionConfig())\nconn = pool.acquire()\npool.release(conn)\nassert pool.acquire() is ____\nconn.close()\npool.release(conn)\nassert not ____",
    ),
    tellings={
        "fails the guard": "Your test complains about a pool whose guard turns closed connections away: {error}.",
        "stops at the guard": "On a pool whose guard turns closed connections away your test stops with {error}. All that it can count on is `acquire()` and `release(conn)`.",
        "own pool": "Your test never made a pool of the class that it was given: `pool_class(ConnectionConfig())`. It has to try that one, whichever it is.",
        "fails the other": "Your test complains about a pool that is right in another way, it looks when it lends: {error}. Where a pool looks, and what else it does, is its own business: what counts is what `acquire()` gives.",
        "sees nothing": "A pool that keeps and lends closed connections passed your test, which was never lent a closed one.",
        "saw it": "A pool that keeps and lends closed connections passed your test. It was lent a closed one ({closed} of its loans), and nothing came out of your test.",
        "fails by accident": "On a pool that lends closed connections your test stops with {error}. A test that fails raises AssertionError: any other exception reads as a test that is broken itself.",
        "reuses nothing": "A pool that throws every connection away passed your test. It never lends a closed one, and is no pool.",
    },
    slips=(
        slip(
            "sees nothing",
            "What shows the fault is a connection that is closed, given back, and then lent.",
            breaks="fails_a_trusting_pool",
            edit="""
-    assert not is_closed(pool.acquire()), "a closed connection was lent"
""",
        ),
        slip(
            "saw it",
            "Only what is raised makes a test fail. Often what was found is returned, printed or caught, or the `assert` has brackets around condition and text: a pair is always true.",
            breaks="fails_a_trusting_pool",
            edit="""
-    assert not is_closed(pool.acquire()), "a closed connection was lent"
+    return not is_closed(pool.acquire())
""",
        ),
        slip(
            "sees nothing",
            breaks="fails_a_trusting_pool fails_one_that_keeps_nothing",
            edit="""
-    assert pool.acquire() is conn, "a healthy connection was not kept"
     conn.close()
     pool.release(conn)
-    assert not is_closed(pool.acquire()), "a closed connection was lent"
""",
        ),
        slip(
            "reuses nothing",
            "Insist that a healthy one comes back.",
            breaks="fails_one_that_keeps_nothing",
            edit="""
-    pool.release(conn)
-    assert pool.acquire() is conn, "a healthy connection was not kept"
     conn.close()
""",
        ),
        slip(
            "fails by accident",
            breaks="fails_a_trusting_pool",
            edit="""
-    assert not is_closed(pool.acquire()), "a closed connection was lent"
+    pool.acquire().execute("SELECT 1")
""",
        ),
        slip(
            "own pool",
            breaks="passes_good_pools",
            edit="""
-    pool = pool_class(ConnectionConfig())
+    pool = TrustingPool(ConnectionConfig())
""",
        ),
        slip(
            "stops at the guard",
            breaks="passes_good_pools fails_a_trusting_pool",
            edit="""
-    assert pool.acquire() is conn, "a healthy connection was not kept"
+    assert pool.stats()["idle"] == 1
""",
        ),
        slip(
            "fails the other",
            breaks="passes_good_pools",
            edit="""
-    assert not is_closed(pool.acquire()), "a closed connection was lent"
+    assert pool._idle == []
""",
        ),
        slip(
            "fails the guard",
            "It is the other way round: it passes on a pool that lends closed connections.",
            breaks="passes_good_pools fails_a_trusting_pool",
            edit="""
-    assert not is_closed(pool.acquire()), "a closed connection was lent"
+    assert pool.acquire() is conn
""",
        ),
        slip(
            "another history",
            "Its shelf is the pool's own business: whether a healthy one is lent again shows when you borrow.",
            edit="""
-    assert pool.acquire() is conn, "a healthy connection was not kept"
+    assert len(pool._idle) == 1, "a healthy connection was not kept"
+    pool.acquire()
""",
        ),
        slip(
            "another history",
            "It asks for more than was asked: what becomes of half a work is another test's question.",
            edit="""
     conn = pool.acquire()
+    conn.execute("CREATE TEMP TABLE half (n)")
+    conn.execute("INSERT INTO half VALUES (1)")
     pool.release(conn)
     assert pool.acquire() is conn, "a healthy connection was not kept"
+    conn.rollback()
+    assert not conn.execute("SELECT * FROM half").fetchall(), "it was committed"
""",
        ),
    ),
    after="Your test judges from outside, so that it will still be right when somebody rewrites the inside.",
)
