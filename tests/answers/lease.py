"""Answers to lesson 07, right and wrong."""

from contextlib import ExitStack, contextmanager

from poolkit.course.lessons.lease import Borrowed, NotingPool
from tests.answers import equivalent, right, wrong

# --- lease.class


@right("lease.class")
class Loan:
    def __init__(self, pool):
        self.acquire, self.release = pool.acquire, pool.release

    def __enter__(self):
        self.lent = self.acquire()
        return self.lent

    def __exit__(self, *how):
        self.release(self.lent)
        return False


@right("lease.class")
class Loan:
    def __init__(self, pool):
        self.pool = pool
        self.conns = []

    def __enter__(self):
        self.conns.append(self.pool.acquire())
        return self.conns[-1]

    def __exit__(self, kind, error, trace):
        try:
            if error is not None:
                raise error
        finally:
            self.pool.release(self.conns.pop())


@wrong("lease.class", "leaks on exceptions", breaks="gives_back_when_it_raises")
class Loan:
    def __init__(self, pool):
        self.pool = pool

    def __enter__(self):
        self.conn = self.pool.acquire()
        return self.conn

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.pool.release(self.conn)


@wrong("lease.class", "swallowed", breaks="lets_the_exception_pass")
class Loan:
    def __init__(self, pool):
        self.pool = pool

    def __enter__(self):
        self.conn = self.pool.acquire()
        return self.conn

    def __exit__(self, kind, error, trace):
        self.pool.release(self.conn)
        return True


@wrong("lease.class", "another exception", breaks="lets_the_exception_pass")
class Loan:
    def __init__(self, pool):
        self.pool = pool

    def __enter__(self):
        self.conn = self.pool.acquire()
        return self.conn

    def __exit__(self, kind, error, trace):
        self.pool.release(self.conn)
        if kind:
            raise kind


ALL = "hands_a_connection_to_the_block gives_back_at_a_good_end gives_back_when_it_raises each_gives_back_its_own lets_the_exception_pass"


@wrong("lease.class", "wrong type", breaks=ALL)
class Loan:
    def __init__(self, pool):
        self.pool = pool

    def __enter__(self):
        self.conn = self.pool.acquire()

    def __exit__(self, kind, error, trace):
        self.pool.release(self.conn)


@wrong("lease.class", "wrong type", breaks=ALL)
class Loan:
    def __init__(self, pool):
        self.pool = pool

    def __enter__(self):
        self.conn = self.pool.acquire()
        return self

    def __exit__(self, kind, error, trace):
        self.pool.release(self.conn)


@wrong(
    "lease.class",
    "not from the pool",
    breaks="hands_a_connection_to_the_block gives_back_at_a_good_end",
)
class Loan:
    def __init__(self, pool):
        self.pool = pool

    def __enter__(self):
        import sqlite3

        self.conn = sqlite3.connect(":memory:")
        return self.conn

    def __exit__(self, kind, error, trace):
        self.pool.release(self.conn)
        self.conn.close()


@wrong(
    "lease.class", "gave back another", breaks="gives_back_at_a_good_end each_gives_back_its_own"
)
class Loan:
    def __init__(self, pool):
        self.pool = pool

    def __enter__(self):
        return self.pool.acquire()

    def __exit__(self, kind, error, trace):
        self.pool.release(self.pool.acquire())


@wrong("lease.class", "kept", breaks="gives_back_at_a_good_end each_gives_back_its_own")
class Loan:
    def __init__(self, pool):
        self.pool = pool

    def __enter__(self):
        self.conn = self.pool.acquire()
        return self.conn

    def __exit__(self, kind, error, trace):
        if error:
            self.pool.release(self.conn)


@wrong("lease.class", "twice", breaks="gives_back_when_it_raises")
class Loan:
    def __init__(self, pool):
        self.pool = pool

    def __enter__(self):
        self.conn = self.pool.acquire()
        return self.conn

    def __exit__(self, kind, error, trace):
        if error:
            self.pool.release(self.conn)
        self.pool.release(self.conn)


@wrong("lease.class", "closed", breaks="gives_back_at_a_good_end")
class Loan:
    def __init__(self, pool):
        self.pool = pool

    def __enter__(self):
        self.conn = self.pool.acquire()
        return self.conn

    def __exit__(self, kind, error, trace):
        self.conn.close()
        self.pool.release(self.conn)


