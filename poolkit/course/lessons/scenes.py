"""Scenes for the player: what can go wrong when threads share a pool, each set up so that it shows.

Every scene takes a pool class with `acquire(timeout=…)` and `release(conn)`, and makes its pool
with `build(pool_class, connect, size)`: by default `pool_class(connect, size)`, or a config where
the class asks for one. `connect` is a `Desk`'s: it hands out connections c1, c2 … that do nothing.
An assertion's message is a key; the lessons tell the story that belongs to it.

A claim is then one line, `insist(lent_once(pool_class))`.
"""

import inspect
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from poolkit.config import ConnectionConfig
from poolkit.course.exercises import Reason
from poolkit.course.player import Scene, note, play_all
from poolkit.errors import PoolClosed

#: The keys that `insist` may assert with where no assertion of the scene failed.
KINDS = ("raised", "deadlock", "endless", "stuck", "unseen")


def insist(scene: Scene, **bounds) -> None:
    """Assert that a scene holds in every schedule.

    Raises AssertionError with the key of a misconception: the scene's own, or one of `KINDS`. Its
    story can be filled with `{story}`, the schedule that broke it, `{table}`, who ran which line,
    and `{line}`, the line at which it ended.
    """
    result = play_all(scene, **bounds)
    if result.ok:
        return
    reason = Reason(result.key if result.kind == "claim" else result.kind)
    reason.values = {"story": str(result), "table": result.table(), "line": result.line}
    raise AssertionError(reason)


class Connection:
    """A connection that does nothing, and knows whether it is open."""

    in_transaction = False

    def __init__(self, desk: "Desk", name: str) -> None:
        self._desk, self.name, self.open = desk, name, True

    def __repr__(self) -> str:
        return self.name

    def close(self) -> None:
        if self.open:
            self.open = False
            self._desk.open -= 1

    def execute(self, *_args) -> "Connection":
        return self

    def commit(self) -> None:
        pass

    rollback = commit


@dataclass
class Desk:
    """Where connections come from: counts them, and can be slow or fail."""

    seconds: float = 0.0  # how long the next connects take, in virtual time
    failures: int = 0  # how many of the next connects fail
    made: int = 0
    open: int = 0
    most: int = 0
    out: list = field(default_factory=list)

    def connect(self) -> Connection:
        self.made += 1
        name = f"c{self.made}"
        self.open += 1
        self.most = max(self.most, self.open)
        if self.seconds:
            time.sleep(self.seconds)
        if self.failures:
            self.failures -= 1
            self.open -= 1
            raise ConnectionError("no route to the database")
        return Connection(self, name)


def build(pool_class: type, connect: Callable, size: int) -> object:
    """Make a pool of at most `size` connections, whichever of the two shapes its class has."""
    if "config" in inspect.signature(pool_class).parameters:
        config = ConnectionConfig(pool_size=size, max_connections=size, max_retries=1)
        return pool_class(config, connect=connect)
    return pool_class(connect, size)


class Table:
    """What the workers of one play share: the pool, its desk, and who has what."""

    def __init__(self, pool_class: type, size: int, make: Callable, **desk) -> None:
        self.desk = Desk()
        self.pool = make(pool_class, self.desk.connect, size)
        self.size = size
        self.order: list[str] = []

    def take(self, **how) -> Connection:
        """Borrow, and look at what came: nobody else may hold it, and it must be open."""
        conn = self.pool.acquire(**how)
        note(f"took {conn}")
        assert conn is not None, "nothing lent"
        assert conn not in self.desk.out, "lent twice"
        self.desk.out.append(conn)
        return conn

    def give(self, conn: Connection) -> None:
        self.desk.out.remove(conn)
        self.pool.release(conn)
        note(f"gave {conn} back")

    def all_there(self) -> None:
        """When all is given back, `size` connections can be lent, and no more were ever open."""
        for conn in list(self.desk.out):
            self.give(conn)
        for _ in range(self.size):
            try:
                self.take(timeout=0)
            except TimeoutError:
                raise AssertionError("a connection is lost") from None
        assert self.desk.most <= self.size, "too many opened"

    def exactly_all_there(self) -> None:
        """And who asks for one more then, without waiting, gets none."""
        self.all_there()
        with suppress(TimeoutError):
            self.take(timeout=0)
        assert self.desk.most <= self.size, "too many opened"


def lent_once(pool_class: type, make: Callable = build, *, idle: int = 1) -> Scene:
    """Two threads never hold the same connection at once."""

    def setup() -> Table:
        table = Table(pool_class, 2, make)
        conns = [table.take() for _ in range(idle)]
        for conn in conns:
            table.give(conn)
        return table

    return Scene(pool_class, setup, {"ann": Table.take, "ben": Table.take})


def counted(pool_class: type, make: Callable = build) -> Scene:
    """What is given back while somebody else borrows can be lent again: no place gets lost."""

    def setup() -> Table:
        table = Table(pool_class, 2, make)
        table.first = table.take()
        return table

    def ann(table: Table) -> None:
        table.take()

    def ben(table: Table) -> None:
        table.give(table.first)

    return Scene(pool_class, setup, {"ann": ann, "ben": ben}, Table.all_there)


def both_give_back(pool_class: type, make: Callable = build) -> Scene:
    """Two threads that give back at once lose no place."""

    def setup() -> Table:
        table = Table(pool_class, 2, make)
        table.first, table.second = table.take(), table.take()
        return table

    def ann(table: Table) -> None:
        table.give(table.first)

    def ben(table: Table) -> None:
        table.give(table.second)

    return Scene(pool_class, setup, {"ann": ann, "ben": ben}, Table.all_there)


