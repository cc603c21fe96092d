"""run.labels: every label of a file, and only labels."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from poolkit.course.exercises import Exercise, assume, because, expect, same
from poolkit.course.guard import Ended, NoInput
from poolkit.course.histories import Histories, Seen, sequences
from poolkit.course.lessons.run.given import ENDS, Machine, in_folder
from poolkit.course.shown import short
from poolkit.course.slips import slip


def read_labels(path):
    """Return a list of the labels in `path`, a pathlib.Path of a UTF-8 text file, one label a line.

    Labels are stripped, blank lines skipped; a file without any gives an empty list. A newline ends
    a line; U+2028, a form feed and their like do not. A file that cannot be opened or read raises
    its OSError, bytes that are no UTF-8 raise ValueError (UnicodeDecodeError is one).
    """
    with open(path, encoding="utf-8") as file:
        return [line.strip() for line in file if line.strip()]


# --- what it promises


def read_from(read: Callable, content: str | bytes, machine: str = "utf-8") -> list:
    """What the learner's function makes of such a file, on a machine with this encoding."""
    with in_folder(labels=content) as folder, Machine(read, machine):
        got = read(folder / "labels.txt")
        expect(got, list, 'read_labels("labels.txt")')
        return got


def reads_each_line(read):
    """Each line is a label, in order, the last one too."""
    want = ["search: red, blue", "login", '"fits"', "# 3 of 5", "login"]
    got = read_from(read, "\n".join(want))
    raw = any(one.endswith("\n") for one in texts(got))
    assert not raw, because("newline kept", got=got)
    other = not same(got, want) and sorted(texts(got)) == sorted(want)
    assert not other, because("other order", got=got)
    assert same(got, want), because("wrong labels", got=got, want=want)


def texts(got: list) -> list[str]:
    """What of it is text."""
    return [one for one in got if isinstance(one, str)]


def strips_and_skips(read):
    """Space around a label is cut off, and blank lines are skipped."""
    got = read_from(read, "  login \r\n\n \t \norder shipped\n\n")
    assume("login" in " ".join(texts(got)))
    assert "" not in got, because("kept blanks", file="two labels and three blank lines", got=got)
    assert all(one == one.strip() for one in texts(got)), because("not stripped", got=got)


def takes_an_empty_file(read):
    """A file without any label gives an empty list."""
    for content, file in (("", "nothing in it"), ("\n  \n", "two blank lines")):
        got = read_from(read, content)
        assert "" not in got, because("kept blanks", file=file, got=got)
        assert same(got, []), because("something of nothing", file=file, got=got)


def reads_utf8(read):
    """Letters beyond ASCII arrive as they were written."""
    for machine, key in (("utf-8", "wrong encoding"), ("cp1252", "own encoding")):
        got = read_from(read, "café\n", machine)
        assert "".join(texts(got)).strip() == "café", because(key, got=got)


def cuts_no_label_in_two(read):
    """A label that holds a line separator, U+2028, is one label all the same."""
    got = read_from(read, "red shoes\u2028size 42\nlogin\n")
    assume("red shoes" in " ".join(texts(got)))
    assert len(got) <= 2, because("splitlines", count=len(got))


def refuses_other_bytes(read):
    """Bytes that are no UTF-8 raise ValueError."""
    try:
        got = read_from(read, b"login\ncaf\xe9\n")
    except ValueError:
        return
    except Exception as error:
        name = type(error).__name__
        raise AssertionError(because("another error", what="no UTF-8", came=name)) from None
    raise AssertionError(because("made up letters", got=got))


def tells_of_a_missing_file(read):
    """A file that is not there raises its OSError."""
    with in_folder() as folder:
        try:
            got = read(folder / "nothing.txt")
        except OSError:
            return
        except Exception as error:
            name = type(error).__name__
            raise AssertionError(because("another error", what="not there", came=name)) from None
    raise AssertionError(because("hid the missing file", got=got))


