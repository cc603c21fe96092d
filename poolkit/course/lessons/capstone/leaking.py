"""Exercise capstone.leak: which loans never came back?"""

from __future__ import annotations

from collections.abc import Iterator

from poolkit.course.exercises import Exercise, assume, because, expect, same
from poolkit.course.histories import Histories, Seen, sequences
from poolkit.course.lessons.capstone import records
from poolkit.course.lessons.capstone.records import ANN, BEN, CLEO, back, lent, queued
from poolkit.course.slips import slip


def never_returned(events, longer_than):
    """Give the loans that have no end, as a list of tuples (thread, connection, at), oldest first.

    `events` are tuples (at, thread, event, connection, where), in order of time. A loan begins with
    "lent"; it ends with "returned" on the same connection, whichever thread that comes from. A loan
    without an end counts only if it began more than `longer_than` seconds before the last event of
    the record, whatever that event is. `events` stays as it is.
    """
    out = {}
    for at, thread, event, connection, _ in events:
        if event == "lent":
            out[connection] = (thread, connection, at)
        elif event == "returned":
            del out[connection]
    return [loan for loan in out.values() if events[-1][0] - loan[2] > longer_than]


def answer(func, events: list, longer_than: float) -> list:
    got = func(list(events), longer_than)
    expect(got, list, f"never_returned(events, {longer_than:g})")
    return got


def wanted(func, key: str, events: list, want: list, longer_than: float = 1.0) -> None:
    got = answer(func, events, longer_than)
    assert same(got, want), because(
        key, record=records.told(events), want=want, got=got, longer=longer_than
    )


def open_ones(func):
    """A loan without an end is told, with its thread, its connection and when it began."""
    wanted(func, "no end", [lent(2.0, ANN, 7), queued(9.0, BEN)], [(ANN, 7, 2.0)])


def ended_ones(func):
    """A loan with an end is not told."""
    wanted(func, "ended", [lent(1.0, ANN), back(2.0, ANN), queued(9.0, BEN)], [])


def whoever_brings_it(func):
    """A loan is over when its connection comes back, from whichever thread."""
    events = [lent(1.0, ANN, 1), lent(2.0, ANN, 2), back(3.0, BEN, 2), queued(9.0, CLEO)]
    wanted(func, "whoever", events, [(ANN, 1, 1.0)])


def lent_again(func):
    """A connection that is lent again is a new loan of its new borrower."""
    events = [lent(1.0, ANN), back(2.0, ANN), lent(3.0, BEN), queued(9.0, CLEO)]
    wanted(func, "again", events, [(BEN, 1, 3.0)])


def old_enough(func):
    """A loan counts if it began more than `longer_than` seconds before the last event."""
    events = [lent(1.0, ANN, 1), lent(4.0, BEN, 2), lent(5.0, CLEO, 3), queued(7.0, "dan")]
    assume(answer(func, events, 0.5))
    wanted(func, "young", events, [(ANN, 1, 1.0)], 3.0)


def oldest_first(func):
    """The oldest loan comes first."""
    events = [lent(1.0, CLEO, 3), lent(2.0, ANN, 2), lent(3.0, BEN, 1), queued(9.0, "dan")]
    got = answer(func, events, 1.0)
    assume(len(got) == 3 and {loan[0] for loan in got} == {ANN, BEN, CLEO})
    wanted(func, "order", events, [(CLEO, 3, 1.0), (ANN, 2, 2.0), (BEN, 1, 3.0)])


# --- every short history

_MOVES = (
    (ANN, "lent", 1, "shop.py:1"), (BEN, "lent", 1, "shop.py:1"), (BEN, "lent", 2, "shop.py:1"),
    (ANN, "returned", 1, "shop.py:9"), (BEN, "returned", 1, "shop.py:9"),
    (ANN, "returned", 2, "shop.py:9"), (CLEO, "queued", None, "shop.py:1"),
)  # fmt: skip


def histories() -> Iterator[tuple[list, float]]:
    """All possible records of up to three events, with two settings, and some of four.

    Not many, so that an answer that makes a table of each record has the time for it.
    """
    for moves in ((), *sequences(_MOVES, 3, records.possible)):
        for longer_than in (0.0, 1.0):
            yield records.in_time(moves), longer_than
    for moves in sequences(_MOVES[:6], 3, records.possible):
        if len(moves) == 3:
            yield records.in_time((*moves, _MOVES[6])), 0.5


def play(func, history: tuple) -> Iterator[Seen]:
    events, longer_than = history
    given = list(events)
    got = func(given, longer_than)
    expect(got, list, "never_returned(events, longer_than)")
    yield Seen("it gives", got)
    yield Seen("afterwards the record is as it was:", given == events)


def tell(history: tuple) -> str:
    events, longer_than = history
    return f"The record: {records.told(events)}. With `longer_than={longer_than:g}`"


