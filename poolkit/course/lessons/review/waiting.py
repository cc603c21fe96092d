"""Part 2 of lesson 09: the wait."""

from __future__ import annotations

import queue
import sqlite3
import time
from contextlib import suppress

from poolkit.course.exercises import Exercise, because, expect
from poolkit.course.histories import Histories
from poolkit.course.lessons.review import moves
from poolkit.course.lessons.review.benches import bench
from poolkit.course.lessons.review.faults import Grasping, Hasty
from poolkit.course.lessons.review.found import FoundPool, WaitingPool
from poolkit.course.lessons.review.proving import RIGHT
from poolkit.course.lessons.review.scenes import STILL, WaitScene, on_stage, play_proof, told
from poolkit.course.slips import slip


class WaitProof(WaitScene):
    """A scene that breaks on a pool that holds its lock while somebody waits.

    The only connection is out, as `self.lent`; who waits, waits five seconds at most.
    """

    def ann(self, pool):
        """Ann wants a connection while there is none. If she gets none, that is an error."""
        pool.acquire()

    def ben(self, pool):
        """Ben does what lets her have one, in time."""
        pool.release(self.lent)


def holds_on_right_pools(proof_class):
    """The scene holds, in every order, on pools that are right."""
    for pool_class in RIGHT:
        result = play_proof(proof_class(), pool_class)
        ours = isinstance(result.error, (AssertionError, TimeoutError)) or result.error is None
        if not ours:
            raise result.error
        assert result.ok, told("breaks the right", result)


def breaks_on_the_found_lock(proof_class):
    """It breaks on a pool that holds its lock while somebody waits."""
    for pool_class in (Grasping, FoundPool):
        assert not play_proof(proof_class(), pool_class).ok, "lock unseen"


def breaks_on_a_shorter_wait(proof_class):
    """It breaks on a pool that still holds its lock, only for a shorter time."""
    assert not play_proof(proof_class(), Hasty).ok, "haste unseen"


prove_wait = Exercise(
    id="review.prove_wait",
    title="Prove that the lock is held too long",
    answer=WaitProof,
    no_histories="The proof is a scene for two threads: the player tries every order of it instead.",
    parts=("ann", "ben"),
    claims=(holds_on_right_pools, breaks_on_the_found_lock, breaks_on_a_shorter_wait),
    hints=(
        "Somebody waits, and somebody who could end the wait comes. What does each of them call?",
        "The player tries every order, so that neither needs a `sleep`. Let ann's error out: an error in a scene is what breaks it.",
        "One line each.\n\ndef ann(self, pool):\n    pool.____\n\ndef ben(self, pool):\n    pool.____(self.lent)",
    ),
    tellings={
        "breaks the right": "On a pool that is right your scene breaks too: {story}",
        "lock unseen": "A pool that holds its lock while somebody waits passed your scene, in every order.",
        "haste unseen": "A pool that waits a tenth of a second instead of five, still under its lock, passed your scene. Nobody got a connection there; it only took less long.",
    },
    slips=(
        slip(
            "lock unseen",
            breaks="breaks_on_the_found_lock breaks_on_a_shorter_wait",
            edit='''
-        pool.acquire()
+        with suppress(TimeoutError):
+            pool.acquire()
''',
        ),
        slip(
            "lock unseen",
            breaks="breaks_on_the_found_lock breaks_on_a_shorter_wait",
            edit='''
-        pool.acquire()
+        pool.release(self.lent)
...
-        pool.release(self.lent)
+        time.sleep(1)
+        pool.acquire()
''',
        ),
        slip(
            "breaks the right",
            breaks="holds_on_right_pools",
            edit='''
-        pool.release(self.lent)
+        pool.acquire()
''',
        ),
        slip(
            "breaks the right",
            breaks="holds_on_right_pools",
            edit='''
-        pool.release(self.lent)
+        time.sleep(10)
+        pool.release(self.lent)
''',
        ),
        slip(
            "raised AttributeError",
            breaks="holds_on_right_pools breaks_on_the_found_lock breaks_on_a_shorter_wait",
            edit='''
-        pool.acquire()
+        pool.wait()
''',
        ),
        slip(
            "haste unseen",
            breaks="breaks_on_a_shorter_wait",
            edit='''
-        pool.acquire()
+        start = time.monotonic()
+        try:
+            pool.acquire()
+        except TimeoutError:
+            assert time.monotonic() - start < 2
''',
        ),
    ),
    after="The player needed no luck: it found the order that breaks it, and will find it again tomorrow.",
)  # fmt: skip


