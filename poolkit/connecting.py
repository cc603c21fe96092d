"""Opening connections for a pool: another try, a deadline, and an error that tells of both."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from poolkit.config import ConnectionConfig
from poolkit.errors import ConnectFailed
from poolkit.forks import refused_files
from poolkit.lease import commit
from poolkit.retry import is_transient, retry
from poolkit.sqlite import Connection, database_name, open_connection
from poolkit.stats import in_words


class Connector:
    """Opens one connection after another, each as its config says.

    Args:
        config: says how often to try, and what to open where there is no `connect`.
        connect: makes a connection; nothing here can cut it short.
        configure: sets up each new connection; what it leaves open is committed.
        transient: tells whether another try may help after this exception.
        clock: reads the time, in seconds.
    """

    def __init__(
        self,
        config: ConnectionConfig,
        connect: Callable[[], Any] | None = None,
        configure: Callable[[Any], object] | None = None,
        transient: Callable[[Exception], bool] = is_transient,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # From here on a relative path means the folder in which the pool was made.
        self._config = replace(config, db_path=database_name(config.db_path))
        self._connect = connect
        self._configure = configure
        self._transient = transient
        self._clock = clock
        self.what = str(config.db_path) if connect is None else _name(connect)
        self.file = None if connect else _file(self._config.db_path)

    def open(self, deadline: float | None = None) -> Any:
        """Open a connection before the clock reads `deadline`; the first attempt is always made.

        Raises:
            ConnectFailed: tells the attempts, with the last one's exception as its cause.
        """
        config, tries, began = self._config, 0, self._clock()

        def attempt() -> Any:
            nonlocal tries
            tries += 1
            return self._once(deadline)

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
                f"could not connect to {self.what}: {tries} of {config.max_retries} attempts "
                f"in {in_words(self._clock() - began)}: {exc}"
            ) from exc

    def _once(self, deadline: float | None) -> Any:
        conn = self._make(deadline)
        if self._configure is None:
            return conn
        try:
            self._configure(conn)
            if isinstance(conn, Connection):
                conn.close_cursors()
            if getattr(conn, "in_transaction", True):  # not all drivers tell
                commit(conn)
        except BaseException:
            conn.close()
            raise
        return conn

    def _make(self, deadline: float | None) -> Any:
        if self._connect is None:
            if self.file in refused_files:
                raise ConnectFailed(
                    "this process was forked while connections to this file were out, "
                    "so what it stores could be lost: fork while none is out"
                )
            left = None if deadline is None else deadline - self._clock()
            return open_connection(self._config, left)
        conn = self._connect()
        if conn is None:
            raise TypeError(f"{self.what} returned None, not a connection")
        return conn


def _name(connect: Any) -> str:
    """Name a callable without its arguments: they may hold a password."""
    while isinstance(connect, partial):
        connect = connect.func
    return str(getattr(connect, "__name__", type(connect).__name__))


def _file(database: str | os.PathLike[str]) -> str | None:
    """Return the file behind a database's name, or what stands for it; None for a private one."""
    name = os.fspath(database)
    return None if name == ":memory:" else os.path.realpath(name)
