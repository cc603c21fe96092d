"""Exercise retry.transient: which failures pass by themselves?"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from poolkit.course.exercises import Exercise, assume, because, expect
from poolkit.course.histories import Histories, Seen
from poolkit.course.slips import slip


def is_transient(exc):
    """Whether another try may succeed a moment later: the database, or a table, is locked.

    An error from SQLite has an `exc.sqlite_errorcode`. Its lower 8 bits decide, whatever the
    message says: 5 and 6 are worth another try, nothing else is. An exception made by hand has no
    such attribute; then it is transient if it is a sqlite3.OperationalError, or inherits from it,
    with "is locked" in its message. Give True or False.
    """
    code = getattr(exc, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in (5, 6)
    return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)


_NAMES = {
    1: "ERROR", 2: "INTERNAL", 3: "PERM", 4: "ABORT", 5: "BUSY", 6: "LOCKED", 7: "NOMEM",
    8: "READONLY", 9: "INTERRUPT", 10: "IOERR", 11: "CORRUPT", 12: "NOTFOUND", 13: "FULL",
    14: "CANTOPEN", 15: "PROTOCOL", 16: "EMPTY", 17: "SCHEMA", 18: "TOOBIG", 19: "CONSTRAINT",
    20: "MISMATCH", 21: "MISUSE", 22: "NOLFS", 23: "AUTH", 24: "FORMAT", 25: "RANGE", 26: "NOTADB",
    261: "BUSY_RECOVERY", 262: "LOCKED_SHAREDCACHE", 517: "BUSY_SNAPSHOT", 518: "LOCKED_VTAB",
    773: "BUSY_TIMEOUT", 1290: "IOERR_DIR_FSYNC", 1299: "CONSTRAINT_NOTNULL",
    1546: "IOERR_TRUNCATE", 1555: "CONSTRAINT_PRIMARYKEY", 2067: "CONSTRAINT_UNIQUE",
    # None of today's, but nothing keeps SQLite from naming them tomorrow.
    37: "OTHER", 70: "OTHER", 133: "OTHER", 2309: "BUSY_OTHER", 2310: "LOCKED_OTHER",
}  # fmt: skip


def coded(
    code: int, message: str, kind: type[sqlite3.Error] = sqlite3.OperationalError
) -> sqlite3.Error:
    """An error as SQLite raises it, with its code and the code's name."""
    exc = kind(message)
    exc.sqlite_errorcode, exc.sqlite_errorname = code, f"SQLITE_{_NAMES[code]}"
    return exc


def lets_locks_pass(func):
    """A locked database, and a locked table, are transient."""
    for code, message in ((5, "database is locked"), (6, "database table is locked")):
        assert verdict(func, coded(code, message)), because("lock refused", what=message, code=code)


def refuses_what_stays(func):
    """A missing table, a file that cannot be opened and a misuse are not."""
    for code, message in ((1, "no such table: evnets"), (14, "unable to open database file")):
        assert not verdict(func, coded(code, message)), because("hopeless", what=message, code=code)
    assert not verdict(func, coded(21, "bad parameter or other API misuse")), "misuse"


def looks_at_eight_bits(func):
    """The upper bits of the code, which name the variant, change nothing."""
    for plain, code, message in (
        (5, 517, "database is locked"),
        (6, 262, "database table is locked"),
    ):
        assume(verdict(func, coded(plain, message)))
        assert verdict(func, coded(code, message)), because("whole code", code=code, low=plain)


def trusts_the_code(func):
    """Where there is a code, the message decides nothing."""
    assume(not verdict(func, coded(1, "no such table: evnets")))
    assume(verdict(func, coded(5, "database is locked")))
    message = "no such table: door that is locked"
    assert not verdict(func, coded(1, message)), "read the message"
    assert verdict(func, coded(5, "Datenbank gesperrt")), "needs the message"


def reads_a_message(func):
    """An exception made by hand, without a code, is judged by its message."""
    for words in ("database is locked", "database table is locked: events"):
        assert verdict(func, sqlite3.OperationalError(words)), because("by hand", words=words)
    for words in ("no such table: events", "no such table: locked_doors"):
        gone = sqlite3.OperationalError(words)
        assert not verdict(func, gone), because("all by hand", words=words)


def leaves_others(func):
    """Without a code, nothing but an OperationalError is transient."""
    others = sqlite3.IntegrityError("the row is locked"), ValueError("the door is locked")
    for exc in (*others, KeyboardInterrupt()):
        assert not verdict(func, exc), because("others", exc=exc)


def verdict(func, exc: BaseException) -> bool:
    """What the learner's function says about an exception: True or False."""
    got = func(exc)
    code = getattr(exc, "sqlite_errorcode", None)
    when = "" if code is None else f"The exception has the code {code}."
    expect(got, bool, f"is_transient({type(exc).__name__}({str(exc)!r}))", when)
    return got


# --- every short history: an exception, with a code or made by hand


class Later(sqlite3.OperationalError):
    """An error of somebody's own that inherits from SQLite's."""


