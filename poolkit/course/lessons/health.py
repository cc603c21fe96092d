"""Lesson 04, health: is this connection fit to be lent, and when is it worth asking?"""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from poolkit import ConnectionConfig
from poolkit.course.exercises import Exercise, because, expect
from poolkit.course.helping import Explanation
from poolkit.course.measuring import typical
from poolkit.course.predicting import Prediction


def make_database(folder: str, name: str = "events", wal: bool = False) -> Path:
    """A new SQLite file with a table and three rows, at each call another; gives its path."""
    path = Path(tempfile.mkdtemp(dir=folder)) / f"{name}.db"
    db = sqlite3.connect(path)
    if wal:
        db.execute("PRAGMA journal_mode=WAL")
    with db:
        db.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, label TEXT NOT NULL)")
        db.executemany("INSERT INTO events (label) VALUES (?)", [("a",), ("b",), ("c",)])
    db.close()
    return path


def labels_for_everybody(path: Path) -> list[str]:
    """The labels that begin with "by", as a connection of its own sees them."""
    with contextlib.closing(sqlite3.connect(path)) as conn:
        rows = conn.execute("SELECT label FROM events WHERE label LIKE 'by %' ORDER BY id")
        return [label for (label,) in rows]


def open_ask_close(path: Path, question: str) -> None:
    """One query on a connection that is opened for it."""
    conn = sqlite3.connect(path)
    conn.execute(question).fetchone()
    conn.close()


def is_closed(conn: sqlite3.Connection) -> bool:
    """Whether a connection was closed; asking costs no query."""
    try:
        conn.total_changes
    except sqlite3.ProgrammingError:
        return True
    return False


class TrustingPool:
    """A pool that believes that whatever comes back is fit to be lent."""

    def __init__(self, config):
        self.config = config
        self._idle = []
        self._in_use = 0

    def _connect(self):
        return sqlite3.connect(self.config.db_path, timeout=self.config.timeout)

    def acquire(self):
        conn = self._idle.pop() if self._idle else self._connect()
        self._in_use += 1
        return conn

    def release(self, conn):
        self._in_use -= 1
        self._keep(conn)

    def _keep(self, conn):
        if len(self._idle) < self.config.pool_size:
            self._idle.append(conn)
        else:
            conn.close()


class GuardedPool(TrustingPool):
    """A pool with a guard at the door: it looks at what comes back."""

    def release(self, conn):
        """Take `conn` back: it is no longer out, so `self._in_use` goes down by one.

        Roll back what its borrower left open, then keep it with `self._keep(conn)`. One that was
        closed by hand, or that cannot be rolled back, is closed and not kept; nothing is raised.
        """
        self._in_use -= 1
        try:
            if conn.in_transaction:
                conn.rollback()
        except sqlite3.Error:
            conn.close()
        else:
            self._keep(conn)


class ClockedPool:
    """A pool that guards its door and notes when each connection came back. It lends none yet."""

    def __init__(self, config, clock=time.monotonic):
        self.config = config
        self._clock = clock
        self._idle = []  # pairs: a connection, and when it came back
        self.pings = 0

    def _connect(self):
        return sqlite3.connect(self.config.db_path, timeout=self.config.timeout)

    def release(self, conn):
        try:
            conn.rollback()
        except sqlite3.Error:
            conn.close()
        else:
            self._idle.append((conn, self._clock()))

    def _works(self, conn):
        self.pings += 1
        return health_check(conn)["status"] == "healthy"


class CheckingPool(ClockedPool):
    """A pool that asks a connection before it lends it, if it has lain idle for long."""

    def acquire(self):
        """Lend the connection that came back last if it works, else the next; else open one.

        `self._idle` holds pairs: a connection, and what `self._clock()` read when it came back.
        One that has been idle for `self.config.ping_after` seconds or longer is asked first:
        `self._works(conn)` gives True or False. What does not work is closed and gone. Ask only
        the one you are about to lend, and open one only if none is left.
        """
        while self._idle:
            conn, since = self._idle.pop()
            if self._clock() - since < self.config.ping_after or self._works(conn):
                return conn
            conn.close()
        return self._connect()


class BrokenCursor(sqlite3.Cursor):
    """It can be had, as from any connection that is open; but it answers nothing either."""

    def execute(self, *args):
        self.connection.execute()

    executemany = executescript = execute


