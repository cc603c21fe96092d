"""workload.finally: a connection comes back however the work ends."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from poolkit import ConnectionConfig, ConnectionPool, PoolClosed, PoolTimeout
from poolkit.course.exercises import Exercise, assume, because, same
from poolkit.course.guard import Ended, NoInput
from poolkit.course.histories import Histories, Seen
from poolkit.course.lessons.workload.given import (
    ENDS,
    TABLE,
    count,
    is_open,
    out,
    outcome,
    small_pool,
    times,
)
from poolkit.course.shown import short
from poolkit.course.slips import slip


def borrow_for(pool, work):
    """Call `work(conn)` once with a connection borrowed from the pool, and return what it returns.

    The connection is given back when the work is done, whatever happens, Ctrl-C included, and
    stays open. An exception of the work goes on its way as it is; nothing is committed after it.
    An exception of the pool that has nothing to lend, such as PoolTimeout, goes on its way, too:
    then there is nothing to give back.
    """
    conn = pool.acquire()
    try:
        return work(conn)
    finally:
        pool.release(conn)


# --- what it promises


def seven(conn):
    """Work that returns 7."""
    return conn.execute("SELECT 7").fetchone()[0]


def hands_over_and_returns(borrow):
    """The work gets a connection, and what it returns is returned."""
    with small_pool() as pool:
        got = borrow(pool, seven)
        assert same(got, 7), because("result lost", got=got)


def gives_back(borrow):
    """The work is done once; then, and not before, the connection is back, and open."""
    with small_pool() as pool:
        during, lent = [], []

        def work(conn):
            during.append(out(pool))
            lent.append(conn)

        borrow(pool, work)
        assert len(during) == 1, because(
            "not called once", calls=times(len(during)), how="went well"
        )
        assert during == [1], because("too early", out=during[0])
        assert out(pool) == 0, "never given back"
        assert is_open(lent[0]), "gave back a closed one"


def gives_back_after_an_error(borrow):
    """Work that raised is not done again: the connection is back, and nothing is committed."""
    with small_pool() as pool:
        calls = []

        def work(conn):
            calls.append(conn)
            with conn:
                conn.execute(TABLE)
            conn.execute("INSERT INTO events (label) VALUES ('half')")
            conn.execute("INSERT INTO no_such_table VALUES (1)")

        outcome(borrow, pool, work)
        assume(calls)
        assert out(pool) == 0, "leaks on error"
        assert len(calls) == 1, because("not called once", calls=times(len(calls)), how="failed")
        conn = calls[0]
        assert not is_open(conn) or conn.in_transaction or count(conn) == 0, "commits a half"


def lets_errors_through(borrow):
    """What the work raised goes on its way as it is."""
    with small_pool() as pool:
        thrown, calls = ValueError("from the work"), []

        def work(conn):
            calls.append(conn)
            raise thrown

        came = outcome(borrow, pool, work)
        assume(calls)
        assert came is not None, "swallowed"
        assert came is thrown, because("changed the error", came=came)


def gives_back_when_interrupted(borrow):
    """It is back when somebody presses Ctrl-C in the middle, too."""
    with small_pool() as pool:
        calls = []

        def work(conn):
            calls.append(conn)
            raise KeyboardInterrupt

        outcome(borrow, pool, work)
        assume(calls)
        assert out(pool) == 0, "leaks on Ctrl-C"


def lets_the_pool_refuse(borrow):
    """If the pool has nothing to lend, its PoolTimeout goes on its way."""
    with small_pool() as pool:
        calls: list = []
        outcome(borrow, pool, calls.append)
        assume(calls and not out(pool))
        taken = pool.acquire()
        with closed_in_the_end(pool):
            came = outcome(borrow, pool, lambda conn: None)
        pool.release(taken)
        assert came is not None, "no PoolTimeout"
        assert not isinstance(came, PoolClosed), "waits for ever"
        assert isinstance(came, PoolTimeout), because("hides PoolTimeout", came=type(came).__name__)


@contextmanager
def closed_in_the_end(pool: ConnectionPool) -> Iterator[None]:
    """Close the pool if the block takes long: that wakes whoever waits there without a limit."""
    timer = threading.Timer(1.2, pool.close_all)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


# --- every short history of work


class Nothing:
    """A result of which nothing is known but which one it is; false, where it is asked."""

    def __bool__(self) -> bool:
        return False


RESULTS = (7, None, 0, False, "", [], (), {}, -1.5, ValueError("returned, not raised"), Nothing())
INSERT = "INSERT INTO events (label) VALUES ('login')"
DOINGS: dict[str, Callable] = {
    "does nothing": lambda conn: None,
    "inserts a row": lambda conn: conn.execute(INSERT),
    "inserts a row and commits": lambda conn: (conn.execute(INSERT), conn.commit()),
    "inserts a row and rolls back": lambda conn: (conn.execute(INSERT), conn.rollback()),
}
REFUSALS = ("lent all it has", "is closed", "cannot connect")


@dataclass(frozen=True)
class Work:
    """One piece of work: what it does, what it returns (a place in RESULTS) or raises."""

    does: str = "does nothing"
    returns: int = 0
    raises: type[BaseException] | None = None

    def __str__(self) -> str:
        if self.raises:
            end = f"raises {self.raises.__name__}"
        else:
            result = RESULTS[self.returns]
            known = not isinstance(result, Nothing)
            end = f"returns {result!r}" if known else "returns an object that is false"
        return f"{self.does} and {end}"


History = tuple[str, tuple[Work, ...]]


def histories() -> Iterator[History]:
    """All short histories: (how the pieces of work stand to one another, the pieces)."""
    yield from (("alone", (Work(returns=n),)) for n in range(len(RESULTS)))
    ends = (*ENDS, PoolTimeout, StopIteration, AssertionError)
    yield from (("alone", (Work(does, raises=end),)) for does in DOINGS for end in ends)
    yield from (("alone", (Work(does),)) for does in DOINGS)
    yield from ((refusal, (Work(),)) for refusal in REFUSALS)
    some = (Work("inserts a row"), Work(returns=1), Work("inserts a row", raises=KeyboardInterrupt))
    for order in ("then", "inside", "of another pool inside"):
        yield from ((order, (one, other)) for one in some for other in some)


def tell(history: History) -> str:
    """A history in words."""
    order, works = history
    if order in REFUSALS:
        return f"The pool {order}"
    if order == "alone":
        return f"The work {works[0]}"
    if order == "then":
        return f"The work {works[0]}; then the next {works[1]}"
    return f"The work calls your function for other work{order[2:-7]}, which {works[1]}, then {works[0]}"


def play(borrow: Callable, history: History) -> Iterator[Seen]:
    """What came out, how often the work was called and with what, and what is then in the pool."""
    order, works = history
    with big_pool() as (pool, opened), big_pool() as (other, opened_there):
        if order in REFUSALS:
            yield from refused(borrow, order)
        elif order in ("alone", "then"):
            for work in works:
                yield from piece(borrow, pool, opened, work)
        else:
            outer, inner = works
            elsewhere = order != "inside"
            there = (other, opened_there) if elsewhere else (pool, opened)
            nested: list[Seen] = []
            at_once = 1 if elsewhere else 2
            rest = lambda: nested.extend(piece(borrow, *there, inner, at_once))  # noqa: E731
            yield from piece(borrow, pool, opened, outer, 1, rest)
            yield from nested
        for name, one in (("the pool", pool), ("the other pool", other)):
            yield Seen(f"in the end {name} has lent", out(one))


@contextmanager
def big_pool() -> Iterator[tuple[ConnectionPool, list]]:
    """A pool of three connections, each with its own table, and the list of those it opened."""
    opened: list = []

    def connect():
        conn = sqlite3.connect(":memory:", check_same_thread=False)
        conn.execute(TABLE)
        opened.append(conn)
        return conn

    config = ConnectionConfig(pool_size=3, max_connections=3, acquire_timeout=0)
    with ExitStack() as stack:
        stack.callback(lambda: [conn.close() for conn in opened])
        yield stack.enter_context(ConnectionPool(config, connect=connect)), opened


def piece(
    borrow: Callable, pool, opened: list, work: Work, at_once: int = 1, rest=lambda: None
) -> list[Seen]:
    """One piece of work, and what is seen of it; `rest` is done in the midst of it."""
    during: list[Seen] = []
    planned = work.raises("planned") if work.raises else None
    calls: list[tuple] = []  # of each call, the connection and how many rows it had

    def done(conn):
        lent = out(pool)
        during.append(Seen("during the work the pool has lent", lent == at_once, str(lent)))
        known = any(conn is one for one in opened) and is_open(conn)
        word = "an open connection of the pool" if known else "something else"
        during.append(Seen("the work gets", word, word))
        calls.append((conn, count(conn)) if known else (None, 0))
        if known:
            DOINGS[work.does](conn)
        rest()
        if planned is not None:
            raise planned
        return RESULTS[work.returns]

    end = came(borrow, pool, done, planned, RESULTS[work.returns])
    seen = [Seen("the work was called", len(calls), times(len(calls))), end, *during]
    return [*seen, *afterwards(*calls[0], work)] if calls else seen


def afterwards(conn: sqlite3.Connection | None, before: int, work: Work) -> Iterator[Seen]:
    """Whether the connection is open, and what is committed; for the latter it has to be."""
    if conn is None:
        return
    yield Seen("its connection is then", is_open(conn), "open" if is_open(conn) else "closed")
    if is_open(conn) and (work.raises or work.does != "inserts a row"):
        conn.rollback()  # whether a good end commits is left to the learner
        yield Seen("of its rows are committed", count(conn) - before)


def came(borrow: Callable, pool, work: Callable, planned, result: object) -> Seen:
    """What the caller gets."""
    try:
        got = borrow(pool, work)
    except (Ended, NoInput):
        raise
    except BaseException as error:
        word = "what the work raised" if error is planned else type(error).__name__
        return Seen("out comes", word, word)
    if got is result and planned is None:
        return Seen("it returns", "the result of the work", "the result of the work")
    return Seen("it returns", "something else", f"another object, {short(got)}")


def refused(borrow: Callable, why: str) -> Iterator[Seen]:
    """A pool that has nothing to lend: what comes out, and whether the work was called."""
    called: list = []
    with small_pool() as pool, ExitStack() as stack:
        if why == "is closed":
            pool.close_all()
        elif why == "lent all it has":
            stack.callback(pool.release, pool.acquire())
        else:
            config = ConnectionConfig(max_retries=1)
            pool = stack.enter_context(ConnectionPool(config, connect=unreachable))
        with closed_in_the_end(pool):
            error = outcome(borrow, pool, called.append)
        name = type(error).__name__ if error else "nothing"
        yield Seen("out comes", name, name)
        yield Seen("the work was called", len(called), times(len(called)))


def unreachable():
    """A database that is not there."""
    raise sqlite3.OperationalError("unable to open database file")


exercise = Exercise(
    id="workload.finally",
    title="Give back, whatever happens",
    answer=borrow_for,
    claims=(
        hands_over_and_returns,
        gives_back,
        gives_back_after_an_error,
        lets_errors_through,
        gives_back_when_interrupted,
        lets_the_pool_refuse,
        Histories(
            "However the work ends, alone or with other work, it borrows, gives back and returns as the text says.",
            inputs=histories,
            play=play,
            tell=tell,
        ),
    ),
    hints=(
        "Which statement runs when a block ends well, when it raises, and when it returns?",
        "`try: … finally: …`. The work goes into `try`, `release` into `finally`. And `acquire`? If it fails, there is nothing to give back.",
        "Fill in the two blanks.\n\nconn = pool.acquire()\ntry:\n    return ____\nfinally:\n    ____",
    ),
    tellings={
        "result lost": "The work returned 7 and your function returned {got}.",
        "not called once": "The work {how:plain}, and it was called {calls:plain}. Call it once: who borrows decides whether to try again.",
        "too early": "While the work was at it, the pool had not one connection lent, but {out}.",
        "gave back a closed one": "After your function the connection that was lent is closed: no borrower can use it again.",
        "commits a half": "The work inserted a row and then raised, and the row is committed.",
        "never given back": "All went well, and the connection is still out.",
        "leaks on error": "The work raised, and the connection is still out.",
        "swallowed": "The work raised ValueError, and nobody heard of it.",
        "changed the error": "The work raised a ValueError, and what came out was another exception, {came}. Whoever called you wants to know what really happened.",
        "leaks on Ctrl-C": "Somebody pressed Ctrl-C during the work, and the connection is still out.",
        "hides PoolTimeout": "The pool had nothing to lend. Instead of its PoolTimeout came {came:plain}.",
        "waits for ever": "The pool had nothing to lend, and its config says to wait for nobody. Your function waited until the pool was closed. Often `timeout=None` is the reason, which means without end.",
        "no PoolTimeout": "The pool had nothing to lend, and your function returned as if the work had been done.",
    },
    slips=(
        slip(
            "result lost",
            "Return what `work(conn)` gives.",
            breaks="hands_over_and_returns",
            edit="""
