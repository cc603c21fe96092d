"""lease.generator: the same loan, written as a generator."""

from __future__ import annotations

from contextlib import contextmanager

from poolkit.course.exercises import Exercise
from poolkit.course.lessons.lease.promises import PROMISES, TELLINGS, every_ending
from poolkit.course.slips import slip


@contextmanager
def lending(pool):
    """Lend a connection for a block, as `CommittingLoan` does: `with lending(pool) as conn`.

    Commit if the block ends well; roll back if it raises, whatever it is, or if the commit fails;
    give back in every case, even if rolling back fails. What was raised goes on to the caller.
    """
    conn = pool.acquire()
    try:
        try:
            yield conn
            conn.commit()
        finally:
            conn.rollback()  # after a commit there is nothing left to undo
    finally:
        pool.release(conn)


generator_exercise = Exercise(
    id="lease.generator",
    title="The same as a generator",
    answer=lending,
    claims=(*PROMISES, every_ending()),
    hints=(
        "The block runs while your function stands at its `yield`. If the block raises, it is the `yield` that raises.",
        "Above the `yield` stands what `__enter__` did, below it what `__exit__` did. Whatever must happen after an exception needs a `try` around the `yield` and a `finally`.",
        "Fill in the three blanks.\n\nconn = pool.acquire()\ntry:\n    try:\n        ____\n        conn.commit()\n    finally:\n        ____\nfinally:\n    ____",
    ),
    tellings=TELLINGS
    | {
        "no decorator": "`lending(pool)` gave a bare generator, which no `with` understands.",
        "yields nothing": "`with lending(pool) as conn` got None.",
        "no yield": "`lending(pool)` was over before the block began.",
        "yields twice": "After the block the function came to another `yield`. A `with` block runs once.",
    },
    slips=(
        slip(
            "left open",
            "Roll back at every end that is not a good one.",
            breaks="undoes_what_raised undoes_at_any_exception tells_of_a_failed_commit",
            edit="""
-        try:
-            yield conn
-            conn.commit()
-        finally:
-            conn.rollback()  # after a commit there is nothing left to undo
+        yield conn
+        conn.commit()
""",
        ),
        slip(
            "only Exception",
            "KeyboardInterrupt is no `Exception`: ask for every end that is not a good one.",
            breaks="undoes_at_any_exception",
            edit="""
-        finally:
+        except Exception:
...
             conn.rollback()  # after a commit there is nothing left to undo
+            raise
""",
        ),
        slip(
            "Ctrl-C committed",
            "What is no `Exception` is taken for a good end.",
            breaks="undoes_at_any_exception",
            edit="""
-            conn.commit()
+        except Exception:
+            conn.rollback()  # after a commit there is nothing left to undo
+            raise
...
-            conn.rollback()  # after a commit there is nothing left to undo
+            with conn:
+                pass
""",
        ),
        slip(
            "half committed",
            "Commit only where the block ended well: a `finally` also runs where it raised.",
            breaks="undoes_what_raised undoes_at_any_exception",
            edit="""
-            conn.commit()
...
-            conn.rollback()  # after a commit there is nothing left to undo
+            with conn:
+                pass
""",
        ),
        slip(
            "swallowed",
            "Often it is an `except` around the `yield` that does not end with `raise`.",
            breaks="lets_the_exception_pass",
            edit="""
-        try:
-            yield conn
-            conn.commit()
-        finally:
-            conn.rollback()  # after a commit there is nothing left to undo
+        yield conn
+    except Exception:
+        conn.rollback()
+    except BaseException:
+        conn.rollback()
+        raise
+    else:
+        with conn:
+            pass
""",
        ),
        slip(
            "another exception",
            "Roll back, and let what the block raised go on.",
            breaks="lets_the_exception_pass",
            edit="""
-        try:
+        with conn:
...
-            conn.commit()
-        finally:
-            conn.rollback()  # after a commit there is nothing left to undo
+    except BaseException as error:
+        raise type(error) from None
""",
        ),
        slip(
            "failed commit left open",
            "A commit may fail in more than one way: roll back whatever it raised.",
            breaks="tells_of_a_failed_commit",
            edit="""
-        try:
-            yield conn
-            conn.commit()
-        finally:
-            conn.rollback()  # after a commit there is nothing left to undo
+        yield conn
+    except BaseException:
+        conn.rollback()
+        raise
+    else:
+        conn.commit()
""",
        ),
        slip(
            "failed commit hushed",
            "Roll back, and let the error go on.",
            breaks="tells_of_a_failed_commit",
            edit="""
 def lending(pool):
+    import sqlite3
...
             conn.rollback()  # after a commit there is nothing left to undo
+    except sqlite3.IntegrityError:
+        pass
""",
        ),
        slip(
            "not given back",
            "A rollback may raise, too: what must happen in every case belongs in a `finally` of its own.",
            breaks="gives_back_always",
            edit="""
-        try:
-            yield conn
-            conn.commit()
-        finally:
-            conn.rollback()  # after a commit there is nothing left to undo
+        yield conn
+        conn.commit()
...
     finally:
+        conn.rollback()
""",
        ),
        slip(
            "not committed",
            "After a good end nothing commits.",
            breaks="commits_at_a_good_end",
            edit="""
-        try:
-            yield conn
-            conn.commit()
-        finally:
-            conn.rollback()  # after a commit there is nothing left to undo
+        yield conn
+    except BaseException:
+        conn.rollback()
+        raise
""",
        ),
        slip(
            "good block undone",
            "After a good end the commit comes first.",
            breaks="commits_at_a_good_end",
            edit="""
-            conn.commit()
...
             conn.rollback()  # after a commit there is nothing left to undo
+            conn.commit()
""",
        ),
        slip(
            "given back twice",
            "One `release`, in one `finally`, is enough.",
            breaks="gives_back_always",
            edit="""
-        try:
+        with conn:
...
-            conn.commit()
-        finally:
-            conn.rollback()  # after a commit there is nothing left to undo
+        pool.release(conn)
""",
        ),
        slip(
            "no decorator",
            "`@contextmanager` above the `def` makes a `with` form of it.",
            breaks="commits_at_a_good_end",
            edit="""
-@contextmanager
...
-        try:
+        with conn:
...
-            conn.commit()
-        finally:
-            conn.rollback()  # after a commit there is nothing left to undo
""",
        ),
        slip(
            "no yield",
            "`yield conn` is the place where the block runs; `return conn` ends the function before the block begins.",
            breaks="commits_at_a_good_end",
            edit="""
-        try:
-            yield conn
-            conn.commit()
-        finally:
-            conn.rollback()  # after a commit there is nothing left to undo
+        return conn
""",
        ),
        slip(
            "yields twice",
            "One `yield` on every way through.",
            breaks="commits_at_a_good_end",
            edit="""
-        try:
+        with conn:
...
-            conn.commit()
-        finally:
-            conn.rollback()  # after a commit there is nothing left to undo
+        yield conn
""",
        ),
        slip(
            "yields nothing",
            "What stands behind `yield` is what the block gets: `yield conn`.",
            breaks="commits_at_a_good_end",
            edit="""
-        try:
-            yield conn
-            conn.commit()
-        finally:
-            conn.rollback()  # after a commit there is nothing left to undo
+        with conn:
+            yield
""",
        ),
        slip(
            "given back too early",
            "Give back last.",
            breaks="gives_back_always",
            edit="""
-            conn.commit()
...
-            conn.rollback()  # after a commit there is nothing left to undo
+            pool.release(conn)
+        conn.commit()
...
-        pool.release(conn)
+        conn.rollback()
""",
        ),
        slip(
            "another history",
            "Borrow before the `try`: where nothing was borrowed, there is nothing to give back.",
            edit="""
-    conn = pool.acquire()
     try:
+        conn = pool.acquire()
""",
        ),
        slip(
            "another history",
            "A name outside of the function is shared by all loans: keep the connection in a local one.",
            edit="""
+    global conn
     conn = pool.acquire()
""",
        ),
    ),
    after="What a class has to keep in `self` between its two methods, a generator keeps in its own names.",
)
