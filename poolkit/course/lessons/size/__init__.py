"""Lesson 11, size: how many connections, by a law, by measuring, by a model and by play."""

from poolkit.course.lessons.size import measured, model, pictures
from poolkit.course.lessons.size.freezing import smallest, smallest_pool, together
from poolkit.course.lessons.size.law import little, little_exercise
from poolkit.course.lessons.size.predictions import explanations, predictions
from poolkit.course.lessons.size.queueing import client, client_exercise
from poolkit.course.lessons.size.storming import RetryBudget, budget

__all__ = [
    "RetryBudget",
    "client",
    "exercises",
    "explanations",
    "little",
    "measured",
    "model",
    "pictures",
    "predictions",
    "smallest_pool",
    "together",
]

exercises = (little_exercise, client_exercise, budget, smallest)
