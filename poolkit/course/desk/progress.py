"""`poolkit progress`: where the learner is, and how sure they were against how often right."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

from poolkit.course.desk import calibration
from poolkit.course.desk.speaking import DeskError, Parser, command, path_of, say
from poolkit.course.files import ROOT
from poolkit.course.overview import lesson_rows
from poolkit.course.shown import _text_table
from poolkit.course.state import MEMORY, Store

HELP = """\
Show which exercises are solved, what comes next, how sure you were of your predictions against how
often they came out, and which of them surprised you. How sure against how often right is drawn as a
picture, too, in a file beside the progress file. Your progress is only read.
"""
KINDS = (".png", ".svg", ".pdf")


@command("progress")
def main(argv: list[str], *, root: Path = ROOT) -> None:
    """`poolkit progress [FILE] [--picture FILE]`."""
    default = Path(os.environ.get("POOLKIT_PROGRESS") or root / "my_work" / "progress.db")
    parser = Parser("poolkit progress", description=HELP)
    parser.add_argument("file", nargs="?", type=path_of, default=default, metavar="FILE",
        help="the progress file (default: my_work/progress.db, or POOLKIT_PROGRESS)")  # fmt: skip
    parser.add_argument("--picture", type=path_of, metavar="FILE",
        help="where the picture goes, a name that ends in .png, .svg or .pdf "
        "(default: progress-calibration.png beside the progress file)")  # fmt: skip
    asked = parser.parse_args(argv)
    if asked.picture and asked.picture.suffix not in KINDS:
        raise DeskError(
            f"--picture {asked.picture}: a name that ends in .png, .svg or .pdf is needed"
        )
    kept = read(asked.file)
    rows, following = lesson_rows(kept)
    next_ = f"Next: {following}" if following else "Every exercise is solved."
    say([*_text_table(rows), "", next_])
    picture = asked.picture or asked.file.with_name(f"{asked.file.stem}-calibration.png")
    made = calibration.judged(kept)
    if made:
        say(["", *calibration.lines(made)])
    say(surprises(kept))
    if made:
        draw(made, picture)


def draw(made: list[tuple[float, bool]], picture: Path) -> None:
    """Draw the picture. Raises DeskError where it cannot be written."""
    try:
        calibration.draw(made, picture)
    except OSError as error:
        raise DeskError(
            f"the picture cannot be written to {picture} ({error.strerror}): "
            "--picture FILE puts it elsewhere"
        ) from error
    say(["", f"How sure against how often right, as a picture: {picture}"])


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
        kept.predictions()
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise DeskError(
            f"{path} is no progress file of the course, or cannot be read: {error}"
        ) from error
    return kept


def surprises(kept: Store) -> list[str]:
    """The predictions that came out otherwise."""
    found = [
        (id, g, out) for id, (g, out) in kept.predictions().items() if out is not None and g != out
    ]
    lines = [f"  {id}: you said {_listed(g)}; it was {_listed(out)}" for id, g, out in found]
    return ["", "What surprised you:", *lines] if found else []


def _listed(values: dict) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