class Broken(sqlite3.Connection):
    """A connection that is open and answers nothing: every statement raises `error`."""

    error: BaseException = sqlite3.OperationalError("disk I/O error")

    def execute(self, *args):
        raise type(self.error)(*self.error.args)  # a fresh one: an exception keeps its traceback

    executemany = executescript = execute

    def cursor(self, factory=None):
        return super().cursor(BrokenCursor)

    def rollback(self):
        self.execute()

    commit = rollback
    in_transaction = True


def broken(error: BaseException | None = None) -> Broken:
    """An open connection that answers nothing but this error."""
    conn = sqlite3.connect(":memory:", factory=Broken)
    conn.error = error or Broken.error
    return conn


@contextlib.contextmanager
def one_connection() -> Iterator[sqlite3.Connection]:
    """A connection to a table of its own, closed in the end."""
    with contextlib.closing(sqlite3.connect(":memory:")) as conn:
        conn.execute("CREATE TABLE notes (text)")
        yield conn


@contextlib.contextmanager
def watched(pool_class: type) -> Iterator[type]:
    """The pool class, with an eye on what it opens: all of it is closed in the end."""
    opened, made = [], []

    def begin(self, *args, **more):
        made.append(self)
        pool_class.__init__(self, *args, **more)

    def connect(self):
        conn = pool_class._connect(self)
        opened.append(conn)
        return conn

    eye = {"__init__": begin, "_connect": connect, "opened_in_all": opened, "made_in_all": made}
    try:
        yield type(pool_class.__name__, (pool_class,), eye)
    finally:
        for conn in opened:
            conn.close()


@contextlib.contextmanager
def trial(pool_class: type, pool_size: int = 5, ping_after: float = 0.5, **more) -> Iterator:
    """A pool to try, whose connections are all closed in the end."""
    with watched(pool_class) as seen:
        yield seen(ConnectionConfig(pool_size=pool_size, ping_after=ping_after), **more)


def lend(pool) -> sqlite3.Connection:
    """Borrow a connection, and insist that it is one."""
    conn = pool.acquire()
    expect(conn, sqlite3.Connection, "pool.acquire()")
    return conn


# --- the cost of a ping


_ROWS = {
    "look": "look: in_transaction",
    "ping": "ping: SELECT 1",
    "query": "query: one row by its key",
    "open": "open, the same query, close",
}


def in_micros(micros: float) -> str:
    """Microseconds with as many digits as they are worth."""
    return (
        f"{micros:.0f} µs"
        if micros >= 10
        else f"{micros:.1f} µs"
        if micros >= 1
        else f"{micros:.2f} µs"
    )


def cost_picture(costs: dict[str, list[float]]):
    """Draw what each costs, microseconds a round; gives the figure and its alternative text."""
    from poolkit.course import plots

    fig, axes = plots.figure(figsize=(7.0, 3.6))
    for y, (_, micros) in enumerate(costs.items()):
        marker, colour = plots.MARKERS[y], plots.LINES[y]
        axes.plot(micros, [y] * len(micros), marker, color=colour, alpha=0.45, linestyle="none")
        axes.plot([typical(micros)], [y], "|", color="black", markersize=26, markeredgewidth=2)
        axes.text(typical(micros), y + 0.34, in_micros(typical(micros)), ha="center")
    axes.set_yticks(range(len(costs)), [_ROWS[name] for name in costs])
    axes.margins(x=0.1)
    axes.set_ylim(-0.5, len(costs) - 0.3)
    axes.set_xscale("log")
    axes.set_xlabel("microseconds, ×10 a step; each mark one round")
    return fig, (
        f"{len(costs)} rows of marks on a scale of microseconds: {', '.join(costs)}. "
        "The line in each row is the median."
    )


def cost_sentence(costs: dict[str, list[float]]) -> str:
    """What the picture shows, computed from its numbers; it may also be that it shows nothing."""
    look, ping, query, opening = (
        typical(costs[name]) for name in ("look", "ping", "query", "open")
    )
    if not look < ping < opening:
        return (
            "Not shown on this machine: a ping is not dearer than a look and cheaper than opening."
        )
    return (
        f"On your machine a ping before a single query makes that loan {ping / query:.0%} dearer, "
        f"and still costs {opening / ping:.0f} times less than opening; a look is {ping / look:.0f} "
        "times cheaper than a ping."
    )


