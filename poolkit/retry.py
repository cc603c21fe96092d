"""Trying again what failed for a moment, with pauses that grow.

`from poolkit import retry` is the function below. It has the module's name, so the attribute
`poolkit.retry` is the function too; what else is in here comes by `from poolkit.retry import ...`.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from itertools import chain
from types import CoroutineType
from typing import Protocol, TypeVar

T = TypeVar("T")

_TRANSIENT_CODES = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_TRANSIENT_MESSAGES = (
    "database is locked",
    "database table is locked",
    "database schema is locked",
)


class _Uniform(Protocol):
    def uniform(self, a: float, b: float) -> float: ...


def backoff_delays(
    attempts: int, base: float = 0.01, cap: float = 1.0, rng: _Uniform | None = None
) -> Iterator[float]:
    """Yield the pauses between attempts, in seconds: base, twice base, four times base ... cap.

    There is one fewer than attempts, since a pause after the last one would only delay the error.
    With an rng (a `random.Random`, or the `random` module) each pause is drawn evenly from 0 to
    what it would have been: "full jitter", from the AWS Architecture Blog, so that clients that
    failed together do not come back together.

    Raises:
        TypeError: attempts is no whole number, base or cap no number.
        ValueError: attempts is below 1, base or cap negative or NaN.
    """
    if not isinstance(attempts, int) or isinstance(attempts, bool):
        raise TypeError(f"attempts must be a whole number, not {attempts!r}")
    if attempts < 1:
        raise ValueError(f"attempts must be at least 1, not {attempts}")
    for name, seconds in (("base", base), ("cap", cap)):
        if not isinstance(seconds, int | float) or isinstance(seconds, bool):
            raise TypeError(f"{name} must be a number of seconds, not {seconds!r}")
        if not seconds >= 0:  # NaN too
            raise ValueError(f"{name} must be at least 0 seconds, not {seconds!r}")
    return _delays(
        attempts, base, cap, rng
    )  # a function of its own: errors come now, not at next()


def _delays(attempts: int, base: float, cap: float, rng: _Uniform | None) -> Iterator[float]:
    longest = min(cap, base)
    for _ in range(attempts - 1):
        yield longest if rng is None else rng.uniform(0, longest)
        longest = min(cap, longest * 2)  # doubled step by step: 2.0 ** 1024 would overflow


def is_transient(exc: BaseException) -> bool:
    """Tell whether the same call may succeed a moment later: the database, or a table, is locked.

    SQLite's own code decides, its lower 8 bits, since the upper ones only name the variant. An
    exception made by hand carries no code; then the message decides.
    """
    code = getattr(exc, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _TRANSIENT_CODES
    return isinstance(exc, sqlite3.OperationalError) and str(exc).startswith(_TRANSIENT_MESSAGES)


def retry(
    func: Callable[[], T],
    *,
    attempts: int,
    base: float = 0.01,
    cap: float = 1.0,
    rng: _Uniform | None = None,
    transient: Callable[[Exception], bool] = is_transient,
    deadline: float | None = None,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> T:
    """Call func until it returns, at most `attempts` times, and return what it returned.

    Between two attempts it sleeps as `backoff_delays(attempts, base, cap, rng)` says. The deadline
    is a reading of the clock, not a length of time: `clock() + 2.0` gives up to two seconds. A
    pause that would reach it is not begun, so retry gives up early rather than late; an attempt
    under way is not interrupted, and the first one is made in any case.

    Raises:
        Exception: what the last attempt raised, that very object, with a note that tells how many
            attempts were made. Something that is not transient is raised at once.
        TypeError: func is a coroutine function; nothing would be tried before it is awaited.
        TypeError, ValueError: as `backoff_delays`.
    """
    delays = backoff_delays(attempts, base, cap, rng)
    for attempt, pause in enumerate(chain(delays, (None,)), 1):
        try:
            result = func()
        except Exception as exc:
            why = None
            if not transient(exc):
                why = "another try would not help"
            elif pause is None:
                why = "no attempts left"
            elif deadline is not None and clock() + pause >= deadline:
                why = f"no time left for a pause of {pause:.3g} s"
            if why:
                exc.add_note(f"attempt {attempt} of {attempts}: {why}")
                raise
        else:
            if result.__class__ is CoroutineType:  # of an async def, or a lambda around one
                result.close()
                raise TypeError("func is a coroutine function: pass one that works when called")
            return result
        sleep(pause)  # out here the exception, and all that its traceback holds, is let go first
    raise AssertionError("unreachable: the last attempt returns or raises")
