"""Exercise retry.delays: pauses that grow."""

from __future__ import annotations

import contextlib
import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator

from poolkit.course.exercises import Exercise, assume, because, expect, same
from poolkit.course.histories import Histories, Seen
from poolkit.course.shown import short
from poolkit.course.slips import slip


def backoff_delays(attempts, base=0.01, cap=1.0):
    """Give the pauses between attempts, in seconds: base, twice base, four times base, and so on.

    None is longer than cap. Between 4 attempts there are 3 pauses: after the last one nobody
    comes again. Yield them one by one, or return them in a list, and sleep for none of them.
    """
    pause = base
    for _ in range(attempts - 1):
        yield min(pause, cap)
        pause *= 2


def doubles(func):
    """Each pause is twice the one before, and the first is base."""
    got = pauses_of(func, 4, base=0.001)[:3]
    assert not same(got, [0.002, 0.004, 0.008]), "starts doubled"
    assert not same(got, [0.001, 0.002, 0.003]), "adds"
    assert same(got, [0.001, 0.002, 0.004][: len(got)]), because("wrong pauses", got=got)


def one_fewer(func):
    """There is one pause fewer than attempts."""
    for attempts in (4, 1):
        got = len(pauses_of(func, attempts, base=0.001))
        again = len(pauses_of(func, attempts, base=0.001))
        assert got == again, because("another number", attempts=attempts, got=got, again=again)
        assert got != MOST, because("no end", attempts=attempts, most=MOST, want=attempts - 1)
        assert got != attempts, because("one for each attempt", attempts=attempts)
        assert got == attempts - 1, because(
            "how many", attempts=attempts, want=attempts - 1, got=got
        )


def is_capped(func):
    """No pause is longer than cap; where twice the last one would be, it is cap."""
    got = pauses_of(func, 6, base=0.001, cap=0.006)
    assert max(got, default=0) <= 0.006, because("too long", got=got)
    assume(len(pauses_of(func, 6, base=0.001, cap=9)) == 5 and same(got[:3], [0.001, 0.002, 0.004]))
    assert len(got) == 5, because("stops at the cap", got=got)
    assert same(got[3:], [0.006, 0.006]), because("not at the cap", got=got)
    first = pauses_of(func, 3, base=0.005, cap=0.003)
    assert same(first, [0.003, 0.003]), because("first too long", got=first)


def has_defaults(func):
    """Without base and cap it begins with 0.01 s and never exceeds 1 s."""
    assume(same(pauses_of(func, 4, base=0.001)[:1], [0.001]))
    assume(same(pauses_of(func, 2, base=0.005, cap=0.003), [0.003]))
    first, longest = pauses_of(func, 4)[:1], pauses_of(func, 2, base=1.5)
    assert same(first, [0.01]), because("wrong base", first=first)
    assert same(longest, [1.0]), because("wrong cap", longest=longest)


def only_gives(func):
    """It gives numbers and sleeps for none of them."""
    assume(pauses_of(func, 3, base=0.001) is not None)
    with noting_sleeps() as slept:
        list(itertools.islice(func(3, base=0.001), MOST))
    assert not slept, because("slept", slept=len(slept))


MOST = 50  # so many are looked at


def pauses_of(func, attempts: int, **settings: float) -> list[float]:
    """The pauses, at most `MOST` of them; they may come in a list or one by one."""
    called = in_words(((attempts,), settings))
    with time_sleep_notes():
        return _numbers(func(attempts, **settings), called)


def _numbers(got: object, called: str) -> list[float]:
    assert got is not None, because("gave nothing", called=called)
    if not hasattr(type(got), "__iter__") or isinstance(got, (str, dict)):
        expect(got, list, called.strip("`"))
    pauses = list(itertools.islice(got, MOST))
    for pause in pauses:
        assert is_number(pause), because("no number", called=called, got=pause)
    return [float(pause) for pause in pauses]


