"""Exercise size.little: Little's law, in all three directions."""

from __future__ import annotations

from collections.abc import Iterator

from poolkit.course.exercises import Exercise, assume, because, expect, same
from poolkit.course.histories import Histories, Seen, grid, raised
from poolkit.course.slips import slip


def little(per_second=None, seconds=None, busy=None):
    """Give the one of the three that is left out, by Little's law: busy = per_second * seconds.

    per_second: loans a second; seconds: how long each is held; busy: connections in use. All are
    averages, so nothing is rounded. What is left out is None; 0 is a number like any other, but
    what you have to divide by is never 0. Raise ValueError unless just one is left out.
    """
    if [per_second, seconds, busy].count(None) != 1:
        raise ValueError("give two of the three")
    if busy is None:
        return per_second * seconds
    if seconds is None:
        return busy / per_second
    return busy / seconds


NAMES = ("per_second", "seconds", "busy")


def finds_busy(func):
    """From loans a second and seconds held come the connections in use."""
    got = number(func, per_second=200, seconds=0.03)
    assert same(got, 6.0), because("wrong number", called="per_second=200, seconds=0.03", got=got)


def finds_seconds(func):
    """From connections in use and loans a second come the seconds held."""
    got = number(func, per_second=40, busy=10)
    assert same(got, 0.25), because("wrong number", called="per_second=40, busy=10", got=got)


def finds_per_second(func):
    """From connections in use and seconds held come the loans a second."""
    got = number(func, seconds=0.5, busy=7)
    assert same(got, 14.0), because("wrong number", called="seconds=0.5, busy=7", got=got)


def rounds_nothing(func):
    """An average may be a fraction of a connection."""
    assume(same(number(func, per_second=200, seconds=0.03), 6.0))
    got = number(func, per_second=30, seconds=0.05)
    assert same(got, 1.5), because("wrong number", called="per_second=30, seconds=0.05", got=got)


def takes_zero_for_a_number(func):
    """0 is given, and not left out."""
    for given in ({"per_second": 0, "seconds": 0.5}, {"seconds": 0.5, "busy": 0}):
        called = told(given)
        try:
            got = number(func, **given)
        except ValueError:
            raise AssertionError(because("zero refused", called=called)) from None
        assert same(got, 0.0), because("wrong number", called=called, got=got)


def wants_just_two(func):
    """With fewer than two, or with all three, it raises ValueError."""
    for given in ({}, {"seconds": 0.5}, {"per_second": 4, "seconds": 0.5, "busy": 2}):
        called = told(given)
        try:
            got = func(**given)
        except ValueError:
            continue
        raise AssertionError(because("no ValueError", called=called, got=got))


def number(func, **given: float) -> float:
    """What the learner's function gives."""
    got = func(**given)
    expect(got, (int, float), f"little({told(given)})")
    return plain(got)


def plain(got: float) -> float:
    """A number as Python's own, as the learner sees it: 2 is not told as 2.0."""
    return got if type(got) is int else float(got)


def told(given: dict) -> str:
    return ", ".join(f"{name}={value}" for name, value in given.items())


# --- every short history: each of the three left out or given, by name or in its place


def inputs() -> Iterator[dict]:
    """All calls but those in which our answer would divide by 0."""
    values = (None, 4, 0.5, 0, 3)
    for given in grid(per_second=values, seconds=values, busy=values):
        left_out = [name for name in NAMES if given[name] is None]
        divisor = (
            {"seconds": "per_second", "per_second": "seconds"}.get(left_out[0], "busy")
            if left_out
            else ""
        )
        if len(left_out) != 1 or left_out == ["busy"] or given[divisor] != 0:
            yield given


def play(func, given: dict) -> Iterator[Seen]:
    """What comes of the call, by name and, with None in its place, without names."""
    named = {name: value for name, value in given.items() if value is not None}
    yield outcome(lambda: func(**named), f"`little({told(named)})`")
    plain = ", ".join(map(str, given.values()))
    yield outcome(lambda: func(*given.values()), f"`little({plain})`")


