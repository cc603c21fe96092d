"""Answers to lesson 04, right and wrong."""

import sqlite3
import time

from poolkit import ConnectionConfig
from poolkit.course.lessons.health import ClockedPool, TrustingPool, is_closed
from tests.answers import right, wrong

# --- health.check


@right("health.check")
def health_check(conn):
    report = {}
    try:
        cursor = conn.cursor()
        (report["sqlite_version"],) = cursor.execute("SELECT sqlite_version()").fetchone()
        cursor.close()
    except Exception as exc:
        report["error"] = f"{type(exc).__name__}: {exc}"
    report["status"] = "unhealthy" if "error" in report else "healthy"
    return report


@right("health.check")
def health_check(conn):
    def error():
        try:
            conn.execute("SELECT 1").fetchall()
        except Exception as exc:
            return repr(exc)

    if (said := error()) is None:
        return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version, "asked": True}
    return {"status": "unhealthy", "error": said}


@wrong("health.check", "closed is fine", breaks="closed_one_is_not silent_one_is_not takes_any_error lets_the_stop_button_through")  # fmt: skip
def health_check(conn):
    if conn is None:
        return {"status": "unhealthy", "error": "no connection"}
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


class _Elsewhere:
    def execute(self, question):
        raise sqlite3.ProgrammingError("objects can only be used in that same thread")


_of_the_notebook = _Elsewhere()


@wrong("health.check", "another one", breaks="open_one_is_healthy closed_one_is_not takes_any_error lets_the_stop_button_through")  # fmt: skip
def health_check(conn):
    try:
        _of_the_notebook.execute("SELECT 1")
    except Exception as exc:
        return {"status": "unhealthy", "error": str(exc)}
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


@wrong("health.check", "did not ask", breaks="silent_one_is_not takes_any_error lets_the_stop_button_through")  # fmt: skip
def health_check(conn):
    try:
        conn.in_transaction
    except Exception as exc:
        return {"status": "unhealthy", "error": str(exc)}
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


@wrong("health.check", "did not ask", breaks="silent_one_is_not takes_any_error lets_the_stop_button_through")  # fmt: skip
def health_check(conn):
    try:
        conn.cursor().close()
    except Exception as exc:
        return {"status": "unhealthy", "error": str(exc)}
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


@wrong("health.check", "committed", breaks="disturbs_nobody")
def health_check(conn):
    try:
        conn.executescript("SELECT 1")
    except Exception as exc:
        return {"status": "unhealthy", "error": str(exc)}
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


@wrong("health.check", "began one", breaks="disturbs_nobody")
def health_check(conn):
    try:
        conn.execute("BEGIN")
    except Exception as exc:
        return {"status": "unhealthy", "error": str(exc)}
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


@wrong("health.check", "closed the broken one", breaks="disturbs_nobody")
def health_check(conn):
    try:
        conn.execute("SELECT 1")
    except Exception as exc:
        conn.close()
        return {"status": "unhealthy", "error": str(exc)}
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


@wrong("health.check", "raised IndexError", breaks="takes_any_error")
def health_check(conn):
    try:
        conn.execute("SELECT 1")
    except Exception as exc:
        report = {"status": "unhealthy"}
        report["error"] = exc.args[0]
        return report
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


@wrong("health.check", "only its own", breaks="takes_any_error")
def health_check(conn):
    try:
        conn.execute("SELECT 1")
    except sqlite3.Error as exc:
        return {"status": "unhealthy", "error": str(exc)}
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


@wrong("health.check", "stop button", breaks="lets_the_stop_button_through")
def health_check(conn):
    try:
        conn.execute("SELECT 1")
    except BaseException as exc:
        return {"status": "unhealthy", "error": str(exc)}
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


@wrong("health.check", "committed", breaks="disturbs_nobody")
def health_check(conn):
    try:
        with conn:
            conn.execute("SELECT 1")
    except Exception as exc:
        return {"status": "unhealthy", "error": str(exc)}
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


@wrong("health.check", "rolled back", breaks="disturbs_nobody")
def health_check(conn):
    try:
        conn.execute("SELECT 1")
        conn.rollback()
    except Exception as exc:
        return {"status": "unhealthy", "error": str(exc)}
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