# --- health.check


def health_check(conn):
    """Report on a connection in a dict, and never raise because it is broken.

    If it answers `SELECT 1`: {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}.
    If it raises any Exception: {"status": "unhealthy", "error": the exception's text}.
    It may be in the middle of its borrower's work: do not commit, roll back or close.
    """
    try:
        conn.execute("SELECT 1")
    except Exception as exc:
        return {"status": "unhealthy", "error": str(exc)}
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


def report(func, conn, what: str) -> dict:
    """The learner's report on a connection, which has to be a dict with a status."""
    got = func(conn)
    expect(got, dict, f"health_check({what})")
    status = got.get("status")
    assert status in ("healthy", "unhealthy"), because("no status", status=status)
    return got


def open_one_is_healthy(func):
    """An open connection is healthy, and the report tells SQLite's version."""
    with one_connection() as conn:
        got = report(func, conn, "an open one")
    assert "same thread" not in str(got.get("error")), "another one"
    assert got["status"] == "healthy", because("called ill", error=got.get("error"))
    version = got.get("sqlite_version")
    assert version == sqlite3.sqlite_version, because("no version", version=version)


def closed_one_is_not(func):
    """A closed connection is unhealthy, and the report tells why."""
    with one_connection() as conn:
        conn.close()
        got = report(func, conn, "a closed one")
    assert got["status"] == "unhealthy", "closed is fine"
    error = got.get("error")
    assert isinstance(error, str) and "closed database" in error, because(
        "no reason", error=got.get("error")
    )


def silent_one_is_not(func):
    """A connection that is open and does not answer is unhealthy."""
    with contextlib.closing(broken()) as conn:
        got = report(func, conn, "an open one that answers with an error")
        assert got["status"] == "unhealthy", "did not ask"


def takes_any_error(func):
    """Errors of other databases are reported like SQLite's."""
    with contextlib.closing(broken(ConnectionResetError("the server hung up"))) as conn:
        try:
            got = report(func, conn, "one whose server hung up")
        except ConnectionResetError:
            raise AssertionError("only its own") from None
        assert "hung up" in str(got.get("error")), because("no reason", error=got.get("error"))
    with contextlib.closing(broken(TimeoutError())) as conn:
        report(func, conn, "one that raised TimeoutError()")


def disturbs_nobody(func):
    """A transaction that is open stays open, none is begun, and nothing is closed."""
    with one_connection() as conn:
        report(func, conn, "one without a transaction")
        assert is_closed(conn) or not conn.in_transaction, "began one"
    with contextlib.closing(broken()) as conn:
        with contextlib.suppress(Exception):  # another claim's business
            func(conn)
        broken_is_closed = is_closed(conn)
    with one_connection() as conn:
        conn.execute("INSERT INTO notes VALUES ('half done')")
        report(func, conn, "one in the middle of a transaction")
        assert not is_closed(conn), "closed it"
        still_open = conn.in_transaction
        conn.rollback()
        left = conn.execute("SELECT count(*) FROM notes").fetchone() == (1,)
    assert not left, "committed"
    assert still_open, "rolled back"
    assert not broken_is_closed, "closed the broken one"


def lets_the_stop_button_through(func):
    """The stop button is no illness."""
    with contextlib.closing(broken(KeyboardInterrupt())) as conn:
        try:
            got = func(conn)
        except KeyboardInterrupt:
            return
    raise AssertionError(
        because("stop button", status=got.get("status") if type(got) is dict else got)
    )


