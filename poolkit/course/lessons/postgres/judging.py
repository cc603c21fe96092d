"""Exercise postgres.transient: which of psycopg's errors are worth another try?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from poolkit import ConnectFailed
from poolkit.course.exercises import Exercise, assume, because, expect
from poolkit.course.histories import Histories, Seen
from poolkit.course.slips import slip

psycopg: Any
try:
    import psycopg
except ImportError:  # then this lesson cannot be worked through, and the others can
    psycopg = None


def is_transient(exc):
    """Whether another try may succeed a moment later: True or False.

    Where there is an `exc.sqlstate`, it alone decides. Transient are 40001, 40P01, 53300, 55P03,
    57P01, 57P02, 57P03, 57P05, and all that begin with 08. Where there is none (None, or no such
    attribute), a psycopg.OperationalError is transient: the server was not reached, or is lost.
    Nothing else is.
    """
    code = getattr(exc, "sqlstate", None)
    if code is None:
        return isinstance(exc, psycopg.OperationalError)
    passing = ("40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03", "57P05")
    return code.startswith("08") or code in passing


WORDS = {
    "40001": "could not serialize access", "40P01": "deadlock detected",
    "40002": "a constraint of the transaction failed", "40003": "statement completion unknown",
    "53300": "too many connections", "53100": "disk full", "53200": "out of memory",
    "55P03": "lock not available", "55006": "object in use",
    "57P01": "terminating connection due to administrator command", "57P02": "crash shutdown",
    "57P03": "the database system is starting up", "57P04": "the database was dropped",
    "57P05": "idle session timeout", "57014": "canceling statement due to statement timeout",
    "08000": "connection exception", "08001": "unable to connect", "08006": "connection failure",
    "08P01": "protocol violation", "08004": "rejected the connection",
    "23505": "duplicate key value", "42P01": "relation does not exist", "42601": "syntax error",
    "28P01": "password authentication failed", "25P02": "current transaction is aborted",
    "22012": "division by zero",
}  # fmt: skip


class Elsewhere:
    """Another driver, whose errors carry a sqlstate, too."""

    class PostgresError(Exception):
        sqlstate: str | None = None

    class OperationalError(Exception):
        pass


def coded(code: str, cls: type[BaseException] | None = None, words: str = "") -> BaseException:
    """An error as psycopg raises it for this code; or of another class, with this code."""
    words = words or WORDS.get(code, "something happened")
    if cls is None:
        try:
            return psycopg.errors.lookup(code)(words)
        except KeyError:
            cls = psycopg.DatabaseError  # a code that psycopg has no class for
    exc = cls(words)
    exc.sqlstate = code
    return exc


def verdict(func, exc: BaseException) -> bool:
    """What the learner's function says about an exception: True or False."""
    got = func(exc)
    expect(got, bool, f"is_transient({type(exc).__name__}({str(exc)!r}))")
    return got


def _passes(func, *codes: str) -> None:
    for code in codes:
        assert verdict(func, coded(code)), because("refused", code=code, what=WORDS[code])


def _stays(func, key: str, *codes: str) -> None:
    for code in codes:
        assert not verdict(func, coded(code)), because(key, code=code, what=WORDS[code])


def lets_the_server_come_back(func):
    """A server that stops, has crashed, starts or is full is worth another try."""
    _passes(func, "57P01", "57P02", "57P03", "57P05", "53300")


def lets_conflicts_pass(func):
    """So are two transactions in each other's way."""
    _passes(func, "40001", "40P01", "55P03")


def refuses_what_stays(func):
    """A duplicate, a missing table, a wrong password are not."""
    _stays(func, "hopeless", "23505", "42P01", "28P01", "25P02")


def looks_at_every_letter(func):
    """Nor are their neighbours: a statement that took too long, a disk that is full."""
    assume(not verdict(func, coded("42P01")))
    _stays(func, "neighbour", "57014", "57P04", "53100", "40002", "40003", "55006")


