"""`poolkit lab`: what is handed out, what is left alone, and what is told in one line."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from poolkit.course.desk import lab

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    """`main` tells Jupyter of its settings through the environment; take that back afterwards."""
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")
    monkeypatch.setenv("POOLKIT_PROGRESS", "")
    monkeypatch.delenv("POOLKIT_PROGRESS")


@pytest.fixture
def clone(tmp_path):
    """The notebooks of a small course."""
    shipped = tmp_path / "notebooks"
    (shipped / "solved").mkdir(parents=True)
    (shipped / ".ipynb_checkpoints").mkdir()
    (shipped / "images").mkdir()
    write(shipped / "00_start_here.ipynb", "zero")
    write(shipped / "02_simple.ipynb", "two")
    write(shipped / "glossary.md", "words")
    write(shipped / "images/pool.png", "a picture")
    write(shipped / "solved/02_simple.ipynb", "solved")
    write(shipped / ".ipynb_checkpoints/02_simple-checkpoint.ipynb", "older")
    return tmp_path


def write(path, text):
    path.write_text(text, encoding="utf-8")


def read(path):
    return path.read_text(encoding="utf-8")


def start(clone, *argv):
    """Run the command with a server that only notes how it was called."""
    calls = []
    code = lab.main(argv, root=clone, serve=calls.append)
    return code, calls


def settings(clone, name):
    return json.loads(read(clone / "my_work/.jupyter" / name))


# What is handed out


def test_lessons_and_what_lies_beside_them_are_copied(clone):
    assert start(clone) == (0, [[]])

    visible = {
        path.relative_to(clone / "my_work").as_posix(): read(path)
        for path in (clone / "my_work").rglob("*")
        if path.is_file() and not path.relative_to(clone / "my_work").parts[0].startswith(".")
    }
    assert visible == {
        "00_start_here.ipynb": "zero",
        "02_simple.ipynb": "two",
        "glossary.md": "words",
        "images/pool.png": "a picture",
    }


def test_copies_of_read_only_lessons_can_be_written(clone):
    (clone / "notebooks/02_simple.ipynb").chmod(0o444)

    start(clone)

    assert (clone / "my_work/02_simple.ipynb").stat().st_mode & stat.S_IWUSR


def test_a_changed_copy_is_never_overwritten(clone, capsys):
    start(clone)
    write(clone / "my_work/02_simple.ipynb", "my answers")

    start(clone)

    assert read(clone / "my_work/02_simple.ipynb") == "my answers"
    assert "newer" not in capsys.readouterr().out


def test_a_changed_copy_stays_when_the_lesson_changes_and_one_line_says_so(clone, capsys):
    start(clone)
    write(clone / "my_work/02_simple.ipynb", "my answers")
    write(clone / "notebooks/02_simple.ipynb", "two, second edition")
    capsys.readouterr()

    start(clone)
    start(clone)  # not only once: the line may have been missed

    assert read(clone / "my_work/02_simple.ipynb") == "my answers"
    told = [line for line in capsys.readouterr().out.splitlines() if "newer version" in line]
    assert len(told) == 2
    assert "02_simple.ipynb" in told[0]
    assert "00_start_here" not in told[0]


def test_a_copy_that_nobody_changed_follows_the_lesson(clone, capsys):
    start(clone)
    write(clone / "notebooks/02_simple.ipynb", "two, second edition")
    write(clone / "notebooks/glossary.md", "more words")

    start(clone)

    assert read(clone / "my_work/02_simple.ipynb") == "two, second edition"
    assert read(clone / "my_work/glossary.md") == "more words"
    assert "newer" not in capsys.readouterr().out


def test_a_file_that_was_there_before_is_left_alone(clone, capsys):
    (clone / "my_work").mkdir()
    write(clone / "my_work/02_simple.ipynb", "from elsewhere")

    start(clone)
    write(clone / "notebooks/02_simple.ipynb", "two, second edition")
    start(clone)

    assert read(clone / "my_work/02_simple.ipynb") == "from elsewhere"
    assert "newer" not in capsys.readouterr().out


def test_a_deleted_copy_is_handed_out_again(clone):
    start(clone)
    (clone / "my_work/02_simple.ipynb").unlink()

    start(clone)

    assert read(clone / "my_work/02_simple.ipynb") == "two"


@pytest.mark.parametrize("damage", ["", "{", "[1]", "\0", '{"02_simple.ipynb": 7}'])
def test_a_damaged_record_costs_nobody_a_file(clone, damage):
    start(clone)
    write(clone / "my_work/02_simple.ipynb", "my answers")
    write(clone / "notebooks/02_simple.ipynb", "two, second edition")
    write(clone / "my_work/.handed_out.json", damage)

    assert start(clone)[0] == 0

    assert read(clone / "my_work/02_simple.ipynb") == "my answers"


def test_a_folder_of_a_lessons_name_is_left_alone(clone):
    (clone / "my_work/02_simple.ipynb").mkdir(parents=True)

    assert start(clone)[0] == 0

    assert (clone / "my_work/02_simple.ipynb").is_dir()


def test_a_copy_is_written_whole_or_not_at_all(clone, monkeypatch):
    (clone / "my_work").mkdir()
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "disk full")))

    code, calls = start(clone)

    assert (code, calls) == (2, [])
    assert list((clone / "my_work").iterdir()) == []


def test_links_lead_to_the_same_files_from_the_copies(tmp_path):
    course = copy_of_course(tmp_path)
    start(course)
    links = {
        (page.name, link)
        for page in (course / "my_work").glob("*.*")
        if page.suffix in {".ipynb", ".md"}
        for link in re.findall(r"\]\(([^)#\s]+)", read(page))
        if "://" not in link
    }

    assert len(links) > 10
    dead = {link for link in links if not (course / "my_work" / link[1]).exists()}
    assert dead == set()


def test_links_to_a_heading_are_spelt_as_both_jupyterlab_and_github_want_it():
    """GitHub's names of headings are in lower case, JupyterLab's as they stand."""
    shipped = ROOT / "notebooks"
    asked = {
        link
        for page in shipped.glob("*.ipynb")
        for link in re.findall(r"\(([^()\s]+#[^)]+)\)", read(page))
    }
    headings = {
        f"{page.name}#{heading.replace(' ', '-')}"
        for page in shipped.glob("*.md")
        for heading in re.findall(r"^#+ (.+)$", read(page), re.MULTILINE)
    }

    assert len(asked) > 10
    assert {link for link in asked if "://" not in link} - headings == set()


# What is passed on, and what the server is set to


def test_options_are_passed_on_as_they_came(clone):
    options = ["--no-browser", "--port", "0", "--LabApp.news_url=x", "--unknown", "02"]

    assert start(clone, *options) == (0, [options])


@pytest.mark.parametrize("name", ["2", "02", "simple", "02_simple", "02_simple.ipynb"])
def test_a_lesson_is_opened_by_number_or_name(clone, name):
    assert start(clone, name, "--no-browser") == (0, [["--no-browser"]])

    url = settings(clone, "jupyter_lab_config.json")["LabApp"]["default_url"]
    assert url == "/lab/tree/my_work/02_simple.ipynb"


def test_the_first_lesson_is_opened_where_none_is_named(clone):
    start(clone)

    url = settings(clone, "jupyter_lab_config.json")["LabApp"]["default_url"]
    assert url == "/lab/tree/my_work/00_start_here.ipynb"


def test_a_file_that_is_no_lesson_is_jupyters(clone):
    path = clone / "my_work.ipynb"
    write(path, "theirs")

    assert start(clone, str(path)) == (0, [[str(path)]])


def test_nothing_is_fetched_and_the_clone_is_what_is_served(clone):
    start(clone)

    app = settings(clone, "jupyter_lab_config.json")["LabApp"]
    assert app["news_url"] is None
    assert app["check_for_updates_class"] == "jupyterlab.NeverCheckForUpdate"
    assert app["extension_manager"] == "readonly"
    labconfig = settings(clone, "labconfig/default_setting_overrides.json")
    assert labconfig["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    server = settings(clone, "jupyter_server_config.json")["ServerApp"]
    assert server["root_dir"] == str(clone)


def test_only_a_port_that_was_asked_for_is_insisted_on(clone):
    start(clone)
    assert "port_retries" not in settings(clone, "jupyter_server_config.json")["ServerApp"]

    start(clone, f"--port={free_port()}")
    assert settings(clone, "jupyter_server_config.json")["ServerApp"]["port_retries"] == 0


@pytest.mark.parametrize(("user", "allowed"), [(0, True), (1000, None)])
def test_root_is_let_in_without_being_asked(clone, monkeypatch, user, allowed):
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)

    start(clone)

    server = settings(clone, "jupyter_server_config.json")["ServerApp"]
    assert server.get("allow_root") is allowed


def test_the_users_own_settings_are_kept_beside_ours(clone, monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "theirs")

    start(clone)

    ours = str(clone / "my_work" / ".jupyter")
    assert os.environ["JUPYTER_CONFIG_PATH"] == f"{ours}{os.pathsep}theirs"


def test_kernels_are_told_where_progress_is(clone):
    start(clone)

    assert os.environ["POOLKIT_PROGRESS"] == str(clone / "my_work" / "progress.db")


# How it ends


@pytest.mark.parametrize(
    ("ending", "code"),
    [(KeyboardInterrupt(), 130), (SystemExit(3), 3), (SystemExit(), 0), (SystemExit("no"), 1)],
)
def test_exit_code_is_the_servers(clone, ending, code):
    def serve(_):
        raise ending

    assert lab.main([], root=clone, serve=serve) == code


def test_ctrl_c_while_copying_is_no_traceback(clone, monkeypatch):
    monkeypatch.setattr(lab, "hand_out", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))

    assert start(clone) == (130, [])


@pytest.mark.parametrize("argv", [["--help"], ["-h"], ["02", "--help"]])
def test_help_is_short_and_starts_nothing(clone, capsys, argv):
    assert start(clone, *argv) == (0, [])

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("usage: poolkit lab")
    assert len(lines) <= 12
    assert not (clone / "my_work").exists()


# What the user can mend: one line each


def refusal(clone, capsys, *argv, serve=None):
    """Return the line that was printed, having made sure that nothing was started."""
    calls = []
    code = lab.main(argv, root=clone, serve=serve or calls.append)
    out, err = capsys.readouterr()
    assert (code, calls, out) == (2, [], "")
    assert err.startswith("poolkit lab: ")
    assert err.count("\n") == 1
    return err


def test_jupyterlab_missing(clone, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", None)

    code = lab.main([], root=clone)

    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "JupyterLab is not installed" in err
    assert "pip install -r requirements.txt" in err


def test_no_notebooks(tmp_path, capsys):
    assert f"no lessons in {tmp_path / 'notebooks'}" in refusal(tmp_path, capsys)


def test_no_such_lesson(clone, capsys):
    line = refusal(clone, capsys, "07")

    assert "no lesson '07'" in line
    assert "02_simple" in line


def test_a_file_in_place_of_my_work(clone, capsys):
    write(clone / "my_work", "notes")

    assert "my_work is no folder" in refusal(clone, capsys)

    assert read(clone / "my_work") == "notes"


def test_a_read_only_my_work(clone, capsys):
    start(clone)  # nothing is missing there: it is the saving that will fail
    capsys.readouterr()
    make_read_only(clone / "my_work")

    assert f"cannot write to {clone / 'my_work'} (" in refusal(clone, capsys)


def make_read_only(folder):
    if not hasattr(os, "geteuid"):
        pytest.skip("a folder cannot be made read-only by its mode here")
    if os.geteuid() != 0:
        folder.chmod(0o555)
        return
    if not Path("/sys/kernel").is_dir():
        pytest.skip("root writes everywhere here")
    folder.rename(folder.with_name("was_my_work"))
    folder.symlink_to("/sys/kernel")  # where not even root makes a file


@pytest.mark.parametrize("form", [["--port", "{}"], ["--port={}"], ["--ServerApp.port={}"]])
def test_a_taken_port(clone, capsys, form):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        line = refusal(clone, capsys, *(part.format(port) for part in form))

    assert f"port {port} is taken" in line
    assert not (clone / "my_work").exists()


@pytest.mark.parametrize("port", ["abc", "-1", "65536", "80.5", ""])
def test_a_port_that_is_none(clone, capsys, port):
    assert "whole number" in refusal(clone, capsys, "--port", port)


def test_a_port_that_needs_permission(clone, capsys, monkeypatch):
    def bind(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", bind)

    assert "no permission for port 80" in refusal(clone, capsys, "--port", "80")


# The real thing


@pytest.mark.skipif(os.name != "posix", reason="sends Ctrl-C as a POSIX signal")
def test_a_real_server_starts_where_told_and_ends_at_ctrl_c(tmp_path):
    clone, port = copy_of_course(tmp_path), free_port()
    keyboard, terminal = os.openpty()  # only on a terminal does Jupyter ask back
    with running(
        clone, "--no-browser", "--port", str(port), tmp_path=tmp_path, stdin=terminal
    ) as server:
        try:
            said = json.loads(read(wait_for(server, tmp_path / "runtime")))
            lessons = ask(said, "api/contents/my_work")["content"]
            news = ask(said, "lab/api/news")
            server.send_signal(signal.SIGINT)
            output, _ = server.communicate(timeout=20)
        finally:
            server.kill()
            os.close(keyboard)
            os.close(terminal)

    assert said["port"] == port
    assert "00_start_here.ipynb" in {entry["name"] for entry in lessons}
    assert news == {"news": []}
    assert server.returncode == 0
    assert f"http://127.0.0.1:{port}/lab/tree/my_work/00_start_here.ipynb?token=" in output
    assert "Traceback" not in output
    assert "[I " not in output  # what the server notes down would hide the address


def copy_of_course(tmp_path):
    clone = tmp_path / "clone"
    ours = {"poolkit", "notebooks", "data"}
    for path in (path for name in ours for path in (ROOT / name).rglob("*")):
        if path.suffix in {".py", ".ipynb", ".md", ".json"} and "solved" not in path.parts:
            target = clone / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return clone


def running(clone, *options, tmp_path, stdin):
    places = ("CONFIG", "DATA", "RUNTIME")
    own = {f"JUPYTER_{place}_DIR": str(tmp_path / place.lower()) for place in places}
    return subprocess.Popen(
        [sys.executable, "-m", "poolkit", "lab", *options],
        cwd=clone,
        env={**os.environ, **own, "PYTHONPATH": str(clone)},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def wait_for(server, runtime, patience=60):
    """Return the file in which a server that listens says where."""
    deadline = time.monotonic() + patience
    while not (found := list(runtime.glob("jpserver-*.json"))):
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"no server came up in {patience} s")
        time.sleep(0.1)
    return found[0]


def ask(said, path, patience=20):
    deadline = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(f"{said['url']}{path}?token={said['token']}") as answer:
                return json.load(answer)
        except urllib.error.URLError:  # it says where before it listens
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
