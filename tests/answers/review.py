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
        with suppress(KeyboardInterrupt):
            pool.close_all()


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


@wrong(
    "review.prove_start",
    "let through",
    breaks="start_proof_passes sees_hiding sees_respelled",
)
class StartProof(FirstProof):
    def interrupted(self, bench):
        pool = bench.pool()
        conn = pool.acquire()
        pool.release(conn)
        conn.trouble = KeyboardInterrupt
        pool.close_all()


@wrong("review.prove_start", "trouble unmet", breaks="start_proof_passes")
class StartProof(FirstProof):
    def interrupted(self, bench):
        pool = bench.pool()
        conn = pool.acquire()
        conn.trouble = KeyboardInterrupt
        try:
            pool.close_all()
        except KeyboardInterrupt:
            return
        raise AssertionError("swallowed")


@wrong("review.prove_start", "fails the right", breaks="start_proof_passes")
class StartProof(FirstProof):
    def interrupted(self, bench):
        pool = bench.pool()
        conn = pool.acquire()
        pool.release(conn)
        conn.trouble = KeyboardInterrupt
        try:
            pool.close_all()
        except KeyboardInterrupt:
            raise AssertionError("Ctrl-C came out") from None
        raise AssertionError


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
        while self.idle.qsize() < count:
            self.idle.put(self.new())

    def throw_away(self, conn):
        try:
            conn.close()
        except sqlite3.Error:
            pass
        finally:
            self.open -= 1


@right("review.mend_start")
class SpeakingPool(FoundPool):
    def fill(self, count):
        for conn in [self.new() for _ in range(count)]:
            self.release(conn)

    def throw_away(self, conn):
        self.open = self.open - 1
        try:
            conn.close()
        except BaseException as error:
            if not isinstance(error, sqlite3.Error):
                raise


def fill(self, count):
    for _ in range(count):
        self.idle.put(self.new())


def throw_away(self, conn):
    with self.lock:
        self.open -= 1
    with suppress(sqlite3.Error):
        conn.close()


class Filled(FoundPool):
    def fill(self, count):
        fill(self, count)


class Spoken(FoundPool):
    def throw_away(self, conn):
        throw_away(self, conn)


@wrong("review.mend_start", "not on the shelf", breaks="shelves_what_it_opens")
class SpeakingPool(FoundPool):
    def fill(self, count):
        for _ in range(count):
            self.conn = self.new()

    def throw_away(self, conn):
        throw_away(self, conn)


@wrong("review.mend_start", "not two", breaks="shelves_what_it_opens counts_what_it_opens")
class SpeakingPool(FoundPool):
    def fill(self, count):
        self.idle.put(self.new())

    def throw_away(self, conn):
        throw_away(self, conn)


@wrong("review.mend_start", "not all on the shelf", breaks="shelves_what_it_opens")
class SpeakingPool(FoundPool):
    def fill(self, count):
        for _ in range(count):
            conn = self.new()
        self.idle.put(conn)

    def throw_away(self, conn):
        throw_away(self, conn)


@wrong("review.mend_start", "uncounted", breaks="counts_what_it_opens")
class SpeakingPool(FoundPool):
    def fill(self, count):
        for _ in range(count):
            self.idle.put(self.connect())

    def throw_away(self, conn):
        throw_away(self, conn)


@wrong("review.mend_start", "stands still", breaks="shelves_what_it_opens")
class SpeakingPool(FoundPool):
    def fill(self, count):
        with self.lock:
            for _ in range(count):
                self.release(self.new())

    def throw_away(self, conn):
        throw_away(self, conn)


@wrong("review.mend_start", "stands still", breaks="shelves_what_it_opens")
class SpeakingPool(FoundPool):
    def fill(self, count):
        while count:
            self.idle.put(self.new())

    def throw_away(self, conn):
        throw_away(self, conn)


@wrong("review.mend_start", "hides Ctrl-C", breaks="hides_nothing_else")
class SpeakingPool(FoundPool):
    def fill(self, count):
        fill(self, count)

    def throw_away(self, conn):
        self.open -= 1
        try:
            conn.close()
        except:
            pass


