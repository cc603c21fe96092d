"""What was handed in: which files there are, and the code and the lesson of each."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from poolkit.course.desk.speaking import DeskError
from poolkit.course.lessons import LESSONS

MOST_BYTES = 20_000_000
POOL = "my_pool"  # in the name of a file that is a learner's own pool
_MARK = re.compile(r"^# exercise: (\w+)\.\w+", re.MULTILINE)
_CHECK = re.compile(r"""\bcheck\(\s*["'](\w+)\.\w+["']""")


class NotGraded(Exception):
    """A submission cannot be graded; the message is one line that says why."""


@dataclass(frozen=True)
class Submission:
    """One notebook: its path as it was given, the lesson's name, the sources of its code cells.

    Or one my_pool.py: its source is the only cell then, and `is_pool` is true.
    """

    path: str
    digest: str
    lesson: str
    cells: tuple[str, ...]
    is_pool: bool = False


def find_submissions(given: list[str]) -> list[str]:
    """The files that paths, folders and patterns name, each once, in order.

    Raises DeskError for a path that does not exist and a folder that holds no notebook.
    """
    found: dict[str, None] = {}
    for one in given:
        some = list(_files_of(one))
        if not some:
            raise DeskError(f"{one}: no notebook in this folder or of this name")
        found.update(dict.fromkeys(some))
    return list(found)


def _files_of(given: str) -> Iterator[str]:
    if os.path.isdir(given):
        yield from sorted(_in_folder(given))
    elif not os.path.lexists(given) and glob.has_magic(given):  # a shell that leaves it to us
        for path in sorted(glob.glob(given, recursive=True)):
            yield from _files_of(path)
    else:
        yield given


def _in_folder(folder: str) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        raise DeskError(f"{error.filename}: cannot be read: {error.strerror}")

    for here, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            is_pool = POOL in name and name.endswith(".py")
            if (name.endswith(".ipynb") or is_pool) and not name.startswith("."):
                yield os.path.join(here, name)


def read_submission(path: str) -> Submission:
    """Read one notebook, or one pool. Raises NotGraded where it is none, or of no lesson."""
    try:
        if not os.path.isfile(path):
            kind = "is no file" if os.path.lexists(path) else "does not exist"
            raise NotGraded(f"{path}: {kind}")
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise NotGraded(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise NotGraded(f"{path}: larger than {MOST_BYTES // 1_000_000} MB: clear its outputs")
    digest = hashlib.sha256(content).hexdigest()
    if path.endswith(".py"):
        return Submission(path, digest, "capstone", (_text(path, content),), is_pool=True)
    cells = _code_cells(path, content)
    return Submission(path, digest, lesson_of(path, cells), cells)


def _text(path: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except ValueError as error:
        raise NotGraded(f"{path}: cannot be read as Python: it is not UTF-8") from error


def _code_cells(path: str, content: bytes) -> tuple[str, ...]:
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise NotGraded(f"{path}: cannot be read as a notebook: {str(error)[:100]}") from error
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise NotGraded(
            f"{path}: cannot be read as a notebook: it has no cells; if it is an old one, "
            "open it in JupyterLab and save it"
        )
    code = [cell for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    return tuple(_source(cell.get("source")) for cell in code)


def _source(source: object) -> str:
    if isinstance(source, list):
        return "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


def lesson_of(path: str, cells: tuple[str, ...] = ()) -> str:
    """The lesson a notebook belongs to: by its file's name, which may have something added, else
    by the exercises in it. Raises NotGraded where neither tells.
    """
    for lesson in LESSONS:
        if lesson.file.removesuffix(".ipynb") in Path(path).stem:
            return lesson.name
    known = {lesson.name for lesson in LESSONS}
    source = "\n".join(cells)
    named = Counter(n for n in _MARK.findall(source) + _CHECK.findall(source) if n in known)
    if not named:
        raise NotGraded(
            f"{path}: no lesson's name in it, such as {LESSONS[2].file}, and no exercise"
        )
    return named.most_common(1)[0][0]