def woken(pool_class: type, make: Callable = build) -> Scene:
    """A thread that waits gets the connection that another gives back."""

    def ann(table: Table) -> None:
        table.take(timeout=None)

    def ben(table: Table) -> None:
        table.give(table.first)

    return Scene(pool_class, _one_lent(pool_class, make), {"ann": ann, "ben": ben})


def still_there(pool_class: type, make: Callable = build) -> Scene:
    """A thread that was woken looks again: the connection may have been taken meanwhile."""

    def ann(table: Table) -> None:
        table.give(table.take(timeout=None))

    def ben(table: Table) -> None:
        table.give(table.first)
        table.give(table.take(timeout=None))

    return Scene(pool_class, _one_lent(pool_class, make), {"ann": ann, "ben": ben}, Table.all_there)


def in_order(pool_class: type, make: Callable = build) -> Scene:
    """First come, first served: who gives back and asks again stands behind those who wait."""

    def wait(name: str, after: float) -> Callable:
        def waiter(table: Table) -> None:
            time.sleep(after)
            conn = table.take(timeout=None)
            table.order.append(name)
            table.give(conn)

        return waiter

    def ben(table: Table) -> None:
        time.sleep(2)
        table.give(table.first)
        conn = table.take(timeout=None)
        table.order.append("ben")
        table.give(conn)

    def holds(table: Table) -> None:
        assert table.order != ["ben", "ann", "carl"], "barged in"
        assert table.order == ["ann", "carl", "ben"], "out of order"

    workers = {"ann": wait("ann", 0), "ben": ben, "carl": wait("carl", 1)}
    return Scene(pool_class, _one_lent(pool_class, make), workers, holds)


def timed_out(pool_class: type, make: Callable = build) -> Scene:
    """A thread whose time is up just when a connection comes back leaves it to the others."""

    def ann(table: Table) -> None:
        start = time.monotonic()
        try:
            conn = table.take(timeout=1.0)
        except TimeoutError:
            note("gave up")
            assert time.monotonic() >= start + 1.0, "too early"
            assert time.monotonic() == start + 1.0, "too late"
        else:
            table.give(conn)

    def ben(table: Table) -> None:
        time.sleep(1.0)
        table.give(table.first)

    return Scene(pool_class, _one_lent(pool_class, make), {"ann": ann, "ben": ben}, Table.all_there)


def capped(pool_class: type, make: Callable = build) -> Scene:
    """Never more connections are opened than the pool may have."""

    def setup() -> Table:
        return Table(pool_class, 1, make)

    def borrow(table: Table) -> None:
        table.give(table.take(timeout=None))

    def holds(table: Table) -> None:
        assert table.desk.most <= 1, "too many opened"

    return Scene(pool_class, setup, {"ann": borrow, "ben": borrow}, holds)


def slow_connect(pool_class: type, make: Callable = build) -> Scene:
    """While one thread connects, another can give back: nobody connects under the lock."""

    def setup() -> Table:
        table = Table(pool_class, 2, make)
        table.first = table.take()
        table.desk.seconds = 4.0
        return table

    def ann(table: Table) -> None:
        table.take()

    def ben(table: Table) -> None:
        time.sleep(1.0)
        start = time.monotonic()
        table.give(table.first)
        assert time.monotonic() == start, "held up by a connect"

    return Scene(pool_class, setup, {"ann": ann, "ben": ben})


def failed_connect(pool_class: type, make: Callable = build) -> Scene:
    """A connect that fails gives its place to the next who waits."""

    def setup() -> Table:
        table = Table(pool_class, 1, make)
        table.desk.seconds, table.desk.failures = 2.0, 1
        return table

    def ann(table: Table) -> None:
        try:
            table.give(table.take(timeout=None))
        except ConnectionError:
            note("could not connect")

    def ben(table: Table) -> None:
        time.sleep(1.0)
        table.give(table.take(timeout=None))

    return Scene(pool_class, setup, {"ann": ann, "ben": ben}, Table.exactly_all_there)


def at_rest(pool_class: type, make: Callable = build) -> Scene:
    """A thread that waits does nothing until it is woken, and then gets going at once."""

    def ann(table: Table) -> None:
        table.take(timeout=None)
        assert time.monotonic() == table.back_at, "came too late"

    def ben(table: Table) -> None:
        time.sleep(10.3)
        table.back_at = time.monotonic()
        table.give(table.first)

    return Scene(pool_class, _one_lent(pool_class, make), {"ann": ann, "ben": ben})


def closed(pool_class: type, make: Callable = build) -> Scene:
    """Closing the pool wakes those who wait, and what is out is closed when it comes back."""

    def ann(table: Table) -> None:
        try:
            table.take(timeout=None)
        except PoolClosed:
            note("was told that the pool is closed")

    def ben(table: Table) -> None:
        table.pool.close_all()
        note("closed the pool")
        assert table.first.open, "closed under its borrower's hands"
        table.give(table.first)

    def holds(table: Table) -> None:
        assert table.desk.open == 0, "left open"

    return Scene(pool_class, _one_lent(pool_class, make), {"ann": ann, "ben": ben}, holds)


def _one_lent(pool_class: type, make: Callable) -> Callable[[], Table]:
    """Set-up: a pool of one connection, which ben has already."""

    def setup() -> Table:
        table = Table(pool_class, 1, make)
        table.first = table.take()
        return table

    return setup
