"""The connection pool: the parts put together.

How to read it. A connection's card is in one place at a time: on the stack of idle ones, among the
lent ones, or in the hands of one thread that opens, checks, cleans or closes the connection. The
lock guards the moves from place to place. What a connection does takes time and may fail, so it
happens in somebody's hands, never under the lock.

How it survives an interrupt. KeyboardInterrupt, or an exception sent to a thread, comes after a
call, at the start of a function or at the end of a loop's body: CPython looks nowhere else. So
steps that belong together have nothing of the kind between them (`del stack[-1]`, where
`stack.pop()` could lose what it popped), and whoever has a card in hand has an `except
BaseException` that puts it somewhere. Three gaps are left that pure Python cannot close: the very
start of `release` and of `Lease.__exit__`, which leave the loan as it was, and the step of a new
connection out of the driver's C code into a variable, which costs that connection and no place.
"""

import logging
import math
import random
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from poolkit.config import ConnectionConfig
from poolkit.connecting import Connector
from poolkit.errors import ConnectFailed, PoolClosed, PoolTimeout
from poolkit.forks import never_close, start_empty_in_children
from poolkit.health import clean, ping
from poolkit.lease import IN_PARENT, Card, Lease
from poolkit.retry import is_transient
from poolkit.stats import Counts, borrower, no_connection, overdue
from poolkit.waiters import Line, Waiter

log = logging.getLogger("poolkit")

FROM_CONFIG: Any = ...  # stands for "no timeout given", since None means "for ever"


