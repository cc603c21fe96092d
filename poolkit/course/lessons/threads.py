"""Lesson 08, threads: a lock, a cap with waiting, hand-off in order.

The claims on concurrent code are scenes for the player: each is played in every order that
matters, so that a race is found every time and nothing has to be waited for. Every claim runs on
the player's stage, the plain ones too, so that a lock that is never let go is seen at once.
"""

from __future__ import annotations

import csv
import re
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from poolkit import ConnectionConfig
from poolkit.course.exercises import Exercise, Reason, WrongType, because, expect
from poolkit.course.files import data
from poolkit.course.guard import left_behind
from poolkit.course.helping import Explanation
from poolkit.course.lessons import scenes
from poolkit.course.lessons.scenes import Connection, Desk, Table
from poolkit.course.measuring import NotMeasured
from poolkit.course.player import Scene, note, play, play_all
from poolkit.course.predicting import Prediction

# --- what the exercises start from


class Unlocked:
    """A pool for one thread: it counts what is out, and keeps at most `size` idle."""

    def __init__(self, connect, size):
        self._connect = connect
        self._size = size
        self._idle = []
        self._in_use = 0

    def acquire(self):
        conn = self._idle.pop() if self._idle else self._connect()
        self._in_use += 1
        return conn

    def release(self, conn):
        self._in_use -= 1
        if len(self._idle) < self._size:
            self._idle.append(conn)
        else:
            conn.close()

    def stats(self):
        return {"idle": len(self._idle), "in_use": self._in_use}


class LockedPool(Unlocked):
    """The same pool for many threads: one lock, made once, guards the shelf and the counter."""

    def __init__(self, connect, size):
        """Make the lock, besides all that the base makes."""
        super().__init__(connect, size)
        self._lock = threading.Lock()

    def acquire(self):
        """Lend as the base does; look, take and count under the lock, connect outside it."""
        with self._lock:
            self._in_use += 1
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def release(self, conn):
        """Take back as the base does: keep `conn` where there is room, else close it."""
        with self._lock:
            self._in_use -= 1
            if len(self._idle) < self._size:
                self._idle.append(conn)
                return
        conn.close()


class Capped:
    """Half a pool: it can connect within its cap, and has a condition to wait on."""

    def __init__(self, connect, size):
        self._connect = connect
        self._size = size
        self._idle = []
        self._open = 0  # places taken: idle, lent, and being opened
        self._changed = threading.Condition()

    def _opened(self):
        """Connect; where that fails, give the place in `_open` back and wake who waits for one."""
        try:
            return self._connect()
        except BaseException:
            with self._changed:
                self._open -= 1
                self._changed.notify()
            raise


