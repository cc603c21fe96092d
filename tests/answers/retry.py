"""Answers to lesson 03, right and wrong."""

import sqlite3
import time
from itertools import chain, repeat

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


@wrong("retry.delays", "starts doubled", breaks="doubles has_defaults")
def backoff_delays(attempts, base=0.01, cap=1.0):
    return [min(base * 2**n, cap) for n in range(1, attempts)]


@wrong("retry.delays", "one for each attempt", breaks="one_fewer is_capped has_defaults")
def backoff_delays(attempts, base=0.01, cap=1.0):
    pause = base
    for _ in range(attempts):
        yield min(pause, cap)
        pause *= 2


@wrong("retry.delays", "one for each attempt", breaks="one_fewer is_capped has_defaults")
def backoff_delays(attempts, base=0.01, cap=1.0):
    for attempt in range(1, attempts + 1):
        yield min(base * 2 ** (attempt - 1), cap)


@wrong("retry.delays", "no end", breaks="one_fewer is_capped has_defaults")
def backoff_delays(attempts, base=0.01, cap=1.0):
    pause = base
    while True:
        yield min(pause, cap)
        pause *= 2


@wrong("retry.delays", "adds", breaks="doubles is_capped")
def backoff_delays(attempts, base=0.01, cap=1.0):
    return [min(base * n, cap) for n in range(1, attempts)]


@wrong("retry.delays", "wrong pauses", breaks="doubles is_capped")
def backoff_delays(attempts, base=0.01, cap=1.0):
    pause = base
    for _ in range(attempts - 1):
        yield min(pause, cap)
        pause **= 2


@wrong("retry.delays", "too long", breaks="is_capped has_defaults")
def backoff_delays(attempts, base=0.01, cap=1.0):
    return [base * 2**n for n in range(attempts - 1)]


@wrong("retry.delays", "stops at the cap", breaks="is_capped has_defaults")
def backoff_delays(attempts, base=0.01, cap=1.0):
    pause = base
    for _ in range(attempts - 1):
        if pause > cap:
            return
        yield pause
        pause *= 2


@wrong("retry.delays", "not at the cap", breaks="is_capped has_defaults")
def backoff_delays(attempts, base=0.01, cap=1.0):
    pause = base
    for _ in range(attempts - 1):
        yield pause
        if pause * 2 <= cap:
            pause *= 2


@wrong("retry.delays", "first too long", breaks="is_capped has_defaults")
def backoff_delays(attempts, base=0.01, cap=1.0):
    pause = base
    for _ in range(attempts - 1):
        yield pause
        pause = min(pause * 2, cap)


@wrong("retry.delays", "wrong base", breaks="has_defaults")
def backoff_delays(attempts, base=0.1, cap=1.0):
    return [min(base * 2**n, cap) for n in range(attempts - 1)]


@wrong("retry.delays", "wrong cap", breaks="has_defaults")
def backoff_delays(attempts, base=0.01, cap=10.0):
    return [min(base * 2**n, cap) for n in range(attempts - 1)]


@wrong("retry.delays", "gave nothing", breaks="doubles one_fewer is_capped has_defaults only_gives")
def backoff_delays(attempts, base=0.01, cap=1.0):
    for n in range(attempts - 1):
        time.sleep(min(base * 2**n, cap))


@wrong("retry.delays", "wrong type", breaks="doubles one_fewer is_capped has_defaults only_gives")
def backoff_delays(attempts, base=0.01, cap=1.0):
    return min(base * 2 ** (attempts - 1), cap)


@wrong("retry.delays", "how many", breaks="one_fewer is_capped has_defaults")
def backoff_delays(attempts, base=0.01, cap=1.0):
    return [min(base * 2**n, cap) for n in range(attempts - 2)]


@wrong("retry.delays", "how many", breaks="one_fewer is_capped")
def backoff_delays(attempts, base=0.01, cap=1.0):
    for n in range(attempts - 1):
        return [min(base * 2**n, cap)]
    return []


