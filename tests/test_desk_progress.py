"""`poolkit progress`: read from the file, which stays as it is."""

import sqlite3

import pytest

from poolkit.course.desk import calibration
from poolkit.course.desk.progress import main
from poolkit.course.state import Store


def test_tells_what_is_solved_next_how_sure_and_what_surprised(tmp_path, capsys):
    path = tmp_path / "progress.db"
    kept = Store(str(path))
    kept.keep_try("start_here.saved", "a", True)
    kept.keep_guess("simple.counts", {"created": 2}, 95)
    kept.keep_outcome("simple.counts", {"created": 1})
    kept.keep_guess("simple.order", {"stack": 1}, 55)
    kept.keep_outcome("simple.order", {"stack": 1})
    before = path.read_bytes()

    assert main([str(path)]) == 0

    out = capsys.readouterr().out
    assert "Next: config.fields" in out
    assert "0 of 1 right" in out
    assert "1 of 1 right" in out
    assert "On average 75 % sure, 50 % right. Too few yet to tell: 2 of the 10" in out
    assert "simple.counts: you said created=2; it was created=1" in out
    assert "simple.order: you said" not in out
    assert path.read_bytes() == before
    assert (tmp_path / "progress-calibration.png").read_bytes().startswith(b"\x89PNG")
    assert f"as a picture: {tmp_path / 'progress-calibration.png'}" in out


def guesses(sure, right, count):
    return [(sure, number < right) for number in range(count)]


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (guesses(90, 5, 20), "You were surer than you were right"),
        (guesses(55, 20, 20), "You knew more than you trusted yourself to"),
        (guesses(75, 15, 20), "About as often right as you were sure, as far as 20 can tell"),
        (guesses(75, 12, 20), "About as often right as you were sure"),  # chance alone would do
        (guesses(100, 10, 10), "About as often right as you were sure"),
        (guesses(100, 9, 10), "You were surer than you were right"),  # said to be certain
        (guesses(90, 0, 9), "Too few yet to tell: 9 of the 10"),
    ],
)
def test_the_sentence_is_what_the_numbers_show(made, shown):
    assert shown in calibration.verdict(made)


def test_bands_hold_every_prediction_once_and_their_own_average():
    made = [(50, True), (59, False), (60, True), (100, True), (100, False), (95, True)]

    found = calibration.bands(made)

    assert [(b.low, b.sure, b.right, b.count) for b in found] == [
        (50, 54.5, 1, 2), (60, 60.0, 1, 1), (90, pytest.approx(98.33, abs=0.01), 2, 3)
    ]  # fmt: skip


def test_nothing_predicted_yet_is_no_picture(tmp_path, capsys):
    kept = Store(str(tmp_path / "progress.db"))
    kept.keep_guess("simple.counts", {"created": 2}, 95)  # and not run yet

    assert main([str(tmp_path / "progress.db")]) == 0

    assert "picture" not in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["progress.db"]


@pytest.mark.parametrize(
    ("name", "said"), [("p.txt", ".png, .svg or .pdf"), ("no/such/p.png", "cannot be written")]
)
def test_a_picture_that_cannot_be_is_one_line(tmp_path, capsys, name, said):
    kept = Store(str(tmp_path / "progress.db"))
    kept.keep_guess("simple.counts", {"created": 2}, 95)
    kept.keep_outcome("simple.counts", {"created": 1})

    code = main([str(tmp_path / "progress.db"), "--picture", str(tmp_path / name)])

    err = capsys.readouterr().err
    assert (code, err.count("\n")) == (2, 1)
    assert said in err


@pytest.mark.parametrize("values", ["('simple.counts', 'no JSON', 50, NULL)", "('a', x'00', 1, 2)"])
def test_a_row_that_no_course_wrote_is_one_line(tmp_path, capsys, values):
    path = tmp_path / "progress.db"
    Store(str(path)).keep_guess("simple.order", {"stack": 1}, 55)
    with sqlite3.connect(path) as db:
        db.execute(f"INSERT INTO predictions VALUES {values}")
    db.close()

    assert main([str(path)]) == 2

    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("content", [None, b"", b"notes" * 99])
def test_no_progress_is_one_line(tmp_path, capsys, content):
    path = tmp_path / "progress.db"
    if content is not None:
        path.write_bytes(content)

    assert main([str(path)]) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert str(path) in err
    assert content is None or path.read_bytes() == content
