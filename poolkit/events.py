"""What a pool does, noted while somebody listens: `with record(pool) as events`.

The pool asks at a few of its steps whether there is a recording, and tells it. The notes keep to
the rules in `lending.py`: between a look and what is done about it there is no call, who holds a
card strands it if a note cannot be taken, and nobody's code is called with the lock held.
"""

import os
import threading
from collections import deque
from collections.abc import MutableSequence
from sys import _getframe
from types import CodeType, FrameType
from typing import Any, NamedTuple

from poolkit.lease import Card
from poolkit.lending import Desk
from poolkit.stats import borrower, thread_name, whereabouts
from poolkit.waiters import Waiter

_DEEP = 9  # lines noted of a borrower: its own, and those that led there
_FOLDER = os.path.dirname(__file__)
_OTHERS = threading.__file__, os.path.join(os.path.dirname(threading.__file__), "contextlib.py")


class Event(NamedTuple):
    """One thing that a pool did. What it may be, `record` says."""

    at: float  # when, in seconds of the pool's clock
    what: str
    thread: str  # the name of the thread that did it; empty where it is not known
    conn: int  # which connection: 1 for the first that the pool opened; 0 stands for none
    seconds: float  # how long the loan, the wait, the connecting took that ends here; else 0
    line: str  # the borrower's, as "file:line in function"; empty where it is not known
    callers: tuple[str, ...]  # the lines that led there, the nearest first


class record:
    """Note what a pool does during a block: `with record(pool) as events`.

    `events` is a list of `Event`, in the order in which they were noted, and stays when the block
    has ended. While other threads use the pool, copy it before you look through it: `list(events)`.

    - "lent": what is out already when the recording begins is noted as lent when it was.
    - "returned": `line` and `callers` are still those of the loan, `thread` the one that gave back.
    - "waited": a wait in line has ended, with something, or because the pool was closed.
    - "timed out": no connection came free in time, if there was any time.
    - "opened", and "connect failed", which is all attempts of one call together.
    - "closed", or "discarded": closed because it no longer worked.

    A borrower's line is the first outside this library, `contextlib` and `threading`. Where one
    function borrows for many, it is that function's, and theirs are among the `callers`.

    Recordings of a pool may overlap. In a forked child the events begin anew, as the pool does. An
    exception such as KeyboardInterrupt may cost the note of the very step that it comes in.

    Args:
        pool: a ConnectionPool.
        most: so many events are kept, the last ones, in a deque; without it all are, in a list.

    Raises:
        TypeError: pool is no ConnectionPool.
        ValueError: most is less than 1.
    """

    def __init__(self, pool: Any, most: int | None = None) -> None:
        if not isinstance(pool, Desk):
            raise TypeError(f"pool must be a ConnectionPool, not {type(pool).__name__}")
        if most is not None and most < 1:
            raise ValueError(f"most must be at least 1, or None, not {most}")
        self._pool = pool
        self._events: MutableSequence[Event] = [] if most is None else deque(maxlen=most)

    def __enter__(self) -> MutableSequence[Event]:
        try:
            _begin(self._pool, self._events)
        except BaseException:
            _end(self._pool, self._events)
            raise
        return self._events

    def __exit__(self, *error: object) -> None:
        try:
            _end(self._pool, self._events)
        except BaseException:
            _end(self._pool, self._events)  # interrupted: else the pool would go on noting
            raise


def _begin(pool: Any, log: MutableSequence[Event]) -> None:
    with pool._lock:  # nothing is lent meanwhile, but things may be given back
        recording = pool._recording
        if recording is None:
            pool._recording = recording = Recording(pool._note_who)
            pool._note_who = recording.borrower
            recording.look_around(pool)  # from here on all that comes back is noted
        recording.logs = (*recording.logs, log)
        for number, loan in list(recording.loans.items()):
            if number in recording.loans:
                log.append(loan)


def _end(pool: Any, log: MutableSequence[Event]) -> None:
    with pool._lock:
        recording = pool._recording
        if recording is None:
            return
        recording.logs = tuple(each for each in recording.logs if each is not log)
        if not recording.logs:
            pool._note_who, pool._recording = recording.note_who, None


