"""`poolkit hand-out`: copies without a server."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from poolkit.course.desk.hand_out import main
from poolkit.course.files import ROOT


@pytest.fixture
def clone(tmp_path):
    (tmp_path / "notebooks" / "solved").mkdir(parents=True)
    (tmp_path / "notebooks" / "00_start_here.ipynb").write_text("zero", encoding="utf-8")
    (tmp_path / "notebooks" / "02_simple.ipynb").write_text("two", encoding="utf-8")
    return tmp_path


def test_copies_come_to_my_work_or_where_told_and_are_never_overwritten(clone, capsys):
    for given, folder in (([], clone / "my_work"), ([str(clone / "a/b")], clone / "a/b")):
        assert main(given, root=clone) == 0
        (folder / "02_simple.ipynb").write_text("mine", encoding="utf-8")
        assert main(given, root=clone) == 0

        assert (folder / "00_start_here.ipynb").read_text(encoding="utf-8") == "zero"
        assert (folder / "02_simple.ipynb").read_text(encoding="utf-8") == "mine"
        assert str(folder) in capsys.readouterr().out


def test_a_lesson_that_was_removed_upstream_is_told_and_stays(clone, capsys):
    main([], root=clone)
    (clone / "notebooks" / "02_simple.ipynb").unlink()
    capsys.readouterr()

    assert main([], root=clone) == 0

    assert (clone / "my_work" / "02_simple.ipynb").read_text(encoding="utf-8") == "two"
    assert "02_simple.ipynb is no longer in the course" in capsys.readouterr().out
    assert "02_simple.ipynb" in json.loads((clone / "my_work" / ".handed_out.json").read_text())


@pytest.mark.parametrize("given", ["file", "file/under", "notebooks", "--wrong", "~nobody-here/x"])
def test_a_folder_that_will_not_do_is_one_line(clone, capsys, given):
    (clone / "file").write_text("notes", encoding="utf-8")
    given = given if given[0] in "-~" else str(clone / given)

    assert main([given], root=clone) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert (clone / "file").read_text(encoding="utf-8") == "notes"


@pytest.mark.parametrize("given", ["", "notebooks/mine", "data"])
def test_no_copies_among_the_course_itself(clone, capsys, given):
    (clone / "data").mkdir()
    (clone / "data" / "labels.txt").write_text("login", encoding="utf-8")
    before = sorted(clone.rglob("*"))

    assert main([str(clone / given)], root=clone) == 2

    assert "part of the course itself" in capsys.readouterr().err
    assert sorted(clone.rglob("*")) == before


def test_outside_a_clone(tmp_path, capsys):
    assert main([], root=Path(tmp_path)) == 2
    assert "no lessons in" in capsys.readouterr().err


def test_a_package_installed_apart_finds_the_clone_that_it_is_started_in(tmp_path):
    """As on Binder, which installs the clone a second time, and not as what may be edited."""
    site, clone = tmp_path / "site", tmp_path / "clone"
    shutil.copytree(ROOT / "poolkit", site / "poolkit", ignore=shutil.ignore_patterns("*.pyc"))
    for name in ("notebooks", "data"):
        shutil.copytree(ROOT / name, clone / name)

    def run(folder, *argv):
        done = subprocess.run(
            [sys.executable, "-P", *argv],
            env={**os.environ, "PYTHONPATH": str(site)},
            cwd=folder,
            capture_output=True,
            check=True,
            encoding="utf-8",
        )
        return done.stdout.strip()

    handed_out = run(clone, "-m", "poolkit", "hand-out")
    place = run(
        clone / "my_work", "-c", "from poolkit.course.files import data; print(data('labels.txt'))"
    )

    assert str(clone / "my_work") in handed_out
    assert place == str(clone / "data" / "labels.txt")
