"""Part 3 of lesson 09: what comes back."""

from __future__ import annotations

import inspect
import sqlite3
from contextlib import suppress

from poolkit.course.exercises import Exercise, because
from poolkit.course.histories import Histories
from poolkit.course.lessons.review import moves
from poolkit.course.lessons.review.benches import ANN, bench, rows
from poolkit.course.lessons.review.faults import Committing, Silencing, Unclean, Wasteful
from poolkit.course.lessons.review.found import CleanPool
from poolkit.course.lessons.review.proving import fails, fails_as_found, matrix, passes
from poolkit.course.lessons.review.scenes import STILL, on_stage
from poolkit.course.pools import is_closed
from poolkit.course.slips import slip


class ReturnProof:
    """Two proofs of what becomes of a connection that comes back.

    `bench.pool()` makes a pool that opens none ahead and lends one at most.
    """

    def rolled_back(self, bench):
        """Fail unless what a borrower wrote and never committed is gone for the next one.

        Every connection has an empty table: `INSERT INTO users VALUES ('ann@example.com')`.
        """
        pool = bench.pool()
        conn = pool.acquire()
        conn.execute("INSERT INTO users VALUES ('ann@example.com')")
        pool.release(conn)
        count = pool.acquire().execute("SELECT count(*) FROM users").fetchone()
        assert count == (0,), "the next borrower sees it"

    def kept(self, bench):
        """Fail unless an IntegrityError in a block of `pool.connection()` reaches the caller,
        and the next borrower gets the same connection.

        `INSERT INTO users VALUES (NULL)` raises one.
        """
        pool = bench.pool()
        try:
            with pool.connection() as conn:
                conn.execute("INSERT INTO users VALUES (NULL)")
        except sqlite3.IntegrityError:
            assert pool.acquire() is conn, "another connection"
        else:
            raise AssertionError("the error was swallowed")


def return_proofs_pass(proof_class):
    """Both pass on pools that are right: our mended one, and poolkit's."""
    passes(proof_class, "rolled_back", "kept")


def sees_unclean(proof_class):
    """`rolled_back` fails where an open transaction is lent to the next."""
    fails_as_found(proof_class, "rolled_back", Unclean, "unclean unseen")


def sees_committing(proof_class):
    """`rolled_back` fails where it is committed on return."""
    fails(proof_class, "rolled_back", Committing, "committing unseen")


def sees_wasteful(proof_class):
    """`kept` fails where an IntegrityError costs the connection."""
    fails_as_found(proof_class, "kept", Wasteful, "wasteful unseen")


def sees_silencing(proof_class):
    """`kept` fails where the connection is kept and the error swallowed."""
    fails(proof_class, "kept", Silencing, "silencing unseen")


