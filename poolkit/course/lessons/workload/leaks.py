"""workload.test: the test that finds a leak, tried on workloads that leak and on some that do not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from poolkit import PoolError, PoolTimeout
from poolkit.course.exercises import Exercise, assume, because
from poolkit.course.guard import Ended, NoInput
from poolkit.course.histories import Histories, Seen
from poolkit.course.lessons.workload.given import TABLE, out, small_pool, times
from poolkit.course.lessons.workload.insert import insert_labels
from poolkit.course.slips import slip


def finds_leaks(store, pool):
    """Raise AssertionError if `store(pool, labels)` does not give its connection back.

    Try it twice: with ["login"], which goes well, and with [None], which every store refuses with
    an exception. That exception is no fault of the store's, and what the store does with the labels
    is not looked at here. The pool lends one connection at most. Leave it open, and borrow nothing
    that you do not give back.
    """
    for labels in (["login"], [None]):
        try:
            store(pool, labels)
        except Exception:
            pass
        if pool.stats()["in_use"] > 0:
            raise AssertionError(f"{labels} went in, and the connection did not come back")


# --- the workloads that it is tried on


class Unfit(Exception):
    """What a workload of somebody's own may raise for a label that does not suit it."""


@dataclass(frozen=True)
class Store:
    """A workload, as it is written down: when it gives back, how it refuses None, what it returns.

    `refuses`: what it raises for None, which it finds itself; without, the table refuses it.
    `first`: it looks at the labels before it borrows. `commits`: or what it wrote is rolled back.
    """

    good: bool = True
    bad: bool = True
    refuses: type[Exception] | None = None
    first: bool = False
    commits: bool = True
    returns: object = "rows"

    def __str__(self) -> str:
        kinds = {(True, True): "gives back", (True, False): "leaks after an error"}
        kinds |= {(False, True): "leaks after a good end", (False, False): "never gives back"}
        how = [f"refuses None with {self.refuses.__name__ if self.refuses else 'IntegrityError'}"]
        if self.first:
            how.append("before it borrows")
        if not self.commits:
            how.append("commits nothing")
        if self.returns != "rows":
            how.append(f"returns {self.returns!r}")
        return f"a workload that {kinds[self.good, self.bad]} ({', '.join(how)})"


def refusal(how: Store, labels: list) -> Exception | None:
    """What a workload that looks at the labels itself raises for them."""
    return how.refuses("a label is text") if how.refuses and None in labels else None


def make_store(how: Store) -> Callable:
    """The workload. `store.given` and `store.raised`: what it was called with, what it raised."""

    def store(pool, labels):
        store.given.append(labels)
        error = refusal(how, labels)
        if error and how.first:
            store.raised.append(error)
            raise error
        conn = pool.acquire()
        try:
            conn.execute(TABLE)
            if error:
                raise error
            rows = insert_labels(conn, labels) if how.commits else list(labels)
            if None in labels:
                raise sqlite3.IntegrityError("NOT NULL constraint failed: events.label")
        except Exception as error:
            store.raised.append(error)
            if how.bad:
                pool.release(conn)
            raise
        if how.good:
            pool.release(conn)
        return rows if how.returns == "rows" else how.returns

    store.given, store.raised = [], []
    return store


def verdict(test: Callable, store: Callable, pool) -> BaseException | None:
    """What the learner's test raises on this workload; None if it passes."""
    try:
        test(store, pool)
    except (Ended, NoInput):
        raise
    except BaseException as error:
        return error
    return None


# --- what it promises


def passes_a_good_store(test):
    """Given a workload that always gives back, it hands it lists, passes, and keeps no connection."""
    for how in (Store(), Store(refuses=ValueError)):
        store = make_store(how)
        with small_pool() as pool:
            error = verdict(test, store, pool)
            lists = all(isinstance(labels, list | tuple) for labels in store.given)
            assert lists, because("other labels", given=store.given)
            own = any(error is one for one in store.raised)
            assert not own, because("not caught", name=type(error).__name__)
            assert out(pool) == 0, "leaks itself"
            if error is not None and not isinstance(error, AssertionError):
                raise error  # a slip in the test itself: its line says more than we could
            said = f", and said: {error}" if str(error) else ""
            assert error is None, because("fails the good", how=str(how), said=said)


