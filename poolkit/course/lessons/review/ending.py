"""Part 4 of lesson 09: the end of a life."""

from __future__ import annotations

import queue
import sqlite3
from contextlib import suppress

from poolkit.course.exercises import Exercise, because, expect
from poolkit.course.histories import Histories
from poolkit.course.lessons.review import moves
from poolkit.course.lessons.review.benches import ANN, bench, rows
from poolkit.course.lessons.review.faults import Brutal, Forgetful, Unchecked, Unmoved
from poolkit.course.lessons.review.found import MendedPool
from poolkit.course.lessons.review.proving import fails, fails_as_found, matrix, passes
from poolkit.course.lessons.review.returning import on_shelf
from poolkit.course.lessons.review.scenes import STILL, on_stage
from poolkit.course.pools import is_closed
from poolkit.course.slips import slip


class EndProof:
    """Two proofs of what happens to a connection at the end of its life.

    `bench.pool()` makes a pool that opens none ahead and lends one at most.
    """

    def replaced(self, bench):
        """Fail unless a connection that died on the shelf is replaced before anybody gets it.

        `conn.close()`, behind the pool's back, kills one.
        """
        pool = bench.pool()
        conn = pool.acquire()
        pool.release(conn)
        conn.close()
        pool.acquire().execute("SELECT 1")

    def closed(self, bench):
        """Fail unless `close_all()` leaves a connection alone that is out, and unless that one
        is closed when it has come back. `is_closed(conn)` tells.
        """
        pool = bench.pool()
        conn = pool.acquire()
        pool.close_all()
        assert not is_closed(conn), "closed while it was out"
        pool.release(conn)
        assert is_closed(conn), "still open after it came back"


def end_proofs_pass(proof_class):
    """Both pass on pools that are right: our mended one, and poolkit's."""
    passes(proof_class, "replaced", "closed")


def sees_unchecked(proof_class):
    """`replaced` fails where the next borrower gets the error."""
    fails_as_found(proof_class, "replaced", Unchecked, "unchecked unseen")


def sees_unmoved(proof_class):
    """`replaced` fails where the error is swallowed and the dead connection lent."""
    fails(proof_class, "replaced", Unmoved, "unmoved unseen")


def sees_forgetful(proof_class):
    """`closed` fails where what comes back later stays open."""
    fails_as_found(proof_class, "closed", Forgetful, "forgetful unseen")


def sees_brutal(proof_class):
    """`closed` fails where a connection is closed while somebody works with it."""
    fails(proof_class, "closed", Brutal, "brutal unseen")


prove_end = Exercise(
    id="review.prove_end",
    title="Prove what is wrong at the end of a life",
    answer=EndProof,
    parts=("replaced", "closed"),
    claims=(
        end_proofs_pass,
        sees_unchecked,
        sees_unmoved,
        sees_forgetful,
        sees_brutal,
        matrix("replaced", "closed"),
    ),
    hints=(
        "A borrower's errors are proof enough: what the pool raises, or what its connection raises, ends your method.",
        "`replaced`: borrow, give back, kill it, borrow again, and use what you got. `closed`: borrow, close the pool, look, give back, look again.",
        "Fill in the blanks.\n\nconn.close()\npool.____.execute(\"SELECT 1\")\n\npool.close_all()\nassert not is_closed(conn)\n____\nassert ____",
    ),
    tellings={
        "fails the right": "`{name:plain}` complains about a pool that is right: {error:plain}.",
        "unchecked unseen": "A pool that gives the next borrower an error for a loan passed `replaced`.",
        "unmoved unseen": "A pool that notices a dead connection, says nothing and lends it passed `replaced`.",
        "forgetful unseen": "A pool that leaves open what comes back after its end passed `closed`.",
        "brutal unseen": "A pool that closes a connection while it is out passed `closed`.",
    },
    slips=(
        slip(
            "unchecked unseen",
            "It has to die on the shelf, after it was given back: what is dead when it comes back, `release` notices.",
            breaks="sees_unchecked sees_unmoved",
            edit='''
-        pool.release(conn)
-        conn.close()
+        conn.close()
+        pool.release(conn)
''',
        ),
        slip(
            "unmoved unseen",
            "Use what you get: whether it is alive, only a query tells.",
            breaks="sees_unmoved",
            edit='''
-        pool.acquire().execute("SELECT 1")
+        pool.acquire()
''',
        ),
        slip(
            "forgetful unseen",
            breaks="sees_forgetful",
            edit='''
-        assert is_closed(conn), "still open after it came back"
''',
        ),
        slip(
            "brutal unseen",
            "Look at it twice: before it is given back, and after.",
            breaks="sees_brutal",
            edit='''
-        assert not is_closed(conn), "closed while it was out"
''',
        ),
        slip(
            "fails the right",
            "As long as it is out, it has to stay open.",
            breaks="end_proofs_pass sees_brutal",
            edit='''
-        assert not is_closed(conn), "closed while it was out"
+        assert is_closed(conn)
''',
        ),
    ),
    after="Seven of the faults, and for each a proof that will still be there when somebody changes the pool next year.",
)  # fmt: skip


