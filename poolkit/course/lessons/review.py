"""Lesson 09, review: a pool as one finds it, seven of its faults, and for each a proof and a mend."""

from __future__ import annotations

import inspect
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from poolkit import ConnectionConfig, ConnectionPool
from poolkit.course.exercises import Exercise, because, expect
from poolkit.course.guard import Ended, NoInput, their_line
from poolkit.course.helping import Explanation
from poolkit.course.histories import Histories, Seen
from poolkit.course.lessons import moves
from poolkit.course.player import Result, Scene, note, play, play_all
from poolkit.course.pools import is_closed
from poolkit.course.predicting import Prediction

# --- the found pool, and its mends


class FoundPool:
    """A thread-safe connection pool with validation, error handling and a clean shutdown."""

    def __init__(self, connect, least=2, most=5, patience=5.0):
        self.connect = connect
        self.most = most
        self.patience = patience
        self.idle = queue.LifoQueue()
        self.lock = threading.Lock()
        self.open = 0
        self.fill(least)

    def fill(self, count):
        """Open the first connections ahead of time."""
        for _ in range(count):
            self.new()

    def new(self):
        conn = self.connect()
        self.open += 1
        return conn

    def acquire(self):
        """Lend an idle connection, or a new one; wait if there are `most` already."""
        with self.lock:
            try:
                conn = self.idle.get_nowait()
            except queue.Empty:
                conn = self.new() if self.open < self.most else self.wait()
        return self.tested(conn)

    def wait(self):
        try:
            return self.idle.get(timeout=self.patience)
        except queue.Empty:
            raise TimeoutError("no connection came free") from None

    def tested(self, conn):
        """Make sure that the connection works before it is lent."""
        conn.execute("SELECT 1")
        return conn

    def release(self, conn):
        with self.lock:
            self.idle.put(conn)

    @contextmanager
    def connection(self):
        """Lend for a `with` block; a connection that had an error does not come back."""
        conn = self.acquire()
        try:
            yield conn
        except Exception:
            self.throw_away(conn)
            raise
        else:
            self.release(conn)

    def throw_away(self, conn):
        """Close a connection and make room for another."""
        try:
            conn.close()
            self.opened -= 1
        except:
            pass

    def close_all(self):
        """Close every connection."""
        while not self.idle.empty():
            self.throw_away(self.idle.get_nowait())


class SpeakingPool(FoundPool):
    """The found pool; what it opens ahead is lent, and its errors are heard."""

    def fill(self, count):
        """Open `count` connections and put them on the shelf, `self.idle`."""
        for _ in range(count):
            self.idle.put(self.new())

    def throw_away(self, conn):
        """Close `conn`, and take it out of the count `self.open`, even if closing fails.

        A `sqlite3.Error` from closing is put up with: the connection was to go anyway. Any other
        exception goes on to the caller.
        """
        with self.lock:
            self.open -= 1
        with suppress(sqlite3.Error):
            conn.close()


class Mended1(SpeakingPool):
    """The found pool with our mends of the first part."""


class WaitingPool(Mended1):
    """A pool whose lock is free while somebody waits for a connection."""

    def acquire(self):
        """Lend an idle connection, or a new one (`self.new()`) while fewer than `most` are open.

        Else sleep until one comes back (`self.wait()`), without the lock. What is lent goes
        through `self.tested(conn)`, as before.
        """
        with self.lock:
            try:
                conn = self.idle.get_nowait()
            except queue.Empty:
                conn = self.new() if self.open < self.most else None
        if conn is None:
            conn = self.wait()
        return self.tested(conn)


class Mended2(WaitingPool):
    """The found pool with our mends of the first two parts."""


class CleanPool(Mended2):
    """A pool that keeps what is sound, and keeps it clean."""

    def release(self, conn):
        """Roll back what was left open, then lay `conn` on the shelf.

        If it cannot even roll back (`sqlite3.Error`), throw it away instead; no error then.
        """
        try:
            conn.rollback()
        except sqlite3.Error:
            self.throw_away(conn)
        else:
            super().release(conn)

    @contextmanager
    def connection(self):
        """Lend for a `with` block; give back at its end, whatever it raised. That goes on.

        Nothing is committed here: what is to stay, the block commits.
        """
        conn = self.acquire()
        try:
            yield conn
        finally:
            self.release(conn)


