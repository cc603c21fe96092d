"""Lesson 07, lease: a `with` form that ends every loan, built as a class and as a generator."""

from __future__ import annotations

import inspect
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from poolkit import ConnectionConfig, SimplePool
from poolkit.course.exercises import Exercise, WrongType, because, expect
from poolkit.course.helping import Explanation
from poolkit.course.lessons.simple import is_closed, trial
from poolkit.course.measuring import typical
from poolkit.course.predicting import Prediction
from poolkit.course.shown import short

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
    """After a block that ended well the connection is back."""
    with desk() as pool:
        during(form, pool, writes("SELECT 1"))
        assert pool.back, "kept"
        assert len(pool.opened) == 1, "gave back another"
        assert len(pool.back) == 1, because("twice", times=len(pool.back))
        assert not is_closed(pool.back[0]), "closed"


def gives_back_when_it_raises(form):
    """After a block that raised it is back as well."""
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
    ),
    hints=(
        "`__exit__` needs the connection that `__enter__` borrowed. Where can one method leave something for another?",
        "What `__enter__` returns is what stands behind `as`. Python calls `__exit__` at every end of the block, good or bad; it needs no `if`, and it returns nothing.",
        "Fill in the three blanks.\n\ndef __enter__(self):\n    self.conn = ____\n    return ____\n\ndef __exit__(self, kind, error, trace):\n    ____",
    ),
    tellings={
        "not from the pool": "The block got a connection that the pool has not opened. Borrow with `self.pool.acquire()`.",
        "kept": "The block ended well and nothing was given back. `__exit__` is where a loan ends: call `self.pool.release(…)` there.",
        "gave back another": "One block, and the pool opened two connections: `__exit__` borrowed a second one and gave that back. Keep what `__enter__` borrowed in `self`.",
        "twice": "One block, and the connection was given back {times} times. The pool would lend it to two borrowers at once.",
        "leaks on exceptions": "A block that raised did not give its connection back: that is the very leak we started from. Give back whatever `kind` is.",
        "too early": "`Loan(pool)` alone has borrowed a connection already. A loan that never comes to its `with` would never give it back: borrow in `__enter__`.",
        "closed": "The connection came back closed, and the next borrower cannot use it. A loan ends without `close()`: the pool decides what is closed.",
        "leaks on Ctrl-C": "A block was left by Ctrl-C, and its connection did not come back. KeyboardInterrupt is no `Exception`. Give back whatever `kind` is.",
        "not its own": "One `with` block inside another, two connections: the two ends did not give back one each. Every loan keeps its own connection, in its own `self`.",
        "swallowed": "The block raised, and the caller saw nothing. A true value returned from `__exit__` means that the error is dealt with: return nothing.",
        "another exception": "The block raised one exception and the caller got another. Leave it alone: Python passes it on after `__exit__`.",
    },
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
        came = during(form, pool, writes(NO_GUEST), (sqlite3.IntegrityError,))
        (conn,) = pool.opened
        assert came is not None or conn.in_transaction, "failed commit hushed"
        assert not conn.in_transaction, "failed commit left open"


