"""Lesson 08: its answers against the library, its picture both ways, its plays fifty times."""

import queue
import threading
import time

import pytest

from poolkit import ConnectionConfig, ConnectionPool, SimplePool
from poolkit.course import guard
from poolkit.course.checking import examine
from poolkit.course.exercises import find
from poolkit.course.lessons import scenes, threads
from poolkit.course.measuring import NotMeasured
from poolkit.course.player import play, play_all
from poolkit.course.slips import thing_of

EVEN, STARVED = [287, 288, 286, 287] * 4, [1158, 1157, 1155, 1161] + [0] * 12


def trip(pool, moves, *, never_waits=True):
    """Do the moves, "take" or the number of what to give back; give what was lent, by name."""
    lent, names = [], []
    for move in moves:
        if move != "take":
            pool.release(lent[move])
            continue
        try:
            lent.append(pool.acquire(timeout=0) if never_waits else pool.acquire())
        except TimeoutError:
            lent.append(None)
        names.append(repr(lent[-1]))
    return names


TRIPS = [
    ["take", 0, "take"],
    ["take", "take", 0, 1, "take", "take"],
    ["take", "take", "take"],
    ["take", "take", 1, "take", "take", 0, "take"],
]


@pytest.mark.parametrize("moves", TRIPS, ids=range(len(TRIPS)))
@pytest.mark.parametrize("answer", [threads.WaitingPool, threads.FairPool])
def test_answer_lends_what_the_library_lends(answer, moves):
    config = ConnectionConfig(pool_size=2, max_connections=2, max_retries=1)
    ours = ConnectionPool(config, connect=scenes.Desk().connect)
    prefilled = answer is threads.FairPool

    got = trip(answer(scenes.Desk().connect, 2), moves)

    want = trip(ours, moves)
    if prefilled:  # which of two unused ones goes first is nobody's promise
        got = [{"c1": "c2", "c2": "c1"}.get(name, name) for name in got]
    assert got == want


@pytest.mark.parametrize("moves", [trip for trip in TRIPS if trip.count("take") < 6])
def test_locked_answer_does_what_simple_pool_does(moves):
    simple = threads.on_desk(SimplePool, size=1)
    locked = threads.LockedPool(scenes.Desk().connect, 1)

    assert trip(locked, moves, never_waits=False) == trip(simple, moves, never_waits=False)
    want = simple.stats()
    assert locked.stats() == {name: want[name] for name in ("idle", "in_use")}


CAPPED = [*find("exercises", "threads.cap").claims, *find("exercises", "threads.order").claims[1:]]


@pytest.mark.slow  # the player follows every line of the library; so does the conformance suite
@pytest.mark.parametrize("claim", CAPPED, ids=lambda claim: claim.__name__)
def test_the_library_keeps_every_claim_on_waiting(claim):
    claim(ConnectionPool)


# -- what the notebook plays


def wrong(id, reason):
    """The first slip of an exercise that fails for this reason."""
    exercise = find("exercises", id)
    return thing_of(exercise, [slip.reason for slip in exercise.slips].index(reason))


def plays():
    """Everything that a compared output of the notebook is made from."""
    made = []
    naive = scenes.lent_once(SimplePool, make=threads.on_desk)
    made += [play(naive, "ann after if self._idle").table(), str(play_all(naive))]
    for pool_class in (threads.WaitingPool, threads.FairPool):
        order = []
        made += [str(play(threads.asks_again(pool_class, order))), str(order)]
    made += [str(play_all(threads.gives_and_takes(wrong("threads.cap", "looked once"))))]
    made += [str(play_all(scenes.lent_once(wrong("threads.lock", "not in one step"))))]
    return made


def test_fifty_times_the_same():
    first = plays()

    assert all(plays() == first for _ in range(49))


def test_hand_off_serves_the_waiter_first_and_the_shelf_does_not():
    shelf, hand_off = [], []

    assert play(threads.asks_again(threads.WaitingPool, shelf)).ok
    assert play(threads.asks_again(threads.FairPool, hand_off)).ok

    assert (shelf, hand_off) == (["ben", "ann"], ["ann", "ben"])


def test_fates_are_told_apart():
    class Same(threads.Unlocked):
        def acquire(self):
            return self._idle[-1] if self._idle else self._connect()

    assert threads.fate(play(scenes.lent_once(threads.LockedPool))) == "a connection"
    assert threads.fate(play(scenes.lent_once(Same))) == "the same as ben"
    paused = "ann after if self._idle"
    naive = scenes.lent_once(SimplePool, make=threads.on_desk)
    assert threads.fate(play(naive, paused)) == "an error"


# -- what it measures


class Broken:
    """Every second loan goes wrong."""

    def __init__(self):
        self.turn, self.lock = 0, threading.Lock()

    def acquire(self):
        with self.lock:
            self.turn += 1
            if self.turn % 2:
                raise IndexError("pop from empty list")
            return object()

    def release(self, conn):
        pass


def test_hammer_counts_every_loan():
    assert threads.hammer(Broken(), 100) == {"loans": 100, "went well": 50, "went wrong": 50}
    assert threads.hammer(threads.LockedPool(scenes.Desk().connect, 2), 100)["went wrong"] == 0


FEW = "one in a hundred or fewer"


