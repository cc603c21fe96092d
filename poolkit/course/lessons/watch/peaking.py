"""Exercise watch.peak: how many were out at once?"""

from __future__ import annotations

from collections.abc import Iterator

from poolkit.course.exercises import Exercise, because, expect
from poolkit.course.histories import Histories, Seen
from poolkit.course.lessons.watch.logs import BACK, LENT, Move, log_of, reading, short_logs, tell
from poolkit.course.slips import slip


def peak(events):
    """Give how many connections were out at the same time, at most, by this log.

    Out is what was "lent" and has not been "returned" since. `events` is a list of Event, in
    order, to be read only. One that was cut by `most=` may hold a return whose loan is not in
    it: that changes nothing. In an empty log it is 0.
    """
    out = set()
    highest = 0
    for event in events:
        if event.what == "lent":
            out.add(event.conn)
        elif event.what == "returned":
            out.discard(event.conn)
        highest = max(highest, len(out))
    return highest


def given(func, moves: tuple[Move, ...]) -> int:
    """What is given for the log of some moves."""
    got = reading(func, log_of(moves))
    if isinstance(got, float) and got.is_integer():
        got = int(got)
    expect(got, int, "peak(events)")
    return got


def counts_what_is_out(func):
    """What is out at the same time counts; what came back counts no more."""
    one_by_one = ((LENT, 7), (BACK, 7), (LENT, 4), (BACK, 4), (LENT, 9))
    assert (got := given(func, one_by_one)) == 1, because("one by one", got=got)
    both = ((LENT, 7), (LENT, 4))
    assert (got := given(func, both)) == 2, because("both", got=got)


def remembers_the_highest(func):
    """It is the most there ever were, not what is out at the end."""
    gone = ((LENT, 7), (LENT, 4), (LENT, 9), (BACK, 7), (BACK, 4), (BACK, 9))
    assert (got := given(func, gone)) == 3, because("all came back", got=got)


def skips_other_events(func):
    """Only loans and returns count."""
    moves = (
        ("opened", 7), (LENT, 7), ("opened", 4), ("waited", 7), ("timed out", 0),
        ("connect failed", 0), (BACK, 7), ("closed", 7), ("discarded", 4),
    )  # fmt: skip
    assert (got := given(func, moves)) == 1, because("others counted", got=got)
    between = ((LENT, 7), ("waited", 7), (LENT, 4))
    assert (got := given(func, between)) == 2, because("others end it", got=got)


def takes_a_log_that_was_cut(func):
    """A return whose loan is not in the log changes nothing, and an empty log gives 0."""
    assert (got := given(func, ())) == 0, because("empty", got=got)
    cut = ((BACK, 7), (LENT, 4), (BACK, 9), (LENT, 7))
    assert (got := given(func, cut)) == 2, because("cut", got=got)


def inputs() -> Iterator[tuple[Move, ...]]:
    """Few enough for an answer that makes a table of each."""
    yield from short_logs(3, others=(("timed out", 0),), cut=True)
    yield from (moves for moves in short_logs(5) if len(moves) > 3)
    for what in ("opened", "waited", "closed", "discarded", "connect failed"):
        yield (what, 7), (LENT, 4)
        yield (LENT, 7), (BACK, 7), (what, 7), (LENT, 4)
    yield (LENT, 7), ("waited", 7), (LENT, 4)


def play(func, moves: tuple[Move, ...]) -> Iterator[Seen]:
    """What is given for a log."""
    yield Seen("`peak` gives", given(func, moves))


