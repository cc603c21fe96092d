"""A pool taken as it stands says nothing of itself; what is stuck is told in seconds."""

import sys
import time

import pytest

from tests.conformance import adapter, apart, judging, plain
from tests.conformance.reference import Pool


class Talkative(Pool):
    """A pool whose own names happen to be an adapter's, or are meant to be."""

    lacks = dict.fromkeys(adapter.FEATURES, "not today")
    timed_out = Exception
    follow = None
    desk = None
    played = Pool
    dispose = "release"

    def connect(self, path):
        raise NotImplementedError

    def raw(self, conn):
        raise NotImplementedError

    abandon = raw


def test_what_a_pool_says_of_itself_is_not_heard_where_it_is_taken_as_it_stands():
    taken = plain.plain(Talkative)

    assert adapter.lacks(taken) == plain.LEFT_OUT
    assert adapter.timed_out(taken) is TimeoutError
    assert adapter.followed(taken) == [taken]
    assert {adapter.said(taken, what) for what in ("desk", "played", "connect", "dispose")} == {
        None
    }
    assert adapter.raw(taken, "c1") == "c1"


def test_a_method_of_that_name_is_no_static_method_of_an_adapter():
    assert adapter.raw(Talkative, "c1") == "c1"
    assert adapter.said(Talkative, "connect") is None
    assert adapter.said(Talkative, "abandon", id) is id


def test_a_right_pool_keeps_what_is_asked_as_it_stands():
    taken = plain.plain(Talkative)

    broken = [p.id for p in plain.asked() if judging.judge_one(p, taken).what == "broken"]

    assert broken == []


def test_asked_is_all_but_what_is_left_out():
    asked = {promise.id for promise in plain.asked()}

    left = {p.id for p in judging.promises()} - asked
    assert left >= {
        "leftovers.nothing_half_read",
        "leftovers.kept_cursor",
        "leftovers.settings_are_back",
    }
    assert all(
        plain.methods(promise)[:3] == ["__init__", "acquire", "release"]
        for promise in plain.asked()
    )


def test_what_breaks_the_suite_itself_is_not_judged(monkeypatch):
    def breaks(*_args):
        raise RuntimeError("out of paper")

    monkeypatch.setattr(judging, "_try", breaks)
    began = time.monotonic()
    verdict = judging.judge_one(plain.asked()[0], Pool)

    assert verdict.what == "not judged"
    assert "RuntimeError came out of the suite itself: out of paper" in verdict.why
    assert time.monotonic() - began < judging.LIMIT


STUCK = '''
import threading

class Pool:
    def __init__(self, connect, size, timeout=5.0):
        self.lock = threading.Lock()
        self.lock.acquire()

    def acquire(self):
        self.lock.acquire()
'''  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_pool_that_is_stuck_in_the_process_that_forks_is_told_once(tmp_path, monkeypatch):
    (tmp_path / "stuck_pool.py").write_text(STUCK, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys.modules["tests.conformance.apart"], "LIMIT", 60.0)

    found, _ = apart.ask("tests.conformance.forking", "stuck_pool:Pool")

    whys = [why for _, why in found.values()]
    assert whys == ["the process itself was stuck"] + ["the process was stuck before"] * 3
    assert [what for what, _ in found.values()] == ["broken"] + ["not judged"] * 3


def test_only_what_is_signed_is_heard(tmp_path, monkeypatch):
    (tmp_path / "forger.py").write_text(
        "import os\nprint({'ChildHasItsOwn': ['kept', '']})\nos._exit(0)\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(str(tmp_path))

    assert apart.ask("tests.conformance.forking", "forger:Pool") == (
        None,
        "the process ended early",
    )
