"""Lesson 14, capstone: your own pool from an empty page, and three incidents to diagnose."""

from poolkit.course.lessons.capstone.tasks import stages

__all__ = ["stages"]

exercises = ()