peaking = Exercise(
    id="watch.peak",
    title="The most at once",
    answer=peak,
    claims=(
        counts_what_is_out,
        remembers_the_highest,
        skips_other_events,
        takes_a_log_that_was_cut,
        Histories(
            "Over every short log, whole or cut, it gives what the text says.",
            inputs=inputs,
            play=play,
            tell=tell,
        ),
    ),
    hints=(
        "Go through the events once and keep in mind what is out. Is it enough to know how many are out, or do you have to know which?",
        'A set of connection numbers: "lent" adds one, "returned" takes one away if it is there. After each step compare its length with the highest so far.',
        'Fill in the two blanks.\n\nif event.what == "lent":\n    out.add(event.conn)\nelif event.what == "returned":\n    ____\nhighest = ____',
    ),
    tellings={
        "one by one": "Three connections were lent one after the other, each when the last had come back. At no moment more than 1 was out; yours gives {got}.",
        "both": "Two were lent and none had come back. That is 2 at once; yours gives {got}.",
        "all came back": "Three were lent, then all three came back. At one moment all 3 were out; yours gives {got}.",
        "others counted": "One connection was lent and came back. Around it stood events of other kinds, an opened one and a wait in vain among them. At most 1 was out; yours gives {got}.",
        "others end it": "The log says: lent 7, waited 7, lent 4. Nothing came back, so that 2 are out; yours gives {got}. Only a return ends a loan.",
        "changed the log": "Afterwards the log is not as it was. Others read it, too: leave it as it is.",
        "empty": "Nothing is in the log. Then the most is 0; yours gives {got}.",
        "cut": "The log was cut and says: returned 7, lent 4, returned 9, lent 7. At its end 4 and 7 are out, which is the most; yours gives {got}.",
    },
    slips=(
        slip(
            "one by one",
            "Yours counts every loan there ever was. What came back has to be taken off.",
            breaks="counts_what_is_out",
            edit="""
-    out = set()
+    out = []
...
-            out.add(event.conn)
-        elif event.what == "returned":
-            out.discard(event.conn)
+            out.append(event.conn)
""",
        ),
        slip(
            "one by one",
            "Yours counts the connections that were ever lent. That is more than were out at once, for example where one was closed and another opened.",
            breaks="counts_what_is_out",
            edit="""
             out.add(event.conn)
-        elif event.what == "returned":
-            out.discard(event.conn)
""",
        ),
        slip(
            "one by one",
            'That log has loans and returns, and nothing was "opened" in it. What is open may lie idle: out is what was lent.',
            breaks="counts_what_is_out remembers_the_highest skips_other_events takes_a_log_that_was_cut",
            edit="""
-        if event.what == "lent":
+        if event.what == "opened":
             out.add(event.conn)
-        elif event.what == "returned":
+        elif event.what in ("closed", "discarded"):
""",
        ),
        slip(
            "one by one",
            "In these logs another thread gives back than the one that borrowed. What a loan and its return have in common is `conn`.",
            breaks="counts_what_is_out remembers_the_highest",
            edit="""
-            out.add(event.conn)
+            out.add(event.thread)
         elif event.what == "returned":
-            out.discard(event.conn)
+            out.discard(event.thread)
""",
        ),
        slip(
            "all came back",
            "That is what is out at the end. Keep the highest number besides.",
            breaks="remembers_the_highest skips_other_events",
            edit="""
-        highest = max(highest, len(out))
-    return highest
+    return len(out)
""",
        ),
        slip(
            "others counted",
            'In yours an "opened" connection is counted as if it were lent.',
            breaks="skips_other_events",
            edit="""
-        if event.what == "lent":
+        if event.what in ("lent", "opened"):
""",
        ),
        slip(
            "others counted",
            "In yours whatever is no return is counted as a loan.",
            breaks="skips_other_events",
            edit="""
-        if event.what == "lent":
+        if event.what != "returned":
             out.add(event.conn)
-        elif event.what == "returned":
+        else:
""",
        ),
        slip(
            "others end it",
            'In yours whatever is no "lent" is taken for a return.',
            breaks="skips_other_events",
            edit="""
-        elif event.what == "returned":
+        else:
""",
        ),
        slip(
            "cut",
            "In yours one is subtracted for each return, whether or not its loan was counted. Keep which ones are out, not only how many.",
            breaks="takes_a_log_that_was_cut",
            edit="""
-    out = set()
     highest = 0
+    out = 0
...
-            out.add(event.conn)
+            out += 1
         elif event.what == "returned":
-            out.discard(event.conn)
-        highest = max(highest, len(out))
+            out -= 1
+        highest = max(highest, out)
""",
        ),
        slip(
            "cut",
            "In yours the number stops at 0, and still goes down for returns whose loan was never counted. Keep which ones are out, not only how many.",
            breaks="takes_a_log_that_was_cut",
            edit="""
-    out = set()
     highest = 0
+    out = 0
...
-            out.add(event.conn)
+            out += 1
         elif event.what == "returned":
-            out.discard(event.conn)
-        highest = max(highest, len(out))
+            out = max(0, out - 1)
+        highest = max(highest, out)
""",
        ),
        slip(
            "raised KeyError",
            "What may be missing is taken out of a set by `discard`, out of a dict by `pop(key, None)`.",
            breaks="takes_a_log_that_was_cut",
            edit="""
-            out.discard(event.conn)
+            out.remove(event.conn)
""",
        ),
        slip(
            "empty",
            breaks="takes_a_log_that_was_cut",
            edit="""
-    highest = 0
+    highest = 1
""",
        ),
        slip(
            "both",
            breaks="counts_what_is_out remembers_the_highest skips_other_events takes_a_log_that_was_cut",
            edit="""
-            out.discard(event.conn)
-        highest = max(highest, len(out))
-    return highest
+            out.discard(event.conn)
+        highest = highest or len(out)
+    return highest
""",
        ),
    ),
    after="To keep which ones are out is little work, and right where a number alone goes astray: in a log whose beginning was thrown away.",
)
