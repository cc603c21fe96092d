"""Exercise compare.settings: one config in another library's words; and the table of all of them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from poolkit import ConnectionConfig
from poolkit.course.exercises import Exercise, assume, because, expect, same
from poolkit.course.histories import Histories, Seen, grid
from poolkit.course.lessons.compare.suite import Unknown
from poolkit.course.shown import short
from poolkit.course.slips import slip


def engine_settings(config):
    """Return a ConnectionConfig as a dict of five arguments for SQLAlchemy's `create_engine`.

    "pool_size": as ours. "max_overflow": how many more than that may be open; -1 for no cap.
    "pool_timeout": seconds of waiting at the cap; None for ever. "pool_recycle": the seconds after
    which a connection is replaced; -1 for never. "pool_pre_ping": True, a check before each loan;
    False only if `ping_after` is `math.inf`.
    """
    cap, age = config.max_connections, config.max_lifetime
    return {
        "pool_size": config.pool_size,
        "max_overflow": -1 if cap is None else cap - config.pool_size,
        "pool_timeout": config.acquire_timeout,
        "pool_recycle": -1 if age is None else age,
        "pool_pre_ping": config.ping_after != math.inf,
    }


SECONDS = ("pool_timeout", "pool_recycle")
NAMES = ("pool_size", "max_overflow", "pool_timeout", "pool_recycle", "pool_pre_ping")


def translated(func, **fields) -> dict:
    """What the learner's function makes of a config with these fields."""
    got = func(ConnectionConfig(**fields))
    expect(got, dict, f"engine_settings({_call(fields)})")
    return got


def _call(fields: dict) -> str:
    """A config as it is written down."""
    said = ", ".join(
        f"{name}={'math.inf' if value == math.inf else repr(value)}"
        for name, value in fields.items()
    )
    return f"ConnectionConfig({said})"


def _is(func, name: str, wanted: object, **fields) -> None:
    got = translated(func, **fields)
    assume(name in got)
    number = float(wanted) if name in SECONDS and wanted is not None else wanted
    assert same(got[name], number), because(
        name, config=_call(fields), wanted=wanted, got=got[name]
    )


def names_all_five(func):
    """It names the five arguments, and no other."""
    got = translated(func)
    missing = [name for name in NAMES if name not in got]
    assert not missing, because("missing", names=", ".join(missing))
    strange = [str(name) for name in got if name not in NAMES]
    assert not strange, because("strange", names=", ".join(strange))


def keeps_as_many(func):
    """As many are kept as here."""
    _is(func, "pool_size", 3, pool_size=3, max_connections=7)


def opens_as_many(func):
    """As many may be open as here: the overflow counts on from `pool_size`."""
    _is(func, "max_overflow", 5, pool_size=3, max_connections=8)
    _is(func, "max_overflow", 0, pool_size=4, max_connections=4)


def knows_no_cap(func):
    """No cap here is no cap there."""
    got = translated(func, pool_size=3, max_connections=None)
    assume("max_overflow" in got)
    assert same(got["max_overflow"], -1), because("no cap", got=got["max_overflow"])


def waits_as_long(func):
    """It waits at the cap as long as here, not at all and for ever included."""
    for seconds in (2.5, 0, None):
        _is(func, "pool_timeout", seconds, acquire_timeout=seconds)


def replaces_as_old(func):
    """It replaces a connection at the same age, at once and never included."""
    for age, wanted in ((600.0, 600.0), (0, 0), (None, -1)):
        _is(func, "pool_recycle", wanted, max_lifetime=age)


def checks_where_ours_may(func):
    """It checks before each loan, unless ours never checks."""
    for after, wanted in ((0.5, True), (0, True), (math.inf, False)):
        _is(func, "pool_pre_ping", wanted, ping_after=after)


def _histories() -> Iterator[dict]:
    yield {"pool_size": 5}
    yield {"pool_size": 2, "max_connections": 2}
    yield {"pool_size": 1, "max_connections": 9}
    yield from grid(
        max_connections=(None, 5, 6, 100),
        acquire_timeout=(5.0, None, 0, 0.25),
        max_lifetime=(None, 0, 90.5, 3600),
        ping_after=(0.5, 0, math.inf, 1e9),
    )
    yield {"max_idle": 7.0, "max_connections": 8}
    yield {"min_connections": 2, "max_connections": 8}
    yield {"timeout": 0.5, "max_connections": 8}
    yield {"db_path": "a.db", "max_connections": 8}


