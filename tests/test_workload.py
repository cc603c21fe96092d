import json
import os
import sqlite3
import subprocess
import sys
import threading
import tracemalloc
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from poolkit import (
    ConnectionConfig,
    ConnectionPool,
    PoolError,
    SimplePool,
    is_transient,
    run,
    run_demo_queries,
)

LOCKER = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1], isolation_level=None)
conn.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""
INSERTER = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
print("ready", flush=True)
for n in range(300):
    conn.execute("INSERT INTO events (label) VALUES ('theirs')")
conn.close()
"""
posix = pytest.mark.skipif(os.name != "posix", reason="needs links, pipes or deleting open files")


@pytest.fixture(params=[SimplePool, ConnectionPool])
def pool(request, tmp_path):
    pool = request.param(ConnectionConfig(tmp_path / "app.db", timeout=0.05))
    yield pool
    assert pool.stats()["in_use"] == 0, "a connection was not given back"
    pool.close_all()


@contextmanager
def other_process(code, path):
    """Run code beside the test, from the line that it prints on; ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout.readline()
        try:
            yield process
        finally:
            process.stdin.close()


def rows_in(path):
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute("SELECT id, label FROM events ORDER BY id").fetchall()


def tables_in(path):
    with closing(sqlite3.connect(path)) as conn:
        return [name for (name,) in conn.execute("SELECT name FROM sqlite_master")]


def execute(path, *statements):
    with closing(sqlite3.connect(path)) as conn, conn:
        for statement in statements:
            conn.execute(statement)


def failing_after(labels, exc):
    yield from labels
    raise exc


# run_demo_queries


def test_labels_become_rows(pool, tmp_path):
    rows = run_demo_queries(pool, ["login", "logout"])

    assert rows == [{"id": 1, "label": "login"}, {"id": 2, "label": "logout"}]
    assert rows_in(tmp_path / "app.db") == [(1, "login"), (2, "logout")]


def test_only_rows_inserted_by_this_call_are_returned(pool, tmp_path):
    run_demo_queries(pool, ["old"])

    assert run_demo_queries(pool, ["new", "old"]) == [
        {"id": 2, "label": "new"},
        {"id": 3, "label": "old"},
    ]
    assert len(rows_in(tmp_path / "app.db")) == 3


def test_the_connection_is_used_again(pool):
    run_demo_queries(pool, ["a"])
    run_demo_queries(pool, ["b"])

    assert (pool.stats()["created"], pool.stats()["reused"]) == (1, 1)


def test_no_labels_insert_nothing_and_still_make_the_table(pool, tmp_path):
    assert run_demo_queries(pool, []) == []
    assert tables_in(tmp_path / "app.db") == ["events"]


def test_labels_may_come_from_an_iterator(pool):
    assert [row["id"] for row in run_demo_queries(pool, (str(n) for n in range(5)))] == [
        1, 2, 3, 4, 5,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "label",
    [
        "'); DROP TABLE events; --",
        'she said "hi"',
        "café 日本 🎈",
        "a\0b",
        "one\u2028two\x0bthree",
        "x" * 1_000_000,
        "",
        "007",
    ],
    ids=["injection", "quotes", "unicode", "nul", "separators", "long", "empty", "digits"],
)
def test_every_label_comes_back_as_it_went_in(pool, tmp_path, label):
    assert run_demo_queries(pool, [label])[0]["label"] == label
    assert rows_in(tmp_path / "app.db") == [(1, label)]


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
def test_all_labels_or_none(pool, tmp_path, kind):
    run_demo_queries(pool, ["old"])

    with pytest.raises(kind):
        run_demo_queries(pool, failing_after(["a", "b"], kind()))

    assert rows_in(tmp_path / "app.db") == [(1, "old")]
    assert run_demo_queries(pool, ["c"]) == [{"id": 2, "label": "c"}]


def test_the_table_is_not_left_behind_either(pool, tmp_path):
    with pytest.raises(ValueError, match=r"^no$"):
        run_demo_queries(pool, failing_after(["a"], ValueError("no")))

    assert tables_in(tmp_path / "app.db") == []


