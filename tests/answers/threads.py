"""Answers to lesson 08, right and wrong."""

import queue
import threading
import time
from collections import deque

from poolkit.course.lessons.threads import Capped, Prefilled, Ticket, Unlocked
from tests.answers import equivalent, right, wrong

# ruff: noqa: F811  many answers to one exercise have one name

LOCK = "works_as_before takes_in_one_step counts_both_sides keeps_no_more connects_outside"
CAP = (
    "lends_up_to_the_cap wakes_who_waits opens_no_more looks_again keeps_the_deadline "
    "connects_outside_the_lock frees_the_place sleeps_till_woken"
)
ORDER = "lends_what_it_has serves_who_waits serves_in_order gives_up leaves_nothing_behind rests_till_served"


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
            conn = self._idle.pop() if self._idle else None
            self._in_use += 1
        finally:
            self._lock.release()
        return self._connect() if conn is None else conn

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
        with self._counting:
            self._in_use += 1
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

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
            return self._shelf.get_nowait()
        except queue.Empty:
            return self._connect()

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


@wrong(
    "threads.lock", "not in one step", breaks="takes_in_one_step counts_both_sides keeps_no_more"
)
class LockedPool(Unlocked):
    """No lock."""

    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        self._in_use += 1
        if self._idle:
            return self._idle.pop()
        return self._connect()

    def release(self, conn):
        super().release(conn)


@wrong("threads.lock", "not in one step", breaks="takes_in_one_step")
class LockedPool(WithLock):
    """Looks outside, takes inside."""

    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        with self._lock:
            self._in_use += 1
        if self._idle:
            with self._lock:
                return self._idle.pop()
        return self._connect()

    def release(self, conn):
        with self._lock:
            self._in_use -= 1
            if len(self._idle) < self._size:
                self._idle.append(conn)
                return
        conn.close()


@wrong("threads.lock", "one side only", breaks="counts_both_sides keeps_no_more")
class LockedPool(WithLock):
    """The lock on one side only."""

    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        with self._lock:
            self._in_use += 1
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def release(self, conn):
        super().release(conn)


@wrong("threads.lock", "one side only", breaks="counts_both_sides")
class LockedPool(WithLock):
    """A lock on each side, but not the same one."""

    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._other = threading.Lock()

    def acquire(self):
        with self._lock:
            self._in_use += 1
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def release(self, conn):
        with self._other:
            super().release(conn)


@wrong("threads.lock", "lent twice", breaks="takes_in_one_step")
class LockedPool(WithLock):
    """Peeks, then pops."""

    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        with self._lock:
            self._in_use += 1
            conn = self._idle[-1] if self._idle else None
        if conn is None:
            return self._connect()
        with self._lock:
            if self._idle:
                self._idle.pop()
        return conn

    def release(self, conn):
        with self._lock:
            super().release(conn)


@wrong("threads.lock", "made anew", breaks="takes_in_one_step counts_both_sides keeps_no_more")
class LockedPool(Unlocked):
    """The lock is made anew in each call."""

    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        with threading.Lock():
            self._in_use += 1
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def release(self, conn):
        with threading.Lock():
            super().release(conn)


@wrong("threads.lock", "kept too many", breaks="keeps_no_more")
class LockedPool(WithLock):
    """Looks for room under the lock, and puts it down under another hold of it."""

    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        with self._lock:
            self._in_use += 1
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def release(self, conn):
        with self._lock:
            self._in_use -= 1
            room = len(self._idle) < self._size
        if room:
            with self._lock:
                self._idle.append(conn)
        else:
            conn.close()


@wrong("threads.lock", "held up by a connect", breaks="connects_outside")
class LockedPool(WithLock):
    """Connects under the lock."""

    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        with self._lock:
            return super().acquire()

    def release(self, conn):
        with self._lock:
            super().release(conn)


@wrong("threads.lock", "deadlock", breaks="works_as_before")
class LockedPool(WithLock):
    """Never lets go where something was idle."""

    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        self._lock.acquire()
        self._in_use += 1
        if self._idle:
            return self._idle.pop()
        self._lock.release()
        return self._connect()

    def release(self, conn):
        self._lock.acquire()
        super().release(conn)


