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


ALL = "hands_a_connection_to_the_block gives_back_at_a_good_end gives_back_when_it_raises each_gives_back_its_own lets_the_exception_pass"


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


EVERYTHING = "commits_at_a_good_end"


@wrong("lease.generator", "wrong type", breaks=EVERYTHING)
def lending(pool):
    print("borrowed", pool.acquire())


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
