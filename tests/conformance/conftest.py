"""`--pool MODULE:CLASS` puts that pool through the promises; a summary by stage comes last."""

import pytest

from tests.conformance import judging
from tests.conformance.adapters import Poolkit
from tests.conformance.verdicts import Verdict


@pytest.fixture(scope="session")
def conforming(request):
    """The pool that the promises are tried on."""
    asked = request.config.getoption("--pool")
    return request.getfixturevalue("pool_class") if asked else Poolkit


def pytest_terminal_summary(terminalreporter):
    """Say for each stage how many promises are kept, and the first that is not."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    properties = [dict(getattr(report, "user_properties", ())) for report in reports]
    marks = {each["promise"]: each["verdict"] for each in properties if "verdict" in each}
    verdicts = {p: Verdict(marks[p.id]) for p in judging.promises() if p.id in marks}
    if verdicts:
        terminalreporter.section("what the pool promises")
        terminalreporter.write_line(judging.summary(verdicts))


def pytest_ignore_collect(collection_path, config):
    """The suite's own tests are not asked of a pool that is named."""
    own = collection_path.name.startswith("test_") and collection_path.stem != "test_promises"
    return True if own and config.getoption("--pool") else None
