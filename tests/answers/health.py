"""Answers to lesson 04, right and wrong."""
