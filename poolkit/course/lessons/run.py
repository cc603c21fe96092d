"""Lesson 06, run: read labels, report whole or not at all, and tell a person what went wrong."""

from __future__ import annotations

import builtins
import contextlib
import io
import json
import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from poolkit import ConnectFailed, PoolTimeout
from poolkit.course.exercises import Exercise, because, expect, same
from poolkit.course.helping import Explanation
from poolkit.course.predicting import Prediction


def read_labels(path):
    """Return the labels in a UTF-8 text file, one a line, as a list of str.

    Labels are stripped, blank lines skipped; a file without any gives an empty list. Only a newline
    ends a line. A file that cannot be opened raises its OSError, bytes that are no UTF-8 raise
    ValueError (UnicodeDecodeError is one).
    """
    with open(path, encoding="utf-8") as file:
        return [line.strip() for line in file if line.strip()]


def write_json(path, summary):
    """Write `summary` to the file `path`, a pathlib.Path, as JSON in UTF-8, whole or not at all.

    Write to another file in the same folder, then let `os.replace` put it in the place of `path`.
    Till then `path` keeps what it held. If anything goes wrong, Ctrl-C included, the exception
    goes on its way, `path` is as it was, and the other file is gone.
    """
    made = path.with_name(path.name + ".tmp")
    try:
        with open(made, "w", encoding="utf-8") as file:
            json.dump(summary, file)
        os.replace(made, path)
    finally:
        made.unlink(missing_ok=True)


def exit_code(work):
    """Call `work()` and return the exit code: 0 if it ended well, 2 if a person has to act.

    OSError, ValueError and sqlite3.Error are for the person: "poolkit run: " and the message, on
    stderr, in one line even if the message has several. Any other exception is a mistake of ours
    and goes on its way. Nothing else is printed, and nothing at all on stdout.
    """
    try:
        work()
    except (OSError, ValueError, sqlite3.Error) as error:
        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


@contextmanager
def in_folder(**files: str | bytes) -> Iterator[Path]:
    """A folder with these files in it, named without their ending; text is written as UTF-8."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for stem, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (folder / f"{stem}.txt").write_bytes(data)
        yield folder


@contextmanager
def own_encoding(encoding: str, func: Callable) -> Iterator[None]:
    """For `func`, a machine on which files that are opened without `encoding=` have this one."""
    places = [vars(builtins), vars(io)]
    if "open" in (names := getattr(func, "__globals__", {})):  # IPython has one of its own
        places.append(names)
    real = io.open

    def opened(file, mode="r", buffering=-1, encoding_=None, *rest, **how):
        asked = how.pop("encoding", encoding_)
        if "b" not in mode and asked in (None, "locale"):
            asked = encoding
        return real(file, mode, buffering, asked, *rest, **how)

    before = [place["open"] for place in places]
    try:
        for place in places:
            place["open"] = opened
        yield
    finally:
        for place, one in zip(places, before, strict=True):
            place["open"] = one


# --- run.labels


def read_from(read: Callable, content: str | bytes, machine: str = "utf-8") -> list:
    """What the learner's function makes of such a file, on a machine with this encoding."""
    with in_folder(labels=content) as folder, own_encoding(machine, read):
        got = read(folder / "labels.txt")
        expect(got, list, 'read_labels("labels.txt")')
        return got


def reads_each_line(read):
    """Each line is a label, in order, the last one too."""
    want = ["search: red, blue", "login", '"fits"', "# 3 of 5", "login"]
    got = read_from(read, "\n".join(want))
    texts = [one for one in got if isinstance(one, str)]
    raw = any(one.endswith("\n") for one in texts)
    assert not raw, because("newline kept", got=got)
    assert same(got, want) or sorted(texts) != sorted(want), because("other order", got=got)
    assert len(set(texts)) < len(want) - 1 or len(got) != len(want) - 1, because(
        "only once", got=got
    )
    assert same(got, want), because("wrong labels", got=got, want=want)


