"""The connection pool: its public calls, and how it begins and ends; the rest is `lending.py`."""

import time
from collections.abc import Callable
from typing import Any, Self

from poolkit import forks
from poolkit.chores import Chores
from poolkit.config import ConnectionConfig, check_callables, check_config
from poolkit.connecting import Connector
from poolkit.lease import Card, Lease
from poolkit.lending import FROM_CONFIG, Desk
from poolkit.retry import is_transient
from poolkit.upkeep import Upkeep


class ConnectionPool(Desk):
    """Lend connections to threads, first come, first served.

    Of a loan of SQLite's own connections nothing is left but what was committed, ATTACHed
    databases, temp tables, functions, handlers, and PRAGMAs other than those that
    `poolkit.sqlite` brings back. A `reset` undoes more, for example
    `lambda conn: conn.execute("DETACH other")`, or for a PostgreSQL session
    `lambda conn: (setattr(conn, "autocommit", True), conn.execute("DISCARD ALL"))`; psycopg's
    connections then want `prepare_threshold=None`, since DISCARD ALL ends what it has prepared.
    With other connections than `poolkit.sqlite.Connection`, cursors that were kept stay alive.

    A fork closes what is idle; a child that is forked while a connection is out cannot use the
    pool (see `poolkit.forks`).

    Args:
        config: the settings; without it those of `ConnectionConfig()`.
        connect: makes a connection, which any thread must be allowed to use, one at a time: with
            sqlite3 pass `check_same_thread=False`. One that a thread may not use is replaced.
            Without it SQLite's are opened as `open_connection` does.
        configure: sets up each new connection, in time for the deadline; what it leaves open is
            committed. If it raises, the attempt to connect has failed.
        check: raises if an idle connection no longer works; without it `health.ping`.
        reset: does more to a connection that came back than the pool, or raises. What was left
            open is rolled back before it, and after it.
        transient: tells whether another attempt to connect may help after this exception.
        clock: reads the time, in seconds.

    Raises:
        ConnectFailed: one of the `min_connections` could not be opened.
        TypeError: config is no ConnectionConfig, or one of the others is no plain function.
    """

    def __init__(
        self,
        config: ConnectionConfig | None = None,
        *,
        connect: Callable[[], Any] | None = None,
        configure: Callable[[Any], object] | None = None,
        check: Callable[[Any], object] | None = None,
        reset: Callable[[Any], object] | None = None,
        transient: Callable[[Exception], bool] = is_transient,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        config = check_config(config)
        check_callables(connect=connect, configure=configure, check=check, reset=reset)
        chores = Chores(config)
        self._connector = Connector(config, connect, configure, transient, clock)
        upkeep = Upkeep(self._connector, check, reset, config.ping_after, chores.report)
        super().__init__(config, upkeep, chores, clock)
        forks.watch(self)
        self._prefill()

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
            if card is not None and card.trips == 0:
                card.next, self._stranded, self._chores.due = self._stranded, card, True
            self.close_all()
            raise

    def acquire(self, timeout: float | None = FROM_CONFIG) -> Any:
        """Borrow an open connection. Give it back with `release`, or better: use `connection`.

        It is the one used last, or a new one while there is room, or the next to come free when it
        is this thread's turn. The timeout, in seconds, covers the wait for that, attempts to
        connect, the pauses between them, and SQLite's own wait for a lock; a `connect`, `configure`
        or `check` of yours cannot be cut short. None waits for ever, 0 never. Without it:
        `acquire_timeout`.

        Raises:
            PoolTimeout: none came free in time.
            PoolClosed: the pool is closed, or was closed meanwhile, or the process was forked.
            ConnectFailed: a new one could not be opened; the cause is attached.
            ValueError: the timeout is negative or NaN.
        """
        return self._borrow(timeout).conn

    def release(self, conn: Any) -> None:
        """Give a connection back; what it left open is rolled back. Any thread may do it.

        Cursors and blobs that were kept are dead from then on. A second release by an old borrower,
        while a new one has the same connection, cannot be told from a right one. A block of
        `with pool.connection()` gives back its own loan only.

        Raises:
            ValueError: the connection is not out on loan from this pool. Nothing is changed.
        """
        if self._chores.due:
            self._chores.do(self, self._clock())
        key = id(conn)
        try:
            card = self._lent[key]
            trip = card.trips
            del self._lent[key]  # needs no lock: of two threads that try it, one gets a KeyError
        except KeyError:
            raise ValueError(
                f"this {type(conn).__name__} is not out on loan from this pool"
            ) from None
        try:
            if not card.tells or conn.was_set or conn.open_cursors or conn.in_transaction:
                was_broken, card.broken = card.broken, True  # till it is tidied up
                card.broken = not self._upkeep.take_back(card) or was_broken
            self._put_back(card)
        except BaseException:
            if card.trips == trip and card.next is None:
                card.next, self._stranded, self._chores.due = self._stranded, card, True
            self._sweep()
            raise
        if self._reports:
            self._chores.flush()

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
        if self._chores.due:
            self._do_chores()
        line, found = [], {}
        with self._lock:  # from here on nothing is called: one moment, in a signal handler too
            line += self._line
            found |= self._counts
            room, taken = self._room, self._open
            found["reused"], found["peak"] = self._reused, self._peak
        idle = self.config.pool_size - room
        found.update(idle=idle, in_use=taken - idle, waiting=sum(not each.gone for each in line))
        found.update(pool_size=self.config.pool_size, max_connections=self.config.max_connections)
        return found

    def shrink(self, target: int) -> None:
        """Close idle connections, those unused for longest first, until `target` are left.

        Raises:
            ValueError: target is negative.
        """
        if target < 0:
            raise ValueError(f"target must be at least 0, not {target}")
        if self._chores.due:
            self._do_chores()
        self._close_idle(target)
        self._chores.flush()

    def drain(self) -> None:
        """Let no connection that exists now be lent again: after a failover, a changed password.

        Idle ones are closed at once, lent ones when they come back. The pool goes on with new ones.
        """
        self._epoch = object()
        self.shrink(0)

    def close_all(self) -> None:
        """Close the pool: idle connections at once, lent ones when they come back.

        Who waits is woken with PoolClosed, and who asks later gets the same. A connection that is
        out is not touched: closing it while its borrower runs a query would crash the process. May
        be called again.
        """
        try:
            self._close("the pool is closed")
        except BaseException:
            self._close("the pool is closed")  # interrupted: else waiters would sleep on
            raise
        self._chores.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close_all()

    def __repr__(self) -> str:
        closed, idle = "closed, " if self._why_closed else "", self.config.pool_size - self._room
        numbers = f"{self._open - idle} in use, {idle} idle, {len(self._line)} waiting"
        return f"<ConnectionPool {self._connector.what}: {closed}{numbers}>"

    def __reduce__(self) -> Any:
        raise TypeError("a ConnectionPool cannot be copied or pickled: make one in each process")

    def _close_idle(self, least: int, wanted: Callable[[Card], object] | None = None) -> None:
        """Close idle connections above so many, those unused for longest first, while wanted."""
        while self._pool_size - self._room > least:
            card, trip = None, 0
            try:
                with self._lock:
                    oldest = self._idle[0] if self._idle else None
                    if oldest is None or (wanted is not None and not wanted(oldest)):
                        return
                    if self._idle and self._idle[0] is oldest:
                        room, trip, card = self._room + 1, oldest.trips, oldest
                        del self._idle[0]
                        self._room = room
                if card is not None:
                    self._drop(card)
            except BaseException:
                if card is not None and card.trips == trip:
                    card.next, self._stranded, self._chores.due = self._stranded, card, True
                self._sweep()
                raise

    def _close(self, why: str) -> None:
        epoch = object()
        with self._lock:
            self._why_closed, self._epoch = self._why_closed or why, epoch
            self._line.send_away()
        self._sweep()
        self._close_idle(0)