@pytest.mark.parametrize(("count", "words"), [(0, "none"), (1, FEW), (100, FEW), (101, "more")])
def test_counts_in_words_are_options_of_the_prediction(count, words):
    assert threads.how_many(count, of=10_000) == words
    assert words in find("predictions", "threads.lucky").places["wrong"]


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (EVEN, "nearly as often"),
        ([100, 50], "half as often"),
        ([100, 10], "hardly ever"),
        (STARVED, "hardly ever"),
        ([0, 0], "hardly ever"),
    ],
)
def test_evenness_in_words_is_an_option_of_the_prediction(counts, words):
    assert threads.as_fair(counts) == words
    for place in find("predictions", "threads.fair").places.values():
        assert words in place


def test_served_counts_loans_of_every_thread():
    shelf = queue.LifoQueue()
    for number in range(2):
        shelf.put(number)

    counts = threads.served(shelf.get, shelf.put, threads=4, seconds=0.05)

    assert len(counts) == 4
    assert sum(counts) > 0
    assert shelf.qsize() == 2
    assert min(threads.served(lambda: 1, lambda conn: None, threads=4, seconds=0.2)) > 0


def test_nothing_is_measured_while_something_runs(monkeypatch):
    monkeypatch.setattr(threads.notebook, "left_behind", lambda: [threading.current_thread()])

    with pytest.raises(NotMeasured):
        threads.served(lambda: 1, lambda conn: None)


def test_sentence_says_what_the_picture_shows():
    said = threads.fairness_sentence(STARVED, EVEN)

    assert "12 of 16 threads never" in said
    assert "286 to 288 times" in said
    assert "one only 5;" in threads.fairness_sentence([1000] * 15 + [5], EVEN)


@pytest.mark.parametrize(
    ("by_queue", "by_hand_off"),
    [(EVEN, EVEN), (EVEN, STARVED), (STARVED, STARVED), ([0] * 16,) * 2],
)
def test_sentence_admits_that_the_picture_shows_nothing(by_queue, by_hand_off):
    assert threads.fairness_sentence(by_queue, by_hand_off).startswith("Not shown on this machine")


@pytest.mark.parametrize("by_queue", [STARVED, EVEN, [0] * 16])
def test_picture_is_drawn_and_marks_who_was_never_served(by_queue):
    import matplotlib.pyplot as plt

    fig, alt = threads.fairness_picture(by_queue, EVEN)

    fig.canvas.draw()
    left = fig.axes[0]
    assert len(left.patches) == 16
    marked = [text.get_text().split()[0] for text in left.texts]
    assert marked == ([str(by_queue.count(0))] if 0 in by_queue else [])
    assert len(alt) > 40
    plt.close(fig)


def test_users_have_one_address_twice():
    users = threads.users()

    assert len(users) == 37
    assert len({email for _, email in users}) == 36


# -- whatever a learner writes, the check comes back


class Start(threads.Unlocked):
    def __init__(self, connect, size):
        super().__init__(connect, size)
        self._lock = threading.Lock()

    def release(self, conn):
        with self._lock:
            self._idle.append(conn)


def never_lets_go(pool):
    pool._lock.acquire()
    return pool._connect()


def calls_itself(pool):
    return pool.acquire()


def starts_a_thread(pool):
    def work():
        while True:
            time.sleep(0.01)

    threading.Thread(target=work, daemon=True).start()
    return pool._connect()


def never_ends(pool):
    while True:
        pass


def leaves(pool):
    raise SystemExit


def asks(pool):
    return input("which? ")


def sleeps(pool):
    time.sleep(1e6)


def says_our_key(pool):
    raise AssertionError("lent twice")


HOSTILE = {
    never_lets_go: "deadlock",
    calls_itself: "raised RecursionError",
    starts_a_thread: "unseen",
    never_ends: "endless",
    leaves: "raised SystemExit",
    asks: "raised NoInput",
    sleeps: "wrong type",
    says_our_key: "raised AssertionError",
}


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: body.__name__)
def test_whatever_is_written_gets_a_verdict_in_time(body):
    pool_class = type("LockedPool", (Start,), {"acquire": lambda self: body(self)})
    pool_class.__init__ = lambda self, connect, size: Start.__init__(self, connect, size)
    pool_class.release = lambda self, conn: Start.release(self, conn)
    began = time.monotonic()

    verdict = examine(find("exercises", "threads.lock"), pool_class)

    assert verdict.reason == HOSTILE[body], verdict.story
    assert time.monotonic() - began < 5
    assert guard.left_behind() == []


LOCKS = {"one": threading.Lock()}


def test_what_stands_still_is_played_once_and_not_in_every_claim():
    class LockedPool(Start):
        def __init__(self, connect, size):
            super().__init__(connect, size)

        def acquire(self):
            LOCKS["one"].acquire()
            return self._connect()

        def release(self, conn):
            LOCKS["one"].acquire()

    LOCKS["one"].acquire()
    began = time.monotonic()
    try:
        verdict = examine(find("exercises", "threads.lock"), LockedPool)
    finally:
        LOCKS["one"].release()

    assert verdict.reason == "unseen"
    assert "stands still" in verdict.story
    assert verdict.marks == ["broken"] + ["unjudged"] * 5
    assert time.monotonic() - began < 4
