"""Answers to lesson 08, right and wrong."""

import queue
import threading
import time
from collections import deque

from poolkit.course.lessons.threads import Capped, Prefilled, Ticket, Unlocked
from tests.answers import equivalent, right, wrong

# ruff: noqa: F811  many answers to one exercise have one name


# --- threads.lock


class WithLock(Unlocked):
    """What most of the answers below begin with."""

    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._lock = threading.Lock()


@right("threads.lock")
class LockedPool(Unlocked):
    """By hand, with try and finally, and a reentrant lock."""

    def __init__(self, connect, size):
        self._lock = threading.RLock()
        super().__init__(connect, size)

    def acquire(self):
        self._lock.acquire()
        try:
            if self._idle:
                self._in_use += 1
                return self._idle.pop()
        finally:
            self._lock.release()
        conn = self._connect()
        with self._lock:
            self._in_use += 1
        return conn

    def release(self, conn):
        self._lock.acquire()
        try:
            self._in_use -= 1
            room = len(self._idle) < self._size
            if room:
                self._idle.append(conn)
        finally:
            self._lock.release()
        if not room:
            conn.close()


@right("threads.lock")
class LockedPool(Unlocked):
    """An atomic pop decides who gets it; the lock is for the counter and the room."""

    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._counting = threading.Semaphore()

    def acquire(self):
        try:
            conn = self._idle.pop()
        except IndexError:
            conn = self._connect()
        with self._counting:
            self._in_use += 1
        return conn

    def release(self, conn):
        with self._counting:
            self._in_use -= 1
            keep = len(self._idle) < self._size
            if keep:
                self._idle.append(conn)
        if not keep:
            conn.close()


@right("threads.lock")
class LockedPool(Unlocked):
    """A queue that refuses what does not fit, and a condition taken for its lock."""

    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._changed = threading.Condition()
        self._shelf = queue.LifoQueue(size)

    def acquire(self):
        with self._changed:
            self._in_use += 1
        try:
            return self._shelf.get_nowait() if self._shelf.qsize() else self._connect()
        except queue.Empty:
            return self._connect()
        except BaseException:
            with self._changed:
                self._in_use -= 1
            raise

    def release(self, conn):
        with self._changed:
            self._in_use -= 1
        try:
            self._shelf.put_nowait(conn)
        except queue.Full:
            conn.close()

    def stats(self):
        return {"idle": self._shelf.qsize(), "in_use": self._in_use}


@right("threads.lock")
class LockedPool(WithLock):
    """Counts after connecting, under a second hold of the lock; closes under the first."""

    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        with self._lock:
            conn = self._idle.pop() if self._idle else None
        conn = conn or self._connect()
        with self._lock:
            self._in_use += 1
        return conn

    def release(self, conn):
        with self._lock:
            super().release(conn)


# --- threads.cap


@right("threads.cap")
class WaitingPool(Capped):
    """A while loop and a deadline of its own."""

    def acquire(self, timeout=5.0):
        end = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while not self._idle:
                if self._open < self._size:
                    self._open += 1
                    break
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    raise TimeoutError
                self._changed.wait(left)
            else:
                return self._idle.pop()
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify_all()


@right("threads.cap")
class WaitingPool(Capped):
    """A semaphore counts the places; an atomic pop decides who gets what lies idle."""

    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._places = threading.Semaphore(size)

    def acquire(self, timeout=5.0):
        if not self._places.acquire(timeout=timeout):
            raise TimeoutError("none came free")
        try:
            return self._idle.pop()
        except IndexError:
            pass
        try:
            return self._connect()
        except BaseException:
            self._places.release()
            raise

    def release(self, conn):
        self._idle.append(conn)
        self._places.release()


@right("threads.cap")
class WaitingPool(Capped):
    """A queue of places, each with a connection or with None for one that may be opened."""

    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._places = queue.LifoQueue()
        for _ in range(size):
            self._places.put(None)

    def acquire(self, timeout=5.0):
        try:
            conn = self._places.get(timeout != 0, timeout or None)
        except queue.Empty:
            raise TimeoutError("none came free") from None
        if conn is not None:
            return conn
        try:
            return self._connect()
        except BaseException:
            self._places.put(None)
            raise

    def release(self, conn):
        self._places.put(conn)


@right("threads.cap")
class WaitingPool(Capped):
    """Hand-off already: each waiter has a small queue of its own."""

    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._lock = threading.Lock()
        self._line = deque()

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            box = queue.Queue()
            if self._open < self._size:
                self._open += 1
                box.put(None)
            else:
                self._line.append(box)
        try:
            conn = (
                box.get(timeout != 0 or None, timeout or None) if timeout != 0 else box.get_nowait()
            )
        except queue.Empty:
            with self._lock:
                if box in self._line:
                    self._line.remove(box)
                    raise TimeoutError("none came free") from None
            conn = box.get()
        if conn is not None:
            return conn
        try:
            return self._connect()
        except BaseException:
            self._pass_on(None)
            raise

    def release(self, conn):
        self._pass_on(conn)

    def _pass_on(self, conn):
        with self._lock:
            if self._line:
                self._line.popleft().put(conn)
            elif conn is None:
                self._open -= 1
            else:
                self._idle.append(conn)


