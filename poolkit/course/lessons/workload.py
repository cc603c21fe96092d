"""Lesson 05, workload: insert, commit, give back; and count what was really inserted."""

from __future__ import annotations

import inspect
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from poolkit import ConnectionConfig, ConnectionPool, PoolTimeout
from poolkit.course.exercises import Exercise, because, expect, same
from poolkit.course.helping import Explanation
from poolkit.course.predicting import Prediction

TABLE = "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, label TEXT NOT NULL)"


def open_events(folder: str, name: str) -> sqlite3.Connection:
    """Open a database file in the folder, and see to it that it has the table `events`."""
    conn = sqlite3.connect(Path(folder) / name)
    conn.execute(TABLE)
    return conn


def count(conn: sqlite3.Connection) -> int:
    """The number of rows in `events`, as this connection sees it."""
    return conn.execute("SELECT count(*) FROM events").fetchone()[0]


def insert_labels(conn, labels):
    """Insert the labels into the table `events`, in one transaction: all of them, or none.

    Commit when all are in. If one is refused, or if `labels` itself raises half-way, roll back and
    let the exception go on its way as it is. The connection is only borrowed: it stays open.
    `labels` may be an iterator, which can be gone through once.

    Return a list of {"id": ..., "label": ...}, in order, of the rows that this call inserted, and
    of no others: the table may hold rows already, and other programs may insert meanwhile.
    """
    rows = []
    with conn:
        for label in labels:
            cursor = conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
            rows.append({"id": cursor.lastrowid, "label": label})
    return rows


def borrow_for(pool, work):
    """Call `work(conn)` with a connection borrowed from the pool, and return what it returns.

    The connection is given back when the work is done, whatever happens. An exception of the work
    goes on its way as it is. So does the PoolTimeout of a pool that has nothing to lend: then there
    is nothing to give back.
    """
    conn = pool.acquire()
    try:
        return work(conn)
    finally:
        pool.release(conn)


def finds_leaks(store, pool):
    """Raise AssertionError if `store(pool, labels)` does not give its connection back.

    Try it twice: with ["login"], which goes well, and with [None], which every store refuses with
    an exception. That exception is no fault of the store's. The pool lends one connection at most.
    """
    for labels in (["login"], [None]):
        try:
            store(pool, labels)
        except Exception:
            pass
        if pool.stats()["in_use"] > 0:
            raise AssertionError(f"{labels} went in, and the connection did not come back")


# --- workload.insert


