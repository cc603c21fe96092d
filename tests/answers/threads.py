"""Answers to lesson 08, right and wrong."""
