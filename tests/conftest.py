"""What all tests share: progress in memory, and one worker for each notebook."""

import importlib
import os

import pytest

from poolkit import ConnectionConfig

LEARNERS_PROGRESS = os.environ.get("POOLKIT_PROGRESS")  # where a learner's is kept
os.environ["POOLKIT_PROGRESS"] = ":memory:"  # also for the kernels that nbval and nbclient start
# Notebooks start a server of their own, so that they print the same for everyone. The conformance
# tests, which leave nothing behind, take the one that you name.
if "DATABASE_URL" in os.environ:
    os.environ["POOLKIT_TESTS_SERVER"] = os.environ.pop("DATABASE_URL")


def pytest_xdist_make_scheduler(config, log):
    """Keep a notebook's cells together, and let every other test go where there is room.

    xdist's own `loadscope` would put all handed-out notebooks, one test module, on one worker.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByNotebook(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            path, _, rest = nodeid.partition("::")
            whole = path.endswith((".ipynb", "test_kernel.py"))  # the latter shares one kernel
            return path if whole or "[" not in rest else nodeid

    return ByNotebook(config, log)


def pytest_addoption(parser):
    parser.addoption(
        "--pool",
        metavar="MODULE:CLASS",
        help="the pool to put through tests/conformance, or through the tests of ConnectionPool",
    )
    parser.addoption(
        "--stage",
        metavar="NAME",
        action="append",
        help="of tests/conformance only this stage, such as lends; may be given several times",
    )


def pytest_configure(config):
    if config.getoption("--pool"):
        named_pool(config.getoption("--pool"))  # a name that is wrong is told before anything runs
    for name in config.getoption("--stage") or ():
        known_stage(name)


@pytest.fixture(scope="session")
def pool_class(request):
    """The pool under test: ours, or the one that `--pool my_pool:Pool` names."""
    return named_pool(request.config.getoption("--pool") or "poolkit:ConnectionPool")


def named_pool(spec):
    """Find the class that "module:Class" names; pytest tells in one line why it cannot."""
    module, _, name = spec.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise pytest.UsageError(
            f"--pool {spec}: {error}. It names a class in a file of this folder: my_pool:Pool"
        ) from None


def known_stage(name):
    """Raise the usage error that names the stages there are, if this is none."""
    from tests.conformance.judging import STAGES

    known = [stage.name for stage in STAGES]
    if name not in known:
        raise pytest.UsageError(f"--stage {name}: there is {', '.join(known)}")


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