@wrong("threads.lock", "miscounted", breaks="works_as_before counts_both_sides")
class LockedPool(WithLock):
    """Counts only what was idle."""

    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        with self._lock:
            if self._idle:
                self._in_use += 1
                return self._idle.pop()
        return self._connect()

    def release(self, conn):
        with self._lock:
            super().release(conn)


@wrong("threads.lock", "miscounted at the end", breaks="works_as_before counts_both_sides")
class LockedPool(WithLock):
    """Counts what goes out and not what comes back."""

    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        with self._lock:
            self._in_use += 1
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def release(self, conn):
        with self._lock:
            if len(self._idle) < self._size:
                self._idle.append(conn)
                return
        conn.close()


@wrong("threads.lock", "dropped, not closed", breaks="works_as_before")
class LockedPool(WithLock):
    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        with self._lock:
            self._in_use += 1
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def release(self, conn):
        with self._lock:
            self._in_use -= 1
            if len(self._idle) < self._size:
                self._idle.append(conn)


@wrong("threads.lock", "not reused", breaks="works_as_before")
class LockedPool(WithLock):
    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        with self._lock:
            self._in_use += 1
        return self._connect()

    def release(self, conn):
        with self._lock:
            super().release(conn)


@wrong("threads.lock", "wrong type", breaks="works_as_before")
class LockedPool(WithLock):
    """Forgets to return what it took."""

    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        with self._lock:
            super().acquire()

    def release(self, conn):
        with self._lock:
            super().release(conn)


@wrong("threads.lock", "raised AttributeError", breaks="works_as_before")
class LockedPool(Unlocked):
    """Makes the lock and forgets the rest."""

    def __init__(self, connect, size):
        self._lock = threading.Lock()

    def acquire(self):
        with self._lock:
            return super().acquire()

    def release(self, conn):
        with self._lock:
            super().release(conn)


@wrong("threads.lock", "raised", breaks="takes_in_one_step")
class LockedPool(WithLock):
    """Takes the lock only if nobody has it, and lets go in any case."""

    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        if not self._lock.locked():
            self._lock.acquire()
        self._in_use += 1
        conn = self._idle.pop() if self._idle else None
        self._lock.release()
        return conn or self._connect()

    def release(self, conn):
        with self._lock:
            super().release(conn)


_lock_of_all = threading.Lock()


@wrong("threads.lock", "unseen", breaks="works_as_before")
class LockedPool(Unlocked):
    """One lock for all pools, made at the top of the file."""

    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        with _lock_of_all:
            self._in_use += 1
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def release(self, conn):
        with _lock_of_all:
            super().release(conn)


@wrong("threads.lock", "endless", breaks="works_as_before")
class LockedPool(Unlocked):
    """A flag for a lock, and a loop that never finds it down: nobody lowers it."""

    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._busy = False

    def acquire(self):
        while self._busy:
            pass
        self._busy = True
        return super().acquire()

    def release(self, conn):
        while self._busy:
            pass
        super().release(conn)


@wrong("threads.lock", "opened for nothing", breaks="works_as_before")
class LockedPool(WithLock):
    """Connects in any case, and forgets it where one was idle."""

    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        new = self._connect()
        with self._lock:
            self._in_use += 1
            return self._idle.pop() if self._idle else new

    def release(self, conn):
        with self._lock:
            super().release(conn)


@wrong("threads.lock", "not the last one", breaks="works_as_before")
class LockedPool(WithLock):
    """Lends the one that has waited longest."""

    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        with self._lock:
            self._in_use += 1
            if self._idle:
                return self._idle.pop(0)
        return self._connect()

    def release(self, conn):
        with self._lock:
            super().release(conn)


@wrong("threads.lock", "left on the shelf", breaks="works_as_before takes_in_one_step")
class LockedPool(WithLock):
    """Looks at the last one, and leaves it there."""

    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        with self._lock:
            self._in_use += 1
            if self._idle:
                return self._idle[-1]
        return self._connect()

    def release(self, conn):
        with self._lock:
            super().release(conn)


@wrong("threads.lock", "lent closed", breaks="works_as_before")
class LockedPool(WithLock):
    """Closes whatever comes back, and keeps it all the same."""

    def __init__(self, connect, size):
        super().__init__(connect, size)

    def acquire(self):
        with self._lock:
            self._in_use += 1
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def release(self, conn):
        with self._lock:
            super().release(conn)
        conn.close()


