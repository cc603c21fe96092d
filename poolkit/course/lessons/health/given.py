"""What the notebook of lesson 04 is given: databases, a pool that trusts, and the cost of a ping."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from pathlib import Path

from poolkit.course.measuring import typical


def make_database(folder: str, name: str = "events", wal: bool = False) -> Path:
    """A new SQLite file with a table and three rows, at each call another; gives its path."""
    path = Path(tempfile.mkdtemp(dir=folder)) / f"{name}.db"
    db = sqlite3.connect(path)
    if wal:
        db.execute("PRAGMA journal_mode=WAL")
    with db:
        db.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, label TEXT NOT NULL)")
        db.executemany("INSERT INTO events (label) VALUES (?)", [("a",), ("b",), ("c",)])
    db.close()
    return path


def labels_for_everybody(path: Path) -> list[str]:
    """The labels that begin with "by", as a connection of its own sees them."""
    with contextlib.closing(sqlite3.connect(path)) as conn:
        rows = conn.execute("SELECT label FROM events WHERE label LIKE 'by %' ORDER BY id")
        return [label for (label,) in rows]


def open_ask_close(path: Path, question: str) -> None:
    """One query on a connection that is opened for it."""
    conn = sqlite3.connect(path)
    conn.execute(question).fetchone()
    conn.close()


class TrustingPool:
    """A pool that believes that whatever comes back is fit to be lent."""

    def __init__(self, config):
        self.config = config
        self._idle = []
        self._in_use = 0

    def _connect(self):
        return sqlite3.connect(self.config.db_path, timeout=self.config.timeout)

    def acquire(self):
        conn = self._idle.pop() if self._idle else self._connect()
        self._in_use += 1
        return conn

    def release(self, conn):
        self._in_use -= 1
        self._keep(conn)

    def _keep(self, conn):
        if len(self._idle) < self.config.pool_size:
            self._idle.append(conn)
        else:
            conn.close()


_ROWS = {
    "look": "look: in_transaction",
    "ping": "ping: SELECT 1",
    "query": "query: one row by its key",
    "open": "open, the same query, close",
}


def in_micros(micros: float) -> str:
    """Microseconds with as many digits as they are worth."""
    return (
        f"{micros:.0f} µs"
        if micros >= 10
        else f"{micros:.1f} µs"
        if micros >= 1
        else f"{micros:.2f} µs"
    )


def cost_picture(costs: dict[str, list[float]]):
    """Draw what each costs, microseconds a round; gives the figure and its alternative text."""
    from poolkit.course import plots

    fig, axes = plots.figure(figsize=(7.0, 3.6))
    for y, (_, micros) in enumerate(costs.items()):
        marker, colour = plots.MARKERS[y], plots.LINES[y]
        axes.plot(micros, [y] * len(micros), marker, color=colour, alpha=0.45, linestyle="none")
        axes.plot([typical(micros)], [y], "|", color="black", markersize=26, markeredgewidth=2)
        axes.text(typical(micros), y + 0.34, in_micros(typical(micros)), ha="center")
    axes.set_yticks(range(len(costs)), [_ROWS[name] for name in costs])
    axes.margins(x=0.1)
    axes.set_ylim(-0.5, len(costs) - 0.3)
    axes.set_xscale("log")
    axes.set_xlabel("microseconds, ×10 a step; each mark one round")
    return fig, (
        f"{len(costs)} rows of marks on a scale of microseconds: {', '.join(costs)}. "
        "The line in each row is the median."
    )


def cost_sentence(costs: dict[str, list[float]]) -> str:
    """What the picture shows, computed from its numbers; it may also be that it shows nothing."""
    look, ping, query, opening = (
        typical(costs[name]) for name in ("look", "ping", "query", "open")
    )
    if not look < ping < opening:
        return (
            "Not shown on this machine: a ping is not dearer than a look and cheaper than opening."
        )
    return (
        f"On your machine a ping before a single query makes that loan {ping / query:.0%} dearer, "
        f"and still costs {opening / ping:.0f} times less than opening; a look is {ping / look:.0f} "
        "times cheaper than a ping."
    )