exercise = Exercise(
    id="capstone.leak",
    title="The loans that never came back",
    answer=never_returned,
    claims=(
        open_ones,
        ended_ones,
        whoever_brings_it,
        lent_again,
        old_enough,
        oldest_first,
        Histories(
            "Over every short record it tells the loans that it should.",
            inputs=histories,
            play=play,
            tell=tell,
        ),
    ),
    hints=(
        "Walk through the record once, and keep a note of what is out at that moment. What is the note filed under, so that a return finds it?",
        'A dict, by connection: "lent" writes (thread, connection, at) into it, "returned" takes it out. What is left at the end are the loans without an end; then look how old each is when the last event happens.',
        'Fill in the blanks.\n\nout = {}\nfor at, thread, event, connection, where in events:\n    if event == "lent":\n        out[____] = (thread, connection, at)\n    elif event == "returned":\n        del ____\nreturn [loan for loan in out.values() if events[-1][0] - ____ > longer_than]',
    ),
    tellings={
        "no end": "The record: {record:plain}. Nothing else is in the record. With `longer_than={longer}` it should give {want}; it gave {got}.",
        "ended": "The record: {record:plain}. That loan has ended. With `longer_than={longer}` it should give {want}; it gave {got}.",
        "whoever": "The record: {record:plain}. Connection 2 was brought back by another thread, and connection 1 is still out. It should give {want}; it gave {got}.",
        "again": "The record: {record:plain}. The first loan has ended, the second has not. It should give {want}; it gave {got}.",
        "young": "The record: {record:plain}. The last event is at 7 s, so that the three loans are 6, 3 and 2 seconds old. With `longer_than={longer}` it should give {want}; it gave {got}.",
        "order": "The record: {record:plain}. It should give {want}; it gave {got}.",
    },
    slips=(
        slip(
            "no end",
            "What is told of a loan is its thread, its connection and when it began, in this order.",
            breaks="open_ones whoever_brings_it lent_again old_enough",
            edit="""
-            out[connection] = (thread, connection, at)
+            out[connection] = (connection, thread, at)
""",
        ),
        slip(
            "ended",
            "Every loan that ever began stays noted; a return has to take it out.",
            breaks="ended_ones whoever_brings_it",
            edit="""
-        elif event == "returned":
-            del out[connection]
""",
        ),
        slip(
            "whoever",
            "File the loans under their connection. A thread can have two, and another thread can bring one back.",
            breaks="whoever_brings_it",
            edit="""
-            out[connection] = (thread, connection, at)
+            out[thread] = (thread, connection, at)
         elif event == "returned":
-            del out[connection]
+            out.pop(thread, None)
""",
        ),
        slip(
            "whoever",
            "You look for thread and connection together. Whoever brings it back, the loan is over.",
            breaks="whoever_brings_it",
            edit="""
-            out[connection] = (thread, connection, at)
+            out[thread, connection] = (thread, connection, at)
         elif event == "returned":
-            del out[connection]
+            out.pop((thread, connection), None)
""",
        ),
        slip(
            "again",
            "A connection that came back once is out of your sight from then on, also when it is lent again.",
            breaks="lent_again",
            edit="""
-    out = {}
+    out, ended = {}, set()
 ...
-            del out[connection]
-    return [loan for loan in out.values() if events[-1][0] - loan[2] > longer_than]
+            ended.add(connection)
+    return [
+        loan
+        for connection, loan in out.items()
+        if connection not in ended and events[-1][0] - loan[2] > longer_than
+    ]
""",
        ),
        slip(
            "young",
            "A loan that is as old as `longer_than` is not older.",
            breaks="old_enough",
            edit="""
-    return [loan for loan in out.values() if events[-1][0] - loan[2] > longer_than]
+    return [loan for loan in out.values() if events[-1][0] - loan[2] >= longer_than]
""",
        ),
        slip(
            "young",
            "`longer_than` is not looked at: what was lent a moment ago counts as a leak.",
            breaks="old_enough",
            edit="""
-    return [loan for loan in out.values() if events[-1][0] - loan[2] > longer_than]
+    return list(out.values())
""",
        ),
        slip(
            "no end",
            "A loan's age is counted up to the last loan, not to the last event of the record.",
            breaks="open_ones whoever_brings_it lent_again",
            edit="""
-    return [loan for loan in out.values() if events[-1][0] - loan[2] > longer_than]
+    last = max((at for at, _, event, _, _ in events if event == "lent"), default=0)
+    return [loan for loan in out.values() if last - loan[2] > longer_than]
""",
        ),
        slip(
            "order",
            "Sorted like this, the threads' names or the connections' numbers decide; what counts is when a loan began.",
            breaks="oldest_first",
            edit="""
-    return [loan for loan in out.values() if events[-1][0] - loan[2] > longer_than]
+    return sorted(loan for loan in out.values() if events[-1][0] - loan[2] > longer_than)
""",
        ),
        slip(
            "order",
            "The youngest comes first.",
            breaks="oldest_first",
            edit="""
-    return [loan for loan in out.values() if events[-1][0] - loan[2] > longer_than]
+    return [loan for loan in out.values() if events[-1][0] - loan[2] > longer_than][::-1]
""",
        ),
    ),
)
