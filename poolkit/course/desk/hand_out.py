"""`poolkit hand-out`: the learner's own copies, where somebody else runs the server."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from poolkit.course.desk.copies import find_lessons, hand_out, has_copies
from poolkit.course.desk.speaking import DeskError, Parser, command, path_of, say
from poolkit.course.files import ROOT

HELP = """\
Copy the lessons to a folder where they are yours, and start nothing: for VS Code, for JupyterHub,
for whoever runs Jupyter in another way. A file of yours is never overwritten; a copy that you have
not changed follows the course. Progress is kept in the same folder. Run it again as often as you like.

  poolkit hand-out            to my_work/ in the clone of the course
  poolkit hand-out ~/pools    to a folder of your own
"""


@command("hand-out")
def main(argv: list[str], *, root: Path = ROOT) -> None:
    """`poolkit hand-out [FOLDER]`."""
    parser = Parser("poolkit hand-out", description=HELP)
    parser.add_argument(
        "folder", nargs="?", type=path_of, default=root / "my_work", metavar="FOLDER",
        help="where the copies go (default: my_work in the clone of the course)",
    )  # fmt: skip
    folder = parser.parse_args(argv).folder
    if _is_of_the_course(folder.resolve(), root.resolve()):
        raise DeskError(f"{folder} is part of the course itself: choose another folder")
    try:
        find_lessons(root / "notebooks")
        if folder.parent != folder:
            os.makedirs(folder.parent, exist_ok=True)
        hand_out(root / "notebooks", folder)
    except OSError as error:
        raise DeskError(f"{error.filename}: {error.strerror}: choose another folder") from error
    say([f"Your lessons are in {folder}: open 00_start_here.ipynb there."])


def _is_of_the_course(folder: Path, root: Path) -> bool:
    """Whether it is the clone, or one of its own folders, where copies would be in the way."""
    if not folder.is_relative_to(root) or folder == root / "my_work":
        return False
    if folder.is_relative_to(root / "notebooks"):
        return True
    return folder.is_dir() and any(folder.iterdir()) and not has_copies(folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
