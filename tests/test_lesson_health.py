"""Lesson 04: its figure's words, and its answers beside their counterparts in poolkit."""

import contextlib
import sqlite3

import pytest

import poolkit
from poolkit import ConnectionConfig, ConnectionPool
from poolkit.course.lessons import health as lesson
from poolkit.course.lessons.health import lending, trying


@pytest.fixture
def conn():
    with trying.one_connection() as conn:
        yield conn


def costs(look=0.1, ping=2.0, query=4.0, opening=100.0):
    return {"look": [look] * 3, "ping": [ping] * 3, "query": [query] * 3, "open": [opening] * 3}


# the figure


def test_sentence_gives_the_proportions():
    said = lesson.cost_sentence(costs())

    assert "50% dearer" in said
    assert "50 times less than opening" in said
    assert "20 times cheaper than a ping" in said


@pytest.mark.parametrize("other", [{"ping": 200.0}, {"look": 3.0}])
def test_sentence_says_so_when_it_is_not_shown(other):
    assert lesson.cost_sentence(costs(**other)).startswith("Not shown on this machine")


def test_picture_has_words():
    import matplotlib.pyplot as plt

    fig, alt = lesson.cost_picture(costs())

    assert "microseconds" in fig.axes[0].get_xlabel()
    assert "look, ping, query, open" in alt
    plt.close(fig)


# answers beside poolkit


def bad_ones():
    closed = sqlite3.connect(":memory:")
    closed.close()
    return [closed, trying.broken(), trying.broken(ConnectionResetError("hung up"))]


def test_report_on_a_healthy_one_is_that_of_the_library(conn):
    assert lesson.health_check(conn) == poolkit.health_check(conn)


@pytest.mark.parametrize("number", range(3))
def test_report_on_a_broken_one_is_that_of_the_library(number):
    with contextlib.closing(bad_ones()[number]) as conn:
        ours, theirs = lesson.health_check(conn), poolkit.health_check(conn)

    assert ours["status"] == theirs["status"] == "unhealthy"
    assert theirs["error"].endswith(ours["error"])  # the library's has the type before it


def first_then_second(pool, spoil):
    """Borrow, spoil, give back, borrow: whether it is another one, and whether it is clean."""
    first = pool.acquire()
    spoil(first)
    pool.release(first)
    second = pool.acquire()
    seen = second is first, lesson.is_closed(second), second.in_transaction
    pool.release(second)
    return seen


def leave_open(conn):
    conn.execute("CREATE TABLE notes (text)")
    conn.execute("INSERT INTO notes VALUES ('half done')")


@pytest.mark.parametrize(
    "spoil", [lambda conn: None, lambda conn: conn.close(), leave_open], ids=["no", "close", "open"]
)
def test_guard_does_what_the_library_does(spoil):
    with trying.trial(lesson.GuardedPool) as ours, ConnectionPool(ConnectionConfig()) as theirs:
        assert first_then_second(ours, spoil) == first_then_second(theirs, spoil)


@pytest.mark.parametrize("idle", [0.25, 0.5, 9.0])
def test_checking_pool_lends_what_the_library_lends(idle):
    lent = []
    clock = lending.Hands()
    with (
        trying.trial(lesson.CheckingPool, clock=clock) as ours,
        ConnectionPool(ConnectionConfig(), clock=clock) as theirs,
    ):
        for pool in (ours, theirs):
            conn = pool.acquire()
            pool.release(conn)
            conn.close()
            clock.now += idle
            lent.append(lesson.is_closed(pool.acquire()))

    assert lent == [idle < 0.5] * 2


def test_a_jumping_clock_finds_every_dead_one():
    ticks = iter(range(10**6))
    with ConnectionPool(ConnectionConfig(), clock=lambda: next(ticks)) as pool:
        conn = pool.acquire()
        pool.release(conn)
        conn.close()

        assert not lesson.is_closed(pool.acquire())


def test_the_learners_test_accepts_the_real_pool():
    made = []

    def pool(config):
        made.append(ConnectionPool(config))
        return made[-1]

    lesson.lends_nothing_closed(pool)

    for one in made:
        for card in list(one._lent.values()):
            one.release(card.conn)
        one.close_all()


def test_a_cell_that_is_run_twice_gets_a_new_database(tmp_path):
    first, again = (lesson.make_database(str(tmp_path), "events") for _ in range(2))

    assert first != again
    assert first.name == again.name == "events.db"


def test_a_broken_connection_answers_in_no_way():
    with contextlib.closing(trying.broken()) as conn:
        for ask in (conn.execute, conn.executescript, conn.cursor().execute):
            with pytest.raises(sqlite3.OperationalError, match="disk"):
                ask("SELECT 1")
        with pytest.raises(sqlite3.OperationalError, match="disk"):
            conn.rollback()