check_exercise = Exercise(
    id="health.check",
    title="Ask a connection how it is",
    answer=health_check,
    claims=(
        open_one_is_healthy, closed_one_is_not, silent_one_is_not, takes_any_error,
        disturbs_nobody, lets_the_stop_button_through,
    ),
    hints=(
        "The only way to find out is to ask it something. What does asking do if it is broken?",
        "Put `conn.execute(\"SELECT 1\")` into a `try`, without `with conn:`, which would commit. One dict after `except Exception as exc`, the other after the whole `try`.",
        "Fill in the two blanks.\n\ntry:\n    conn.execute(\"SELECT 1\")\nexcept ____ as exc:\n    return {\"status\": \"unhealthy\", \"error\": ____}\nreturn {\"status\": \"healthy\", \"sqlite_version\": sqlite3.sqlite_version}",
    ),
    tellings={
        "no status": "Under \"status\" the report should say \"healthy\" or \"unhealthy\"; yours says {status}.",
        "called ill": "An open connection in good order was reported as unhealthy, with the error {error}.",
        "another one": "You were given an open connection and asked another one, from elsewhere in the notebook. Ask the one in your function's brackets.",
        "no version": "The report on a healthy connection should tell `sqlite3.sqlite_version` under \"sqlite_version\"; yours has {version} there.",
        "closed is fine": "A connection was closed, and you report it as healthy. Ask it something: only then does it complain.",
        "no reason": "The report on a broken connection should carry the text of its exception under \"error\"; yours has {error} there. `str(exc)` is that text.",
        "did not ask": "A connection that is open, and answers every statement with a disk error, is healthy to you. Send it `SELECT 1`.",
        "only its own": "A connection whose server hung up raised ConnectionResetError, and it came through. Other databases have errors of their own: catch Exception.",
        "closed it": "A borrower was using the connection, and after your check it is closed. Asking must not change anything.",
        "committed": "A borrower had written half of his work, and your check committed it. `commit()` does that, `with conn:` at the end of its block, and `executescript`; `conn.execute(\"SELECT 1\")` alone does not.",
        "began one": "No transaction was open, and after your check one is. Asking must not change anything: `SELECT 1` begins none.",
        "closed the broken one": "A connection did not answer, and you closed it. You only report; whoever asked decides what becomes of it.",
        "rolled back": "A borrower had written half of his work, and your check rolled it back. Asking must not change anything.",
        "stop button": "Somebody pressed the stop button during the check, and you reported {status}. `except Exception` lets KeyboardInterrupt through.",
    },
    after="A report instead of an exception: whoever asks wants to know, not to be interrupted.",
)  # fmt: skip


# --- health.guard


def keeps_a_good_one(pool_class):
    """What comes back in good order is kept, while there is room."""
    with trial(pool_class, pool_size=1) as pool:
        first, second = lend(pool), lend(pool)
        pool.release(first)
        assert not is_closed(first) and len(pool._idle) == 1, "threw away"
        pool.release(second)
        assert len(pool._idle) == 1, because("past the cap", idle=len(pool._idle))
    with trial(pool_class, pool_size=2) as pool:
        for conn in [lend(pool), lend(pool)]:
            pool.release(conn)
        assert len(pool._idle) == 2, because("lost another", idle=len(pool._idle))


def turns_a_closed_one_away(pool_class):
    """One that was closed by hand is not kept, and nothing is raised."""
    with trial(pool_class) as pool:
        conn = lend(pool)
        conn.close()
        pool.release(conn)
        assert not pool._idle, "kept the closed one"


def rolls_back(pool_class):
    """What a borrower left open is rolled back, and the connection is kept."""
    with trial(pool_class) as pool:
        conn = lend(pool)
        conn.execute("CREATE TABLE notes (text)")
        conn.execute("INSERT INTO notes VALUES ('half done')")
        pool.release(conn)
        assert not is_closed(conn) and pool._idle, "threw away the careless"
        assert not conn.in_transaction, "still open"
        left = conn.execute("SELECT count(*) FROM notes").fetchone() == (1,)
        assert not left, "committed"


def closes_a_broken_one(pool_class):
    """One that cannot be rolled back is closed and not kept."""
    with trial(pool_class) as pool, contextlib.closing(broken()) as conn:
        pool._in_use = 1
        pool.release(conn)
        assert not pool._idle, "kept the broken one"
        assert is_closed(conn), "left open"


def counts_them_all(pool_class):
    """Each that comes back counts as back, closed and broken ones too."""
    with trial(pool_class) as pool, contextlib.closing(broken()) as ill:
        good, shut = lend(pool), lend(pool)
        shut.close()
        for conn, what in ((good, "in good order"), (shut, "closed"), (ill, "broken")):
            pool._in_use = 1
            pool.release(conn)
            assert pool._in_use == 0, because("miscounted", what=what, in_use=pool._in_use)


