"""The learner's copies of the lessons: handed out, recorded, and never overwritten.

Used by every command that writes to my_work/. The record there tells what was handed out, so that
what nobody has changed can follow the course and what the learner has changed stays.
"""

from __future__ import annotations

import hashlib
import json
import os
import re

from poolkit.course.desk import fingerprints
from poolkit.course.desk.speaking import DeskError, say

LESSON = re.compile(r"(\d\d)_\w+\.ipynb")
CELLS = "cells"  # in the record: the same for the cells of each notebook
CLAIMS = "claims"  # in the record: the fingerprint of how each notebook's exercises are judged
RECORD = ".handed_out.json"  # in my_work: the digest of each file as it was handed out


def find_lessons(folder):
    """Return the lessons' file names, in order. Raises DeskError where there are none."""
    try:
        lessons = sorted(path.name for path in folder.iterdir() if LESSON.fullmatch(path.name))
    except OSError:
        lessons = []
    if not lessons:
        raise DeskError(
            f"no lessons in {folder}; run it from a clone of the course, "
            "installed there with: python -m pip install -r requirements.txt"
        )
    return lessons


def known_lesson(lessons, asked):
    """Return the file name of a lesson, by its number or name. Raises DeskError."""
    for lesson in lessons:
        stem = lesson.removesuffix(".ipynb")
        number, name = stem.split("_", 1)
        if asked.removesuffix(".ipynb") in (number, str(int(number)), name, stem):
            return lesson
    known = ", ".join(lesson.removesuffix(".ipynb") for lesson in lessons)
    raise DeskError(f"no lesson {asked!r}; there are {known}")


def has_copies(folder):
    """Whether lessons were handed out to this folder, by this version or an older one."""
    return (folder / RECORD).exists() or any(
        LESSON.fullmatch(path.name) for path in folder.iterdir()
    )


def hand_out(shipped, work):
    """Copy what is missing in `work`, and bring up to date what nobody has changed since.

    A file that differs from what was handed out is the learner's and stays as it is; where the
    shipped one has changed, one line says so. Raises DeskError where nothing can be written.
    """
    if os.path.lexists(work) and not work.is_dir():
        raise DeskError(f"{work} is no folder, and your lessons need one of that name: rename it")
    try:
        work.mkdir(exist_ok=True)
        record = read_record(work / RECORD)
        behind = [name for name in shipped_files(shipped) if not copy(shipped, work, name, record)]
        # Always written: where the lessons could not be saved, that is said now.
        write_record(work, record)
    except OSError as error:
        raise unwritable(work, error) from error
    say(
        f"{name} is no longer in the course, or has another name now; yours was left as it is."
        for name in left_over(shipped, work, record)
    )
    if behind:
        say([
            f"There is a newer version of {', '.join(behind)}. Your own in {work.name} was left as "
            "it is: poolkit update brings the new cells in and keeps what you have edited."
        ])  # fmt: skip


def left_over(shipped, work, record):
    """What was handed out once, is still in `work`, and is shipped no more."""
    return [
        name
        for name in record
        if name not in (CELLS, CLAIMS) and not (shipped / name).exists() and (work / name).exists()
    ]


def unwritable(folder, error):
    return DeskError(
        f"cannot write to {folder} ({error.strerror}), where your work is saved: "
        "make it writable, or clone the course into a folder of your own"
    )


def shipped_files(folder):
    """Return the names, relative to `folder`, of the lessons and of what lies beside them."""
    names = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    return [
        name.as_posix()
        for name in names
        if name.parts[0] != "solved" and not any(part.startswith(".") for part in name.parts)
    ]


def copy(shipped, work, name, record):
    """Hand out one file and record it; return False where the learner's own is behind it."""
    content, target = (shipped / name).read_bytes(), work / name
    digest = hashlib.sha256(content).hexdigest()
    if not os.path.lexists(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, content)
    elif record.get(name) != digest:
        theirs = digest_of(target)
        if theirs is None or theirs not in (digest, record.get(name)):
            return name not in record  # never handed out by us: nothing to compare it with
        write_whole(target, content)
    note(record, name, content)
    return True


def note(record, name, content):
    """Note a file as handed out. How its exercises are judged stays as it was noted first: `update`
    tells what has changed since.
    """
    record[name] = hashlib.sha256(content).hexdigest()
    if name.endswith(".ipynb"):
        record.setdefault(CELLS, {})[name] = cell_digests(content)
        if name not in (claims := record.setdefault(CLAIMS, {})):
            claims[name] = fingerprints.of_notebook(name)


def write_record(work, record):
    write_whole(work / RECORD, json.dumps(record, indent=1).encode())


def cell_digests(content):
    """Each cell's id and the digest of its source, from which `update` knows what nobody changed."""
    try:
        cells = json.loads(content)["cells"]
        return {cell["id"]: digest_of_cell(cell) for cell in cells}
    except (ValueError, KeyError, TypeError):
        return {}


def digest_of_cell(cell):
    source = cell.get("source", "")
    text = source if isinstance(source, str) else "".join(source)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def digest_of(path):
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None  # not ours to read, so not ours to replace


def read_record(path):
    """Return what was handed out; a missing or damaged record is an empty one."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(record, dict):
        return {}
    for part in (CELLS, CLAIMS):
        kept = record.pop(part, None)
        if isinstance(kept, dict):
            record[part] = {name: known for name, known in kept.items() if isinstance(known, dict)}
    return record


def write_whole(path, content):
    """Write all of it or nothing, under the permissions that a new file gets."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
