"""`poolkit reset`: put a lesson, or one exercise of it, back to how it is handed out."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

from poolkit.course.desk import copies
from poolkit.course.desk.backups import back_up
from poolkit.course.desk.speaking import DeskError, Parser, command, path_of, say
from poolkit.course.desk.update import as_stored, exercise_of, read_notebook
from poolkit.course.files import ROOT

HELP = """\
Put one of your lessons in my_work/ back to how it is handed out, or only one exercise of it. What
you had is backed up first, in .backups/ beside it. Progress and predictions stay.

  poolkit reset 2               lesson 02, whole
  poolkit reset 2 simple.cap    one exercise of it
"""


@command("reset")
def main(argv: list[str], *, root: Path = ROOT) -> None:
    """`poolkit reset LESSON [EXERCISE] [--folder FOLDER]`."""
    parser = Parser("poolkit reset", description=HELP)
    parser.add_argument(
        "lesson", metavar="LESSON", help="its number or name, such as 2 or 02_simple"
    )
    parser.add_argument(
        "exercise", nargs="?", metavar="EXERCISE", help="its id, such as simple.cap"
    )
    parser.add_argument("--folder", type=path_of, default=root / "my_work", metavar="FOLDER",
        help="where your copies are (default: my_work in the clone of the course)")  # fmt: skip
    asked = parser.parse_args(argv)
    shipped, work = root / "notebooks", asked.folder
    try:
        name = copies.known_lesson(copies.find_lessons(shipped), asked.lesson)
        copy = reset(shipped, work, name, asked.exercise)
    except OSError as error:
        raise copies.unwritable(work, error) from error
    what = f"{asked.exercise} in {name}" if asked.exercise else name
    say([f"{what} is as it is handed out." + (f" What you had is in {copy}." if copy else "")])


def reset(shipped: Path, work: Path, name: str, exercise: str | None) -> Path | None:
    """Put it back; give the backup, or None if there was nothing to put back."""
    if not work.is_dir():
        raise DeskError(f"{work} is no folder: poolkit hand-out makes one")
    content, target = (shipped / name).read_bytes(), work / name
    if exercise is not None:
        if not target.is_file():
            raise DeskError(f"there is no {target}: poolkit hand-out makes one")
        return _reset_exercise(target, _cell_of(content, exercise, name))
    if copies.digest_of(target) == hashlib.sha256(content).hexdigest():
        return None
    copy = back_up(target) if os.path.lexists(target) else None
    copies.write_whole(target, content)
    record = copies.read_record(work / copies.RECORD)
    copies.note(record, name, content)
    copies.write_record(work, record)
    return copy


def _reset_exercise(target: Path, wanted: dict) -> Path | None:
    mine = read_notebook(target)
    cells = mine["cells"]
    places = [place for place, cell in enumerate(cells) if cell["id"] == wanted["id"]]
    if not places:  # deleted: at the end, where it is seen
        cells.append(wanted)
    elif cells[places[0]]["source"] == wanted["source"]:
        return None
    else:
        cells[places[0]] = wanted
    copy = back_up(target)
    copies.write_whole(target, as_stored(mine))
    return copy


def _cell_of(content: bytes, exercise: str, name: str) -> dict:
    try:
        cells = json.loads(content)["cells"]
    except (ValueError, KeyError, TypeError):
        raise DeskError(f"{name} is damaged in the course itself: see git status") from None
    ids = {id: cell for cell in cells if (id := exercise_of(cell))}
    for id, cell in ids.items():
        if exercise in (id, id.partition(".")[2]):
            return cell
    raise DeskError(f"no exercise {exercise!r} in {name}; there is {', '.join(ids) or 'none'}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
