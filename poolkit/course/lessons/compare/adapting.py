"""Exercise compare.adapter: SQLAlchemy's pool in the shape that the suite asks for."""

from __future__ import annotations

import contextlib
import sqlite3
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field

from poolkit.course.exercises import Exercise, assume, because, expect
from poolkit.course.histories import Histories, Seen, sequences
from poolkit.course.shown import short
from poolkit.course.slips import slip


def QueuePool(*args: object, **settings: object):
    """SQLAlchemy's own, imported when the first one is made: that takes a while."""
    from sqlalchemy.pool import QueuePool as theirs

    return theirs(*args, **settings)


class Adapter:
    """SQLAlchemy's QueuePool in the shape of `Pool`: at most `size` connections, all kept."""

    def __init__(self, connect, size, timeout):
        """Make one QueuePool: it opens by `connect`, has at most `size` open, and keeps them all.

        At the cap it waits `timeout` seconds: 0 is not at all, None as long as it takes.
        """
        self.pool = QueuePool(connect, pool_size=size, max_overflow=0, timeout=timeout)

    def acquire(self):
        """Borrow from it, and return what it lends."""
        return self.pool.connect()

    def release(self, loan):
        """Give back what `acquire` returned."""
        loan.close()

    def stats(self):
        """Return a dict with how many connections lie `idle` and how many are `in_use`."""
        return {"idle": self.pool.checkedin(), "in_use": self.pool.checkedout()}


# --- a trial: an adapter, the connections that it opened, and the pool that it made


@dataclass
class Trial:
    adapter: object
    opened: list[sqlite3.Connection]
    made: list[tuple[object, object]]  # the QueuePools, and how long each waits at its cap
    out: list[object] = field(default_factory=list)

    def number(self, loan: object) -> int:
        """The place of a loan's connection among those that `connect` made; 0 for none of them."""
        conn = getattr(loan, "dbapi_connection", loan)
        return next((n for n, one in enumerate(self.opened, 1) if one is conn), 0)

    def waits(self) -> object:
        """How long the pool waits at its cap, as it was told."""
        return self.made[0][1]

    def acquire(self) -> str:
        """Borrow once; what came, in words."""
        before, is_out = len(self.opened), [self.number(loan) for loan in self.out]
        try:
            loan = self.adapter.acquire()
        except _refusal():
            return "nobody is let in"
        if loan is None:
            return "None"
        number = self.number(loan)
        self.out.append(loan)
        if not number:
            return "something that `connect` did not make"
        if number in is_out:
            return "a connection that is already out"
        return "a new connection" if len(self.opened) > before else "one that came back"

    def release(self, which: int) -> None:
        self.adapter.release(self.out.pop(which))


def _refusal() -> type[Exception]:
    from sqlalchemy.exc import TimeoutError

    return TimeoutError


@contextlib.contextmanager
def trial(adapter_class: type, size: int = 2, timeout: float | None = 0) -> Iterator[Trial]:
    """An adapter to try, with a watch on the pool that it makes. Its connections are closed after."""
    opened: list[sqlite3.Connection] = []

    def connect() -> sqlite3.Connection:
        opened.append(sqlite3.connect(":memory:", check_same_thread=False))
        return opened[-1]

    loans: list[weakref.ref] = []
    try:
        with _watched(loans) as made:
            found = Trial(adapter_class(connect, size, timeout), opened, made)
        yield found
    finally:
        for loan in loans:  # who is still held would give itself back later, and write into a log
            with contextlib.suppress(Exception):
                loan().detach()
        for conn in opened:
            conn.close()


@contextlib.contextmanager
def _watched(loans: list[weakref.ref]) -> Iterator[list]:
    """Note every QueuePool that is made, and how long it waits, whatever name it is made by."""
    from sqlalchemy import event
    from sqlalchemy.pool import QueuePool as theirs

    init, made = theirs.__init__, []

    # An engine reads from these very names which of its arguments are for the pool.
    def noted(self, creator, pool_size=5, max_overflow=10, timeout=30.0, use_lifo=False, **kw):
        made.append((self, timeout))
        init(self, creator, pool_size, max_overflow, timeout, use_lifo, **kw)
        event.listen(self, "checkout", lambda conn, record, loan: loans.append(weakref.ref(loan)))

    theirs.__init__ = noted
    try:
        yield made
    finally:
        theirs.__init__ = init


# --- claims


def makes_a_queue_pool(adapter_class):
    """It makes one QueuePool, whose connections come from `connect`."""
    with trial(adapter_class) as one:
        assert one.made, "no pool"
        assert len(one.made) == 1, because("pools", count=len(one.made))
        came = one.acquire()
        assert came != "None", "returned none"
        assert came == "a new connection", because("stranger", came=came)


