"""Exercise watch.alarm: which loans have been out for too long?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from poolkit.course.exercises import Exercise, WrongType, assume, because, expect
from poolkit.course.histories import Histories, Seen
from poolkit.course.lessons.watch.logs import BACK, LENT, Move, log_of, reading, short_logs, tell
from poolkit.course.shown import short
from poolkit.course.slips import slip


def overdue(events, now, limit):
    """Give the loans that at `now` have been out for `limit` seconds or longer.

    A new list of their "lent" events, as they stand in `events`, the one that is out longest
    first. What has come back is not overdue, however long it was out. `events` is a list of Event,
    in order, to be read only. It may be empty, and it may have been cut: a return whose loan is
    not in it changes nothing.
    """
    out = {}
    for event in events:
        if event.what == "lent":
            out[event.conn] = event
        elif event.what == "returned":
            out.pop(event.conn, None)
    late = [event for event in out.values() if now - event.at >= limit]
    return sorted(late, key=lambda event: event.at)


# The clock at the first event of a log; the next ones follow a second apart. No clock of this
# machine has come so far, so that who reads one instead of `now` is told from who asks none.
BEGAN = 1e10


def found(func, moves: tuple[Move, ...], limit: float, after: float) -> list[tuple[float, int]]:
    """When and which connection: the loans given so many seconds after the log began."""
    log = log_of(moves, BEGAN)
    got = reading(func, log, BEGAN + after, limit)
    if not isinstance(got, tuple):  # which will do as well
        expect(got, list, "overdue(events, now, limit)")
    return [_pair(one, log) for one in got]


def _pair(one: object, log: list) -> tuple[float, int]:
    if not isinstance(one, tuple) or one not in log:
        raise WrongType(f"Each should be an event as it stands in `events`; one is {short(one)}.")
    return one.at - BEGAN, one.conn


def in_words(loans: list) -> str:
    """Loans as they are told."""
    if len(loans) > 4:
        return f"{len(loans)} of them"
    named = (f"the loan of {conn}" if conn else "an event that is no loan" for _, conn in loans)
    return ", ".join(named) or "none"


def finds_what_is_out(func):
    """A loan that is out for long enough is found, and one that came back is not."""
    moves = ((LENT, 7), (LENT, 4), (BACK, 4))
    got = found(func, moves, limit=3.0, after=8.0)
    assert (1, 4) not in got, because("came back", got=in_words(got))
    assert got == [(0, 7)], because("not found", got=in_words(got))
    between = ((LENT, 7), ("waited", 7))
    assert found(func, between, limit=3.0, after=8.0) == [(0, 7)], "others end it"
    again = ((LENT, 7), (BACK, 7), (LENT, 7))
    got = found(func, again, limit=2.0, after=8.0)
    assert got == [(2, 7)], because("lent again", got=in_words(got), how_many=len(got))


def gives_a_new_list(func):
    """What was given once stays as it was, whatever is asked later."""
    log = log_of(((LENT, 7),), BEGAN)
    first = reading(func, log, BEGAN + 8.0, 3.0)
    expect(first, (list, tuple), "overdue(events, now, limit)")
    before = list(first)
    assume(len(before) == 1)
    reading(func, log_of(((LENT, 4), (LENT, 9)), BEGAN), BEGAN + 8.0, 3.0)
    kept = len(before) == len(first) and all(map(lambda one, other: one is other, before, first))
    assert kept, because("not new", before=len(before), after=len(first))


def measures_to_now(func):
    """How long is measured up to `now`, and `limit` itself is too long already."""
    moves = ((LENT, 7),)
    early, exact = (found(func, moves, limit=4.0, after=after) for after in (3.5, 4.0))
    assert early == [], "too early"
    assert exact == [(0, 7)], "exact"
    busy = (*moves, (LENT, 4), (BACK, 4), (LENT, 9), (BACK, 9))
    assert found(func, busy, limit=6.0, after=8.0) == [(0, 7)], "till the last event"


def longest_first(func):
    """The one that is out longest comes first."""
    moves = ((LENT, 4), (BACK, 4), (LENT, 7), (LENT, 4), (LENT, 9))
    got = found(func, moves, limit=1.0, after=8.0)
    assume(sorted(got) == [(2, 7), (3, 4), (4, 9)])
    assert got == [(2, 7), (3, 4), (4, 9)], because("order", got=in_words(got))


def is_silent_in_a_rush(func):
    """Waits in vain, and any number of short loans, are no leak."""
    moves = []
    for _ in range(10):
        moves += [(LENT, 7), (LENT, 4), ("timed out", 0), ("waited", 9), (BACK, 7), (BACK, 4)]
    got = found(func, tuple(moves), limit=6.0, after=60.0)
    assert got == [], because("rush", got=in_words(got))


def takes_a_log_that_was_cut(func):
    """A return whose loan is not in the log changes nothing."""
    got = found(func, ((BACK, 7), (LENT, 4)), limit=2.0, after=8.0)
    assert got == [(1, 4)], because("cut", got=in_words(got))


Input = tuple[tuple[Move, ...], float, float]


def inputs() -> Iterator[Input]:
    """Short logs, looked at soon and late; few enough for an answer that makes tables of them."""
    for moves in short_logs(3, others=(("timed out", 0),), cut=True):
        last = max(len(moves) - 1, 0)
        yield moves, 1.0, last
        if ("timed out", 0) not in moves:
            yield moves, 2.5, last + 1.5
    for moves in short_logs(4):
        if len(moves) == 4:
            yield moves, 2.0, 3.0
    for what in ("opened", "waited", "closed", "discarded", "timed out"):
        yield ((what, 7), (LENT, 4)), 1.0, 8.0
    yield ((LENT, 7), ("waited", 7)), 1.0, 8.0
    for moves, limit in itertools.product(short_logs(3), (0.0, 60.0)):
        yield moves, limit, 60.0


def play(func, given: Input) -> Iterator[Seen]:
    """What is found in a log."""
    moves, limit, after = given
    got = found(func, moves, limit, after)
    yield Seen("`overdue` gives", [list(pair) for pair in got], in_words(got))
    if len(moves) > 2:
        return
    log = log_of(moves, BEGAN)
    one, other = (func(log, BEGAN + after, limit) for _ in range(2))
    yield Seen("asked twice, it gives", one is other and isinstance(one, list), _twice(one, other))


def _twice(one: object, other: object) -> str:
    return "the same list again" if one is other else "a list each time"


def tell_input(given: Input) -> str:
    """A log, and when it is looked at, in words."""
    moves, limit, after = given
    return f"{tell(moves)}, a second apart. {after:g} s after the first one, with limit {limit:g}"


alarm = Exercise(
    id="watch.alarm",
    title="An alarm for leaks",
    answer=overdue,
    claims=(
        finds_what_is_out,
        gives_a_new_list,
        measures_to_now,
        longest_first,
        is_silent_in_a_rush,
        takes_a_log_that_was_cut,
        Histories(
            "Over every short log, at any moment and with any limit, it finds what the text says.",
            inputs=inputs,
            play=play,
            tell=tell_input,
        ),
    ),
    hints=(
        "What is out at the end of the log? Keep it while you go through: a loan comes in, its return takes it out again.",
        "A dict from the connection's number to its event. Afterwards keep those for which `now - event.at` is at least `limit`, and sort them by `event.at`.",
        'Fill in the three blanks.\n\nout = {}\nfor event in events:\n    if event.what == "lent":\n        out[event.conn] = event\n    elif ____:\n        ____\nlate = [event for event in out.values() if ____]\nreturn sorted(late, key=lambda event: event.at)',
    ),
    tellings={
        "came back": "The log says: lent 7, lent 4, returned 4. With a limit of 3 s, and 8 s after it began, 4 is back; yours gives {got:plain}.",
        "not found": "The log says: lent 7, lent 4, returned 4. With a limit of 3 s, and 8 s after it began, 7 has been out for 8 s and is the only one; yours gives {got:plain}.",
        "others end it": "The log says: lent 7, waited 7. Only a return ends a loan, so that 7 is still out after 8 s; with a limit of 3 s yours does not give it.",
        "changed the log": "Afterwards the log is not as it was. Others read it, too: leave it as it is.",
        "not new": "Called twice, for two logs. After the second call the list that the first one gave is not as it was: it held {before} event, and now holds {after}. Make a new one in each call.",
        "lent again": "Connection 7 was lent, came back, and was lent again 6 s ago. With a limit of 2 s only that second loan is overdue; yours gives {how_many} loans.",
        "too early": "A loan has been out for 3.5 s, and the limit is 4 s. It is not overdue yet, and yours gives it.",
        "exact": "A loan has been out for 4 s, and so long is the limit: overdue. Yours does not give it.",
        "till the last event": "7 was lent 8 s before `now`, and the last event stands 4 s before `now`. With a limit of 6 s the loan of 7 is overdue, and nothing else; yours says something else.",
        "order": "7 has been out longest, then 4, then 9. Yours gives them as: {got:plain}.",
        "rush": "For a minute two were lent and came back four seconds later, over and over, while others waited in vain. With a limit of 6 s nothing is overdue; yours gives {got:plain}.",
        "cut": "The log was cut and begins with a return of 7; then 4 was lent, 7 s ago. With a limit of 2 s that is the only one; yours gives {got:plain}.",
    },
    slips=(
        slip(
            "came back",
            "Yours gives loans that came back, too.",
            breaks="finds_what_is_out measures_to_now is_silent_in_a_rush",
            edit="""
