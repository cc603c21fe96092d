"""`poolkit grade`: what was handed in is judged right, whatever else it does."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from xml.etree import ElementTree

import pytest

from poolkit.course.desk.grade import grade, main
from poolkit.course.desk.running import Limits
from poolkit.course.exercises import find
from poolkit.course.notebooks import LEARNER, SOLVED, read, write
from tests.tools import wait_until

RIGHT = "def saved_by_pool(opening, uses):\n    return opening * max(0, uses - 1)\n"
WRONG = "def saved_by_pool(opening, uses):\n    return opening * uses\n"
STUB = "def saved_by_pool(opening, uses):\n    ...\n"
CHECK = 'from poolkit.course import check\ncheck("start_here.saved", saved_by_pool)'
FALLBACK = (
    "from poolkit.course import mine_or_reference\n"
    'saved_by_pool = mine_or_reference("start_here.saved", saved_by_pool)'
)
IMPORT = "import poolkit.course.checking as c, poolkit.course.lessons.start_here as l, sys, os\n"
EXERCISE = "next(e for e in l.exercises if e.id == 'start_here.saved')"
SLIP = "ten uses"
OF = len(find("exercises", "start_here.saved").claims)

# name → (cells, result). The limit for a cell is 3 seconds here.
SUBMISSIONS = {
    # as the course means it, and as it may be changed
    "right": ([RIGHT, CHECK], "solved"),
    "wrong": ([WRONG, CHECK], SLIP),
    "stub": ([STUB, CHECK], "not attempted"),
    "check deleted": ([RIGHT], "solved"),
    "check after the fallback": ([WRONG, FALLBACK, CHECK], SLIP),
    "all in one cell": ([WRONG + CHECK + "\n" + FALLBACK], SLIP),
    "the last one counts": ([RIGHT, WRONG], SLIP),
    "checked under another name": (
        [RIGHT.replace("saved_by", "my"), CHECK.replace("saved_by_pool", "my_pool")],
        "solved",
    ),
    "helper further down": (
        [RIGHT.replace("max", "larger"), CHECK, "def larger(a, b): return max(a, b)"],
        "solved",
    ),
    "deleted": (["x = 1"], "not there"),
    "empty": ([], "not there"),
    "null source": ([None, RIGHT], "solved"),
    "no code but text": ([7, ["def saved_by_pool(o, u):\n", "    return o * max(0, u - 1)"]], "solved"),
    "SyntaxError": ([RIGHT.replace("):", ")")], "raised SyntaxError"),
    "raises while it is made": (["raise ValueError\n" + RIGHT], "raised ValueError"),
    "misspelt": ([RIGHT.replace("pool", "pol")], "named otherwise"),
    "raises in another cell": (["1 / 0", RIGHT, "1 / 0"], "solved"),
    # cheats
    "verdicts patched": ([IMPORT + "c.verdicts = lambda: {'start_here.saved': ''}", WRONG], SLIP),
    "examine patched": (
        [IMPORT + "c.examine = c.run_claims = lambda e, t, *a: c.Verdict(e)", WRONG, CHECK],
        SLIP,
    ),
    "Verdict patched": ([IMPORT + "c.Verdict.kept = True; c.Verdict.reason = ''", WRONG], SLIP),
    "code of examine": (
        [IMPORT + "def yes(exercise, thing, limit=0): return Verdict(exercise, '', '', ['kept'] * 3)\n"
         "c.examine.__code__ = yes.__code__", WRONG],
        SLIP,
    ),
    "claims taken away": ([IMPORT + f"object.__setattr__({EXERCISE}, 'claims', ())", WRONG], SLIP),
    "code of the claims": (
        [IMPORT + f"for k in {EXERCISE}.claims: k.__code__ = (lambda thing: None).__code__", WRONG],
        SLIP,
    ),
    "module put in place": ([IMPORT + "sys.modules['poolkit.course.checking'] = os", WRONG], SLIP),
    "AssertionError gone": (["import builtins\nbuiltins.AssertionError = KeyError", WRONG], SLIP),
    "a builtin hidden": ([IMPORT + "c.zip = lambda *a, **k: []", WRONG], SLIP),
    "time stands still": (["import time\ntime.monotonic = lambda: 0", RIGHT], "solved"),
    "a tracing function": (["import sys\nsys.settrace(lambda *a: None)", RIGHT], "solved"),
    "printed ticks": ([WRONG, "print('start_here.saved: 3 of 3 claims hold ✓')"], SLIP),
    "every descriptor": (
        ["import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'verdict solved\\n')\n"
         "    except OSError: pass", WRONG],
        SLIP,
    ),
    "ours, handed back": ([IMPORT + f"saved_by_pool = {EXERCISE}.answer", CHECK], "ours"),
    # what breaks
    "print is a text": (["print = 'notes'", RIGHT, CHECK], "solved"),
    "stdout replaced": (["import sys\nsys.stdout = None", RIGHT, CHECK], "solved"),
    "a printing thread": (
        ["import threading\ndef go():\n    while True: print('x' * 99)\n"
         "threading.Thread(target=go).start()", RIGHT],
        "solved",
    ),
    "sys.exit": ([RIGHT, "import sys; sys.exit(1)", "exit()", "quit()"], "solved"),
    "os._exit": ([RIGHT, "import os; os._exit(0)"], "solved"),
    "os._exit at first": (["import os; os._exit(0)", RIGHT], "solved"),
    "os._exit in the work": ([WRONG + "    ", "import os\ndef saved_by_pool(o, u): os._exit(0)"], "ended its process"),
    "kills itself": (["import os; os.kill(os.getpid(), 9)", RIGHT], "solved"),
    "forks": (["import os\nif os.fork(): os._exit(0)", RIGHT], "solved"),
    "never ends": ([RIGHT, "while True: pass"], "solved"),
    "never ends, at first": (["while True:\n    try: pass\n    except BaseException: pass", RIGHT], "solved"),
    "the work never ends": (["def saved_by_pool(o, u):\n    while True: pass"], "hung"),
    "atexit": (["import atexit, time\natexit.register(time.sleep, 99)", RIGHT], "solved"),
    "asks": (["input('? ')", RIGHT], "solved"),
    "memory": (["x = bytearray(1 << 40)", RIGHT], "solved"),
    # what floods
    "a long list": (["print(list(range(100_000)))", RIGHT], "solved"),
    "a flood": (["while True: print('x' * 10_000)", RIGHT], "solved"),
    "a flooded channel": (["import os\nwhile True:\n    for fd in range(3, 12):\n        try: os.write(fd, b'x' * 65536)\n        except OSError: pass", RIGHT], "solved"),
    "a large file": (["open('x', 'wb').write(bytes(100 << 20))", RIGHT], "solved"),
}  # fmt: skip
POSIX = {"forks", "kills itself", "a large file"}


def hand_in(path, cells, **more):
    made = [{"cell_type": "code", "source": source} for source in cells]
    content = {"cells": made, "metadata": {"kernelspec": {"name": "julia-1.9"}}, **more}
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_is_judged_by_the_course_whatever_it_does(tmp_path, name):
    if name in POSIX and os.name != "posix":
        pytest.skip("what it does needs POSIX")
    cells, result = SUBMISSIONS[name]
    path = hand_in(tmp_path / "00_start_here.ipynb", cells)

    (row,) = grade(path, Limits(cell=3.0, whole=60.0)).rows

    assert (row.result, row.claims) == (result, OF)
    assert (row.kept == OF) == (result == "solved")


def graded(capsys, *argv):
    code = main([*map(str, argv), "--csv", "-"])
    out, err = capsys.readouterr()
    return code, list(csv.reader(out.splitlines()))[1:], err


def test_a_folder_with_one_name_twice_and_some_that_are_no_notebooks(tmp_path, capsys):
    for name in ("ann", "ben", ".ipynb_checkpoints"):
        (tmp_path / name).mkdir()
    ann = hand_in(tmp_path / "ann" / "00_start_here.ipynb", [RIGHT])
    ben = hand_in(tmp_path / "ben" / "00_start_here.ipynb", [WRONG])
    hand_in(tmp_path / ".ipynb_checkpoints" / "00_start_here.ipynb", [STUB])
    broken = tmp_path / "ben" / "01_config.ipynb"
    broken.write_text("{", encoding="utf-8")

    code, rows, err = graded(capsys, tmp_path)

    assert rows == [
        [ann, "start_here.saved", "solved", str(OF), str(OF)],
        [ben, "start_here.saved", SLIP, "1", str(OF)],
    ]
    assert (code, err.count("\n")) == (2, 1)
    assert str(broken) in err


def test_two_at_once_come_out_as_one_after_the_other(tmp_path, capsys):
    for number in range(4):
        hand_in(tmp_path / f"{number}_00_start_here.ipynb", [RIGHT if number % 2 else WRONG])

    assert graded(capsys, tmp_path, "--jobs", 2) == graded(capsys, tmp_path)


def test_a_lesson_is_known_by_its_exercises_where_the_name_tells_none(tmp_path, capsys):
    path = hand_in(tmp_path / "homework.ipynb", [None, "# exercise: start_here.saved\n" + RIGHT])

    assert graded(capsys, path)[1] == [[path, "start_here.saved", "solved", str(OF), str(OF)]]


def test_lessons_as_handed_out_and_as_solved(tmp_path):
    for folder, result in ((LEARNER, "not attempted"), (SOLVED, "solved")):
        rows = grade(str(folder / "01_config.ipynb")).rows

        assert [row.result for row in rows] == [result] * 3


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("homework.ipynb", b'{"cells": []}', "no lesson's name in it"),
        ("02_simple.ipynb", b"not json", "cannot be read as a notebook"),
        ("02_simple.ipynb", b"\xff\xfe", "cannot be read as a notebook"),
        ("02_simple.ipynb", b"[" * 100_000, "cannot be read as a notebook"),
        ("02_simple.ipynb", b'{"worksheets": []}', "it has no cells"),
        ("02_simple.ipynb", b"[]", "it has no cells"),
        ("02_simple.ipynb", None, "does not exist"),
        ("02_simple.ipynb", "folder", "no notebook in this folder"),
        ("0?_simple.ipynb", None, "does not exist|no notebook"),
    ],
)
def test_what_cannot_be_graded_is_one_line(tmp_path, capsys, name, content, said):
    if content == "folder":
        (tmp_path / name).mkdir()
    elif content is not None:
        (tmp_path / name).write_bytes(content)

    code = main([str(tmp_path / name)])

    told = capsys.readouterr().err
    assert code == 2
    assert any(part in told for part in said.split("|"))
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    "option", [["--jobs", "0"], ["--seconds", "nan"], ["--memory", "lots"], ["--wrong"], ["--csv", "/no/such/x"], ["--junit", "/no/such/x"], ["--results", "/"], ["--results", "/dev/zero"], ["--reports", __file__], ["--cluster", ""], ["--cluster", "nowhere"], ["--cluster", "udp://x:1"]]
)  # fmt: skip
def test_a_wrong_option_is_one_line_and_nothing_runs(tmp_path, capsys, option):
    path = hand_in(tmp_path / "00_start_here.ipynb", [RIGHT])

    assert main([path, *option]) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)


def test_no_table_where_nothing_was_graded(tmp_path, capsys):
    assert main([str(tmp_path / "none.ipynb")]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a full device is Linux's")
def test_a_file_that_cannot_be_written_costs_neither_the_rest_nor_the_table(tmp_path, capsys):
    path = hand_in(tmp_path / "00_start_here.ipynb", [RIGHT])

    code = main([path, "--junit", "/dev/full", "--csv", str(tmp_path / "a.csv")])

    out, err = capsys.readouterr()
    assert (code, err.count("\n")) == (2, 1)
    assert "/dev/full" in err
    assert "solved" in out
    assert "solved" in (tmp_path / "a.csv").read_text(encoding="utf-8")


def test_a_pattern_that_the_shell_left_alone(tmp_path, capsys):
    path = hand_in(tmp_path / "ann_00_start_here.ipynb", [RIGHT])
    hand_in(tmp_path / "ben_00_start_here.ipynb", [RIGHT])

    code, rows, _ = graded(capsys, tmp_path / "ann*")

    assert (code, [row[0] for row in rows]) == (0, [path])


def test_help_prints_no_table(capsys):
    assert main(["--help"]) == 0

    out = capsys.readouterr().out
    assert out.startswith("usage: poolkit grade")
    assert "notebook,exercise" not in out


def poolkit(*argv, **how):
    return subprocess.Popen([sys.executable, "-m", "poolkit", *argv], stderr=subprocess.PIPE, **how)


@pytest.mark.skipif(os.name != "posix", reason="a file name of bytes that are no text is POSIX's")
def test_a_name_that_no_terminal_can_show(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff\x1b[2J 00_start_here.ipynb"
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"cells": []}, file)

    with poolkit("grade", path, stdout=subprocess.PIPE) as process:
        out, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (0, b"")
    assert b"\\x1b[2J 00_start_here.ipynb" in out
    assert b"\x1b" not in out


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a full device is Linux's")
def test_a_full_stdout_is_one_line(tmp_path):
    path = hand_in(tmp_path / "00_start_here.ipynb", [RIGHT])

    with open("/dev/full", "w") as full, poolkit("grade", path, stdout=full) as process:
        err = process.communicate(timeout=60)[1]

    assert process.returncode == 2
    assert err.decode().startswith("poolkit grade: cannot print")
    assert err.count(b"\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="closes a descriptor before the command starts")
def test_a_closed_stderr_does_no_harm(tmp_path):
    path = hand_in(tmp_path / "00_start_here.ipynb", [RIGHT])

    done = subprocess.run(
        [sys.executable, "-m", "poolkit", "grade", path],
        preexec_fn=lambda: os.close(2),
        stdout=subprocess.PIPE,
        check=False,
    )

    assert done.returncode == 0
    assert b"solved" in done.stdout


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    path = hand_in(tmp_path / "00_start_here.ipynb", [RIGHT])

    with poolkit("grade", path, stdout=subprocess.PIPE) as process:
        process.stdout.close()
        err = process.stderr.read()

    assert (process.returncode, err) == (0, b"")


@pytest.mark.skipif(os.name != "posix", reason="sends Ctrl-C as a POSIX signal")
def test_ctrl_c_ends_it_at_once_with_130(tmp_path):
    started = tmp_path / "started"
    path = hand_in(
        tmp_path / "00_start_here.ipynb", [f"open({str(started)!r}, 'w').close()\nwhile True: pass"]
    )

    with poolkit("grade", path, stdout=subprocess.PIPE) as process:
        wait_until(started.exists, within=30)
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=20)[1]

    assert (process.returncode, err) == (130, b"poolkit grade: interrupted\n")


def test_nothing_is_written_and_no_secret_is_seen(tmp_path, monkeypatch):
    monkeypatch.setenv("A_SECRET", "x")
    sees = "import os\nassert 'A_SECRET' not in os.environ\nopen('left', 'w').close()\n"
    path = hand_in(tmp_path / "00_start_here.ipynb", [sees + RIGHT])

    (row,) = grade(path).rows

    assert row.result == "solved"
    assert [entry.name for entry in tmp_path.iterdir()] == ["00_start_here.ipynb"]


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks at the processes through /proc")
def test_what_it_left_running_is_ended(tmp_path):
    note = tmp_path / "pid"
    leaves = (
        "import subprocess\nleft = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        f"open({str(note)!r}, 'w').write(str(left.pid))"
    )

    grade(hand_in(tmp_path / "00_start_here.ipynb", [leaves, RIGHT]))

    pid = note.read_text(encoding="utf-8")
    wait_until(lambda: not os.path.exists(f"/proc/{pid}") or is_dead(pid))


def is_dead(pid):
    """Whether it only waits to be collected by its parent."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0] == "Z"


