"""Every short history: what is tried, what counts as a difference, and how it is told."""

import pytest

from poolkit.course.checking import examine
from poolkit.course.exercises import Exercise, expect
from poolkit.course.histories import Histories, Seen, call, grid, sequences
from poolkit.course.lessons.simple import Lender
from poolkit.course.pools import (
    ACQUIRE,
    FIRST,
    LAST,
    listed,
    loans,
    play_loans,
    still_open,
    tell_loans,
)
from tests.double import double, doubles


def play(func, arguments):
    yield call("it", func, **arguments)


def numbers(most: int = 4) -> Histories:
    return Histories(
        "Of every small number it makes the double.",
        inputs=lambda: grid(number=range(most)),
        play=play,
        tell=lambda arguments: f"`double({arguments['number']})`",
    )


def told(thing, claim: Histories) -> str:
    exercise = Exercise("simple.double", "", double, (doubles, claim), ("", "", ""), {})
    return examine(exercise, thing).story


def test_an_answer_like_ours_keeps_the_claim():
    assert told(lambda number: number + number, numbers()) == ""


def test_the_shortest_history_that_differs_is_told_with_both_outcomes():
    square = told(lambda number: number * number + (number == 3) * -3, numbers())

    assert square == "`double(1)`. Yours: it gives 1. Ours: it gives 2."


def test_what_it_raises_is_compared_by_class_and_told_with_their_line():
    def fails_at_two(number):
        if number == 2:
            raise LookupError("no two")
        return number * 2

    story = told(fails_at_two, numbers())

    assert story.startswith("`double(2)`. Yours: it raises LookupError, at your line")
    assert "`raise LookupError" in story
    assert story.endswith("Ours: it gives 4.")


def test_another_type_of_the_same_value_is_a_difference():
    assert "Yours: it gives True. Ours: it gives 2" not in told(lambda n: n * 2, numbers())
    assert told(lambda number: number * 2 or False, numbers()).startswith(
        "`double(0)`. Yours: it gives False."
    )


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_no_exception_escapes(kind):
    def double(number):
        if number == 1:
            raise kind
        return number * 2

    assert kind.__name__ in told(double, numbers())


def test_ending_early_or_late_is_a_difference():
    def count(func, history):
        yield from (Seen("then", n) for n in func(history))

    counts = Histories("It counts.", inputs=lambda: [1, 2], play=count)
    counts.answer = range

    assert counts.first_difference(range) is None
    assert counts.first_difference(lambda n: range(min(n, 1))).theirs == "nothing more happens"
    assert counts.first_difference(lambda n: range(n + 1)).ours == "nothing more happens"


def test_a_wrong_kind_of_thing_is_told_as_such():
    def insist(func, arguments):
        got = func(**arguments)
        expect(got, int, "double(…)")
        yield Seen("it gives", got)

    claim = Histories("Numbers.", inputs=lambda: grid(number=[0]), play=insist)
    claim.answer = double

    assert (
        "`double(…)` should give an int; it gave 'x'."
        in claim.first_difference(lambda number: "x").theirs
    )


def test_two_answers_behave_alike_or_not():
    claim = numbers()

    assert claim.behave_alike(lambda number: number, lambda number: number + 0)
    assert not claim.behave_alike(lambda number: number, lambda number: min(number, 2))


def test_a_grid_begins_with_the_first_of_each_and_leaves_nothing_out():
    tried = list(grid(a=[0, 1, 2], b=["", "x"]))

    assert tried[0] == {"a": 0, "b": ""}
    assert tried[-1] == {"a": 2, "b": "x"}
    assert len(tried) == 6


def test_sequences_come_in_order_of_length_and_only_as_they_fit():
    fits = lambda moves: moves.count("back") <= moves.count("lend")  # noqa: E731

    tried = list(sequences(("lend", "back"), 2, fits))

    assert tried == [("lend",), ("lend", "lend"), ("lend", "back")]


def test_a_claim_may_try_several_histories_at_once_and_is_compared_all_the_same():
    class AtOnce(Histories):
        def observe_all(self, thing):
            return iter([[Seen("it gives", thing(number))] for number in range(4)])

    claim = AtOnce(
        "Of every small number it makes the double.",
        inputs=lambda: grid(number=range(4)),
        play=play,
        tell=lambda arguments: f"`double({arguments['number']})`",
    )

    assert told(lambda number: number + number, claim) == ""
    assert (
        told(lambda number: 6 if number == 3 else 1, claim)
        == "`double(0)`. Yours: it gives 1. Ours: it gives 0."
    )
    assert claim.behave_alike(double, lambda number: 2 * number)
    assert not claim.behave_alike(double, abs)


def test_a_history_of_loans_begins_with_none_and_leaves_nothing_impossible_in():
    tried = [moves for _, moves in loans([5], 2, [("rush", 3)])]

    assert tried[0] == ()
    assert (ACQUIRE, LAST) not in tried, "the last of one is the first"
    assert {(ACQUIRE, FIRST), (("rush", 3), ACQUIRE)} <= set(tried)


@pytest.mark.parametrize(
    ("moves", "words"),
    [
        ((), "before anything is done"),
        ((ACQUIRE, ACQUIRE, FIRST), "`acquire`, `acquire`, give back the oldest loan"),
        ((ACQUIRE,) * 3, "`acquire` (3 times)"),
        (("stats", ("shrink", 1)), "`stats`, `shrink(1)`"),
        ((("rush", 4),), "4 are borrowed at once and given back in the same order"),
    ],
)
def test_a_history_of_loans_in_words(moves, words):
    assert tell_loans((2, moves)).removeprefix("With `pool_size=2`").strip(":, ") == words


def test_connections_in_words_name_those_that_are_not_the_pools_own():
    assert listed([]) == "none"
    assert listed([2, 1]) == "connections 2, 1"
    assert listed([1, 0]) == "connection 1 and 1 that `_connect` did not open for it"


def test_two_pools_that_share_a_shelf_are_told_apart_from_ours():
    shelf = []

    class Shared(Lender):
        def __init__(self, config):
            super().__init__(config)
            self._idle = shelf

    claim = Histories(
        "Loans.", inputs=lambda: loans([5], 2), play=play_loans(still_open), tell=tell_loans
    )
    claim.answer = Lender

    found = claim.first_difference(Shared)

    assert found.history == "With `pool_size=5`: `acquire`, give back the oldest loan"
    assert "did not open for it" in found.theirs