-        elif event.what == "returned":
-            out.pop(event.conn, None)
""",
        ),
        slip(
            "exact",
            "The text says `limit` seconds or longer, so that just `limit` counts, too.",
            breaks="measures_to_now",
            edit="""
-    late = [event for event in out.values() if now - event.at >= limit]
+    late = [event for event in out.values() if now - event.at > limit]
""",
        ),
        slip(
            "too early",
            "Yours gives whatever is out, whatever the limit is.",
            breaks="measures_to_now",
            edit="""
-    late = [event for event in out.values() if now - event.at >= limit]
+    late = out.values()
""",
        ),
        slip(
            "not found",
            "Yours measures up to the last event of the log. Time goes on after it: `now` is the end.",
            breaks="finds_what_is_out measures_to_now takes_a_log_that_was_cut",
            edit="""
     out = {}
+    now = events[-1].at if events else now
""",
        ),
        slip(
            "not found",
            "Yours gives nothing, whatever was tried. Often a clock is read there: how long is measured up to `now`, which is handed over.",
            breaks="finds_what_is_out measures_to_now takes_a_log_that_was_cut",
            edit="""
     out = {}
+    import time
+    now = time.monotonic()
""",
        ),
        slip(
            "came back",
            "In these logs another thread gives back than the one that borrowed. What a loan and its return have in common is `conn`.",
            breaks="finds_what_is_out measures_to_now is_silent_in_a_rush",
            edit="""
