"""Lesson 07, lease."""