@wrong("retry.delays", "kept the list", breaks="one_fewer is_capped has_defaults")
def backoff_delays(attempts, base=0.01, cap=1.0, pauses=[]):  # noqa: B006
    for n in range(attempts - 1):
        pauses.append(min(base * 2**n, cap))
    return pauses


@wrong("retry.delays", "slept", breaks="only_gives")
def backoff_delays(attempts, base=0.01, cap=1.0):
    pause = base
    for _ in range(attempts - 1):
        time.sleep(min(pause, cap))
        yield min(pause, cap)
        pause *= 2


@wrong("retry.delays", "no number", breaks="doubles one_fewer is_capped has_defaults only_gives")
def backoff_delays(attempts, base=0.01, cap=1.0):
    return [f"{min(base * 2**n, cap)} s" for n in range(attempts - 1)]


@wrong("retry.delays", "signature")
def backoff_delays(attempts):
    return [0.01 * 2**n for n in range(attempts - 1)]


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
    return type(exc) is sqlite3.OperationalError and " is locked" in exc.args[0]


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


@wrong(
    "retry.transient", "hopeless", breaks="refuses_what_stays looks_at_eight_bits trusts_the_code reads_a_message"
)  # fmt: skip
def is_transient(exc):
    return isinstance(exc, sqlite3.OperationalError)


@wrong("retry.transient", "read the message", breaks="trusts_the_code")
def is_transient(exc):
    return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)


@wrong("retry.transient", "read the message", breaks="trusts_the_code leaves_others")
def is_transient(exc):
    return "is locked" in str(exc)


@wrong("retry.transient", "needs the message", breaks="trusts_the_code")
def is_transient(exc):
    if not isinstance(exc, sqlite3.OperationalError) or "is locked" not in str(exc):
        return False
    return getattr(exc, "sqlite_errorcode", 5) & 0xFF in (5, 6)


@wrong("retry.transient", "whole code", breaks="looks_at_eight_bits")
def is_transient(exc):
    code = getattr(exc, "sqlite_errorcode", None)
    if code is not None:
        return code in (5, 6)
    return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)


@wrong("retry.transient", "too few bits", breaks="looks_at_eight_bits")
def is_transient(exc):
    code = getattr(exc, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xF in (5, 6)
    return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)


@wrong("retry.transient", "lock refused", breaks="lets_locks_pass looks_at_eight_bits")
def is_transient(exc):
    code = getattr(exc, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF == 5
    return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)


@wrong("retry.transient", "by hand", breaks="reads_a_message")
def is_transient(exc):
    return getattr(exc, "sqlite_errorcode", 0) & 0xFF in (5, 6)


