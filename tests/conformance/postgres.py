"""psycopg_pool on a real PostgreSQL server: DATABASE_URL, or one started for the purpose."""

import functools
import os
import threading
import uuid
from types import SimpleNamespace

import psycopg
import psycopg_pool
from psycopg.pq import TransactionStatus
from psycopg_pool import pool as own

from poolkit.course.postgres import own_server
from tests.conformance import desk as sqlite
from tests.conformance.desk import Desk, Faulty

HANDED_ON = "POOLKIT_TESTS_SERVER"  # where our processes, and those they start, find the address


@functools.cache
def server() -> str:
    """The address of a server. One that we start ends with this process."""
    asked = os.environ.get("DATABASE_URL") or os.environ.get(HANDED_ON)
    if not asked:
        asked = os.environ[HANDED_ON] = own_server().address()
    return asked


class Connection(Faulty, psycopg.Connection):
    """A connection of psycopg."""


class PostgresDesk(Desk):
    """Opens connections to the server; each desk has a table of its own."""

    close_may_fail = False  # it tells the server, or does not, and lets go
    driver_error = psycopg.OperationalError

    def __init__(self, path="", opener=None):
        super().__init__(path, opener)
        self.dsn = server()
        self.table = f"t{uuid.uuid4().hex}"

    def open(self):
        return psycopg.Connection.connect.__func__(Connection, self.dsn)

    def kill(self, conn):
        with psycopg.connect(self.dsn, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", [conn.info.backend_pid])
        self.open_ones.pop(id(conn), None)

    def begin(self, conn):
        conn.execute("SELECT 1")

    def in_transaction(self, conn):
        return conn.info.transaction_status != TransactionStatus.IDLE

    def make_table(self):
        with psycopg.connect(self.dsn) as conn:
            conn.execute(f"CREATE TABLE {self.table} (x int)")

    def share_log(self):
        pass

    def write(self, conn):
        conn.execute(f"INSERT INTO {self.table} VALUES (1)")

    def rows(self):
        with psycopg.connect(self.dsn) as conn:
            return conn.execute(f"SELECT count(*) FROM {self.table}").fetchone()[0]


class Dressed(sqlite.Connection):
    """SQLite in psycopg's clothes."""

    @property
    def pgconn(self):
        if not self.desk.is_open(self):
            return SimpleNamespace(transaction_status=TransactionStatus.UNKNOWN)
        open_ = TransactionStatus.INTRANS if self.in_transaction else TransactionStatus.IDLE
        return SimpleNamespace(transaction_status=open_)


class DressedDesk(Desk):
    def __init__(self):
        super().__init__(opener=lambda path: sqlite.open_faulty(path, Dressed))


class InLine(psycopg_pool.ConnectionPool):
    """What its threads would do is done at once by whoever asks for it, so that it can be played.

    As theirs, it is not done any more once the pool is closed.
    """

    def _start_workers(self):
        pass

    def _start_initial_tasks(self):
        pass

    def _signal_stop_worker(self):
        return []

    def run_task(self, task):
        task.run()


class PsycopgPlayed:
    """psycopg_pool's own code without its threads, for the moments at which threads meet."""

    name = "psycopg_pool, played"
    timed_out = psycopg_pool.PoolTimeout
    desk = DressedDesk
    follow = [
        psycopg_pool.ConnectionPool,
        own.WaitingClient,
        own.ReturnConnection,
        threading.Condition,  # a waiter's time can be up between two lines of it
    ]
    lacks = {"for_ever": "a time-out is always a number of seconds"}

    def __init__(self, connect, size, timeout):
        class Opener(Dressed):
            @classmethod
            def connect(cls, conninfo="", **_):
                return connect()

        self.pool = InLine(
            connection_class=Opener, min_size=0, max_size=size, timeout=timeout, open=True
        )
        self.acquire, self.release = self.pool.getconn, self.pool.putconn
        self.close_all = self.pool.close


class PsycopgPool:
    name = "psycopg_pool"
    reproductions = "psycopg"
    version = psycopg_pool.__version__
    timed_out = psycopg_pool.PoolTimeout
    follow = None  # threads of its own open its connections
    desk = PostgresDesk
    played = PsycopgPlayed
    lacks = {
        "error": "it connects in the background, and again and again; the borrower's time runs out",
        "no_wait": "timeout=0 raises at once, also where one lies idle",
        "for_ever": "a time-out is always a number of seconds",
        "cursors": "what comes back is rolled back; reset= is for more",
        "settings": "what comes back is rolled back; reset= is for more",
    }
    documented = {
        "waits": "timeout: seconds to wait for a connection, then PoolTimeout",
        "order": "what comes back goes to the first client waiting",
        "threads": "putconn(): use it only paired with a getconn()",
        "interrupts": "nothing on a client that is interrupted",
        "numbers": "requests_waiting: the clients currently waiting in the queue",
        "leftovers": "what comes back is rolled back; reset(conn) cleans up further",
        "end": "close(): who waits gets PoolClosed; what is in use is closed when it comes back",
        "fork": "nothing on forks",
    }

    def __init__(self, connect, size, timeout):
        class Opener(Connection):
            @classmethod
            def connect(cls, conninfo="", **_):
                return connect()

        self.pool = psycopg_pool.ConnectionPool(
            connection_class=Opener,
            min_size=0,
            max_size=size,
            timeout=timeout,
            check=psycopg_pool.ConnectionPool.check_connection,
            open=True,
        )
        self.acquire, self.release = self.pool.getconn, self.pool.putconn
        self.connection = self.pool.connection

    def close_all(self):
        self.pool.close()

    dispose = "close_all"

    def stats(self):
        numbers = self.pool.get_stats()
        idle = numbers["pool_available"]
        in_use = numbers["pool_size"] - idle
        return {"idle": idle, "in_use": in_use, "waiting": numbers["requests_waiting"]}
