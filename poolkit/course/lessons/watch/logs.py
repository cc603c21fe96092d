"""Logs to try the exercises with: short ones, all that can be, and how they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from poolkit.course.histories import sequences
from poolkit.events import Event

# A move is what happened to which connection. The numbers of connections count nothing.
Move = tuple[str, int]
LENT, BACK = "lent", "returned"
CONNS = (7, 4, 9)
_LINE = "app.py:10 in serve"  # one line may borrow many


def event(at: float, what: str, conn: int, seconds: float = 0.0, thread: str = "") -> Event:
    """One event of a log that nobody recorded."""
    thread = thread or f"worker {1 + (conn == CONNS[1])}"  # who has one may take another
    return Event(at, what, thread, conn, seconds, _LINE, ("app.py:1 in main",))


def log_of(moves: Iterable[Move], began: float = 100.0, step: float = 1.0) -> list[Event]:
    """The log of some moves, one every `step` seconds; who gives back is another thread."""
    log, lent = [], {}
    for number, (what, conn) in enumerate(moves):
        at = began + number * step
        seconds = 0.5 if what in ("waited", "timed out") else 0.0
        if what == BACK:
            seconds = at - lent.get(conn, at - step)
        if what == LENT:
            lent[conn] = at
        log.append(event(at, what, conn, seconds, "the main thread" if what == BACK else ""))
    return log


def reading(func: Callable, log: list[Event], *arguments: object) -> object:
    """What is given for a log, which has to be as it was afterwards; a number as Python's own."""
    before = list(log)
    got = func(log, *arguments)
    same = len(log) == len(before) and all(map(lambda one, other: one is other, log, before))
    assert same, "changed the log"
    return plain(got)


def plain(got: object) -> object:
    """A number as Python's own, where pandas gave one of numpy's."""
    return got.item() if type(got).__module__ == "numpy" and hasattr(got, "item") else got


def tell(moves: Iterable[Move]) -> str:
    """A log in words."""
    said = [f"{what} {conn}" if conn else what for what, conn in moves]
    return f"The log says: {', '.join(said)}" if said else "The log is empty"


def short_logs(
    longest: int, others: tuple[Move, ...] = (), cut: bool = False
) -> Iterator[tuple[Move, ...]]:
    """All short logs, the empty one first. `cut`: they may begin with returns of unknown loans."""
    moves = [(what, conn) for conn in CONNS for what in (LENT, BACK)]
    yield ()
    yield from sequences([*moves, *others], longest, _can_be(cut))


def _can_be(cut: bool) -> Callable[[tuple[Move, ...]], bool]:
    """No connection is lent twice at once; the first that are named are the first of CONNS."""

    def fits(moves: tuple[Move, ...]) -> bool:
        out: set[int] = set()
        seen: list[int] = []
        for what, conn in moves:
            if what not in (LENT, BACK):
                continue
            if conn not in seen:
                if conn != CONNS[len(seen)]:
                    return False
                seen.append(conn)
                unknown = what == BACK
                if unknown and not cut:
                    return False
            elif (what == LENT) == (conn in out):
                return False
            out = out | {conn} if what == LENT else out - {conn}
        return True

    return fits