def is_number(value: object) -> bool:
    """Whether it can be slept: an int or a float, and no bool."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class Slept(BaseException):
    """The answer was about to sleep, and nobody waits for it."""


@contextlib.contextmanager
def noting_sleeps(refuse: bool = False) -> Iterator[list]:
    """Note every sleep of this thread, under whatever name `time.sleep` was imported.

    They are slept, so what is called under it should ask for milliseconds; or, if told to `refuse`,
    they raise Slept: a thread that sleeps cannot be ended.
    """
    slept, before, really = [], sys.getprofile(), time.sleep

    def look(frame, event, what) -> None:
        if event == "c_call" and what is really:
            slept.append(frame.f_code.co_name)
            if refuse:
                raise Slept  # in place of the call

    sys.setprofile(look)
    try:
        yield slept
    finally:
        sys.setprofile(before)


@contextlib.contextmanager
def time_sleep_notes(note: Callable[[float], object] | None = None) -> Iterator[list[float]]:
    """In this thread `time.sleep` only notes for how long: many calls are tried."""
    slept, here, really = [], threading.get_ident(), time.sleep
    note = note or slept.append

    def noted(seconds: float) -> None:
        note(seconds) if threading.get_ident() == here else really(seconds)

    time.sleep = noted
    try:
        yield slept
    finally:
        time.sleep = really


# --- every short history: a call is its arguments, by place and by name

Call = tuple[tuple, dict]
_SETTINGS = (
    {}, {"base": 0.02}, {"cap": 0.03}, {"base": 0.02, "cap": 0.05}, {"base": 0.02, "cap": 0.08},
    {"base": 0.02, "cap": 0.02}, {"base": 0.02, "cap": 0.01}, {"cap": 0.005}, {"base": 0},
    {"cap": 0}, {"base": 0, "cap": 0}, {"base": 1, "cap": 8}, {"base": 3, "cap": 100},
    {"base": 0.3}, {"base": 1.0}, {"base": 2.5}, {"base": 0.7, "cap": 0.6},
)  # fmt: skip


def calls() -> Iterator[tuple[Call, ...]]:
    """One call at a time, with more and more attempts; then two, of which pauses come in turn."""
    alone = [((n,), some) for n in (1, 2, 3, 4, 5, 6, 9) for some in _SETTINGS]
    by_place = [((n, *some.values()), {}) for n in (2, 4) for some in _SETTINGS if "base" in some]
    yield from ((call,) for call in alone + by_place)
    few = [((n,), some) for n in (1, 3, 4) for some in ({}, {"base": 0.02, "cap": 0.05})]
    yield from itertools.product(few, few)


def in_words(call: Call) -> str:
    """A call as one writes it."""
    place, named = call
    said = [*map(str, place), *(f"{name}={value}" for name, value in named.items())]
    return f"`backoff_delays({', '.join(said)})`"


def tell_calls(history: tuple[Call, ...]) -> str:
    """A history in words."""
    said = [in_words(call) for call in history]
    return said[0] if len(said) == 1 else f"{said[0]} and {said[1]}, a pause of each in turn"


def play_calls(func, history: tuple[Call, ...]) -> Iterator[Seen]:
    """Call it, and take what it gives: of two, a pause of each in turn."""
    names = ["it gives"] if len(history) == 1 else ["the first gives", "the second gives"]
    try:
        with noting_sleeps(refuse=True), time_sleep_notes() as slept:
            given = [func(*place, **named) for place, named in history]
            taken = _in_turn([iter(one if isinstance(one, Iterable) else ()) for one in given])
    except Slept:
        yield Seen("it calls", "`time.sleep`", "`time.sleep`, and was stopped there")
        return
    for name, one, pauses in zip(names, given, taken, strict=True):
        if isinstance(one, Iterable):
            yield Seen(
                name, [float(p) if is_number(p) else short(p) for p in pauses], _told(pauses)
            )
        else:
            yield Seen(name, short(one), short(one))
    yield Seen("calls of `time.sleep`:", len(slept))


def _in_turn(pauses: list[Iterator]) -> list[list]:
    taken: list[list] = [[] for _ in pauses]
    ends = object()
    for _ in range(MOST):
        for one, mine in zip(pauses, taken, strict=True):
            if (pause := next(one, ends)) is not ends:
                mine.append(pause)
    return taken


def _told(pauses: list) -> str:
    more = f" and more, {len(pauses)} or above" if len(pauses) > 9 else ""
    return f"{short(pauses[:9])}{more}"


delays = Exercise(
    id="retry.delays",
    title="Pauses that grow",
    answer=backoff_delays,
    claims=(
        doubles,
        one_fewer,
        is_capped,
        has_defaults,
        only_gives,
        Histories(
            "Over every short call, alone or two at once, it gives the pauses that the text says, and sleeps for none.",
            inputs=calls,
            play=play_calls,
            tell=tell_calls,
        ),
    ),
    names=("base", "cap"),
    hints=(
        "Keep the next pause in a variable and double it each time round. How often do you go round for 4 attempts?",
        "Let the variable grow freely, and give out the smaller of it and `cap`. With `yield` in the loop you need no list.",
        "Fill in the two blanks.\n\npause = base\nfor _ in range(____):\n    yield min(pause, ____)\n    pause *= 2",
    ),
    tellings={
        "gave nothing": "{called:plain} gave None. It should give the numbers, one by one with `yield` or all in a list.",
        "starts doubled": "`backoff_delays(4, base=0.001)` gave 0.002, 0.004, 0.008: it begins with twice base, not with base.",
        "adds": "`backoff_delays(4, base=0.001)` gave 0.001, 0.002, 0.003. Twice the one before would be 0.001, 0.002, 0.004.",
        "wrong pauses": "`backoff_delays(4, base=0.001)` should give 0.001, 0.002 and 0.004; yours begins {got}.",
        "one for each attempt": "`backoff_delays({attempts}, base=0.001)` gave as many pauses as attempts. There is none after the last attempt, when nobody will try again.",
        "no number": "Among the pauses of {called:plain} is {got}. A pause is a number of seconds, ready to be slept.",
        "no end": "`backoff_delays({attempts}, base=0.001)` gave {most} pauses at least. Between {attempts} attempts there are {want}.",
        "how many": "`backoff_delays({attempts}, base=0.001)` should give as many pauses as there are gaps between the attempts, {want}; yours gave {got}.",
        "another number": "`backoff_delays({attempts}, base=0.001)` gave {got} pauses, and the same call a moment later {again}.",
        "slept": "`backoff_delays(3, base=0.001)` called `time.sleep`, {slept} times. It only gives the numbers; whoever calls it decides whether to sleep, and a test does not want to.",
        "too long": "`backoff_delays(6, base=0.001, cap=0.006)` gave {got}. None may be longer than 0.006.",
        "stops at the cap": "`backoff_delays(6, base=0.001, cap=0.006)` gave {got}. Between 6 attempts there are 5 pauses, with a cap as well as without.",
        "not at the cap": "`backoff_delays(6, base=0.001, cap=0.006)` gave {got}. Twice 0.004 is above the cap, so from there on the pause is 0.006 itself.",
        "first too long": "`backoff_delays(3, base=0.005, cap=0.003)` should give 0.003 twice, since the cap holds from the first pause on; yours gave {got}.",
        "wrong base": "`backoff_delays(4)` should begin with 0.01; yours begins {first}.",
        "wrong cap": "`backoff_delays(2, base=1.5)` should give 1.0, the default of `cap`; yours gives {longest}.",
    },
    slips=(
        slip(
            "starts doubled",
            "The first pause is base itself.",
            breaks="doubles",
            edit="""