@wrong("health.check", "closed it", breaks="disturbs_nobody")
def health_check(conn):
    try:
        conn.execute("SELECT 1")
    except Exception as exc:
        return {"status": "unhealthy", "error": str(exc)}
    finally:
        conn.close()
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


@wrong("health.check", "no reason", breaks="closed_one_is_not takes_any_error")
def health_check(conn):
    try:
        conn.execute("SELECT 1")
    except Exception:
        return {"status": "unhealthy", "error": "broken"}
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


@wrong("health.check", "no version", breaks="open_one_is_healthy")
def health_check(conn):
    try:
        conn.execute("SELECT 1")
    except Exception as exc:
        return {"status": "unhealthy", "error": str(exc)}
    return {"status": "healthy"}


@wrong("health.check", "called ill", breaks="open_one_is_healthy")
def health_check(conn):
    try:
        conn.execute("SELECT 1 FROM events")
    except Exception as exc:
        return {"status": "unhealthy", "error": str(exc)}
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


@wrong("health.check", "no status", breaks="open_one_is_healthy closed_one_is_not silent_one_is_not takes_any_error disturbs_nobody")  # fmt: skip
def health_check(conn):
    try:
        conn.execute("SELECT 1")
    except Exception as exc:
        return {"status": False, "error": str(exc)}
    return {"status": True, "sqlite_version": sqlite3.sqlite_version}


@wrong("health.check", "raised ProgrammingError", breaks="closed_one_is_not silent_one_is_not takes_any_error")  # fmt: skip
def health_check(conn):
    conn.execute("SELECT 1")
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


@wrong("health.check", "wrong type", breaks="open_one_is_healthy closed_one_is_not silent_one_is_not takes_any_error disturbs_nobody")  # fmt: skip
def health_check(conn):
    try:
        conn.execute("SELECT 1")
    except Exception:
        return "unhealthy"
    return "healthy"


# --- health.guard


@right("health.guard")
class GuardedPool(TrustingPool):
    def release(self, conn):
        self._in_use -= 1
        try:
            conn.execute("SELECT 1")
            conn.rollback()
        except Exception:
            conn.close()
            return
        self._keep(conn)


@right("health.guard")
class GuardedPool(TrustingPool):
    def release(self, conn):
        if self._is_fit(conn):
            super().release(conn)
        else:
            conn.close()
            self._in_use = self._in_use - 1

    def _is_fit(self, conn):
        try:
            conn.rollback()
        except sqlite3.Error:
            return False
        return True


@wrong("health.guard", "raised ProgrammingError", breaks="turns_a_closed_one_away closes_a_broken_one counts_them_all")  # fmt: skip
class GuardedPool(TrustingPool):
    def release(self, conn):
        self._in_use -= 1
        if conn.in_transaction:
            conn.rollback()
        self._keep(conn)


@wrong("health.guard", "kept the closed one", breaks="turns_a_closed_one_away")
class GuardedPool(TrustingPool):
    def release(self, conn):
        self._in_use -= 1
        try:
            if conn.in_transaction:
                conn.rollback()
        except sqlite3.ProgrammingError:
            self._keep(conn)
        except sqlite3.Error:
            conn.close()
        else:
            self._keep(conn)


@wrong("health.guard", "kept the closed one", breaks="turns_a_closed_one_away closes_a_broken_one")
class GuardedPool(TrustingPool):
    def release(self, conn):
        self._in_use -= 1
        try:
            if conn.in_transaction:
                conn.rollback()
        except sqlite3.Error:
            pass
        self._keep(conn)


@wrong("health.guard", "still open", breaks="rolls_back")
class GuardedPool(TrustingPool):
    def release(self, conn):
        self._in_use -= 1
        try:
            conn.execute("SELECT 1")
        except sqlite3.Error:
            conn.close()
        else:
            self._keep(conn)


@wrong("health.guard", "committed", breaks="rolls_back")
class GuardedPool(TrustingPool):
    def release(self, conn):
        self._in_use -= 1
        try:
            if conn.in_transaction:
                conn.commit()
        except sqlite3.Error:
            conn.close()
        else:
            self._keep(conn)


