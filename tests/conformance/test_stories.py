"""What is told of a broken pool says what came before, and says it once."""

import pytest

from tests.conformance import broken, judging
from tests.conformance.edits import made
from tests.conformance.reference import Pool


def told(fault, promise):
    pool = made(broken.BY_NAME[fault], broken.__name__) if isinstance(fault, str) else fault
    (one,) = (each for each in judging.promises() if each.id == promise)
    verdict = judging.judge_one(one, pool)
    assert verdict.what == "broken"
    return verdict.why


@pytest.mark.parametrize(
    ("fault", "promise", "said"),
    [
        ("wakes_nobody_when_a_connect_fails", "failures.failed_connect_wakes_the_next",
         "a connect failed, and who waited was told a time-out"),
        ("loses_the_place_of_one_that_cannot_be_closed", "failures.failed_close",
         "a rollback failed, and then the close of that connection: only 1 of 2 can be lent"),
        ("expects_no_interrupt", "interrupts.in_a_check",
         "the check was interrupted: only 0 of 1 can be lent afterwards"),
        ("lays_back_without_the_lock", "threads.two_returns",
         "two were given back at once: only 1 of 2 can be lent afterwards"),
        ("asks_whether_it_is_closed_too_early", "end.loan_meets_the_end", "ben closed the pool"),
    ],
)  # fmt: skip
def test_what_happened_before_is_told(fault, promise, said):
    assert said in told(fault, promise)


@pytest.mark.parametrize(
    "fault", [f for f in broken.FAULTS if f.breaks.startswith(("threads.", "end."))]
)
def test_nothing_is_told_twice(fault):
    seen, _, order = told(fault.attribute, fault.breaks).partition(". ")

    assert seen not in order


class TakesTwo(Pool):
    def __init__(self, connect, size):
        super().__init__(connect, size)


def test_an_error_before_the_threads_begin_is_nobody_s():
    why = told(TakesTwo, "lends.lends")

    assert why.startswith("before the threads begin, the pool raised TypeError: ")
