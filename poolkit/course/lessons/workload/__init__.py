"""Lesson 05, workload: insert, commit, give back; and count what was really inserted."""

from poolkit.course.lessons.workload import giving_back, insert, leaks
from poolkit.course.lessons.workload.given import TABLE, count, open_events
from poolkit.course.lessons.workload.giving_back import borrow_for
from poolkit.course.lessons.workload.insert import insert_labels
from poolkit.course.lessons.workload.leaks import finds_leaks
from poolkit.course.lessons.workload.predictions import explanations, predictions

__all__ = [
    "TABLE",
    "borrow_for",
    "count",
    "exercises",
    "explanations",
    "finds_leaks",
    "insert_labels",
    "open_events",
    "predictions",
]

exercises = (insert.exercise, giving_back.exercise, leaks.exercise)