@wrong("health.guard", "threw away the careless", breaks="rolls_back")
class GuardedPool(TrustingPool):
    def release(self, conn):
        self._in_use -= 1
        try:
            careless = conn.in_transaction
        except sqlite3.Error:
            return
        if careless:
            conn.close()
        else:
            self._keep(conn)


@wrong("health.guard", "threw away", breaks="keeps_a_good_one")
class GuardedPool(TrustingPool):
    def release(self, conn):
        self._in_use -= 1
        try:
            if conn.in_transaction:
                conn.rollback()
                self._keep(conn)
            else:
                conn.close()
        except sqlite3.Error:
            conn.close()


@wrong("health.guard", "past the cap", breaks="keeps_a_good_one")
class GuardedPool(TrustingPool):
    def release(self, conn):
        self._in_use -= 1
        try:
            if conn.in_transaction:
                conn.rollback()
        except sqlite3.Error:
            conn.close()
        else:
            self._idle.append(conn)


@wrong("health.guard", "lost another", breaks="keeps_a_good_one")
class GuardedPool(TrustingPool):
    def release(self, conn):
        self._in_use -= 1
        try:
            if conn.in_transaction:
                conn.rollback()
        except sqlite3.Error:
            conn.close()
        else:
            self._idle = [conn]


@wrong("health.guard", "left open", breaks="closes_a_broken_one")
class GuardedPool(TrustingPool):
    def release(self, conn):
        self._in_use -= 1
        try:
            if conn.in_transaction:
                conn.rollback()
        except sqlite3.Error:
            return
        self._keep(conn)


@wrong("health.guard", "kept the broken one", breaks="closes_a_broken_one")
class GuardedPool(TrustingPool):
    def release(self, conn):
        self._in_use -= 1
        if is_closed(conn):
            return
        try:
            conn.rollback()
        except sqlite3.Error as exc:
            print("could not roll back:", exc)
        self._keep(conn)


@wrong("health.guard", "miscounted", breaks="counts_them_all")
class GuardedPool(TrustingPool):
    def release(self, conn):
        try:
            if conn.in_transaction:
                conn.rollback()
        except sqlite3.Error:
            conn.close()
        else:
            self._in_use -= 1
            self._keep(conn)


# --- health.test


@right("health.test")
def lends_nothing_closed(pool_class):
    def lent_after(careless):
        pool = pool_class(ConnectionConfig())
        conn = pool.acquire()
        if careless:
            conn.close()
        pool.release(conn)
        return conn, pool.acquire()

    before, after = lent_after(careless=False)
    assert before is after
    before, after = lent_after(careless=True)
    try:
        after.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        raise AssertionError("dead") from None


@right("health.test")
def lends_nothing_closed(pool_class):
    pool = pool_class(ConnectionConfig())
    first = pool.acquire()
    first.close()
    pool.release(first)
    second = pool.acquire()
    assert second is not first
    pool.release(second)
    if pool.acquire() is not second:
        raise AssertionError("it keeps none")


@wrong("health.test", "sees nothing", breaks="fails_a_trusting_pool fails_one_that_keeps_nothing")
def lends_nothing_closed(pool_class):
    pool = pool_class(ConnectionConfig())
    conn = pool.acquire()
    conn.close()
    pool.release(conn)


@wrong("health.test", "sees nothing", breaks="fails_a_trusting_pool")
def lends_nothing_closed(pool_class):
    pool = pool_class(ConnectionConfig())
    conn = pool.acquire()
    pool.release(conn)
    assert pool.acquire() is conn


@wrong("health.test", "reuses nothing", breaks="fails_one_that_keeps_nothing")
def lends_nothing_closed(pool_class):
    pool = pool_class(ConnectionConfig())
    conn = pool.acquire()
    conn.close()
    pool.release(conn)
    assert not is_closed(pool.acquire())


@wrong("health.test", "fails by accident", breaks="fails_a_trusting_pool")
def lends_nothing_closed(pool_class):
    pool = pool_class(ConnectionConfig())
    conn = pool.acquire()
    pool.release(conn)
    assert pool.acquire() is conn
    conn.close()
    pool.release(conn)
    pool.acquire().execute("SELECT 1")