def _play(func, fields: dict) -> Iterator[Seen]:
    config = ConnectionConfig(**fields)
    got = func(config)
    expect(got, dict, f"engine_settings({_call(fields)})")
    for name in NAMES:
        value = got.get(name, "nothing")
        seconds = name in SECONDS and type(value) is int
        yield Seen(f"{name} is", float(value) if seconds else value, short(value))
    yield Seen("other arguments:", sorted(str(name) for name in got if name not in NAMES))


every_short_history = Histories(
    "For every combination of settings it names the same arguments.",
    inputs=_histories,
    play=_play,
    tell=lambda fields: f"With {_call(fields)}",
)

_SAYS = "The config is {config:plain}. There `{name}` should be {wanted}; it is {got}."

translate = Exercise(
    id="compare.settings",
    title="The same pool in SQLAlchemy's words",
    answer=engine_settings,
    claims=(
        names_all_five,
        keeps_as_many,
        opens_as_many,
        knows_no_cap,
        waits_as_long,
        replaces_as_old,
        checks_where_ours_may,
        every_short_history,
    ),
    hints=(
        "Write the dict with its five names first. Three of the values are a field as it is, or nearly; two ask what None means there.",
        "`0` is a number of seconds and None is not: ask `is None`, for `or` takes both for nothing. How many may be open beyond `pool_size`, if five may be kept and eight open?",
        'Two of the five need a question:\n\n"max_overflow": -1 if config.max_connections is None else ____,\n"pool_recycle": -1 if config.max_lifetime is None else ____,',
    ),
    tellings={
        "missing": "The dict does not name {names:plain}.",
        "strange": "The dict names {names:plain}, which is none of the five.",
        **{name: _SAYS.replace("{name}", name) for name in NAMES},
        "no cap": "Without a cap `max_overflow` should be -1; it is {got}.",
    },
    slips=(
        slip(
            "max_overflow",
            "In SQLAlchemy both are added: so many would be open beyond those that are kept.",
            breaks="opens_as_many",
            edit="""
-        "max_overflow": -1 if cap is None else cap - config.pool_size,
+        "max_overflow": -1 if cap is None else cap,
""",
        ),
        slip(
            "max_overflow",
            "No overflow at all: no more than `pool_size` are ever open.",
            breaks="opens_as_many",
            edit="""
-        "max_overflow": -1 if cap is None else cap - config.pool_size,
+        "max_overflow": -1 if cap is None else 0,
""",
        ),
        slip(
            "no cap",
            "0 allows nothing beyond `pool_size`: that is a cap.",
            breaks="knows_no_cap",
            edit="""
-        "max_overflow": -1 if cap is None else cap - config.pool_size,
+        "max_overflow": 0 if cap is None else cap - config.pool_size,
""",
        ),
        slip(
            "no cap",
            "None is our word. Theirs for no cap is -1.",
            breaks="knows_no_cap",
            edit="""
-        "max_overflow": -1 if cap is None else cap - config.pool_size,
+        "max_overflow": None if cap is None else cap - config.pool_size,
""",
        ),
        slip(
            "pool_size",
            "The cap is here. What is kept is `config.pool_size`.",
            breaks="keeps_as_many",
            edit="""
-        "pool_size": config.pool_size,
+        "pool_size": cap or config.pool_size,
""",
        ),
        slip(
            "pool_timeout",
            "0 is not at all, None is for ever: neither is 30 seconds.",
            breaks="waits_as_long",
            edit="""
-        "pool_timeout": config.acquire_timeout,
+        "pool_timeout": config.acquire_timeout or 30,
""",
        ),
        slip(
            "pool_timeout",
            "`config.timeout` is SQLite's wait for a lock.",
            breaks="waits_as_long",
            edit="""
-        "pool_timeout": config.acquire_timeout,
+        "pool_timeout": config.timeout,
""",
        ),
        slip(
            "pool_recycle",
            "None is our word. Theirs for never is -1.",
            breaks="replaces_as_old",
            edit="""
-        "pool_recycle": -1 if age is None else age,
+        "pool_recycle": age,
""",
        ),
        slip(
            "pool_recycle",
            "With 0 every loan gets a new connection, with -1 none is ever replaced.",
            breaks="replaces_as_old",
            edit="""
-        "pool_recycle": -1 if age is None else age,
+        "pool_recycle": age or -1,
""",
        ),
        slip(
            "pool_recycle",
            "`max_idle` is how long one lies idle; SQLAlchemy counts from the moment it was opened.",
            breaks="replaces_as_old",
            edit="""
-    cap, age = config.max_connections, config.max_lifetime
+    cap, age = config.max_connections, config.max_idle
""",
        ),
        slip(
            "pool_pre_ping",
            "`ping_after=0` is: check always.",
            breaks="checks_where_ours_may",
            edit="""
-        "pool_pre_ping": config.ping_after != math.inf,
+        "pool_pre_ping": bool(config.ping_after) and config.ping_after != math.inf,
""",
        ),
        slip(
            "pool_pre_ping",
            "It checks only where ours checks always. Ours also checks what has been idle for a while.",
            breaks="checks_where_ours_may",
            edit="""
-        "pool_pre_ping": config.ping_after != math.inf,
+        "pool_pre_ping": config.ping_after == 0,
""",
        ),
        slip(
            "missing",
            "Those are the names of QueuePool itself; `create_engine` has `pool_` before them.",
            breaks="names_all_five",
            edit="""
-        "pool_timeout": config.acquire_timeout,
-        "pool_recycle": -1 if age is None else age,
-        "pool_pre_ping": config.ping_after != math.inf,
+        "timeout": config.acquire_timeout,
+        "recycle": -1 if age is None else age,
+        "pre_ping": config.ping_after != math.inf,
""",
        ),
        slip(
            "strange",
            "SQLAlchemy has no name for it.",
            breaks="names_all_five",
            edit="""
         "pool_size": config.pool_size,
+        "min_connections": config.min_connections,
""",
        ),
    ),
    after="Five of our thirteen fields have a name there. The table says what became of the others.",
)

