"""run.command: an exit code for scripts, and one line for a person."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import sqlite3
import sys
import traceback  # noqa: F401 - for a slip
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from poolkit import ConnectFailed, PoolTimeout
from poolkit.course.exercises import Exercise, assume, because, expect
from poolkit.course.guard import Ended, NoInput
from poolkit.course.histories import Histories, Seen
from poolkit.course.lessons.run.given import ENDS, times
from poolkit.course.shown import short
from poolkit.course.slips import slip


def exit_code(work):
    """Call `work()` once and return the exit code: 0 if it ended well, 2 if a person has to act.

    OSError, ValueError and sqlite3.Error are for the person: "poolkit run: " and the message, on
    stderr, in one line even if the message has several. Any other exception is a mistake of ours,
    or Ctrl-C, and goes on its way. Nothing else is printed, and nothing at all on stdout.
    """
    try:
        work()
    except (OSError, ValueError, sqlite3.Error) as error:
        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


# --- what it promises


def called(run: Callable, work: Callable) -> tuple[object, str, str, BaseException | None]:
    """Call the learner's function: what it returned, both its outputs, what it raised."""
    out, err, code, raised = io.StringIO(), io.StringIO(), None, None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = run(work)
        except (Ended, NoInput):
            raise
        except BaseException as error:
            raised = error
    return code, out.getvalue(), err.getvalue(), raised


def ended_by(run: Callable, error: BaseException) -> tuple:
    """As `called`, with work that ends with this exception; it must have been called for that."""
    calls: list = []

    def work():
        calls.append(1)
        raise anew(error)

    found = called(run, work)
    assume(calls)
    return found


def anew(error: BaseException) -> BaseException:
    """The exception without what it has been through before."""
    error.__traceback__ = error.__context__ = error.__cause__ = None
    return error


def let_out(raised: BaseException | None, planned: BaseException | None = None) -> None:
    """Let an exception out that is the learner's own: its line says more than we could."""
    if raised is not None and raised is not planned:
        raise raised


def is_quiet_when_well(run):
    """Work that ends well is called once and gives 0, and nothing is printed."""
    calls = []

    def work():
        calls.append(1)
        return 22  # rows, perhaps

    code, out, err, raised = called(run, work)
    let_out(raised)
    assert calls == [1], because("not called once", calls=times(len(calls)))
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
        code, _, _, raised = ended_by(run, error)
        name = type(error).__name__
        assert raised is not error, because("not caught", name=name)
        let_out(raised)
        expect(code, int, f"exit_code(work_that_raises_{name})")
        assert code == 2, because("wrong code", want=2, got=code, what=f"work that raised {name}")


def said_of(run: Callable, error: Exception) -> tuple[str, str]:
    """What is printed of this error on stdout and on stderr."""
    _, out, err, raised = ended_by(run, error)
    let_out(raised, error)
    assert raised is None, because("not caught", name=type(error).__name__)
    return out, err


def says_it_on_stderr(run):
    """The message goes to stderr, and stdout stays empty."""
    for error in (sqlite3.OperationalError("database is locked"), FOR_THE_PERSON[0]):
        out, err = said_of(run, error)
        assert not out, because("on stdout", said=out.strip())
        missing = [word for word in str(error).split() if word.strip("'") not in err]
        assert not missing, because("no message", text=str(error), said=err.strip())


def says_who_speaks(run):
    """The line begins with the command that speaks."""
    out, err = said_of(run, ValueError("two\nlines"))
    assume(err and not out)
    assert "Traceback" not in err, "traceback"
    said = because("nameless", said=err.strip())
    assert err.startswith(("poolkit run: ", "poolkit run:\n")), said


def says_it_in_one_line(run):
    """It is one line with all of the message, also where the message has several."""
    for text in ("database is locked", "cannot read a\nb.txt\n: check the spelling"):
        out, err = said_of(run, OSError(text))
        assume(err and not out)
        count = len(err.splitlines())
        assert count <= 1, because("many lines", count=count)
        assert err.endswith("\n"), "no newline"
        missing = [word for word in text.split() if word not in err]
        assert len(missing) < len(text.split()), because("no message", text=text, said=err.strip())
        assert "ab.txt" not in err, because("glued", said=err.strip())
        assert not missing, because("cut off", text=text, said=err.strip())