class Elsewhere:
    """Another driver, whose error has the same name."""

    class OperationalError(Exception):
        pass


@dataclass(frozen=True)
class Kind:
    """How to make an exception: its class, its message, and its code if it has one."""

    cls: type[BaseException]
    message: str | None
    code: int | None = None

    def made(self) -> BaseException:
        """A new one each time: whoever is asked may have changed it."""
        if self.code is not None:
            return coded(self.code, self.message, self.cls)
        return self.cls() if self.message is None else self.cls(self.message)

    def __str__(self) -> str:
        name = {
            Later: "A class that inherits from OperationalError",
            Elsewhere.OperationalError: "Another driver's OperationalError",
        }.get(self.cls, self.cls.__name__)
        how = "made by hand" if self.code is None else f"from SQLite with code {self.code}"
        said = "without a message" if self.message is None else f"with the message {self.message!r}"
        return f"{name}, {how}, {said}"


_LOCKED = (
    "database is locked",
    "database table is locked: events",
    "events is locked by Ann",
    "cannot write: database is locked",
)
_OTHERS = ("no such table: events", "no such table: locked_doors", "disk I/O error", "lock", "")


def exceptions() -> Iterator[Kind]:
    """Codes with each sort of message, then messages without a code."""
    for code, message in itertools.product(_NAMES, (_LOCKED[0], _OTHERS[0], "Datenbank gesperrt")):
        yield Kind(_class_of(code), message, code)
    for message in (*_LOCKED, *_OTHERS, None):
        for cls in (sqlite3.OperationalError, Later):
            yield Kind(cls, message)
    others = (
        sqlite3.DatabaseError, sqlite3.Error, sqlite3.IntegrityError, sqlite3.ProgrammingError,
        Exception, ValueError, OSError, TimeoutError, Elsewhere.OperationalError, SystemExit,
        KeyboardInterrupt,
    )  # fmt: skip
    yield from (Kind(cls, message) for cls in others for message in (_LOCKED[0], None))


def _class_of(code: int) -> type[sqlite3.Error]:
    """What Python raises for a code of SQLite's."""
    return {
        2: sqlite3.InternalError, 11: sqlite3.DatabaseError, 19: sqlite3.IntegrityError,
        21: sqlite3.InterfaceError, 22: sqlite3.DatabaseError, 23: sqlite3.DatabaseError,
        26: sqlite3.DatabaseError,
    }.get(code & 0xFF, sqlite3.OperationalError)  # fmt: skip


def play_exception(func, kind: Kind) -> Iterator[Seen]:
    """What is said about it."""
    yield Seen("`is_transient` gives", verdict(func, kind.made()))


