"""Lesson 06, run: read labels, report whole or not at all, and tell a person what went wrong."""

from poolkit.course.lessons.run import command, labels, write
from poolkit.course.lessons.run.command import exit_code
from poolkit.course.lessons.run.labels import read_labels
from poolkit.course.lessons.run.predictions import explanations, predictions
from poolkit.course.lessons.run.write import write_json

__all__ = ["exercises", "exit_code", "explanations", "predictions", "read_labels", "write_json"]

exercises = (labels.exercise, write.exercise, command.exercise)