def takes_the_whole_class(func):
    """Of the class 08 all codes are."""
    assume(not verdict(func, coded("42P01")))
    for code in ("08006", "08001", "08000", "08P01"):
        assert verdict(func, coded(code)), because("class 08", code=code, what=WORDS[code])


def knows_what_has_no_code(func):
    """Without a code a psycopg.OperationalError is transient, and nothing else."""
    for words in ("connection failed: Connection refused", "the connection is lost"):
        assert verdict(func, psycopg.OperationalError(words)), because("no code", words=words)
    for exc in (
        psycopg.InterfaceError("bad arguments"),
        psycopg.ProgrammingError("the query has 1 placeholder but 2 parameters were passed"),
        TimeoutError("timed out"),
        ValueError("no number"),
    ):
        assert not verdict(func, exc), because("others", exc=exc)


def lets_the_code_decide(func):
    """Where there is a code, neither the class nor the message decides."""
    odd = coded("42601", words='syntax error at or near "40001"')
    assume(not verdict(func, coded("42601")))
    assert not verdict(func, odd), "message decides"
    assume(verdict(func, coded("57P03")))
    assert verdict(func, coded("57P03", psycopg.ProgrammingError)), "class decides"
    assume(verdict(func, coded("40001")))
    assert verdict(func, coded("40001", Elsewhere.PostgresError)), "only psycopg"


# --- every short history: each code that there is, and exceptions that have none


@dataclass(frozen=True)
class Kind:
    """How to make an exception: its code if it has one, its class if it is not psycopg's own."""

    code: str | None
    cls: type[BaseException] | None = None
    words: str = ""

    def made(self) -> BaseException:
        """A new one each time: whoever is asked may have changed it."""
        if self.code is not None:
            return coded(self.code, self.cls, self.words)
        return self.cls(self.words)

    def __str__(self) -> str:
        of = f"Another driver's {self.cls.__name__}" if self._foreign() else self._own()
        how = f"with the sqlstate {self.code}" if self.code else "without a sqlstate"
        return f"{of}, {how}, with the message {self.made().args[0]!r}"

    def _foreign(self) -> bool:
        return self.cls in (Elsewhere.PostgresError, Elsewhere.OperationalError)

    def _own(self) -> str:
        cls = type(self.made())
        if not cls.__module__.startswith("psycopg"):
            return cls.__name__
        inside = getattr(psycopg, cls.__name__, None) is not cls  # of psycopg.errors alone
        return f"psycopg.{'errors.' if inside else ''}{cls.__name__}"


def codes() -> list[str]:
    """All codes that psycopg knows, and a few that it does not: those of WORDS first."""
    found = (getattr(one, "sqlstate", None) for one in vars(psycopg.errors).values())
    known = {code for code in found if isinstance(code, str)}
    strange = ["08099", "08P99", "40099", "57P99", "53399", "55P99", "00000"]
    return [*WORDS, *sorted(known - set(WORDS)), *strange]


def exceptions() -> Iterator[Kind]:
    """Each code, in psycopg's class for it; some in other classes; then those without a code."""
    if psycopg is None:
        return
    yield from map(Kind, codes())
    for code in WORDS:
        yield Kind(code, None, 'at "40001", near 08006')
        for cls in (psycopg.OperationalError, psycopg.DatabaseError, Elsewhere.PostgresError):
            yield Kind(code, cls, "the connection is lost")
    without = (
        psycopg.OperationalError, psycopg.errors.ConnectionTimeout, psycopg.InterfaceError,
        psycopg.DatabaseError, psycopg.InternalError, psycopg.ProgrammingError, psycopg.DataError,
        psycopg.IntegrityError, psycopg.NotSupportedError, psycopg.Error, Elsewhere.PostgresError,
        Elsewhere.OperationalError, ConnectFailed, ConnectionError, ConnectionRefusedError,
        TimeoutError, OSError, ValueError, Exception, KeyboardInterrupt, SystemExit,
    )  # fmt: skip
    for words in ("the connection is lost", "ERROR: 40001", "connection failed: 08006", ""):
        yield from (Kind(None, cls, words) for cls in without)