def waits_as_told(adapter_class):
    """It waits at the cap as long as it was told: not at all, some seconds, or as long as it takes."""
    for timeout in (0, 2.5, None):
        with trial(adapter_class, timeout=timeout) as one:
            assume(one.made)
            waits = one.waits()
            assert _as_long(waits, timeout), because("another wait", timeout=timeout, waits=waits)


def lends_what_came_back(adapter_class):
    """What came back is lent again, and what is out is lent to nobody else."""
    with trial(adapter_class) as one:
        assume(one.made and _as_long(one.waits(), 0))  # else it would sleep here
        one.acquire()
        second = one.acquire()
        assert second != "a connection that is already out", "lent twice"
        one.release(0)
        came = one.acquire()
        assert came == "one that came back", because("not given back", came=came)


def keeps_to_the_size(adapter_class):
    """It never opens more than `size`, and keeps all of them."""
    for size in (1, 3):
        with trial(adapter_class, size) as one:
            assume(one.made and _as_long(one.waits(), 0))  # else it would sleep here
            came = [one.acquire() for _ in range(size + 1)]
            lent = sum(what != "nobody is let in" for what in came)
            assert lent == size, because("another size", size=size, lent=lent)
            while one.out:
                one.release(0)
            again = [one.acquire() for _ in range(size)]
            kept = again.count("one that came back")
            assert kept == size, because("not all kept", size=size, kept=kept)


def _as_long(waits: object, timeout: float | None) -> bool:
    """Whether a pool that was given `waits` waits `timeout`; eleven days is as long as it takes."""
    if timeout is None or waits is None:
        return timeout is None and (waits is None or waits >= 1e6)
    return not isinstance(waits, bool) and waits == timeout


def counts(adapter_class):
    """`stats()` tells how many lie idle and how many are in use."""
    with trial(adapter_class, size=3) as one:
        assume(one.made and _as_long(one.waits(), 0))
        for _ in range(3):
            one.acquire()
        one.release(0)
        got = one.adapter.stats()
        expect(got, dict, "adapter.stats()")
        for what, wanted in (("idle", 1), ("in_use", 2)):
            assert got.get(what) == wanted and type(got.get(what)) is int, because(
                "another count", what=what, wanted=wanted, got=got.get(what)
            )


# --- every short history of loans


ACQUIRE, FIRST, LAST = "borrow", "give back the oldest loan", "give back the newest loan"


def _possible(moves: tuple) -> bool:
    """Nobody gives back what cannot be out; the newest of one is the oldest."""
    out = 0
    for move in moves:
        if move != ACQUIRE and out < (1 if move == FIRST else 2):
            return False
        out += 1 if move == ACQUIRE else -1
    return True


def _histories() -> Iterator[tuple]:
    for moves in sequences((ACQUIRE, FIRST, LAST), 5, _possible):
        for size in (1, 2, 3):
            yield size, 0, moves
    for timeout in (2.5, None, 0.25, 60):
        yield 2, timeout, (ACQUIRE, ACQUIRE, FIRST, ACQUIRE)


def _told(history: tuple) -> str:
    size, timeout, moves = history
    return f"With size {size} and timeout {timeout}: {', '.join(moves)}"


def _play(adapter_class: type, history: tuple) -> Iterator[Seen]:
    size, timeout, moves = history
    with trial(adapter_class, size, timeout) as one:
        waits = one.waits() if one.made else "no QueuePool"
        alike = one.made and _as_long(waits, timeout)
        yield Seen("the pool waits at its cap", timeout if alike else short(waits))
        if not alike:
            return  # it might wait for ever
        for move in moves:
            if move == ACQUIRE:
                yield Seen("`acquire` gives", came := one.acquire(), came)
            elif one.out:
                one.release(0 if move == FIRST else -1)
        stats = one.adapter.stats()
        expect(stats, dict, "adapter.stats()")
        for what in ("idle", "in_use"):
            yield Seen(f"`stats()` says {what}:", stats.get(what))


every_short_history = Histories(
    "Over every short history of loans it lends, refuses and counts as QueuePool does.",
    inputs=_histories,
    play=_play,
    tell=_told,
)

