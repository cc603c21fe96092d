"""`with pool.connection()`: how it ends, in each way a block can end."""

import contextlib
import sqlite3
import sys

import pytest

from tests.tools import Database, PlainConnection


@pytest.fixture
def database():
    return Database()


@pytest.fixture
def pool(make_pool, database):
    return make_pool(connect=database.connect, pool_size=2, max_connections=2)


def begin(conn):
    conn.in_transaction = True
    return conn


def test_a_block_that_ends_well_is_committed(pool):
    with pool.connection() as conn:
        begin(conn)

    assert (conn.committed, conn.rolled_back) == (1, 0)
    assert pool.stats()["idle"] == 1


def test_a_block_that_raises_is_rolled_back_and_costs_no_connection(pool):
    error = KeyError("mine")

    with pytest.raises(KeyError) as caught, pool.connection() as conn:  # noqa: PT012
        begin(conn)
        raise error

    assert caught.value is error
    assert error.__cause__ is error.__context__ is None
    assert (conn.committed, conn.rolled_back) == (0, 1)
    assert pool.stats()["idle"] == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_so_is_one_that_is_left_for_good(pool, error):
    with pytest.raises(error), pool.connection() as conn:  # noqa: PT012
        begin(conn)
        raise error

    assert (conn.committed, conn.rolled_back) == (0, 1)
    assert pool.stats()["idle"] == 1


def test_leaving_a_block_by_return_or_break_commits(pool):
    for _ in range(2):
        with pool.connection() as conn:
            begin(conn)
            break

    assert conn.committed == 1


def test_a_commit_that_fails_is_rolled_back_and_raised(pool):
    error = sqlite3.IntegrityError("FOREIGN KEY constraint failed")

    def fail():
        raise error

    with pytest.raises(sqlite3.IntegrityError) as caught, pool.connection() as conn:
        begin(conn).commit = fail

    assert caught.value is error
    assert conn.rolled_back == 1
    assert pool.stats()["idle"] == 1


def test_a_rollback_that_fails_hides_nothing_and_costs_that_connection(pool):
    error = KeyError("mine")

    with pytest.raises(KeyError) as caught, pool.connection() as conn:  # noqa: PT012
        begin(conn).failure = RuntimeError("gone")
        raise error

    assert caught.value is error
    assert conn.closed == 1
    assert (pool.stats()["in_use"], pool.stats()["discarded"]) == (0, 1)


def test_a_failed_rollback_discards_even_where_reset_does_not_mind(make_pool, database):
    pool = make_pool(connect=database.connect, reset=lambda conn: None)

    with pytest.raises(KeyError), pool.connection() as conn:  # noqa: PT012
        begin(conn).failure = RuntimeError("gone")
        raise KeyError

    assert conn.closed == 1


def test_a_block_is_rolled_back_even_where_reset_does_nothing(make_pool, database):
    pool = make_pool(connect=database.connect, reset=lambda conn: None)

    with pytest.raises(KeyError), pool.connection() as conn:  # noqa: PT012
        begin(conn)
        raise KeyError

    assert conn.rolled_back == 1


def test_a_commit_that_fails_is_rolled_back_even_where_reset_does_nothing(make_pool, database):
    pool = make_pool(connect=database.connect, reset=lambda conn: None)

    with pytest.raises(ZeroDivisionError), pool.connection() as conn:
        begin(conn).commit = lambda: 1 / 0

    assert conn.rolled_back == 1


def test_another_drivers_autocommit_is_its_own_affair(make_pool):
    """Only sqlite3's commit() does nothing then; psycopg's would be sent a COMMIT for nothing."""
    pool = make_pool(connect=Database(PlainConnection).connect)

    with pool.connection() as conn:
        conn.autocommit = True

    assert conn.committed == 1


def test_a_connection_without_in_transaction_is_committed(make_pool):
    pool = make_pool(connect=Database(PlainConnection).connect)

    with pool.connection() as conn:
        pass

    assert (conn.committed, conn.rolled_back) == (1, 1)  # and rolled back on its return


def test_a_connection_closed_in_its_block_is_told_since_nothing_could_be_committed(make_pool):
    pool = make_pool()

    with pytest.raises(sqlite3.ProgrammingError), pool.connection() as conn:
        conn.close()

    assert (pool.stats()["in_use"], pool.stats()["discarded"]) == (0, 1)


def test_a_block_that_gave_back_its_connection_itself_is_told(pool):
    with pytest.raises(ValueError, match="given back inside"), pool.connection() as conn:
        pool.release(conn)

    assert (conn.committed, pool.stats()["idle"]) == (0, 1)


