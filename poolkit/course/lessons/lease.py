"""Lesson 07, lease: a `with` form that ends every loan, built as a class and as a generator."""

from __future__ import annotations

import inspect
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from poolkit import ConnectionConfig, PoolTimeout, SimplePool
from poolkit.course.exercises import Exercise, WrongType, assume, because, expect
from poolkit.course.guard import Ended, NoInput, their_line
from poolkit.course.helping import Explanation
from poolkit.course.histories import Histories, Seen, sequences
from poolkit.course.measuring import typical
from poolkit.course.pools import (
    ACQUIRE,
    FIRST,
    LAST,
    idle_ones,
    is_closed,
    listed,
    still_open,
    trial,
    which,
)
from poolkit.course.predicting import Prediction
from poolkit.course.shown import short
from poolkit.course.slips import slip

INSERT = "INSERT INTO events (label) VALUES (?)"


def new_database(folder: str) -> str:
    """A new SQLite file with an empty table `events`; gives its path."""
    path = Path(tempfile.mkdtemp(dir=folder)) / "events.db"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, label TEXT NOT NULL)")
    db.close()
    return str(path)


def labels(path: str) -> list[str]:
    """What is stored in the file for good, in the order in which it was written."""
    db = sqlite3.connect(path)
    found = [label for (label,) in db.execute("SELECT label FROM events ORDER BY id")]
    db.close()
    return found


class Borrowed:
    """A loan that begins well: `__enter__` is finished, `__exit__` is still to be written."""

    def __init__(self, pool):
        self.pool = pool

    def __enter__(self):
        self.conn = self.pool.acquire()
        return self.conn


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


class LeavesAlone(Borrowed):
    """Gives back, and leaves an open transaction as it is."""

    def __exit__(self, kind, error, trace):
        self.pool.release(self.conn)


class AlwaysCommits(LeavesAlone):
    """Commits, and gives back."""

    def __exit__(self, kind, error, trace):
        self.conn.commit()
        self.pool.release(self.conn)


class AlwaysRollsBack(LeavesAlone):
    """Rolls back, and gives back."""

    def __exit__(self, kind, error, trace):
        self.conn.rollback()
        self.pool.release(self.conn)


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


class NotingPool(SimplePool):
    """A simple pool that notes in `self._lent` what is out; `release` does not look at it yet."""

    def __init__(self, config=None):
        super().__init__(config)
        self._lent = []

    def acquire(self):
        conn = super().acquire()
        self._lent.append(conn)
        return conn


class OncePool(NotingPool):
    """A pool that takes back only what is out, and each loan only once."""

    def release(self, conn):
        """Take back a connection that is out (one of `self._lent`), as before.

        For any other raise ValueError and change nothing, neither the pool nor the connection.
        """
        if conn not in self._lent:
            raise ValueError("this connection is not out on loan from this pool")
        self._lent.remove(conn)
        super().release(conn)


# --- the picture


def price_picture(by_hand: list[float], as_class: list[float], as_generator: list[float]):
    """Draw what three ways of borrowing cost, microseconds a use; gives figure and alternative text."""
    from poolkit.course import plots

    fig, axes = plots.figure()
    rows = [
        ("acquire and release,\nwritten out", by_hand),
        ("with, a class", as_class),
        ("with, a generator", as_generator),
    ]
    for y, (_, micros) in enumerate(rows):
        marker, colour = plots.MARKERS[y], plots.LINES[y]
        axes.plot(micros, [y] * len(micros), marker, color=colour, alpha=0.45, linestyle="none")
        axes.plot([typical(micros)], [y], "|", color="black", markersize=30, markeredgewidth=2)
        axes.text(typical(micros), y + 0.32, f"{typical(micros):.2f} µs", ha="center")
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set_ylim(-0.6, 2.7)
    axes.set_xlim(0, 1.25 * max(typical(micros) for _, micros in rows))
    axes.set_xlabel("microseconds for one loan with an empty block, each mark one round")
    return fig, (
        "Three rows of marks on a scale of microseconds: a loan written out by hand, a loan by a "
        "class with a `with` block, and one by a generator. The line in each row is the median."
    )


def price_sentence(by_hand: list[float], as_class: list[float], as_generator: list[float]) -> str:
    """What the picture shows, computed from its numbers; it may also be that it shows nothing."""
    base = typical(by_hand)
    more_class, more_generator = typical(as_class) - base, typical(as_generator) - base
    if not 0 < more_class < more_generator:
        return "Not shown on this machine: that the class adds something, and the generator more."
    return (
        f"On your machine the class adds {more_class:.2f} µs to a loan, and the generator "
        f"{more_generator:.2f} µs."
    )


# --- what the claims lend from