@wrong("lease.class", "leaks on Ctrl-C", breaks="gives_back_when_it_raises")
class Loan:
    def __init__(self, pool):
        self.pool = pool

    def __enter__(self):
        self.conn = self.pool.acquire()
        return self.conn

    def __exit__(self, kind, error, trace):
        if kind is None or issubclass(kind, Exception):
            self.pool.release(self.conn)


@wrong("lease.class", "not its own", breaks="each_gives_back_its_own")
class Loan:
    def __init__(self, pool):
        self.pool = pool

    def __enter__(self):
        self.pool.conn = self.pool.acquire()
        return self.pool.conn

    def __exit__(self, kind, error, trace):
        self.pool.release(self.pool.conn)


@wrong("lease.class", "too early", breaks="hands_a_connection_to_the_block")
class Loan:
    def __init__(self, pool):
        self.pool = pool
        self.conn = pool.acquire()

    def __enter__(self):
        return self.conn

    def __exit__(self, kind, error, trace):
        self.pool.release(self.conn)


# --- lease.commit


@right("lease.commit")
class CommittingLoan(Borrowed):
    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                try:
                    self.conn.commit()
                except BaseException:
                    self.conn.rollback()
                    raise
            else:
                self.conn.rollback()
        finally:
            self.pool.release(self.conn)


@right("lease.commit")
class CommittingLoan(Borrowed):
    def __exit__(self, *how):
        try:
            return self.conn.__exit__(*how)
        finally:
            self.pool.release(self.conn)


@right("lease.commit")
class CommittingLoan(Borrowed):
    def __exit__(self, kind, error, trace):
        with ExitStack() as last:
            last.callback(self.pool.release, self.conn)
            last.callback(self.conn.rollback)
            if error is None:
                self.conn.commit()


@wrong(
    "lease.commit",
    "not given back",
    breaks="gives_back_always",
)
class CommittingLoan(Borrowed):
    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                self.conn.commit()
        finally:
            self.conn.rollback()
            self.pool.release(self.conn)


@wrong("lease.commit", "failed commit left open", breaks="tells_of_a_failed_commit")
class CommittingLoan(Borrowed):
    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                self.conn.commit()
            else:
                self.conn.rollback()
        finally:
            self.pool.release(self.conn)


@wrong("lease.commit", "failed commit hushed", breaks="tells_of_a_failed_commit")
class CommittingLoan(Borrowed):
    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                self.conn.commit()
            else:
                self.conn.rollback()
        except Exception:
            self.conn.rollback()
        finally:
            self.pool.release(self.conn)


@wrong("lease.commit", "not committed", breaks="commits_at_a_good_end tells_of_a_failed_commit")
class CommittingLoan(Borrowed):
    def __exit__(self, kind, error, trace):
        try:
            if kind:
                self.conn.rollback()
        finally:
            self.pool.release(self.conn)


@wrong("lease.commit", "good block undone", breaks="commits_at_a_good_end tells_of_a_failed_commit")
class CommittingLoan(Borrowed):
    def __exit__(self, kind, error, trace):
        try:
            self.conn.rollback()
            if kind is None:
                self.conn.commit()
        finally:
            self.pool.release(self.conn)


@wrong("lease.commit", "left open", breaks="undoes_what_raised undoes_at_any_exception")
class CommittingLoan(Borrowed):
    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                with self.conn:
                    pass
        finally:
            self.pool.release(self.conn)


@wrong("lease.commit", "half committed", breaks="undoes_what_raised undoes_at_any_exception")
class CommittingLoan(Borrowed):
    def __exit__(self, kind, error, trace):
        try:
            try:
                self.conn.commit()
            finally:
                self.conn.rollback()
        finally:
            self.pool.release(self.conn)


@wrong("lease.commit", "only Exception", breaks="undoes_at_any_exception")
class CommittingLoan(Borrowed):
    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                with self.conn:
                    pass
            elif isinstance(error, Exception):
                self.conn.rollback()
        finally:
            self.pool.release(self.conn)