# --- every short file


@dataclass(frozen=True)
class Case:
    """A file to be read: its bytes, or what there is instead; and the machine's own encoding.

    `again`: another file is read afterwards. `fails`: which step of reading raises `error`.
    """

    content: bytes = b""
    instead: str = ""
    again: bool = False
    machine: str = "utf-8"
    fails: int = 0
    error: type[BaseException] | None = None

    def __str__(self) -> str:
        if self.instead:
            return f"At `path` there is {self.instead}"
        if self.fails:
            nth = ("first", "second", "third")[self.fails - 1]
            return f"The {nth} time that the disk is asked, it raises {self.error.__name__}"
        size = len(self.content)
        try:
            content = self.content.decode()
        except UnicodeDecodeError:
            content = self.content
        alike = isinstance(content, str) and any(map(unicodedata.combining, content))
        text = (
            ascii(content)
            if alike
            else short(content)
            if size < 200
            else f"{size} bytes, {short(content, 30)}"
        )
        where = f", on a machine with {self.machine}" if self.machine != "utf-8" else ""
        then = "; then another file is read" if self.again else ""
        return f"The file holds {text}{where}{then}"


INNER = "\u2028\u2029\x0b\x0c\x1c\x1d\x1e\x85\0,;#'\"\t\\ "
BROKEN = (
    b"\xe9",
    b"caf\xe9\n",
    b"login\n\xc3",
    b"\n\nlog\xffin\n",
    b"\xff\xfel\0",
    b"\xed\xa0\x80",
)


def cases() -> Iterator[Case]:
    """All short files, then odd characters, broken bytes, other machines, and failing disks."""
    some = sequences(("login", "café", " ", "\n"), 3)
    yield from (Case("".join(pieces).encode()) for pieces in ((), *some))
    for ends in ("\n", "\r\n", "\n\n", " \n\t", "\n \n"):
        yield Case(f"\tb{ends}a \t{ends}b".encode())
    yield from (Case(f"red{inner}blue\nlogin\n".encode()) for inner in INNER)
    yield from (
        Case(f"{label}\n".encode())
        for label in ("#1", "0", "None", "日本", "'x'", '"x"', "{}", "a  b", "cafe\u0301")
    )
    yield from (Case(content, again=True) for content in (b"", b"login\n", b"a\nb\n"))
    yield from (Case(content) for content in BROKEN)
    yield from (Case("café\n".encode(), machine=name) for name in ("cp1252", "ascii", "utf-16"))
    yield from (Case(instead=what) for what in ("nothing", "a folder"))
    yield from (
        Case(b"x\n", fails=n, error=end)
        for n in (1, 2)
        for end in (OSError, PermissionError, *ENDS)
    )
    yield Case(("x" * 9000 + "é\n").encode() * 3)
    yield Case(b"".join(b"label %d\n" % n for n in range(1200)))


def play(read: Callable, case: Case) -> Iterator[Seen]:
    """What the function gives or raises, of one file and then of another."""
    with in_folder(labels=case.content) as folder:
        path = folder / "labels.txt"
        if case.instead:
            path.unlink()
        if case.instead == "a folder":
            path.mkdir()
        error = case.error("planned") if case.error else None
        with Machine(read, case.machine, case.fails, error) as machine:
            got, seen = outcome(read, path, error)
        if case.fails and not machine.fired:
            seen = Seen("it raises", "that exception", "nothing, since it asked less often")
        yield seen
        if got is not None and case.again:
            before = list(got)
            path.write_bytes(b"another\n")
            yield Seen("of the other file it returns", read(path))
            yield Seen("the first list is then", same(got, before), short(got))


