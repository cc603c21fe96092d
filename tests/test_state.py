"""Progress: kept whole, shared by two notebooks, and never a crash."""

import multiprocessing
import os
import sqlite3
import sys

import pytest

from poolkit.course import state
from poolkit.course.state import MEMORY, Store


def test_place_is_my_work_or_memory(monkeypatch, tmp_path):
    (tmp_path / "my_work").mkdir()
    monkeypatch.delenv("POOLKIT_PROGRESS", raising=False)

    monkeypatch.setattr(state, "STARTED", tmp_path)
    assert state.place() == MEMORY
    monkeypatch.setattr(state, "STARTED", tmp_path / "my_work" / "sub")
    assert state.place() == str(tmp_path / "my_work" / "progress.db")
    monkeypatch.setenv("POOLKIT_PROGRESS", "elsewhere.db")
    assert state.place() == str(tmp_path / "my_work" / "sub" / "elsewhere.db")  # not after a %cd
    monkeypatch.setenv("POOLKIT_PROGRESS", str(tmp_path / "there.db"))
    assert state.place() == str(tmp_path / "there.db")
    monkeypatch.setenv("POOLKIT_PROGRESS", MEMORY)
    assert state.place() == MEMORY


def test_everything_survives_a_restart(tmp_path):
    path = str(tmp_path / "progress.db")
    before = Store(path)
    before.keep_guess("simple.counts", {"created": 2}, 70)
    before.keep_outcome("simple.counts", {"created": 1})
    before.keep_try("simple.cap", "a", False)
    before.keep_try("simple.cap", "b", True)

    after = Store(path)

    assert after.predictions() == {"simple.counts": ({"created": 2}, {"created": 1})}
    assert (after.tries("simple.cap"), after.solved()) == (2, {"simple.cap"})


def test_the_same_try_counts_once_and_stays_solved(tmp_path):
    kept = Store(str(tmp_path / "progress.db"))

    kept.keep_try("simple.cap", "a", True)
    kept.keep_try("simple.cap", "a", False)

    assert (kept.tries("simple.cap"), kept.solved()) == (1, {"simple.cap"})


@pytest.mark.parametrize(
    "junk", [b"not a database at all" * 99, b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_damaged_file_is_set_aside_with_a_message(tmp_path, junk):
    tmp_path = tmp_path / "my_work"
    tmp_path.mkdir()
    path = tmp_path / "progress.db"
    path.write_bytes(junk)

    kept = Store(str(path))

    assert "progress-damaged-1.db" in kept.notice
    assert (tmp_path / "progress-damaged-1.db").read_bytes() == junk
    kept.keep_guess("simple.counts", {"created": 2}, 70)
    assert Store(str(path)).guess("simple.counts") == ({"created": 2}, 70)


def test_file_of_another_shape_is_set_aside(tmp_path):
    path = tmp_path / "my_work" / "progress.db"
    path.parent.mkdir()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE predictions (something TEXT)")
    db.close()

    assert "progress-damaged-1.db" in Store(str(path)).notice


def test_file_damaged_or_deleted_while_open_is_no_crash(tmp_path):
    path = tmp_path / "my_work" / "progress.db"
    path.parent.mkdir()
    kept = Store(str(path))
    path.write_bytes(b"x" * 5000)
    kept.keep_guess("simple.counts", {"created": 2}, 70)
    assert kept.guess("simple.counts") is not None

    path.unlink()
    kept.keep_try("simple.cap", "a", True)
    assert kept.solved() == {"simple.cap"}


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no read-only bit on Windows")
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_read_only_folder_keeps_in_memory(tmp_path):
    tmp_path.chmod(0o500)

    kept = Store(str(tmp_path / "progress.db"))

    assert "only until the kernel stops" in kept.notice
    kept.keep_guess("simple.counts", {"created": 2}, 70)
    assert kept.guess("simple.counts") is not None


def test_missing_folder_keeps_in_memory(tmp_path):
    kept = Store(str(tmp_path / "gone" / "progress.db"))

    assert "only until the kernel stops" in kept.notice
    kept.keep_guess("simple.counts", {"created": 2}, 70)
    assert kept.guess("simple.counts") is not None


def _write_many(path: str, name: str) -> None:
    kept = Store(path)
    for number in range(50):
        kept.keep_try(f"simple.{name}", str(number), True)


def test_two_notebooks_at_once_lose_nothing(tmp_path):
    path = str(tmp_path / "progress.db")
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=_write_many, args=(path, name)) for name in ("one", "two")]

    for one in both:
        one.start()
    for one in both:
        one.join()

    kept = Store(path)
    assert kept.notice == ""
    assert (kept.tries("simple.one"), kept.tries("simple.two")) == (50, 50)


def test_a_folder_that_lessons_were_handed_out_to_is_the_place_whatever_its_name(
    monkeypatch, tmp_path
):
    (tmp_path / ".handed_out.json").write_text("{}", encoding="utf-8")
    monkeypatch.delenv("POOLKIT_PROGRESS", raising=False)
    monkeypatch.setattr(state, "STARTED", tmp_path)

    assert state.place() == str(tmp_path / "progress.db")


def test_somebody_elses_file_is_never_moved(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("my notes", encoding="utf-8")

    kept = Store(str(path))
    kept.keep_try("simple.cap", "a", True)

    assert (path.read_text(encoding="utf-8"), kept.solved()) == ("my notes", {"simple.cap"})
    assert [entry.name for entry in tmp_path.iterdir()] == ["notes.txt"]
    assert str(path) in kept.notice


def test_a_file_that_is_locked_in_mid_session_loses_nothing_and_is_used_again(tmp_path):
    path = tmp_path / "progress.db"
    kept = Store(str(path), timeout=0.01)
    kept.keep_guess("simple.counts", {"created": 2}, 70)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    kept.keep_try("simple.cap", "a", True)

    assert kept.guess("simple.counts") == ({"created": 2}, 70)
    assert kept.solved() == {"simple.cap"}
    assert str(path) in kept.notice
    assert "locked" in kept.notice
    other.execute("ROLLBACK")
    other.close()
    kept.solved()
    assert "again" in kept.notice
    after = Store(str(path))
    assert (after.guess("simple.counts"), after.solved()) == (({"created": 2}, 70), {"simple.cap"})


def test_a_file_deleted_in_mid_session_is_written_anew_and_told(tmp_path):
    path = tmp_path / "progress.db"
    kept = Store(str(path))
    kept.keep_guess("simple.counts", {"created": 2}, 70)
    path.unlink()

    kept.keep_try("simple.cap", "a", True)

    assert "was gone" in kept.notice
    after = Store(str(path))
    assert (after.guess("simple.counts"), after.solved()) == (({"created": 2}, 70), {"simple.cap"})


def test_a_disk_that_is_full_in_mid_session_loses_nothing_and_is_used_again(tmp_path):
    resource = pytest.importorskip("resource", reason="only POSIX can limit the size of a file")
    path = tmp_path / "progress.db"
    kept = Store(str(path))
    kept.keep_guess("simple.counts", {"created": 2}, 70)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, limits[1]))
    try:
        kept.keep_try("simple.cap", "a" * 100_000, True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert str(path) in kept.notice
    assert kept.guess("simple.counts") == ({"created": 2}, 70)
    assert kept.solved() == {"simple.cap"}
    assert "again" in kept.notice
    after = Store(str(path))
    assert (after.guess("simple.counts"), after.solved()) == (({"created": 2}, 70), {"simple.cap"})