@wrong("review.mend_start", "hides bugs", breaks="hides_nothing_else")
class SpeakingPool(FoundPool):
    def fill(self, count):
        fill(self, count)

    def throw_away(self, conn):
        self.open -= 1
        try:
            conn.close()
        except Exception:
            pass


@wrong("review.mend_start", "place lost", breaks="puts_up_with_a_failing_close")
class SpeakingPool(FoundPool):
    def fill(self, count):
        fill(self, count)

    def throw_away(self, conn):
        try:
            conn.close()
            self.open -= 1
        except sqlite3.Error:
            pass


@wrong("review.mend_start", "noisy", breaks="puts_up_with_a_failing_close")
class SpeakingPool(FoundPool):
    def fill(self, count):
        fill(self, count)

    def throw_away(self, conn):
        self.open -= 1
        conn.close()


@wrong("review.mend_start", "place kept", breaks="closes_and_frees puts_up_with_a_failing_close")
class SpeakingPool(FoundPool):
    def fill(self, count):
        fill(self, count)

    def throw_away(self, conn):
        with suppress(sqlite3.Error):
            conn.close()


@wrong(
    "review.mend_start",
    "not closed",
    breaks="closes_and_frees hides_nothing_else",
)
class SpeakingPool(FoundPool):
    def fill(self, count):
        fill(self, count)

    def throw_away(self, conn):
        self.open -= 1


@wrong(
    "review.mend_start",
    "place kept",
    breaks="closes_and_frees",
)
class SpeakingPool(FoundPool):
    def fill(self, count):
        fill(self, count)

    def throw_away(self, conn):
        self.open = 0
        with suppress(sqlite3.Error):
            conn.close()


@wrong("review.mend_start", "noisy", breaks="puts_up_with_a_failing_close")
class SpeakingPool(FoundPool):
    def fill(self, count):
        fill(self, count)

    def throw_away(self, conn):
        self.open -= 1
        with suppress(sqlite3.OperationalError):
            conn.close()


@wrong("review.mend_start", "not two", breaks="shelves_what_it_opens puts_up_with_a_failing_close")
class SpeakingPool(FoundPool):
    def fill(self, count):
        for _ in range(2):
            self.idle.put(self.new())

    def throw_away(self, conn):
        throw_away(self, conn)


@wrong("review.mend_start", "hides Ctrl-C", breaks="hides_nothing_else")
class SpeakingPool(FoundPool):
    def fill(self, count):
        fill(self, count)

    def throw_away(self, conn):
        try:
            conn.close()
        finally:
            self.open -= 1
            return


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


@wrong(
    "review.prove_wait", "lock unseen", breaks="breaks_on_the_found_lock breaks_on_a_shorter_wait"
)
class WaitProof(WaitScene):
    def ann(self, pool):
        with suppress(TimeoutError):
            pool.acquire()

    def ben(self, pool):
        pool.release(self.lent)


@wrong(
    "review.prove_wait", "lock unseen", breaks="breaks_on_the_found_lock breaks_on_a_shorter_wait"
)
class WaitProof(WaitScene):
    def ann(self, pool):
        pool.release(self.lent)

    def ben(self, pool):
        time.sleep(1)
        pool.acquire()


@wrong("review.prove_wait", "breaks the right", breaks="holds_on_right_pools")
class WaitProof(WaitScene):
    def ann(self, pool):
        pool.acquire()

    def ben(self, pool):
        pool.acquire()


@wrong("review.prove_wait", "breaks the right", breaks="holds_on_right_pools")
class WaitProof(WaitScene):
    def ann(self, pool):
        pool.acquire()

    def ben(self, pool):
        time.sleep(10)
        pool.release(self.lent)


@wrong(
    "review.prove_wait",
    "raised AttributeError",
    breaks="holds_on_right_pools breaks_on_the_found_lock breaks_on_a_shorter_wait",
)
class WaitProof(WaitScene):
    def ann(self, pool):
        pool.wait()

    def ben(self, pool):
        pool.release(self.lent)


