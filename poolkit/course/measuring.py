"""Measure on the learner's machine, and only when nothing left over from a check disturbs it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from poolkit.course.guard import left_behind


class NotMeasured(RuntimeError):
    """Something would spoil the measurement. Shows as one line, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def measure(func: Callable[[], object], *, rounds: int = 25, calls: int = 20) -> list[float]:
    """Call `func` often and give the microseconds of one call, a number for each round.

    `rounds` numbers come back, each the mean of `calls` calls; a first round warms up and is
    thrown away. Raises NotMeasured while a thread of an earlier check still runs.
    """
    if left_behind():
        raise NotMeasured(
            "not measured: code from an earlier check still runs; restart the kernel (Kernel ▸ Restart Kernel)"
        )
    return [_one_round(func, calls) for _ in range(rounds + 1)][1:]


def _one_round(func: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        func()
    return (time.perf_counter() - start) / calls * 1e6


def typical(numbers: list[float]) -> float:
    """The median: half the rounds were faster. A pause of the machine hardly moves it."""
    return statistics.median(numbers)


def closest(value: float, options: dict[str, float]) -> str:
    """The name of the option whose number is nearest to `value` in proportion; both positive."""
    return min(options, key=lambda name: max(value / options[name], options[name] / value))
