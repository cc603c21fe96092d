"""Lesson 04, health: is this connection fit to be lent, and when is it worth asking?"""

from poolkit.course.lessons.health.asking import check_exercise, health_check
from poolkit.course.lessons.health.given import (
    TrustingPool,
    cost_picture,
    cost_sentence,
    labels_for_everybody,
    make_database,
    open_ask_close,
)
from poolkit.course.lessons.health.guarding import GuardedPool, guard
from poolkit.course.lessons.health.lending import CheckingPool, ClockedPool, lend_exercise
from poolkit.course.lessons.health.predictions import explanations, predictions
from poolkit.course.lessons.health.testing import LookingPool, lends_nothing_closed, test_exercise
from poolkit.course.pools import is_closed

__all__ = [
    "CheckingPool",
    "ClockedPool",
    "GuardedPool",
    "LookingPool",
    "TrustingPool",
    "cost_picture",
    "cost_sentence",
    "exercises",
    "explanations",
    "health_check",
    "is_closed",
    "labels_for_everybody",
    "lends_nothing_closed",
    "make_database",
    "open_ask_close",
    "predictions",
]

exercises = (check_exercise, guard, test_exercise, lend_exercise)
