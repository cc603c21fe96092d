"""A signal handler, a finalizer or a log handler that uses the pool, at every step of every call.

CPython runs one where a Python function starts and when a call has returned. There a profile hook
does, at one place after the other, what such a handler might do; then the pool must be whole.
"""

import gc
import logging
import signal
import sys
import threading
from contextlib import suppress

import pytest

import poolkit
from poolkit import ConnectionConfig, ConnectionPool, PoolError
from tests.tools import Database, Task, wait_until, waiting

PACKAGE = poolkit.__path__[0]


class Scene:
    """A pool of at most two connections, both out; a call; and what a handler does in it."""

    size, others = 1, 0

    def __init__(self):
        self.database = Database()
        config = ConnectionConfig(
            pool_size=self.size, max_connections=2, acquire_timeout=5, base_backoff=0, ping_after=0
        )
        self.pool = ConnectionPool(config, connect=self.database.connect)
        self.mine = [self.pool.acquire(), self.pool.acquire()]
        self.tasks = []
        for count in range(self.others):
            self.tasks.append(Task(self.borrow))
            waiting(self.pool, count + 1)

    def borrow(self):
        self.pool.release(self.pool.acquire(timeout=5))

    def act(self):
        raise NotImplementedError


class Releasing(Scene):
    def act(self):
        self.pool.release(self.mine.pop())


class ReleasingTwo(Releasing):
    size = 2


class ReleasingToOne(Releasing):
    others = 1


class ReleasingToTwo(Releasing):
    size, others = 2, 2


class ReleasingBroken(ReleasingToOne):
    def act(self):
        self.mine[-1].in_transaction, self.mine[-1].failure = True, RuntimeError("gone")
        super().act()


class Acquiring(Scene):
    def act(self):
        self.pool.release(self.mine.pop())
        self.mine.append(self.pool.acquire())


class Replacing(Scene):
    def act(self):
        conn = self.mine.pop()
        self.pool.release(conn)
        conn.failure = RuntimeError("gone")
        self.mine.append(self.pool.acquire())


class Block(Scene):
    def act(self):
        self.pool.release(self.mine.pop())
        with self.pool.connection() as conn:
            conn.in_transaction = True


class WaitingInLine(Scene):
    """Whoever gives back does so at some step of this thread's waiting, and nobody else does."""

    def act(self):
        with suppress(poolkit.PoolTimeout):
            self.mine.append(self.pool.acquire(timeout=0.05))


class Shrinking(ReleasingTwo):
    def act(self):
        super().act()
        self.pool.shrink(0)


class Draining(ReleasingTwo):
    def act(self):
        super().act()
        self.pool.drain()


class Closing(ReleasingTwo):
    def act(self):
        super().act()
        self.pool.close_all()


class Asking(Scene):
    def act(self):
        stats = self.pool.stats()
        assert stats["idle"] + stats["in_use"] == stats["created"] - stats["closed"]
        assert repr(self.pool)


def give_back(scene):
    if scene.mine:
        scene.pool.release(scene.mine.pop())


def borrow_briefly(scene):
    with suppress(PoolError), scene.pool.connection(timeout=0):
        pass


def wait_for_another(scene):
    """It waits, in the midst of a step, for what another thread gives back meanwhile."""
    if not scene.mine:
        return
    scene.tasks.append(Task(scene.pool.release, scene.mine.pop()))
    with suppress(PoolError), scene.pool.connection(timeout=0.2):
        pass


def close(scene):
    scene.pool.close_all()


SCENES = [
    Releasing, ReleasingTwo, ReleasingToOne, ReleasingToTwo, ReleasingBroken, Acquiring, Replacing,
    Block, WaitingInLine, Shrinking, Draining, Closing, Asking,
]  # fmt: skip


def play(scene_class, handler, at):
    """Play a scene, with the handler run at one place; tell whether the place was reached."""
    scene = scene_class()
    count = 0

    def hook(frame, event, arg):
        nonlocal count
        if event in ("call", "c_return") and frame.f_code.co_filename.startswith(PACKAGE):
            count += 1
            if count == at:
                handler(scene)
                stats = scene.pool.stats()
                assert stats["idle"] <= scene.size

    sys.setprofile(hook)
    try:
        scene.act()
    except (PoolError, IndexError):
        assert handler is close or not scene.mine  # the handler had given it back
    finally:
        sys.setprofile(None)
    assert_whole(scene)
    return count >= at