@wrong("review.prove_wait", "haste unseen", breaks="breaks_on_a_shorter_wait")
class WaitProof(WaitScene):
    def ann(self, pool):
        start = time.monotonic()
        try:
            pool.acquire()
        except TimeoutError:
            assert time.monotonic() - start < 2

    def ben(self, pool):
        pool.release(self.lent)


@wrong("review.prove_wait", "breaks the right", breaks="holds_on_right_pools")
class WaitProof(WaitScene):
    def ann(self, pool):
        pool.acquire()
        assert pool is None

    def ben(self, pool):
        pool.release(self.lent)


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


@wrong("review.mend_wait", "still under the lock", breaks="gets_what_comes_back")
class WaitingPool(Mended1):
    def acquire(self):
        with self.lock:
            try:
                conn = self.idle.get_nowait()
            except queue.Empty:
                conn = self.new() if self.open < self.most else None
            if conn is None:
                conn = self.wait()
        return self.tested(conn)


@wrong("review.mend_wait", "shortened", breaks="gives_up_in_time")
class WaitingPool(Mended1):
    def acquire(self):
        with self.lock:
            try:
                conn = self.idle.get_nowait()
            except queue.Empty:
                self.patience = 0.1
                conn = self.new() if self.open < self.most else self.wait()
        return self.tested(conn)


@wrong("review.mend_wait", "stands still", breaks="tests_before_it_lends")
class WaitingPool(Mended1):
    def acquire(self):
        with self.lock:
            if self.idle.empty() and self.open < self.most:
                conn = self.new()
            else:
                conn = self.idle.get()
        return self.tested(conn)


@wrong("review.mend_wait", "no lock", breaks="keeps_the_cap")
class WaitingPool(Mended1):
    def acquire(self):
        try:
            conn = self.idle.get_nowait()
        except queue.Empty:
            conn = self.new() if self.open < self.most else self.wait()
        return self.tested(conn)


@wrong("review.mend_wait", "waits beside a free place", breaks="waits_only_if_full")
class WaitingPool(Mended1):
    def acquire(self):
        with self.lock:
            room = self.idle.empty() and self.open < self.most
            conn = self.new() if room else None
        if conn is None:
            conn = self.wait()
        return self.tested(conn)


@wrong("review.mend_wait", "another error", breaks="gives_up_in_time")
class WaitingPool(Mended1):
    def acquire(self):
        with self.lock:
            try:
                conn = self.idle.get_nowait()
            except queue.Empty:
                conn = self.new() if self.open < self.most else None
        if conn is None:
            conn = self.idle.get(timeout=self.patience)
        return self.tested(conn)


@wrong("review.mend_wait", "untested", breaks="tests_before_it_lends")
class WaitingPool(Mended1):
    def acquire(self):
        with self.lock:
            try:
                conn = self.idle.get_nowait()
            except queue.Empty:
                conn = self.new() if self.open < self.most else None
        return conn or self.wait()


@wrong(
    "review.mend_wait",
    "idle ignored",
    breaks="lends_at_once",
)
class WaitingPool(Mended1):
    def acquire(self):
        with self.lock:
            conn = self.new() if self.open < self.most else None
        return self.tested(conn or self.wait())


@wrong(
    "review.mend_wait",
    "lent twice",
    breaks="lends_at_once",
)
class WaitingPool(Mended1):
    def acquire(self):
        with self.lock:
            if self.idle.queue:
                return self.tested(self.idle.queue[-1])
            conn = self.new() if self.open < self.most else None
        return self.tested(conn or self.wait())


@wrong(
    "review.mend_wait",
    "beyond the cap",
    breaks="gives_up_in_time gets_what_comes_back keeps_the_cap",
)
class WaitingPool(Mended1):
    def acquire(self):
        with self.lock:
            try:
                conn = self.idle.get_nowait()
            except queue.Empty:
                conn = self.new()
        return self.tested(conn)