def play_exception(func, kind: Kind) -> Iterator[Seen]:
    """What is said about it."""
    yield Seen("`is_transient` gives", verdict(func, kind.made()))


transient = Exercise(
    id="postgres.transient",
    title="Which of psycopg's errors are worth another try?",
    answer=is_transient,
    claims=(
        lets_the_server_come_back,
        lets_conflicts_pass,
        refuses_what_stays,
        looks_at_every_letter,
        takes_the_whole_class,
        knows_what_has_no_code,
        lets_the_code_decide,
        Histories(
            "Of every code that psycopg knows, and of what has none, it says what the text says.",
            inputs=exceptions,
            play=play_exception,
        ),
    ),
    hints=(
        "Two cases again: there is a code, or there is none. `getattr` with a default covers the missing attribute.",
        "With a code: does it begin with 08, or is it one of the eight? Without one, ask for the type.",
        'Fill in the three blanks.\n\ncode = getattr(exc, "sqlstate", None)\nif code is None:\n    return isinstance(exc, ____)\nreturn code.startswith(____) or code in ____',
    ),
    tellings={
        "refused": "The code was {code:plain}, {what:plain}, and yours says that it will not pass.",
        "hopeless": "The code was {code:plain}, {what:plain}, and yours calls that transient.",
        "neighbour": "The code was {code:plain}, {what:plain}, and yours calls that transient. It is not among those of the text.",
        "class 08": "The code was {code:plain}, {what:plain}, and yours says that it will not pass. It begins with 08.",
        "no code": "`psycopg.OperationalError({words})` has no code, since no answer came, and yours says that it will not pass.",
        "others": "Yours calls {exc} transient. It has no code, and it is no psycopg.OperationalError.",
        "message decides": "Somebody's SQL had the number 40001 in it and a syntax error, code 42601. Yours calls that transient, and without the number in the message it did not.",
        "only psycopg": "An error of another driver had the sqlstate 40001, and yours says that it will not pass. With psycopg's class it did.",
        "class decides": "A ProgrammingError had the sqlstate 57P03, and yours says that it will not pass. Where there is a code, it alone decides.",
    },
    slips=(
        slip(
            "refused",
            "Only the class 08 and what has no code pass.",
            breaks="lets_the_server_come_back",
            edit="""
-    passing = ("40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03", "57P05")
-    return code.startswith("08") or code in passing
+    return code.startswith("08")
""",
        ),
        slip(
            "refused",
            "57P05 is missing: a session that was idle for too long. A new one will do.",
            breaks="lets_the_server_come_back",
            edit="""
-    passing = ("40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03", "57P05")
+    passing = ("40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03")
""",
        ),
        slip(
            "refused",
            "55P03 is missing.",
            breaks="lets_conflicts_pass",
            edit="""
-    passing = ("40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03", "57P05")
+    passing = ("40001", "40P01", "53300", "57P01", "57P02", "57P03", "57P05")
""",
        ),
        slip(
            "refused",
            "No code passes at all.",
            breaks="lets_the_server_come_back takes_the_whole_class",
            edit="""
-    passing = ("40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03", "57P05")
-    return code.startswith("08") or code in passing
+    return False
""",
        ),
        slip(
            "hopeless",
            "Whatever has a code passes.",
            breaks="refuses_what_stays",
            edit="""
-    passing = ("40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03", "57P05")
-    return code.startswith("08") or code in passing
+    return True
""",
        ),
        slip(
            "hopeless",
            "In psycopg a wrong password is an OperationalError, too, if the code is not asked first.",
            breaks="refuses_what_stays looks_at_every_letter lets_the_code_decide",
            edit="""
-    code = getattr(exc, "sqlstate", None)
-    if code is None:
-        return isinstance(exc, psycopg.OperationalError)
-    passing = ("40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03", "57P05")
-    return code.startswith("08") or code in passing
+    return isinstance(exc, psycopg.OperationalError)
""",
        ),
        slip(
            "neighbour",
            "The first two letters decide, which is the class; here the code is a narrower thing.",
            breaks="looks_at_every_letter",
            edit="""
-    passing = ("40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03", "57P05")
-    return code.startswith("08") or code in passing
+    return code[:2] in ("08", "40", "53", "55", "57")
""",
        ),
        slip(
            "neighbour",
            "57014 is somebody who waited long enough, 57P01 a server that goes: in yours all of 57 passes.",
            breaks="looks_at_every_letter",
            edit="""
-    return code.startswith("08") or code in passing
+    return code.startswith(("08", "57")) or code in passing
""",
        ),
        slip(
            "neighbour",
            "57P04 is a database that was dropped: in yours all that begin with 57P pass.",
            breaks="looks_at_every_letter",
            edit="""
-    return code.startswith("08") or code in passing
+    return code.startswith(("08", "57P")) or code in passing
""",
        ),
        slip(
            "neighbour",
            "All of 40 passes in yours. 40003 means that nobody knows whether it was done.",
            breaks="looks_at_every_letter",
            edit="""
-    return code.startswith("08") or code in passing
+    return code.startswith(("08", "40")) or code in passing
""",
        ),
        slip(
            "class 08",
            "In yours 08 is a code; it is how all the codes of the class begin.",
            breaks="takes_the_whole_class",
            edit="""
-    return code.startswith("08") or code in passing
+    return code == "08" or code in passing
""",
        ),
        slip(
            "class 08",
            "08006 and 08001 are two of the class: ask how the code begins.",
            breaks="takes_the_whole_class",
            edit="""
-    return code.startswith("08") or code in passing
+    return code in ("08006", "08001") or code in passing
""",
        ),
        slip(
            "no code",
            "In yours nothing passes without a code: the server that could not be reached at all.",
            breaks="knows_what_has_no_code",
            edit="""
-        return isinstance(exc, psycopg.OperationalError)
+        return False
""",
        ),
        slip(
            "raised AttributeError",
            "What never got an answer has no code: `exc.sqlstate` is None.",
            breaks="knows_what_has_no_code",
            edit="""
-    if code is None:
-        return isinstance(exc, psycopg.OperationalError)
""",
        ),
        slip(
            "others",
            "In yours every error of psycopg's passes without a code.",
            breaks="knows_what_has_no_code",
            edit="""
-        return isinstance(exc, psycopg.OperationalError)
+        return isinstance(exc, psycopg.Error)
""",
        ),
        slip(
            "others",
            "In yours everything passes that has no code.",
            breaks="knows_what_has_no_code",
            edit="""
-        return isinstance(exc, psycopg.OperationalError)
+        return True
""",
        ),
        slip(
            "message decides",
            "In yours the codes are looked for in the message, too.",
            breaks="lets_the_code_decide",
            edit="""
-    return code.startswith("08") or code in passing
+    return code.startswith("08") or any(one in str(exc) or one == code for one in passing)
""",
        ),
        slip(
            "only psycopg",
            "In yours only psycopg's own errors may carry a code.",
            breaks="lets_the_code_decide",
            edit="""
-    code = getattr(exc, "sqlstate", None)
+    code = getattr(exc, "sqlstate", None) if isinstance(exc, psycopg.Error) else None
""",
        ),
        slip(
            "class decides",
            "In yours it has to be an OperationalError as well.",
            breaks="lets_the_code_decide",
            edit="""
-    return code.startswith("08") or code in passing
+    return isinstance(exc, psycopg.OperationalError) and (
+        code.startswith("08") or code in passing
+    )
""",
        ),
        slip(
            "wrong type",
            "Where it does not pass it gives None.",
            breaks="refuses_what_stays",
            edit="""
-    return code.startswith("08") or code in passing
+    if code.startswith("08") or code in passing:
+        return True
""",
        ),
        slip(
            "another history",
            "In yours 08 may stand anywhere in the code: ask how it begins.",
            edit="""
-    return code.startswith("08") or code in passing
+    return "08" in code or code in passing
""",
        ),
    ),
    after="What may succeed is one question, what is safe to do twice another: a connection lost in the midst of a COMMIT leaves open whether it was done.",
)
