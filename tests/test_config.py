import copy
import dataclasses
import inspect
import math
import pickle
import re
import sqlite3
from fractions import Fraction
from pathlib import Path

import pytest

from poolkit import ConnectionConfig

DEFAULTS = {
    "db_path": ":memory:",
    "timeout": 5.0,
    "max_retries": 3,
    "pool_size": 5,
    "min_connections": 0,
    "max_connections": None,
    "acquire_timeout": 5.0,
    "base_backoff": 0.01,
    "max_backoff": 1.0,
    "ping_after": 0.5,
    "max_lifetime": None,
    "max_idle": None,
    "leak_after": None,
}
COUNTS = ["max_retries", "pool_size", "min_connections", "max_connections"]
SECONDS = [
    "timeout",
    "acquire_timeout",
    "base_backoff",
    "max_backoff",
    "ping_after",
    "max_lifetime",
    "max_idle",
    "leak_after",
]
OR_NONE = ["max_connections", "acquire_timeout", "max_lifetime", "max_idle", "leak_after"]


def refusal(kind, **settings):
    with pytest.raises(kind) as caught:
        ConnectionConfig(**settings)
    assert type(caught.value) is kind
    return str(caught.value)


def test_fields_and_defaults_are_the_agreed_ones_in_their_order():
    assert list(dataclasses.asdict(ConnectionConfig()).items()) == list(DEFAULTS.items())


def test_the_first_four_can_be_given_by_position():
    assert ConnectionConfig("app.db", 1.0, 2, 3) == ConnectionConfig(
        db_path="app.db", timeout=1.0, max_retries=2, pool_size=3
    )


@pytest.mark.parametrize("field", DEFAULTS)
def test_no_field_can_be_changed(field):
    config = ConnectionConfig()

    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(config, field, DEFAULTS[field])


def test_a_misspelt_field_cannot_be_added():
    with pytest.raises((AttributeError, TypeError)):
        ConnectionConfig().pool_sise = 3


def test_replace_checks_again():
    config = ConnectionConfig(pool_size=2)

    assert dataclasses.replace(config, timeout=1.0) == ConnectionConfig(pool_size=2, timeout=1.0)
    with pytest.raises(ValueError, match="pool_size must be at least 1, not 0"):
        dataclasses.replace(config, pool_size=0)


def test_survives_pickling_and_copying_and_can_be_a_key():
    config = ConnectionConfig("app.db", max_connections=7)

    assert pickle.loads(pickle.dumps(config)) == config
    assert copy.deepcopy(config) == config
    assert {config: 1}[ConnectionConfig("app.db", max_connections=7)] == 1


# The path


@pytest.mark.parametrize("path", ["app.db", Path("app.db"), ":memory:", "file:app.db?mode=ro", " "])
def test_path_is_kept_as_given(path):
    assert ConnectionConfig(db_path=path).db_path is path


@pytest.mark.parametrize("path", [None, 3, b"app.db", True, ["app.db"]])
def test_path_of_another_type_is_refused(path):
    assert refusal(TypeError, db_path=path) == (
        f"db_path must be a str or a path object, not {path!r}"
    )


def test_path_object_that_stands_for_bytes_is_refused():
    class BytesPath:
        def __fspath__(self):
            return b"app.db"

    assert "db_path must be a str or a path object" in refusal(TypeError, db_path=BytesPath())


def test_empty_path_is_refused():
    # SQLite would make a nameless file of it, one for each connection
    assert refusal(ValueError, db_path="").startswith("db_path must not be empty: ")


def test_path_with_a_nul_is_refused():
    assert refusal(ValueError, db_path="a\0b") == (
        r"db_path must not hold a NUL character: 'a\x00b'"
    )


# Whole numbers


@pytest.mark.parametrize("field", COUNTS)
@pytest.mark.parametrize("value", [True, False, 2.0, "2", Fraction(2), [2], math.nan])
def test_count_of_another_type_is_refused(field, value):
    none = " or None" if field in OR_NONE else ""
    assert refusal(TypeError, **{field: value}) == (
        f"{field} must be a whole number{none}, not {value!r}"
    )


@pytest.mark.parametrize(
    ("field", "least"),
    [("max_retries", 1), ("pool_size", 1), ("min_connections", 0), ("max_connections", 1)],
)
def test_count_below_its_least_is_refused(field, least):
    assert refusal(ValueError, **{field: least - 1}) == (
        f"{field} must be at least {least}, not {least - 1}"
    )
    assert refusal(ValueError, **{field: -7}) == f"{field} must be at least {least}, not -7"


