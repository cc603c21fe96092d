"""Part 1 of lesson 09: places that get lost."""

from __future__ import annotations

import sqlite3

from poolkit.course.exercises import Exercise, because
from poolkit.course.histories import Histories
from poolkit.course.lessons.review import moves
from poolkit.course.lessons.review.benches import bench
from poolkit.course.lessons.review.faults import Hiding, Respelled
from poolkit.course.lessons.review.found import SpeakingPool
from poolkit.course.lessons.review.proving import RIGHT, fails, fails_as_found, matrix
from poolkit.course.lessons.review.scenes import STILL, complaint, on_stage
from poolkit.course.pools import is_closed
from poolkit.course.slips import slip


class FirstProof:
    def prefilled(self, bench):
        """Fail unless a pool that opens two ahead lends those two, and opens no third one."""
        pool = bench.pool(least=2, most=5)
        assert len(bench.opened) == 2, "not opened ahead"
        pool.acquire()
        pool.acquire()
        assert len(bench.opened) == 2, "opened more for the borrowers"


class StartProof(FirstProof):
    """One proof more. It gets a bench, and raises AssertionError if the bench's pools are wrong.

    It uses only what every pool has: acquire, release, connection and close_all.
    """

    def interrupted(self, bench):
        """Fail unless Ctrl-C that comes while `close_all()` closes a connection gets through.

        `bench.pool()` opens none ahead and lends one at most; `conn.trouble = KeyboardInterrupt`
        makes the next `conn.close()` raise it. `close_all()` closes what lies idle.
        """
        pool = bench.pool()
        conn = pool.acquire()
        pool.release(conn)
        conn.trouble = KeyboardInterrupt
        try:
            pool.close_all()
        except KeyboardInterrupt:
            return
        raise AssertionError("Ctrl-C was swallowed")


def start_proof_passes(proof_class):
    """It passes on pools that are right: our mended one, and poolkit's."""
    for pool_class in RIGHT:
        with bench(pool_class) as tried:
            try:
                proof_class().interrupted(tried)
            except KeyboardInterrupt:
                raise AssertionError("let through") from None
            except AssertionError as error:
                assert not any(conn.trouble for conn in tried.opened), "trouble unmet"
                said = because("fails the right", name="interrupted", error=complaint(error))
                raise AssertionError(said) from None


def sees_hiding(proof_class):
    """It fails where a bare `except` swallows everything."""
    fails_as_found(proof_class, "interrupted", Hiding, "hiding unseen")


def sees_respelled(proof_class):
    """It fails where only the slip under that `except` was mended."""
    fails(proof_class, "interrupted", Respelled, "respelled unseen")


prove_start = Exercise(
    id="review.prove_start",
    title="Prove that Ctrl-C is swallowed",
    answer=StartProof,
    parts=("interrupted",),
    claims=(start_proof_passes, sees_hiding, sees_respelled, matrix("interrupted")),
    hints=(
        "Here the good case is an exception: KeyboardInterrupt comes out of `close_all()`. What has to happen if it does not come?",
        "Borrow a connection and give it back, so that it lies on the shelf. Put the trouble into it, and close the pool inside a `try`. If KeyboardInterrupt comes, return; if none comes, raise AssertionError.",
        "Fill in the blanks.\n\npool = bench.pool()\nconn = pool.____\npool.____\nconn.trouble = KeyboardInterrupt\ntry:\n    pool.close_all()\nexcept ____:\n    return\nraise AssertionError(\"Ctrl-C was swallowed\")",
    ),
    tellings={
        "fails the right": "`{name:plain}` complains about a pool that is right: {error:plain}.",
        "let through": "On a pool that is right KeyboardInterrupt comes out of `close_all()`, and it came out of your proof as well.",
        "trouble unmet": "Your proof complains, but no connection with trouble in it was closed.",
        "hiding unseen": "A pool with a bare `except` around its `close()` passed `interrupted`.",
        "respelled unseen": "In the found pool the bare `except` hides a slip in the line below `close()`. A pool where the slip is mended, and the bare `except` still there, passed `interrupted`.",
    },
    slips=(
        slip(
            "hiding unseen",
            "Where Ctrl-C does not come out of `close_all()`, the proof has to end in AssertionError; on that pool yours ended in nothing.",
            breaks="sees_hiding sees_respelled",
            edit='''
-        raise AssertionError("Ctrl-C was swallowed")
''',
        ),
        slip(
            "let through",
            "That it comes is the good case: catch it there.",
            breaks="start_proof_passes sees_hiding sees_respelled",
            edit='''
-        try:
-            pool.close_all()
-        except KeyboardInterrupt:
-            return
-        raise AssertionError("Ctrl-C was swallowed")
+        pool.close_all()
''',
        ),
        slip(
            "trouble unmet",
            "`close_all()` closes what lies idle, and what is out it leaves alone.",
            breaks="start_proof_passes",
            edit='''
-        pool.release(conn)
''',
        ),
        slip(
            "fails the right",
            "That KeyboardInterrupt comes out of `close_all()` is the good case: there a proof has to pass.",
            breaks="start_proof_passes",
            edit='''
         except KeyboardInterrupt:
-            return
+            raise AssertionError("Ctrl-C came out") from None
''',
        ),
    ),
    after="Both proofs fail on the found pool. Now you may change it.",
)  # fmt: skip