class Mended3(CleanPool):
    """The found pool with our mends of the first three parts, not closed yet."""

    closed = False


class MendedPool(Mended3):
    """A pool that lends nothing dead, and leaves nothing open."""

    def tested(self, conn):
        """Give `conn` if it answers `SELECT 1`. If that raises `sqlite3.Error`, throw it away and
        acquire another; Ctrl-C goes on to the caller.
        """
        try:
            conn.execute("SELECT 1")
        except sqlite3.Error:
            self.throw_away(conn)
            return self.acquire()
        return conn

    def release(self, conn):
        """As before; but once the pool is closed, nothing stays open that comes back."""
        super().release(conn)
        if self.closed:
            self.close_all()

    def close_all(self):
        """Set `self.closed`, and throw away all that lies idle; what is out is left alone."""
        self.closed = True
        while True:
            try:
                conn = self.idle.get_nowait()
            except queue.Empty:
                return
            self.throw_away(conn)


# --- the bench on which pools are tried

USERS = "CREATE TABLE users (email TEXT NOT NULL UNIQUE)"
ANN = "INSERT INTO users VALUES ('ann@example.com')"
BEN = "INSERT INTO users VALUES ('ben@example.com')"
NOBODY = "INSERT INTO users VALUES (NULL)"  # IntegrityError; the connection is none the worse


class Watched(sqlite3.Connection):
    """A connection whose next `close()` raises what is put into `trouble`; likewise `rollback()`."""

    trouble = None
    rollback_trouble = None

    def __repr__(self):
        return "<a connection>"

    def rollback(self):
        trouble, self.rollback_trouble = self.rollback_trouble, None
        if trouble is not None:
            raise trouble
        super().rollback()

    def close(self):
        trouble, self.trouble = self.trouble, None
        if trouble is not None:
            raise trouble
        super().close()


class Bench:
    """Makes pools of one kind, and keeps what they open in `opened`.

    `pool(least, most)`: a pool that opens `least` ahead and lends at most `most` at once. Each
    connection has a database in memory with the empty table `users`. At the cap the pool waits
    `patience` seconds.
    """

    def __init__(self, pool_class):
        self.pool_class = pool_class
        self.opened = []
        self.fails_after = None  # so many connections can be opened, and the next one cannot

    def connect(self):
        if self.fails_after == len(self.opened):
            raise sqlite3.OperationalError("unable to open database file")
        conn = sqlite3.connect(":memory:", check_same_thread=False, factory=Watched)
        conn.execute(USERS)
        self.opened.append(conn)
        return conn

    def pool(self, least=0, most=1, patience=0.01):
        if not issubclass(self.pool_class, ConnectionPool):
            return self.pool_class(self.connect, least, most, patience)
        config = ConnectionConfig(
            min_connections=least,
            pool_size=most,
            max_connections=most,
            max_retries=1,
            acquire_timeout=patience,
            ping_after=0,
        )
        return self.pool_class(config, connect=self.connect)

    def close(self):
        for conn in self.opened:
            conn.trouble = None
            conn.close()


@contextmanager
def bench(pool_class: type) -> Iterator[Bench]:
    """A bench; all that was opened on it is closed in the end."""
    made = Bench(pool_class)
    try:
        yield made
    finally:
        made.close()


def ask(pool) -> str:
    """Borrow from a pool: what does one get?"""
    try:
        pool.acquire()
    except TimeoutError:
        return "TimeoutError"
    except sqlite3.Error:
        return "an error"
    return "a connection"


