"""What the notebook of lesson 03 is given: locked databases, real errors, and a storm of clients."""

from __future__ import annotations

import contextlib
import heapq
import math
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


def make_database(folder: str) -> Path:
    """A small SQLite file with a table, which other connections can lock; gives its path."""
    path = Path(folder) / "events.db"
    db = sqlite3.connect(path)
    with db:
        db.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, label TEXT NOT NULL)")
        db.executemany("INSERT INTO events (label) VALUES (?)", [("login",), ("logout",)])
    db.close()
    return path


_HOLDER = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1])
db.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
db.rollback()
db.close()
"""


@contextlib.contextmanager
def locked_by_another(path: Path, seconds: float) -> Iterator[None]:
    """Another process locks the database before the block begins, and lets go after `seconds`."""
    command = [sys.executable, "-c", _HOLDER, str(path), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        if other.stdout.readline().strip() != "locked":
            raise RuntimeError("the other process could not lock the database")
        yield


def provoke_errors(folder: str) -> dict[str, sqlite3.Error]:
    """Five errors from SQLite, each really made in a new database in `folder`."""
    path = Path(tempfile.mkdtemp(dir=folder)) / "errors.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        with db:
            db.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, label TEXT NOT NULL)")
            db.executemany("INSERT INTO events (label) VALUES (?)", [("login",), ("logout",)])
    add = "INSERT INTO events (label) VALUES ('late')"
    with (
        contextlib.closing(sqlite3.connect(path, timeout=0)) as one,
        contextlib.closing(sqlite3.connect(path, timeout=0)) as other,
    ):
        one.execute("BEGIN IMMEDIATE")
        errors = {"another connection writes": error_of(other.execute, add)}
        one.rollback()

        one.execute("BEGIN")
        one.execute("SELECT count(*) FROM events").fetchone()
        with other:
            other.execute(add)
        errors["somebody wrote since I read"] = error_of(one.execute, add)
        one.rollback()

        reading = one.execute("SELECT label FROM events")
        reading.fetchone()
        errors["the table is being read"] = error_of(one.execute, "DROP TABLE events")
        reading.close()
        errors["no such table"] = error_of(one.execute, "SELECT label FROM evnets")
    errors["no such folder"] = error_of(sqlite3.connect, Path(folder) / "nowhere" / "events.db")
    return errors


def error_of(func: Callable, *args: object) -> Exception | None:
    """What this call raises, if it raises."""
    try:
        func(*args)
    except Exception as exc:
        return exc
    return None


# --- fifty clients


@dataclass
class Storm:
    """What happened in one simulated outage: knocks at the door, and those let in, a tick each."""

    ends: float
    tick: float
    knocks: dict[int, int] = field(default_factory=dict)
    served: dict[int, int] = field(default_factory=dict)

    @property
    def in_vain(self) -> int:
        """How many knocks fell into the outage."""
        return sum(count for tick, count in self.knocks.items() if tick * self.tick < self.ends)

    @property
    def worst(self) -> int:
        """The most knocks in one tick, once the database was back."""
        return max(count for tick, count in self.knocks.items() if tick * self.tick >= self.ends)

    @property
    def all_served(self) -> float:
        """When the last client got in, in seconds since the database came back."""
        return max(self.served) * self.tick - self.ends


def storm(
    pauses: Callable[[], Iterable[float]],
    clients: int = 50,
    ends: float = 0.5,
    room: int = 5,
    tick: float = 0.02,
) -> Storm:
    """Let clients come back that failed together at time 0; `pauses()` gives one client's pauses.

    Each pauses, then knocks. No time passes: it is only counted. The database is away until `ends`;
    after that it lets in the first `room` clients of each tick, and turns away the rest, who pause
    and knock again.
    """
    happened = Storm(ends, tick)
    left = [iter(pauses()) for _ in range(clients)]
    due = [(next(left[client]), client) for client in range(clients)]
    heapq.heapify(due)
    while due:
        now, client = heapq.heappop(due)
        at = math.floor(now / tick + 1e-9)  # the pauses are summed up, and sums are a hair off
        happened.knocks[at] = happened.knocks.get(at, 0) + 1
        if now >= ends and happened.served.get(at, 0) < room:
            happened.served[at] = happened.served.get(at, 0) + 1
        elif (pause := next(left[client], None)) is not None:
            heapq.heappush(due, (now + pause, client))
    return happened


def storm_table(storms: dict[str, Storm]) -> str:
    """The storms in numbers, a line each; the last number counts from the return."""
    lines = [
        f"{'pauses':12} {'knocks while away':>18} {'most at once later':>19} {'last one served':>17}"
    ]
    for name, one in storms.items():
        lines.append(f"{name:12} {one.in_vain:18} {one.worst:19} {one.all_served:15.2f} s")
    return "\n".join(lines)


def storm_picture(storms: dict[str, Storm]):
    """Draw the knocks of each storm over time; gives the figure and its alternative text."""
    from poolkit.course import plots

    fig, rows = plots.figure(len(storms), 1, sharex=True, sharey=True, figsize=(7.0, 5.2))
    highest = max(max(one.knocks.values()) for one in storms.values())
    for axes, (name, one) in zip(rows, storms.items(), strict=True):
        ticks = sorted(one.knocks)
        times = [tick * one.tick for tick in ticks]
        let_in = [one.served.get(tick, 0) for tick in ticks]
        refused = [one.knocks[tick] - inside for tick, inside in zip(ticks, let_in, strict=True)]
        axes.axvspan(0, one.ends, color="#EEEEEE", zorder=0)
        axes.bar(times, let_in, one.tick, align="edge", color=plots.LINES[0], label="let in")
        axes.bar(
            times, refused, one.tick, let_in, align="edge", color="white", hatch=plots.HATCHES[1],
            edgecolor=plots.LINES[1], linewidth=0.8, label="turned away",
        )  # fmt: skip
        axes.set_title(
            f"{name}: the last one served {one.all_served:.2f} s after the return",
            loc="left",
            fontsize=11,
        )
        axes.grid(visible=False, axis="x")
    rows[0].text(0.01, highest * 1.04, "database away", va="bottom", fontsize=10)
    rows[0].set_ylim(0, highest * 1.3)
    rows[0].set_xlim(0, None)
    rows[0].legend(ncols=2, loc="upper right", fontsize=10)
    rows[len(rows) // 2].set_ylabel("clients that knock at once")
    rows[-1].set_xlabel("seconds since all of them lost their connection")
    return fig, (
        f"{len(storms)} rows of bars over time, one for each kind of pause: how many of the clients "
        "knock in the same moment, and how many of them are let in. The first part is shaded: there "
        "the database is away."
    )


def storm_sentence(storms: dict[str, Storm]) -> str:
    """What the picture shows, computed from its numbers; it may also be that it shows nothing."""
    growing, jittered = storms["exponential"], storms["jittered"]
    if jittered.worst >= growing.worst or jittered.all_served >= growing.all_served:
        return "Not shown by this run: drawn pauses did not spread the clients out."
    return (
        f"Once the database is back, growing pauses alone bring {growing.worst} clients in one moment, "
        f"for {room_of(growing)} places; drawn ones at most {jittered.worst}, and the last one is "
        f"served {jittered.all_served:.2f} s after the return instead of {growing.all_served:.2f} s."
    )


def room_of(one: Storm) -> int:
    """The most clients that were let in within one tick."""
    return max(one.served.values())
