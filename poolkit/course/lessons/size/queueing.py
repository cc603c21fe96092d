"""Exercise size.client: one client's loan, as a process of SimPy's."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from poolkit.course.exercises import Exercise, assume, because
from poolkit.course.histories import Histories, Seen
from poolkit.course.shown import short
from poolkit.course.slips import slip

# simpy is imported where it is used: the other lessons' questions are looked up here, too, and
# whoever has not installed it yet can still work on those.


def client(env, pool, held, patience, waits):
    """Take a place in `pool` for `held` seconds, give it back; wait `patience` seconds at most.

    As soon as the wait is over, append a pair to `waits`: the seconds waited, and True if it got a
    place, False if not. A free place is taken at once, also with a patience of 0. Who got none
    leaves the line at once and holds nothing. If an exception is thrown in meanwhile, it goes its
    way, and leaves no place taken and nobody in line.
    """
    asked = env.now
    with pool.request() as place:
        yield place | env.timeout(patience)
        waits.append((env.now - asked, place.triggered))
        if place.triggered:
            yield env.timeout(held)


@dataclass(frozen=True)
class Visit:
    """A client that comes at second `at`; at second `thrown` an exception is thrown into it."""

    at: float
    held: float
    patience: float = 9.5
    thrown: float | None = None

    def __str__(self) -> str:
        said = f"one comes at {self.at:g} s, with patience for {self.patience:g} s, to hold {self.held:g} s"
        return said + ("" if self.thrown is None else f", and is interrupted at {self.thrown:g} s")


@dataclass
class Stage:
    """What was seen of some visits: for each its pairs and its end, and the pool at each moment."""

    waits: list[list] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)  # at 0.75 s, 1.75 s, 2.75 s …
    in_line: list[int] = field(default_factory=list)
    noted: list[list[int]] = field(default_factory=list)  # how many pairs, at the same moments
    errors: list[BaseException] = field(default_factory=list)  # what a visit raised, if it did
    done: list[list[bool]] = field(default_factory=list)  # who was through, at the same moments

    def pair(self, number: int, who: str = "") -> tuple[float, bool]:
        """The one pair that this visit appended; `who` says which visit it was."""
        pairs = self.waits[number]
        assert len(pairs) == 1, because("pairs", count=len(pairs), who=who)
        return checked(pairs[0])


def checked(pair: object) -> tuple[float, bool]:
    """A pair of a learner's, in its plain form."""
    well = isinstance(pair, (tuple, list)) and len(pair) == 2 and isinstance(pair[1], bool)
    number = well and isinstance(pair[0], (int, float)) and not isinstance(pair[0], bool)
    assert number, because("no pair", got=short(pair))
    return round(float(pair[0]), 6), pair[1]


def plain(pair: object) -> tuple[float, bool] | str:
    """A pair in its plain form; what is none, as text."""
    try:
        return checked(pair)
    except AssertionError:
        return short(pair)


def events_only(process):
    """Pass on what a process yields to SimPy, and what comes back; it has to be an event."""
    import simpy

    value, thrown = None, None
    while True:
        try:
            event = process.send(value) if thrown is None else process.throw(thrown)
        except StopIteration:
            return
        assert isinstance(event, simpy.Event), because("no event", got=short(event))
        value, thrown = None, None
        try:
            value = yield event
        except Exception as error:
            thrown = error


def stage(client, size: int, visits: tuple[Visit, ...], seconds: int = 14) -> Stage:
    """Let SimPy play some visits to a pool of so many places."""
    import simpy

    env = simpy.Environment()
    pool, seen = simpy.Resource(env, size), Stage()
    seen.waits = [[] for _ in visits]
    seen.ends = ["goes on"] * len(visits)

    def visit(number: int, one: Visit):
        if one.at:
            yield env.timeout(one.at)
        try:
            process = client(env, pool, one.held, one.patience, seen.waits[number])
            if inspect.iscoroutine(process):
                process.close()  # or Python warns that nobody has awaited it
            assert inspect.isgenerator(process), because("no process", got=short(process))
            yield from events_only(process)
        except simpy.Interrupt:
            seen.ends[number] = "raises Interrupt"
        except BaseException as error:
            seen.errors.append(error)
            raise
        else:
            seen.ends[number] = "ends"

    def interrupt(process, at: float):
        yield env.timeout(at)
        if process.is_alive:
            process.interrupt()

    for number, one in enumerate(visits):
        process = env.process(visit(number, one))
        if one.thrown is not None:
            env.process(interrupt(process, one.thrown))
    for second in range(seconds):
        try:
            env.run(until=second + 0.75)
        except BaseException:  # SimPy raises a copy, which does not know the learner's line
            if seen.errors:
                raise seen.errors[0] from None
            raise
        seen.taken.append(pool.count)
        seen.in_line.append(len(pool.queue))
        seen.noted.append([len(pairs) for pairs in seen.waits])
        seen.done.append([end != "goes on" for end in seen.ends])
    return seen


