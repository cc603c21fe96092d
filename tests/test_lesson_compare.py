"""Lesson 13: its figure's words, its way to the suite, and every cell of the table of settings."""

import importlib
import math
import re
import sqlite3
import threading
import time
from contextlib import contextmanager, suppress

import pytest
from dbutils.pooled_db import PooledDB, TooManyConnectionsError
from peewee import SqliteDatabase
from playhouse.pool import MaxConnectionsExceeded, PooledDatabase, PooledSqliteDatabase
from psycopg_pool import PoolTimeout
from sqlalchemy import create_engine, event, exc
from sqlalchemy.pool import QueuePool

from poolkit import ConnectionConfig
from poolkit.course.exercises import find
from poolkit.course.lessons import compare as lesson
from poolkit.course.lessons.compare import beside
from tests.benchmarks import contestants
from tests.conformance import judging, peers

# the picture's words


def measured(**evenness):
    names = {"poolkit": 1.0, "queue.LifoQueue": 1.0, "SQLAlchemy QueuePool": 5.0}
    names |= {"DBUtils PooledDB": 2.0, "psycopg_pool": 3.0}
    counts = {name: [100, int(100 * evenness.get(name.split()[0], 1.0))] for name in names}
    return {name: lesson.Measured(cost, counts[name]) for name, cost in names.items()}


def test_sentence_names_who_is_fair_and_what_it_costs():
    said = lesson.sentence(measured(SQLAlchemy=0.0, DBUtils=0.1))

    assert said.startswith("A loan costs 1.0 to 5.0 µs.")
    assert "by poolkit, queue.LifoQueue and psycopg_pool" in said
    assert "not so by SQLAlchemy QueuePool and DBUtils PooledDB" in said


@pytest.mark.parametrize("all_alike", [1.0, 0.0])
def test_sentence_says_so_when_all_are_alike(all_alike):
    names = ("poolkit", "queue.LifoQueue", "SQLAlchemy", "DBUtils", "psycopg_pool")

    said = lesson.sentence(measured(**dict.fromkeys(names, all_alike)))

    assert said.startswith("Not shown on this machine")


@pytest.mark.parametrize(
    ("sqlalchemy", "psycopg", "word"),
    [
        ([200, 0], [60, 60], "SQLAlchemy QueuePool"),
        ([100, 0], [75, 75], "psycopg_pool"),
        ([149, 0], [50, 50], "neither"),
        ([0, 0], [0, 0], "neither"),
    ],
)
def test_who_lends_more_in_the_words_of_the_prediction(sqlalchemy, psycopg, word):
    found = measured()
    found["SQLAlchemy QueuePool"] = lesson.Measured(5.0, sqlalchemy)
    found["psycopg_pool"] = lesson.Measured(3.0, psycopg)

    places = find("predictions", "compare.work").places
    assert lesson.lends_more(found) == word
    assert lesson.dearest(found) == "SQLAlchemy QueuePool"
    assert set(places["more"]) - {"neither"} < set(places["dearest"])  # one name for one pool
    assert word in places["more"]


def test_a_query_is_measured():
    assert lesson.a_query() > 0


def test_picture_has_words():
    import matplotlib.pyplot as plt

    fig, alt = lesson.picture(measured(DBUtils=0.0))

    (axes,) = fig.axes
    assert "microseconds" in axes.get_xlabel()
    assert axes.get_ylabel() == "least served / most served"
    assert len(axes.lines) == 5
    assert "five" in alt or "5 marks" in alt
    plt.close(fig)


def test_all_five_are_measured():
    found = lesson.side_by_side(threads=2, seconds=0.05)

    assert list(found) == list(measured())
    assert all(one.cost > 0 and sum(one.counts) > 0 for one in found.values())
    table = lesson.as_table(found).splitlines()
    assert len(table) == 6
    assert f"  {sum(found['poolkit'].counts)}, {min(found['poolkit'].counts)} and " in table[1]


