"""Lesson 04, health."""
