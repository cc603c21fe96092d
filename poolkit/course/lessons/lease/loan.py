"""lease.class: a loan that ends with its block, as a class."""

from __future__ import annotations

from poolkit.course.exercises import Exercise, because
from poolkit.course.histories import Histories
from poolkit.course.lessons.lease.blocks import blocks, open_connections, play_blocks, tell_blocks
from poolkit.course.lessons.lease.promises import lets_the_exception_pass
from poolkit.course.lessons.lease.trials import Oops, desk, during, fails_after, loan, writes
from poolkit.course.pools import is_closed
from poolkit.course.slips import slip


class Loan:
    """A loan for the length of a `with` block: `with Loan(pool) as conn`."""

    def __init__(self, pool):
        self.pool = pool

    def __enter__(self):
        """Borrow a connection and hand it to the block."""
        self.conn = self.pool.acquire()
        return self.conn

    def __exit__(self, kind, error, trace):
        """End this loan: give its connection back, once, however the block ended.

        The connection stays open. What the block raised goes on to the caller.
        """
        self.pool.release(self.conn)


def hands_a_connection_to_the_block(form):
    """The block gets a connection, borrowed from the pool."""
    with desk() as pool:
        loan(form, pool)
        assert not pool.opened, "too early"
        got = []
        during(form, pool, got.append)
        assert got[0] in pool.opened, "not from the pool"


def gives_back_at_a_good_end(form):
    """After a block that ended well the connection is back, once, and open."""
    with desk() as pool:
        during(form, pool, writes("SELECT 1"))
        assert pool.back, "kept"
        assert len(pool.opened) == 1, "gave back another"
        assert len(pool.back) == 1, because("twice", times=len(pool.back))
        assert not is_closed(pool.back[0]), "closed"


def gives_back_when_it_raises(form):
    """After a block that raised it is back as well, and once."""
    with desk() as pool:
        during(form, pool, fails_after("SELECT 1", Oops()), (Oops,))
        assert pool.back, "leaks on exceptions"
        assert len(pool.back) == 1, because("twice", times=len(pool.back))
    with desk() as pool:
        during(form, pool, fails_after("SELECT 1", KeyboardInterrupt()), (KeyboardInterrupt,))
        assert pool.back, "leaks on Ctrl-C"


def each_gives_back_its_own(form):
    """Of two loans at once, each gives back its own."""
    with desk() as pool:
        blocks = []

        def inner(conn):
            blocks.append(conn)

        def outer(conn):
            during(form, pool, inner)
            blocks.append(conn)

        during(form, pool, outer)
        own = [id(conn) for conn in blocks]
        assert [id(conn) for conn in pool.back] == own, "not its own"


