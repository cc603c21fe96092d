"""The connection pool: the parts put together.

How to read it. A connection's card is in one place at a time: on the stack of idle ones, among the
lent ones, or in the hands of one thread that opens, checks, cleans or closes it. The lock guards
the moves between these places. What a connection does itself takes time and may fail, so it
happens in somebody's hands, never under the lock.

How it survives an interrupt. A KeyboardInterrupt, or an exception sent to a thread, may come at any
call, at the start of a function and at the end of a loop's body; CPython looks nowhere else. So
steps that belong together have nothing of the kind between them (`del stack[-1]`, not
`stack.pop()`), and whoever holds a card has an `except BaseException` that puts it somewhere.
Three gaps are left, which pure Python cannot close: the first instruction of `release` and of
`Lease.__exit__`, when the loan is not over yet, and the way of a new connection from the driver's
C code into a variable, which costs only that connection.
"""

import logging
import math
import random
import threading
import time
from collections.abc import Callable
from typing import Any, Self

from poolkit.config import ConnectionConfig
from poolkit.errors import ConnectFailed, PoolClosed, PoolTimeout
from poolkit.forks import never_close, start_empty_in_children
from poolkit.health import clean, ping
from poolkit.lease import INHERITED, Borrower, Card, Lease, caller
from poolkit.retry import is_transient, retry
from poolkit.sqlite import open_connection
from poolkit.stats import Counts, in_words, no_connection, overdue
from poolkit.waiters import Line, Waiter

log = logging.getLogger("poolkit")

FROM_CONFIG: Any = type("FromConfig", (), {"__repr__": lambda self: "from config"})()