@wrong("review.mend_wait", "not handed on", breaks="gets_what_comes_back keeps_the_cap")
class WaitingPool(Mended1):
    def acquire(self):
        with self.lock:
            try:
                conn = self.idle.get_nowait()
            except queue.Empty:
                conn = self.new() if self.open < self.most else None
        if conn is None:
            self.throw_away(self.wait())
            conn = self.new()
        return self.tested(conn)


@wrong("review.mend_wait", "untested", breaks="tests_before_it_lends")
class WaitingPool(Mended1):
    def acquire(self):
        with self.lock:
            with suppress(queue.Empty):
                return self.tested(self.idle.get_nowait())
            if self.open < self.most:
                return self.tested(self.new())
        return self.wait()


@wrong("review.mend_wait", "no wait", breaks="gives_up_in_time")
class WaitingPool(Mended1):
    def acquire(self):
        with self.lock:
            try:
                conn = self.idle.get_nowait()
            except queue.Empty:
                if self.open >= self.most:
                    raise TimeoutError("none left") from None
                conn = self.new()
        return self.tested(conn)


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


@wrong("review.prove_return", "unclean unseen", breaks="sees_unclean sees_committing")
class ReturnProof:
    def rolled_back(self, bench):
        pool = bench.pool()
        conn = pool.acquire()
        conn.execute("INSERT INTO users VALUES ('ann@example.com')")
        pool.release(conn)
        assert pool.acquire() is conn

    def kept(self, bench):
        kept(bench)


@wrong("review.prove_return", "committing unseen", breaks="sees_committing")
class ReturnProof:
    def rolled_back(self, bench):
        pool = bench.pool()
        conn = pool.acquire()
        conn.execute("INSERT INTO users VALUES ('ann@example.com')")
        pool.release(conn)
        assert not pool.acquire().in_transaction

    def kept(self, bench):
        kept(bench)


@wrong("review.prove_return", "wasteful unseen", breaks="sees_wasteful")
class ReturnProof:
    def rolled_back(self, bench):
        rolled_back(bench)

    def kept(self, bench):
        pool = bench.pool()
        try:
            with pool.connection() as conn:
                conn.execute("INSERT INTO users VALUES (NULL)")
        except sqlite3.IntegrityError:
            pool.acquire().execute("SELECT 1")
        else:
            raise AssertionError("swallowed")


@wrong("review.prove_return", "silencing unseen", breaks="sees_silencing")
class ReturnProof:
    def rolled_back(self, bench):
        rolled_back(bench)

    def kept(self, bench):
        pool = bench.pool()
        with suppress(sqlite3.IntegrityError), pool.connection() as conn:
            conn.execute("INSERT INTO users VALUES (NULL)")
        assert pool.acquire() is conn


@wrong("review.prove_return", "fails the right", breaks="return_proofs_pass")
class ReturnProof:
    def rolled_back(self, bench):
        pool = bench.pool()
        conn = pool.acquire()
        conn.execute("INSERT INTO users VALUES ('ann@example.com')")
        pool.release(conn)
        count = pool.acquire().execute("SELECT count(*) FROM users").fetchone()
        assert count == 0

    def kept(self, bench):
        kept(bench)


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


def release(self, conn):
    try:
        conn.rollback()
    except sqlite3.Error:
        self.throw_away(conn)
    else:
        Mended2.release(self, conn)


@contextmanager
def connection(self):
    conn = self.acquire()
    try:
        yield conn
    finally:
        self.release(conn)


LEFT = "rolls_back undoes_half_a_block"


@wrong("review.mend_return", "committed", breaks=LEFT)
class CleanPool(Mended2):
    def release(self, conn):
        try:
            conn.commit()
        except sqlite3.Error:
            self.throw_away(conn)
        else:
            super().release(conn)

    def connection(self):
        return connection(self)


@wrong("review.mend_return", "left open", breaks="rolls_back drops_the_broken undoes_half_a_block")
class CleanPool(Mended2):
    def release(self, conn):
        super().release(conn)

    def connection(self):
        return connection(self)


