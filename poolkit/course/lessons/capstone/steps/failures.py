"""The pool as far as the stage `failures`; the rest is not written yet.

There are `size` places, each with a connection or none yet, and each is always in one spot: on the
shelf, lent, or in one thread's hands. Whatever takes time is done in hand, never under the lock.
"""

import threading
from collections import deque
from contextlib import suppress
from types import SimpleNamespace


class Pool:
    def __init__(self, connect, size, timeout=5.0):
        self._connect = connect
        self._timeout = -1 if timeout is None else timeout
        self._lock = threading.Lock()
        self._shelf = deque(SimpleNamespace(conn=None) for _ in range(size))
        self._lent, self._line, self._gifts = {}, deque(), {}

    def acquire(self):
        place = self._find_place()
        try:
            return self._make_ready(place)
        except BaseException:
            self._put_back(place, fit=False)
            raise

    def _find_place(self):
        bell = threading.Lock()
        bell.acquire()  # held from the start: the next acquire sleeps until somebody rings
        with self._lock:
            if self._shelf:
                return self._shelf.pop()
            self._line.append(bell)
        if not bell.acquire(timeout=self._timeout):
            self._give_up(bell)
        with self._lock:
            return self._gifts.pop(bell)

    def _give_up(self, bell):
        with self._lock:
            if bell in self._line:
                self._line.remove(bell)
        raise TimeoutError("none came free")

    def _make_ready(self, place):
        if place.conn is None or not self._works(place.conn):
            self._shut(place)
            place.conn = self._connect()
        with self._lock:
            self._lent[id(place.conn)] = place
            return place.conn

    def _works(self, conn):
        with suppress(Exception):
            conn.cursor().execute("SELECT 1").close()
            return True

    def release(self, conn):
        with self._lock:
            place, fit = self._lent.pop(id(conn), None), False
        if place is None:
            raise ValueError(f"{conn!r} is not out on loan from this pool")
        with suppress(Exception):
            conn.rollback()
            fit = True
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

    def _shut(self, place):
        conn, place.conn = place.conn, None
        with suppress(Exception):
            conn.close()
