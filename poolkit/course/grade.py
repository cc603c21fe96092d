"""`poolkit grade`: run learners' notebooks on fresh kernels and say which exercises hold.

For teachers and for CI. Nothing is written: neither the notebooks nor anybody's progress. A learner's
code runs with the rights of whoever runs this; run what strangers hand in where it can do no harm.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

from poolkit.course.exercises import lesson_part
from poolkit.course.lessons import LESSONS
from poolkit.course.notebooks import execute, read


class NotGraded(Exception):
    """A notebook could not be run to its end; the message is one line."""


def grade(path: Path, *, seconds: float = 60) -> dict[str, str]:
    """Run one notebook; give exercise id → "solved", "not attempted", or why it was refused.

    An exercise that the notebook does not check any more is "not checked". `seconds`: for one cell.
    Raises NotGraded where the file is no notebook, no lesson, or its kernel dies.
    """
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    exercises = lesson_part(lesson_of(path), "exercises")
    try:
        notebook = read(path)
    except Exception as error:
        reason = " ".join(str(error).split())[:120]
        raise NotGraded(f"{path}: cannot be read as a notebook: {reason}") from error
    try:
        found = execute(notebook, path.parent, seconds=seconds, go_on=True)["verdicts"]
    except (DeadKernelError, CellTimeoutError) as error:
        raise NotGraded(f"{path}: did not run to its end: {type(error).__name__}") from error
    return {one.id: found.get(one.id, "not checked") or "solved" for one in exercises}


def lesson_of(path: Path) -> str:
    """The lesson that a learner's file belongs to, from its name, which may have something added."""
    for lesson in LESSONS:
        if lesson.file.removesuffix(".ipynb") in path.stem:
            return lesson.name
    raise NotGraded(f"{path}: no lesson's name in it, such as {LESSONS[2].file}")


def main(argv: list[str] | None = None) -> int:
    """`poolkit grade FILE ...`: a table on stdout, as CSV; 2 if a file could not be graded."""
    parser = argparse.ArgumentParser(prog="poolkit grade", description=__doc__.split("\n")[0])
    parser.add_argument("notebook", nargs="+", type=Path)
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["notebook", "exercise", "result"])
    code = 0
    for path in parser.parse_args(argv).notebook:
        try:
            rows = grade(path)
        except NotGraded as error:
            print(f"poolkit grade: {error}", file=sys.stderr)
            code = 2
            continue
        table.writerows([path.name, id, result] for id, result in rows.items())
        sys.stdout.flush()
    return code
