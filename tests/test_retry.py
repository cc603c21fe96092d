import importlib
import math
import random
import sqlite3
import sys
import traceback

import pytest

import poolkit
from poolkit import backoff_delays, is_transient, retry

BUSY_SNAPSHOT = 517  # SQLITE_BUSY in its lower 8 bits


class Failing:
    """Raises the given exceptions one after the other, then returns "done"."""

    def __init__(self, *exceptions):
        self.exceptions = list(exceptions)
        self.calls = 0

    def __call__(self):
        self.calls += 1
        if self.exceptions:
            raise self.exceptions.pop(0)
        return "done"


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self, now=100.0):
        self.now = now
        self.pauses = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds


def locked():
    return sqlite3.OperationalError("database is locked")


def with_code(code, message="anything"):
    exc = sqlite3.OperationalError(message)
    exc.sqlite_errorcode = code
    return exc


# backoff_delays


def test_pauses_double():
    assert list(backoff_delays(5)) == [0.01, 0.02, 0.04, 0.08]


def test_no_pause_follows_the_last_attempt():
    assert list(backoff_delays(1)) == []
    assert len(list(backoff_delays(7))) == 6


def test_no_pause_is_longer_than_the_cap():
    assert list(backoff_delays(6, base=1.0, cap=5.0)) == [1.0, 2.0, 4.0, 5.0, 5.0]
    assert list(backoff_delays(3, base=2.0, cap=0.5)) == [0.5, 0.5]


def test_base_and_cap_may_be_zero():
    assert list(backoff_delays(3, base=0)) == [0, 0]
    assert list(backoff_delays(3, cap=0)) == [0, 0]


def test_thousands_of_attempts_do_not_overflow():
    pauses = list(backoff_delays(5000))

    assert pauses[-1] == 1.0
    assert list(backoff_delays(5000, cap=math.inf))[-1] == math.inf


def test_full_jitter_draws_between_nothing_and_the_whole_pause():
    drawn = [list(backoff_delays(5, cap=0.05, rng=random.Random(seed))) for seed in range(500)]

    for column, longest in zip(zip(*drawn, strict=True), [0.01, 0.02, 0.04, 0.05], strict=True):
        assert min(column) >= 0
        assert max(column) <= longest
        assert min(column) < 0.05 * longest  # as low as nothing
        assert max(column) > 0.95 * longest  # as high as all of it
        assert sum(column) / len(column) == pytest.approx(longest / 2, rel=0.1)


def test_the_same_seed_draws_the_same_pauses():
    def drawn():
        return list(backoff_delays(9, rng=random.Random(7)))

    assert drawn() == drawn()


def test_the_random_module_is_an_rng():
    assert len(list(backoff_delays(3, rng=random))) == 2


@pytest.mark.parametrize("value", [True, 2.0, "2", None])
def test_attempts_that_are_no_whole_number_are_refused_at_once(value):
    with pytest.raises(TypeError, match=f"attempts must be a whole number, not {value!r}"):
        backoff_delays(value)


@pytest.mark.parametrize("value", [0, -1])
def test_attempts_below_one_are_refused_at_once(value):
    with pytest.raises(ValueError, match=f"attempts must be at least 1, not {value}"):
        backoff_delays(value)


@pytest.mark.parametrize("name", ["base", "cap"])
def test_a_pause_that_is_no_time_is_refused_at_once(name):
    for value in (-0.1, math.nan):
        with pytest.raises(ValueError, match=f"{name} must be at least 0 seconds, not {value}"):
            backoff_delays(3, **{name: value})
    for value in ("1", None, True):
        with pytest.raises(TypeError, match=f"{name} must be a number of seconds, not {value!r}"):
            backoff_delays(3, **{name: value})


# is_transient


@pytest.fixture
def two(tmp_path):
    """Two connections to a file with a table; neither waits for the other."""
    pair = [sqlite3.connect(tmp_path / "app.db", timeout=0, isolation_level=None) for _ in range(2)]
    pair[0].execute("PRAGMA journal_mode=WAL")
    pair[0].execute("CREATE TABLE t (x)")
    yield pair
    for conn in pair:
        conn.close()


def error_of(conn, sql):
    with pytest.raises(sqlite3.Error) as caught:
        conn.execute(sql)
    return caught.value


def test_a_locked_database_is_transient(two):
    one, other = two
    one.execute("BEGIN IMMEDIATE")

    assert is_transient(error_of(other, "INSERT INTO t VALUES (1)"))


def test_a_stale_snapshot_is_transient(two):
    # the extended code is 517; only its lower bits say SQLITE_BUSY
    one, other = two
    other.execute("BEGIN")
    other.execute("SELECT * FROM t").fetchall()
    one.execute("INSERT INTO t VALUES (1)")

    exc = error_of(other, "INSERT INTO t VALUES (2)")

    assert exc.sqlite_errorcode == BUSY_SNAPSHOT
    assert is_transient(exc)


