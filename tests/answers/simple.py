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


@wrong("simple.reuse", "always new", breaks="reuses counts")
class ReusingPool(Shelf):
    def acquire(self):
        self._created += 1
        return self._connect()


@wrong("simple.reuse", "kept on the shelf", breaks="lends_each_once counts")
class ReusingPool(Shelf):
    def acquire(self):
        if self._idle:
            self._reused += 1
            return self._idle[-1]
        self._created += 1
        return self._connect()


@wrong("simple.reuse", "oldest first", breaks="last_back_first_out")
class ReusingPool(Shelf):
    def acquire(self):
        if self._idle:
            self._reused += 1
            return self._idle.pop(0)
        self._created += 1
        return self._connect()


@wrong("simple.reuse", "miscounted", breaks="counts")
class ReusingPool(Shelf):
    def acquire(self):
        if self._idle:
            return self._idle.pop()
        self._created += 1
        return self._connect()


@wrong("simple.reuse", "miscounted", breaks="counts")
class ReusingPool(Shelf):
    def acquire(self):
        self._created += 1
        if self._idle:
            self._reused += 1
            return self._idle.pop()
        return self._connect()


@wrong(
    "simple.reuse",
    "raised IndexError",
    breaks="lends_an_open_connection reuses lends_each_once counts",
)
class ReusingPool(Shelf):
    def acquire(self):
        self._reused += 1
        return self._idle.pop()


@wrong("simple.reuse", "lent closed", breaks="lends_an_open_connection")
class ReusingPool(Shelf):
    def acquire(self):
        if self._idle:
            self._reused += 1
            return self._idle.pop()
        self._created += 1
        conn = self._connect()
        conn.close()
        return conn


@wrong(
    "simple.reuse", "wrong type", breaks="lends_an_open_connection reuses lends_each_once counts"
)
class ReusingPool(Shelf):
    def acquire(self):
        if self._idle:
            self._reused += 1
            return self._idle.pop()
        self._created += 1
        self._idle.append(self._connect())


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


@wrong("simple.cap", "no cap", breaks="keeps_no_more closes_the_surplus")
class CappedPool(Lender):
    def release(self, conn):
        self._idle.append(conn)


@wrong("simple.cap", "one too many", breaks="keeps_no_more closes_the_surplus")
class CappedPool(Lender):
    def release(self, conn):
        if len(self._idle) <= self.config.pool_size:
            self._idle.append(conn)
        else:
            conn.close()


@wrong("simple.cap", "one too few", breaks="keeps_what_fits keeps_again_after_a_rush")
class CappedPool(Lender):
    def release(self, conn):
        if len(self._idle) < self.config.pool_size - 1:
            self._idle.append(conn)
        else:
            conn.close()


@wrong("simple.cap", "dropped, not closed", breaks="closes_the_surplus")
class CappedPool(Lender):
    def release(self, conn):
        if len(self._idle) < self.config.pool_size:
            self._idle.append(conn)


@wrong("simple.cap", "closed on the shelf", breaks="lends_nothing_closed")
class CappedPool(Lender):
    def release(self, conn):
        if len(self._idle) >= self.config.pool_size:
            conn.close()
            self._idle.pop()
        self._idle.append(conn)


@wrong("simple.cap", "closed what fits", breaks="keeps_what_fits keeps_again_after_a_rush")
class CappedPool(Lender):
    def release(self, conn):
        conn.close()


@wrong(
    "simple.cap",
    "raised TypeError",
    breaks="keeps_what_fits keeps_no_more closes_the_surplus lends_nothing_closed keeps_again_after_a_rush",
)
class CappedPool(Lender):
    def release(self, conn):
        if self._idle < self.config.pool_size:
            self._idle.append(conn)
        else:
            conn.close()


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


@wrong("simple.peak", "counts loans", breaks="counts_those_out_at_once does_not_fall")
class PeakPool(Counter):
    def acquire(self):
        self._peak += 1
        return super().acquire()

    def stats(self):
        return {**super().stats(), "peak": self._peak}


@wrong("simple.peak", "falls again", breaks="does_not_fall")
class PeakPool(Counter):
    def acquire(self):
        return super().acquire()

    def stats(self):
        return {**super().stats(), "peak": self._in_use}


@wrong("simple.peak", "only new ones", breaks="sees_reused_ones")
class PeakPool(Counter):
    def acquire(self):
        new = not self._idle
        conn = super().acquire()
        if new:
            self._peak = max(self._peak, self._in_use)
        return conn

    def stats(self):
        return {**super().stats(), "peak": self._peak}


@wrong("simple.peak", "starts wrong", breaks="starts_at_zero")
class PeakPool(Counter):
    def acquire(self):
        conn = super().acquire()
        self._peak = max(self._peak, self._in_use)
        return conn

    def stats(self):
        return {**super().stats(), "peak": max(self._peak, 1)}


@wrong("simple.peak", "lost keys", breaks="reports_the_rest")
class PeakPool(Counter):
    def acquire(self):
        conn = super().acquire()
        self._peak = max(self._peak, self._in_use)
        return conn

    def stats(self):
        return {"peak": self._peak}


@wrong(
    "simple.peak",
    "no peak",
    breaks="starts_at_zero counts_those_out_at_once sees_reused_ones does_not_fall",
)
class PeakPool(Counter):
    def acquire(self):
        conn = super().acquire()
        self._peak = max(self._peak, self._in_use)
        return conn

    def stats(self):
        return super().stats()


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


