"""Every promise, tried on the pool that `--pool` names, or on poolkit's own."""

import pytest

from tests.conformance import judging
from tests.conformance.adapters import Poolkit

#: What poolkit breaks today. A promise that is kept again must leave the list.
OWED: set[str] = set()


@pytest.mark.parametrize("promise", judging.promises(), ids=lambda promise: promise.id)
def test_promise(promise, conforming, record_property):
    verdict = judging.judge_one(promise, conforming)

    record_property("promise", promise.id)
    record_property("verdict", verdict.what)
    if verdict.what == "not offered":
        pytest.skip(f"not offered: {verdict.why}")
    if conforming is Poolkit and promise.id in OWED:
        assert verdict.what == "broken"
        pytest.xfail(verdict.why)
    if verdict.what != "kept":
        lesson = f"To read up: lesson {promise.lesson:02}."
        pytest.fail(f"{promise.text}\n{verdict.why}\n{lesson}", pytrace=False)