def strips_and_skips(read):
    """Space around a label is cut off, and blank lines are skipped."""
    got = read_from(read, "  login \r\n\n \t \norder shipped\n\n")
    assert "" not in got, because("kept blanks", got=got)
    assert same(got, ["login", "order shipped"]), because("not stripped", got=got)


def takes_an_empty_file(read):
    """A file without any label gives an empty list."""
    for content in ("", "\n  \n"):
        got = read_from(read, content)
        assert same(got, []), because("something of nothing", got=got)


def reads_utf8(read):
    """Letters beyond ASCII arrive as they were written."""
    for machine, key in (("utf-8", "wrong encoding"), ("cp1252", "own encoding")):
        got = read_from(read, "café voucher redeemed\n", machine)
        assert same(got, ["café voucher redeemed"]), because(key, got=got)


def ends_lines_at_newlines_only(read):
    """Nothing but a newline ends a line."""
    got = read_from(read, "red shoes\u2028size 42\nlogin\n")
    assert same(got, ["red shoes\u2028size 42", "login"]), because("splitlines", count=len(got))


def refuses_other_bytes(read):
    """Bytes that are no UTF-8 raise ValueError."""
    try:
        got = read_from(read, b"login\ncaf\xe9\n")
    except ValueError:
        return
    except OSError as error:
        raise AssertionError(because("made up letters", got=type(error).__name__)) from None
    raise AssertionError(because("made up letters", got=got))


def tells_of_a_missing_file(read):
    """A file that is not there raises its OSError."""
    with in_folder() as folder:
        try:
            got = read(folder / "nothing.txt")
        except OSError:
            return
    raise AssertionError(because("hid the missing file", got=got))


labels_exercise = Exercise(
    id="run.labels",
    title="Read labels from a file",
    answer=read_labels,
    claims=(
        reads_each_line,
        strips_and_skips,
        takes_an_empty_file,
        reads_utf8,
        ends_lines_at_newlines_only,
        refuses_other_bytes,
        tells_of_a_missing_file,
    ),
    hints=(
        "A file that is open for reading can be gone through with `for line in file`, and that ends a line at a newline only.",
        'Open it with `open(path, encoding="utf-8")`. A line has its newline at the end; `line.strip()` cuts that off too, and leaves an empty text, which is false, of a blank line.',
        'Fill in the two blanks.\n\nwith open(path, encoding=____) as file:\n    return [line.strip() for line in file if ____]',
    ),
    tellings={
        "newline kept": "A file with five lines gave {got}. A line that is read from a file has its newline at the end: `line.strip()` cuts it off.",
        "other order": "Every label arrived, in another order: {got}. Leave them as they are in the file.",
        "only once": "A file with login in two of its lines gave {got}. Each line is an event, and the second login is one too.",
        "wrong labels": "A file with five lines, the last without a newline, gave {got}; it should be {want}. Every character of every line counts, commas, quotes and all.",
        "kept blanks": "A file with two labels and three blank lines gave {got}. A line of spaces is blank as well: strip first, then ask whether anything is left.",
        "not stripped": "A file with login, between spaces, and order shipped gave {got}. Cut off what surrounds a label, and leave the space within it.",
        "something of nothing": "A file without any label gave {got}. No labels is a list, too: an empty one.",
        "wrong encoding": "The file has café voucher redeemed, written in UTF-8, and you read {got}. Say `encoding=\"utf-8\"` when you open it.",
        "own encoding": "Without `encoding=` Python takes the machine's own. On this one all may look well; on one with cp1252, as many Windows machines have, you would read {got}. Say `encoding=\"utf-8\"`.",
        "splitlines": "A file with two lines gave {count} labels. One label holds a line separator, U+2028, as text copied from a web page may. `splitlines` cuts there; `for line in file` and `split(\"\\n\")` do not.",
        "made up letters": "A file that is not UTF-8 should raise ValueError; what came was {got}. Letters that were guessed or dropped would go into the database as if somebody had written them. Let the error out.",
        "hid the missing file": "The file is not there, and you returned {got}. A slip in a file's name would look like a day without events: let the OSError out.",
    },
    after="Two lines, and each of its words is there because something went wrong without it.",
)  # fmt: skip


