"""`poolkit progress`: where the learner is, and how sure they were against how often right."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

from poolkit.course.desk.copies import ROOT
from poolkit.course.desk.speaking import DeskError, Parser, command, say
from poolkit.course.overview import lesson_rows
from poolkit.course.shown import _text_table
from poolkit.course.state import MEMORY, Store

HELP = """\
Show which exercises are solved, what comes next, how sure you were of your predictions against how
often they came out, and which of them surprised you. Nothing is changed.
"""
BANDS = ((50, 60), (60, 70), (70, 80), (80, 90), (90, 101))


@command("progress")
def main(argv: list[str], *, root: Path = ROOT) -> None:
    """`poolkit progress [FILE]`."""
    default = Path(os.environ.get("POOLKIT_PROGRESS") or root / "my_work" / "progress.db")
    parser = Parser("poolkit progress", description=HELP)
    parser.add_argument("file", nargs="?", type=Path, default=default, metavar="FILE",
        help="the progress file (default: my_work/progress.db, or POOLKIT_PROGRESS)")  # fmt: skip
    kept = read(parser.parse_args(argv).file)
    rows, following = lesson_rows(kept)
    say(
        [*_text_table(rows), "", f"Next: {following}" if following else "Every exercise is solved."]
    )
    say(calibration(kept))
    say(surprises(kept))


def read(path: Path) -> Store:
    """What a progress file holds, in memory. Raises DeskError; the file is only read."""
    if not path.is_file():
        raise DeskError(f"no progress in {path}: it begins with the first prediction or check")
    kept = Store(MEMORY)
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            db.execute("SELECT id, guess, sure, outcome FROM predictions").fetchall()
            db.execute("SELECT id, try, kept FROM tries").fetchall()
            db.backup(kept._known)
        finally:
            db.close()
    except sqlite3.Error as error:
        raise DeskError(
            f"{path} is no progress file of the course, or cannot be read: {error}"
        ) from error
    return kept


def calibration(kept: Store) -> list[str]:
    """How sure against how often right, a bar a band; the mark | stands where they would agree."""
    sure = kept.sureness()
    judged = [(sure[id], guess == out) for id, (guess, out) in kept.predictions().items() if out]
    if not judged:
        return []
    lines = ["", f"How sure you were, and how often right ({len(judged)} predictions):"]
    for low, high in BANDS:
        right = [was for percent, was in judged if low <= percent < high]
        if right:
            share = 100 * sum(right) / len(right)
            bar = ["█" if place < share / 5 else "·" for place in range(20)]
            bar[min(19, (low + min(high, 100)) // 10)] = "|"
            lines.append(
                f"{low:3}–{min(high, 100)} %  {''.join(bar)}  {share:.0f} % of {len(right)}"
            )
    mean = sum(percent for percent, _ in judged) / len(judged)
    share = 100 * sum(was for _, was in judged) / len(judged)
    return [*lines, f"On average {mean:.0f} % sure, {share:.0f} % right."]


def surprises(kept: Store) -> list[str]:
    """The predictions that came out otherwise."""
    found = [(id, g, out) for id, (g, out) in kept.predictions().items() if out and g != out]
    lines = [f"  {id}: you said {_listed(g)}; it was {_listed(out)}" for id, g, out in found]
    return ["", "What surprised you:", *lines] if found else []


def _listed(values: dict) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
