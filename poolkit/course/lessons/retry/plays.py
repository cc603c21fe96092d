"""What retry.retry is tried with: a function that fails by a script, and every way in which it can."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from poolkit.course.guard import Ended, NoInput, their_line
from poolkit.course.histories import Seen
from poolkit.course.lessons.retry.pausing import time_sleep_notes
from poolkit.course.shown import short


class Script:
    """A function that raises what it was given, one exception after the other, then returns."""

    def __init__(self, *errors: BaseException, gives: object = "done") -> None:
        self.errors, self.gives, self.calls = errors, gives, 0

    def __call__(self) -> object:
        self.calls += 1
        if self.calls > ENOUGH:
            raise StillGoing
        if self.calls <= len(self.errors):
            raise self.errors[self.calls - 1]
        return self.gives


ENOUGH = 20  # a script is called no more often than that


class StillGoing(BaseException):
    """The learner's loop does not come to an end."""


# --- every short history: what func does, one call after the other, and how the pauses come


class Own(BaseException):
    """An exception that is no Exception, of somebody's own."""


@dataclass(frozen=True)
class Play:
    """Some pauses, in a list or one by one; what passes; what stays, or is returned, in the end.

    `pass_by`: the kinds of exception that func raises first, all transient. `ends`: the exception
    or the value that comes then. `stops`: how often it may sleep before the stop button is pressed.
    """

    pauses: tuple[float, ...]
    one_by_one: bool
    pass_by: tuple[type[Exception], ...]
    ends: object
    stops: int | None = None

    def __str__(self) -> str:
        how = "one by one from a generator" if self.one_by_one else "in a list"
        said = [f"Pauses {list(self.pauses)} {how}"]
        said += [
            f"failure {number} is a transient {kind.__name__}"
            for number, kind in enumerate(self.pass_by, 1)
        ]
        said.append(f"{'then ' if self.pass_by else ''}{self._in_the_end()}")
        if self.stops is not None:
            said.append("and the stop button is pressed in the first sleep")
        return ", ".join(said)

    def _in_the_end(self) -> str:
        if not isinstance(self.ends, type):
            return f"func returns {self.ends!r}"
        lasting = ", which is not transient" if issubclass(self.ends, Exception) else ""
        return f"func raises {self.ends.__name__}{lasting}"


class Diary:
    """Func, transient and sleep of one play; each notes what was done, and `said` tells it."""

    def __init__(self, play: Play) -> None:
        passing = [kind(f"failure {n}") for n, kind in enumerate(play.pass_by, 1)]
        ends = play.ends("the end") if isinstance(play.ends, type) else None
        self.play, self.passing, self.ends = play, passing, ends
        self.said: list[str] = []
        gives = "done" if ends else play.ends
        self.script = Script(*passing, *([ends] if ends else []), gives=gives)

    def func(self) -> object:
        self.said.append("calls func")
        return self.script()

    def transient(self, exc: object) -> bool:
        if not any(exc is one for one in (*self.passing, self.ends)):
            self.said.append(f"asks `transient` about {exc!r}")
        return exc is not self.ends or not isinstance(exc, Exception)

    def sleep(self, seconds: float) -> None:
        if seconds != 0:  # to sleep for nothing, or not to sleep, comes to the same
            self.said.append(f"sleeps {seconds}")
        if self.play.stops is not None:
            raise KeyboardInterrupt

    def really_sleep(self, seconds: float) -> None:
        self.said.append(f"calls time.sleep({seconds})")

    def end(self, retry) -> tuple[str, str]:
        """Call retry, and say how it ended: with which exception or value; and at which line."""
        given = list(self.play.pauses)
        pauses = (pause for pause in self.play.pauses) if self.play.one_by_one else given
        try:
            with time_sleep_notes(self.really_sleep):
                result = retry(self.func, pauses, self.transient, self.sleep)
        except (Ended, NoInput):
            raise
        except BaseException as exc:
            return self._raised(exc)
        finally:
            if given != list(self.play.pauses):
                self.said.append(f"leaves {given} in the list of pauses")
        return "returns func itself" if result == self.func else f"returns {short(result)}", ""

    def _raised(self, exc: BaseException) -> tuple[str, str]:
        if isinstance(exc, StillGoing):
            return "does not stop", ""
        for number, one in enumerate(self.passing, 1):
            if exc is one:
                return f"raises failure {number} itself", ""
        if exc is self.ends or (self.play.stops is not None and type(exc) is KeyboardInterrupt):
            return f"raises {type(exc).__name__}", ""
        name, line = type(exc).__name__, their_line(exc.__traceback__)
        other = "another " if type(exc) in map(type, self.script.errors) else ""
        return f"raises {other}{name}", f", at your {line}" if line else ""


_FORMS = ((), (0.1,), (0.1, 0.2), (0.2, 0.1), (0.1, 0.1), (0,), (0, 0.1), (0.1, 0.2, 0.4))
_PASSING = (sqlite3.OperationalError, LookupError, StopIteration, TimeoutError)
_VALUES = ("done", None, 0, False, "", ())
_LASTING = (sqlite3.OperationalError, ValueError, StopIteration, AssertionError)
_NO_EXCEPTIONS = (KeyboardInterrupt, SystemExit, GeneratorExit, Own)
_FEW = ("done", ValueError, KeyboardInterrupt)


def plays() -> Iterator[Play]:
    """All ways in which it can go: every few failures that pass, and every end after them."""
    for pauses in _FORMS:
        for one_by_one in (False, True):
            for passing in range(len(pauses) + 2):
                for first in range(len(_PASSING) if passing else 1):
                    kinds = tuple(_PASSING[(first + n) % len(_PASSING)] for n in range(passing))
                    for ends in (*_VALUES, *_LASTING, *_NO_EXCEPTIONS):
                        if (first == 0 and pauses in _FORMS[:4]) or ends in _FEW:
                            yield Play(pauses, one_by_one, kinds, ends)
    yield Play((0.1, 0.2), False, (LookupError,), "done", stops=1)
    yield Play((0.1, 0.2), True, (LookupError, LookupError), "done", stops=1)


def play_one(func, play: Play) -> Iterator[Seen]:
    """What was done, in its order, and how it ended."""
    diary = Diary(play)
    end, line = diary.end(func)
    said = ", ".join([*diary.said, end])
    yield Seen("it", said, f"{said}{line}")
