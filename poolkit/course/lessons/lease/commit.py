"""lease.commit: a loan that keeps what a good block wrote, and nothing of a bad one."""

from __future__ import annotations

from poolkit.course.exercises import Exercise
from poolkit.course.lessons.lease.given import Borrowed
from poolkit.course.lessons.lease.promises import PROMISES, TELLINGS, every_ending
from poolkit.course.slips import slip


class CommittingLoan(Borrowed):
    """A loan that keeps what a good block wrote, and nothing of a bad one."""

    def __exit__(self, kind, error, trace):
        """Commit if the block ended well (`kind` is None); then give back, in every case.

        If the block raised, whatever it was, or if the commit fails: roll back. What was raised
        goes on to the caller. The connection goes back even if rolling back fails.
        """
        try:
            try:
                if kind is None:
                    self.conn.commit()
            finally:
                self.conn.rollback()  # after a commit there is nothing left to undo
        finally:
            self.pool.release(self.conn)


commit_exercise = Exercise(
    id="lease.commit",
    title="Keep what a good block wrote, and nothing of a bad one",
    answer=CommittingLoan,
    parts=("__exit__",),
    claims=(*PROMISES, every_ending()),
    hints=(
        "Three things can raise: the block, the commit, the rollback. Which of your lines must run even then?",
        "A `try` with a `finally` around it: in the inner one the commit, if `kind is None`, and after it the rollback; in the outer `finally` the release. A rollback after a commit undoes nothing, so that it may run in every case.",
        "Fill in the three blanks.\n\ntry:\n    try:\n        if ____:\n            self.conn.commit()\n    finally:\n        ____\nfinally:\n    ____",
    ),
    tellings=TELLINGS,
    slips=(
        slip(
            "not given back",
            "A rollback may raise, too: what must happen in every case belongs in a `finally` of its own.",
            breaks="gives_back_always",
            edit="""
-            try:
-                if kind is None:
-                    self.conn.commit()
-            finally:
-                self.conn.rollback()  # after a commit there is nothing left to undo
+            if kind is None:
+                self.conn.commit()
...
         finally:
+            self.conn.rollback()
""",
        ),
        slip(
            "failed commit left open",
            "A commit may fail in more than one way: roll back whatever it raised.",
            breaks="tells_of_a_failed_commit",
            edit="""
-            try:
-                if kind is None:
-                    self.conn.commit()
-            finally:
+            if kind is None:
+                self.conn.commit()
+            else:
""",
        ),
        slip(
            "failed commit hushed",
            "Roll back, and let the error go on.",
            breaks="tells_of_a_failed_commit",
            edit="""
-            try:
-                if kind is None:
-                    self.conn.commit()
-            finally:
+            if kind is None:
+                self.conn.commit()
+            else:
...
                 self.conn.rollback()  # after a commit there is nothing left to undo
+        except Exception:
+            self.conn.rollback()
""",
        ),
        slip(
            "not committed",
            "After a good end nothing commits.",
            breaks="commits_at_a_good_end",
            edit="""
-            try:
-                if kind is None:
-                    self.conn.commit()
-            finally:
+            if kind:
""",
        ),
        slip(
            "good block undone",
            "After a good end the commit comes first.",
            breaks="commits_at_a_good_end",
            edit="""
-            try:
-                if kind is None:
-                    self.conn.commit()
-            finally:
-                self.conn.rollback()  # after a commit there is nothing left to undo
+            self.conn.rollback()
+            if kind is None:
+                self.conn.commit()
""",
        ),
        slip(
            "left open",
            "Nothing rolls back where the block raised.",
            breaks="undoes_what_raised undoes_at_any_exception",
            edit="""
-            try:
-                if kind is None:
-                    self.conn.commit()
-            finally:
-                self.conn.rollback()  # after a commit there is nothing left to undo
+            if kind is None:
+                with self.conn:
+                    pass
""",
        ),
        slip(
            "half committed",
            "Commit only where `kind` is None.",
            breaks="undoes_what_raised undoes_at_any_exception",
            edit="""
-                if kind is None:
-                    self.conn.commit()
+                self.conn.commit()
""",
        ),
        slip(
            "only Exception",
            "KeyboardInterrupt is no `Exception`: ask for every end that is not a good one.",
            breaks="undoes_at_any_exception",
            edit="""
-            try:
-                if kind is None:
-                    self.conn.commit()
-            finally:
+            if kind is None:
+                with self.conn:
+                    pass
+            elif isinstance(error, Exception):
""",
        ),
        slip(
            "Ctrl-C committed",
            "What is no `Exception` is taken for a good end. Only `kind is None` is one.",
            breaks="undoes_at_any_exception",
            edit="""
-                if kind is None:
+                if not isinstance(error, Exception):
""",
        ),
        slip(
            "swallowed",
            "A true value returned from `__exit__` tells Python that the error is dealt with. Return nothing.",
            breaks="lets_the_exception_pass",
            edit="""
             self.pool.release(self.conn)
+        return True
""",
        ),
        slip(
            "another exception",
            "Roll back, and let what the block raised go on.",
            breaks="lets_the_exception_pass",
            edit="""
-            try:
-                if kind is None:
-                    self.conn.commit()
-            finally:
+            if kind is None:
+                with self.conn:
+                    pass
+            else:
...
                 self.conn.rollback()  # after a commit there is nothing left to undo
+                raise kind
""",
        ),
        slip(
            "given back twice",
            "One `release`, in one `finally`, is enough.",
            breaks="gives_back_always",
            edit="""
                 self.conn.rollback()  # after a commit there is nothing left to undo
+            self.pool.release(self.conn)
""",
        ),
        slip(
            "given back too early",
            "Give back last.",
            breaks="gives_back_always",
            edit="""
     def __exit__(self, kind, error, trace):
+        self.pool.release(self.conn)
...
-            try:
-                if kind is None:
-                    self.conn.commit()
-            finally:
-                self.conn.rollback()  # after a commit there is nothing left to undo
+            if kind is None:
+                self.conn.commit()
...
-            self.pool.release(self.conn)
+            self.conn.rollback()
""",
        ),
        slip(
            "another history",
            "The rollback may raise as well as the commit: a `finally` around both gives back.",
            edit="""
-        try:
-            try:
-                if kind is None:
-                    self.conn.commit()
-            finally:
-                self.conn.rollback()  # after a commit there is nothing left to undo
-        finally:
-            self.pool.release(self.conn)
+        try:
+            if kind is None:
+                self.conn.commit()
+        except BaseException:
+            self.conn.rollback()
+            self.pool.release(self.conn)
+            raise
+        try:
+            self.conn.rollback()
+        finally:
+            self.pool.release(self.conn)
""",
        ),
    ),
    after="This is what `with pool.connection()` promises, here and in the pool of psycopg, PostgreSQL's driver.",
)