-        return work(conn)
+        work(conn)
""",
        ),
        slip(
            "raised ValueError",
            "It is given back twice: at the good end `finally` runs, too.",
            breaks="hands_over_and_returns",
            edit="""
-        return work(conn)
+        result = work(conn)
+        pool.release(conn)
+        return result
""",
        ),
        slip(
            "never given back",
            "Nothing below a `return` runs, unless it stands in `finally`.",
            breaks="gives_back gives_back_after_an_error gives_back_when_interrupted",
            edit="""
-    try:
-        return work(conn)
-    finally:
-        pool.release(conn)
+    return work(conn)
+    pool.release(conn)
""",
        ),
        slip(
            "never given back",
            "Closing a connection does not give it back: only `pool.release(conn)` does.",
            breaks="gives_back gives_back_after_an_error gives_back_when_interrupted",
            edit="""
-        pool.release(conn)
+        conn.close()
""",
        ),
        slip(
            "too early",
            "Given back before the work begins, it may be lent to somebody else in the midst of it.",
            breaks="gives_back",
            edit="""
-    try:
-        return work(conn)
-    finally:
-        pool.release(conn)
+    pool.release(conn)
+    return work(conn)
""",
        ),
        slip(
            "gave back a closed one",
            "Giving back is enough: its owner closes it.",
            breaks="gives_back",
            edit="""
     finally:
