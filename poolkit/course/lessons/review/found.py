"""The found pool with its faults, and ours with seven of them mended, part by part."""

from __future__ import annotations

import queue
import sqlite3
import threading
from contextlib import contextmanager, suppress


class FoundPool:
    """A thread-safe connection pool with validation, error handling and a clean shutdown."""

    def __init__(self, connect, least=2, most=5, patience=5.0):
        self.connect = connect
        self.most = most
        self.patience = patience
        self.idle = queue.LifoQueue()
        self.lock = threading.Lock()
        self.open = 0
        self.fill(least)

    def fill(self, count):
        """Open the first connections ahead of time."""
        for _ in range(count):
            self.new()

    def new(self):
        conn = self.connect()
        self.open += 1
        return conn

    def acquire(self):
        """Lend an idle connection, or a new one; wait if there are `most` already."""
        with self.lock:
            try:
                conn = self.idle.get_nowait()
            except queue.Empty:
                conn = self.new() if self.open < self.most else self.wait()
        return self.tested(conn)

    def wait(self):
        try:
            return self.idle.get(timeout=self.patience)
        except queue.Empty:
            raise TimeoutError("no connection came free") from None

    def tested(self, conn):
        """Make sure that the connection works before it is lent."""
        conn.execute("SELECT 1")
        return conn

    def release(self, conn):
        with self.lock:
            self.idle.put(conn)

    @contextmanager
    def connection(self):
        """Lend for a `with` block; a connection that had an error does not come back."""
        conn = self.acquire()
        try:
            yield conn
        except Exception:
            self.throw_away(conn)
            raise
        else:
            self.release(conn)

    def throw_away(self, conn):
        """Close a connection and make room for another."""
        try:
            conn.close()
            self.opened -= 1
        except:
            pass

    def close_all(self):
        """Close every connection."""
        while not self.idle.empty():
            self.throw_away(self.idle.get_nowait())


class SpeakingPool(FoundPool):
    """The found pool; what it opens ahead is lent, and its errors are heard."""

    def fill(self, count):
        """Open `count` connections and put them on the shelf, `self.idle`."""
        for _ in range(count):
            self.idle.put(self.new())

    def throw_away(self, conn):
        """Close `conn`, and take it out of the count `self.open`, even if closing fails.

        A `sqlite3.Error` from closing is put up with: the connection was to go anyway. Any other
        exception goes on to the caller.
        """
        with self.lock:
            self.open -= 1
        with suppress(sqlite3.Error):
            conn.close()


Mended1 = SpeakingPool  # the found pool, mended in the first part


class WaitingPool(Mended1):
    """A pool whose lock is free while somebody waits for a connection."""

    def acquire(self):
        """Lend an idle connection, or a new one (`self.new()`) while fewer than `most` are open.

        Else sleep until one comes back (`self.wait()`), without the lock. What is lent goes
        through `self.tested(conn)`, as before.
        """
        with self.lock:
            try:
                conn = self.idle.get_nowait()
            except queue.Empty:
                conn = self.new() if self.open < self.most else None
        if conn is None:
            conn = self.wait()
        return self.tested(conn)


Mended2 = WaitingPool  # … and in the second


class CleanPool(Mended2):
    """A pool that keeps what is sound, and keeps it clean."""

    def release(self, conn):
        """Roll back what was left open, then lay `conn` on the shelf.

        If it cannot even roll back (`sqlite3.Error`), throw it away instead; no error then.
        """
        try:
            conn.rollback()
        except sqlite3.Error:
            self.throw_away(conn)
        else:
            super().release(conn)

    @contextmanager
    def connection(self):
        """Lend for a `with` block; give back at its end, whatever it raised. That goes on.

        Nothing is committed here: what is to stay, the block commits.
        """
        conn = self.acquire()
        try:
            yield conn
        finally:
            self.release(conn)


class Mended3(CleanPool):
    """The pool so far, not closed yet."""

    closed = False


class MendedPool(Mended3):
    """A pool that lends nothing dead, and leaves nothing open."""

    def tested(self, conn):
        """Give `conn` if it answers `SELECT 1`. If that raises `sqlite3.Error`, throw it away and
        acquire another; Ctrl-C goes on to the caller.
        """
        try:
            conn.execute("SELECT 1")
        except sqlite3.Error:
            self.throw_away(conn)
            return self.acquire()
        return conn

    def release(self, conn):
        """As before; but once the pool is closed, nothing stays open that comes back."""
        super().release(conn)
        if self.closed:
            self.close_all()

    def close_all(self):
        """Set `self.closed`, and throw away all that lies idle; what is out is left alone."""
        self.closed = True
        while True:
            try:
                conn = self.idle.get_nowait()
            except queue.Empty:
                return
            self.throw_away(conn)
