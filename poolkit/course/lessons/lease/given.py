"""What the notebook of lesson 07 is given: a database, three forms, a pool that notes, a picture."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

from poolkit import SimplePool
from poolkit.course.measuring import typical

INSERT = "INSERT INTO events (label) VALUES (?)"


def new_database(folder: str) -> str:
    """A new SQLite file with an empty table `events`; gives its path."""
    path = Path(tempfile.mkdtemp(dir=folder)) / "events.db"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, label TEXT NOT NULL)")
    db.close()
    return str(path)


def labels(path: str) -> list[str]:
    """What is stored in the file for good, in the order in which it was written."""
    db = sqlite3.connect(path)
    found = [label for (label,) in db.execute("SELECT label FROM events ORDER BY id")]
    db.close()
    return found


class Borrowed:
    """A loan that begins well: `__enter__` is finished, `__exit__` is still to be written."""

    def __init__(self, pool):
        self.pool = pool

    def __enter__(self):
        self.conn = self.pool.acquire()
        return self.conn


class LeavesAlone(Borrowed):
    """Gives back, and leaves an open transaction as it is."""

    def __exit__(self, kind, error, trace):
        self.pool.release(self.conn)


class AlwaysCommits(LeavesAlone):
    """Commits, and gives back."""

    def __exit__(self, kind, error, trace):
        self.conn.commit()
        self.pool.release(self.conn)


class AlwaysRollsBack(LeavesAlone):
    """Rolls back, and gives back."""

    def __exit__(self, kind, error, trace):
        self.conn.rollback()
        self.pool.release(self.conn)


class NotingPool(SimplePool):
    """A simple pool that notes in `self._lent` what is out; `release` does not look at it yet."""

    def __init__(self, config=None):
        super().__init__(config)
        self._lent = []

    def acquire(self):
        conn = super().acquire()
        self._lent.append(conn)
        return conn


def price_picture(by_hand: list[float], as_class: list[float], as_generator: list[float]):
    """Draw what three ways of borrowing cost, microseconds a use; gives figure and alternative text."""
    from poolkit.course import plots

    fig, axes = plots.figure()
    rows = [
        ("acquire and release,\nwritten out", by_hand),
        ("with, a class", as_class),
        ("with, a generator", as_generator),
    ]
    for y, (_, micros) in enumerate(rows):
        marker, colour = plots.MARKERS[y], plots.LINES[y]
        axes.plot(micros, [y] * len(micros), marker, color=colour, alpha=0.45, linestyle="none")
        axes.plot([typical(micros)], [y], "|", color="black", markersize=30, markeredgewidth=2)
        axes.text(typical(micros), y + 0.32, f"{typical(micros):.2f} µs", ha="center")
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set_ylim(-0.6, 2.7)
    axes.set_xlim(0, 1.25 * max(typical(micros) for _, micros in rows))
    axes.set_xlabel("microseconds for one loan with an empty block, each mark one round")
    return fig, (
        "Three rows of marks on a scale of microseconds: a loan written out by hand, a loan by a "
        "class with a `with` block, and one by a generator. The line in each row is the median."
    )


def price_sentence(by_hand: list[float], as_class: list[float], as_generator: list[float]) -> str:
    """What the picture shows, computed from its numbers; it may also be that it shows nothing."""
    base = typical(by_hand)
    more_class, more_generator = typical(as_class) - base, typical(as_generator) - base
    if not 0 < more_class < more_generator:
        return "Not shown on this machine: that the class adds something, and the generator more."
    return (
        f"On your machine the class adds {more_class:.2f} µs to a loan, and the generator "
        f"{more_generator:.2f} µs."
    )