TABLES = """
    PRAGMA foreign_keys = ON;
    CREATE TABLE guests (name TEXT PRIMARY KEY);
    CREATE TABLE meals (guest TEXT REFERENCES guests DEFERRABLE INITIALLY DEFERRED);
"""
GUEST = "INSERT INTO guests VALUES ('ann')"
NO_GUEST = "INSERT INTO meals VALUES ('nobody')"  # is refused, but only when it is committed


class Desk(SimplePool):
    """A pool that remembers what it opened and what it took back."""

    def __init__(self):
        super().__init__(ConnectionConfig(pool_size=2))
        self.opened, self.back = [], []
        self.carried = []  # whether each came back with its transaction open
        self.refuses = False

    def acquire(self):
        if self.refuses:
            raise PoolTimeout("nothing to lend")
        return super().acquire()

    def _connect(self):
        conn = super()._connect()
        self.opened.append(conn)
        conn.executescript(TABLES)
        return conn

    def release(self, conn):
        self.back.append(conn)
        self.carried.append(not is_closed(conn) and conn.in_transaction)
        super().release(conn)


@contextmanager
def desk() -> Iterator[Desk]:
    """A pool to try a `with` form on, whose connections are all closed in the end."""
    pool = Desk()
    try:
        yield pool
    finally:
        for conn in pool.opened:
            conn.close()


class Oops(Exception):
    """What goes wrong in a block, on purpose."""


def loan(form: Callable, pool: Desk):
    """The learner's `with` form, looked at before it is used."""
    if isinstance(form, AbstractContextManager):
        raise WrongType("Pass the function itself, `lending`, not a call of it.")
    manager = form(pool)
    assert not inspect.isgenerator(manager), "no decorator"
    if not all(hasattr(type(manager), name) for name in ("__enter__", "__exit__")):
        raise WrongType(
            f"`{form.__name__}(pool)` should give something for a `with`; it gave {short(manager)}."
        )
    assert not hasattr(manager, "gen") or inspect.isgenerator(manager.gen), "no yield"
    return manager


def during(form: Callable, pool: Desk, work: Callable, planned: tuple = ()) -> BaseException | None:
    """Run `work(conn)` in a block of the learner's form; give what came out, if it was planned."""
    try:
        manager = loan(form, pool)
        with manager as conn:
            assert conn is not None or not hasattr(manager, "gen"), "yields nothing"
            expect(conn, sqlite3.Connection, f"with {form.__name__}(pool) as conn")
            work(conn)
    except planned as error:
        return error
    except RuntimeError as error:
        if "didn't stop" in str(error):  # contextlib's own words
            raise AssertionError("yields twice") from None
        raise
    return None


def fails_after(statement: str, error: BaseException) -> Callable:
    """A block that writes something and then raises."""

    def work(conn):
        conn.execute(statement)
        raise error

    return work


def writes(statement: str) -> Callable:
    """A block that writes something and ends well."""
    return lambda conn: conn.execute(statement)


def stored(conn: sqlite3.Connection) -> int:
    """How many guests are there once everything that was not committed is undone."""
    conn.rollback()
    return conn.execute("SELECT count(*) FROM guests").fetchone()[0]


# --- every short history of blocks


class OwnEnd(BaseException):
    """An end of a block that is no Exception, and none of Python's own."""


ERRORS = (None, Oops, KeyboardInterrupt, SystemExit, GeneratorExit, OwnEnd)
DOINGS: dict[str, Callable] = {
    "does nothing": lambda conn: None,
    "reads": lambda conn: conn.execute("SELECT 1").fetchall(),
    "writes": lambda conn: conn.execute(GUEST),
    "writes and commits": lambda conn: (conn.execute(GUEST), conn.commit()),
    "writes and rolls back": lambda conn: (conn.execute(GUEST), conn.rollback()),
    "writes what cannot be committed": lambda conn: conn.execute(NO_GUEST),
    "closes its connection": lambda conn: conn.close(),
}


@dataclass(frozen=True)
class Block:
    """What one block does with its connection, and what it raises in the end."""

    does: str
    raises: type[BaseException] | None = None

    def __str__(self) -> str:
        end = f" and raises {self.raises.__name__}" if self.raises else ""
        return f"a block {self.does}{end}"


def blocks() -> Iterator[tuple[str, tuple[Block, ...]]]:
    """All short histories of blocks: one by one, then two, after, inside and across one another."""
    yield "unused", ()
    yield "refused", ()
    for error in ERRORS:
        yield from (("alone", (Block(does, error),)) for does in DOINGS)
    some = [Block("writes"), Block("writes", Oops), Block("writes", KeyboardInterrupt)]
    for order in ("after one another", "inside one another", "across one another"):
        yield from ((order, (one, other)) for one in some for other in some)


