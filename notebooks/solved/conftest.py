"""So that a notebook passes when it is tested alone, where tests/conftest.py would not be loaded."""

from tests.conftest import pytest_xdist_make_scheduler

__all__ = ["pytest_xdist_make_scheduler"]