def holds_and_gives_back(client):
    """A client holds its place for `held` seconds and then gives it back."""
    seen = stage(client, 1, (Visit(0, 3),))
    until = seen.taken.index(0) if 0 in seen.taken else None
    assert until != 0, "never held"
    assert until is not None, "kept"
    assert until == 3, because("held otherwise", taken=until - 0.25, free=until + 0.75)


def waits_its_turn(client):
    """Who finds no place free waits for one, and notes how long and that it got it."""
    seen = stage(client, 1, (Visit(1, 3), Visit(2, 1)))
    first = seen.pair(0, "A client came at 1 s to a free place.")
    second = seen.pair(1, "One place, taken from 1 s to 4 s. A client came at 2 s.")
    assert first != (1.0, True), "noted the clock"
    assert first == (0.0, True), because("the first", got=first)
    assert second[0] == 2.0, because("waited otherwise", got=second)
    assert second[1], because("no success", got=second)


def notes_it_at_once(client):
    """It notes that as soon as the wait is over, before it holds anything."""
    assume(stage(client, 1, (Visit(0, 3),)).pair(0) == (0.0, True))
    seen = stage(client, 1, (Visit(0, 3),))
    assert seen.noted[0] == [1], "noted late"


def gives_up(client):
    """It waits `patience` seconds at most; who gives up notes it and holds nothing."""
    seen = stage(client, 1, (Visit(0, 5), Visit(0, 3, patience=1.5)))
    got = seen.pair(1, "The only place was taken for 5 s. A client with `patience=1.5` got none.")
    assert got[0] <= 1.5, because("waited longer", waited=got[0])
    assert got == (1.5, False), because("gave up otherwise", got=got)
    assert seen.done[1][1], "goes on"


def leaves_the_line(client):
    """Who gave up is out of the line."""
    seen = stage(client, 1, (Visit(0, 5), Visit(0, 3, patience=1.5)))
    assume(seen.done[1][1])
    assume(seen.waits[1] and checked(seen.waits[1][0]) == (1.5, False))
    assert seen.in_line[1] == 0, because("still in line", count=seen.in_line[1])


def leaves_nothing(client):
    """Whatever is thrown in while it waits or holds, nothing of it stays behind."""
    assume(stage(client, 1, (Visit(0, 3),)).taken[:5] == [1, 1, 1, 0, 0])
    seen = stage(client, 1, (Visit(0, 9, thrown=1.25),))
    assert seen.ends == ["raises Interrupt"], because(
        "swallowed", when="held a place", ends=seen.ends[0]
    )
    assert seen.taken[1] == 0, "place lost"
    seen = stage(client, 1, (Visit(0, 3), Visit(0, 9, thrown=1.25)))
    assert seen.ends[1] == "raises Interrupt", because(
        "swallowed", when="waited", ends=seen.ends[1]
    )
    assert seen.in_line[1] == 0, "stays in line"


# --- every short history


