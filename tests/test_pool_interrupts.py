"""KeyboardInterrupt, or any BaseException, at every place where it can come."""

import sqlite3
from contextlib import suppress
from functools import partial

import pytest

from poolkit import ConnectionConfig, ConnectionPool, PoolError
from poolkit.lease import Lease
from tests.interrupting import Interrupter, following, start
from tests.tools import Clock, Database, Task, wait_until, waiting

CAP = 2


class Scene:
    """A pool, what is done before, and what is done while it is interrupted."""

    def __init__(self):
        self.database = Database()
        self.clock = Clock()
        self.held = []  # what the interrupted thread knows that it has
        self.ending = None  # the loan that it is about to end
        self.tasks = []
        self.pool = None
        self.before()

    def make_pool(self, **fields):
        fields = {"pool_size": 1, "max_connections": CAP, "base_backoff": 0, **fields}
        self.pool = ConnectionPool(
            ConnectionConfig(**fields),
            connect=self.database.connect,
            clock=partial(getattr, self.clock, "now"),  # in C, as time.monotonic is
        )

    def before(self):
        self.make_pool()

    def act(self):
        raise NotImplementedError

    def acquire(self, **kwargs):
        conn = self.pool.acquire(**kwargs)
        self.held.append(conn)
        return conn

    def release(self, conn):
        self.ending = conn
        self.pool.release(conn)
        self.held.remove(conn)

    def still_held(self):
        return self.held

    def others_finish(self):
        """The other threads of the scene come to their end."""


class LendingAndTakingBack(Scene):
    def before(self):
        self.make_pool()
        self.pool.release(self.pool.acquire())

    def act(self):
        self.release(self.acquire())


class OpeningAndClosing(Scene):
    def act(self):
        one, two = self.acquire(), self.acquire()
        self.release(one)
        self.release(two)  # surplus


class TryingAgain(Scene):
    def before(self):
        self.make_pool()
        self.database.failures = [sqlite3.OperationalError("database is locked")]

    def act(self):
        self.release(self.acquire())


class Failing(Scene):
    def act(self):
        self.database.failures = [RuntimeError("no server")]
        with pytest.raises(PoolError):
            self.acquire()


class Checking(LendingAndTakingBack):
    def before(self):
        super().before()
        self.clock.now += 1


class Replacing(Checking):
    def before(self):
        super().before()
        self.database.opened[0].failure = RuntimeError("gone")


class GrowingOld(Scene):
    def before(self):
        self.make_pool(max_lifetime=10)
        self.pool.release(self.pool.acquire())
        self.clock.now += 10

    def act(self):
        conn = self.acquire()
        self.clock.now += 10
        self.release(conn)


class TakingBackBroken(Scene):
    def act(self):
        conn = self.acquire()
        conn.in_transaction, conn.failure = True, RuntimeError("gone")
        self.release(conn)


class GivingUp(Scene):
    def before(self):
        self.make_pool()
        self.others = [self.pool.acquire(), self.pool.acquire()]

    def act(self):
        with pytest.raises(PoolError):
            self.acquire(timeout=0)

    def others_finish(self):
        for conn in self.others:
            self.pool.release(conn)


class Waiting(GivingUp):
    def before(self):
        super().before()
        self.tasks = [Task(self.serve)]

    def serve(self):
        wait_until(lambda: self.pool.stats()["waiting"] or self.done)
        self.pool.release(self.others.pop())

    done = False

    def act(self):
        try:
            self.release(self.acquire(timeout=5))
        finally:
            self.done = True


class WaitingForAPlace(Waiting):
    """What comes free is broken: the waiter gets its place and opens a new one."""

    def serve(self):
        conn = self.others[-1]
        conn.in_transaction, conn.failure = True, RuntimeError("gone")
        super().serve()


class HandingOver(Scene):
    def before(self):
        self.make_pool()
        self.given = [self.acquire(), self.acquire()]
        self.got = []
        for count in (1, 2):
            self.tasks.append(Task(self.borrow))
            waiting(self.pool, count)

    def still_held(self):
        served = 2 - self.pool.stats()["waiting"]
        return self.given[served:]

    def borrow(self):
        self.got.append(self.pool.acquire(timeout=5))

    def act(self):
        for conn in list(self.held):
            self.release(conn)

    def others_finish(self):
        for task in self.tasks:
            task.result()
        for conn in self.got:
            self.pool.release(conn)


class HandingOverAPlace(HandingOver):
    def act(self):
        for conn in self.held:
            conn.in_transaction, conn.failure = True, RuntimeError("gone")
        super().act()


class FailingBeforeOthers(HandingOver):
    """A connect fails while others wait."""

    def before(self):
        super().before()
        conn = self.held.pop()
        conn.in_transaction, conn.failure = True, RuntimeError("gone")
        self.database.failures = [None, RuntimeError("no server")]
        self.pool.release(conn)
        self.tasks[0].result()
        self.pool.release(self.held.pop())
        self.tasks[1].result()
        self.waiter = Task(self.borrow)
        self.tasks.append(self.waiter)
        waiting(self.pool, 1)

    def still_held(self):
        return self.held if self.pool.stats()["waiting"] else []

    def act(self):
        conn = self.got.pop()
        self.held.append(conn)
        conn.in_transaction, conn.failure = True, RuntimeError("gone")
        self.release(conn)

    def others_finish(self):
        with suppress(PoolError):
            self.waiter.result()
        for conn in self.got:
            self.pool.release(conn)


