"""Record the three incidents of lesson 14 from real runs of the shop, into data/.

    python -m poolkit.course.lessons.capstone.recording

An event is (at, thread, event, connection, where): seconds since the start, the request, what
happened, the connection's number by the order of opening, and the line of the shop it came from.
"""

from __future__ import annotations

import contextlib
import csv
import functools
import itertools
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from poolkit import ConnectionConfig, ConnectionPool, PoolTimeout
from poolkit.course.files import ROOT
from poolkit.course.lessons.capstone import shop

FIELDS = ("at", "thread", "event", "connection", "where")
_STATEMENTS = ("BEGIN", "INSERT", "SELECT", "COMMIT", "ROLLBACK")
Request = tuple[float, str, Callable[[object], object]]  # when, its name, what it does


class Recorder:
    """A pool as the shop sees it, that notes what is done with it.

    `waits`: the pool's acquire takes a time-out, and 0 asks whether it would have to wait.
    """

    def __init__(self, pool: object, waits: bool = True) -> None:
        self.events: list[tuple] = []
        self._pool, self._waits = pool, waits
        self._began, self._lock = time.monotonic(), threading.Lock()
        self._numbers: dict[int, int] = {}

    def number(self, conn: object) -> int:
        """Know a new connection by the next number."""
        return self._numbers.setdefault(id(conn), len(self._numbers) + 1)

    def note(self, event: str, conn: object = None) -> None:
        with self._lock:
            at = round(time.monotonic() - self._began, 3)
            number = self.number(conn) if conn is not None else None
            thread = threading.current_thread().name
            self.events.append((at, thread, event, number, _line_of_the_shop()))

    def acquire(self):
        try:
            conn = self._pool.acquire(timeout=0) if self._waits else self._pool.acquire()
        except PoolTimeout:
            conn = self._wait()
        self.note("lent", conn)
        return conn

    def _wait(self):
        self.note("queued")
        try:
            return self._pool.acquire()
        except PoolTimeout:
            self.note("timed out")
            raise

    def release(self, conn) -> None:
        self.note("returned", conn)  # before it is: the next loan of it comes later
        self._pool.release(conn)


def _line_of_the_shop() -> str:
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename != shop.__file__:
        frame = frame.f_back
    return f"shop.py:{frame.f_lineno}" if frame is not None else ""


def requests(plan: Iterable[Request], pool: object) -> None:
    """Start each request at its time, in a thread of its own; wait until all are done."""
    began, threads = time.monotonic(), []
    for at, name, work in sorted(plan, key=lambda request: request[0]):
        time.sleep(max(0.0, began + at - time.monotonic()))
        threads.append(threading.Thread(target=_quietly, args=(work, pool), name=name))
        threads[-1].start()
    for thread in threads:
        thread.join()


def _quietly(work: Callable, pool: object) -> None:
    try:
        work(pool)
    except PoolTimeout:
        pass  # the shop shows a page that says sorry


def small_shop(folder: str, size: int, patience: float) -> ConnectionPool:
    """The shop's database, and a pool of `size` places whose borrowers wait so many seconds."""
    path = Path(folder) / "shop.db"
    config = ConnectionConfig(path, pool_size=size, max_connections=size, acquire_timeout=patience)
    pool = ConnectionPool(config, configure=shop.prepare)
    with pool.connection() as conn:
        conn.executescript(shop.TABLES)
    return pool


def named(plan: Iterable[tuple[float, str, Callable]]) -> list[Request]:
    """Requests with their names: the third refund is refund-3."""
    counts: Counter[str] = Counter()
    requests = []
    for at, kind, work in sorted(plan, key=lambda request: request[0]):
        counts[kind] += 1
        requests.append((at, f"{kind}-{counts[kind]}", work))
    return requests


def first_plan() -> list[Request]:
    """Baskets, searches and refunds; some refunds are asked for a second time."""
    refunds = itertools.cycle([1, 2, 3, 1, 4, 5, 2, 6, 3, 1])
    kinds = {
        "b": ("basket", lambda: functools.partial(shop.show_basket, customer="ann")),
        "s": ("search", lambda: functools.partial(shop.search, text="%n%")),
        "r": ("refund", lambda: functools.partial(shop.refund, order=next(refunds))),
    }
    letters = "bsrbbrsrbbsrbrbsbrbbsrbsrbbsbrbbsbbsbbrbbsbsbbsbbsbbsbsbbsbbsbbsbbsbbsbsbbsb"
    return named((0.07 * n, kinds[a][0], kinds[a][1]()) for n, a in enumerate(letters))


