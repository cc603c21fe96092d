"""Exercise watch.translate: the same numbers under another pool's names."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from poolkit.course.exercises import Exercise, assume, because, expect, same
from poolkit.course.histories import Histories, Seen
from poolkit.course.shown import short
from poolkit.course.slips import slip


def as_psycopg(stats):
    """Give the numbers of our `stats()` under the names of psycopg_pool, in a new dict.

    Six of them, and nothing else: pool_max, the most connections there may be; pool_size, all
    that there are, idle and in use; pool_available, those that are idle; requests_waiting, who
    stands in line; requests_wait_ms, the time spent waiting so far, in milliseconds;
    requests_errors, the waits in vain. `stats` stays as it is.
    """
    return {
        "pool_max": stats["max_connections"],
        "pool_size": stats["idle"] + stats["in_use"],
        "pool_available": stats["idle"],
        "requests_waiting": stats["waiting"],
        "requests_wait_ms": stats["wait_seconds"] * 1000,
        "requests_errors": stats["timeouts"],
    }


NAMES = (
    "pool_max", "pool_size", "pool_available", "requests_waiting", "requests_wait_ms",
    "requests_errors",
)  # fmt: skip


def numbers(**changed: object) -> dict[str, object]:
    """What a pool's `stats()` could say; as long as nothing is changed no two numbers are equal."""
    known = {"closed": 10, "idle": 3, "in_use": 4, **changed}
    return {
        "created": sum(known[name] for name in ("closed", "idle", "in_use")), "closed": 10, "discarded": 1, "timeouts": 6, "wait_seconds": 2.5,
        "reused": 41, "peak": 8, "idle": 3, "in_use": 4, "waiting": 2, "pool_size": 5,
        "max_connections": 9, **changed,
    }  # fmt: skip


def translated(func, stats: dict[str, object]) -> dict:
    """What is made of them."""
    got = func(stats)
    expect(got, dict, "as_psycopg(stats)")
    return got


def has_six_names(func):
    """It has the six names of psycopg_pool, and none besides."""
    got = translated(func, numbers())
    missing = [name for name in NAMES if name not in got]
    assert not missing, because("missing", name=missing and missing[0])
    more = [name for name in got if name not in NAMES]
    assert not more, because("more", name=more and str(more[0]))


def means_the_same(func):
    """Each name says what it says in psycopg_pool."""
    got = translated(func, numbers())
    assume(set(NAMES) <= set(got))
    assert same(_plain(got["pool_max"]), 9.0), because("most", got=got["pool_max"])
    assert same(_plain(got["pool_size"]), 7.0), because("size", got=got["pool_size"])
    assert same(_plain(got["pool_available"]), 3.0), because("available", got=got["pool_available"])
    assert same(_plain(got["requests_waiting"]), 2.0), because(
        "waiting", got=got["requests_waiting"]
    )
    assert same(_plain(got["requests_errors"]), 6.0), because("errors", got=got["requests_errors"])


def counts_milliseconds(func):
    """The waiting time is in milliseconds."""
    got = translated(func, numbers())
    assume("requests_wait_ms" in got)
    assert same(_plain(got["requests_wait_ms"]), 2500.0), because("ms", got=got["requests_wait_ms"])


def makes_a_new_dict(func):
    """Each call makes a new dict, and what was handed over stays as it was."""
    stats = numbers()
    got = translated(func, stats)
    assert same(stats, numbers()), because("changed", what=_changed(stats))
    assert got is not stats, because("not new", what="the dict that was handed over")
    again = translated(func, numbers())
    assert again is not got, because("not new", what="the one that it had given before")


def _changed(stats: dict) -> str:
    """What has become of the numbers that were handed over."""
    before = numbers()
    gone = [name for name in before if name not in stats]
    more = [name for name in stats if name not in before]
    if not stats:
        return "is empty"
    if gone:
        return f"has no {gone[0]!r} any more"
    if more:
        return f"has {short(more[0])} in it, too"
    name = next(name for name in before if not same(stats[name], before[name]))
    return f"says {short(stats[name])} for {name!r}, and said {before[name]!r}"


def _plain(value: object) -> object:
    return float(value) if type(value) is int else value


def inputs() -> Iterator[dict]:
    """What changes from the numbers above, one and two at a time."""
    zeros = dict.fromkeys(("timeouts", "wait_seconds", "idle", "in_use", "waiting"), 0)
    choices = {
        "idle": (0, 5), "in_use": (0, 9, 5), "waiting": (0, 11), "timeouts": (0, 12),
        "wait_seconds": (0.0, 0.25, 3600.0), "max_connections": (None, 20), "pool_size": (1, 6),
        "closed": (0, 13), "peak": (0, 14), "reused": (0, 15),
        "discarded": (0, 16),
    }  # fmt: skip
    yield {}
    yield zeros
    single = [{name: value} for name, values in choices.items() for value in values]
    yield from single
    yield from (one | other for one, other in itertools.combinations(single, 2))


def play(func, changed: dict) -> Iterator[Seen]:
    """What is made of the numbers, and whether those are as they were."""
    stats = numbers(**changed)
    got = translated(func, stats)
    for name in NAMES:
        yield Seen(f"`{name}` is", _plain(got[name]) if name in got else "missing")
    yield Seen("other names:", sorted(str(name) for name in got if name not in NAMES))
    yield Seen("`stats` stays as it was:", same(stats, numbers(**changed)))
    yield Seen("a second call makes another dict:", func(numbers(**changed)) is not got)


