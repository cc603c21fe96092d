"""Lesson 03, retry."""
