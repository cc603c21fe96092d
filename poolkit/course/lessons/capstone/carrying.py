"""Exercise capstone.carried: who ended whose transaction?"""

from __future__ import annotations

from collections.abc import Iterator

from poolkit.course.exercises import Exercise, assume, because, expect, same
from poolkit.course.histories import Histories, Seen, sequences
from poolkit.course.lessons.capstone import records
from poolkit.course.lessons.capstone.records import ANN, BEN, CLEO, back, did, lent
from poolkit.course.slips import slip


def carried_on(events):
    """Give the transactions that outlived the loan they began in, in the order in which they ended.

    A list of tuples (connection, began, ended, how). A transaction begins with "BEGIN" and ends
    with "COMMIT" or "ROLLBACK" on the same connection: `began` and `ended` are the threads of the
    two events, `how` is the second one's name. It outlived its loan if there was a "returned" on
    that connection in between, whoever borrowed it next. One that never ends is left out. `events`
    are tuples (at, thread, event, connection, where) in order of time, and stay as they are.
    """
    still_open, returned, carried = {}, set(), []
    for _, thread, event, connection, _ in events:
        if event == "BEGIN":
            still_open[connection] = thread
        elif event == "returned" and connection in still_open:
            returned.add(connection)
        elif event in ("COMMIT", "ROLLBACK"):
            began = still_open.pop(connection)
            if connection in returned:
                returned.remove(connection)
                carried.append((connection, began, thread, event))
    return carried


def answer(func, events: list) -> list:
    got = func(list(events))
    expect(got, list, "carried_on(events)")
    return got


def wanted(func, key: str, events: list, want: list) -> None:
    got = answer(func, events)
    assert same(got, want), because(key, record=records.told(events), want=want, got=got)


def committed_by_the_next(func):
    """A transaction that the next borrower commits is told, with both threads."""
    events = [
        lent(1.0, ANN, 7), did(2.0, ANN, "BEGIN", 7), back(3.0, ANN, 7),
        lent(4.0, BEN, 7), did(5.0, BEN, "COMMIT", 7), back(6.0, BEN, 7),
    ]  # fmt: skip
    wanted(func, "by the next", events, [(7, ANN, BEN, "COMMIT")])


def rolled_back_by_the_next(func):
    """One that the next borrower rolls back is told, too."""
    events = [
        lent(1.0, ANN), did(2.0, ANN, "BEGIN"), back(3.0, ANN),
        lent(4.0, BEN), did(5.0, BEN, "ROLLBACK"), back(6.0, BEN),
    ]  # fmt: skip
    wanted(func, "rolled back", events, [(1, ANN, BEN, "ROLLBACK")])


def ended_within(func):
    """One that ended within its loan is not told."""
    events = [
        lent(1.0, ANN), did(2.0, ANN, "BEGIN"), did(3.0, ANN, "COMMIT"), back(4.0, ANN),
        lent(5.0, BEN), did(6.0, BEN, "BEGIN"), did(7.0, BEN, "ROLLBACK"), back(8.0, BEN),
    ]  # fmt: skip
    wanted(func, "within", events, [])


def by_the_same_thread(func):
    """Whether it outlived its loan is a matter of returns, not of names."""
    events = [
        lent(1.0, ANN), did(2.0, ANN, "BEGIN"), back(3.0, ANN),
        lent(4.0, ANN), did(5.0, ANN, "COMMIT"), back(6.0, ANN),
        lent(7.0, BEN), did(8.0, BEN, "BEGIN"), did(9.0, CLEO, "COMMIT"), back(10.0, BEN),
    ]  # fmt: skip
    wanted(func, "names", events, [(1, ANN, ANN, "COMMIT")])


def through_many_loans(func):
    """It began with the thread of its BEGIN, through however many loans it goes."""
    events = [
        lent(1.0, ANN), did(2.0, ANN, "BEGIN"), back(3.0, ANN),
        lent(4.0, BEN), did(5.0, BEN, "INSERT"), back(6.0, BEN),
        lent(7.0, CLEO), did(8.0, CLEO, "COMMIT"), back(9.0, CLEO),
    ]  # fmt: skip
    wanted(func, "many", events, [(1, ANN, CLEO, "COMMIT")])


def each_connection_by_itself(func):
    """What happens on another connection is another matter."""
    events = [
        lent(1.0, ANN, 1), did(2.0, ANN, "BEGIN", 1), lent(3.0, BEN, 2), did(4.0, BEN, "BEGIN", 2),
        back(5.0, ANN, 1), did(6.0, BEN, "COMMIT", 2), lent(7.0, CLEO, 1),
        did(8.0, CLEO, "ROLLBACK", 1),
    ]  # fmt: skip
    wanted(func, "apart", events, [(1, ANN, CLEO, "ROLLBACK")])


