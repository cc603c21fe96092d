"""What the notebook of lesson 10 is given: two incidents to live through, and their pictures."""

from __future__ import annotations

import itertools
import linecache
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from poolkit import ConnectionPool
from poolkit.events import Event, record

IN_VAIN = 6  # waits that an incident has to bring before it is looked at
_LONGEST = 10.0  # seconds after which one is given up


class DidNotComeAbout(RuntimeError):
    """An incident that brought no trouble. Shows as one line, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class Crew(NamedTuple):
    """Threads that call `work(pool)` again and again, with a pause after each call, in seconds."""

    work: Callable[[object], object]
    threads: int = 1
    pause: float = 0.0
    comes_at: float = 0.0


@dataclass(frozen=True)
class Incident:
    """What was seen of it: from when to when, what the pool did, and its numbers at the end.

    `later`: what was noted after that, while its crews went home.
    """

    began: float
    now: float
    events: list[Event]
    stats: dict[str, object]
    crews: tuple[str, ...] = ()
    later: tuple[Event, ...] = ()


def live_through(pool: ConnectionPool, *crews: Crew) -> Incident:
    """Let crews work until somebody stands in line and six have waited in vain; then look.

    What a call raises is forgotten, as many a server does. Nothing of it goes on afterwards, and
    what was never given back is given back when the recording is over.
    """
    done, began = threading.Event(), time.monotonic()
    with record(pool) as events:
        running = [
            threading.Thread(target=_toil, args=(pool, crew, done), name=_name(crew, n))
            for crew in crews
            for n in range(crew.threads)
        ]
        for each in running:
            each.start()
        try:
            latest = max(crew.comes_at for crew in crews)
            stats, seen, now = _look(pool, events, began + latest)
        finally:
            done.set()
            for each in running:
                each.join()
    for card in list(pool._lent.values()):
        pool.release(card.conn)
    names = tuple(dict.fromkeys(crew.work.__name__ for crew in crews))
    return Incident(began, now, seen, stats, names, tuple(events[len(seen) :]))


def _name(crew: Crew, number: int) -> str:
    return f"{crew.work.__name__} {number + 1}"


def _toil(pool: ConnectionPool, crew: Crew, done: threading.Event) -> None:
    if done.wait(crew.comes_at):
        return
    while not done.is_set():
        with suppress(Exception):
            crew.work(pool)
        done.wait(crew.pause)


def _look(
    pool: ConnectionPool, events: list[Event], earliest: float
) -> tuple[dict[str, object], list[Event], float]:
    """The pool's numbers, what was noted, and when: at a moment when it has trouble.

    Not in the middle of a hand-over, where a return is noted and the next loan not yet: then the
    events would show fewer connections out than the numbers do.
    """
    last = time.monotonic() + _LONGEST
    while time.monotonic() < last:
        stats = pool.stats()
        troubled = stats["timeouts"] >= IN_VAIN and stats["waiting"] and not stats["idle"]
        if troubled and time.monotonic() >= earliest:
            seen = list(events)
            if _out(seen) == stats["in_use"]:
                return stats, seen, time.monotonic()
        time.sleep(0.001)
    raise DidNotComeAbout(
        f"the incident did not come about: in {_LONGEST:g} s fewer than {IN_VAIN} waited in vain"
    )


def _out(events: Sequence[Event]) -> int:
    """How many connections are out by these events."""
    return sum(loan.end is None for loan in loans_of(events))


def new_database(folder: str) -> Path:
    """The path of a database that is not there yet, at each call another."""
    return Path(tempfile.mkdtemp(dir=folder)) / "orders.db"


# --- what the lines say


def read_line(line: str) -> str:
    """An event's line with what stands there: "lend, line 2: `return pool.acquire()`"."""
    place, _, function = line.rpartition(" in ")
    file, _, number = place.rpartition(":")
    source = linecache.getline(file, int(number)).strip()
    return f"{function}, line {number}: {source}"


# --- the pictures


class Loan(NamedTuple):
    """From when to when somebody had a connection; `end` is None while it is out."""

    conn: int
    thread: str
    start: float
    end: float | None


def loans_of(events: Sequence[Event]) -> list[Loan]:
    """All loans, those that are out at the end of the events included."""
    out: dict[int, Event] = {}
    loans = []
    for event in events:
        if event.what == "lent":
            out[event.conn] = event
        elif event.what == "returned" and event.conn in out:
            lent = out.pop(event.conn)
            loans.append(Loan(event.conn, lent.thread, lent.at, event.at))
    return loans + [Loan(conn, lent.thread, lent.at, None) for conn, lent in out.items()]