class Shrinking(Scene):
    def before(self):
        self.make_pool(pool_size=2)
        for conn in [self.pool.acquire(), self.pool.acquire()]:
            self.pool.release(conn)

    def act(self):
        self.pool.shrink(0)


class Tidying(Scene):
    def before(self):
        self.make_pool(pool_size=2, max_idle=10, leak_after=10)
        for conn in [self.acquire(), self.pool.acquire()]:
            self.pool.release(conn)
        self.held.clear()
        self.clock.now += 10

    def act(self):
        self.release(self.acquire())


class Block(LendingAndTakingBack):
    inside = None

    def act(self):
        with self.pool.connection() as conn:
            self.held.append(conn)
            conn.in_transaction = True
            self.ending = conn
            if self.inside:
                raise self.inside
        self.held.remove(conn)


class BlockThatFails(Block):
    inside = KeyError("mine")

    def act(self):
        with pytest.raises(KeyError):
            super().act()
        self.held.clear()


class BlockWhoseCommitFails(Block):
    def act(self):
        with pytest.raises(RuntimeError), self.pool.connection() as conn:  # noqa: PT012
            self.held.append(conn)
            self.ending = conn
            conn.in_transaction, conn.failure = True, RuntimeError("disk full")
        self.held.clear()


class Closing(HandingOver):
    def before(self):
        super().before()
        self.pool.release(self.held.pop())
        self.tasks[0].result()

    def act(self):
        self.pool.close_all()

    def still_held(self):
        if "closed" not in repr(self.pool):  # interrupted before it began
            self.pool.close_all()
        return self.held

    def others_finish(self):
        with pytest.raises(PoolError):
            self.tasks[1].result(within=2)
        for conn in self.got:
            self.pool.release(conn)


class ClosingIdle(Shrinking):
    def act(self):
        self.pool.close_all()


class Filling(Scene):
    def before(self):
        pass

    def act(self):
        self.make_pool(pool_size=2, min_connections=2)


SCENES = [
    LendingAndTakingBack, OpeningAndClosing, TryingAgain, Failing, Checking, Replacing, GrowingOld,
    TakingBackBroken, GivingUp, Waiting, WaitingForAPlace, HandingOver, HandingOverAPlace,
    FailingBeforeOthers, Shrinking, Tidying, Block, BlockThatFails, BlockWhoseCommitFails, Closing,
    ClosingIdle, Filling,
]  # fmt: skip


def play(scene_class, at):
    """Play a scene, interrupted at one place; tell where, and whether a loan went on after it."""
    scene = scene_class()
    interrupter = Interrupter(at)
    interrupted = False
    try:
        with following(interrupter):
            scene.act()
    except KeyboardInterrupt:
        interrupted = True
    assert interrupted == (interrupter.where is not None), "the interrupt was swallowed"
    return interrupter, settle(scene)


def settle(scene):
    """Let everybody give back what they have; then the pool must be whole."""
    went_on = False
    for conn in list(scene.still_held()):
        with suppress(ValueError):  # given back before the interrupt
            Task(scene.pool.release, conn).result(within=5)
            went_on = went_on or conn is scene.ending
    scene.others_finish()
    for task in scene.tasks:
        task.thread.join(10)
    if scene.pool is None:
        assert scene.database.still_open == []
    else:
        Task(assert_whole, scene).result(within=5)  # in another thread: no lock may be left held
    return went_on


def assert_whole(scene):
    pool, database = scene.pool, scene.database
    stats = pool.stats()
    assert (stats["in_use"], stats["waiting"]) == (0, 0)
    assert stats["created"] - stats["closed"] == stats["idle"] == len(database.still_open)
    if "closed" in repr(pool):
        assert stats["idle"] == 0
        return
    database.failures.clear()
    conns = [pool.acquire(timeout=0) for _ in range(CAP)]
    assert len(set(conns)) == CAP
    for conn in conns:
        pool.release(conn)
    pool.close_all()
    assert database.still_open == []
    assert pool.stats()["closed"] == pool.stats()["created"]


@pytest.mark.parametrize("scene_class", SCENES, ids=lambda scene: scene.__name__)
def test_no_interrupt_loses_a_connection_or_a_place(scene_class):
    whole_run, _ = play(scene_class, at=None)
    assert whole_run.count > 0

    gaps = set()
    for at in range(1, whole_run.count + 1):
        try:
            interrupter, went_on = play(scene_class, at)
        except BaseException as exc:
            exc.add_note(f"{scene_class.__name__}, interrupted at {at} of {whole_run.count}")
            raise
        if went_on:
            gaps.add(interrupter.where)
    if issubclass(scene_class, Block):  # the gap that pool.py names
        assert gaps == {f"Lease.__exit__:{start(Lease.__exit__.__code__)}"}
    print(scene_class.__name__, whole_run.count, sorted(gaps))
