"""The README: its commands run, its example is real, its table is the course's."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from poolkit.course import state
from poolkit.course.checking import _card, examine
from poolkit.course.exercises import find
from poolkit.course.files import ROOT
from poolkit.course.lessons import LESSONS
from poolkit.course.lessons.simple import Lender
from poolkit.course.notebooks import LEARNER, read

README = (ROOT / "README.md").read_text(encoding="utf-8")
SET_UP = "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt && "


def commands() -> list[str]:
    """Every line of every shell block."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", README, re.DOTALL | re.MULTILINE)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


def run(command: str, folder) -> subprocess.CompletedProcess:
    """Run a command of the README with this Python's own poolkit, in `folder`."""
    words = command.replace(".venv/bin/poolkit", f"{sys.executable} -m poolkit").split()
    return subprocess.run(
        words, capture_output=True, text=True, encoding="utf-8", cwd=folder, check=False
    )


def test_every_command_is_known_here():
    assert commands() == [
        SET_UP + ".venv/bin/poolkit lab",  # test_first_command_opens_the_first_lesson
        SET_UP + ".venv/bin/python -m pytest",  # what .ci/run runs
        # tests/conformance/test_command.py
        ".venv/bin/python -m pytest /path/to/tests/conformance --pool my_pool:Pool",
        ".venv/bin/poolkit run --input data/labels.txt --output summary.json",
        ".venv/bin/poolkit grade my_work/02_simple.ipynb",
        ".venv/bin/poolkit rebuild",  # test_notebooks.py, with --check
        ".ci/check",
        ".venv/bin/python -m pytest -m slow",  # the nightly workflow
    ]


def test_ci_runs_the_test_command_as_it_stands():
    assert commands()[1] in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_windows_commands_are_the_same():
    (block,) = re.findall(r"```bat\n(.*?)```", README, re.DOTALL)
    as_here = [
        line.replace("py -m", "python3 -m").replace("Scripts", "bin").replace("\\", "/")
        for line in block.splitlines()
    ]

    assert as_here == commands()[:2]


def test_run_command(tmp_path):
    shutil.copytree(ROOT / "data", tmp_path / "data")

    done = run(commands()[3], tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "summary.json").read_text(encoding="utf-8") == done.stdout


def test_grade_command(tmp_path):
    (tmp_path / "my_work").mkdir()
    shutil.copy(LEARNER / "02_simple.ipynb", tmp_path / "my_work")

    done = run(commands()[4], tmp_path)

    assert done.returncode == 0, done.stderr
    assert re.search(r"02_simple.ipynb +simple.cap +0 of 6 +not attempted", done.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script, for Linux and macOS")
def test_check_command_names_tools_that_exist():
    words = (ROOT / ".ci" / "check").read_text(encoding="utf-8")

    assert os.access(ROOT / ".ci" / "check", os.X_OK)
    assert re.findall(r'^"\$bin/(\S+)"', words, re.MULTILINE) == [
        "ruff",
        "ruff",
        "codespell",
        "poolkit",
    ]


def test_python_example_runs(tmp_path, monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    monkeypatch.chdir(tmp_path)

    exec(compile(code, "README.md", "exec"), {})

    assert (tmp_path / "app.db").exists()


def test_example_of_a_check_is_what_it_says(monkeypatch):
    monkeypatch.setattr(state, "_store", state.Store(":memory:"))

    class CappedPool(Lender):
        def release(self, conn):
            self._idle.append(conn)

    said = _card(examine(find("exercises", "simple.cap"), CappedPool)).text()
    (shown,) = re.findall(r"```text\n(.*?)```", README, re.DOTALL)

    assert shown.strip() == said


def test_table_of_lessons_is_the_course():
    rows = re.findall(
        r"^\| (\d\d) \| \[(.+?)\]\((.+?)\) \| (.+?) \| (\d+) \|$", README, re.MULTILINE
    )
    wanted = []
    for lesson in LESSONS:
        text = "\n".join(cell.source for cell in read(LEARNER / lesson.file).cells)
        minutes = re.search(r"\*\*Minutes:\*\* about (\d+)", text)[1]
        wanted.append((f"{lesson.number:02}", lesson.title, f"notebooks/{lesson.file}", minutes))

    assert [(n, title, link, minutes) for n, title, link, _, minutes in rows] == wanted


def test_pictures_exist_and_have_words():
    for words, path in re.findall(r"!\[(.*?)\]\((.+?)\)", README):
        assert (ROOT / path).exists(), path
        assert len(words) > 40


def test_links_resolve():
    for link in re.findall(r"(?<!!)\[[^\]]+\]\(([^)#]+)\)", README):
        assert link.startswith("https://") or (ROOT / link).exists(), link


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the Linux and macOS form of the command")
def test_first_command_opens_the_first_lesson(tmp_path):
    clone = tmp_path / "a clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = f" --no-browser --port {port} --IdentityProvider.token=t"
    options += " --allow-root" if os.geteuid() == 0 else ""

    server = subprocess.Popen(
        ["bash", "-c", commands()[0] + options], cwd=clone, start_new_session=True
    )
    try:
        page = wait_for(
            f"http://127.0.0.1:{port}/api/contents/my_work/00_start_here.ipynb?content=0&token=t"
        )
    finally:
        os.killpg(server.pid, 15)
        server.wait(30)

    assert '"name": "00_start_here.ipynb"' in page


def wait_for(url: str, seconds: float = 900) -> str:
    """The page at this address, as soon as there is one."""
    ends = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url) as answer:
                return answer.read().decode()
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.5)