@wrong(
    "threads.cap",
    "waits with the lock",
    breaks="wakes_who_waits sleeps_till_woken wakes_one_for_each frees_the_place",
)
class WaitingPool(Capped):
    """Waits while holding the lock."""

    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._lock = threading.Lock()
        self._shelf = queue.Queue()

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._shelf.empty() and self._open < self._size:
                self._open += 1
                opening = True
            else:
                opening = False
                try:
                    return self._shelf.get(timeout != 0, timeout or None)
                except queue.Empty:
                    raise TimeoutError from None
        return self._opened() if opening else None

    def release(self, conn):
        with self._lock:
            self._shelf.put(conn)


@wrong("threads.cap", "a connection is lost", breaks="keeps_the_deadline")
class WaitingPool(Capped):
    """A time-out that swallows a hand-off."""

    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._line = deque()

    def acquire(self, timeout=5.0):
        with self._changed:
            if self._idle:
                return self._idle.pop()
            box = queue.Queue()
            if self._open < self._size:
                self._open += 1
                box.put(None)
            else:
                self._line.append(box)
        try:
            conn = box.get(timeout != 0, timeout or None)
        except queue.Empty:
            with self._changed:
                if box in self._line:
                    self._line.remove(box)
            raise TimeoutError from None
        if conn is not None:
            return conn
        try:
            return self._connect()
        except BaseException:
            self.release(None)
            raise

    def release(self, conn):
        with self._changed:
            if self._line:
                self._line.popleft().put(conn)
            elif conn is None:
                self._open -= 1
            else:
                self._idle.append(conn)


@right("threads.cap")
class WaitingPool(Capped):
    """A queue that was filled at the start: it lends the one that has waited longest."""

    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._shelf = queue.Queue()
        for _ in range(size):
            self._shelf.put(connect())

    def acquire(self, timeout=5.0):
        try:
            return self._shelf.get(timeout != 0, timeout or None)
        except queue.Empty:
            raise TimeoutError from None

    def release(self, conn):
        self._shelf.put(conn)


# --- threads.order


@right("threads.order")
class FairPool(Prefilled):
    """A small queue for each who waits."""

    def acquire(self, timeout=5.0):
        box = queue.SimpleQueue()
        with self._lock:
            if self._idle:
                return self._idle.pop()
            self._line.append(box)
        try:
            return box.get(timeout != 0, timeout or None)
        except queue.Empty:
            pass
        with self._lock:
            if box in self._line:
                self._line.remove(box)
                raise TimeoutError("none came free")
        return box.get()

    def release(self, conn):
        with self._lock:
            if self._line:
                self._line.popleft().put(conn)
            else:
                self._idle.append(conn)


@right("threads.order")
class FairPool(Prefilled):
    """One condition for all; each waits until its own ticket has been served."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
            if not self._changed.wait_for(lambda: ticket.conn is not None, timeout):
                self._line.remove(ticket)
                raise TimeoutError("none came free")
            return ticket.conn

    def release(self, conn):
        with self._changed:
            if self._line:
                self._line.popleft().conn = conn
                self._changed.notify_all()
            else:
                self._idle.append(conn)


@right("threads.order")
class FairPool(Prefilled):
    """A lock for a bell, and a line of pairs; who is served too late passes it on and gives up."""

    def acquire(self, timeout=5.0):
        bell, hand = threading.Lock(), []
        bell.acquire()
        with self._lock:
            if self._idle:
                return self._idle.pop()
            self._line.append((bell, hand))
        in_time = bell.acquire(timeout=-1 if timeout is None else timeout)
        with self._lock:
            if hand and in_time:
                return hand[0]
            if hand:
                self._pass_on(hand[0])
            else:
                self._line.remove((bell, hand))
        raise TimeoutError("none came free")

    def release(self, conn):
        with self._lock:
            self._pass_on(conn)

    def _pass_on(self, conn):
        if self._line:
            bell, hand = self._line.popleft()
            hand.append(conn)
            bell.release()
        else:
            self._idle.append(conn)


@right("threads.order")
class FairPool(Prefilled):
    """Goes to the shelf all the same, but only the first in line may take it there."""

    def acquire(self, timeout=5.0):
        me = object()
        with self._changed:
            self._line.append(me)
            mine = self._changed.wait_for(lambda: self._idle and self._line[0] is me, timeout)
            self._line.remove(me)
            self._changed.notify_all()
            if not mine:
                raise TimeoutError("none came free")
            return self._idle.pop()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify_all()


@right("threads.order")
class FairPool(Prefilled):
    """One bell for all, and each looks into its own hand."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
            self._changed.wait_for(lambda: ticket.conn is not None, timeout)
            if ticket.conn is None:
                self._line.remove(ticket)
                raise TimeoutError
            return ticket.conn

    def release(self, conn):
        with self._changed:
            if self._line:
                self._line.popleft().conn = conn
                self._changed.notify_all()
            else:
                self._idle.append(conn)


for id in ("threads.cap", "threads.order"):
    equivalent(
        id,
        "def acquire(self, timeout=5.0): | 5.0 plus 1",
        "How patient a pool is where nobody says so is a matter of taste.",
    )
