"""What becomes of a pool when its process forks.

SQLite forbids a child process to use a connection of its parent, or even to close it: that breaks
the parent's locks. So the child's pools start empty, and what they had is kept for ever, unused.
"""

import os
import weakref
from typing import Any

_pools: weakref.WeakSet[Any] = weakref.WeakSet()


def start_empty_in_children(pool: Any) -> None:
    """Have `pool._forget()` called in each child process that is forked from now on."""
    _pools.add(pool)


def never_close(things: object) -> None:
    """Keep things for as long as the process lives, beyond the interpreter's own end.

    No variable lives that long: when the interpreter shuts down it clears its modules, and
    connections that were kept in one would be closed. One reference too many is what it takes.
    """
    import ctypes  # here, since few programs fork

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(things))


def _in_child() -> None:
    for pool in list(_pools):
        pool._forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
