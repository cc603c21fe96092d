"""Answers to lesson 05, right and wrong."""