@wrong("health.test", "own pool", breaks="passes_good_pools fails_one_that_keeps_nothing")
def lends_nothing_closed(pool_class):
    pool = TrustingPool(ConnectionConfig())
    conn = pool.acquire()
    pool.release(conn)
    assert pool.acquire() is conn
    conn.close()
    pool.release(conn)
    assert not is_closed(pool.acquire())


@wrong("health.test", "own pool", breaks="fails_a_trusting_pool fails_one_that_keeps_nothing")
def lends_nothing_closed(pool_class):
    print("it lends nothing closed")


@wrong("health.test", "stops at the guard", breaks="passes_good_pools fails_a_trusting_pool")
def lends_nothing_closed(pool_class):
    pool = pool_class(ConnectionConfig())
    conn = pool.acquire()
    pool.release(conn)
    assert pool.stats()["idle"] == 1
    pool.acquire().close()
    pool.release(conn)
    assert not is_closed(pool.acquire())


@wrong("health.test", "fails the other", breaks="passes_good_pools")
def lends_nothing_closed(pool_class):
    pool = pool_class(ConnectionConfig())
    conn = pool.acquire()
    pool.release(conn)
    assert pool._idle == [conn]
    pool.acquire().close()
    pool.release(conn)
    assert pool._idle == []


@wrong("health.test", "fails the guard", breaks="passes_good_pools")
def lends_nothing_closed(pool_class):
    pool = pool_class(ConnectionConfig())
    conn = pool.acquire()
    conn.close()
    pool.release(conn)
    assert pool.acquire() is conn
    assert not is_closed(conn)


# --- health.lend


@right("health.lend")
class CheckingPool(ClockedPool):
    def acquire(self):
        try:
            conn, since = self._idle.pop()
        except IndexError:
            return self._connect()
        idle = self._clock() - since
        if idle >= self.config.ping_after and not self._works(conn):
            conn.close()
            return self.acquire()
        return conn


@right("health.lend")
class CheckingPool(ClockedPool):
    def acquire(self):
        oldest = self._clock() - self.config.ping_after
        for conn, since in reversed(list(self._idle)):
            del self._idle[-1]
            try:
                if since <= oldest:
                    conn.execute("SELECT 1").fetchone()
                return conn
            except sqlite3.Error:
                conn.close()
        return self._connect()


@wrong("health.lend", "lent the dead", breaks="replaces_a_dead_one goes_on_to_the_next closes_what_does_not_work asks_at_the_limit")  # fmt: skip
class CheckingPool(ClockedPool):
    def acquire(self):
        if self._idle:
            return self._idle.pop()[0]
        return self._connect()


@wrong("health.lend", "lent in spite", breaks="replaces_a_dead_one goes_on_to_the_next closes_what_does_not_work asks_at_the_limit")  # fmt: skip
class CheckingPool(ClockedPool):
    def acquire(self):
        if not self._idle:
            return self._connect()
        conn, since = self._idle.pop()
        if self._clock() - since >= self.config.ping_after and not self._works(conn):
            conn.close()
            self.acquire()
        return conn


@wrong("health.lend", "opened besides", breaks="lends_what_works")
class CheckingPool(ClockedPool):
    def acquire(self):
        new = self._connect()
        while self._idle:
            conn, since = self._idle.pop()
            if self._clock() - since < self.config.ping_after or self._works(conn):
                return conn
            conn.close()
        return new


@wrong("health.lend", "asks the others", breaks="leaves_the_young_alone")
class CheckingPool(ClockedPool):
    def acquire(self):
        now, fit = self._clock(), []
        for conn, since in self._idle:
            if now - since < self.config.ping_after or self._works(conn):
                fit.append((conn, since))
            else:
                conn.close()
        self._idle = fit
        return self._idle.pop()[0] if self._idle else self._connect()


@wrong("health.lend", "at zero", breaks="asks_at_the_limit leaves_the_young_alone")
class CheckingPool(ClockedPool):
    def acquire(self):
        while self._idle:
            conn, since = self._idle.pop()
            if self._clock() - since < 0.5 or self._works(conn):
                return conn
            conn.close()
        return self._connect()