@pytest.mark.parametrize("label", [None, 3, b"bytes", ["list"]])
def test_a_label_that_is_no_text_is_refused(pool, tmp_path, label):
    run_demo_queries(pool, [])

    with pytest.raises(TypeError, match="a label must be a str, not "):
        run_demo_queries(pool, ["good", label])
    assert rows_in(tmp_path / "app.db") == []


def test_one_str_is_not_taken_for_a_list_of_letters(pool):
    with pytest.raises(TypeError, match=r"labels must be .* not one str: pass \['login'\]"):
        run_demo_queries(pool, "login")


def test_a_lone_surrogate_is_refused_whole(pool, tmp_path):
    run_demo_queries(pool, [])

    with pytest.raises(UnicodeEncodeError):
        run_demo_queries(pool, ["good", "\ud800"])
    assert rows_in(tmp_path / "app.db") == []


@pytest.mark.parametrize(
    "table",
    [
        "CREATE TABLE events (id INTEGER PRIMARY KEY, label TEXT NOT NULL)",
        "create table EVENTS (ID integer primary key autoincrement, Label text)",
        "CREATE TABLE events (id INTEGER, label TEXT DEFAULT 'x', PRIMARY KEY (id))",
    ],
)
def test_a_table_of_the_same_shape_is_used(pool, tmp_path, table):
    execute(tmp_path / "app.db", table, "INSERT INTO events (id, label) VALUES (7, 'old')")

    assert run_demo_queries(pool, ["new"]) == [{"id": 8, "label": "new"}]


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("CREATE TABLE events (day TEXT, what TEXT)", "day TEXT, what TEXT"),
        ("CREATE TABLE events (id INTEGER PRIMARY KEY)", "id INTEGER"),
        ("CREATE TABLE events (id INTEGER, label TEXT)", "id INTEGER, label TEXT"),
        ("CREATE TABLE events (id TEXT PRIMARY KEY, label TEXT)", "id TEXT, label TEXT"),
        ("CREATE TABLE events (id INTEGER PRIMARY KEY, label INT)", "id INTEGER, label INT"),
        (
            "CREATE TABLE events (id INTEGER PRIMARY KEY, label TEXT, at TEXT)",
            "id INTEGER, label TEXT, at TEXT",
        ),
        ("CREATE VIEW events AS SELECT 1 AS id, 'x' AS label", "id, label"),
    ],
)
def test_a_table_of_another_shape_is_refused_and_left_alone(pool, tmp_path, table, columns):
    execute(tmp_path / "app.db", table)

    with pytest.raises(sqlite3.ProgrammingError) as caught:
        run_demo_queries(pool, ["new"])

    assert str(caught.value).startswith(f"there is a table events ({columns}) already")
    with closing(sqlite3.connect(tmp_path / "app.db")) as conn:
        assert conn.execute("SELECT sql FROM sqlite_master").fetchall()[0] == (table,)


def test_rows_that_the_table_drops_are_not_counted(pool, tmp_path):
    execute(
        tmp_path / "app.db",
        "CREATE TABLE events (id INTEGER PRIMARY KEY, label TEXT UNIQUE ON CONFLICT IGNORE)",
    )

    rows = run_demo_queries(pool, ["a", "b", "a", "c"])

    assert [(row["id"], row["label"]) for row in rows] == rows_in(tmp_path / "app.db")
    assert [row["label"] for row in rows] == ["a", "b", "c"]


def test_what_an_earlier_borrower_set_does_no_harm(pool):
    conn = pool.acquire()
    conn.row_factory = lambda cursor, row: {"changed": row}
    pool.release(conn)

    assert run_demo_queries(pool, ["a"]) == [{"id": 1, "label": "a"}]
    assert run_demo_queries(pool, ["b"]) == [{"id": 2, "label": "b"}]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sqlite3 has autocommit from Python 3.12")