def test_a_locked_table_of_a_shared_cache_is_transient():
    uri = "file:test_retry?mode=memory&cache=shared"
    one = sqlite3.connect(uri, uri=True, isolation_level=None)
    other = sqlite3.connect(uri, uri=True, isolation_level=None)
    one.execute("CREATE TABLE t (x)")
    one.execute("BEGIN")
    one.execute("INSERT INTO t VALUES (1)")

    exc = error_of(other, "SELECT * FROM t")
    one.close()
    other.close()

    assert exc.sqlite_errorcode & 0xFF == sqlite3.SQLITE_LOCKED
    assert is_transient(exc)


@pytest.mark.parametrize("sql", ["SELECT * FROM nowhere", "SELEC 1", "SELECT 1; SELECT 2"])
def test_a_wrong_statement_is_not_transient(two, sql):
    assert not is_transient(error_of(two[0], sql))


def test_a_path_that_cannot_be_opened_is_not_transient(tmp_path):
    with pytest.raises(sqlite3.OperationalError) as caught:
        sqlite3.connect(tmp_path / "nowhere" / "app.db")

    assert not is_transient(caught.value)


def test_a_damaged_file_is_not_transient(tmp_path):
    path = tmp_path / "app.db"
    path.write_text("this is no database, but it is long enough to be looked at\n" * 100)
    conn = sqlite3.connect(path)

    exc = error_of(conn, "SELECT * FROM sqlite_master")
    conn.close()

    assert not is_transient(exc)


def test_a_broken_constraint_is_not_transient(two):
    two[0].execute("CREATE UNIQUE INDEX i ON t (x)")
    two[0].execute("INSERT INTO t VALUES (1)")

    assert not is_transient(error_of(two[0], "INSERT INTO t VALUES (1)"))


def test_the_code_decides_whatever_the_message_says():
    assert is_transient(with_code(5, "please come back later"))
    assert is_transient(with_code(6))
    assert is_transient(with_code(BUSY_SNAPSHOT))
    assert not is_transient(with_code(1, "database is locked"))
    assert not is_transient(with_code(14))
    assert not is_transient(with_code(0))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("database is locked", True),
        ("database table is locked", True),
        ("database table is locked: events", True),
        ("database schema is locked: main", True),
        ("no such table: events", False),
        ("no such table: database is locked", False),
        ("unable to open database file", False),
        ("", False),
    ],
)
def test_an_exception_made_by_hand_goes_by_its_message(message, expected):
    assert is_transient(sqlite3.OperationalError(message)) is expected


@pytest.mark.parametrize(
    "exc",
    [
        ValueError("database is locked"),
        OSError("database is locked"),
        sqlite3.IntegrityError("database is locked"),
        TimeoutError(),
        KeyboardInterrupt(),
    ],
)
def test_other_exceptions_are_not_transient(exc):
    assert not is_transient(exc)


# retry


def test_success_is_returned_without_a_pause():
    clock, func = Clock(), Failing()

    assert retry(func, attempts=3, sleep=clock.sleep) == "done"
    assert func.calls == 1
    assert clock.pauses == []


def test_none_is_a_result_like_any_other():
    assert retry(lambda: None, attempts=3) is None


def test_transient_failures_are_tried_again_after_growing_pauses():
    clock, func = Clock(), Failing(locked(), locked(), locked())

    assert retry(func, attempts=4, sleep=clock.sleep) == "done"
    assert func.calls == 4
    assert clock.pauses == [0.01, 0.02, 0.04]


def test_base_and_cap_shape_the_pauses():
    clock, func = Clock(), Failing(locked(), locked(), locked())

    retry(func, attempts=4, base=1.0, cap=1.5, sleep=clock.sleep)

    assert clock.pauses == [1.0, 1.5, 1.5]


def test_the_last_error_is_raised_itself_with_the_attempts_noted():
    last = locked()
    clock, func = Clock(), Failing(locked(), locked(), last)

    with pytest.raises(sqlite3.OperationalError) as caught:
        retry(func, attempts=3, sleep=clock.sleep)

    assert caught.value is last
    assert last.__notes__ == ["attempt 3 of 3: no attempts left"]
    assert func.calls == 3
    assert clock.pauses == [0.01, 0.02]  # none after the last


def test_the_traceback_leads_into_the_function_that_failed():
    with pytest.raises(sqlite3.OperationalError) as caught:
        retry(Failing(locked()), attempts=1)

    assert traceback.extract_tb(caught.tb)[-1].name == "__call__"


def test_what_is_not_transient_is_not_tried_again():
    missing = sqlite3.OperationalError("no such table: events")
    clock, func = Clock(), Failing(missing)

    with pytest.raises(sqlite3.OperationalError) as caught:
        retry(func, attempts=5, sleep=clock.sleep)

    assert caught.value is missing
    assert missing.__notes__ == ["attempt 1 of 5: another try would not help"]
    assert func.calls == 1
    assert clock.pauses == []


