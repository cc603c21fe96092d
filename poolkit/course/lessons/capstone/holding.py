"""Exercise capstone.held: which line keeps the connections?"""

from __future__ import annotations

from collections.abc import Iterator

from poolkit.course.exercises import Exercise, assume, because, expect, same
from poolkit.course.histories import Histories, Seen, sequences
from poolkit.course.lessons.capstone import records
from poolkit.course.lessons.capstone.records import ANN, BEN, back, lent, queued
from poolkit.course.slips import slip

A, B, C = "shop.py:10", "shop.py:20", "shop.py:99"


def seconds_held(events, begin, end):
    """Give for each line how many seconds it held connections between `begin` and `end`, as a dict.

    A loan belongs to the line, `where`, of its "lent" event, and ends with "returned" on the same
    connection; one that does not end in the record goes on beyond `end`. Of each loan the part
    between `begin` and `end` counts; all loans of a line are added up. A line with no such part is
    left out. `events` are tuples (at, thread, event, connection, where) in order of time,
    and stay as they are.
    """
    held, out = {}, {}

    def count(since, where, until):
        seconds = min(until, end) - max(since, begin)
        if seconds > 0:
            held[where] = held.get(where, 0) + seconds

    for at, _, event, connection, where in events:
        if event == "lent":
            out[connection] = (at, where)
        elif event == "returned":
            count(*out.pop(connection), at)
    for since, where in out.values():
        count(since, where, end)
    return held


def answer(func, events: list, begin: float, end: float) -> dict:
    got = func(list(events), begin, end)
    expect(got, dict, f"seconds_held(events, {begin:g}, {end:g})")
    return got


def wanted(func, key: str, events: list, want: dict, begin: float = 0.0, end: float = 10.0) -> None:
    got = answer(func, events, begin, end)
    assert same(got, want), because(
        key, record=records.told(events, lines=True), want=want, got=got, begin=begin, end=end
    )


def whole_loans(func):
    """The loans of a line are added up, those at the same time too."""
    events = [
        lent(1.0, ANN, 1, A),
        lent(2.0, BEN, 2, A),
        back(4.0, BEN, 2, A),
        back(6.0, ANN, 1, A),
    ]
    wanted(func, "added up", events, {A: 7.0})


def of_its_beginning(func):
    """A loan belongs to the line it began at, wherever it was given back."""
    wanted(func, "whose", [lent(1.0, ANN, 1, A), back(4.0, ANN, 1, C)], {A: 3.0})


def whoever_brings_it(func):
    """Loans are told apart by their connections, not by threads."""
    events = [
        lent(1.0, ANN, 1, A),
        lent(2.0, ANN, 2, B),
        back(3.0, BEN, 2, C),
        back(8.0, ANN, 1, C),
    ]
    wanted(func, "whoever", events, {A: 7.0, B: 1.0})


def cut_at_both_ends(func):
    """Of a loan the part between `begin` and `end` counts, and no other."""
    events = [
        lent(1.0, ANN, 1, A), lent(5.0, BEN, 2, B), back(6.0, ANN, 1, C), back(9.5, BEN, 2, C)
    ]  # fmt: skip
    wanted(func, "cut", events, {A: 2.0, B: 2.0}, 4.0, 7.0)


def around_it(func):
    """A loan that began before and ended after counts all the time in between."""
    events = [lent(1.0, ANN, 1, A), back(9.0, ANN, 1, C)]
    wanted(func, "around", events, {A: 3.0}, 4.0, 7.0)


def without_an_end(func):
    """A loan that does not end in the record counts to `end`."""
    wanted(func, "no end", [lent(2.0, ANN, 1, A), queued(5.0, BEN)], {A: 8.0})


def nothing_of_it(func):
    """A line of which nothing lies in between is left out."""
    events = [
        lent(1.0, ANN, 1, A), back(4.0, ANN, 1, C), lent(5.0, ANN, 1, B), back(6.0, ANN, 1, C),
        lent(7.0, ANN, 1, C),
    ]  # fmt: skip
    assume(same(answer(func, events, 4.0, 7.0).get(B), 1.0))
    wanted(func, "outside", events, {B: 1.0}, 4.0, 7.0)


# --- every short history

_MOVES = (
    (ANN, "lent", 1, A), (BEN, "lent", 1, B), (BEN, "lent", 2, A),
    (ANN, "returned", 1, C), (BEN, "returned", 1, A), (ANN, "returned", 2, C),
    (ANN, "queued", None, A),
)  # fmt: skip


def histories() -> Iterator[tuple]:
    """All possible records of up to three events with three windows, some of four with one.

    Not many, so that an answer that makes a table of each record has the time for it.
    """
    for moves in ((), *sequences(_MOVES, 3, records.possible)):
        for begin, end in ((0.0, 9.0), (1.5, 2.5), (0.0, 0.5)):
            yield records.in_time(moves), begin, end
    for moves in sequences(_MOVES[:6], 4, records.possible):
        if len(moves) == 4:
            yield records.in_time(moves), 1.5, 3.5


def play(func, history: tuple) -> Iterator[Seen]:
    events, begin, end = history
    given = list(events)
    got = func(given, begin, end)
    expect(got, dict, "seconds_held(events, begin, end)")
    yield Seen("it gives", dict(sorted(got.items(), key=str)))
    yield Seen("afterwards the record is as it was:", given == events)