@pytest.mark.parametrize("mode", [True, False])
def test_every_autocommit_mode_commits_all_or_none(tmp_path, mode):
    class ModePool(SimplePool):
        def _connect(self):
            return sqlite3.connect(self.config.db_path, autocommit=mode)

    pool = ModePool(ConnectionConfig(tmp_path / "app.db"))

    for _ in range(2):
        with pytest.raises(ValueError, match=r"^no$"):
            run_demo_queries(pool, failing_after(["a"], ValueError("no")))
        assert len(run_demo_queries(pool, ["b"])) == 1

    assert rows_in(tmp_path / "app.db") == [(1, "b"), (2, "b")]
    pool.close_all()


def test_a_lock_of_another_process_is_told_and_nothing_is_stored(pool, tmp_path):
    run_demo_queries(pool, ["old"])

    with other_process(LOCKER, tmp_path / "app.db"), pytest.raises(sqlite3.OperationalError) as e:
        run_demo_queries(pool, ["new"])

    assert is_transient(e.value)
    assert rows_in(tmp_path / "app.db") == [(1, "old")]
    assert run_demo_queries(pool, ["new"]) == [{"id": 2, "label": "new"}]


def test_ids_are_right_while_another_process_inserts(tmp_path):
    path = tmp_path / "app.db"
    pool = SimplePool(ConnectionConfig(path, timeout=30.0))
    run_demo_queries(pool, [])

    mine = []
    with other_process(INSERTER, path):
        for n in range(100):
            mine += run_demo_queries(pool, [f"mine {n}", "mine too"])

    stored = dict(rows_in(path))
    assert len(stored) == 300 + 200
    assert {row["id"]: row["label"] for row in mine} == {
        id: label for id, label in stored.items() if label != "theirs"
    }
    pool.close_all()


def test_nobody_else_can_insert_between_two_labels(pool, tmp_path):
    errors = []

    def labels():
        for label in ("a", "b"):
            try:
                with closing(sqlite3.connect(tmp_path / "app.db", timeout=0)) as conn:
                    conn.execute("INSERT INTO events (label) VALUES ('theirs')")
            except sqlite3.OperationalError as exc:
                errors.append(exc)
            yield label

    run_demo_queries(pool, [])
    run_demo_queries(pool, labels())

    assert [is_transient(exc) for exc in errors] == [True, True]


def test_a_database_damaged_under_the_pool_is_told(pool, tmp_path):
    run_demo_queries(pool, ["x" * 1000] * 100)
    pool.close_all()
    fresh = type(pool)(pool.config)
    conn = fresh.acquire()
    fresh.release(conn)
    with open(tmp_path / "app.db", "r+b") as file:
        file.write(b"\xff" * 200_000)

    with pytest.raises((sqlite3.DatabaseError, PoolError)):
        run_demo_queries(fresh, ["new"])

    assert fresh.stats()["in_use"] == 0
    fresh.close_all()


def test_a_connection_closed_by_its_borrower_is_told(tmp_path):
    pool = SimplePool(ConnectionConfig(tmp_path / "app.db"))
    conn = pool.acquire()
    conn.close()
    pool.release(conn)

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        run_demo_queries(pool, ["a"])
    assert pool.stats()["in_use"] == 0


# run


@pytest.fixture
def files(tmp_path):
    """An input of two labels, an output and a database that are not there yet."""
    (tmp_path / "labels.txt").write_text("login\n\n logout \n", encoding="utf-8")
    return tmp_path / "labels.txt", tmp_path / "summary.json", tmp_path / "app.db"


def test_run_on_the_default_config(files):
    source, target, _ = files

    summary = run(source, target)

    assert list(summary) == ["rows_inserted", "rows", "health", "pool_stats"]
    assert summary["rows_inserted"] == 2
    assert summary["rows"] == [{"id": 1, "label": "login"}, {"id": 2, "label": "logout"}]
    assert summary["health"] == {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}
    stats = summary["pool_stats"]
    assert (stats["created"], stats["reused"], stats["closed"]) == (1, 1, 1)
    assert (stats["idle"], stats["in_use"]) == (0, 0)