def tell_blocks(history: tuple) -> str:
    """A history in words."""
    order, some = history
    if order == "unused":
        return "The form is called, and no `with` follows"
    if order == "refused":
        return "The pool has nothing to lend and raises PoolTimeout"
    text = ", ".join(map(str, some))
    return text[0].upper() + text[1:] + (f" ({order})" if len(some) > 1 else "")


def play_blocks(seen_of: Callable[[Desk, bool], Iterator[Seen]]):
    """How a history of blocks is played: what each caller gets, what came back, and what else is seen."""

    def play(form: Callable, history: tuple) -> Iterator[Seen]:
        order, some = history
        with desk() as pool:
            pool.refuses = order == "refused"
            yield from ORDERS[order](form, pool, *some)
            back = [which_of(pool.opened, conn) for conn in pool.back]
            yield Seen("given back", back, listed(back))
            yield from seen_of(pool, order)

    return play


def one_block(form: Callable, pool: Desk, block: Block, inner: Callable = lambda: ()) -> list[Seen]:
    """Run a block in the learner's form; see what its caller gets."""
    seen: list[Seen] = []
    planned = block.raises() if block.raises else None

    def work(conn):
        DOINGS[block.does](conn)
        seen.extend(inner())
        if planned is not None:
            raise planned

    got = outcome(lambda: during(form, pool, work), planned, block)
    return [*seen, got]


def outcome(run: Callable, planned: BaseException | None, block: Block | None) -> Seen:
    """What a caller gets of a block: nothing, its own exception, or another one."""
    line = None
    try:
        run()
        got = "nothing"
    except (Ended, NoInput, AssertionError, WrongType):
        raise
    except BaseException as error:
        got = "what the block raised" if error is planned else type(error).__name__
        line = None if error is planned else their_line(error.__traceback__)
        # Where closing and raising meet, the rollback fails, too: either may be told.
        if block and block.does == "closes its connection" and planned is not None:
            got = "an exception"
    return Seen("its caller gets", got, f"{got}, raised at your {line}" if line else got)


def alone(form: Callable, pool: Desk, *some: Block) -> list[Seen]:
    """One block, or several after one another."""
    return [seen for block in some for seen in one_block(form, pool, block)]


def nested(form: Callable, pool: Desk, outer: Block, inner: Block) -> list[Seen]:
    """One block inside the other."""
    return one_block(form, pool, outer, lambda: one_block(form, pool, inner))


def crossed(form: Callable, pool: Desk, one: Block, other: Block) -> list[Seen]:
    """Two loans of which the first to begin is the first to end, as in two threads."""
    managers = [loan(form, pool), loan(form, pool)]
    begun: list = []
    try:
        for manager, block in zip(managers, (one, other), strict=True):
            conn = manager.__enter__()
            begun.append((manager, block))
            expect(conn, sqlite3.Connection, f"with {form.__name__}(pool) as conn")
            DOINGS[block.does](conn)
        return [outcome(lambda: ended(*begun.pop(0)), None, None) for _ in managers]
    finally:
        for manager, _ in begun:  # none is left behind half-way, to be ended by the collector
            with suppress(Exception):
                manager.__exit__(None, None, None)


def ended(manager, block: Block) -> None:
    """End a loan as a `with` does; raise what the block raised unless it is swallowed."""
    if block.raises is None:
        manager.__exit__(None, None, None)
        return
    try:
        raise block.raises
    except BaseException as error:
        if not manager.__exit__(type(error), error, error.__traceback__):
            raise


def refused(form: Callable, pool: Desk) -> list[Seen]:
    """A loan that the pool refuses."""
    return one_block(form, pool, Block("does nothing"))


def unused(form: Callable, pool: Desk) -> list[Seen]:
    """A form that is called and never comes to its `with`."""
    loan(form, pool)
    return [Seen("borrowed were", len(pool.opened))]


ORDERS = {
    "unused": unused,
    "refused": refused,
    "alone": alone,
    "after one another": alone,
    "inside one another": nested,
    "across one another": crossed,
}


def which_of(opened: list, conn: object) -> int:
    """The place of a connection among those that were opened: 1 for the first, 0 for none."""
    return next((n for n, one in enumerate(opened, 1) if one is conn), 0)


def open_connections(pool: Desk, order: str) -> Iterator[Seen]:
    """Which connections are open: a loan ends without closing any."""
    alive = [n for n, conn in enumerate(pool.opened, 1) if not is_closed(conn)]
    yield Seen("open", alive, listed(alive))


