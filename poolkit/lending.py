"""The desk of the pool: lending, waiting and giving back.

How to read it. A connection's card is in one place at a time: on the stack of idle ones, among the
lent ones, or in the hands of one thread that opens, checks, tidies up or closes the connection. The
lock guards the moves from place to place. What a connection does takes time and may fail, so it
happens in somebody's hands, never under the lock; `upkeep.py` does it.

The rules on interrupts. A signal handler, or an exception such as KeyboardInterrupt, comes after a
call, at the start of a function or at a jump back, and CPython looks nowhere else; a finalizer may
also run where an object is made. Any of them may use the pool itself, for the lock is reentrant.
1. Look and move with nothing of the kind between: `del stack[-1]`, where `stack.pop()` could lose
   what it popped, and a number of places left, where `len()` would be a call. After each call the
   pool is whole, and what comes next looks again.
2. Whoever has a card in hand catches BaseException and strands it, by assignments alone, which need
   no memory and no frame of the stack. Stranded cards are put back at once, or, if that fails too,
   at the next call of the pool.
3. Code of others, logging included, is called with no card in hand, the connection's own excepted.
Two gaps are left that pure Python cannot close: the very start of `release` and of
`Lease.__exit__`, which leave the loan as it was, and the step of a new connection out of the
driver's C code into a variable, which costs that connection and no place. And a signal that arrives
as the wait itself is entered is handled, by CPython, when that wait ends.
"""

import math
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from sys import _getframe
from types import FrameType
from typing import Any

from poolkit.chores import Chores
from poolkit.config import ConnectionConfig
from poolkit.errors import ConnectFailed, PoolClosed, PoolTimeout
from poolkit.lease import NO_MORE, Card
from poolkit.stats import NO_COUNTS, borrower, no_connection
from poolkit.upkeep import Upkeep
from poolkit.waiters import Line, Waiter

FROM_CONFIG: Any = ...  # stands for "no timeout given", since None means "for ever"


