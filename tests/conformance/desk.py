"""Where the connections come from: real ones of SQLite, which stall or fail when told to."""

import contextlib
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any


class Faulty:
    """A connection that asks its desk before each thing it does; mixed into a driver's class."""

    desk: Any = None
    name = "?"

    def cursor(self, *args, **kwargs):
        self._step("use")
        return super().cursor(*args, **kwargs)

    def execute(self, *args, **kwargs):
        self._step("use")
        return super().execute(*args, **kwargs)

    def commit(self):
        self._step("commit")
        return super().commit()

    def rollback(self):
        self._step("rollback")
        return super().rollback()

    def close(self):
        try:
            self._step("close")
        finally:
            self.shut()

    def shut(self):
        """Close it, whatever its desk says: what the desk does when a play is over."""
        super().close()
        if self.desk is not None:
            self.desk.open_ones.pop(id(self), None)

    def _step(self, what):
        if self.desk is not None:
            self.desk.step(what, self)

    def __repr__(self):
        return self.name


class Connection(Faulty, sqlite3.Connection):
    """A connection of sqlite3."""


def open_faulty(path: str, kind: type[Connection] = Connection) -> Connection:
    return sqlite3.connect(path, check_same_thread=False, factory=kind)


class Desk:
    """Opens connections and counts them.

    `fails[what]` is a list of what the next of them raise; `gates[what]` an event at which the
    next one stops until it is set. `what` is one of connect, use, commit, rollback, close.
    """

    close_may_fail = True
    driver_error: type[Exception] = sqlite3.OperationalError

    def __init__(self, path: str = ":memory:", opener: Callable[[str], Any] | None = None) -> None:
        self.path = path
        self._opener = opener or open_faulty
        self.made: list[Any] = []
        self.open_ones: dict[int, Any] = {}
        self.connecting = 0
        self.most = 0
        self.fails: dict[str, list[BaseException]] = {}
        self.gates: dict[str, Any] = {}
        self.gated: set[int] = set()  # the threads that stand at a gate
        self.gated_connects = 0
        self._passed: list[Any] = []
        self.seen: Counter[str] = Counter()

    def connect(self) -> Any:
        self.connecting += 1
        self.most = max(self.most, self.connecting + len(self.open_ones))
        try:
            self.step("connect")
            conn = self.open()
        finally:
            self.connecting -= 1
        self.made.append(conn)
        with contextlib.suppress(AttributeError):  # the pool's own opener may make another kind
            conn.name, conn.desk = f"c{len(self.made)}", self
        self.open_ones[id(conn)] = conn
        return conn

    def step(self, what: str, conn: Any = None) -> None:
        self.seen[what] += 1
        if what in self.gates:
            self._stand(what, self.gates.pop(what))
        if self.fails.get(what):
            raise self.fails[what].pop(0)

    def open_gates(self) -> None:
        """Let go on who still stands at a gate."""
        for gate in [*self.gates.values(), *self._passed]:
            gate.set()

    def _stand(self, what: str, gate: Any) -> None:
        self._passed.append(gate)
        me = threading.get_ident()
        self.gated.add(me)
        self.gated_connects += what == "connect"
        gate.wait()
        self.gated_connects -= what == "connect"
        self.gated.discard(me)

    def error(self, text: str) -> Exception:
        return self.driver_error(text)

    def is_open(self, conn: Any) -> bool:
        return id(conn) in self.open_ones

    def end(self) -> None:
        """Close all that is still open."""
        self.fails, self.gates = {}, {}
        for conn in list(self.open_ones.values()):
            conn.shut() if isinstance(conn, Faulty) else conn.close()
        self.open_ones.clear()

    # What a driver does in its own way.

    def open(self) -> Any:
        return self._opener(self.path)

    def kill(self, conn: Any) -> None:
        """End the connection as a server would: the pool is not told."""
        conn.shut()

    def begin(self, conn: Any) -> None:
        """Open a transaction, and leave it open."""
        if not getattr(conn, "in_transaction", False):
            conn.cursor().execute("BEGIN")

    def in_transaction(self, conn: Any) -> bool:
        return conn.in_transaction

    def make_table(self) -> None:
        with contextlib.closing(sqlite3.connect(self.path)) as conn:
            conn.execute("CREATE TABLE t (x)")

    def share_log(self) -> None:
        """Have committed rows written to a log that all connections share."""
        with contextlib.closing(sqlite3.connect(self.path)) as conn:
            conn.execute("PRAGMA journal_mode = WAL")

    def write(self, conn: Any) -> None:
        conn.cursor().execute("INSERT INTO t VALUES (1)")

    def rows(self) -> int:
        """Count the rows that everybody can see."""
        with contextlib.closing(sqlite3.connect(self.path)) as conn:
            return conn.execute("SELECT count(*) FROM t").fetchone()[0]