adapter = Exercise(
    id="compare.adapter",
    title="SQLAlchemy's pool, in the shape of ours",
    answer=Adapter,
    parts=("__init__", "acquire", "release", "stats"),
    claims=(
        makes_a_queue_pool,
        waits_as_told,
        lends_what_came_back,
        keeps_to_the_size,
        counts,
        every_short_history,
    ),
    hints=(
        "Four lines will do, one a method: the adapter only passes on. Which settings does `QueuePool` have, and which of them open connections beyond `pool_size`?",
        "`QueuePool(connect, pool_size=…, max_overflow=…, timeout=…)` makes it. `pool.connect()` borrows; the loan is a wrapper, and its `close()` gives it back. `pool.checkedin()` and `pool.checkedout()` count.",
        "The constructor is the only line with a trap:\n\nself.pool = QueuePool(connect, pool_size=____, max_overflow=____, timeout=____)",
    ),
    tellings={
        "no pool": "An adapter was made, and no QueuePool with it.",
        "pools": "One adapter was made, and {count} QueuePools with it.",
        "returned none": "`acquire()` returned None.",
        "stranger": "The first `acquire()` of a new adapter gave {came:plain}.",
        "lent twice": "Two were borrowed, and the second `acquire()` gave the connection of the first.",
        "not given back": "With size 2 two were borrowed, one went through `release`, and the next `acquire()` gave {came:plain}.",
        "another size": "With size {size}, one more than that was asked for: {lent} were lent.",
        "not all kept": "With size {size}, {size} were lent and given back. Borrowing {size} again gave {kept} that had come back; the others were new.",
        "another wait": "The adapter was made with timeout {timeout}, and its QueuePool with {waits}.",
        "another count": "With size 3 three were borrowed and one given back: {what:plain} is {wanted}, and `stats()` says {got}.",
    },
    slips=(
        slip(
            "another size",
            "`max_overflow` is what may be opened beyond `pool_size`; left out it is 10.",
            breaks="keeps_to_the_size",
            edit="""
-        self.pool = QueuePool(connect, pool_size=size, max_overflow=0, timeout=timeout)
+        self.pool = QueuePool(connect, pool_size=size, timeout=timeout)
""",
        ),
        slip(
            "another size",
            "`max_overflow` is what may be opened beyond `pool_size`, not the most there may be.",
            breaks="keeps_to_the_size",
            edit="""
-        self.pool = QueuePool(connect, pool_size=size, max_overflow=0, timeout=timeout)
+        self.pool = QueuePool(connect, pool_size=size, max_overflow=size, timeout=timeout)
""",
        ),
        slip(
            "not all kept",
            "What is opened beyond `pool_size` is closed when it comes back: all of them should be kept.",
            breaks="keeps_to_the_size",
            edit="""
-        self.pool = QueuePool(connect, pool_size=size, max_overflow=0, timeout=timeout)
+        self.pool = QueuePool(connect, pool_size=1, max_overflow=size - 1, timeout=timeout)
""",
        ),
        slip(
            "another size",
            "Whatever size is asked for, it is 5: QueuePool's own default.",
            breaks="keeps_to_the_size",
            edit="""
-        self.pool = QueuePool(connect, pool_size=size, max_overflow=0, timeout=timeout)
+        self.pool = QueuePool(connect, max_overflow=0, timeout=timeout)
""",
        ),
        slip(
            "another wait",
            "Left out, `timeout` is QueuePool's own default, 30 seconds.",
            breaks="waits_as_told",
            edit="""
-        self.pool = QueuePool(connect, pool_size=size, max_overflow=0, timeout=timeout)
+        self.pool = QueuePool(connect, pool_size=size, max_overflow=0)
""",
        ),
        slip(
            "another wait",
            "0 is a number: do not wait at all.",
            breaks="waits_as_told",
            edit="""
-        self.pool = QueuePool(connect, pool_size=size, max_overflow=0, timeout=timeout)
+        self.pool = QueuePool(connect, pool_size=size, max_overflow=0, timeout=timeout or 30)
""",
        ),
        slip(
            "another wait",
            "None means as long as it takes.",
            breaks="waits_as_told",
            edit="""
-        self.pool = QueuePool(connect, pool_size=size, max_overflow=0, timeout=timeout)
+        self.pool = QueuePool(connect, pool_size=size, max_overflow=0, timeout=0 if timeout is None else timeout)
""",
        ),
        slip(
            "lent twice",
            "A loan that nobody holds any more gives itself back: keep the wrapper, not only what is in it.",
            breaks="lends_what_came_back keeps_to_the_size counts",
            edit="""
-        return self.pool.connect()
+        return self.pool.connect().dbapi_connection
...
-        loan.close()
+        self.last = loan
""",
        ),
        slip(
            "not given back",
            "The connection has left the pool for good. `loan.close()` gives it back; to close what is inside the loan, `detach()` and `invalidate()` do not.",
            breaks="lends_what_came_back keeps_to_the_size",
            edit="""
-        loan.close()
+        loan.detach()
""",
        ),
        slip(
            "another count",
            "`pool.size()` is how many it keeps at most, not how many lie there.",
            breaks="counts",
            edit="""
-        return {"idle": self.pool.checkedin(), "in_use": self.pool.checkedout()}
+        return {"idle": self.pool.size(), "in_use": self.pool.checkedout()}
""",
        ),
        slip(
            "another count",
            "The two are exchanged: checked out means lent.",
            breaks="counts",
            edit="""
-        return {"idle": self.pool.checkedin(), "in_use": self.pool.checkedout()}
+        return {"idle": self.pool.checkedout(), "in_use": self.pool.checkedin()}
""",
        ),
    ),
    after="Four lines. What a library offers is soon adapted; what it does not offer is said beside it, and not made up.",
)
