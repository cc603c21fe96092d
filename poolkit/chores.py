"""What a pool does besides, at the beginning of its calls: it has no thread of its own."""

import logging
import math
from collections import deque
from typing import Any

from poolkit.config import ConnectionConfig
from poolkit.stats import overdue

log = logging.getLogger("poolkit")


class Chores:
    """Tells what there is to log, closes what was idle for too long, finds overdue loans.

    `due` says whether there may be something to do; a pool reads it in each of its calls.
    """

    def __init__(self, config: ConnectionConfig) -> None:
        self._max_idle = config.max_idle
        self._leak_after = config.leak_after
        self._least = config.min_connections
        self._timed = config.max_idle is not None or config.leak_after is not None
        self._next = -math.inf  # when the clock will read this, something may be due
        self._logging = False
        self.reports: deque[tuple[Any, ...]] = deque()
        self.due = self._timed

    def report(self, level: int, text: str, *args: object) -> None:
        """Have something logged as soon as the pool has nobody's connection in hand."""
        self.reports.append((level, text, *args))
        self.due = True

    def flush(self) -> None:
        """Log what was reported. A handler may use the pool: what it causes is logged after it."""
        if self._logging:
            return
        self._logging = True
        try:
            while self.reports:
                log.log(*self.reports.popleft())
        finally:
            self._logging = False

    def do(self, pool: Any, now: float) -> None:
        """Do what is due in the pool, at this reading of its clock; log nothing yet."""
        self.due = self._timed
        pool._sweep()
        if self._timed and now >= self._next:
            self._do_timed(pool, now)

    def _do_timed(self, pool: Any, now: float) -> None:
        waits = (self._max_idle, self._leak_after)
        chores = [now + wait for wait in waits if wait is not None]
        if (longest := self._max_idle) is not None:
            idle = pool._idle
            pool._close_idle(self._least, lambda card: now - card.since >= longest)
            chores += [card.since + longest for card in idle[:1]]
        if self._leak_after is not None:
            chores += self._report_overdue(pool, now, self._leak_after)
        self._next = min(chores)  # nothing that begins later can be due before

    def _report_overdue(self, pool: Any, now: float, leak_after: float) -> list[float]:
        later = []
        for card in list(pool._lent.values()):
            if card.reported == card.trips:
                continue
            if now - card.since < leak_after:
                later.append(card.since + leak_after)
            else:
                card.reported = card.trips
                self.report(logging.WARNING, "%s", overdue(card, now))
        return later
