"""`poolkit update`: bring what changed in the course into the learner's copies, cell by cell."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from poolkit.course.desk import lab
from poolkit.course.desk.backups import back_up
from poolkit.course.desk.speaking import DeskError, Parser, command, say

HELP = """\
After a `git pull`: bring changed lessons into my_work/, cell by cell. New cells come in, cells that
you have not touched are replaced, cells that you have edited stay as they are, and so do cells of
your own. Each file that is changed is backed up first, in .backups/ beside it.
"""
_MARK = re.compile(r"\A# exercise: (\S+)")


@dataclass
class Merged:
    """A learner's notebook with what is new, and in words what was done."""

    cells: list[dict]
    new: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # edited by the learner, and changed upstream


@command("update")
def main(argv: list[str], *, root: Path = lab.ROOT) -> None:
    """`poolkit update [FOLDER] [--dry-run]`."""
    parser = Parser("poolkit update", description=HELP)
    parser.add_argument("folder", nargs="?", type=Path, default=root / "my_work", metavar="FOLDER",
        help="where your copies are (default: my_work in the clone of the course)")  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="change nothing, say what would be")
    asked = parser.parse_args(argv)
    shipped, work = root / "notebooks", asked.folder.expanduser()
    try:
        lab.find_lessons(shipped)
        if not work.is_dir():
            raise DeskError(f"{work} is no folder: poolkit hand-out makes one")
        said = update(shipped, work, dry=asked.dry_run)
    except lab.LabError as error:
        raise DeskError(str(error)) from error
    except OSError as error:
        raise lab_error(work, error) from error
    say(said or ["Nothing has changed."])


def lab_error(work: Path, error: OSError) -> DeskError:
    return DeskError(f"cannot write to {work} ({error.strerror}): make it writable")


def update(shipped: Path, work: Path, *, dry: bool = False) -> list[str]:
    """Bring every shipped file into `work`; tell what was done, a line a file."""
    record = lab.read_record(work / lab.RECORD)
    said = []
    for name in lab.shipped_files(shipped):
        said += _update_one(shipped, work, name, record, dry)
    said += [
        f"{name}: no longer in the course, or under another name; yours stays."
        for name in lab.left_over(shipped, work, record)
    ]
    if not dry:
        lab.write_whole(work / lab.RECORD, json.dumps(record, indent=1).encode())
    return said


def _update_one(shipped: Path, work: Path, name: str, record: dict, dry: bool) -> list[str]:
    content, target = (shipped / name).read_bytes(), work / name
    known = record.get(lab.CELLS, {}).get(name)
    edited = os.path.lexists(target) and lab.digest_of(target) not in (
        record.get(name),
        hashlib.sha256(content).hexdigest(),
    )
    if not edited or not name.endswith(".ipynb"):
        there, before = target.exists(), lab.digest_of(target)
        if dry:
            same = before == hashlib.sha256(content).hexdigest()
            return [] if same or edited else [f"{name}: {'a newer version' if there else 'new'}."]
        told = lab.copy(shipped, work, name, record)
        if not told:
            return [f"{name}: there is a newer version; yours, which you have edited, stays."]
        return (
            []
            if lab.digest_of(target) == before
            else [f"{name}: {'brought up to date' if there else 'new'}."]
        )
    mine = read_notebook(target)
    merged = merge(known or {}, mine["cells"], json.loads(content)["cells"])
    said = _tell(name, merged)
    if not dry:
        if merged.cells != mine["cells"]:
            back_up(target)
            mine["cells"] = merged.cells
            lab.write_whole(target, as_stored(mine))
        record[name] = hashlib.sha256(content).hexdigest()
        record.setdefault(lab.CELLS, {})[name] = lab.cell_digests(content)
    return said


def read_notebook(path: Path) -> dict:
    """The learner's notebook. Raises DeskError where it is none, or has no cell ids."""
    try:
        notebook = json.loads(path.read_bytes())
        if all(isinstance(cell["id"], str) for cell in notebook["cells"]):
            return notebook
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise DeskError(
        f"{path.name} is no notebook, or one without cell ids, and was left as it is: "
        "rename it and run poolkit hand-out for a fresh one"
    )


def as_stored(notebook: dict) -> bytes:
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode(
        "utf-8", "surrogatepass"
    )


def merge(base: dict[str, str], mine: list[dict], theirs: list[dict]) -> Merged:
    """Merge by cell id. `base`: what was handed out last, cell id → digest; {} if that is unknown,
    and then every cell that differs counts as edited.
    """
    shipped = {cell["id"]: cell for cell in theirs}
    done = Merged([])
    for cell in mine:
        one = _merge_cell(base, cell, shipped.get(cell["id"]), done)
        if one is not None:
            done.cells.append(one)
    had = {cell["id"] for cell in mine}
    for place, cell in enumerate(theirs):
        if cell["id"] not in had and cell["id"] not in base:
            done.cells.insert(_place_after(theirs[:place], done.cells), cell)
            done.new.append(cell["id"])
    return done


def _merge_cell(base: dict, cell: dict, shipped: dict | None, done: Merged) -> dict | None:
    id, digest = cell["id"], lab.digest_of_cell(cell)
    if shipped is None:
        if base.get(id) != digest:
            return cell  # the learner's own, or edited
        done.removed.append(id)
        return None
    wanted = lab.digest_of_cell(shipped)
    if wanted == digest:
        return cell
    if base.get(id) == digest:
        done.replaced.append(id)
        return shipped
    if base.get(id) != wanted:
        found = _MARK.match("".join(shipped.get("source", "")))
        done.kept.append(f"exercise {found[1]}" if found else id)
    return cell


def _place_after(before: list[dict], cells: list[dict]) -> int:
    """Where a new cell goes: after the nearest of those that stand before it upstream."""
    places = {cell["id"]: place for place, cell in enumerate(cells)}
    for cell in reversed(before):
        if cell["id"] in places:
            return places[cell["id"]] + 1
    return 0


def _tell(name: str, merged: Merged) -> list[str]:
    counts = [
        f"{len(ids)} {word}"
        for ids, word in (
            (merged.new, "new"),
            (merged.replaced, "replaced"),
            (merged.removed, "removed"),
        )
        if ids
    ]
    said = [f"{name}: cells {', '.join(counts)}."] if counts else []
    if merged.kept:
        said.append(f"{name}: changed in the course, yours stays: {', '.join(merged.kept)}.")
    return said


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