def test_least_counts_are_taken():
    config = ConnectionConfig(max_retries=1, pool_size=1, min_connections=0, max_connections=1)

    assert (config.max_retries, config.pool_size, config.max_connections) == (1, 1, 1)


@pytest.mark.parametrize("field", [*DEFAULTS])
def test_none_is_taken_only_where_it_means_something(field):
    if field in OR_NONE:
        assert getattr(ConnectionConfig(**{field: None}), field) is None
    else:
        assert refusal(TypeError, **{field: None}).startswith(f"{field} must be a ")


# Sizes that contradict each other


def test_min_connections_above_pool_size_is_refused():
    assert refusal(ValueError, min_connections=6) == (
        "min_connections must be at most pool_size (5), not 6: pass pool_size=6 too"
    )
    assert ConnectionConfig(min_connections=6, pool_size=6).min_connections == 6


def test_max_connections_below_pool_size_is_refused_and_told_what_to_pass():
    assert refusal(ValueError, max_connections=2) == (
        "max_connections must be at least pool_size (5), not 2: pass pool_size=2 too"
    )
    assert ConnectionConfig(max_connections=2, pool_size=2).max_connections == 2


def test_the_advice_of_a_refusal_helps():
    for settings in ({"max_connections": 2}, {"min_connections": 6}):
        advice = re.search(r"pass pool_size=(\d+)", refusal(ValueError, **settings))
        assert ConnectionConfig(**settings, pool_size=int(advice[1]))


# Seconds


@pytest.mark.parametrize("field", SECONDS)
@pytest.mark.parametrize("value", [True, False, "5", Fraction(1, 2), [1], 1j])
def test_seconds_of_another_type_are_refused(field, value):
    none = " or None" if field in OR_NONE else ""
    assert refusal(TypeError, **{field: value}) == (
        f"{field} must be a number of seconds{none}, not {value!r}"
    )


@pytest.mark.parametrize("field", SECONDS)
def test_nan_is_no_time(field):
    none = " or None" if field in OR_NONE else ""
    assert refusal(ValueError, **{field: math.nan}) == (
        f"{field} must be a number of seconds{none}, not nan"
    )


@pytest.mark.parametrize("field", SECONDS)
@pytest.mark.parametrize("value", [-1, -0.001, -math.inf])
def test_negative_seconds_are_refused(field, value):
    assert refusal(ValueError, **{field: value}) == f"{field} must be at least 0, not {value!r}"


@pytest.mark.parametrize("field", SECONDS)
@pytest.mark.parametrize("value", [0, 0.0, 1, 2.5, 86_400])
def test_seconds_are_taken_whole_or_broken(field, value):
    assert getattr(ConnectionConfig(**{field: value}), field) == value


@pytest.mark.parametrize("field", [field for field in SECONDS if field != "ping_after"])
@pytest.mark.parametrize("value", [math.inf, 10**400])
def test_endless_seconds_are_refused(field, value):
    assert refusal(ValueError, **{field: value}).startswith(f"{field} must be at most ")


@pytest.mark.parametrize("field", [f for f in SECONDS if f not in ("ping_after", "timeout")])
def test_thirty_years_are_the_longest_time(field):
    assert getattr(ConnectionConfig(**{field: 1_000_000_000}), field) == 1_000_000_000
    assert refusal(ValueError, **{field: 1_000_000_001}).startswith(
        f"{field} must be at most 1000000000 seconds"
    )


@pytest.mark.parametrize("field", [field for field in SECONDS if field in OR_NONE])
def test_who_means_never_is_told_of_none(field):
    assert "seconds or None, not inf" in refusal(ValueError, **{field: math.inf})


def test_ping_after_may_be_never():
    assert ConnectionConfig(ping_after=math.inf).ping_after == math.inf


def test_longest_timeout_is_one_that_sqlite_can_count(tmp_path):
    longest = 2_147_483
    ConnectionConfig(timeout=longest)
    refusal(ValueError, timeout=longest + 1)

    conn = sqlite3.connect(tmp_path / "app.db", timeout=longest)
    assert conn.execute("PRAGMA busy_timeout").fetchone() == (longest * 1000,)
    conn.close()


def test_docstring_explains_every_field():
    for field in DEFAULTS:
        assert f"{field}: " in inspect.getdoc(ConnectionConfig)
