"""The pool as far as the stage `order`; the rest is not written yet.

There are `size` places, each with a connection or none yet, and each is always in one spot: on the
shelf, lent, or in one thread's hands.
"""

import threading
from collections import deque
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
        if place.conn is None:
            place.conn = self._connect()
        with self._lock:
            self._lent[id(place.conn)] = place
            return place.conn

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

    def release(self, conn):
        with self._lock:
            place = self._lent.pop(id(conn), None)
        if place is None:
            raise ValueError(f"{conn!r} is not out on loan from this pool")
        self._put_back(place)

    def _put_back(self, place):
        with self._lock:
            if self._line:
                bell = self._line.popleft()
                self._gifts[bell] = place
                bell.release()
            else:
                self._shelf.append(place)
