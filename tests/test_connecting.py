"""Attempts, deadlines, and the error that tells of them."""

import sqlite3

import pytest

from poolkit import ConnectFailed, ConnectionConfig
from poolkit.connecting import Connector
from tests.tools import Clock, Database

LOCKED = sqlite3.OperationalError("database is locked")


@pytest.fixture
def database():
    return Database()


def test_it_opens_what_the_config_names(tmp_path):
    conn = Connector(ConnectionConfig(tmp_path / "app.db")).open()

    assert conn.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    conn.close()


def test_what_may_pass_is_asked_of_the_driver_that_knows(database):
    """As with psycopg, whose errors sqlite3's rules do not know."""
    database.failures = [ConnectionResetError("starting up")] * 2
    config = ConnectionConfig(base_backoff=0)
    connector = Connector(
        config, database.connect, transient=lambda exc: isinstance(exc, ConnectionResetError)
    )

    assert connector.open() is database.opened[0]
    assert database.connecting == 3


def test_the_error_tells_what_it_tried_how_often_and_how_long(database):
    clock = Clock()

    def connect():
        clock.now += 2
        raise LOCKED

    config = ConnectionConfig(max_retries=4, base_backoff=0)
    with pytest.raises(ConnectFailed) as caught:
        Connector(config, connect, clock=clock).open(deadline=clock.now + 5)

    assert str(caught.value) == (
        "could not connect to connect: 3 of 4 attempts in 6 s: database is locked"
    )
    assert caught.value.__cause__ is LOCKED


def test_past_the_deadline_one_attempt_is_made(database):
    clock = Clock()

    assert Connector(ConnectionConfig(), database.connect, clock=clock).open(deadline=0.0)


def test_the_database_is_named_where_it_is_known(tmp_path):
    path = tmp_path / "missing" / "app.db"

    with pytest.raises(ConnectFailed, match=r"app\.db: 1 of 3"):
        Connector(ConnectionConfig(path)).open()


def test_an_interrupt_goes_through(database):
    def connect():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Connector(ConnectionConfig(), connect).open()