def five_users(pool_class: type, folder: str) -> int:
    """Five threads store a user each, in a file in WAL mode; gives how many are there then."""
    path = Path(folder) / "users.db"

    def connect():
        conn = sqlite3.connect(path, check_same_thread=False)
        conn.execute("PRAGMA journal_mode = WAL")
        return conn

    def insert(name):
        with pool.connection() as conn:
            conn.execute("INSERT INTO users VALUES (?)", (f"{name}@example.com",))
            conn.commit()

    pool = pool_class(connect, least=0, most=8)
    with pool.connection() as conn:
        conn.execute(USERS)
    with ThreadPoolExecutor(max_workers=5) as executor:
        list(executor.map(insert, ["ann", "ben", "cleo", "dan", "eve"]))
    with pool.connection() as conn:
        count = conn.execute("SELECT count(*) FROM users").fetchone()[0]
    pool.close_all()
    return count


# --- scenes for the player


class WaitScene:
    """A scene for two: the pool's only connection is out, as `self.lent`; ann and ben come."""

    def ann(self, pool):
        """What ann does."""

    def ben(self, pool):
        """What ben does."""

    def scene(self, pool_class, benches, patience=5.0):
        """The scene for the player; `benches` gets what has to be closed afterwards."""

        def setup():
            benches.append(Bench(pool_class))
            pool = benches[-1].pool(most=1, patience=patience)
            self.lent = pool.acquire()
            return pool

        return Scene(pool_class, setup, {"ann": self.ann, "ben": self.ben})


def play_proof(proof: WaitScene, pool_class: type):
    """Play a learner's scene on a pool, in every order; gives the player's result."""
    benches = []
    try:
        return play_all(proof.scene(pool_class, benches), seconds=0.6)
    finally:
        for one in benches:
            one.close()


class Clock(WaitScene):
    """Ann waits five seconds at most; ben gives back after one. Who stood how long?"""

    def __init__(self):
        self.got, self.stood = "", 0.0

    def ann(self, pool):
        began = time.monotonic()
        try:
            pool.acquire()
            self.got = "the connection"
        except TimeoutError:
            self.got = "TimeoutError"
        self.waited = time.monotonic() - began
        note(f"{self.got} after {self.waited:.0f} s")

    def ben(self, pool):
        time.sleep(1)
        began = time.monotonic()
        pool.release(self.lent)
        self.stood = time.monotonic() - began
        note(f"gave back, after {self.stood:.0f} s in release")


def stand_and_wait(pool_class: type) -> Clock:
    """Play ann and ben once, in the player's time; gives what came of it."""
    benches, clock = [], Clock()
    try:
        play(clock.scene(pool_class, benches))
    finally:
        for one in benches:
            one.close()
    return clock


def on_stage(
    pool_class: type,
    setup: Callable,
    *workers: Callable,
    end: Callable = lambda *_: None,
    bench_class: type = Bench,
    **pool: object,
) -> None:
    """Let the player try a claim on the learner's pool, where time is virtual and no wait hangs.

    `setup(bench, pool)` gives what the workers, ann and ben, share; without workers it is the
    whole claim. Raises what the claim asserts, and the learner's exception where there is one.
    """
    benches = []

    def begin():
        benches.append(bench_class(pool_class))
        made = benches[-1].pool(patience=5.0, **pool)
        return benches[-1], made, setup(benches[-1], made) if workers else None

    def part(worker: Callable) -> Callable:
        return lambda shared: worker(*shared)

    parts = workers or (lambda bench, pool, _: setup(bench, pool),)
    named = dict(zip(("ann", "ben"), map(part, parts), strict=False))
    scene = Scene(pool_class, begin, named, part(end))
    try:
        result = play_all(scene, seconds=1.0)
    finally:
        for one in benches:
            one.close()
    if result.error is not None:
        raise result.error
    assert result.ok, told("stands still", result)


def told(key: str, result: Result):
    """The key of a misconception, with a player's story and what to do about it."""
    reason = because(key)
    told = result.story.strip() or complaint(result.error)
    story = told[:1].upper() + told[1:]
    advice = ADVICE.get(result.kind, "")
    reason.values = {"story": f"{story.rstrip('.')}.", "advice": advice}
    return reason


