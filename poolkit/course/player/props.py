"""Stand-ins: what the code under test finds in place of locks, sleeps and clocks.

Python's conditions, events, semaphores and queues are written in Python on top of `Lock`, `RLock`
and a clock. Putting stand-ins in place of those few makes all of them playable, unchanged.
A stand-in asks which thread calls, and whose code: off the stage, and for the code of others, it
does what the real thing does, so a notebook's kernel and its libraries notice nothing.
"""

import contextlib
import logging
import queue
import sys
import threading
import time
from _thread import get_ident

from poolkit.course.guard import after_ending
from poolkit.course.player.locks import Ended, Lock, RLock, on_stage, worker_here

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


class _StandIn:
    """Stands for `real`; where `owner` knows the caller for the scene's, it does `act` instead.

    An object and no function: as a class attribute it must not turn into a method.
    """

    def __init__(self, real, act, owner) -> None:
        self.real, self._act, self._owner = real, act, owner
        self.__name__ = getattr(real, "__name__", "")

    def __call__(self, *args, **kwargs):
        worker = on_stage.get(get_ident())
        if worker is None or worker.stage is None or not self._owner.calls(sys._getframe(1)):
            return self.real(*args, **kwargs)
        return self._act(worker, *args, **kwargs)

    def __instancecheck__(self, thing: object) -> bool:
        if self._act in (Lock, RLock):
            return isinstance(thing, (Lock, *_LOCK_TYPES))
        return isinstance(thing, (self.real, getattr(queue, "_PySimpleQueue", self.real)))

    def __mro_entries__(self, _bases) -> tuple:
        return (self.real,)  # a library that is imported during a play derives from it

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


def _start_thread(start):
    def start_unseen(thread) -> None:
        worker = worker_here()
        if worker is None:
            return start(thread)
        worker.stage.stop("unseen", worker, "a thread of its own was started")
        raise Ended

    return start_unseen


def _in_one_go(handle):
    """A log handler has a real lock, and formats under it: with a switch there, all would stand"""

    def handle_in_one_go(handler, record):
        worker = worker_here()
        if worker is None:
            return handle(handler, record)
        worker.in_one_go += 1
        try:
            return handle(handler, record)
        finally:
            worker.in_one_go -= 1

    return handle_in_one_go


def _stand_ins(owner) -> list[tuple[object, str, _StandIn]]:
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
    return [
        (module, name, _StandIn(getattr(module, name), act, owner)) for module, name, act in found
    ]


@contextlib.contextmanager
def in_place(script, extra_namespaces=()):
    """Put the stand-ins where the code under test finds them, and take them away again.

    They go into the standard library's modules, and wherever the code under test had bound one
    before: its module or notebook (`from threading import Lock`), a default argument
    (`clock=time.monotonic`), a closure, an attribute of a class.
    """
    stand_ins = _stand_ins(script.owner)
    swaps = {id(stand_in.real): stand_in for _, _, stand_in in stand_ins}
    before = set(sys.modules)
    with undoing() as undo:
        undo.append(lambda: _clear_imported(before, stand_ins))
        for module, name, stand_in in stand_ins:
            _set_attribute(undo, module, name, stand_in)
        for owner, name, wrap in _WRAPPED:
            _set_attribute(undo, owner, name, wrap(vars(owner)[name]))
        for space in [*script.namespaces, *extra_namespaces]:
            _swap_namespace(undo, space, swaps)
        for cls in script.classes:
            _swap_class(undo, cls, swaps)
        for function in script.functions:
            _swap_function(undo, function, swaps)
        yield


_unfinished: list[list] = []  # what each play in progress has still to undo, the last thing first


@contextlib.contextmanager
def undoing():
    """A list of what is undone when the block ends, also if that is interrupted: see `clear_up`."""
    undo: list = []
    _unfinished.append(undo)
    try:
        yield undo
    finally:
        _undo_all(undo)
        _unfinished[:] = [one for one in _unfinished if one is not undo]


def _undo_all(undo: list) -> None:
    while undo:
        undo[-1]()  # done first and taken off then: who is ended between the two loses nothing
        undo.pop()


def clear_up() -> None:
    """Undo what plays left that were ended from outside, in the midst of clearing up."""
    with contextlib.suppress(IndexError):  # who is not quite dead yet clears up as well
        while _unfinished:
            _undo_all(_unfinished[-1])
            _unfinished.pop()


after_ending.append(clear_up)

_WRAPPED = (
    (threading.Thread, "start", _start_thread),
    (logging.Handler, "handle", _in_one_go),
)


def _clear_imported(before: set[str], stand_ins) -> None:
    """Give the modules that were imported meanwhile the real names."""
    reals = {id(stand_in): stand_in.real for _, _, stand_in in stand_ins}
    for name in set(sys.modules) - before:
        _swap_namespace([], getattr(sys.modules.get(name), "__dict__", {}), reals)


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