guard = Exercise(
    id="health.guard",
    title="A guard at the door",
    answer=GuardedPool,
    parts=("release",),
    claims=(
        keeps_a_good_one, turns_a_closed_one_away, rolls_back, closes_a_broken_one, counts_them_all,
    ),
    hints=(
        "What could you ask a connection that raises if it is closed, and tells you whether something was left open?",
        "`conn.in_transaction` does both. Put it and the rollback into one `try`; close in the `except sqlite3.Error`, keep in the `else`.",
        "Fill in the two blanks.\n\nself._in_use -= 1\ntry:\n    if ____:\n        conn.rollback()\nexcept sqlite3.Error:\n    ____\nelse:\n    self._keep(conn)",
    ),
    tellings={
        "threw away": "A connection came back in good order, there was room, and it was closed or not kept. The guard only turns away what is broken.",
        "past the cap": "With `pool_size=1` two came back, and {idle} lie idle. `self._keep(conn)` looks at the size for you.",
        "lost another": "With `pool_size=2` two came back, and {idle} of them is on the shelf. `self._keep(conn)` adds one and leaves the others there.",
        "kept the closed one": "A borrower closed his connection and gave it back, and it lies on the shelf. Ask it something before you keep it.",
        "threw away the careless": "A borrower forgot to commit, and his connection was closed or not kept. It is in good order: after a rollback it can be lent again.",
        "still open": "A borrower forgot to commit, and what he began is still open on the shelf: the next one will finish it without knowing. Roll back.",
        "committed": "A borrower gave back half of his work, and you committed it. Nobody has said that it is complete: roll back.",
        "kept the broken one": "Rolling back raised a disk error, and the connection was kept. What cannot be cleaned cannot be lent.",
        "left open": "Rolling back raised a disk error, and the connection was dropped without being closed: its file stays open.",
        "miscounted": "One was out, and it came back {what:plain}: then none is out, and your `self._in_use` says {in_use}.",
    },
    after="Two questions for the price of none: `in_transaction` raises on a closed connection and finds what was left open.",
)  # fmt: skip


# --- health.test


class LookingPool(TrustingPool):
    """Another right pool: it keeps whatever comes back, and looks when it lends."""

    def acquire(self):
        self._idle = [conn for conn in self._idle if not is_closed(conn)]
        return super().acquire()


class _KeepsNothing(TrustingPool):
    def _keep(self, conn):
        conn.close()


def lends_nothing_closed(pool_class):
    """Raise AssertionError if a pool of this class lends a closed connection, or reuses none.

    `pool_class(ConnectionConfig())` makes a pool. A healthy connection that was given back has to
    be lent again; one that was closed by hand and then given back must not be. Judge the pool by
    what it lends: where it looks is its own business.
    """
    pool = pool_class(ConnectionConfig())
    conn = pool.acquire()
    pool.release(conn)
    assert pool.acquire() is conn, "a healthy connection was not kept"
    conn.close()
    pool.release(conn)
    assert not is_closed(pool.acquire()), "a closed connection was lent"


def passes_good_pools(test):
    """It passes on a pool that looks when a connection comes back, and on one that looks when it lends."""
    error, made = outcome(test, GuardedPool)
    assert error is None or made, "own pool"
    by_accident = error is not None and not isinstance(error, AssertionError)
    assert not by_accident, because("stops at the guard", error=error)
    assert error is None, because("fails the guard", error=error)
    error, _ = outcome(test, LookingPool)
    assert error is None, because("fails the other", error=error)


def fails_a_trusting_pool(test):
    """It fails on a pool that believes everything."""
    error, made = outcome(test, TrustingPool)
    assert error is not None or made, "own pool"
    assert error is not None, "sees nothing"
    assert isinstance(error, AssertionError), because(
        "fails by accident", error=type(error).__name__
    )


def fails_one_that_keeps_nothing(test):
    """It fails on a pool that throws every connection away."""
    error, made = outcome(test, _KeepsNothing)
    assert error is not None and made, "reuses nothing"


def outcome(test, pool_class: type) -> tuple[Exception | None, int]:
    """What the learner's test raises on this pool, None if it passes; and how many it made."""
    with watched(pool_class) as seen:
        try:
            test(seen)
        except Exception as error:
            return error, len(seen.made_in_all)
    return None, len(seen.made_in_all)


