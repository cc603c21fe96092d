"""What a notebook changed in the standard library or in our classes does not reach a verdict."""

import json
import os
import sqlite3
import subprocess
import sys
import time

import pytest

from poolkit.course import mine_or_reference, state
from poolkit.course.checking import examine
from poolkit.course.exercises import find
from poolkit.course.lessons.simple import Lender, Shelf
from poolkit.course.originals import as_they_were


@pytest.fixture(autouse=True)
def own_progress(monkeypatch):
    monkeypatch.setattr(state, "_store", state.Store(":memory:"))


class ReusingPool(Shelf):
    def acquire(self):
        if self._idle:
            self._reused += 1
            return self._idle.pop()
        self._created += 1
        return self._connect()


def broken(*args, **kwargs):
    raise RuntimeError("patched")


@pytest.mark.parametrize(
    ("owner", "name"),
    [(time, "monotonic"), (time, "sleep"), (sqlite3, "connect"), (os, "replace"), (json, "dump")],
)
def test_a_patched_standard_library_does_not_reach_the_verdict(monkeypatch, owner, name):
    monkeypatch.setattr(owner, name, broken)

    assert examine(find("exercises", "simple.reuse"), ReusingPool).story == ""
    assert getattr(owner, name) is broken, "the notebook's own change is back afterwards"


def test_a_base_class_of_ours_is_as_it_was_while_a_check_runs(monkeypatch):
    find("exercises", "simple.reuse")
    monkeypatch.setattr(Shelf, "release", broken)
    monkeypatch.setattr(Shelf, "__getattr__", broken, raising=False)

    assert examine(find("exercises", "simple.reuse"), ReusingPool).story == ""
    assert Shelf.release is broken


def test_what_was_changed_is_back_also_when_the_block_raises(monkeypatch):
    monkeypatch.setattr(time, "sleep", broken)
    seen = []

    def fail():
        seen.append(time.sleep)
        raise KeyError

    with pytest.raises(KeyError), as_they_were():
        fail()

    assert seen != [broken]
    assert time.sleep is broken


@pytest.mark.parametrize("level", ["1", "2"])
def test_without_asserts_nothing_is_judged_and_one_line_says_why(level):
    code = (
        "from poolkit.course import check, mine_or_reference\n"
        "def saved_by_pool(*a): return 1\n"
        "check('start_here.saved', saved_by_pool)\n"
        "mine_or_reference('start_here.saved', saved_by_pool)\n"
    )
    environment = {**os.environ, "PYTHONOPTIMIZE": level, "POOLKIT_PROGRESS": ":memory:"}

    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert "Python was started with -O" in done.stdout
    assert "since yours is not checked" in done.stdout


def test_a_class_that_changed_since_its_check_is_judged_anew():
    class CappedPool(Lender):
        def release(self, conn):
            if len(self._idle) < self.config.pool_size:
                self._idle.append(conn)
            else:
                conn.close()

    assert mine_or_reference("simple.cap", CappedPool) is CappedPool
    CappedPool.release = lambda self, conn: conn.close()
    assert mine_or_reference("simple.cap", CappedPool) is not CappedPool


def test_a_helper_that_changed_since_the_check_is_seen():
    names = {"Lender": Lender, "__name__": "a_notebook"}
    source = (
        "limit = lambda self: self.config.pool_size\n"
        "class CappedPool(Lender):\n"
        "    def release(self, conn):\n"
        "        if len(self._idle) < limit(self): self._idle.append(conn)\n"
        "        else: conn.close()\n"
    )
    exec(compile(source, "a notebook", "exec"), names)
    pool = names["CappedPool"]

    assert mine_or_reference("simple.cap", pool) is pool
    names["limit"] = lambda self: 99
    assert mine_or_reference("simple.cap", pool) is not pool
