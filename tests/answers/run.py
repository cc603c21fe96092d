"""Answers to lesson 06, right and wrong."""