@wrong("review.mend_return", "thrown away dirty", breaks="keeps_the_sound")
class CleanPool(Mended2):
    def release(self, conn):
        try:
            dirty = conn.in_transaction
        except sqlite3.Error:
            dirty = True
        if dirty:
            self.throw_away(conn)
        else:
            super().release(conn)

    def connection(self):
        return connection(self)


@wrong(
    "review.mend_return",
    "not kept",
    breaks="keeps_the_sound survives_an_integrity_error survives_any_exception",
)
class CleanPool(Mended2):
    def release(self, conn):
        try:
            conn.rollback()
        except sqlite3.Error:
            self.throw_away(conn)

    def connection(self):
        return connection(self)


@wrong("review.mend_return", "error to the borrower", breaks="drops_the_broken")
class CleanPool(Mended2):
    def release(self, conn):
        conn.rollback()
        super().release(conn)

    def connection(self):
        return connection(self)


@wrong("review.mend_return", "dead on the shelf", breaks="drops_the_broken")
class CleanPool(Mended2):
    def release(self, conn):
        with suppress(sqlite3.Error):
            conn.rollback()
        super().release(conn)

    def connection(self):
        return connection(self)


@wrong("review.mend_return", "place lost", breaks="drops_the_broken")
class CleanPool(Mended2):
    def release(self, conn):
        try:
            conn.rollback()
        except sqlite3.Error:
            conn.close()
        else:
            super().release(conn)

    def connection(self):
        return connection(self)


ANYTHING = "rolls_back keeps_the_sound survives_an_integrity_error survives_any_exception undoes_half_a_block"


@wrong("review.mend_return", "stands still", breaks="rolls_back")
class CleanPool(Mended2):
    def release(self, conn):
        try:
            conn.rollback()
        except sqlite3.Error:
            self.throw_away(conn)
        else:
            with self.lock:
                super().release(conn)

    def connection(self):
        return connection(self)


@wrong(
    "review.mend_return",
    "still thrown away",
    breaks="survives_an_integrity_error survives_any_exception",
)
class CleanPool(Mended2):
    def release(self, conn):
        release(self, conn)

    @contextmanager
    def connection(self):
        conn = self.acquire()
        try:
            yield conn
        except BaseException:
            self.throw_away(conn)
            raise
        self.release(conn)


@wrong("review.mend_return", "only IntegrityError", breaks="survives_any_exception")
class CleanPool(Mended2):
    def release(self, conn):
        release(self, conn)

    @contextmanager
    def connection(self):
        conn = self.acquire()
        try:
            yield conn
        except sqlite3.IntegrityError:
            self.release(conn)
            raise
        except Exception:
            self.throw_away(conn)
            raise
        else:
            self.release(conn)


@wrong("review.mend_return", "lost on Ctrl-C", breaks="survives_any_exception")
class CleanPool(Mended2):
    def release(self, conn):
        release(self, conn)

    @contextmanager
    def connection(self):
        conn = self.acquire()
        try:
            yield conn
        except Exception:
            self.release(conn)
            raise
        else:
            self.release(conn)


@wrong("review.mend_return", "swallowed", breaks="survives_an_integrity_error")
class CleanPool(Mended2):
    def release(self, conn):
        release(self, conn)

    @contextmanager
    def connection(self):
        conn = self.acquire()
        try:
            yield conn
        except sqlite3.IntegrityError:
            pass
        finally:
            self.release(conn)


@wrong("review.mend_return", "half-done kept", breaks="undoes_half_a_block")
class CleanPool(Mended2):
    def release(self, conn):
        release(self, conn)

    @contextmanager
    def connection(self):
        conn = self.acquire()
        try:
            yield conn
        finally:
            with self.lock:
                self.idle.put(conn)


@wrong("review.mend_return", "lent too early", breaks="rolls_back")
class CleanPool(Mended2):
    def release(self, conn):
        try:
            self.idle.put(conn)
            conn.rollback()
        except sqlite3.Error:
            self.throw_away(self.idle.get())

    @contextmanager
    def connection(self):
        conn = self.acquire()
        try:
            yield conn
        finally:
            self.release(conn)