def told_once(func):
    """Once it has ended, the next transaction on that connection is a new one."""
    events = [
        lent(1.0, ANN), did(2.0, ANN, "BEGIN"), back(3.0, ANN),
        lent(4.0, BEN), did(5.0, BEN, "COMMIT"), did(6.0, BEN, "BEGIN"), did(7.0, BEN, "COMMIT"),
    ]  # fmt: skip
    wanted(func, "once", events, [(1, ANN, BEN, "COMMIT")])


def never_ended(func):
    """One that never ends is left out."""
    events = [lent(1.0, ANN), did(2.0, ANN, "BEGIN"), back(3.0, ANN), lent(4.0, BEN)]
    wanted(func, "never", events, [])


def in_order_of_their_ends(func):
    """The one that ended first comes first."""
    events = [
        lent(1.0, ANN, 1), did(2.0, ANN, "BEGIN", 1), back(3.0, ANN, 1),
        lent(4.0, BEN, 2), did(5.0, BEN, "BEGIN", 2), back(6.0, BEN, 2),
        lent(7.0, CLEO, 2), did(8.0, CLEO, "COMMIT", 2), lent(9.0, CLEO, 1),
        did(10.0, CLEO, "COMMIT", 1),
    ]  # fmt: skip
    got = answer(func, events)
    assume(len(got) == 2)
    wanted(func, "order", events, [(2, BEN, CLEO, "COMMIT"), (1, ANN, CLEO, "COMMIT")])


# --- every short history

_HERE = "shop.py:5"


def _moves(who: str, connection: int, *words: str) -> tuple:
    return tuple((who, word, connection, _HERE) for word in words)


_MOVES = (
    *_moves(ANN, 1, "lent", "BEGIN", "INSERT", "COMMIT", "returned"),
    *_moves(BEN, 1, "lent", "BEGIN", "INSERT", "COMMIT", "ROLLBACK", "returned"),
)
_LEFT = (*_moves(ANN, 1, "lent", "BEGIN"), *_moves(BEN, 1, "returned"))
_LEFT_TWICE = (*_LEFT, *_moves(BEN, 2, "lent", "BEGIN", "returned"))
_TWICE = (*_LEFT, *_moves(BEN, 1, "lent", "COMMIT", "BEGIN", "returned"), *_moves(ANN, 1, "lent"))
_TWO = (*_moves(ANN, 1, "lent", "BEGIN"), *_moves(BEN, 2, "lent", "BEGIN"))
_BETWEEN = (*_moves(ANN, 1, "returned", "lent", "COMMIT"), *_moves(BEN, 2, "returned", "COMMIT"))
_BESIDE = (
    *_moves(CLEO, 1, "lent", "COMMIT", "returned"),
    *_moves(ANN, 2, "lent", "ROLLBACK", "BEGIN", "returned"),
)


def _after(*before: tuple):
    """Whether moves can follow those: a transaction begins where none is open, ends where one is."""

    def fits(moves: tuple) -> bool:
        is_open: set[int] = set()
        for _, what, connection, _ in (whole := (*before, *moves)):
            if what in ("BEGIN", "COMMIT", "ROLLBACK", "INSERT"):
                if (what == "BEGIN") == (connection in is_open):
                    return False
                if what != "INSERT":
                    is_open ^= {connection}
        return records.possible(whole)

    return fits


def histories() -> Iterator[list]:
    """All possible records of a few events on one connection; then of what may follow when one or
    two transactions are open, on connections that were given back or not.
    """
    for moves in ((), *sequences(_MOVES, 3, _after())):
        yield records.in_time(moves)
    families = ((_LEFT, _MOVES, 4), (_LEFT_TWICE, _BESIDE, 4), (_TWO, _BETWEEN, 4))
    for left, moves, most in (*families, (_TWICE, _MOVES, 2)):
        for more in sequences(moves, most, _after(*left)):
            yield records.in_time((*left, *more))


def play(func, history: list) -> Iterator[Seen]:
    given = list(history)
    got = func(given)
    expect(got, list, "carried_on(events)")
    yield Seen("it gives", got)
    yield Seen("afterwards the record is as it was:", given == history)


