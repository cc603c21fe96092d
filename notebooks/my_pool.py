"""Your own connection pool, from an empty page. Lesson 14 tells how to go about it.

Write the six methods of `Pool`. Add what you like: methods, classes, imports of the standard
library. All of it stays in this one file. In the notebook, `stage("lends")` tells which promises
your pool keeps, and `suite()` tells it of all ten stages. In a terminal, in this folder:

    ../.venv/bin/python -m pytest ../tests/conformance --pool my_pool:Pool --stage lends
"""


class Pool:
    """A pool of at most `size` connections that many threads share.

    `connect()` opens a connection. A connection has `cursor()`, `commit()`, `rollback()` and
    `close()`; a cursor has `execute(sql)`. No more is needed here, so that any database will do.
    """

    # What this pool does not offer, and is not asked for: the database would have to help.
    lacks = {
        "cursors": "a cursor that a borrower kept is the borrower's business",
        "settings": "what a borrower set on the connection stays set",
    }

    def __init__(self, connect, size, timeout=5.0):
        """Make a pool that has at most `size` connections open at once.

        `timeout`: how many seconds `acquire` waits while all are lent; 0: not at all, None: as long
        as it takes.
        """
        ...

    def acquire(self):
        """Lend a connection that works: an idle one, or a new one while fewer than `size` are open.

        Check an idle one with `SELECT 1` before it is lent, and replace it if it died. If all are
        lent, wait: whoever waits longest is served first. Raises TimeoutError when the time is up,
        what `connect()` raised if that fails, and an error of your choice once the pool is closed.
        Whatever is raised here, KeyboardInterrupt too, no place is lost.
        """
        ...

    def release(self, conn):
        """Take back a connection that `acquire` lent, and roll back what was left open.

        The longest waiter gets it. If the rollback fails, the connection is closed, its place is
        not lost, and whether you raise is up to you. Raises an error of your choice for a
        connection that is not lent; then nothing changes.
        """
        ...

    def connection(self):
        """Lend for a block, `with pool.connection() as conn:`, and give back however it ends.

        Commits when the block ends well. When it raises, or the commit does, rolls back; the
        exception goes its way.
        """
        ...

    def close_all(self):
        """Close the pool for good: what is idle now, what is lent when it comes back.

        Who waits gets an error at once, and so does who asks later. A `close()` that fails keeps no
        other connection open. Calling this twice does no harm.
        """
        ...

    def stats(self):
        """Give a dict: how many connections are "idle" and "in_use", how many callers "waiting"."""
        ...
