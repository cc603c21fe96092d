"""`poolkit update`: what changed upstream comes in, what the learner wrote stays byte for byte."""

import json
import os
import shutil
import subprocess
import sys

import nbformat
import pytest

from poolkit.course.desk.hand_out import main as hand_out
from poolkit.course.desk.update import main
from poolkit.course.files import ROOT
from poolkit.course.notebooks import LEARNER, SOLVED

NAME = "02_simple.ipynb"


@pytest.fixture
def clone(tmp_path):
    """A course of three lessons, handed out, in which lesson 02 was solved."""
    (tmp_path / "notebooks").mkdir()
    for name in ("00_start_here.ipynb", "01_config.ipynb", NAME, "glossary.md"):
        shutil.copy(LEARNER / name, tmp_path / "notebooks")
    assert hand_out([], root=tmp_path) == 0
    shutil.copy(SOLVED / NAME, tmp_path / "my_work" / NAME)
    return tmp_path


def upstream(clone, change, name=NAME):
    path = clone / "notebooks" / name
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook["cells"])
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def mine(clone):
    path = clone / "my_work" / NAME
    nbformat.validate(nbformat.read(path, as_version=4))
    return {cell["id"]: cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}


def update(clone, capsys, *argv):
    capsys.readouterr()
    code = main(list(argv), root=clone)
    out, err = capsys.readouterr()
    return code, out, err


def one(cells, id):
    return next(cell for cell in cells if cell["id"] == id)


def test_text_stub_check_and_an_inserted_cell(clone, capsys):
    before = mine(clone)
    text = next(
        id
        for id, cell in before.items()
        if cell["cell_type"] == "markdown" and "glossary" not in "".join(cell["source"])
    )

    def change(cells):
        one(cells, text)["source"] = "New text."
        one(cells, "cap")["source"] = "# exercise: simple.cap\n# a new stub"
        one(cells, "cap-check")["source"] = 'check("simple.cap", CappedPool)  # new'
        place = cells.index(one(cells, "cap-check"))
        cells.insert(place, {**one(cells, "cap-help"), "id": "extra", "source": "print(1)"})

    upstream(clone, change)

    code, out, _ = update(clone, capsys)

    after = mine(clone)
    assert code == 0
    assert after[text]["source"] == "New text."
    assert after["cap"] == before["cap"]
    assert after["cap-check"]["source"].endswith("# new")
    ids = list(after)
    assert ids[ids.index("cap") + 1] == "extra"
    changed = {text, "cap-check", "extra"}
    assert {i: c for i, c in after.items() if i not in changed} == {
        i: c for i, c in before.items() if i not in changed
    }
    assert "cells 1 new, 2 replaced." in out
    assert "yours stays: exercise simple.cap." in out
    assert f"{NAME}: exercises that have changed: simple.cap (stub); run their checks again." in out
    assert update(clone, capsys)[1] == "Nothing has changed.\n"
    hand_out([], root=clone)
    assert "newer" not in capsys.readouterr().out


def test_nothing_new_leaves_every_byte(clone, capsys):
    path = clone / "my_work" / NAME
    before = path.read_bytes()

    assert update(clone, capsys)[:2] == (0, "Nothing has changed.\n")

    assert path.read_bytes() == before
    assert not (clone / "my_work" / ".backups").exists()


def test_the_backup_is_the_file_as_it_was_and_a_dry_run_changes_nothing(clone, capsys):
    path = clone / "my_work" / NAME
    before = path.read_bytes()
    upstream(clone, lambda cells: cells.append({**one(cells, "cap-help"), "id": "extra"}))

    dry = update(clone, capsys, "--dry-run")
    assert path.read_bytes() == before
    wet = update(clone, capsys)

    assert dry == wet
    assert "1 new" in wet[1]
    (backup,) = (clone / "my_work" / ".backups").iterdir()
    assert backup.read_bytes() == before


def test_a_rename_and_a_removal_upstream_are_told_and_mine_stays(clone, capsys):
    before = (clone / "my_work" / NAME).read_bytes()
    (clone / "notebooks" / NAME).rename(clone / "notebooks" / "02_plain.ipynb")
    (clone / "notebooks" / "01_config.ipynb").unlink()

    _, out, _ = update(clone, capsys)

    assert (clone / "my_work" / NAME).read_bytes() == before
    assert (clone / "my_work" / "02_plain.ipynb").exists()
    assert f"{NAME}: no longer in the course" in out
    assert "01_config.ipynb: no longer in the course" in out


def test_a_cell_of_mine_stays_and_one_that_i_deleted_stays_deleted(clone, capsys):
    path = clone / "my_work" / NAME
    notebook = json.loads(path.read_text(encoding="utf-8"))
    own = {**one(notebook["cells"], "cap-help"), "id": "own", "source": "my = 1"}
    notebook["cells"] = [own, *(c for c in notebook["cells"] if c["id"] != "cap-use")]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    upstream(clone, lambda cells: cells.remove(one(cells, "late")))

    update(clone, capsys)

    after = mine(clone)
    assert next(iter(after)) == "own"
    assert "cap-use" not in after
    assert "late" not in after


def test_a_my_work_of_an_older_version_keeps_all_that_differs(clone, capsys):
    (clone / "my_work" / ".handed_out.json").unlink()
    before = mine(clone)
    upstream(clone, lambda cells: one(cells, "late").update(source="other()"))

    code, _, _ = update(clone, capsys)

    assert (code, mine(clone)) == (0, before)


