"""Lesson 05, workload."""