-        yield min(pause, cap)
         pause *= 2
+        yield min(pause, cap)
""",
        ),
        slip(
            "adds",
            "The same is added each time.",
            breaks="doubles",
            edit="""
-        pause *= 2
+        pause += base
""",
        ),
        slip(
            "wrong pauses",
            "Each is the one before, squared.",
            breaks="doubles",
            edit="""
-        pause *= 2
+        pause **= 2
""",
        ),
        slip(
            "wrong pauses",
            "They never grow.",
            breaks="doubles",
            edit="""
-        pause *= 2
""",
        ),
        slip(
            "one for each attempt",
            breaks="one_fewer",
            edit="""
-    for _ in range(attempts - 1):
+    for _ in range(attempts):
""",
        ),
        slip(
            "no end",
            breaks="one_fewer",
            edit="""
-    for _ in range(attempts - 1):
+    while True:
""",
        ),
        slip(
            "how many",
            "That is two fewer than attempts.",
            breaks="one_fewer",
            edit="""
-    for _ in range(attempts - 1):
+    for _ in range(attempts - 2):
""",
        ),
        slip(
            "how many",
            "However many attempts there are, it gives one pause at most. Often a `return` in the loop is why: it ends the whole function.",
            breaks="one_fewer",
            edit="""
-        yield min(pause, cap)
-        pause *= 2
+        return [min(pause, cap)]
+    return []
""",
        ),
        slip(
            "too long",
            "`cap` changes nothing. Without one the tenth pause is 512 times the first.",
            breaks="is_capped",
            edit="""
