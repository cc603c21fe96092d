"""What the notebook of lesson 08 runs: real threads, a picture, and two scenes of its own."""

from __future__ import annotations

import csv
import threading
import time
from collections.abc import Callable

from poolkit import ConnectionConfig
from poolkit.course.files import data
from poolkit.course.guard import left_behind
from poolkit.course.lessons.scenes import Desk, Table
from poolkit.course.lessons.threads.playing import one_lent
from poolkit.course.measuring import NotMeasured
from poolkit.course.player import Scene


def on_desk(pool_class: type, connect: Callable | None = None, size: int = 5) -> object:
    """A pool made from a config, such as SimplePool, lending connections that do nothing."""
    pool = pool_class(ConnectionConfig(pool_size=size))
    pool._connect = connect or Desk().connect
    return pool


def fate(result) -> str:
    """What became of the worker that a play is about, as the predictions put it."""
    fates = {"ok": "a connection", "raised": "an error", "deadlock": "waits for ever"}
    return fates.get(result.kind, "the same as ben")


def hammer(pool, loans: int = 10_000) -> dict[str, int]:
    """Two real threads borrow and give back, `loans` times together; count what raised."""
    went_well, went_wrong = [], []

    def work() -> None:
        for _ in range(loans // 2):
            try:
                pool.release(pool.acquire())
                went_well.append(1)
            except Exception:
                went_wrong.append(1)

    _side_by_side([work, work])
    return {"loans": loans, "went well": len(went_well), "went wrong": len(went_wrong)}


def how_many(count: int, of: int) -> str:
    """A count in the words of the prediction."""
    return "none" if count == 0 else "one in a hundred or fewer" if count * 100 <= of else "more"


def users() -> list[tuple[str, str]]:
    """Names and e-mail addresses from data/users.csv."""
    with data("users.csv").open(encoding="utf-8", newline="") as file:
        return [(row["name"], row["email"]) for row in csv.DictReader(file)]


def served(
    borrow: Callable, give_back: Callable, *, threads: int = 16, held: float = 0.0005, seconds=0.8
) -> list[int]:
    """How often each of so many real threads was lent a connection that it held for `held` seconds.

    Raises NotMeasured while code from an earlier check still runs.
    """
    if left_behind():
        raise NotMeasured(
            "not measured: code from an earlier check still runs; restart the kernel (Kernel ▸ Restart Kernel)"
        )
    counts = [0] * threads
    begin = threading.Barrier(threads)

    def work(number: int) -> None:
        begin.wait()
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            conn = borrow()
            if time.monotonic() < ends:  # what comes after the end is nobody's merit
                if held:  # a sleep of 0 lets the others come first
                    time.sleep(held)
                counts[number] += 1
            give_back(conn)

    _side_by_side([lambda number=number: work(number) for number in range(threads)])
    return counts


def _side_by_side(jobs: list[Callable[[], None]]) -> None:
    workers = [threading.Thread(target=job, daemon=True) for job in jobs]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def evenness(counts: list[int]) -> float:
    """The least served thread's loans against the most served one's: 1 is fair, 0 is starved."""
    return min(counts) / max(counts) if max(counts) else 0.0


def as_fair(counts: list[int]) -> str:
    """An evenness in the words of the prediction."""
    ratio = evenness(counts)
    return "nearly as often" if ratio >= 0.8 else "half as often" if ratio >= 0.3 else "hardly ever"


def fairness_picture(by_queue: list[int], by_hand_off: list[int]):
    """Draw how often each thread was served; gives the figure and its alternative text."""
    from poolkit.course import plots

    fig, both = plots.figure(1, 2, sharey=True)
    rows = [("a queue", by_queue), ("hand-off", by_hand_off)]
    for position, (axes, (name, counts)) in enumerate(zip(both, rows, strict=True)):
        most_first = sorted(counts, reverse=True)
        axes.bar(
            range(1, len(counts) + 1), most_first, color=plots.LINES[position], width=0.75,
            hatch=plots.HATCHES[position], edgecolor="white",
        )  # fmt: skip
        starved = [place for place, count in enumerate(most_first, 1) if count == 0]
        if starved:
            axes.plot(starved, [0] * len(starved), "x", color="black", clip_on=False)
            where, high = (starved[0] + starved[-1]) / 2, 0.08 * max(by_queue + by_hand_off)
            axes.text(where, high, f"{len(starved)} × never", ha="center")
        axes.set_title(name)
        axes.set_xlabel("threads, most served first")
        axes.set_xticks([1, 4, 8, 12, 16])
        axes.grid(axis="x", visible=False)
    both[0].set_ylabel("loans in 0.8 s")
    return fig, (
        "Two bar charts of how often each of sixteen threads was served, the most served first: "
        "by a queue whose waiters can be overtaken, and by hand-off to the longest waiter. "
        "A cross marks a thread that was never served."
    )


def fairness_sentence(by_queue: list[int], by_hand_off: list[int]) -> str:
    """What the picture shows, computed from its numbers; it may also be that it shows nothing."""
    queue, hand_off = evenness(by_queue), evenness(by_hand_off)
    totals = f"All together: {sum(by_queue)} loans and {sum(by_hand_off)}."
    if hand_off < 0.5 or queue > 0.5 * hand_off:
        return (
            f"Not shown on this machine: for each loan of the most served thread the least served "
            f"one got {queue:.2f} by the queue and {hand_off:.2f} by hand-off. {totals}"
        )
    never = by_queue.count(0)
    least = f"{never} of {len(by_queue)} threads never" if never else f"one only {min(by_queue)}"
    return (
        f"The queue served one thread {max(by_queue)} times and {least}; by hand-off each was "
        f"served {min(by_hand_off)} to {max(by_hand_off)} times. {totals}"
    )


def gives_and_takes(pool_class: type) -> Scene:
    """ann waits; ben gives his connection back, borrows again and keeps it."""

    def ann(table: Table) -> None:
        table.take(timeout=None)

    def ben(table: Table) -> None:
        table.give(table.first)
        table.take(timeout=None)

    return Scene(pool_class, one_lent(pool_class), {"ann": ann, "ben": ben})


def asks_again(pool_class: type, order: list[str]) -> Scene:
    """ann waits; ben gives back and asks again at once. Who is served is written into `order`."""

    def served_as(name: str, table: Table) -> None:
        conn = table.take(timeout=None)
        order.append(name)
        table.give(conn)

    def ann(table: Table) -> None:
        served_as("ann", table)

    def ben(table: Table) -> None:
        time.sleep(60)
        table.give(table.first)
        served_as("ben", table)

    return Scene(pool_class, one_lent(pool_class), {"ann": ann, "ben": ben})
