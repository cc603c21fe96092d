"""Lesson 14, capstone: your own pool from an empty page, and three incidents to diagnose."""

from poolkit.course.lessons.capstone import carrying, holding, leaking
from poolkit.course.lessons.capstone.tasks import stages

__all__ = ["exercises", "stages"]

exercises = (leaking.exercise, holding.exercise, carrying.exercise)
