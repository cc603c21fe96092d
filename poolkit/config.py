"""Every setting of a pool in one object, checked when it is made."""

import os
from dataclasses import dataclass
from inspect import iscoroutinefunction

# SQLite counts its lock wait in milliseconds, in a C int: a longer wait would wrap round to none.
_LONGEST_LOCK_WAIT = 2_147_483
_LONGEST = 1_000_000_000  # thirty years; also what sends infinity away where None means "never"
_NEVER = float("inf")


@dataclass(frozen=True)
class ConnectionConfig:
    """The settings of a pool. All times are seconds.

    A config cannot be changed once it is made: `dataclasses.replace(config, pool_size=2)` makes
    another one, which is checked again.

    Args:
        db_path: a SQLite path (str or PathLike), `":memory:"`, or a `file:` URI.
        timeout: how long SQLite waits for a lock.
        max_retries: attempts to open a connection, the first one included; at least 1. Another one
            is made only if the pool's `transient=` says of the error that it may pass.
        pool_size: idle connections kept; at least 1.
        min_connections: opened when the pool is made; at most `pool_size`.
        max_connections: most connections open at once, at least `pool_size`. None: no cap.
        acquire_timeout: how long `acquire()` waits at the cap. None: for ever.
        base_backoff: the first pause between two attempts to connect; each next one is doubled,
        max_backoff: and none is longer than this, the first included.
        ping_after: a connection idle this long or longer is checked before it is lent.
            0: always; `math.inf`: never.
        max_lifetime: age at which a connection is replaced. None: never.
        max_idle: how long one above `min_connections` may lie idle. None: for ever.
        leak_after: how long a connection may be out before its borrower is reported. None: never.

    Raises:
        TypeError: a value of the wrong type; a bool is no number.
        ValueError: a number out of range, NaN, or two numbers that contradict each other.
    """

    db_path: str | os.PathLike[str] = ":memory:"
    timeout: float = 5.0
    max_retries: int = 3
    pool_size: int = 5
    min_connections: int = 0
    max_connections: int | None = None
    acquire_timeout: float | None = 5.0
    base_backoff: float = 0.01
    max_backoff: float = 1.0
    ping_after: float = 0.5
    max_lifetime: float | None = None
    max_idle: float | None = None
    leak_after: float | None = None

    def __post_init__(self) -> None:
        _check_path(self.db_path)
        for field, least in (("max_retries", 1), ("pool_size", 1), ("min_connections", 0)):
            _check_count(field, getattr(self, field), least)
        if self.max_connections is not None:
            _check_count("max_connections", self.max_connections, 1, or_none=True)
        self._check_sizes_agree()
        _check_seconds("timeout", self.timeout, _LONGEST_LOCK_WAIT)
        _check_seconds("ping_after", self.ping_after, _NEVER)
        for field in ("base_backoff", "max_backoff"):
            _check_seconds(field, getattr(self, field), _LONGEST)
        for field in ("acquire_timeout", "max_lifetime", "max_idle", "leak_after"):
            if getattr(self, field) is not None:
                _check_seconds(field, getattr(self, field), _LONGEST, or_none=True)

    def _check_sizes_agree(self) -> None:
        if self.min_connections > self.pool_size:
            raise ValueError(
                f"min_connections must be at most pool_size ({self.pool_size}), "
                f"not {self.min_connections}: pass pool_size={self.min_connections} too"
            )
        if self.max_connections is not None and self.max_connections < self.pool_size:
            raise ValueError(
                f"max_connections must be at least pool_size ({self.pool_size}), "
                f"not {self.max_connections}: pass pool_size={self.max_connections} too"
            )


def check_config(config: object) -> ConnectionConfig:
    """Return the config, or the default one for None.

    Raises:
        TypeError: it is something else, which is not quoted: it may hold a password.
    """
    if config is None:
        return ConnectionConfig()
    if not isinstance(config, ConnectionConfig):
        raise TypeError(
            f"config must be a ConnectionConfig, not a {type(config).__name__}: "
            "write ConnectionConfig(db_path=...)"
        )
    return config


def check_callables(**given: object) -> None:
    """Raise TypeError if one of them is neither None nor a plain function or the like."""
    for name, func in given.items():
        if func is None:
            continue
        if not callable(func):
            raise TypeError(f"{name} must be a function, not a {type(func).__name__}")
        if iscoroutinefunction(func) or iscoroutinefunction(func.__call__):
            raise TypeError(f"{name} must be a plain function, not a coroutine function")


def _check_path(path: object) -> None:
    text = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(text, str):
        raise TypeError(f"db_path must be a str or a path object, not {path!r}")
    if not text:
        raise ValueError("db_path must not be empty: ':memory:' is the database in memory")
    if "\0" in text:
        raise ValueError(f"db_path must not hold a NUL character: {text!r}")


def _check_count(field: str, value: object, least: int, or_none: bool = False) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        none = " or None" if or_none else ""
        raise TypeError(f"{field} must be a whole number{none}, not {value!r}")
    if value < least:
        raise ValueError(f"{field} must be at least {least}, not {value}")


def _check_seconds(field: str, value: object, longest: float, or_none: bool = False) -> None:
    none = " or None" if or_none else ""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{field} must be a number of seconds{none}, not {value!r}")
    if value != value:  # NaN is the one number that differs from itself
        raise ValueError(f"{field} must be a number of seconds{none}, not {value!r}")
    if value < 0:
        raise ValueError(f"{field} must be at least 0, not {value!r}")
    if value > longest:
        raise ValueError(f"{field} must be at most {longest} seconds{none}, not {value!r}")
