"""Exercise health.check: ask a connection how it is."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from poolkit.course.exercises import Exercise, assume, because, expect, same
from poolkit.course.histories import Histories, Seen, call
from poolkit.course.lessons.health.trying import (
    DISK,
    Fragile,
    broken,
    fragile,
    note,
    one_connection,
    rows_of,
)
from poolkit.course.pools import is_closed
from poolkit.course.shown import short
from poolkit.course.slips import slip


def health_check(conn):
    """Report on a connection in a dict, and never raise because it is broken.

    If it answers `SELECT 1`: {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}.
    If it raises any Exception: {"status": "unhealthy", "error": str(exc)}. Nothing else is in it.
    It may be in the middle of its borrower's work: do not commit, roll back or close.
    """
    try:
        conn.execute("SELECT 1")
    except Exception as exc:
        return {"status": "unhealthy", "error": str(exc)}
    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}


def report(func, conn, what: str) -> dict:
    """The learner's report on a connection, which has to be a dict with a status."""
    got = func(conn)
    expect(got, dict, f"health_check({what})")
    status = got.get("status")
    assert status in ("healthy", "unhealthy"), because("no status", status=status)
    return got


def open_one_is_healthy(func):
    """An open connection is healthy, and the report tells SQLite's version."""
    with one_connection() as conn:
        got = report(func, conn, "an open one")
    assert "same thread" not in str(got.get("error")), "another one"
    assert got["status"] == "healthy", because("called ill", error=got.get("error"))
    version = got.get("sqlite_version")
    assert version == sqlite3.sqlite_version, because("no version", version=version)


def closed_one_is_not(func):
    """A closed connection is unhealthy, and the report tells why."""
    with one_connection() as conn:
        conn.close()
        got = report(func, conn, "a closed one")
    assert got["status"] == "unhealthy", "closed is fine"
    want, error = "Cannot operate on a closed database.", got.get("error")
    assert same(error, want), because("no reason", want=want, error=error)


def silent_one_is_not(func):
    """A connection that is open and does not answer is unhealthy."""
    with contextlib.closing(broken()) as conn:
        got = report(func, conn, "an open one that answers with an error")
        assert got["status"] == "unhealthy", "did not ask"


def takes_any_error(func):
    """Errors of other databases are reported like SQLite's."""
    with contextlib.closing(broken()) as conn:
        assume(report(func, conn, "one with a disk error")["status"] == "unhealthy")
    for error in (ConnectionResetError("the server hung up"), TimeoutError()):
        name = type(error).__name__
        with contextlib.closing(broken(error)) as conn:
            try:
                got = report(func, conn, f"one that raises {name}")
            except type(error):
                raise AssertionError(because("came through", name=name)) from None
        assert same(got.get("error"), str(error)), because(
            "no reason", want=str(error), error=got.get("error")
        )


def disturbs_nobody(func):
    """A transaction that is open stays open, none is begun, and nothing is closed."""
    with one_connection() as conn:
        report(func, conn, "one without a transaction")
        assert is_closed(conn) or not conn.in_transaction, "began one"
    with contextlib.closing(broken()) as conn:
        with contextlib.suppress(Exception):  # another claim's business
            func(conn)
        broken_is_closed = is_closed(conn)
    with one_connection() as conn:
        note(conn)
        report(func, conn, "one in the middle of a transaction")
        assert not is_closed(conn), "closed it"
        still_open = conn.in_transaction
        conn.rollback()
        left = rows_of(conn) == 1
    assert not left, "committed"
    assert still_open, "rolled back"
    assert not broken_is_closed, "closed the broken one"


def lets_the_stop_button_through(func):
    """The stop button is no illness."""
    with contextlib.closing(broken(KeyboardInterrupt())) as conn:
        try:
            got = func(conn)
        except KeyboardInterrupt:
            return
        assume(conn.asked)
    raise AssertionError(
        because("stop button", status=got.get("status") if type(got) is dict else got)
    )