def assert_whole(scene):
    pool = scene.pool
    while scene.mine:
        pool.release(scene.mine.pop())
    for task in scene.tasks:
        with suppress(poolkit.PoolClosed):
            task.result(within=4)  # less than its timeout: it must have been woken
    stats = pool.stats()
    assert (stats["in_use"], stats["waiting"]) == (0, 0)
    assert stats["idle"] <= scene.size
    assert stats["idle"] == len(scene.database.still_open) == stats["created"] - stats["closed"]
    if "closed" not in repr(pool):
        conns = [pool.acquire(timeout=0), pool.acquire(timeout=0)]
        for conn in conns:
            pool.release(conn)


@pytest.mark.parametrize("handler", [give_back, borrow_briefly, wait_for_another, close])
@pytest.mark.parametrize("scene_class", SCENES, ids=lambda scene: scene.__name__)
def test_a_handler_may_use_the_pool_at_any_step_of_a_call(scene_class, handler):
    at = 1
    while play(scene_class, handler, at):
        at += 1
    assert at > 3


def test_who_joins_the_line_gets_what_is_given_back_at_any_step():
    at, waits = 0, False
    while not waits:  # what is given back later may come too late
        at += 1
        scene, count = WaitingInLine(), 0
        conn = scene.mine.pop()

        def hook(frame, event, arg, at=at, scene=scene, conn=conn):
            nonlocal count, waits
            if event == "call" and frame.f_code.co_filename.startswith(PACKAGE):
                count += 1
                if count == at:
                    scene.pool.release(conn)
                    waits = frame.f_code.co_name == "wait"

        def act(scene=scene, hook=hook):
            sys.setprofile(hook)
            return scene.pool.acquire(timeout=2)

        assert Task(act).result() is conn
    assert at > 5


# Where there is no room for one call more


def deep(left, func):
    return func() if left <= 0 else deep(left - 1, func)


def near_the_limit(spare, func):
    depth, frame = 0, sys._getframe()
    while frame:
        depth, frame = depth + 1, frame.f_back
    with suppress(RecursionError):
        deep(sys.getrecursionlimit() - depth - spare, func)


@pytest.mark.parametrize("way", ["release", "acquire", "block", "broken", "wait", "hand over"])
def test_near_the_recursion_limit_no_place_is_lost(way):
    for spare in range(1, 60):
        database, got = Database(), []
        config = ConnectionConfig(pool_size=1, max_connections=1, acquire_timeout=5)
        pool = ConnectionPool(config, connect=database.connect)
        conn = pool.acquire()
        waiter = None
        if way == "broken":
            conn.in_transaction, conn.failure = True, RuntimeError("gone")
        if way in ("acquire", "block"):
            pool.release(conn)
        if way == "hand over":
            waiter = Task(lambda pool=pool: pool.release(pool.acquire()))
            waiting(pool, 1)

        def act(pool=pool, conn=conn, got=got):
            if way == "acquire":
                got.append(pool.acquire())
            elif way == "block":
                with pool.connection():
                    pass
            elif way == "wait":
                with suppress(poolkit.PoolTimeout):
                    pool.acquire(timeout=0)
            else:
                pool.release(conn)

        near_the_limit(spare, act)

        for each in (*got, conn):
            with suppress(ValueError):  # given back in spite of the error
                pool.release(each)
        if waiter is not None:
            waiter.result(within=4)
        stats = pool.stats()
        assert (stats["in_use"], stats["waiting"]) == (0, 0), f"{spare} frames to spare"
        assert stats["idle"] <= 1
        pool.release(pool.acquire(timeout=0))


