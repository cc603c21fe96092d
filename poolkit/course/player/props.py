"""What a scene's threads hold and wait for: the player's own locks and its own clock.

Python's conditions, events, semaphores and queues are written in Python on top of `Lock`, `RLock`
and a clock. Putting stand-ins in place of those few makes all of them playable, unchanged.
A stand-in asks which thread calls: off the stage it does what the real thing does, so the other
threads of a notebook's kernel notice nothing.
"""

import contextlib
import math
import queue
import threading
import time
from _thread import get_ident

on_stage: dict = {}  # thread ident -> its worker

real_lock, real_monotonic = threading.Lock, time.monotonic
_LOCK_TYPES = (type(threading.Lock()), type(threading.RLock()))
#: What waits: found where it was made before the scene, it cannot be played.
WAITABLE = (
    *_LOCK_TYPES,
    threading.Condition,
    threading.Event,
    threading.Semaphore,
    threading.Barrier,
    queue.Queue,
    queue.SimpleQueue,
)


class Ended(BaseException):
    """Raised in a scene's thread to end it; not an Exception, so that `except Exception` lets go"""


class Lock:
    """A `threading.Lock` on the stage: whoever waits for it, waits in virtual time."""

    def __init__(self, worker) -> None:
        self.stage = worker.stage
        self.maker = worker
        self.holder: object | None = None
        self.takers: set = set()
        self.inside: object | None = None  # who holds it by `with`
        if self.stage.log is not None:
            self.stage.locks.append(self)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        _check_wait(blocking, timeout)
        worker = _player_here(self.stage)
        if self.holder is not None and not self._wait(worker, blocking, timeout):
            return False
        self.holder = worker
        if worker is not None and worker.stage.main:
            self.takers.add(worker.name)
        return True

    def _wait(self, worker, blocking: bool, timeout: float) -> bool:
        if not blocking or timeout == 0:
            return False
        if worker is None:
            raise RuntimeError("a lock that was made inside a scene was waited for outside it")
        deadline = None if timeout < 0 else self.stage.now + timeout
        return self.stage.wait(worker, self, deadline)

    def release(self) -> None:
        if self.holder is None and not self.stage.ending:
            raise RuntimeError("release unlocked lock")
        self.holder = None

    def locked(self) -> bool:
        return self.holder is not None

    def _at_fork_reinit(self) -> None:
        self.holder = None

    def __enter__(self) -> bool:
        self.acquire()
        self.inside = self.holder
        return True

    def __exit__(self, *exc) -> None:
        self.inside = None
        self.release()


class RLock(Lock):
    """A `threading.RLock` on the stage."""

    depth = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if not (self._is_owned() or super().acquire(blocking, timeout)):
            return False
        self.depth += 1
        return True

    def release(self) -> None:
        if not self._is_owned() and not self.stage.ending:
            raise RuntimeError("cannot release un-acquired lock")
        self.depth -= 1
        if self.depth <= 0:
            self.depth, self.holder = 0, None

    # What threading.Condition asks of a lock that can be taken twice.
    def _is_owned(self) -> bool:
        return self.holder is not None and self.holder is _player_here(self.stage)

    def _release_save(self) -> int:
        depth, self.depth, self.holder = self.depth, 0, None
        return depth

    def _acquire_restore(self, depth: int) -> None:
        super().acquire()
        self.depth = depth


def _player_here(stage):
    """The worker that is calling, or None for a thread that is not of this stage."""
    worker = on_stage.get(get_ident())
    return worker if worker is not None and worker.stage is stage else None


def _check_wait(blocking: bool, timeout: float) -> None:
    """Refuse what a real lock refuses."""
    if not blocking and timeout != -1:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if math.isnan(timeout) or (timeout < 0 and timeout != -1):
        raise ValueError("timeout value must be a non-negative number")
    if timeout > threading.TIMEOUT_MAX:
        raise OverflowError("timeout value is too large")


class _StandIn:
    """Stands for `real`; in a scene's thread it does `act` instead.

    An object and no function: as a class attribute it must not turn into a method.
    """

    def __init__(self, real, act) -> None:
        self.real, self._act = real, act
        self.__name__ = getattr(real, "__name__", "")

    def __call__(self, *args, **kwargs):
        worker = on_stage.get(get_ident())
        if worker is None or worker.stage is None:
            return self.real(*args, **kwargs)
        return self._act(worker, *args, **kwargs)

    def __instancecheck__(self, thing: object) -> bool:
        return isinstance(thing, (Lock, *_LOCK_TYPES))

    def __reduce__(self):
        return self.real.__reduce__()