@wrong("threads.lock", "no brackets", breaks="works_as_before")
class LockedPool(Unlocked):
    """The lock without brackets: the thing that makes locks."""

    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._lock = threading.Lock

    def acquire(self):
        with self._lock:
            self._in_use += 1
            if self._idle:
                return self._idle.pop()
        return self._connect()

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


@wrong("threads.cap", "looked once", breaks="looks_again keeps_the_deadline")
class WaitingPool(Capped):
    """`if` for `while`."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._idle and self._open >= self._size and not self._changed.wait(timeout):
                raise TimeoutError
            if self._open < self._size and not self._idle:
                self._open += 1
            else:
                return self._idle.pop()
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "nobody rings", breaks="wakes_who_waits opens_no_more")
class WaitingPool(Capped):
    """No notify."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
                raise TimeoutError
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)


@wrong("threads.cap", "lost wake-up", breaks="wakes_who_waits looks_again")
class WaitingPool(Capped):
    """Looks, lets go of the lock, and only then sleeps."""

    def acquire(self, timeout=5.0):
        end = time.monotonic() + (1e9 if timeout is None else timeout)
        while True:
            with self._changed:
                if self._idle:
                    return self._idle.pop()
                if self._open < self._size:
                    self._open += 1
                    break
            if time.monotonic() >= end:
                raise TimeoutError
            with self._changed:
                self._changed.wait(None if timeout is None else end - time.monotonic())
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "too many opened", breaks="opens_no_more")
class WaitingPool(Capped):
    """A race at the cap: looks in one breath, and counts in another."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
                raise TimeoutError
            if self._idle:
                return self._idle.pop()
        with self._changed:
            self._open += 1
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "waits with the lock", breaks="wakes_who_waits opens_no_more frees_the_place")
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


@wrong("threads.cap", "held up by a connect", breaks="connects_outside_the_lock")
class WaitingPool(Capped):
    """Connects under the lock."""

    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._changed = threading.Condition(threading.RLock())

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
                raise TimeoutError
            if self._idle:
                return self._idle.pop()
            self._open += 1
            return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "endless", breaks="wakes_who_waits")
class WaitingPool(Capped):
    """Busy waiting: looks again and again."""

    def acquire(self, timeout=5.0):
        end = time.monotonic() + (1e9 if timeout is None else timeout)
        while True:
            with self._changed:
                if self._idle:
                    return self._idle.pop()
                if self._open < self._size:
                    self._open += 1
                    break
            if time.monotonic() >= end:
                raise TimeoutError
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)


@wrong("threads.cap", "came too late", breaks="sleeps_till_woken")
class WaitingPool(Capped):
    """Busy waiting, with a nap in between."""

    def acquire(self, timeout=5.0):
        end = time.monotonic() + (1e9 if timeout is None else timeout)
        while True:
            with self._changed:
                if self._idle:
                    return self._idle.pop()
                if self._open < self._size:
                    self._open += 1
                    break
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            time.sleep(min(0.25, left))
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)


@wrong("threads.cap", "too late", breaks="keeps_the_deadline")
class WaitingPool(Capped):
    """The time begins anew after each wake-up."""

    def acquire(self, timeout=5.0):
        with self._changed:
            while not self._idle and self._open >= self._size:
                if not self._changed.wait(timeout):
                    raise TimeoutError
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "too early", breaks="keeps_the_deadline")
class WaitingPool(Capped):
    """Gives up after the first wake-up that brought nothing."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._idle and self._open >= self._size:
                self._changed.wait(timeout)
            while timeout is None and not self._idle and self._open >= self._size:
                self._changed.wait()
            if self._idle:
                return self._idle.pop()
            if self._open >= self._size:
                raise TimeoutError
            self._open += 1
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "no deadline", breaks="keeps_the_deadline")
class WaitingPool(Capped):
    """Waits for ever, unless it must not wait at all."""

    def acquire(self, timeout=5.0):
        with self._changed:
            while not self._idle and self._open >= self._size:
                if timeout == 0:
                    raise TimeoutError
                self._changed.wait()
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "place lost", breaks="frees_the_place")
class WaitingPool(Capped):
    """A connect that fails keeps its place."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
                raise TimeoutError
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._connect()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "waited with 0", breaks="lends_up_to_the_cap")
class WaitingPool(Capped):
    """Takes 0 for "no time given"."""

    def acquire(self, timeout=5.0):
        timeout = 5.0 if timeout == 0 else timeout
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
                raise TimeoutError
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "no cap", breaks="lends_up_to_the_cap opens_no_more looks_again")
class WaitingPool(Capped):
    """Opens where it should wait."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if self._idle:
                return self._idle.pop()
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "not reused", breaks="lends_up_to_the_cap")
class WaitingPool(Capped):
    """Opens while there is room, and lends what lies idle only afterwards."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
                raise TimeoutError
            if self._open >= self._size:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "deadlock", breaks="opens_no_more")
class WaitingPool(Capped):
    """Takes the lock and does not let go of it where something was idle."""

    def acquire(self, timeout=5.0):
        self._changed.acquire()
        if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
            raise TimeoutError
        if self._idle:
            return self._idle.pop()
        self._open += 1
        self._changed.release()
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong(
    "threads.cap", "raised RuntimeError", breaks="lends_up_to_the_cap wakes_who_waits opens_no_more"
)
class WaitingPool(Capped):
    """Waits without the lock."""

    def acquire(self, timeout=5.0):
        if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
            raise TimeoutError
        with self._changed:
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "gave up in silence", breaks="lends_up_to_the_cap")
class WaitingPool(Capped):
    """Gives up in silence: None in place of an error."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
                return None
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "raised", breaks="opens_no_more")
class WaitingPool(Capped):
    """Waits under the lock, and takes when it has let go of it."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
                raise TimeoutError
            opening = not self._idle
            if opening:
                self._open += 1
        return self._opened() if opening else self._idle.pop()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "lent twice", breaks="opens_no_more")
class WaitingPool(Capped):
    """Peeks, then pops."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
                raise TimeoutError
            conn = self._idle[-1] if self._idle else None
            if conn is None:
                self._open += 1
        if conn is None:
            return self._opened()
        with self._changed:
            if conn in self._idle:
                self._idle.remove(conn)
        return conn

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


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