def lends_at_once(pool_class):
    """What lies idle is lent first; else a new one is opened while there is room."""

    def claim(bench, pool):
        first, second = pool.acquire(), pool.acquire()
        for conn in (first, second):
            expect(conn, sqlite3.Connection, "pool.acquire()")
        assert first is bench.opened[0], "idle ignored"
        assert second is not first, "lent twice"

    on_stage(pool_class, claim, least=1, most=2)


def tests_before_it_lends(pool_class):
    """What is lent went through `tested`."""
    seen = []

    class Noting(pool_class):
        def tested(self, conn):
            seen.append(conn)
            return conn

    def claim(bench, pool):
        pool.acquire()
        assert seen, because("untested", which="lay idle")
        pool.acquire()
        assert len(seen) == 2, because("untested", which="was new")

    def setup(bench, pool):
        lent = pool.acquire()
        seen.clear()
        return lent

    def ann(bench, pool, lent):
        with suppress(TimeoutError, queue.Empty):  # the next claims' business
            pool.acquire()
            assert seen, because("untested", which="came back while somebody waited")

    def ben(bench, pool, lent):
        time.sleep(1)
        pool.release(lent)

    on_stage(Noting, claim, least=1, most=2)
    on_stage(Noting, setup, ann, ben, least=0, most=1)


def gets_what_comes_back(pool_class):
    """Who waits gets what is given back meanwhile."""

    def setup(bench, pool):
        return pool.acquire()

    def ann(bench, pool, lent):
        conn = patient(pool, "still under the lock")
        assert conn is lent, "not handed on"

    def ben(bench, pool, lent):
        time.sleep(1)
        pool.release(lent)

    on_stage(pool_class, setup, ann, ben, least=0, most=1)


def patient(pool, in_vain: str):
    """Acquire; tell a wait that was cut short from one that was in vain."""
    began = time.monotonic()
    try:
        conn = pool.acquire()
    except queue.Empty:
        raise AssertionError("another error") from None
    except TimeoutError:
        waited = time.monotonic() - began
        early = because("shortened" if waited else "no wait", waited=f"{waited:.2g}")
        raise AssertionError(early if waited < 4.99 else in_vain) from None
    expect(conn, sqlite3.Connection, "pool.acquire()")
    return conn


def gives_up_in_time(pool_class):
    """Who gets nothing has a TimeoutError after `patience` seconds."""

    def claim(bench, pool):
        pool.acquire()
        try:
            patient(pool, "in vain")
        except AssertionError as error:
            if str(error) != "in vain":
                raise
        else:
            raise AssertionError("beyond the cap")

    def setup(bench, pool):
        return pool.acquire()

    def ann(bench, pool, lent):
        with suppress(TimeoutError):
            patient_or_late(pool)

    def ben(bench, pool, lent):
        pool.release(lent)  # ann, who waits, may take it at any moment from here on
        with suppress(TimeoutError):
            patient_or_late(pool)

    on_stage(pool_class, claim, least=0, most=1)
    on_stage(pool_class, setup, ann, ben, least=0, most=1)


def patient_or_late(pool):
    """Acquire; a time-out may come, and nothing else."""
    try:
        pool.acquire()
    except queue.Empty:
        raise AssertionError(because("another error, for two")) from None