prove_return = Exercise(
    id="review.prove_return",
    title="Prove what is wrong with what comes back",
    answer=ReturnProof,
    parts=("rolled_back", "kept"),
    claims=(
        return_proofs_pass,
        sees_unclean,
        sees_committing,
        sees_wasteful,
        sees_silencing,
        matrix("rolled_back", "kept"),
    ),
    hints=(
        "Both times one borrower does something, and the next one looks.",
        "`rolled_back`: insert, give back, borrow again, count the rows. `kept`: a block that inserts NULL, inside a `try`; in its `except sqlite3.IntegrityError` borrow once more and compare with `is`; in its `else` raise AssertionError.",
        "Fill in the blanks.\n\ncount = pool.acquire().execute(\"SELECT count(*) FROM users\").fetchone()\nassert count == ____\n\ntry:\n    with pool.connection() as conn:\n        conn.execute(____)\nexcept sqlite3.IntegrityError:\n    assert pool.acquire() is ____\nelse:\n    raise AssertionError(\"the error was swallowed\")",
    ),
    tellings={
        "fails the right": "`{name:plain}` complains about a pool that is right: {error:plain}.",
        "unclean unseen": "A pool that lends a connection with somebody else's open transaction passed `rolled_back`.",
        "committing unseen": "A pool that commits what comes back passed `rolled_back`. No transaction is open there, and the half-done row is stored for good: count the rows.",
        "wasteful unseen": "A pool that throws a connection away for an IntegrityError passed `kept`.",
        "silencing unseen": "A pool that keeps the connection and swallows the IntegrityError passed `kept`.",
    },
    slips=(
        slip(
            "unclean unseen",
            "What counts is what the next borrower finds in the table.",
            breaks="sees_unclean sees_committing",
            edit='''
-        count = pool.acquire().execute("SELECT count(*) FROM users").fetchone()
-        assert count == (0,), "the next borrower sees it"
+        assert pool.acquire() is conn
''',
        ),
        slip(
            "committing unseen",
            breaks="sees_committing",
            edit='''
-        count = pool.acquire().execute("SELECT count(*) FROM users").fetchone()
-        assert count == (0,), "the next borrower sees it"
+        assert not pool.acquire().in_transaction
''',
        ),
        slip(
            "wasteful unseen",
            "A new connection works as well as the old one: compare the two with `is`.",
            breaks="sees_wasteful",
            edit='''
-            assert pool.acquire() is conn, "another connection"
+            pool.acquire().execute("SELECT 1")
''',
        ),
        slip(
            "silencing unseen",
            "A block that ends as if nothing had happened has to end your proof in AssertionError.",
            breaks="sees_silencing",
            edit='''
-            assert pool.acquire() is conn, "another connection"
-        else:
-            raise AssertionError("the error was swallowed")
+            pass
+        assert pool.acquire() is conn, "another connection"
''',
        ),
        slip(
            "fails the right",
            "Often a row is compared with a number: `fetchone()` gives a tuple, `(0,)`.",
            breaks="return_proofs_pass",
            edit='''
-        assert count == (0,), "the next borrower sees it"
+        assert count == 0
''',
        ),
    ),
    after="Each of the two also fails on a pool that was mended only where it shows. Such pools are the usual answer to a bug report.",
)  # fmt: skip


def rolls_back(pool_class):
    """What is given back has no open transaction, and nothing of it is stored."""

    def claim(bench, pool):
        conn = pool.acquire()
        conn.execute(ANN)
        pool.release(conn)
        if is_closed(conn):
            return  # the next claim's business
        assert not conn.in_transaction, "left open"
        assert rows(conn) == 0, "committed"

    def setup(bench, pool):
        conn = pool.acquire()
        conn.execute(ANN)
        return conn

    def ann(bench, pool, conn):
        pool.release(conn)

    def ben(bench, pool, conn):
        with suppress(TimeoutError):  # the next claim's business
            assert not pool.acquire().in_transaction, "lent too early"

    on_stage(pool_class, claim, least=0, most=1)
    on_stage(pool_class, setup, ann, ben, least=0, most=1)


def keeps_the_sound(pool_class):
    """A sound connection is kept, however it was left."""

    def claim(bench, pool):
        for statement in ("SELECT 1", ANN):
            conn = pool.acquire()
            conn.execute(statement)
            pool.release(conn)
            on_shelf(pool, conn, "not kept" if statement != ANN else "thrown away dirty")

    on_stage(pool_class, claim, least=0, most=1)


def on_shelf(pool, conn, key: str) -> None:
    """Assert that this connection, and no other, lies on the shelf, open."""
    assert list(pool.idle.queue) == [conn] and not is_closed(conn), key


def drops_the_broken(pool_class):
    """A connection that cannot roll back is thrown away, its place free, and no error comes."""

    def claim(bench, pool):
        conn = pool.acquire()
        conn.close()
        try:
            pool.release(conn)
        except sqlite3.Error:
            raise AssertionError("error to the borrower") from None
        assert pool.idle.empty(), "dead on the shelf"
        assert pool.open == 0, because("place lost", open=pool.open)

    on_stage(pool_class, claim, least=0, most=1)


