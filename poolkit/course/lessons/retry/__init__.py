"""Lesson 03, retry: which failures pass, how long to pause, and who comes back at the same moment."""

from poolkit.course.lessons.retry.given import (
    Storm,
    error_of,
    locked_by_another,
    make_database,
    provoke_errors,
    room_of,
    storm,
    storm_picture,
    storm_sentence,
    storm_table,
)
from poolkit.course.lessons.retry.judging import is_transient, transient
from poolkit.course.lessons.retry.looping import loop, retry
from poolkit.course.lessons.retry.pausing import backoff_delays, delays
from poolkit.course.lessons.retry.predictions import explanations, predictions

__all__ = [
    "Storm",
    "backoff_delays",
    "error_of",
    "exercises",
    "explanations",
    "is_transient",
    "locked_by_another",
    "make_database",
    "predictions",
    "provoke_errors",
    "retry",
    "room_of",
    "storm",
    "storm_picture",
    "storm_sentence",
    "storm_table",
]

exercises = (delays, transient, loop)