def second_plan() -> list[Request]:
    """Product pages and checkouts all the time; at two seconds somebody exports, eight times."""
    pages = [(0.08 * n, "product", _insisting(shop.product_page, 3)) for n in range(75)]
    buys = [(0.35 * n + 0.03, "checkout", _insisting(shop.checkout, 3)) for n in range(17)]
    exports = [(2.0 + 0.03 * n, "export", _insisting(shop.export, 20)) for n in range(8)]
    return named(pages + buys + exports)


def _insisting(work: Callable, tries: int) -> Callable:
    return lambda pool: shop.patiently(lambda: work(pool), tries)


def record(plan: list[Request], size: int, patience: float) -> list[tuple]:
    """Play a plan on a pool of poolkit's and give its events."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        pool = small_shop(folder, size, patience)
        recorder = Recorder(pool)
        requests(plan, recorder)
        pool.close_all()
    return recorder.events


def third_record(
    pool_class: type = shop.ShopPool, pause: float = 0.0
) -> tuple[list[tuple], list[str]]:
    """A day of orders, one request after the other, but for those who take their time to count.

    Gives the events, and the customers that the table of orders has in the end.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "shop.db"
        with contextlib.closing(sqlite3.connect(path)) as conn:
            conn.executescript(f"PRAGMA journal_mode = WAL; {shop.TABLES} DELETE FROM orders")
        opened = [sqlite3.connect(path, check_same_thread=False) for _ in range(2)]
        supply = iter(opened)
        recorder = Recorder(pool_class(lambda: next(supply), 2), waits=False)
        for conn in opened:
            recorder.number(conn)
            conn.set_trace_callback(functools.partial(_statement, recorder, conn))
        _one_by_one(recorder, pause)
        for conn in opened:
            conn.close()  # the end of the program: what is open now is gone
        with contextlib.closing(sqlite3.connect(path)) as conn:
            rows = conn.execute("SELECT customer FROM orders ORDER BY id").fetchall()
    return recorder.events, [customer for (customer,) in rows]


def _statement(recorder: Recorder, conn: sqlite3.Connection, sql: str) -> None:
    word = sql.split()[0].upper()
    if word in _STATEMENTS:
        recorder.note(word, conn)


#: o, O: an order, one that is refused; v, g: a visit, one of a guest without a name; c: a count;
#: ( and ): a count begins, and comes to its end.
DAY = "ovOv(oOg)vOcvO(c)OvoOoO"
NAMES = ("ann", "ben", "cleo", "dan", "eve", "fay", "gus", "hal", "ida", "jan", "kim")


def refused() -> list[str]:
    """The customers whose card was refused, each told that nothing was ordered."""
    orders = [letter for letter in DAY if letter in "oO"]
    return [name for name, letter in zip(NAMES, orders, strict=True) if letter == "O"]


def _one_by_one(pool: object, pause: float) -> None:
    names, counts, counting = iter(NAMES), Counter(), []
    for letter in DAY:
        time.sleep(pause)
        if letter == ")":
            thread, goes_on = counting.pop()
            goes_on.set()
            thread.join()
            continue
        kind, work, borrowed, goes_on = _request(letter, names)
        counts[kind] += 1
        thread = threading.Thread(target=work, args=(pool,), name=f"{kind}-{counts[kind]}")
        thread.start()
        if letter == "(":
            borrowed.wait()
            counting.append((thread, goes_on))
        else:
            thread.join()


def _request(letter: str, names: Iterable[str]) -> tuple:
    """The kind of a request, what it does, and for a long count when it has begun, and may end."""
    borrowed, goes_on = threading.Event(), threading.Event()
    if letter in "oO":
        order = functools.partial(shop.place_order, customer=next(names), refused=letter == "O")
        return "order", order, borrowed, goes_on
    if letter in "vg":
        customer = "mia" if letter == "v" else None
        return "visit", functools.partial(shop.count_visit, customer=customer), borrowed, goes_on
    if letter == "c":
        goes_on.set()

    def read(rows: tuple) -> tuple:
        borrowed.set()
        goes_on.wait()
        return rows

    return "count", functools.partial(shop.count_orders, read=read), borrowed, goes_on


def write(name: str, events: list[tuple]) -> None:
    """Write events into data/, as CSV."""
    with (ROOT / "data" / name).open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(FIELDS)
        lines.writerows((f"{at:.3f}", *rest) for at, *rest in events)


def main() -> None:
    first = record(first_plan(), size=5, patience=0.15)
    write("incident_1.csv", [event for event in first if event[0] <= 5.0])
    write("incident_2.csv", record(second_plan(), size=4, patience=0.15))
    write("incident_3.csv", third_record(pause=0.02)[0])


if __name__ == "__main__":
    main()