class WaitingPool(Capped):
    """A pool that never opens more than `size`; who finds none left waits for one."""

    def acquire(self, timeout=5.0):
        """Lend an idle connection; open one while fewer than `size` are; else wait for one.

        Wait `timeout` seconds in all, then raise TimeoutError; 0 never waits, None waits for ever.
        Reserve a place in `self._open` first, then connect, outside the lock: `self._opened()`
        does it, and gives the place back if it fails.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, timeout):
                raise TimeoutError("no connection came free in time")
            if self._idle:
                return self._idle.pop()
            self._open += 1
        return self._opened()

    def release(self, conn):
        """Put `conn` on the shelf and wake one who waits."""
        with self._changed:
            self._idle.append(conn)
            self._changed.notify()


class Ticket:
    """A place in the line: a bell to sleep by, and a hand to receive a connection."""

    def __init__(self):
        self.bell = threading.Event()
        self.conn = None


class Prefilled:
    """Half a pool: all its connections are open already; it has a lock and an empty line."""

    def __init__(self, connect, size):
        self._idle = [connect() for _ in range(size)]
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._line = deque()


class FairPool(Prefilled):
    """A pool that serves in order: what comes back is handed to the one who waits longest."""

    def acquire(self, timeout=5.0):
        """Lend an idle connection, or stand in line with a `Ticket()` until one is handed over.

        Wait `timeout` seconds in all, then leave the line and raise TimeoutError; 0 never waits,
        None waits for ever. What was handed over at the last moment must not get lost.
        """
        with self._lock:
            if self._idle:
                return self._idle.pop()
            ticket = Ticket()
            self._line.append(ticket)
        if not ticket.bell.wait(timeout):
            with self._lock:
                if ticket in self._line:
                    self._line.remove(ticket)
                    raise TimeoutError("no connection came free in time")
        return ticket.conn

    def release(self, conn):
        """Hand `conn` to the first in `self._line` and ring; on the shelf only if nobody waits."""
        with self._lock:
            if self._line:
                ticket = self._line.popleft()
                ticket.conn = conn
                ticket.bell.set()
            else:
                self._idle.append(conn)


# --- what the notebook runs


def on_desk(pool_class: type, connect: Callable | None = None, size: int = 5) -> object:
    """A pool made from a config, such as SimplePool, lending connections that do nothing."""
    pool = pool_class(ConnectionConfig(pool_size=size))
    pool._connect = connect or Desk().connect
    return pool


def fate(result) -> str:
    """What became of the worker that a play is about, as the predictions put it."""
    fates = {"ok": "a connection", "raised": "an error", "deadlock": "waits for ever"}
    return fates.get(result.kind, "the same as ben")


def hammer(pool, loans: int = 10_000) -> dict[str, int]:
    """Two real threads borrow and give back, `loans` times together; count what raised."""
    went_well, went_wrong = [], []

    def work() -> None:
        for _ in range(loans // 2):
            try:
                pool.release(pool.acquire())
                went_well.append(1)
            except Exception:
                went_wrong.append(1)

    _side_by_side([work, work])
    return {"loans": loans, "went well": len(went_well), "went wrong": len(went_wrong)}


def how_many(count: int, of: int) -> str:
    """A count in the words of the prediction."""
    return "none" if count == 0 else "one in a hundred or fewer" if count * 100 <= of else "more"


def users() -> list[tuple[str, str]]:
    """Names and e-mail addresses from data/users.csv."""
    with data("users.csv").open(encoding="utf-8", newline="") as file:
        return [(row["name"], row["email"]) for row in csv.DictReader(file)]


def served(
    borrow: Callable, give_back: Callable, *, threads: int = 16, held: float = 0.0005, seconds=0.8
) -> list[int]:
    """How often each of so many real threads was lent a connection that it held for `held` seconds.

    Raises NotMeasured while code from an earlier check still runs.
    """
    if left_behind():
        raise NotMeasured(
            "not measured: code from an earlier check still runs; restart the kernel (Kernel ▸ Restart Kernel)"
        )
    counts = [0] * threads
    begin = threading.Barrier(threads)

    def work(number: int) -> None:
        begin.wait()
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            conn = borrow()
            if time.monotonic() < ends:  # what comes after the end is nobody's merit
                time.sleep(held)
                counts[number] += 1
            give_back(conn)

    _side_by_side([lambda number=number: work(number) for number in range(threads)])
    return counts


def _side_by_side(jobs: list[Callable[[], None]]) -> None:
    workers = [threading.Thread(target=job, daemon=True) for job in jobs]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def evenness(counts: list[int]) -> float:
    """The least served thread's loans against the most served one's: 1 is fair, 0 is starved."""
    return min(counts) / max(counts) if max(counts) else 0.0


def as_fair(counts: list[int]) -> str:
    """An evenness in the words of the prediction."""
    ratio = evenness(counts)
    return "nearly as often" if ratio >= 0.8 else "half as often" if ratio >= 0.3 else "hardly ever"


def fairness_picture(by_queue: list[int], by_hand_off: list[int]):
    """Draw how often each thread was served; gives the figure and its alternative text."""
    from poolkit.course import plots

    fig, both = plots.figure(1, 2, sharey=True)
    rows = [("a queue", by_queue), ("hand-off", by_hand_off)]
    for position, (axes, (name, counts)) in enumerate(zip(both, rows, strict=True)):
        most_first = sorted(counts, reverse=True)
        axes.bar(
            range(1, len(counts) + 1), most_first, color=plots.LINES[position], width=0.75,
            hatch=plots.HATCHES[position], edgecolor="white",
        )  # fmt: skip
        starved = [place for place, count in enumerate(most_first, 1) if count == 0]
        if starved:
            axes.plot(starved, [0] * len(starved), "x", color="black", clip_on=False)
            where, high = (starved[0] + starved[-1]) / 2, 0.08 * max(by_queue + by_hand_off)
            axes.text(where, high, f"{len(starved)} × never", ha="center")
        axes.set_title(name)
        axes.set_xlabel("threads, most served first")
        axes.set_xticks([1, 4, 8, 12, 16])
        axes.grid(axis="x", visible=False)
    both[0].set_ylabel("loans in 0.8 s")
    return fig, (
        "Two bar charts of how often each of sixteen threads was served, the most served first: "
        "by a queue whose waiters can be overtaken, and by hand-off to the longest waiter. "
        "A cross marks a thread that was never served."
    )


def fairness_sentence(by_queue: list[int], by_hand_off: list[int]) -> str:
    """What the picture shows, computed from its numbers; it may also be that it shows nothing."""
    queue, hand_off = evenness(by_queue), evenness(by_hand_off)
    totals = f"All together: {sum(by_queue)} loans and {sum(by_hand_off)}."
    if hand_off < 0.5 or queue > 0.5 * hand_off:
        return (
            f"Not shown on this machine: for each loan of the most served thread the least served "
            f"one got {queue:.2f} by the queue and {hand_off:.2f} by hand-off. {totals}"
        )
    never = by_queue.count(0)
    least = f"{never} of {len(by_queue)} threads never" if never else f"one only {min(by_queue)}"
    return (
        f"The queue served one thread {max(by_queue)} times and {least}; by hand-off each was "
        f"served {min(by_hand_off)} to {max(by_hand_off)} times. {totals}"
    )


def gives_and_takes(pool_class: type) -> Scene:
    """ann waits; ben gives his connection back, borrows again and keeps it."""

    def ann(table: Table) -> None:
        table.take(timeout=None)

    def ben(table: Table) -> None:
        table.give(table.first)
        table.take(timeout=None)

    return Scene(pool_class, one_lent(pool_class), {"ann": ann, "ben": ben})


def asks_again(pool_class: type, order: list[str]) -> Scene:
    """ann waits; ben gives back and asks again at once. Who is served is written into `order`."""

    def served_as(name: str, table: Table) -> None:
        conn = table.take(timeout=None)
        order.append(name)
        table.give(conn)

    def ann(table: Table) -> None:
        served_as("ann", table)

    def ben(table: Table) -> None:
        time.sleep(60)
        table.give(table.first)
        served_as("ben", table)

    return Scene(pool_class, one_lent(pool_class), {"ann": ann, "ben": ben})


# --- playing claims


#: What the learner's code raised is told without the order: it would have failed in any.
TOLD_AS_THEMSELVES = (
    WrongType, NotImplementedError, SystemExit, TypeError, NameError, AttributeError,
)  # fmt: skip

#: For `insist`, where nobody's time is over before somebody gives back.
UNTIMED = {"TimeoutError": "gave up"}


def insist(scene: Scene, *, preemptions: int = 1, **named: str) -> None:
    """Assert that a scene holds in every order with so many preemptions.

    `named`: the kind of a result ("raised" for an IndexError, "deadlock"), another error's name, or
    a key of the scene's own → the key that it stands for here. A slip that has nothing to do with
    the order, such as a TypeError, and what stands in the way of playing at all, is told as itself.
    """
    unless_hopeless(scene.code)
    result = play_all(scene, preemptions=preemptions)
    if result.ok:
        return
    remember_hopeless(scene.code, result)
    if isinstance(result.error, TOLD_AS_THEMSELVES):
        raise result.error
    if result.key == "nothing lent" and result.key not in named:
        raise WrongType(f"`pool.acquire()` gave nothing (None). {result.story}.")
    raise AssertionError(told(result, named))


_hopeless: weakref.WeakKeyDictionary[type, Reason] = weakref.WeakKeyDictionary()


def remember_hopeless(pool_class: type, result) -> None:
    """Remember a class that goes round and round, or stands still: each such play takes long."""
    if result.kind in ("stuck", "endless") or result.left_behind:
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
        if isinstance(result.error, (TypeError, AttributeError)) and "_StandIn" in str(
            result.error
        ):
            raise AssertionError("no brackets")
        raise result.error
    if not result.ok:
        waits = getattr(tables[-1], "waits", "deadlock") if tables else "deadlock"
        for_a_lock = re.search(r" at `(async )?with |\.acquire\(\)", result.story)
        raise AssertionError(told(result, {} if for_a_lock else {"deadlock": waits}))


def lend(table: Table, **how: object) -> Connection:
    """Borrow, and insist that it is one of our connections."""
    conn = table.pool.acquire(**how)
    called = ", ".join(f"{name}={value}" for name, value in how.items())
    expect(conn, Connection, f"pool.acquire({called})")
    note(f"took {conn}")
    assert conn not in table.desk.out, "lent twice"
    assert conn.open, "lent closed"
    table.desk.out.append(conn)
    return conn


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
        lend(table, timeout=None)

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


def gives_up_on_time(pool_class: type, **others: Callable[[Table], None]) -> None:
    """Insist that ann, who has one second, gives up after one second, whatever others do."""

    def ann(table: Table) -> None:
        if "carl" in others:
            time.sleep(0.1)  # she stands behind him
        start = time.monotonic()
        try:
            conn = lend(table, timeout=1.0)
        except TimeoutError:
            note("gave up")
            assert time.monotonic() >= start + 1.0, "too early"
            assert time.monotonic() == start + 1.0, "too late"
        else:
            assert time.monotonic() <= start + 1.0, "too late"
            table.give(conn)

    scene = Scene(pool_class, one_lent(pool_class), {"ann": ann, **others}, Table.all_there)
    unless_hopeless(pool_class)
    with_the_lock = "gave up: nobody can go on" in play(scene).story
    few = 0 if "carl" in others else 1  # one written score, where it matters who comes when
    insist(scene, preemptions=few, deadlock="deadlock" if with_the_lock else "no deadline")


def teases(table: Table) -> None:
    """ben gives back and takes again before the one he woke gets going; she may be lucky."""
    time.sleep(0.6)
    table.give(table.first)
    table.first = lend(table, timeout=None)
    time.sleep(2.0)
    table.give(table.first)


def stands_before(table: Table) -> None:
    """carl waits before ann, is served while she waits, and keeps what he has."""
    with suppress(TimeoutError):
        lend(table, timeout=5.0)


def serves_one(table: Table) -> None:
    """ben gives back when both wait."""
    time.sleep(0.6)
    table.give(table.first)


UNSEEN = "{story}"
ENDLESS = "{story}\nWhoever waits should sleep: a loop that looks again and again takes the processor from the one it waits for."
HELD = "While one thread was connecting, another wanted to give back and had to wait for it:\n{story}\nTake the place under the lock, then let go of it and connect."
LENT_TWICE = "Two have the same connection:\n{story}\nLooking at it and taking it off the shelf belong in one step under the lock, and what is lent has to leave the shelf."
CLOSED = "What `acquire()` lent is closed: nobody can use it. Close only what you do not keep."
GAVE_UP = "It raised TimeoutError though nobody's time was over:\n{story}\nWoken in vain, it should look again and wait on; `None` means for ever."


# --- threads.lock


def works_as_before(pool_class):
    """One thread alone notices no difference."""

    def ann(table):
        first, second, third = (lend(table) for _ in range(3))
        stats = table.pool.stats()
        assert stats == {"idle": 0, "in_use": 3}, because("miscounted", **stats)
        for conn in (first, second, third):
            table.give(conn)
        stats = table.pool.stats()
        assert stats == {"idle": 2, "in_use": 0}, because("miscounted at the end", **stats)
        assert table.desk.open <= 2, "dropped, not closed"
        conn = lend(table)
        assert conn in (first, second), "not reused"
        assert table.desk.made == 3, "opened for nothing"
        assert table.pool.stats()["idle"] == 1, "left on the shelf"
        assert conn is second, "not the last one"

    alone(pool_class, ann, size=2)


def takes_in_one_step(pool_class):
    """Two who borrow at once get two connections, though only one lies idle."""
    unless_hopeless(pool_class)
    result = play_all(scenes.lent_once(pool_class))
    if "made in that call" in result.remark:
        raise AssertionError(told(result, {"raised": "made anew"}))
    insist(scenes.lent_once(pool_class), raised="not in one step")


def counts_both_sides(pool_class):
    """One borrows while another gives back, and `in_use` is right afterwards."""

    def setup():
        table = Table(pool_class, 2, scenes.build)
        table.first = lend(table)
        return table

    def ann(table):
        lend(table)

    def ben(table):
        table.give(table.first)

    def holds(table):
        assert table.pool.stats()["in_use"] == 1, "one side only"

    insist(Scene(pool_class, setup, {"ann": ann, "ben": ben}, holds), raised="not in one step")


def keeps_no_more(pool_class):
    """Two who give back at once do not fill one free place twice."""

    def setup():
        table = Table(pool_class, 1, scenes.build)
        table.first, table.second = lend(table), lend(table)
        return table

    def ann(table):
        table.give(table.first)

    def ben(table):
        table.give(table.second)

    def holds(table):
        assert table.pool.stats()["idle"] <= 1, "kept too many"

    insist(Scene(pool_class, setup, {"ann": ann, "ben": ben}, holds))


def connects_outside(pool_class):
    """While one connects, another can give back."""
    insist(scenes.slow_connect(pool_class))


lock = Exercise(
    id="threads.lock",
    title="One at a time, please",
    answer=LockedPool,
    parts=("__init__", "acquire", "release"),
    claims=(
        works_as_before,
        takes_in_one_step,
        counts_both_sides,
        keeps_no_more,
        connects_outside,
    ),
    hints=(
        "Which lines of the base read or change `_idle` or `_in_use`? Each look, and the change that follows from it, belong in one `with self._lock:`.",
        "Make one `threading.Lock()` in `__init__` and take it in both methods. Connecting is slow: note under the lock that nothing was idle, let go, then connect. You may count before you connect.",
        "Fill in the blanks; `release` goes the same way.\n\nwith self._lock:\n    self._in_use += 1\n    if self._idle:\n        return ____\nreturn ____",
    ),
    tellings={
        "miscounted": "Three were borrowed from an empty shelf: 0 idle, 3 in use. `stats()` says {idle} idle, {in_use} in use.",
        "miscounted at the end": "Three were borrowed and given back, with room for two: 2 idle, 0 in use. `stats()` says {idle} idle, {in_use} in use.",
        "not reused": "One lay idle, and `acquire()` opened another. Look at `self._idle` first, and take the last one off it.",
        "dropped, not closed": "Three came back and there was room for two. The third is still open: close what you do not keep.",
        "opened for nothing": "One lay idle and was lent, and yet another was opened that nobody has. Connect only if nothing is idle.",
        "left on the shelf": "Two lay idle and one was lent, and still two lie there. Take it off the shelf: `self._idle.pop()`.",
        "not the last one": "Two lay idle. The base lends the one that came back last, `self._idle.pop()`; yours lent the other.",
        "lent closed": CLOSED,
        "no brackets": "A lock is missing its brackets: `threading.Lock` is what makes locks, and `threading.Lock()` makes one.",
        "deadlock": "{story}\nA lock that is taken has to be let go on every way out, and `threading.Lock` cannot be taken twice by one thread. `with self._lock:` lets go by itself.",
        "not in one step": "Between looking at the shelf and taking from it, somebody else took the last one:\n{story}\nHold the lock from the look to the `pop`.",
        "made anew": "{story}\nMake one lock in `__init__` and use that one everywhere.",
        "lent twice": LENT_TWICE,
        "one side only": "One is out, and `in_use` says something else:\n{story}\n`+= 1` and `-= 1` read, compute and write. Both sides have to hold the lock for it, and the same one.",
        "raised": "It works alone and not in every order:\n{story}\nA lock is taken and let go by the same thread, once each: `with self._lock:` does it.",
        "kept too many": "There was room for one, and two were kept:\n{story}\nHold the lock from `len(self._idle)` to `append`.",
        "held up by a connect": HELD,
        "unseen": UNSEEN,
        "endless": ENDLESS,
    },
    after="Ten words of code. The work was to see which lines belong together, and which must stay out.",
)


# --- threads.cap


def lends_up_to_the_cap(pool_class):
    """Alone: it lends, reuses, opens up to `size`, and refuses one more at once if told not to wait."""

    def ann(table):
        table.waits = "never opens"
        try:
            first = lend(table, timeout=0)
            table.give(first)
            made = table.desk.made
            lend(table, timeout=0)
            assert table.desk.made == made, "not reused"
            lend(table, timeout=None)
        except (TimeoutError, IndexError):
            raise AssertionError("never opens") from None
        refuses_at_once(table)

    alone(pool_class, ann, size=2)


def wakes_who_waits(pool_class):
    """Who waits gets the connection that another gives back."""
    gets_what_comes_back(pool_class)


def opens_no_more(pool_class):
    """Two who come at once get one each, and no more are opened than the cap allows."""
    insist(scenes.lent_once(pool_class), **UNTIMED)
    insist(scenes.capped(pool_class), **UNTIMED)


def looks_again(pool_class):
    """Who was woken looks again: somebody else may have been faster."""
    renamed = {"too many opened": "looked once, opened", **UNTIMED}
    insist(scenes.still_there(pool_class), raised="looked once", **renamed)


def keeps_the_deadline(pool_class):
    """Whose time is over gives up, not before and not later, though woken in vain meanwhile."""
    gives_up_on_time(pool_class)
    gives_up_on_time(pool_class, ben=teases)
    insist(scenes.timed_out(pool_class))


def connects_outside_the_lock(pool_class):
    """While one connects, another can give back."""
    insist(scenes.slow_connect(pool_class))


def frees_the_place(pool_class):
    """A connect that fails gives its place to the next who waits."""
    insist(scenes.failed_connect(pool_class), deadlock="place lost", **UNTIMED)


def sleeps_till_woken(pool_class):
    """Who waits does nothing until a connection comes back, and then has it at once."""
    insist(scenes.at_rest(pool_class), **UNTIMED)


cap = Exercise(
    id="threads.cap",
    title="Wait for your turn, but not for ever",
    answer=WaitingPool,
    parts=("acquire", "release"),
    claims=(
        lends_up_to_the_cap,
        wakes_who_waits,
        opens_no_more,
        looks_again,
        keeps_the_deadline,
        connects_outside_the_lock,
        frees_the_place,
        sleeps_till_woken,
    ),
    hints=(
        "What has to be true before you may go on? Either something lies idle, or there is room for one more. Wait for that, not for a bell.",
        "`self._changed.wait_for(ready, timeout)` looks, sleeps, looks again, keeps the deadline, and gives something false when time is up. `ready` is a function without arguments. Under the same lock take a connection, or reserve a place; connect after the `with` block.",
        "Fill in the blanks.\n\nwith self._changed:\n    if not self._changed.wait_for(lambda: ____ or ____, timeout):\n        raise TimeoutError\n    if self._idle:\n        return self._idle.pop()\n    ____\nreturn self._opened()",
    ),
    tellings={
        "not reused": "One lay idle, and `acquire()` opened another. Look at the shelf first.",
        "never opens": "None was idle and fewer than `size` were open, and `acquire()` did not open one. {story}\nAsk both in one look: does something lie idle, or is `self._open` less than `self._size`?",
        "no cap": "`size` was 2 and two were out; `acquire(timeout=0)` lent a third. Compare `self._open` with `self._size` before you connect, and count what you open. Where `wait` or `wait_for` gives False, time is up.",
        "gave up in silence": "`size` was 2 and two were out; `acquire(timeout=0)` returned None. Who asked would go on with nothing in hand: raise TimeoutError.",
        "waited with 0": "`acquire(timeout=0)` at the cap should raise TimeoutError at once; yours waited first.",
        "too many opened": "The pool may open one connection, and opened two:\n{story}\nReserve the place in `self._open` while you still hold the lock under which you looked. With a semaphore: put `conn` down first, release it afterwards.",
        "looked once, opened": "Two were open where one may be:\n{story}\nBeing woken means that something changed, not that it is yours. Look again in a `while`, or use `wait_for`.",
        "gave up": GAVE_UP,
        "lent closed": CLOSED,
        "waits with the lock": "{story}\nWho waits holds the lock that `release` needs. Wait on the condition itself, `self._changed.wait`: it lets go of the lock while it sleeps.",
        "nobody rings": "{story}\nThe connection came back, and the one who waits was not told. `release` has to call `notify()`, on the same condition on which `acquire` waits.",
        "lost wake-up": "{story}\nThe bell rang before the waiter slept, and nobody rings twice. Look and fall asleep under one hold of the lock.",
        "looked once": "{story}\nBeing woken means that something changed, not that it is yours. Look again in a `while`, or use `wait_for`.",
        "too early": "`acquire(timeout=1.0)` gave up before its second was over:\n{story}\nWoken in vain, it should wait for what is left of its time.",
        "too late": "`acquire(timeout=1.0)` waited longer than a second:\n{story}\nIf the time begins anew after each wake-up, compute the end once, or leave it to `wait_for`.",
        "no deadline": "`acquire(timeout=1.0)` waits for ever:\n{story}\nPass the timeout on to the wait.",
        "held up by a connect": HELD,
        "place lost": "A connect failed, and its place is gone for good:\n{story}\n`self._opened()` connects and, where that fails, gives the place back and wakes the next. If you count places elsewhere, in a semaphore or a queue, give it back there too.",
        "came too late": "A connection came back and the waiter did not notice at once:\n{story}\nA `sleep` in a loop is always too short or too long. Wait on the condition: `notify` ends it at the right moment.",
        "endless": ENDLESS,
        "deadlock": "{story}\nSomebody has kept the lock. `with self._changed:` lets go of it on every way out.",
        "raised": "It works alone and not in every order:\n{story}\nLook and take under one hold of the lock.",
        "lent twice": LENT_TWICE,
        "a connection is lost": "All were given back, and not all can be lent again:\n{story}\nWhere time is up, look once more under the lock whether something was handed over.",
        "unseen": UNSEEN,
    },
    after="A cap, a wait, a deadline: this is what most pools in use do. What it does not promise is that the one who waits longest is next.",
)


# --- threads.order


def lends_what_it_has(pool_class):
    """Alone: it lends what is idle, takes back, and refuses at once if told not to wait."""

    def comes_back(table, conn, key):
        table.give(conn)
        try:
            assert lend(table, timeout=0) is conn, key
        except TimeoutError:
            raise AssertionError(key) from None

    def ann(table):
        first = lend(table, timeout=0)
        lend(table, timeout=None)
        comes_back(table, first, "not given back")
        refuses_at_once(table)
        comes_back(table, first, "still in line")

    alone(pool_class, ann, size=2)


def serves_who_waits(pool_class):
    """Two who come at once get one each; who waits gets the connection that another gives back."""
    insist(scenes.lent_once(pool_class), **UNTIMED)
    gets_what_comes_back(pool_class)


def serves_in_order(pool_class):
    """The one who has waited longest is next, and nobody gets in before."""
    renamed = {"nothing lent": "served with nothing", **UNTIMED}
    scene = scenes.in_order(pool_class)
    insist(scene, preemptions=0, deadlock="not passed on", **renamed)  # one score: who comes when


def gives_up(pool_class):
    """Whose time is over gives up, not before and not later, though woken in vain meanwhile."""
    gives_up_on_time(pool_class)
    gives_up_on_time(pool_class, ben=serves_one, carl=stands_before)


def leaves_nothing_behind(pool_class):
    """Who gives up just when a connection is handed over loses nothing."""
    insist(scenes.timed_out(pool_class))


def rests_till_served(pool_class):
    """Who waits does nothing until a connection comes back, and then has it at once."""
    insist(scenes.at_rest(pool_class), **UNTIMED)


order = Exercise(
    id="threads.order",
    title="Hand it to the one who waits longest",
    answer=FairPool,
    parts=("acquire", "release"),
    claims=(
        lends_what_it_has,
        serves_who_waits,
        serves_in_order,
        gives_up,
        leaves_nothing_behind,
        rests_till_served,
    ),
    hints=(
        "A connection on the shelf belongs to whoever comes next. A connection in somebody's hand does not: `release` puts it straight into the hand of the first in line.",
        "In `acquire`, under the lock: take an idle one, or join the line with a ticket. Then let go of the lock and sleep by `ticket.bell.wait(timeout)`. If time was up, take the lock again and look: are you still in the line? If not, somebody has just served you.",
        "Fill in the blanks.\n\nif not ticket.bell.wait(timeout):\n    with self._lock:\n        if ticket in self._line:\n            ____\n            raise TimeoutError\nreturn ____\n\nif self._line:\n    ticket = self._line.____()\n    ticket.conn = ____\n    ticket.bell.set()",
    ),
    tellings={
        "not given back": "One was given back, and `acquire()` did not lend it again. With nobody in line it belongs on the shelf.",
        "still in line": "All were out, and `acquire(timeout=0)` gave up. Then one came back, and nobody could borrow it: it went to the one who had given up. Who gives up has to leave the line.",
        "no cap": "All were out, and `acquire(timeout=0)` lent one more.",
        "gave up in silence": "All were out, and `acquire(timeout=0)` returned None. Who asked would go on with nothing in hand: raise TimeoutError.",
        "waited with 0": "Nothing was idle, and `acquire(timeout=0)` should raise TimeoutError at once; yours waited first.",
        "nobody rings": "{story}\nThe connection came back, and the first in line did not get it. Put it into `ticket.conn`, then wake that one: `ticket.bell.set()`.",
        "waits with the lock": "{story}\nWho waits holds the lock that `release` needs. Join the line under the lock, let go, then sleep.",
        "lost wake-up": "{story}\nIt looked, the connection came back to the shelf, and then it joined the line, where nobody looks any more. Looking and joining belong under one hold of the lock, and so does all of `release`.",
        "barged in": "ann has waited longest, ben gave back and asked again, and ben got it:\n{story}\nOn the shelf it belongs to whoever comes first. Hand it over while you hold the lock.",
        "served with nothing": "{story}\nIt was woken and went on with nothing in its hand. To be woken is not to be served: look at `ticket.conn`, and sleep on if it is None.",
        "not passed on": "A connection came back, and the next in line did not get it:\n{story}\n`release` takes the first ticket out of the line, puts the connection into its hand, and wakes that one. Each ticket is served once.",
        "gave up": GAVE_UP,
        "lent closed": CLOSED,
        "out of order": "ann came before carl, and was not served first:\n{story}\nTake the first of the line, not the last.",
        "a connection is lost": "Time was up just when the connection was handed over, and now nobody has it:\n{story}\nBefore you raise, take the lock and look whether you still stand in the line. If not, you have been served: return it. If so, leave the line, or the next one is handed to nobody.",
        "too early": "`acquire(timeout=1.0)` gave up before its second was over:\n{story}\nWoken in vain, it should wait for what is left of its time.",
        "too late": "`acquire(timeout=1.0)` waited longer than a second:\n{story}\nIf the time begins anew after each wake-up, compute the end once.",
        "no deadline": "`acquire(timeout=1.0)` waits for ever:\n{story}\nPass the timeout on to the wait.",
        "came too late": "A connection was handed over and the waiter did not notice at once:\n{story}\nSleep by the bell; a `sleep` in a loop is always too short or too long.",
        "endless": ENDLESS,
        "deadlock": "{story}\nSomebody has kept the lock. `with self._lock:` lets go of it on every way out.",
        "raised": "It works alone and not in every order:\n{story}\nWhat was true before you let go of the lock may be true no more.",
        "lent twice": LENT_TWICE,
        "unseen": UNSEEN,
    },
    after="`poolkit.ConnectionPool` does the same, with a place to connect as one more thing that can be handed over.",
)

exercises = (lock, cap, order)


# --- predictions

FATES = ("a connection", "an error", "waits for ever")

predictions = (
    Prediction(
        id="threads.lucky",
        question="Two real threads borrow from one SimplePool and give back, 10,000 times together. It was written for one thread. How many loans go wrong?",
        places={"wrong": ("none", "one in a hundred or fewer", "more")},
        sample={"wrong": "more", "sure": 60},
        explanations=(
            (
                {"wrong": "more"},
                "The gap between looking and taking is two instructions long. The operating system and Python would have to stop a thread in just that gap, and they hardly ever do, or never.",
            ),
            (
                {"wrong": "one in a hundred or fewer"},
                "Even that did not come about. Many versions of Python never change threads between these two lines. None of them promises it.",
            ),
            (
                {"wrong": "none"},
                "On your machine the switch did fall into the gap. On the next it may not.",
            ),
        ),
        why="A clean run tells you where the switches fell today, not where they can fall. The next version of Python, a build without the global lock, or one more call between the two lines moves them.",
        measured=True,
    ),
    Prediction(
        id="threads.race",
        question="One connection lies idle. ann runs `if self._idle:` and is paused. ben borrows, from start to end. ann goes on. What does she get?",
        places={"ann": ("a connection", "the same as ben", "an error")},
        sample={"ann": "the same as ben", "sure": 70},
        explanations=(
            (
                {"ann": "the same as ben"},
                "`pop()` takes the connection off the list, so ben's cannot be popped again. There is nothing left to pop.",
            ),
            (
                {"ann": "a connection"},
                "She would open a new one if she looked now. But she has looked already, and believes what she saw.",
            ),
        ),
        why="What she saw was true when she saw it. Between looking and taking the world went on: that is a race.",
    ),
    Prediction(
        id="threads.plus",
        question="Nobody has borrowed yet, so in_use is 0. ann is paused in the middle of `self._in_use += 1`. ben borrows, from start to end. ann goes on. Two are out: what does in_use say?",
        places={"in_use": int},
        sample={"in_use": 2, "sure": 80},
        explanations=(
            (
                {"in_use": 2},
                "Both have added 1. But both have added it to 0.",
            ),
            ({"in_use": 0}, "Each has written. But each has written the same number."),
        ),
        why="One line is not one step: `+=` reads, adds and writes. ann had read 0 before ben wrote 1, and then wrote her own 0 + 1. A counter that two threads add to without a lock loses counts.",
    ),
    Prediction(
        id="threads.held",
        question="The only connection is out, with ben. ann asks for one and waits in `get()`, with the pool's lock in her hand. ben comes to give his back. What becomes of ann?",
        places={"ann": FATES},
        sample={"ann": "a connection", "sure": 70},
        explanations=(
            (
                {"ann": "a connection"},
                "ben cannot put it down: `release` wants the lock, and ann keeps it until she has a connection. She waits for ben, and he waits for her.",
            ),
            ({"ann": "an error"}, "Nothing raises. Both stand there in silence."),
        ),
        why="That is a deadlock: each has what the other needs. With a timeout it would end in an error for somebody who did nothing wrong.",
    ),
    Prediction(
        id="threads.asleep",
        question="ann looks: nothing is idle. She is paused before she falls asleep. ben gives his connection back and rings. Then ann goes on. What becomes of her?",
        places={"ann": FATES},
        sample={"ann": "a connection", "sure": 60},
        explanations=(
            (
                {"ann": "a connection"},
                "It lies there for her. But she has looked already, goes to sleep, and the bell that would wake her has rung.",
            ),
            ({"ann": "an error"}, "She never gets to the `pop()` that could fail: she sleeps."),
        ),
        why="A bell is not remembered: `notify` wakes those who sleep at that moment. That is a lost wake-up, and the cure is to look and to fall asleep under one hold of the lock.",
    ),
    Prediction(
        id="threads.once",
        question="ann waits. ben gives his connection back, which wakes her, and before she gets going he borrows again. ann goes on after her `if`. What becomes of her?",
        places={"ann": FATES},
        sample={"ann": "waits for ever", "sure": 60},
        explanations=(
            (
                {"ann": "waits for ever"},
                "She was woken, and an `if` does not send her back to sleep. She goes on to `pop()`, and the shelf is empty.",
            ),
            ({"ann": "a connection"}, "ben was faster: he has it again."),
        ),
        why="To be woken means: look again. With `while` in place of `if` she would, and would sleep on.",
    ),
    Prediction(
        id="threads.next",
        question="ann has waited for a minute. ben gives his connection back and asks for another in the same breath. With the waiting pool you have just built: who has it first?",
        places={"first": ("ann", "ben")},
        sample={"first": "ann", "sure": 80},
        explanations=(
            (
                {"first": "ann"},
                "She was woken, but waking takes a moment. ben is awake already, and what lies on the shelf belongs to whoever comes first.",
            ),
        ),
        why="He pushes in without meaning to. It is called barging. With one waiter it costs her a moment; with many, somebody may never be served.",
    ),
    Prediction(
        id="threads.fair",
        question="Sixteen threads share four connections and hold each for half a millisecond. Compare the thread that is served least with the one that is served most: how often does it get a connection? By a queue, where one can push in, and by hand-off.",
        places={
            "queue": ("nearly as often", "half as often", "hardly ever"),
            "hand_off": ("nearly as often", "half as often", "hardly ever"),
        },
        sample={"queue": "half as often", "hand_off": "nearly as often", "sure": 60},
        explanations=(
            (
                {"queue": "nearly as often"},
                "Chance does not even it out: a thread that has just given back is always the one that is awake.",
            ),
            (
                {"queue": "half as often"},
                "Pushing in is not luck that changes hands. Who has just given back is awake, takes it again, and will be in the same place next time.",
            ),
            (
                {"hand_off": "half as often"},
                "Who stands in line is served in turn, whatever the others do.",
            ),
            (
                {"hand_off": "hardly ever"},
                "Who stands in line is served in turn, whatever the others do.",
            ),
        ),
        why="Compare the sums too: if pushing in gains anything for all together, those who are never served pay for it. They are said to starve.",
        measured=True,
    ),
    Prediction(
        id="threads.users",
        question="Eight threads insert 37 users; two of them have the same e-mail, and the column is UNIQUE. How many rows are stored, how many inserts are refused, and how many connections does the pool lose by it?",
        places={"stored": int, "refused": int, "lost": int},
        sample={"stored": 35, "refused": 2, "lost": 1, "sure": 60},
        explanations=(
            (
                {"stored": 35, "refused": 2},
                "One of the two was first and is stored. Only the second is refused.",
            ),
            (
                {"lost": 1},
                "The database refused a row; the connection is as good as before. The block rolled back and gave it back.",
            ),
            ({"stored": 37}, "`UNIQUE` holds for all connections: the second one is refused."),
            ({"refused": 0}, "The second of the two raised IntegrityError."),
        ),
        why="An IntegrityError is an answer, not a broken line. A pool that closed the connection for it would open a new one for every duplicate.",
    ),
)

explanations = (
    Explanation(
        id="threads.why_again",
        question="A thread waits for a connection and is woken. Why must it look again before it takes one?",
        points=(
            "To be woken means that something changed, at some time before.",
            "Between the bell and its first step somebody else may have taken the connection.",
            "So it looks and takes under one hold of the lock, and goes back to sleep if there is nothing.",
        ),
        sample="Because between the bell and its next step another thread may have taken the connection, so it has to look again under the lock.",
    ),
    Explanation(
        id="threads.why_tests_pass",
        question="A colleague ran the pool with fifty threads for an hour, and nothing went wrong. What do you answer?",
        points=(
            "The run shows the orders that came up, not the ones that can.",
            "A gap of two instructions is hit once in millions, or only by another version or machine.",
            "What can go wrong is found by choosing the order: pause one thread in the gap, let the other run.",
        ),
        sample="An hour shows only the orders that happened to come up; pause one thread between looking and taking, and you see the fault at once.",
    ),
)