# --- run.write


class Interrupted(dict):
    """A part of a summary during whose writing somebody presses Ctrl-C."""

    def __init__(self) -> None:
        super().__init__(status="healthy")

    def items(self):
        raise KeyboardInterrupt


GOOD = {"rows_inserted": 1, "rows": [{"id": 1, "label": "café"}]}
UNWRITABLE = {"rows_inserted": 1, "finished": object()}  # JSON has no word for it
INTERRUPTED = {"rows_inserted": 1, "health": Interrupted()}
OLD = '{"day": "yesterday", "rows_inserted": 1000000, "rows": "a long list of them, longer than today"}'


@contextmanager
def old_summary() -> Iterator[Path]:
    """A folder that holds yesterday's summary, and nothing else."""
    with in_folder() as folder:
        (folder / "summary.json").write_text(OLD, encoding="utf-8")
        yield folder


def attempt(write: Callable, path: Path, summary: dict) -> BaseException | None:
    """What writing raised; None if nothing."""
    try:
        write(path, summary)
    except BaseException as error:
        return error
    return None


def read_back(path: Path) -> object:
    """What a JSON file holds, or its text where that is no JSON."""
    assert path.exists(), "nothing there"
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        return path.read_bytes().decode(errors="replace")


def writes_what_can_be_read(write):
    """What was written is there, as JSON, and reads back the same."""
    for machine, key in (("utf-8", "reads otherwise"), ("cp1252", "own encoding")):
        with in_folder() as folder:
            with own_encoding(machine, write):
                write(folder / "summary.json", GOOD)
            got = read_back(folder / "summary.json")
            assert same(got, GOOD), because(key, got=words(got))


def takes_the_old_ones_place(write):
    """A longer file that was there before is gone without a trace."""
    with old_summary() as folder:
        with own_encoding("utf-8", write):
            write(folder / "summary.json", GOOD)
        got = read_back(folder / "summary.json")
        assert same(got, GOOD), because("old and new", got=words(got))


def keeps_the_old_one(write):
    """If writing fails half-way, the old file is as it was."""
    with old_summary() as folder:
        raised = attempt(write, folder / "summary.json", UNWRITABLE)
        if raised is None and not isinstance(got := read_back(folder / "summary.json"), str):
            assert got == json.loads(OLD), because("made up", got=words(got))
        holds_the_old(folder / "summary.json")


def holds_the_old(path: Path) -> None:
    """Assert that the file is as it was."""
    assert path.exists(), "old one gone"
    got = path.read_text(encoding="utf-8", errors="replace")
    assert got == OLD, because("old one destroyed", got=words(got))


def tells_of_the_failure(write):
    """What went wrong goes on its way."""
    with in_folder() as folder:
        assert isinstance(attempt(write, folder / "x.txt", UNWRITABLE), TypeError), "swallowed"


def swaps_the_files(write):
    """Who has the old file open reads the old one to its end: it is replaced, not written over."""
    with old_summary() as folder, in_folder() as elsewhere:
        try:
            os.link(folder / "summary.json", elsewhere / "still open")  # the same file by two names
        except OSError:  # not every disk can do that; nothing can be seen there
            return
        write(folder / "summary.json", GOOD)
        assert (elsewhere / "still open").read_text(encoding="utf-8") == OLD, "in place"


def swaps_when_complete(write):
    """At the swap the new file is complete, beside the old one, and that is still there."""
    seen = []

    def watched(real):
        def swap(source, target, **how):
            if Path(target).name == "summary.json":
                there = Path(target).exists()
                folders = Path(source).resolve().parents
                seen.append(
                    (Path(source).read_bytes(), Path(target).resolve().parent, folders, there)
                )
            real(source, target, **how)

        return swap

    with old_summary() as folder:
        real = os.replace, os.rename
        os.replace, os.rename = map(watched, real)
        try:
            write(folder / "summary.json", GOOD)
        finally:
            os.replace, os.rename = real
        for content, home, folders, there in seen:
            whole = content == (folder / "summary.json").read_bytes()
            assert whole, because("too soon", size=len(content))
            assert there, "a gap"
            assert home in folders, "elsewhere"


