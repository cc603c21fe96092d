"""Lesson 06: its answers beside what `poolkit run` is made of, on the same input."""

import contextlib
import io
import json
import os
import sqlite3
from pathlib import Path

import pytest

from poolkit import cli, run_demo_queries
from poolkit.course import data
from poolkit.course.checking import examine
from poolkit.course.exercises import find
from poolkit.course.lessons import run as lesson
from poolkit.course.lessons.run import command, given, write
from poolkit.files import open_labels, replacing, summary_lines
from poolkit.pool import ConnectionPool


def ours(path):
    with open_labels(path) as labels:
        return list(labels)


@pytest.mark.parametrize(
    "content",
    ["", "\n \n", "login", "  a \r\n\n\tb\n\n", "red\u2028shoes\nx\x0by\n", "café\n日本\n"],
)
def test_read_labels_reads_what_open_labels_reads(tmp_path, content):
    (tmp_path / "labels.txt").write_bytes(content.encode())

    assert lesson.read_labels(tmp_path / "labels.txt") == ours(tmp_path / "labels.txt")


def test_read_labels_reads_the_data_of_the_course():
    assert lesson.read_labels(data("labels.txt")) == ours(data("labels.txt"))


@pytest.mark.parametrize("read", [lesson.read_labels, ours])
def test_both_refuse_the_same_files(tmp_path, read):
    (tmp_path / "latin.txt").write_bytes(b"login\ncaf\xe9\n")

    with pytest.raises(ValueError):  # noqa: PT011 - one is Python's own UnicodeDecodeError
        read(tmp_path / "latin.txt")
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nothing.txt")


def write_ours(path, summary):
    with replacing(path) as file:
        file.writelines(summary_lines(summary))


@pytest.mark.parametrize("write", [lesson.write_json, write_ours])
def test_both_write_whole_or_not_at_all(tmp_path, write):
    path = tmp_path / "summary.json"
    with ConnectionPool() as pool:
        rows = run_demo_queries(pool, ["café", 'a "b"'])

    write(path, {"rows_inserted": 2, "rows": rows})
    with pytest.raises(TypeError):
        write(path, {"rows_inserted": 3, "rows": [object()]})

    assert json.loads(path.read_text(encoding="utf-8")) == {"rows_inserted": 2, "rows": rows}
    assert os.listdir(tmp_path) == ["summary.json"]


def test_the_command_ends_as_exit_code_does(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    real = cli.main(["run", "--input", "nothing.txt", "--output", "x.json"])
    out, line = capsys.readouterr()
    mine = lesson.exit_code(lambda: lesson.read_labels(Path("nothing.txt")))
    own_out, own_line = capsys.readouterr()

    assert mine == real == 2
    assert out == own_out == ""
    for said in (line, own_line):
        assert said.startswith("poolkit run: ")
        assert "nothing.txt" in said
        assert said.count("\n") == 1


def test_the_command_lets_our_mistakes_through_as_exit_code_does(tmp_path, monkeypatch):
    (tmp_path / "labels.txt").write_text("login\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def broken(*_args):
        raise KeyError("label")

    monkeypatch.setattr(cli, "run", broken)

    with pytest.raises(KeyError):
        cli.main(["run", "--input", "labels.txt", "--output", "x.json"])
    with pytest.raises(KeyError):
        lesson.exit_code(broken)


def test_a_part_that_raises_does_so_however_it_is_written():
    for dump in (json.dumps, lambda summary: json.dump(summary, io.StringIO())):
        with pytest.raises(KeyboardInterrupt):
            dump({"rows_inserted": 1, "health": write.Raises(KeyboardInterrupt())})


@pytest.mark.parametrize("got", ["", "{half of", {"a": [1, {}]}, "long " * 50])
def test_words_are_short_and_some(got):
    assert 0 < len(write.words(got)) < 80


def steps_of(func, **how):
    """Every step that the function asks of the disk, each made to fail in its turn."""
    for number in range(1, 20):
        error = OSError("planned")
        machine = given.Machine(func, fails=number, error=error, **how)
        with contextlib.suppress(OSError), machine:
            func()
        if not machine.fired:
            return
        yield machine.fired


def test_machine_fails_each_step_in_its_turn(tmp_path):
    path = tmp_path / "x.json"

    assert list(steps_of(lambda: lesson.write_json(path, {"a": 1}), path=path)) == [
        "opening x.json.tmp",
        "writing",
        "closing a file",
        "`os.replace`",
    ]
    assert os.listdir(tmp_path) == ["x.json"]


def test_machine_fails_nothing_after_the_swap_and_is_gone_after_the_block(tmp_path):
    before = open, os.replace, os.close
    path = tmp_path / "x.json"

    def write_and_look():
        lesson.write_json(path, {"a": 1})
        path.read_bytes()

    steps = list(steps_of(write_and_look, path=path))

    assert steps[-1] == "`os.replace`"
    assert (open, os.replace, os.close) == before


def test_machine_has_an_encoding_of_its_own(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("café", encoding="utf-8")

    with given.Machine(path.read_text, "cp1252"):
        assert path.read_text() == "cafÃ©"
        assert path.read_text(encoding="utf-8") == "café"


def test_called_keeps_the_outputs_apart():
    def prints(work):
        print("to stdout")
        with contextlib.suppress(sqlite3.Error):
            work()
        return 0

    code, out, err, raised = command.ended_by(prints, sqlite3.Error("x"))

    assert (code, out, err, raised) == (0, "to stdout\n", "", None)


def one_for_all(path):
    return ["one label"]


def written_over(path, summary):
    path.write_text(json.dumps(summary), encoding="utf-8")


def first_night_only(path, summary):
    if not path.exists():
        lesson.write_json(path, summary)


def as_python(path, summary):
    path.write_text(str(summary), encoding="utf-8")


def on_stdout(work):
    try:
        work()
    except (OSError, ValueError, sqlite3.Error) as error:
        print("poolkit run:", error)
        return 2
    return 0


def in_silence(work):
    try:
        work()
    except (OSError, ValueError, sqlite3.Error):
        return 2
    return 0


FAILING = {"keeps_the_old_one", "clears_up_when_interrupted"}


@pytest.mark.parametrize(
    ("id", "answer", "unjudged"),
    [
        ("run.labels", one_for_all, {"strips_and_skips", "cuts_no_label_in_two"}),
        ("run.write", written_over, {"swaps_when_complete"}),
        ("run.write", first_night_only, {"swaps_the_files", "swaps_when_complete", *FAILING}),
        ("run.write", as_python, {"tells_of_the_failure", "swaps_when_complete", *FAILING}),
        ("run.command", on_stdout, {"says_who_speaks", "says_it_in_one_line"}),
        ("run.command", in_silence, {"says_who_speaks", "says_it_in_one_line"}),
    ],
)  # fmt: skip
def test_a_claim_whose_question_never_came_up_is_not_judged(id, answer, unjudged):
    verdict = examine(find("exercises", id), answer)

    marks = zip(verdict.exercise.claims, verdict.marks, strict=True)
    assert {claim.__name__ for claim, mark in marks if mark == "unjudged"} == unjudged
