"""Claims that are played: each scene in every order that matters, and what came of it as a key."""

from __future__ import annotations

import re
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from poolkit.course.exercises import Reason, WrongType, expect
from poolkit.course.histories import Histories, Seen, raised
from poolkit.course.lessons import scenes
from poolkit.course.lessons.scenes import Connection, Table
from poolkit.course.player import Scene, note, play, play_all

#: What the learner's code raised is told without the order: it would have failed in any.
TOLD_AS_THEMSELVES = (
    WrongType, NotImplementedError, SystemExit, TypeError, NameError, AttributeError,
)  # fmt: skip

#: For `insist`, where nobody's time is over before somebody gives back.
UNTIMED = {"TimeoutError": "gave up"}

# Tellings that more than one exercise needs.
STORY = "{story}"
HELD = (
    "While one thread was connecting, another wanted to give back and had to wait for it:\n{story}"
)
LENT_TWICE = "Two have the same connection:\n{story}"
CLOSED = "What `acquire()` lent is closed: nobody can use it."
GAVE_UP = "It raised TimeoutError though nobody's time was over:\n{story}"
SERVED_WITH_NOTHING = "`acquire()` came back with nothing (None):\n{story}"
IN_ANY_ORDER = "It works alone, and not in every order:\n{story}"


def insist(
    scene: Scene, *, preemptions: int = 1, plays: int = 800, seconds: float = 0.6, **named: str
) -> None:
    """Assert that a scene holds in every order with so many preemptions, up to so many plays.

    `named`: the kind of a result ("raised" for an IndexError, "deadlock"), another error's name, or
    a key of the scene's own → the key that it stands for here. A slip that has nothing to do with
    the order, such as a TypeError, and what stands in the way of playing at all, is told as itself.
    """
    unless_hopeless(scene.code)
    result = play_all(scene, preemptions=preemptions, plays=plays, seconds=seconds)
    if result.ok:
        return
    remember_hopeless(scene.code, result)
    if isinstance(result.error, TOLD_AS_THEMSELVES):
        raise result.error
    if result.key == "nothing lent" and result.key not in named:
        raise WrongType(f"`pool.acquire()` gave nothing (None). {result.story}.")
    raise AssertionError(told(result, named))


def insist_all(some: Iterable[Scene], *, seconds: float = 0.6, **how) -> None:
    """Assert that each of several scenes holds, in so many seconds for all together. See insist."""
    ends = time.monotonic() + seconds
    for scene in some:
        insist(scene, seconds=max(0.0, ends - time.monotonic()), **how)


_hopeless: weakref.WeakKeyDictionary[type, Reason] = weakref.WeakKeyDictionary()


def remember_hopeless(pool_class: type, result) -> None:
    """Remember a class that goes round and round, stands still or naps: such plays take long."""
    if result.kind in ("stuck", "endless") or result.key == "came too late" or result.left_behind:
        _hopeless[pool_class] = told(result, {})


def unless_hopeless(pool_class: type) -> None:
    """Fail at once with what an earlier claim found, so that a check comes back in time."""
    if pool_class in _hopeless:
        raise AssertionError(_hopeless[pool_class])


def told(result, named: dict[str, str]) -> Reason:
    """The key of a misconception for a result, with what its story can be filled with."""
    kind = "unseen" if result.kind == "stuck" else result.kind
    reason = Reason(kind)
    if kind == "claim" or (kind == "raised" and result.key != "IndexError"):
        reason = Reason(named.get(result.key, result.key if kind == "claim" else kind))
    elif kind in named:
        reason = Reason(named[kind])
    story = result.story if kind != "claim" else result.story.removesuffix(f": {result.key}")
    story = re.sub(r"(^|, )\w+ sleeps(?=, )", "", story).removeprefix(", ")  # until they come
    if " " not in story:  # a name alone tells nothing
        story = ""
    parts = (story.rstrip("."), result.remark.rstrip("."))
    reason.values = {"story": " ".join(f"{part}." for part in parts if part)}
    if kind == "claim" and isinstance(said := result.error.args[0], Reason):
        reason.values |= getattr(said, "values", {})
    return reason


def alone(pool_class: type, job: Callable[[Table], None], size: int = 1) -> None:
    """Play one worker alone: what it raises is raised here, what it asserts fails here.

    Where it waits for ever, and not for a lock, the key is the table's `waits`, if the job set one.
    """
    tables = []

    def setup() -> Table:
        tables.append(Table(pool_class, size, scenes.build))
        return tables[-1]

    scene = Scene(pool_class, setup, {"ann": job})
    _hopeless.pop(pool_class, None)  # the first claim of a check: what an earlier one found is old
    result = play(scene)
    remember_hopeless(pool_class, result)
    if result.kind == "raised" and isinstance(result.error, AssertionError):
        result.error.args = ()  # the learner's own: its text must not be taken for a key of ours
    if result.kind == "raised":
        if _is_without_brackets(result.error):
            raise AssertionError("no brackets")
        raise result.error
    if not result.ok:
        waits = getattr(tables[-1], "waits", "deadlock") if tables else "deadlock"
        for_a_lock = re.search(r" at `(async )?with |\.acquire\(\)", result.story)
        raise AssertionError(told(result, {} if for_a_lock else {"deadlock": waits}))