ADVICE = {
    "deadlock": "Often a lock is taken twice, or kept by somebody who waits.",
    "endless": "A loop has to come to its end; who waits for a connection sleeps in `self.wait()`.",
}


# --- the proofs


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


# --- pools with one fault, or with one that was mended only where it shows


class Unshelved(MendedPool):
    fill = FoundPool.fill


class HalfShelved(MendedPool):
    def fill(self, count):
        for _ in range(count):
            conn = self.new()
        if count:
            self.idle.put(conn)


class Lazy(MendedPool):
    def fill(self, count):
        pass


class Hiding(MendedPool):
    throw_away = FoundPool.throw_away


class Respelled(MendedPool):
    def throw_away(self, conn):
        try:
            conn.close()
            self.open -= 1
        except:
            pass


class Grasping(MendedPool):
    acquire = FoundPool.acquire


class Hasty(Grasping):
    def wait(self):
        self.patience = 0.1
        return super().wait()


class Unclean(MendedPool):
    def release(self, conn):
        with self.lock:
            self.idle.put(conn)
        if self.closed:
            self.close_all()


class Committing(Unclean):
    def release(self, conn):
        conn.commit()
        super().release(conn)


class Wasteful(MendedPool):
    connection = FoundPool.connection


class Silencing(MendedPool):
    @contextmanager
    def connection(self):
        conn = self.acquire()
        with suppress(sqlite3.IntegrityError):
            yield conn
        self.release(conn)


class Unchecked(MendedPool):
    tested = FoundPool.tested


class Stumbling(MendedPool):
    def tested(self, conn):
        try:
            conn.execute("SELECT 1")
        except sqlite3.Error:
            self.throw_away(conn)
            raise
        return conn


class Unmoved(MendedPool):
    def tested(self, conn):
        with suppress(sqlite3.Error):
            conn.execute("SELECT 1")
        return conn


class Forgetful(MendedPool):
    def release(self, conn):
        CleanPool.release(self, conn)


class Brutal(MendedPool):
    def tested(self, conn):
        self.out = super().tested(conn)
        return self.out

    def close_all(self):
        super().close_all()
        self.out.close()


class Converting(MendedPool):
    def throw_away(self, conn):
        try:
            super().throw_away(conn)
        except KeyboardInterrupt:
            raise RuntimeError("interrupted") from None


class Rewording(MendedPool):
    @contextmanager
    def connection(self):
        conn = self.acquire()
        try:
            yield conn
        except sqlite3.IntegrityError:
            raise sqlite3.OperationalError("the users are not as they should be") from None
        finally:
            self.release(conn)


# --- claims about proofs

WORLD: dict[type, str] = {
    MendedPool: "our mended pool",
    ConnectionPool: "poolkit's pool",
    Unshelved: "a pool whose first connections are never put on the shelf",
    Lazy: "a pool that opens nothing ahead",
    Hiding: "a pool with a bare `except` around its `close()`",
    Respelled: "a pool with a bare `except`, and without the slip below it",
    Converting: "a pool that turns Ctrl-C into RuntimeError",
    Unclean: "a pool that lends open transactions",
    Committing: "a pool that commits what comes back",
    Wasteful: "a pool that throws a connection away for an IntegrityError",
    Silencing: "a pool that swallows an IntegrityError",
    Rewording: "a pool that turns an IntegrityError into another one",
    Unchecked: "a pool that lends what died without a look",
    Stumbling: "a pool that gives one borrower the error of what died, and replaces it for the next",
    Unmoved: "a pool that swallows the error of its test, and lends what died",
    Forgetful: "a pool that leaves open what comes back after its end",
    Brutal: "a pool that closes what is out",
}


