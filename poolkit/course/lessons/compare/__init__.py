"""Lesson 13, compare: the same promises tried on the pools that people use; how to set them, and choose."""

from poolkit.course.lessons.compare.adapting import Adapter, adapter
from poolkit.course.lessons.compare.beside import (
    Measured,
    as_table,
    dearest,
    idle_afterwards,
    picture,
    sentence,
    side_by_side,
    who_is_fair,
)
from poolkit.course.lessons.compare.choosing import candidates, choose
from poolkit.course.lessons.compare.predictions import explanations, predictions
from poolkit.course.lessons.compare.settings import (
    LIBRARIES,
    TABLE,
    engine_settings,
    in_their_words,
    translate,
)
from poolkit.course.lessons.compare.suite import Tried, by_stage, cells, matrix, suite, tried

__all__ = [
    "LIBRARIES", "TABLE", "Adapter", "Measured", "Tried", "as_table", "by_stage", "candidates",
    "cells", "dearest", "engine_settings", "exercises", "explanations", "idle_afterwards",
    "in_their_words", "matrix", "picture", "predictions", "sentence", "side_by_side", "suite",
    "tried", "who_is_fair",
]  # fmt: skip

exercises = (adapter, choose, translate)
