"""`poolkit grade`: learners' notebooks, run and told."""

import shutil

import pytest

from poolkit.course.grade import main
from poolkit.course.notebooks import LEARNER, SOLVED, read, write


def test_solved_wrong_and_untouched(tmp_path, capsys):
    shutil.copy(SOLVED / "00_start_here.ipynb", tmp_path / "ann 00_start_here.ipynb")
    shutil.copy(LEARNER / "00_start_here.ipynb", tmp_path / "ben_00_start_here.ipynb")
    wrong = read(SOLVED / "00_start_here.ipynb")
    (cell,) = [cell for cell in wrong.cells if cell.id == "saved"]
    cell.source = "def saved_by_pool(opening, uses):\n    return opening * uses\nraise ValueError"
    write(tmp_path / "00_start_here-cem.ipynb", wrong)

    code = main([str(path) for path in sorted(tmp_path.iterdir())])

    assert code == 0
    assert capsys.readouterr().out.splitlines() == [
        "notebook,exercise,result",
        "00_start_here-cem.ipynb,start_here.saved,ten uses",
        "ann 00_start_here.ipynb,start_here.saved,solved",
        "ben_00_start_here.ipynb,start_here.saved,not attempted",
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("homework.ipynb", "{}", "no lesson's name in it"),
        ("02_simple.ipynb", "not json", "cannot be read as a notebook"),
        ("02_simple.ipynb", None, "cannot be read as a notebook"),
    ],
)
def test_what_cannot_be_graded_is_one_line(tmp_path, capsys, name, content, said):
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")

    code = main([str(tmp_path / name)])

    told = capsys.readouterr().err
    assert code == 2
    assert said in told
    assert told.count("\n") == 1