@wrong("review.mend_return", "no decorator", breaks="survives_an_integrity_error")
class CleanPool(Mended2):
    def release(self, conn):
        try:
            conn.rollback()
        except sqlite3.Error:
            self.throw_away(conn)
        else:
            super().release(conn)

    def connection(self):
        conn = self.acquire()
        try:
            yield conn
        finally:
            self.release(conn)


@wrong("review.mend_return", "yields nothing", breaks="survives_an_integrity_error")
class CleanPool(Mended2):
    def release(self, conn):
        try:
            conn.rollback()
        except sqlite3.Error:
            self.throw_away(conn)
        else:
            super().release(conn)

    @contextmanager
    def connection(self):
        conn = self.acquire()
        try:
            yield
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


@wrong("review.prove_end", "unchecked unseen", breaks="sees_unchecked sees_unmoved")
class EndProof:
    def replaced(self, bench):
        pool = bench.pool()
        conn = pool.acquire()
        conn.close()
        pool.release(conn)
        pool.acquire().execute("SELECT 1")

    def closed(self, bench):
        closed(bench)


@wrong("review.prove_end", "unmoved unseen", breaks="sees_unmoved")
class EndProof:
    def replaced(self, bench):
        pool = bench.pool()
        conn = pool.acquire()
        pool.release(conn)
        conn.close()
        pool.acquire()

    def closed(self, bench):
        closed(bench)


@wrong("review.prove_end", "forgetful unseen", breaks="sees_forgetful")
class EndProof:
    def replaced(self, bench):
        replaced(bench)

    def closed(self, bench):
        pool = bench.pool()
        conn = pool.acquire()
        pool.close_all()
        assert not is_closed(conn)
        pool.release(conn)


@wrong("review.prove_end", "brutal unseen", breaks="sees_brutal")
class EndProof:
    def replaced(self, bench):
        replaced(bench)

    def closed(self, bench):
        pool = bench.pool()
        conn = pool.acquire()
        pool.close_all()
        pool.release(conn)
        assert is_closed(conn)


@wrong("review.prove_end", "fails the right", breaks="end_proofs_pass sees_brutal")
class EndProof:
    def replaced(self, bench):
        replaced(bench)

    def closed(self, bench):
        pool = bench.pool()
        conn = pool.acquire()
        pool.close_all()
        assert is_closed(conn)
        pool.release(conn)
        assert is_closed(conn)


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


def tested(self, conn):
    try:
        conn.execute("SELECT 1")
    except sqlite3.Error:
        self.throw_away(conn)
        return self.acquire()
    return conn


def close_all(self):
    self.closed = True
    with suppress(queue.Empty):
        while True:
            self.throw_away(self.idle.get_nowait())


class Finished(Mended3):
    def release(self, conn):
        super().release(conn)
        if self.closed:
            self.close_all()


@wrong(
    "review.mend_end",
    "replaces the sound",
    breaks="lends_the_sound replaces_the_dead lets_ctrl_c_through",
)
class MendedPool(Finished):
    def tested(self, conn):
        self.throw_away(conn)
        return self.new()

    def release(self, conn):
        super().release(conn)

    def close_all(self):
        close_all(self)


@wrong("review.mend_end", "error to the next", breaks="replaces_the_dead")
class MendedPool(Finished):
    def tested(self, conn):
        try:
            conn.execute("SELECT 1")
        except sqlite3.Error:
            self.throw_away(conn)
            raise
        return conn

    def release(self, conn):
        super().release(conn)

    def close_all(self):
        close_all(self)


@wrong("review.mend_end", "dead lent", breaks="replaces_the_dead")
class MendedPool(Finished):
    def tested(self, conn):
        with suppress(sqlite3.Error):
            conn.execute("SELECT 1")
        return conn

    def release(self, conn):
        super().release(conn)

    def close_all(self):
        close_all(self)


