"""A pool to read in one sitting; it keeps every promise but those that it `lacks`.

There are `size` places, each with a connection or none yet, and each is always in one spot: on the
shelf, lent, or in one thread's hands. Whatever takes time is done in hand, never under the lock.
"""

import os
import threading
import weakref
from collections import deque
from contextlib import contextmanager, suppress
from types import SimpleNamespace

_pools = weakref.WeakSet()


class Pool:
    lacks = dict.fromkeys(("cursors", "settings"), "a loan's end is a rollback, and no more")

    def __init__(self, connect, size, timeout=5.0):
        self._connect, self._size, self._closed = connect, size, ""
        self._timeout = -1 if timeout is None else timeout
        self._start_empty()
        _pools.add(self)

    def _start_empty(self):
        self._lock = threading.Lock()
        self._shelf = deque(SimpleNamespace(conn=None) for _ in range(self._size))
        self._lent, self._line, self._gifts = {}, deque(), {}

    def acquire(self):
        bell, place = threading.Lock(), None
        bell.acquire()  # held from the start: the next acquire sleeps until somebody rings
        try:
            with self._lock:
                self._check_open()
                if self._shelf:
                    place = self._shelf.pop()
                else:
                    self._line.append(bell)
            if place is None:
                bell.acquire(timeout=self._timeout)
                place = self._leave(bell)
            return self._make_ready(place)
        except BaseException:
            if place := place or self._leave(bell):
                self._put_back(place, fit=False)
            raise

    def _leave(self, bell):
        with self._lock:
            self._line = deque(other for other in self._line if other is not bell)
            return self._gifts.pop(bell, None)

    def _make_ready(self, place):
        if place is None:
            raise RuntimeError(self._closed) if self._closed else TimeoutError("none came free")
        if place.conn is None or not self._works(place.conn):
            self._shut(place)
            place.conn = self._connect()
        with self._lock:
            self._check_open()
            self._lent[id(place.conn)] = place
            return place.conn

    def _check_open(self):
        if self._closed:
            raise RuntimeError(self._closed)

    def _works(self, conn):
        with suppress(Exception):
            conn.cursor().execute("SELECT 1").close()
            return True

    def release(self, conn):
        place, fit = self._lent.pop(id(conn), None), False
        if place is None:
            raise ValueError(f"{conn!r} is not out on loan from this pool")
        try:
            with suppress(Exception):
                conn.rollback()
                fit = True
        finally:
            self._put_back(place, fit)

    def _put_back(self, place, fit=True):
        if not fit:
            self._shut(place)
        with self._lock:
            if self._line:
                bell = self._line.popleft()
                self._gifts[bell] = place
                bell.release()
            else:  # connections lie to the right, and go first
                self._shelf.insert(len(self._shelf) if place.conn else 0, place)
        if self._closed and place.conn is not None:
            self._shut_idle()

    def _shut(self, place):
        conn, place.conn = place.conn, None
        with suppress(Exception):
            conn.close()

    def _shut_idle(self):
        with self._lock:
            idle, self._shelf = self._shelf, deque()
        for place in idle:
            self._put_back(place, fit=False)

    def close_all(self):
        self._closed = self._closed or "the pool is closed"
        with self._lock:
            while self._line:
                self._line.popleft().release()
        self._shut_idle()

    @contextmanager
    def connection(self):
        conn = self.acquire()
        try:
            yield conn
            conn.commit()
        finally:
            self.release(conn)  # which rolls back what was not committed

    def _in_child(self):
        if self._lent:
            self._closed = "this process was forked while connections were out"
        self._start_empty()

    def stats(self):
        with self._lock:
            idle = sum(place.conn is not None for place in self._shelf)
            in_use, waiting = self._size - len(self._shelf), len(self._line)
            return {"idle": idle, "in_use": in_use, "waiting": waiting}


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lambda: [pool._shut_idle() for pool in _pools],
        after_in_child=lambda: [pool._in_child() for pool in _pools],
    )
