"""Answers to lesson 03: other right ones, and wrong designs. Slips are in the lesson's own files."""

import sqlite3
from itertools import accumulate, chain, islice, repeat
from time import sleep

from tests.answers import right, wrong

# --- retry.delays


@right("retry.delays")
def backoff_delays(attempts, base=0.01, cap=1.0):
    return [min(base * 2**n, cap) for n in range(attempts - 1)]


@right("retry.delays")
def backoff_delays(attempts, base=0.01, cap=1.0):
    pauses = ()
    while len(pauses) + 1 < attempts:
        pauses += (min(cap, pauses[-1] * 2 if pauses else base),)
    return pauses


@right("retry.delays")
def backoff_delays(attempts, base=0.01, cap=1.0, rng=None):
    def after(pause, left):
        if left:
            yield min(pause, cap)
            yield from after(pause * 2, left - 1)

    return after(base, attempts - 1)


@right("retry.delays")
def backoff_delays(attempts, base=0.01, cap=1.0):
    doubled = accumulate(repeat(2), lambda pause, two: pause * two, initial=base)
    yield from (min(pause, cap) for pause in islice(doubled, max(attempts - 1, 0)))


@right("retry.delays")
def backoff_delays(attempts, base=0.01, cap=1.0):
    pauses = []
    for n in range(1, attempts):
        pause = base
        for _ in range(n - 1):
            pause = pause + pause
        if pause > cap:
            pause = cap
        pauses.append(float(pause))
    return iter(pauses)


@wrong("retry.delays", "another number", breaks="one_fewer")
def backoff_delays(attempts, base=0.01, cap=1.0, pauses=[]):  # noqa: B006
    for n in range(attempts - 1):
        pauses.append(min(base * 2**n, cap))
    return pauses


@wrong("retry.delays", "signature")
def backoff_delays(attempts):
    return [0.01 * 2**n for n in range(attempts - 1)]


@wrong("retry.delays", "slept", breaks="only_gives")
def backoff_delays(attempts, base=0.01, cap=1.0):
    pauses = [min(base * 2**n, cap) for n in range(attempts - 1)]
    for pause in pauses:
        sleep(pause)  # under a name of its own: no patch of time.sleep sees it
    return pauses


@wrong("retry.delays", "gave nothing", breaks="doubles")
def backoff_delays(attempts, base=0.01, cap=1.0):
    [min(base * 2**n, cap) for n in range(attempts - 1)]


@wrong("retry.delays", "first too long", breaks="is_capped")
def backoff_delays(attempts, base=0.01, cap=1.0):
    if cap < base:
        base, cap = cap, base
    return [min(base * 2**n, cap) for n in range(attempts - 1)]


# --- retry.transient


@right("retry.transient")
def is_transient(exc):
    name = getattr(exc, "sqlite_errorname", None)
    if name is None:
        return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)
    return name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


@right("retry.transient")
def is_transient(exc):
    if hasattr(exc, "sqlite_errorcode"):
        return exc.sqlite_errorcode % 256 in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
    return isinstance(exc, sqlite3.OperationalError) and str(exc).count(" is locked") > 0


@right("retry.transient")
def is_transient(exc):
    try:
        code = exc.sqlite_errorcode
    except AttributeError:
        match exc:
            case sqlite3.OperationalError():
                return str(exc).find("is locked") >= 0
        return False
    low = code & 255
    return low == 5 or low == 6


@right("retry.transient")
def is_transient(exc):
    answer = False
    if hasattr(exc, "sqlite_errorcode"):
        low = exc.sqlite_errorcode % 256
        if low == 5:
            answer = True
        elif low == 6:
            answer = True
    else:
        if isinstance(exc, sqlite3.OperationalError):
            if str(exc).find("is locked") != -1:
                answer = True
    return answer


@wrong("retry.transient", "whole code", breaks="looks_at_eight_bits")
def is_transient(exc):
    passes = {5, 6, 517}  # those that the lesson printed
    if hasattr(exc, "sqlite_errorcode"):
        return exc.sqlite_errorcode in passes
    return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)


@wrong("retry.transient", "another history")
def is_transient(exc):
    if hasattr(exc, "sqlite_errorcode"):
        return exc.sqlite_errorcode & 255 in (5, 6)
    return type(exc).__name__ == "OperationalError" and "is locked" in str(exc)


@wrong("retry.transient", "by hand", breaks="reads_a_message")
def is_transient(exc):
    if hasattr(exc, "sqlite_errorcode"):
        return exc.sqlite_errorcode & 255 in (5, 6)
    return isinstance(exc, sqlite3.OperationalError) and str(exc).endswith("is locked")


# --- retry.retry


@right("retry.retry")
def retry(func, pauses, transient, sleep):
    waiting = iter(pauses)
    while True:
        try:
            result = func()
        except Exception as exc:
            if not transient(exc):
                raise
            try:
                pause = next(waiting)
            except StopIteration:
                raise exc from None
            sleep(pause)
        else:
            return result


@right("retry.retry")
def retry(func, pauses, transient, sleep):
    for pause in pauses:
        try:
            return func()
        except Exception as exc:
            if not transient(exc):
                raise
            sleep(pause)
    return func()


@right("retry.retry")
def retry(func, pauses, transient, sleep):
    def attempt(left):
        try:
            return func()
        except Exception as exc:
            if not left or not transient(exc):
                raise exc
        sleep(left[0])
        return attempt(left[1:])

    return attempt(list(pauses))


@right("retry.retry")
def retry(func, pauses, transient, sleep):
    end = object()
    pauses = chain(pauses, repeat(end))
    while True:
        try:
            return func()
        except Exception as exc:
            if not transient(exc) or (pause := next(pauses)) is end:
                raise
            if pause:
                sleep(pause)


@right("retry.retry")
def retry(func, pauses, transient, sleep):
    pauses, failed = list(pauses), None
    for attempt in range(len(pauses) + 1):
        if attempt > 0:
            sleep(pauses[attempt - 1])
        failed = None
        try:
            result = func()
        except Exception as exc:
            failed = exc
            if not transient(failed):
                break
        if failed is None:
            return result
    raise failed


@right("retry.retry")
def retry(func, pauses, transient, sleep):
    waiting = iter(pauses)

    def from_here():
        try:
            return func()
        except BaseException as exc:
            if not isinstance(exc, Exception) or not transient(exc):
                raise
            for pause in waiting:
                sleep(pause)
                break
            else:
                raise
        return from_here()

    return from_here()


@wrong(
    "retry.retry",
    "how often",
    breaks="comes_to_an_end gives_up_on_what_stays",
    unjudged="asks_the_one_it_is_given",
)
def retry(func, pauses, transient, sleep):
    pauses = iter(pauses)
    while True:
        try:
            return func()
        except Exception:
            sleep(next(pauses, 0))


@wrong("retry.retry", "needs a list", breaks="takes_them_one_by_one")
def retry(func, pauses, transient, sleep):
    while True:
        try:
            return func()
        except Exception as exc:
            if pauses == [] or not transient(exc):
                raise
            sleep(pauses[0])
            pauses = pauses[1:]


@wrong("retry.retry", "another history")
def retry(func, pauses, transient, sleep):
    waiting = iter(pauses)
    while True:
        try:
            return func()
        except StopIteration:
            raise
        except Exception as exc:
            if not transient(exc):
                raise
            try:
                sleep(next(waiting))
            except StopIteration:
                raise exc from None
