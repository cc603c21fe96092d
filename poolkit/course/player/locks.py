"""What a scene's threads hold and wait for: locks that are waited for in virtual time.

Behind each is a real lock. In a scene's thread a lock is the player's; in any other, and when the
play is over, it is the real one, so that what was made in a scene may outlive it, be handed out of
it, or be shared with a thread that knows of no stage.
"""

import math
import threading
import time
from _thread import get_ident

on_stage: dict = {}  # thread ident -> its worker

real_lock, real_rlock, real_monotonic = threading.Lock, threading.RLock, time.monotonic


class Ended(BaseException):
    """Raised in a scene's thread to end it; not an Exception, so that `except Exception` lets go"""


def worker_here():
    """The worker that is calling, or None for a thread that is on no stage."""
    worker = on_stage.get(get_ident())
    return worker if worker is not None and worker.stage is not None else None


class Lock:
    """A `threading.Lock` on the stage: whoever waits for it, waits in virtual time."""

    _make_real = staticmethod(real_lock)

    def __init__(self, worker) -> None:
        self._real = self._make_real()
        self.maker = worker
        self.holder: object | None = None  # the worker that took it; then the real one is taken too
        self.play: object | None = None  # in which play it was taken
        self.takers: set = set()
        self.inside: object | None = None  # who holds it by `with`
        if worker.stage.log is not None:
            worker.stage.locks.append(self)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        _check_wait(blocking, timeout)
        worker = worker_here()
        if worker is None:
            return self._acquire_outside(blocking, timeout)
        if self.holder is not None and not self._wait(worker, blocking, timeout):
            return False
        # It is free, unless a thread that is on no stage has it: then that one is waited for.
        if not self._real.acquire(blocking, timeout):
            return False
        self._taken_by(worker)
        return True

    def _acquire_outside(self, blocking: bool, timeout: float) -> bool:
        """As the real one does, but no wait for ever for somebody who has gone."""
        if self._real.acquire(False):
            return True
        if blocking and timeout < 0 and self.holder is not None and self.play.closed:
            raise RuntimeError("a scene that is over has left this lock locked")
        return self._real.acquire(blocking, timeout)

    def _taken_by(self, worker) -> None:
        self.holder, self.play = worker, worker.stage
        if worker.stage.main:
            self.takers.add(worker.name)

    def _wait(self, worker, blocking: bool, timeout: float) -> bool:
        if not blocking or timeout == 0:
            return False
        deadline = None if timeout < 0 else worker.stage.now + timeout
        return worker.stage.wait(worker, self, deadline)

    def release(self) -> None:
        try:
            self._let_go()
        except RuntimeError:
            worker = worker_here()
            if worker is None or not worker.stage.ending:
                raise

    def _let_go(self) -> None:
        self.holder = None
        self._real.release()

    def locked(self) -> bool:
        return self._real.locked()

    def _at_fork_reinit(self) -> None:
        self.holder = None
        self._real._at_fork_reinit()

    def __enter__(self) -> bool:
        self.acquire()
        self.inside = self.holder
        return True

    def __exit__(self, *exc) -> None:
        self.inside = None
        self.release()


class RLock(Lock):
    """A `threading.RLock` on the stage."""

    _make_real = staticmethod(real_rlock)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self._is_owned():
            return self._real.acquire(blocking, timeout)
        return super().acquire(blocking, timeout)

    def _let_go(self) -> None:
        mine = self._is_owned() and self.holder is worker_here()
        self._real.release()
        if mine and not self._is_owned():
            self.holder = None

    # What threading.Condition asks of a lock that can be taken twice.
    def _is_owned(self) -> bool:
        return self._real._is_owned()

    def _release_save(self) -> object:
        if self.holder is worker_here():
            self.holder = None
        return self._real._release_save()

    def _acquire_restore(self, state: object) -> None:
        worker = worker_here()
        if worker is not None and self.holder is not None:
            self._wait(worker, True, -1)
        self._real._acquire_restore(state)
        if worker is not None:
            self._taken_by(worker)


def _check_wait(blocking: bool, timeout: float) -> None:
    """Refuse what a real lock refuses."""
    if not blocking and timeout != -1:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if math.isnan(timeout) or (timeout < 0 and timeout != -1):
        raise ValueError("timeout value must be a non-negative number")
    if timeout > threading.TIMEOUT_MAX:
        raise OverflowError("timeout value is too large")