transient = Exercise(
    id="retry.transient",
    title="Which failures pass by themselves?",
    answer=is_transient,
    claims=(
        lets_locks_pass,
        refuses_what_stays,
        looks_at_eight_bits,
        trusts_the_code,
        reads_a_message,
        leaves_others,
        Histories(
            "Of every sort of exception, with a code or made by hand, it says what the text says.",
            inputs=exceptions,
            play=play_exception,
        ),
    ),
    hints=(
        "Two cases: the exception has a code, or it has none. `getattr` with a default tells you which, without raising.",
        "With a code, `code & 0xff` keeps the lower 8 bits, and you compare those. Without one, ask for the type first, then look into `str(exc)`.",
        'Fill in the three blanks.\n\ncode = getattr(exc, "sqlite_errorcode", None)\nif code is not None:\n    return code & 0xff in ____\nreturn isinstance(exc, ____) and ____ in str(exc)',
    ),
    tellings={
        "lock refused": "SQLite said {what}, code {code}, and yours says that it will not pass.",
        "hopeless": "SQLite said {what}, code {code}, and yours calls that transient. Its type is that of a lock, OperationalError, but only the codes 5 and 6 pass.",
        "misuse": "The code was 21, which is neither 5 nor 6, and yours calls it transient.",
        "whole code": "The code was {code}, and yours says that it will not pass. Its lower 8 bits are {low}; the upper ones only say which kind of lock it is.",
        "read the message": 'Somebody asked for a table named "door that is locked", and there is none: code 1. Yours calls that transient, and without the words "is locked" it did not. The code decides, where there is one.',
        "needs the message": "The code was 5 and the message in another language, and yours says that it will not pass. The code decides, where there is one.",
        "by hand": "`sqlite3.OperationalError({words})`, made by hand, carries no code, and yours says that it will not pass. There the message decides.",
        "all by hand": '`sqlite3.OperationalError({words})`, made by hand, carries no code, and yours calls it transient. There is no "is locked" in its message.',
        "others": "Yours calls {exc} transient. It carries no code, and only a sqlite3.OperationalError may be judged by its message.",
    },
    slips=(
        slip(
            "hopeless",
            "Every OperationalError passes.",
            breaks="refuses_what_stays reads_a_message",
            edit="""
-    code = getattr(exc, "sqlite_errorcode", None)
-    if code is not None:
-        return code & 0xFF in (5, 6)
-    return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)
+    return isinstance(exc, sqlite3.OperationalError)
""",
        ),
        slip(
            "hopeless",
            "5 and 6 are two codes, not all that come before 7.",
            breaks="refuses_what_stays",
            edit="""
-        return code & 0xFF in (5, 6)
+        return code & 0xFF <= 6
""",
        ),
        slip(
            "misuse",
            "In four bits 21 reads 5, since it is 16 + 5: `0xff` keeps eight, `0xf` four.",
            breaks="refuses_what_stays",
            edit="""
-        return code & 0xFF in (5, 6)
+        return code & 0xF in (5, 6)
""",
        ),
        slip(
            "lock refused",
            "5 is taken for transient and 6 is not.",
            breaks="lets_locks_pass",
            edit="""
-        return code & 0xFF in (5, 6)
+        return code & 0xFF == 5
""",
        ),
        slip(
            "wrong type",
            "Python reads `(code & 0xff == 5) or 6`: where it is not 5 it gives the 6, which counts as true. Write `code & 0xff in (5, 6)`.",
            breaks="lets_locks_pass",
            edit="""
-        return code & 0xFF in (5, 6)
+        return code & 0xFF == 5 or 6
""",
        ),
        slip(
            "whole code",
            "Compare `code & 0xff`.",
            breaks="looks_at_eight_bits",
            edit="""
-        return code & 0xFF in (5, 6)
+        return code in (5, 6)
""",
        ),
        slip(
            "another history",
            "133 is 128 + 5: `0x7f` keeps seven bits, `0xff` all eight.",
            edit="""
-        return code & 0xFF in (5, 6)
+        return code & 0x7F in (5, 6)
""",
        ),
        slip(
            "read the message",
            "The message is all that is looked at.",
            breaks="trusts_the_code",
            edit="""
-    code = getattr(exc, "sqlite_errorcode", None)
-    if code is not None:
-        return code & 0xFF in (5, 6)
""",
        ),
        slip(
            "read the message",
            "The message is all that is looked at, whatever the type.",
            breaks="trusts_the_code leaves_others",
            edit="""
-    code = getattr(exc, "sqlite_errorcode", None)
-    if code is not None:
-        return code & 0xFF in (5, 6)
-    return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)
+    return "is locked" in str(exc)
""",
        ),
        slip(
            "needs the message",
            "In yours both have to agree, the code and the words.",
            breaks="trusts_the_code",
            edit="""
-        return code & 0xFF in (5, 6)
+        return code & 0xFF in (5, 6) and "is locked" in str(exc)
""",
        ),
        slip(
            "by hand",
            "Without a code the answer is always no.",
            breaks="reads_a_message",
            edit="""
-    return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)
+    return False
""",
        ),
        slip(
            "by hand",
            'In yours only the words "database is locked", and nothing besides, pass.',
            breaks="reads_a_message",
            edit="""
-    return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)
+    return isinstance(exc, sqlite3.OperationalError) and str(exc) == "database is locked"
""",
        ),
        slip(
            "all by hand",
            "Without a code every OperationalError passes.",
            breaks="reads_a_message",
            edit="""
-    return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)
+    return isinstance(exc, sqlite3.OperationalError)
""",
        ),
        slip(
            "all by hand",
            '"locked" alone is too little.',
            breaks="reads_a_message",
            edit="""
-    return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)
+    return isinstance(exc, sqlite3.OperationalError) and "locked" in str(exc)
""",
        ),
        slip(
            "others",
            "In yours every error of SQLite's is judged by its message.",
            breaks="leaves_others",
            edit="""
-    return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)
+    return isinstance(exc, sqlite3.Error) and "is locked" in str(exc)
""",
        ),
        slip(
            "others",
            "In yours the message decides, whatever the type.",
            breaks="leaves_others",
            edit="""
-    return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)
+    return "is locked" in str(exc)
""",
        ),
        slip(
            "raised AttributeError",
            "An exception made by hand has no code.",
            breaks="reads_a_message",
            edit="""
-    code = getattr(exc, "sqlite_errorcode", None)
-    if code is not None:
-        return code & 0xFF in (5, 6)
-    return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)
+    return exc.sqlite_errorcode & 0xFF in (5, 6)
""",
        ),
        slip(
            "wrong type",
            "Where it is not transient it gives None.",
            breaks="refuses_what_stays",
            edit="""
-        return code & 0xFF in (5, 6)
-    return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)
+        if code & 0xFF in (5, 6):
+            return True
+    elif isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc):
+        return True
""",
        ),
        slip(
            "another history",
            "What inherits from OperationalError is one, too: `isinstance` takes it.",
            edit="""
-    return isinstance(exc, sqlite3.OperationalError) and "is locked" in str(exc)
+    return type(exc) is sqlite3.OperationalError and "is locked" in str(exc)
""",
        ),
    ),
    after="The type of an exception says who complains. Whether to try again is another question; where there is a code, that answers it.",
)
