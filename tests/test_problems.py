import errno
import os
import sqlite3

import pytest

from poolkit import ConnectFailed, PoolTimeout
from poolkit.problems import database_problem, file_problem


def with_code(code, message):
    exc = sqlite3.OperationalError(message)
    exc.sqlite_errorcode = code
    return exc


def caused_by(exc, cause):
    exc.__cause__ = cause
    return exc


@pytest.mark.parametrize("verb", ["read", "write"])
def test_a_file_problem_says_what_why_and_what_to_do(verb):
    exc = PermissionError(errno.EACCES, "Permission denied", "labels.txt")

    assert file_problem(exc, verb) == (
        f"cannot {verb} labels.txt: Permission denied: "
        "check its permissions, or choose another file"
    )


def test_an_unusual_file_problem_still_says_something():
    assert file_problem(OSError(errno.EIO, os.strerror(errno.EIO), "a"), "read") == (
        f"cannot read a: {os.strerror(errno.EIO)}: choose another file"
    )
    assert file_problem(OSError("odd"), "read").endswith("odd: choose another file")


def test_a_pool_error_is_told_by_its_cause():
    locked = with_code(sqlite3.SQLITE_BUSY, "database is locked")

    for exc in (locked, caused_by(ConnectFailed("3 attempts"), locked)):
        assert database_problem(exc, "app.db") == (
            "cannot use the database app.db: database is locked: "
            "another program is using it: try again later, or set a longer --timeout"
        )


def test_the_variant_of_a_code_does_not_matter():
    exc = with_code(sqlite3.SQLITE_BUSY_SNAPSHOT, "database is locked")

    assert "another program is using it" in database_problem(exc, "app.db")


def test_a_pool_error_without_a_cause_speaks_for_itself():
    assert database_problem(PoolTimeout("no connection came free in 5.0 s"), "app.db") == (
        "cannot use the database app.db: no connection came free in 5.0 s"
    )


def test_an_error_without_a_code_speaks_for_itself():
    assert database_problem(sqlite3.ProgrammingError("there is a table"), "app.db") == (
        "cannot use the database app.db: there is a table"
    )


def test_an_unusual_code_still_says_something():
    assert database_problem(with_code(sqlite3.SQLITE_TOOBIG, "too big"), "app.db") == (
        "cannot use the database app.db: too big: choose another database"
    )