@wrong("lease.commit", "Ctrl-C committed", breaks="undoes_at_any_exception")
class CommittingLoan(Borrowed):
    def __exit__(self, kind, error, trace):
        try:
            try:
                if not isinstance(error, Exception):
                    self.conn.commit()
            finally:
                self.conn.rollback()
        finally:
            self.pool.release(self.conn)


@wrong("lease.commit", "swallowed", breaks="lets_the_exception_pass")
class CommittingLoan(Borrowed):
    def __exit__(self, kind, error, trace):
        try:
            try:
                if kind is None:
                    self.conn.commit()
            finally:
                self.conn.rollback()
        finally:
            self.pool.release(self.conn)
        return True


@wrong("lease.commit", "another exception", breaks="lets_the_exception_pass")
class CommittingLoan(Borrowed):
    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                with self.conn:
                    pass
            else:
                self.conn.rollback()
                raise kind
        finally:
            self.pool.release(self.conn)


@wrong("lease.commit", "given back twice", breaks="gives_back_always")
class CommittingLoan(Borrowed):
    def __exit__(self, kind, error, trace):
        try:
            try:
                if kind is None:
                    self.conn.commit()
            finally:
                self.conn.rollback()
            self.pool.release(self.conn)
        finally:
            self.pool.release(self.conn)


@wrong("lease.commit", "given back too early", breaks="gives_back_always")
class CommittingLoan(Borrowed):
    def __exit__(self, kind, error, trace):
        self.pool.release(self.conn)
        try:
            if kind is None:
                self.conn.commit()
        finally:
            self.conn.rollback()


# --- lease.generator


@right("lease.generator")
@contextmanager
def lending(pool):
    conn = pool.acquire()
    try:
        with conn:
            yield conn
    finally:
        pool.release(conn)


@right("lease.generator")
@contextmanager
def lending(pool):
    conn = pool.acquire()
    try:
        try:
            yield conn
            conn.commit()
        except BaseException:
            conn.rollback()
            raise
    finally:
        pool.release(conn)


@right("lease.generator")
@contextmanager
def lending(pool):
    with ExitStack() as last:
        conn = pool.acquire()
        last.callback(pool.release, conn)
        last.enter_context(conn)
        yield conn


@wrong(
    "lease.generator",
    "left open",
    breaks="undoes_what_raised undoes_at_any_exception tells_of_a_failed_commit gives_back_always",
)
@contextmanager
def lending(pool):
    conn = pool.acquire()
    yield conn
    conn.commit()
    pool.release(conn)


@wrong(
    "lease.generator",
    "left open",
    breaks="undoes_what_raised undoes_at_any_exception tells_of_a_failed_commit",
)
@contextmanager
def lending(pool):
    conn = pool.acquire()
    try:
        yield conn
        conn.commit()
    finally:
        pool.release(conn)


@wrong("lease.generator", "only Exception", breaks="undoes_at_any_exception")
@contextmanager
def lending(pool):
    conn = pool.acquire()
    try:
        try:
            yield conn
            conn.commit()
        except Exception:
            conn.rollback()
            raise
    finally:
        pool.release(conn)


@wrong("lease.generator", "Ctrl-C committed", breaks="undoes_at_any_exception")
@contextmanager
def lending(pool):
    conn = pool.acquire()
    try:
        try:
            yield conn
        except Exception:
            conn.rollback()
            raise
        finally:
            with conn:
                pass
    finally:
        pool.release(conn)


@wrong("lease.generator", "half committed", breaks="undoes_what_raised undoes_at_any_exception")
@contextmanager
def lending(pool):
    conn = pool.acquire()
    try:
        try:
            yield conn
        finally:
            with conn:
                pass
    finally:
        pool.release(conn)


@wrong(
    "lease.generator",
    "swallowed",
    breaks="lets_the_exception_pass",
)
@contextmanager
def lending(pool):
    conn = pool.acquire()
    try:
        yield conn
    except Exception:
        conn.rollback()
    except BaseException:
        conn.rollback()
        raise
    else:
        with conn:
            pass
    finally:
        pool.release(conn)


@wrong("lease.generator", "another exception", breaks="lets_the_exception_pass")
@contextmanager
def lending(pool):
    conn = pool.acquire()
    try:
        with conn:
            yield conn
    except BaseException as error:
        raise type(error) from None
    finally:
        pool.release(conn)