def after(pool, error: BaseException, statement: str = "SELECT 1"):
    """Let a block raise; give its connection, and insist that the error came out."""
    came, manager = None, pool.connection()
    assert not inspect.isgenerator(manager), "no decorator"
    try:
        with manager as conn:
            assert conn is not None, "yields nothing"
            conn.execute(statement)
            raise error
    except type(error) as raised:
        came = raised
    if came is not error:
        raise AssertionError("swallowed")
    return conn


def survives_an_integrity_error(pool_class):
    """An IntegrityError in a block reaches the caller, and costs no connection."""

    def claim(bench, pool):
        conn = after(pool, sqlite3.IntegrityError("users.email"))
        on_shelf(pool, conn, "still thrown away")

    on_stage(pool_class, claim, least=0, most=1)


def survives_any_exception(pool_class):
    """No other exception costs one either, Ctrl-C among them."""

    def claim(bench, pool):
        on_shelf(pool, after(pool, ValueError("not a user")), "only IntegrityError")
        on_shelf(pool, after(pool, KeyboardInterrupt()), "lost on Ctrl-C")

    on_stage(pool_class, claim, least=0, most=1)


def undoes_half_a_block(pool_class):
    """What a block wrote that raised is undone."""

    def claim(bench, pool):
        conn = after(pool, sqlite3.IntegrityError("users.email"), ANN)
        assert not conn.in_transaction and rows(conn) == 0, "half-done kept"

    on_stage(pool_class, claim, least=0, most=1)