@wrong("threads.cap", "unseen", breaks="lends_up_to_the_cap")
class WaitingPool(Capped):
    """One condition for all pools, made in the class body."""

    _changed_for_all = threading.Condition()

    def acquire(self, timeout=5.0):
        with self._changed_for_all:
            if not self._changed_for_all.wait_for(
                lambda: self._idle or self._open < self._size, timeout
            ):
                raise TimeoutError
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def release(self, conn):
        with self._changed_for_all:
            self._idle.append(conn)
            self._changed_for_all.notify()


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


@wrong(
    "threads.cap",
    "never opens",
    breaks="lends_up_to_the_cap wakes_who_waits keeps_the_deadline frees_the_place",
)
class WaitingPool(Capped):
    """Waits for an idle one, and never opens any."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle, timeout):
                raise TimeoutError
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "never opens", breaks="lends_up_to_the_cap opens_no_more")
class WaitingPool(Capped):
    """Opens the first and no other."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._open < 1, timeout):
                raise TimeoutError
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "waited with 0", breaks="lends_up_to_the_cap")
class WaitingPool(Capped):
    """Takes 0 for no limit."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(
                lambda: self._idle or self._open < self._size, timeout or None
            ):
                raise TimeoutError
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "no cap", breaks="lends_up_to_the_cap keeps_the_deadline")
class WaitingPool(Capped):
    """Does not look at what wait_for gave."""

    def acquire(self, timeout=5.0):
        with self._changed:
            self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout)
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "lent twice", breaks="lends_up_to_the_cap")
class WaitingPool(Capped):
    """Lends what it opened, and puts it on the shelf as well."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
                raise TimeoutError
            if self._idle:
                return self._idle.pop()
            self._open += 1
        conn = self._opened()
        self._idle.append(conn)
        return conn

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "lent closed", breaks="lends_up_to_the_cap")
class WaitingPool(Capped):
    """Closes what comes back."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
                raise TimeoutError
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def release(self, conn):
        conn.close()
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "looked once, opened", breaks="looks_again keeps_the_deadline")
class WaitingPool(Capped):
    """Woken, it goes on as if the place were its own."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._idle and self._open >= self._size and not self._changed.wait(timeout):
                raise TimeoutError
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "gave up", breaks="looks_again keeps_the_deadline")
class WaitingPool(Capped):
    """Woken in vain, it gives up."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._idle and self._open >= self._size:
                self._changed.wait(timeout)
            if self._idle:
                return self._idle.pop()
            if self._open >= self._size:
                raise TimeoutError
            self._open += 1
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "gave up", breaks="wakes_who_waits")
class WaitingPool(Capped):
    """Takes None for 0."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(
                lambda: self._idle or self._open < self._size, timeout or 0
            ):
                raise TimeoutError
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.cap", "deadlock", breaks="wakes_who_waits keeps_the_deadline frees_the_place")
class WaitingPool(Capped):
    """Rings, and keeps the lock."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
                raise TimeoutError
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def release(self, conn):
        self._changed.acquire()
        self._idle.append(conn)
        self._changed.notify()


@wrong("threads.cap", "deadlock", breaks="keeps_the_deadline")
class WaitingPool(Capped):
    """Gives up with the lock in hand."""

    def acquire(self, timeout=5.0):
        self._changed.acquire()
        if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
            raise TimeoutError
        conn = self._idle.pop() if self._idle else None
        self._open += conn is None
        self._changed.release()
        return conn or self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong(
    "threads.cap",
    "nobody rings",
    breaks="wakes_who_waits opens_no_more looks_again frees_the_place",
)
class WaitingPool(Capped):
    """Waits on a condition that nobody else knows."""

    def acquire(self, timeout=5.0):
        mine = threading.Condition()
        with mine:
            if not mine.wait_for(lambda: self._idle or self._open < self._size, timeout):
                raise TimeoutError
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong(
    "threads.cap",
    "raised TypeError",
    breaks="wakes_who_waits opens_no_more connects_outside_the_lock",
)
class WaitingPool(Capped):
    """A sleep cannot last None seconds."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._idle and self._open < self._size:
                self._open += 1
                return self._opened()
        time.sleep(0 if self._idle else timeout)
        with self._changed:
            if self._idle:
                return self._idle.pop()
        raise TimeoutError

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong(
    "threads.cap",
    "never opens",
    breaks="lends_up_to_the_cap wakes_who_waits looks_again frees_the_place",
)
class WaitingPool(Capped):
    """Waits for what nobody has opened, and then takes it."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._idle:
                self._changed.wait(timeout)
            return self._idle.pop()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


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


@wrong("threads.order", "a connection is lost", breaks="leaves_nothing_behind")
class FairPool(Prefilled):
    """A time-out that swallows a hand-off."""

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout):
            with self._lock:
                if ticket in self._line:
                    self._line.remove(ticket)
            raise TimeoutError
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                ticket = self._line.popleft()
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)


@wrong("threads.order", "a connection is lost", breaks="gives_up")
class FairPool(Prefilled):
    """Gives up and stays in line, where the next connection is handed to nobody."""

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if timeout == 0:
            with self._lock:
                self._line.remove(ticket)
        if not ticket.bell.wait(timeout):
            raise TimeoutError
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                ticket = self._line.popleft()
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)


@wrong("threads.order", "barged in", breaks="serves_in_order")
class FairPool(Prefilled):
    """A condition and a shelf: who comes first takes it."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle, timeout):
                raise TimeoutError
            return self._idle.pop()

    def release(self, conn):
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


