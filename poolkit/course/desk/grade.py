"""`poolkit grade`: run what was handed in, and say of each exercise how many claims hold."""

from __future__ import annotations

import csv
import io
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from poolkit.course.desk.running import Heard, Limits, run_submission
from poolkit.course.desk.speaking import DeskError, Parser, command, complain, number, say, table
from poolkit.course.desk.submissions import NotGraded, find_submissions, read_submission
from poolkit.course.exercises import Exercise, lesson_part

HELP = """\
Run notebooks that were handed in, each in a fresh process, and judge them with this course's own
checks. Files, folders (with all below them) and patterns will do. Nothing is written but what you
ask for. Points are the claims that hold, of those there are.

A file's lesson is known by its name, which may have something added (ann_02_simple.ipynb), else by
its exercises. Exit code 0; 2 if something could not be graded, one line on stderr for each.

What is not safe: a submission runs with your rights. What it does to the course's checks is undone
before each judgement, and verdicts come signed; but code that sets out to search the memory of its
own process can find the judge there, and it can read what you can read. Run what strangers hand in
in a container or as a user of its own, and look at any work that surprises you.
"""

_LIMITS = Limits()


@dataclass(frozen=True)
class Row:
    """One exercise of one submission; `kept` of `claims` hold."""

    path: str
    exercise: str
    result: str
    kept: int
    claims: int
    story: str = ""


def grade(path: str, limits: Limits = _LIMITS, stop: threading.Event | None = None) -> list[Row]:
    """Grade one notebook. Raises NotGraded where it is none, of no lesson, or cannot be started."""
    submission = read_submission(path)
    exercises = lesson_part(submission.lesson, "exercises")
    ids = [one.id for one in exercises]
    heard = run_submission(submission.cells, ids, limits, stop or threading.Event())
    if heard.at is None and not heard.done:
        raise NotGraded(f"{path}: could not be started; --memory {limits.memory} may be too little")
    return [_row(path, one, submission.cells, heard) for one in exercises]


def _row(path: str, exercise: Exercise, cells: tuple[str, ...], heard: Heard) -> Row:
    claims = len(exercise.claims)
    if exercise.id not in heard.verdicts:
        result, story = _missing(exercise, cells, heard)
        return Row(path, exercise.id, result, 0, claims, story)
    reason, marks, story = heard.verdicts[exercise.id]
    return Row(path, exercise.id, reason or "solved", marks.count("kept"), claims, story)


def _missing(exercise: Exercise, cells: tuple[str, ...], heard: Heard) -> tuple[str, str]:
    """Why nothing of that name was there to judge."""
    marks = (f"# exercise: {exercise.id}\n", f"class {exercise.name}", f"def {exercise.name}")
    for number_, source in enumerate(cells):
        if any(mark in source for mark in marks) and number_ in heard.raised:
            kind, line = heard.raised[number_]
            where = f", line {line}" if line else ""
            return f"raised {kind}", f"Its cell, number {number_ + 1}, raised {kind}{where}."
    if exercise.id in heard.close:
        return "named otherwise", f"No `{exercise.name}`; there is `{heard.close[exercise.id]}`."
    why = "; ".join(heard.notes)
    return "not there", f"No `{exercise.name}` was made." + (f" {why}." if why else "")


@command("grade")
def main(argv: list[str]) -> int:
    """`poolkit grade PATH ...`."""
    asked = _parser().parse_args(argv)
    paths = find_submissions(asked.path)
    limits = Limits(asked.seconds, asked.whole, asked.memory)
    target = _open_csv(asked.csv)
    rows, problems = _grade_all(paths, limits, asked.jobs)
    for problem in problems:
        complain(f"poolkit grade: {problem}")
    if target is None:
        head = ["notebook", "exercise", "claims", "result"]
        said = [[r.path, r.exercise, f"{r.kept} of {r.claims}", r.result] for r in rows]
        say(table([head, *said]))
    else:
        _write_csv(target, rows)
    return 2 if problems else 0


def _parser() -> Parser:
    parser = Parser("poolkit grade", description=HELP)
    add = parser.add_argument
    add("path", nargs="+", metavar="PATH", help="a notebook, a folder, or a pattern")
    add("--csv", metavar="FILE", help="write the table as CSV; - for stdout")
    add("--jobs", type=number(1, int), default=1, metavar="N", help="so many at once (default: 1)")
    add("--seconds", type=number(0.1), default=30.0, metavar="S", help="for one cell (default: 30)")
    add(
        "--whole",
        type=number(1),
        default=300.0,
        metavar="S",
        help="for one notebook (default: 300)",
    )
    add("--memory", type=number(256, int), default=4096, metavar="MB",
        help="address space of one notebook; Linux only (default: 4096)")  # fmt: skip
    return parser


def _grade_all(paths: list[str], limits: Limits, jobs: int) -> tuple[list[Row], list[str]]:
    """Grade every one, so many at once; in the order given, whatever ends first."""
    from tqdm import tqdm

    stop = threading.Event()
    rows: list[Row] = []
    problems: list[str] = []
    with ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(grade, path, limits, stop) for path in paths]
        try:
            for one, path in zip(
                tqdm(waiting, "grading", disable=None, leave=False), paths, strict=True
            ):
                try:
                    rows += one.result()
                except NotGraded as problem:
                    problems.append(str(problem))
                except Exception as error:  # one costs one line, never the batch
                    problems.append(
                        f"{path}: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
                    )
        except KeyboardInterrupt:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return rows, problems


def _open_csv(name: str | None):
    """Open it before hours are spent. Raises DeskError where it cannot be written."""
    if name is None or name == "-":
        return name
    try:
        return open(name, "w", encoding="utf-8", errors="surrogateescape", newline="")
    except OSError as error:
        raise DeskError(f"--csv {name}: {error.strerror}") from error


def _write_csv(target, rows: list[Row]) -> None:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["notebook", "exercise", "result", "kept", "claims"])
    lines.writerows([r.path, r.exercise, r.result, r.kept, r.claims] for r in rows)
    if target == "-":
        say(text.getvalue().splitlines())
        return
    try:
        with target:
            target.write(text.getvalue())
    except OSError as error:
        raise DeskError(f"--csv {os.fspath(target.name)}: {error.strerror}") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
