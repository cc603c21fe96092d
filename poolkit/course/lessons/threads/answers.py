"""What the exercises of lesson 08 start from, and our answers to them."""

# ruff: noqa: F401  time and queue are at hand in the notebook, and in what is made from an answer
from __future__ import annotations

import queue
import threading
import time
from collections import deque


class Unlocked:
    """A pool for one thread: it counts what is out, and keeps at most `size` idle."""

    def __init__(self, connect, size):
        self._connect = connect
        self._size = size
        self._idle = []
        self._in_use = 0

    def acquire(self):
        conn = self._idle.pop() if self._idle else self._connect()
        self._in_use += 1
        return conn

    def release(self, conn):
        self._in_use -= 1
        if len(self._idle) < self._size:
            self._idle.append(conn)
        else:
            conn.close()

    def stats(self):
        return {"idle": len(self._idle), "in_use": self._in_use}


class LockedPool(Unlocked):
    """The same pool for many threads: one lock, made once, guards the shelf and the counter."""

    def __init__(self, connect, size):
        """Make the lock, besides all that the base makes."""
        super().__init__(connect, size)
        self._lock = threading.Lock()

    def acquire(self):
        """Lend as the base does; look, take and count under the lock, connect outside it.

        As in the base, a connect that fails leaves nothing counted.
        """
        with self._lock:
            if self._idle:
                self._in_use += 1
                return self._idle.pop()
        conn = self._connect()
        with self._lock:
            self._in_use += 1
        return conn

    def release(self, conn):
        """Take back as the base does: keep `conn` where there is room, else close it."""
        with self._lock:
            self._in_use -= 1
            if len(self._idle) < self._size:
                self._idle.append(conn)
                return
        conn.close()


class Capped:
    """Half a pool: it can connect within its cap, and has a condition to wait on."""

    def __init__(self, connect, size):
        self._connect = connect
        self._size = size
        self._idle = []
        self._open = 0  # places taken: idle, lent, and being opened
        self._changed = threading.Condition()

    def _opened(self):
        """Connect; where that fails, give the place in `_open` back and wake who waits for one."""
        try:
            return self._connect()
        except BaseException:
            with self._changed:
                self._open -= 1
                self._changed.notify()
            raise


class WaitingPool(Capped):
    """A pool that never opens more than `size`; who finds none left waits for one."""

    def acquire(self, timeout=5.0):
        """Lend an idle connection; open one while fewer than `size` are; else wait for one.

        Wait `timeout` seconds in all, then raise TimeoutError; 0 never waits, None waits for ever.
        Reserve a place in `self._open` first, then connect, outside the lock: `self._opened()`
        does it, and gives the place back if it fails.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
                raise TimeoutError("no connection came free in time")
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def release(self, conn):
        """Put `conn` on the shelf and wake one who waits."""
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


class Ticket:
    """A place in the line: a bell to sleep by, and a hand to receive a connection."""

    def __init__(self):
        self.bell = threading.Event()
        self.conn = None


class Prefilled:
    """Half a pool: all its connections are open already; it has a lock and an empty line."""

    def __init__(self, connect, size):
        self._idle = [connect() for _ in range(size)]
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._line = deque()


class FairPool(Prefilled):
    """A pool that serves in order: what comes back is handed to the one who waits longest."""

    def acquire(self, timeout=5.0):
        """Lend an idle connection, or stand in line with a `Ticket()` until one is handed over.

        Wait `timeout` seconds in all, then leave the line and raise TimeoutError; 0 never waits,
        None waits for ever. What was handed over at the last moment must not get lost.
        """
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout):
            with self._lock:
                if ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError("no connection came free in time")
        return ticket.conn

    def release(self, conn):
        """Hand `conn` to the first in `self._line` and ring; on the shelf only if nobody waits."""
        with self._lock:
            if self._line:
                ticket = self._line.popleft()
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)
