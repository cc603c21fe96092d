"""Answers to lesson 09, right and wrong."""
