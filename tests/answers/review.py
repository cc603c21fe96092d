"""Answers to lesson 09, right and wrong."""

import queue
import sqlite3
import time
from contextlib import contextmanager, suppress

import pytest

from poolkit.course.lessons.review import (
    FirstProof,
    FoundPool,
    Mended1,
    Mended2,
    Mended3,
    WaitScene,
)
from poolkit.course.pools import is_closed
from tests.answers import right, wrong

# --- review.prove_start


@right("review.prove_start")
class StartProof(FirstProof):
    def interrupted(self, bench):
        pool = bench.pool()
        with pool.connection() as conn:
            pass
        conn.trouble = KeyboardInterrupt
        came = False
        try:
            pool.close_all()
        except KeyboardInterrupt:
            came = True
        assert came


@right("review.prove_start")
class StartProof(FirstProof):
    def interrupted(self, bench):
        pool = bench.pool(least=0, most=1)
        conn = pool.acquire()
        pool.release(conn)
        conn.trouble = KeyboardInterrupt()
        try:
            pool.close_all()
            raise AssertionError("swallowed")
        except KeyboardInterrupt:
            pass


@right("review.prove_start")
class StartProof(FirstProof):
    def interrupted(self, bench):
        pool = bench.pool(least=2, most=2)
        bench.opened[0].trouble = KeyboardInterrupt
        with suppress(KeyboardInterrupt):
            pool.close_all()
            raise AssertionError


@wrong("review.prove_start", "hiding unseen", breaks="sees_hiding sees_respelled")
class StartProof(FirstProof):
    def interrupted(self, bench):
        pool = bench.pool()
        conn = pool.acquire()
        pool.release(conn)
        conn.trouble = KeyboardInterrupt
        try:
            pool.close_all()
            assert False
        except:
            pass


@wrong("review.prove_start", "respelled unseen", breaks="sees_respelled")
class StartProof(FirstProof):
    def interrupted(self, bench):
        pool = bench.pool()
        conn = pool.acquire()
        conn.close()
        pool.release(conn)
        pool.acquire()


@wrong("review.prove_start", "raised AttributeError", breaks="start_proof_passes")
class StartProof(FirstProof):
    def interrupted(self, bench):
        pool = bench.pool()
        conn = pool.acquire()
        pool.idle.put(conn)
        conn.trouble = KeyboardInterrupt
        try:
            pool.close_all()
        except KeyboardInterrupt:
            return
        raise AssertionError("swallowed")


# --- review.mend_start


@right("review.mend_start")
class SpeakingPool(FoundPool):
    def fill(self, count):
        opened = [self.new() for _ in range(count)]
        while opened:
            self.idle.put(opened.pop())

    def throw_away(self, conn):
        try:
            conn.close()
        except sqlite3.Error:
            pass
        finally:
            with self.lock:
                self.open -= 1


@right("review.mend_start")
class SpeakingPool(FoundPool):
    def fill(self, count):
        for conn in [self.new() for _ in range(count)]:
            self.release(conn)

    def throw_away(self, conn):
        with self.lock:
            self.open = self.open - 1
        try:
            conn.close()
        except BaseException as error:
            if not isinstance(error, sqlite3.Error):
                raise


# --- review.prove_wait


@right("review.prove_wait")
class WaitProof(WaitScene):
    def ann(self, pool):
        with pool.connection() as conn:
            conn.execute("SELECT 1")

    def ben(self, pool):
        time.sleep(1)
        pool.release(self.lent)


@right("review.prove_wait")
class WaitProof(WaitScene):
    def ann(self, pool):
        try:
            assert pool.acquire() is self.lent
        except TimeoutError:
            raise AssertionError("got none") from None

    def ben(self, pool):
        start = time.monotonic()
        pool.release(self.lent)
        assert time.monotonic() == start


# --- review.mend_wait


@wrong("review.mend_wait", "stands still", breaks="gives_up_in_time")
class WaitingPool(Mended1):
    def acquire(self):
        self.lock.acquire()
        try:
            if not self.idle.empty():
                return self.tested(self.idle.get())
            if self.open < self.most:
                return self.tested(self.new())
        finally:
            self.lock.release()
        return self.tested(self.wait())