class Desk:
    """What `ConnectionPool` does behind its public calls, with the state that it keeps."""

    def __init__(
        self, config: ConnectionConfig, upkeep: Upkeep, chores: Chores, clock: Callable[[], float]
    ) -> None:
        self.config = config
        self._upkeep = upkeep
        self._chores = chores
        self._reports = chores.reports
        self._clock = clock
        self._pool_size = config.pool_size
        self._limit = math.inf if config.max_connections is None else config.max_connections
        # Nobody can ask who has what where nobody waits and nothing is reported: it is not noted.
        asks = config.max_connections is not None or config.leak_after is not None
        self._note_who: Callable[[FrameType], Any] | None = borrower if asks else None
        self._recording: Any = None  # who takes notes, while `events.record` listens
        self._why_closed = ""
        self._start_empty()

    def _start_empty(self) -> None:
        # Held for a few lines at a time. Reentrant, since a finalizer or a signal handler that
        # gives a connection back may run in the midst of those lines, in the same thread.
        self._lock = threading.RLock()
        self._idle: list[Card] = []  # a stack: the one used last is on top
        self._room = self.config.pool_size  # places left on it
        self._lent: dict[int, Card] = {}  # by id(conn), the longest loan first
        self._line = Line()  # empty while there is an idle connection, or room for another
        self._open = 0  # places taken: idle, lent, and in somebody's hands
        self._epoch = object()  # cards of an earlier one are not kept, nor lent
        self._stranded: Any = NO_MORE  # the first of those that could not be put back
        self._counts = dict(NO_COUNTS)
        self._reused = self._peak = 0  # two more of them, that each loan has to do with
        if self._recording is not None:
            self._recording.forget()

    # Borrowing

    def _borrow(self, timeout: float | None) -> Card:
        """Do what acquire() promises, two calls below the borrower."""
        if timeout is not FROM_CONFIG and timeout is not None and not timeout >= 0:  # NaN too
            raise ValueError(f"timeout must be at least 0 seconds, or None, not {timeout!r}")
        if self._chores.due:
            self._do_chores()
        who = note_who(_getframe(2)) if (note_who := self._note_who) else None
        now, card, held = self._clock(), None, False
        try:
            try:
                held = self._lock.acquire()  # see _release_lock for why this is not `with`
                if self._idle:
                    top, room, reused = self._idle[-1], self._room + 1, self._reused + 1
                    if now < top.fresh_until and top.epoch is self._epoch:
                        card = top
                        del self._idle[-1]
                        self._room, self._reused = room, reused
                        self._lend(card, who, now)
                        return card
            finally:
                self._lock.release() if held else self._release_lock()
        except BaseException:
            if card is not None:
                card.next, self._stranded, self._chores.due = self._stranded, card, True
            self._sweep()
            raise
        return self._borrow_with_work(timeout, who, now)

    def _borrow_with_work(self, timeout: float | None, who: Any, now: float) -> Card:
        """Borrow where the connection must be waited for, opened or checked."""
        timeout = self.config.acquire_timeout if timeout is FROM_CONFIG else timeout
        deadline = None if timeout is None else now + timeout
        waiter = Waiter(now)
        try:
            self._take_or_join(waiter)
            if waiter.gift is None:
                self._wait(waiter, timeout, deadline)
            while True:
                self._make_fit(waiter.gift, deadline)
                if self._lend_fit(waiter.gift, who):
                    return waiter.gift
        except BaseException:
            waiter.gone = True  # before a look at the gift: from here on it is handed nothing
            card = waiter.gift
            if card is not None:
                card.next, self._stranded, self._chores.due = self._stranded, card, True
            try:
                self._leave(waiter)
            finally:
                late = waiter.gift  # from one who had looked at `gone` just before it was set
                if card is None and late is not None:
                    late.next, self._stranded, self._chores.due = self._stranded, late, True
            self._sweep()
            raise

    def _take_or_join(self, waiter: Waiter) -> None:
        """Take what is there, or a place to open one; else stand in line."""
        place = Card()
        with self._lock:
            if self._why_closed:
                raise PoolClosed(self._why_closed)
            if self._idle:
                room, waiter.gift = self._room + 1, self._idle[-1]
                del self._idle[-1]
                self._room = room
            elif self._open < self._limit:
                taken = self._open + 1  # reserve the place first: connecting is slow
                waiter.gift, self._open = place, taken
            else:
                self._line.append(waiter)

    def _wait(self, waiter: Waiter, timeout: float | None, deadline: float | None) -> None:
        # Only a signal handler or a finalizer, in the midst of those few lines, owns the lock here.
        aside = self._lock._release_save() if self._lock._is_owned() else None
        try:
            waiter.wait(None if deadline is None else deadline - self._clock())
        finally:
            if aside:
                self._lock._acquire_restore(aside)
        self._leave(waiter)
        now = self._clock()
        if (recording := self._recording) is not None:
            recording.waited(waiter, now, timed_out=waiter.gift is None and not self._why_closed)
        with self._lock:
            self._counts["wait_seconds"] += now - waiter.since
            if waiter.gift is not None:
                return
            if self._why_closed:
                raise PoolClosed("the pool was closed during the wait")
            self._counts["timeouts"] += 1
            in_use, lent = self._open - len(self._idle), list(self._lent.values())
        raise PoolTimeout(no_connection(timeout, in_use, self._limit, len(self._line), lent, now))

    def _leave(self, waiter: Waiter) -> None:
        with self._lock:
            self._line.leave(waiter)

    def _make_fit(self, card: Card, deadline: float | None) -> None:
        """See to it that the card has a connection that works."""
        now = self._clock()
        if card.conn is not None and (
            card.epoch is not self._epoch
            or (now >= card.fresh_until and not self._upkeep.still_works(card, now))
        ):
            self._shut(card)
        if card.conn is None:
            self._open_connection(card, deadline)

    def _open_connection(self, card: Card, deadline: float | None) -> None:
        began = self._clock()
        try:
            self._connect(card, deadline)
        except ConnectFailed:
            if (recording := self._recording) is not None:
                recording.connect_failed(began, self._clock())
            raise
        if (recording := self._recording) is not None:
            recording.opened(card, began, self._clock())

    def _connect(self, card: Card, deadline: float | None) -> None:
        conn, epoch = None, self._epoch
        if self._why_closed:  # looked at after the epoch: none of a closed pool's is ever kept
            raise PoolClosed(self._why_closed)
        try:
            conn = self._upkeep.open(card, deadline)
            lifetime = self.config.max_lifetime
            lifetime = math.inf if lifetime is None else lifetime * random.uniform(0.9, 1)
            expires = self._clock() + lifetime  # drawn, so that they do not all expire together
            key = id(conn)
            with self._lock:
                if key in self._lent:
                    conn = None  # somebody else's: not ours to close
                    raise ConnectFailed("connect() made no new connection: that one is on loan")
                card.conn, card.key, card.expires, card.is_new = conn, key, expires, True
                card.epoch = epoch
                self._counts["created"] += 1
                card.number = self._counts["created"]
        except BaseException:
            if card.conn is None and conn is not None:
                conn.close()
            raise

    def _lend_fit(self, card: Card, who: Any) -> bool:
        now = self._clock()
        with self._lock:
            if self._why_closed:
                raise PoolClosed(self._why_closed)
            if card.epoch is not self._epoch:
                return False  # drained meanwhile
            if not card.is_new:
                self._reused += 1
            card.is_new = False
            self._lend(card, who, now)
        return True

    def _lend(self, card: Card, who: Any, now: float) -> None:
        """Write down who has it. The lock is held."""
        card.borrower = who
        card.since = now
        self._lent[card.key] = card
        out = len(self._lent)
        if out > self._peak:
            self._peak = out
        if (recording := self._recording) is not None:
            recording.lent(card, now)

    # Giving back

    def _put_back(self, card: Card) -> None:
        """Hand a card to the longest waiter, or lay it on the stack, or close its connection."""
        now = self._clock()
        if (recording := self._recording) is not None:
            recording.returned(card, now)
        fresh_until = now + card.ping_after
        card.since = now
        card.fresh_until = fresh_until if fresh_until < card.expires else card.expires
        held = False
        try:
            held = self._lock.acquire()
            if card.conn is not None and not card.broken and now < card.expires:
                while self._line and card.epoch is self._epoch:
                    if self._line.serve(card):
                        return
                if self._room and card.epoch is self._epoch:
                    trips, room = card.trips + 1, self._room - 1
                    card.trips, self._room = trips, room
                    try:
                        self._idle.append(card)
                    except MemoryError:
                        card.trips, self._room = trips - 1, room + 1
                        raise
                    return
        finally:
            self._lock.release() if held else self._release_lock()
        self._drop(card)

    def _drop(self, card: Card) -> None:
        """Close a card's connection and free its place, which the longest waiter may fill."""
        self._shut(card)
        with self._lock:
            while self._line:
                if self._line.serve(card):
                    return
            trips, taken = card.trips + 1, self._open - 1
            card.trips, self._open = trips, taken

    def _shut(self, card: Card) -> None:
        if card.conn is None:
            return
        card.expires = -math.inf  # nobody may keep it any more, whatever comes between
        self._upkeep.close(card.conn)
        broken = card.broken
        with self._lock:
            self._counts["closed"] += 1
            self._counts["discarded"] += broken
            card.conn, card.key, card.broken = None, 0, False
        if (recording := self._recording) is not None:
            recording.closed(card, self._clock(), broken)

    def _sweep(self) -> None:
        """Put back what was stranded."""
        while self._stranded is not NO_MORE:
            card, trip = None, 0
            try:
                with self._lock:
                    if self._stranded is NO_MORE:
                        return
                    card, trip = self._stranded, self._stranded.trips + 1
                    # It is this thread's from here on: whoever stranded it must not do so again.
                    self._stranded, card.next, card.trips = card.next, None, trip
                    if card.key in self._lent and self._lent[card.key] is card:
                        del self._lent[card.key]
                self._put_back(card)
            except BaseException:
                if card is not None and card.trips == trip:
                    card.next, self._stranded, self._chores.due = self._stranded, card, True
                raise

    def _do_chores(self) -> None:
        self._chores.do(self, self._clock())
        self._chores.flush()

    def _release_lock(self) -> None:
        """After an interrupt in `held = lock.acquire()`: release the lock if it was taken.

        `with` needs no such care, but the two times that each loan takes the lock it would be a
        fifth of what the loan costs.
        """
        with suppress(RuntimeError):  # it was not: the interrupt came while we waited for it
            self._lock.release()
