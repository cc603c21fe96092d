"""`poolkit progress`: read from the file, which stays as it is."""

import pytest

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
    assert "0 % of 1" in out
    assert "100 % of 1" in out
    assert "On average 75 % sure, 50 % right." in out
    assert "simple.counts: you said created=2; it was created=1" in out
    assert "simple.order: you said" not in out
    assert path.read_bytes() == before


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
