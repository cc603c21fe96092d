"""What all tests share: progress in memory, and one worker for each notebook."""

import importlib
import os

import pytest

from poolkit import ConnectionConfig

os.environ["POOLKIT_PROGRESS"] = ":memory:"  # also for the kernels that nbval and nbclient start


def pytest_xdist_make_scheduler(config, log):
    """Keep a notebook's cells together, and let every other test go where there is room.

    xdist's own `loadscope` would put all handed-out notebooks, one test module, on one worker.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByNotebook(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            path, _, rest = nodeid.partition("::")
            return path if path.endswith(".ipynb") or "[" not in rest else nodeid

    return ByNotebook(config, log)


def pytest_addoption(parser):
    parser.addoption(
        "--pool",
        default="poolkit:ConnectionPool",
        metavar="MODULE:CLASS",
        help="the pool to put through the tests of ConnectionPool",
    )


@pytest.fixture(scope="session")
def pool_class(request):
    """The pool under test: ours, or the one that `--pool my_pool:Pool` names."""
    module, _, name = request.config.getoption("--pool").partition(":")
    return getattr(importlib.import_module(module), name)


@pytest.fixture
def make_pool(pool_class):
    """Make pools from a config's fields; they are closed when the test is over."""
    made = []

    def make(*, connect=None, check=None, reset=None, clock=None, **fields):
        given = {"connect": connect, "check": check, "reset": reset, "clock": clock}
        given = {name: value for name, value in given.items() if value is not None}
        made.append(pool_class(ConnectionConfig(**fields), **given))
        return made[-1]

    yield make
    for pool in made:
        pool.close_all()