def matrix(*names: str) -> Histories:
    """The last claim of an exercise that is a proof: on each pool of the world it does as ours."""

    def try_proof(proof_class: type, history: tuple[str, type]) -> Iterator[Seen]:
        name, pool_class = history
        error = said_of(proof_class, name, pool_class)
        told = f"fails: {complaint(error)}" if error is not None else "passes"
        yield Seen("the proof", error is None, told)

    worlds = (
        [one for one in WORLD if one not in (Unshelved, Lazy)] if "interrupted" in names else WORLD
    )
    return Histories(
        "On every pool that we have, right or wrong in one way, it passes or fails as it should.",
        inputs=lambda: [(name, pool_class) for pool_class in worlds for name in names],
        play=try_proof,
        tell=lambda history: f"`{history[0]}` on {WORLD[history[1]]}",
    )


RIGHT = (MendedPool, ConnectionPool)


def said_of(proof_class: type, name: str, pool_class: type) -> BaseException | None:
    """What a proof raises on the bench of this pool class; None if it passes."""
    with bench(pool_class) as tried:
        try:
            getattr(proof_class(), name)(tried)
        except (SystemExit, Ended, NoInput):
            raise
        except BaseException as error:  # also what `pytest.raises` raises
            return error
    return None


def passes(proof_class: type, *names: str) -> None:
    """Assert that these proofs pass on pools that are right."""
    for pool_class in RIGHT:
        for name in names:
            error = said_of(proof_class, name, pool_class)
            if error is not None and not isinstance(error, AssertionError):
                raise error
            assert error is None, because("fails the right", name=name, error=complaint(error))


def complaint(error: BaseException) -> str:
    """What an exception says, and at which line of the learner's."""
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    line = their_line(error.__traceback__)
    return said if line is None else f"{said}, at your {line}"


def fails(proof_class: type, name: str, pool_class: type, key: str) -> None:
    """Assert that a proof fails on a pool that is wrong."""
    assert said_of(proof_class, name, pool_class) is not None, key


def fails_as_found(proof_class: type, name: str, pool_class: type, key: str) -> None:
    """Assert that a proof fails on a pool with one of the faults found, and on the found pool."""
    fails(proof_class, name, pool_class, key)
    fails(proof_class, name, FoundPool, key)


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
    after="Both proofs fail on the found pool. Now you may change it.",
)  # fmt: skip


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
    after="The player needed no luck: it found the order that breaks it, and will find it again tomorrow.",
)  # fmt: skip


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
    after="Each of the two also fails on a pool that was mended only where it shows. Such pools are the usual answer to a bug report.",
)  # fmt: skip


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
    after="Seven of the faults, and for each a proof that will still be there when somebody changes the pool next year.",
)  # fmt: skip


# --- review.mend_start

STILL = "{story} {advice}"


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
    """Ctrl-C and the errors of a bug go on to the caller."""

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
        "`self.idle` is a queue: `put` lays something on it. In `throw_away` free the place first, then close. Catch only `sqlite3.Error`, and only around the line that can raise it.",
        "Fill in the blanks.\n\nfor _ in range(count):\n    self.idle.____(____)\n\nself.open -= 1\ntry:\n    conn.close()\nexcept ____:\n    pass",
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
    after="A slip of the pen was in there since the first day. Nothing but the `except` kept it from being found in the first minute.",
)  # fmt: skip


# --- review.mend_wait


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
        raise AssertionError("another error") from None


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
        "beyond the cap": "The only connection was out, and the next borrower got one all the same.",
        "not handed on": "Ben gave his connection back, and ann, who waited, got another one.",
        "no lock": "Two came at once to a pool of one, and two connections were opened.",
        "waits beside a free place": "One lay idle and there was room for a second. Ann saw the idle one, ben took it, and ann waited in vain although she could have opened another.",
        "stands still": STILL,
    },
    after="The decision is made under the lock, and the wait is outside it. Opening is still inside; the end of the lesson comes back to that.",
)  # fmt: skip


# --- review.mend_return


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


def rows(conn: sqlite3.Connection) -> int:
    """How many users there are."""
    return conn.execute("SELECT count(*) FROM users").fetchone()[0]


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
    after="The pool no longer guesses from the error how the connection is. It asks the connection.",
)  # fmt: skip