def shelves_what_it_opens(pool_class):
    """What is opened ahead lies on the shelf and is lent."""

    def claim(bench, pool):
        opened = len(bench.opened)
        assert opened == 2, because("not two", count=2, opened=opened)
        shelf = set(pool.idle.queue)
        assert shelf, "not on the shelf"
        assert shelf == set(bench.opened), because("not all on the shelf", shelf=len(shelf))

    def none(bench, pool):
        opened = len(bench.opened)
        assert opened == 0, because("not two", count=0, opened=opened)

    on_stage(pool_class, claim, least=2, most=2)
    on_stage(pool_class, none, least=0, most=2)


def counts_what_it_opens(pool_class):
    """What is opened ahead is counted."""

    def claim(bench, pool):
        assert pool.open == 2, because("uncounted", open=pool.open)

    on_stage(pool_class, claim, least=2, most=5)


def closes_and_frees(pool_class):
    """What is thrown away is closed, and its place is free."""

    def claim(bench, pool):
        conn, _ = pool.acquire(), pool.acquire()
        pool.throw_away(conn)
        assert is_closed(conn), "not closed"
        assert pool.open == 1, because("place kept", open=pool.open)

    on_stage(pool_class, claim, least=0, most=2)


def puts_up_with_a_failing_close(pool_class):
    """If closing fails with sqlite3.Error, the place is free all the same, and no error comes."""

    def claim(bench, pool):
        for trouble in (sqlite3.OperationalError("disk I/O error"), sqlite3.Error("closing")):
            conn = pool.acquire()
            conn.trouble = trouble
            try:
                pool.throw_away(conn)
            except sqlite3.Error:
                raise AssertionError(because("noisy", kind=type(trouble).__name__)) from None
            assert pool.open == 0, because("place lost", open=pool.open)

    on_stage(pool_class, claim, least=0, most=1)


def hides_nothing_else(pool_class):
    """Ctrl-C and the errors of a bug go on to the caller, and the place is free then, too."""

    def claim(bench, pool):
        for trouble in (KeyboardInterrupt(), ZeroDivisionError("a bug")):
            conn = pool.acquire()
            conn.trouble = trouble
            try:
                pool.throw_away(conn)
            except type(trouble):
                pass
            else:
                bug = isinstance(trouble, Exception)
                raise AssertionError("hides bugs" if bug else "hides Ctrl-C")
            assert pool.open == 0, because("place lost", open=pool.open)

    on_stage(pool_class, claim, least=0, most=1)