def leaves_nothing_beside(write):
    """Afterwards there is no other file in the folder, whether it went well or not."""
    for summary, when in ((GOOD, "all went well"), (UNWRITABLE, "writing failed")):
        with old_summary() as folder:
            attempt(write, folder / "summary.json", summary)
            nothing_but("summary.json", folder, when)
    with in_folder() as folder:  # complete, but there is no taking the place of a folder
        (folder / "summary").mkdir()
        attempt(write, folder / "summary", GOOD)
        nothing_but("summary", folder, "path was a folder")


def nothing_but(name: str, folder: Path, when: str) -> None:
    """Assert that the folder holds this and nothing else."""
    left = sorted(path.name for path in folder.iterdir() if path.name != name)
    assert not left, because("left behind", left=left[0], when=when)


def clears_up_when_interrupted(write):
    """Ctrl-C in the middle leaves the old file, and nothing beside it."""
    with old_summary() as folder:
        attempt(write, folder / "summary.json", INTERRUPTED)
        holds_the_old(folder / "summary.json")
        assert len(list(folder.iterdir())) == 1, "left behind by Ctrl-C"


def words(got: object) -> str:
    """A file's content, short, without the braces that a story cannot hold."""
    if got is None:
        return "no file"
    text = got if isinstance(got, str) else json.dumps(got, ensure_ascii=False)
    return text.replace("{", "").replace("}", "").strip() or "an empty file"


write_exercise = Exercise(
    id="run.write",
    title="Write whole or not at all",
    answer=write_json,
    claims=(
        writes_what_can_be_read,
        takes_the_old_ones_place,
        keeps_the_old_one,
        tells_of_the_failure,
        swaps_the_files,
        swaps_when_complete,
        leaves_nothing_beside,
        clears_up_when_interrupted,
    ),
    hints=(
        "As soon as `path` itself is opened for writing, what it held is gone. So do not open it.",
        'Write to `path.with_name(path.name + ".tmp")`; when that file is complete and closed, `os.replace(made, path)`. Put both into a `try` whose `finally` removes what is left.',
        'Fill in the three blanks.\n\nmade = path.with_name(path.name + ".tmp")\ntry:\n    with open(made, "w", encoding="utf-8") as file:\n        json.dump(____, file)\n    os.replace(____, ____)\nfinally:\n    made.unlink(missing_ok=True)',
    ),
    tellings={
        "nothing there": "You returned, and there is no file at `path`. Did the new file get its name?",
        "reads otherwise": "What you wrote does not read back as it was: {got}. Is it JSON, in UTF-8, all of it, in a file that was closed before the replace?",
        "old and new": "A longer file was there before. Now `path` holds {got}. The new one should take its place.",
        "old one destroyed": "Yesterday's summary was in the file, and today's could not be written to its end. Now the file holds: {got}. Opening `path` for writing empties it at once.",
        "old one gone": "Yesterday's summary was in the file, and today's could not be written to its end. Now there is no file at `path` at all. Write to a name that is certainly another one, and remove that one only.",
        "made up": "The summary holds something for which JSON has no word, and you wrote it all the same: {got}. Whoever reads it takes that for true: let the TypeError of `json` out.",
        "own encoding": 'On a machine whose own encoding is cp1252 the file holds this afterwards, which is no UTF-8: {got}. Say `encoding="utf-8"` when you open it.',
        "elsewhere": "The other file was made in another folder. That may be another disk, and from one disk to another `os.replace` fails. Make it in `path.parent`.",
        "a gap": "At the moment of the swap the old summary was gone already: who looks then finds none, and if the power fails there is none. `os.replace` needs no removing first.",
        "swallowed": "The summary could not be written, and nobody heard of it: the TypeError of `json` should go on its way.",
        "in place": "It works as long as nothing interrupts it, but you write into the old file itself: a full disk, or a reader at that moment, meets half a summary. Write another file beside it, then `os.replace`.",
        "too soon": "When you swapped, the new file held {size} bytes: the rest was still waiting in Python's memory, to be written when the file is closed. End the `with` block first, then swap.",
        "left behind": "This time {when:plain}, and afterwards {left} lies in the folder too. Remove it on every way out; `finally` is for that.",
        "left behind by Ctrl-C": "Somebody pressed Ctrl-C while you wrote, and another file lies in the folder now. KeyboardInterrupt is no `Exception`; `finally` sees it.",
    },
    after="`os.replace` swaps the names in one step: whoever opens `path` finds the old file or the new one, never a half.",
)