@pytest.fixture
def course(tmp_path):
    """A clone with its own copy of the course's code, whose commands are run there."""
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / "poolkit", clone / "poolkit", ignore=shutil.ignore_patterns("*.pyc"))
    (clone / "notebooks").mkdir()
    shutil.copy(LEARNER / NAME, clone / "notebooks")

    def poolkit(*argv):
        done = subprocess.run(
            [sys.executable, "-m", "poolkit", *argv],
            env={**os.environ, "PYTHONPATH": str(clone)},
            cwd=clone,
            capture_output=True,
            check=True,
            encoding="utf-8",
        )
        return done.stdout

    lesson = clone / "poolkit" / "course" / "lessons" / "simple"
    poolkit.source = lambda: {path: path.read_text(encoding="utf-8") for path in lesson.iterdir()}

    def edit(old, new):
        (path,) = [path for path, text in poolkit.source().items() if old in text]
        path.write_text(poolkit.source()[path].replace(old, new), encoding="utf-8")

    poolkit.edit = edit
    return poolkit


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("assert kept <= 2,", "assert kept <= 1,", "simple.cap (claims)"),
        (
            "    return list(pool._idle)",
            "    return [*pool._idle]",
            "simple.cap (claims), simple.shrink (claims)",
        ),  # called by both
        ("seven were lent at once", "many were lent at once", "simple.cap (claims)"),  # the story
        ("    assume(len(kept)", "    # why\n        assume(len(kept)", ""),
    ],
)
def test_a_check_that_changed_upstream_is_told_once(course, old, new, told):
    course("hand-out")
    course.edit(old, new)

    course("hand-out")  # tells nothing of checks, so it may not make them known either
    first, second = course("update"), course("update")

    line = f"{NAME}: exercises that have changed: {told}; run their checks again.\n"
    assert first == (line if told else "Nothing has changed.\n")
    assert second == "Nothing has changed.\n"


@pytest.mark.parametrize(
    "damage",
    [b"{", b"[]", b'{"cells": [{}]}', b"\xff", b'{"cells": [{"id": "a", "source": [1]}]}',
     b'{"cells": [{"id": 1, "source": ""}]}', b"[" * 100_000],
)  # fmt: skip
def test_a_damaged_notebook_is_one_line_and_costs_no_other_anything(clone, capsys, damage):
    (clone / "my_work" / NAME).write_bytes(damage)
    upstream(clone, lambda cells: cells[0].update(source="# New"), "01_config.ipynb")
    upstream(clone, lambda cells: cells[0].update(source="# New"))
    (clone / "notebooks" / "03_more.md").write_text("more", encoding="utf-8")

    code, out, err = update(clone, capsys)

    assert (code, err.count("\n")) == (2, 1)
    assert NAME in err
    assert (clone / "my_work" / NAME).read_bytes() == damage
    assert out == "01_config.ipynb: brought up to date.\n03_more.md: new.\n"
    assert update(clone, capsys)[1:] == ("", err)


def test_a_lesson_that_is_damaged_in_the_course_is_not_handed_on(clone, capsys):
    before = (clone / "my_work" / NAME).read_bytes()
    (clone / "notebooks" / NAME).write_text("<<<<<<< HEAD", encoding="utf-8")
    (clone / "notebooks" / "01_config.ipynb").write_text("<<<<<<< HEAD", encoding="utf-8")

    code, _, err = update(clone, capsys)

    assert (code, err.count("\n")) == (2, 2)
    assert "damaged in the course itself" in err
    assert (clone / "my_work" / NAME).read_bytes() == before
    assert b"<<<" not in (clone / "my_work" / "01_config.ipynb").read_bytes()


def test_text_files_that_were_edited_stay_and_a_dry_run_says_so_too(clone, capsys):
    (clone / "my_work" / "glossary.md").write_text("mine", encoding="utf-8")
    (clone / "notebooks" / "glossary.md").write_text("theirs", encoding="utf-8")

    dry, wet = update(clone, capsys, "--dry-run"), update(clone, capsys)

    assert dry == wet
    assert "glossary.md: there is a newer version; yours stays." in wet[1]
    assert (clone / "my_work" / "glossary.md").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("record", ['{"cells": 7}', '{"cells": {"02_simple.ipynb": 7}}', "[]", "{"])
def test_a_damaged_record_is_that_of_an_older_version(clone, capsys, record):
    (clone / "my_work" / ".handed_out.json").write_text(record, encoding="utf-8")
    before = mine(clone)
    upstream(clone, lambda cells: one(cells, "late").update(source="other()"))

    assert update(clone, capsys)[0] == 0

    assert mine(clone) == before


def test_no_backup_no_change(clone, capsys):
    path = clone / "my_work" / NAME
    before = path.read_bytes()
    (clone / "my_work" / ".backups").write_text("in the way", encoding="utf-8")
    upstream(clone, lambda cells: cells.append({**one(cells, "cap-help"), "id": "extra"}))

    code, out, err = update(clone, capsys)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "left as it is" in err
    assert path.read_bytes() == before


def test_no_folder_is_one_line(tmp_path, clone, capsys):
    code, _, err = update(clone, capsys, str(tmp_path / "none"))

    assert (code, err.count("\n")) == (2, 1)
    assert "poolkit hand-out" in err


def test_a_folder_without_lessons_is_left_alone(tmp_path, clone, capsys):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "notes.txt").write_text("mine", encoding="utf-8")

    code, _, err = update(clone, capsys, str(tmp_path / "home"))

    assert (code, err.count("\n")) == (2, 1)
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["notes.txt"]