def test_nobody_served_is_not_fair():
    assert lesson.Measured(1.0, [0, 0]).evenness == 0


# the way to the suite


def test_stages_and_promises_are_found_by_name():
    found = lesson.tried(peers.LifoQueue, "numbers", "lends.second_return")

    assert found["lends.second_return"] == "broken"
    assert {name for name in found if name.startswith("numbers.")} == {
        promise.id for promise in judging.promises() if promise.stage.name == "numbers"
    }
    assert "✗ A loan that is given back twice is not on the shelf twice.\n    c2 was" in str(found)
    assert "– It counts rightly what is lent.\n    it counts what lies in it" in str(found)


def test_an_unknown_name_is_told_with_those_there_are():
    with pytest.raises(ValueError, match="called 'ordre'; the stages are lends, waits, order") as (
        stage
    ):
        lesson.tried(peers.LifoQueue, "ordre")
    with pytest.raises(ValueError, match="called 'sqlalchmy'; there is SQLAlchemy, DBUtils") as (
        library
    ):
        lesson.in_their_words("sqlalchmy")
    with pytest.raises(ValueError, match="called 'DBUtil'; there is poolkit, queue") as pool:
        lesson.broken(lesson.matrix(), "DBUtil")

    for caught in (stage, library, pool):
        assert len(caught.value._render_traceback_()) == 1


def test_without_the_tests_one_line_says_what_is_missing(monkeypatch, tmp_path):
    where = importlib.import_module("poolkit.course.lessons.compare.suite")
    monkeypatch.setattr(where, "ROOT", tmp_path)
    monkeypatch.setattr(where, "MATRIX", tmp_path / "tests" / "conformance" / "matrix.json")

    with pytest.raises(where.NoSuite, match="whole folder") as caught:
        lesson.suite("conformance.nowhere")
    assert len(caught.value._render_traceback_()) == 1


def test_table_of_stages_counts_what_was_asked():
    taken = lesson.matrix()

    first, head, versions, *rows = lesson.by_stage(taken).splitlines()

    assert first.startswith("Taken on ")
    assert head.split()[0] == "poolkit"
    assert versions.split()[0] == taken["pools"]["poolkit"]["version"]
    assert [row.split("  ")[0] for row in rows] == [stage.title for stage in judging.STAGES]
    order = next(row for row in rows if row.startswith("order"))
    asked = [
        [w for id, w in cells.items() if id.startswith("order.") and w in ("kept", "broken")]
        for cells in lesson.cells(taken).values()
    ]
    assert order.split("  ")[1:] != []
    assert [f"{some.count('kept')} of {len(some)}" for some in asked] == [
        cell.strip() for cell in order.split("  ")[1:] if cell.strip()
    ]


def test_all_that_a_pool_breaks_is_listed():
    taken = lesson.matrix()
    found = lesson.cells(taken)["psycopg_pool"]

    told = lesson.broken(taken, "psycopg_pool")

    assert re.findall(r"^✗ (\S+): ", told, re.MULTILINE) == [
        id for id, word in found.items() if word == "broken"
    ]
    assert "✗ interrupts.in_a_wait: Who is interrupted in the wait swallows nothing" in told
    assert ": only 0 of 1 can be lent afterwards" in told
    assert lesson.broken(taken, "poolkit") == "poolkit keeps all that it is asked for."


def test_one_promise_is_broken_by_all_others():
    taken = lesson.matrix()
    cells = lesson.cells(taken)
    del cells["poolkit"]

    alike = [id for id in taken["promises"] if all(f[id] == "broken" for f in cells.values())]

    assert alike == ["interrupts.next_in_line_gets_it"]
    stages = {promise["stage"] for promise in taken["promises"].values()}
    assert set(find("predictions", "compare.shared").places["stage"]) < stages