# --- review.mend_end


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
        "no longer kept": "The pool is open, a connection came back, and does not lie on the shelf.",
        "no longer clean": "The pool is open, a connection came back with an open transaction, and was not rolled back.",
        "stands still": STILL,
    },
    after="Seven faults, seven proofs, seven mends.",
)  # fmt: skip

exercises = (
    prove_start,
    mend_start,
    prove_wait,
    mend_wait,
    prove_return,
    mend_return,
    prove_end,
    mend_end,
)


# --- beside each other


class Slow(Bench):
    """A bench whose connections take four seconds to open, once `slow` is set."""

    slow = False

    def connect(self):
        if self.slow:
            time.sleep(4)
        return super().connect()


def slow_connect(pool_class: type) -> bool:
    """Whether somebody can give back while another thread opens a connection."""

    def setup(bench, pool):
        lent, bench.slow = pool.acquire(), True
        return lent

    def ann(bench, pool, lent):
        pool.acquire()

    def ben(bench, pool, lent):
        time.sleep(1)
        began = time.monotonic()
        pool.release(lent)
        assert time.monotonic() == began

    return holds(pool_class, setup, ann, ben, most=2)


def freed_place(pool_class: type) -> bool:
    """Whether who waits gets the place of a connection that came back broken."""

    def setup(bench, pool):
        return pool.acquire()

    def ann(bench, pool, lent):
        pool.acquire()

    def ben(bench, pool, lent):
        time.sleep(1)
        lent.close()
        pool.release(lent)

    return holds(pool_class, setup, ann, ben, most=1)


def holds(pool_class: type, *scene: Callable, **pool: object) -> bool:
    try:
        on_stage(pool_class, *scene, bench_class=Slow, least=0, **pool)
    except (AssertionError, TimeoutError, sqlite3.Error):
        return False
    return True


def laid_beside(proofs: Iterable[type], pools: dict[str, type]) -> Iterator[str]:
    """Try every proof on every pool: a line for the head, then one for each proof."""
    yield " " * 34 + "".join(f"{name:>9}" for name in pools)
    for name, kept in _tried(proofs, pools.values()):
        yield f"{name:34}" + "".join(f"{'✓' if one else '✗':>9}" for one in kept)


def _tried(proofs: Iterable[type], pools: Iterable[type]) -> Iterator[tuple[str, list[bool]]]:
    pools = list(pools)
    for proof in proofs:
        if issubclass(proof, WaitScene):
            yield "ann, ben", [play_proof(proof(), pool).ok for pool in pools]
            continue
        for name in NAMES[proof.__name__]:
            owner = FirstProof if name == "prefilled" else proof
            yield name, [said_of(owner, name, pool) is None for pool in pools]
    yield "a slow connect holds up nobody", [slow_connect(pool) for pool in pools]
    yield "a freed place goes to who waits", [freed_place(pool) for pool in pools]


NAMES = {one.answer.__name__: one.parts for one in exercises}
NAMES["StartProof"] = ("prefilled", "interrupted")


# --- predictions

