"""Lints as tests: format, rules, spelling, and what no file of the project may hold."""

import re
import subprocess
import sys

import pytest

from poolkit.course.files import ROOT

PROSE = ["README.md", ".github", "data", "notebooks", "poolkit", "tests"]


def run(*command: str) -> str:
    """What a tool has to say; nothing if it is satisfied."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "format", "--check", "."),
        ("ruff", "check", "--no-cache", "--output-format", "concise", "."),
        ("codespell_lib", *PROSE),
    ],
    ids=["format", "rules", "spelling"],
)
def test_tool_is_satisfied(command):
    assert run(*command) == ""


def files():
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git clone: the files cannot be listed")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_path_of_a_machine_in_any_file():
    own = re.compile(r"(?<![\w.])/(?:home|Users|root|work|farm)/\w")
    for path in files():
        if path.suffix in (".png", ".svg", ".db") or path == ROOT / "tests" / "test_style.py":
            continue
        assert not own.search(path.read_text(encoding="utf-8", errors="replace")), path


def test_library_never_imports_the_course():
    for path in (ROOT / "poolkit").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(from|import) poolkit\.course", text, re.MULTILINE), path
