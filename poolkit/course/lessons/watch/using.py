"""Exercise watch.utilisation: which part of the pool was in use?"""

from __future__ import annotations

from collections.abc import Iterator

from poolkit.course.exercises import Exercise, because, expect, same
from poolkit.course.histories import Histories, Seen
from poolkit.course.lessons.watch.logs import BACK, LENT, Move, log_of, reading, short_logs, tell
from poolkit.course.slips import slip


def utilisation(events, start, end, size):
    """Give which part of `size` connections was out from `start` to `end`, on average.

    Two of four that are out all the time give 0.5, and so do all four for half of it. A loan
    that began before `start` counts from there; one that came back after `end`, or not at all,
    counts until there. `events` is a list of Event, in order, to be read only; none is missing,
    and it may be empty. `start` and `end` are readings of the clock of `event.at`, `start` the
    earlier one.
    """
    lent, busy = {}, 0.0
    for event in events:
        if event.what == "lent":
            lent[event.conn] = event.at
        elif event.what == "returned":
            busy += max(0.0, min(event.at, end) - max(lent.pop(event.conn), start))
    for at in lent.values():
        busy += max(0.0, end - max(at, start))
    return busy / (size * (end - start))


BEGAN = 100.0  # the clock at the first event of a log; the next ones follow a second apart


def given(func, moves: tuple[Move, ...], start: float, end: float, size: int) -> float:
    """What is given for a part of a log; `start` and `end` count from its first event."""
    got = reading(func, log_of(moves, BEGAN), BEGAN + start, BEGAN + end, size)
    expect(got, (int, float), "utilisation(events, start, end, size)")
    return round(float(got), 9)


def counts_what_came_back(func):
    """One of four connections that is out for half of the time makes 0.125."""
    moves = ((LENT, 7), ("waited", 7), (BACK, 7))
    got = given(func, moves, 0, 4, 4)
    assert not same(got, 0.5), because("size", got=got)
    assert same(got, 0.125), because("one loan", got=got)


def counts_what_is_still_out(func):
    """A loan that has not come back counts until `end`."""
    got = given(func, ((LENT, 7), (LENT, 4), (BACK, 4)), 0, 8, 2)
    assert same(got, 9 / 16), because("still out", got=got)


def looks_between_start_and_end(func):
    """What lies before `start` and after `end` does not count."""
    early = ((LENT, 7), (LENT, 4), (BACK, 4))
    got = given(func, early, 4, 8, 2)
    assert same(got, 0.5), because("before", got=got)
    late = ((LENT, 7), ("waited", 7), ("waited", 7), (BACK, 7), (LENT, 4), (BACK, 4))
    got = given(func, late, 0, 2, 2)
    assert same(got, 0.5), because("after", got=got)


Input = tuple[tuple[Move, ...], float, float, int]


def inputs() -> Iterator[Input]:
    """Short logs, and several stretches of time in and around each."""
    for moves in short_logs(3, others=(("timed out", 0),)):
        last = max(len(moves) - 1, 1)
        for start, end in ((0, last), (0.5, last + 2), (-2, 1.5), (last + 1, last + 3)):
            yield moves, start, end, 3
    for moves in short_logs(4):
        if len(moves) == 4:
            yield moves, 0.5, 2.5, 3
            yield moves, 2, 6, 3


def play(func, one: Input) -> Iterator[Seen]:
    """What is given for a stretch of a log."""
    got = given(func, *one)
    yield Seen("`utilisation` gives", got, f"{got:g}")


def tell_input(one: Input) -> str:
    """A log and a stretch of time, in words."""
    moves, start, end, size = one
    return (
        f"{tell(moves)}, a second apart. From {start:g} s to {end:g} s, counted from the first one, "
        f"with size {size}"
    )