test_exercise = Exercise(
    id="health.test",
    title="The test that would have caught it",
    answer=lends_nothing_closed,
    claims=(passes_good_pools, fails_a_trusting_pool, fails_one_that_keeps_nothing),
    hints=(
        "Do what the careless borrower did, then borrow again, and look at what you get.",
        "Two halves. First a healthy one: give it back, borrow, and it is the same. Then close it, give it back, borrow, and ask `is_closed(...)` about what comes.",
        "Fill in the two blanks.\n\npool = pool_class(ConnectionConfig())\nconn = pool.acquire()\npool.release(conn)\nassert pool.acquire() is ____\nconn.close()\npool.release(conn)\nassert not ____",
    ),
    tellings={
        "fails the guard": "Your test complains about a pool whose guard turns closed connections away: {error}. Judge the one that `acquire()` lends afterwards.",
        "stops at the guard": "On a pool whose guard turns closed connections away your test stops with {error}. All that it can count on is `acquire()` and `release(conn)`.",
        "own pool": "Your test never made a pool of the class that it was given: `pool_class(ConnectionConfig())`. It has to try that one, whichever it is.",
        "fails the other": "Your test complains about a pool that is right in another way, it looks when it lends: {error}. Judge what `acquire()` gives, not what lies on the shelf.",
        "sees nothing": "A pool that keeps and lends closed connections passed your test. Borrow again after giving back the closed one, and look at what you got.",
        "fails by accident": "On a pool that lends closed connections your test stops with {error}. Raise AssertionError on purpose, so that whoever reads it knows what failed.",
        "reuses nothing": "A pool that throws every connection away passed your test. It never lends a closed one, and is no pool: insist that a healthy one comes back.",
    },
    after="Your test judges from outside, so that it will still be right when somebody rewrites the inside.",
)  # fmt: skip


# --- health.lend


class Hands:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = -1000.0  # far from any clock of the machine

    def __call__(self) -> float:
        return self.now


@contextlib.contextmanager
def shelf(pool_class: type, *ages: float, ping_after: float = 0.5) -> Iterator[tuple]:
    """A pool with connections that came back so many seconds ago, oldest first; and those."""
    clock = Hands()
    with trial(pool_class, ping_after=ping_after, clock=clock) as pool:
        conns = [pool._connect() for _ in ages]
        for conn, age in zip(conns, ages, strict=True):
            pool._idle.append((conn, clock.now - age))
        yield pool, conns


def lends_what_works(pool_class):
    """It lends the connection that came back last, and opens one if none is idle."""
    with shelf(pool_class, 9, 8) as (pool, (cold, warm)):
        lent = [lend(pool) for _ in range(3)]
        assert lent[0] is warm or lent[0] is cold, "always new"
        assert lent[0] is warm, "oldest first"
        assert lent[1] is not warm, "lent twice"
        assert lent[1] is cold and not is_closed(lent[2]), "always new"
        assert len(pool.opened_in_all) == 3, "opened besides"  # two of them for the shelf


def replaces_a_dead_one(pool_class):
    """One that died on the shelf is not lent."""
    with shelf(pool_class, 9) as (pool, (dead,)):
        dead.close()
        assert not is_closed(lend(pool)), "lent in spite" if pool.pings else "lent the dead"
        assert not pool._idle, "kept the dead"


def goes_on_to_the_next(pool_class):
    """Behind a dead one the next is tried, however many are dead."""
    with shelf(pool_class, 9, 8, 7) as (pool, (alive, *dead)):
        for conn in dead:
            conn.close()
        lent = lend(pool)
        assert not is_closed(lent), "second one dead"
        assert lent is alive, "gave up early"


def closes_what_does_not_work(pool_class):
    """One that is open and does not answer is closed."""
    with shelf(pool_class) as (pool, _), contextlib.closing(broken()) as silent:
        pool._idle.append((silent, pool._clock() - 9))
        assert lend(pool) is not silent, "lent the dead"
        assert is_closed(silent), "left open"


def asks_at_the_limit(pool_class):
    """Idle for exactly ping_after is long enough to be asked; with 0, that is always."""
    for seconds in (0.5, 0):
        with shelf(pool_class, seconds, ping_after=seconds) as (pool, (dead,)):
            dead.close()
            key = "at the limit" if seconds else "at zero"
            assert not is_closed(lend(pool)), because(key, seconds=seconds)


def leaves_the_young_alone(pool_class):
    """One that came back less than ping_after ago is lent, and none is asked."""
    with shelf(pool_class, 0.25) as (pool, (young,)):
        assert lend(pool) is young, "always new"
        assert pool.pings == 0, "always asks"
    with shelf(pool_class, 30, ping_after=60) as (pool, _):
        lend(pool)
        assert pool.pings == 0, "own limit"
    with shelf(pool_class, 9, 8, 0.25) as (pool, (*_, young)):
        assert lend(pool) is not young or pool.pings == 0, because(
            "asks the others", pings=pool.pings
        )


