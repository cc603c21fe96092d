"""Lesson 09, review."""
