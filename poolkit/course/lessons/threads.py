"""Lesson 08, threads."""