-        yield min(pause, cap)
+        yield pause
""",
        ),
        slip(
            "stops at the cap",
            "Reaching the cap is no reason to stop trying.",
            breaks="is_capped",
            edit="""
-        yield min(pause, cap)
+        if pause > cap:
+            return
+        yield pause
""",
        ),
        slip(
            "not at the cap",
            "It stays at the last pause that was within the cap.",
            breaks="is_capped",
            edit="""
-        yield min(pause, cap)
-        pause *= 2
+        yield pause
+        if pause * 2 <= cap:
+            pause *= 2
""",
        ),
        slip(
            "first too long",
            "All but the first keep to it.",
            breaks="is_capped",
            edit="""
-        yield min(pause, cap)
-        pause *= 2
+        yield pause
+        pause = min(pause * 2, cap)
""",
        ),
        slip(
            "wrong base",
            "The defaults stand in the signature.",
            breaks="has_defaults",
            edit="""
-def backoff_delays(attempts, base=0.01, cap=1.0):
+def backoff_delays(attempts, base=0.1, cap=1.0):
""",
        ),
        slip(
            "wrong cap",
            "The defaults stand in the signature.",
            breaks="has_defaults",
            edit="""
-def backoff_delays(attempts, base=0.01, cap=1.0):
+def backoff_delays(attempts, base=0.01, cap=10.0):
""",
        ),
        slip(
            "gave nothing",
            "It sleeps for the pauses and gives none of them.",
            breaks="doubles",
            edit="""
-        yield min(pause, cap)
+        time.sleep(min(pause, cap))
""",
        ),
        slip(
            "gave nothing",
            "Often they are printed, or kept in a list that is not returned: whoever calls it cannot use those.",
            breaks="doubles",
            edit="""
-        yield min(pause, cap)
+        print(min(pause, cap))
""",
        ),
        slip(
            "wrong type",
            "One number: all the pauses are asked for.",
            breaks="doubles",
            edit="""
-        yield min(pause, cap)
         pause *= 2
+    return min(pause, cap)
""",
        ),
        slip(
            "no number",
            "It is text: leave the unit away.",
            breaks="doubles",
            edit="""
-        yield min(pause, cap)
+        yield f"{min(pause, cap)} s"
""",
        ),
        slip(
            "slept",
            breaks="only_gives",
            edit="""
+        time.sleep(min(pause, cap))
         yield min(pause, cap)
""",
        ),
        slip(
            "another history",
            "With a base of 0 the default comes in its place. Often that is because 0 counts as false.",
            edit="""
-    pause = base
+    pause = base or 0.01
""",
        ),
    ),
    after="Pauses that are only numbers can be tested without waiting.",
)