def keeps_the_cap(pool_class):
    """Never more than `most` are open, however many come at once."""

    def borrow(bench, pool, _):
        conn = patient(pool, "still under the lock")
        assert len(bench.opened) == 1, "no lock"
        pool.release(conn)

    on_stage(pool_class, lambda bench, pool: None, borrow, borrow, least=0, most=1)


def waits_only_if_full(pool_class):
    """Nobody waits while there is room for another connection."""

    def borrow(bench, pool, _):
        patient(pool, "waits beside a free place")

    on_stage(pool_class, lambda bench, pool: None, borrow, borrow, least=1, most=2)


mend_wait = Exercise(
    id="review.mend_wait",
    title="Let go of the lock before you wait",
    answer=WaitingPool,
    parts=("acquire",),
    claims=(
        lends_at_once,
        tests_before_it_lends,
        gives_up_in_time,
        gets_what_comes_back,
        keeps_the_cap,
        waits_only_if_full,
        Histories(
            "Over every short history of one thread, it lends what it should, tested.",
            inputs=moves.of_what_waits,
            play=moves.play(bench),
            tell=moves.tell,
        ),
    ),
    hints=(
        "Two things happen in `acquire`: it is decided where the connection comes from, and it is waited for. Which of them needs the lock?",
        "Decide under the lock, and keep the decision in a variable: a connection, or None if there is neither an idle one nor room. After the `with` block: if it is None, `self.wait()`.",
        "Fill in the blanks.\n\nwith self.lock:\n    try:\n        conn = self.idle.get_nowait()\n    except queue.Empty:\n        conn = self.new() if self.open < self.most else ____\nif ____:\n    conn = ____\nreturn self.tested(conn)",
    ),
    tellings={
        "idle ignored": "One lay idle, and the first borrower got another.",
        "lent twice": "Two borrowed, and both have the same connection.",
        "untested": "A connection that {which:plain} was lent without `self.tested(conn)`.",
        "still under the lock": "Ann waited until her five seconds were up, although ben came after one to give his connection back.",
        "no wait": "Ann came when all were out, and gave up at once; her patience is 5 seconds.",
        "shortened": "Ann gave up after {waited:plain} seconds; her patience is 5.",
        "another error": "Somebody got no connection, and `queue.Empty` came out. Callers expect a connection, or TimeoutError, which `self.wait()` raises.",
        "another error, for two": "`queue.Empty` came out of an `acquire`, where two met: {order}.",
        "beyond the cap": "The only connection was out, and the next borrower got one all the same.",
        "not handed on": "Ben gave his connection back, and ann, who waited, got another one.",
        "no lock": "Two came at once to a pool of one, and two connections were opened.",
        "waits beside a free place": "One lay idle and there was room for a second. Ann saw the idle one, ben took it, and ann waited in vain although she could have opened another.",
        "stands still": STILL,
    },
    slips=(
        slip(
            "idle ignored",
            breaks="lends_at_once",
            edit='''
-            try:
-                conn = self.idle.get_nowait()
-            except queue.Empty:
-                conn = self.new() if self.open < self.most else None
+            conn = self.new() if self.open < self.most else None
''',
        ),
        slip(
            "lent twice",
            "Looking at the shelf is not enough: what is lent has to leave it.",
            breaks="lends_at_once",
            edit='''
-                conn = self.idle.get_nowait()
-            except queue.Empty:
+                conn = self.idle.queue[-1]
+            except IndexError:
''',
        ),
        slip(
            "untested",
            breaks="tests_before_it_lends",
            edit='''
-        if conn is None:
-            conn = self.wait()
-        return self.tested(conn)
+        return conn or self.wait()
''',
        ),
        slip(
            "untested",
            breaks="tests_before_it_lends",
            beyond="With one thread nothing comes back while somebody waits.",
            edit='''
-        if conn is None:
-            conn = self.wait()
-        return self.tested(conn)
+        return self.wait() if conn is None else self.tested(conn)
''',
        ),
        slip(
            "stands still",
            breaks="tests_before_it_lends",
            edit='''
-            try:
-                conn = self.idle.get_nowait()
-            except queue.Empty:
-                conn = self.new() if self.open < self.most else None
-        if conn is None:
-            conn = self.wait()
+            if self.idle.empty() and self.open < self.most:
+                conn = self.new()
+            else:
+                conn = self.idle.get()
''',
        ),
        slip(
            "no wait",
            breaks="gives_up_in_time",
            beyond="It raises what a wait in vain raises; only the clock tells them apart.",
            edit='''
-                conn = self.new() if self.open < self.most else None
-        if conn is None:
-            conn = self.wait()
+                if self.open >= self.most:
+                    raise TimeoutError("none left") from None
+                conn = self.new()
''',
        ),
        slip(
            "shortened",
            breaks="gives_up_in_time",
            beyond="It raises what a longer wait in vain raises; only the clock tells them apart.",
            edit='''
-                conn = self.new() if self.open < self.most else None
-        if conn is None:
-            conn = self.wait()
+                self.patience = 0.1
+                conn = self.new() if self.open < self.most else self.wait()
''',
        ),
        slip(
            "another error",
            breaks="gives_up_in_time",
            edit='''
-            conn = self.wait()
+            conn = self.idle.get(timeout=self.patience)
''',
        ),
        slip(
            "another error, for two",
            "Between `empty()` and `get_nowait()` one who waits can take the last one: he waits without the lock.",
            breaks="gives_up_in_time",
            beyond="It takes two threads.",
            edit='''
-            try:
-                conn = self.idle.get_nowait()
-            except queue.Empty:
-                conn = self.new() if self.open < self.most else None
+            if not self.idle.empty():
+                conn = self.idle.get_nowait()
+            else:
+                conn = self.new() if self.open < self.most else None
''',
        ),
        slip(
            "beyond the cap",
            breaks="gives_up_in_time gets_what_comes_back keeps_the_cap",
            edit='''
-                conn = self.new() if self.open < self.most else None
+                conn = self.new()
''',
        ),
        slip(
            "still under the lock",
            "Often `self.wait()` still stands inside `with self.lock`, and ben needs that lock to give back.",
            breaks="gets_what_comes_back",
            beyond="One thread never meets another.",
            edit='''
-        if conn is None:
-            conn = self.wait()
+            if conn is None:
+                conn = self.wait()
''',
        ),
        slip(
            "not handed on",
            breaks="gets_what_comes_back keeps_the_cap",
            beyond="One thread never meets another.",
            edit='''
-            conn = self.wait()
+            self.throw_away(self.wait())
+            conn = self.new()
''',
        ),
        slip(
            "no lock",
            "To count and to open is one decision: both of them saw room before either had counted.",
            breaks="keeps_the_cap",
            beyond="One thread never meets another.",
            edit='''
-        with self.lock:
-            try:
-                conn = self.idle.get_nowait()
-            except queue.Empty:
-                conn = self.new() if self.open < self.most else None
-        if conn is None:
-            conn = self.wait()
+        try:
+            conn = self.idle.get_nowait()
+        except queue.Empty:
+            conn = self.new() if self.open < self.most else self.wait()
''',
        ),
        slip(
            "waits beside a free place",
            breaks="waits_only_if_full",
            beyond="One thread never meets another.",
            edit='''
-            try:
-                conn = self.idle.get_nowait()
-            except queue.Empty:
-                conn = self.new() if self.open < self.most else None
+            room = self.idle.empty() and self.open < self.most
+            conn = self.new() if room else None
''',
        ),
    ),
    after="The decision is made under the lock, and the wait is outside it. Opening is still inside; the end of the lesson comes back to that.",
)  # fmt: skip
