"""Right pools of other designs: what is promised is what they do, not how."""

import queue
import threading
from collections import deque
from contextlib import contextmanager, suppress

REST = dict.fromkeys(("cursors", "settings"), "a loan's end is a rollback, and no more")
REST["fork"] = "not thought of"


class Common:
    """Opening, checking, cleaning and closing, which are the same in all of them.

    A token is the right to have one connection open. `_take()` gets one in turn, with an idle
    connection or None; `_give(conn)` gives it back, None where there is no connection with it.
    """

    lacks = REST

    def __init__(self, connect, size, timeout):
        self._connect, self._size, self._timeout = connect, size, timeout
        self._out, self._closed = {}, False
        self._lock = threading.Lock()

    def acquire(self):
        conn = self._take()
        try:
            if conn is not None and not _works(conn):
                _shut(conn)
                conn = None
            if conn is None:
                conn = self._connect()
            if self._closed:
                raise RuntimeError("closed")
        except BaseException:
            _shut(conn)
            self._give(None)
            raise
        self._out[id(conn)] = conn
        return conn

    def release(self, conn):
        if self._out.pop(id(conn), None) is None:
            raise ValueError("not lent by this pool")
        kept = None
        try:
            with suppress(Exception):
                conn.rollback()
                kept = conn
        finally:
            if kept is None or self._closed:
                _shut(conn)
                kept = None
            self._give(kept)
            if self._closed:
                self._empty()

    @contextmanager
    def connection(self):
        conn = self.acquire()
        try:
            yield conn
        except BaseException:
            conn.rollback()
            raise
        else:
            conn.commit()
        finally:
            self.release(conn)

    def close_all(self):
        self._closed = True
        self._wake_all()
        self._empty()


def _works(conn):
    try:
        conn.execute("SELECT 1").fetchall()
    except Exception:
        return False
    return True


def _shut(conn):
    with suppress(Exception):
        if conn is not None:
            conn.close()


class TicketPool(Common):
    """One condition, and tickets: whose ticket is the lowest goes first."""

    def __init__(self, connect, size, timeout):
        super().__init__(connect, size, timeout)
        self._changed = threading.Condition(self._lock)
        self._free = [None] * size
        self._tickets = []
        self._next = 0

    def _take(self):
        with self._changed:
            mine, self._next = self._next, self._next + 1
            self._tickets.append(mine)
            try:
                turn = self._changed.wait_for(lambda: self._turn(mine), self._timeout)
            finally:
                self._tickets.remove(mine)
                self._changed.notify_all()
            if self._closed:
                raise RuntimeError("closed")
            if not turn:
                raise TimeoutError
            return self._free.pop()

    def _turn(self, mine):
        return self._closed or (self._free and self._tickets[0] == mine)

    def _give(self, conn):
        with self._changed:
            self._free.append(conn) if conn else self._free.insert(0, None)
            self._changed.notify_all()

    def _wake_all(self):
        with self._changed:
            self._changed.notify_all()

    def _empty(self):
        with self._changed:
            idle = [conn for conn in self._free if conn]
            self._free = [None for _ in self._free]
        for conn in idle:
            _shut(conn)

    def stats(self):
        with self._lock:
            idle = sum(conn is not None for conn in self._free)
            in_use = self._size - len(self._free)
            return {"idle": idle, "in_use": in_use, "waiting": len(self._tickets)}


class MailboxPool(Common):
    """A queue for each who waits, into which the connection is put."""

    def __init__(self, connect, size, timeout):
        super().__init__(connect, size, timeout)
        self._free = deque([None] * size)
        self._boxes = []

    def _take(self):
        with self._lock:
            if self._closed:
                raise RuntimeError("closed")
            if self._free:
                return self._free.pop()
            box = queue.Queue()
            self._boxes.append(box)
        try:
            if self._timeout != 0:
                return self._opened(box.get(timeout=self._timeout))
        except queue.Empty:
            pass
        except BaseException:
            self._leave(box, lambda got: self._give(got[0]))
            raise
        return self._leave(box, lambda got: got[0], TimeoutError())

    def _opened(self, conn):
        if conn == "closed":
            raise RuntimeError("closed")
        return conn

    def _leave(self, box, use, otherwise=None):
        with self._lock:
            if box in self._boxes:
                self._boxes.remove(box)
        try:
            got = [box.get_nowait()]
        except queue.Empty:
            if otherwise:
                raise otherwise from None
            return None
        return use([self._opened(got[0])])

    def _give(self, conn):
        with self._lock:
            if self._boxes:
                self._boxes.pop(0).put(conn)
            elif conn:
                self._free.append(conn)
            else:
                self._free.appendleft(None)

    def _wake_all(self):
        with self._lock:
            for box in self._boxes:
                box.put("closed")
            self._boxes.clear()

    def _empty(self):
        with self._lock:
            idle = [conn for conn in self._free if conn]
            self._free = deque(None for _ in self._free)
        for conn in idle:
            _shut(conn)

    def stats(self):
        with self._lock:
            idle = sum(conn is not None for conn in self._free)
            in_use = self._size - len(self._free)
            return {"idle": idle, "in_use": in_use, "waiting": len(self._boxes)}


class SemaphorePool(Common):
    """A semaphore for each who waits; the places are counted, the idle ones lie in a list."""

    def __init__(self, connect, size, timeout):
        super().__init__(connect, size, timeout)
        self._idle, self._line, self._served = [], [], set()
        self._places = size  # that are free, the idle ones' included

    def _take(self):
        mine = threading.Semaphore(0)
        with self._lock:
            if self._closed:
                raise RuntimeError("closed")
            if self._places:
                self._places -= 1
                return self._idle.pop() if self._idle else None
            self._line.append(mine)
        try:
            mine.acquire(timeout=self._timeout) if self._timeout != 0 else None
        except BaseException:
            if self._was_served(mine):
                self._give(None)
            raise
        if self._was_served(mine):
            with self._lock:
                return self._idle.pop() if self._idle else None
        raise RuntimeError("closed") if self._closed else TimeoutError()

    def _was_served(self, mine):
        with self._lock:
            if mine in self._line:
                self._line.remove(mine)
            served = mine in self._served
            self._served.discard(mine)
            return served

    def _give(self, conn):
        with self._lock:
            if conn:
                self._idle.append(conn)
            if self._line:
                mine = self._line.pop(0)
                self._served.add(mine)
                mine.release()
            else:
                self._places += 1

    def _wake_all(self):
        with self._lock:
            while self._line:
                self._line.pop().release()

    def _empty(self):
        with self._lock:
            idle, self._idle = self._idle, []
        for conn in idle:
            _shut(conn)

    def stats(self):
        with self._lock:
            idle, waiting = len(self._idle), len(self._line)
            return {"idle": idle, "in_use": self._size - self._places, "waiting": waiting}


class PrefilledPool(TicketPool):
    """All connections are opened when the pool is made."""

    def __init__(self, connect, size, timeout):
        super().__init__(connect, size, timeout)
        self._free = [connect() for _ in range(size)]


RIGHT = [TicketPool, MailboxPool, SemaphorePool, PrefilledPool]
