"""Answers to lesson 04: other right ones, and wrong designs. Slips are in the lesson's own files."""

import sqlite3

from poolkit import ConnectionConfig
from poolkit.course.lessons.health import ClockedPool, TrustingPool, is_closed
from tests.answers import right, wrong

# --- health.check


@right("health.check")
def health_check(conn):
    report = {}
    try:
        cursor = conn.cursor()
        (version,) = cursor.execute("SELECT sqlite_version()").fetchone()
        cursor.close()
    except Exception as exc:
        report["error"] = f"{exc}"
    else:
        report["sqlite_version"] = version
    report["status"] = "unhealthy" if "error" in report else "healthy"
    return report


@right("health.check")
def health_check(conn):
    def error():
        try:
            conn.execute("SELECT 1").fetchall()
        except Exception as exc:
            return "".join(str(exc))

    if (said := error()) is None:
        return dict(status="healthy", sqlite_version=sqlite3.sqlite_version)
    return dict(status="unhealthy", error=said)


@right("health.check")
def health_check(conn):
    answer = None
    try:
        for row in conn.execute("SELECT 1"):
            answer = row[0]
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except Exception as problem:
        return {"error": str(problem), "status": "unhealthy"}
    if answer == 1:
        return {"sqlite_version": sqlite3.sqlite_version, "status": "healthy"}
    return {"error": "no answer", "status": "unhealthy"}


class _Elsewhere:
    def execute(self, question):
        raise sqlite3.ProgrammingError("objects can only be used in that same thread")


_of_the_notebook = _Elsewhere()


@wrong("health.check", "another one", breaks="open_one_is_healthy closed_one_is_not")
def health_check(conn):
    try:
        _of_the_notebook.execute("SELECT 1")
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


@wrong("health.check", "no reason", breaks="closed_one_is_not")
def health_check(conn):
    try:
        conn.execute("SELECT 1")
    except Exception as exc:
        return {"status": "unhealthy", "error": exc}
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


@wrong("health.check", "another history")
def health_check(conn):
    try:
        conn.execute("SELECT 1")
    except (sqlite3.Error, OSError) as exc:
        return {"status": "unhealthy", "error": str(exc)}
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


_report = {}


@wrong("health.check", "another history")
def health_check(conn):
    _report.clear()  # one dict for all: the report before changes with the next
    try:
        conn.execute("SELECT 1")
    except Exception as exc:
        _report.update(status="unhealthy", error=str(exc))
    else:
        _report.update(status="healthy", sqlite_version=sqlite3.sqlite_version)
    return _report


@wrong("health.check", "another history")
def health_check(conn):
    try:
        conn.execute("SELECT 1")
    except Exception as exc:
        return {"status": "unhealthy", "error": str(exc)}
    except BaseException:
        conn.close()
        raise
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


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


@right("health.guard")
class GuardedPool(TrustingPool):
    def release(self, conn):
        try:
            conn.rollback()
        except Exception:
            self._in_use -= 1
            conn.close()
            return
        super().release(conn)


@right("health.guard")
class GuardedPool(TrustingPool):
    def release(self, conn):
        fit = True
        try:
            open_yet = conn.in_transaction
            if open_yet:
                conn.execute("ROLLBACK")
        except sqlite3.Error:
            fit = False
        finally:
            self._in_use -= 1
        if fit and len(self._idle) < self.config.pool_size:
            self._idle.append(conn)
        else:
            conn.close()


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


@wrong("health.guard", "raised OperationalError", breaks="closes_a_broken_one")
class GuardedPool(TrustingPool):
    def release(self, conn):
        self._in_use -= 1
        try:
            conn.execute("SELECT 1")
        except Exception:
            return conn.close()
        if conn.in_transaction:
            conn.rollback()
        self._keep(conn)


@wrong("health.guard", "another history")
class GuardedPool(TrustingPool):
    def release(self, conn):
        self._in_use -= 1
        try:
            if conn.in_transaction:
                conn.rollback()
        except sqlite3.Error:
            conn.close()
            self._idle.clear()
        else:
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


@right("health.test")
def lends_nothing_closed(pool_class):
    careless = pool_class(ConnectionConfig())
    conn = careless.acquire()
    conn.close()
    careless.release(conn)
    if is_closed(careless.acquire()):
        raise AssertionError("a closed connection was lent")

    tidy = pool_class(ConnectionConfig())
    conn = tidy.acquire()
    tidy.release(conn)
    if tidy.acquire() is not conn:
        raise AssertionError("nothing is reused")


@right("health.test")
def lends_nothing_closed(pool_class):
    pool = pool_class(ConnectionConfig())
    conn = pool.acquire()
    conn.execute("CREATE TEMP TABLE mark (n)")
    conn.commit()
    pool.release(conn)
    conn = pool.acquire()
    found = conn.execute("SELECT count(*) FROM sqlite_temp_master WHERE name = 'mark'").fetchone()
    assert found == (1,), "a new connection where the old one was healthy"
    conn.close()
    pool.release(conn)
    assert not is_closed(pool.acquire())


@wrong("health.test", "own pool", breaks="fails_a_trusting_pool")
def lends_nothing_closed(pool_class):
    print("it lends nothing closed")


@wrong("health.test", "saw it", breaks="fails_a_trusting_pool")
def lends_nothing_closed(pool_class):
    pool = pool_class(ConnectionConfig())
    conn = pool.acquire()
    pool.release(conn)
    assert pool.acquire() is conn
    conn.close()
    pool.release(conn)
    try:
        assert not is_closed(pool.acquire())
    except AssertionError as exc:
        print("it lends closed ones", exc)


@wrong("health.test", "fails the other", breaks="passes_good_pools")
def lends_nothing_closed(pool_class):
    pool = pool_class(ConnectionConfig())
    conn = pool.acquire()
    pool.release(conn)
    assert pool._idle == [conn]
    pool.acquire().close()
    pool.release(conn)
    assert pool._idle == []


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
        for pair in list(reversed(self._idle)):
            self._idle.remove(pair)
            conn, since = pair
            young = self._clock() - since < self.config.ping_after
            if young or self._works(conn):
                return conn
            conn.close()
        return self._connect()


@right("health.lend")
class CheckingPool(ClockedPool):
    def acquire(self):
        now, found = self._clock(), None
        while found is None and len(self._idle) != 0:
            found, back = self._idle[-1]
            del self._idle[-1]
            if now >= back + self.config.ping_after:
                if not self._works(found):
                    found.close()
                    found = None
        if found is None:
            found = self._connect()
        return found


@wrong(
    "health.lend",
    "always new",
    breaks="lends_what_works leaves_the_young_alone",
    unjudged="asks_at_the_limit",
)
class CheckingPool(ClockedPool):
    def acquire(self):
        for conn, _ in self._idle:
            conn.close()
        self._idle.clear()
        return self._connect()


@wrong("health.lend", "another history")
class CheckingPool(ClockedPool):
    def acquire(self):
        for conn, since in reversed(list(self._idle)):
            del self._idle[-1]
            try:
                if self._clock() - since >= self.config.ping_after:
                    conn.execute("SELECT 1").fetchone()
                return conn
            except sqlite3.Error:
                conn.close()
        return self._connect()