def test_a_start_that_is_slower_than_a_cell_may_be_is_no_fault_of_the_submission(tmp_path):
    path = hand_in(tmp_path / "00_start_here.ipynb", [RIGHT])

    assert len(grade(path, Limits(cell=0.02)).rows) == 1  # and not "could not be started"


def test_what_a_check_takes_is_not_held_against_the_limit_of_a_cell(tmp_path):
    hangs = "def saved_by_pool(o, u):\n    while True: pass"
    path = hand_in(tmp_path / "00_start_here.ipynb", [hangs])

    (row,) = grade(path, Limits(cell=2.0)).rows  # as long as a check waits for a claim

    assert row.result == "hung"


def test_stopped_before_it_began_gives_nothing(tmp_path):
    path = hand_in(tmp_path / "00_start_here.ipynb", ["while True: pass"])
    stop = threading.Event()
    stop.set()

    with pytest.raises(Exception, match="could not be started"):
        grade(path, Limits(), stop)


def test_wrong_answers_of_a_real_lesson(tmp_path):
    shutil.copy(SOLVED / "02_simple.ipynb", tmp_path)
    notebook = read(tmp_path / "02_simple.ipynb")
    (cell,) = [cell for cell in notebook.cells if cell.get("id") == "cap"]
    cell.source = (
        "class CappedPool(Lender):\n    def release(self, conn):\n        self._idle.append(conn)"
    )
    write(tmp_path / "02_simple.ipynb", notebook)

    rows = grade(str(tmp_path / "02_simple.ipynb")).rows

    assert [row.result == "solved" for row in rows] == [True, False, True, True]
    assert (rows[1].kept, rows[1].claims) == (2, 6)


