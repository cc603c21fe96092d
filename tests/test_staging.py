"""`stage` and `suite`: the learner's own pool, told in a notebook, kept as progress."""

import re

import pytest

from poolkit.course import hint, solution, staging, state, suite
from poolkit.course.desk.pool_running import NoSuite
from poolkit.course.exercises import UnknownId
from poolkit.course.notebooks import LEARNER, REFERENCE
from poolkit.course.overview import lesson_rows

STARTER = (LEARNER / "my_pool.py").read_text(encoding="utf-8")
RIGHT = REFERENCE.read_text(encoding="utf-8")
BARGES = """
import queue

class Pool:
    def __init__(self, connect, size, timeout=5.0):
        self._connect, self._timeout, self._shelf = connect, timeout, queue.LifoQueue()
        for _ in range(size):
            self._shelf.put(None)

    def acquire(self):
        try:
            return self._shelf.get(timeout=self._timeout) or self._connect()
        except queue.Empty:
            raise TimeoutError from None

    def release(self, conn):
        print("back")
        self._shelf.put(conn)
"""


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A learner's folder to work in, and what is kept of it."""
    kept = state.Store(str(tmp_path / "progress.db"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(state, "_store", kept)
    monkeypatch.setattr(staging, "_outcomes", {})
    return kept


def said(capsys, call, *given):
    """What a call shows, with lines that were wrapped joined again."""
    call(*given)
    return re.sub(r"(?<=\S)\n +(?=[^ ])", " ", capsys.readouterr().out)


def write(source):
    with open("my_pool.py", "w", encoding="utf-8") as file:
        file.write(source)


def test_a_stage_of_a_right_pool_is_whole_and_kept(store, capsys):
    write(RIGHT)

    out = said(capsys, staging.stage, "order")

    assert out.startswith("order: 4 of 4 promises kept\n✓ Who waits longest is served first.\n")
    assert "✗" not in out
    assert store.solved() == {"capstone.order"}


def test_a_starter_is_told_what_is_missing_first_and_is_no_try(store, capsys):
    write(STARTER)

    out = said(capsys, staging.stage, "lends")

    assert "lends and reuses: 0 of 6 promises kept" in out
    assert "`__init__` is not written yet." in out
    assert "To read up: lesson 02 (A simple pool)." in out
    assert store.tries("capstone.lends") == 0


def test_a_broken_promise_is_told_with_its_story_and_its_lesson(store, capsys):
    write(BARGES)

    out = said(capsys, staging.stage, "order")

    assert "✗ Who gives one back and asks again stands behind those who wait." in out
    assert "ben gave one back, asked again and got it, while ann and carl waited" in out
    assert "To read up: lesson 08 (Threads)." in out
    assert 'Stuck? `hint("capstone.order")`' in out
    assert "It printed: back" in out
    assert store.tries("capstone.order") == 1
    assert store.solved() == set()


LOCKS_TWICE = """
import threading

class Pool:
    def __init__(self, connect, size, timeout=5.0):
        self._connect, self._lock, self._idle = connect, threading.Lock(), []

    def acquire(self):
        with self._lock:
            return self._taken()

    def _taken(self):
        with self._lock:
            return self._connect()

    def release(self, conn):
        self._idle.append(conn)
"""


@pytest.mark.parametrize(
    ("source", "stage", "read_up"),
    [
        (LOCKS_TWICE, "lends", "To read up: lesson 08 (Threads)."),
        (LOCKS_TWICE.replace("self._taken", "taken"), "lends", None),
        (RIGHT.replace("conn.rollback()", "conn.cursor()"), "failures",
         "it rolls nothing back. To read up: lesson 07 (Lease)."),
    ],
)  # fmt: skip
def test_the_lesson_that_is_named_is_about_what_was_seen(store, capsys, source, stage, read_up):
    write(source)

    out = " ".join(said(capsys, staging.stage, stage).split())

    assert ("To read up" in out) == (read_up is not None)
    assert (read_up or "NameError") in out


def test_the_same_file_again_is_no_second_try(store, capsys):
    write(BARGES)
    said(capsys, staging.stage, "order")
    write(BARGES.replace("    def release", "    # here it comes back\n\n    def release"))
    said(capsys, staging.stage, "order")

    assert store.tries("capstone.order") == 1
    assert "one more try" in said(capsys, solution, "capstone.order")


def test_suite_tells_a_line_a_stage(store, capsys):
    write(BARGES)

    out = said(capsys, suite)

    assert '✓ `stage("waits")`: caps and waits, 7 of 7\n' in out
    assert '✗ `stage("order")`: order, 2 of 4. First broken: ' in out
    assert '… `stage("end")`: end, 0 of 9. `close_all` is not written yet. Lesson 02.\n' in out
    assert ", 1 of 10 stages whole" in out
    assert store.solved() == {"capstone.waits"}
    assert "Your pool is done" not in out


@pytest.mark.slow  # the whole suite, three times
def test_suite_takes_what_a_stage_came_to_until_the_file_changes(store, capsys, monkeypatch):
    write(RIGHT)
    tried = []
    through = staging.put_through

    def noting(source, stages, limits):
        tried.extend(stages)
        return through(source, stages, limits)

    monkeypatch.setattr(staging, "put_through", noting)
    said(capsys, staging.stage, "lends")
    said(capsys, suite)
    whole = said(capsys, suite)
    once = list(tried)
    write(RIGHT.replace("none came free", "nothing came free"))
    said(capsys, suite)

    assert once == [one.name for one in staging.stages()]
    assert tried == once * 2
    assert "10 of 10 stages whole" in whole
    assert "Go on with the three incidents" in whole
    assert "poolkit grade my_pool.py`" in whole


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("class Pool\n", "my_pool.py raised SyntaxError, line 1: expected ':'"),
        ("import numpy\n" + RIGHT, "my_pool.py imports numpy."),
        ("", "There is no class `Pool`."),
        ("class Pol: ...\n", "there is `Pol`"),
    ],
)
def test_what_cannot_be_tried_is_one_sentence(store, capsys, source, wanted):
    write(source)

    out = " ".join(said(capsys, staging.stage, "lends").split())
    assert wanted in out
    assert "<unknown>" not in out
    assert wanted in " ".join(said(capsys, suite).split())
    assert store.tries("capstone.lends") == 0


