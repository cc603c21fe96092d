import importlib.metadata
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from poolkit import cli

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX files, pipes or signals")
DATA = Path(__file__).parent.parent / "data"
TABLE = "CREATE TABLE events (id INTEGER PRIMARY KEY, label TEXT NOT NULL)"


@pytest.fixture
def poolkit(tmp_path):
    """The command, run in a folder that holds labels.txt and nothing else."""
    (tmp_path / "labels.txt").write_text("login\ncafé\n", encoding="utf-8")

    def command(*args, env=(), **options):
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "poolkit", *map(str, args)],
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            env={**os.environ, "PYTHONIOENCODING": "utf-8", **dict(env)},
            **options,
        )

    return command


@pytest.fixture
def refused(poolkit, tmp_path):
    """The command, which must refuse in one line; that line, and nothing new in the folder."""

    def command(*args, **options):
        before = contents(tmp_path)
        done = poolkit(*args, **options)
        assert done.returncode == 2, done
        assert done.stdout == ""
        assert done.stderr.endswith("\n")
        assert done.stderr.count("\n") == 1, done.stderr
        assert "Traceback" not in done.stderr
        assert contents(tmp_path) == before
        return done.stderr.rstrip("\n")

    return command


def contents(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: path.read_bytes() if os.access(path, os.R_OK) else None for path in files}


def run_on(database, *more):
    return ("run", "--input", "labels.txt", "--output", "out.json", "--db", database, *more)


LOCKER = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1], isolation_level=None)
conn.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""
RUN = ("run", "--input", "labels.txt", "--output", "out.json")


def execute(path, *statements):
    with closing(sqlite3.connect(path)) as conn, conn:
        for statement in statements:
            conn.execute(statement)


# What works


def test_the_summary_is_printed_and_written(poolkit, tmp_path):
    done = poolkit(*RUN)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (tmp_path / "out.json").read_text(encoding="utf-8")
    summary = json.loads(done.stdout)
    assert list(summary) == ["rows_inserted", "rows", "health", "pool_stats"]
    assert summary["rows"] == [{"id": 1, "label": "login"}, {"id": 2, "label": "café"}]
    assert summary["pool_stats"]["created"] == 1
    assert summary["pool_stats"]["reused"] == 1


def test_the_installed_command_does_the_same(poolkit, tmp_path):
    script = Path(sys.executable).with_name("poolkit.exe" if os.name == "nt" else "poolkit")
    if not script.exists():
        pytest.skip("the package is not installed beside this Python")

    done = subprocess.run([script, *RUN], cwd=tmp_path, capture_output=True, encoding="utf-8")

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["rows_inserted"] == 2


def test_the_command_of_the_readme_on_the_data_of_the_course(tmp_path, capsys):
    target = tmp_path / "summary.json"

    assert cli.main(["run", "--input", str(DATA / "labels.txt"), "--output", str(target)]) == 0

    printed = capsys.readouterr()
    assert json.loads(printed.out) == json.loads(target.read_text(encoding="utf-8"))
    assert printed.err == ""


def test_options_reach_the_pool(monkeypatch, tmp_path, capsys):
    seen = {}

    def run(input_path, output_path, config):
        seen.update(input=input_path, output=output_path, config=config)
        return {"rows_inserted": 0, "rows": []}

    monkeypatch.setattr(cli, "run", run)
    options = "--input a --output b --db c --pool-size 7 --timeout 20.5 --max-retries 9"
    assert cli.main(["run", *options.split()]) == 0

    config = seen["config"]
    assert (seen["input"], seen["output"], config.db_path) == ("a", "b", "c")
    assert (config.pool_size, config.timeout, config.max_retries) == (7, 20.5, 9)
    assert config.acquire_timeout == 20.5  # or the pool would give up before SQLite does


def test_a_short_timeout_leaves_time_for_attempts(monkeypatch, capsys):
    configs = []
    monkeypatch.setattr(
        cli, "run", lambda a, b, config: configs.append(config) or {"rows_inserted": 0}
    )

    cli.main(["run", "--input", "a", "--output", "b", "--timeout", "0"])

    assert (configs[0].timeout, configs[0].acquire_timeout) == (0.0, 5.0)


