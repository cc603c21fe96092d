"""What a loan costs and who gets one: the contestants of `tests/benchmarks`, side by side."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from poolkit.course.guard import left_behind
from poolkit.course.lessons.compare.suite import suite
from poolkit.course.measuring import NotMeasured

POOLS = ("Poolkit", "LifoQueue", "SQLAlchemy", "DBUtils", "PsycopgPool")
FAIR = 0.3  # least served / most served


@dataclass(frozen=True)
class Measured:
    """`cost`: microseconds of borrowing and giving back. `counts`: the loans of each thread."""

    cost: float
    counts: list[int]

    @property
    def evenness(self) -> float:
        """The least served thread's loans against the most served one's: 1 is fair, 0 is starved."""
        return min(self.counts) / max(self.counts) if max(self.counts) else 0.0

    @property
    def fair(self) -> bool:
        return self.evenness >= FAIR


def side_by_side(threads: int = 16, seconds: float = 0.25) -> dict[str, Measured]:
    """Measure all pools: a loan that nobody else wants, then `threads` threads on 4 connections.

    In the second part each loan holds its connection for half a millisecond.
    """
    if left_behind():
        raise NotMeasured(
            "not measured: code from an earlier check still runs; restart the kernel (Kernel ▸ Restart Kernel)"
        )
    contestants = suite("benchmarks.contestants")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "side.db"
        contestants.make_database(path)
        pools = [getattr(contestants, name)(path, 4) for name in POOLS]
        try:
            costs = _costs([pool.loan for pool in pools])
            counts = [_served(pool.work, threads, seconds) for pool in pools]
        finally:
            for pool in pools:
                pool.close()
    names = [pool.name for pool in pools]
    return {
        name: Measured(cost, served)
        for name, cost, served in zip(names, costs, counts, strict=True)
    }


def _costs(loans: list, rounds: int = 20, calls: int = 30) -> list[float]:
    """The microseconds of each, which take turns, so that a busy moment hits them all."""
    times: list[list[float]] = [[] for _ in loans]
    for _ in range(rounds):
        for loan, mine in zip(loans, times, strict=True):
            began = time.perf_counter()
            for _ in range(calls):
                loan()
            mine.append((time.perf_counter() - began) / calls * 1e6)
    return [statistics.median(mine[1:]) for mine in times]


def a_query() -> float:
    """Measure one row by its key, on a connection that is open: microseconds."""
    contestants = suite("benchmarks.contestants")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "query.db"
        contestants.make_database(path)
        with contextlib.closing(contestants.connect(path)) as conn:
            return _costs([lambda: contestants.query(conn)])[0]


def _served(work, threads: int, seconds: float, held: float = 0.0005) -> list[int]:
    counts = [0] * threads
    begin = threading.Barrier(threads)

    def run(number: int) -> None:
        begin.wait()
        ends = time.monotonic() + seconds

        def hold(conn: object) -> None:
            if time.monotonic() < ends:  # what comes after the end is nobody's merit
                time.sleep(held)
                counts[number] += 1

        while time.monotonic() < ends:
            work(hold)

    workers = [threading.Thread(target=run, args=(n,), daemon=True) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return counts


def dearest(found: dict[str, Measured]) -> str:
    """The pool whose loan costs most."""
    return max(found, key=lambda name: found[name].cost)


def lends_more(found: dict[str, Measured]) -> str:
    """Which of two libraries lent half as often again as the other, all threads together."""
    totals = {name: sum(found[name].counts) for name in ("SQLAlchemy QueuePool", "psycopg_pool")}
    less, more = sorted(totals, key=totals.get)
    return more if totals[more] and totals[more] >= 1.5 * totals[less] else "neither"


def as_table(found: dict[str, Measured]) -> str:
    """All that was measured, a line a pool."""
    width = max(map(len, found))
    lines = [f"{'':{width}}  µs a loan  loans: in all, of the least and the most served thread"]
    for name, one in found.items():
        lines.append(
            f"{name:{width}}  {one.cost:9.1f}  {sum(one.counts)}, {min(one.counts)} and {max(one.counts)}"
        )
    return "\n".join(lines)


def picture(found: dict[str, Measured]):
    """Draw cost against fairness; gives the figure and its alternative text."""
    from poolkit.course import plots

    fig, axes = plots.figure()
    for position, (name, one) in enumerate(found.items()):
        axes.plot(
            one.cost, one.evenness, plots.MARKERS[position], color=plots.LINES[position],
            markersize=11, label=name, clip_on=False, linestyle="none",
        )  # fmt: skip
    axes.set_xscale("log")
    costs = [one.cost for one in found.values()]
    axes.set_xlim(min(costs) / 1.4, max(costs) * 1.4)
    ticks = [
        tick
        for tick in (0.2, 0.5, 1, 2, 5, 10, 20, 50)
        if costs and min(costs) / 1.4 <= tick <= max(costs) * 1.4
    ]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(0, 1)
    axes.set_xlabel("microseconds for borrowing and giving back, when nobody waits")
    axes.set_ylabel("least served / most served")
    fig.legend(loc="outside upper center", ncols=3, fontsize=10)
    return fig, (
        f"{len(found)} marks, one a pool: to the right what a loan costs in microseconds, upwards how "
        "evenly sixteen threads were served on four connections, from 0, one was left out, to 1."
    )


def sentence(found: dict[str, Measured]) -> str:
    """What the picture shows, computed from its numbers; it may also be that it shows nothing."""
    fair = [name for name, one in found.items() if one.fair]
    unfair = [name for name in found if name not in fair]
    cheap, dear = (pick(one.cost for one in found.values()) for pick in (min, max))
    costs = f"A loan costs {cheap:.1f} to {dear:.1f} µs"
    if not fair or not unfair:
        alike = "all of them served every thread" if fair else "none of them served every thread"
        return f"Not shown on this machine: {alike} a fair share. {costs}."
    return f"{costs}. Of sixteen threads all got a fair share by {_and(fair)}; not so by {_and(unfair)}."


def _and(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


# --- three pools that may keep two and open five


def idle_afterwards() -> dict[str, int]:
    """Lend five at once from pools set to keep 2 and open 5, take all back: how many lie idle in each."""
    contestants = suite("benchmarks.contestants")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "idle.db"
        contestants.make_database(path)
        return {name: lend(path) for name, lend in _IDLE.items()}


def _poolkit(path: Path) -> int:
    from poolkit import ConnectionConfig, ConnectionPool

    config = ConnectionConfig(path, pool_size=2, max_connections=5)
    with ConnectionPool(config) as pool:
        _five(pool.acquire, pool.release)
        return pool.stats()["idle"]


def _sqlalchemy(path: Path) -> int:
    from sqlalchemy.pool import QueuePool

    connect = suite("benchmarks.contestants").connect
    pool = QueuePool(lambda: connect(path), pool_size=2, max_overflow=3)
    _five(pool.connect, lambda loan: loan.close())
    idle = pool.checkedin()
    pool.dispose()
    return idle


def _psycopg(path: Path) -> int:
    with suite("benchmarks.contestants").psycopg_pool(path, min_size=2, max_size=5) as pool:
        _five(pool.getconn, pool.putconn)
        return pool.get_stats()["pool_available"]


_IDLE = {"poolkit": _poolkit, "sqlalchemy": _sqlalchemy, "psycopg_pool": _psycopg}


def _five(acquire, release) -> None:
    loans = [acquire() for _ in range(5)]
    for loan in loans:
        release(loan)