def test_junit_csv_and_reports_say_the_same(tmp_path, capsys):
    path = hand_in(tmp_path / "00_start_here.ipynb", [WRONG])
    files = [tmp_path / name for name in ("a.xml", "a.csv", "reports")]

    assert (
        main([path, "--junit", str(files[0]), "--csv", str(files[1]), "--reports", str(files[2])])
        == 0
    )

    (case,) = ElementTree.parse(files[0]).iter("testcase")
    assert (case.get("classname"), case.get("name")) == (path, "start_here.saved")
    assert case.find("failure").get("message") == f"1 of {OF} claims hold: {SLIP}"
    assert f"{path},start_here.saved,{SLIP},1,{OF}" in files[1].read_text(encoding="utf-8")
    (report,) = files[2].iterdir()
    assert f"1 of {OF} claims hold" in report.read_text(encoding="utf-8")


def test_a_run_that_was_ended_goes_on_where_it_was(tmp_path, capsys):
    count = tmp_path / "count"
    counts = f"open({str(count)!r}, 'a').write('x')\n"
    first = hand_in(tmp_path / "1_00_start_here.ipynb", [counts + RIGHT])
    second = hand_in(tmp_path / "2_00_start_here.ipynb", [counts + WRONG])
    kept = tmp_path / "kept.jsonl"
    main([first, "--results", str(kept)])
    with open(kept, "a", encoding="ascii") as file:
        file.write('{"path": "cut o')

    assert main([first, second, "--results", str(kept)]) == 0
    resumed = kept.read_bytes()

    assert count.read_text(encoding="utf-8") == "xx"  # the first was not run again
    kept.unlink()
    main([first, second, "--results", str(kept), "--jobs", "2"])
    assert kept.read_bytes() == resumed