def lets_our_mistakes_through(run):
    """A mistake in our own code goes on its way, with its traceback."""
    for error in (ZeroDivisionError("division by zero"), KeyError("label")):
        _, _, _, raised = ended_by(run, error)
        let_out(raised, error)
        assert raised is error, because("dressed up", name=type(error).__name__)


# --- every way in which work can end


class Told(ValueError):
    """An error that has its message from `__str__`."""

    def __str__(self) -> str:
        return "said by the error itself"


class OwnFault(OSError):
    """A kind of OSError that is no kind of Python's own."""


class OwnBug(Exception):
    """A mistake of ours that has a name of its own."""


PERSON: tuple[Exception, ...] = (
    *FOR_THE_PERSON,
    OSError("disk full"),
    OSError(28, "No space left on device"),
    PermissionError(13, "Permission denied", "summary.json"),
    IsADirectoryError(21, "Is a directory", "data"),
    BrokenPipeError(32, "Broken pipe"),
    TimeoutError("timed out"),
    OwnFault("of our own kind"),
    ValueError(),
    ValueError("two", "arguments"),
    json.JSONDecodeError("Expecting value", "", 0),
    UnicodeEncodeError("ascii", "é", 0, 1, "ordinal not in range"),
    Told(),
    sqlite3.Error("something"),
    sqlite3.IntegrityError("NOT NULL constraint failed: events.label"),
    sqlite3.ProgrammingError("Cannot operate on a closed database."),
    sqlite3.InterfaceError("bad parameter"),
    sqlite3.NotSupportedError("no"),
)
OURS: tuple[BaseException, ...] = (
    Exception("bug"),
    KeyError("label"),
    TypeError("bug"),
    AttributeError("bug"),
    IndexError("bug"),
    NameError("bug"),
    AssertionError("bug"),
    ZeroDivisionError("bug"),
    RuntimeError("bug"),
    NotImplementedError("bug"),
    RecursionError("bug"),
    ImportError("bug"),
    MemoryError("bug"),
    StopIteration("bug"),
    sqlite3.Warning("bug"),
    OwnBug("bug"),
    SystemExit(0),
    SystemExit(3),
    *(end("bug") for end in ENDS),
)
MESSAGES = (
    "two\nlines", "a\nb\nc", "ends with a line end\n", "\nbegins with one", "a\n\nb", "a {b} %s %d",
    "café 日本", "long " * 100, "  spaces  ", "poolkit run: already said", "",
)  # fmt: skip
RESULTS = (None, 0, 1, 2, True, False, "text", [], [1], -1)


@dataclass(frozen=True)
class End:
    """How work ends: `raises` says with what; without, it returns `returns`."""

    returns: object = None
    raises: BaseException | None = None

    def __str__(self) -> str:
        if self.raises is None:
            return f"The work returns {self.returns!r}"
        return f"The work raises {short(self.raises)}"


def ends() -> Iterator[End]:
    """Every way to end: each result, each kind of error, each kind of message."""
    yield from (End(result) for result in RESULTS)
    yield from (End(raises=error) for error in (*PERSON, *OURS))
    kinds = (OSError, ValueError, sqlite3.OperationalError)
    yield from (End(raises=kind(text)) for text in MESSAGES for kind in kinds)


def play(run: Callable, end: End) -> Iterator[Seen]:
    """How often the work was called, what came out, and what was printed where."""
    calls: list = []

    def work():
        calls.append(1)
        if end.raises is not None:
            raise anew(end.raises)
        return end.returns

    code, out, err, raised = called(run, work)
    yield Seen("the work is called", len(calls), times(len(calls)))
    if raised is None:
        yield Seen("it returns", code if type(code) is int else short(code), short(code))
    else:
        word = "what the work raised" if raised is end.raises else type(raised).__name__
        yield Seen("out comes", word, word)
    yield Seen("on stdout stands", out, shortened(out))
    yield Seen("on stderr stands", judged(err, end.raises), shortened(err))


def shortened(printed: str) -> str:
    """What was printed, its middle left out where it is long."""
    long = len(printed) > 130
    return repr(f"{printed[:60]} … {printed[-60:]}" if long else printed) if printed else "nothing"