def test_a_lasting_failure_after_a_transient_one_ends_it():
    clock, func = Clock(), Failing(locked(), ValueError("no"))

    with pytest.raises(ValueError, match="no") as caught:
        retry(func, attempts=5, sleep=clock.sleep)

    assert func.calls == 2
    assert caught.value.__notes__ == ["attempt 2 of 5: another try would not help"]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_interruption_passes_at_once(kind):
    clock, func = Clock(), Failing(kind())

    with pytest.raises(kind):
        retry(func, attempts=5, transient=lambda exc: True, sleep=clock.sleep)

    assert func.calls == 1
    assert clock.pauses == []


def test_an_interrupted_pause_passes_too():
    def interrupted(seconds):
        raise KeyboardInterrupt

    func = Failing(locked())
    with pytest.raises(KeyboardInterrupt):
        retry(func, attempts=5, sleep=interrupted)

    assert func.calls == 1


def test_another_idea_of_transient_can_be_given():
    clock, func = Clock(), Failing(ValueError(), ValueError())

    retry(func, attempts=3, transient=lambda exc: isinstance(exc, ValueError), sleep=clock.sleep)

    assert func.calls == 3


def test_without_base_and_cap_the_pauses_are_those_of_backoff_delays():
    clock, func = Clock(), Failing(*(locked() for _ in range(11)))

    retry(func, attempts=12, sleep=clock.sleep)

    assert clock.pauses == list(backoff_delays(12))
    assert clock.pauses[-1] == 1.0


def test_an_rng_shakes_the_pauses():
    clock, func = Clock(), Failing(locked(), locked())

    retry(func, attempts=3, rng=random.Random(1), sleep=clock.sleep)

    assert clock.pauses == list(backoff_delays(3, rng=random.Random(1)))
    assert clock.pauses != [0.01, 0.02]


def test_a_pause_that_would_reach_the_deadline_is_not_begun():
    clock, func = Clock(), Failing(*(locked() for _ in range(9)))

    with pytest.raises(sqlite3.OperationalError) as caught:
        retry(func, attempts=9, base=1.0, cap=9.0, deadline=103.5, sleep=clock.sleep, clock=clock)

    assert clock.pauses == [1.0, 2.0]  # the third, of 4 s, would end at 107
    assert caught.value.__notes__ == ["attempt 3 of 9: no time left for a pause of 4 s"]


def test_a_pause_that_ends_exactly_at_the_deadline_is_not_begun():
    clock, func = Clock(), Failing(locked(), locked())

    with pytest.raises(sqlite3.OperationalError):
        retry(func, attempts=3, base=1.0, deadline=101.0, sleep=clock.sleep, clock=clock)

    assert clock.pauses == []


def test_time_spent_in_attempts_counts_towards_the_deadline():
    clock = Clock()

    def slow():
        clock.now += 5
        raise locked()

    with pytest.raises(sqlite3.OperationalError):
        retry(slow, attempts=9, deadline=105.005, sleep=clock.sleep, clock=clock)

    assert clock.pauses == []
    assert clock.now == 105


def test_the_first_attempt_is_made_even_after_the_deadline():
    clock, func = Clock(), Failing()

    assert retry(func, attempts=3, deadline=1.0, sleep=clock.sleep, clock=clock) == "done"


def test_without_a_deadline_the_clock_is_not_read():
    def broken():
        raise AssertionError("read")

    assert retry(Failing(locked()), attempts=2, sleep=Clock().sleep, clock=broken) == "done"


def test_wrong_arguments_are_refused_before_the_first_attempt():
    func = Failing()

    with pytest.raises(ValueError, match="attempts must be at least 1, not 0"):
        retry(func, attempts=0)
    with pytest.raises(ValueError, match="base must be at least 0"):
        retry(func, attempts=2, base=-1.0)
    with pytest.raises(TypeError):
        retry(func, 3)  # how many of what? it has to be said

    assert func.calls == 0


def test_a_lock_that_is_given_up_in_time_is_waited_for(two):
    one, other = two
    one.execute("BEGIN IMMEDIATE")
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            one.execute("ROLLBACK")

    retry(lambda: other.execute("INSERT INTO t VALUES (1)"), attempts=9, sleep=sleep)

    assert pauses == [0.01, 0.02, 0.04]
    assert one.execute("SELECT x FROM t").fetchall() == [(1,)]


# One name for the module and the function


def test_the_function_hides_the_module_and_stays_there():
    module = importlib.import_module("poolkit.retry")
    import poolkit.retry as by_name
    from poolkit.retry import is_transient as from_module

    assert module is sys.modules["poolkit.retry"]
    assert poolkit.retry is retry is by_name is module.retry
    assert from_module is is_transient