def _sleep(worker, seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    worker.stage.wait(worker, None, worker.stage.now + seconds)


def _now(worker) -> float:
    return worker.stage.now


def _now_ns(worker) -> int:
    return int(worker.stage.now * 1e9)


def _start_thread(worker, *_args) -> None:
    worker.stage.stop("unseen", worker, "a thread of its own was started")
    raise Ended


def _stand_ins() -> list[tuple[object, str, _StandIn]]:
    """Every name of the standard library that is played, and what stands in for it."""
    spots = [(threading, "Lock", Lock), (threading, "_allocate_lock", Lock)]
    spots += [(threading, "RLock", RLock), (time, "sleep", _sleep)]
    clocks = ("monotonic", "time", "perf_counter")
    spots += [(time, name, _now) for name in clocks]
    spots += [(time, f"{name}_ns", _now_ns) for name in clocks]
    spots += [(threading, "_time", _now), (queue, "time", _now)]
    # Python's own spare, written on a semaphore: the C one cannot be seen waiting.
    spots += [(queue, "SimpleQueue", lambda _worker: queue._PySimpleQueue())]
    found = [(module, name, act) for module, name, act in spots if hasattr(module, name)]
    return [(module, name, _StandIn(getattr(module, name), act)) for module, name, act in found]


@contextlib.contextmanager
def in_place(script, extra_namespaces=()):
    """Put the stand-ins where the code under test finds them, and take them away again.

    They go into the standard library's modules, and wherever the code under test had bound one
    before: its module or notebook (`from threading import Lock`), a default argument
    (`clock=time.monotonic`), a closure, an attribute of a class.
    """
    stand_ins = _stand_ins()
    swaps = {id(stand_in.real): stand_in for _, _, stand_in in stand_ins}
    undo: list = []
    try:
        for module, name, stand_in in stand_ins:
            _set_attribute(undo, module, name, stand_in)
        start = threading.Thread.start
        _set_attribute(undo, threading.Thread, "start", _as_method(start))
        for space in [*script.namespaces, *extra_namespaces]:
            _swap_namespace(undo, space, swaps)
        for cls in script.classes:
            _swap_class(undo, cls, swaps)
        for function in script.functions:
            _swap_function(undo, function, swaps)
        yield
    finally:
        for put_back in reversed(undo):
            put_back()


def _as_method(start):
    stand_in = _StandIn(start, _start_thread)
    return lambda thread: stand_in(thread)


def _set_attribute(undo: list, owner: object, name: str, value: object) -> None:
    before = vars(owner)[name]
    undo.append(lambda: setattr(owner, name, before))
    setattr(owner, name, value)


def _swap_namespace(undo: list, space: dict, swaps: dict) -> None:
    for name, value in list(space.items()):
        if id(value) in swaps:
            undo.append(lambda name=name, value=value: space.__setitem__(name, value))
            space[name] = swaps[id(value)]


def _swap_class(undo: list, cls: type, swaps: dict) -> None:
    for name, value in list(vars(cls).items()):
        bare = value.__func__ if isinstance(value, staticmethod) else value
        if id(bare) in swaps:
            _set_attribute(undo, cls, name, swaps[id(bare)])


def _swap_function(undo: list, function, swaps: dict) -> None:
    for name in ("__defaults__", "__kwdefaults__"):
        before = getattr(function, name)
        values = before.values() if isinstance(before, dict) else before or ()
        if any(id(value) in swaps for value in values):
            undo.append(lambda name=name, before=before: setattr(function, name, before))
            if isinstance(before, dict):
                after = {key: swaps.get(id(value), value) for key, value in before.items()}
            else:
                after = tuple(swaps.get(id(value), value) for value in before)
            setattr(function, name, after)
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # a cell that is not filled yet
            value = cell.cell_contents
            if id(value) in swaps:
                undo.append(lambda cell=cell, value=value: setattr(cell, "cell_contents", value))
                cell.cell_contents = swaps[id(value)]


def unseen(script) -> str | None:
    """Name a lock that was made before the scene, where the player cannot see it."""
    for cls in script.classes:
        for name, value in vars(cls).items():
            if isinstance(value, WAITABLE):
                return f"`{name}` is made in the body of class {cls.__name__}"
    for function in script.functions:
        for value in [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]:
            if isinstance(value, WAITABLE):
                return f"a default argument of {function.__name__}() is one"
        for name, value in function.__globals__.items():
            used = any(name in script.names.get(code, ()) for code in (function.__code__,))
            if used and isinstance(value, WAITABLE):
                return f"`{name}` is made outside the class"
    return None