def judged(err: str, error: BaseException | None) -> object:
    """What of stderr counts: who speaks, one line, every word. How it is put is the learner's."""
    if not err:
        return "nothing"
    words = str(error).split() if error is not None else []
    glued = any(one + other in err for one, other in itertools.pairwise(words))
    begins = "begins as it should" if err.startswith("poolkit run:") else "begins otherwise"
    lines = f"{err.count(chr(10))} lines" if err.endswith("\n") else "an open end"
    rest = err.removeprefix("poolkit run:")
    missing = [word for word in words if word.strip("'\"") not in rest]
    return [begins, lines, "words are missing" if missing else "all words", glued]


exercise = Exercise(
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
        Histories(
            "However the work ends, the code and what is printed are what they should be.",
            inputs=ends,
            play=play,
        ),
    ),
    hints=(
        "One `try`, one `except` with three kinds of exception, two `return`s.",
        "`except (OSError, ValueError, sqlite3.Error) as error:` catches these and their subclasses, PoolTimeout among them. `print(…, file=sys.stderr)` prints where errors go. `\" \".join(text.split())` makes one line of several.",
        'Fill in the three blanks.\n\ntry:\n    work()\nexcept (OSError, ____, ____) as error:\n    print("poolkit run:", " ".join(str(error).split()), file=____)\n    return 2\nreturn 0',
    ),
    tellings={
        "not called once": "`work` was called {calls:plain}; it should be called once.",
        "wrong code": "The exit code of {what:plain} should be {want}, and yours was {got}.",
        "chatters": "All went well and yet this was printed: {said}. Whoever starts the command every night wants to hear of it only when something is wrong.",
        "not caught": "The work raised {name:plain}, and so did your function. That one, like every subclass of OSError, ValueError and sqlite3.Error, ends in a line and 2.",
        "on stdout": "This came out on stdout: {said}. There the summary goes, which the next program reads.",
        "no message": "The exception says {text}, and on stderr stands {said}.",
        "traceback": "A traceback stands on stderr. It helps whoever can mend the program; the person who typed a wrong name wants the message alone.",
        "nameless": "On stderr stands {said}. In a log of many programs the beginning of a line tells who speaks: `poolkit run: `.",
        "many lines": "A message came out as {count} lines. In a log, other programs' lines may come between.",
        "cut off": "The message was {text}, and this is what came of it: {said}.",
        "glued": "Where the message has a line end, two words ran into one: {said}.",
        "the work's own": "The work returned 22, rows perhaps, and so did your function. That is no exit code.",
        "no newline": "The line does not end, so that whatever is printed next continues it.",
        "dressed up": "The work raised {name:plain}, which is a mistake in our own program, and it did not come out of your function.",
    },
    slips=(
        slip(
            "not called once",
            "Called in the condition, too, it does everything twice.",
            breaks="is_quiet_when_well",
            edit="""
         work()
+        if work() is not None:
+            return 1
""",
        ),
        slip(
            "the work's own",
            "Return 0 when it has ended well, whatever it returned.",
            breaks="is_quiet_when_well",
            edit="""
-        work()
+        return work() or 0
...
-    return 0
""",
        ),
        slip(
            "chatters",
            "Print nothing when all is well.",
            breaks="is_quiet_when_well",
            edit="""
         return 2
+    print("done", file=sys.stderr)
""",
        ),
        slip(
            "wrong type",
            "Both `return`s are missing.",
            breaks="is_quiet_when_well",
            edit="""
-        return 2
-    return 0
""",
        ),
        slip(
            "wrong code",
            "1 is what Python itself gives after a traceback: 2 tells the two apart.",
            breaks="gives_two",
            edit="""
-        return 2
+        return 1
""",
        ),
        slip(
            "not caught",
            "`sqlite3.Error` is not among those that you catch. Several kinds are written as a tuple: `except (A, B, C) as error:`.",
            breaks="gives_two",
            edit="""
-    except (OSError, ValueError, sqlite3.Error) as error:
+    except (OSError, ValueError) as error:
""",
        ),
        slip(
            "not caught",
            "OperationalError is one kind of sqlite3.Error, and there are others.",
            breaks="gives_two",
            edit="""
-    except (OSError, ValueError, sqlite3.Error) as error:
+    except (OSError, ValueError, sqlite3.OperationalError) as error:
""",
        ),
        slip(
            "raised SystemExit",
            "Return the code: whoever called you ends the program with it.",
            breaks="gives_two",
            edit="""
-        return 2
+        sys.exit(2)
""",
        ),
        slip(
            "on stdout",
            "Errors go to stderr: `print(…, file=sys.stderr)`.",
            breaks="says_it_on_stderr",
            edit="""
-        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
+        print("poolkit run:", " ".join(str(error).split()))
""",
        ),
        slip(
            "no message",
            "Say all that it says: `str(error)`.",
            breaks="says_it_on_stderr",
            edit="""
-        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
+        print("poolkit run: something went wrong", file=sys.stderr)
""",
        ),
        slip(
            "no message",
            "`strerror` is a part of what an OSError says: the file's name is another. `str(error)` has both.",
            breaks="says_it_on_stderr",
            edit="""
-    except (OSError, ValueError, sqlite3.Error) as error:
+    except OSError as error:
+        print("poolkit run:", error.strerror or " ".join(str(error).split()), file=sys.stderr)
+        return 2
+    except (ValueError, sqlite3.Error) as error:
""",
        ),
        slip(
            "no message",
            "The first of an exception's `args` is not always its message: `str(error)` is.",
            breaks="says_it_on_stderr",
            edit="""
-        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
+        text = str(error.args[0] if error.args else error)
+        print("poolkit run:", " ".join(text.split()), file=sys.stderr)
""",
        ),
        slip(
            "traceback",
            "`traceback.print_exc` is for us: print `str(error)` alone.",
            breaks="says_who_speaks says_it_in_one_line",
            edit="""
-        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
+        traceback.print_exc()
""",
        ),
        slip(
            "nameless",
            breaks="says_who_speaks",
            edit="""
-        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
+        print("poolkit:", " ".join(str(error).split()), file=sys.stderr)
""",
        ),
        slip(
            "many lines",
            'A message may have several lines: `" ".join(text.split())` makes one of them.',
            breaks="says_it_in_one_line",
            edit="""
-        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
+        print("poolkit run:", error, file=sys.stderr)
""",
        ),
        slip(
            "many lines",
            "It is more than one line even where the message has only one.",
            breaks="says_it_in_one_line",
            edit="""
-        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
+        print("poolkit run:", file=sys.stderr)
+        print(" ".join(str(error).split()), file=sys.stderr)
""",
        ),
        slip(
            "no newline",
            "Leave `end` of `print` alone.",
            breaks="says_it_in_one_line",
            edit="""
-        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
+        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr, end="")
""",
        ),
        slip(
            "cut off",
            "Only the first line is said: what to do often stands in the last.",
            breaks="says_it_in_one_line",
            edit="""
-        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
+        print("poolkit run:", str(error).split("\\n")[0], file=sys.stderr)
""",
        ),
        slip(
            "glued",
            "Put a space where a line ended.",
            breaks="says_it_in_one_line",
            edit="""
-        print("poolkit run:", " ".join(str(error).split()), file=sys.stderr)
+        print("poolkit run:", str(error).replace("\\n", ""), file=sys.stderr)
""",
        ),
        slip(
            "dressed up",
            "`except Exception` catches our own mistakes as well. Catch the three kinds only: we need the traceback.",
            breaks="lets_our_mistakes_through",
            edit="""
-    except (OSError, ValueError, sqlite3.Error) as error:
+    except Exception as error:
""",
        ),
        slip(
            "another history",
            "Ctrl-C is none of the three: let it go on its way.",
            edit="""
         return 2
+    except KeyboardInterrupt:
+        return 130
""",
        ),
        slip(
            "another history",
            "A mistake of ours goes on its way, and Python prints it: nothing else is to be printed.",
            edit="""
         return 2
+    except Exception as error:
+        print("poolkit run: internal error:", error, file=sys.stderr)
+        raise
""",
        ),
        slip(
            "another history",
            "After an error the work is done a second time: whoever started it decides on that.",
            edit="""
     try:
         work()
-    except (OSError, ValueError, sqlite3.Error) as error:
+    except (OSError, ValueError, sqlite3.Error):
+        pass
+    else:
+        return 0
+    try:
+        work()
+    except (OSError, ValueError, sqlite3.Error) as error:
""",
        ),
    ),
    after="Bad input gets a line, a bug gets a traceback. Who can mend it decides which.",
)  # fmt: skip