lend_exercise = Exercise(
    id="health.lend",
    title="Lend nothing dead",
    answer=CheckingPool,
    parts=("acquire",),
    claims=(
        lends_what_works, replaces_a_dead_one, goes_on_to_the_next, closes_what_does_not_work,
        asks_at_the_limit, leaves_the_young_alone,
    ),
    hints=(
        "Behind a dead connection may lie another dead one. Which statement repeats until something is found, or nothing is left?",
        "`while self._idle:` take the last pair off the list. Young enough, or `self._works(conn)`: return it. Else close it and go round again. After the loop, open one.",
        "Fill in the two blanks.\n\nwhile self._idle:\n    conn, since = self._idle.pop()\n    if self._clock() - since < ____ or ____:\n        return conn\n    conn.close()\nreturn self._connect()",
    ),
    tellings={
        "always new": "A connection in good order lay idle, and `acquire()` lent another one.",
        "oldest first": "Two in good order lay idle, and you lent the one that came back first. The last one back is the likeliest to be alive.",
        "lent twice": "Two in good order lay idle, you were asked twice, and lent the same one twice. It has to leave the list.",
        "lent the dead": "A connection had died on the shelf, 9 seconds after it came back, and you lent it. Ask `self._works(conn)` first.",
        "opened besides": "Two in good order lay idle and were lent, and you opened connections that nobody got. Opening is the dearest way: only when the shelf is empty.",
        "lent in spite": "A connection had died on the shelf. You asked it, and lent it in spite of the answer: close it, and see that what you return is another.",
        "at zero": "`ping_after` was 0, so that each one is asked, however young; yours was lent dead. The limit is `self.config.ping_after`, and 0 is one like any other.",
        "own limit": "`ping_after` was 60, a connection came back 30 seconds ago, and you asked it all the same. The limit stands in `self.config.ping_after`.",
        "asks the others": "The last one back was young and was lent; the others on the shelf you asked too, which cost this many pings: {pings}. Ask only the one you are about to lend.",
        "kept the dead": "A dead connection was not lent, but it still lies on the shelf, for the next one to find.",
        "second one dead": "Two on the shelf were dead; you saw the first and lent the second. Look at each: `while`, not `if`.",
        "gave up early": "Behind two dead connections lay one in good order, and you opened another. Opening is the dearest way to get one: try the next first.",
        "left open": "A connection was open and did not answer. You did not lend it, but you did not close it either.",
        "at the limit": "`ping_after` was {seconds}, a connection had been idle for exactly so long, and it was lent dead. \"Or longer\" means that the limit belongs to it.",
        "always asks": "A connection came back a quarter of a second ago, `ping_after` is 0.5, and you asked it all the same. Compare the time by `self._clock()` with when it came back.",
    },
    after="Whoever borrows from this pool does not learn that anything had died.",
)  # fmt: skip

exercises = (check_exercise, guard, test_exercise, lend_exercise)


# --- predictions