def what_is_stored(pool: Desk, order: str) -> Iterator[Seen]:
    """What each connection holds for good, and whether a transaction was open when it came back."""
    yield from open_connections(pool, order)
    in_words = ", ".join("open" if one else "ended" for one in pool.carried)
    yield Seen("at its return the transaction is", pool.carried, in_words or "none")
    rows = [stored(conn) for conn in pool.opened if not is_closed(conn)]
    yield Seen("stored for good:", rows, " and ".join(f"{count} rows" for count in rows) or "none")


# --- lease.class


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


def lets_the_exception_pass(form):
    """What the block raised reaches the caller, unchanged."""
    with desk() as pool:
        planned = Oops()
        came = during(form, pool, fails_after("SELECT 1", planned), (Oops,))
        assert came is not None, "swallowed"
        assert came is planned, "another exception"


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


# --- lease.commit and lease.generator: the same promises, kept in two ways


def commits_at_a_good_end(form):
    """What a block wrote that ended well is committed."""
    with desk() as pool:
        during(form, pool, writes(GUEST))
        (conn,) = pool.opened
        assert not conn.in_transaction, "not committed"
        assert stored(conn) == 1, "good block undone"


def undoes_what_raised(form):
    """What a block wrote that raised is rolled back."""
    with desk() as pool:
        during(form, pool, fails_after(GUEST, Oops()), (Oops,))
        half_done_is_gone(pool, "left open", "half committed")


def undoes_at_any_exception(form):
    """Ctrl-C in a block is no better end than an error."""
    with desk() as pool:
        during(form, pool, fails_after(GUEST, KeyboardInterrupt()), (KeyboardInterrupt,))
        half_done_is_gone(pool, "only Exception", "Ctrl-C committed")


def half_done_is_gone(pool: Desk, left_open: str, committed: str) -> None:
    """Assert that the pool's one connection has nothing of a block that raised."""
    (conn,) = pool.opened
    assert not conn.in_transaction, left_open
    assert stored(conn) == 0, committed


def tells_of_a_failed_commit(form):
    """A commit that fails is rolled back, and the caller hears of it."""
    with desk() as pool:
        asked: list[str] = []

        def work(conn):
            conn.set_trace_callback(asked.append)
            conn.execute(NO_GUEST)

        came = during(form, pool, work, (sqlite3.IntegrityError,))
        (conn,) = pool.opened
        assume(any("COMMIT" in one.upper() for one in asked))
        assert came is not None or conn.in_transaction, "failed commit hushed"
        assert not conn.in_transaction, "failed commit left open"


ENDS = {
    "the block ended well": (writes(GUEST), ()),
    "the block raised": (fails_after(GUEST, Oops()), (Oops,)),
    "the commit failed": (writes(NO_GUEST), (sqlite3.IntegrityError,)),
    "the block had closed its connection and raised, so that nothing can be rolled back": (
        lambda conn: (conn.close(), fails_after("SELECT 1", Oops())(conn)),
        (Oops, sqlite3.ProgrammingError),
    ),
}


def gives_back_always(form):
    """The connection is given back, once, whatever fails."""
    for when, (work, planned) in ENDS.items():
        with desk() as pool:
            during(form, pool, work, planned)
            assert pool.back, because("not given back", when=when)
            assert len(pool.back) == 1, because("given back twice", when=when)
            open_now = any(not is_closed(conn) and conn.in_transaction for conn in pool.opened)
            assert open_now or not pool.carried[0], because("given back too early", when=when)


PROMISES = (
    commits_at_a_good_end,
    undoes_what_raised,
    undoes_at_any_exception,
    lets_the_exception_pass,
    tells_of_a_failed_commit,
    gives_back_always,
)


def every_ending() -> Histories:
    """The last claim of both exercises."""
    return Histories(
        "Whatever its blocks do and however they end, alone or two at once, it does what the text says.",
        inputs=blocks,
        play=play_blocks(what_is_stored),
        tell=tell_blocks,
    )


TELLINGS = {
    "not committed": "A block wrote a row and ended well, and its transaction is still open.",
    "good block undone": "A block wrote a row and ended well, and the row is gone.",
    "left open": "A block wrote a row and raised, and its transaction is still open.",
    "half committed": "A block wrote a row and raised, and the row was stored: half of a piece of work, kept for good.",
    "only Exception": "A block wrote a row, then came Ctrl-C, and its transaction is still open.",
    "Ctrl-C committed": "A block wrote a row, then came Ctrl-C, and the row was stored.",
    "swallowed": "The block raised, and its caller saw nothing.",
    "another exception": "The block raised one exception and its caller got another.",
    "failed commit hushed": "The commit failed, and the caller was told nothing: it believes that its rows are stored.",
    "failed commit left open": "The commit failed, and the transaction is still open. A commit that fails undoes nothing by itself.",
    "not given back": "When {when:plain}, the connection was not given back.",
    "given back too early": "When {when:plain}, the connection was given back first, and its transaction ended afterwards. By then the next borrower may have it.",
    "given back twice": "When {when:plain}, the connection was given back twice.",
}


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