def lends_the_sound(pool_class):
    """A sound connection is lent as it is."""

    def claim(bench, pool):
        for _ in range(2):
            conn = pool.acquire()
            expect(conn, sqlite3.Connection, "pool.acquire()")
            assert conn is bench.opened[0], "replaces the sound"
            pool.release(conn)

    on_stage(pool_class, claim, least=1, most=2)


def replaces_the_dead(pool_class):
    """A dead connection is replaced, as often as it happens, and the borrower sees nothing."""

    def claim(bench, pool):
        for _ in range(3):
            pool.idle.queue[-1].close()
            try:
                conn = pool.acquire()
            except sqlite3.Error:
                raise AssertionError("error to the next") from None
            except TimeoutError:
                raise AssertionError("place lost") from None
            expect(conn, sqlite3.Connection, "pool.acquire()")
            assert not is_closed(conn), "dead lent"
            assert pool.open == 1, because("miscounted", open=pool.open)
            pool.release(conn)

    def setup(bench, pool):
        bench.opened[0].close()

    def borrow(bench, pool, _):
        with suppress(TimeoutError):  # the place that comes free: beyond this exercise
            pool.acquire()

    def end(bench, pool, _):
        lent = sum(not is_closed(conn) for conn in bench.opened)
        assert lent < 2, "beyond the cap"

    on_stage(pool_class, claim, least=1, most=1)
    on_stage(pool_class, setup, borrow, borrow, end=end, least=1, most=1)


def lets_ctrl_c_through(pool_class):
    """Ctrl-C during the test goes on to the caller."""

    def interrupt(statement):
        raise KeyboardInterrupt

    def claim(bench, pool):
        bench.opened[0].execute = interrupt
        try:
            pool.acquire()
        except KeyboardInterrupt:
            return
        raise AssertionError("hides Ctrl-C")

    on_stage(pool_class, claim, least=1, most=1)


def closes_what_lies_idle(pool_class):
    """`close_all()` closes what lies idle."""

    def claim(bench, pool):
        pool.close_all()
        assert all(map(is_closed, bench.opened)), "left idle"

    on_stage(pool_class, claim, least=2, most=2)


def leaves_alone_what_is_out(pool_class):
    """What is out is left alone."""

    def claim(bench, pool):
        conn = pool.acquire()
        pool.close_all()
        assert not is_closed(conn), "closed in use"

    on_stage(pool_class, claim, least=0, most=1)


def closes_what_comes_back(pool_class):
    """What comes back to a closed pool is closed."""

    def claim(bench, pool):
        conn = pool.acquire()
        pool.close_all()
        pool.release(conn)
        assert is_closed(conn), "kept after closing"
        assert pool.idle.empty(), "dead on the shelf"

    on_stage(pool_class, claim, least=0, most=1)


def nothing_slips_through(pool_class):
    """Also what comes back at the very moment of closing."""

    def setup(bench, pool):
        return pool.acquire()

    def ann(bench, pool, lent):
        pool.release(lent)

    def ben(bench, pool, lent):
        pool.close_all()

    def end(bench, pool, lent):
        assert is_closed(lent), "slipped through"

    on_stage(pool_class, setup, ann, ben, end=end, least=0, most=1)


