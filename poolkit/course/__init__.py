"""The course: predictions, checks, hints and progress for the notebooks."""

from poolkit.course.checking import check, mine_or_reference
from poolkit.course.files import data
from poolkit.course.helping import explain, hint, solution
from poolkit.course.overview import progress
from poolkit.course.pausing import listen
from poolkit.course.predicting import predict, recall, reveal
from poolkit.course.staging import stage, suite

__all__ = [
    "check",
    "data",
    "explain",
    "hint",
    "mine_or_reference",
    "predict",
    "progress",
    "recall",
    "reveal",
    "solution",
    "stage",
    "suite",
]

listen()
