"""Lesson 07, lease: a `with` form that ends every loan, built as a class and as a generator."""

from poolkit.course.lessons.lease.commit import CommittingLoan, commit_exercise
from poolkit.course.lessons.lease.generator import generator_exercise, lending
from poolkit.course.lessons.lease.given import (
    INSERT,
    AlwaysCommits,
    AlwaysRollsBack,
    Borrowed,
    LeavesAlone,
    NotingPool,
    labels,
    new_database,
    price_picture,
    price_sentence,
)
from poolkit.course.lessons.lease.loan import Loan, class_exercise
from poolkit.course.lessons.lease.predictions import explanations, predictions
from poolkit.course.lessons.lease.twice import OncePool, twice_exercise

__all__ = [
    "INSERT",
    "AlwaysCommits",
    "AlwaysRollsBack",
    "Borrowed",
    "CommittingLoan",
    "LeavesAlone",
    "Loan",
    "NotingPool",
    "OncePool",
    "exercises",
    "explanations",
    "labels",
    "lending",
    "new_database",
    "predictions",
    "price_picture",
    "price_sentence",
]

exercises = (class_exercise, commit_exercise, generator_exercise, twice_exercise)