# --- lease.twice


@contextmanager
def lent_from(pool_class: type, pool_size: int = 2) -> Iterator[tuple]:
    """A pool and two connections borrowed from it; all that it opened is closed in the end."""
    with trial(pool_class, pool_size) as pool:
        yield pool, pool.acquire(), pool.acquire()


def refusal(pool, conn) -> BaseException | None:
    """What `pool.release(conn)` raises; None if it takes it."""
    try:
        pool.release(conn)
    except RecursionError:
        raise
    except (ValueError, KeyError, IndexError, RuntimeError, AssertionError) as error:
        return error
    return None


def takes_back_what_is_out(pool_class):
    """A connection that is out is taken back, as before."""
    with lent_from(pool_class) as (pool, first, _):
        error = refusal(pool, first)
        assert error is None, because("refuses a loan", error=error)
        stats = pool.stats()
        seen = {"idle": stats["idle"], "in_use": stats["in_use"]}
        assert seen == {"idle": 1, "in_use": 1}, because("not as before", **seen)
    with lent_from(pool_class, pool_size=1) as (pool, first, second):
        assert refusal(pool, second) is None
        error = refusal(pool, first)
        assert error is None, because("the other refused", error=error)
        idle = pool.stats()["idle"]
        assert idle == 1, because("no cap", idle=idle)


def refuses_the_second_time(pool_class):
    """Given back a second time, it is refused with ValueError."""
    for pool_size in (2, 1):
        with lent_from(pool_class, pool_size) as (pool, first, second):
            for conn in (first, second):
                pool.release(conn)
            for conn in (first, second):
                kept = "lies idle" if conn in pool._idle else "was closed as surplus"
                insist_on_refusal(pool, conn, because("second accepted", kept=kept))


def refuses_what_it_never_lent(pool_class):
    """A connection that the pool never lent is refused with ValueError."""
    with lent_from(pool_class) as (pool, _, _), closing(sqlite3.connect(":memory:")) as stranger:
        insist_on_refusal(pool, stranger, "stranger accepted")
        assert not is_closed(stranger), "closed the stranger"


def insist_on_refusal(pool, conn, accepted: str) -> None:
    """Assert that the pool refuses the connection, with the error that was asked for."""
    before = standing(pool)
    error = refusal(pool, conn)
    assert error is not None or standing(pool) != before, "not told"
    assert error is not None, accepted
    assert isinstance(error, ValueError), because("wrong error", got=type(error).__name__)


def refusing_changes_nothing(pool_class):
    """A refusal leaves the pool as it was."""
    with lent_from(pool_class) as (pool, first, _):
        pool.release(first)
        before = standing(pool)
        assume(refusal(pool, first) is not None)
        after = standing(pool)
        assert after == before, because("changed something", before=before, after=after)


def standing(pool) -> str:
    """How a pool stands, in words."""
    stats = pool.stats()
    return f"idle {stats['idle']}, in_use {stats['in_use']}, {len(pool._lent)} in `_lent`"


def lends_it_again(pool_class):
    """Lent anew, it can be given back anew."""
    with lent_from(pool_class) as (pool, first, _):
        for _ in range(3):
            error = refusal(pool, first)
            assert error is None, because("once for ever", error=error)
            assert pool.acquire() is first, "does not lend it again"


AGAIN, STRANGER = "give back once more what came back last", "give back a stranger"


def loans_and_slips() -> Iterator[tuple]:
    """All short histories of a pool whose borrowers make slips: (pool_size, moves)."""
    for moves in sequences((ACQUIRE, FIRST, LAST, AGAIN, STRANGER), 5, _can_happen):
        for size in (1, 2):
            if size == 2 or moves.count(ACQUIRE) > 1:
                yield size, moves


def _can_happen(moves: tuple[str, ...]) -> bool:
    """Nobody gives back once more what is out again, since no pool can tell that from a right one."""
    held: list[int] = []
    shelf: list[int] = []
    opened, last = 0, None
    for move in moves:
        if move == ACQUIRE:
            if not shelf:
                opened += 1
            held.append(shelf.pop() if shelf else opened)
        elif move in (FIRST, LAST):
            if len(held) < (1 if move == FIRST else 2):
                return False
            last = held.pop(0 if move == FIRST else -1)
            shelf.append(last)
        elif move == AGAIN and (last is None or last in held):
            return False
    return True


def tell_slips(history: tuple) -> str:
    """A history in words."""
    size, moves = history
    return f"With `pool_size={size}`: {', '.join(moves)}"