@pytest.mark.slow  # it takes memory from every thread of the process, the test runner's among them
@pytest.mark.skipif(sys.implementation.name != "cpython", reason="takes memory away as CPython can")
@pytest.mark.parametrize("way", ["release", "acquire", "block", "hand over"])
def test_without_memory_no_place_is_lost(way):
    testcapi = pytest.importorskip("_testcapi", reason="this Python cannot take memory away")
    for at in range(1, 60):
        database, got = Database(), []
        config = ConnectionConfig(pool_size=1, max_connections=1, acquire_timeout=5)
        pool = ConnectionPool(config, connect=database.connect)
        conn = pool.acquire()
        if way in ("acquire", "block"):
            pool.release(conn)
        waiter = None
        if way == "hand over":
            waiter = Task(lambda pool=pool: pool.release(pool.acquire()))
            waiting(pool, 1)
        lease = pool.connection()

        testcapi.set_nomemory(at, at + 1)
        try:
            if way == "acquire":
                got.append(pool.acquire())
            elif way == "block":
                with lease:
                    pass
            elif way == "wait":
                pool.acquire(timeout=0)
            else:
                pool.release(conn)
        except (MemoryError, PoolError):
            pass
        finally:
            testcapi.remove_mem_hooks()

        for each in (*got, conn):
            with suppress(ValueError):
                pool.release(each)
        if waiter is not None:
            waiter.result(within=4)
        stats = pool.stats()
        assert (stats["in_use"], stats["waiting"]) == (0, 0), f"at allocation {at}"
        pool.release(pool.acquire(timeout=0))


# Log handlers


@pytest.mark.parametrize("what", ["reset", "close", "check"])
def test_a_log_handler_may_borrow_the_only_connection(make_pool, what):
    """It is called when the pool has nobody's connection in hand."""
    database, seen = Database(), []
    pool = make_pool(
        connect=database.connect, pool_size=1, max_connections=1, acquire_timeout=0.2, ping_after=0
    )

    class Handler(logging.Handler):
        def emit(self, record):
            with pool.connection():
                seen.append(record.getMessage())

    logger, handler = logging.getLogger("poolkit"), Handler()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        conn = pool.acquire()
        if what == "reset":
            conn.in_transaction, conn.failure = True, RuntimeError("gone")
            pool.release(conn)
        else:
            pool.release(conn)
            conn.failure = RuntimeError("gone")
            pool.release(pool.acquire()) if what == "check" else pool.shrink(0)
        pool.stats()
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert any("gone" in message for message in seen)
    assert pool.stats()["in_use"] == 0


# At moments nobody chose


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timer signals")
def test_signals_that_give_back_lose_no_wake_up(make_pool):
    """A real signal handler gives back what this thread is about to wait for."""
    pool = make_pool(connect=Database().connect, pool_size=1, max_connections=1)
    held = []
    before = signal.signal(signal.SIGALRM, lambda *_: held and pool.release(held.pop()))
    try:
        for number in range(100):
            held.append(pool.acquire(timeout=5))
            signal.setitimer(signal.ITIMER_REAL, 1e-5 + number % 30 * 2e-6)
            # PoolTimeout: the wake-up was lost. A signal that comes as the lock is entered, CPython
            # hands over when the wait is at its end; the waiter is served even then.
            conn = pool.acquire(timeout=0.5)
            pool.release(conn)
            wait_until(lambda: not held)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert pool.stats()["in_use"] == 0
    assert pool.stats()["timeouts"] == 0


def test_garbage_that_gives_back_loses_no_wake_up(make_pool):
    pool = make_pool(connect=Database().connect, pool_size=2, max_connections=2, acquire_timeout=5)

    class Holder:
        def __init__(self):
            self.conn = pool.acquire()
            self.itself = self

        def __del__(self):
            pool.release(self.conn)

    def churn():
        for _ in range(200):
            Holder()
            with pool.connection():
                pass

    def collect():
        while not done.is_set():
            gc.collect()

    threshold, done = gc.get_threshold(), threading.Event()
    gc.freeze()  # what the test run has heaped up is not looked through again and again
    gc.set_threshold(3, 2, 2)
    collecting = Task(collect)  # for when all the others wait for what only garbage holds
    try:
        for task in [Task(churn), Task(churn)]:
            task.result(within=30)
    finally:
        gc.set_threshold(*threshold)
        gc.unfreeze()
        done.set()
    collecting.result()
    gc.collect()
    assert pool.stats()["in_use"] == 0