mend_start = Exercise(
    id="review.mend_start",
    title="Lend what was opened, and hear what went wrong",
    answer=SpeakingPool,
    parts=("fill", "throw_away"),
    claims=(
        shelves_what_it_opens,
        counts_what_it_opens,
        closes_and_frees,
        puts_up_with_a_failing_close,
        hides_nothing_else,
        Histories(
            "Over every short history of opening, lending and throwing away, it does what the text says.",
            inputs=moves.of_what_is_opened,
            play=moves.play(bench),
            tell=moves.tell,
        ),
    ),
    hints=(
        "`self.new()` opens a connection, counts it and gives it to you. What does `fill` do with it? And what is `self.opened` in `throw_away`?",
        "`self.idle` is a queue: `put` lays something on it. In `throw_away` free the place first, under the lock, then close. Catch only `sqlite3.Error`, and only around the line that can raise it.",
        "Fill in the blanks.\n\nfor _ in range(count):\n    self.idle.____(____)\n\nwith self.____:\n    self.open -= 1\ntry:\n    conn.close()\nexcept ____:\n    pass",
    ),
    tellings={
        "not two": "`fill({count})` should open {count} connections; {opened} were opened.",
        "not on the shelf": "`fill(2)` opened two, and the shelf `self.idle` is empty: nobody will ever get them.",
        "not all on the shelf": "`fill(2)` opened two connections, and of these {shelf} can be lent from the shelf.",
        "uncounted": "Two were opened ahead and `self.open` is {open}, so that the pool would open more than `most`, or fewer.",
        "not closed": "A connection was thrown away and is still open.",
        "place kept": "Two were open, one of them was thrown away, and `self.open` is {open} instead of 1.",
        "noisy": "Closing raised sqlite3.{kind:plain}, and it came out of `throw_away`.",
        "place lost": "Closing raised an exception, and `self.open` is {open} instead of 0.",
        "hides Ctrl-C": "Ctrl-C came during `close()`, and was swallowed.",
        "hides bugs": "A bug raised ZeroDivisionError during `close()`, and was swallowed.",
        "stands still": STILL,
    },
    slips=(
        slip(
            "not on the shelf",
            breaks="shelves_what_it_opens",
            edit='''
-            self.idle.put(self.new())
+            self.new()
''',
        ),
        slip(
            "not two",
            breaks="shelves_what_it_opens counts_what_it_opens",
            edit='''
-        for _ in range(count):
-            self.idle.put(self.new())
+        self.idle.put(self.new())
''',
        ),
        slip(
            "not two",
            breaks="shelves_what_it_opens puts_up_with_a_failing_close",
            edit='''
-        for _ in range(count):
+        for _ in range(2):
''',
        ),
        slip(
            "not all on the shelf",
            breaks="shelves_what_it_opens",
            edit='''
-            self.idle.put(self.new())
+            conn = self.new()
+        self.idle.put(conn)
''',
        ),
        slip(
            "uncounted",
            "`self.new()` opens and counts; `self.connect()` only opens.",
            breaks="counts_what_it_opens",
            edit='''
-            self.idle.put(self.new())
+            self.idle.put(self.connect())
''',
        ),
        slip(
            "stands still",
            breaks="shelves_what_it_opens",
            edit='''
-        for _ in range(count):
-            self.idle.put(self.new())
+        with self.lock:
+            for _ in range(count):
+                self.release(self.new())
''',
        ),
        slip(
            "stands still",
            breaks="shelves_what_it_opens",
            edit='''
-        for _ in range(count):
+        while count:
''',
        ),
        slip(
            "not closed",
            breaks="closes_and_frees hides_nothing_else",
            edit='''
-        with suppress(sqlite3.Error):
-            conn.close()
''',
        ),
        slip(
            "place kept",
            breaks="closes_and_frees puts_up_with_a_failing_close",
            edit='''
-        with self.lock:
-            self.open -= 1
''',
        ),
        slip(
            "place kept",
            "One place comes free for each that is thrown away.",
            breaks="closes_and_frees",
            edit='''
-            self.open -= 1
+            self.open = 0
''',
        ),
        slip(
            "place lost",
            "Free the place before you close, or in a `finally`.",
            breaks="puts_up_with_a_failing_close",
            edit='''
-        with self.lock:
-            self.open -= 1
-        with suppress(sqlite3.Error):
-            conn.close()
+        with suppress(sqlite3.Error):
+            conn.close()
+            with self.lock:
+                self.open -= 1
''',
        ),
        slip(
            "noisy",
            breaks="puts_up_with_a_failing_close",
            edit='''
-        with suppress(sqlite3.Error):
-            conn.close()
+        conn.close()
''',
        ),
        slip(
            "noisy",
            "sqlite3.OperationalError is one kind of sqlite3.Error; every kind is put up with.",
            breaks="puts_up_with_a_failing_close",
            edit='''
-        with suppress(sqlite3.Error):
+        with suppress(sqlite3.OperationalError):
''',
        ),
        slip(
            "hides Ctrl-C",
            "A bare `except` swallows it, and so does a `return` in a `finally`: name the error that is put up with.",
            breaks="hides_nothing_else",
            edit='''
-        with suppress(sqlite3.Error):
+        with suppress(BaseException):
''',
        ),
        slip(
            "hides bugs",
            "`Exception` is nearly as wide as a bare `except`: put up with `sqlite3.Error` alone.",
            breaks="hides_nothing_else",
            edit='''
-        with suppress(sqlite3.Error):
+        with suppress(Exception):
''',
        ),
    ),
    after="A slip of the pen was in there since the first day. Nothing but the `except` kept it from being found in the first minute.",
)  # fmt: skip
