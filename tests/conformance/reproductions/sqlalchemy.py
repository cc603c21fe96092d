"""SQLAlchemy's QueuePool."""

import threading
import time

from sqlalchemy.pool import QueuePool

from tests.conformance.reproductions.common import (
    Thread,
    forked,
    in_one_go,
    interrupted,
    main,
    open_sqlite,
    shows,
)


def make(creator=open_sqlite, timeout=20):
    return QueuePool(creator, pool_size=1, max_overflow=0, timeout=timeout)


@shows("order.nobody_barges", "order.newcomers_queue")
def barging():
    """Who gives back and asks again is served before one who has waited."""
    pool = make()
    loan, again = pool.connect(), []
    waits = Thread(pool.connect).sleeps()
    in_one_go(lambda: (loan.close(), again.append(pool.connect())))
    return not waits.done.wait(0.3)


@shows("failures.failed_connect_wakes_the_next")
def failed_connect():
    """A connect fails, and one who waits sleeps out its time-out of 3 s beside the free place."""
    told, tries = threading.Event(), []

    def creator():
        tries.append(1)
        if len(tries) == 1:
            told.wait()
            raise OSError("no route")
        return open_sqlite()

    pool = make(creator, timeout=3)
    first = Thread(pool.connect).sleeps()
    second = Thread(pool.connect).sleeps()
    began = time.monotonic()
    told.set()
    first.done.wait()
    second.done.wait()
    return second.result is not None and second.at - began > 2


@shows("interrupts.next_in_line_gets_it")
def interrupt():
    """One of two who wait is woken and interrupted: the other sleeps on beside an idle one."""
    pool = make()
    loan, others = pool.connect(), []

    def then():
        others.append(Thread(pool.connect).sleeps())
        loan.close()

    came = interrupted(pool.connect, then)
    return came and not others[0].done.wait(0.5) and pool.checkedin() == 1


@shows("fork.child_has_its_own")
def child():
    """A child process is given its parent's connection."""
    pool = make()
    loan = pool.connect()
    ours = loan.dbapi_connection
    loan.close()
    return forked(lambda: pool.connect().dbapi_connection is ours) == "True"


@shows("fork.child_is_not_stuck")
def child_waits():
    """A child process waits for what its parent has lent."""
    pool = make(timeout=1)
    loan = pool.connect()
    return forked(pool.connect) == "TimeoutError" and loan is not None


if __name__ == "__main__":
    main()