using = Exercise(
    id="watch.utilisation",
    title="Which part is in use?",
    answer=utilisation,
    claims=(
        counts_what_came_back,
        counts_what_is_still_out,
        looks_between_start_and_end,
        Histories(
            "Over every short log, for any stretch of time, it gives what the text says.",
            inputs=inputs,
            play=play,
            tell=tell_input,
        ),
    ),
    hints=(
        "Add up for how many seconds each loan was out, all loans together. How many seconds could it have been, with `size` connections?",
        "Keep for each connection when it was lent. At its return add `min(event.at, end) - max(lent, start)`, if that is above 0. What is still there after the last event counts until `end`.",
        'Fill in the three blanks.\n\nlent, busy = {}, 0.0\nfor event in events:\n    if event.what == "lent":\n        lent[event.conn] = event.at\n    elif event.what == "returned":\n        busy += max(0.0, min(event.at, end) - max(____, start))\nfor at in lent.values():\n    busy += max(0.0, ____)\nreturn busy / ____',
    ),
    tellings={
        "size": "The log says: lent 7, waited 7, returned 7, a second apart. With `size` 4, from the first event to 4 s after it, that is 2 of 16 seconds, 0.125. Yours gives {got}, as if there were one connection.",
        "changed the log": "Afterwards the log is not as it was. Others read it, too: leave it as it is.",
        "one loan": "The log says: lent 7, waited 7, returned 7, a second apart. With `size` 4, from the first event to 4 s after it, that is 2 of 16 seconds, 0.125. Yours gives {got}.",
        "still out": "Of two connections one was lent at 0 s and never came back, the other was out from 1 to 2 s. From 0 to 8 s that is 8 + 1 of 16 seconds, 0.5625; yours gives {got}.",
        "before": "Of two connections one was lent at 0 s and never came back, the other was out from 1 to 2 s. From 4 to 8 s only the first was out: 4 of 8 seconds, 0.5; yours gives {got}.",
        "after": "One connection was out from 0 to 3 s, another from 4 to 5 s; at 1 s and at 2 s somebody had waited. From 0 to 2 s the first of two was out: 2 of 4 seconds, 0.5; yours gives {got}.",
    },
    slips=(
        slip(
            "still out",
            "In yours only what came back is counted. A leak never comes back, so that the pool looks idle when all of it is gone.",
            breaks="counts_what_is_still_out looks_between_start_and_end",
            edit="""
-    for at in lent.values():
-        busy += max(0.0, end - max(at, start))
""",
        ),
        slip(
            "size",
            "The seconds that there were are `size` times as many.",
            breaks="counts_what_came_back counts_what_is_still_out looks_between_start_and_end",
            edit="""
-    return busy / (size * (end - start))
+    return busy / (end - start)
""",
        ),
        slip(
            "before",
            "In yours a loan counts from its own beginning, also where that lies before `start`.",
            breaks="looks_between_start_and_end",
            edit="""
-            busy += max(0.0, min(event.at, end) - max(lent.pop(event.conn), start))
+            busy += max(0.0, min(event.at, end) - lent.pop(event.conn))
...
-        busy += max(0.0, end - max(at, start))
+        busy += max(0.0, end - at)
""",
        ),
        slip(
            "after",
            "In yours a loan counts until its return, also where that lies after `end`.",
            breaks="looks_between_start_and_end",
            edit="""
-            busy += max(0.0, min(event.at, end) - max(lent.pop(event.conn), start))
+            busy += max(0.0, event.at - max(lent.pop(event.conn), start))
""",
        ),
        slip(
            "before",
            "In yours a loan that lies outside counts as less than nothing: take 0 for it.",
            breaks="looks_between_start_and_end",
            edit="""
-            busy += max(0.0, min(event.at, end) - max(lent.pop(event.conn), start))
+            busy += min(event.at, end) - max(lent.pop(event.conn), start)
...
-        busy += max(0.0, end - max(at, start))
+        busy += end - max(at, start)
""",
        ),
        slip(
            "one loan",
            "Yours gives percent; the text asks for a part, 1.0 for all of it.",
            breaks="counts_what_came_back counts_what_is_still_out looks_between_start_and_end",
            edit="""
-    return busy / (size * (end - start))
+    return 100 * busy / (size * (end - start))
""",
        ),
        slip(
            "before",
            "In yours a loan that came back counts whole. Only what lies between `start` and `end` counts.",
            breaks="looks_between_start_and_end",
            edit="""
-            busy += max(0.0, min(event.at, end) - max(lent.pop(event.conn), start))
+            busy += event.seconds
+            del lent[event.conn]
""",
        ),
        slip(
            "one loan",
            "In yours the time that somebody waited is counted as well.",
            breaks="counts_what_came_back looks_between_start_and_end",
            edit="""
         elif event.what == "returned":
             busy += max(0.0, min(event.at, end) - max(lent.pop(event.conn), start))
+        elif event.what in ("waited", "timed out"):
+            busy += event.seconds
""",
        ),
    ),
    after="It is a sum of seconds over the seconds that there were. Any dashboard can be checked against a log in this way.",
)
