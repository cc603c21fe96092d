"""The matrix that is printed: every cell as it comes out again, every ✗ shown by its own script."""

import json

import pytest

from tests.conformance import adapter, judging, matrix
from tests.conformance.matrix import FILE

pytestmark = pytest.mark.slow

PRINTED = json.loads(FILE.read_text(encoding="utf-8"))
OTHERS = matrix.POOLS[1:]


def found(spec):
    try:
        pool = matrix.find(spec)
    except ImportError as error:
        pytest.skip(f"{spec} is not tried: {error}")
    printed = PRINTED["pools"][adapter.name(pool)]
    version = getattr(pool, "version", "")
    if version != printed["version"]:
        pytest.skip(f"{spec} is {version}, and the matrix tells of {printed['version']}")
    return pool, printed["cells"]


@pytest.mark.parametrize("spec", matrix.POOLS)
def test_a_column_comes_out_as_printed(spec):
    pool, cells = found(spec)

    seen = {promise.id: verdict.what for promise, verdict in judging.judge(pool).items()}

    assert seen == {name: cell["verdict"] for name, cell in cells.items()}


@pytest.mark.parametrize("spec", OTHERS)
def test_a_script_of_its_own_shows_what_is_broken(spec):
    pool, cells = found(spec)

    shown = matrix.reproduced(pool)

    broken = {name for name, cell in cells.items() if cell["verdict"] == "broken"}
    assert broken <= {name for name, seen in shown.items() if seen}