def outcome(read: Callable, path, planned: BaseException | None) -> tuple[list | None, Seen]:
    """What the function returned, if it did, and how that is seen."""
    try:
        got = read(path)
    except (Ended, NoInput):
        raise
    except BaseException as error:
        name = type(error).__name__
        kind = next((k.__name__ for k in (OSError, ValueError) if isinstance(error, k)), name)
        if planned is not None:
            kind = name = "that exception" if error is planned else name
        return None, Seen("it raises", kind, name)
    expect(got, list, "read_labels(path)")
    return got, Seen("it returns", list(got), told(got))


def told(got: list) -> str:
    """A list of labels in words; of letters that look alike it is told which they are."""
    if len(got) > 8:
        return f"{len(got)} labels, the last of them {short(got[-1])}"
    return ascii(got) if any(map(unicodedata.combining, str(got))) else short(got)


exercise = Exercise(
    id="run.labels",
    title="Read labels from a file",
    answer=read_labels,
    claims=(
        reads_each_line,
        strips_and_skips,
        takes_an_empty_file,
        reads_utf8,
        cuts_no_label_in_two,
        refuses_other_bytes,
        tells_of_a_missing_file,
        Histories(
            "Of every short file, and of those that cannot be read, it gives what it should.",
            inputs=cases,
            play=play,
        ),
    ),
    hints=(
        "A file that is open for reading can be gone through with `for line in file`, and that cuts no label at U+2028.",
        'Open it with `open(path, encoding="utf-8")`. A line has its newline at the end; `line.strip()` cuts that off too, and leaves an empty text, which is false, of a blank line.',
        'Fill in the two blanks.\n\nwith open(path, encoding=____) as file:\n    return [line.strip() for line in file if ____]',
    ),
    tellings={
        "newline kept": "A file with five lines gave {got}: the newline at the end of a line is not part of the label.",
        "other order": "Every label arrived, in another order: {got}.",
        "wrong labels": "A file with five lines, the last without a newline, gave {got}; it should be {want}.",
        "kept blanks": "A file with {file:plain} gave {got}.",
        "not stripped": "A file with login, between spaces, a line that is a tab, and order shipped gave {got}.",
        "something of nothing": "A file with {file:plain} gave {got}.",
        "wrong encoding": "The file holds café, written in UTF-8, and you read {got}.",
        "own encoding": "On a machine whose own encoding is cp1252, as many Windows machines have, the file holds café, written in UTF-8, and you read {got}.",
        "splitlines": "A file with two lines gave {count} labels. One label holds a line separator, U+2028, as text copied from a web page may.",
        "made up letters": "The file is no UTF-8, and you returned {got}. What you made of it would go into the database as if somebody had written it.",
        "another error": "The file is {what:plain}, and out of your function came {came:plain}. Bytes that are no UTF-8 raise ValueError, a file that is not there raises its OSError.",
        "hid the missing file": "The file is not there, and you returned {got}. A slip in a file's name would look like a day without events.",
    },
    slips=(
        slip(
            "splitlines",
            "`splitlines` cuts there; `for line in file` and `split(\"\\n\")` do not.",
            breaks="cuts_no_label_in_two",
            edit="""
-        return [line.strip() for line in file if line.strip()]
+        return [line.strip() for line in file.read().splitlines() if line.strip()]
""",
        ),
        slip(
            "kept blanks",
            "Skip what is empty once it is stripped.",
            breaks="strips_and_skips",
            edit="""
-        return [line.strip() for line in file if line.strip()]
+        return [line.strip() for line in file]
""",
        ),
        slip(
            "kept blanks",
            "A line of spaces is blank as well: strip first, then ask whether anything is left.",
            breaks="strips_and_skips",
            edit="""
-        return [line.strip() for line in file if line.strip()]
+        return [line.strip() for line in file if line != "\\n"]
""",
        ),
        slip(
            "not stripped",
            "`rstrip` cuts off what is behind a label, and not what is before it.",
            breaks="strips_and_skips",
            edit="""
-        return [line.strip() for line in file if line.strip()]
+        return [line.rstrip() for line in file if line.strip()]
""",
        ),
        slip(
            "newline kept",
            "`line.strip()` is a new text; the line itself is as it was.",
            breaks="reads_each_line strips_and_skips",
            edit="""
-        return [line.strip() for line in file if line.strip()]
+        return [line for line in file if line.strip()]
""",
        ),
        slip(
            "wrong labels",
            "`line[:-1]` takes a letter where the last line has no newline.",
            breaks="reads_each_line",
            edit="""
-        return [line.strip() for line in file if line.strip()]
+        return [line[:-1].strip() for line in file if line.strip()]
""",
        ),
        slip(
            "wrong labels",
            "Each line is an event, and the second login is one too.",
            breaks="reads_each_line",
            edit="""
-        return [line.strip() for line in file if line.strip()]
+        return list(dict.fromkeys(line.strip() for line in file if line.strip()))
""",
        ),
        slip(
            "wrong labels",
            "`split()` cuts at every space: a label may have some within it.",
            breaks="reads_each_line cuts_no_label_in_two",
            edit="""
-        return [line.strip() for line in file if line.strip()]
+        return file.read().split()
""",
        ),
        slip(
            "wrong labels",
            "A `#` begins a comment in Python; in this file it is a character like others.",
            breaks="reads_each_line",
            edit="""
-        return [line.strip() for line in file if line.strip()]
+        return [line.strip() for line in file if line.strip() and not line.startswith("#")]
""",
        ),
        slip(
            "other order",
            "Leave them as they are in the file.",
            breaks="reads_each_line",
            edit="""
-        return [line.strip() for line in file if line.strip()]
+        return sorted((line.strip() for line in file if line.strip()), reverse=True)
""",
        ),
        slip(
            "something of nothing",
            "No labels is a list, too: an empty one.",
            breaks="takes_an_empty_file",
            edit="""
-        return [line.strip() for line in file if line.strip()]
+        return [line.strip() for line in file if line.strip()] or ["no labels"]
""",
        ),
        slip(
            "wrong type",
            "Where there are no labels it returns nothing: an empty list is wanted.",
            breaks="takes_an_empty_file",
            edit="""
-        return [line.strip() for line in file if line.strip()]
+        labels = [line.strip() for line in file if line.strip()]
+    if labels:
+        return labels
""",
        ),
        slip(
            "wrong type",
            "It prints the labels and returns nothing: collect them in a list.",
            breaks="reads_each_line",
            edit="""
-        return [line.strip() for line in file if line.strip()]
+        for line in file:
+            print(line.strip())
""",
        ),
        slip(
            "wrong encoding",
            'Say `encoding="utf-8"` when you open it.',
            breaks="reads_utf8 refuses_other_bytes",
            edit="""
-    with open(path, encoding="utf-8") as file:
+    with open(path, encoding="latin-1") as file:
""",
        ),
        slip(
            "own encoding",
            'Without `encoding=` Python takes the machine\'s own. Say `encoding="utf-8"`.',
            breaks="reads_utf8",
            edit="""
-    with open(path, encoding="utf-8") as file:
+    with open(path) as file:
""",
        ),
        slip(
            "made up letters",
            "Let the error out.",
            breaks="refuses_other_bytes",
            edit="""
-    with open(path, encoding="utf-8") as file:
+    with open(path, encoding="utf-8", errors="replace") as file:
""",
        ),
        slip(
            "hid the missing file",
            "Let the OSError out.",
            breaks="tells_of_a_missing_file",
            edit="""
+    if not path.exists():
+        return []
     with open(path, encoding="utf-8") as file:
""",
        ),
        slip(
            "another history",
            "A folder is no file without labels: let the OSError out.",
            edit="""
+    if path.is_dir():
+        return []
     with open(path, encoding="utf-8") as file:
""",
        ),
    ),
    after="Ours is two lines, and each of their words is there because something went wrong without it.",
)  # fmt: skip
