"""What lease.commit and lease.generator promise: the same, kept in two ways."""

from __future__ import annotations

import sqlite3

from poolkit.course.exercises import assume, because
from poolkit.course.histories import Histories
from poolkit.course.lessons.lease.blocks import blocks, play_blocks, tell_blocks, what_is_stored
from poolkit.course.lessons.lease.trials import (
    GUEST,
    NO_GUEST,
    Desk,
    Oops,
    desk,
    during,
    fails_after,
    stored,
    writes,
)
from poolkit.course.pools import is_closed


def commits_at_a_good_end(form):
    """What a block wrote that ended well is committed."""
    with desk() as pool:
        during(form, pool, writes(GUEST))
        (conn,) = pool.opened
        assert not conn.in_transaction, "not committed"
        assert stored(conn) == 1, "good block undone"


def undoes_what_raised(form):
    """What a block wrote that raised is rolled back."""
    with desk() as pool:
        during(form, pool, fails_after(GUEST, Oops()), (Oops,))
        half_done_is_gone(pool, "left open", "half committed")


def undoes_at_any_exception(form):
    """Ctrl-C in a block is no better end than an error."""
    with desk() as pool:
        during(form, pool, fails_after(GUEST, KeyboardInterrupt()), (KeyboardInterrupt,))
        half_done_is_gone(pool, "only Exception", "Ctrl-C committed")


def half_done_is_gone(pool: Desk, left_open: str, committed: str) -> None:
    """Assert that the pool's one connection has nothing of a block that raised."""
    (conn,) = pool.opened
    assert not conn.in_transaction, left_open
    assert stored(conn) == 0, committed


def lets_the_exception_pass(form):
    """What the block raised reaches the caller, unchanged."""
    with desk() as pool:
        planned = Oops()
        came = during(form, pool, fails_after("SELECT 1", planned), (Oops,))
        assert came is not None, "swallowed"
        assert came is planned, "another exception"


def tells_of_a_failed_commit(form):
    """A commit that fails is rolled back, and the caller hears of it."""
    with desk() as pool:
        asked: list[str] = []

        def work(conn):
            conn.set_trace_callback(asked.append)
            conn.execute(NO_GUEST)

        came = during(form, pool, work, (sqlite3.IntegrityError,))
        (conn,) = pool.opened
        assume(any("COMMIT" in one.upper() for one in asked))
        assert came is not None or conn.in_transaction, "failed commit hushed"
        assert not conn.in_transaction, "failed commit left open"


ENDS = {
    "the block ended well": (writes(GUEST), ()),
    "the block raised": (fails_after(GUEST, Oops()), (Oops,)),
    "the commit failed": (writes(NO_GUEST), (sqlite3.IntegrityError,)),
    "the block had closed its connection and raised, so that nothing can be rolled back": (
        lambda conn: (conn.close(), fails_after("SELECT 1", Oops())(conn)),
        (Oops, sqlite3.ProgrammingError),
    ),
}


def gives_back_always(form):
    """The connection is given back, once, whatever fails."""
    for when, (work, planned) in ENDS.items():
        with desk() as pool:
            during(form, pool, work, planned)
            assert pool.back, because("not given back", when=when)
            assert len(pool.back) == 1, because("given back twice", when=when)
            open_now = any(not is_closed(conn) and conn.in_transaction for conn in pool.opened)
            assert open_now or not pool.carried[0], because("given back too early", when=when)


PROMISES = (
    commits_at_a_good_end,
    undoes_what_raised,
    undoes_at_any_exception,
    lets_the_exception_pass,
    tells_of_a_failed_commit,
    gives_back_always,
)


def every_ending() -> Histories:
    """The last claim of both exercises."""
    return Histories(
        "Whatever its blocks do and however they end, alone or two at once, it does what the text says.",
        inputs=blocks,
        play=play_blocks(what_is_stored),
        tell=tell_blocks,
    )


TELLINGS = {
    "not committed": "A block wrote a row and ended well, and its transaction is still open.",
    "good block undone": "A block wrote a row and ended well, and the row is gone.",
    "left open": "A block wrote a row and raised, and its transaction is still open.",
    "half committed": "A block wrote a row and raised, and the row was stored: half of a piece of work, kept for good.",
    "only Exception": "A block wrote a row, then came Ctrl-C, and its transaction is still open.",
    "Ctrl-C committed": "A block wrote a row, then came Ctrl-C, and the row was stored.",
    "swallowed": "The block raised, and its caller saw nothing.",
    "another exception": "The block raised one exception and its caller got another.",
    "failed commit hushed": "The commit failed, and the caller was told nothing: it believes that its rows are stored.",
    "failed commit left open": "The commit failed, and the transaction is still open. A commit that fails undoes nothing by itself.",
    "not given back": "When {when:plain}, the connection was not given back.",
    "given back too early": "When {when:plain}, the connection was given back first, and its transaction ended afterwards. By then the next borrower may have it.",
    "given back twice": "When {when:plain}, the connection was given back twice.",
}