def test_the_file_holds_what_is_returned(files):
    source, target, _ = files

    summary = run(str(source), str(target))

    assert json.loads(target.read_text(encoding="utf-8")) == summary


def test_run_on_the_data_of_the_course(tmp_path):
    source = Path(__file__).parent.parent / "data" / "labels.txt"
    lines = source.read_text(encoding="utf-8").split("\n")

    summary = run(source, tmp_path / "summary.json")

    assert [row["label"] for row in summary["rows"]] == lines[:-1]


def test_run_adds_to_what_is_stored(files):
    source, target, database = files
    config = ConnectionConfig(database)

    run(source, target, config)
    again = run(source, target, config)

    assert [row["id"] for row in again["rows"]] == [3, 4]
    assert len(rows_in(database)) == 4


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_no_labels_at_all_are_fine(files, content):
    source, target, database = files
    source.write_text(content, encoding="utf-8")

    summary = run(source, target, ConnectionConfig(database))

    assert summary["rows_inserted"] == 0
    assert summary["rows"] == []
    assert json.loads(target.read_text(encoding="utf-8")) == summary


def test_missing_folders_of_the_output_are_made(files, tmp_path):
    source, _, _ = files

    run(source, tmp_path / "a" / "b" / "summary.json")

    assert (tmp_path / "a" / "b" / "summary.json").exists()


def test_a_missing_input_leaves_nothing_behind(files, tmp_path):
    source, _, database = files
    source.unlink()

    with pytest.raises(FileNotFoundError):
        run(source, tmp_path / "new" / "summary.json", ConnectionConfig(database))
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_cannot_be_written_is_known_before_anything_is_stored(files):
    source, target, database = files
    target.mkdir()

    with pytest.raises(IsADirectoryError):
        run(source, target, ConnectionConfig(database))
    assert not database.exists()


def test_an_input_that_is_bad_at_its_end_stores_nothing(files, tmp_path):
    source, target, database = files
    config = ConnectionConfig(database)
    run(source, target, config)
    before = target.read_bytes()
    source.write_bytes(b"good\n" * 10_000 + b"\xff\n")

    with pytest.raises(ValueError, match=r"line 10001 of .* is not UTF-8 text"):
        run(source, target, config)

    assert rows_in(database) == [(1, "login"), (2, "logout")]
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []


def test_another_table_stores_nothing_and_keeps_the_old_summary(files):
    source, target, database = files
    execute(database, "CREATE TABLE events (what TEXT)", "INSERT INTO events VALUES ('kept')")
    target.write_text("old", encoding="utf-8")

    with pytest.raises(sqlite3.ProgrammingError, match=r"events \(what TEXT\)"):
        run(source, target, ConnectionConfig(database))

    assert target.read_text(encoding="utf-8") == "old"
    with closing(sqlite3.connect(database)) as conn:
        assert conn.execute("SELECT * FROM events").fetchall() == [("kept",)]


@pytest.mark.parametrize("wal", [True, False])
def test_a_locked_database_keeps_all_that_was_there(files, wal):
    source, target, database = files
    execute(database, f"PRAGMA journal_mode={'WAL' if wal else 'DELETE'}")
    execute(database, "CREATE TABLE events (id INTEGER PRIMARY KEY, label TEXT NOT NULL)")
    execute(database, "INSERT INTO events VALUES (1, 'old')")
    config = ConnectionConfig(database, timeout=0.05, max_retries=1, acquire_timeout=1.0)

    with other_process(LOCKER, database), pytest.raises((sqlite3.OperationalError, PoolError)):
        run(source, target, config)

    assert rows_in(database) == [(1, "old")]
    assert not target.exists()


def test_a_file_that_is_no_database_is_left_as_it_is(files):
    source, target, database = files
    database.write_text("my shopping list\n" * 100, encoding="utf-8")
    before = database.read_bytes()

    with pytest.raises((sqlite3.DatabaseError, PoolError)):
        run(source, target, ConnectionConfig(database))

    assert database.read_bytes() == before
    assert not target.exists()


