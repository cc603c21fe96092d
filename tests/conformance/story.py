"""A promise as a story: who does what with a pool, and what must hold in the end.

A promise is a subclass of `Story`. Its docstring is the promise, in one line. `begin` makes what
the threads share; `ann`, `ben` and `carl`, as far as there are any, are the threads; `end` comes
when all are done. An assertion's message says what was seen.
"""

from __future__ import annotations

import tempfile
import threading
from typing import Any

from poolkit.course.player import note
from tests.conformance import adapter as shape
from tests.conformance.desk import Desk

WORKERS = ("ann", "ben", "carl")


class NotJudged(Exception):
    """The story cannot go on, since the pool breaks another promise than the one it is about."""


class Story:
    size = 1  # connections that the pool may open
    timeout: float | None = 10.0  # seconds that it waits at its cap
    needs = ""  # the features without which there is nothing to promise
    about = ""  # "loan", "cap": what a loan is, how many may be open; others are not judged then
    preemptions = 0  # switches from a thread that could have gone on; 0: at waits only
    interrupts = False  # whether ann is interrupted
    plays = 1000  # orders that are tried at most, the simplest first
    lesson: int | None = None  # the lesson that teaches it, where it is not its stage's
    stage = ""

    def __init__(self, pool: type, scene: Any) -> None:
        self.pool_class, self.scene = pool, scene
        self.out: list[Any] = []
        self.desk = self.make_desk(shape.said(pool, "desk", Desk))
        self.pool = pool(self.desk.connect, self.size, self._patience())
        self.happened: dict[str, threading.Event] = {}
        self.begin()

    def make_desk(self, kind: type[Desk]) -> Desk:
        return kind()

    def over(self) -> None:
        """Clear up after a play."""
        for loan in self.out:
            shape.said(self.pool_class, "abandon", id)(loan)
        self.desk.end()
        if isinstance(ends := shape.said(self.pool_class, "dispose"), str):
            getattr(self.pool, ends)()

    def _patience(self) -> float | None:
        """A pool that cannot end a wait waits for ever, where the story does not ask for more."""
        lacks = shape.lacks(self.pool_class)
        if self.timeout and "timeout" in lacks:
            return None
        if self.timeout is None and "for_ever" in lacks:
            return 1000.0
        seconds = self.timeout and self.timeout * self.scene.unit
        if seconds and "timeout" not in self.needs.split():
            return max(seconds, self.scene.patience)
        return seconds

    def begin(self) -> None:
        """Make what the threads share."""

    def end(self) -> None:
        """Look at what came of it."""

    # What the threads do.

    def at(self, moment: int, by_clock: bool = False) -> None:
        """Go on at this moment: when nobody can do anything any more that belongs before it.

        `by_clock`: also with real threads not sooner than so many seconds of the story, so that
        time-outs that begin at two moments do not end together.
        """
        self.scene.at(moment, by_clock)

    def soon(self, moment: int, what: str) -> None:
        """It should not be later than this moment; `what` says what had come by then."""
        late = self.scene.late(moment)
        assert late < 0.01, f"{what}, and who waited slept on for {late:g} s"

    def ask(self) -> Any:
        """Borrow without a look at what comes."""
        return self.scene.inside(self.pool.acquire)

    def wait_for(self, name: str) -> None:
        self.scene.wait_for(self.event(name))

    def event(self, name: str) -> threading.Event:
        return self.happened.setdefault(name, threading.Event())

    def take(self) -> Any:
        """Borrow, and look at what came: it must be open, and nobody else may have it."""
        loan = self.ask()
        self.took(loan)
        return loan

    def took(self, loan: Any) -> None:
        conn = self.raw(loan) if loan is not None else None
        if conn is None and len(self.out) >= self.size:
            raise AssertionError("all are lent, and acquire() returned None")
        if not any(conn is made for made in self.desk.made):
            kind = "None" if conn is None else type(conn).__name__
            self._is_about("loan", f"acquire() returned {kind}, which connect() did not make")
        note(f"took {conn}")
        assert not any(conn is self.raw(other) for other in self.out), (
            f"{conn} was lent to two borrowers at once"
        )
        assert self.desk.is_open(conn), f"{conn} was lent, and is closed"
        self.out.append(loan)
        self._count()

    def _count(self) -> None:
        if len(self.out) > self.size and "cap" not in shape.lacks(self.pool_class):
            self._is_about("cap", f"{len(self.out)} are lent at once, and {self.size} may be")

    def _is_about(self, what: str, seen: str) -> None:
        """What was seen breaks a story that is about it; any other cannot be judged then."""
        raise AssertionError(seen) if self.about == what else NotJudged(seen)

    def give(self, loan: Any) -> None:
        """Give back what `take` got."""
        name = self.raw(loan)
        self.out = [other for other in self.out if other is not loan]
        self.pool.release(loan)
        note(f"gave {name} back")

    def refused(self) -> bool:
        """Ask once more; True if that ended in a time-out."""
        try:
            self.take()
        except shape.timed_out(self.pool_class):
            note("gave up")
            return True
        except (AssertionError, NotJudged):
            raise
        except Exception as error:
            if len(self.out) < self.size:
                raise
            seen = f"all are lent, and acquire() raised {error!r}, which is no time-out"
            raise AssertionError(seen) from None
        return False

    def take_or(self, lost: str) -> Any:
        """Borrow, where there must be one; `lost` says what else was seen."""
        assert not self.refused(), lost
        return self.out[-1]

    def raw(self, loan: Any) -> Any:
        return shape.raw(self.pool_class, loan)

    def close_may_fail(self) -> None:
        if not self.desk.close_may_fail:
            raise NotJudged("a close of this driver does not fail")

    def must_connect(self) -> None:
        """Have the next who borrows need a new connection, also where some were opened ahead."""
        lent = [self.raw(loan) for loan in self.out]
        idle = [c for c in self.desk.open_ones.values() if not any(c is other for other in lent)]
        if idle and "check" in shape.lacks(self.pool_class):
            raise NotJudged("connections are opened ahead, and it does not check them")
        for conn in idle:
            self.desk.kill(conn)

    def all_there(self) -> None:
        """With everything given back, `size` connections can be lent at once."""
        for loan in list(self.out):
            self.give(loan)
        for number in range(self.size):
            assert not self.refused(), f"only {number} of {self.size} can be lent afterwards"
        self.within_cap()

    def within_cap(self) -> None:
        if "cap" not in shape.lacks(self.pool_class):
            assert self.desk.most <= self.size, (
                f"{self.desk.most} were open at once, and {self.size} may be"
            )

    def workers(self) -> list[str]:
        return [name for name in WORKERS if hasattr(self, name)]


class FileStory(Story):
    """A story about a database with a table, in a file; the pool opens it in its own way."""

    def make_desk(self, kind: type[Desk]) -> Desk:
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        desk = kind(f"{self.folder.name}/t.db", shape.said(self.pool_class, "connect"))
        desk.make_table()
        return desk

    def over(self) -> None:
        super().over()
        self.folder.cleanup()
