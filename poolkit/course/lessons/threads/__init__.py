"""Lesson 08, threads: a lock, a cap with waiting, hand-off in order.

The claims on concurrent code are scenes for the player: each is played in every order that
matters, so that a race is found every time and nothing has to be waited for. Every claim runs on
the player's stage, the plain ones too, so that a lock that is never let go is seen at once.
"""

from poolkit.course.lessons.threads.answers import (
    Capped,
    FairPool,
    LockedPool,
    Prefilled,
    Ticket,
    Unlocked,
    WaitingPool,
)
from poolkit.course.lessons.threads.cap import cap
from poolkit.course.lessons.threads.lock import lock
from poolkit.course.lessons.threads.notebook import (
    as_fair,
    asks_again,
    evenness,
    fairness_picture,
    fairness_sentence,
    fate,
    gives_and_takes,
    hammer,
    how_many,
    on_desk,
    served,
    users,
)
from poolkit.course.lessons.threads.order import order
from poolkit.course.lessons.threads.questions import explanations, predictions

__all__ = [
    "Capped", "FairPool", "LockedPool", "Prefilled", "Ticket", "Unlocked", "WaitingPool",
    "as_fair", "asks_again", "evenness", "exercises", "explanations", "fairness_picture",
    "fairness_sentence", "fate", "gives_and_takes", "hammer", "how_many", "on_desk",
    "predictions", "served", "users",
]  # fmt: skip

exercises = (lock, cap, order)