def test_a_database_keeps_what_it_has(poolkit, tmp_path):
    poolkit(*run_on("app.db"))
    done = poolkit(*run_on("app.db"))

    assert [row["id"] for row in json.loads(done.stdout)["rows"]] == [3, 4]


def test_verbose_tells_on_stderr_and_keeps_stdout_clean(poolkit):
    done = poolkit(*RUN, "-v")

    assert done.returncode == 0
    assert json.loads(done.stdout)["rows_inserted"] == 2
    assert "reading labels.txt, storing in :memory:" in done.stderr
    assert "stored 2 rows, wrote out.json" in done.stderr


def test_verbose_leaves_logging_as_it_was(tmp_path, capsys):
    import logging

    logger = logging.getLogger("poolkit")
    before = (logger.level, list(logger.handlers))

    cli.main(["run", "--input", "nowhere.txt", "--output", str(tmp_path / "out.json"), "-v"])

    assert (logger.level, logger.handlers) == before


@posix
def test_labels_may_come_from_standard_input(poolkit):
    done = poolkit("run", "--input", "/dev/stdin", "--output", "out.json", input="a\nb\n")

    assert json.loads(done.stdout)["rows_inserted"] == 2


@posix
def test_the_output_may_be_standard_output(poolkit):
    done = poolkit("run", "--input", "labels.txt", "--output", "/dev/stdout")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count('"rows_inserted": 2') == 2  # as the output, and printed


def test_a_terminal_without_utf8_gets_ascii(poolkit, tmp_path):
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = poolkit(*RUN, env={"PYTHONIOENCODING": "ascii", **plain})

    assert done.returncode == 0
    assert done.stdout.isascii()
    assert json.loads(done.stdout)["rows"][1]["label"] == "café"
    assert "café" in (tmp_path / "out.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("args", [[], ["-h"], ["--help"]])
def test_alone_it_prints_help(poolkit, args):
    done = poolkit(*args)

    assert (done.returncode, done.stderr) == (0, "")
    assert "usage: poolkit" in done.stdout
    assert "run" in done.stdout


def test_help_of_run_names_every_option(poolkit):
    done = poolkit("run", "--help")

    assert done.returncode == 0
    for option in ("--input", "--output", "--db", "--pool-size", "--timeout", "--max-retries"):
        assert option in done.stdout


# Bad input


def test_a_missing_input(refused):
    assert refused("run", "--input", "no.txt", "--output", "out.json") == (
        "poolkit run: cannot read no.txt: No such file or directory: check the spelling"
    )


@posix
def test_a_folder_as_input(refused, tmp_path):
    (tmp_path / "folder").mkdir()

    assert refused("run", "--input", "folder", "--output", "out.json") == (
        "poolkit run: cannot read folder: Is a directory: name a file in it"
    )


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="root may read everything, permissions or not"
)
def test_an_unreadable_input(refused, tmp_path):
    (tmp_path / "secret.txt").touch(mode=0)

    done = refused("run", "--input", "secret.txt", "--output", "out.json")
    assert done.startswith("poolkit run: cannot read secret.txt: Permission denied: check its")


@pytest.mark.parametrize("content", [b"caf\xe9\n", "one\n".encode("utf-16"), b"\x89PNG\r\n\x1a\n"])
def test_an_input_that_is_not_utf8(refused, tmp_path, content):
    (tmp_path / "bad.txt").write_bytes(content)

    assert refused("run", "--input", "bad.txt", "--output", "out.json") == (
        "poolkit run: line 1 of bad.txt is not UTF-8 text: save the file as UTF-8"
    )


def test_a_bad_line_at_the_end_stores_nothing(refused, tmp_path):
    execute(tmp_path / "app.db", "PRAGMA journal_mode=WAL")  # as the command would
    execute(tmp_path / "app.db", TABLE, "INSERT INTO events VALUES (1, 'old')")
    (tmp_path / "labels.txt").write_bytes(b"good\n" * 1000 + b"\xff\n")

    assert "line 1001 of labels.txt is not UTF-8" in refused(*run_on("app.db"))