# --- the table: our settings in the words of four libraries; tests/test_lesson_compare.py tries each

LIBRARIES = ("SQLAlchemy", "DBUtils", "psycopg_pool", "peewee")
NONE = "–"
TABLE: dict[str, tuple[str, str, str, str]] = {
    "db_path": ("the URL", "an argument for creator", "conninfo", "database"),
    "timeout (SQLite's lock)": ("connect_args", "an argument for creator", "kwargs", "pragmas: busy_timeout"),
    "pool_size": ("pool_size", "maxcached; 0: all", NONE, NONE),
    "min_connections": (NONE, "mincached", "min_size", NONE),
    "max_connections": ("pool_size + max_overflow; -1: no cap", "maxconnections; 0: no cap", "max_size; None: min_size", "max_connections; None: no cap"),
    "acquire_timeout": ("pool_timeout; None: for ever", "blocking: for ever, or not at all", "timeout, always a number", "timeout; 0: for ever, None: not at all"),
    "ping_after": ("pool_pre_ping: always, or never", "ping: always, or never", "check: always, or never", NONE),
    "max_lifetime": ("pool_recycle; -1: never", "maxusage, in statements", "max_lifetime; math.inf: never", "stale_timeout; None: never"),
    "max_idle": (NONE, NONE, "max_idle; 1e9: never", NONE),
    "leak_after": (NONE, NONE, NONE, NONE),
    "max_retries, base_backoff, max_backoff": (NONE, NONE, "reconnect_timeout, in the background", NONE),
    "connect": ("creator", "creator", "connection_class", "_connect, in a subclass"),
    "configure": ('event "connect"', "setsession: SQL", "configure", "pragmas"),
    "check": ("pool_pre_ping, the dialect's own", "ping: SQL or a function", "check", NONE),
    "reset": ('event "reset"', "reset: a rollback or none", "reset", NONE),
    "transient": (NONE, NONE, NONE, NONE),
}  # fmt: skip


def in_their_words(library: str) -> str:
    """Our settings and another library's words for them, a line each."""
    if library not in LIBRARIES:
        raise Unknown(f"no library is called {library!r}; there is {', '.join(LIBRARIES)}")
    column = LIBRARIES.index(library)
    width = max(map(len, TABLE))
    return "\n".join(f"{ours:{width}}  {theirs[column]}" for ours, theirs in TABLE.items())
