"""Opening connections for a pool: another try, a deadline, and an error that tells of both."""

import time
from collections.abc import Callable
from typing import Any

from poolkit.config import ConnectionConfig
from poolkit.errors import ConnectFailed
from poolkit.retry import is_transient, retry
from poolkit.sqlite import open_connection
from poolkit.stats import in_words


class Connector:
    """Opens one connection after another, each as its config says.

    Args:
        config: says how often to try, and what to open where there is no `connect`.
        connect: makes a connection; nothing here can cut it short.
        transient: tells whether another try may help after this exception.
        clock: reads the time, in seconds.
    """

    def __init__(
        self,
        config: ConnectionConfig,
        connect: Callable[[], Any] | None = None,
        transient: Callable[[Exception], bool] = is_transient,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._connect = connect
        self._transient = transient
        self._clock = clock
        self._what = config.db_path if connect is None else getattr(connect, "__name__", connect)

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
                f"could not connect to {self._what}: {tries} of {config.max_retries} attempts "
                f"in {in_words(self._clock() - began)}: {exc}"
            ) from exc

    def _once(self, deadline: float | None) -> Any:
        if self._connect is None:
            left = None if deadline is None else deadline - self._clock()
            return open_connection(self._config, left)
        conn = self._connect()
        if conn is None:
            raise TypeError(f"{self._what} returned None, not a connection")
        return conn
