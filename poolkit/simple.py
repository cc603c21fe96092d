"""The smallest pool that deserves the name: a list of connections that are kept for later."""

import sqlite3

from poolkit.config import ConnectionConfig, check_config
from poolkit.sqlite import database_name


class SimplePool:
    """Keep connections that were given back, and lend them again. For one thread only.

    At most `config.pool_size` lie idle; how many are out at once has no limit. It uses `db_path`,
    `timeout` and `pool_size` of its config and trusts its caller: what is never given back is
    never closed, and what comes back is not looked at. `ConnectionPool` mends all of that.
    """

    def __init__(self, config: ConnectionConfig | None = None) -> None:
        # a learner's config will do, whatever its class
        self.config = config if hasattr(config, "db_path") else check_config(config)
        self._database = database_name(self.config.db_path)  # wherever the process goes
        self._idle: list[sqlite3.Connection] = []  # a stack: the last one used is on top
        self._created = 0
        self._reused = 0
        self._in_use = 0
        self._peak = 0

    def acquire(self) -> sqlite3.Connection:
        """Lend the connection that was used last; open a new one if none is idle."""
        if self._idle:
            conn = self._idle.pop()
            self._reused += 1
        else:
            conn = self._connect()
            self._created += 1
        self._in_use += 1
        self._peak = max(self._peak, self._in_use)
        return conn

    def release(self, conn: sqlite3.Connection) -> None:
        """Take a connection back: keep it while there is room, else close it."""
        self._in_use -= 1
        if len(self._idle) < self.config.pool_size:
            self._idle.append(conn)
        else:
            conn.close()

    def shrink(self, target: int) -> None:
        """Close idle connections, those unused for longest first, until `target` are left.

        Raises:
            ValueError: target is negative.
        """
        if target < 0:
            raise ValueError(f"target must be at least 0, not {target}")
        while len(self._idle) > target:
            self._idle.pop(0).close()

    def close_all(self) -> None:
        """Close every idle connection; those that are out stay open, and `in_use` counts them."""
        self.shrink(0)

    def stats(self) -> dict[str, int]:
        """Count what happened so far, and what is where now."""
        return {
            "created": self._created,
            "reused": self._reused,
            "idle": len(self._idle),
            "in_use": self._in_use,
            "peak": self._peak,
            "pool_size": self.config.pool_size,
        }

    def __repr__(self) -> str:
        where = self.config.db_path
        return f"<SimplePool {where}: {self._in_use} in use, {len(self._idle)} idle>"

    def _connect(self) -> sqlite3.Connection:
        # uri=True only changes how a path that begins with "file:" is read
        return sqlite3.connect(self._database, timeout=self.config.timeout, uri=True)