@contextmanager
def neighbours(*labels: str) -> Iterator[tuple[sqlite3.Connection, sqlite3.Connection]]:
    """Two connections to one file whose table holds these labels; the second never waits."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        closing(open_events(folder, "events.db")) as conn,
        closing(sqlite3.connect(Path(folder) / "events.db", timeout=0)) as other,
    ):
        for one in (conn, other):
            one.execute("PRAGMA synchronous = OFF")  # nobody needs these files after a crash
        conn.executemany("INSERT INTO events (label) VALUES (?)", [(label,) for label in labels])
        conn.commit()
        yield conn, other


def stored(conn: sqlite3.Connection) -> list[str] | None:
    """The labels in the table, as this connection sees them; None while another locks it."""
    try:
        return [label for (label,) in conn.execute("SELECT label FROM events ORDER BY id")]
    except sqlite3.OperationalError:
        return None


def is_open(conn: sqlite3.Connection) -> bool:
    """Whether nobody has closed the connection."""
    try:
        conn.in_transaction
    except sqlite3.ProgrammingError:
        return False
    return True


def stores_each_label(insert):
    """Every label is in the table afterwards, where others see it too."""
    with neighbours() as (conn, other):
        try:
            came = insert(conn, ["login", "logout", "login"])
        except sqlite3.ProgrammingError as error:
            if "bindings" in str(error):  # five letters for one `?`
                raise AssertionError("no tuple") from None
            raise
        assert not inspect.isgenerator(came), "generator"
        assert is_open(conn), "closed it"
        got = stored(other)
        assert got or not conn.in_transaction, "not committed"
        assert same(got, ["login", "logout", "login"]), because("not stored", got=got)


def takes_any_text(insert):
    """A label may hold anything: quotes, brackets, SQL."""
    for label in ("customer's address", 'a "new" one', "x'), ('y", "two\0parts", " two words ", ""):
        with neighbours() as (conn, other):
            try:
                insert(conn, [label])
            except sqlite3.Error as error:
                raise AssertionError(
                    because("pasted", label=label, came=type(error).__name__)
                ) from None
            got = stored(other)
            harmless = not set(label) & set("'\"\0")
            key = "altered" if harmless else "pasted"
            assert same(got, [label]), because(key, label=label, came=got)


def all_or_none(insert):
    """If one label is refused, none stays, and the exception goes on its way."""
    with neighbours("old") as (conn, other):
        seen = []
        conn.set_trace_callback(lambda _sql: seen.append(stored(other)))
        raised = outcome(insert, conn, ["login", None])
        conn.set_trace_callback(None)
        got = stored(other)
        what = "The second label was refused"
        assert not conn.in_transaction, "left open"
        assert same(got, ["old"]), because("half stays", what=what, got=got)
        assert raised is not None, because("swallowed", what=what)
        hidden = not isinstance(raised, sqlite3.Error) and isinstance(
            raised.__context__, sqlite3.Error
        )
        assert not hidden, because("changed the error", came=type(raised).__name__)
        early = [labels for labels in seen if labels not in (None, ["old"])]
        assert not early, because("half seen", seen=(early or [None])[0])


def rolls_back_when_the_labels_fail(insert):
    """If the labels themselves fail half-way, none stays either."""
    with neighbours("old") as (conn, other):
        unreadable = OSError("the disk with the labels is gone")

        def labels():
            yield "login"
            raise unreadable

        raised = outcome(insert, conn, labels())
        if raised is not None and unreadable not in (raised, raised.__context__):
            raise raised  # a slip of another kind: its line says more than we could
        got = stored(other)
        what = "The iterator raised after its first label"
        assert not conn.in_transaction, "draft left open"
        assert same(got, ["old"]), because("half stays", what=what, got=got)
        assert raised is not None, because("swallowed", what=what)
        came = type(raised).__name__
        assert raised is unreadable, because("changed the error", came=came)


def returns_what_it_inserted(insert):
    """It returns the id and the label of each row that it inserted, and of no other."""
    with neighbours("gone", "login", "older") as (conn, _):
        with conn:
            conn.execute("DELETE FROM events WHERE id = 1")
        got = insert(conn, ["login", "logout"])
        expect(got, list, 'insert_labels(conn, ["login", "logout"])')
        assert len(got) != 4, because("found, not inserted", got=len(got))
        for row in got:
            keys = sorted(map(str, row)) if isinstance(row, dict) else type(row).__name__
            assert keys == ["id", "label"], because("other shape", keys=keys)
        pairs = [(row["id"], row["label"]) for row in got]
        assert same(pairs, [(4, "login"), (5, "logout")]), because("wrong rows", got=pairs)


def goes_through_once(insert):
    """Labels that come from an iterator are all inserted, and all returned; none at all is fine."""
    for labels in (["login", "logout"], []):
        with neighbours() as (conn, other):
            got = insert(conn, (label for label in labels))
            expect(got, list, "insert_labels(conn, an_iterator)")
            seen = stored(other)
            assert same(seen, labels) and len(got) == len(labels), because(
                "gone through twice", want=len(labels), seen=len(seen or ()), got=len(got)
            )


def leaves_out_the_neighbours_row(insert):
    """A row that another program inserts meanwhile is not returned."""
    with neighbours("old") as (conn, other):

        def butt_in(_sql=""):  # before each statement, unless a transaction is under way
            if not conn.in_transaction:
                with suppress(sqlite3.OperationalError):  # whoever holds the lock by now is safe
                    other.execute("INSERT INTO events (label) VALUES ('theirs')")
                    other.commit()
                other.rollback()

        def labels():
            butt_in()
            yield "login"

        conn.set_trace_callback(butt_in)
        got = insert(conn, labels())
        conn.set_trace_callback(None)
        expect(got, list, "insert_labels(conn, an_iterator)")
        pairs = [(row.get("id"), row.get("label")) for row in got if isinstance(row, dict)]
        query = "SELECT id, label FROM events WHERE label = 'login'"
        want = [tuple(row) for row in other.execute(query)]
        wrong = "theirs" in [label for _, label in pairs] or (want and pairs and pairs != want)
        assert not wrong and len(got) == 1, because("took the neighbour's", got=pairs, want=want)


insert_exercise = Exercise(
    id="workload.insert",
    title="Insert all or none, and tell what you inserted",
    answer=insert_labels,
    claims=(
        stores_each_label,
        takes_any_text,
        all_or_none,
        rolls_back_when_the_labels_fail,
        returns_what_it_inserted,
        goes_through_once,
        leaves_out_the_neighbours_row,
    ),
    hints=(
        "Note each row at the moment when you insert it. Afterwards nobody can tell yours from the others.",
        "`cursor = conn.execute(…)` gives a cursor, whose `lastrowid` is the id of the row that went in. `with conn:` around the whole loop commits at a good end and rolls back at a bad one.",
        'Fill in the three blanks.\n\nrows = []\nwith ____:\n    for label in labels:\n        cursor = conn.execute("INSERT INTO events (label) VALUES (____)", (label,))\n        rows.append({"id": ____, "label": label})\nreturn rows',
    ),
    tellings={
        "no tuple": "The INSERT has one `?`, and `login` came as five values. Parameters go in as a tuple or a list; a tuple of one has a comma: `(label,)`. Without it the text is taken letter by letter.",
        "generator": "There is a `yield` in your function, so that calling it runs nothing: its lines wait until somebody asks for the first row. Collect the rows in a list and return it.",
        "closed it": "After your function the connection is closed. It is only borrowed: its owner wants to lend it again. `with conn:` commits and does not close.",
        "not committed": "Three labels went in, and another connection to the same file sees none of them: nothing was committed.",
        "not stored": 'After `insert_labels(conn, ["login", "logout", "login"])` the table holds {got}. Each label wants an INSERT of its own, the second login too.',
        "altered": "The label was {label}, and the table holds {came}. Store each label as it came, spaces and all, an empty one too.",
        "pasted": "The label was {label}, and what came of it was {came}. The label must not become part of the SQL: write `?` in its place and hand the label over beside it.",
        "left open": "The second label was refused, and a transaction is still open: the first label waits in it, and whoever borrows next finds it there. Roll back.",
        "draft left open": "The iterator raised after its first label, and that label is still a draft in an open transaction. Roll back whatever it was that went wrong, not after an sqlite3.Error alone: `with conn:` does.",
        "half stays": "{what:plain}, and the table holds {got}. All or none: commit once, when all are in, and only then.",
        "half seen": "In the end nothing stayed, but on the way another program read {seen}. Whoever commits and then deletes shows a half, and leaves it there if the power fails. Commit once, when all are in.",
        "swallowed": "{what:plain}, and your function returned as if nothing had happened. Roll back, then let the exception go on.",
        "changed the error": "What came out of your function was {came:plain}, and not the exception that went in. Whoever called you wants to know what really happened: `raise` alone passes it on as it is.",
        "found, not inserted": "Two rows were in the table, two more went in, and you returned {got}. A SELECT gives what is there, not what you put there. The cursor of an INSERT knows the id: `cursor.lastrowid`.",
        "other shape": "Each row should be a dictionary with the two keys id and label. One of yours is, or has, this instead: {keys}.",
        "wrong rows": "The table held rows 2 and 3, and a login among them; row 1 was deleted. login and logout went in as 4 and 5. You returned {got}. The id is the table's to give: ask the cursor for its `lastrowid`.",
        "gone through twice": "An iterator gave {want} labels. {seen} are in the table and you returned {got}. An iterator can be gone through once: insert and note in the same loop.",
        "took the neighbour's": "While you inserted one label, another program inserted rows of its own. Yours is {want}, and you returned {got}. A number that is asked for before or after the INSERT may count theirs: note each `cursor.lastrowid`.",
    },
    after="Six lines, and none of them trusts what else may be in the table, or who else may be writing.",
)


# --- workload.finally


@contextmanager
def small_pool() -> Iterator[ConnectionPool]:
    """A pool of one connection that waits for nobody; closed in the end, whoever still has it."""
    config = ConnectionConfig(pool_size=1, max_connections=1, acquire_timeout=0)
    opened = []

    def connect():
        opened.append(sqlite3.connect(":memory:", check_same_thread=False))
        return opened[-1]

    try:
        with ConnectionPool(config, connect=connect) as pool:
            yield pool
    finally:
        for conn in opened:
            conn.close()


def out(pool: ConnectionPool) -> int:
    """How many connections are out."""
    return pool.stats()["in_use"]


def outcome(func: Callable, *args) -> BaseException | None:
    """What the call raised; None if nothing."""
    try:
        func(*args)
    except BaseException as error:
        return error
    return None


def seven(conn):
    """Work that returns 7."""
    return conn.execute("SELECT 7").fetchone()[0]


def hands_over_and_returns(borrow):
    """The work gets a connection, and what it returns is returned."""
    with small_pool() as pool:
        got = borrow(pool, seven)
        assert same(got, 7), because("result lost", got=got)


def gives_back(borrow):
    """When the work is done, the connection is back, and not before."""
    with small_pool() as pool:
        during, lent = [], []

        def work(conn):
            during.append(out(pool))
            lent.append(conn)

        borrow(pool, work)
        assert len(during) == 1, because("not called once", calls=len(during), how="went well")
        assert during == [1], "too early"
        assert out(pool) == 0, "never given back"
        assert is_open(lent[0]), "gave back a closed one"


def gives_back_after_an_error(borrow):
    """It is back when the work has raised, too, and what the work began is not committed."""
    with small_pool() as pool:
        calls = []

        def work(conn):
            calls.append(conn)
            with conn:
                conn.execute(TABLE)
            conn.execute("INSERT INTO events (label) VALUES ('half')")
            conn.execute("INSERT INTO no_such_table VALUES (1)")

        outcome(borrow, pool, work)
        assert out(pool) == 0, "leaks on error"
        assert len(calls) == 1, because("not called once", calls=len(calls), how="failed")
        conn = calls[0]
        assert not is_open(conn) or conn.in_transaction or count(conn) == 0, "commits a half"


def lets_errors_through(borrow):
    """What the work raised goes on its way as it is."""
    with small_pool() as pool:
        thrown = ValueError("from the work")

        def work(conn):
            raise thrown

        came = outcome(borrow, pool, work)
        assert came is not None, "swallowed"
        assert came is thrown, because("changed the error", came=type(came).__name__)


def gives_back_when_interrupted(borrow):
    """It is back when somebody presses Ctrl-C in the middle, too."""
    with small_pool() as pool:

        def work(conn):
            raise KeyboardInterrupt

        outcome(borrow, pool, work)
        assert out(pool) == 0, "leaks on Ctrl-C"


def lets_the_pool_refuse(borrow):
    """If the pool has nothing to lend, its PoolTimeout goes on its way."""
    with small_pool() as pool:
        taken = pool.acquire()
        came = outcome(borrow, pool, lambda conn: None)
        pool.release(taken)
        assert came is not None, "no PoolTimeout"
        assert isinstance(came, PoolTimeout), because("hides PoolTimeout", came=type(came).__name__)


finally_exercise = Exercise(
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
    ),
    hints=(
        "Which statement runs when a block ends well, when it raises, and when it returns?",
        "`try: … finally: …`. The work goes into `try`, `release` into `finally`. And `acquire`? If it fails, there is nothing to give back.",
        "Fill in the two blanks.\n\nconn = pool.acquire()\ntry:\n    return ____\nfinally:\n    ____",
    ),
    tellings={
        "result lost": "The work returned 7 and your function returned {got}: return what `work(conn)` gives.",
        "not called once": "The work {how:plain}, and it was called {calls} times. Call it once: who borrows decides whether to try again.",
        "too early": "While the work was at it, the pool had nothing lent: the connection was given back too early, or was not borrowed from this pool. Somebody else could have got the same one.",
        "gave back a closed one": "After your function the connection that was lent is closed, and the next borrower pays for opening another. Giving back is enough: close neither the connection nor the pool, which is not yours.",
        "commits a half": "The work inserted a row and then raised, and the row is committed. Whether to commit is for the work to say. After an exception, leave what it began to the pool, which rolls it back.",
        "never given back": "All went well, and the connection is still out. Only `pool.release(conn)` gives it back: closing it does not, nor does `with conn:`. And nothing below a `return` runs, unless it stands in `finally`.",
        "leaks on error": "The work raised, and the connection is still out: an exception leaves the function at once and skips the lines below. What stands in `finally` is not skipped.",
        "swallowed": "The work raised ValueError, and nobody heard of it. An `except` that ends quietly, or a `return` inside `finally`, throws an exception away.",
        "changed the error": "The work raised a ValueError, and what came out was another exception, {came:plain}. Whoever called you wants to know what really happened.",
        "leaks on Ctrl-C": "Somebody pressed Ctrl-C during the work, and the connection is still out. KeyboardInterrupt is no `Exception`, so that `except Exception` lets it pass; `finally` sees everything.",
        "hides PoolTimeout": "The pool had nothing to lend. Instead of its PoolTimeout came {came:plain}. With `acquire` inside the `try`, `finally` gives back what was never borrowed: put it before the `try`.",
        "no PoolTimeout": "The pool had nothing to lend, and your function returned as if the work had been done. Let its PoolTimeout go on its way.",
    },
    after="Python has a shorter way to write these lines: `with`. Lesson 07 builds it.",
)


# --- workload.test


def make_store(on_success: bool, on_error: bool, wants_text: bool = False) -> Callable:
    """A workload that gives its connection back, or not, after a good and after a bad end.

    `wants_text`: it looks at the labels itself, and refuses with ValueError what is no text.
    `store.given` and `store.raised` keep what it was called with, and what it raised.
    """

    def store(pool, labels):
        store.given.append(labels)
        conn = pool.acquire()
        try:
            conn.execute(TABLE)
            if wants_text and None in labels:
                raise ValueError("a label is text")
            rows = insert_labels(conn, labels)
        except Exception as error:
            store.raised.append(error)
            if on_error:
                pool.release(conn)
            raise
        if on_success:
            pool.release(conn)
        return rows

    store.given, store.raised = [], []
    return store


def passes_a_good_store(test):
    """It passes on a workload that always gives back, however that refuses a label."""
    for wants_text in (False, True):
        store = make_store(on_success=True, on_error=True, wants_text=wants_text)
        with small_pool() as pool:
            error = verdict(test, store, pool)
            lists = all(isinstance(labels, list | tuple) for labels in store.given)
            assert lists, because("other labels", given=store.given)
            own = any(error is one for one in store.raised)
            assert not own, because("not caught", name=type(error).__name__)
            assert out(pool) == 0, "leaks itself"
            if error is not None and not isinstance(error, AssertionError):
                raise error  # a slip in the test itself: its line says more than we could
            assert error is None, because("fails the good", error=str(error) or "no message")


def verdict(test, store, pool) -> Exception | None:
    """What the learner's test raises on this workload; None if it passes."""
    try:
        test(store, pool)
    except Exception as error:
        return error
    return None


