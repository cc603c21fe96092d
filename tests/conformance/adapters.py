"""Adapters for poolkit and for the pools that people use; each shows all that the suite needs."""

from importlib.metadata import version

from poolkit import ConnectionConfig, ConnectionPool, PoolTimeout
from poolkit.sqlite import open_connection


class Poolkit:
    name = "poolkit"
    version = version("poolkit")
    timed_out = PoolTimeout
    follow = [ConnectionPool]

    def __init__(self, connect, size, timeout):
        config = ConnectionConfig(
            pool_size=size,
            max_connections=size,
            acquire_timeout=timeout,
            max_retries=1,
            ping_after=0,
        )
        self.pool = ConnectionPool(config, connect=connect)
        self.acquire, self.release = self.pool.acquire, self.pool.release
        self.connection, self.stats = self.pool.connection, self.pool.stats
        self.close_all = self.pool.close_all

    @staticmethod
    def connect(path):
        return open_connection(ConnectionConfig(path))