ENDS = {
    "the block ended well": (writes(GUEST), ()),
    "the block raised": (fails_after(GUEST, Oops()), (Oops,)),
    "the commit failed": (writes(NO_GUEST), (sqlite3.IntegrityError,)),
    "the rollback failed, since the block had closed its connection": (
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

STORIES = {
    "not committed": "A block wrote a row and ended well, and its transaction is still open. The next borrower would commit it, or throw it away: commit at a good end.",
    "good block undone": "A block wrote a row and ended well, and the row is gone. There the commit comes first; a rollback belongs behind it, or to the blocks that raised.",
    "left open": "A block wrote a row and raised, and its transaction went back to the pool open. Whoever borrows next commits half of somebody else's work: roll back.",
    "half committed": "A block wrote a row and raised, and the row was stored: half of a piece of work, kept for good. Commit only where the block ended well.",
    "only Exception": "A block wrote a row, then came Ctrl-C, and its transaction went back to the pool open. KeyboardInterrupt is no `Exception`: ask for every end that is not a good one.",
    "Ctrl-C committed": "A block wrote a row, then came Ctrl-C, and the row was stored. KeyboardInterrupt is no `Exception`, but no good end either.",
    "swallowed": "The block raised, and the caller saw nothing. {how}",
    "another exception": "The block raised one exception and the caller got another. Roll back, and let the first one go on.",
    "failed commit hushed": "The commit failed, and the caller was told nothing: it believes that its rows are stored. Roll back, and let the error go on; a `return` in a `finally` would stop it.",
    "failed commit left open": "The commit failed, and the transaction went back to the pool open. A commit that fails undoes nothing by itself: roll back there too.",
    "not given back": "When {when:plain}, the connection was not given back. What must happen in every case belongs in a `finally`.",
    "given back too early": "When {when:plain}, the connection was given back first, and its transaction ended afterwards. By then the next borrower may have it: give back last.",
    "given back twice": "When {when:plain}, the connection was given back twice. One `release`, in one `finally`, is enough.",
}


def stories(how: str, **more: str) -> dict[str, str]:
    """The stories of both exercises, with what swallows an exception in this form."""
    told = {key: text.replace("{how}", how) for key, text in STORIES.items()}
    return {**told, **{key.replace("_", " "): text for key, text in more.items()}}


commit_exercise = Exercise(
    id="lease.commit",
    title="Keep what a good block wrote, and nothing of a bad one",
    answer=CommittingLoan,
    parts=("__exit__",),
    claims=PROMISES,
    hints=(
        "Three things can raise: the block, the commit, the rollback. Which of your lines must run even then?",
        "A `try` with a `finally` around it: in the inner one the commit, if `kind is None`, and after it the rollback; in the outer `finally` the release. A rollback after a commit undoes nothing, so that it may run in every case.",
        "Fill in the three blanks.\n\ntry:\n    try:\n        if ____:\n            self.conn.commit()\n    finally:\n        ____\nfinally:\n    ____",
    ),
    tellings=stories(
        "A true value returned from `__exit__` means that the error is dealt with: return nothing."
    ),
    after="This is what `with pool.connection()` promises, here and in the pool of psycopg, PostgreSQL's driver.",
)

generator_exercise = Exercise(
    id="lease.generator",
    title="The same as a generator",
    answer=lending,
    claims=PROMISES,
    hints=(
        "The block runs while your function stands at its `yield`. If the block raises, it is the `yield` that raises.",
        "Above the `yield` stands what `__enter__` did, below it what `__exit__` did. Whatever must happen after an exception needs a `try` around the `yield` and a `finally`.",
        "Fill in the three blanks.\n\nconn = pool.acquire()\ntry:\n    try:\n        ____\n        conn.commit()\n    finally:\n        ____\nfinally:\n    ____",
    ),
    tellings=stories(
        "An `except` around the `yield` that does not end with `raise` swallows what the block raised; so does a `return` in a `finally`.",
        no_decorator="`lending(pool)` gave a bare generator, which no `with` understands. `@contextmanager` above the `def` makes a `with` form of it.",
        yields_nothing="`with lending(pool) as conn` got nothing (None) from your `yield`. What stands behind `yield` is what the block gets: `yield conn`.",
        no_yield="`lending(pool)` has no `yield`. `yield conn` is the place where the block runs; `return conn` ends the function before the block begins.",
        yields_twice="After the block your function came to another `yield`. A `with` block runs once: one `yield` on every way through.",
    ),
    after="`finally` did twice what `__exit__` does once: it runs at every end, also at those nobody thought of.",
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
        refusal(pool, first)
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
    ),
    hints=(
        "`acquire` puts every loan on the list `self._lent`. When should it leave the list?",
        "Look first, change afterwards: not on the list means ValueError, before anything else happens. Then take it off the list, and let `super().release(conn)` do the rest.",
        "Fill in the two blanks.\n\nif ____:\n    raise ValueError(\"not out on loan from this pool\")\n____\nsuper().release(conn)",
    ),
    tellings={
        "refuses a loan": "A connection that was out was given back, and `release` raised {error}. Refuse only what is not in `self._lent`.",
        "not as before": "Two were out and one was given back: that is idle 1, in_use 1. Your pool says idle {idle}, in_use {in_use}. `super().release(conn)` does the rest, once.",
        "second accepted": "A connection was given back twice, and the second time went through; it {kept:plain} at that moment. Being idle is not what decides: what is out is in `self._lent`, and leaves it when it comes back.",
        "the other refused": "Two were out. One came back, and then the other was refused: {error}. Take that one off `self._lent` which came back, and no other.",
        "no cap": "Two came back to a pool that keeps one, and {idle} lie idle. `super().release(conn)` does all that release did before.",
        "not told": "A connection that was not out was given back. Nothing was changed, and nothing was said: whoever did it never hears of the slip. `raise ValueError(…)`.",
        "stranger accepted": "A connection that this pool never lent was taken in. It may belong to another pool, or to another database: refuse it.",
        "closed the stranger": "A connection that this pool never lent was refused, and closed. Its owner may be in the midst of something: leave it alone.",
        "wrong error": "The refusal should be a ValueError; it was {got:plain}. Whoever catches it wants to know which one to expect.",
        "changed something": "One was given back twice, and the second `release` changed the pool: from {before:plain} to {after:plain}. Look first, change afterwards.",
        "does not lend it again": "A connection was given back and not lent to the next borrower. `super().release(conn)` puts it on the shelf.",
        "once for ever": "A connection was lent, given back, lent again, and the second loan could not be given back: {error}. Each loan may end once; a connection has many loans.",
    },
    after="The pool now notices a slip of the hand. Not every one, as you are about to see.",
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
        why="There is no end of a block that costs nobody anything. But only one of them is decided by how the block ended.",
    ),
    Prediction(
        id="lease.price",
        question="A loan with an empty block: written out with `try` and `finally`, by your class, by your generator. How much does the dearest of the three add to the cheapest, compared with opening a connection (about 50 µs)?",
        places={"adds": ("as much", "a tenth", "a hundredth")},
        sample={"adds": "a tenth", "sure": 55},
        explanations=(
            (
                {"adds": "as much"},
                "Opening a connection makes system calls and reads a file. A `with` form is a few calls inside Python.",
            ),
            (
                {"adds": "a tenth"},
                "That would be five microseconds. On most machines it is about one.",
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