def test_what_the_notebook_says_of_others_is_in_the_matrix():
    cells = lesson.cells(lesson.matrix())
    ends = ["fork.child_has_its_own", "end.closes_idle_ones", "end.lends_nothing_afterwards"]

    assert lesson.candidates(cells, ends) == ["poolkit"]
    assert lesson.candidates(cells, ["order.nobody_barges"]) == ["poolkit", "psycopg_pool"]
    for pool, promise in (
        ("SQLAlchemy QueuePool", "order.nobody_barges"),
        ("SQLAlchemy QueuePool", "fork.child_has_its_own"),
        ("psycopg_pool", "interrupts.in_a_wait"),
        ("DBUtils PooledDB", "failures.others_go_on"),
        ("DBUtils PooledDB", "end.lends_nothing_afterwards"),
        ("peewee PooledSqliteDatabase", "order.first_come"),
    ):
        assert cells[pool][promise] == "broken"
    assert set(cells["poolkit"].values()) == {"kept"}


def test_answer_makes_the_engine_that_the_config_describes():
    for config in (
        ConnectionConfig(pool_size=2, max_connections=3, acquire_timeout=0),
        ConnectionConfig(pool_size=1, max_lifetime=60.0, ping_after=math.inf),
    ):
        engine = create_engine("sqlite://", poolclass=QueuePool, **lesson.engine_settings(config))
        most = config.max_connections or 9
        loans = [engine.connect() for _ in range(most)]
        if config.max_connections:
            with pytest.raises(exc.TimeoutError):
                engine.connect()
        for loan in loans:
            loan.close()

        assert engine.pool.checkedin() == config.pool_size
        engine.dispose()


# the table of settings: each cell that says something is shown to be so

SHOWN = {}


def shows(setting, library):
    def keep(test):
        SHOWN[setting, library] = test
        return test

    return keep


def says_something():
    return {
        (setting, library)
        for setting, cells in lesson.TABLE.items()
        for library, cell in zip(lesson.LIBRARIES, cells, strict=True)
        if cell != "–"
    }


def test_every_cell_of_the_table_is_shown_and_nothing_else():
    assert set(SHOWN) == says_something()


def test_every_field_of_ours_stands_in_the_table():
    ours = ", ".join(lesson.TABLE)

    assert all(name in ours for name in ConnectionConfig.__dataclass_fields__)
    assert all(name in lesson.TABLE for name in ("connect", "configure", "check", "reset"))
    assert "transient" in lesson.TABLE


@pytest.mark.parametrize("library", lesson.LIBRARIES)
def test_a_column_is_told_line_by_line(library):
    said = lesson.in_their_words(library).splitlines()

    assert len(said) == len(lesson.TABLE)
    assert all(line.startswith(ours) for line, ours in zip(said, lesson.TABLE, strict=True))


@pytest.mark.parametrize(
    ("setting", "library"), sorted(says_something()), ids=lambda one: one.replace(" ", "_")
)
def test_setting(setting, library, tmp_path):
    SHOWN[setting, library](tmp_path / "their.db")


class Opener:
    """A `connect` that counts; `made` holds what it opened, `checked` whom it was asked about."""

    def __init__(self, path=":memory:"):
        self.path, self.made, self.checked = path, [], []

    def __call__(self):
        self.made.append(sqlite3.connect(self.path, check_same_thread=False))
        return self.made[-1]

    def note(self, conn):
        self.checked.append(conn)
        return True


def waits(acquire, release):
    """Somebody asks while the only one is out, and gets it once it is given back."""
    loan, got = acquire(), []
    thread = threading.Thread(target=lambda: got.append(acquire()), daemon=True)
    thread.start()
    release(loan)
    thread.join(5)
    assert got, "it was not waited for"
    release(got[0])


def took(seconds, ask, error):
    """Asking raises this, after so many seconds at the least."""
    began = time.monotonic()
    with pytest.raises(error):
        ask()
    assert time.monotonic() - began >= seconds