def fails_a_leak_on_error(test):
    """It fails on a workload that gives back only if all goes well."""
    must_fail(test, Store(bad=False), "misses the error")


def fails_a_leak_on_success(test):
    """It fails on a workload that gives back only after an error."""
    must_fail(test, Store(good=False), "misses the good end")


def must_fail(test: Callable, how: Store, key: str) -> None:
    """Assert that the learner's test fails on this workload, and on purpose."""
    returned = []
    store = make_store(how)
    with small_pool() as pool:
        error = verdict(lambda *both: returned.append(test(*both)), store, pool)
        assume(not any(error is one for one in store.raised))
    with small_pool() as pool:
        always = verdict(test, make_store(Store()), pool)
        assume(
            error is None or isinstance(error, AssertionError) or type(error) is not type(always)
        )
    assert error is not None or returned == [None], because("returned", got=returned[0])
    assert error is not None, because(key, given=[list(labels) for labels in store.given])
    name = type(error).__name__
    assert isinstance(error, AssertionError), because("fails by accident", how=str(how), name=name)


# --- the matrix: every workload, on a pool that is new and on one that was used


def matrix() -> Iterator[tuple[Store, bool]]:
    """All workloads, the plainest first, each on a new pool and on one that was used before."""
    kinds = ((True, True), (True, False), (False, True), (False, False))
    refusals = (None, ValueError, TypeError, KeyError, OSError, AssertionError, Unfit, PoolTimeout)
    for refuses in refusals:
        for used in (False, True):
            yield from ((Store(good, bad, refuses), used) for good, bad in kinds)
    yield from ((Store(good, True, ValueError, first=True), False) for good in (True, False))
    yield from ((Store(good, bad, commits=False), False) for good, bad in kinds)
    for returns in (None, True, False, 0, []):
        yield from ((Store(good, bad, returns=returns), False) for good, bad in kinds)


def tell(tried: tuple[Store, bool]) -> str:
    """A case in words."""
    how, used = tried
    return f"Tried on {how}{', and a pool that was used before' if used else ''}"


def play(test: Callable, tried: tuple[Store, bool]) -> Iterator[Seen]:
    """The verdict of the learner's test, and what it leaves of a pool that was given back to."""
    how, used = tried
    store = make_store(how)
    with small_pool() as pool:
        if used:
            pool.release(pool.acquire())
        error = verdict(test, store, pool)
        word = "passes" if error is None else "raises AssertionError"
        if error is not None and not isinstance(error, AssertionError):
            word = f"raises {type(error).__name__}"
        elif error is not None and any(error is one for one in store.raised):
            word = "lets out the AssertionError of the workload"
        yield Seen("the test", word, word)
        yield Seen("the workload was called", bool(store.given), times(len(store.given)))
        lent = pool.stats()["created"] > 0
        yield Seen("the pool that came with it was", lent, "used" if lent else "not used")
        if how.good and how.bad:
            tried = sorted({repr(list(labels)) for labels in store.given})
            yield Seen("it was tried with", tried, " and ".join(tried))
            yield Seen("lent afterwards:", out(pool))
            yield Seen("afterwards the pool", *still_lends(pool))


def still_lends(pool) -> tuple[bool, str]:
    """Whether a pool can still be used, and in words."""
    try:
        pool.release(pool.acquire())
    except PoolError as error:
        return False, f"cannot be used: {type(error).__name__}"
    return True, "can be used"