# --- every short history: a connection in some state, or two of them, and how it is afterwards


@dataclass(frozen=True)
class Patient:
    """A connection in words, and how to make it; `locked`: beside one that locks the database."""

    words: str
    error: BaseException | None = None
    prepare: Callable[[sqlite3.Connection], object] = lambda conn: None
    locked: bool = False


class Own(BaseException):
    """An exception that is no Exception, of somebody's own."""


class Rejected(Exception):
    """Another driver's error."""


def _read_on(conn) -> None:
    note(conn, "a", "b", "c")
    conn.commit()
    conn.kept_open = conn.execute("SELECT text FROM notes")
    conn.kept_open.fetchone()


def _by_hand(conn) -> None:
    conn.isolation_level = None
    conn.execute("BEGIN IMMEDIATE")
    note(conn)


def _rows_as(factory: Callable) -> Callable[[sqlite3.Connection], None]:
    """A borrower's own setting: what a row looks like."""
    return lambda conn: setattr(conn, "row_factory", factory)


_WELL = (
    Patient("An open connection"),
    Patient("One with a row inserted and not committed", prepare=note),
    Patient("One after BEGIN", prepare=lambda conn: conn.execute("BEGIN")),
    Patient("One whose borrower has read a row of three", prepare=_read_on),
    Patient("One with isolation_level None, after BEGIN and an INSERT", prepare=_by_hand),
    Patient("One whose row_factory is sqlite3.Row", prepare=_rows_as(sqlite3.Row)),
    Patient("One to a database that another connection has locked", locked=True),
)
_ERRORS = (
    DISK, sqlite3.DatabaseError("database disk image is malformed"), sqlite3.ProgrammingError("no"),
    ConnectionResetError("the server hung up"), ValueError("{} is no answer"), Rejected("gone", 7),
    OSError(5, "Input/output error"), TimeoutError(), KeyError("id"), MemoryError(),
    AssertionError("not connected"), StopIteration(), sqlite3.Warning("one statement at a time"),
    KeyboardInterrupt(), SystemExit(3), GeneratorExit(), Own("own"),
)  # fmt: skip
_ILL = (
    Patient("A closed connection", prepare=lambda conn: conn.close()),
    *(Patient(f"An open connection that raises {error!r}", error=error) for error in _ERRORS),
)


def patients() -> Iterator[tuple[Patient, ...]]:
    """One connection, then two, of which the first is asked again in the end."""
    yield from ((one,) for one in (*_WELL, *_ILL))
    few = (_WELL[0], _WELL[1], _ILL[0], _ILL[1])
    yield from itertools.product(few, few)


def tell_patients(history: tuple[Patient, ...]) -> str:
    """A history in words."""
    first, *more = (one.words for one in history)
    return f"{first}, and beside it {more[0][0].lower()}{more[0][1:]}" if more else first


def play_patients(func, history: tuple[Patient, ...]) -> Iterator[Seen]:
    """What is reported of each, and how it is afterwards."""
    with contextlib.ExitStack() as stack:
        conns = [stack.enter_context(_made(one)) for one in history]
        each = ("`health_check` of the first", "`health_check` of the second")
        names = each if len(conns) > 1 else ("`health_check`",)
        asked = [call(name, func, conn) for name, conn in zip(names, conns, strict=True)]
        if len(conns) > 1:
            asked.append(call("asked again about the first it", func, conns[0]))
        for seen in asked:
            yield replace(seen, told=seen.told or short(seen.value, 160))
        for conn, one in zip(conns, history, strict=True):
            yield from _afterwards(conn, one)


_number = itertools.count()


@contextlib.contextmanager
def _made(patient: Patient) -> Iterator[Fragile]:
    name = f"file:/health{next(_number)}?vfs=memdb"
    with contextlib.ExitStack() as stack:
        if patient.locked:
            other = stack.enter_context(contextlib.closing(sqlite3.connect(name, uri=True)))
            other.execute("BEGIN EXCLUSIVE")
            conn = sqlite3.connect(name, uri=True, timeout=0, factory=Fragile)
        else:
            conn = fragile()
        stack.enter_context(contextlib.closing(conn))
        patient.prepare(conn)
        conn.error = patient.error
        yield conn