def play_slips(pool_class: type, history: tuple) -> Iterator[Seen]:
    """Play loans and slips: what is refused, and that a refusal touches nothing."""
    size, moves = history
    with trial(pool_class, size) as pool, closing(sqlite3.connect(":memory:")) as stranger:
        held: list = []
        last = None
        for move in moves:
            if move == ACQUIRE:
                held.append(pool.acquire())
                yield Seen("`acquire` lends connection", which(pool, held[-1]))
            elif move in (FIRST, LAST):
                last = held.pop(0 if move == FIRST else -1)
                error = refusal(pool, last)
                yield Seen("`release` raises", type(error).__name__, named(error))
            else:
                yield from refused_alone(pool, last if move == AGAIN else stranger)
        yield from (*idle_ones(pool), *still_open(pool))
        yield Seen("`in_use` is", pool.stats()["in_use"])
        yield Seen("`_lent` holds", sorted(which(pool, conn) for conn in pool._lent))


def named(error: BaseException | None) -> str:
    """The class of an exception, or that there was none."""
    return "nothing" if error is None else type(error).__name__


def refused_alone(pool, conn: sqlite3.Connection) -> Iterator[Seen]:
    """Give back what is not out: refused with ValueError, and the connection is left as it is."""
    alive = not is_closed(conn)
    if alive:
        conn.execute("BEGIN")
    error = refusal(pool, conn)
    kind = "ValueError" if isinstance(error, ValueError) else named(error)
    yield Seen("`release` raises", kind, kind)
    if alive:
        left = "is closed" if is_closed(conn) else "is open" if conn.in_transaction else "is ended"
        yield Seen("the transaction of what was refused", left, left)
        if left == "is open":
            conn.rollback()