@wrong("lease.generator", "failed commit left open", breaks="tells_of_a_failed_commit")
@contextmanager
def lending(pool):
    conn = pool.acquire()
    try:
        yield conn
    except BaseException:
        conn.rollback()
        raise
    else:
        conn.commit()
    finally:
        pool.release(conn)


@wrong("lease.generator", "failed commit hushed", breaks="tells_of_a_failed_commit")
@contextmanager
def lending(pool):
    import sqlite3

    conn = pool.acquire()
    try:
        try:
            yield conn
            conn.commit()
        finally:
            conn.rollback()
    except sqlite3.IntegrityError:
        pass
    finally:
        pool.release(conn)


@wrong("lease.generator", "not given back", breaks="gives_back_always")
@contextmanager
def lending(pool):
    conn = pool.acquire()
    try:
        yield conn
        conn.commit()
    finally:
        conn.rollback()
        pool.release(conn)


@wrong("lease.generator", "not committed", breaks="commits_at_a_good_end tells_of_a_failed_commit")
@contextmanager
def lending(pool):
    conn = pool.acquire()
    try:
        yield conn
    except BaseException:
        conn.rollback()
        raise
    finally:
        pool.release(conn)


@wrong(
    "lease.generator", "good block undone", breaks="commits_at_a_good_end tells_of_a_failed_commit"
)
@contextmanager
def lending(pool):
    conn = pool.acquire()
    try:
        try:
            yield conn
        finally:
            conn.rollback()
            conn.commit()
    finally:
        pool.release(conn)


@wrong("lease.generator", "given back twice", breaks="gives_back_always")
@contextmanager
def lending(pool):
    conn = pool.acquire()
    try:
        with conn:
            yield conn
        pool.release(conn)
    finally:
        pool.release(conn)


EVERYTHING = (
    "commits_at_a_good_end undoes_what_raised undoes_at_any_exception lets_the_exception_pass "
    "tells_of_a_failed_commit gives_back_always"
)


@wrong("lease.generator", "no decorator", breaks=EVERYTHING)
def lending(pool):
    conn = pool.acquire()
    try:
        with conn:
            yield conn
    finally:
        pool.release(conn)


@wrong("lease.generator", "no yield", breaks=EVERYTHING)
@contextmanager
def lending(pool):
    conn = pool.acquire()
    try:
        return conn
    finally:
        pool.release(conn)


@wrong("lease.generator", "yields twice", breaks="commits_at_a_good_end gives_back_always")
@contextmanager
def lending(pool):
    conn = pool.acquire()
    try:
        with conn:
            yield conn
        yield conn
    finally:
        pool.release(conn)


@wrong("lease.generator", "wrong type", breaks=EVERYTHING)
def lending(pool):
    print("borrowed", pool.acquire())


@wrong("lease.generator", "yields nothing", breaks=EVERYTHING)
@contextmanager
def lending(pool):
    conn = pool.acquire()
    try:
        with conn:
            yield
    finally:
        pool.release(conn)


@wrong("lease.generator", "given back too early", breaks="gives_back_always")
@contextmanager
def lending(pool):
    conn = pool.acquire()
    try:
        try:
            yield conn
        finally:
            pool.release(conn)
        conn.commit()
    finally:
        conn.rollback()


@wrong("lease.generator", "no yield", breaks=EVERYTHING)
@contextmanager
def lending(pool):
    conn = pool.acquire()
    pool.release(conn)


# --- lease.twice


@right("lease.twice")
class OncePool(NotingPool):
    def release(self, conn):
        for place, lent in enumerate(self._lent):
            if lent is conn:
                del self._lent[place]
                return super().release(conn)
        raise ValueError(f"{conn} is not out")


@right("lease.twice")
class OncePool(NotingPool):
    def release(self, conn):
        self._lent.remove(conn)  # raises ValueError by itself
        super().release(conn)


@right("lease.twice")
class OncePool(NotingPool):
    def release(self, conn):
        if sum(one is conn for one in self._lent) != 1:
            raise ValueError
        super().release(conn)
        self._lent = [one for one in self._lent if one is not conn]


@wrong(
    "lease.twice", "second accepted", breaks="refuses_the_second_time refuses_what_it_never_lent"
)
class OncePool(NotingPool):
    def release(self, conn):
        if conn in self._idle:
            raise ValueError("given back twice")
        super().release(conn)


