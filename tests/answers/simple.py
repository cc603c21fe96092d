"""Answers to lesson 02, right and wrong."""

import sqlite3
from collections import deque

from poolkit.course.lessons.simple import Counter, Lender, Shelf
from tests.answers import right, wrong

# --- simple.reuse


@right("simple.reuse")
class ReusingPool(Shelf):
    def acquire(self):
        try:
            conn = self._idle.pop()
        except IndexError:
            conn = self._connect()
            self._created += 1
        else:
            self._reused += 1
        return conn


@right("simple.reuse")
class ReusingPool(Shelf):
    def acquire(self, *, why=None):
        if len(self._idle) == 0:
            self._idle.append(self._connect())
            self._created = self._created + 1
        else:
            self._reused = self._reused + 1
        last = self._idle[-1]
        del self._idle[-1]
        return last


@right("simple.reuse")
class ReusingPool(Shelf):
    def __init__(self, config):
        super().__init__(config)
        self._idle = deque()

    def acquire(self):
        found = bool(self._idle)
        self._reused += found
        self._created += not found
        return self._idle.pop() if found else self._connect()


@wrong("simple.reuse", "always new", breaks="reuses", unjudged="counts")
class ReusingPool(Shelf):
    def acquire(self):
        self._created += 1
        return self._connect()


@wrong("simple.reuse", "signature")
class ReusingPool(Shelf):
    def acquire():
        return sqlite3.connect(":memory:")


# --- simple.cap


@right("simple.cap")
class CappedPool(Lender):
    def release(self, conn):
        full = len(self._idle) >= self.config.pool_size
        (conn.close if full else lambda: self._idle.append(conn))()


@right("simple.cap")
class CappedPool(Lender):
    def release(self, conn):
        self._idle.append(conn)
        while len(self._idle) > self.config.pool_size:
            self._idle.pop().close()


@right("simple.cap")
class CappedPool(Lender):
    def release(self, conn):
        self._idle += [conn]
        for surplus in self._idle[self.config.pool_size :]:
            surplus.close()
        del self._idle[self.config.pool_size :]


@right("simple.cap")
class CappedPool(Lender):
    def release(self, conn):
        if len(self._idle) + 1 > self.config.pool_size:
            return conn.close()
        super().release(conn)


# --- simple.peak


@right("simple.peak")
class PeakPool(Counter):
    def acquire(self):
        conn = Counter.acquire(self)
        if self._in_use > self._peak:
            self._peak = self._in_use
        return conn

    def stats(self):
        stats = super().stats()
        stats["peak"] = self._peak
        return stats


@right("simple.peak")
class PeakPool(Counter):
    def acquire(self):
        self._peak = max(self._peak, self._in_use + 1)
        return super().acquire()

    def stats(self):
        return super().stats() | dict(peak=self._peak)


@right("simple.peak")
class PeakPool(Counter):
    def __init__(self, config):
        super().__init__(config)
        self.history = [0]

    def acquire(self):
        conn = super().acquire()
        self.history.append(self._in_use)
        return conn

    def stats(self):
        return dict(super().stats(), peak=max(self.history))


@right("simple.peak")
class PeakPool(Counter):
    """The peak moves only when a new one is opened: as long as one lies idle, more were out before."""

    def acquire(self):
        new = not self._idle
        conn = super().acquire()
        if new:
            self._peak = max(self._peak, self._in_use)
        return conn

    def stats(self):
        return {**super().stats(), "peak": self._peak}


@wrong("simple.peak", "wrong type", breaks="lends_as_before", unjudged="counts_those_out_at_once")
class PeakPool(Counter):
    def acquire(self):
        super().acquire()
        self._peak = max(self._peak, self._in_use)

    def stats(self):
        return {**super().stats(), "peak": self._peak}


@wrong("simple.peak", "another pool's", breaks="lends_as_before")
class PeakPool(Counter):
    _idle = []  # one shelf for all pools of the class

    def __init__(self, config):
        self.config = config
        self._created = self._reused = self._in_use = self._peak = 0

    def acquire(self):
        conn = super().acquire()
        self._peak = max(self._peak, self._in_use)
        return conn

    def stats(self):
        return {**super().stats(), "peak": self._peak}


# --- simple.shrink


@right("simple.shrink")
class ShrinkingPool(Lender):
    def shrink(self, target):
        surplus = max(len(self._idle) - target, 0)
        for conn in self._idle[:surplus]:
            conn.close()
        self._idle = self._idle[surplus:]


@right("simple.shrink")
class ShrinkingPool(Lender):
    def shrink(self, target):
        line = deque(self._idle)
        while len(line) > target:
            line.popleft().close()
        self._idle = list(line)


@right("simple.shrink")
class ShrinkingPool(Lender):
    def shrink(self, target):
        for _ in range(len(self._idle) - target):
            conn = self._idle[0]
            self._idle.remove(conn)
            conn.close()


@right("simple.shrink")
class ShrinkingPool(Lender):
    def shrink(self, target):
        if len(self._idle) > target:
            oldest, *self._idle = self._idle
            oldest.close()
            self.shrink(target)


@wrong("simple.reuse", "named otherwise")
class ReusingPool(Shelf):
    def acquires(self):
        return self._connect()
