"""The pool as far as the stage `waits`; the rest is not written yet.

There are `size` places, each with a connection or none yet, and each is always in one spot: on the
shelf, lent, or in one thread's hands.
"""

import threading
import time
from collections import deque
from types import SimpleNamespace


class Pool:
    def __init__(self, connect, size, timeout=5.0):
        self._connect, self._timeout = connect, timeout
        self._lock = threading.Lock()
        self._shelf = deque(SimpleNamespace(conn=None) for _ in range(size))
        self._lent, self._line = {}, deque()

    def acquire(self):
        place = self._find_place()
        if place.conn is None:
            place.conn = self._connect()
        with self._lock:
            self._lent[id(place.conn)] = place
            return place.conn

    def _find_place(self):
        ends = None if self._timeout is None else time.monotonic() + self._timeout
        while True:
            bell = threading.Lock()
            bell.acquire()  # held from the start: the next acquire sleeps until somebody rings
            with self._lock:
                if self._shelf:
                    return self._shelf.pop()
                self._line.append(bell)
            left = -1 if ends is None else max(0.0, ends - time.monotonic())
            if not bell.acquire(timeout=left):
                self._give_up(bell)

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
            self._shelf.append(place)  # connections lie to the right, and go first
            if self._line:
                self._line.popleft().release()