@wrong("lease.twice", "second accepted", breaks="refuses_the_second_time refusing_changes_nothing")
class OncePool(NotingPool):
    def release(self, conn):
        if conn not in self._lent:
            raise ValueError("not out")
        super().release(conn)


@wrong("lease.twice", "not told", breaks="refuses_the_second_time refuses_what_it_never_lent")
class OncePool(NotingPool):
    def release(self, conn):
        if conn not in self._lent:
            return
        self._lent.remove(conn)
        super().release(conn)


@wrong("lease.twice", "stranger accepted", breaks="refuses_what_it_never_lent")
class OncePool(NotingPool):
    def acquire(self):
        conn = super().acquire()
        self._known = [*getattr(self, "_known", ()), conn]
        return conn

    def release(self, conn):
        if conn in self._lent:
            self._lent.remove(conn)
        elif conn in self._known:
            raise ValueError("given back twice")
        super().release(conn)


@wrong("lease.twice", "closed the stranger", breaks="refuses_what_it_never_lent")
class OncePool(NotingPool):
    def release(self, conn):
        if conn not in self._lent:
            if conn not in self._idle:
                conn.close()
            raise ValueError("not out")
        self._lent.remove(conn)
        super().release(conn)


@wrong("lease.twice", "wrong error", breaks="refuses_the_second_time refuses_what_it_never_lent")
class OncePool(NotingPool):
    def release(self, conn):
        assert conn in self._lent, "not out"
        self._lent.remove(conn)
        super().release(conn)


@wrong("lease.twice", "changed something", breaks="refusing_changes_nothing")
class OncePool(NotingPool):
    def release(self, conn):
        super().release(conn)
        if conn not in self._lent:
            raise ValueError("not out")
        self._lent.remove(conn)


@wrong(
    "lease.twice",
    "refuses a loan",
    breaks="takes_back_what_is_out refuses_the_second_time refuses_what_it_never_lent refusing_changes_nothing lends_it_again",
)
class OncePool(NotingPool):
    def release(self, conn):
        if conn in self._lent:
            raise ValueError("still out")
        super().release(conn)


@wrong("lease.twice", "not as before", breaks="takes_back_what_is_out lends_it_again")
class OncePool(NotingPool):
    def release(self, conn):
        if conn not in self._lent:
            raise ValueError("not out")
        self._lent.remove(conn)


@wrong("lease.twice", "once for ever", breaks="lends_it_again")
class OncePool(NotingPool):
    def release(self, conn):
        self._back = getattr(self, "_back", [])
        if conn in self._back or conn not in self._lent:
            raise ValueError("given back before")
        self._back.append(conn)
        super().release(conn)


@wrong("lease.twice", "does not lend it again", breaks="lends_it_again")
class OncePool(NotingPool):
    def release(self, conn):
        if conn not in self._lent:
            raise ValueError("not out")
        self._lent.remove(conn)
        self._in_use -= 1
        if len(self._idle) < self.config.pool_size:
            self._idle.insert(0, self._connect())
        conn.close()


@wrong("lease.twice", "the other refused", breaks="takes_back_what_is_out")
class OncePool(NotingPool):
    def release(self, conn):
        if conn not in self._lent:
            raise ValueError("not out")
        self._lent.pop(0)
        super().release(conn)


@wrong(
    "lease.twice",
    "the other refused",
    breaks="takes_back_what_is_out refuses_the_second_time",
)
class OncePool(NotingPool):
    def release(self, conn):
        if conn not in self._lent:
            raise ValueError("not out")
        self._lent.clear()
        super().release(conn)


@wrong("lease.twice", "no cap", breaks="takes_back_what_is_out")
class OncePool(NotingPool):
    def release(self, conn):
        self._lent.remove(conn)
        self._idle.append(conn)
        self._in_use -= 1


equivalent(
    "lease.twice",
    "def release(self, conn): | without `if conn not in self._lent:`",
    "`remove` raises ValueError too, before anything is changed",
)
equivalent(
    "lease.twice",
    "if conn not in self._lent: | without `raise ValueError('this connection is not out on loan from this pool')`",
    "`remove` raises ValueError too, before anything is changed",
)
