"""`poolkit reset`: one lesson or one exercise back, and nothing lost."""

import json
import os
import shutil

import pytest

from poolkit.course.desk.hand_out import main as hand_out
from poolkit.course.desk.reset import main
from poolkit.course.notebooks import LEARNER, SOLVED

NAME = "02_simple.ipynb"


@pytest.fixture
def clone(tmp_path):
    (tmp_path / "notebooks").mkdir()
    shutil.copy(LEARNER / NAME, tmp_path / "notebooks")
    hand_out([], root=tmp_path)
    shutil.copy(SOLVED / NAME, tmp_path / "my_work" / NAME)
    return tmp_path


def cells(path):
    return {cell["id"]: cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}


def test_a_lesson_goes_back_and_what_was_there_is_backed_up(clone, capsys):
    before = (clone / "my_work" / NAME).read_bytes()

    assert main(["2"], root=clone) == 0

    assert (clone / "my_work" / NAME).read_bytes() == (LEARNER / NAME).read_bytes()
    (backup,) = (clone / "my_work" / ".backups").iterdir()
    assert backup.read_bytes() == before
    assert str(backup) in capsys.readouterr().out


@pytest.mark.parametrize("name", ["simple.cap", "cap"])
def test_an_exercise_goes_back_and_all_else_stays(clone, name):
    before = cells(clone / "my_work" / NAME)

    assert main(["simple", name], root=clone) == 0

    after = cells(clone / "my_work" / NAME)
    assert after["cap"] == cells(LEARNER / NAME)["cap"] != before["cap"]
    assert {**after, "cap": before["cap"]} == before


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["7"], "no lesson '7'; there are 02_simple"),
        (["2", "none"], "no exercise 'none' in 02_simple.ipynb; there is simple.reuse"),
        ([], "LESSON"),
        (["2", "--folder", "/no/such"], "poolkit hand-out"),
        (["2", "cap", "--folder", "/no/such"], "poolkit hand-out"),
    ],
)
def test_what_will_not_do_is_one_line_and_changes_nothing(clone, capsys, argv, said):
    before = (clone / "my_work" / NAME).read_bytes()
    capsys.readouterr()

    assert main(argv, root=clone) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err
    assert (clone / "my_work" / NAME).read_bytes() == before


@pytest.mark.parametrize("argv", [["2"], ["2", "cap"]])
def test_no_backup_no_reset(clone, capsys, argv):
    before = (clone / "my_work" / NAME).read_bytes()
    (clone / "my_work" / ".backups").write_text("in the way", encoding="utf-8")

    assert main(argv, root=clone) == 2

    assert "left as it is" in capsys.readouterr().err
    assert (clone / "my_work" / NAME).read_bytes() == before


@pytest.mark.parametrize("argv", [["2"], ["2", "cap"]])
def test_what_is_as_handed_out_needs_no_backup(clone, argv):
    shutil.copy(LEARNER / NAME, clone / "my_work" / NAME)

    assert main(argv, root=clone) == 0

    assert not (clone / "my_work" / ".backups").exists()


def test_a_lesson_goes_back_whole_or_not_at_all(clone, monkeypatch):
    before = (clone / "my_work" / NAME).read_bytes()
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda source, target: (
        replace(source, target) if ".backups" in str(target) else full()
    ))  # fmt: skip

    assert main(["2"], root=clone) == 2

    assert (clone / "my_work" / NAME).read_bytes() == before


def full():
    raise OSError(28, "No space left on device")