@wrong("health.lend", "own limit", breaks="leaves_the_young_alone")
class CheckingPool(ClockedPool):
    def acquire(self):
        while self._idle:
            conn, since = self._idle.pop()
            if self._clock() - since < min(0.5, self.config.ping_after) or self._works(conn):
                return conn
            conn.close()
        return self._connect()


@wrong("health.lend", "always asks", breaks="leaves_the_young_alone")
class CheckingPool(ClockedPool):
    def acquire(self):
        while self._idle:
            conn, since = self._idle.pop()
            if time.monotonic() - since < self.config.ping_after or self._works(conn):
                return conn
            conn.close()
        return self._connect()


@wrong("health.lend", "second one dead", breaks="goes_on_to_the_next")
class CheckingPool(ClockedPool):
    def acquire(self):
        if not self._idle:
            return self._connect()
        conn, since = self._idle.pop()
        if self._clock() - since >= self.config.ping_after and not self._works(conn):
            conn.close()
            return self._idle.pop()[0] if self._idle else self._connect()
        return conn


@wrong("health.lend", "gave up early", breaks="goes_on_to_the_next")
class CheckingPool(ClockedPool):
    def acquire(self):
        if self._idle:
            conn, since = self._idle.pop()
            if self._clock() - since < self.config.ping_after or self._works(conn):
                return conn
            conn.close()
        return self._connect()


@wrong("health.lend", "kept the dead", breaks="replaces_a_dead_one")
class CheckingPool(ClockedPool):
    def acquire(self):
        for pair in reversed(list(self._idle)):
            conn, since = pair
            if self._clock() - since < self.config.ping_after or self._works(conn):
                self._idle.remove(pair)
                return conn
            conn.close()
        return self._connect()


@wrong("health.lend", "left open", breaks="closes_what_does_not_work")
class CheckingPool(ClockedPool):
    def acquire(self):
        while self._idle:
            conn, since = self._idle.pop()
            if self._clock() - since < self.config.ping_after or self._works(conn):
                return conn
        return self._connect()


@wrong("health.lend", "at the limit", breaks="asks_at_the_limit")
class CheckingPool(ClockedPool):
    def acquire(self):
        while self._idle:
            conn, since = self._idle.pop()
            if self._clock() - since <= self.config.ping_after or self._works(conn):
                return conn
            conn.close()
        return self._connect()


@wrong("health.lend", "always asks", breaks="leaves_the_young_alone")
class CheckingPool(ClockedPool):
    def acquire(self):
        while self._idle:
            conn, _ = self._idle.pop()
            if self._works(conn):
                return conn
            conn.close()
        return self._connect()


@wrong("health.lend", "oldest first", breaks="lends_what_works")
class CheckingPool(ClockedPool):
    def acquire(self):
        while self._idle:
            conn, since = self._idle.pop(0)
            if self._clock() - since < self.config.ping_after or self._works(conn):
                return conn
            conn.close()
        return self._connect()


@wrong("health.lend", "lent twice", breaks="lends_what_works")
class CheckingPool(ClockedPool):
    def acquire(self):
        while self._idle:
            conn, since = self._idle[-1]
            if self._clock() - since < self.config.ping_after or self._works(conn):
                return conn
            self._idle.pop()
            conn.close()
        return self._connect()


@wrong("health.lend", "always new", breaks="lends_what_works goes_on_to_the_next leaves_the_young_alone")  # fmt: skip
class CheckingPool(ClockedPool):
    def acquire(self):
        while self._idle:
            conn, since = self._idle.pop()
            conn.close()
        return self._connect()


@wrong("health.lend", "wrong type", breaks="lends_what_works replaces_a_dead_one goes_on_to_the_next closes_what_does_not_work asks_at_the_limit leaves_the_young_alone")  # fmt: skip
class CheckingPool(ClockedPool):
    def acquire(self):
        while self._idle:
            pair = self._idle.pop()
            if self._clock() - pair[1] < self.config.ping_after or self._works(pair):
                return pair
        return self._connect(), self._clock()
