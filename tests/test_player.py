"""The player: what it finds, what it passes, and that nothing a learner writes can hang it."""

import ctypes
import gc
import linecache
import queue
import random
import threading
import time
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

import pytest

from poolkit.course.guard import Guard
from poolkit.course.lessons import scenes
from poolkit.course.player import Scene, note, play, play_all, props
from poolkit.pool import ConnectionPool
from tests import player_pools as pools

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

    deadline = time.monotonic() + 3
    while threading.active_count() > threads and time.monotonic() < deadline:
        time.sleep(0.01)  # an interrupted player clears up behind our back
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


def test_a_pool_that_closes_well_holds():
    result = play_all(scenes.closed(pools.ClosingPool))

    assert result.ok, str(result)
    assert result.complete


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

TICKET = "`if not ticket.token.acquire(timeout=-1 if timeout is None else timeout):`"
CONDITION = "`if not self._changed.wait_for(self._can_lend, timeout):`"
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
        "ann waits: nobody can go on (ann waits for ever at `if not self._back.wait(timeout):`; "
        "ben waits for ever at `with self._lock:`, the lock is held by ann)",
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
        pools.LooksTooEarly,
        scenes.closed,
        "deadlock",
        "ann paused after `if self._closed:`, ben closed the pool and gave c1 back: "
        f"nobody can go on (ann waits for ever at {TICKET})",
    ),
    (
        pools.ForgetsThoseWhoWait,
        scenes.closed,
        "deadlock",
        "ann waits, ben closed the pool and gave c1 back: "
        f"nobody can go on (ann waits for ever at {CONDITION})",
    ),
    (
        pools.ClosesWhatIsOut,
        scenes.closed,
        "closed under its borrower's hands",
        f"ann waits at {CONDITION}, ben closed the pool: closed under its borrower's hands",
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

    assert result.remark == "ann held a lock that ann had made, and ben made another."
    assert play_all(scenes.lent_once(pools.NoLock)).remark == ""


def test_a_lock_that_only_one_side_takes_is_remarked_upon():
    result = play_all(scenes.counted(pools.LockOnOneSide))

    assert result.remark == "ann held a lock there, and nobody else asked for it."


class TwoLocks:
    """Two locks, to be taken in any order; the second may be one that is held for good."""

    def __init__(self):
        self.first, self.second, self.shut = threading.Lock(), threading.Lock(), threading.Lock()
        self.shut.acquire()

    def there(self):
        with self.first, self.second:
            pass

    def back(self):
        with self.second, self.first:
            pass

    def twice(self):
        with self.first:
            self.there()

    def never(self):
        self.shut.acquire()


HELD = [
    (
        TwoLocks.there,
        TwoLocks.back,
        "ann waits for ever at `with self.first, self.second:`, the lock is held by ben; "
        "ben waits for ever at `with self.second, self.first:`, the lock is held by ann",
    ),
    (
        TwoLocks.twice,
        TwoLocks.back,
        "ann waits for ever at `with self.first, self.second:`, the lock is held by ann already; "
        "ben waits for ever at `with self.second, self.first:`, the lock is held by ann",
    ),
    (
        TwoLocks.never,
        id,
        "ann waits for ever at `self.shut.acquire()`, the lock has been held since set-up",
    ),
]


@pytest.mark.parametrize(("ann", "ben", "told"), HELD, ids=["each other", "itself", "set-up"])
def test_a_deadlock_tells_who_holds_the_locks(ann, ben, told):
    workers = {"ann": ann, "ben": ben}

    result = play_all(Scene(TwoLocks, TwoLocks, workers))

    assert result.kind == "deadlock"
    assert f"({told})" in result.story


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
return self._idle.pop()
… IndexError"""


def test_a_given_pause_is_played_and_shown_line_by_line():
    result = play(scenes.lent_once(pools.NoLock), "ann after `if self._idle`")

    assert result.table() == RACE
    assert result.key == "IndexError"


def test_who_was_paused_goes_on_last():
    def holds(order):
        assert order == ["ben", "carl", "ann"], "not in turn"

    def named(name):
        def job(order):
            order.append(name)

        return job

    workers = {name: named(name) for name in ("ann", "ben", "carl")}
    scene = Scene(list(workers.values()), list, workers, holds)

    assert play(scene, "ann before order.append").ok


def test_a_line_that_calls_is_shown_once():
    table = play(scenes.capped(pools.HandOffPool)).table()

    first = table.split("… done")[0]
    assert first.count("ticket = Ticket()") == 0  # there is room: nobody waits
    assert first.count("return self._opened()") == 1
    assert first.count("return self._connect()") == 1


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


# -- the reference


@pytest.mark.parametrize("title", [*TITLES, scenes.closed], ids=by_name)
def test_the_reference_holds_in_every_schedule(title):
    result = play_all(title(ConnectionPool), seconds=30)

    assert result.ok, str(result)
    assert result.complete


def test_the_reference_serves_in_order():
    result = play_all(scenes.in_order(ConnectionPool), preemptions=0)

    assert result.ok, str(result)
    assert result.complete


@pytest.mark.slow
def test_the_reference_serves_in_order_wherever_it_is_interrupted():
    result = play_all(scenes.in_order(ConnectionPool), plays=20_000, seconds=120)

    assert result.ok, str(result)
    assert result.complete


# -- whatever a learner writes: a verdict, in bounded time, and no thread left


class Tiny(pools.Base):
    """A pool that is about to be spoiled."""

    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._lock = threading.Lock()

    def acquire(self, timeout=0):
        with self._lock:
            return self._connect()

    def release(self, conn):
        with self._lock:
            self._idle.append(conn)


class RaisesInInit(Tiny):
    def __init__(self, connect, size):
        raise KeyError("size")


class CallsItselfInInit(Tiny):
    def __init__(self, connect, size):
        CallsItselfInInit(connect, size)


class LoopsInInit(Tiny):
    def __init__(self, connect, size):
        while True:
            size += 1


class CallsItself(Tiny):
    def acquire(self, timeout=0):
        return self.acquire(timeout)


class CatchesItsOwnRecursion(Tiny):
    def acquire(self, timeout=0):
        try:
            return self.acquire(timeout)
        except RecursionError:
            return self.acquire(timeout)


class NeverLetsGo(Tiny):
    def acquire(self, timeout=0):
        self._lock.acquire()
        return self._connect()


class TakesItTwice(Tiny):
    def acquire(self, timeout=0):
        with self._lock:
            return super().acquire(timeout)


class LoopsForEver(Tiny):
    def acquire(self, timeout=0):
        while True:
            pass


class CatchesEverything(Tiny):
    def acquire(self, timeout=0):
        while True:
            try:
                self._idle.pop()
            except BaseException:
                continue


class WaitsThroughEverything(Tiny):
    def acquire(self, timeout=0):
        self._lock.acquire()
        while True:
            try:
                self._lock.acquire()
            except BaseException:
                continue


class CleansUpForEver(Tiny):
    def acquire(self, timeout=0):
        try:
            self._lock.acquire()
            self._lock.acquire()
        finally:
            while True:
                pass


class LoopsOverForEver(Tiny):
    def acquire(self, timeout=0):
        for _ in iter(int, 1):
            timeout += 1


class SleepsForEver(Tiny):
    def acquire(self, timeout=0):
        while True:
            time.sleep(3600)


class Exits(Tiny):
    def acquire(self, timeout=0):
        raise SystemExit


class ReleasesTooMuch(Tiny):
    def release(self, conn):
        self._lock.release()


class HidesALock(Tiny):
    locks = [threading.Lock()]  # noqa: RUF012

    def acquire(self, timeout=0):
        with self.locks[0]:
            self._idle.append(None)
            return self._connect()


class StartsAThread(Tiny):
    def acquire(self, timeout=0):
        threading.Thread(target=self._connect).start()


HOSTILE = [
    (RaisesInInit, "raised", "making the pool: KeyError at `raise KeyError"),
    (CallsItselfInInit, "raised", "making the pool: RecursionError"),
    (LoopsInInit, "endless", "`while True:`"),
    (CallsItself, "raised", "RecursionError"),
    (CatchesItsOwnRecursion, "endless", "goes round and round at `def acquire"),
    (NeverLetsGo, "deadlock", "waits for ever at `self._lock.acquire()`"),
    (TakesItTwice, "deadlock", "waits for ever at `with self._lock:`"),
    (LoopsForEver, "endless", "`while True:`"),
    (CatchesEverything, "endless", "`while True:`"),
    (WaitsThroughEverything, "deadlock", "waits for ever at `self._lock.acquire()`"),
    (CleansUpForEver, "deadlock", "waits for ever"),
    (LoopsOverForEver, "endless", "`for _ in iter(int, 1):`"),
    (SleepsForEver, "endless", "`while True:`"),
    (Exits, "raised", "SystemExit"),
    (ReleasesTooMuch, "raised", "RuntimeError at `self._lock.release()`"),
    (HidesALock, "stuck", "locks belong in __init__"),
    (StartsAThread, "unseen", "a thread of its own"),
]


def borrow_and_give(pool):
    pool.release(pool.acquire())


def two_at_once(pool_class):
    """A scene that asks nothing: the pool itself has to go wrong."""
    return Scene(
        pool_class,
        lambda: pool_class(object, 1),
        {"ann": borrow_and_give, "ben": borrow_and_give},
    )


@pytest.mark.parametrize(
    ("pool_class", "kind", "told"), HOSTILE, ids=[case[0].__name__ for case in HOSTILE]
)
def test_hostile_code_gets_a_verdict_and_leaves_no_thread(pool_class, kind, told):
    began = time.monotonic()

    result = play_all(two_at_once(pool_class))

    assert (result.kind, told in result.story) == (kind, True), str(result)
    assert not result.left_behind
    assert time.monotonic() - began < 4


def test_a_scene_of_its_own_that_never_ends_is_ended():
    def forever(pool):
        while True:
            pass

    scene = Scene(Tiny, lambda: Tiny(object, 1), {"ann": forever, "ben": borrow_and_give})
    began = time.monotonic()

    assert play_all(scene).kind == "endless"
    assert time.monotonic() - began < 1.9  # it is not played once more for the table


def test_a_scene_of_its_own_that_naps_for_ever_is_ended():
    def forever(_):
        event = threading.Event()
        while not event.wait(1):
            pass

    began = time.monotonic()

    assert solo([], forever).kind == "endless"
    assert time.monotonic() - began < 0.9


def test_set_up_that_never_ends_is_seen_at_once():
    began = time.monotonic()

    assert play_all(two_at_once(LoopsInInit)).kind == "endless"
    assert time.monotonic() - began < 0.9


@pytest.mark.parametrize("steps", range(2000, 2005))
def test_the_bound_on_steps_holds_wherever_the_stack_ends(steps, monkeypatch):
    monkeypatch.setattr("poolkit.course.player.stage.STEPS", steps)

    assert play_all(two_at_once(CatchesItsOwnRecursion)).kind == "endless"


def test_waiting_where_the_stack_ends_is_no_hang():
    class Bottom:
        def acquire(self):
            try:
                self.acquire()
            except RecursionError:
                time.sleep(1)

    result = play_all(Scene(Bottom, Bottom, {"ann": Bottom.acquire, "ben": Bottom.acquire}))

    assert result.kind in ("ok", "endless")


def test_what_happens_once_only_is_told_without_a_schedule():
    def job(_):
        calls.append(1)
        assert len(calls) > 1, "the first time"

    calls = []
    result = solo([], job)

    assert (result.key, result.story, result.table()) == ("the first time", "the first time", "")


def test_workers_bear_the_names_of_the_scene():
    def job(_):
        assert threading.current_thread().name == "ann"

    assert solo([], job).ok


def test_chance_is_the_same_in_every_play_and_left_as_it_was():
    drawn, before = set(), random.getstate()

    def job(_):
        drawn.add(random.random())
        assert not gc.isenabled()

    assert solo(job, job).ok
    assert play_all(Scene(job, lambda: None, {"ann": job, "ben": job})).plays > 2
    assert len(drawn) == 2
    assert random.getstate() == before
    assert gc.isenabled()


def test_an_interrupted_player_ends_its_threads():
    class Interrupt(BaseException):
        pass

    def run():
        nonlocal seen
        try:
            play_all(scenes.in_order(pools.HandOffPool), preemptions=2, plays=10**6, seconds=60)
        except Interrupt:
            seen = True

    seen = False
    thread = threading.Thread(target=run)
    thread.start()
    while threading.Lock is Lock:  # until the stand-ins are there
        time.sleep(0.001)
    time.sleep(0.1)
    ident, error = ctypes.c_ulong(thread.ident), ctypes.py_object(Interrupt)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, error)
    thread.join(5)

    assert seen


def test_a_limit_around_a_check_leaves_nothing_in_place():
    def claim():
        play_all(scenes.in_order(pools.HandOffPool), preemptions=2, plays=10**6, seconds=60)

    with Guard(each=0.3) as guard:
        run = guard.run(claim)

    assert run.hung is not None
    deadline = time.monotonic() + 3
    while threading.Lock is not Lock and time.monotonic() < deadline:
        time.sleep(0.01)
    assert play_all(scenes.woken(pools.ConditionPool)).ok


@pytest.mark.parametrize("moment", [0, 3, 11])
def test_what_is_ended_in_the_midst_of_clearing_up_is_cleared_up_after_it(moment, monkeypatch):
    def ended_then():
        steps.append("once")
        if len(steps) == 1:
            raise KeyboardInterrupt

    steps, undo_all = [], props._undo_all

    def late(undo):
        if not steps and len(undo) > 11:  # the one that holds the names
            undo.insert(len(undo) - moment, ended_then)
        undo_all(undo)

    monkeypatch.setattr(props, "_undo_all", late)
    with pytest.raises(KeyboardInterrupt):
        play(scenes.woken(pools.ConditionPool))
    assert threading.Lock is not Lock or moment

    props.clear_up()

    assert steps == ["once", "once"]
    assert play(scenes.woken(pools.ConditionPool)).ok


def test_insist_fails_with_a_key_and_what_its_story_is_filled_with():
    scenes.insist(scenes.lent_once(pools.ConditionPool))
    with pytest.raises(AssertionError) as caught:
        scenes.insist(scenes.lent_once(pools.NoLock))
    reason = caught.value.args[0]

    assert reason == "raised" in scenes.KINDS
    assert "ann paused after" in reason.values["story"]
    assert reason.values["table"] == RACE
    assert reason.values["line"] == "return self._idle.pop()"


def test_bounds_on_plays_and_seconds_are_kept():
    few = play_all(scenes.woken(pools.ConditionPool), plays=7)
    brief = play_all(scenes.in_order(pools.HandOffPool), seconds=0.2)

    assert (few.ok, few.complete, few.plays) == (True, False, 7)
    assert (brief.ok, brief.complete) == (True, False)
    assert few.story == "It held in every schedule that was played; there are more."


def test_what_held_is_told_with_how_many_switches_were_forced():
    scene = scenes.woken(pools.ConditionPool)

    assert play(scene).story == "It held in the schedule that was played."
    for preemptions, how_many in enumerate(("no forced switch", "at most one forced switch")):
        told = f"It held in every schedule with {how_many}."
        assert play_all(scene, preemptions=preemptions).story == told


# -- what is played


def solo(code, job, setup=lambda: None):
    """Play one worker's job beside one that does nothing; return the result."""
    return play_all(Scene(code, setup, {"ann": job, "ben": lambda shared: None}))


def test_time_is_virtual():
    def job(_):
        clocks = (time.monotonic, time.time, time.perf_counter, monotonic)
        assert [clock() for clock in clocks] == [1000.0] * 4
        time.sleep(1e6)
        assert [clock() for clock in clocks] == [1_001_000.0] * 4
        assert time.monotonic_ns() == 1_001_000 * 10**9

    began = time.monotonic()

    assert solo([], job).ok
    assert time.monotonic() - began < 2


def test_waiting_with_a_time_limit_costs_nothing():
    def job(_):
        start = time.monotonic()
        assert not threading.Event().wait(3600)
        assert not threading.Semaphore(0).acquire(timeout=3600)
        lock = threading.Lock()
        assert lock.acquire()
        assert not lock.acquire(timeout=3600)
        assert not lock.acquire(blocking=False)
        condition = threading.Condition()
        with condition:
            assert not condition.wait(3600)
        with pytest.raises(queue.Empty):
            queue.Queue().get(timeout=3600)
        with pytest.raises(queue.Empty):
            queue.SimpleQueue().get(timeout=3600)
        with pytest.raises(futures.TimeoutError):
            futures.Future().result(timeout=3600)
        assert time.monotonic() == start + 7 * 3600

    result = solo([], job)

    assert result.ok, result.error


def test_locks_refuse_what_real_locks_refuse():
    def job(_):
        for lock in (threading.Lock(), threading.RLock()):
            with pytest.raises(RuntimeError):
                lock.release()
            with pytest.raises(ValueError, match="timeout"):
                lock.acquire(False, 1)
            with pytest.raises(ValueError, match="timeout"):
                lock.acquire(timeout=-2)
            with pytest.raises(OverflowError):
                lock.acquire(timeout=1e300)
        with pytest.raises(RuntimeError):
            threading.Condition().notify()
        with pytest.raises(ValueError, match="non-negative"):
            time.sleep(-1)
        assert isinstance(threading.Lock(), threading.Lock)

    result = solo([], job)

    assert result.ok, result.error


def test_an_rlock_can_be_taken_twice_and_by_one_only():
    def ann(lock):
        with lock, lock:
            time.sleep(1)
            order.append("ann")

    def ben(lock):
        time.sleep(0.5)
        assert not lock.acquire(timeout=0.25)
        with lock:
            order.append("ben")

    def holds(lock):
        assert order == ["ann", "ben"]

    order = []
    scene = Scene([], lambda: order.clear() or threading.RLock(), {"ann": ann, "ben": ben}, holds)

    assert play_all(scene).ok


def test_two_timers_due_at_once_are_tried_in_both_orders():
    def wait(name, *naps):
        def job(order):
            for seconds in naps:
                time.sleep(seconds)  # rounding puts three times 0.1 a little after 0.3
            order.append(name)

        return job

    seen = set()
    workers = {"ann": wait("ann", 0.1, 0.1, 0.1), "ben": wait("ben", 0.3)}
    result = play_all(Scene([], list, workers, lambda order: seen.add(tuple(order))))

    assert result.ok
    assert seen == {("ann", "ben"), ("ben", "ann")}


@dataclass
class Bound:
    """Every way in which a name of `threading` or `time` may have been bound before the scene."""

    made: object = field(default_factory=Lock)

    clock = monotonic
    still = staticmethod(time.sleep)

    def by_name(self, clock=monotonic, *, sleep=time.sleep):
        sleep(10)
        self.still(10)
        return clock(), monotonic(), self.clock(), self.by_cell()

    def deadlock(self):
        with Lock(), self.made:
            self.made.acquire()


def _closed_over():
    clock, lock = monotonic, Lock

    def by_cell(self):
        with lock():
            return clock()

    return by_cell


Bound.by_cell = _closed_over()


def test_names_that_were_bound_before_are_played_too():
    def job(bound):
        assert bound.by_name() == (1020.0,) * 4

    result = solo(Bound, job, Bound)

    assert result.ok, result.error
    assert solo(Bound, Bound.deadlock, Bound).kind == "deadlock"
    assert Bound.clock is monotonic
    assert Bound.by_name.__defaults__ == (monotonic,)


def test_other_threads_keep_their_real_locks_and_clocks():
    kinds, clocks, stop = set(), [], threading.Event()

    def outsider():
        while not stop.is_set():
            kinds.add(type(threading.Lock()))
            clocks.append(time.monotonic())

    thread = threading.Thread(target=outsider)
    thread.start()
    try:
        play_all(scenes.woken(pools.ConditionPool))
    finally:
        stop.set()
        thread.join()

    assert kinds == {type(Lock())}
    assert clocks == sorted(clocks)


# -- what is followed


def test_only_the_code_under_test_is_switched():
    def race(shared):
        before = len(shared)
        note("looked")
        shared.append(before)

    def holds(shared):
        assert shared == [0, 1], "interleaved"

    workers = {"ann": race, "ben": race}

    assert play_all(Scene([], list, workers, holds)).ok
    assert play_all(Scene(race, list, workers, holds)).key == "interleaved"


def test_what_the_code_under_test_names_is_followed_too():
    class Counter:
        def __init__(self):
            self.value = 0

        def up(self):
            _add_one(self)

    def holds(counter):
        assert counter.value == 2, "lost"

    result = play_all(Scene(Counter, Counter, {"ann": Counter.up, "ben": Counter.up}, holds))

    assert result.key == "lost"
    assert result.story.startswith("ann paused in the middle of `counter.value += 1`")


def test_globals_that_are_stored_and_closures_are_followed():
    def count_once(_):
        add_one(tally)

    def holds(_):
        assert tally.value == 2, "lost"

    def reset():
        tally.value = 0

    tally, add_one = Bound(), _add_one
    space = cell("count = 0\ndef up(_):\n    global count\n    count += 1\n")

    def holds_global(_):
        assert space["count"] == 2, "lost"

    by_global = Scene(
        space["up"],
        lambda: space.update(count=0),
        {"ann": space["up"], "ben": space["up"]},
        holds_global,
    )
    by_cell = Scene(count_once, reset, {"ann": count_once, "ben": count_once}, holds)

    assert play_all(by_global).key == "lost"
    assert play_all(by_cell).key == "lost"


def _add_one(counter):
    counter.value += 1


def test_context_managers_properties_and_generators_are_followed():
    class Counter:
        value = 0

        @contextmanager
        def one_more(self):
            self.value += 1
            yield

        @property
        def next(self):
            self.value += 1

        def each(self):
            self.value += 1
            yield

    def by_with(counter):
        with counter.one_more():
            pass

    def holds(counter):
        assert counter.value == 2, "lost"

    jobs = [by_with, lambda counter: counter.next, lambda counter: list(counter.each())]
    for job in jobs:
        assert play_all(Scene(Counter, Counter, {"ann": job, "ben": job}, holds)).key == "lost"


CELL = """
from threading import Lock
import time

class Pool:
    def __init__(self):
        self.idle = ["c1", "c2"]
        self.lock = Lock()

    def acquire(self):
        import threading, time
        with threading.Lock():
            conn = self.idle[-1]  # peek
        time.sleep(1)
        self.idle.remove(conn)
        return conn
"""


def cell(source):
    """Run a cell as a notebook does: a name of its own in linecache, globals shared by all."""
    name = f"<ipython-input-1-{abs(hash(source))}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    space = {"__name__": "__main__"}
    exec(compile(source, name, "exec"), space)
    return space


def test_a_notebook_cell_is_followed_and_quoted():
    pool_class = cell(CELL)["Pool"]
    workers = {"ann": pool_class.acquire, "ben": pool_class.acquire}

    result = play_all(Scene(pool_class, pool_class, workers))

    assert result.key == "ValueError"
    assert result.line == "self.idle.remove(conn)"
    assert "sleeps at `time.sleep(1)`" in result.story


# -- locks that cannot be seen

MADE_TOO_EARLY = {
    "`lock` is made in the body of class Pool": "class Pool:\n    lock = threading.Lock()\n",
    "`ready` is made in the body of class Pool": "class Pool:\n    ready = threading.Condition()\n",
    "`inbox` is made in the body of class Pool": "class Pool:\n    inbox = queue.SimpleQueue()\n",
    "`LOCK` is made outside the class": "LOCK = threading.RLock()\nclass Pool:\n    pass\n",
    "a default argument of use() is one": (
        "class Pool:\n    def use(self, lock=threading.Lock()): pass\n"
    ),
}


@pytest.mark.parametrize(("told", "source"), MADE_TOO_EARLY.items())
def test_a_lock_made_before_the_scene_is_named(told, source):
    body = "    def acquire(self):\n        with LOCK: pass\n"
    space = cell(f"import threading, queue\n{source}{body}")

    result = solo(space["Pool"], lambda pool: None, space["Pool"])

    assert result.kind == "unseen"
    assert told in result.story
    assert "Locks belong in __init__" in result.story


def test_a_lock_of_the_notebook_that_the_pool_does_not_use_is_no_matter():
    space = cell(
        "import threading\nlock = threading.Lock()\n"
        "class Pool:\n    def __init__(self):\n        self.lock = threading.Lock()\n"
    )

    assert solo(space["Pool"], lambda pool: pool.lock.acquire(), space["Pool"]).ok


def test_a_scene_inside_a_scene_is_refused():
    result = solo([], lambda shared: play_all(two_at_once(Tiny)))

    assert result.key == "RuntimeError"