class ConnectionPool:
    """Lend connections to threads, first come, first served.

    Args:
        config: the settings; without it those of `ConnectionConfig()`.
        connect: makes a connection; without it SQLite's are opened as `open_connection` does.
        check: raises if an idle connection no longer works; without it `health.ping`.
        reset: cleans a connection that came back, or raises; without it `health.clean`.
        transient: tells whether another attempt to connect may help after this exception.
        clock: reads the time, in seconds.

    Raises:
        ConnectFailed: one of the `min_connections` could not be opened.
    """

    def __init__(
        self,
        config: ConnectionConfig | None = None,
        *,
        connect: Callable[[], Any] | None = None,
        check: Callable[[Any], object] | None = None,
        reset: Callable[[Any], object] | None = None,
        transient: Callable[[Exception], bool] = is_transient,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config = config = config or ConnectionConfig()
        self._connector = Connector(config, connect, transient, clock)
        self._check = check or ping
        self._reset = reset or clean
        self._clock = clock
        self._pool_size = config.pool_size
        self._ping_after = config.ping_after
        self._limit = math.inf if config.max_connections is None else config.max_connections
        self._chores = config.max_idle is not None or config.leak_after is not None
        # Nobody can ask who has what where nobody waits and nothing is reported: it is not noted.
        self._asks_who = config.max_connections is not None or config.leak_after is not None
        self._closed = False
        self._start_empty()
        start_empty_in_children(self)
        self._prefill()

    def acquire(self, timeout: float | None = FROM_CONFIG) -> Any:
        """Borrow an open connection. Give it back with `release`, or better: use `connection`.

        It is the one used last, or a new one while there is room, or the next to come free when it
        is this thread's turn. The timeout, in seconds, covers the wait for that, attempts to
        connect, the pauses between them, and SQLite's own wait for a lock; a `connect` or `check`
        of yours cannot be cut short. None waits for ever, 0 never. Without it: `acquire_timeout`.

        Raises:
            PoolTimeout: none came free in time.
            PoolClosed: the pool is closed, or was closed meanwhile.
            ConnectFailed: a new one could not be opened; the cause is attached.
            ValueError: the timeout is negative or NaN.
        """
        return self._borrow(timeout).conn

    def release(self, conn: Any) -> None:
        """Give a connection back; what it left open is rolled back. Any thread may do it.

        A second release by an old borrower, while a new one has the same connection, cannot be told
        from a right one. A block of `with pool.connection()` gives back its own loan only.

        Raises:
            ValueError: the connection is not out on loan from this pool. Nothing is changed.
        """
        if self._chores:
            self._do_chores()
        key = id(conn)
        try:
            card = self._lent[key]
            trip = card.trips
            del self._lent[key]  # needs no lock: of two threads that try it, one gets a KeyError
        except KeyError:
            raise ValueError(f"{conn!r} is not out on loan from this pool") from None
        try:
            try:
                self._reset(conn)
            except BaseException as exc:
                card.broken = True
                if not isinstance(exc, Exception):
                    raise
                log.debug("a connection that came back could not be reset", exc_info=True)
            self._put_back(card)
        except BaseException:
            self._let_go(card, trip)
            raise

    def connection(self, timeout: float | None = FROM_CONFIG) -> Lease:
        """Borrow for the length of a block: `with pool.connection() as conn`.

        Commits when the block ends well, an explicit BEGIN under `autocommit=True` too; rolls back
        when it raises, or the commit fails; gives back in any case. What the block raises goes its
        way unchanged. The timeout is that of `acquire`.

        Raises:
            PoolTimeout, PoolClosed, ConnectFailed, ValueError: as `acquire`, on entering.
            ValueError: on leaving, if the block has given its connection back itself.
        """
        return Lease(self, timeout)

    def stats(self) -> dict[str, Any]:
        """Count what happened so far, and what is where now; all of it at one moment.

        `in_use` are those lent, and those that are being opened, checked, cleaned or closed; with
        the idle ones they take up all places that are taken, at most `max_connections`.
        """
        if self._chores:
            self._do_chores()
        with self._lock:
            return {
                **self._counts.as_dict(),
                "idle": len(self._idle),
                "in_use": self._open - len(self._idle),
                "waiting": len(self._line),
                "pool_size": self.config.pool_size,
                "max_connections": self.config.max_connections,
            }

    def shrink(self, target: int) -> None:
        """Close idle connections, those unused for longest first, until `target` are left.

        Raises:
            ValueError: target is negative.
        """
        if target < 0:
            raise ValueError(f"target must be at least 0, not {target}")
        if self._chores:
            self._do_chores()
        self._close_idle(lambda: len(self._idle) > target)

    def close_all(self) -> None:
        """Close the pool: idle connections at once, lent ones when they come back.

        Who waits is woken with PoolClosed, and who asks later gets the same. A connection that is
        out is not touched: closing it while its borrower runs a query would crash the process. May
        be called again.
        """
        try:
            self._close()
        except BaseException:
            self._close()  # interrupted: without the rest of it, waiters would sleep on
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close_all()

    def __repr__(self) -> str:
        closed, idle = "closed, " if self._closed else "", len(self._idle)
        numbers = f"{self._open - idle} in use, {idle} idle, {len(self._line)} waiting"
        return f"<ConnectionPool {self.config.db_path}: {closed}{numbers}>"

    # Borrowing

    def _borrow(self, timeout: float | None) -> Card:
        """Do what acquire() promises, two calls below the borrower."""
        if timeout is not FROM_CONFIG and timeout is not None and not timeout >= 0:  # NaN too
            raise ValueError(f"timeout must be at least 0 seconds, or None, not {timeout!r}")
        if self._chores:
            self._do_chores()
        who = borrower(sys._getframe(2)) if self._asks_who else None
        now, card, held = self._clock(), None, False
        try:
            try:
                held = self._lock.acquire()  # see _release_lock for why this is not `with`
                if self._idle and now < self._idle[-1].fresh_until and not self._closed:
                    card = self._idle[-1]
                    del self._idle[-1]
                    self._counts.reused += 1
                    self._lend(card, who, now)
                    return card
            finally:
                self._lock.release() if held else self._release_lock()
        except BaseException:
            self._let_go(card)
            raise
        return self._borrow_with_work(timeout, who, now)

    def _borrow_with_work(self, timeout: float | None, who: Any, now: float) -> Card:
        """Borrow where the connection must be waited for, opened or checked."""
        timeout = self.config.acquire_timeout if timeout is FROM_CONFIG else timeout
        deadline = None if timeout is None else now + timeout
        card, trip, place, waiter = None, None, Card(), Waiter(now)
        try:
            with self._lock:
                if self._closed:
                    raise PoolClosed("the pool is closed")
                if self._idle:
                    card = self._idle[-1]
                    del self._idle[-1]
                elif self._open < self._limit:
                    card = place
                    self._open += 1  # reserve the place first: connecting is slow
                else:
                    self._line.join(waiter)
            if card is None:
                card = self._wait(waiter, timeout, deadline)
            trip = card.trips
            self._make_ready(card, who, deadline)
            return card
        except BaseException:
            self._let_go(card or self._leave(waiter), trip)
            raise

    def _wait(self, waiter: Waiter, timeout: float | None, deadline: float | None) -> Card:
        waiter.wait(None if deadline is None else deadline - self._clock())
        now = self._clock()
        with self._lock:
            self._counts.wait_seconds += now - waiter.since
            card = self._leave(waiter)
            if card is not None:
                return card
            if self._closed:
                raise PoolClosed("the pool was closed during the wait")
            self._counts.timeouts += 1
            in_use, lent = self._open - len(self._idle), list(self._lent.values())
            text = no_connection(timeout, in_use, self._limit, len(self._line), lent, now)
        raise PoolTimeout(text)

    def _leave(self, waiter: Waiter) -> Card | None:
        """Step out of the line; return what was handed over before that."""
        with self._lock:
            self._line.leave(waiter)
            return waiter.gift

    def _make_ready(self, card: Card, who: Any, deadline: float | None) -> None:
        """Lend the card, with a connection that works."""
        try:
            self._make_fit(card, deadline)
            self._lend_fit(card, who)
        except Exception:  # to be expected, unlike an interrupt, which may come even here
            self._let_go(card, card.trips)
            raise

    def _make_fit(self, card: Card, deadline: float | None) -> None:
        now = self._clock()
        if card.conn is not None and now >= card.fresh_until and not self._still_works(card, now):
            self._shut(card)
        if card.conn is None:
            self._open_connection(card, deadline)

    def _still_works(self, card: Card, now: float) -> bool:
        if now >= card.expires:
            return False
        card.broken = True  # till the check has come to its end
        try:
            self._check(card.conn)
        except Exception:
            log.debug("an idle connection failed its check", exc_info=True)
            return False
        card.broken = False
        return True

    def _open_connection(self, card: Card, deadline: float | None) -> None:
        conn = None
        try:
            conn = self._connector.open(deadline)
            lifetime = self.config.max_lifetime
            lifetime = math.inf if lifetime is None else lifetime * random.uniform(0.9, 1)
            expires = self._clock() + lifetime  # drawn, so that they do not all expire together
            key = id(conn)
            with self._lock:
                if key in self._lent:
                    conn = None  # somebody else's: not ours to close
                    raise ConnectFailed("connect() made no new connection: that one is on loan")
                card.conn, card.key, card.expires, card.is_new = conn, key, expires, True
                self._counts.created += 1
        except BaseException:
            if card.conn is None and conn is not None:
                conn.close()
            raise

    def _lend_fit(self, card: Card, who: Any) -> None:
        now = self._clock()
        with self._lock:
            if self._closed:
                raise PoolClosed("the pool was closed meanwhile")
            if not card.is_new:
                self._counts.reused += 1
            card.is_new = False
            self._lend(card, who, now)

    def _lend(self, card: Card, who: Any, now: float) -> None:
        """Write down who has it. The lock is held."""
        card.borrower = who
        card.since = now
        self._lent[card.key] = card
        if len(self._lent) > self._counts.peak:
            self._counts.peak = len(self._lent)

    # Giving back

    def _put_back(self, card: Card) -> None:
        """Hand a card to the longest waiter, or lay it on the stack, or close its connection."""
        now = self._clock()
        fresh_until = now + self._ping_after
        card.since = now
        card.fresh_until = fresh_until if fresh_until < card.expires else card.expires
        held = False
        try:
            held = self._lock.acquire()
            if card.conn is None or card.broken or now >= card.expires or self._closed:
                pass
            elif self._line:
                self._line.serve(card)
                return
            elif len(self._idle) < self._pool_size:
                card.trips += 1
                self._idle.append(card)
                return
        finally:
            self._lock.release() if held else self._release_lock()
        self._drop(card)

    def _let_go(self, card: Card | None, trip: int | None = None) -> None:
        """Put a card back after an exception, unless it was given away before that."""
        with self._lock:
            if card is None or (trip is not None and card.trips != trip):
                return
            if self._lent.get(card.key) is card:
                del self._lent[card.key]
        self._put_back(card)

    def _drop(self, card: Card) -> None:
        """Close a card's connection and free its place, which the longest waiter may fill."""
        self._shut(card)
        with self._lock:
            if self._line:
                self._line.serve(card)
            else:
                card.trips += 1
                self._open -= 1

    def _shut(self, card: Card) -> None:
        if card.conn is None:
            return
        card.expires = -math.inf  # nobody may keep it any more, whatever comes between
        try:
            card.conn.close()
        except Exception:
            log.debug("a connection could not be closed", exc_info=True)
        with self._lock:
            self._counts.closed += 1
            self._counts.discarded += card.broken
            card.conn, card.key, card.broken = None, 0, False

    def _close_idle(self, too_many: Callable[[], object]) -> None:
        """Close idle connections, those unused for longest first, for as long as it says so."""
        while True:
            card = trip = None
            try:
                with self._lock:
                    if not too_many():
                        return
                    card, trip = self._idle[0], self._idle[0].trips
                    del self._idle[0]
                self._drop(card)
            except BaseException:
                self._let_go(card, trip)
                raise

    def _release_lock(self) -> None:
        """After an interrupt in `held = lock.acquire()`: release the lock if it was taken.

        `with` needs no such care, but the two times that each loan takes the lock it would be a
        fifth of what the loan costs.
        """
        with suppress(RuntimeError):  # it was not: the interrupt came while we waited for it
            self._lock.release()

    # The beginning, the chores, the end

    def _start_empty(self) -> None:
        # Held for a few lines at a time. Reentrant, since a finalizer or a signal handler that
        # gives a connection back may run in the midst of those lines, in the same thread.
        self._lock = threading.RLock()
        self._idle: list[Card] = []  # a stack: the one used last is on top
        self._lent: dict[int, Card] = {}  # by id(conn), the longest loan first
        self._line = Line()  # empty while there is an idle connection, or room for another
        self._open = 0  # places taken: idle, lent, and in somebody's hands
        self._next_chore = -math.inf  # when the clock will read this, something may be due
        self._counts = Counts()

    def _prefill(self) -> None:
        patience = self.config.acquire_timeout
        deadline = None if patience is None else self._clock() + patience
        card = None
        try:
            for _ in range(self.config.min_connections):
                card = Card()
                self._open += 1
                self._open_connection(card, deadline)
                card.is_new = False  # its first loan will be one of a connection that was there
                self._put_back(card)
        except BaseException:
            self._let_go(card, 0)
            self.close_all()
            raise

    def _do_chores(self) -> None:
        """Do what is due. There is no background thread: every call of the pool begins with it."""
        now, max_idle, leak_after = self._clock(), self.config.max_idle, self.config.leak_after
        if now < self._next_chore:
            return
        chores = [now + wait for wait in (max_idle, leak_after) if wait is not None]
        if max_idle is not None:
            least, idle = self.config.min_connections, self._idle
            self._close_idle(lambda: len(idle) > least and now - idle[0].since >= max_idle)
            chores += [card.since + max_idle for card in idle[:1]]
        if leak_after is not None:
            for report in self._overdue_loans(now, leak_after):
                log.warning(report)
            lent = list(self._lent.values())
            chores += [card.since + leak_after for card in lent if card.reported != card.trips]
        self._next_chore = min(chores)  # nothing that begins later can be due before

    def _overdue_loans(self, now: float, leak_after: float) -> list[str]:
        reports = []
        with self._lock:
            for card in list(self._lent.values()):
                if now - card.since >= leak_after and card.reported != card.trips:
                    card.reported = card.trips
                    reports.append(overdue(card, now))
        return reports

    def _close(self) -> None:
        with self._lock:
            self._closed = True
            self._line.send_away()
        self._close_idle(lambda: self._idle)

    def _forget(self) -> None:
        """In a child process, after a fork: start empty, and leave alone what the parent has."""
        for card in self._lent.values():
            card.trips = IN_PARENT
        never_close([self._idle, self._lent, self._line])
        self._start_empty()
