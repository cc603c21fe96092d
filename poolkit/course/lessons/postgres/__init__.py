"""Lesson 12, postgres: the same pool on a real server, and what a server makes different."""

from poolkit.course.lessons.postgres.judging import is_transient, transient
from poolkit.course.lessons.postgres.session import Session, session
from poolkit.course.lessons.postgres.share import largest_pool, share

predictions = explanations = ()
exercises = (transient, session, share)