class ConnectionPool:
    """Lend connections to threads, in the order in which they ask.

    Args:
        config: the settings; without it those of `ConnectionConfig()`.
        connect: makes a connection; without it `sqlite.open_connection`. The pool cannot interrupt
            it, so it should have a time limit of its own.
        check: raises if an idle connection no longer works; without it `health.ping`.
        reset: cleans a connection that came back, or raises; without it `health.clean`.
        transient: tells whether connecting is worth another try after this exception.
        clock: reads the time, in seconds.

    Raises:
        ConnectFailed: one of the `min_connections` cannot be opened.
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
        self._connect = connect
        self._check = check or ping
        self._reset = reset or clean
        self._transient = transient
        self._clock = clock
        self._pool_size = config.pool_size
        self._ping_after = config.ping_after
        self._limit = math.inf if config.max_connections is None else config.max_connections
        self._chores = config.max_idle is not None or config.leak_after is not None
        self._closed = False
        self._start_empty()
        start_empty_in_children(self)
        self._prefill()

    def acquire(self, timeout: float | None = FROM_CONFIG) -> Any:
        """Borrow an open connection; give it back with `release`, or use `connection` instead.

        It is the one used last, else a new one while there is room, else the next that comes free
        when it is this thread's turn. The timeout, in seconds, covers the wait in line, attempts to
        connect, pauses between them and SQLite's own wait for a lock; what is under way in a
        `connect` or `check` of yours is not cut short. None waits for ever; 0 never waits.

        Raises:
            PoolTimeout: none came free in time.
            PoolClosed: the pool is closed, or was closed meanwhile.
            ConnectFailed: a new one could not be opened; the cause is attached.
            ValueError: the timeout is negative or NaN.
        """
        return self._borrow(timeout).conn

    def release(self, conn: Any) -> None:
        """Give a connection back; what it left open is rolled back. Any thread may do it.

        A second release cannot be told from a right one if somebody else has borrowed the same
        connection in between: it would take it from them. `connection` does not have this trap.

        Raises:
            ValueError: the connection is not out on loan from this pool. Nothing is changed.
        """
        if self._chores:
            self._tidy()
        key = id(conn)
        try:
            card = self._lent[key]
            trip = card.trips
            del self._lent[key]  # whole by itself, without the lock: of two threads one fails
        except KeyError:
            raise ValueError(f"{conn!r} is not out on loan from this pool") from None
        try:
            self._clean(card)
            self._put_back(card)
        except BaseException:
            self._rescue(card, trip)
            raise

    def connection(self, timeout: float | None = FROM_CONFIG) -> Lease:
        """Borrow for the length of a block: `with pool.connection() as conn`.

        Commits when the block ends well, an explicit BEGIN under `autocommit=True` too. Rolls back
        when it raises, or when the commit fails; the exception goes its way unchanged. Gives the
        connection back in any case. The timeout is that of `acquire`.

        Raises:
            ValueError: at the end of a block that has given its connection back itself.
            PoolTimeout, PoolClosed, ConnectFailed: as `acquire`, on entering the block.
        """
        return Lease(self, timeout)

    def stats(self) -> dict[str, Any]:
        """Count what happened so far, and what is where now: a snapshot of one moment.

        `in_use` are those lent, and those being opened, checked, cleaned or closed just now. With
        the idle ones they make up all places that are taken, `max_connections` at most.
        """
        if self._chores:
            self._tidy()
        with self._lock:
            idle = len(self._idle)
            return {
                **self._counts.as_dict(),
                "idle": idle,
                "in_use": self._open - idle,
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
            self._tidy()
        self._close_idle(lambda: len(self._idle) > target)

    def close_all(self) -> None:
        """Close the pool: idle connections now, lent ones when they come back.

        Those who wait get PoolClosed, and so does everybody who asks later. A connection that is
        out is never closed under its borrower's hands: SQLite would crash. May be called twice.
        """
        try:
            self._close()
        except BaseException:
            self._close()  # interrupted: what is left of it would leave waiters asleep
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close_all()

    def __repr__(self) -> str:
        idle, closed = len(self._idle), "closed, " if self._closed else ""
        return (
            f"<ConnectionPool {self.config.db_path}: {closed}{self._open - idle} in use, "
            f"{idle} idle, {len(self._line)} waiting>"
        )

    # Borrowing

    def _borrow(self, timeout: float | None) -> Card:
        if timeout is FROM_CONFIG:
            timeout = self.config.acquire_timeout
        elif timeout is not None and not timeout >= 0:  # NaN too
            raise ValueError(f"timeout must be at least 0 seconds, or None, not {timeout!r}")
        if self._chores:
            self._tidy()
        borrower = caller()
        now = self._clock()
        card = None
        try:
            with self._lock:
                if self._idle and now < self._idle[-1].fresh_until and not self._closed:
                    card = self._idle[-1]
                    del self._idle[-1]
                    self._counts.reused += 1
                    self._lend(card, borrower, now)
                    return card
        except BaseException:
            self._undo(card)
            raise
        return self._borrow_slowly(timeout, borrower, now)

    def _borrow_slowly(self, timeout: float | None, borrower: Borrower, now: float) -> Card:
        """Borrow where more is to be done than to take a card from the stack."""
        deadline = None if timeout is None else now + timeout
        card, place, waiter = None, Card(), Waiter(now)
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
            is_new = self._make_fit(card, deadline)
            self._lend_fit(card, borrower, is_new)
            return card
        except BaseException:
            self._undo(card, waiter)
            raise

    def _wait(self, waiter: Waiter, timeout: float | None, deadline: float | None) -> Card:
        """Sleep until it is our turn; return what we were handed."""
        waiter.wait(None if deadline is None else deadline - self._clock())
        now = self._clock()
        with self._lock:
            self._counts.wait_seconds += now - waiter.since
            self._line.leave(waiter)
            if waiter.gift is not None:
                return waiter.gift
            if self._closed:
                raise PoolClosed("the pool was closed while this thread waited")
            self._counts.timeouts += 1
            in_use, waiting = self._open - len(self._idle), len(self._line)
            lent = list(self._lent.values())
        raise PoolTimeout(no_connection(timeout, in_use, self._limit, waiting, lent, now))

    def _make_fit(self, card: Card, deadline: float | None) -> bool:
        """Open a connection where there is none, or none that works; tell whether we did."""
        now = self._clock()
        if card.conn is not None and now >= card.fresh_until and not self._still_works(card, now):
            self._shut(card)
        if card.conn is not None:
            return False
        self._open_connection(card, deadline)
        return True

    def _still_works(self, card: Card, now: float) -> bool:
        if now >= card.expires:
            return False
        card.broken = True  # until the check has come to its end
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
            conn = self._dial(deadline)
            lifetime = self.config.max_lifetime
            with self._lock:
                card.conn, card.key = conn, id(conn)
                self._counts.created += 1
            if lifetime is not None:  # not all at once, where all were opened at once
                card.expires = self._clock() + lifetime * random.uniform(0.9, 1)
        except BaseException:
            if conn is not None and card.conn is None:
                conn.close()
            raise

    def _dial(self, deadline: float | None) -> Any:
        """Call connect, as often as the config says and the deadline allows."""
        config, tries, began = self.config, 0, self._clock()

        def attempt() -> Any:
            nonlocal tries
            tries += 1
            if self._connect is not None:
                return self._connect()
            return open_connection(config, None if deadline is None else deadline - self._clock())

        try:
            return retry(
                attempt,
                attempts=config.max_retries,
                base=config.base_backoff,
                cap=config.max_backoff,
                transient=self._transient,
                deadline=deadline,
                clock=self._clock,
            )
        except Exception as exc:
            raise ConnectFailed(
                f"could not open a connection to {config.db_path}: {tries} of {config.max_retries} "
                f"attempts in {in_words(self._clock() - began)}: {exc}"
            ) from exc

    def _lend(self, card: Card, borrower: Borrower, now: float) -> None:
        """Write down who has it. The lock is held."""
        card.borrower = borrower
        card.since = now
        card.reported = False
        self._lent[card.key] = card
        in_use = self._open - len(self._idle)
        if in_use > self._counts.peak:
            self._counts.peak = in_use

    def _lend_fit(self, card: Card, borrower: Borrower, is_new: bool) -> None:
        now = self._clock()
        with self._lock:
            if self._closed:
                raise PoolClosed("the pool was closed meanwhile")
            self._lend(card, borrower, now)
            if not is_new:
                self._counts.reused += 1

    def _undo(self, card: Card | None, waiter: Waiter | None = None) -> None:
        """Put back what a borrower held who got an exception instead of a connection."""
        with self._lock:
            if waiter is not None:
                self._line.leave(waiter)
                card = card or waiter.gift
            if card is None:
                return
            if self._lent.get(card.key) is card:
                del self._lent[card.key]
        self._put_back(card)

    # Giving back

    def _clean(self, card: Card) -> None:
        try:
            self._reset(card.conn)
        except Exception:
            card.broken = True
            log.debug("a connection that came back could not be reset", exc_info=True)

    def _put_back(self, card: Card) -> None:
        """Hand a card to the longest waiter, else lay it on the stack; or close its connection."""
        now = self._clock()
        fresh_until = now + self._ping_after
        card.since = now
        card.fresh_until = fresh_until if fresh_until < card.expires else card.expires
        with self._lock:
            if card.conn is None or card.broken or now >= card.expires or self._closed:
                pass
            elif self._line:
                self._line.serve(card)
                return
            elif len(self._idle) < self._pool_size:
                card.trips += 1
                self._idle.append(card)
                return
        self._drop(card)

    def _rescue(self, card: Card, trip: int) -> None:
        """After an interrupt: drop a card that was not given away yet."""
        with self._lock:
            ours = card.trips == trip
        if ours:
            self._drop(card)

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
        """Close a card's connection, if it has one."""
        if card.conn is None:
            return
        try:
            card.conn.close()
        except Exception:
            log.debug("a connection could not be closed", exc_info=True)
        with self._lock:
            self._counts.closed += 1
            self._counts.discarded += card.broken
            card.conn, card.key, card.broken, card.expires = None, 0, False, math.inf

    def _close_idle(self, too_many: Callable[[], object]) -> None:
        """Close idle connections, those unused for longest first, for as long as it says so."""
        while True:
            card = None
            try:
                with self._lock:
                    if not too_many():
                        return
                    card = self._idle[0]
                    trip = card.trips
                    del self._idle[0]
                self._drop(card)
            except BaseException:
                if card is not None:
                    self._rescue(card, trip)
                raise

    # Beginning, chores, end

    def _start_empty(self) -> None:
        # Held for a few lines at a time. Reentrant: a finalizer or a signal handler that gives a
        # connection back may run in the middle of them, in the same thread.
        self._lock = threading.RLock()
        self._idle: list[Card] = []  # a stack: the last one used is on top
        self._lent: dict[int, Card] = {}  # by id(conn), the longest loan first
        self._line = Line()  # nobody waits while there is an idle one, or room for one more
        self._open = 0  # places taken: idle, lent, or in somebody's hands
        self._counts = Counts()

    def _prefill(self) -> None:
        patience = self.config.acquire_timeout
        deadline = None if patience is None else self._clock() + patience
        for _ in range(self.config.min_connections):
            card = Card()
            try:
                self._open += 1
                self._open_connection(card, deadline)
                self._put_back(card)
            except BaseException:
                self._rescue(card, 0)
                self.close_all()
                raise

    def _tidy(self) -> None:
        """Do what is due. There is no background thread: each call of the pool begins with this."""
        now, max_idle, leak_after = self._clock(), self.config.max_idle, self.config.leak_after
        if max_idle is not None:
            least = self.config.min_connections
            self._close_idle(
                lambda: len(self._idle) > least and now - self._idle[0].since >= max_idle
            )
        if leak_after is None:
            return
        with self._lock:
            leaks = [c for c in list(self._lent.values()) if now - c.since >= leak_after]
            leaks = [card for card in leaks if not card.reported]
            for card in leaks:
                card.reported = True
        for card in leaks:
            log.warning(overdue(card, now))

    def _close(self) -> None:
        with self._lock:
            self._closed = True
            self._line.send_away()
        self._close_idle(lambda: self._idle)

    def _forget(self) -> None:
        """In a child process, after a fork: leave the parent's connections alone."""
        for card in self._lent.values():
            card.trips = INHERITED
        never_close([self._idle, self._lent, self._line])
        self._start_empty()