@wrong("threads.order", "out of order", breaks="serves_in_order")
class FairPool(Prefilled):
    """Hands over to the one who came last."""

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout):
            with self._lock:
                if ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                ticket = self._line.pop()
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)


@wrong("threads.order", "nobody rings", breaks="serves_who_waits serves_in_order rests_till_served")
class FairPool(Prefilled):
    """Puts it into the hand and does not ring."""

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout):
            with self._lock:
                if ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                self._line.popleft().conn = conn
            else:
                self._idle.append(conn)


@wrong(
    "threads.order",
    "waits with the lock",
    breaks="serves_who_waits serves_in_order gives_up rests_till_served",
)
class FairPool(Prefilled):
    """Sleeps with the lock in hand."""

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
            if not ticket.bell.wait(timeout):
                self._line.remove(ticket)
                raise TimeoutError
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                ticket = self._line.popleft()
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)


@wrong("threads.order", "lost wake-up", breaks="serves_who_waits leaves_nothing_behind")
class FairPool(Prefilled):
    """`release` looks at the line without the lock."""

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout):
            with self._lock:
                if ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError
        return ticket.conn

    def release(self, conn):
        if not self._line:
            with self._lock:
                self._idle.append(conn)
            return
        with self._lock:
            ticket = self._line.popleft()
            ticket.conn = conn
            ticket.bell.set()