def until(condition):
    ends = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.005)


def older():
    """Let the wall clock move on by the least step that shows."""
    now = time.time()
    until(lambda: time.time() > now)


def pragma(conn, name):
    cursor = conn.cursor()
    cursor.execute(f"PRAGMA {name}")
    row = cursor.fetchone()
    cursor.close()
    return row[-1]


def file_of(conn):
    return pragma(conn, "database_list")


# SQLAlchemy


@contextmanager
def engine(url="sqlite://", **settings):
    made = create_engine(url, poolclass=QueuePool, **settings)
    try:
        yield made
    finally:
        made.dispose()


@shows("db_path", "SQLAlchemy")
def sqlalchemy_url(path):
    with engine(f"sqlite:///{path}") as one:
        loan = one.raw_connection()
        assert file_of(loan) == str(path)
        loan.close()


@shows("timeout (SQLite's lock)", "SQLAlchemy")
def sqlalchemy_lock(path):
    with engine(connect_args={"timeout": 1.5}) as one:
        loan = one.raw_connection()
        assert pragma(loan, "busy_timeout") == 1500
        loan.close()


@shows("pool_size", "SQLAlchemy")
def sqlalchemy_size(path):
    with engine(pool_size=2, max_overflow=3) as one:
        for loan in [one.raw_connection() for _ in range(5)]:
            loan.close()
        assert one.pool.checkedin() == 2


@shows("max_connections", "SQLAlchemy")
def sqlalchemy_cap(path):
    with engine(pool_size=2, max_overflow=1, pool_timeout=0) as one:
        loans = [one.raw_connection() for _ in range(3)]
        took(0, one.raw_connection, exc.TimeoutError)
        for loan in loans:
            loan.close()
    with engine(pool_size=1, max_overflow=-1, pool_timeout=0) as one:
        for loan in [one.raw_connection() for _ in range(20)]:
            loan.close()


@shows("acquire_timeout", "SQLAlchemy")
def sqlalchemy_wait(path):
    with engine(pool_size=1, max_overflow=0, pool_timeout=0.05) as one:
        loan = one.raw_connection()
        took(0.05, one.raw_connection, exc.TimeoutError)
        loan.close()
    with engine(pool_size=1, max_overflow=0, pool_timeout=None) as one:
        waits(one.raw_connection, lambda loan: loan.close())


@shows("ping_after", "SQLAlchemy")
def sqlalchemy_ping(path):
    for pre_ping in (True, False):
        opener = Opener()
        with engine(creator=opener, pool_pre_ping=pre_ping) as one:
            one.raw_connection().close()
            opener.made[-1].close()
            loan = one.raw_connection()
            if pre_ping:
                loan.cursor().close()
            else:
                with pytest.raises(sqlite3.ProgrammingError):
                    loan.cursor()
            loan.invalidate()


@shows("max_lifetime", "SQLAlchemy")
def sqlalchemy_age(path):
    for recycle, opened in ((0, 2), (-1, 1), (3600, 1)):
        opener = Opener()
        with engine(creator=opener, pool_recycle=recycle) as one:
            with one.connect():
                before = len(opener.made)
            older()
            with one.connect():
                assert len(opener.made) == before + opened - 1


@shows("connect", "SQLAlchemy")
def sqlalchemy_creator(path):
    opener = Opener()
    with engine(creator=opener) as one:
        loan = one.raw_connection()
        assert loan.dbapi_connection is opener.made[-1]
        loan.close()


@shows("configure", "SQLAlchemy")
def sqlalchemy_configure(path):
    with engine() as one:
        event.listen(one, "connect", lambda conn, _: conn.execute("PRAGMA foreign_keys = ON"))
        loan = one.raw_connection()
        assert pragma(loan, "foreign_keys") == 1
        loan.close()