def fails_a_leak_on_error(test):
    """It fails on a workload that gives back only if all goes well."""
    must_fail(test, make_store(on_success=True, on_error=False), "misses the error")


def fails_a_leak_on_success(test):
    """It fails on a workload that gives back only after an error."""
    must_fail(test, make_store(on_success=False, on_error=True), "misses the good end")


def must_fail(test, store, key: str) -> None:
    """Assert that the learner's test fails on this workload, and on purpose."""
    returned = []
    with small_pool() as pool:
        error = verdict(lambda *both: returned.append(test(*both)), store, pool)
    assert error is not None or returned == [None], because("returned", got=returned[0])
    assert error is not None, key
    name = type(error).__name__
    assert isinstance(error, AssertionError), because("fails by accident", name=name)


test_exercise = Exercise(
    id="workload.test",
    title="Write the test that finds a leak",
    answer=finds_leaks,
    claims=(passes_a_good_store, fails_a_leak_on_error, fails_a_leak_on_success),
    hints=(
        "Who knows how many connections are out? Ask it after the store has come to its end, whichever end that was.",
        "Call the store inside `try`, catch what it raises, and look at `pool.stats()[\"in_use\"]` after the `try`. Do that for both kinds of labels.",
        'Fill in the three blanks.\n\nfor labels in (["login"], ____):\n    try:\n        store(pool, labels)\n    except Exception:\n        ____\n    if pool.stats()["in_use"] > 0:\n        raise ____("the connection did not come back")',
    ),
    tellings={
        "other labels": "Your test handed this to the store: {given}. It takes a list of labels, even if there is one: [\"login\"] first, then [None].",
        "not caught": "For [None] the store raised {name:plain}, as it should, and gave its connection back. Your test let that exception out: catch it whatever its kind, then look at the pool.",
        "leaks itself": "The store gave everything back, and after your test a connection is out: your test borrowed it. Give back what you borrow, or look at `pool.stats()[\"in_use\"]` instead.",
        "fails the good": "Your test complains about a workload that always gives back: {error:plain}. After each call nothing is out: compare `pool.stats()[\"in_use\"]` with 0.",
        "returned": "On a workload that leaks, your test returned {got}, and a test that returns has passed. It fails by raising: `assert …`, or `raise AssertionError(…)`.",
        "misses the error": "A workload that leaks whenever an INSERT fails passed your test. Give it [None], catch the exception, and look at the pool after that, outside the `try`.",
        "misses the good end": "A workload that never gives back after a good end passed your test. Look at the pool after [\"login\"] as well.",
        "fails by accident": "On a workload that leaks, your test stops with {name:plain}. Look at the pool after each of the two calls, and raise AssertionError on purpose, so that whoever reads it knows what failed.",
    },
    after="The day somebody moves a `release` out of its `finally`, this test will say so.",
)  # fmt: skip