def inputs() -> Iterator[tuple[int, tuple[Visit, ...]]]:
    """One to three visits, to one place or two; arrivals fall on whole seconds, other ends do not."""
    first = [Visit(0, 1), Visit(1, 2), Visit(0, 0), Visit(0, 3, thrown=1.25)]
    then = [
        Visit(at, held, patience) for at in (0, 1) for held in (2, 1) for patience in (9.5, 0.5)
    ]
    thrown = [
        Visit(0, 2, 9.5, 0.25),
        Visit(1, 2, 9.5, 1.5),
        Visit(0, 2, 1.5, 1.25),
        Visit(0, 2, 1.5, 3.25),
    ]
    hurried = Visit(0, 2, 0)
    yield from ((size, (one,)) for size in (1, 2) for one in (*first, *then[:4], hurried))
    yield from ((size, (Visit(0, 3), hurried)) for size in (1, 2))
    for size, one, other in itertools.product((1, 2), first, (*then, *thrown)):
        yield size, (one, other)
    for size, other, third in itertools.product(
        (1, 2), (*then[1::2], *thrown), (Visit(1, 1), Visit(2, 2, 1.5))
    ):
        yield size, (Visit(0, 3), other, third)


def play(client, history: tuple) -> Iterator[Seen]:
    size, visits = history
    seen = stage(client, size, visits, 9)
    for number, one in enumerate(visits):
        name = ("the first", "the second", "the third")[number]
        if one.thrown is None:
            pairs = [plain(pair) for pair in seen.waits[number]]
            yield Seen(f"{name} notes", pairs)
            since = next((t for t, row in enumerate(seen.noted) if row[number]), None)
            yield Seen(f"{name} was", since, _first_seen("to have noted it", since))
        yield Seen(name, seen.ends[number], seen.ends[number])
        through = next((t for t, row in enumerate(seen.done) if row[number]), None)
        yield Seen(f"{name} was", through, _first_seen("to be through", through))
    times = ", ".join(f"{t}.75" for t in range(3))
    yield Seen(f"places taken at {times} s and so on:", seen.taken)
    yield Seen(f"in line at {times} s and so on:", seen.in_line)


def _first_seen(what: str, second: int | None) -> str:
    """When that was seen, by one who looks once a second."""
    return f"never seen {what}" if second is None else f"first seen {what} at {second}.75 s"


def tell(history: tuple) -> str:
    size, visits = history
    said = [f"{size} place{'s' if size > 1 else ''}, seen at 0.75 s, 1.75 s and so on"]
    return "; ".join([*said, *map(str, visits)])