@wrong("threads.order", "too late", breaks="gives_up")
class FairPool(Prefilled):
    """Waits its time twice over."""

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout) and not ticket.bell.wait(timeout):
            with self._lock:
                if ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                ticket = self._line.popleft()
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)


@wrong("threads.order", "came too late", breaks="rests_till_served")
class FairPool(Prefilled):
    """Looks at its ticket four times a second."""

    def acquire(self, timeout=5.0):
        end = time.monotonic() + (1e9 if timeout is None else timeout)
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        while ticket.conn is None:
            left = end - time.monotonic()
            with self._lock:
                if left <= 0 and ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError
            time.sleep(max(0, min(0.25, left)))
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                self._line.popleft().conn = conn
            else:
                self._idle.append(conn)


@wrong("threads.order", "endless", breaks="serves_who_waits")
class FairPool(Prefilled):
    """Looks at its ticket all the time."""

    def acquire(self, timeout=5.0):
        end = time.monotonic() + (1e9 if timeout is None else timeout)
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        while ticket.conn is None:
            with self._lock:
                if time.monotonic() >= end and ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                self._line.popleft().conn = conn
            else:
                self._idle.append(conn)


@wrong("threads.order", "no cap", breaks="lends_what_it_has")
class FairPool(Prefilled):
    """Lends the last one to two where it must not wait."""

    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._connect = connect

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            if timeout == 0:
                return self._connect()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout):
            with self._lock:
                if ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                ticket = self._line.popleft()
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)


@wrong("threads.order", "waited with 0", breaks="lends_what_it_has rests_till_served")
class FairPool(Prefilled):
    """Takes 0 for "no time given"."""

    def acquire(self, timeout=5.0):
        timeout = timeout or 5.0
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout):
            with self._lock:
                if ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                ticket = self._line.popleft()
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)


@wrong("threads.order", "raised IndexError", breaks="lends_what_it_has serves_who_waits")
class FairPool(Prefilled):
    """Always hands over, though nobody may be in line."""

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout):
            with self._lock:
                if ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError
        return ticket.conn

    def release(self, conn):
        with self._lock:
            ticket = self._line.popleft()
            ticket.conn = conn
            ticket.bell.set()


@wrong("threads.order", "too early", breaks="gives_up")
class FairPool(Prefilled):
    """Does not wait at all, unless it may wait for ever."""

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(None if timeout is None else 0):
            with self._lock:
                if ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                ticket = self._line.popleft()
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)


@wrong("threads.order", "no deadline", breaks="gives_up")
class FairPool(Prefilled):
    """Waits for ever, unless it must not wait at all."""

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout if timeout == 0 else None):
            with self._lock:
                if ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                ticket = self._line.popleft()
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)


@wrong("threads.order", "lent twice", breaks="serves_who_waits")
class FairPool(Prefilled):
    """Peeks, then pops."""

    def acquire(self, timeout=5.0):
        with self._lock:
            conn = self._idle[-1] if self._idle else None
            ticket = Ticket()
            if conn is None:
                self._line.append(ticket)
        if conn is not None:
            with self._lock:
                self._idle = [one for one in self._idle if one is not conn]
            return conn
        if not ticket.bell.wait(timeout):
            with self._lock:
                if ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                ticket = self._line.popleft()
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)


