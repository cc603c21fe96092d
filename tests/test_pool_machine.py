"""A state machine: whatever is done in whatever order, the numbers add up."""

import sqlite3

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from poolkit import ConnectFailed, ConnectionConfig, PoolClosed, PoolTimeout
from tests.tools import Clock, Database

LOCKED = sqlite3.OperationalError("database is locked")
GONE = RuntimeError("server closed the connection")


class PoolMachine(RuleBasedStateMachine):
    """Drives a pool, and keeps a model of it: who has what, and what must come next."""

    pool_class: type

    def __init__(self):
        super().__init__()
        self.pool = None

    @initialize(
        pool_size=st.integers(1, 3),
        extra=st.none() | st.integers(0, 2),
        least=st.integers(0, 3),
        max_lifetime=st.none() | st.just(50),
        max_idle=st.none() | st.just(20),
        ping_after=st.sampled_from([0, 5, 1000]),
    )
    def open(self, pool_size, extra, least, max_lifetime, max_idle, ping_after):
        self.database, self.clock = Database(), Clock()
        self.config = ConnectionConfig(
            pool_size=pool_size,
            max_connections=None if extra is None else pool_size + extra,
            min_connections=min(least, pool_size),
            max_lifetime=max_lifetime,
            max_idle=max_idle,
            ping_after=ping_after,
            leak_after=30,
            base_backoff=0,
            max_retries=2,
        )
        self.check_fails = self.reset_fails = False
        self.pool = self.pool_class(
            self.config,
            connect=self.database.connect,
            check=self.check,
            reset=self.reset,
            clock=self.clock,
        )
        self.lent, self.closed = [], False
        self.last = self.pool.stats()

    def check(self, conn):
        conn.use()
        if self.check_fails:
            raise GONE

    def reset(self, conn):
        if self.reset_fails:
            raise GONE
        conn.rollback()

    @rule(failures=st.integers(0, 2), check_fails=st.booleans())
    def acquire(self, failures, check_fails):
        self.database.failures = [LOCKED] * failures
        self.check_fails = check_fails
        full = len(self.lent) == self.config.max_connections
        try:
            conn = self.pool.acquire(timeout=0 if full or failures == 2 else 5)
        except PoolClosed:
            assert self.closed
        except PoolTimeout:
            assert full
        except ConnectFailed:
            assert failures == 2
            assert not full
        else:
            assert not self.closed
            assert not full
            assert conn not in self.lent
            assert conn.closed == 0
            self.lent.append(conn)
        finally:
            self.database.failures, self.check_fails = [], False

    @precondition(lambda self: self.pool and self.lent)
    @rule(data=st.data(), how=st.sampled_from(["well", "well", "broken", "closed", "no reset"]))
    def release(self, data, how):
        conn = self.lent.pop(data.draw(st.integers(0, len(self.lent) - 1)))
        if how == "broken":
            conn.failure = GONE
        elif how == "closed":
            conn.close()
        self.reset_fails = how == "no reset"
        before = self.pool.stats()
        self.pool.release(conn)
        self.reset_fails = False
        assert self.pool.stats()["discarded"] == before["discarded"] + (how != "well")

    @precondition(lambda self: self.pool and not self.closed)
    @rule(fails=st.booleans())
    def block(self, fails):
        if len(self.lent) == self.config.max_connections:
            return
        try:
            with self.pool.connection() as conn:
                conn.in_transaction = True
                assert conn not in self.lent
                if fails:
                    raise KeyError
        except KeyError:
            assert fails
        assert not conn.in_transaction

    @precondition(lambda self: self.pool)
    @rule()
    def release_a_stranger(self):
        before = self.pool.stats()
        with pytest.raises(ValueError, match="not out on loan"):
            self.pool.release(object())
        assert self.pool.stats() == before

    @precondition(lambda self: self.pool)
    @rule(data=st.data())
    def release_twice(self, data):
        idle = [conn for conn in self.database.opened if conn not in self.lent]
        if idle:
            with pytest.raises(ValueError, match="not out on loan"):
                self.pool.release(data.draw(st.sampled_from(idle)))

    @rule(seconds=st.sampled_from([1, 6, 21, 46]))
    def time_passes(self, seconds):
        self.clock.now += seconds

    @rule(left=st.integers(0, 3))
    def shrink(self, left):
        self.pool.shrink(left)
        assert self.pool.stats()["idle"] <= left

    @precondition(lambda self: self.pool and len(self.database.opened) > 3)
    @rule()
    def close(self):
        self.pool.close_all()
        self.closed = True

    @invariant()
    def the_numbers_add_up(self):
        if self.pool is None:
            return
        stats = self.pool.stats()
        assert stats["in_use"] == len(self.lent)
        assert stats["idle"] + stats["in_use"] == stats["created"] - stats["closed"]
        assert stats["created"] == len(self.database.opened)
        assert len(self.database.still_open) <= stats["idle"] + stats["in_use"]
        assert stats["idle"] <= (0 if self.closed else self.config.pool_size)
        assert stats["waiting"] == 0
        if self.config.max_connections is not None:
            assert stats["in_use"] + stats["idle"] <= self.config.max_connections
        for name in ("created", "reused", "closed", "discarded", "timeouts", "peak"):
            assert stats[name] >= self.last[name]
        assert stats["peak"] >= stats["in_use"]
        self.last = stats

    def teardown(self):
        if self.pool is None:
            return
        for conn in self.lent:
            self.pool.release(conn)
        self.pool.close_all()
        stats = self.pool.stats()
        assert stats["created"] == stats["closed"]
        assert self.database.still_open == []


def machine(pool_class):
    return type("Machine", (PoolMachine,), {"pool_class": pool_class})


def run(pool_class, examples, steps):
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        machine(pool_class),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_whatever_is_done_the_numbers_add_up(pool_class):
    run(pool_class, examples=80, steps=30)


@pytest.mark.slow
def test_whatever_is_done_for_long_the_numbers_add_up(pool_class):
    run(pool_class, examples=3000, steps=60)