+        conn.close()
""",
        ),
        slip(
            "not called once",
            "One call is there for its result, and another beside it.",
            breaks="gives_back",
            edit="""
     try:
+        work(conn)
         return work(conn)
""",
        ),
        slip(
            "not called once",
            breaks="gives_back_after_an_error",
            edit="""
-        return work(conn)
+        try:
+            return work(conn)
+        except sqlite3.Error:
+            return work(conn)
""",
        ),
        slip(
            "leaks on error",
            "An exception leaves the function at once and skips the lines below. What stands in `finally` is not skipped.",
            breaks="gives_back_after_an_error gives_back_when_interrupted",
            edit="""
-    try:
-        return work(conn)
-    finally:
-        pool.release(conn)
+    result = work(conn)
+    pool.release(conn)
+    return result
""",
        ),
        slip(
            "commits a half",
            "Whether to commit is for the work to say. After an exception, leave what it began to the pool, which rolls it back.",
            breaks="gives_back_after_an_error",
            edit="""
     finally:
+        conn.commit()
""",
        ),
        slip(
            "swallowed",
            "A `return` inside `finally` throws the exception away.",
            breaks="lets_errors_through",
            edit="""
-    conn = pool.acquire()
+    result = None
+    conn = pool.acquire()
...
-        return work(conn)
+        result = work(conn)
...
         pool.release(conn)