exercises = (insert_exercise, finally_exercise, test_exercise)


# --- predictions

READERS = ("finds the row", "finds an empty table", "no such table")
STORED = ("the text as typed", "the password", "an error")

predictions = (
    Prediction(
        id="workload.commit",
        question="You insert one row and do not commit. How many rows does your own connection count, how many does another connection to the same file, and how many are there after you close yours and open the file again?",
        places={"here": int, "next_door": int, "reopened": int},
        sample={"here": 1, "next_door": 1, "reopened": 1, "sure": 75},
        explanations=(
            (
                {"here": 0},
                "Your own connection sees what it has done itself, committed or not.",
            ),
            (
                {"next_door": 1},
                "INSERT opened a transaction by itself. Until it is committed, it is a draft that only its own connection can read.",
            ),
            (
                {"reopened": 1},
                "Closing does not commit. The draft is thrown away.",
            ),
        ),
        why="Nothing failed and nothing warned. While you test through one connection, all looks well: it reads its own draft.",
    ),
    Prediction(
        id="workload.pasted",
        question="A visitor types the label `' || (SELECT password FROM users) || '`. It is stored once by pasting it into the SQL, once as a parameter. What does the table hold afterwards?",
        places={"pasted": STORED, "parameter": STORED},
        sample={"pasted": "an error", "parameter": "the text as typed", "sure": 65},
        explanations=(
            (
                {"pasted": "an error"},
                "The quotes are even, so that it is good SQL: an empty text, joined to the answer of a SELECT, joined to an empty text. SQLite runs it.",
            ),
            (
                {"pasted": "the text as typed"},
                "The first quote in the label ends the text. What follows is SQL, written by the visitor, and SQLite runs it.",
            ),
            (
                {"parameter": "the password"},
                "A parameter is never read as SQL. It goes into the row as it is, quotes and all.",
            ),
            (
                {"parameter": "an error"},
                "A parameter may hold anything. Nobody looks for quotes in it.",
            ),
        ),
        why="This is SQL injection: whoever can type a label can run a query. A parameter travels beside the SQL, not inside it.",
    ),
    Prediction(
        id="workload.found",
        question="The table holds two rows. You insert three, and while you are at it another program inserts one. How many rows does a SELECT find afterwards, and what is the count afterwards minus the count before?",
        places={"found": int, "difference": int},
        sample={"found": 3, "difference": 3, "sure": 70},
        explanations=(
            (
                {"found": 3},
                "A SELECT finds what is there: the old rows, the other program's, and yours.",
            ),
            (
                {"found": 5},
                "The other program's row is in the table too, and a SELECT does not ask whose it is.",
            ),
            (
                {"difference": 3},
                "The other program's row came between the two counts, and the difference takes it for yours.",
            ),
        ),
        why="You inserted three, and neither number says so. Only the INSERT itself knows which row it made.",
    ),
    Prediction(
        id="workload.leak",
        question="A pool lends two connections at most. `release` stands below the INSERT, not in a `finally`. Two INSERTs fail, and the caller carries on. How many connections are then out, without `finally` and with it? And what does the third borrower get, without it?",
        places={
            "without": int,
            "with_finally": int,
            "third": ("a connection", "PoolTimeout", "a closed connection"),
        },
        sample={"without": 0, "with_finally": 0, "third": "a connection", "sure": 70},
        explanations=(
            (
                {"without": 0},
                "The exception left the function at the INSERT. The line with `release` was never reached, and the pool cannot know that nobody will come.",
            ),
            (
                {"without": 1},
                "Each of the two calls borrowed a connection of its own, since the one before never came back.",
            ),
            (
                {"third": "a connection"},
                "Both are out, as far as the pool knows, and two is the most it may lend.",
            ),
            (
                {"third": "a closed connection"},
                "Nothing closed them. They are open, and nobody has them any more.",
            ),
            (
                {"with_finally": 2},
                "`finally` runs on the way out, exception or not: both came back.",
            ),
        ),
        why="The third borrower did nothing wrong and gets the error. That is why leaks are hard to find: the error appears far from its cause.",
    ),
    Prediction(
        id="workload.memory",
        question='A pool on ":memory:". Ann borrows, makes the table, inserts, commits. While she still has her connection, Ben borrows and reads. Then Ann gives hers back, and Cem borrows and reads. What do they find?',
        places={"ben": READERS, "cem": READERS},
        sample={"ben": "finds the row", "cem": "finds the row", "sure": 75},
        explanations=(
            (
                {"ben": "finds the row"},
                'Every connection to ":memory:" is a database of its own. Ben has a second one, and it is new.',
            ),
            (
                {"ben": "finds an empty table"},
                "Not even the table is there: Ben's is another database, and nobody has made a table in it.",
            ),
            (
                {"cem": "no such table"},
                "Cem was lent the connection that Ann gave back, and with it Ann's database.",
            ),
            (
                {"cem": "finds an empty table"},
                "Cem was lent the connection that Ann gave back, and with it Ann's database, rows and all.",
            ),
        ),
        why="As long as one borrower comes after the other, everybody gets the same connection and all looks well. The first day with two at once, a table is missing.",
    ),
)

explanations = (
    Explanation(
        id="workload.why_finally",
        question="Why does `release` stand in `finally`, and `acquire` before the `try`?",
        points=(
            "`finally` runs on every way out: the end, a `return`, an exception, Ctrl-C.",
            "Without it each failed INSERT costs the pool a connection, until the next borrower, who did nothing wrong, gets a PoolTimeout.",
            "If `acquire` fails there is nothing to give back, and `finally` would fail in its turn and hide why.",
        ),
        sample="Whatever happens in the work, finally runs and the connection comes back; acquire stands before it because what was never borrowed cannot be given back.",
    ),
)