predictions = (
    Prediction(
        id="review.start",
        question="(1) A found pool that opens two ahead, and may open two in all (`least=2, most=2`): what does the first borrower get? (2) One that opens none ahead: two blocks end with an IntegrityError each. What does the third borrower get?",
        places={
            "prefilled": ("a connection", "TimeoutError"),
            "after_errors": ("a connection", "TimeoutError"),
        },
        sample={"prefilled": "a connection", "after_errors": "a connection", "sure": 65},
        explanations=(
            (
                {"prefilled": "a connection"},
                "Two were opened ahead, so one expects to get one of them. The demo opened none ahead, and nobody noticed.",
            ),
            (
                {"after_errors": "a connection"},
                "Both connections were closed, so one expects that there is room. Read the line below `conn.close()` once more.",
            ),
        ),
        why="(1) `fill` drops what it opens: both places are taken, and nothing lies on the shelf. (2) `throw_away` subtracts from `self.opened`; there is no such attribute, the count is called `self.open`. `except: pass` swallows the AttributeError, and no place is ever free again. Two faults, one face: a TimeoutError, far from its cause. Whoever gets the report will ask for a larger pool.",
    ),
    Prediction(
        id="review.wait",
        question="The only connection is out. Ann waits for it, five seconds at most. After one second ben gives it back. What does ann get, and how many seconds does ben stand in `release`?",
        places={"ann": ("the connection", "TimeoutError"), "ben_stands": int},
        sample={"ann": "the connection", "ben_stands": 0, "sure": 80},
        explanations=(
            (
                {"ann": "the connection"},
                "Ann waits inside `with self.lock`. Ben's `release` needs that lock to put the connection on the shelf. He can put it there when she has given up.",
            ),
            (
                {"ben_stands": 0},
                "Giving back ought to be the quickest thing in the world. But ann holds the lock that `release` wants, and sleeps.",
            ),
            (
                {"ben_stands": 5},
                "He came a second after her: of her five seconds four were left.",
            ),
        ),
        why="In the demo five threads shared eight places: nobody ever had to wait. The first real rush is the first test of this line.",
    ),
    Prediction(
        id="review.back",
        question="(1) Ann writes a row, forgets to commit and gives back. Ben borrows, writes a row and commits. How many rows are stored? (2) In a pool with room for many, five blocks one after the other run into an IntegrityError. How many connections does the pool open for them?",
        places={"stored": int, "opened": int},
        sample={"stored": 1, "opened": 1, "sure": 60},
        explanations=(
            (
                {"stored": 1},
                "Ann never committed, so one expects her row to be gone. But a transaction belongs to the connection, not to its borrower, and the connection was never asked.",
            ),
            (
                {"opened": 1},
                "One sound connection could have served all five. After any exception in its block this pool throws it away.",
            ),
            ({"opened": 0}, "Somebody has to open the first one."),
        ),
        why="(1) `release` lays the connection down with ann's transaction open; ben's row joins it, and his commit stores both. (2) An e-mail that is there already says nothing against the connection, and each time it is thrown away. It keeps what it should clean, and throws away what it should keep.",
    ),
    Prediction(
        id="review.end",
        question="(1) A pool of one. Its connection died on the shelf: the server hung up. What does the next borrower get, and what the one after? (2) One connection is out when `close_all()` is called, and comes back afterwards. Is it closed then?",
        places={
            "next": ("a connection", "an error"),
            "after_next": ("a connection", "an error", "TimeoutError"),
            "closed": bool,
        },
        sample={"next": "an error", "after_next": "a connection", "closed": True, "sure": 55},
        explanations=(
            (
                {"next": "a connection"},
                "A pool that tests before it lends ought to lend something that works. This one tests, and that is all.",
            ),
            (
                {"after_next": "a connection"},
                "The only place is taken by a connection that does not exist any more: nobody took it out of the count.",
            ),
            (
                {"after_next": "an error"},
                "The dead one is gone from the shelf: it can do no more harm to anybody. Its place went with it.",
            ),
            (
                {"closed": True},
                "It came back, so one expects the pool to see to it. `release` lays it on a shelf that nobody will look at again.",
            ),
        ),
        why="(1) `tested` notices, and raises: the borrower has the pool's problem. The dead one left the shelf and not the count, so that its place is gone. (2) `close_all` empties the shelf and forgets that it was called. To look is not enough: whoever checks needs an answer for the case that the check fails.",
    ),
)  # fmt: skip

explanations = (
    Explanation(
        id="review.symptom",
        question="Somebody reports TimeoutErrors, and a colleague mends it by setting `patience=60`. What do you say?",
        points=(
            "The time-out is where it shows, not where it is: a lost place, or a lock that is held, is still lost or held after sixty seconds.",
            "Write a check that fails because of the fault itself; then try it on the mended pool, and on one that was mended only where it shows.",
            "Who waits ten times as long without getting anything has a worse pool, and the next review has less to go by.",
        ),
        sample="A longer wait hides the symptom, the connections are still lost or locked; first prove where they go with a check that fails, then mend that.",
    ),
)