def timeline(incident: Incident):
    """Draw whose threads held which connection when, and who waited; the figure and its words."""
    from poolkit.course import plots

    loans = loans_of(incident.events)
    conns = sorted({loan.conn for loan in loans})
    fig, (top, below) = plots.figure(
        2, 1, sharex=True, figsize=(7.0, 4.6), height_ratios=(max(len(conns), 2), 3)
    )
    _draw_loans(top, loans, conns, incident)
    _draw_waits(below, incident)
    fig.get_layout_engine().set(hspace=0.06)
    return fig, (
        f"Two rows over time. Above, a line for each of {len(conns)} connections, with a bar for each "
        "loan, coloured by whose thread has it; bars that reach the right edge are loans that are still out. "
        "Below, how many stand in line at each moment, with a cross for each who waited in vain."
    )


def _draw_loans(axes, loans: list[Loan], conns: list[int], incident: Incident) -> None:
    from poolkit.course import plots

    for place, crew in enumerate(incident.crews):
        bars = [loan for loan in loans if _crew(loan.thread) == crew]
        axes.barh(
            [conns.index(loan.conn) for loan in bars],
            [(loan.end or incident.now) - loan.start for loan in bars],
            left=[loan.start - incident.began for loan in bars],
            height=0.72,
            color=(plots.SKY, plots.ORANGE, plots.GREEN)[place % 3],
            hatch=("", "///", "..")[place % 3],
            edgecolor="black",
            linewidth=0.6,
            label=crew,
        )
    for loan in loans:
        if loan.end is None:
            axes.plot(incident.now - incident.began, conns.index(loan.conn), ">k", clip_on=False)
    axes.set_yticks(range(len(conns)), [str(conn) for conn in conns])
    axes.set_ylabel("connection")
    axes.grid(visible=False, axis="y")
    axes.set_ylim(-0.6, len(conns) - 0.4)
    axes.legend(
        ncols=3, loc="lower left", bbox_to_anchor=(0, 1.0), title="in a thread of (▸ still out)"
    )
    axes.get_legend()._legend_box.align = "left"


def _draw_waits(axes, incident: Incident) -> None:
    from poolkit.course import plots

    times, counts = waiting_over_time(incident)
    times = [time - incident.began for time in times]
    axes.step(times, counts, where="post", color=plots.BLUE)
    axes.fill_between(times, counts, step="post", color=plots.BLUE, alpha=0.2)
    vain = [one.at - incident.began for one in incident.events if one.what == "timed out"]
    heights = [_level(times, counts, moment) for moment in vain]
    axes.plot(vain, heights, "x", color=plots.VERMILION, markeredgewidth=2, label="in vain")
    axes.set_ylim(0, max([1, *counts]) * 1.25)
    axes.set_xlim(0, (incident.now - incident.began) * 1.02)
    axes.set_ylabel("in line")
    axes.set_xlabel("seconds since it began")
    if vain:
        axes.legend(loc="upper left")


def waiting_over_time(incident: Incident) -> tuple[list[float], list[int]]:
    """How many stood in line: times, and the number from there on. The log has the ends of waits."""
    steps: Counter[float] = Counter({incident.now: 0})
    for event in (*incident.events, *incident.later):
        came = event.at - event.seconds
        if event.what in ("waited", "timed out") and came < incident.now:
            steps[came] += 1
            if event.at <= incident.now:
                steps[event.at] -= 1
    times = sorted(steps)
    return times, list(itertools.accumulate(steps[moment] for moment in times))


def _level(times: list[float], counts: list[int], moment: float) -> float:
    """How high the line was just before this moment."""
    before = [count for time, count in zip(times, counts, strict=True) if time < moment]
    return before[-1] if before else 0


def _crew(thread: str) -> str:
    """The name of a thread without its number."""
    return thread.rpartition(" ")[0] or thread


def timeline_sentence(incident: Incident) -> str:
    """What the picture shows, computed from its events; it may also be that it shows nothing."""
    loans = loans_of(incident.events)
    ended = [loan.end - loan.start for loan in loans if loan.end is not None]
    out = [incident.now - loan.start for loan in loans if loan.end is None]
    vain = sum(event.what == "timed out" for event in incident.events)
    if not ended or not out or not vain:
        return "Not shown on this machine: nobody waited in vain while connections were out."
    usual, longest = statistics.median(ended), max(out)
    times = longest / max(usual, 1e-6)
    said = (
        f"At the end {len(out)} connections are out, the longest for {longest:.2f} s; half of the "
        f"loans that ended took {usual * 1000:.0f} ms or less. {vain} waited in vain."
    )
    if times >= 5:
        return f"{said} {times:.0f} times as long as usual: somebody does not give back."
    return f"{said} All of them come back as usual: there are too few for so many."