def tell(history: tuple) -> str:
    events, begin, end = history
    return f"The record: {records.told(events, lines=True)}. Between {begin:g} s and {end:g} s"


exercise = Exercise(
    id="capstone.held",
    title="Which line keeps the connections?",
    answer=seconds_held,
    claims=(
        whole_loans,
        of_its_beginning,
        whoever_brings_it,
        cut_at_both_ends,
        around_it,
        without_an_end,
        nothing_of_it,
        Histories(
            "Over every short record, with four windows, it tells the seconds that it should.",
            inputs=histories,
            play=play,
            tell=tell,
        ),
    ),
    hints=(
        "First the loans: from when to when, and of which line. Then what two stretches of time have in common: a loan's, and the one you ask about.",
        'Note under the connection when and where it was lent; "returned" makes a loan of it. The common part of two stretches goes from the later beginning to the earlier end, and there is none if that is negative or zero. What is left in the notes at the end goes on to `end`.',
        "Fill in the blanks.\n\nseconds = min(until, ____) - max(since, ____)\nif seconds > 0:\n    held[where] = held.get(where, ____) + seconds",
    ),
    tellings={
        "added up": "The record: {record:plain}. Two loans of one line, of 5 and of 2 seconds: between {begin} and {end} it should give {want}; it gave {got}.",
        "whose": "The record: {record:plain}. It began at shop.py:10 and was given back at shop.py:99. Between {begin} and {end} it should give {want}; it gave {got}.",
        "whoever": "The record: {record:plain}. Connection 2 was out for 1 second, connection 1 for 7. It should give {want}; it gave {got}.",
        "cut": "The record: {record:plain}. Between {begin} and {end} lie two seconds of the first loan and two of the second. It should give {want}; it gave {got}.",
        "around": "The record: {record:plain}. Between {begin} and {end} it was out all the time. It should give {want}; it gave {got}.",
        "no end": "The record: {record:plain}. Nothing gives it back: between {begin} and {end} it should give {want}; it gave {got}.",
        "outside": "The record: {record:plain}. Between {begin} and {end} only connection 1's second loan counts: one ended at 4, one begins at 7. It should give {want}; it gave {got}.",
    },
    slips=(
        slip(
            "added up",
            "The last loan of a line takes the place of those before; they have to be added up.",
            breaks="whole_loans",
            edit="""
-            held[where] = held.get(where, 0) + seconds
+            held[where] = seconds
""",
        ),
        slip(
            "added up",
            "Loans are counted here, not their seconds.",
            breaks="whole_loans of_its_beginning whoever_brings_it cut_at_both_ends around_it without_an_end",
            edit="""
-            held[where] = held.get(where, 0) + seconds
+            held[where] = held.get(where, 0) + 1
""",
        ),
        slip(
            "whose",
            "The line that gives back is often a `finally` far from the one that borrowed.",
            breaks="of_its_beginning whoever_brings_it cut_at_both_ends around_it",
            edit="""
-            count(*out.pop(connection), at)
+            count(out.pop(connection)[0], where, at)
""",
        ),
        slip(
            "whoever",
            "File the loans under their connection: a thread can have two, and another can bring one back.",
            breaks="whoever_brings_it",
            edit="""
-    for at, _, event, connection, where in events:
+    for at, thread, event, connection, where in events:
         if event == "lent":
-            out[connection] = (at, where)
+            out[thread] = (at, where)
         elif event == "returned":
-            count(*out.pop(connection), at)
+            count(*out.pop(thread, (end, where)), at)
""",
        ),
        slip(
            "cut",
            "What lies before `begin` counts as well.",
            breaks="cut_at_both_ends around_it nothing_of_it",
            edit="""
-        seconds = min(until, end) - max(since, begin)
+        seconds = min(until, end) - since
""",
        ),
        slip(
            "cut",
            "What lies after `end` counts as well.",
            breaks="cut_at_both_ends around_it",
            edit="""
-        seconds = min(until, end) - max(since, begin)
+        seconds = until - max(since, begin)
""",
        ),
        slip(
            "cut",
            "Only loans that lie whole between the two are counted.",
            breaks="cut_at_both_ends around_it",
            edit="""
-        seconds = min(until, end) - max(since, begin)
+        seconds = until - since if begin <= since and until <= end else 0
""",
        ),
        slip(
            "around",
            "A loan counts only if it begins or ends in between; one that lasts from before to after is passed over.",
            breaks="around_it",
            edit="""
-        if seconds > 0:
+        if seconds > 0 and (since >= begin or until <= end):
""",
        ),
        slip(
            "no end",
            "What has not come back when the record ends is not counted at all.",
            breaks="without_an_end",
            edit="""
-    for since, where in out.values():
-        count(since, where, end)
""",
        ),
        slip(
            "no end",
            "It is counted up to the last event. It is out longer than that: up to `end`.",
            breaks="without_an_end",
            edit="""
-    for since, where in out.values():
-        count(since, where, end)
+    for since, where in out.values():
+        count(since, where, events[-1][0])
""",
        ),
        slip(
            "outside",
            "A line with 0 seconds is in your dict. Leave it out: nothing of it lies there.",
            breaks="nothing_of_it",
            edit="""
-        if seconds > 0:
-            held[where] = held.get(where, 0) + seconds
+        held[where] = held.get(where, 0) + max(0, seconds)
""",
        ),
    ),
)
