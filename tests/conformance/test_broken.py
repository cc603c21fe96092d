"""Broken pools are refused for what is wrong with them; right ones of another design are not."""

import pytest

from tests.conformance import broken, designs, judging, more_designs
from tests.conformance.edits import RIGHT, made
from tests.conformance.reference import Pool


def by_name(thing):
    return getattr(thing, "attribute", None) or thing.__name__


def is_broken(promise, pool):
    return judging.judge_one(promise, pool).what == "broken"


@pytest.mark.parametrize("fault", broken.FAULTS, ids=by_name)
def test_a_fault_is_told_by_its_own_promise(fault):
    """It is the first of its stage that breaks."""
    pool = made(fault, broken.__name__)
    stage = fault.breaks.partition(".")[0]

    first = next(p for p in judging.promises() if p.stage.name == stage and is_broken(p, pool))

    assert first.id == fault.breaks


@pytest.mark.slow
@pytest.mark.parametrize("fault", broken.FAULTS, ids=by_name)
def test_a_fault_breaks_nothing_that_does_not_hang_on_it(fault):
    pool = made(fault, broken.__name__)

    broken_ones = [p for p in judging.promises() if is_broken(p, pool)]

    if fault.also != broken.ALL_THAT_FOLLOWS:
        assert {p.id for p in broken_ones} == {fault.breaks, *fault.also.split()}
    # What is told first is taught in a lesson that teaches the fault, too.
    own = next(p for p in broken_ones if p.id == fault.breaks)
    assert broken_ones[0].lesson == own.lesson


def test_every_promise_is_broken_by_some_fault():
    broken_ones = {name for fault in broken.FAULTS for name in (fault.breaks, *fault.also.split())}
    broken_ones.discard(broken.ALL_THAT_FOLLOWS)
    asked = {p.id for p in judging.promises() if not set(p.story.needs.split()) & set(Pool.lacks)}

    assert asked - broken_ones == set()


# Two every time, the others at night: five seconds each, and half a minute with real threads.
OTHERS = [*designs.RIGHT[1:], more_designs.LoanPool, more_designs.OwnerPool]
DESIGNS = [Pool, designs.RIGHT[0], *(pytest.param(one, marks=pytest.mark.slow) for one in OTHERS)]


@pytest.mark.parametrize("design", DESIGNS, ids=by_name)
def test_right_designs_keep_every_promise(design):
    verdicts = judging.judge(design)

    refused = {p.id: v.why for p, v in verdicts.items() if v.what not in ("kept", "not offered")}
    assert refused == {}
    lacking = {p.id for p, v in verdicts.items() if v.what == "not offered"}
    assert lacking == {p.id for p in verdicts if set(p.story.needs.split()) & set(design.lacks)}


def test_the_right_pool_is_read_in_one_sitting():
    lines = RIGHT.read_text(encoding="utf-8").splitlines()

    assert len([line for line in lines if line]) <= 120