exercise = Exercise(
    id="capstone.carried",
    title="Who ended whose transaction?",
    answer=carried_on,
    claims=(
        committed_by_the_next,
        rolled_back_by_the_next,
        ended_within,
        told_once,
        by_the_same_thread,
        through_many_loans,
        each_connection_by_itself,
        never_ended,
        in_order_of_their_ends,
        Histories(
            "Over every short record it tells the transactions that it should.",
            inputs=histories,
            play=play,
            tell=lambda events: f"The record: {records.told(events)}",
        ),
    ),
    hints=(
        "Follow one connection through the record: BEGIN opens something, COMMIT or ROLLBACK shuts it. What do you have to have noticed in between?",
        "Two notes for each connection: which thread began what is open there, and whether the connection was returned since. COMMIT and ROLLBACK read both notes and clear them.",
        'Fill in the blanks.\n\nif event == "BEGIN":\n    still_open[connection] = thread\nelif event == "returned" and ____:\n    returned.add(connection)\nelif event in ("COMMIT", "ROLLBACK"):\n    began = still_open.pop(connection)\n    if ____:\n        returned.remove(connection)\n        carried.append((connection, ____, thread, event))',
    ),
    tellings={
        "by the next": "The record: {record:plain}. It should give {want}; it gave {got}.",
        "rolled back": "The record: {record:plain}. It should give {want}; it gave {got}.",
        "within": "The record: {record:plain}. Both transactions ended before their connection was given back. It should give {want}; it gave {got}.",
        "names": "The record: {record:plain}. Ann's was open when she gave the connection back; ben's ended, by cleo, before ben did. It should give {want}; it gave {got}.",
        "many": "The record: {record:plain}. There is one BEGIN, ann's. It should give {want}; it gave {got}.",
        "apart": "The record: {record:plain}. On connection 1 the transaction was open at its return; on connection 2 it ended before any return. It should give {want}; it gave {got}.",
        "once": "The record: {record:plain}. The second transaction is ben's own and ended within his loan. It should give {want}; it gave {got}.",
        "never": "The record: {record:plain}. It should give {want}; it gave {got}.",
        "order": "The record: {record:plain}. Ben's ended first, at 8 s. It should give {want}; it gave {got}.",
    },
    slips=(
        slip(
            "by the next",
            "You tell the thread that began it twice; the one that ended it is another.",
            breaks="committed_by_the_next rolled_back_by_the_next through_many_loans each_connection_by_itself told_once in_order_of_their_ends",
            edit="""
-                carried.append((connection, began, thread, event))
+                carried.append((connection, began, began, event))
""",
        ),
        slip(
            "rolled back",
            "A ROLLBACK ends a transaction as a COMMIT does: what it throws away may be somebody else's.",
            breaks="rolled_back_by_the_next each_connection_by_itself",
            edit="""
-        elif event in ("COMMIT", "ROLLBACK"):
-            began = still_open.pop(connection)
-            if connection in returned:
+        elif event in ("COMMIT", "ROLLBACK"):
+            began = still_open.pop(connection)
+            if event == "ROLLBACK":
+                returned.discard(connection)
+            if connection in returned:
""",
        ),
        slip(
            "within",
            "Every transaction is told, also one that ended in its own loan.",
            breaks="ended_within by_the_same_thread each_connection_by_itself told_once",
            edit="""
-            if connection in returned:
-                returned.remove(connection)
-                carried.append((connection, began, thread, event))
+            carried.append((connection, began, thread, event))
""",
        ),
        slip(
            "names",
            "Two different names are no proof, and two equal ones neither: a thread borrows many times.",
            breaks="by_the_same_thread",
            edit="""
-            if connection in returned:
-                returned.remove(connection)
-                carried.append((connection, began, thread, event))
+            if began != thread:
+                carried.append((connection, began, thread, event))
""",
        ),
        slip(
            "many",
            "Whoever borrows the connection next takes the place of the one who began.",
            breaks="through_many_loans",
            edit="""
             still_open[connection] = thread
         elif event == "returned" and connection in still_open:
             returned.add(connection)
+        elif event == "INSERT" and connection in returned:
+            still_open[connection] = thread
""",
        ),
        slip(
            "apart",
            "A return of any connection counts for all of them; keep a note for each.",
            breaks="each_connection_by_itself",
            edit="""
-        elif event == "returned" and connection in still_open:
-            returned.add(connection)
+        elif event == "returned":
+            returned |= set(still_open)
""",
        ),
        slip(
            "once",
            "The note that the connection was returned stays when the transaction has ended, and the next one is judged by it.",
            breaks="by_the_same_thread told_once",
            edit="""
-                returned.remove(connection)
""",
        ),
        slip(
            "never",
            "What is still open at the end has not been ended by anybody.",
            breaks="never_ended",
            edit="""
-    return carried
+    left = [(connection, still_open[connection], None, "") for connection in returned]
+    return carried + left
""",
        ),
        slip(
            "order",
            "They come in the order in which they began.",
            breaks="in_order_of_their_ends",
            edit="""
-            still_open[connection] = thread
+            still_open[connection] = thread, len(still_open) + len(carried)
 ...
-            began = still_open.pop(connection)
+            began, place = still_open.pop(connection)
 ...
-                carried.append((connection, began, thread, event))
-    return carried
+                carried.append((place, (connection, began, thread, event)))
+    return [one for _, one in sorted(carried)]
""",
        ),
    ),
)