@shows("check", "SQLAlchemy")
def sqlalchemy_check(path):
    asked = Opener()
    with engine(pool_pre_ping=True) as one:
        one.raw_connection().close()
        one.dialect.do_ping = asked.note
        one.raw_connection().close()
    assert len(asked.checked) == 1


@shows("reset", "SQLAlchemy")
def sqlalchemy_reset(path):
    reset = []
    with engine() as one:
        event.listen(one, "reset", lambda conn, *_: reset.append(conn))
        loan = one.raw_connection()
        conn = loan.dbapi_connection
        assert not any(one is conn for one in reset)
        loan.close()
        assert reset[-1] is conn


# DBUtils


def dbutils(creator=None, **settings):
    return PooledDB(creator or Opener(), **settings)


@shows("db_path", "DBUtils")
@shows("timeout (SQLite's lock)", "DBUtils")
def dbutils_arguments(path):
    pool = PooledDB(sqlite3, database=str(path), timeout=1.5)
    loan = pool.connection()
    assert file_of(loan) == str(path)
    assert pragma(loan, "busy_timeout") == 1500


@shows("pool_size", "DBUtils")
def dbutils_size(path):
    for maxcached, opened in ((2, 8), (0, 5)):
        opener = Opener()
        pool = dbutils(opener, maxcached=maxcached)
        for _ in range(2):
            for loan in [pool.connection() for _ in range(5)]:
                loan.close()
        assert len(opener.made) == opened


@shows("min_connections", "DBUtils")
def dbutils_ahead(path):
    opener = Opener()
    dbutils(opener, mincached=2)
    assert len(opener.made) == 2


@shows("max_connections", "DBUtils")
def dbutils_cap(path):
    pool = dbutils(maxconnections=2)
    loans = [pool.connection() for _ in range(2)]
    took(0, pool.connection, TooManyConnectionsError)
    uncapped = dbutils(maxconnections=0)
    assert len(loans + [uncapped.connection() for _ in range(20)]) == 22


@shows("acquire_timeout", "DBUtils")
def dbutils_wait(path):
    pool = dbutils(maxconnections=1, blocking=False)
    loan = pool.connection()
    took(0, pool.connection, TooManyConnectionsError)
    loan.close()
    waits(dbutils(maxconnections=1, blocking=True).connection, lambda loan: loan.close())


@shows("ping_after", "DBUtils")
@shows("check", "DBUtils")
def dbutils_ping(path):
    for ping, answers in (("SELECT 1", True), (0, False)):
        opener = Opener()
        pool = dbutils(opener, ping=ping, failures=(ZeroDivisionError,))
        pool.connection().close()
        opener.made[-1].close()
        loan = pool.connection()
        if answers:
            loan.cursor().close()
        else:
            with pytest.raises(sqlite3.ProgrammingError):
                loan.cursor()
    opener = Opener()
    pool = dbutils(opener, ping=opener.note)
    pool.connection().close()
    pool.connection().close()
    assert opener.checked == [opener.made[0]]


@shows("max_lifetime", "DBUtils")
def dbutils_usage(path):
    opener = Opener()
    loan = dbutils(opener, maxusage=2).connection()
    for number in range(1, 4):
        cursor = loan.cursor()
        cursor.execute("SELECT 1")
        cursor.close()
        assert len(opener.made) == (1 if number < 3 else 2)


@shows("connect", "DBUtils")
def dbutils_creator(path):
    opener = Opener()
    assert dbutils(opener).connection() is not None
    assert len(opener.made) == 1


@shows("configure", "DBUtils")
def dbutils_session(path):
    pool = dbutils(setsession=["PRAGMA foreign_keys = ON"])
    loan = pool.connection()
    assert pragma(loan, "foreign_keys") == 1


@shows("reset", "DBUtils")
def dbutils_reset(path):
    for reset, still_open in ((True, False), (False, True)):
        opener = Opener()
        loan = dbutils(opener, reset=reset).connection()
        cursor = loan.cursor()
        cursor.execute("BEGIN")
        cursor.close()
        loan.close()
        assert opener.made[0].in_transaction == still_open