exercise = Exercise(
    id="workload.test",
    title="Write the test that finds a leak",
    answer=finds_leaks,
    claims=(
        passes_a_good_store,
        fails_a_leak_on_error,
        fails_a_leak_on_success,
        Histories(
            "Of all workloads that it is tried on, it fails on those that leak and on no other, and leaves the pool as it was.",
            inputs=matrix,
            play=play,
            tell=tell,
        ),
    ),
    hints=(
        "Who knows how many connections are out? Ask it after the store has come to its end, whichever end that was.",
        "Call the store inside `try`, catch what it raises, and look at `pool.stats()[\"in_use\"]` after the `try`. Do that for both kinds of labels.",
        'Fill in the three blanks.\n\nfor labels in (["login"], ____):\n    try:\n        store(pool, labels)\n    except Exception:\n        ____\n    if pool.stats()["in_use"] > 0:\n        raise ____("the connection did not come back")',
    ),
    tellings={
        "other labels": "Your test handed this to the store: {given}. It takes a list of labels, even if there is one: [\"login\"] first, then [None].",
        "not caught": "For [None] the store raised {name:plain}, as it should, and your test let that exception out.",
        "leaks itself": "The store gave everything back, and after your test a connection is out: your test borrowed it.",
        "fails the good": "Your test raised AssertionError on {how:plain}{said:plain}.",
        "returned": "On a workload that leaks, your test returned {got}, and a test that returns has passed. It fails by raising: `assert …`, or `raise AssertionError(…)`.",
        "misses the error": "A workload that leaks whenever an INSERT fails passed your test, which gave it {given}.",
        "misses the good end": "A workload that leaks whenever all goes well passed your test, which gave it {given}.",
        "fails by accident": "On {how:plain}, your test stopped with {name:plain}. A test that fails raises AssertionError: any other exception reads as a test that is broken itself.",
    },
    slips=(
        slip(
            "misses the error",
            "Give it [None] as well.",
            breaks="fails_a_leak_on_error",
            edit="""
-    for labels in (["login"], [None]):
+    for labels in (["login"],):
""",
        ),
        slip(
            "misses the good end",
            "Look at the pool after [\"login\"] as well.",
            breaks="fails_a_leak_on_success",
            edit="""
-    for labels in (["login"], [None]):
+    for labels in ([None],):
""",
        ),
        slip(
            "misses the error",
            "It passes on every workload, whatever that does. Let it print what it compares, on a workload that leaks: often it looks too early, or its AssertionError is caught, or the `assert` has brackets around condition and text, which is always true.",
            breaks="fails_a_leak_on_error fails_a_leak_on_success",
            edit="""
             store(pool, labels)
+            assert pool.stats()["in_use"] == 0
         except Exception:
             pass
-        if pool.stats()["in_use"] > 0:
-            raise AssertionError(f"{labels} went in, and the connection did not come back")
""",
        ),
        slip(
            "not caught",
            "Catch it whatever its kind, then look at the pool.",
            breaks="passes_a_good_store",
            edit="""
-        try:
-            store(pool, labels)
-        except Exception:
-            pass
+        store(pool, labels)
""",
        ),
        slip(
            "not caught",
            "It catches what the table raises. A store may refuse a label in its own way: catch any Exception.",
            breaks="passes_a_good_store",
            edit="""
-        except Exception:
+        except sqlite3.IntegrityError:
""",
        ),
        slip(
            "another history",
            "A store may refuse a label in its own way: catch any Exception.",
            edit="""
-        except Exception:
+        except (sqlite3.Error, ValueError):
""",
        ),
        slip(
            "fails the good",
            "`peak` remembers the busiest moment. How many are out now is `in_use`.",
            breaks="passes_a_good_store",
            edit="""
-        if pool.stats()["in_use"] > 0:
+        if pool.stats()["peak"] > 0:
""",
        ),
        slip(
            "leaks itself",
            "Give back what you borrow, or look at `pool.stats()[\"in_use\"]` instead.",
            breaks="passes_a_good_store",
            edit="""
-        if pool.stats()["in_use"] > 0:
-            raise AssertionError(f"{labels} went in, and the connection did not come back")
+        try:
+            pool.acquire(timeout=0)
+        except PoolTimeout:
+            raise AssertionError("nothing to lend any more") from None
""",
        ),
        slip(
            "other labels",
            breaks="passes_a_good_store",
            edit="""
-    for labels in (["login"], [None]):
+    for labels in ("login", None):
""",
        ),
        slip(
            "raised KeyError",
            "Which keys there are, `print(pool.stats())` tells.",
            breaks="passes_a_good_store",
            edit="""
-        if pool.stats()["in_use"] > 0:
+        if pool.stats()["out"] > 0:
""",
        ),
        slip(
            "fails by accident",
            breaks="fails_a_leak_on_error",
            edit="""
-            raise AssertionError(f"{labels} went in, and the connection did not come back")
+            raise RuntimeError("it leaks")
""",
        ),
        slip(
            "returned",
            breaks="fails_a_leak_on_error",
            edit="""
-            raise AssertionError(f"{labels} went in, and the connection did not come back")
+            return False
+    return True
""",
        ),
    ),
    after="The day somebody moves a `release` out of its `finally`, this test will say so.",
)  # fmt: skip
