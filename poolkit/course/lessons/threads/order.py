"""The exercise threads.order: its claims, what they tell, and the slips known by heart."""

from __future__ import annotations

from poolkit.course.exercises import Exercise
from poolkit.course.lessons import scenes
from poolkit.course.lessons.threads import alone as one_thread
from poolkit.course.lessons.threads.answers import FairPool
from poolkit.course.lessons.threads.deadlines import gives_up_on_time, serves_one, stands_before
from poolkit.course.lessons.threads.playing import (
    CLOSED,
    GAVE_UP,
    IN_ANY_ORDER,
    LENT_TWICE,
    SERVED_WITH_NOTHING,
    STORY,
    UNTIMED,
    PlayedHistories,
    alone,
    gets_what_comes_back,
    insist,
    insist_all,
    lend,
    refuses_at_once,
)
from poolkit.course.lessons.threads.scores import ONCE, ask_and_keep, last_moments, line_ups
from poolkit.course.slips import slip


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
        comes_back(table, first, "not lent again")

    alone(pool_class, ann, size=2)


def serves_who_waits(pool_class):
    """Two who come at once get one each; who waits gets the connection that another gives back."""
    insist(scenes.lent_once(pool_class), **UNTIMED)
    insist(ask_and_keep(pool_class, size=1), preemptions=2, plays=300)
    insist(ask_and_keep(pool_class, size=2))
    gets_what_comes_back(pool_class)


def serves_in_order(pool_class):
    """The one who has waited longest is next, and nobody gets in before."""
    renamed = {"nothing lent": "served with nothing", "out of order": "not in order", **UNTIMED}
    insist(scenes.in_order(pool_class), preemptions=0, deadlock="never served", **renamed)
    several = line_ups(pool_class, patient=True, in_order=True)
    insist_all(several, **ONCE, deadlock="never served", **{"too early": "gave up"})


def gives_up(pool_class):
    """Whose time is over gives up, not before and not later, and leaves the line to the others."""
    gives_up_on_time(pool_class)
    gives_up_on_time(pool_class, ben=serves_one, carl=stands_before)
    several = line_ups(pool_class, patient=False, in_order=True)
    insist_all(several, **ONCE, deadlock="never served")


def leaves_nothing_behind(pool_class):
    """Who gives up just when a connection is handed over loses nothing, and holds nobody up."""
    insist(scenes.timed_out(pool_class))
    insist_all(last_moments(pool_class, in_order=True), plays=200, deadlock="never served")


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
        PlayedHistories(
            "Over every short history of one thread it lends what it has and gives up on time.",
            inputs=lambda: one_thread.histories(
                (1, 2), (*one_thread.TIMED, *one_thread.GIVES), 4, cap=True
            ),
            play=one_thread.play_capped,
            tell=one_thread.tell,
        ),
    ),
    hints=(
        "A connection on the shelf belongs to whoever comes next. A connection in somebody's hand does not: `release` puts it straight into the hand of the first in line.",
        "In `acquire`, under the lock: take an idle one, or join the line with a ticket. Then let go of the lock and sleep by `ticket.bell.wait(timeout)`. If time was up, take the lock again and look: are you still in the line? If not, somebody has just served you.",
        "Fill in the blanks.\n\nif not ticket.bell.wait(timeout):\n    with self._lock:\n        if ticket in self._line:\n            ____\n            raise TimeoutError\nreturn ____\n\nif self._line:\n    ticket = self._line.____()\n    ticket.conn = ____\n    ticket.bell.set()",
    ),
    tellings={
        "not given back": "One was given back with nobody in line, and the next `acquire()` did not lend it.",
        "not lent again": "All were out, and `acquire(timeout=0)` gave up. Then one came back, and the next `acquire()` did not lend it.",
        "no cap": "All were out, and `acquire(timeout=0)` lent one more.",
        "gave up in silence": "All were out, and `acquire(timeout=0)` returned None. Who asked would go on with nothing in hand: raise TimeoutError.",
        "waited with 0": "All were out, and `acquire(timeout=0)` did not raise TimeoutError at once: it waited.",
        "turned away": "One was free, and who asked with `timeout=0` was turned away:\n{story}",
        "nobody rings": "{story}\nThe connection had come back by then.",
        "waits with the lock": "{story}\nThe connection cannot be given back: who wants to do that waits, too.",
        "lost wake-up": "{story}\nThe connection has come back, and the one who asked for it waits.",
        "barged in": "ann has waited longest, ben gave back and asked again, and ben got it:\n{story}",
        "not in order": "They asked in the order ann, carl, ben, and were served in another:\n{story}",
        "out of order": "{first:plain} asked before {later:plain} did, and was still waiting when {later:plain} was served:\n{story}",
        "served with nothing": SERVED_WITH_NOTHING,
        "never served": "There was one for each in turn, and all the same nobody can go on:\n{story}",
        "left waiting": "{who:plain} waited while one was free:\n{story}",
        "gave up": GAVE_UP,
        "lent closed": CLOSED,
        "a connection is lost": "In the end all were given back, and not all can be lent again:\n{story}",
        "too early": "Who asked gave up before the time was over:\n{story}",
        "too late": "Who asked waited longer than the timeout:\n{story}",
        "no deadline": "`acquire(timeout=1.0)` waits for ever:\n{story}",
        "came too late": "A connection came back, and the one who waited did not have it at once:\n{story}",
        "endless": STORY,
        "deadlock": STORY,
        "raised": IN_ANY_ORDER,
        "lent twice": LENT_TWICE,
        "unseen": STORY,
    },
    slips=(),
    after="`poolkit.ConnectionPool` does the same, with a place to connect as one more thing that can be handed over.",
)
