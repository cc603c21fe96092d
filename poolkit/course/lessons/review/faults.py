"""Pools with one fault each, or with one that was mended only where it shows."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, suppress

from poolkit import ConnectionPool
from poolkit.course.lessons.review.found import CleanPool, FoundPool, MendedPool


class Unshelved(MendedPool):
    fill = FoundPool.fill


class HalfShelved(MendedPool):
    def fill(self, count):
        for _ in range(count):
            conn = self.new()
        if count:
            self.idle.put(conn)


class Lazy(MendedPool):
    def fill(self, count):
        pass


class Hiding(MendedPool):
    throw_away = FoundPool.throw_away


class Respelled(MendedPool):
    def throw_away(self, conn):
        try:
            conn.close()
            self.open -= 1
        except:
            pass


class Grasping(MendedPool):
    acquire = FoundPool.acquire


class Hasty(Grasping):
    def wait(self):
        self.patience = 0.1
        return super().wait()


class Unclean(MendedPool):
    def release(self, conn):
        with self.lock:
            self.idle.put(conn)
        if self.closed:
            self.close_all()


class Committing(Unclean):
    def release(self, conn):
        conn.commit()
        super().release(conn)


class Wasteful(MendedPool):
    connection = FoundPool.connection


class Silencing(MendedPool):
    @contextmanager
    def connection(self):
        conn = self.acquire()
        with suppress(sqlite3.IntegrityError):
            yield conn
        self.release(conn)


class Unchecked(MendedPool):
    tested = FoundPool.tested


class Stumbling(MendedPool):
    def tested(self, conn):
        try:
            conn.execute("SELECT 1")
        except sqlite3.Error:
            self.throw_away(conn)
            raise
        return conn


class Unmoved(MendedPool):
    def tested(self, conn):
        with suppress(sqlite3.Error):
            conn.execute("SELECT 1")
        return conn


class Forgetful(MendedPool):
    def release(self, conn):
        CleanPool.release(self, conn)


class Brutal(MendedPool):
    def tested(self, conn):
        self.out = super().tested(conn)
        return self.out

    def close_all(self):
        super().close_all()
        self.out.close()


class Converting(MendedPool):
    def throw_away(self, conn):
        try:
            super().throw_away(conn)
        except KeyboardInterrupt:
            raise RuntimeError("interrupted") from None


class Rewording(MendedPool):
    @contextmanager
    def connection(self):
        conn = self.acquire()
        try:
            yield conn
        except sqlite3.IntegrityError:
            raise sqlite3.OperationalError("the users are not as they should be") from None
        finally:
            self.release(conn)


WORLD: dict[type, str] = {
    MendedPool: "our mended pool",
    ConnectionPool: "poolkit's pool",
    Unshelved: "a pool whose first connections are never put on the shelf",
    Lazy: "a pool that opens nothing ahead",
    Hiding: "a pool with a bare `except` around its `close()`",
    Respelled: "a pool with a bare `except`, and without the slip below it",
    Converting: "a pool that turns Ctrl-C into RuntimeError",
    Unclean: "a pool that lends open transactions",
    Committing: "a pool that commits what comes back",
    Wasteful: "a pool that throws a connection away for an IntegrityError",
    Silencing: "a pool that swallows an IntegrityError",
    Rewording: "a pool that turns an IntegrityError into another one",
    Unchecked: "a pool that lends what died without a look",
    Stumbling: "a pool that gives one borrower the error of what died, and replaces it for the next",
    Unmoved: "a pool that swallows the error of its test, and lends what died",
    Forgetful: "a pool that leaves open what comes back after its end",
    Brutal: "a pool that closes what is out",
}