def test_without_a_file_the_way_to_one_is_told(store, capsys):
    for call in (lambda: staging.stage("lends"), suite):
        assert "There is no my_pool.py in " in said(capsys, call)


@pytest.mark.parametrize("name", ["Order", "", None, 3, "capstone.nothing"])
def test_a_stage_that_there_is_not_is_told_in_one_line(store, name):
    with pytest.raises(UnknownId, match="there is lends, waits, order"):
        staging.stage(name)


def test_suite_is_found_above_the_learners_folder(tmp_path, monkeypatch):
    from poolkit.course.desk import pool_running

    (tmp_path / "clone" / "tests" / "conformance").mkdir(parents=True)
    (tmp_path / "clone" / "tests" / "conformance" / "plain.py").touch()
    (tmp_path / "clone" / "my_work").mkdir()
    monkeypatch.setattr(pool_running, "ROOT", tmp_path / "site-packages")
    monkeypatch.chdir(tmp_path / "clone" / "my_work")
    assert pool_running.suite_folder() == tmp_path / "clone"

    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoSuite, match="work in a clone of the course"):
        pool_running.suite_folder()


def test_hints_and_solution_of_a_stage(store, capsys):
    rungs = [said(capsys, hint, "capstone.end") for _ in range(3)]

    assert [rung.splitlines()[0] for rung in rungs] == [
        "Hint 1 of 3, a nudge", "Hint 2 of 3, an approach", "Hint 3 of 3, nearly code"
    ]  # fmt: skip
    assert 'solution("capstone.end")' in rungs[2]
    assert "run through `stage`" in said(capsys, solution, "capstone.end")
    solution("capstone.end", force=True)
    assert "def close_all(self):" in capsys.readouterr().out
    with pytest.raises(UnknownId, match=r"capstone\.leak"):
        hint("capstone.ends")


def test_progress_counts_stages(store):
    rows = {row[0]: row for row in lesson_rows(store)[0]}
    assert rows["14 Capstone"][1] == "0 of 13"

    store.keep_try("capstone.lends", "a", True)
    store.keep_try("capstone.waits", "a", False)

    rows = {row[0]: row for row in lesson_rows(store)[0]}
    assert rows["14 Capstone"][1] == "1 of 13"