class Recording:
    """Takes notes of a pool, for all who listen to it. Each method is called by the pool."""

    def __init__(self, note_who: Any) -> None:
        self.note_who = note_who  # how the pool notes who borrows when it is not recorded
        self.logs: tuple[MutableSequence[Event], ...] = ()
        self.loans: dict[int, Event] = {}  # those out, by the number of the connection
        self._back: dict[int, float] = {}  # when it came back last, by the same
        self._lines: dict[tuple[int, int], tuple[CodeType, str]] = {}

    def look_around(self, pool: Any) -> None:
        """Take what is out for lent. The lock is held."""
        for card in list(pool._lent.values()):
            loan = Event(card.since, "lent", *_loan(card))
            if card.key in pool._lent and pool._lent[card.key] is card:
                self.loans[loan.conn] = loan

    def lent(self, card: Card, now: float) -> None:
        """Note a loan. The lock is held; the clock was read before."""
        back = self._back.get(card.number, now)
        event = Event(max(now, back), "lent", *_loan(card))
        self.loans[card.number] = event
        for log in self.logs:
            log.append(event)

    def returned(self, card: Card, now: float) -> None:
        """Note that a card is back in the pool's hands, if it was out on loan."""
        if card.number not in self.loans:
            return
        loan = self.loans[card.number]
        at = max(now, loan.at)
        event = Event(at, "returned", thread_name(), loan.conn, at - loan.at, *loan[5:])
        self._back[loan.conn] = at
        if loan.conn in self.loans:
            del self.loans[loan.conn]
            for log in self.logs:
                log.append(event)

    def waited(self, waiter: Waiter, now: float, timed_out: bool) -> None:
        """Note the end of a wait."""
        card = waiter.gift
        conn = card.number if card is not None and card.conn is not None else 0
        self._note(now, "timed out" if timed_out else "waited", conn, now - waiter.since)

    def opened(self, card: Card, began: float, now: float) -> None:
        """Note a new connection."""
        self._note(now, "opened", card.number, now - began)

    def connect_failed(self, began: float, now: float) -> None:
        """Note that none could be opened."""
        self._note(now, "connect failed", 0, now - began)

    def closed(self, card: Card, now: float, broken: bool) -> None:
        """Note a connection's end."""
        what = "discarded" if broken else "closed"
        self._write(Event(now, what, thread_name(), card.number, 0.0, "", ()))
        self._back.pop(card.number, None)

    def forget(self) -> None:
        """Begin anew, in a forked child."""
        self.loans.clear()
        self._back.clear()
        for log in self.logs:
            log.clear()

    def borrower(self, frame: FrameType) -> tuple[Any, ...]:
        """Note what `stats.borrower` does, and the lines."""
        return *borrower(frame), *self._whence(frame)

    def _note(self, at: float, what: str, conn: int, seconds: float) -> None:
        line, callers = self._whence(_getframe(2))
        self._write(Event(at, what, thread_name(), conn, max(seconds, 0.0), line, callers))

    def _write(self, event: Event) -> None:
        for log in self.logs:
            log.append(event)

    def _whence(self, frame: FrameType | None) -> tuple[str, tuple[str, ...]]:
        lines: list[str] = []
        while frame is not None and len(lines) < _DEEP:
            if line := self._line(frame):
                lines.append(line)
            frame = frame.f_back
        return (lines[0], tuple(lines[1:])) if lines else ("", ())

    def _line(self, frame: FrameType) -> str:
        code = frame.f_code
        key = id(code), frame.f_lasti  # a code object's own hash would read all of it
        if key not in self._lines:  # to work out the line takes long in a long function
            file = code.co_filename
            ours = os.path.dirname(file) == _FOLDER or file in _OTHERS
            text = "" if ours else f"{file}:{frame.f_lineno} in {code.co_qualname}"
            self._lines[key] = code, text
        return self._lines[key][1]


def _loan(card: Card) -> tuple[str, int, float, str, tuple[str, ...]]:
    """All of the event of a loan but its time and its name."""
    who = card.borrower
    if who is None:  # it began before the recording, in a pool that did not ask
        return "", card.number, 0.0, "", ()
    if len(who) > 3:
        return who[0].name, card.number, 0.0, *who[3:]
    file, line, function = whereabouts(card)
    return who[0].name, card.number, 0.0, f"{file}:{line} in {function}", ()
