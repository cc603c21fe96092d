"""What lesson 02 starts from: a shelf, and how its claims borrow and look."""

from __future__ import annotations

import sqlite3
from collections import deque

from poolkit.course.exercises import expect


class Shelf:
    """A pool that keeps connections but does not lend them yet: `acquire` is missing."""

    def __init__(self, config):
        self.config = config
        self._idle = []
        self._created = 0
        self._reused = 0

    def _connect(self):
        return sqlite3.connect(self.config.db_path, timeout=self.config.timeout)

    def release(self, conn):
        self._idle.append(conn)

    def stats(self):
        return {"created": self._created, "reused": self._reused, "idle": len(self._idle)}


def lend(pool, count: int) -> list:
    """Borrow `count` connections at once, and insist that connections they are."""
    lent = [pool.acquire() for _ in range(count)]
    for conn in lent:
        expect(conn, sqlite3.Connection, "pool.acquire()")
    return lent


def idle(pool) -> list:
    """What lies on the pool's shelf, oldest first."""
    expect(pool._idle, (list, deque), "pool._idle")
    return list(pool._idle)


def after_a_rush(pool, borrowers: int = 7):
    """The pool, after so many borrowed at once and gave back."""
    for conn in lend(pool, borrowers):
        pool.release(conn)
    return pool