client_exercise = Exercise(
    id="size.client",
    title="One client, as a process",
    answer=client,
    claims=(
        holds_and_gives_back,
        waits_its_turn,
        notes_it_at_once,
        gives_up,
        leaves_the_line,
        leaves_nothing,
        Histories(
            "With one to three clients and one or two places, all that they wait, hold and leave is right.",
            inputs=inputs,
            play=play,
            tell=tell,
        ),
    ),
    hints=(
        "The `with` of the example does most of it: leaving it gives the place back, or leaves the line.",
        "Keep `env.now` from the start. Inside the `with`: yield `place | env.timeout(patience)`, note the pair, and hold only if `place.triggered`.",
        "Fill in the blanks.\n\nasked = env.now\nwith pool.request() as place:\n    yield place | ____\n    waits.append((____, place.triggered))\n    if ____:\n        yield ____",
    ),
    tellings={
        "no process": "`client(…)` gave {got:plain}. A process is made by a function with a `yield` in it; SimPy runs it from one `yield` to the next.",
        "no event": "`client` yielded {got:plain} to SimPy. What it takes are events, such as `env.timeout(…)` and `pool.request()` give them.",
        "pairs": "{who:plain} For it there should be one pair in `waits`; there were {count}.",
        "no pair": "In `waits` stands {got:plain}. A pair is the seconds waited, a number, and True or False.",
        "never held": "A client with `held=3` and `patience=9.5` came at 0 s to a free place. At 0.75 s nobody had it.",
        "kept": "A client with `held=3` and `patience=9.5` came at 0 s to a free place. At 13.75 s it was still taken.",
        "held otherwise": "A client with `held=3` and `patience=9.5` came at 0 s to a free place. At {taken} s it was still taken, and at {free} s free.",
        "noted the clock": "A client that came at 1 s to a free place noted (1.0, True). It waited 0 s.",
        "the first": "A client that came at 1 s to a free place noted {got}, and should note (0.0, True).",
        "waited otherwise": "One place, taken from 1 s to 4 s. A client that came at 2 s noted {got}, and should note (2.0, True).",
        "no success": "One place, taken from 1 s to 4 s. A client that came at 2 s waited until then and noted {got}, and should note (2.0, True).",
        "noted late": "A client that came at 0 s to a free place had noted nothing at 0.75 s. Its wait was over at 0 s.",
        "waited longer": "The only place was taken for 5 s. A client with `patience=1.5` noted a wait of {waited} s.",
        "gave up otherwise": "The only place was taken for 5 s. A client with `patience=1.5` noted {got}, and should note (1.5, False).",
        "goes on": "The only place was taken for 5 s. A client with `patience=1.5` noted at 1.5 s that it got none. At 1.75 s it was not through yet, with nothing to hold.",
        "still in line": "The only place was taken for 5 s. A client gave up at 1.5 s, and at 1.75 s the line had {count} in it.",
        "swallowed": "SimPy's Interrupt was thrown into a client while it {when:plain}. It should come out of it; seen from outside, the client {ends:plain}.",
        "place lost": "A client was interrupted at 1.25 s while it held the only place. At 1.75 s that was still taken.",
        "stays in line": "A client was interrupted at 1.25 s while it waited. At 1.75 s it was still in line.",
    },
    slips=(
        slip(
            "still in line",
            "Nobody called `cancel()` in yours: the request waits on, and is given a place that nobody gives back.",
            breaks="leaves_the_line leaves_nothing",
            edit="""
-    with pool.request() as place:
-        yield place | env.timeout(patience)
-        waits.append((env.now - asked, place.triggered))
-        if place.triggered:
-            yield env.timeout(held)
+    place = pool.request()
+    yield place | env.timeout(patience)
+    waits.append((env.now - asked, place.triggered))
+    if place.triggered:
+        yield env.timeout(held)
+        pool.release(place)
""",
        ),
        slip(
            "place lost",
            "The last lines are not reached when something is thrown in before them: `with` or `finally` is.",
            breaks="leaves_nothing",
            edit="""
-    with pool.request() as place:
-        yield place | env.timeout(patience)
-        waits.append((env.now - asked, place.triggered))
-        if place.triggered:
-            yield env.timeout(held)
+    place = pool.request()
+    yield place | env.timeout(patience)
+    waits.append((env.now - asked, place.triggered))
+    if place.triggered:
+        yield env.timeout(held)
+        pool.release(place)
+    else:
+        place.cancel()
""",
        ),
        slip(
            "waited longer",
            "Nothing in yours ends the wait but a place.",
            breaks="gives_up",
            edit="""
-        yield place | env.timeout(patience)
+        yield place
""",
        ),
        slip(
            "held otherwise",
            "Yours waits until both have happened, the place and the time: `place | env.timeout(patience)` waits for one of the two.",
            breaks="holds_and_gives_back waits_its_turn gives_up",
            edit="""
-        yield place | env.timeout(patience)
+        yield place & env.timeout(patience)
""",
        ),
        slip(
            "held otherwise",
            "Yours noted at 9.5 s, when its patience was over, that it got the place: it waits for all of that time, also where a place comes sooner.",
            breaks="holds_and_gives_back waits_its_turn",
            edit="""
-        yield place | env.timeout(patience)
+        yield env.timeout(patience)
""",
        ),
        slip(
            "pairs",
            "In yours only those are noted that got a place.",
            breaks="gives_up",
            edit="""
-        waits.append((env.now - asked, place.triggered))
         if place.triggered:
+            waits.append((env.now - asked, True))
""",
        ),
        slip(
            "goes on",
            "Yours holds also when it got nothing to hold.",
            breaks="gives_up",
            edit="""
-        if place.triggered:
-            yield env.timeout(held)
+        yield env.timeout(held)
""",
        ),
        slip(
            "noted late",
            "What is noted at the end of the loan is missing as long as the loan lasts.",
            breaks="notes_it_at_once",
            edit="""
-        waits.append((env.now - asked, place.triggered))
+        waited = env.now - asked
         if place.triggered:
             yield env.timeout(held)
+        waits.append((waited, place.triggered))
""",
        ),
        slip(
            "noted the clock",
            "`env.now` is what the clock says, counted from the start of the run.",
            breaks="waits_its_turn",
            edit="""
-        waits.append((env.now - asked, place.triggered))
+        waits.append((env.now, place.triggered))
""",
        ),
        slip(
            "never held",
            "Often a `yield` is missing: `env.timeout(held)` is only an event, and without it nobody waits.",
            breaks="holds_and_gives_back waits_its_turn gives_up",
            edit="""
-            yield env.timeout(held)
+            env.timeout(held)
""",
        ),
        slip(
            "stays in line",
            "Yours looks after what it holds. A request in the line has to be looked after, too: `with` does both.",
            breaks="leaves_nothing",
            edit="""
-    with pool.request() as place:
-        yield place | env.timeout(patience)
-        waits.append((env.now - asked, place.triggered))
-        if place.triggered:
-            yield env.timeout(held)
+    place = pool.request()
+    yield place | env.timeout(patience)
+    waits.append((env.now - asked, place.triggered))
+    if not place.triggered:
+        place.cancel()
+        return
+    try:
+        yield env.timeout(held)
+    finally:
+        pool.release(place)
""",
        ),
        slip(
            "kept",
            "`pool.request()` without `with` is given back by `pool.release(place)`, and by nothing else.",
            breaks="holds_and_gives_back waits_its_turn leaves_the_line",
            edit="""
-    with pool.request() as place:
-        yield place | env.timeout(patience)
-        waits.append((env.now - asked, place.triggered))
-        if place.triggered:
-            yield env.timeout(held)
+    place = pool.request()
+    yield place | env.timeout(patience)
+    waits.append((env.now - asked, place.triggered))
+    if place.triggered:
+        yield env.timeout(held)
""",
        ),
        slip(
            "waited otherwise",
            "The clock has to be read before the wait, too.",
            breaks="waits_its_turn gives_up",
            edit="""
-    asked = env.now
     with pool.request() as place:
         yield place | env.timeout(patience)
+        asked = env.now
""",
        ),
        slip(
            "no success",
            "Right after the request it is not known yet; ask `triggered` after the wait.",
            breaks="waits_its_turn",
            edit="""
-        yield place | env.timeout(patience)
-        waits.append((env.now - asked, place.triggered))
-        if place.triggered:
+        got = place.triggered
+        yield place | env.timeout(patience)
+        waits.append((env.now - asked, got))
+        if got:
""",
        ),
        slip(
            "gave up otherwise",
            "Yours says True whether or not it got a place.",
            breaks="gives_up",
            edit="""
-        waits.append((env.now - asked, place.triggered))
+        waits.append((env.now - asked, True))
""",
        ),
        slip(
            "the first",
            "True stands for a place that it got.",
            breaks="waits_its_turn gives_up",
            edit="""
-        waits.append((env.now - asked, place.triggered))
+        waits.append((env.now - asked, not place.triggered))
""",
        ),
        slip(
            "pairs",
            "Nothing is appended in yours.",
            breaks="waits_its_turn",
            edit="""
-        waits.append((env.now - asked, place.triggered))
""",
        ),
        slip(
            "no pair",
            "The seconds alone do not say how it ended: two values in one pair of brackets.",
            breaks="waits_its_turn",
            edit="""
-        waits.append((env.now - asked, place.triggered))
+        waits.append(env.now - asked)
""",
        ),
        slip(
            "no event",
            "A number of seconds becomes an event by `env.timeout`.",
            breaks="holds_and_gives_back",
            edit="""
-            yield env.timeout(held)
+            yield held
""",
        ),
        slip(
            "no process",
            breaks="holds_and_gives_back",
            edit="""
-        yield place | env.timeout(patience)
-        waits.append((env.now - asked, place.triggered))
-        if place.triggered:
-            yield env.timeout(held)
+        waits.append((0, place.triggered))
+        return env.timeout(held)
""",
        ),
        slip(
            "swallowed",
            "The exception ends in yours, and whoever threw it takes the client for one that went well.",
            breaks="leaves_nothing",
            edit="""
-        yield place | env.timeout(patience)
-        waits.append((env.now - asked, place.triggered))
-        if place.triggered:
-            yield env.timeout(held)
+        try:
+            yield place | env.timeout(patience)
+            waits.append((env.now - asked, place.triggered))
+            if place.triggered:
+                yield env.timeout(held)
+        except Exception:
+            pass
""",
        ),
    ),
    after="These few lines are the whole model. What comes now only starts many of them.",
)