@wrong("threads.order", "unseen", breaks="lends_what_it_has")
class FairPool(Prefilled):
    """One lock for all pools, made in the class body."""

    _lock_for_all = threading.Lock()

    def acquire(self, timeout=5.0):
        with self._lock_for_all:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout):
            with self._lock_for_all:
                if ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError
        return ticket.conn

    def release(self, conn):
        with self._lock_for_all:
            if self._line:
                ticket = self._line.popleft()
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)


@wrong("threads.order", "not given back", breaks="lends_what_it_has serves_who_waits gives_up")
class FairPool(Prefilled):
    """Hands over, and drops it where nobody is in line."""

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout):
            with self._lock:
                if ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                ticket = self._line.popleft()
                ticket.conn = conn
                ticket.bell.set()


@wrong("threads.order", "deadlock", breaks="lends_what_it_has")
class FairPool(Prefilled):
    """Gives up with the lock in hand."""

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout):
            self._lock.acquire()
            if ticket in self._line:
                self._line.remove(ticket)
                raise TimeoutError
            self._lock.release()
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                ticket = self._line.popleft()
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)


@wrong("threads.order", "raised", breaks="leaves_nothing_behind")
class FairPool(Prefilled):
    """Leaves the line without looking whether it still stands there."""

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout):
            with self._lock:
                self._line.remove(ticket)
            raise TimeoutError
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                ticket = self._line.popleft()
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)


@wrong("threads.order", "gave up in silence", breaks="lends_what_it_has")
class FairPool(Prefilled):
    """Leaves the line and returns what is in its hand: nothing."""

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout):
            with self._lock:
                if ticket in self._line:
                    self._line.remove(ticket)
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                ticket = self._line.popleft()
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)


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


@wrong("threads.order", "still in line", breaks="lends_what_it_has gives_up")
class FairPool(Prefilled):
    """Gives up and stays in the line."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
            if not self._changed.wait_for(lambda: ticket.conn is not None, timeout):
                raise TimeoutError
            return ticket.conn

    def release(self, conn):
        with self._changed:
            if self._line:
                self._line.popleft().conn = conn
                self._changed.notify_all()
            else:
                self._idle.append(conn)


@wrong("threads.order", "raised TypeError", breaks="serves_who_waits")
class FairPool(Prefilled):
    """A deque has no first to pop by number."""

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout):
            with self._lock:
                if ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                ticket = self._line.pop(0)
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)


@wrong("threads.order", "too late", breaks="gives_up")
class FairPool(Prefilled):
    """One bell for all, and after each ring the time begins anew."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
            while ticket.conn is None:
                if not self._changed.wait(timeout) and ticket.conn is None:
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


@wrong("threads.order", "served with nothing", breaks="serves_in_order")
class FairPool(Prefilled):
    """One bell for all, and whoever hears it thinks it is served."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
            if not self._changed.wait(timeout) and ticket.conn is None:
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


@wrong("threads.order", "gave up", breaks="serves_in_order gives_up")
class FairPool(Prefilled):
    """One bell for all, and whoever is woken in vain gives up."""

    def acquire(self, timeout=5.0):
        with self._changed:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
            self._changed.wait(timeout)
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


@wrong("threads.order", "not passed on", breaks="serves_in_order gives_up")
class FairPool(Prefilled):
    """Serves the first, and leaves it first in line."""

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout):
            with self._lock:
                if ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                ticket = self._line[0]
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)


@wrong("threads.order", "waited with 0", breaks="lends_what_it_has")
class FairPool(Prefilled):
    """Takes 0 for no limit."""

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout or None):
            with self._lock:
                if ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError
        return ticket.conn

    def release(self, conn):
        with self._lock:
            if self._line:
                ticket = self._line.popleft()
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)


@wrong("threads.order", "lent closed", breaks="lends_what_it_has")
class FairPool(Prefilled):
    """Closes what comes back."""

    def acquire(self, timeout=5.0):
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout):
            with self._lock:
                if ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError
        return ticket.conn

    def release(self, conn):
        conn.close()
        with self._lock:
            if self._line:
                ticket = self._line.popleft()
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)


for id in ("threads.cap", "threads.order"):
    equivalent(
        id,
        "def acquire(self, timeout=5.0): | 5.0 plus 1",
        "How patient a pool is where nobody says so is a matter of taste.",
    )