@wrong("retry.transient", "by hand", breaks="reads_a_message")
def is_transient(exc):
    code = getattr(exc, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in (5, 6)
    return isinstance(exc, sqlite3.OperationalError) and str(exc) == "database is locked"


@wrong("retry.transient", "all by hand", breaks="reads_a_message")
def is_transient(exc):
    if isinstance(exc, sqlite3.OperationalError):
        return getattr(exc, "sqlite_errorcode", 5) & 0xFF in (5, 6)
    return False


@wrong("retry.transient", "all by hand", breaks="reads_a_message")
def is_transient(exc):
    code = getattr(exc, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in (5, 6)
    return isinstance(exc, sqlite3.OperationalError) and "locked" in str(exc)


@wrong("retry.transient", "others", breaks="leaves_others")
def is_transient(exc):
    code = getattr(exc, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in (5, 6)
    return isinstance(exc, sqlite3.Error) and "is locked" in str(exc)


@wrong("retry.transient", "hopeless", breaks="refuses_what_stays trusts_the_code")
def is_transient(exc):
    code = getattr(exc, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF <= 6
    return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)


@wrong("retry.transient", "others", breaks="leaves_others")
def is_transient(exc):
    code = getattr(exc, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in (5, 6)
    return "is locked" in str(exc)


@wrong("retry.transient", "raised AttributeError", breaks="reads_a_message leaves_others")
def is_transient(exc):
    return exc.sqlite_errorcode & 0xFF in (5, 6)


@wrong("retry.transient", "wrong type", breaks="refuses_what_stays looks_at_eight_bits trusts_the_code reads_a_message leaves_others")  # fmt: skip
def is_transient(exc):
    code = getattr(exc, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in (5, 6):
        return True
    if code is None and isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc):
        return True


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


@wrong("retry.retry", "after success", breaks="returns_at_once")
def retry(func, pauses, transient, sleep):
    result, waiting = None, iter(pauses)
    while result is None:
        try:
            result = func()
        except Exception as exc:
            pause = next(waiting, None)
            if pause is None or not transient(exc):
                raise
            sleep(pause)
    return result


@wrong("retry.retry", "not called", breaks="returns_at_once tries_again comes_to_an_end raises_the_last gives_up_on_what_stays asks_the_one_it_is_given takes_them_one_by_one lets_the_stop_button_through")  # fmt: skip
def retry(func, pauses, transient, sleep):
    for pause in [*pauses, None]:
        try:
            return func
        except Exception as exc:
            if pause is None or not transient(exc):
                raise
        sleep(pause)


@wrong("retry.retry", "needs a list", breaks="takes_them_one_by_one")
def retry(func, pauses, transient, sleep):
    for attempt in range(len(pauses) + 1):
        try:
            return func()
        except Exception as exc:
            if attempt == len(pauses) or not transient(exc):
                raise
            sleep(pauses[attempt])


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


@wrong("retry.retry", "zero is a pause", breaks="tries_again")
def retry(func, pauses, transient, sleep):
    waiting = iter(pauses)
    while True:
        try:
            return func()
        except Exception as exc:
            pause = next(waiting, None)
            if not pause or not transient(exc):
                raise
            sleep(pause)


@wrong("retry.retry", "asked about", breaks="asks_the_one_it_is_given")
def retry(func, pauses, transient, sleep):
    for pause in [*pauses, None]:
        try:
            return func()
        except Exception as exc:
            if pause is None or not transient(str(exc)):
                raise
        sleep(pause)


@wrong("retry.retry", "hopeless later", breaks="gives_up_on_what_stays")
def retry(func, pauses, transient, sleep):
    passes = None
    for pause in [*pauses, None]:
        try:
            return func()
        except Exception as exc:
            if passes is None:
                passes = transient(exc)
            if pause is None or not passes:
                raise
        sleep(pause)


@wrong("retry.retry", "kept what stays", breaks="gives_up_on_what_stays")
def retry(func, pauses, transient, sleep):
    for pause in [*pauses, None]:
        try:
            return func()
        except Exception as exc:
            if not transient(exc):
                return None
            if pause is None:
                raise
        sleep(pause)


@wrong("retry.retry", "after the last", breaks="comes_to_an_end")
def retry(func, pauses, transient, sleep):
    for pause in chain(pauses, [0.4]):
        try:
            return func()
        except Exception as exc:
            if not transient(exc):
                raise
            last = exc
            sleep(pause)
    raise last


@wrong(
    "retry.retry", "one too few", breaks="comes_to_an_end raises_the_last asks_the_one_it_is_given"
)
def retry(func, pauses, transient, sleep):
    for pause in pauses:
        try:
            return func()
        except Exception as exc:
            if not transient(exc):
                raise
            last = exc
            sleep(pause)
    raise last


@wrong("retry.retry", "swallowed", breaks="comes_to_an_end raises_the_last")
def retry(func, pauses, transient, sleep):
    for pause in [*pauses, None]:
        try:
            return func()
        except Exception as exc:
            if not transient(exc):
                raise
            if pause is not None:
                sleep(pause)


@wrong("retry.retry", "another error", breaks="raises_the_last gives_up_on_what_stays")
def retry(func, pauses, transient, sleep):
    for pause in [*pauses, None]:
        try:
            return func()
        except Exception as exc:
            if pause is None or not transient(exc):
                raise ConnectionError(f"gave up: {exc}") from exc
        sleep(pause)


@wrong("retry.retry", "the first", breaks="raises_the_last")
def retry(func, pauses, transient, sleep):
    first = None
    for pause in [*pauses, None]:
        try:
            return func()
        except Exception as exc:
            first = first or exc
            if not transient(exc):
                raise
        if pause is None:
            raise first
        sleep(pause)


@wrong("retry.retry", "hopeless", breaks="gives_up_on_what_stays")
def retry(func, pauses, transient, sleep):
    for pause in [*pauses, None]:
        try:
            return func()
        except Exception:
            if pause is None:
                raise
        sleep(pause)


@wrong("retry.retry", "slept first", breaks="gives_up_on_what_stays")
def retry(func, pauses, transient, sleep):
    for pause in [*pauses, None]:
        try:
            return func()
        except Exception as exc:
            if pause is None:
                raise
            sleep(pause)
            if not transient(exc):
                raise


@wrong("retry.retry", "hopeless", breaks="gives_up_on_what_stays asks_the_one_it_is_given")
def retry(func, pauses, transient, sleep):
    for pause in [*pauses, None]:
        try:
            return func()
        except sqlite3.OperationalError:
            if pause is None:
                raise
        sleep(pause)


@wrong("retry.retry", "own idea", breaks="asks_the_one_it_is_given")
def retry(func, pauses, transient, sleep):
    for pause in [*pauses, None]:
        try:
            return func()
        except sqlite3.OperationalError as exc:
            if pause is None or not transient(exc):
                raise
        sleep(pause)


@wrong("retry.retry", "stop button", breaks="lets_the_stop_button_through")
def retry(func, pauses, transient, sleep):
    for pause in [*pauses, None]:
        try:
            return func()
        except BaseException as exc:
            if pause is None or not transient(exc):
                raise
        sleep(pause)


@wrong("retry.retry", "wrong pauses", breaks="tries_again takes_them_one_by_one comes_to_an_end")
def retry(func, pauses, transient, sleep):
    for pause in [*pauses, None]:
        try:
            return func()
        except Exception as exc:
            if pause is None or not transient(exc):
                raise
        time.sleep(pause / 100)


@wrong(
    "retry.retry", "lost the result", breaks="returns_at_once tries_again asks_the_one_it_is_given"
)
def retry(func, pauses, transient, sleep):
    for pause in [*pauses, None]:
        try:
            func()
            return
        except Exception as exc:
            if pause is None or not transient(exc):
                raise
        sleep(pause)


@wrong(
    "retry.retry", "again after success", breaks="returns_at_once tries_again takes_them_one_by_one"
)
def retry(func, pauses, transient, sleep):
    for pause in [*pauses, None]:
        try:
            result = func()
        except Exception as exc:
            if pause is None or not transient(exc):
                raise
        if pause is not None:
            sleep(pause)
    return result


@wrong(
    "retry.retry", "paused for nothing", breaks="returns_at_once tries_again takes_them_one_by_one"
)
def retry(func, pauses, transient, sleep):
    for pause in [*pauses, None]:
        try:
            result = func()
            if pause:
                sleep(pause)
            return result
        except Exception as exc:
            if pause is None or not transient(exc):
                raise
        sleep(pause)


@wrong(
    "retry.retry",
    "gave up at once",
    breaks="tries_again takes_them_one_by_one comes_to_an_end raises_the_last gives_up_on_what_stays asks_the_one_it_is_given",
)
def retry(func, pauses, transient, sleep):
    try:
        return func()
    except Exception:
        for pause in pauses:
            sleep(pause)
        raise


@wrong("retry.retry", "how often", breaks="comes_to_an_end raises_the_last")
def retry(func, pauses, transient, sleep):
    for pause in chain(pauses, repeat(0.4)):
        try:
            return func()
        except Exception as exc:
            if not transient(exc):
                raise
        sleep(pause)