# --- run.command


def called(run: Callable, work: Callable) -> tuple[object, str, str, BaseException | None]:
    """Call the learner's function: what it returned, both its outputs, what it raised."""
    out, err, code, raised = io.StringIO(), io.StringIO(), None, None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = run(work)
        except (OSError, ValueError, sqlite3.Error, KeyError, ZeroDivisionError) as error:
            raised = error
    return code, out.getvalue(), err.getvalue(), raised


def raising(error: Exception) -> Callable:
    """A piece of work that ends with this exception."""

    def work():
        raise error

    return work


def is_quiet_when_well(run):
    """Work that ends well is called once and gives 0, and nothing is printed."""
    calls = []

    def work():
        calls.append(1)
        return 22  # rows, perhaps

    code, out, err, _ = called(run, work)
    assert calls == [1], because("not called once", calls=len(calls))
    expect(code, int, "exit_code(work)")
    assert code != 22, "the work's own"
    assert code == 0, because("wrong code", want=0, got=code, what="work that ended well")
    assert not out + err, because("chatters", said=out + err)


FOR_THE_PERSON = (
    FileNotFoundError(2, "No such file or directory", "nothing.txt"),
    UnicodeDecodeError("utf-8", b"caf\xe9", 3, 4, "unexpected end of data"),
    ValueError("input and output are the same file"),
    sqlite3.OperationalError("database is locked"),
    sqlite3.DatabaseError("file is not a database"),
    ConnectFailed("could not connect to app.db"),
    PoolTimeout("no connection came free in 5.0 s"),
)


def gives_two(run):
    """An error that a person can act on gives 2."""
    for error in FOR_THE_PERSON:
        code, _, _, raised = called(run, raising(error))
        name = type(error).__name__
        assert raised is None, because("not caught", name=name)
        expect(code, int, f"exit_code(work_that_raises_{name})")
        assert code == 2, because("wrong code", want=2, got=code, what=name)


def says_it_on_stderr(run):
    """The message goes to stderr, and stdout stays empty."""
    for error in (sqlite3.OperationalError("database is locked"), FOR_THE_PERSON[0]):
        _, out, err, _ = called(run, raising(error))
        assert not out, because("on stdout", said=out.strip())
        missing = [word for word in str(error).split() if word.strip("'") not in err]
        assert not missing, because("no message", text=str(error), said=err.strip())


def says_who_speaks(run):
    """The line begins with the command that speaks."""
    _, _, err, _ = called(run, raising(ValueError("two\nlines")))
    assert "Traceback" not in err, "traceback"
    assert err.startswith(("poolkit run: ", "poolkit run:\n")), because(
        "nameless", said=err.strip()
    )


def says_it_in_one_line(run):
    """It is one line with all of the message, also where the message has several."""
    for text in ("database is locked", "cannot read a\nb.txt\n: check the spelling"):
        _, _, err, _ = called(run, raising(OSError(text)))
        count = len(err.splitlines())
        assert count == 1, because("many lines", count=count)
        assert err.endswith("\n"), "no newline"
        missing = [word for word in text.split() if word not in err]
        assert not missing, because("cut off", text=text, said=err.strip())
        assert "ab.txt" not in err, because("glued", said=err.strip())


def lets_our_mistakes_through(run):
    """A mistake in our own code goes on its way, with its traceback."""
    for error in (ZeroDivisionError("division by zero"), KeyError("label")):
        _, _, _, raised = called(run, raising(error))
        assert raised is error, because("dressed up", name=type(error).__name__)


