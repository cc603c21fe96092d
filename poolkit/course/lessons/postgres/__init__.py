"""Lesson 12, postgres: the same pool on a real server, and what a server makes different."""

from poolkit.course.lessons.postgres.given import (
    KEY,
    cost_picture,
    cost_sentence,
    fork_and_close,
    provoke_errors,
    through_a_bouncer,
)
from poolkit.course.lessons.postgres.judging import is_transient, transient
from poolkit.course.lessons.postgres.predictions import explanations, predictions
from poolkit.course.lessons.postgres.serving import Server, start_server
from poolkit.course.lessons.postgres.session import Session, session
from poolkit.course.lessons.postgres.share import largest_pool, share

__all__ = [
    "KEY",
    "Server",
    "Session",
    "cost_picture",
    "cost_sentence",
    "exercises",
    "explanations",
    "fork_and_close",
    "is_transient",
    "largest_pool",
    "predictions",
    "provoke_errors",
    "start_server",
    "through_a_bouncer",
]

exercises = (transient, session, share)
