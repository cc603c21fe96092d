"""The pool of lesson 14 as it grows: a file a stage, each keeps its stage and those before it.

The last stage's is tests/conformance/reference.py.
"""
