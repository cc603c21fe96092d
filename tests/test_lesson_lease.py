"""Lesson 07: its answers against the pool's own lease, and its picture's sentence both ways."""

import sqlite3

import pytest

from poolkit import ConnectionConfig, ConnectionPool, SimplePool
from poolkit.course.checking import examine
from poolkit.course.exercises import find
from poolkit.course.lessons import lease
from poolkit.course.lessons.lease import promises, trials
from poolkit.course.slips import thing_of


def poolkits(pool):
    """The library's own form, with the same connections."""
    return ConnectionPool(ConnectionConfig(max_retries=1), connect=pool.acquire).connection()


FORMS = {"class": lease.CommittingLoan, "generator": lease.lending, "poolkit": poolkits}
BLOCKS = {
    "ends well": trials.writes(trials.GUEST),
    "raises": trials.fails_after(trials.GUEST, trials.Oops("planned")),
    "is interrupted": trials.fails_after(trials.GUEST, KeyboardInterrupt("planned")),
    "cannot be committed": trials.writes(trials.NO_GUEST),
}


def what_comes_of(form, work):
    """The exception, whether a transaction is left open, and what is stored."""
    with trials.desk() as pool:
        came = None
        try:
            with form(pool) as conn:
                work(conn)
        except BaseException as error:
            came = error
        (conn,) = pool.opened
        return type(came), str(came), conn.in_transaction, trials.stored(conn)


@pytest.mark.parametrize("form", ["class", "generator"])
@pytest.mark.parametrize("block", BLOCKS)
def test_answer_does_what_the_library_does(form, block):
    work = BLOCKS[block]

    assert what_comes_of(FORMS[form], work) == what_comes_of(FORMS["poolkit"], work)


def test_the_library_keeps_the_promises_of_the_class():
    for claim in promises.PROMISES[:-1]:  # the last one counts what a SimplePool takes back
        claim(poolkits)


@pytest.mark.parametrize("again", [1, 2])
def test_answer_refuses_what_the_library_refuses(again):
    for pool in (lease.OncePool(), ConnectionPool()):
        conn = pool.acquire()
        pool.release(conn)
        before = pool.stats()

        for _ in range(again):
            with pytest.raises(ValueError, match="not out on loan"):
                pool.release(conn)
        assert pool.stats() == before
        pool.close_all()


def test_three_forms_leave_what_the_lesson_says(tmp_path):
    left = {}
    for form in (lease.AlwaysCommits, lease.AlwaysRollsBack, lease.LeavesAlone):
        path = lease.new_database(str(tmp_path))
        pool = SimplePool(ConnectionConfig(path))
        with form(pool) as conn:
            conn.execute(lease.INSERT, ("ann",))
        with form(pool) as conn:
            conn.commit()
        pool.close_all()
        left[form] = lease.labels(path)

    assert list(left.values()) == [["ann"], [], ["ann"]]


def test_new_database_is_empty_and_its_own(tmp_path):
    one, other = lease.new_database(str(tmp_path)), lease.new_database(str(tmp_path))
    db = sqlite3.connect(one)
    with db:
        db.execute(lease.INSERT, ("x",))
    db.close()

    assert (lease.labels(one), lease.labels(other)) == (["x"], [])


def test_price_is_told():
    said = lease.price_sentence([1.0, 1.0, 9.0], [1.5] * 3, [2.25] * 3)

    assert said == "On your machine the class adds 0.50 µs to a loan, and the generator 1.25 µs."


@pytest.mark.parametrize(
    ("hand", "as_class", "as_generator"), [(1.0, 2.0, 1.5), (2.0, 1.5, 3.0), (3.0, 2.0, 1.0)]
)
def test_price_that_does_not_show_is_not_claimed(hand, as_class, as_generator):
    said = lease.price_sentence([hand], [as_class], [as_generator])

    assert said.startswith("Not shown on this machine")


def test_picture_has_a_row_for_each_way():
    fig, alt = lease.price_picture([1.0, 1.1], [1.5, 1.4], [2.0, 2.1])
    (axes,) = fig.axes

    assert [label.get_text().split()[0] for label in axes.get_yticklabels()] == [
        "acquire",
        "with,",
        "with,",
    ]
    assert "microseconds" in axes.get_xlabel()
    assert "generator" in alt


@pytest.mark.parametrize(
    ("id", "slip", "claim"),
    [
        ("lease.commit", "not committed", "tells_of_a_failed_commit"),
        ("lease.commit", "good block undone", "tells_of_a_failed_commit"),
        ("lease.generator", "not committed", "tells_of_a_failed_commit"),
        ("lease.twice", "nothing leaves that list", "refusing_changes_nothing"),
        ("lease.twice", "not told", "refusing_changes_nothing"),
    ],
)
def test_a_claim_whose_question_never_came_up_is_not_judged(id, slip, claim):
    exercise = find("exercises", id)
    (number,) = (
        n for n, one in enumerate(exercise.slips) if one.reason == slip or slip in one.says
    )

    verdict = examine(exercise, thing_of(exercise, number))

    names = [one.__name__ for one in exercise.claims]
    assert verdict.marks[names.index(claim)] == "unjudged"


def test_an_exception_that_the_learners_line_raised_is_told_with_that_line():
    class Loan:
        def __init__(self, pool):
            self.pool = pool

        def __enter__(self):
            self.conn = self.pool.acquire()
            return self.conn

        def __exit__(self, *how):
            try:
                self.conn.commit()
            finally:
                self.pool.release(self.conn)

    verdict = examine(find("exercises", "lease.class"), Loan)

    assert verdict.reason == "another history"
    assert "IntegrityError, raised at your line" in verdict.story
    assert "`self.conn.commit()`" in verdict.story
