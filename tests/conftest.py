"""What all tests share: progress in memory, and one worker for each notebook."""

import os

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
