"""Pools, right and wrong, that the player is tried on. Each wrong one is an edit away from right.

All are made with `Pool(connect, size)`, and lend at most `size` connections.
"""

import queue
import threading
import time
from collections import deque

from poolkit.errors import PoolClosed


class Base:
    def __init__(self, connect, size):
        self._connect, self._size = connect, size
        self._idle = []
        self._open = 0


# -- right


class ConditionPool(Base):
    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._changed = threading.Condition()

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(self._can_lend, timeout):
                raise TimeoutError("none came free")
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def _can_lend(self):
        return self._idle or self._open < self._size

    def _opened(self):
        try:
            return self._connect()
        except BaseException:
            with self._changed:
                self._open -= 1
                self._changed.notify()
            raise

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


class SemaphorePool(Base):
    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._places = threading.Semaphore(size)
        self._lock = threading.Lock()

    def acquire(self, timeout=5.0):
        if not self._places.acquire(timeout=timeout):
            raise TimeoutError("none came free")
        with self._lock:
            if self._idle:
                return self._idle.pop()
        try:
            return self._connect()
        except BaseException:
            self._places.release()
            raise

    def release(self, conn):
        with self._lock:
            self._idle.append(conn)
        self._places.release()


class QueuePool:
    """All connections are made at the start."""

    def __init__(self, connect, size):
        self._queue = queue.LifoQueue()
        for _ in range(size):
            self._queue.put(connect())

    def acquire(self, timeout=5.0):
        try:
            return self._queue.get(block=timeout != 0, timeout=timeout or None)
        except queue.Empty:
            raise TimeoutError("none came free") from None

    def release(self, conn):
        self._queue.put(conn)


class HandOffPool(Base):
    """Strictly in order: what is given back goes to the longest waiter, by its own lock."""

    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._lock = threading.Lock()
        self._waiters = deque()

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            if self._open >= self._size:
                ticket = Ticket()
                self._waiters.append(ticket)
            else:
                self._open += 1
                ticket = None
        if ticket is None or not self._wait(ticket, timeout):
            return self._opened()
        return ticket.conn

    def _wait(self, ticket, timeout):
        """True: the ticket has a connection. False: it has a place, and the right to connect."""
        if not ticket.token.acquire(timeout=-1 if timeout is None else timeout):
            with self._lock:
                if ticket in self._waiters:
                    self._waiters.remove(ticket)
                    raise TimeoutError("none came free")
        return ticket.conn is not None

    def _opened(self):
        try:
            return self._connect()
        except BaseException:
            self._hand_over(None)
            raise

    def release(self, conn):
        self._hand_over(conn)

    def _hand_over(self, conn):
        with self._lock:
            if self._waiters:
                ticket = self._waiters.popleft()
                ticket.conn = conn
                ticket.token.release()
            elif conn is None:
                self._open -= 1
            else:
                self._idle.append(conn)


class Ticket:
    def __init__(self):
        self.conn = None
        self.token = threading.Lock()
        self.token.acquire()


class ClosingPool(ConditionPool):
    """Can be closed; whether it is, is asked under the lock, and again after each wait."""

    _closed = False

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(self._can_lend, timeout):
                raise TimeoutError("none came free")
            if self._closed:
                raise PoolClosed("the pool is closed")
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def _can_lend(self):
        return self._closed or super()._can_lend()

    def release(self, conn):
        if self._closed:
            conn.close()
        else:
            super().release(conn)

    def close_all(self):
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            self._changed.notify_all()
        for conn in idle:
            conn.close()


class AtomicPool:
    """No lock of its own: `pop` and `append` of a deque cannot be interrupted."""

    def __init__(self, connect, size):
        self._connect, self._idle = connect, deque()
        self._places = threading.Semaphore(size)

    def acquire(self, timeout=5.0):
        if not self._places.acquire(timeout=timeout):
            raise TimeoutError("none came free")
        try:
            return self._idle.pop()
        except IndexError:
            return self._opened()

    def _opened(self):
        try:
            return self._connect()
        except BaseException:
            self._places.release()
            raise

    def release(self, conn):
        self._idle.append(conn)
        self._places.release()


class EventPool(Base):
    """An event for each waiter, and a loop around it."""

    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._lock = threading.RLock()
        self._waiting = []

    def acquire(self, timeout=5.0):
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            with self._lock:
                if self._idle:
                    return self._idle.pop()
                if self._open < self._size:
                    self._open += 1
                    break
                event = threading.Event()
                self._waiting.append(event)
            left = None if end is None else end - time.monotonic()
            if not event.wait(left):
                self._give_up(event)
        try:
            return self._connect()
        except BaseException:
            with self._lock:
                self._open -= 1
                self._wake()
            raise

    def _give_up(self, event):
        with self._lock:
            if event in self._waiting:
                self._waiting.remove(event)
            else:
                self._wake()  # woken all the same: pass it on
            raise TimeoutError("none came free")

    def _wake(self):
        if self._waiting:
            self._waiting.pop(0).set()

    def release(self, conn):
        with self._lock:
            self._idle.append(conn)
            self._wake()


