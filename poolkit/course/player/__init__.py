"""The player: plays two or three threads of a scene one at a time, in every order that matters.

A scene says what is made, who does what with it, and what must hold in the end:

    from poolkit.course.player import Scene, note, play, play_all

    def lent_once(pool_class):
        \"\"\"Two threads never hold the same connection at once.\"\"\"
        out = []

        def borrow(pool):
            conn = pool.acquire()
            note(f"took {conn}")
            assert conn not in out, "lent twice"
            out.append(conn)

        def setup():
            out.clear()
            return pool_class(...)

        scene = Scene(pool_class, setup, {"ann": borrow, "ben": borrow})
        result = play_all(scene)
        assert result.ok, result.key

`play_all` plays the scene again and again, each time switching from one worker to another at other
places, and stops at the first schedule that breaks it. Schedules with few preemptions come first
(Musuvathi and Qadeer, CHESS, PLDI 2007), so what it finds is small. `str(result)` tells it and names lines, never steps:

    ann paused after `if self._idle:`, ben took c1, ann went on: IndexError at `return ...`

`play` plays one schedule, so that a lesson can let the reader predict it first:

    result = play(scene, pause="ann after if self._idle")
    print(result.table())

What is followed: the class (or function, or module) given as `code`, its own bases, and what they
name of the same kind: notebook cells, a learner's file, poolkit. The standard library, installed
packages and the scene itself run in one go: between two instructions of theirs nobody switches.
Of an installed package what `code` names is followed and no more: a class with its bases in that
package, a function, a module whole, a package with all of its modules that are loaded:

    Scene([Adapter, sqlalchemy.pool, sqlalchemy.util.queue], setup, workers)

What is played: `threading.Lock`, `RLock` and all that stands on them (Condition, Event, Semaphore,
Barrier, `queue.Queue` and its kin, SimpleQueue), `time.sleep` and the clocks, made or called while
the scene runs, under whatever name they were imported. Time is virtual. It begins at 1000.0 and
moves only when nobody can run, so a wait for ever is seen at once and a time-out costs nothing.
Two timers due at the same moment are tried in both orders. A lock that was made before the scene,
in a class body or at the top of a file, cannot be seen waiting; the result says so.

It is played for the scene's own code: what is ours, and the packages that `code` names or stands
on. A kernel, `logging` and other libraries get real locks and real time, so that played code may
print and log. Behind a played lock is a real one: what was made in a scene works outside it.

What a result can be (`result.kind`; `result.ok` is true for the first only):

- `ok`: it held. `result.complete` says whether every schedule within the bound was played;
- `claim`: an assertion of the scene failed; its message is `result.key`;
- `raised`: something else was raised, in a worker, in set-up or in the end; key: its class name;
- `deadlock`: nobody can run and no timer is set;
- `endless`: more than 20,000 instructions in one play, or 100 waits of one worker ended by time;
- `stuck`: a worker has not moved for a second of real time: it waits for something unseen, or in
  a library that was not named;
- `unseen`: a lock made before the scene, or a thread started in it.

Nothing hangs: steps, plays and seconds are bounded, and the threads of a broken play are ended.
Those that cannot be (C code that never returns) are named in `result.left_behind`.
"""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from poolkit.course.player import story
from poolkit.course.player.locks import worker_here
from poolkit.course.player.search import Found, Scene, perform, search
from poolkit.course.player.stage import Pause

__all__ = ["Result", "Scene", "Schedule", "note", "play", "play_all"]


class Schedule(NamedTuple):
    """One order of a scene's threads, to be given to `play` again; valid for the same code."""

    switches: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Result:
    """What came of a scene; `str()` of it is the story."""

    ok: bool
    kind: str
    key: str
    story: str
    remark: str = ""
    who: str = ""
    line: str = ""
    error: BaseException | None = field(default=None, repr=False)
    schedule: Schedule | None = field(default=None, repr=False)
    plays: int = 0
    complete: bool = True
    left_behind: tuple[str, ...] = ()
    _table: str = field(default="", repr=False)

    def table(self) -> str:
        """Who ran which line, in order; empty if every schedule held."""
        return self._table

    def __str__(self) -> str:
        told = [self.story, self.remark]
        if self.left_behind:
            told.append("A thread could not be ended: restart the kernel.")
        return textwrap.fill(" ".join(filter(None, told)), 96, break_long_words=False)

    __repr__ = __str__


def play_all(
    scene: Scene, *, preemptions: int = 1, plays: int = 4000, seconds: float = 1.5
) -> Result:
    """Play every schedule of the scene with at most so many preemptions; stop at the first broken.

    `plays` and `seconds` (real ones) bound the search: beyond them the result is `ok`, and not
    `complete`. A claim has 2 s in all before its check calls it hung.
    """
    return _result(search(scene, preemptions, plays, seconds))


def play(
    scene: Scene,
    pause: str | Iterable[str] = (),
    *,
    schedule: Schedule | None = None,
) -> Result:
    """Play one schedule of the scene, and take it down line by line.

    `pause` says where a worker stops for the others: "ann after if self._idle" (a piece of the
    line is enough), "ann before self._idle.pop()", or "ann inside self._in_use += 1", which is
    between reading and writing. The worker goes on when the others are done or wait. Several
    pauses come in a list. Without one, the workers run one after the other, in their order.
    Raises ValueError for a pause that cannot be read, or that never came.
    """
    pauses = [_read(text) for text in ([pause] if isinstance(pause, str) else pause)]
    unknown = [order.name for order in pauses if order.name not in scene.workers]
    if unknown:
        raise ValueError(f"no worker {unknown[0]!r} in the scene: {', '.join(scene.workers)}")
    return _result(perform(scene, schedule.switches if schedule else (), pauses))


def note(text: str) -> None:
    """Let a worker of a scene say what it did ("took c1"), for the story."""
    worker = worker_here()
    if worker is not None:
        worker.stage.note(worker, text)


def _read(text: str) -> Pause:
    words = text.split(maxsplit=2)
    if len(words) < 3 or words[1] not in ("after", "before", "inside"):
        raise ValueError(f"a pause reads 'ann after <piece of a line>', not {text!r}")
    return Pause(words[0], words[1], words[2].strip("`"))


def _result(found: Found) -> Result:
    spots = found.stage.spots if found.stage else {}
    verdict = found.verdict
    kind, key = story.kind_and_key(verdict, spots)
    place = story.line_of(verdict, spots)
    return Result(
        ok=verdict is None,
        kind=kind,
        key=key,
        story=story.tell(found, spots),
        remark=story.remark(found),
        who=verdict.who if verdict else "",
        line=place.text if place else "",
        error=verdict.error if verdict else None,
        schedule=Schedule(found.switches) if verdict else None,
        plays=found.plays,
        complete=found.complete,
        left_behind=tuple(found.left_behind),
        _table=story.table(found),
    )