def _is_without_brackets(error: BaseException) -> bool:
    return isinstance(error, (TypeError, AttributeError)) and "_StandIn" in str(error)


def lend(table: Table, **how: object) -> Connection:
    """Borrow, and insist that it is one of our connections, and nobody else's."""
    conn = table.pool.acquire(**how)
    called = ", ".join(f"{name}={value}" for name, value in how.items())
    expect(conn, Connection, f"pool.acquire({called})")
    note(f"took {conn}")
    assert conn not in table.desk.out, "lent twice"
    assert conn.open, "lent closed"
    table.desk.out.append(conn)
    return conn


def lend_in_company(table: Table, **how: object) -> Connection:
    """Borrow where others do, too: None means that somebody went on with nothing in hand."""
    try:
        return lend(table, **how)
    except WrongType as error:
        if str(error).endswith("None."):
            raise AssertionError("served with nothing") from None
        raise


def refuses_at_once(table: Table) -> None:
    """At the cap, `acquire(timeout=0)` raises TimeoutError, and time does not move."""
    start = time.monotonic()
    table.waits = "waited with 0"
    try:
        conn = table.pool.acquire(timeout=0)
    except TimeoutError:
        assert time.monotonic() == start, "waited with 0"
        return
    raise AssertionError("gave up in silence" if conn is None else "no cap")


def one_lent(pool_class: type) -> Callable[[], Table]:
    """Set-up: a pool of one connection, which ben has already."""

    def setup() -> Table:
        table = Table(pool_class, 1, scenes.build)
        table.first = lend(table, timeout=0)
        return table

    return setup


def gets_what_comes_back(pool_class: type) -> None:
    """Insist that a waiter is woken, and tell apart the three ways to sleep for ever."""
    given = []

    def ann(table: Table) -> None:
        lend_in_company(table, timeout=None)

    def ben(table: Table) -> None:
        given.clear()
        table.give(table.first)
        given.append(True)

    scene = Scene(pool_class, one_lent(pool_class), {"ann": ann, "ben": ben})
    unless_hopeless(pool_class)
    plain = play(scene)  # ann waits, then ben gives back: no bad luck needed
    if plain.kind == "deadlock":
        asleep = "nobody rings" if given else "waits with the lock"
        if given and keeps_the_lock(pool_class, ann, ben):
            asleep = "deadlock"
        raise AssertionError(told(plain, {"deadlock": asleep}))
    insist(scene, deadlock="lost wake-up", **UNTIMED)


def keeps_the_lock(pool_class: type, ann: Callable, ben: Callable) -> bool:
    """True if somebody who comes after the two, and would not wait, has to wait all the same."""

    def carl(table: Table) -> None:
        time.sleep(1.0)
        with suppress(TimeoutError):
            table.pool.acquire(timeout=0)

    workers = {"ann": ann, "ben": ben, "carl": carl}
    return "carl waits for ever" in play(Scene(pool_class, one_lent(pool_class), workers)).story


class PlayedHistories(Histories):
    """Every short history of a pool of one thread, on the player's stage.

    There a lock that is never let go is seen at once, and waiting costs no time.
    """

    AT_ONCE = 20  # histories in one play: its instructions are counted
    STOPS = 3  # plays that were stopped; each costs time, and the rest counts as one more

    def observe_all(self, thing: object) -> Iterator[list[Seen]]:
        histories, at, stops = self._all(), 0, []
        while at < len(histories) and len(stops) < self.STOPS:
            seen = self._some(thing, histories[at : at + self.AT_ONCE])
            yield from seen
            at += len(seen)
            stops += [one for moments in seen[-1:] for one in moments[-1:] if one.value in STOPPED]
        for _ in histories[at:]:
            yield stops[-1:]

    def __call__(self, thing: object) -> None:
        if _hopeless.get(thing) == "unseen":  # each such play takes a second
            unless_hopeless(thing)
        super().__call__(thing)

    def _some(self, thing: object, histories: list) -> list[list[Seen]]:
        """What is seen of some histories, up to the first that stops the play."""
        seen: list[list[Seen]] = []

        def ann(_table: object) -> None:
            for history in histories:
                seen.append([])
                self._watch(thing, history, seen[-1])

        result = play_all(Scene(thing, seen.clear, {"ann": ann}), preemptions=0)
        if result.ok:
            return seen
        if result.kind == "raised":
            raise result.error
        if not seen:
            return [[_stopped(result)]]
        if result.kind == "endless" and len(seen) > 1:
            return seen[:-1]  # it may have been the instructions of all of them
        seen[-1].append(_stopped(result))
        return seen

    def _watch(self, thing: object, history: object, seen: list[Seen]) -> None:
        try:
            for one in self._play(thing, history):
                seen.append(one)
        except Exception as error:
            seen.append(raised(error))


STOPPED = {
    "deadlock": "it waits for ever",
    "endless": "it goes round and round",
    "stuck": "it stands still",
    "unseen": "it cannot be played",
}


def _stopped(result) -> Seen:
    """Why a play was stopped, as something seen."""
    at = result.story if result.kind == "unseen" else f"at `{result.line}`" if result.line else ""
    return Seen(STOPPED[result.kind], result.kind, at or "somewhere")
