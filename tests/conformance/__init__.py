"""What every connection pool must promise, tried on any pool, in stages.

    python -m pytest /path/to/tests/conformance --pool my_pool:Pool

from the folder of `my_pool.py`. What a pool has to bring is in `adapter.py`, a dozen lines; what is
asked of it is in `promises/`, one file a stage, one class a promise. `judging.judge` does the same
without pytest.
"""
