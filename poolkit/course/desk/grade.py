"""`poolkit grade`: run what was handed in, and say of each exercise how many claims hold."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from poolkit.course.desk import results
from poolkit.course.desk.pool_running import (
    KEPT,
    OPEN,
    SUITE,
    NoSuite,
    Outcome,
    first_not_kept,
    put_through,
    suite_folder,
)
from poolkit.course.desk.results import Graded, Guess, Row
from poolkit.course.desk.running import Heard, Limits, run_submission
from poolkit.course.desk.speaking import (
    DeskError,
    Parser,
    command,
    complain,
    number,
    progress_bar,
    say,
)
from poolkit.course.desk.submissions import NotGraded, Submission, find_submissions, read_submission
from poolkit.course.exercises import Exercise, lesson_part

HELP = """\
Run notebooks that were handed in, each in a fresh process, and judge them with this course's own
checks. Files, folders (with all below them) and patterns will do. Nothing is written but what you
ask for. Points are the claims that hold, of those there are.

A my_pool.py (ann_my_pool.py) is put through the promises of tests/conformance, in a clone of the
course; its points are the promises that it keeps, stage by stage.

A file's lesson is known by its name, which may have something added (ann_02_simple.ipynb), else by
its exercises. Exit code 0; 2 if something could not be graded, one line on stderr for each.

  poolkit grade ann_02_simple.ipynb
  poolkit grade class/ --jobs 4 --results class.jsonl --csv class.csv --reports reports/

What is not safe: a submission runs with your rights. What it does to the course's checks is undone
before each judgement, and verdicts come signed; but code that sets out to search the memory of its
own process can find the judge there, and it can read what you can read. Run what strangers hand in
in a container or as a user of its own, and look at any work that surprises you.
"""

_LIMITS = Limits()


def grade(path: str, limits: Limits = _LIMITS, stop: threading.Event | None = None) -> Graded:
    """Grade one notebook. Raises NotGraded where it is none, of no lesson, or cannot be started."""
    return grade_submission(read_submission(path), limits, stop or threading.Event())


def grade_submission(submission: Submission, limits: Limits, stop: threading.Event) -> Graded:
    """Grade what was read already. Raises NotGraded where it cannot be started."""
    if submission.is_pool:
        return _grade_pool(submission, limits, stop)
    exercises = lesson_part(submission.lesson, "exercises")
    heard = run_submission(submission.cells, [one.id for one in exercises], limits, stop)
    if heard.at is None and not heard.done:
        raise _not_started(submission, limits)
    predictions = [
        Guess(id, json.loads(guess), json.loads(out))
        for id, (guess, out) in heard.predictions.items()
    ]
    rows = [_row(one, submission.cells, heard) for one in exercises]
    return Graded(submission.path, key(submission, limits), rows, predictions, heard.notes)


def _grade_pool(submission: Submission, limits: Limits, stop: threading.Event) -> Graded:
    stages = [one.name for one in lesson_part("capstone", "stages")]
    try:
        outcome = put_through(submission.cells[0], stages, limits, stop)
    except NoSuite as missing:
        raise NotGraded(f"{submission.path}: {missing}") from missing
    if not outcome.promises:
        raise _not_started(submission, limits)
    rows = [_row_of_stage(name, outcome) for name in stages]
    return Graded(submission.path, key(submission, limits), rows, [], outcome.notes)


def _row_of_stage(name: str, outcome: Outcome) -> Row:
    """A stage's points; what is told is the first promise that is broken, or is not kept."""
    tried = [one for one in outcome.promises if one.id.startswith(f"{name}.")]
    kept, id = sum(one.what == KEPT for one in tried), f"capstone.{name}"
    if outcome.reason:
        return Row(id, outcome.reason, kept, len(tried), outcome.story)
    first = first_not_kept(tried)
    if first is None:
        return Row(id, "solved", kept, len(tried))
    result = "not attempted" if all(one.what == OPEN for one in tried) else first.name
    return Row(id, result, kept, len(tried), f"{first.text} {first.why}")


def _not_started(submission: Submission, limits: Limits) -> NotGraded:
    return NotGraded(
        f"{submission.path}: could not be started; --memory {limits.memory} may be too little"
    )


def key(submission: Submission, limits: Limits) -> str:
    """What a result depends on: the submission, the limits, the course. With it, so is the result."""
    parts = f"{submission.digest} {submission.lesson} {limits} {course_digest()}"
    if submission.is_pool:
        parts += digest_of(suite_folder() / SUITE.parent)
    return hashlib.sha256(parts.encode()).hexdigest()


@functools.cache
def course_digest() -> str:
    """The course that judges, from all its sources."""
    return digest_of(Path(__file__).parents[2])


