"""`--pool MODULE:CLASS` puts that pool through the promises; a summary by stage comes last."""

import sys
from pathlib import Path

import pytest

from poolkit.course.state import MEMORY, Store, place
from tests.conformance import judging, plain
from tests.conformance.adapters import Poolkit
from tests.conformance.verdicts import Verdict
from tests.conftest import LEARNERS_PROGRESS


@pytest.fixture(scope="session")
def conforming(request):
    """The pool that the promises are tried on."""
    asked = request.config.getoption("--pool")
    return request.getfixturevalue("pool_class") if asked else Poolkit


def pytest_collection_modifyitems(config, items):
    """Keep the promises of the stages that `--stage` names."""
    wanted = config.getoption("--stage", None)
    if not wanted:
        return
    promise_of = {item: getattr(item, "callspec", None) for item in items}
    left = [
        item
        for item, spec in promise_of.items()
        if spec and getattr(spec.params.get("promise"), "stage", None)
        and spec.params["promise"].stage.name in wanted
    ]  # fmt: skip
    config.hook.pytest_deselected(items=[item for item in items if item not in left])
    items[:] = left


def pytest_terminal_summary(terminalreporter):
    """Say for each stage how many promises are kept, and the first that is not."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    properties = [dict(getattr(report, "user_properties", ())) for report in reports]
    marks = {each["promise"]: each["verdict"] for each in properties if "verdict" in each}
    verdicts = {p: Verdict(marks[p.id]) for p in judging.promises() if p.id in marks}
    if verdicts:
        terminalreporter.section("what the pool promises")
        terminalreporter.write_line(judging.summary(verdicts))
    if terminalreporter.config.getoption("--pool") == "my_pool:Pool":
        note_progress({promise.id: verdict.what for promise, verdict in verdicts.items()})


def note_progress(marks):
    """Have stages that are whole count in the learner's progress, if this is a learner's folder."""
    where = place({"POOLKIT_PROGRESS": LEARNERS_PROGRESS or ""})
    tried = {promise.stage.name for promise in judging.promises() if promise.id in marks}
    kept = {
        name: all(marks.get(p.id) == "kept" for p in plain.asked() if p.stage.name == name)
        for name in tried
    }
    if kept and where != MEMORY:
        from poolkit.course.staging import note_tries

        source = Path(sys.modules["my_pool"].__file__).read_text(encoding="utf-8")
        note_tries(source, kept, Store(where))


def pytest_ignore_collect(collection_path, config):
    """The suite's own tests are not asked of a pool that is named."""
    own = collection_path.name.startswith("test_") and collection_path.stem != "test_promises"
    return True if own and config.getoption("--pool") else None