command_exercise = Exercise(
    id="run.command",
    title="An exit code, and one line for a person",
    answer=exit_code,
    claims=(
        is_quiet_when_well,
        gives_two,
        says_it_on_stderr,
        says_who_speaks,
        says_it_in_one_line,
        lets_our_mistakes_through,
    ),
    hints=(
        "One `try`, one `except` with three kinds of exception, two `return`s.",
        "`except (OSError, ValueError, sqlite3.Error) as error:` catches these and their subclasses, PoolTimeout among them. `print(…, file=sys.stderr)` prints where errors go. `\" \".join(text.split())` makes one line of several.",
        'Fill in the three blanks.\n\ntry:\n    work()\nexcept (OSError, ____, ____) as error:\n    print("poolkit run:", " ".join(str(error).split()), file=____)\n    return 2\nreturn 0',
    ),
    tellings={
        "not called once": "`work` was called {calls} times; it should be called once.",
        "wrong code": "The exit code for this should be {want}, and yours was {got}: {what:plain}.",
        "chatters": "All went well and yet this was printed: {said}. Whoever starts the command every night wants to hear of it only when something is wrong.",
        "not caught": "The work raised {name:plain}, and so did you. It is one of the three, or a subclass of one: OSError, ValueError, sqlite3.Error. Several kinds are written as a tuple: `except (A, B) as error:`.",
        "on stdout": "This came out on stdout: {said}. There the summary goes, which the next program reads. Errors go to stderr: `print(…, file=sys.stderr)`.",
        "no message": "The exception says {text}, and on stderr stands {said}. Say all that it says: `str(error)`.",
        "traceback": "A traceback stands on stderr. It helps whoever can mend the program; the person who typed a wrong name wants the message alone.",
        "nameless": "The line is {said}. In a log of many programs nobody knows who said that: begin with `poolkit run: `.",
        "many lines": "A message came out as {count} lines. A traceback, or a file name with a newline in it, should not spread over a log: make one line of it.",
        "cut off": "The message was {text}, and this is what came of it: {said}. Make one line of its lines, and leave none out.",
        "glued": "Where the message has a line end, two words ran into one: {said}. Put a space there.",
        "the work's own": "The work returned 22, rows perhaps, and so did you. That is no exit code: return 0 when it has ended well, whatever it returned.",
        "no newline": "The line does not end, so that whatever is printed next continues it. Leave `end` of `print` alone.",
        "dressed up": "The work raised {name:plain}, which is a mistake in our own program, and you told the person about it as if it were theirs. Catch the three kinds only: we need the traceback.",
    },
    after="Bad input gets a line, a bug gets a traceback. Who can mend it decides which.",
)  # fmt: skip

exercises = (labels_exercise, write_exercise, command_exercise)


# --- predictions

AFTERWARDS = ("yesterday's summary", "half of today's", "nothing at all")