+        return result
""",
        ),
        slip(
            "swallowed",
            "The `except` ends quietly: let the exception go on, `finally` gives back all the same.",
            breaks="lets_errors_through",
            edit="""
         return work(conn)
+    except Exception as error:
+        print(error)
""",
        ),
        slip(
            "changed the error",
            "It was given back twice: once where it failed, and once more at the end.",
            breaks="lets_errors_through",
            edit="""
         return work(conn)
+    except Exception:
+        pool.release(conn)
+        raise
""",
        ),
        slip(
            "changed the error",
            breaks="lets_errors_through",
            edit="""
         return work(conn)
+    except Exception as error:
+        raise RuntimeError("the work failed") from error
""",
        ),
        slip(
            "leaks on Ctrl-C",
            "KeyboardInterrupt is no `Exception`, so that `except Exception` lets it pass; `finally` sees everything.",
            breaks="gives_back_when_interrupted",
            edit="""
-        return work(conn)
-    finally:
+        result = work(conn)
+    except Exception:
         pool.release(conn)
+        raise
+    pool.release(conn)
+    return result
""",
        ),
        slip(
            "hides PoolTimeout",
            "With `acquire` inside the `try`, `finally` gives back what was never borrowed: put it before the `try`.",
            breaks="lets_the_pool_refuse",
            edit="""
-    conn = pool.acquire()
     try:
+        conn = pool.acquire()
""",
        ),
        slip(
            "no PoolTimeout",
            "Let its PoolTimeout go on its way.",
            breaks="lets_the_pool_refuse",
            edit="""
-    conn = pool.acquire()
+    try:
+        conn = pool.acquire()
+    except PoolTimeout:
+        return None
""",
        ),
        slip(
            "another history",
            "A result that counts as false is a result, too.",
            edit="""
-        return work(conn)
+        result = work(conn)
+        if result:
+            return result
""",
        ),
        slip(
            "another history",
            "Ctrl-C is an exception that others wait for, too: let it go on its way.",
            edit="""
         return work(conn)
+    except KeyboardInterrupt:
+        print("stopped")
""",
        ),
    ),
    after="Python has a shorter way to write these lines: `with`. Lesson 07 builds it.",
)
