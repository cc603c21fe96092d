"""What can go wrong with a pool, each a kind of the builtin that a caller would already catch."""


class PoolError(Exception):
    """The pool could not do what it was asked; the root of all its errors."""


class PoolTimeout(PoolError, TimeoutError):
    """No connection came free within the time that the caller gave."""


class PoolClosed(PoolError):
    """The pool was closed, before the call or while it waited."""


class ConnectFailed(PoolError, ConnectionError):
    """A new connection could not be opened; the database's own error is its cause."""
