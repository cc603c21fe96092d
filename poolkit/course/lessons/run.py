"""Lesson 06, run."""