def tell(changed: dict) -> str:
    """The numbers that matter, in words."""
    stats = numbers(**changed)
    names = ["idle", "in_use", "waiting", "timeouts", "wait_seconds", "max_connections"]
    names += [name for name in changed if name not in names]
    return f"With {', '.join(f'{name} {stats[name]}' for name in names)}"


translating = Exercise(
    id="watch.translate",
    title="In other words",
    answer=as_psycopg,
    claims=(
        has_six_names,
        means_the_same,
        counts_milliseconds,
        makes_a_new_dict,
        Histories(
            "Whatever the numbers are, they are told as the text says.",
            inputs=inputs,
            play=play,
            tell=tell,
        ),
    ),
    hints=(
        "Write a dict with the six names. For each, read in the text what it means, and look for that among ours; do not go by the sound of a name.",
        "Four are one of ours under another name. `pool_size` is a sum of two, and `requests_wait_ms` has another unit.",
        'Fill in the three blanks.\n\nreturn {\n    "pool_max": stats["max_connections"],\n    "pool_size": ____,\n    "pool_available": stats["idle"],\n    "requests_waiting": stats["waiting"],\n    "requests_wait_ms": ____,\n    "requests_errors": ____,\n}',
    ),
    tellings={
        "missing": "There is no {name} in what you give.",
        "more": "There is {name} in what you give. The text asks for six names and nothing else.",
        "most": "At most 9 connections may be open at once. `pool_max` should be 9; yours is {got}.",
        "size": "3 lie idle and 4 are in use. `pool_size` should be 7; yours is {got}.",
        "available": "3 lie idle. `pool_available` should be 3; yours is {got}.",
        "waiting": "2 stand in line. `requests_waiting` should be 2; yours is {got}.",
        "errors": "6 have waited in vain. `requests_errors` should be 6; yours is {got}.",
        "ms": "2.5 seconds were spent waiting. `requests_wait_ms` should be 2500; yours is {got}.",
        "changed": "Afterwards the dict that was handed over {what:plain}. It may be somebody else's: leave it as it is.",
        "not new": "What the last call gave is {what:plain}. Whoever kept that finds other numbers in it: make a new one in each call.",
    },
    slips=(
        slip(
            "size",
            "Our `pool_size` is a setting: how many may lie idle. Theirs is a count. The same word, and not the same thing.",
            breaks="means_the_same",
            edit="""
-        "pool_size": stats["idle"] + stats["in_use"],
+        "pool_size": stats["pool_size"],
""",
        ),
        slip(
            "size",
            "What is idle is not in use; `pool_size` counts both.",
            breaks="means_the_same",
            edit="""
-        "pool_size": stats["idle"] + stats["in_use"],
+        "pool_size": stats["in_use"],
""",
        ),
        slip(
            "ms",
            "Those are seconds; a thousand milliseconds make one.",
            breaks="counts_milliseconds",
            edit="""
-        "requests_wait_ms": stats["wait_seconds"] * 1000,
+        "requests_wait_ms": stats["wait_seconds"],
""",
        ),
        slip(
            "ms",
            "A second has a thousand milliseconds: multiply.",
            breaks="counts_milliseconds",
            edit="""
-        "requests_wait_ms": stats["wait_seconds"] * 1000,
+        "requests_wait_ms": stats["wait_seconds"] / 1000,
""",
        ),
        slip(
            "most",
            "That is how many may lie idle. How many may be open at once is `max_connections`.",
            breaks="means_the_same",
            edit="""
-        "pool_max": stats["max_connections"],
+        "pool_max": stats["pool_size"],
""",
        ),
        slip(
            "most",
            "The peak is what there was; `pool_max` is what there may be.",
            breaks="means_the_same",
            edit="""
-        "pool_max": stats["max_connections"],
+        "pool_max": stats["peak"],
""",
        ),
        slip(
            "available",
            "Room for more is not counted there, only what lies idle.",
            breaks="means_the_same",
            edit="""
-        "pool_available": stats["idle"],
+        "pool_available": stats["max_connections"] - stats["in_use"],
""",
        ),
        slip(
            "errors",
            "`discarded` counts connections that no longer worked.",
            breaks="means_the_same",
            edit="""
-        "requests_errors": stats["timeouts"],
+        "requests_errors": stats["discarded"],
""",
        ),
        slip(
            "waiting",
            "Those have waited in vain and are gone; who waits now is in `waiting`.",
            breaks="means_the_same",
            edit="""
-        "requests_waiting": stats["waiting"],
+        "requests_waiting": stats["timeouts"],
""",
        ),
        slip(
            "missing",
            breaks="has_six_names",
            edit="""
-        "requests_errors": stats["timeouts"],
""",
        ),
        slip(
            "more",
            "Ours are still in it.",
            breaks="has_six_names",
            edit="""
     return {
+        **stats,
""",
        ),
        slip(
            "more",
            "Everything was put into the dict that was handed over.",
            breaks="has_six_names makes_a_new_dict",
            edit="""
-    return {
+    stats.update({
...
-    }
+    })
+    return stats
""",
        ),
        slip(
            "not new",
            breaks="makes_a_new_dict",
            edit="""
-def as_psycopg(stats):
+def as_psycopg(stats, told={}):
...
-    return {
+    told.update({
...
-    }
+    })
+    return told
""",
        ),
        slip(
            "changed",
            breaks="makes_a_new_dict",
            edit="""
-        "requests_waiting": stats["waiting"],
+        "requests_waiting": stats.pop("waiting"),
""",
        ),
    ),
    after="Two words that look alike and are not, one other unit: any two dashboards differ in such things.",
)
