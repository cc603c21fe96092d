"""A slip is an edit of the answer, and speaks only of answers that behave as it does."""

import pytest

from poolkit.course.checking import _card, examine
from poolkit.course.exercises import Exercise, assume, because
from poolkit.course.slips import Misfit, edited
from tests.double import EVEN

SOURCE = "def double(number):\n    if number:\n        return number * 2\n    return 0\n"


def test_lines_go_and_come_where_the_edit_says():
    assert edited(SOURCE, "\n-    return 0\n+    return None\n").endswith("    return None\n")
    assert edited(SOURCE, "\n     if number:\n+        number += 1\n").count("\n") == 5


def test_an_edit_may_have_several_places():
    both = edited(SOURCE, "\n-    if number:\n+    if not number:\n...\n-    return 0\n")

    assert "if not number" in both
    assert "return 0" not in both


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ("\n-    return 1\n", "found 0 times"),
        ("\n+    return 1\n", "needs a line"),
        ("\nreturn 1\n", "begins with"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(edit, said):
    with pytest.raises(Misfit, match=said):
        edited(SOURCE, edit)


def test_an_edit_that_fits_twice_is_refused():
    with pytest.raises(Misfit, match="found 2 times"):
        edited("a = 1\na = 1\n", "\n-a = 1\n")


def test_what_a_slip_says_is_told_to_an_answer_that_behaves_as_it_does():
    verdict = examine(EVEN, lambda number: number + 0)

    assert verdict.story == "`double(3)` gave 3. It adds nothing."
    assert verdict.slip is not None


def test_an_answer_that_differs_anywhere_hears_only_what_came_out():
    verdict = examine(EVEN, lambda number: number if number else 7)

    assert verdict.story == "`double(3)` gave 3."
    assert verdict.slip is None


def test_a_claim_that_stands_on_a_broken_one_is_not_judged():
    verdict = examine(EVEN, lambda number: number)

    assert verdict.marks == ["broken", "unjudged", "broken"]


def test_what_fails_only_by_raising_is_not_judged_after_a_broken_claim():
    verdict = examine(EVEN, lambda number: "x")

    assert verdict.marks == ["broken", "unjudged", "broken"]


def only_large(func):
    """Of what is more than 100, it is more."""
    assume(func(3) > 100)


def is_double(func):
    """It is the double."""
    if func(3) != 6:
        raise AssertionError("odd")


def test_a_claim_that_has_nothing_to_stand_on_leaves_the_story_to_a_broken_one():
    claims = (only_large, is_double)
    asked = Exercise("simple.double", "", EVEN.answer, claims, ("", "", ""), {"odd": "Not 6."})

    verdict = examine(asked, lambda number: number)

    assert (verdict.reason, verdict.story) == ("odd", "Not 6.")
    assert verdict.marks == ["unjudged", "broken"]


def test_a_claim_that_has_nothing_to_stand_on_is_not_kept(capsys):
    asked = Exercise("simple.double", "", EVEN.answer, (only_large,), ("", "", ""), {})

    verdict = examine(asked, lambda number: number)

    assert (verdict.reason, verdict.marks) == ("not judged", ["unjudged"])
    _card(verdict).show()
    assert "This cannot be judged" in capsys.readouterr().out


def test_a_telling_is_found_through_an_exception_that_the_learner_wrapped():
    def wrapping(func):
        """It may be called."""
        func(insist)

    def insist():
        raise AssertionError(because("odd", got=5))

    asked = Exercise(
        "simple.double", "", wrapping, (wrapping,), ("", "", ""), {"odd": "It gave {got}."}
    )

    def mine(number):
        try:
            number()
        except AssertionError as error:
            raise RuntimeError("failed") from error

    assert examine(asked, mine).story == "It gave 5."
