"""Exercise compare.candidates: which pools keep what you need?"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator

from poolkit.course.exercises import Exercise, assume, because, expect, same
from poolkit.course.histories import Histories, Seen
from poolkit.course.slips import slip


def candidates(cells, needs):
    """List the names of the pools that keep every promise in the list `needs`.

    `cells[pool][promise]` is "kept", "broken", "not offered" or "not judged". Only "kept" will do,
    and a pool that has no cell for a promise does not keep it. The names come in the order of
    `cells`; where nothing is needed, all of them. `cells` and `needs` stay as they are.
    """
    return [
        pool
        for pool, found in cells.items()
        if all(found.get(promise) == "kept" for promise in needs)
    ]


WORDS = ("kept", "broken", "not offered", "not judged")


def named(func, cells: dict, needs: list) -> list:
    """The names that the learner's function lists."""
    got = func(copy.deepcopy(cells), list(needs))
    expect(got, list, "candidates(cells, needs)")
    return got


def keeps_what_is_kept(func):
    """A pool that keeps what is needed is listed, and one that breaks it is not."""
    cells = {"A": {"order": "kept"}, "B": {"order": "broken"}, "C": {"order": "kept"}}
    got = named(func, cells, ["order"])
    assert "B" not in got, because("listed a broken one", got=got)
    assert same(sorted(map(str, got)), ["A", "C"]), because("another list", got=got)


def wants_all(func):
    """Every promise that is needed has to be kept, not only one of them."""
    cells = {
        "A": {"order": "kept", "fork": "broken"},
        "B": {"order": "broken", "fork": "kept"},
        "C": {"order": "kept", "fork": "kept"},
    }
    got = named(func, cells, ["order", "fork"])
    assert "C" in got, because("left out", got=got)
    extra = [one for one in got if one != "C"]
    assert not extra, because("one of two", got=got)


def only_kept_will_do(func):
    """What is not offered, or not judged, is not kept."""
    for word in ("not offered", "not judged"):
        got = named(func, {"A": {"order": word}, "B": {"order": "kept"}}, ["order"])
        assert "A" not in got, because("took it for kept", word=word, got=got)


def no_cell_is_not_kept(func):
    """A pool that has no cell for a promise does not keep it."""
    cells = {"A": {}, "B": {"order": "kept"}}
    try:
        got = named(func, cells, ["order"])
    except KeyError:
        raise AssertionError("no cell") from None
    assert "A" not in got, because("took none for kept", got=got)


def in_their_order(func):
    """The names come in the order of the matrix."""
    cells = {name: {"order": "kept"} for name in ("D", "B", "E", "A")}
    got = named(func, cells, ["order"])
    assume(same(sorted(map(str, got)), ["A", "B", "D", "E"]))
    assert same(got, ["D", "B", "E", "A"]), because("another order", got=got)


def leaves_them_alone(func):
    """The cells and the needs are as they were."""
    cells = {"A": {"order": "broken"}, "B": {"order": "kept"}}
    needs = ["order"]
    func(cells, needs)
    assert same(cells, {"A": {"order": "broken"}, "B": {"order": "kept"}}), because(
        "changed cells", cells=cells
    )
    assert same(needs, ["order"]), because("changed needs", needs=needs)


def _histories() -> Iterator[tuple]:
    """Up to three pools, named out of order, with up to two promises, and what may be needed."""
    for needs in ([], ["p"]):
        for words in itertools.product((*WORDS, None), repeat=2):
            yield _cells(zip("BA", words, strict=True)), needs
    yield {}, []
    yield {}, ["p"]
    for one, other in itertools.product((*WORDS, None), repeat=2):
        for needs in (["p", "q"], ["q", "p"], ["q"], ["p", "p"]):
            yield {"C": _row(one, other), "A": _row("kept", "kept"), "B": _row(other, one)}, needs
    yield {"A": {"p": "kept", "q": "broken"}}, ["r"]


def _cells(pairs) -> dict:
    return {name: _row(word) for name, word in pairs}


def _row(*words: str | None) -> dict:
    return {name: word for name, word in zip("pq", words, strict=False) if word is not None}


def _told(history: tuple) -> str:
    cells, needs = history
    return f"With cells {cells} and needs {needs}"


def _play(func, history: tuple) -> Iterator[Seen]:
    cells, needs = copy.deepcopy(history)
    got = func(cells, needs)
    expect(got, list, "candidates(cells, needs)")
    yield Seen("it lists", got)
    yield Seen("afterwards the cells are", cells)
    yield Seen("and the needs", needs)


