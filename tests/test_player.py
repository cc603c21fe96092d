"""The player: what it finds, what it passes, and that nothing a learner writes can hang it."""

import ctypes
import linecache
import queue
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

import player_pools as pools
import pytest

from poolkit.course.lessons import scenes
from poolkit.course.player import Scene, note, play, play_all

TITLES = [
    scenes.lent_once,
    scenes.counted,
    scenes.both_give_back,
    scenes.woken,
    scenes.still_there,
    scenes.timed_out,
    scenes.capped,
    scenes.slow_connect,
    scenes.failed_connect,
    scenes.at_rest,
]


@pytest.fixture(autouse=True)
def nothing_left_behind():
    """Every play ends its threads and puts the real names back."""
    threads, names = threading.active_count(), (threading.Lock, threading.RLock, time.sleep)

    yield

    assert threading.active_count() == threads
    assert (threading.Lock, threading.RLock, time.sleep) == names
    assert Lock is threading.Lock
    assert monotonic is time.monotonic


def by_name(thing):
    return thing.__name__


# -- right pools


@pytest.mark.parametrize("title", TITLES, ids=by_name)
@pytest.mark.parametrize("pool_class", pools.RIGHT, ids=by_name)
def test_right_pools_hold_in_every_schedule(pool_class, title):
    result = play_all(title(pool_class))

    assert result.ok, str(result)
    assert result.complete
    assert result.plays > 5 or title is scenes.at_rest


def test_two_preemptions_try_more_and_still_pass():
    one = play_all(scenes.woken(pools.HandOffPool))
    two = play_all(scenes.woken(pools.HandOffPool), preemptions=2)

    assert two.ok
    assert two.complete
    assert two.plays > 3 * one.plays


def test_hand_off_keeps_the_order_and_the_others_barge_in():
    assert play_all(scenes.in_order(pools.HandOffPool)).ok
    for pool_class in (pools.ConditionPool, pools.SemaphorePool, pools.QueuePool, pools.EventPool):
        assert play_all(scenes.in_order(pool_class)).key == "barged in"


# -- wrong pools: the scene made for each, the key, and what the story must say

WAIT = "`self._changed.wait(timeout)`"
WRONG = [
    (
        pools.NoLock,
        scenes.lent_once,
        "IndexError",
        "ann paused after `if self._idle:`, ben took c1, ann went on: "
        "IndexError at `return self._idle.pop()`",
    ),
    (
        pools.PeekThenPop,
        lambda pool_class: scenes.lent_once(pool_class, idle=2),
        "lent twice",
        "ann paused after `conn = self._idle[-1]`, ben took c2, ann took c2: lent twice",
    ),
    (
        pools.LockOnOneSide,
        scenes.counted,
        "a connection is lost",
        "ann paused in the middle of `self._out += 1`, ben gave c1 back, ann took c1: "
        "a connection is lost",
    ),
    (
        pools.LockMadeAnew,
        scenes.lent_once,
        "IndexError",
        "ann paused after `if self._idle:`, ben took c1, ann went on: "
        "IndexError at `return self._idle.pop()`",
    ),
    (
        pools.IfForWhile,
        scenes.still_there,
        "IndexError",
        f"ann waits at {WAIT}, ben gave c1 back and took c1 and paused after the end of "
        "`with self._changed:`, ann went on: IndexError at `return self._idle.pop()`",
    ),
    (
        pools.NoNotify,
        scenes.woken,
        "deadlock",
        "ann waits, ben gave c1 back: nobody can go on (ann waits for ever at "
        "`if not self._changed.wait_for(self._can_lend, timeout):`)",
    ),
    (
        pools.LostWakeUp,
        scenes.woken,
        "deadlock",
        "ann paused after the end of `with self._changed:`, ben gave c1 back: "
        f"nobody can go on (ann waits for ever at {WAIT})",
    ),
    (
        pools.RaceAtTheCap,
        scenes.capped,
        "too many opened",
        "ann paused after the end of `with self._changed:`, ben took c1 and gave c1 back, "
        "ann took c2 and gave c2 back: too many opened",
    ),
    (
        pools.WaitsWithTheLock,
        scenes.woken,
        "deadlock",
        "ann waits: nobody can go on (ann waits for ever at `if not self._back.wait(timeout):`, "
        "ben waits for ever at `with self._lock:`)",
    ),
    (
        pools.SwallowsTheHandOff,
        scenes.timed_out,
        "a connection is lost",
        "ann waits at `if not ticket.token.acquire(timeout=-1 if timeout is None else timeout):`, "
        "ben sleeps, ann waited in vain and paused after "
        "`if not ticket.token.acquire(timeout=-1 if timeout is None else timeout):`, "
        "ben gave c1 back, ann gave up: a connection is lost",
    ),
    (
        pools.ConnectsWithTheLock,
        scenes.slow_connect,
        "held up by a connect",
        "ann sleeps at `return self._connect()`, ben waits at `with self._changed:`, ann took c2, "
        "ben gave c1 back: held up by a connect",
    ),
    (
        pools.Spins,
        scenes.at_rest,
        "endless",
        "ann goes round and round at `while True:` instead of waiting to be woken",
    ),
    (
        pools.Naps,
        scenes.at_rest,
        "came too late",
        "ann sleeps at `time.sleep(0.25)`, ben sleeps, ann sleeps at `time.sleep(0.25)`, "
        "ben gave c1 back, ann took c1: came too late",
    ),
    (
        pools.ForgetsAFailure,
        scenes.failed_connect,
        "deadlock",
        "ann sleeps at `return self._connect()`, ben waits, ann could not connect: nobody can "
        "go on (ben waits for ever at "
        "`if not ticket.token.acquire(timeout=-1 if timeout is None else timeout):`)",
    ),
]


