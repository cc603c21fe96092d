"""What the pool's tests share: a database that does as it is told, a clock, and threads."""

import threading
import time


class Database:
    """Stands for a server: counts its connections, and fails or stalls when told to."""

    def __init__(self, kind=None):
        self.kind = kind or FakeConnection
        self.opened = []
        self.failures = []  # what the next calls of connect() raise; None lets one through
        self.gate = threading.Event()  # cleared: connect() stalls until it is set
        self.gate.set()
        self.connecting = 0

    def connect(self):
        self.connecting += 1
        assert self.gate.wait(10)
        if self.failures and (failure := self.failures.pop(0)):
            raise failure
        conn = self.kind()
        self.opened.append(conn)
        return conn

    @property
    def still_open(self):
        return [conn for conn in self.opened if not conn.closed]


class FakeConnection:
    """Counts what is done to it, and fails when told to."""

    def __init__(self):
        self.in_transaction = False
        self.closed = 0
        self.checked = 0
        self.rolled_back = 0
        self.committed = 0
        self.failure = None  # what each further use raises

    def use(self):
        if self.failure:
            raise self.failure
        if self.closed:
            raise RuntimeError("used after it was closed")

    def cursor(self):
        return FakeCursor(self)

    def commit(self):
        self.use()
        self.committed += 1
        self.in_transaction = False

    def rollback(self):
        self.use()
        self.rolled_back += 1
        self.in_transaction = False

    def close(self):
        self.closed += 1
        if self.failure:
            raise self.failure


class PlainConnection(FakeConnection):
    """Does not tell whether it is in a transaction, as psycopg's do not."""

    @property
    def in_transaction(self):
        raise AttributeError("in_transaction")

    @in_transaction.setter
    def in_transaction(self, value):
        pass


class FakeCursor:
    def __init__(self, conn):
        self.conn = conn

    def execute(self, sql):
        self.conn.use()
        self.conn.checked += sql == "SELECT 1"

    def close(self):
        pass


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now=1000.0):
        self.now = now

    def __call__(self):
        return self.now


class Task:
    """A call in a thread of its own; its result, or what it raised, is asked for later."""

    def __init__(self, func, *args, name=None, **kwargs):
        self._outcome = None
        self.thread = threading.Thread(
            target=self._run, args=(func, args, kwargs), name=name, daemon=True
        )
        self.thread.start()

    def _run(self, func, args, kwargs):
        try:
            self._outcome = func(*args, **kwargs), None
        except BaseException as exc:
            self._outcome = None, exc

    def result(self, within=10):
        self.thread.join(within)
        assert not self.thread.is_alive(), f"still running after {within} s"
        value, exc = self._outcome
        if exc is not None:
            raise exc
        return value


def wait_until(condition, within=10):
    """Wait for a state that shows."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"did not come true within {within} s"
        time.sleep(0.0005)


def waiting(pool, count):
    """Wait until so many callers stand in line."""
    wait_until(lambda: pool.stats()["waiting"] == count)
