"""What the notebook of lesson 14 shows: the records of the incidents, their pictures, their mends."""

from __future__ import annotations

import csv
import tempfile
import threading
from collections import Counter
from collections.abc import Callable

from poolkit import PoolTimeout
from poolkit.course import plots
from poolkit.course.files import data
from poolkit.course.lessons.capstone import recording, shop

Event = tuple[float, str, str, int | None, str]
LATE = 1.0  # seconds after which a loan of the shop's is no longer young


def read_events(name: str) -> list[Event]:
    """The events in a file of data/: (at, thread, event, connection, where), in order of time."""
    with data(name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [(float(a), t, e, int(c) if c else None, w) for a, t, e, c, w in rows]


def kind_of(thread: str) -> str:
    """The kind of a request, from its thread's name: refund-3 is a refund."""
    return thread.partition("-")[0]


def kinds_of_lines(events: list[Event]) -> dict[str, str]:
    """The kind of request that borrows at each line; in the second record each has its own."""
    return {where: kind_of(thread) for _, thread, event, _, where in events if event == "lent"}


def loans_of(events: list[Event]) -> list[tuple[int, str, float, float | None]]:
    """Every loan: connection, borrower, when it began, when it ended (None: it did not)."""
    begun, loans = {}, []
    for at, thread, event, connection, _ in events:
        if event == "lent":
            begun[connection] = thread, at
        elif event == "returned":
            loans.append((connection, *begun.pop(connection), at))
    return loans + [(connection, *loan, None) for connection, loan in begun.items()]


def _bars(axes, events: list[Event]) -> None:
    """Draw each loan as a bar on its connection's line."""
    kinds = list(dict.fromkeys(kind_of(thread) for _, thread, *_ in events))
    ends = events[-1][0]
    for connection, thread, begins, over in loans_of(events):
        place = kinds.index(kind_of(thread))
        width = max((ends if over is None else over) - begins, ends / 150)
        axes.barh(
            connection, width, left=begins, height=0.6, color=plots.LINES[place],
            hatch=plots.HATCHES[place] if width > ends / 80 else "", edgecolor="white",
            linewidth=0.5 * (width > ends / 80), label=kinds[place],
        )  # fmt: skip
    axes.set_xlim(left=0)
    axes.set_xlabel("seconds")
    axes.set_ylabel("connection")
    axes.set_yticks(sorted({loan[0] for loan in loans_of(events)}))
    axes.grid(axis="y", visible=False)


def _legend(fig, axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    first = dict(zip(reversed(labels), reversed(handles), strict=True))
    shown = list(dict.fromkeys(labels))
    fig.legend(
        [first[label] for label in shown], shown, loc="outside upper right", ncols=len(shown)
    )


def loans_picture(events: list[Event]):
    """Draw who held which connection when, and who was sent away; the figure and its words."""
    fig, axes = plots.figure()
    _bars(axes, events)
    away = [at for at, _, event, *_ in events if event == "timed out"]
    top = max(loan[0] for loan in loans_of(events)) + 0.8
    axes.plot(away, [top] * len(away), "x", color="black", label="timed out", clip_on=False)
    _legend(fig, axes)
    return fig, (
        "A line for each connection, with a bar for each loan, coloured and hatched by the kind of "
        "request; above them a cross for each request that timed out."
    )


def loans_sentence(events: list[Event]) -> str:
    """What that picture shows, computed from its events."""
    ends = events[-1][0]
    old = [loan for loan in loans_of(events) if loan[3] is None and ends - loan[2] > LATE]
    away = [at for at, _, event, *_ in events if event == "timed out"]
    when = f"{len(away)} requests timed out, the first at {away[0]:.1f} s" if away else (
        "no request timed out"
    )  # fmt: skip
    if not old:
        return f"Not shown by this record: every loan ended, or is young; {when}."
    return f"{len(old)} loans go on to the end, each for more than {LATE:.0f} s; {when}."


STEP = 0.2  # seconds that one bar of the second picture stands for


def _busy(events: list[Event]) -> dict[str, list[float]]:
    """For each kind of request how many connections it held, on average, step by step."""
    ends = events[-1][0]
    steps = int(ends / STEP) + 1
    busy: dict[str, list[float]] = {}
    for _, thread, begins, over in loans_of(events):
        held = busy.setdefault(kind_of(thread), [0.0] * steps)
        for step in range(steps):
            from_, to = max(begins, step * STEP), min(over or ends, (step + 1) * STEP)
            held[step] += max(0.0, to - from_) / STEP
    return busy


def busy_picture(events: list[Event]):
    """Draw how many connections each kind of request held, and the time-outs below it."""
    fig, (upper, lower) = plots.figure(2, 1, sharex=True, figsize=(7.0, 4.2))
    busy = _busy(events)
    floor = [0.0] * len(next(iter(busy.values())))
    for place, (kind, held) in enumerate(busy.items()):
        upper.bar(
            [STEP * (n + 0.5) for n in range(len(held))], held, STEP, bottom=floor, label=kind,
            color=plots.LINES[place], hatch=plots.HATCHES[place], edgecolor="white", linewidth=0.5,
        )  # fmt: skip
        floor = [below + more for below, more in zip(floor, held, strict=True)]
    away = Counter(int(at / STEP) for at, _, event, *_ in events if event == "timed out")
    lower.bar([STEP * (n + 0.5) for n in away], list(away.values()), STEP * 0.8, color=plots.BLACK)
    upper.set_ylabel("connections held")
    lower.set_ylabel("time-outs")
    lower.set_xlabel("seconds")
    fig.legend(*upper.get_legend_handles_labels(), loc="outside upper right", ncols=len(busy))
    return fig, (
        "Two charts over the seconds of the record. Above, stacked bars: how many connections each "
        "kind of request held. Below, bars: how many waits ended with a time-out."
    )


def busy_sentence(events: list[Event]) -> str:
    """What that picture shows, computed from its events."""
    whole = [sum(held) for held in zip(*_busy(events).values(), strict=True)]
    most = len({loan[0] for loan in loans_of(events)})
    full = [STEP * n for n, held in enumerate(whole) if held > 0.95 * most]
    away = [at for at, _, event, *_ in events if event == "timed out"]
    if not full or not away:
        return f"Not shown by this record: {len(away)} time-outs, and no time with all {most} held."
    inside = sum(full[0] <= at <= full[-1] + STEP + 0.2 for at in away)
    return (
        f"All {most} connections were held from {full[0]:.1f} s to {full[-1] + STEP:.1f} s; "
        f"{inside} of the {len(away)} time-outs fall into that time."
    )


def transactions_of(events: list[Event]) -> list[tuple[int, float, float, int]]:
    """Every transaction: connection, when it began and ended, how many returns lie in between."""
    found, begun, ends = [], {}, events[-1][0]
    for at, _, event, connection, _ in events:
        if event == "BEGIN":
            begun[connection] = [at, 0]
        elif event == "returned" and connection in begun:
            begun[connection][1] += 1
        elif event in ("COMMIT", "ROLLBACK") and connection in begun:
            since, returns = begun.pop(connection)
            found.append((connection, since, at, returns))
    return found + [(number, since, ends, returns) for number, (since, returns) in begun.items()]


def transactions_picture(events: list[Event]):
    """Draw who held which connection when, and below each bar when a transaction was open."""
    fig, axes = plots.figure()
    _bars(axes, events)
    for connection, begins, over, _ in transactions_of(events):
        axes.plot(
            [begins, over], [connection - 0.42] * 2, color="black", linewidth=4,
            solid_capstyle="butt", label="a transaction is open",
        )  # fmt: skip
    _legend(fig, axes)
    return fig, (
        "A line for each of two connections, with a bar for each loan, coloured and hatched by the "
        "kind of request; below the bars a black line for as long as a transaction was open."
    )


def transactions_sentence(events: list[Event]) -> str:
    """What that picture shows, computed from its events."""
    every = transactions_of(events)
    carried = [one for one in every if one[3]]
    if not carried:
        return f"Not shown by this record: all {len(every)} transactions ended within their loan."
    return (
        f"{len(carried)} of {len(every)} transactions were still open when their connection was given "
        f"back; the longest went through {max(one[3] for one in carried)} returns."
    )


# --- the mends, tried


def refunds_until_dry(refund: Callable, size: int, most: int = 60) -> int:
    """How many refunds a pool of `size` places serves before one finds none; `most` if none does.

    Every second refund is asked for a second time.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        pool = recording.small_shop(folder, size, patience=0.0)
        for number in range(most):
            try:
                refund(pool, number // 2 % 6 + 1)
            except PoolTimeout:
                return number
    return most


def lasting(before: int, after: int, most: int = 60) -> str:
    """How long the second goes on beside the first, in the words of the prediction."""
    return "for good" if after == most else "longer" if after > before else "no longer"


def rush(size: int, exports_at_once: int = 8) -> int:
    """Play a second of the shop with eight exports in it; how many pages were never shown.

    `exports_at_once`: how many exports may have a connection at the same time.
    """
    gate, lost = threading.Semaphore(exports_at_once), []

    def page(pool) -> None:
        try:
            shop.patiently(lambda: shop.product_page(pool, 0.004), tries=3)
        except PoolTimeout:
            lost.append(1)

    def export(pool) -> None:
        with gate:
            shop.patiently(lambda: shop.export(pool, 0.2), tries=100)

    plan = [(0.02 * n, "product", page) for n in range(50)]
    plan += [(0.2 + 0.002 * n, "export", export) for n in range(8)]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        pool = recording.small_shop(folder, size, patience=0.03)
        recording.requests(recording.named(plan), pool)
        pool.close_all()
    return len(lost)


def side_by_side(*plays: Callable[[], int]) -> list[int]:
    """Run them at once, since they mostly wait; what each gave."""
    results: list[int] = [0] * len(plays)

    def run(place: int) -> None:
        results[place] = plays[place]()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(plays))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def compared(before: int, after: int) -> str:
    """The second count beside the first, in the words of the prediction."""
    return "none" if not after else "fewer" if after < 0.8 * before else "about as many"


def refused_and_stored(pool_class: type) -> tuple[int, int]:
    """A day of orders: how many were refused, and how many of these stand in the table at its end."""
    refused, (_, stored) = recording.refused(), recording.third_record(pool_class)
    return len(refused), len(set(refused) & set(stored))