@functools.cache
def digest_of(folder: Path) -> str:
    """All Python files below a folder."""
    whole = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        whole.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return whole.hexdigest()


def _row(exercise: Exercise, cells: tuple[str, ...], heard: Heard) -> Row:
    claims = len(exercise.claims)
    if exercise.id not in heard.verdicts:
        result, story = _missing(exercise, cells, heard)
        return Row(exercise.id, result, 0, claims, story)
    reason, marks, story = heard.verdicts[exercise.id]
    return Row(exercise.id, reason or "solved", marks.count("kept"), claims, story)


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
    for option in ("csv", "junit", "results"):
        results.check_writable(f"--{option}", getattr(asked, option))
    results.make_folder("--reports", asked.reports)
    done = results.read(asked.results) if asked.results and os.path.exists(asked.results) else []
    if done:
        results.write(asked.results, done)  # without a last line that was cut off
    graded, problems = _grade_all(paths, limits, asked, {(g.path, g.key): g for g in done})
    # what it holds of other notebooks stays
    problems += _write(asked, graded, [g for g in done if g.path not in paths] + graded)
    for problem in problems:
        complain(f"poolkit grade: {problem}")
    say(results.csv_lines(graded) if asked.csv == "-" else results.screen_lines(graded))
    return 2 if problems else 0


def _write(asked, graded: list[Graded], kept: list[Graded]) -> list[str]:
    """Write what was asked for; what cannot be written costs neither the rest nor the table."""
    csv = None if asked.csv == "-" else asked.csv
    problems = []
    for write, name, what in (
        (results.write, asked.results, kept),
        (results.write_junit, asked.junit, graded),
        (results.write_reports, asked.reports, graded),
        (results.write_csv, csv, graded),
    ):
        try:
            if name is not None:
                write(name, what)
        except DeskError as error:
            problems.append(str(error))
    return problems


def _parser() -> Parser:
    parser = Parser("poolkit grade", description=HELP)
    add = parser.add_argument
    add("path", nargs="+", metavar="PATH",
        help="a notebook, a my_pool.py, a folder, or a pattern")  # fmt: skip
    add("--csv", metavar="FILE", help="write the table as CSV; - for stdout")
    add("--junit", metavar="FILE", help="write JUnit XML, a test case an exercise")
    add("--reports", metavar="FOLDER", help="write a report of each notebook, for its author")
    add("--results", metavar="FILE",
        help="keep every result as it comes; with the same file, a run that was ended goes on where "
        "it was. poolkit classview reads it")  # fmt: skip
    add("--jobs", type=number(1, int), default=1, metavar="N", help="so many at once (default: 1)")
    add("--cluster", metavar="ADDRESS",
        help="hand them to the Dask scheduler there, such as tcp://10.0.0.1:8786; its workers need "
        "this same version of the course (pip install -e '.[cluster]')")  # fmt: skip
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


def _grade_all(paths, limits: Limits, asked, done: dict) -> tuple[list[Graded], list[str]]:
    """Grade every one, here or on a cluster; in the order given, whatever ends first."""
    came: dict[str, Graded | str] = {}
    left: list[Submission] = []
    for path in paths:
        try:
            submission = read_submission(path)
        except NotGraded as problem:
            came[path] = str(problem)
            continue
        if known := done.get((path, key(submission, limits))):
            came[path] = known
        else:
            left.append(submission)
    bar = progress_bar(total=len(left), desc="grading")
    noting = threading.Lock()

    def note(path: str, found: Graded | str) -> None:
        with noting:
            came[path] = found
            if asked.results and isinstance(found, Graded):
                results.append(asked.results, found)
            bar.update()

    with bar:
        if asked.cluster is not None:
            from poolkit.course.desk.cluster import grade_on_cluster

            grade_on_cluster(asked.cluster, left, limits, note)
        else:
            _grade_here(left, limits, asked.jobs, note)
    found = [came[path] for path in paths]
    return [g for g in found if isinstance(g, Graded)], [p for p in found if isinstance(p, str)]


def _grade_here(left: list[Submission], limits: Limits, jobs: int, note: Callable) -> None:
    stop = threading.Event()

    def one(submission: Submission) -> None:
        try:
            found = grade_submission(submission, limits, stop)
        except NotGraded as problem:
            found = str(problem)
        except Exception as error:  # one costs one line, never the batch
            text = " ".join(str(error).split())[:200]
            found = f"{submission.path}: {type(error).__name__}: {text}"
        if not stop.is_set():
            note(submission.path, found)

    with ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(one, submission) for submission in left]
        try:
            for task in waiting:
                task.result()
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