predictions = (
    Prediction(
        id="run.counts",
        question="`run` borrows a connection to insert the labels, gives it back, and borrows again for the health check. What will its summary say?",
        places={"created": int, "reused": int},
        sample={"created": 2, "reused": 0, "sure": 65},
        explanations=(
            (
                {"created": 2},
                "It borrowed twice, but the first connection was back on the shelf before the second loan began: nothing had to be opened.",
            ),
            (
                {"created": 5},
                "`pool_size=5` says how many it may keep, not how many it opens. It opens one when somebody asks and none is idle.",
            ),
            (
                {"reused": 0},
                "The second loan was of a connection that was there already. That is a reuse.",
            ),
            (
                {"reused": 2},
                "The first loan found an empty shelf; only the second was a reuse.",
            ),
        ),
        why="The summary proves the pool: two loans, one connection.",
    ),
    Prediction(
        id="run.lines",
        question="A file has two lines. One label was copied from a web page and holds a line separator, U+2028, which looks like a space. How many labels does `splitlines()` make of it, and how many `for line in file`?",
        places={"splitlines": int, "in_file": int},
        sample={"splitlines": 2, "in_file": 2, "sure": 70},
        explanations=(
            (
                {"splitlines": 2},
                "`str.splitlines` ends a line at ten different characters, U+2028 and the vertical tab among them, and not only at a newline.",
            ),
            (
                {"in_file": 3},
                "A file that is gone through line by line ends a line at a newline, of whatever system, and nowhere else.",
            ),
        ),
        why="A label cut in two is two rows in the database, and nothing looks wrong.",
    ),
    Prediction(
        id="run.torn",
        question="Yesterday's summary is in the file. Today's holds a date, for which JSON has no word, so that `json.dump` fails half-way. What is in the file afterwards?",
        places={"after": AFTERWARDS},
        sample={"after": "yesterday's summary", "sure": 70},
        explanations=(
            (
                {"after": "yesterday's summary"},
                'It was gone before the first letter of the new one was written: `open(path, "w")` empties the file.',
            ),
            (
                {"after": "nothing at all"},
                "`json.dump` writes piece by piece, and the pieces before the date were written when the file was closed.",
            ),
        ),
        why="A full disk, Ctrl-C or a power cut do the same, with a summary that JSON likes very well.",
    ),
    Prediction(
        id="run.refused",
        question="The third of five lines is not UTF-8, and the output file holds yesterday's summary. What is the command's exit code, how many rows are in the database afterwards, and what is in the output?",
        places={"code": int, "rows": int, "output": AFTERWARDS},
        sample={"code": 1, "rows": 2, "output": "yesterday's summary", "sure": 65},
        explanations=(
            (
                {"rows": 2},
                "Two labels had gone in, in one transaction, which was rolled back when the third could not be read.",
            ),
            (
                {"rows": 4},
                "A line that cannot be read is not skipped: nobody would notice that it is missing.",
            ),
            (
                {"output": "nothing at all"},
                "The new summary is written beside the old one and takes its place when it is whole. It never was.",
            ),
            (
                {"output": "half of today's"},
                "The new summary is written beside the old one and takes its place when it is whole. It never was.",
            ),
            (
                {"code": 1},
                "1 is what Python gives for a traceback. This command gives 2 for what a person can mend, so that a script can tell the two apart.",
            ),
            (
                {"code": 0},
                "0 means that all is well. A script that starts the command would go on with yesterday's numbers.",
            ),
        ),
        why="All or nothing, twice: the rows by a transaction, the summary by a swap of files.",
    ),
    Prediction(
        id="run.timeout",
        question="Another program holds a lock on the database. The command is started with `--timeout 0`, and once more with `--timeout 30`; a moment later the other program lets go. What are the two exit codes?",
        places={"impatient": int, "patient": int},
        sample={"impatient": 2, "patient": 2, "sure": 60},
        explanations=(
            (
                {"patient": 2},
                "`--timeout` is how long SQLite keeps asking for the lock. It was still asking when the other program let go.",
            ),
            (
                {"impatient": 0},
                "With `--timeout 0` SQLite asks once, is told that somebody else writes, and gives up.",
            ),
            (
                {"impatient": 1},
                "A locked database is no bug but something that a person can wait for: the code is 2.",
            ),
        ),
        why="A timeout decides who is kept waiting: the command, or the person who has to start it again.",
    ),
)

explanations = (
    Explanation(
        id="run.why_one",
        question="Why does the summary of `run` say created 1, and what would have to happen for it to say 2?",
        points=(
            "The first connection was given back before the second was asked for, so that the pool could lend it again.",
            "It would be 2 if both were out at once: a leak in the first loan would do.",
            "Or if the first had been closed, or had failed its check, in between.",
        ),
        sample="The first one came back before the second borrower asked, so it was lent again; had it still been out, the pool would have opened another.",
    ),
    Explanation(
        id="run.why_two_kinds",
        question="Why does a missing file end in one line and exit code 2, and a KeyError of ours in a traceback?",
        points=(
            "The line is for whoever can mend it: it says what was wrong, and what to do.",
            "A traceback is for whoever can mend the program; a person who typed a wrong name can do nothing with it.",
            "Catching everything would hide our own bugs behind a friendly sentence.",
        ),
        sample="The person at the keyboard can correct a name but not our code, so each gets the message that helps to mend it.",
    ),
)
