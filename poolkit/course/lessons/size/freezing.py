"""Exercise size.smallest: the smallest pool in which threads that need several at once cannot freeze."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from poolkit.course.exercises import Exercise, assume, because, expect
from poolkit.course.histories import Histories, Seen
from poolkit.course.lessons import scenes
from poolkit.course.player import Scene, note
from poolkit.course.slips import slip

NAMES = ("ann", "ben", "carl")


def together(pool_class: type, needs: list[int], size: int) -> Scene:
    """Each of ann, ben and carl borrows as many as it needs, one by one, then gives all back."""

    def borrows(need: int):
        def work(pool) -> None:
            held = []
            for _ in range(need):
                held.append(pool.acquire(timeout=None))
                note(f"took {held[-1]}")
            for conn in held:
                pool.release(conn)

        return work

    def setup():
        return scenes.build(pool_class, scenes.Desk().connect, size)

    return Scene(pool_class, setup, dict(zip(NAMES, map(borrows, needs), strict=False)))


def smallest_pool(needs):
    """Give the fewest connections with which threads cannot freeze, however they come.

    `needs` is a list: for each thread, how many connections it must hold at the same time. It
    takes them one by one and gives none back before it has had them all. A thread may need 0.
    A pool has at least 1 connection, also where nobody needs any. Leave the list as it is.
    """
    return 1 + sum(need - 1 for need in needs if need > 0)


def equal_needs(func):
    """Where T threads need C each, it is T * (C - 1) + 1."""
    for threads, each in ((2, 2), (5, 3), (3, 1)):
        needs, want = [each] * threads, threads * (each - 1) + 1
        got = count(func, needs)
        assert got >= want, because(
            "freezes", needs=needs, got=got, lent=short_of(needs), most=want - 1
        )
        assert got == want, because("too many", needs=needs, got=got, want=want)


def different_needs(func):
    """Threads may need different numbers."""
    for needs, want in (([1, 2, 3], 4), ([4, 2], 5)):
        got = count(func, needs)
        assert got >= want, because(
            "freezes", needs=needs, got=got, lent=short_of(needs), most=want - 1
        )
        assert got == want, because("too many", needs=needs, got=got, want=want)


def nothing_needed(func):
    """A thread that needs none changes nothing."""
    assume(count(func, [3, 2]) == 4 and count(func, [1]) == 1)
    got = count(func, [3, 0, 2])
    assert got == 4, because("counts idlers", got=got)
    for needs in ([0, 0], []):
        got = count(func, needs)
        assert got == 1, because("no pool", needs=needs, got=got)


def short_of(needs: list[int]) -> list[int]:
    """What each holds at the worst moment: all but the last of what it needs."""
    return [max(need - 1, 0) for need in needs]


def count(func, needs: list[int]) -> float:
    """What the learner's function gives for a list of its own: a whole number."""
    called = f"smallest_pool({needs})"
    got = func(list(needs))
    expect(got, (int, float), called)
    if got != got or got in (float("inf"), float("-inf")) or got != int(got):
        expect(got, int, called)
    return int(got) if isinstance(got, int) else float(got)


def inputs() -> Iterator[tuple[int, ...]]:
    for length in range(5):
        yield from itertools.product((2, 1, 3, 0, 5), repeat=length)
    yield (2,) * 9
    yield (7, 1, 0, 12, 3, 3, 1)


def play(func, needs: tuple[int, ...]) -> Iterator[Seen]:
    given = list(needs)
    got = func(given)
    size = count(lambda _: got, list(needs))
    yield Seen("it gives", int(size), str(size))
    yield Seen("afterwards the list is", given)


smallest = Exercise(
    id="size.smallest",
    title="The smallest pool that cannot freeze",
    answer=smallest_pool,
    claims=(
        equal_needs,
        different_needs,
        nothing_needed,
        Histories(
            "For every list of up to four threads that need 0 to 5, it gives the smallest pool.",
            inputs=inputs,
            play=play,
            tell=lambda needs: f"Threads that need {list(needs)}",
        ),
    ),
    hints=(
        "Think of the worst moment: everybody holds something, and nobody has all that they need.",
        "At the worst moment each holds one fewer than it needs. How many are out then? With one more, somebody can finish.",
        "Fill in the blank.\n\nreturn ____ + sum(need - 1 for need in needs if ____)",
    ),
    tellings={
        "freezes": "For threads that need {needs} yours gives {got}. When they hold {lent} all {most} are out and everybody lacks one more: so {most}, or fewer, can freeze.",
        "too many": "For threads that need {needs} yours gives {got}. With {want} one of them always gets all that it needs, so {want} cannot freeze.",
        "counts idlers": "For threads that need [3, 0, 2] yours gives {got}. The one that needs none holds none and waits for none: it is 4, as for [3, 2].",
        "no pool": "For threads that need {needs} yours gives {got}. The smallest pool has 1 connection.",
    },
    slips=(
        slip(
            "too many",
            "All needs added up is enough, and more than enough: nobody has to wait at all then.",
            breaks="equal_needs",
            edit="""
-    return 1 + sum(need - 1 for need in needs if need > 0)
+    return max(1, sum(needs))
""",
        ),
        slip(
            "freezes",
            "Yours counts what is out at the worst moment. One more is what ends it.",
            breaks="equal_needs",
            edit="""
-    return 1 + sum(need - 1 for need in needs if need > 0)
+    return sum(need - 1 for need in needs if need > 0)
""",
        ),
        slip(
            "freezes",
            "Yours is enough for the neediest one alone, as if no other came at the same time.",
            breaks="equal_needs",
            edit="""
-    return 1 + sum(need - 1 for need in needs if need > 0)
+    return max([1, *needs])
""",
        ),
        slip(
            "freezes",
            "Yours takes the first thread's need for everybody's.",
            breaks="different_needs",
            edit="""
-    return 1 + sum(need - 1 for need in needs if need > 0)
+    needs = [need for need in needs if need > 0]
+    return len(needs) * (needs[0] - 1) + 1 if needs else 1
""",
        ),
        slip(
            "too many",
            "Yours takes the greatest need for everybody's.",
            breaks="different_needs",
            edit="""
-    return 1 + sum(need - 1 for need in needs if need > 0)
+    needs = [need for need in needs if need > 0]
+    return len(needs) * (max(needs) - 1) + 1 if needs else 1
""",
        ),
        slip(
            "counts idlers",
            "In yours a need of 0 takes one away.",
            breaks="nothing_needed",
            edit="""
-    return 1 + sum(need - 1 for need in needs if need > 0)
+    return max(1, 1 + sum(need - 1 for need in needs))
""",
        ),
        slip(
            "no pool",
            breaks="nothing_needed",
            edit="""
-    return 1 + sum(need - 1 for need in needs if need > 0)
+    return sum(need - 1 for need in needs if need > 0) + any(needs)
""",
        ),
        slip(
            "another history",
            "What the list holds afterwards is not what it held.",
            edit="""
-    return 1 + sum(need - 1 for need in needs if need > 0)
+    while 0 in needs:
+        needs.remove(0)
+    return 1 + sum(need - 1 for need in needs)
""",
        ),
    ),
    after="It is no size to aim for, only one not to fall below. Better still: a thread that gives its first connection back before it asks for another.",
)
