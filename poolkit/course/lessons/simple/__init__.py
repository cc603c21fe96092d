"""Lesson 02, a simple pool: lend, take back, count, shrink."""

from poolkit.course.lessons.simple.capping import CappedPool, Keeper, cap
from poolkit.course.lessons.simple.given import Shelf
from poolkit.course.lessons.simple.peaking import Counter, PeakPool, peak
from poolkit.course.lessons.simple.predictions import explanations, predictions
from poolkit.course.lessons.simple.reusing import Lender, ReusingPool, reuse
from poolkit.course.lessons.simple.shrinking import ShrinkingPool, shrink

__all__ = [
    "CappedPool",
    "Counter",
    "Keeper",
    "Lender",
    "PeakPool",
    "ReusingPool",
    "Shelf",
    "ShrinkingPool",
    "cap",
    "exercises",
    "explanations",
    "peak",
    "predictions",
    "reuse",
    "shrink",
]

exercises = (reuse, cap, peak, shrink)
