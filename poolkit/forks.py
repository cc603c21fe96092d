"""What becomes of pools when their process forks.

SQLite keeps its table of locks for each process, and a child inherits it. A connection that was
open at that moment must not be used in the child, nor closed there; and what the child commits
through connections of its own to the same file can be lost without a word (SQLite, "How To Corrupt
An SQLite Database File", on forks). So idle connections are closed before the fork. Where one is
out, the pool refuses to serve in the child, and so does any other pool on the same file.
Databases in memory are no file: they stay as they are, and the child's pool starts empty.

A fork in C code that does not tell Python of it goes unnoticed.
"""

import os
import threading
from typing import Any
from weakref import ref

IN_PARENT = -1  # the number of a trip that goes on in the parent process
_PATIENCE = 1.0  # seconds that a fork waits for a lock
_TRIES = 20  # to close what others lay on the stack in the meantime

_pools: list[ref[Any]] = []
_one_at_a_time = threading.RLock()
_held: list[Any] = []  # locks to be released after the fork
_quiet: set[int] = set()  # ids of the pools that are held still
refused_files: set[str] = set()  # where this process inherited open connections


def watch(pool: Any) -> None:
    """Look after the pool in each fork from now on."""
    _pools.append(ref(pool, _pools.remove))


def _watched() -> list[Any]:
    return [pool for each in list(_pools) if (pool := each()) is not None]


def _before() -> None:
    _one_at_a_time.acquire()
    _held.clear()
    _quiet.clear()
    for pool in _watched():
        try:
            _hold_still(pool)
        except Exception:
            continue  # its trouble stops no other's; it will refuse in the child


def _hold_still(pool: Any) -> None:
    """Close what is idle, and hold the pool's lock, so that nothing is opened till the fork."""
    for _ in range(_TRIES):
        pool._close_idle(0, lambda card: not card.in_memory)
        if not pool._lock.acquire(timeout=_PATIENCE):
            return
        if all(card.in_memory for card in pool._idle):
            _held.append(pool._lock)
            _quiet.add(id(pool))
            return
        pool._lock.release()


def _after_in_parent() -> None:
    while _held:
        _held.pop().release()
    _one_at_a_time.release()


def _after_in_child() -> None:
    """Start empty, every pool, before anything that may fail."""
    global _one_at_a_time
    kept: list[Any] = []
    for pool in _watched():
        cards = [*pool._idle, *pool._lent.values()]
        kept += [cards, pool._idle, pool._lent, pool._line]
        for card in cards:
            card.trips = IN_PARENT
        out = pool._open - sum(card.in_memory for card in cards)
        pool._start_empty()
        if out or id(pool) not in _quiet:
            pool._why_closed = (
                f"this process was forked while {out or 'some'} of the pool's connections were "
                "out, so what it stores could be lost: fork while none is out"
            )
            if pool._connector.file is not None:
                refused_files.add(pool._connector.file)
    _one_at_a_time = threading.RLock()
    _held.clear()
    _never_free(kept)


def _never_free(things: list[Any]) -> None:
    """Keep things for as long as the process lives, beyond the interpreter's own end.

    No variable lives that long: when the interpreter shuts down it clears its modules, and
    connections that were kept in one would be closed. One reference too many is what it takes, or
    a cycle that the collector never sees.
    """
    try:
        import ctypes  # here, since few programs fork

        ctypes.pythonapi.Py_IncRef(ctypes.py_object(things))
    except Exception:  # not there, or not allowed
        import gc

        things.append(things)
        gc.freeze()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
    )
