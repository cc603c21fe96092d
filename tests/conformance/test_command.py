"""The command: `python -m pytest …/tests/conformance --pool module:Class`, from any folder."""

import os
import re
import subprocess
import sys

import pytest

from poolkit.course.files import ROOT
from poolkit.course.state import Store
from tests.conformance import broken, judging
from tests.conformance.edits import RIGHT
from tests.conftest import named_pool

COMMAND = [sys.executable, "-m", "pytest", str(ROOT / "tests" / "conformance"), "-n", "0", "-q"]


def put_through(folder, *options, keep=":memory:"):
    done = subprocess.run(
        [*COMMAND, "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**os.environ, "POOLKIT_PROGRESS": keep},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_right_pool_in_another_folder(tmp_path):
    (tmp_path / "my_pool.py").write_text(RIGHT.read_text(encoding="utf-8"), encoding="utf-8")

    code, told = put_through(tmp_path, "--pool", "my_pool:Pool", "-k", "lends or leftovers")

    assert code == 0
    assert "\nlends and reuses: 6 of 6\n" in told
    assert "\nwhat a loan leaves behind: 5 of 5, 3 not offered\n" in told
    assert "order" not in told  # stages that were not asked are not told


def test_a_broken_pool_is_told_in_one_line_a_stage(tmp_path):
    fault = broken.BY_NAME["serves_who_came_last"]
    (tmp_path / "my_pool.py").write_text(fault.source(), encoding="utf-8")

    code, told = put_through(tmp_path, "--pool", "my_pool:Pool", "-k", "order or waits.cap")

    assert code == 1
    assert "\ncaps and waits: 1 of 1\n" in told
    assert "\norder: 0 of 4; first broken: Who waits longest is served first. Lesson 08.\n" in told
    assert "ann came first, and carl was served first" in told
    assert "Traceback" not in told


def test_a_starter_with_nothing_but_signatures_ends_soon(tmp_path):
    text = re.sub(
        r"(    def (?!__init__).*\n)(?:(?:        .*)?\n)+", r"\1        ...\n", RIGHT.read_text()
    )
    (tmp_path / "my_pool.py").write_text(text.partition("\nif hasattr")[0], encoding="utf-8")

    code, told = put_through(tmp_path, "--pool", "my_pool:Pool")

    assert code == 1
    first = (
        "lends and reuses: 0 of 6, 5 not judged; first broken: A connection that is lent is open"
    )
    assert first in told
    assert "acquire() returned None, which connect() did not make" in told
    assert len(re.findall(r"^.+: \d+ of \d+", told, re.MULTILINE)) == len(judging.STAGES)


def test_one_stage_alone_counts_as_progress_in_a_learner_s_folder(tmp_path):
    folder = tmp_path / "my_work"
    folder.mkdir()
    (folder / "my_pool.py").write_text(RIGHT.read_text(encoding="utf-8"), encoding="utf-8")

    code, told = put_through(folder, "--pool", "my_pool:Pool", "--stage", "order", keep="")

    assert code == 0
    assert told.rstrip().splitlines()[-2:-1] == ["order: 4 of 4"]
    assert Store(str(folder / "progress.db")).solved() == {"capstone.order"}


def test_a_stage_that_there_is_not_is_one_line(tmp_path):
    code, told = put_through(tmp_path, "--stage", "ordre")

    assert code == 4
    assert "--stage ordre: there is lends, waits, order" in told


def test_a_wrong_name_is_told_in_one_line_before_anything_runs(tmp_path):
    (tmp_path / "my_pool.py").write_text("class Pool: ...\n", encoding="utf-8")

    code, told = put_through(tmp_path, "--pool", "my_pool:Poo")

    lines = [line for line in told.splitlines() if line]
    assert code == 4
    assert len(lines) == 1
    assert "has no attribute 'Poo'" in lines[0]
    assert "my_pool:Pool" in lines[0]


@pytest.mark.parametrize(
    "spec", ["no_such_module:Pool", "tests.conformance.reference", ":Pool", ""]
)
def test_no_class_is_found_by_a_wrong_name(spec):
    with pytest.raises(pytest.UsageError, match=re.escape(f"--pool {spec}: ")):
        named_pool(spec)
