"""A database connection pool to learn from, and to use. Standard library only.

`poolkit.retry` is the function: it hides the module of that name, whose other names come by
`from poolkit.retry import ...` as usual.
"""

from poolkit.config import ConnectionConfig
from poolkit.errors import ConnectFailed, PoolClosed, PoolError, PoolTimeout
from poolkit.health import health_check
from poolkit.pool import ConnectionPool
from poolkit.retry import backoff_delays, is_transient, retry
from poolkit.simple import SimplePool
from poolkit.workload import run, run_demo_queries

__all__ = [
    "ConnectFailed",
    "ConnectionConfig",
    "ConnectionPool",
    "PoolClosed",
    "PoolError",
    "PoolTimeout",
    "SimplePool",
    "backoff_delays",
    "health_check",
    "is_transient",
    "retry",
    "run",
    "run_demo_queries",
]