twice_exercise = Exercise(
    id="lease.twice",
    title="Take back each loan once",
    answer=OncePool,
    parts=("release",),
    claims=(
        takes_back_what_is_out,
        refuses_the_second_time,
        refuses_what_it_never_lent,
        refusing_changes_nothing,
        lends_it_again,
        Histories(
            "Over every short history of loans and slips, it takes back what is out and nothing else.",
            inputs=loans_and_slips,
            play=play_slips,
            tell=tell_slips,
        ),
    ),
    hints=(
        "`acquire` puts every loan on the list `self._lent`. When should it leave the list?",
        "Look first, change afterwards: not on the list means ValueError, before anything else happens. Then take it off the list, and let `super().release(conn)` do the rest.",
        "Fill in the two blanks.\n\nif ____:\n    raise ValueError(\"not out on loan from this pool\")\n____\nsuper().release(conn)",
    ),
    tellings={
        "refuses a loan": "A connection that was out was given back, and `release` raised {error}.",
        "not as before": "Two were out and one was given back: that is idle 1, in_use 1. Your pool says idle {idle}, in_use {in_use}.",
        "second accepted": "A connection was given back twice, and the second time went through; it {kept:plain} at that moment.",
        "the other refused": "Two were out. One came back, and then the other was refused: {error}.",
        "no cap": "Two came back to a pool that keeps one, and {idle} lie idle.",
        "not told": "A connection that was not out was given back. Nothing was changed, and nothing was said: whoever did it never hears of the slip.",
        "stranger accepted": "A connection that this pool never lent was taken in. It may belong to another pool, or to another database.",
        "closed the stranger": "A connection that this pool never lent was refused, and closed. Its owner may be in the midst of something.",
        "wrong error": "The refusal should be a ValueError; it was {got:plain}. Whoever catches it wants to know which one to expect.",
        "changed something": "One was given back twice, and the second `release` changed the pool: from {before:plain} to {after:plain}.",
        "does not lend it again": "A connection was given back and not lent to the next borrower.",
        "once for ever": "A connection was lent, given back, lent again, and the second loan could not be given back: {error}.",
    },
    slips=(
        slip(
            "second accepted",
            "What lies idle is refused, and nothing else. What is out is in `self._lent`.",
            breaks="refuses_the_second_time refuses_what_it_never_lent",
            edit="""
-        if conn not in self._lent:
-            raise ValueError("this connection is not out on loan from this pool")
-        self._lent.remove(conn)
+        if conn in self._idle:
+            raise ValueError("given back twice")
""",
        ),
        slip(
            "second accepted",
            "It looks at `self._lent`, but nothing leaves that list.",
            breaks="refuses_the_second_time",
            edit="""
-            raise ValueError("this connection is not out on loan from this pool")
-        self._lent.remove(conn)
+            raise ValueError("not out")
""",
        ),
        slip(
            "not told",
            "A `return` tells nobody: `raise ValueError(…)`.",
            breaks="refuses_the_second_time",
            edit="""
-            raise ValueError("this connection is not out on loan from this pool")
+            return
""",
        ),
        slip(
            "closed the stranger",
            "Leave alone what is refused.",
            breaks="refuses_what_it_never_lent",
            edit="""
-            raise ValueError("this connection is not out on loan from this pool")
+            if conn not in self._idle:
+                conn.close()
+            raise ValueError("not out")
""",
        ),
        slip(
            "wrong error",
            breaks="refuses_the_second_time",
            edit="""
-        if conn not in self._lent:
-            raise ValueError("this connection is not out on loan from this pool")
+        assert conn in self._lent, "not out"
""",
        ),
        slip(
            "changed something",
            "Look first, change afterwards.",
            breaks="refusing_changes_nothing",
            edit="""
     def release(self, conn):
+        super().release(conn)
...
-            raise ValueError("this connection is not out on loan from this pool")
+            raise ValueError("not out")
...
-        super().release(conn)
""",
        ),
        slip(
            "refuses a loan",
            "The condition is turned round: refuse what is not in `self._lent`.",
            breaks="takes_back_what_is_out refuses_what_it_never_lent lends_it_again",
            edit="""
-        if conn not in self._lent:
-            raise ValueError("this connection is not out on loan from this pool")
-        self._lent.remove(conn)
+        if conn in self._lent:
+            raise ValueError("still out")
""",
        ),
        slip(
            "not as before",
            "`super().release(conn)` does the rest.",
            breaks="takes_back_what_is_out lends_it_again",
            edit="""
-            raise ValueError("this connection is not out on loan from this pool")
+            raise ValueError("not out")
...
-        super().release(conn)
""",
        ),
        slip(
            "once for ever",
            "Each loan may end once; a connection has many loans.",
            breaks="lends_it_again",
            edit="""
-        if conn not in self._lent:
-            raise ValueError("this connection is not out on loan from this pool")
-        self._lent.remove(conn)
+        self._back = getattr(self, "_back", [])
+        if conn in self._back or conn not in self._lent:
+            raise ValueError("given back before")
+        self._back.append(conn)
""",
        ),
        slip(
            "does not lend it again",
            "`super().release(conn)` puts it on the shelf.",
            breaks="lends_it_again",
            edit="""
-            raise ValueError("this connection is not out on loan from this pool")
+            raise ValueError("not out")
...
-        super().release(conn)
+        self._in_use -= 1
+        if len(self._idle) < self.config.pool_size:
+            self._idle.insert(0, self._connect())
+        conn.close()
""",
        ),
        slip(
            "the other refused",
            "The first of the list is taken off it, whichever came back.",
            breaks="takes_back_what_is_out",
            edit="""
-            raise ValueError("this connection is not out on loan from this pool")
-        self._lent.remove(conn)
+            raise ValueError("not out")
+        self._lent.pop(0)
""",
        ),
        slip(
            "the other refused",
            "All are taken off the list when one comes back.",
            breaks="takes_back_what_is_out",
            edit="""
-            raise ValueError("this connection is not out on loan from this pool")
-        self._lent.remove(conn)
+            raise ValueError("not out")
+        self._lent.clear()
""",
        ),
        slip(
            "no cap",
            "`super().release(conn)` does all that release did before.",
            breaks="takes_back_what_is_out",
            edit="""
-        if conn not in self._lent:
-            raise ValueError("this connection is not out on loan from this pool")
...
-        super().release(conn)
+        self._idle.append(conn)
+        self._in_use -= 1
""",
        ),
        slip(
            "another history",
            "What is refused may be in the midst of somebody's work: leave it as it is.",
            edit="""
         if conn not in self._lent:
+            try:
+                conn.rollback()
+            except sqlite3.Error:
+                pass
""",
        ),
        slip(
            "another history",
            "What finds no room on the shelf has to be closed: `super().release(conn)` does both.",
            edit="""
-        super().release(conn)
+        if len(self._idle) < self.config.pool_size:
+            super().release(conn)
""",
        ),
    ),
    after="The pool now notices a slip of the hand, and says so to the one whose hand it was.",
)  # fmt: skip

exercises = (class_exercise, commit_exercise, generator_exercise, twice_exercise)


# --- predictions

