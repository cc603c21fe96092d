"""Lesson 14, capstone: your own pool from an empty page, and three incidents to diagnose."""

from poolkit.course.lessons.capstone import carrying, holding, leaking, shop
from poolkit.course.lessons.capstone.given import (
    busy_picture,
    busy_sentence,
    compared,
    kind_of,
    kinds_of_lines,
    lasting,
    loans_picture,
    loans_sentence,
    read_events,
    refunds_until_dry,
    refused_and_stored,
    rush,
    side_by_side,
    transactions_picture,
    transactions_sentence,
)
from poolkit.course.lessons.capstone.predictions import explanations, predictions
from poolkit.course.lessons.capstone.tasks import stages

__all__ = [
    "busy_picture",
    "busy_sentence",
    "compared",
    "exercises",
    "explanations",
    "kind_of",
    "kinds_of_lines",
    "lasting",
    "loans_picture",
    "loans_sentence",
    "predictions",
    "read_events",
    "refunds_until_dry",
    "refused_and_stored",
    "rush",
    "shop",
    "side_by_side",
    "stages",
    "transactions_picture",
    "transactions_sentence",
]

exercises = (leaking.exercise, holding.exercise, carrying.exercise)