@wrong(
    "simple.shrink",
    "too many left",
    breaks="shrinks_to_the_target closes_what_it_takes_away keeps_the_warm_ones",
)
class ShrinkingPool(Lender):
    def shrink(self, target):
        for conn in self._idle:
            if len(self._idle) > target:
                self._idle.remove(conn)
                conn.close()


@wrong(
    "simple.shrink",
    "too few left",
    breaks="shrinks_to_the_target closes_what_it_takes_away leaves_few_alone",
)
class ShrinkingPool(Lender):
    def shrink(self, target):
        for _ in range(min(target, len(self._idle))):
            self._idle.pop(0).close()


@wrong("simple.shrink", "left open", breaks="closes_what_it_takes_away keeps_the_warm_ones")
class ShrinkingPool(Lender):
    def shrink(self, target):
        while len(self._idle) > target:
            self._idle.pop(0)


@wrong("simple.shrink", "closed the warm ones", breaks="keeps_the_warm_ones")
class ShrinkingPool(Lender):
    def shrink(self, target):
        while len(self._idle) > target:
            self._idle.pop().close()


@wrong(
    "simple.shrink",
    "closed the wrong ones",
    breaks="closes_what_it_takes_away keeps_the_warm_ones leaves_few_alone",
)
class ShrinkingPool(Lender):
    def shrink(self, target):
        for conn in self._idle[target:]:
            conn.close()
        del self._idle[: len(self._idle) - target]


@wrong("simple.shrink", "closed without need", breaks="leaves_few_alone")
class ShrinkingPool(Lender):
    def shrink(self, target):
        surplus = len(self._idle) - target
        for conn in self._idle[:surplus]:
            conn.close()
        del self._idle[:surplus]


@wrong("simple.shrink", "nothing left the shelf", breaks="shrinks_to_the_target")
class ShrinkingPool(Lender):
    def shrink(self, target):
        for conn in self._idle[:-target]:
            conn.close()
        self._idle = self._idle[-target:]


@wrong(
    "simple.shrink",
    "only one",
    breaks="shrinks_to_the_target closes_what_it_takes_away",
)
class ShrinkingPool(Lender):
    def shrink(self, target):
        if len(self._idle) > target:
            self._idle.pop(0).close()


@wrong("simple.shrink", "turned round", breaks="keeps_their_order")
class ShrinkingPool(Lender):
    def shrink(self, target):
        keep = []
        while self._idle:
            conn = self._idle.pop()
            if len(keep) < target:
                keep.append(conn)
            else:
                conn.close()
        self._idle = keep


@wrong("simple.reuse", "opened elsewhere", breaks="lends_an_open_connection")
class ReusingPool(Shelf):
    def acquire(self):
        if self._idle:
            self._reused += 1
            return self._idle.pop()
        self._created += 1
        return sqlite3.connect(":memory:")


@wrong("simple.reuse", "shelved while lent", breaks="lends_each_once counts")
class ReusingPool(Shelf):
    def acquire(self):
        if self._idle:
            self._reused += 1
            return self._idle.pop()
        self._created += 1
        conn = self._connect()
        self._idle.append(conn)
        return conn


@wrong(
    "simple.cap",
    "kept nothing",
    breaks="keeps_what_fits closes_the_surplus",
)
class CappedPool(Lender):
    def release(self, conn):
        if len(self._idle) > self.config.pool_size:
            self._idle.append(conn)


@wrong("simple.cap", "another cap", breaks="keeps_no_more closes_the_surplus")
class CappedPool(Lender):
    def release(self, conn):
        if len(self._idle) < 5:
            self._idle.append(conn)
        else:
            conn.close()


@wrong("simple.cap", "counts what was opened", breaks="keeps_again_after_a_rush")
class CappedPool(Lender):
    def release(self, conn):
        if self._created <= self.config.pool_size:
            self._idle.append(conn)
        else:
            conn.close()


@wrong("simple.cap", "turned into a queue", breaks="keeps_again_after_a_rush")
class CappedPool(Lender):
    def release(self, conn):
        if len(self._idle) < self.config.pool_size:
            self._idle.insert(0, conn)
        else:
            conn.close()


@wrong(
    "simple.peak",
    "looked too early",
    breaks="counts_those_out_at_once does_not_fall sees_reused_ones",
)
class PeakPool(Counter):
    def acquire(self):
        self._peak = max(self._peak, self._in_use)
        return super().acquire()

    def stats(self):
        return {**super().stats(), "peak": self._peak}


@wrong(
    "simple.peak", "counted twice", breaks="counts_those_out_at_once does_not_fall sees_reused_ones"
)
class PeakPool(Counter):
    def acquire(self):
        conn = super().acquire()
        self._in_use += 1
        self._peak = max(self._peak, self._in_use)
        return conn

    def stats(self):
        return {**super().stats(), "peak": self._peak}


@wrong("simple.peak", "falls again", breaks="does_not_fall")
class PeakPool(Counter):
    def acquire(self):
        conn = super().acquire()
        self._peak = self._in_use
        return conn

    def stats(self):
        return {**super().stats(), "peak": self._peak}


@wrong("simple.peak", "counts idle ones", breaks="sees_reused_ones")
class PeakPool(Counter):
    def acquire(self):
        conn = super().acquire()
        self._peak = max(self._peak, self._in_use + len(self._idle))
        return conn

    def stats(self):
        return {**super().stats(), "peak": self._peak}


@wrong("simple.reuse", "named otherwise")
class ReusingPool(Shelf):
    def acquires(self):
        return self._connect()