class_exercise = Exercise(
    id="lease.class",
    title="End every loan, as a class",
    answer=Loan,
    parts=("__enter__", "__exit__"),
    given=("__init__",),
    claims=(
        hands_a_connection_to_the_block,
        gives_back_at_a_good_end,
        gives_back_when_it_raises,
        each_gives_back_its_own,
        lets_the_exception_pass,
        Histories(
            "However its blocks end, alone or two at once, each loan ends as it should.",
            inputs=blocks,
            play=play_blocks(open_connections),
            tell=tell_blocks,
        ),
    ),
    hints=(
        "`__exit__` needs the connection that `__enter__` borrowed. Where can one method leave something for another?",
        "What `__enter__` returns is what stands behind `as`. Python calls `__exit__` at every end of the block, good or bad; it needs no `if`, and it returns nothing.",
        "Fill in the three blanks.\n\ndef __enter__(self):\n    self.conn = ____\n    return ____\n\ndef __exit__(self, kind, error, trace):\n    ____",
    ),
    tellings={
        "not from the pool": "The block got a connection that the pool had not opened.",
        "kept": "The block ended well and nothing was given back. `__exit__` is where a loan ends.",
        "gave back another": "One block, and the pool opened two connections.",
        "twice": "One block, and a connection was given back {times} times. The pool would lend it to two borrowers at once.",
        "leaks on exceptions": "A block raised, and its connection did not come back.",
        "too early": "`Loan(pool)` alone has borrowed a connection. A loan that never comes to its `with` would never give it back.",
        "closed": "The connection came back closed, and the next borrower cannot use it.",
        "leaks on Ctrl-C": "A block was left by Ctrl-C, and its connection did not come back.",
        "not its own": "One `with` block inside another, two connections: the two ends did not give back one each.",
        "swallowed": "The block raised, and its caller saw nothing.",
        "another exception": "The block raised one exception and its caller got another.",
    },
    slips=(
        slip(
            "leaks on exceptions",
            "That is the very leak this lesson began with. Give back whatever `kind` is.",
            breaks="gives_back_when_it_raises",
            edit="""
-        self.pool.release(self.conn)
+        if kind is None:
+            self.pool.release(self.conn)
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
            "Leave it alone: Python passes on what the block raised when `__exit__` is done.",
            breaks="lets_the_exception_pass",
            edit="""
         self.pool.release(self.conn)
+        if kind:
+            raise kind
""",
        ),
        slip(
            "wrong type",
            "What `__enter__` returns is what stands behind `as`.",
            breaks="hands_a_connection_to_the_block",
            edit="""
-        return self.conn
""",
        ),
        slip(
            "wrong type",
            "What `__enter__` returns is what stands behind `as`: the connection, not the loan.",
            breaks="hands_a_connection_to_the_block",
            edit="""
-        return self.conn
+        return self
""",
        ),
        slip(
            "not from the pool",
            "Borrow with `self.pool.acquire()`.",
            breaks="hands_a_connection_to_the_block gives_back_at_a_good_end",
            edit="""
-        self.conn = self.pool.acquire()
+        import sqlite3
+        self.conn = sqlite3.connect(":memory:")
...
         self.pool.release(self.conn)
+        self.conn.close()
""",
        ),
        slip(
            "gave back another",
            "The end borrowed a second one and gave that back. Keep what the beginning borrowed in `self`.",
            breaks="gives_back_at_a_good_end each_gives_back_its_own",
            edit="""
-        self.conn = self.pool.acquire()
-        return self.conn
+        return self.pool.acquire()
...
-        self.pool.release(self.conn)
+        self.pool.release(self.pool.acquire())
""",
        ),
        slip(
            "kept",
            "It gives back only after a block that raised. Give back whatever `error` is.",
            breaks="gives_back_at_a_good_end each_gives_back_its_own",
            edit="""
-        self.pool.release(self.conn)
+        if error:
+            self.pool.release(self.conn)
""",
        ),
        slip(
            "twice",
            "After a good end it goes back once, after a bad one twice: one call is for both.",
            breaks="gives_back_when_it_raises",
            edit="""
     def __exit__(self, kind, error, trace):
+        if error:
+            self.pool.release(self.conn)
""",
        ),
        slip(
            "closed",
            "The pool decides what is closed: leave out `close()`.",
            breaks="gives_back_at_a_good_end",
            edit="""
     def __exit__(self, kind, error, trace):
+        self.conn.close()
""",
        ),
        slip(
            "leaks on Ctrl-C",
            "KeyboardInterrupt is no `Exception`. Give back whatever `kind` is.",
            breaks="gives_back_when_it_raises",
            edit="""
-        self.pool.release(self.conn)
+        if kind is None or issubclass(kind, Exception):
+            self.pool.release(self.conn)
""",
        ),
        slip(
            "not its own",
            "Two loans share one place for their connection. Each keeps its own, in its own `self`.",
            breaks="each_gives_back_its_own",
            edit="""
-        self.conn = self.pool.acquire()
-        return self.conn
+        self.pool.conn = self.pool.acquire()
+        return self.pool.conn
...
-        self.pool.release(self.conn)
+        self.pool.release(self.pool.conn)
""",
        ),
        slip(
            "too early",
            "Borrow in `__enter__`: it runs when the `with` begins.",
            breaks="hands_a_connection_to_the_block",
            edit="""
         self.pool = pool
+        self.conn = pool.acquire()
...
-        self.conn = self.pool.acquire()
""",
        ),
        slip(
            "another history",
            "Rolling back raises on a closed connection, and then nothing is given back.",
            edit="""
+        self.conn.rollback()
         self.pool.release(self.conn)
""",
        ),
        slip(
            "another history",
            "It commits what a good block wrote. This exercise leaves commits aside.",
            edit="""
+        if kind is None:
+            self.conn.commit()
         self.pool.release(self.conn)
""",
        ),
        slip(
            "another history",
            "It commits at every end. This exercise leaves commits aside.",
            edit="""
+        self.conn.commit()
         self.pool.release(self.conn)
""",
        ),
        slip(
            "another history",
            "It commits what a good block wrote, and rolls back the rest. That is the next exercise; this one leaves the transaction aside.",
            edit="""
-        self.pool.release(self.conn)
+        try:
+            if kind is None:
+                self.conn.commit()
+            else:
+                self.conn.rollback()
+        finally:
+            self.pool.release(self.conn)
""",
        ),
    ),
    after="Borrowing and giving back now stand in one place, written once, for every block that anybody will ever write.",
)