def outcome(call, called: str) -> Seen:
    try:
        got = call()
    except ValueError:
        return Seen(f"{called} raises", "ValueError", "ValueError")
    except Exception as error:
        seen = raised(error)
        return Seen(f"{called} raises", seen.value, seen.told)
    expect(got, (int, float), called.strip("`"))
    return Seen(f"{called} gives", float(got), str(plain(got)))


little_exercise = Exercise(
    id="size.little",
    title="Little's law, in three directions",
    answer=little,
    names=NAMES,
    claims=(
        finds_busy,
        finds_seconds,
        finds_per_second,
        rounds_nothing,
        takes_zero_for_a_number,
        wants_just_two,
        Histories(
            "With every choice of the three, by name or in its place, it gives what is left out.",
            inputs=inputs,
            play=play,
            tell=lambda given: (
                "Of the three, "
                + (told({n: v for n, v in given.items() if v is not None}) or "none")
                + (" is given" if sum(v is not None for v in given.values()) < 2 else " are given")
            ),
        ),
    ),
    hints=(
        "Three cases, and a look at how many are None before them.",
        "`is None` asks whether one is left out; `not seconds` would also be true of 0. Turn the law round for the other two: divide `busy` by the one that you have.",
        'Fill in the blanks.\n\nif [per_second, seconds, busy].count(None) != ____:\n    raise ValueError("give two of the three")\nif busy is None:\n    return ____\nif seconds is None:\n    return busy / ____\nreturn busy / ____',
    ),
    tellings={
        "wrong number": "`little({called:plain})` gave {got}. busy = per_second * seconds has to hold of the two that are given and the one that comes out.",
        "zero refused": "`little({called:plain})` raised ValueError. Two of the three are given there, and one of them is 0.",
        "no ValueError": "`little({called:plain})` raised nothing and gave {got}. ValueError is due unless just one of the three is left out.",
    },
    slips=(
        slip(
            "wrong number",
            "Yours is the law the wrong way up: the longer each is held, the more are in use.",
            breaks="finds_busy",
            edit="""
-        return per_second * seconds
+        return per_second / seconds
""",
        ),
        slip(
            "wrong number",
            "Seconds held are `busy / per_second`; yours is the number the other way up.",
            breaks="finds_seconds",
            edit="""
-        return busy / per_second
+        return per_second / busy
""",
        ),
        slip(
            "wrong number",
            "Only the product of two is `busy`; the other two come from dividing it.",
            breaks="finds_per_second",
            edit="""
-    return busy / seconds
+    return busy * seconds
""",
        ),
        slip(
            "wrong number",
            "An average of 1.5 in use is neither 1 nor 2: rounding is for whoever orders the pool.",
            breaks="rounds_nothing",
            edit="""
-        return per_second * seconds
+        return round(per_second * seconds)
""",
        ),
        slip(
            "zero refused",
            "In yours a 0 counts as left out. It counts as false; `is None` tells the two apart.",
            breaks="takes_zero_for_a_number",
            edit="""
-    if [per_second, seconds, busy].count(None) != 1:
+    if sum(not one for one in (per_second, seconds, busy)) != 1:
""",
        ),
        slip(
            "no ValueError",
            "Nothing is left out there, so there is nothing to give; they may also contradict one another.",
            breaks="wants_just_two",
            edit="""
-    if [per_second, seconds, busy].count(None) != 1:
+    if [per_second, seconds, busy].count(None) > 1:
""",
        ),
        slip(
            "raised TypeError",
            "The arithmetic begins before it is known that two are there.",
            breaks="wants_just_two",
            edit="""
-    if [per_second, seconds, busy].count(None) != 1:
+    if None not in (per_second, seconds, busy):
""",
        ),
    ),
    after="It is the same law for a shop, a motorway and a ward: how many are inside is how fast they come times how long they stay.",
)