every_short_history = Histories(
    "For every small matrix it lists the same pools.", inputs=_histories, play=_play, tell=_told
)

choose = Exercise(
    id="compare.candidates",
    title="Which of them keep what you need?",
    answer=candidates,
    claims=(
        keeps_what_is_kept,
        wants_all,
        only_kept_will_do,
        no_cell_is_not_kept,
        in_their_order,
        leaves_them_alone,
        every_short_history,
    ),
    hints=(
        "Two loops, one inside the other: over the pools, and for each pool over what is needed.",
        "`all(… for promise in needs)` is True if every one holds, and of an empty list too. `found.get(promise)` gives None where there is no cell.",
        "One line for each pool:\n\nif all(found.get(____) == ____ for promise in needs)",
    ),
    tellings={
        "listed a broken one": 'A and C keep "order", B breaks it. Needed is "order", and the list is {got}.',
        "another list": 'A and C keep "order", B breaks it. Needed is "order", and the list is {got}.',
        "left out": 'A keeps "order", B keeps "fork", C keeps both. Needed are both, and the list is {got}.',
        "one of two": 'A keeps "order", B keeps "fork", C keeps both. Needed are both, and the list is {got}.',
        "took it for kept": 'Of A, "order" is {word}; B keeps it. Needed is "order", and the list is {got}.',
        "no cell": 'A has no cell for "order", B keeps it. Needed is "order": KeyError was raised.',
        "took none for kept": 'A has no cell for "order", B keeps it. Needed is "order", and the list is {got}.',
        "another order": 'D, B, E, A stand in the matrix in this order and keep "order". The list is {got}.',
        "changed cells": "After the call the cells were {cells}.",
        "changed needs": 'Needed was ["order"]. After the call the list of needs was {needs}.',
    },
    slips=(
        slip(
            "one of two",
            "`any` is content with one of them.",
            breaks="wants_all",
            edit="""
-        if all(found.get(promise) == "kept" for promise in needs)
+        if any(found.get(promise) == "kept" for promise in needs)
""",
        ),
        slip(
            "took it for kept",
            "Not broken is not yet kept: what a pool does not offer was never asked of it.",
            breaks="only_kept_will_do no_cell_is_not_kept",
            edit="""
-        if all(found.get(promise) == "kept" for promise in needs)
+        if all(found.get(promise) != "broken" for promise in needs)
""",
        ),
        slip(
            "took it for kept",
            '"not judged" says that nothing is known.',
            breaks="only_kept_will_do",
            edit="""
-        if all(found.get(promise) == "kept" for promise in needs)
+        if all(found.get(promise) in ("kept", "not judged") for promise in needs)
""",
        ),
        slip(
            "no cell",
            "`found[promise]` insists that there is one; `found.get(promise)` does not.",
            breaks="no_cell_is_not_kept",
            edit="""
-        if all(found.get(promise) == "kept" for promise in needs)
+        if all(found[promise] == "kept" for promise in needs)
""",
        ),
        slip(
            "took none for kept",
            "A cell that is missing counts as kept.",
            breaks="no_cell_is_not_kept",
            edit="""
-        if all(found.get(promise) == "kept" for promise in needs)
+        if all(found.get(promise, "kept") == "kept" for promise in needs)
""",
        ),
        slip(
            "another order",
            "They are sorted by name.",
            breaks="in_their_order",
            edit="""
-    return [
+    return sorted(
...
-    ]
+    )
""",
        ),
        slip(
            "listed a broken one",
            "It lists those that do not keep it.",
            breaks="keeps_what_is_kept wants_all only_kept_will_do no_cell_is_not_kept",
            edit="""
-        if all(found.get(promise) == "kept" for promise in needs)
+        if not all(found.get(promise) == "kept" for promise in needs)
""",
        ),
        slip(
            "another list",
            "One name, not all of them.",
            breaks="keeps_what_is_kept",
            edit="""
     return [
...
-    ]
+    ][:1]
""",
        ),
        slip(
            "another history",
            "Where nothing is needed every pool will do.",
            edit="""
-        if all(found.get(promise) == "kept" for promise in needs)
+        if needs and all(found.get(promise) == "kept" for promise in needs)
""",
        ),
    ),
    after="`all` of nothing is True: who needs nothing can take any of them.",
)