def _afterwards(conn: Fragile, patient: Patient) -> Iterator[Seen]:
    closed = is_closed(conn)
    yield Seen("afterwards it is", closed, "closed" if closed else "open")
    if closed or patient.locked:
        return
    conn.error = None
    is_open = conn.in_transaction
    yield Seen("afterwards a transaction is", is_open, "open" if is_open else "not open")
    if (reading := getattr(conn, "kept_open", None)) is not None:
        yield Seen("its borrower reads on and gets", [text for (text,) in reading])
    conn.rollback()
    yield Seen("rows in its table after a rollback:", rows_of(conn))


check_exercise = Exercise(
    id="health.check",
    title="Ask a connection how it is",
    answer=health_check,
    claims=(
        open_one_is_healthy,
        closed_one_is_not,
        silent_one_is_not,
        takes_any_error,
        disturbs_nobody,
        lets_the_stop_button_through,
        Histories(
            "Whatever a connection's state or error, it reports as the text says and leaves it as it is.",
            inputs=patients,
            play=play_patients,
            tell=tell_patients,
        ),
    ),
    hints=(
        "The only way to find out is to ask it something. What does asking do if it is broken?",
        'Put `conn.execute("SELECT 1")` into a `try`, without `with conn:`, which would commit. One dict after `except Exception as exc`, the other after the whole `try`.',
        'Fill in the two blanks.\n\ntry:\n    conn.execute("SELECT 1")\nexcept ____ as exc:\n    return {"status": "unhealthy", "error": ____}\nreturn {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}',
    ),
    tellings={
        "no status": 'Under "status" the report should say "healthy" or "unhealthy"; yours says {status}.',
        "called ill": "An open connection in good order was reported as unhealthy, with the error {error}.",
        "another one": "You were given an open connection, and the error you report is about one from elsewhere in the notebook. Ask the one in your function's brackets.",
        "no version": 'The report on a healthy connection should tell `sqlite3.sqlite_version` under "sqlite_version"; yours has {version} there.',
        "closed is fine": "A connection was closed, and you report it as healthy.",
        "no reason": 'The text of the exception was {want}. The report should have it under "error", as `str(exc)` gives it; yours has {error} there.',
        "did not ask": "A connection that is open, and answers every statement with a disk error, is healthy to you.",
        "came through": "A connection raised {name:plain}, which is an Exception, and it came through. Other databases have errors of their own.",
        "closed it": "A borrower was using the connection, and after your check it is closed. Asking must not change anything.",
        "committed": "A borrower had written half of his work, and your check committed it. Asking must not change anything.",
        "began one": "No transaction was open, and after your check one is. Asking must not change anything: `SELECT 1` begins none.",
        "closed the broken one": "A connection did not answer, and after your check it is closed. You only report; whoever asked decides what becomes of it.",
        "rolled back": "A borrower had written half of his work, and after your check it is rolled back. Asking must not change anything.",
        "stop button": "Somebody pressed the stop button during the check, and you reported {status}. `except Exception` lets KeyboardInterrupt through.",
    },
    slips=(
        slip(
            "closed is fine",
            "Ask it something: only then does it complain.",
            breaks="closed_one_is_not silent_one_is_not",
            edit="""
-    try:
-        conn.execute("SELECT 1")
-    except Exception as exc:
-        return {"status": "unhealthy", "error": str(exc)}
     return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}
""",
        ),
        slip(
            "did not ask",
            "Send it a statement: `in_transaction` raises on a closed connection, and a broken one complains only when it has to answer.",
            breaks="silent_one_is_not",
            edit="""
-        conn.execute("SELECT 1")
+        conn.in_transaction
""",
        ),
        slip(
            "committed",
            '`commit()` does that, `with conn:` at the end of its block, and `executescript` before it begins; `conn.execute("SELECT 1")` alone does not.',
            breaks="disturbs_nobody",
            edit="""
-        conn.execute("SELECT 1")
+        with conn:
+            conn.execute("SELECT 1")
""",
        ),
        slip(
            "began one",
            breaks="disturbs_nobody",
            edit="""
-        conn.execute("SELECT 1")
+        conn.execute("BEGIN")
""",
        ),
        slip(
            "rolled back",
            breaks="disturbs_nobody",
            edit="""
         conn.execute("SELECT 1")
+        conn.rollback()
""",
        ),
        slip(
            "closed it",
            breaks="disturbs_nobody",
            edit="""
     except Exception as exc:
         return {"status": "unhealthy", "error": str(exc)}
+    finally:
+        conn.close()
""",
        ),
        slip(
            "closed the broken one",
            breaks="disturbs_nobody",
            edit="""
     except Exception as exc:
+        conn.close()
""",
        ),
        slip(
            "came through",
            "Catch Exception, not only SQLite's errors.",
            breaks="takes_any_error",
            edit="""
-    except Exception as exc:
+    except sqlite3.Error as exc:
""",
        ),
        slip(
            "raised ProgrammingError",
            "A broken connection raises when it is asked: that has to be caught.",
            breaks="closed_one_is_not",
            edit="""
-    try:
-        conn.execute("SELECT 1")
-    except Exception as exc:
-        return {"status": "unhealthy", "error": str(exc)}
+    conn.execute("SELECT 1")
""",
        ),
        slip(
            "raised IndexError",
            "An exception may have no args; `str(exc)` gives its text in any case.",
            breaks="takes_any_error",
            edit="""
-        return {"status": "unhealthy", "error": str(exc)}
+        return {"status": "unhealthy", "error": exc.args[0]}
""",
        ),
        slip(
            "stop button",
            breaks="lets_the_stop_button_through",
            edit="""
-    except Exception as exc:
+    except BaseException as exc:
""",
        ),
        slip(
            "no reason",
            "That is the `repr`.",
            breaks="closed_one_is_not",
            edit="""
-        return {"status": "unhealthy", "error": str(exc)}
+        return {"status": "unhealthy", "error": repr(exc)}
""",
        ),
        slip(
            "no version",
            breaks="open_one_is_healthy",
            edit="""
-    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}
+    return {"status": "healthy"}
""",
        ),
        slip(
            "called ill",
            "The question needs a table, which this database does not have.",
            breaks="open_one_is_healthy",
            edit="""
-        conn.execute("SELECT 1")
+        conn.execute("SELECT 1 FROM events")
""",
        ),
        slip(
            "no status",
            "The two words are asked for.",
            breaks="open_one_is_healthy",
            edit="""
-        return {"status": "unhealthy", "error": str(exc)}
-    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}
+        return {"status": False, "error": str(exc)}
+    return {"status": True, "sqlite_version": sqlite3.sqlite_version}
""",
        ),
        slip(
            "wrong type",
            "One word is not the whole report.",
            breaks="open_one_is_healthy",
            edit="""
-    except Exception as exc:
-        return {"status": "unhealthy", "error": str(exc)}
-    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}
+    except Exception:
+        return "unhealthy"
+    return "healthy"
""",
        ),
        slip(
            "another history",
            "The question reads the database, and a lock keeps it from that. `SELECT 1` reads nothing.",
            edit="""
-        conn.execute("SELECT 1")
+        conn.execute("SELECT 1 FROM sqlite_master")
""",
        ),
        slip(
            "another history",
            "The two reports have two keys each, and no third.",
            edit="""
-        return {"status": "unhealthy", "error": str(exc)}
-    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version}
+        return {"status": "unhealthy", "error": str(exc)}
+    return {"status": "healthy", "sqlite_version": sqlite3.sqlite_version, "error": None}
""",
        ),
    ),
    after="A report instead of an exception: whoever asks wants to know, not to be interrupted.",
)
