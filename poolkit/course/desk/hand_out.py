"""`poolkit hand-out`: the learner's own copies, where somebody else runs the server."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from poolkit.course.desk.copies import ROOT, find_lessons, hand_out
from poolkit.course.desk.speaking import DeskError, Parser, command, say

HELP = """\
Copy the lessons to a folder where they are yours, and start nothing: for VS Code, for JupyterHub,
for whoever runs Jupyter in another way. A file of yours is never overwritten; a copy that you have
not changed follows the course. Progress is kept in the same folder. Run it again as often as you like.
"""


@command("hand-out")
def main(argv: list[str], *, root: Path = ROOT) -> None:
    """`poolkit hand-out [FOLDER]`."""
    parser = Parser("poolkit hand-out", description=HELP)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=root / "my_work", metavar="FOLDER",
        help="where the copies go (default: my_work in the clone of the course)",
    )  # fmt: skip
    folder = parser.parse_args(argv).folder.expanduser()
    if folder.resolve() == (root / "notebooks").resolve():
        raise DeskError(f"{folder} holds the lessons themselves: choose another folder")
    try:
        find_lessons(root / "notebooks")
        if folder.parent != folder:
            os.makedirs(folder.parent, exist_ok=True)
        hand_out(root / "notebooks", folder)
    except OSError as error:
        raise DeskError(f"{error.filename}: {error.strerror}: choose another folder") from error
    say([f"Your lessons are in {folder}: open 00_start_here.ipynb there."])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