@wrong("review.mend_end", "place lost", breaks="replaces_the_dead")
class MendedPool(Finished):
    def tested(self, conn):
        try:
            conn.execute("SELECT 1")
        except sqlite3.Error:
            return self.acquire()
        return conn

    def release(self, conn):
        super().release(conn)

    def close_all(self):
        close_all(self)


@wrong("review.mend_end", "miscounted", breaks="replaces_the_dead")
class MendedPool(Finished):
    def tested(self, conn):
        try:
            conn.execute("SELECT 1")
        except sqlite3.Error:
            return self.new()
        return conn

    def release(self, conn):
        super().release(conn)

    def close_all(self):
        close_all(self)


@wrong(
    "review.mend_end",
    "left idle",
    breaks="closes_what_lies_idle closes_what_comes_back nothing_slips_through",
)
class MendedPool(Mended3):
    def tested(self, conn):
        return tested(self, conn)

    def release(self, conn):
        super().release(conn)
        if self.closed:
            conn.close()

    def close_all(self):
        self.closed = True


@wrong("review.mend_end", "stands still", breaks="closes_what_lies_idle")
class MendedPool(Finished):
    def tested(self, conn):
        return tested(self, conn)

    def release(self, conn):
        super().release(conn)

    def close_all(self):
        with self.lock:
            self.closed = True
            while not self.idle.empty():
                self.throw_away(self.idle.get_nowait())


@wrong("review.mend_end", "closed in use", breaks="leaves_alone_what_is_out")
class MendedPool(Finished):
    def tested(self, conn):
        self.out = tested(self, conn)
        return self.out

    def release(self, conn):
        super().release(conn)

    def close_all(self):
        close_all(self)
        if hasattr(self, "out"):
            self.out.close()


@wrong(
    "review.mend_end", "kept after closing", breaks="closes_what_comes_back nothing_slips_through"
)
class MendedPool(Mended3):
    def tested(self, conn):
        return tested(self, conn)

    def release(self, conn):
        super().release(conn)

    def close_all(self):
        close_all(self)


@wrong("review.mend_end", "slipped through", breaks="nothing_slips_through")
class MendedPool(Mended3):
    def tested(self, conn):
        return tested(self, conn)

    def release(self, conn):
        if self.closed:
            self.throw_away(conn)
        else:
            super().release(conn)

    def close_all(self):
        close_all(self)


@wrong("review.mend_end", "no longer clean", breaks="still_cleans")
class MendedPool(Mended3):
    def tested(self, conn):
        return tested(self, conn)

    def release(self, conn):
        with self.lock:
            self.idle.put(conn)
        if self.closed:
            self.close_all()

    def close_all(self):
        close_all(self)


@wrong("review.mend_end", "no longer kept", breaks="still_cleans")
class MendedPool(Finished):
    def tested(self, conn):
        return tested(self, conn)

    def release(self, conn):
        if conn.in_transaction:
            self.throw_away(conn)
        else:
            super().release(conn)

    def close_all(self):
        close_all(self)


@wrong("review.mend_end", "beyond the cap", breaks="replaces_the_dead")
class MendedPool(Finished):
    def tested(self, conn):
        try:
            conn.execute("SELECT 1")
        except sqlite3.Error:
            self.throw_away(conn)
            return self.tested(self.new())
        return conn

    def release(self, conn):
        super().release(conn)

    def close_all(self):
        close_all(self)


@wrong("review.mend_end", "hides Ctrl-C", breaks="lets_ctrl_c_through")
class MendedPool(Finished):
    def tested(self, conn):
        try:
            conn.execute("SELECT 1")
        except:
            self.throw_away(conn)
            return self.acquire()
        return conn

    def release(self, conn):
        super().release(conn)

    def close_all(self):
        close_all(self)


@wrong("review.mend_end", "dead on the shelf", breaks="closes_what_comes_back")
class MendedPool(Mended3):
    def tested(self, conn):
        return tested(self, conn)

    def release(self, conn):
        super().release(conn)
        if self.closed:
            self.throw_away(conn)

    def close_all(self):
        close_all(self)
