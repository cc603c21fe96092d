"""Lesson 13, compare: the same promises tried on the pools that people use; how to set them, and choose."""

from poolkit.course.lessons.compare.adapting import Adapter, adapter
from poolkit.course.lessons.compare.beside import (
    Measured,
    a_query,
    as_table,
    dearest,
    idle_afterwards,
    lends_more,
    picture,
    sentence,
    side_by_side,
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
from poolkit.course.lessons.compare.suite import (
    Tried,
    broken,
    by_stage,
    cells,
    matrix,
    suite,
    tried,
)

__all__ = [
    "LIBRARIES", "TABLE", "Adapter", "Measured", "Tried", "a_query", "as_table", "broken",
    "by_stage", "candidates", "cells", "dearest", "engine_settings", "exercises", "explanations",
    "idle_afterwards", "in_their_words", "lends_more", "matrix", "picture", "predictions",
    "sentence", "side_by_side", "suite", "tried",
]  # fmt: skip

exercises = (adapter, choose, translate)