predictions = (
    Prediction(
        id="health.closed",
        question="A borrower closes his connection by hand and then gives it back. The pool is SimplePool, from lesson 02. How many connections does it believe to have idle, and who sees the first error?",
        places={
            "idle": int,
            "who": ("the borrower who closed it", "the pool, at release", "the next borrower"),
        },
        sample={"idle": 0, "who": "the pool, at release", "sure": 70},
        explanations=(
            (
                {"who": "the pool, at release"},
                "`release` puts the object on a list. It never asks it anything, so it cannot notice.",
            ),
            (
                {"who": "the borrower who closed it"},
                "He is content: he closed what he used, and gave back what he had borrowed. Neither raised anything.",
            ),
            (
                {"idle": 0},
                "A closed connection is still an object, and the pool counts objects.",
            ),
        ),
        why="The one who made the mistake never sees it. The one who sees it made none.",
    ),
    Prediction(
        id="health.left_open",
        question="Ann inserts a row, does not commit, and gives her connection back to a pool that trusts. Ben borrows next, inserts a row of his own, and commits. How many of the two rows does everybody see now?",
        places={"rows": int},
        sample={"rows": 1, "sure": 75},
        explanations=(
            (
                {"rows": 1},
                "A transaction belongs to the connection, not to the borrower. Ben was lent Ann's, with her row waiting in it, and his commit committed both.",
            ),
            (
                {"rows": 0},
                "Ben did commit. And what he committed was everything that waited in that connection, Ann's row too.",
            ),
        ),
        why="Had Ben rolled back, he would have lost nothing he knew of, and Ann a row. Neither of them did anything that looks wrong on its own.",
    ),
    Prediction(
        id="health.cost",
        question="A ping is `SELECT 1`. What does it cost beside a query that reads one row by its key, on the same connection?",
        places={"ping": ("a hundredth", "a tenth", "a third", "twice as much")},
        sample={"ping": "a hundredth", "sure": 60},
        explanations=(
            (
                {"ping": "a hundredth"},
                "It reads no table. But most of a short query is not the reading: it is the way from Python to SQLite and back, and a ping goes that way too.",
            ),
            (
                {"ping": "a tenth"},
                "It reads no table, but it goes the same way from Python to SQLite and back, and for a short query that way is most of the cost.",
            ),
            (
                {"ping": "twice as much"},
                "It does less than the query: the same way there and back, and nothing to read.",
            ),
        ),
        why="Across a network both cost one journey to the server and back, and a ping is as dear as the query it goes before.",
        measured=True,
    ),
    Prediction(
        id="health.unseen",
        question="Three connections are open when their files meet with an accident: one is deleted, one is locked by somebody else, one is overwritten with a shopping list. Does `SELECT 1` still find them healthy?",
        places={"deleted": bool, "locked": bool, "damaged": bool},
        sample={"deleted": False, "locked": True, "damaged": False, "sure": 60},
        explanations=(
            (
                {"damaged": False},
                "`SELECT 1` needs no table. SQLite computes it without opening a page of the file, so it does not see what is in there.",
            ),
            (
                {"deleted": False},
                "`SELECT 1` needs no table, so SQLite does not touch the file, be it there or not.",
            ),
            (
                {"locked": False},
                "A lock stops those who want to read or write the file. `SELECT 1` wants neither.",
            ),
        ),
        why="A ping tells that the connection answers. It does not tell that the database is well.",
    ),
    Prediction(
        id="health.behind",
        question="A hundred loans, one after the other. After each, with a chance of three in ten, somebody closes the connection *after* it was given back. How many of the hundred loans are dead in a pool that trusts, in one with your guard at release, and in one that asks before it lends?",
        places={
            "trusting": ("none", "some", "nearly all"),
            "guarded": ("none", "some", "nearly all"),
            "checking": ("none", "some", "nearly all"),
        },
        sample={"trusting": "some", "guarded": "none", "checking": "none", "sure": 60},
        explanations=(
            (
                {"trusting": "some", "guarded": "none"},
                "A pool that trusts lends the same dead one for ever, since it is always on top of the stack. And a guard at release looks before the accident: what dies on the shelf, it never sees.",
            ),
            (
                {"guarded": "none"},
                "The guard looks when a connection comes back. These died later, on the shelf.",
            ),
            (
                {"trusting": "some"},
                "A stack lends what came back last. Once that is dead, it is lent, given back, and lent again.",
            ),
            (
                {"trusting": "none"},
                "Nothing in it ever looks: it lends what is on top of the stack, alive or not.",
            ),
            (
                {"guarded": "nearly all"},
                "The guard does catch each dead one, when it comes back. So each is lent once, and then gone.",
            ),
            (
                {"checking": "some"},
                "Here `ping_after` is 0: each connection is asked before each loan.",
            ),
        ),
        why="What is looked at in the doorway can still die on the shelf. Only a look at the moment of lending helps against that.",
    ),
)

explanations = (
    Explanation(
        id="health.when",
        question="When should a pool ask a connection whether it lives, and what does the answer not promise?",
        points=(
            "At return: whether it was closed, and what was left open. That costs next to nothing.",
            "Before lending, if it has been idle for a while: servers, proxies and firewalls drop what is silent. What was used a moment ago is almost surely alive.",
            "A ping sees the connection, not the tables, the locks or the disk behind it.",
            "It can die between the ping and the query. So the borrower still needs a retry around his work.",
        ),
        sample="A look when it comes back and a ping when it has been idle for long; but it can still die in the moment after that.",
    ),
)
