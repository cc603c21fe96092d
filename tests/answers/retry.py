"""Answers to lesson 03, right and wrong."""