mend_return = Exercise(
    id="review.mend_return",
    title="Keep what is sound, and keep it clean",
    answer=CleanPool,
    parts=("release", "connection"),
    claims=(
        rolls_back,
        keeps_the_sound,
        drops_the_broken,
        survives_an_integrity_error,
        survives_any_exception,
        undoes_half_a_block,
        Histories(
            "Whatever is left behind and however a block ends, what comes back is kept clean.",
            inputs=moves.of_what_comes_back,
            play=moves.play(bench),
            tell=moves.tell,
        ),
    ),
    hints=(
        "An exception in a block says something about the work, and nothing about the connection. What does say something about the connection?",
        "`release` asks the connection itself: try `conn.rollback()`. If that raises `sqlite3.Error`, throw it away, else `super().release(conn)`. Then `connection` needs only `try: yield conn` and `finally: self.release(conn)`.",
        "Fill in the blanks.\n\ntry:\n    ____\nexcept sqlite3.Error:\n    self.throw_away(conn)\nelse:\n    super().release(conn)\n\nconn = self.acquire()\ntry:\n    yield conn\n____:\n    ____",
    ),
    tellings={
        "left open": "A borrower wrote a row, did not commit and gave back: the connection lies on the shelf with his transaction open. The next commit stores his row.",
        "lent too early": "Ann's connection lay on the shelf before it was rolled back, and in that moment ben borrowed it, with her row in it.",
        "no decorator": "`pool.connection()` gave a bare generator, which no `with` understands.",
        "yields nothing": "`with pool.connection() as conn` got nothing (None).",
        "committed": "A borrower wrote a row, did not commit and gave back, and the row is stored.",
        "not kept": "A connection that was sound and clean came back, and does not lie on the shelf.",
        "thrown away dirty": "A connection came back with an open transaction, and does not lie on the shelf, open.",
        "error to the borrower": "A broken connection came back, and its borrower got an error for giving it back.",
        "dead on the shelf": "A connection came back that could not roll back any more, and was laid on the shelf.",
        "place lost": "A broken connection came back and `self.open` is {open} instead of 0: its place is lost.",
        "swallowed": "A block raised, and the caller heard nothing of it, or something else.",
        "still thrown away": "A block raised IntegrityError, and afterwards the shelf does not hold its connection, once and open.",
        "only IntegrityError": "IntegrityError no longer costs a connection, but ValueError does.",
        "lost on Ctrl-C": "A block was left by Ctrl-C, and its connection did not come back.",
        "half-done kept": "A block wrote a row and raised, and the row is still there, or still open.",
        "stands still": STILL,
    },
    slips=(
        slip(
            "committed",
            breaks="rolls_back undoes_half_a_block",
            edit='''
-            conn.rollback()
+            conn.commit()
''',
        ),
        slip(
            "left open",
            breaks="rolls_back drops_the_broken undoes_half_a_block",
            edit='''
-        try:
-            conn.rollback()
-        except sqlite3.Error:
-            self.throw_away(conn)
-        else:
-            super().release(conn)
+        super().release(conn)
''',
        ),
        slip(
            "lent too early",
            "Clean it first, and lay it down then.",
            breaks="rolls_back",
            beyond="One thread never borrows in the midst of a return.",
            edit='''
-            conn.rollback()
+            self.idle.put(conn)
+            conn.rollback()
         except sqlite3.Error:
-            self.throw_away(conn)
-        else:
-            super().release(conn)
+            self.throw_away(self.idle.get())
''',
        ),
        slip(
            "stands still",
            breaks="rolls_back",
            edit='''
-            super().release(conn)
+            with self.lock:
+                super().release(conn)
''',
        ),
        slip(
            "not kept",
            breaks="keeps_the_sound survives_an_integrity_error survives_any_exception",
            edit='''
-        else:
-            super().release(conn)
''',
        ),
        slip(
            "thrown away dirty",
            "An open transaction is no fault of the connection: roll it back.",
            breaks="keeps_the_sound",
            edit='''
-            conn.rollback()
+            if conn.in_transaction:
+                raise sqlite3.Error("dirty")
''',
        ),
        slip(
            "error to the borrower",
            "What cannot roll back is thrown away, and that is the pool's business.",
            breaks="drops_the_broken",
            edit='''
-        try:
-            conn.rollback()
-        except sqlite3.Error:
-            self.throw_away(conn)
-        else:
-            super().release(conn)
+        conn.rollback()
+        super().release(conn)
''',
        ),
        slip(
            "dead on the shelf",
            breaks="drops_the_broken",
            edit='''
-            self.throw_away(conn)
-        else:
-            super().release(conn)
+            pass
+        super().release(conn)
''',
        ),
        slip(
            "place lost",
            "`self.throw_away(conn)` closes and frees the place; `conn.close()` only closes.",
            breaks="drops_the_broken",
            edit='''
-            self.throw_away(conn)
+            conn.close()
''',
        ),
        slip(
            "no decorator",
            breaks="survives_an_integrity_error",
            edit='''
-    @contextmanager
''',
        ),
        slip(
            "yields nothing",
            breaks="survives_an_integrity_error",
            edit='''
-            yield conn
+            yield
''',
        ),
        slip(
            "swallowed",
            "What a block raises is its caller's business, too: let it go on.",
            breaks="survives_an_integrity_error",
            edit='''
             yield conn
+        except sqlite3.IntegrityError:
+            pass
''',
        ),
        slip(
            "still thrown away",
            "Whether a connection is sound, `release` finds out; the exception does not tell.",
            breaks="survives_an_integrity_error survives_any_exception",
            edit='''
-        finally:
-            self.release(conn)
+        except BaseException:
+            self.throw_away(conn)
+            raise
+        self.release(conn)
''',
        ),
        slip(
            "only IntegrityError",
            "A list of harmless errors is never complete.",
            breaks="survives_any_exception",
            edit='''
-        finally:
-            self.release(conn)
+        except sqlite3.IntegrityError:
+            self.release(conn)
+            raise
+        except Exception:
+            self.throw_away(conn)
+            raise
+        else:
+            self.release(conn)
''',
        ),
        slip(
            "lost on Ctrl-C",
            "Ctrl-C is no `Exception`; a `finally` covers both.",
            breaks="survives_any_exception",
            edit='''
-        finally:
-            self.release(conn)
+        except Exception:
+            self.release(conn)
+            raise
+        else:
+            self.release(conn)
''',
        ),
        slip(
            "half-done kept",
            "`self.release(conn)` rolls back; the shelf does not.",
            breaks="undoes_half_a_block",
            edit='''
-            self.release(conn)
+            with self.lock:
+                self.idle.put(conn)
''',
        ),
    ),
    after="The pool no longer guesses from the error how the connection is. It asks the connection.",
)  # fmt: skip
