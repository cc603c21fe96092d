"""Answers to lesson 07, right and wrong."""
