"""`poolkit grade` on a my_pool.py: points are the promises kept, whatever the file does besides."""

import csv
import json
import os
from xml.etree import ElementTree

import pytest

from poolkit.course.desk.grade import grade, main
from poolkit.course.desk.running import Limits
from poolkit.course.exercises import lesson_part
from poolkit.course.notebooks import LEARNER, REFERENCE
from tests.conformance import plain

STAGES = [stage.id for stage in lesson_part("capstone", "stages")]
RIGHT = REFERENCE.read_text(encoding="utf-8")
STARTER = (LEARNER / "my_pool.py").read_text(encoding="utf-8")
PROMISES = len(plain.asked())
SPOILT = RIGHT.replace("def release(self, conn):", "def release(self, conn)")
# Lends, and does not even notice who gives back what; waits for nobody.
NAIVE = '''
class Pool:
    """A pool."""

    def __init__(self, connect, size, timeout=5.0):
        self._connect, self._idle = connect, []

    def acquire(self):
        return self._idle.pop() if self._idle else self._connect()

    def release(self, conn):
        self._idle.append(conn)
'''


def graded(tmp_path, source, **limits):
    """What came of a pool: stage → row, and the notes."""
    path = tmp_path / "ann_my_pool.py"
    path.write_text(source, encoding="utf-8")
    found = grade(str(path), Limits(**limits))
    assert [row.exercise for row in found.rows] == STAGES
    return {row.exercise: row for row in found.rows}, found.notes


def points(rows):
    return {stage: (row.result, row.kept) for stage, row in rows.items()}


def test_a_right_pool_has_all_points(tmp_path):
    rows, notes = graded(tmp_path, RIGHT)

    assert {row.result for row in rows.values()} == {"solved"}
    assert sum(row.kept for row in rows.values()) == PROMISES
    assert sum(row.claims for row in rows.values()) == PROMISES
    assert notes == []


def test_a_starter_untouched_is_not_attempted(tmp_path):
    rows, _ = graded(tmp_path, STARTER)

    assert {row.result for row in rows.values()} == {"not attempted"}
    assert sum(row.kept for row in rows.values()) == 0
    assert sum(row.claims for row in rows.values()) == PROMISES


def test_a_half_of_a_pool_has_its_points(tmp_path):
    rows, _ = graded(tmp_path, NAIVE)

    assert points(rows)["capstone.lends"] == ("stranger", 4)
    assert "release() took a connection that the pool never lent" in rows["capstone.lends"].story
    assert points(rows)["capstone.end"] == ("not attempted", 0)
    assert rows["capstone.numbers"].story.endswith("`stats` is not written yet.")


@pytest.mark.parametrize(
    ("source", "result", "said"),
    [
        (SPOILT, "raised SyntaxError", "my_pool.py raised SyntaxError, line "),
        ("x = 1 / 0\n" + RIGHT, "raised ZeroDivisionError", "line 1"),
        (RIGHT.replace("class Pool", "class Pol"), "named otherwise", "there is `Pol`"),
        ("", "not there", "no class `Pool`"),
        ("from poolkit import ConnectionPool as Pool\n", "not its own", "imports poolkit"),
        ("import sqlalchemy\n" + RIGHT, "not its own", "imports sqlalchemy"),
        pytest.param(
            *("while True:\n    pass\n" + RIGHT, "not imported", "did not come to an end"),
            marks=pytest.mark.slow,
        ),
        ("import os\nos._exit(0)\n" + RIGHT, "not imported", "ended its process"),
        ("raise SystemExit\n" + RIGHT, "raised SystemExit", "line 1"),
        ("import sys\nsys.stdout = 7\n" + STARTER, "not attempted", "not written yet"),
    ],
    ids=["syntax", "raises", "spelt", "empty", "ours", "theirs", "hangs", "ends", "exit", "mute"],
)  # fmt: skip
def test_what_cannot_be_tried_is_told_at_every_stage(tmp_path, source, result, said):
    rows, _ = graded(tmp_path, source, cell=8.0)

    assert {row.result for row in rows.values()} == {result}
    assert {(row.kept, said in row.story) for row in rows.values()} == {(0, True)}


HANGS = {
    "in Python": "while True: pass",
    "in C": "sum(iter(int, 1))",
    "with a print": "while True: print('x' * 9999)",
    "on a lock": "lock = __import__('threading').Lock(); lock.acquire(); lock.acquire()",
    "out of sight": "__import__('os').read(__import__('os').pipe()[0], 1)",
}


QUICK = ("in Python",)  # each waits for its limit; the others do at night


@pytest.mark.parametrize(
    "how",
    [pytest.param(how, marks=[] if how in QUICK else [pytest.mark.slow]) for how in HANGS],
)
def test_one_that_hangs_or_floods_comes_to_an_end(tmp_path, how):
    rows, _ = graded(
        tmp_path, NAIVE.replace("return self._idle.pop()", HANGS[how] + " #"), cell=2.0
    )

    assert sum(row.kept for row in rows.values()) == 0
    assert rows["capstone.lends"].result == "lends"


def test_one_that_ends_its_process_costs_that_promise(tmp_path):
    leaves = "if len(self._idle) == 2: __import__('os')._exit(0)\n        "
    source = NAIVE.replace("self._idle.append", leaves + "self._idle.append")

    rows, notes = graded(tmp_path, source)

    assert points(rows)["capstone.lends"] == ("keeps all", 3)
    assert "lends.keeps_all ended its process" in notes