@pytest.mark.parametrize(
    ("pool_class", "title", "key", "story"), WRONG, ids=[case[0].__name__ for case in WRONG]
)
def test_wrong_pools_are_refused_with_their_story(pool_class, title, key, story):
    result = play_all(title(pool_class))

    assert not result.ok
    assert result.key == key
    assert result.story == story


def test_a_lock_made_in_the_call_is_remarked_upon():
    result = play_all(scenes.lent_once(pools.LockMadeAnew))

    assert "made in that call" in result.remark
    assert play_all(scenes.lent_once(pools.NoLock)).remark == ""


def test_a_lock_that_only_one_side_takes_is_remarked_upon():
    result = play_all(scenes.counted(pools.LockOnOneSide))

    assert result.remark == "ann held a lock there, and nobody else asked for it."


def test_fifty_times_the_same():
    told = {str(play_all(scenes.woken(pools.LostWakeUp))) for _ in range(50)}
    tables = {play_all(scenes.still_there(pools.IfForWhile)).table() for _ in range(50)}
    counts = {play_all(scenes.woken(pools.ConditionPool)).plays for _ in range(50)}

    assert len(told) == len(tables) == len(counts) == 1


# -- one given schedule

RACE = """\
ann                      ben
-----------------------  -----------------------
if self._idle:
… paused
                         if self._idle:
                         return self._idle.pop()
                         # took c1
                         … done
return self._idle.pop()"""


def test_a_given_pause_is_played_and_shown_line_by_line():
    result = play(scenes.lent_once(pools.NoLock), "ann after `if self._idle`")

    assert result.table() == RACE
    assert result.key == "IndexError"


def test_without_a_pause_the_workers_follow_each_other():
    result = play(scenes.lent_once(pools.NoLock))

    assert result.ok
    assert "paused" not in result.table()


def test_pause_before_a_line_and_inside_one():
    before = play(scenes.lent_once(pools.NoLock), "ann before return self._idle.pop()")
    inside = play(scenes.counted(pools.LockOnOneSide), "ann inside self._out += 1")

    assert before.table() == RACE
    assert inside.key == "a connection is lost"
    assert "… paused in the middle" in inside.table()


def test_what_was_found_can_be_played_again():
    scene = scenes.still_there(pools.IfForWhile)
    found = play_all(scene)

    again = play(scene, schedule=found.schedule)

    assert again.story == found.story
    assert again.table() == found.table() != ""


@pytest.mark.parametrize("pause", ["ann", "ann at if", "zoe after if self._idle"])
def test_a_pause_that_cannot_be_read_says_so(pause):
    with pytest.raises(ValueError, match=r"pause reads|no worker 'zoe'"):
        play(scenes.lent_once(pools.NoLock), pause)


def test_a_pause_that_never_comes_says_so():
    with pytest.raises(ValueError, match="ann after nowhere"):
        play(scenes.lent_once(pools.NoLock), "ann after nowhere")
