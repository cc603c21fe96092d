"""The workflows and issue forms: they can be read, and they run what the README says.

What only the hosting service can tell, that its runners start them, is not tested here.
"""

import re

import pytest

from poolkit.course.files import ROOT
from tests.test_readme import README, commands

yaml = pytest.importorskip(
    "yaml", reason="PyYAML, which comes with JupyterLab, reads the workflows and issue forms"
)

WORKFLOWS = ROOT / ".github" / "workflows"
FORMS = ROOT / ".github" / "ISSUE_TEMPLATE"
SUPPORTED = ["3.11", "3.12", "3.13", "3.14"]


def read(path):
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def jobs(name):
    content = read(WORKFLOWS / name)
    assert content["permissions"] == {"contents": "read"}
    assert True in content  # "on:", which YAML 1.1 reads as yes
    return content["jobs"]


def runs(job):
    return [step["run"].strip() for step in job["steps"] if "run" in step]


def matrix(job):
    assert job["strategy"]["fail-fast"] is False
    assert 0 < job["timeout-minutes"] <= 120
    return job["strategy"]["matrix"]


def test_linux_and_macos_run_the_test_command_as_it_stands():
    job = jobs("test.yml")["linux_and_macos"]

    assert commands()[1] in runs(job)
    assert matrix(job) == {"system": ["ubuntu-latest", "macos-latest"], "python": SUPPORTED}
    assert job["runs-on"] == "${{ matrix.system }}"


def test_windows_runs_its_own_form():
    (block,) = re.findall(r"```bat\n(.*?)```", README, re.DOTALL)
    job = jobs("test.yml")["windows"]
    (step,) = [step for step in job["steps"] if "pytest" in step.get("run", "")]

    assert step["run"].strip() == block.splitlines()[1]
    assert step["shell"] == "cmd"
    assert matrix(job) == {"python": SUPPORTED}
    assert job["runs-on"] == "windows-latest"


def test_every_push_and_proposal_is_tested():
    assert set(read(WORKFLOWS / "test.yml")[True]) >= {"push", "pull_request"}


def test_nightly_runs_the_slow_tests_of_the_readme():
    job = jobs("nightly.yml")["slow"]

    assert runs(job)[-1] == commands()[-1]
    assert "schedule" in read(WORKFLOWS / "nightly.yml")[True]
    assert set(matrix(job)["python"]) <= set(SUPPORTED)


def test_nightly_forgets_every_upper_bound_and_no_lower_one():
    (script,) = [run for run in runs(jobs("nightly.yml")["slow"]) if run.startswith("sed ")]
    pattern, kept = re.search(r"'s/(.+)/(.+)/g'", script).groups()

    for name in ("requirements.txt", "pyproject.toml"):
        bounds = (ROOT / name).read_text(encoding="utf-8")
        lines = [line for line in bounds.splitlines() if re.search(r">=[\d.]+,", line)]
        assert lines, name
        for line in lines:
            assert re.sub(pattern, kept, line) == re.sub(r",<[\d.]+", "", line)


def test_supported_versions_are_those_of_the_project():
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["right-answer-refused.yml", "wrong-answer-accepted.yml"])
def test_issue_forms_ask_for_what_is_needed(name):
    form = read(FORMS / name)
    fields = {field["id"]: field for field in form["body"] if "id" in field}
    needed = {key for key, field in fields.items() if field["validations"]["required"]}

    assert form["name"]
    assert form["description"]
    assert {"exercise", "answer"} <= needed
    assert len(fields) == sum(field["type"] != "markdown" for field in form["body"])
    assert fields["answer"]["attributes"]["render"] == "python"


def test_issue_forms_name_an_exercise_that_exists():
    from poolkit.course.exercises import find

    for path in FORMS.glob("*-*.yml"):
        (exercise,) = [field for field in read(path)["body"] if field.get("id") == "exercise"]
        assert find("exercises", exercise["attributes"]["placeholder"])


def test_other_issues_are_welcome():
    assert read(FORMS / "config.yml")["blank_issues_enabled"] is True