# Bad output


def test_a_folder_as_output(refused, tmp_path):
    (tmp_path / "folder").mkdir()

    assert refused("run", "--input", "labels.txt", "--output", "folder", "--db", "app.db") == (
        "poolkit run: cannot write folder: Is a directory: name a file in it"
    )


def test_a_file_on_the_way_to_the_output(refused):
    done = refused("run", "--input", "labels.txt", "--output", "labels.txt/out.json")

    assert done.startswith("poolkit run: cannot write labels.txt/out.json: ")
    assert done.endswith(": a part of the path is a file, not a folder")


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere, permissions or not"
)
def test_an_output_in_a_protected_folder(refused, tmp_path):
    (tmp_path / "folder").mkdir(mode=0o500)

    done = refused("run", "--input", "labels.txt", "--output", "folder/out.json", "--db", "app.db")
    assert "cannot write folder/out.json: Permission denied: check its permissions" in done


@posix
def test_an_output_that_cannot_grow(refused, tmp_path):
    import resource

    def no_large_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    (tmp_path / "out.json").write_text("old", encoding="utf-8")
    assert refused(*RUN, preexec_fn=no_large_files) == (
        "poolkit run: cannot write out.json: File too large: choose another place"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of a name as Linux has it")
def test_a_name_too_long(refused):
    done = refused("run", "--input", "labels.txt", "--output", "x" * 300)

    assert done.endswith(": File name too long: choose a shorter name")


def test_the_input_as_output(refused):
    assert refused("run", "--input", "labels.txt", "--output", "./labels.txt") == (
        "poolkit run: input and output are the same file: give the output another name"
    )


def test_the_database_as_output(refused, tmp_path):
    execute(tmp_path / "app.db", TABLE)

    done = refused("run", "--input", "labels.txt", "--output", "app.db", "--db", "app.db")
    assert "output and database are the same file" in done


# Bad databases


@contextmanager
def locked(path):
    """Lock the database in another process, since reading the file in this one would unlock it."""
    with subprocess.Popen(
        [sys.executable, "-c", LOCKER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"locked\n"
        try:
            yield process
        finally:
            process.stdin.close()


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_a_locked_database(refused, tmp_path, mode):
    execute(tmp_path / "app.db", f"PRAGMA journal_mode={mode}")
    execute(tmp_path / "app.db", TABLE, "INSERT INTO events VALUES (1, 'old')")

    with locked(tmp_path / "app.db"):
        before = time.monotonic()
        line = refused(*run_on("app.db", "--timeout", "0.1", "--max-retries", "2"))
        assert time.monotonic() - before < 5

    assert line.startswith("poolkit run: cannot use the database app.db: database is locked: ")
    assert line.endswith("try again later, or set a longer --timeout")


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_a_lock_that_ends_in_time_is_waited_for(tmp_path, mode):
    (tmp_path / "labels.txt").write_text("a\nb\n", encoding="utf-8")
    execute(tmp_path / "app.db", f"PRAGMA journal_mode={mode}")
    execute(tmp_path / "app.db", TABLE)

    with locked(tmp_path / "app.db") as locker:
        command = [sys.executable, "-m", "poolkit", *run_on("app.db", "--timeout", "30")]
        with subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
            locker.stdin.close()
            out, err = process.communicate(timeout=30)

    assert (process.returncode, err) == (0, b"")
    assert [row["id"] for row in json.loads(out)["rows"]] == [1, 2]


def test_a_file_that_is_no_database(refused, tmp_path):
    (tmp_path / "list.txt").write_text("bread\nbutter\n" * 100, encoding="utf-8")

    assert refused(*run_on("list.txt")) == (
        "poolkit run: cannot use the database list.txt: file is not a database: "
        "choose another file, this one is left as it is"
    )


def test_a_damaged_database(refused, tmp_path):
    path = tmp_path / "app.db"
    execute(path, "PRAGMA journal_mode=WAL")  # which the command would switch on otherwise
    execute(path, TABLE, *["INSERT INTO events (label) VALUES (hex(randomblob(2000)))"] * 20)
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = b"\x07" * (len(damaged) - 4096)
    path.write_bytes(damaged)

    done = refused(*run_on("app.db"))
    assert done.startswith("poolkit run: cannot use the database app.db: database disk image is ")
    assert done.endswith(": it is damaged: restore a copy of it, or choose another file")


def test_a_database_in_a_folder_that_is_not_there(refused):
    assert refused(*run_on("nowhere/app.db")) == (
        "poolkit run: cannot use the database nowhere/app.db: unable to open database file: "
        "check that its folder exists, and your permissions"
    )


def test_a_folder_as_database(refused, tmp_path):
    (tmp_path / "folder").mkdir()

    assert refused(*run_on("folder")) == (
        "poolkit run: cannot use the database folder: it is a folder: name a file in it"
    )


def test_a_read_only_database(refused, tmp_path):
    execute(tmp_path / "app.db", TABLE)

    done = refused(*run_on(f"{(tmp_path / 'app.db').as_uri()}?mode=ro"))
    assert "attempt to write a readonly database: check the permissions of the file" in done


def test_another_events_table(refused, tmp_path):
    execute(tmp_path / "app.db", "CREATE TABLE events (what TEXT)")
    execute(tmp_path / "app.db", "INSERT INTO events VALUES ('kept')")
    with closing(sqlite3.connect(tmp_path / "app.db")) as conn:
        conn.execute("PRAGMA journal_mode=WAL")  # which the command would switch on otherwise

    assert refused(*run_on("app.db")) == (
        "poolkit run: cannot use the database app.db: there is a table events (what TEXT) already, "
        "not (id INTEGER PRIMARY KEY, label TEXT): use another database, or rename that table"
    )


# Bad options


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--pool-size", "0", "--pool-size must be at least 1, not 0"),
        ("--pool-size", "-3", "--pool-size must be at least 1, not -3"),
        ("--pool-size", "two", "argument --pool-size: invalid int value: 'two'"),
        ("--pool-size", "2.5", "argument --pool-size: invalid int value: '2.5'"),
        ("--pool-size", "", "argument --pool-size: invalid int value: ''"),
        ("--max-retries", "0", "--max-retries must be at least 1, not 0"),
        ("--max-retries", "x", "argument --max-retries: invalid int value: 'x'"),
        ("--timeout", "-1", "--timeout must be at least 0, not -1.0"),
        ("--timeout", "nan", "--timeout must be a number of seconds, not nan"),
        ("--timeout", "inf", "--timeout must be at most 2147483 seconds, not inf"),
        ("--timeout", "soon", "argument --timeout: invalid float value: 'soon'"),
        ("--db", "", "--db must not be empty: ':memory:' is"),
    ],
)
def test_a_wrong_value(refused, option, value, message):
    assert refused(*RUN, f"{option}={value}").startswith(f"poolkit run: {message}")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["run"], "poolkit run: the following arguments are required: --input, --output"),
        (["run", "--input", "a"], "poolkit run: the following arguments are required: --output"),
        (["run", "--input"], "poolkit run: argument --input: expected one argument"),
        ([*RUN, "--colour"], "poolkit: unrecognized arguments: --colour"),
        ([*RUN, "more.txt"], "poolkit: unrecognized arguments: more.txt"),
        (["run", "--in", "a", "--out", "b"], "poolkit run: the following arguments are required"),
        (["rum"], "poolkit: there is no command 'rum': choose from run"),
        ([""], "poolkit: there is no command '': choose from run"),
        (["--loud"], "poolkit: "),
    ],
)
def test_a_wrong_command_line(refused, args, message):
    assert refused(*args).startswith(message)