-            out[event.conn] = event
+            out[event.thread] = event
         elif event.what == "returned":
-            out.pop(event.conn, None)
+            out.pop(event.thread, None)
""",
        ),
        slip(
            "not new",
            breaks="gives_a_new_list",
            edit="""
-def overdue(events, now, limit):
+def overdue(events, now, limit, late=[]):
...
-    late = [event for event in out.values() if now - event.at >= limit]
-    return sorted(late, key=lambda event: event.at)
+    late[:] = [event for event in out.values() if now - event.at >= limit]
+    return late
""",
        ),
        slip(
            "order",
            "In yours the one that was lent last comes first.",
            breaks="longest_first",
            edit="""
-    return sorted(late, key=lambda event: event.at)
+    return sorted(late, key=lambda event: -event.at)
""",
        ),
        slip(
            "order",
            "In yours they come in the order of their connections' numbers.",
            breaks="longest_first",
            edit="""
-    return sorted(late, key=lambda event: event.at)
+    return sorted(late, key=lambda event: event.conn)
""",
        ),
        slip(
            "not found",
            "Yours gives loans that took long and came back. Those are slow; a leak never comes back.",
            breaks="finds_what_is_out measures_to_now takes_a_log_that_was_cut",
            edit="""
-    out = {}
+    out, late = {}, []
...
-            out.pop(event.conn, None)
-    late = [event for event in out.values() if now - event.at >= limit]
+            lent = out.pop(event.conn, None)
+            if lent and event.at - lent.at >= limit:
+                late.append(lent)
""",
        ),
        slip(
            "raised KeyError",
            "What may be missing is taken out of a dict by `pop(key, None)`, out of a set by `discard`.",
            breaks="takes_a_log_that_was_cut",
            edit="""
-            out.pop(event.conn, None)
+            del out[event.conn]
""",
        ),
        slip(
            "others end it",
            'In yours whatever is no "lent" is taken for a return.',
            breaks="finds_what_is_out",
            edit="""
-        elif event.what == "returned":
+        else:
""",
        ),
        slip(
            "rush",
            'Yours gives every "timed out" as well. They say that somebody waited, not who keeps what.',
            breaks="is_silent_in_a_rush",
            edit="""
-    late = [event for event in out.values() if now - event.at >= limit]
+    late = [event for event in out.values() if now - event.at >= limit]
+    late += [event for event in events if event.what == "timed out"]
""",
        ),
        slip(
            "wrong type",
            "Give the events themselves, so that whoever is called knows thread, line and time.",
            breaks="finds_what_is_out",
            edit="""
-    return sorted(late, key=lambda event: event.at)
+    return [event.line for event in sorted(late, key=lambda event: event.at)]
""",
        ),
    ),
    after="It asks what has not come back, and for how long. No number of `stats()` says that.",
)
