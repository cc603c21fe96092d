"""What lesson 11 measures on real pools: real threads, real connections, the machine's own clock."""

from __future__ import annotations

import contextlib
import math
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from poolkit import ConnectionConfig, ConnectionPool
from poolkit.course.guard import left_behind
from poolkit.course.lessons.scenes import Desk
from poolkit.course.measuring import NotMeasured

ROWS = 20_000
CLIENTS = 16


def desk_pool(size: int) -> ConnectionPool:
    """A pool whose connections do nothing: what is held is held by sleeping."""
    config = ConnectionConfig(pool_size=size, max_connections=size, acquire_timeout=None)
    return ConnectionPool(config, connect=Desk().connect)


def percentile(numbers: list[float], percent: int) -> float:
    """The smallest of these numbers that at least so many percent of them do not exceed."""
    return sorted(numbers)[math.ceil(percent * len(numbers) / 100) - 1]


def paced(pool, per_second: float, held: float, seconds: float) -> list[int]:
    """Threads borrow at this pace; meanwhile ask every millisecond how many are in use."""
    count = round(per_second * seconds)
    workers = min(count, 24)
    start = time.monotonic() + 0.02

    def work(first: int) -> None:
        for number in range(first, count, workers):
            time.sleep(max(0.0, start + number / per_second - time.monotonic()))
            with pool.connection():
                time.sleep(held)

    with _running([lambda n=n: work(n) for n in range(workers)]):
        return list(_samples(pool, start, start + seconds))


def _samples(pool, start: float, ends: float) -> Iterator[int]:
    time.sleep(max(0.0, start - time.monotonic()))
    while time.monotonic() < ends:
        yield pool.stats()["in_use"]
        time.sleep(0.001)


@contextlib.contextmanager
def _running(jobs: list[Callable[[], None]]) -> Iterator[None]:
    """Threads at work for the length of the block, and joined after it.

    Raises NotMeasured while code from an earlier check still runs.
    """
    if left_behind():
        raise NotMeasured(
            "not measured: code from an earlier check still runs; restart the kernel (Kernel ▸ Restart Kernel)"
        )
    threads = [threading.Thread(target=job, daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()


# --- real queries


def make_events(folder: str) -> Path:
    """A SQLite file with a table of 20,000 rows; gives its path."""
    path = Path(folder) / "events.db"
    with ConnectionPool(ConnectionConfig(path)) as pool, pool.connection() as conn:
        conn.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, label TEXT NOT NULL)")
        rows = ((f"event {number}",) for number in range(ROWS))
        conn.executemany("INSERT INTO events (label) VALUES (?)", rows)
    return path


def rows_in(path: Path) -> int:
    """How many rows the table has by now."""
    with ConnectionPool(ConnectionConfig(path)) as pool, pool.connection() as conn:
        return conn.execute("SELECT count(*) FROM events").fetchone()[0]


def read(conn) -> None:
    """Look at every row."""
    conn.execute("SELECT sum(length(label)) FROM events").fetchone()


def write(conn) -> None:
    """Add one row; the end of the block commits it."""
    conn.execute("INSERT INTO events (label) VALUES ('new')")


@dataclass(frozen=True)
class Point:
    """What a pool of one size did. Seconds: from asking until the connection was given back.

    `per_second` counts what ended in time; `loans` has the last ones too, which were still on their
    way when time was up.
    """

    size: int
    loans: int
    per_second: float
    waits: list[float]
    totals: list[float]
    peak: int

    @property
    def median(self) -> float:
        return percentile(self.totals, 50)

    @property
    def slowest(self) -> float:
        """What 99 of 100 do not exceed; the slowest of all where there are no hundred."""
        return percentile(self.totals, 99)


def busy_clients(path: Path, job: Callable, sizes: tuple[int, ...], seconds: float) -> list[Point]:
    """For each size: sixteen threads borrow, do the job and come again at once, so many seconds."""
    return [_at_size(path, job, size, seconds) for size in sizes]


def _at_size(path: Path, job: Callable, size: int, seconds: float) -> Point:
    config = ConnectionConfig(
        path, timeout=30, min_connections=size, pool_size=size, max_connections=size,
        acquire_timeout=None,
    )  # fmt: skip
    loans: list[list[tuple[float, float, bool]]] = [[] for _ in range(CLIENTS)]
    begin = threading.Barrier(CLIENTS)

    def work(mine: list) -> None:
        begin.wait()
        ends = time.monotonic() + seconds
        while (asked := time.monotonic()) < ends:
            with pool.connection() as conn:
                got = time.monotonic()
                job(conn)
            done = time.monotonic()
            mine.append((got - asked, done - asked, done <= ends))

    with ConnectionPool(config) as pool:
        with _running([lambda mine=mine: work(mine) for mine in loans]):
            pass
        peak = pool.stats()["peak"]
    rows = [row for mine in loans for row in mine]
    in_time = sum(each[2] for each in rows)
    return Point(
        size, len(rows), in_time / seconds, [row[0] for row in rows], [row[1] for row in rows], peak
    )


def growth(points: list[Point]) -> float:
    """The largest pool's loans a second, for each one of the smallest."""
    return points[-1].per_second / (points[0].per_second or 1.0)


def as_growth(ratio: float) -> str:
    """That ratio, in the words of the prediction."""
    return (
        "fewer"
        if ratio < 0.8
        else "about as many"
        if ratio < 1.3
        else "up to four times"
        if ratio <= 4
        else "more than four times"
    )


# --- clients that think, come and hold, to lay beside the model


def regulars(clients: int, size: int, think: float, held: float, seconds: float) -> list[float]:
    """The same clients again and again: pause, come, hold. Give the seconds that each loan waited.

    What a client does is drawn from its own number, as `model.regulars` draws it.
    """
    pool = desk_pool(size)
    waits: list[list[float]] = [[] for _ in range(clients)]
    begin = threading.Barrier(clients)

    def regular(number: int) -> None:
        rng = random.Random(number)
        begin.wait()
        ends = time.monotonic() + seconds
        while True:
            time.sleep(rng.expovariate(1 / think))
            hold, asked = rng.expovariate(1 / held), time.monotonic()
            if asked >= ends:
                return
            with pool.connection():
                waits[number].append(time.monotonic() - asked)
                time.sleep(hold)

    with _running([lambda n=n: regular(n) for n in range(clients)]):
        pass
    return [waited for mine in waits for waited in mine]
