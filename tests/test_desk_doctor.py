"""`poolkit doctor`: each fault it knows is found, with what mends it."""

import sqlite3
import sys
import types
import webbrowser

import pytest

from poolkit.course.desk import doctor
from poolkit.course.files import ROOT


def bad(findings):
    return [f"{found}: {mends}" for well, found, mends in findings if well is False]


def test_this_clone_is_well(capsys):
    assert doctor.main([]) == 0

    out = capsys.readouterr().out
    assert "MEND" not in out
    assert out.count("ok  ") >= 5


def test_python_and_its_flags(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 1))
    monkeypatch.setattr(sys, "flags", types.SimpleNamespace(optimize=1))

    assert [line.split(" ")[0] for line in bad(doctor.python(ROOT))] == ["Python", "Python"]


def test_a_package_that_is_missing_and_one_that_is_too_old(tmp_path):
    (tmp_path / "requirements.txt").write_text("pytest>=99.0,<100\nno-such>=1.0,<2\n", "utf-8")

    old, missing = bad(doctor.packages(tmp_path))

    assert "wanted >=99.0,<100" in old
    assert "no-such is missing" in missing
    assert "pip install -r" in old


def test_no_clone(tmp_path):
    assert "no requirements.txt" in bad(doctor.packages(tmp_path))[0]


def test_sqlite_for_one_thread(monkeypatch):
    monkeypatch.setattr(sqlite3, "threadsafety", 0)

    assert "for one thread only" in bad(doctor.sqlite(ROOT))[0]


@pytest.mark.parametrize("name", ["poolkit.py", "sqlite3.py"])
def test_a_file_that_hides_a_module(tmp_path, monkeypatch, name):
    (tmp_path / name).write_text("", "utf-8")
    monkeypatch.chdir(tmp_path)

    assert any(
        f"{name} hides the module" in line and "rename" in line
        for line in bad(doctor.shadows(ROOT))
    )


def test_no_write_access(tmp_path):
    (tmp_path / "my_work").write_text("no folder", "utf-8")

    assert "nothing can be written" in bad(doctor.writing(tmp_path))[0]


def test_a_kernel_that_does_not_start(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "ipykernel.py").write_text("raise ImportError('broken')", "utf-8")
    (tmp_path / "jupyter_client.py").write_text("raise ImportError('broken')", "utf-8")

    (line,) = bad(doctor.kernel(ROOT))

    assert "ImportError: broken" in line


def test_no_browser_is_only_worth_knowing(monkeypatch):
    def get():
        raise webbrowser.Error

    monkeypatch.setattr(webbrowser, "get", get)

    assert [(well, mends) for well, _, mends in doctor.browser(ROOT)] == [
        (None, "poolkit lab --no-browser prints the address to open")
    ]
