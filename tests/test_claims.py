"""The proof: right answers keep every claim, and each wrong one is refused for its own reason."""

import importlib
import inspect
import re

import pytest

from poolkit.course.checking import examine, run_claims
from poolkit.course.exercises import everything
from poolkit.course.lessons import LESSONS
from poolkit.course.slips import edited, made_from, thing_of
from poolkit.course.source import solution_source, stub_source
from tests import answers
from tests.mutating import mutations

for lesson in LESSONS:
    importlib.import_module(f"tests.answers.{lesson.name}")

UNFILLED = re.compile(r"\{\w+(:plain)?\}")  # a place of a telling that got no value
EXERCISES = {one.id: one for one in everything("exercises")}


def pairs(found: dict):
    return [
        pytest.param(EXERCISES[id], one, id=f"{id}-{number}")
        for id, some in found.items()
        for number, one in enumerate(some)
    ]


def slips():
    return [
        pytest.param(one, number, id=f"{id}-{number}")
        for id, one in EXERCISES.items()
        for number in range(len(one.slips))
    ]


def exercises():
    return [pytest.param(one, id=id) for id, one in EXERCISES.items()]


@pytest.mark.parametrize("exercise", exercises())
def test_reference_keeps_every_claim(exercise):
    verdict = run_claims(exercise, exercise.answer)

    assert (verdict.reason, verdict.story) == ("", "")
    assert verdict.marks == ["kept"] * len(exercise.claims)


@pytest.mark.parametrize("exercise", exercises())
def test_solution_typed_into_a_cell_is_accepted(exercise):
    typed = made_from(solution_source(exercise), exercise.answer, f"cell of {exercise.id}")

    assert examine(exercise, typed).story == ""


@pytest.mark.parametrize(("exercise", "thing"), pairs(answers.RIGHT))
def test_other_right_answers_are_accepted(exercise, thing):
    verdict = examine(exercise, thing)

    assert (verdict.reason, verdict.story) == ("", "")


@pytest.mark.parametrize(("exercise", "wrong"), pairs(answers.WRONG))
def test_wrong_answer_is_refused_for_its_own_reason(exercise, wrong):
    verdict = examine(exercise, wrong.thing)

    assert verdict.reason == wrong.reason, verdict.story
    assert verdict.broken - {"every_short_history"} == wrong.breaks
    assert wrong.unjudged <= verdict.unjudged
    assert not UNFILLED.search(verdict.story)


@pytest.mark.parametrize(("exercise", "number"), slips())
def test_slip_is_refused_and_recognised(exercise, number):
    """For its own reason; the last claim, the short histories, sees it too, or it says why not."""
    slip = exercise.slips[number]

    verdict = examine(exercise, thing_of(exercise, number))

    assert verdict.reason == slip.reason, verdict.story
    assert verdict.broken == slip.broken(exercise)
    assert verdict.story.endswith(slip.says)
    assert not UNFILLED.search(verdict.story)
    assert verdict.slip is slip or not slip.says


@pytest.mark.slow
@pytest.mark.parametrize(("exercise", "number"), slips())
def test_slip_typed_into_a_cell_is_recognised(exercise, number):
    """As above, but not the very object that it is compared with: all is tried on both."""
    slip = exercise.slips[number]
    source = edited(solution_source(exercise), slip.edit)

    verdict = examine(exercise, made_from(source, exercise.answer, f"cell of {exercise.id}"))

    assert (verdict.reason, verdict.slip is slip) == (slip.reason, bool(slip.says)), verdict.story


@pytest.mark.parametrize("exercise", exercises())
def test_every_short_history_is_tried_or_the_exercise_says_why_not(exercise):
    assert (exercise.histories is None) == bool(exercise.no_histories)


@pytest.mark.parametrize("exercise", exercises())
def test_untouched_stub_reads_not_attempted(exercise):
    stub = made_from(stub_source(exercise), exercise.answer, f"stub of {exercise.id}")

    assert examine(exercise, stub).reason == "not attempted"


@pytest.mark.parametrize("exercise", exercises())
def test_our_own_object_is_called_ours(exercise):
    assert examine(exercise, exercise.answer).reason == "ours"


@pytest.mark.parametrize("exercise", exercises())
def test_no_claim_is_idle_and_no_misconception_is_dead(exercise):
    wrong = answers.WRONG.get(exercise.id, [])
    order = [claim.__name__ for claim in exercise.claims]
    broken = [one.breaks for one in wrong] + [one.broken(exercise) for one in exercise.slips]
    first = {min(some, key=order.index) for some in broken if some}
    reasons = {one.reason for one in (*wrong, *exercise.slips)}

    assert set(order) - {"every_short_history"} == first - {"every_short_history"}, (
        "each claim is the first to be broken by some wrong answer"
    )
    assert set(exercise.tellings) <= reasons
    assert len(wrong) + len(exercise.slips) >= 3


@pytest.mark.parametrize("exercise", exercises())
def test_there_is_another_right_answer(exercise):
    assert answers.RIGHT.get(exercise.id), "a check that accepts only our own way is too narrow"


@pytest.mark.parametrize(
    "exercise",
    [  # those of lesson 08 are played, each in every order: seven seconds apiece
        pytest.param(one, id=id, marks=[pytest.mark.slow] if id.startswith("threads.") else [])
        for id, one in EXERCISES.items()
    ],
)
def test_small_mutations_of_the_answer_are_refused(exercise):
    known = answers.EQUIVALENT.get(exercise.id, {})
    accepted, made = [], set()
    for number, (name, source) in enumerate(mutations(solution_source(exercise))):
        made.add(name)
        try:
            thing = made_from(source, exercise.answer, f"mutant {number} of {exercise.id}")
        except TypeError:  # such as a dataclass that may not be made this way: no answer at all
            continue
        if examine(exercise, thing, limit=0.5).kept and name not in known:
            accepted.append(name)

    assert accepted == []
    assert set(known) <= made, "an equivalent that is no mutation any more"


@pytest.mark.parametrize("exercise", exercises())
def test_parts_of_an_exercise_are_whole(exercise):
    assert len(exercise.hints) == 3
    assert [len(hint) > 20 for hint in exercise.hints] == [True] * 3
    for claim in exercise.claims:
        assert inspect.getdoc(claim).splitlines()[0].endswith(".")
    for part in exercise.parts:
        assert part in vars(exercise.answer)
    assert solution_source(exercise).strip() not in "".join(exercise.hints)
