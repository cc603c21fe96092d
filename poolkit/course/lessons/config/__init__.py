"""Lesson 01, config: one object instead of four arguments, checked once, changed never."""

from poolkit.course.lessons.config.checking import CheckedConfig, check_exercise
from poolkit.course.lessons.config.fields import OrdinaryConfig, SmallConfig, fields_exercise
from poolkit.course.lessons.config.given import FrozenConfig
from poolkit.course.lessons.config.predictions import explanations, predictions
from poolkit.course.lessons.config.testing import refuses_zero, test_exercise

__all__ = [
    "CheckedConfig",
    "FrozenConfig",
    "OrdinaryConfig",
    "SmallConfig",
    "check_exercise",
    "exercises",
    "explanations",
    "fields_exercise",
    "predictions",
    "refuses_zero",
    "test_exercise",
]

exercises = (fields_exercise, check_exercise, test_exercise)
