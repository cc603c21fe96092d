"""`poolkit update`: bring what changed in the course into the learner's copies, cell by cell."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from poolkit.course.desk import copies, fingerprints
from poolkit.course.desk.backups import back_up
from poolkit.course.desk.speaking import DeskError, Parser, command, complain, path_of, say
from poolkit.course.files import ROOT

HELP = """\
After a `git pull`: bring changed lessons into my_work/, cell by cell. New cells come in, cells that
you have not touched are replaced, cells that you have edited stay as they are, and so do cells of
your own. Exercises are listed whose stub (what you began from) or claims (what `check` tries) have
changed. Each file that is changed is backed up first, in .backups/ beside it; one that cannot be
brought up to date is left as it is.

  poolkit update --dry-run    what would change
  poolkit update              change it
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
def main(argv: list[str], *, root: Path = ROOT) -> int:
    """`poolkit update [FOLDER] [--dry-run]`."""
    parser = Parser("poolkit update", description=HELP)
    parser.add_argument("folder", nargs="?", type=path_of, default=root / "my_work", metavar="FOLDER",
        help="where your copies are (default: my_work in the clone of the course)")  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="change nothing, say what would be")
    asked = parser.parse_args(argv)
    shipped, work = root / "notebooks", asked.folder
    copies.find_lessons(shipped)
    if not work.is_dir():
        raise DeskError(f"{work} is no folder: poolkit hand-out makes one")
    if not copies.has_copies(work):
        raise DeskError(f"no lessons were handed out to {work}: poolkit hand-out makes copies")
    said, problems = update(shipped, work, dry=asked.dry_run)
    say(said or ([] if problems else ["Nothing has changed."]))
    for problem in problems:
        complain(f"poolkit update: {problem}")
    return 2 if problems else 0


def update(shipped: Path, work: Path, *, dry: bool = False) -> tuple[list[str], list[str]]:
    """Bring every shipped file into `work`; give what was done, and what could not be, in lines.

    A file that cannot be brought up to date stays as it is, and costs none of the others anything.
    """
    record = copies.read_record(work / copies.RECORD)
    said, problems = [], []
    for name in copies.shipped_files(shipped):
        try:
            said += _update_one(shipped, work, name, record, dry)
        except DeskError as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(f"{name} was left as it is: {error.strerror}: make it yours to change")
    said += [
        f"{name}: no longer in the course, or under another name; yours stays."
        for name in copies.left_over(shipped, work, record)
    ]
    if not dry:
        try:
            copies.write_record(work, record)
        except OSError as error:
            problems.append(str(copies.unwritable(work, error)))
    return said, problems


def _update_one(shipped: Path, work: Path, name: str, record: dict, dry: bool) -> list[str]:
    content, target = (shipped / name).read_bytes(), work / name
    wanted, had = hashlib.sha256(content).hexdigest(), copies.digest_of(target)
    edited = os.path.lexists(target) and had not in (record.get(name), wanted)
    if not name.endswith(".ipynb"):
        if edited:
            behind = record.get(name, wanted) != wanted
            return [f"{name}: there is a newer version; yours stays."] if behind else []
        return _follow(shipped, work, name, record, dry)
    theirs = _cells_of_the_course(name, content)
    known = record.get(copies.CELLS, {}).get(name, {})
    judged, now = record.get(copies.CLAIMS, {}).get(name, {}), fingerprints.of_notebook(name)
    told = _tell_exercises(name, known, theirs, judged, now)
    if edited:
        said = _merge_into(target, name, known, theirs, dry)
    else:
        said = _follow(shipped, work, name, record, dry)
    if not dry:
        copies.note(record, name, content)
        record[copies.CLAIMS][name] = now
    return said + told


def _follow(shipped: Path, work: Path, name: str, record: dict, dry: bool) -> list[str]:
    """A file that nobody has edited becomes what is shipped."""
    there, content = (work / name).exists(), (shipped / name).read_bytes()
    same = copies.digest_of(work / name) == hashlib.sha256(content).hexdigest()
    if not dry:
        copies.copy(shipped, work, name, record)
    return [] if same else [f"{name}: {'brought up to date' if there else 'new'}."]


def _merge_into(target: Path, name: str, known: dict, theirs: list[dict], dry: bool) -> list[str]:
    mine = read_notebook(target)
    merged = merge(known, mine["cells"], theirs)
    if not dry and merged.cells != mine["cells"]:
        back_up(target)
        mine["cells"] = merged.cells
        copies.write_whole(target, as_stored(mine))
    return _tell(name, merged)


def _cells_of_the_course(name: str, content: bytes) -> list[dict]:
    try:
        return _checked(json.loads(content))["cells"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DeskError(
            f"{name} is damaged in the course itself, so yours was left as it is: see git status"
        ) from None


def read_notebook(path: Path) -> dict:
    """The learner's notebook. Raises DeskError where it is none, or has no cell ids."""
    try:
        return _checked(json.loads(path.read_bytes()))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DeskError(
            f"{path.name} is no notebook, or one without cell ids, and was left as it is: "
            "rename it and run poolkit hand-out for a fresh one"
        ) from None


def _checked(notebook: dict) -> dict:
    """The notebook, if all that is used of it is there. Raises KeyError, TypeError or ValueError."""
    for cell in notebook["cells"]:
        if not isinstance(cell["id"], str):
            raise TypeError("a cell's id is text")
        "".join(cell["source"])
    return notebook


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
    id, digest = cell["id"], copies.digest_of_cell(cell)
    if shipped is None:
        if base.get(id) != digest:
            return cell  # the learner's own, or edited
        done.removed.append(id)
        return None
    wanted = copies.digest_of_cell(shipped)
    if wanted == digest:
        return cell
    if base.get(id) == digest:
        done.replaced.append(id)
        return shipped
    if base.get(id) != wanted:
        found = exercise_of(shipped)
        done.kept.append(f"exercise {found}" if found else id)
    return cell


def _place_after(before: list[dict], cells: list[dict]) -> int:
    """Where a new cell goes: after the nearest of those that stand before it upstream."""
    places = {cell["id"]: place for place, cell in enumerate(cells)}
    for cell in reversed(before):
        if cell["id"] in places:
            return places[cell["id"]] + 1
    return 0


def exercise_of(cell: dict) -> str | None:
    """The id of the exercise whose cell this is."""
    found = _MARK.match("".join(cell["source"]))
    return found[1] if found else None


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


def _tell_exercises(
    name: str, known: dict, theirs: list[dict], judged: dict, now: dict
) -> list[str]:
    """The exercises whose stub or claims are others than what was handed out."""
    stubs = {
        exercise_of(cell)
        for cell in theirs
        if known.get(cell["id"], digest := copies.digest_of_cell(cell)) != digest
    }
    changed = []
    for id in now:
        parts = ["stub"] * (id in stubs) + ["claims"] * (judged.get(id, now[id]) != now[id])
        changed += [f"{id} ({' and '.join(parts)})"] if parts else []
    if not changed:
        return []
    return [f"{name}: exercises that have changed: {', '.join(changed)}; run their checks again."]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
