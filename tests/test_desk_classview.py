"""`poolkit classview`: the known contents of a made class come out."""

import pytest

from poolkit.course.desk import results
from poolkit.course.desk.classview import count_slips, count_surprises, main
from poolkit.course.desk.results import Graded, Guess, Row

# Twenty: 9 solved, 6 with one slip, 3 with another, 2 untouched; 15 guessed, 12 of them wrong.
RESULTS = ["solved"] * 9 + ["no cap"] * 6 + ["raised NameError"] * 3 + ["not attempted"] * 2


def made_class():
    for number, result in enumerate(RESULTS):
        guess = {"created": 2 if number < 12 else 1}
        predictions = [Guess("simple.counts", guess, {"created": 1})] if number < 15 else []
        predictions += [Guess("simple.order", {"stack": 1}, None if number else {"stack": 1})]
        row = Row("simple.cap", result, 0, 5)
        yield Graded(f"{number}.ipynb", str(number), [row], predictions, [])


def test_counts_are_those_of_the_class():
    graded = list(made_class())

    assert count_slips(graded) == [
        ("simple.cap", "no cap", 6),
        ("simple.cap", "raised NameError", 3),
    ]
    assert count_surprises(graded) == [("simple.counts", 12, 15), ("simple.order", 0, 1)]


def test_tables_and_picture(tmp_path, capsys):
    name = tmp_path / "class.jsonl"
    results.write(str(name), list(made_class()))

    assert main([str(name)]) == 0

    out = capsys.readouterr().out
    assert "20 submissions" in out
    assert "simple.cap  6      no cap" in out
    assert "simple.counts  12 of 15" in out
    assert (tmp_path / "class.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("content", [None, b"", b"{}", b"notes\nnotes\n", b"\xff"])
def test_no_results_is_one_line(tmp_path, capsys, content):
    name = tmp_path / "class.jsonl"
    if content is not None:
        name.write_bytes(content)

    assert main([str(name)]) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert str(name) in err


def test_a_picture_of_no_known_kind_is_one_line(tmp_path, capsys):
    assert main([str(tmp_path / "x"), "--picture", "x.txt"]) == 2
    assert ".png" in capsys.readouterr().err


@pytest.mark.parametrize("name", [".", "/dev/zero"])
def test_what_is_no_file_is_one_line(capsys, name):
    assert main([name]) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