# psycopg_pool, its own code, on SQLite


@contextmanager
def psycopg(path, **settings):
    with contestants.psycopg_pool(path, **{"min_size": 1, "timeout": 5, **settings}) as pool:
        pool.wait(5)
        yield pool


@shows("db_path", "psycopg_pool")
def psycopg_conninfo(path):
    with psycopg(path) as pool, pool.connection() as conn:
        assert file_of(conn) == str(path)


@shows("timeout (SQLite's lock)", "psycopg_pool")
def psycopg_kwargs(path):
    seen = []
    with psycopg(path) as other:
        kind = other.connection_class

    class Noting(kind):
        @classmethod
        def connect(cls, conninfo, **kwargs):
            seen.append(kwargs)
            return kind.connect(conninfo)

    with psycopg(path, connection_class=Noting, kwargs={"timeout": 1.5}):
        assert seen == [{"timeout": 1.5}]


@shows("min_connections", "psycopg_pool")
def psycopg_ahead(path):
    with psycopg(path, min_size=2, max_size=5) as pool:
        assert pool.get_stats()["pool_size"] == 2


@shows("max_connections", "psycopg_pool")
def psycopg_cap(path):
    for given, most in ((3, 3), (None, 2)):
        with psycopg(path, min_size=2, max_size=given) as pool:
            loans = [pool.getconn() for _ in range(most)]
            took(0, lambda pool=pool: pool.getconn(timeout=0.01), PoolTimeout)
            for loan in loans:
                pool.putconn(loan)


@shows("acquire_timeout", "psycopg_pool")
def psycopg_wait(path):
    with psycopg(path, max_size=1, timeout=0.05) as pool, pool.connection():
        took(0.05, pool.getconn, PoolTimeout)


@shows("ping_after", "psycopg_pool")
@shows("check", "psycopg_pool")
def psycopg_check(path):
    opener = Opener()
    with psycopg(path, check=opener.note) as pool:
        for number in (1, 2):
            with pool.connection():
                assert len(opener.checked) == number


@shows("max_lifetime", "psycopg_pool")
def psycopg_age(path):
    for age, same in ((0.0, False), (math.inf, True)):
        with psycopg(path, max_lifetime=age) as pool:
            first = pool.getconn()
            pool.putconn(first)
            again = pool.getconn()
            assert (again is first) == same
            pool.putconn(again)


@shows("max_idle", "psycopg_pool")
def psycopg_idle(path):
    with psycopg(path, max_size=3, max_idle=0.02) as pool:
        _lend_three(pool)
        until(lambda: pool.get_stats()["pool_size"] == 1)
    with psycopg(path, max_size=3, max_idle=1e9) as pool:
        _lend_three(pool)
        assert pool.get_stats()["pool_size"] == 3


def _lend_three(pool):
    for loan in [pool.getconn() for _ in range(3)]:
        pool.putconn(loan)


def test_an_endless_max_idle_stops_its_scheduler(monkeypatch, tmp_path):
    stopped, told = threading.Event(), []
    monkeypatch.setattr(threading, "excepthook", lambda args: (told.append(args), stopped.set()))

    with contestants.psycopg_pool(tmp_path / "their.db", min_size=1, max_idle=math.inf):
        assert stopped.wait(5)

    assert told[0].exc_type is OverflowError  # so the table says 1e9 for never


@shows("max_retries, base_backoff, max_backoff", "psycopg_pool")
def psycopg_retry(path):
    gave_up, tries = threading.Event(), []
    with psycopg(path) as other:
        kind = other.connection_class

    class Failing(kind):
        @classmethod
        def connect(cls, conninfo, **_):
            tries.append(1)
            raise OSError("no route")

    settings = {"reconnect_timeout": 0.3, "reconnect_failed": lambda pool: gave_up.set()}
    with contestants.psycopg_pool(path, min_size=1, connection_class=Failing, **settings):
        assert gave_up.wait(20)
    assert len(tries) >= 1