RIGHT = [ConditionPool, SemaphorePool, QueuePool, HandOffPool, AtomicPool, EventPool]

# -- wrong


class NoLock(Base):
    def acquire(self, timeout=0):
        if self._idle:
            return self._idle.pop()
        if self._open >= self._size:
            raise TimeoutError("none is free")
        self._open += 1
        return self._connect()

    def release(self, conn):
        self._idle.append(conn)


class PeekThenPop(NoLock):
    def acquire(self, timeout=0):
        if self._idle:
            conn = self._idle[-1]
            self._idle.pop()
            return conn
        return super().acquire(timeout)


class LockOnOneSide(Base):
    """Counts what is out; giving back does not ask for the lock."""

    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._lock = threading.Lock()
        self._out = 0

    def acquire(self, timeout=0):
        with self._lock:
            if self._out >= self._size:
                raise TimeoutError("none is free")
            self._out += 1
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def release(self, conn):
        self._idle.append(conn)
        self._out -= 1


class LockMadeAnew(NoLock):
    def acquire(self, timeout=0):
        with threading.Lock():
            return super().acquire(timeout)


class IfForWhile(ConditionPool):
    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._idle and self._open < self._size:
                self._open += 1
                return self._connect()
            if not self._idle:
                self._changed.wait(timeout)
            return self._idle.pop()


class NoNotify(ConditionPool):
    def release(self, conn):
        with self._changed:
            self._idle.append(conn)


class LostWakeUp(Base):
    """Looks, lets go of the lock, and only then waits."""

    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._changed = threading.Condition()

    def acquire(self, timeout=5.0):
        while True:
            with self._changed:
                if self._idle:
                    return self._idle.pop()
                if self._open < self._size:
                    self._open += 1
                    return self._connect()
            with self._changed:
                self._changed.wait(timeout)

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


class RaceAtTheCap(ConditionPool):
    """Checks the cap in one breath, and counts in another."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(self._can_lend, timeout):
                raise TimeoutError("none came free")
            if self._idle:
                return self._idle.pop()
        conn = self._connect()
        with self._changed:
            self._open += 1
        return conn


class WaitsWithTheLock(Base):
    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._lock = threading.Lock()
        self._back = threading.Event()

    def acquire(self, timeout=5.0):
        with self._lock:
            while not self._idle and self._open >= self._size:
                self._back.clear()
                if not self._back.wait(timeout):
                    raise TimeoutError("none came free")
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._connect()

    def release(self, conn):
        with self._lock:
            self._idle.append(conn)
            self._back.set()


class SwallowsTheHandOff(HandOffPool):
    """Gives up without looking whether a connection was handed over meanwhile."""

    def _wait(self, ticket, timeout):
        if not ticket.token.acquire(timeout=-1 if timeout is None else timeout):
            with self._lock:
                if ticket in self._waiters:
                    self._waiters.remove(ticket)
            raise TimeoutError("none came free")
        return ticket.conn is not None


class ConnectsWithTheLock(ConditionPool):
    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(self._can_lend, timeout):
                raise TimeoutError("none came free")
            if self._idle:
                return self._idle.pop()
            self._open += 1
            return self._opened()


class Spins(NoLock):
    """Looks again and again; the look and the taking are one step, that much is right."""

    def acquire(self, timeout=0):
        if self._open < self._size:
            self._open += 1
            return self._connect()
        while True:
            try:
                return self._idle.pop()
            except IndexError:
                pass


class Naps(Spins):
    """As above, with a sleep in between."""

    def acquire(self, timeout=0):
        while True:
            try:
                return super(Spins, self).acquire(timeout)
            except (TimeoutError, IndexError):
                time.sleep(0.25)


class ForgetsAFailure(HandOffPool):
    """A connect that fails keeps its place."""

    def _opened(self):
        return self._connect()


class LooksTooEarly(HandOffPool):
    """Asks whether it is closed before it takes the lock."""

    _closed = False

    def acquire(self, timeout=5.0):
        if self._closed:
            raise PoolClosed("the pool is closed")
        return super().acquire(timeout)

    def _wait(self, ticket, timeout):
        got = super()._wait(ticket, timeout)
        if not got and self._closed:
            raise PoolClosed("the pool is closed")
        return got

    def release(self, conn):
        if self._closed:
            conn.close()
        else:
            super().release(conn)

    def close_all(self):
        with self._lock:
            self._closed = True
            waiters, self._waiters = self._waiters, deque()
        for ticket in waiters:
            ticket.token.release()
        while self._idle:
            self._idle.pop().close()


class ForgetsThoseWhoWait(ClosingPool):
    """Closes what is idle; whoever waits goes on waiting."""

    def close_all(self):
        with self._changed:
            self._closed = True


class ClosesWhatIsOut(ClosingPool):
    """Keeps a list of all it made, and closes them all."""

    def _opened(self):
        self._last = super()._opened()
        return self._last

    def close_all(self):
        super().close_all()
        self._last.close()