PATCHES = """
import builtins, contextlib, os, sys

def of(name):
    return sys.modules["tests.conformance." + name]

def kept(*_args, **_more):
    return of("verdicts").Verdict("kept")

def nothing(*_args, **_more):
    return None

def tries():
    yield lambda: setattr(of("judging"), "judge_one", kept)
    yield lambda: setattr(of("judging"), "_try", kept)
    yield lambda: setattr(of("judging"), "play", kept)
    yield lambda: setattr(of("playing"), "play_all", kept)
    yield lambda: setattr(of("judging").judge_one, "__code__", kept.__code__)
    yield lambda: setattr(of("story").Story, "took", nothing)
    yield lambda: setattr(of("story").Story, "all_there", nothing)
    yield lambda: setattr(of("plain"), "methods", lambda promise: ["__init__"])
    yield lambda: setattr(of("desk").Desk, "is_open", lambda *_: True)
    for stage in ("lends", "waits", "order", "failures", "threads"):
        for story in vars(of("promises." + stage)).values():
            if isinstance(story, type):
                yield lambda story=story: setattr(story, "ann", nothing)
                yield lambda story=story: setattr(story, "end", nothing)
    yield lambda: sys.modules.update({"tests.conformance.judging": os})
    yield lambda: setattr(builtins, "AssertionError", KeyError)
    for number in range(3, 32):
        yield lambda number=number: os.write(number, b'tried kept\\n')

with contextlib.suppress(Exception):  # in the process that forks some of it is not there
    for one in tries():
        with contextlib.suppress(Exception):
            one()
"""


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    return points(graded(tmp_path_factory.mktemp("honest"), NAIVE)[0])


def test_one_that_patches_the_suite_has_the_points_of_its_pool(tmp_path, honest):
    patched, _ = graded(tmp_path, PATCHES + NAIVE)

    assert points(patched) == honest


SAYS = """
    lacks = dict.fromkeys(("cap", "give", "clean", "fork", "check", "block", "close", "idle"), "no")
    timed_out = Exception
    follow = None
    name = "right"
    desk = lambda *_: None

    @staticmethod
    def raw(loan):
        return object()
"""


def test_one_that_says_what_it_lacks_has_the_points_of_its_pool(tmp_path, honest):
    chooses, _ = graded(tmp_path, NAIVE.replace('    """A pool."""\n', SAYS))

    assert points(chooses) == honest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="asks for a system with fork")
def test_one_that_speaks_for_the_process_that_forks_is_not_heard(tmp_path):
    forged = """
import json, os, sys
if "forking" in str(sys.argv[0]):
    names = ("ChildHasItsOwn", "ChildIsNotStuck", "ParentGoesOn", "NothingCommittedIsLost")
    for fd in range(1, 32):
        try:
            os.write(fd, (json.dumps(dict.fromkeys(names, ["kept", ""])) + "\\n").encode())
        except OSError:
            pass
    os._exit(0)
"""

    rows, _ = graded(tmp_path, forged + RIGHT)

    assert points(rows)["capstone.fork"][1] == 0
    assert points(rows)["capstone.lends"] == ("solved", 6)


def test_a_folder_with_notebook_and_pool(tmp_path, capsys):
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / "my_pool.py").write_text(STARTER, encoding="utf-8")
    (tmp_path / "ann" / "notes.py").write_text("not graded", encoding="utf-8")
    cells = [{"cell_type": "code", "source": "x = 1"}]
    notebook = tmp_path / "ann" / "00_start_here.ipynb"
    notebook.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    junit, reports = tmp_path / "a.xml", tmp_path / "reports"

    options = ["--csv", "-", "--junit", str(junit), "--reports", str(reports)]
    code = main([str(tmp_path), *options])

    rows = list(csv.reader(capsys.readouterr().out.splitlines()))[1:]
    pool = [row for row in rows if row[0].endswith("my_pool.py")]
    assert code == 0
    assert len(rows) == 1 + len(STAGES)
    assert [row[1] for row in pool] == STAGES
    assert {tuple(row[2:4]) for row in pool} == {("not attempted", "0")}
    assert len(list(ElementTree.parse(junit).iter("testcase"))) == len(rows)
    assert f"0 of {PROMISES} claims hold" in (reports / "2_my_pool.md").read_text(encoding="utf-8")


def test_what_is_no_text_is_one_line(tmp_path, capsys):
    (tmp_path / "my_pool.py").write_bytes(b"\xff\xfe\x00class Pool")

    assert main([str(tmp_path / "my_pool.py")]) == 2

    err = capsys.readouterr().err
    assert "it is not UTF-8" in err
    assert err.count("\n") == 1


def test_a_pool_that_was_graded_is_not_graded_again(tmp_path, monkeypatch):
    path, kept = tmp_path / "my_pool.py", tmp_path / "kept.jsonl"
    path.write_text(STARTER, encoding="utf-8")
    main([str(path), "--results", str(kept)])
    first = kept.read_bytes()
    monkeypatch.setattr("poolkit.course.desk.grade.put_through", None)  # would raise

    assert main([str(path), "--results", str(kept)]) == 0
    assert kept.read_bytes() == first
