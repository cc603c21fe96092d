"""A notebook that is tested alone passes, too: tests/conftest.py would not be loaded for it."""

from tests.conftest import pytest_xdist_make_scheduler

__all__ = ["pytest_xdist_make_scheduler"]