@right("review.mend_wait")
class WaitingPool(Mended1):
    def acquire(self):
        try:
            conn = self.idle.get_nowait()
        except queue.Empty:
            with self.lock:
                room = self.open < self.most
                self.open += room
            if room:
                conn = self.connect()
            else:
                conn = self.wait()
        return self.tested(conn)


@right("review.mend_wait")
class WaitingPool(Mended1):
    def acquire(self):
        give_up = time.monotonic() + self.patience
        while time.monotonic() < give_up:
            with self.lock:
                with suppress(queue.Empty):
                    return self.tested(self.idle.get_nowait())
                if self.open < self.most:
                    return self.tested(self.new())
            time.sleep(0.1)
        raise TimeoutError("none came free")


# --- review.prove_return


def rolled_back(bench):
    pool = bench.pool(least=0, most=1)
    conn = pool.acquire()
    conn.execute("INSERT INTO users VALUES ('ann@example.com')")
    pool.release(conn)
    assert not pool.acquire().execute("SELECT * FROM users").fetchall()


def kept(bench):
    pool = bench.pool()
    came = None
    try:
        with pool.connection() as conn:
            conn.execute("INSERT INTO users VALUES (NULL)")
    except sqlite3.IntegrityError as error:
        came = error
    assert came
    pool.acquire()
    assert len(bench.opened) == 1


@right("review.prove_return")
class ReturnProof:
    def rolled_back(self, bench):
        rolled_back(bench)

    def kept(self, bench):
        kept(bench)


@right("review.prove_return")
class ReturnProof:
    def rolled_back(self, bench):
        rolled_back(bench)

    def kept(self, bench):
        pool = bench.pool()
        with pytest.raises(sqlite3.IntegrityError), pool.connection() as conn:
            conn.execute("INSERT INTO users VALUES (NULL)")
        assert pool.acquire() is conn


# --- review.mend_return


@right("review.mend_return")
class CleanPool(Mended2):
    def release(self, conn):
        try:
            if conn.in_transaction:
                conn.rollback()
        except sqlite3.Error:
            return self.throw_away(conn)
        with self.lock:
            self.idle.put(conn)

    @contextmanager
    def connection(self):
        conn = self.acquire()
        try:
            yield conn
        except BaseException:
            self.release(conn)
            raise
        else:
            self.release(conn)


@right("review.mend_return")
class CleanPool(Mended2):
    def release(self, conn):
        sound = True
        with suppress(sqlite3.ProgrammingError):
            conn.rollback()
            sound = None
        (self.throw_away if sound else super().release)(conn)

    @contextmanager
    def connection(self):
        conn = self.acquire()
        try:
            yield conn
        finally:
            self.release(conn)


# --- review.prove_end


def replaced(bench):
    pool = bench.pool()
    with pool.connection() as conn:
        pass
    conn.close()
    with pool.connection() as other:
        other.execute("SELECT 1")


def closed(bench):
    pool = bench.pool()
    conn = pool.acquire()
    pool.close_all()
    conn.execute("SELECT 1")
    pool.release(conn)
    assert is_closed(conn)


@right("review.prove_end")
class EndProof:
    def replaced(self, bench):
        replaced(bench)

    def closed(self, bench):
        closed(bench)


# --- review.mend_end


@right("review.mend_end")
class MendedPool(Mended3):
    def tested(self, conn):
        while True:
            try:
                conn.execute("SELECT 1").fetchone()
                return conn
            except sqlite3.Error:
                self.throw_away(conn)
                conn = self.acquire()

    def release(self, conn):
        try:
            conn.rollback()
        except sqlite3.Error:
            return self.throw_away(conn)
        with self.lock:
            if not self.closed:
                return self.idle.put(conn)
        self.throw_away(conn)

    def close_all(self):
        with self.lock:
            self.closed = True
            doomed = [self.idle.get_nowait() for _ in range(self.idle.qsize())]
        for conn in doomed:
            self.throw_away(conn)


@right("review.mend_end")
class MendedPool(Mended3):
    def tested(self, conn):
        try:
            conn.execute("SELECT 1")
        except Exception:
            self.throw_away(conn)
            conn = self.acquire()
        return conn

    def release(self, conn):
        super().release(conn)
        while self.closed and not self.idle.empty():
            with suppress(queue.Empty):
                self.throw_away(self.idle.get_nowait())

    def close_all(self):
        self.closed = True
        with suppress(queue.Empty):
            while True:
                self.throw_away(self.idle.get_nowait())