predictions = (
    Prediction(
        id="lease.leaks",
        question="A pool lends three connections at most. Six guests come one after the other; with three of them the work raises before `release`, and the caller catches that and goes on. How many connections are in use at the end, and what does the next borrower get?",
        places={"in_use": int, "next": ("a connection", "PoolTimeout")},
        sample={"in_use": 0, "next": "a connection", "sure": 70},
        explanations=(
            (
                {"in_use": 0},
                "The caller caught the exception, but not at the place where the connection was: the function that held it was left before it came to `release`.",
            ),
            (
                {"in_use": 6},
                "Three guests came to the end of the function and gave back; the same connection served them all.",
            ),
            (
                {"in_use": 1},
                "Each of the three that failed took a connection along: the next one found the shelf empty and had another opened.",
            ),
            (
                {"next": "a connection"},
                "All three places are taken, by borrowers that are long gone. The pool cannot know that they will never come.",
            ),
        ),
        why="Nothing crashed. The error was even handled. Hours later somebody else waits in vain, at a place that has nothing to do with it.",
    ),
    Prediction(
        id="lease.trap",
        question="A sqlite3 connection can stand in a `with` itself. Five times: `with pool.acquire() as conn:` and in the block one INSERT, no commit, no release. How many rows are stored for good, and how many connections are in use afterwards?",
        places={"stored": int, "in_use": int},
        sample={"stored": 5, "in_use": 0, "sure": 65},
        explanations=(
            (
                {"in_use": 0},
                "The `with` belongs to the connection, which knows nothing of a pool. It ended a transaction, not a loan.",
            ),
            (
                {"in_use": 1},
                "Nothing came back, so that each round had to open another one.",
            ),
            (
                {"stored": 0},
                "A sqlite3 connection in a `with` commits when the block ends well. That much it does.",
            ),
        ),
        why="It reads as if it gave back, and it commits, so that every test on the rows passes. It even fails to close: a sqlite3 connection in a `with` stays open.",
    ),
    Prediction(
        id="lease.ends",
        question="Three guests share one connection, one after the other. Ann writes a row and forgets to commit. Ben writes a row and raises before the second one. Cleo writes a row and commits. How many of the three rows are stored if the `with` form always commits at the end of a block, always rolls back, or leaves the transaction alone?",
        places={"commits": int, "rolls_back": int, "leaves_alone": int},
        sample={"commits": 2, "rolls_back": 1, "leaves_alone": 1, "sure": 60},
        explanations=(
            (
                {"leaves_alone": 1},
                "Ann's and Ben's rows were still waiting in the open transaction when Cleo came. Her commit committed all that the connection had, since a transaction belongs to the connection and not to the borrower.",
            ),
            (
                {"commits": 2},
                "A form that always commits does not ask how the block ended: Ben's half is stored as well.",
            ),
            (
                {"rolls_back": 2},
                "Only Cleo committed before her block ended. What Ann forgot to commit is gone, and no message says so.",
            ),
            (
                {"leaves_alone": 2},
                "Nobody undid Ben's row either: all three waited for the first commit that came along.",
            ),
            ({"rolls_back": 0}, "Cleo committed inside her block: a rollback afterwards undoes nothing."),
        ),
        why="None of the three costs nobody anything, and none of them asks how the block ended. A form that does ask is what you write next.",
    ),
    Prediction(
        id="lease.price",
        question="A loan with an empty block: written out with `try` and `finally`, by your class, by your generator. How much does the dearest of the three add to the cheapest, compared with opening a file, one query, and closing it again?",
        places={"adds": ("as much", "a tenth", "a hundredth")},
        sample={"adds": "a tenth", "sure": 55},
        explanations=(
            (
                {"adds": "as much"},
                "Opening a connection makes system calls and reads a file. A `with` form is a few calls inside Python.",
            ),
            (
                {"adds": "a tenth"},
                "A tenth of that is several microseconds. A form is a handful of calls inside Python, about one.",
            ),
        ),
        why="The form costs something, and never so much that leaving it out would pay.",
        measured=True,
    ),
    Prediction(
        id="lease.stale",
        question="The pool refuses what is not out. Ann borrows and gives back. Ben borrows and gets the same connection. Now Ann gives it back once more, out of a forgotten `finally`. Is she refused? And when Cleo borrows now: does she get the connection that Ben is working with?",
        places={"refused": bool, "shared": bool},
        sample={"refused": True, "shared": False, "sure": 75},
        explanations=(
            (
                {"refused": True},
                "The pool looks for this connection among those that are out, and finds it: Ben has it. An object does not say who holds it.",
            ),
            (
                {"shared": False},
                "For the pool Ben's loan is over, and the connection lies on the shelf. The last one back is the first one out.",
            ),
        ),
        why="Two borrowers in one transaction: whichever commits first commits the other's half-done work.",
    ),
)  # fmt: skip

explanations = (
    Explanation(
        id="lease.why_with",
        question="A colleague gives connections back with `pool.release(conn)` at the end of each function, and has never had trouble. Why should he use the `with` form?",
        points=(
            "An exception leaves the function before it comes to the last line; the connection is out for ever.",
            "Whether to commit or to roll back is decided in one place, by how the block ended.",
            "Each block ends its own loan, once: no second release can take a connection away from somebody else.",
        ),
        sample="Because an exception skips the last line and leaks the connection, and the with form also decides about the commit and gives back exactly once.",
    ),
)
