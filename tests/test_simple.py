import sqlite3

import pytest

from poolkit import ConnectionConfig, SimplePool


@pytest.fixture
def pool(tmp_path):
    pool = SimplePool(ConnectionConfig(tmp_path / "app.db", pool_size=2))
    yield pool
    pool.close_all()


def is_open(conn):
    try:
        conn.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        return False
    return True


def test_a_new_pool_has_opened_nothing(pool):
    assert pool.stats() == {
        "created": 0,
        "reused": 0,
        "idle": 0,
        "in_use": 0,
        "peak": 0,
        "pool_size": 2,
    }


def test_acquire_opens_the_database_of_the_config(pool, tmp_path):
    conn = pool.acquire()

    assert isinstance(conn, sqlite3.Connection)
    assert (tmp_path / "app.db").samefile(conn.execute("PRAGMA database_list").fetchone()[2])
    pool.release(conn)


def test_a_connection_given_back_is_lent_again(pool):
    first = pool.acquire()
    pool.release(first)

    assert pool.acquire() is first
    assert pool.stats()["created"] == 1
    assert pool.stats()["reused"] == 1
    pool.release(first)


def test_two_borrowers_get_two_connections(pool):
    one, other = pool.acquire(), pool.acquire()

    assert one is not other
    assert pool.stats()["created"] == 2
    assert pool.stats()["reused"] == 0
    pool.release(one)
    pool.release(other)


def test_the_one_given_back_last_is_lent_first(pool):
    one, other = pool.acquire(), pool.acquire()
    pool.release(one)
    pool.release(other)

    assert pool.acquire() is other
    assert pool.acquire() is one
    pool.release(one)
    pool.release(other)


def test_a_surplus_connection_is_closed(pool):
    conns = [pool.acquire() for _ in range(4)]
    for conn in conns:
        pool.release(conn)

    assert [is_open(conn) for conn in conns] == [True, True, False, False]
    assert pool.stats()["idle"] == 2


def test_lending_has_no_cap(pool):
    conns = [pool.acquire() for _ in range(50)]

    assert pool.stats()["in_use"] == 50
    for conn in conns:
        pool.release(conn)


def test_peak_is_the_most_that_were_out_at_once(pool):
    conns = [pool.acquire() for _ in range(3)]
    for conn in conns:
        pool.release(conn)
    pool.release(pool.acquire())

    assert pool.stats()["peak"] == 3
    assert pool.stats()["in_use"] == 0


def test_shrink_closes_those_unused_for_longest(pool):
    one, other = pool.acquire(), pool.acquire()
    pool.release(one)
    pool.release(other)

    pool.shrink(1)

    assert (is_open(one), is_open(other)) == (False, True)
    assert pool.acquire() is other
    pool.release(other)


def test_shrink_to_more_than_there_are_does_nothing(pool):
    pool.release(pool.acquire())

    pool.shrink(5)

    assert pool.stats()["idle"] == 1


def test_shrink_below_zero_is_refused_and_closes_nothing(pool):
    pool.release(pool.acquire())

    with pytest.raises(ValueError, match="target must be at least 0, not -1"):
        pool.shrink(-1)
    assert pool.stats()["idle"] == 1


def test_close_all_closes_what_is_idle_and_leaves_what_is_out(pool):
    idle, out = pool.acquire(), pool.acquire()
    pool.release(idle)

    pool.close_all()
    pool.close_all()

    assert (is_open(idle), is_open(out)) == (False, True)
    assert pool.stats()["idle"] == 0
    assert pool.stats()["in_use"] == 1
    out.close()


def test_without_a_config_it_uses_the_defaults():
    pool = SimplePool()

    assert pool.config == ConnectionConfig()
    assert pool.stats()["pool_size"] == 5


def test_two_pools_share_nothing(tmp_path):
    one, other = SimplePool(), SimplePool()
    one.release(one.acquire())

    assert other.stats()["created"] == 0
    one.close_all()


def test_the_timeout_of_the_config_reaches_sqlite(tmp_path):
    pool = SimplePool(ConnectionConfig(tmp_path / "app.db", timeout=1.25))
    conn = pool.acquire()

    assert conn.execute("PRAGMA busy_timeout").fetchone() == (1250,)
    conn.close()


def test_a_uri_is_opened_as_one(tmp_path):
    (tmp_path / "app.db").touch()
    pool = SimplePool(ConnectionConfig(f"{(tmp_path / 'app.db').as_uri()}?mode=ro"))
    conn = pool.acquire()

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        conn.execute("CREATE TABLE t (x)")
    conn.close()


def test_a_failed_connect_is_counted_nowhere(tmp_path):
    pool = SimplePool(ConnectionConfig(tmp_path / "nowhere" / "app.db"))

    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        pool.acquire()
    assert pool.stats()["created"] == pool.stats()["in_use"] == pool.stats()["peak"] == 0


def test_it_shows_its_state():
    pool = SimplePool()
    one, other = pool.acquire(), pool.acquire()
    pool.release(other)

    assert repr(pool) == "<SimplePool :memory:: 1 in use, 1 idle>"
    one.close()
    pool.close_all()
