"""What grading found, and the forms in which it is kept and given: lines of JSON, CSV, JUnit XML,
a table, a report. None holds a time or a machine, so that the same class gives the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.etree import ElementTree

from poolkit.course.desk.copies import write_whole
from poolkit.course.desk.speaking import DeskError, plain, table


@dataclass(frozen=True)
class Row:
    """One exercise of one submission; `kept` of `claims` hold."""

    exercise: str
    result: str
    kept: int
    claims: int
    story: str = ""


@dataclass(frozen=True)
class Guess:
    """A prediction that was made, and what came out, or None where that was not run."""

    id: str
    guess: dict
    outcome: dict | None


@dataclass(frozen=True)
class Graded:
    """One submission. `path` is as it was given; `key` says what the result depends on."""

    path: str
    key: str
    rows: list[Row]
    predictions: list[Guess]
    notes: list[str]


def check_writable(option: str, name: str | None) -> None:
    """Raise DeskError if a file cannot be written: before hours are spent, not after."""
    if name is None or name == "-":
        return
    folder = os.path.dirname(os.path.abspath(name))
    if os.path.isdir(name):
        raise DeskError(f"{option} {name}: is a folder")
    if not os.path.isdir(folder) or not os.access(
        name if os.path.exists(name) else folder, os.W_OK
    ):
        raise DeskError(f"{option} {name}: cannot be written: is the folder there, and yours?")


def make_folder(option: str, name: str | None) -> None:
    """Make a folder if it is not there. Raises DeskError."""
    try:
        if name is not None:
            os.makedirs(name, exist_ok=True)
    except OSError as error:
        raise DeskError(
            f"{option} {name}: no folder can be made there: {error.strerror}"
        ) from error


def append(name: str, graded: Graded) -> None:
    """Add one result, whole, to the file."""
    with open(name, "a", encoding="ascii") as file:
        file.write(_line(graded))
        file.flush()
        os.fsync(file.fileno())


def write(name: str, graded: list[Graded]) -> None:
    """Write all of them, in their order."""
    _write(name, "".join(map(_line, graded)).encode("ascii"))


def _line(graded: Graded) -> str:
    return json.dumps(asdict(graded), sort_keys=True) + "\n"


def read(name: str) -> list[Graded]:
    """Read what was kept; a last line that was cut off is left out. Raises DeskError."""
    try:
        if stat.S_ISCHR(os.stat(name).st_mode):  # some devices never end
            raise DeskError(f"{name}: is a device, no file of results")
        lines = Path(name).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DeskError(f"{name}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise DeskError(f"{name}: is no text, so no results of poolkit grade") from error
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(_graded(json.loads(line)))
        except (ValueError, TypeError, KeyError) as error:
            if number < len(lines) or not found:
                raise DeskError(f"{name}: line {number} is no result of poolkit grade") from error
    return found


def _graded(made: dict) -> Graded:
    rows = [Row(**row) for row in made.pop("rows")]
    predictions = [Guess(**guess) for guess in made.pop("predictions")]
    return Graded(rows=rows, predictions=predictions, **made)


def screen_lines(graded: list[Graded]) -> list[str]:
    """The table on the screen; no head without a row."""
    if not graded:
        return []
    rows = [
        [one.path, row.exercise, f"{row.kept} of {row.claims}", row.result]
        for one in graded
        for row in one.rows
    ]
    return table([["notebook", "exercise", "claims", "result"], *rows])


def csv_text(graded: list[Graded]) -> str:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["notebook", "exercise", "result", "kept", "claims"])
    for one in graded:
        lines.writerows([one.path, r.exercise, r.result, r.kept, r.claims] for r in one.rows)
    return text.getvalue()


def csv_lines(graded: list[Graded]) -> list[str]:
    return csv_text(graded).splitlines()


def write_csv(name: str, graded: list[Graded]) -> None:
    """The table as CSV; a path of bytes that are no text is written as these bytes."""
    _write(name, csv_text(graded).encode("utf-8", "surrogateescape"))


def write_junit(name: str, graded: list[Graded]) -> None:
    """A suite a submission, a case an exercise, a failure with its story where it is not solved."""
    root = ElementTree.Element("testsuites")
    for one in graded:
        failed = [row for row in one.rows if row.result != "solved"]
        suite = ElementTree.SubElement(root, "testsuite", name=plain(one.path),
            tests=str(len(one.rows)), failures=str(len(failed)))  # fmt: skip
        for row in one.rows:
            case = ElementTree.SubElement(
                suite, "testcase", classname=plain(one.path), name=row.exercise
            )
            if row in failed:
                said = f"{row.kept} of {row.claims} claims hold: {plain(row.result)}"
                failure = ElementTree.SubElement(case, "failure", message=said)
                failure.text = "\n".join(map(plain, row.story.split("\n")))
    ElementTree.indent(root)
    _write(name, ElementTree.tostring(root, "utf-8", xml_declaration=True) + b"\n")


def write_reports(folder: str, graded: list[Graded]) -> None:
    """A Markdown file a submission, numbered, since two may have one name."""
    wide = len(str(len(graded)))
    for number, one in enumerate(graded, 1):
        stem = plain(Path(one.path).stem).encode("utf-8", "replace").decode()
        _write(
            os.path.join(folder, f"{number:0{wide}}_{stem}.md"),
            report(one).encode("utf-8", "replace"),
        )


def report(one: Graded) -> str:
    """What a student gets: points, and for each exercise that is open what was seen."""
    kept, claims = sum(r.kept for r in one.rows), sum(r.claims for r in one.rows)
    lines = [f"# {plain(one.path)}", "", f"{kept} of {claims} claims hold.", ""]
    for row in one.rows:
        lines.append(f"- **{row.exercise}**: {row.kept} of {row.claims}, {plain(row.result)}")
        lines += [f"  {plain(part)}" for part in row.story.split("\n") if part]
    lines += [f"- {plain(note)}" for note in one.notes]
    return "\n".join(lines) + "\n"


def _write(name: str, content: bytes) -> None:
    try:
        if os.path.exists(name) and not os.path.isfile(name):  # a pipe, a device
            Path(name).write_bytes(content)
        else:
            write_whole(Path(name), content)
    except OSError as error:
        raise DeskError(f"{name}: cannot be written: {error.strerror}") from error