def test_a_read_only_database_is_left_as_it_is(files):
    source, target, database = files
    execute(database, "CREATE TABLE events (id INTEGER PRIMARY KEY, label TEXT NOT NULL)")

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        run(source, target, ConnectionConfig(f"{database.as_uri()}?mode=ro"))

    assert rows_in(database) == []
    assert not target.exists()


@posix
def test_a_database_deleted_between_two_runs_is_made_anew(files):
    source, target, database = files
    config = ConnectionConfig(database)
    run(source, target, config)
    database.unlink()

    assert [row["id"] for row in run(source, target, config)["rows"]] == [1, 2]


def test_an_interrupted_run_leaves_everything_as_it_was(files, tmp_path, monkeypatch):
    source, target, database = files
    config = ConnectionConfig(database)
    run(source, target, config)
    before = target.read_bytes()

    def interrupted(conn):
        raise KeyboardInterrupt

    monkeypatch.setattr("poolkit.workload.health_check", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(source, target, config)

    assert target.read_bytes() == before
    assert not list(tmp_path.glob(".poolkit-*"))


# The same file twice


def test_the_output_does_not_overwrite_the_input(files):
    source, _, database = files
    before = source.read_bytes()

    with pytest.raises(ValueError, match="input and output are the same file"):
        run(source, source, ConnectionConfig(database))
    with pytest.raises(ValueError, match="input and output are the same file"):
        run(source, source.parent / "." / ".." / source.parent.name / source.name)

    assert source.read_bytes() == before
    assert not database.exists()


@posix
@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_nor_does_it_through_a_link(files, link):
    source, target, _ = files
    getattr(target, link)(source)

    with pytest.raises(ValueError, match="input and output are the same file"):
        run(source, target)
    assert source.read_text(encoding="utf-8") == "login\n\n logout \n"


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal"])
def test_the_output_does_not_overwrite_the_database(files, exists, end):
    source, _, database = files
    if exists:
        execute(database, "CREATE TABLE t (x)")
        Path(f"{database}{end}").touch()

    for db_path in (database, str(database), database.as_uri(), f"{database.as_uri()}?mode=rwc"):
        with pytest.raises(ValueError, match="output and database are the same file"):
            run(source, f"{database}{end}", ConnectionConfig(db_path))

    assert database.exists() is exists


def test_the_input_is_not_opened_as_a_database(files):
    source, target, _ = files
    source.write_bytes(b"")  # SQLite takes an empty file for an empty database

    with pytest.raises(ValueError, match="input and database are the same file"):
        run(source, target, ConnectionConfig(source))
    assert source.read_bytes() == b""


@posix
def test_a_terminal_may_be_both_input_and_output():
    ours, theirs = os.openpty()
    os.write(ours, b"login\n\x04")  # Ctrl-D ends what is typed

    assert run(os.ttyname(theirs), os.ttyname(theirs))["rows_inserted"] == 1
    os.close(ours)
    os.close(theirs)


@posix
def test_odd_names_of_files_are_names_of_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("labels.txt").write_text("a\n", encoding="utf-8")

    for name in (":memory:", "file:out.json"):
        run("labels.txt", name)
        assert Path(name).exists()
    with pytest.raises(ValueError, match="output and database are the same file"):
        run("labels.txt", "odd?name#1.db", ConnectionConfig("odd?name#1.db"))


# Memory


def test_memory_does_not_grow_with_the_labels_apart_from_the_rows(files):
    source, target, _ = files
    source.write_text("".join(f"label {n} {'x' * 80}\n" for n in range(20_000)), encoding="utf-8")
    run(source, target)  # what is imported or cached once is not this run's

    tracemalloc.start()
    summary = run(source, target)
    left, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert summary["rows_inserted"] == 20_000
    assert source.stat().st_size > 1_800_000
    assert peak - left < 500_000


@posix
def test_labels_may_come_from_a_pipe(files, tmp_path):
    _, target, _ = files
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=("a\nb\n",))
    writer.start()

    assert run(tmp_path / "pipe", target)["rows_inserted"] == 2
    writer.join()
