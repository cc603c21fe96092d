"""Answers to lesson 10: other right ones, and wrong designs. Slips are in the lesson's own files."""
