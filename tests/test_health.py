import sqlite3
import sys
import threading

import pytest

from poolkit import health_check
from poolkit.health import clean, ping

AUTOCOMMIT_MODES = [
    pytest.param({}, id="default"),
    *(
        pytest.param(
            {"autocommit": mode},
            id=f"autocommit={mode}",
            marks=pytest.mark.skipif(
                sys.version_info < (3, 12), reason="sqlite3 has no autocommit before Python 3.12"
            ),
        )
        for mode in (True, False)
    ),
]


@pytest.fixture
def conn(tmp_path):
    conn = sqlite3.connect(tmp_path / "app.db", check_same_thread=False)
    conn.execute("CREATE TABLE t (x)")
    yield conn
    conn.close()


@pytest.fixture(params=AUTOCOMMIT_MODES)
def any_mode(request, tmp_path):
    """A connection in each transaction mode, to a file with the table t."""
    conn = sqlite3.connect(tmp_path / "app.db", **request.param)
    conn.execute("CREATE TABLE t (x)")
    conn.commit()
    yield conn
    conn.close()


class OtherDriver:
    """A DB-API connection of another kind: not a word about `in_transaction`."""

    def __init__(self):
        self.calls = []

    def cursor(self):
        return self

    def execute(self, sql):
        self.calls.append(sql)

    def close(self):
        self.calls.append("close")

    def rollback(self):
        self.calls.append("rollback")


class AutocommittingDriver(OtherDriver):
    autocommit = True


def begin(conn):
    if not conn.in_transaction:
        conn.execute("BEGIN")
    conn.execute("INSERT INTO t VALUES (1)")


def rows_seen_next_door(path):
    conn = sqlite3.connect(path, timeout=0)
    try:
        return conn.execute("SELECT x FROM t").fetchall()
    finally:
        conn.close()


# health_check


def test_an_open_connection_is_healthy(conn):
    assert health_check(conn) == {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


def test_a_closed_connection_is_unhealthy(conn):
    conn.close()

    assert health_check(conn) == {
        "status": "unhealthy",
        "error": "ProgrammingError: Cannot operate on a closed database.",
    }


def test_a_connection_of_another_thread_is_unhealthy_here(tmp_path):
    conn = sqlite3.connect(tmp_path / "app.db")
    reports = []
    thread = threading.Thread(target=lambda: reports.append(health_check(conn)))
    thread.start()
    thread.join()
    conn.close()

    assert reports[0]["status"] == "unhealthy"
    assert "thread" in reports[0]["error"]


def test_something_that_is_no_connection_is_unhealthy():
    assert health_check(None)["status"] == "unhealthy"
    assert "NoneType" in health_check(None)["error"]


def test_an_error_without_a_message_still_has_its_name():
    class Silent:
        def cursor(self):
            raise ConnectionResetError

    assert health_check(Silent())["error"].startswith("ConnectionResetError")


def test_an_interruption_is_no_report():
    class Interrupted:
        def cursor(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        health_check(Interrupted())


def test_a_row_factory_of_the_borrower_does_not_look_like_an_illness(conn):
    def fails(cursor, row):
        raise ZeroDivisionError

    for conn.row_factory in (sqlite3.Row, lambda cursor, row: {}, fails):
        assert health_check(conn)["status"] == "healthy"
        ping(conn)


def test_a_text_factory_of_the_borrower_does_not_spoil_the_report(conn):
    conn.text_factory = bytes

    assert health_check(conn)["sqlite_version"] == sqlite3.sqlite_version


def test_a_check_leaves_an_open_transaction_alone(any_mode, tmp_path):
    begin(any_mode)

    assert health_check(any_mode)["status"] == "healthy"

    assert any_mode.in_transaction
    assert any_mode.execute("SELECT x FROM t").fetchall() == [(1,)]


def test_a_check_leaves_no_transaction_and_no_statement_behind(conn):
    health_check(conn)

    assert not conn.in_transaction
    conn.execute("VACUUM")  # SQLite refuses it while a statement is under way


def test_a_lock_elsewhere_is_no_illness(conn, tmp_path):
    other = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    assert health_check(conn)["status"] == "healthy"
    other.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows deletes no file that is open")
def test_a_deleted_file_is_not_noticed_as_promised(conn, tmp_path):
    (tmp_path / "app.db").unlink()

    assert health_check(conn)["status"] == "healthy"


# ping


def test_ping_is_silent_on_a_good_connection(any_mode):
    assert ping(any_mode) is None


def test_ping_raises_on_a_closed_connection(conn):
    conn.close()

    with pytest.raises(sqlite3.ProgrammingError):
        ping(conn)


def test_ping_rolls_back_what_it_may_have_begun():
    driver = OtherDriver()

    ping(driver)

    assert driver.calls == ["SELECT 1", "close", "rollback"]


def test_ping_raises_when_the_rollback_fails():
    class Broken(OtherDriver):
        def rollback(self):
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        ping(Broken())


# clean


def test_clean_rolls_back_in_every_mode(any_mode, tmp_path):
    begin(any_mode)

    clean(any_mode)

    assert any_mode.execute("SELECT x FROM t").fetchall() == []
    assert rows_seen_next_door(tmp_path / "app.db") == []


def test_clean_gives_up_the_lock_in_every_mode(any_mode, tmp_path):
    begin(any_mode)

    clean(any_mode)

    other = sqlite3.connect(tmp_path / "app.db", timeout=0)
    other.execute("INSERT INTO t VALUES (2)")
    other.close()


def test_a_cleaned_connection_works_on_in_every_mode(any_mode, tmp_path):
    begin(any_mode)
    clean(any_mode)
    clean(any_mode)

    begin(any_mode)
    if getattr(any_mode, "autocommit", None) is True:
        any_mode.execute("COMMIT")
    else:
        any_mode.commit()

    assert rows_seen_next_door(tmp_path / "app.db") == [(1,)]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sqlite3 has autocommit from Python 3.12")
def test_clean_leaves_python_in_charge_with_autocommit_false(tmp_path):
    conn = sqlite3.connect(tmp_path / "app.db", autocommit=False)
    conn.execute("CREATE TABLE t (x)")

    clean(conn)

    assert conn.in_transaction  # a new one; after a ROLLBACK by hand, commit() would fail
    conn.commit()
    conn.close()


def test_clean_keeps_what_was_committed(conn, tmp_path):
    begin(conn)
    conn.commit()

    clean(conn)

    assert rows_seen_next_door(tmp_path / "app.db") == [(1,)]


def test_clean_touches_nothing_where_nothing_is_open(conn):
    statements = []
    conn.set_trace_callback(statements.append)

    clean(conn)

    assert statements == []


def test_clean_raises_on_a_closed_connection(conn):
    conn.close()

    with pytest.raises(sqlite3.ProgrammingError):
        clean(conn)


@pytest.mark.parametrize("driver", [OtherDriver, AutocommittingDriver])
def test_a_connection_that_does_not_tell_is_always_rolled_back(driver):
    conn = driver()

    clean(conn)

    assert conn.calls == ["rollback"]