def test_such_a_block_does_the_next_borrower_no_harm(pool):
    """The connection is lent again when the block ends: it is neither committed nor taken back."""
    with contextlib.suppress(ValueError), pool.connection() as conn:
        pool.release(conn)
        again = pool.acquire()
        begin(again)

    assert again is conn
    assert (conn.committed, conn.rolled_back) == (0, 0)
    assert pool.stats()["in_use"] == 1


def test_nor_when_it_raises(pool):
    with pytest.raises(KeyError), pool.connection() as conn:  # noqa: PT012
        pool.release(conn)
        begin(pool.acquire())
        raise KeyError

    assert conn.rolled_back == 0
    assert pool.stats()["in_use"] == 1


def test_an_old_borrower_who_gives_back_twice_harms_no_block(pool):
    """It takes the connection from the block; that it cannot be kept from. But it ends there."""
    old = pool.acquire()
    pool.release(old)

    with pytest.raises(ValueError, match="given back inside"), pool.connection():
        pool.release(old)

    assert pool.stats()["in_use"] == 0


def test_a_lease_serves_one_block_at_a_time(pool):
    lease = pool.connection()
    with lease, pytest.raises(RuntimeError, match="open already"):
        lease.__enter__()
    assert pool.stats()["in_use"] == 0

    with lease as conn:
        assert conn is not None
    assert pool.stats()["in_use"] == 0


def test_it_works_in_an_exit_stack(pool):
    with contextlib.ExitStack() as stack:
        begin(stack.enter_context(pool.connection()))
        begin(stack.enter_context(pool.connection()))
        assert pool.stats()["in_use"] == 2

    assert pool.stats()["idle"] == 2


def test_a_generator_that_is_thrown_away_gives_back(pool):
    def rows():
        with pool.connection():
            yield 1

    generator = rows()
    next(generator)
    generator.close()

    assert pool.stats()["idle"] == 1


# The three ways in which sqlite3 begins transactions

MODES = [pytest.param({}, id="legacy"), pytest.param({"isolation_level": None}, id="none")]
if sys.version_info >= (3, 12):
    MODES += [
        pytest.param({"autocommit": True}, id="autocommit"),
        pytest.param({"autocommit": False}, id="no autocommit"),
    ]


@pytest.fixture(params=MODES)
def real(request, make_pool, tmp_path):
    """A pool on a file in each mode, with a table; and how to count its rows from outside."""
    path = tmp_path / "app.db"

    def connect():
        return sqlite3.connect(path, check_same_thread=False, **request.param)

    def rows():
        with contextlib.closing(sqlite3.connect(path)) as conn:
            return conn.execute("SELECT count(*) FROM t").fetchone()[0]

    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE t (x UNIQUE)")
    return make_pool(connect=connect, pool_size=1), rows


def test_in_every_mode_a_good_end_commits(real):
    pool, rows = real

    with pool.connection() as conn:
        conn.execute("INSERT INTO t VALUES (1)")

    assert rows() == 1
    assert pool.stats()["discarded"] == 0


@pytest.mark.parametrize("begin_with", ["BEGIN", "BEGIN IMMEDIATE"])
def test_in_every_mode_an_explicit_begin_is_committed(real, begin_with):
    pool, rows = real

    with pool.connection() as conn:
        if not conn.in_transaction:
            conn.execute(begin_with)
        conn.execute("INSERT INTO t VALUES (1)")
        conn.execute("INSERT INTO t VALUES (2)")

    assert rows() == 2


def test_in_every_mode_a_transaction_that_raises_is_rolled_back(real):
    pool, rows = real

    with pytest.raises(sqlite3.IntegrityError), pool.connection() as conn:  # noqa: PT012
        if not conn.in_transaction:
            conn.execute("BEGIN")
        conn.execute("INSERT INTO t VALUES (1)")
        conn.execute("INSERT INTO t VALUES (1)")

    assert rows() == 0
    assert pool.stats()["idle"] == 1


def test_in_every_mode_release_rolls_back(real):
    pool, rows = real
    conn = pool.acquire()
    if not conn.in_transaction:
        conn.execute("BEGIN")
    conn.execute("INSERT INTO t VALUES (1)")

    pool.release(conn)

    assert rows() == 0
    again = pool.acquire()
    assert again is conn
    again.execute("SELECT * FROM t").fetchall()
    pool.release(again)


def test_what_is_not_in_a_transaction_is_not_committed(pool):
    with pool.connection() as conn:
        pass

    assert conn.committed == 0
