"""Lesson 10, watch: what a pool did, who has what, and whether it leaks or is too small."""

from poolkit.course.lessons.watch.alarm import alarm, overdue
from poolkit.course.lessons.watch.given import (
    Crew,
    Incident,
    live_through,
    new_database,
    read_line,
    timeline,
    timeline_sentence,
)
from poolkit.course.lessons.watch.peaking import peak, peaking
from poolkit.course.lessons.watch.predictions import explanations, predictions
from poolkit.course.lessons.watch.translating import as_psycopg, translating
from poolkit.course.lessons.watch.using import using, utilisation

__all__ = [
    "Crew",
    "Incident",
    "as_psycopg",
    "exercises",
    "explanations",
    "live_through",
    "new_database",
    "overdue",
    "peak",
    "predictions",
    "read_line",
    "timeline",
    "timeline_sentence",
    "utilisation",
]

exercises = (peaking, alarm, using, translating)