def takes_back_two_at_once(pool_class):
    """Two give back to a closed pool at the same moment, and neither gets an error."""

    def setup(bench, pool):
        lent = pool.acquire(), pool.acquire()
        pool.close_all()
        return lent

    def ann(bench, pool, lent):
        gives_back(pool, lent[0])

    def ben(bench, pool, lent):
        gives_back(pool, lent[1])

    def end(bench, pool, lent):
        assert all(map(is_closed, lent)), "kept after closing"

    on_stage(pool_class, setup, ann, ben, end=end, least=0, most=2)


def gives_back(pool, conn) -> None:
    try:
        pool.release(conn)
    except queue.Empty:
        raise AssertionError(because("empty between")) from None


def still_cleans(pool_class):
    """As long as the pool is open, what comes back is rolled back and kept, as before."""

    def claim(bench, pool):
        conn = pool.acquire()
        conn.execute(ANN)
        pool.release(conn)
        on_shelf(pool, conn, "no longer kept")
        assert not conn.in_transaction and rows(conn) == 0, "no longer clean"

    on_stage(pool_class, claim, least=0, most=1)


mend_end = Exercise(
    id="review.mend_end",
    title="Lend nothing dead, leave nothing open",
    answer=MendedPool,
    parts=("tested", "release", "close_all"),
    claims=(
        lends_the_sound,
        replaces_the_dead,
        lets_ctrl_c_through,
        closes_what_lies_idle,
        leaves_alone_what_is_out,
        closes_what_comes_back,
        nothing_slips_through,
        takes_back_two_at_once,
        still_cleans,
        Histories(
            "Over every short history of lending, dying and closing, nothing dead is lent and nothing stays open.",
            inputs=moves.of_what_ends,
            play=moves.play(bench),
            tell=moves.tell,
        ),
    ),
    hints=(
        "`tested` is asked by `acquire`, and gives what is lent. If the connection is dead: who knows how to get another? And how does `release` learn that the pool is closed?",
        "In `tested` catch `sqlite3.Error`: throw the dead one away and return `self.acquire()`. `close_all` sets `self.closed` before it empties the shelf. `release` first gives back as before, and looks at `self.closed` afterwards: if it is set, it empties the shelf once more.",
        "Fill in the blanks.\n\ndef release(self, conn):\n    super().release(conn)\n    if ____:\n        ____\n\ndef close_all(self):\n    self.closed = True\n    while True:\n        try:\n            conn = self.idle.____\n        except queue.Empty:\n            return\n        self.throw_away(conn)",
    ),
    tellings={
        "replaces the sound": "A sound connection lay idle, and the borrower got another.",
        "error to the next": "A connection died on the shelf, and the next borrower got its error.",
        "dead lent": "A connection died on the shelf, and was lent all the same: its borrower meets the error two lines later.",
        "place lost": "A connection died on the shelf, and its borrower got TimeoutError instead of another one.",
        "miscounted": "A dead connection was replaced in a pool of one, and `self.open` is {open}.",
        "beyond the cap": "The only connection of a pool of one had died and two came at once: two are open.",
        "hides Ctrl-C": "Ctrl-C came during `SELECT 1`, and the caller heard nothing of it.",
        "dead on the shelf": "The pool was closed, a connection came back and was closed, and it lies on the shelf all the same.",
        "left idle": "The pool was closed, and something on its shelf is still open.",
        "closed in use": "`close_all()` closed a connection that is out. In the midst of a query that can crash the whole process: leave it alone until it comes back.",
        "kept after closing": "The pool was closed, a connection came back, and it stays open for ever: nobody will close this pool again.",
        "slipped through": "Ann gave back at the moment when ben closed, and her connection is still open, for ever.",
        "empty between": "`queue.Empty` came out of a `release` when ann and ben gave back to a closed pool: {order}.",
        "no longer kept": "The pool is open, a connection came back, and does not lie on the shelf.",
        "no longer clean": "The pool is open, a connection came back with an open transaction, and was not rolled back.",
        "stands still": STILL,
    },
    slips=(
        slip(
            "replaces the sound",
            breaks="lends_the_sound replaces_the_dead lets_ctrl_c_through",
            edit='''
-        try:
-            conn.execute("SELECT 1")
-        except sqlite3.Error:
-            self.throw_away(conn)
-            return self.acquire()
-        return conn
+        self.throw_away(conn)
+        return self.new()
''',
        ),
        slip(
            "error to the next",
            breaks="replaces_the_dead",
            edit='''
-            return self.acquire()
+            raise
''',
        ),
        slip(
            "dead lent",
            breaks="replaces_the_dead",
            edit='''
-            self.throw_away(conn)
-            return self.acquire()
+            pass
''',
        ),
        slip(
            "place lost",
            "What died still counts as open, until `self.throw_away(conn)`.",
            breaks="replaces_the_dead",
            edit='''
         except sqlite3.Error:
-            self.throw_away(conn)
             return self.acquire()
''',
        ),
        slip(
            "miscounted",
            "What died still counts as open, until `self.throw_away(conn)`.",
            breaks="replaces_the_dead",
            edit='''
-            self.throw_away(conn)
-            return self.acquire()
+            return self.new()
''',
        ),
        slip(
            "beyond the cap",
            "Between throwing away and opening somebody else can take the place: `self.acquire()` asks for it under the lock.",
            breaks="replaces_the_dead",
            edit='''
-            return self.acquire()
+            return self.tested(self.new())
''',
        ),
        slip(
            "hides Ctrl-C",
            breaks="lets_ctrl_c_through",
            edit='''
-        except sqlite3.Error:
+        except BaseException:
''',
        ),
        slip(
            "left idle",
            breaks="closes_what_lies_idle closes_what_comes_back nothing_slips_through",
            edit='''
-            self.close_all()
+            conn.close()
...
-        while True:
-            try:
-                conn = self.idle.get_nowait()
-            except queue.Empty:
-                return
-            self.throw_away(conn)
''',
        ),
        slip(
            "stands still",
            breaks="closes_what_lies_idle",
            edit='''
-        self.closed = True
-        while True:
-            try:
-                conn = self.idle.get_nowait()
-            except queue.Empty:
-                return
-            self.throw_away(conn)
+        with self.lock:
+            self.closed = True
+            while not self.idle.empty():
+                self.throw_away(self.idle.get_nowait())
''',
        ),
        slip(
            "closed in use",
            breaks="leaves_alone_what_is_out",
            edit='''
-        return conn
+        self.out = conn
+        return conn
...
         self.closed = True
+        if hasattr(self, "out"):
+            self.out.close()
''',
        ),
        slip(
            "kept after closing",
            breaks="closes_what_comes_back nothing_slips_through",
            edit='''
-        if self.closed:
-            self.close_all()
''',
        ),
        slip(
            "dead on the shelf",
            breaks="closes_what_comes_back",
            edit='''
-            self.close_all()
+            self.throw_away(conn)
''',
        ),
        slip(
            "slipped through",
            "Who looks at `self.closed` first and lays it down afterwards can be overtaken: look once more after laying it down, or do both under the lock.",
            breaks="nothing_slips_through",
            beyond="It takes two threads.",
            edit='''
-        super().release(conn)
-        if self.closed:
-            self.close_all()
+        if self.closed:
+            self.throw_away(conn)
+        else:
+            super().release(conn)
''',
        ),
        slip(
            "empty between",
            "Between `empty()` and `get_nowait()` somebody else can take the last one.",
            breaks="takes_back_two_at_once",
            beyond="It takes two threads.",
            edit='''
-        while True:
-            try:
-                conn = self.idle.get_nowait()
-            except queue.Empty:
-                return
-            self.throw_away(conn)
+        while not self.idle.empty():
+            self.throw_away(self.idle.get_nowait())
''',
        ),
        slip(
            "no longer clean",
            breaks="still_cleans",
            edit='''
-        super().release(conn)
+        with self.lock:
+            self.idle.put(conn)
''',
        ),
        slip(
            "no longer kept",
            breaks="still_cleans",
            edit='''
-        super().release(conn)
+        if conn.in_transaction:
+            self.throw_away(conn)
+        else:
+            super().release(conn)
''',
        ),
    ),
    after="Seven faults, seven proofs, seven mends.",
)  # fmt: skip
