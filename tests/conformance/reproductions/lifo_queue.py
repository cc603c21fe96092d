"""queue.LifoQueue, filled with connections."""

import queue

from tests.conformance.reproductions.common import (
    Thread,
    in_one_go,
    interrupted,
    main,
    open_sqlite,
    shows,
)


def filled(size=1):
    pool = queue.LifoQueue()
    for _ in range(size):
        pool.put(open_sqlite())
    return pool


@shows("lends.second_return")
def second_return():
    """Put twice, a connection is got by two."""
    pool = filled(2)
    conn = pool.get()
    pool.put(conn)
    pool.put(conn)
    return pool.get() is pool.get()


@shows("order.nobody_barges", "order.newcomers_queue")
def barging():
    """Who puts and gets again is served before one who has waited."""
    pool = filled()
    conn = pool.get()
    waits = Thread(pool.get).sleeps()
    in_one_go(lambda: (pool.put(conn), pool.get_nowait()))
    return not waits.done.wait(0.3)


@shows("failures.broken_by_its_borrower")
def closed():
    """A closed connection is got again."""
    pool = filled()
    conn = pool.get()
    conn.close()
    pool.put(conn)
    return pool.get() is conn


@shows("interrupts.next_in_line_gets_it")
def interrupt():
    """One of two who wait is woken and interrupted: the other sleeps on beside what was put."""
    pool = filled()
    conn = pool.get()
    others = []

    def then():
        others.append(Thread(pool.get).sleeps())
        pool.put(conn)

    came = interrupted(lambda: pool.get(timeout=20), then)
    return came and not others[0].done.wait(0.5) and pool.qsize() == 1


if __name__ == "__main__":
    main()