@shows("connect", "psycopg_pool")
def psycopg_class(path):
    with psycopg(path) as other:
        kind = other.connection_class
    made = []

    class Own(kind):
        @classmethod
        def connect(cls, conninfo, **_):
            made.append(kind.connect(conninfo))
            return made[-1]

    with psycopg(path, connection_class=Own) as pool, pool.connection() as conn:
        assert made == [conn]


@shows("configure", "psycopg_pool")
def psycopg_configure(path):
    settings = {"configure": lambda conn: conn.execute("PRAGMA foreign_keys = ON")}
    with psycopg(path, **settings) as pool, pool.connection() as conn:
        assert pragma(conn, "foreign_keys") == 1


@shows("reset", "psycopg_pool")
def psycopg_reset(path):
    opener = Opener()
    with psycopg(path, reset=opener.note) as pool:
        conn = pool.getconn()
        assert opener.checked == []
        pool.putconn(conn)
        until(lambda: opener.checked == [conn])


# peewee


@contextmanager
def peewee(path=":memory:", kind=PooledSqliteDatabase, **settings):
    db = kind(str(path), **settings)

    def acquire():
        db.connect()
        conn = db.connection()
        db._state.reset()  # a thread has one connection: let it forget
        return conn

    def release(conn):
        db._state.set_connection(conn)
        db.close()

    try:
        yield acquire, release
    finally:
        with suppress(Exception):
            db.close_all()


@shows("db_path", "peewee")
def peewee_path(path):
    with peewee(path) as (acquire, release):
        conn = acquire()
        assert file_of(conn) == str(path)
        release(conn)


@shows("timeout (SQLite's lock)", "peewee")
@shows("configure", "peewee")
def peewee_pragmas(path):
    pragmas = {"busy_timeout": 1234, "foreign_keys": 1}
    with peewee(path, pragmas=pragmas) as (acquire, release):
        conn = acquire()
        assert (pragma(conn, "busy_timeout"), pragma(conn, "foreign_keys")) == (1234, 1)
        release(conn)


@shows("max_connections", "peewee")
def peewee_cap(path):
    with peewee(max_connections=2) as (acquire, release):
        loans = [acquire() for _ in range(2)]
        took(0, acquire, MaxConnectionsExceeded)
        for loan in loans:
            release(loan)
    with peewee(max_connections=None) as (acquire, release):
        for loan in [acquire() for _ in range(30)]:
            release(loan)


@shows("acquire_timeout", "peewee")
def peewee_wait(path):
    with peewee(max_connections=1, timeout=0.05) as (acquire, release):
        loan = acquire()
        took(0.05, acquire, MaxConnectionsExceeded)
        release(loan)
    with peewee(max_connections=1, timeout=None) as (acquire, release):
        loan = acquire()
        took(0, acquire, MaxConnectionsExceeded)
        release(loan)
    with peewee(max_connections=1, timeout=0) as (acquire, release):
        waits(acquire, release)


@shows("max_lifetime", "peewee")
def peewee_stale(path):
    for age, same in ((1e-9, False), (None, True)):
        with peewee(stale_timeout=age) as (acquire, release):
            first = acquire()
            older()
            release(first)
            again = acquire()
            assert (again is first) == same
            release(again)


@shows("connect", "peewee")
def peewee_connect(path):
    opener = Opener()

    class Own(SqliteDatabase):
        def _connect(self):
            return opener()

    class Opened(PooledDatabase, Own):
        pass

    with peewee(kind=Opened) as (acquire, release):
        conn = acquire()
        assert opener.made == [conn]
        release(conn)


def test_three_pools_of_two_and_five_are_lent_from():
    assert beside.idle_afterwards() == {"poolkit": 2, "sqlalchemy": 2, "psycopg_pool": 5}