@posix
def test_a_newline_in_a_name_stays_in_one_line(refused):
    line = refused("run", "--input", "a\nb\x1b[31m.txt", "--output", "out.json")

    assert r"cannot read a\nb\x1b[31m.txt: No such file" in line


# What happens to it from outside


@posix
def test_an_interrupt_ends_it_with_130_and_no_traceback(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    process = subprocess.Popen(
        [sys.executable, "-m", "poolkit", "run", "--input", "pipe", "--output", "out.json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process, open(tmp_path / "pipe", "wb", buffering=0) as pipe:  # opens when the command does
        pipe.write(b"label\n")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)

    assert (process.returncode, out, err) == (130, b"", b"poolkit: interrupted\n")
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@posix
@pytest.mark.parametrize("args", ["run --input labels.txt --output out.json", "--help"])
def test_a_reader_that_has_gone_is_no_error(poolkit, tmp_path, args):
    (tmp_path / "labels.txt").write_text("label\n" * 20_000, encoding="utf-8")
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run(
        [sys.executable, "-m", "poolkit", *args.split()],
        cwd=tmp_path,
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("args", [RUN, ["--help"], ["run", "--help"], ["lab", "--help"]])
def test_a_full_standard_output_is_told(poolkit, tmp_path, args):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "poolkit", *args],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
        )

    assert done.returncode == 2
    assert done.stderr.endswith(b": cannot print: No space left on device\n")
    assert done.stderr.count(b"\n") == 1
    assert (tmp_path / "out.json").exists() == (args is RUN)


@posix
@pytest.mark.parametrize(("closed", "code"), [(1, 0), (2, 2)])
def test_closed_streams_do_no_harm(poolkit, tmp_path, closed, code):
    args = RUN if closed == 1 else ("run", "--input", "no.txt", "--output", "out.json")

    done = subprocess.run(
        [sys.executable, "-m", "poolkit", *args],
        cwd=tmp_path,
        capture_output=True,
        preexec_fn=lambda: os.close(closed),
    )

    assert (done.returncode, done.stdout, done.stderr) == (code, b"", b"")


# Commands that other packages bring


class Command:
    """An entry point, as installed packages declare them."""

    def __init__(self, name, function):
        self.name = name
        self.function = function

    def load(self):
        if isinstance(self.function, Exception):
            raise self.function
        return self.function


@pytest.fixture
def install(monkeypatch):
    def install(name, function):
        monkeypatch.setattr(
            importlib.metadata,
            "entry_points",
            lambda group: [Command(name, function)] if group == "poolkit.commands" else [],
        )

    return install


def test_a_further_command_gets_the_rest_and_its_exit_code_is_returned(install):
    seen = []
    install("lab", lambda argv: seen.append(argv) or 7)

    assert cli.main(["lab", "--port", "8889", "-h"]) == 7
    assert seen == [["--port", "8889", "-h"]]


def test_a_further_command_that_returns_nothing_went_well(install):
    install("lab", lambda argv: None)

    assert cli.main(["lab"]) == 0


def test_help_names_the_further_commands(install, capsys):
    install("lab", lambda argv: None)

    assert cli.main([]) == 0
    assert "lab" in capsys.readouterr().out


def test_an_unknown_command_is_told_what_there_is(install, capsys):
    install("lab", lambda argv: None)

    assert cli.main(["lob"]) == 2
    assert capsys.readouterr().err == ("poolkit: there is no command 'lob': choose from run, lab\n")


def test_a_further_command_that_cannot_be_loaded_is_told_in_a_line(install, capsys):
    install("lab", ModuleNotFoundError("No module named 'jupyterlab'"))

    assert cli.main(["lab"]) == 2
    assert capsys.readouterr().err == (
        "poolkit lab: cannot be loaded, reinstall it: No module named 'jupyterlab'\n"
    )


def test_an_error_inside_a_further_command_is_its_own(install):
    install("lab", lambda argv: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        cli.main(["lab"])


def test_a_further_command_that_is_interrupted_ends_with_130(install, capsys):
    def interrupted(argv):
        raise KeyboardInterrupt

    install("lab", interrupted)

    assert cli.main(["lab"]) == 130
    assert capsys.readouterr().err == "poolkit: interrupted\n"


def test_run_cannot_be_taken_over(install, capsys):
    install("run", lambda argv: 1 / 0)

    assert cli.main(["run"]) == 2


def test_run_does_not_look_for_further_commands(monkeypatch, tmp_path, capsys):
    def entry_points(group):
        raise AssertionError("looked")

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)

    assert cli.main(["run", "--input", "no.txt", "--output", str(tmp_path / "out.json")]) == 2
