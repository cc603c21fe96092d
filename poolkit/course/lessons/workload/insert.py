"""workload.insert: all labels or none, and which rows these are."""

from __future__ import annotations

import inspect
import itertools
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, suppress  # noqa: F401 - closing is for a slip
from dataclasses import dataclass

from poolkit.course.exercises import Exercise, assume, because, expect, same
from poolkit.course.guard import Ended, NoInput
from poolkit.course.histories import Histories, Seen, sequences
from poolkit.course.lessons.workload.given import (
    ENDS,
    filled,
    is_open,
    neighbours,
    outcome,
    stored,
)
from poolkit.course.shown import short
from poolkit.course.slips import slip


def insert_labels(conn, labels):
    """Insert the labels into the table `events`, in one transaction: all of them, or none.

    Commit when all are in. If one is refused, or if `labels` itself raises half-way, Ctrl-C
    included, roll back and let the exception go on its way as it is. The connection is only
    borrowed: it stays open, and set up as it was. `labels` may be an iterator, which can be gone
    through once.

    Return a list of {"id": ..., "label": ...}, in order, of the rows that this call inserted, and
    of no others: the table may hold rows already, and other programs may insert meanwhile.
    """
    rows = []
    with conn:
        for label in labels:
            cursor = conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
            rows.append({"id": cursor.lastrowid, "label": label})
    return rows


# --- what it promises


def stores_each_label(insert):
    """Every label is in the table afterwards, where others see it too, and the connection is open."""
    with neighbours() as (conn, other):
        came = insert(conn, ["login", "logout", "login"])
        assert is_open(conn), "closed it"
        got = stored(other)
        assert got or not inspect.isgenerator(came), "generator"
        assert got or not conn.in_transaction, "not committed"
        assert same(got, ["login", "logout", "login"]), because("not stored", got=got)


TEXTS = ("customer's address", 'a "new" one', "x'), ('y", "two\0parts", " two words ", "")


def takes_any_text(insert):
    """A label may hold anything: quotes, brackets, SQL."""
    with neighbours() as (conn, other):
        assume(outcome(insert, conn, ["login"]) is None and stored(other))
    for label in TEXTS:
        with neighbours() as (conn, other):
            try:
                insert(conn, [label])
            except sqlite3.Error as error:
                came = f"{type(error).__name__}: {error}"
                raise AssertionError(because("refused text", label=label, came=came)) from None
            got = stored(other)
            assert same(got, [label]), because("altered", label=label, came=got)


def all_or_none(insert):
    """If one label is refused, all are rolled back, and the exception goes on its way."""
    with neighbours("old") as (conn, other):
        seen = []
        conn.set_trace_callback(lambda _sql: seen.append(stored(other)))
        raised = outcome(insert, conn, ["login", None])
        assume(is_open(conn) and (seen or raised is not None))
        conn.set_trace_callback(None)
        got = stored(other)
        assume(got is None or "None" not in got)  # it was not refused, but stored as a word
        what = "It was given ['login', None]"
        assert not conn.in_transaction, "left open"
        assert same(got, ["old"]), because("half stays", what=what, got=got)
        assert raised is not None, because("swallowed", what=what)
        hidden = not isinstance(raised, sqlite3.Error) and isinstance(
            raised.__context__, sqlite3.Error
        )
        assert not hidden, because("changed the error", what=what, came=raised)
        early = [labels for labels in seen if labels not in (None, ["old"])]
        assert not early, because("half seen", seen=(early or [None])[0])


def rolls_back_when_the_labels_fail(insert):
    """If the labels themselves fail half-way, it is the same: none stays, the exception goes on."""
    with neighbours("old") as (conn, other):
        unreadable = OSError("the disk with the labels is gone")

        begun = []

        def labels():
            begun.append(True)
            yield "login"
            raise unreadable

        raised = outcome(insert, conn, labels())
        assume(is_open(conn) and (begun or raised is not None))
        if raised is not None and unreadable not in (raised, raised.__context__):
            raise raised  # a slip of another kind: its line says more than we could
        got = stored(other)
        what = "The iterator raised after its first label"
        assert not conn.in_transaction, "draft left open"
        assert same(got, ["old"]), because("half stays", what=what, got=got)
        assert raised is not None, because("swallowed", what=what)
        assert raised is unreadable, because("changed the error", what=what, came=raised)


def returns_what_it_inserted(insert):
    """It returns the id and the label of each row that it inserted, and of no other."""
    with neighbours("gone", "login", "older") as (conn, _):
        with conn:
            conn.execute("DELETE FROM events WHERE id = 1")
        before = in_table(conn)
        got = insert(conn, ["login", "logout"])
        expect(got, list, 'insert_labels(conn, ["login", "logout"])')
        assume(is_open(conn))
        want = [row for row in in_table(conn) if row not in before]
        assert len(got) != 4, because("found, not inserted", got=len(got))
        for row in got:
            fits = type(row) is dict and set(row) == {"id", "label"}
            assert fits, because("other shape", row=row)
        pairs = [(row["id"], row["label"]) for row in got]
        assert same(pairs, want), because("wrong rows", got=pairs, want=want)


def in_table(conn: sqlite3.Connection) -> list[tuple[int, str]]:
    """All rows, as this connection sees them, whatever it makes of rows for others."""
    cursor = conn.cursor()
    cursor.row_factory = None
    return list(cursor.execute("SELECT id, label FROM events ORDER BY id"))


def goes_through_once(insert):
    """Labels that come from an iterator are all inserted, and all returned; none at all is fine."""
    for labels in (["login", "logout"], []):
        with neighbours() as (conn, other):
            got = insert(conn, (label for label in labels))
            expect(got, list, "insert_labels(conn, an_iterator)")
            seen = stored(other)
            assume(seen is not None and not (labels and seen == [] and conn.in_transaction))
            assert same(seen, labels) and len(got) == len(labels), because(
                "gone through twice", want=len(labels), seen=len(seen), got=len(got)
            )


def leaves_out_the_neighbours_row(insert):
    """A row that another program inserts meanwhile is not returned."""
    with neighbours("old") as (conn, other):
        got = insert(conn, (label for label in ["login"]))
        assume(same(got, [{"id": 2, "label": "login"}]))
    with neighbours("old") as (conn, other):
        got = with_a_busy_neighbour(insert, conn, other, ["login"])
        expect(got, list, "insert_labels(conn, an_iterator)")
        pairs = [(row.get("id"), row.get("label")) for row in got if isinstance(row, dict)]
        want = own_rows(other)
        wrong = "theirs" in [label for _, label in pairs] or (want and pairs and pairs != want)
        assert not wrong and len(got) == 1, because("took the neighbour's", got=pairs, want=want)


def with_a_busy_neighbour(insert: Callable, conn, other, labels: list[str]) -> object:
    """Call the learner's function while another program inserts a row whenever it can."""

    def butt_in(_sql=""):  # before each statement, unless a transaction is under way
        if is_open(conn) and not conn.in_transaction:
            with suppress(sqlite3.OperationalError):  # whoever holds the lock by now is safe
                other.execute("INSERT INTO events (label) VALUES ('theirs')")
                other.commit()
            other.rollback()

    def one_by_one():
        butt_in()
        yield from labels

    conn.set_trace_callback(butt_in)
    got = insert(conn, one_by_one())
    if is_open(conn):
        conn.set_trace_callback(None)
    return got


def own_rows(other: sqlite3.Connection) -> list[tuple]:
    """The rows in the table that are neither the neighbour's nor old."""
    query = "SELECT id, label FROM events WHERE label NOT IN ('theirs', 'old') ORDER BY id"
    return [tuple(row) for row in other.execute(query)]


# --- every short history of calls

REFUSED = (None, "\ud800")  # by the table; by SQLite, which knows no half of a letter


@dataclass(frozen=True)
class Call:
    """One call: the labels, how they are handed over, what the iterator raises in the end."""

    labels: tuple
    handed: str = "a list"
    raises: type[BaseException] | None = None

    def __str__(self) -> str:
        some = len(self.labels) > 9
        text = f"{len(self.labels)} labels" if some else short(list(self.labels))
        refused = " of which the last is None" if some and self.labels[-1] is None else ""
        if "\ud800" in self.labels:
            refused = " (of which one is half of a letter, which nobody can store)"
        end = f" that then raises {self.raises.__name__}" if self.raises else ""
        return f"{text}{refused} in {self.handed}{end}"


HANDED = {"a list": list, "a tuple": tuple, "an iterator": iter}


@dataclass(frozen=True)
class Story:
    """Calls on tables that hold some rows already; `other`: what another program does meanwhile.

    `where`: of each call, which of the two databases it is for.
    """

    calls: tuple[Call, ...]
    table: tuple[str | None, ...] = ()  # None: a row that was deleted
    other: str = ""
    where: str = "aaaa"

    def __str__(self) -> str:
        rows = [f"row {n} {label}" for n, label in enumerate(self.table, 1) if label]
        begin = f"The table holds {' and '.join(rows)}" if rows else "The table is empty"
        calls = ", then ".join(
            f"{call}{' for another database' if place == 'b' else ''}"
            for call, place in zip(self.calls, self.where, strict=False)
        )
        return f"{begin}{self.other and ', ' + self.other}; the function is given {calls}"


MEANWHILE = "another program inserts rows meanwhile"
READS = "another program reads it meanwhile"
LOCKED = "another program holds the lock"
TABLES = ((), ("login",), (None, "login", "old"))
AGAIN = Call(("search",))


def stories() -> Iterator[Story]:
    """All short histories: what goes well, any text, then each way to fail, at each place."""
    some = [(), *sequences(("login", "logout"), 3)]
    yield from (Story((Call(labels),), table) for table in TABLES for labels in some)
    handed = ("a tuple", "an iterator")
    yield from (Story((Call(labels, how), AGAIN)) for how in handed for labels in some[:7])
    many = ("007", "?", ":label", "{}", "%s", "NULL", "café 日本", "long " * 60, "x\n\t y", "\\")
    yield from (Story((Call((text,)),)) for text in (*TEXTS, *many))
    yield from (Story((Call(labels), AGAIN), ("old",)) for labels in refused())
    before = ((), ("login",), ("login", "logout"))
    for error, labels in itertools.product(ENDS, before):
        yield Story((Call(labels, "an iterator", error), AGAIN), ("old",))
    two = (Call(("login",)), Call(("logout", "login")), AGAIN)
    yield from (Story(two, where=where) for where in ("aba", "bab", "abb", "aab"))
    yield from (Story((Call(labels),), ("old",), MEANWHILE) for labels in some[:7])
    yield from (Story((Call(labels),), ("old",), READS) for labels in (*some[3:7], *refused()))
    yield from (Story((Call(labels), AGAIN), ("old",), LOCKED) for labels in some[1:4])
    yield Story((Call((*["login"] * 1100, None)), AGAIN), ("old",))


def refused() -> Iterator[tuple]:
    """Labels of which one is refused, at each place."""
    for bad in REFUSED:
        yield from ((bad,), ("login", bad), (bad, "login"), ("login", "logout", bad))
        yield ("login", bad, "logout")


def play(insert: Callable, story: Story) -> Iterator[Seen]:
    """What each call gave and what is in the table; at the end, all that was returned once more."""
    if story.other:
        return beside_another(insert, story)
    return by_itself(insert, story)


def by_itself(insert: Callable, story: Story) -> Iterator[Seen]:
    """Call after call, with nobody else at the database."""
    returned: list = []
    with ExitStack() as stack:
        at = {place: filled(sqlite3.connect(":memory:"), story.table) for place in "ab"}
        for conn in at.values():
            stack.callback(conn.close)
        for number, (call, place) in enumerate(zip(story.calls, story.where, strict=False)):
            conn = at[place]
            which = f" {NTH[number]}" if len(story.calls) > 1 else ""
            yield from called(insert, conn, call, returned, f"the{which} call")
            if not is_open(conn):
                return
    yield Seen("at the end the returned lists hold", returned)


NTH = ("first", "second", "third", "fourth")


def called(insert: Callable, conn, call: Call, returned: list, which: str) -> Iterator[Seen]:
    """One call, and what it leaves: the connection, a transaction, the rows that were committed."""
    planned = call.raises("planned") if call.raises else None
    bad = any(label in REFUSED for label in call.labels)
    yield ended(insert, conn, labels_of(call, planned), planned, bad, returned, which)
    state = "open" if is_open(conn) else "closed"
    yield Seen(f"after {which} its connection is", state, state)
    if is_open(conn):
        state = "open" if conn.in_transaction else "over"
        yield Seen(f"after {which} the transaction is", state, state)
        yield Seen(f"after {which} its settings are", *settings(conn))
        conn.rollback()
        yield Seen(f"after {which} the table holds", in_table(conn))


def settings(conn: sqlite3.Connection) -> tuple[bool, str]:
    """Whether the connection is set up as a new one is, and how to tell it."""
    names = ("isolation_level", "row_factory", "text_factory")
    new = {"isolation_level": "", "row_factory": None, "text_factory": str}
    other = [
        f"`{name}` {short(getattr(conn, name))}"
        for name in names
        if getattr(conn, name) != new[name]
    ]
    return not other, " and ".join(other) or "as they were"


def labels_of(call: Call, planned: BaseException | None) -> Iterable:
    """The labels as they are handed over."""
    if planned is None:
        return HANDED[call.handed](call.labels)
    return itertools.chain(call.labels, failing(planned))


def failing(planned: BaseException) -> Iterator:
    """An iterator that raises at once."""
    raise planned
    yield


def ended(
    insert: Callable, conn, labels: Iterable, planned, bad: bool, returned: list, which: str
) -> Seen:
    """What the caller gets. Which exception tells of a bad label is left to the learner."""
    try:
        got = insert(conn, labels)
    except (Ended, NoInput):
        raise
    except BaseException as error:
        name = type(error).__name__
        if planned is not None:
            came = "the iterator's own exception" if error is planned else name
        else:
            hidden = isinstance(error.__context__, sqlite3.Error | UnicodeError)
            hidden = hidden and not isinstance(error, type(error.__context__))
            came = "an exception" if bad and not hidden and isinstance(error, Exception) else name
        return Seen(f"out of {which} comes", came, came)
    expect(got, list, "insert_labels(conn, labels)")
    returned.append(got)
    return Seen(f"{which} returns", list(got))


def beside_another(insert: Callable, story: Story) -> Iterator[Seen]:
    """A call while another program writes, reads, or holds the lock until the next call."""
    with neighbours(*story.table) as (conn, other):
        if story.other == MEANWHILE:
            yield from beside_a_writer(insert, conn, other, list(story.calls[0].labels))
        elif story.other == READS:
            yield from beside_a_reader(insert, conn, other, list(story.calls[0].labels))
        else:
            other.execute("BEGIN IMMEDIATE")
            labels = list(story.calls[0].labels)
            yield ended(insert, conn, labels, None, True, [], "the first call")
            other.rollback()
            if is_open(conn):
                yield from called(insert, conn, story.calls[1], [], "the second call")


def beside_a_writer(insert: Callable, conn, other, labels: list) -> Iterator[Seen]:
    """Whether the rows that come back are just those that were inserted."""
    got = with_a_busy_neighbour(insert, conn, other, labels)
    expect(got, list, "insert_labels(conn, an_iterator)")
    own = [{"id": id, "label": label} for id, label in own_rows(other)]
    yield Seen("it returns", same(got, own), f"{short(got)}, and its own rows are {short(own)}")


def beside_a_reader(insert: Callable, conn, other, labels: list) -> Iterator[Seen]:
    """What another program finds in the table, before each statement and at the end."""
    found: list = []

    def look(_sql=""):
        now = stored(other)
        if now is not None and now not in found[-1:]:
            found.append(now)

    conn.set_trace_callback(look)
    outcome(insert, conn, labels)
    if is_open(conn):
        conn.set_trace_callback(None)
    look()
    yield Seen("the other finds", found, ", then ".join(map(short, found)))


exercise = Exercise(
    id="workload.insert",
    title="Insert all or none, and tell what you inserted",
    answer=insert_labels,
    claims=(
        stores_each_label,
        takes_any_text,
        all_or_none,
        rolls_back_when_the_labels_fail,
        returns_what_it_inserted,
        goes_through_once,
        leaves_out_the_neighbours_row,
        Histories(
            "Over every short history of calls, good and failing, it does what the text says.",
            inputs=stories,
            play=play,
        ),
    ),
    hints=(
        "Note each row at the moment when you insert it. Afterwards nobody can tell yours from the others.",
        "`cursor = conn.execute(…)` gives a cursor, whose `lastrowid` is the id of the row that went in. `with conn:` around the whole loop commits at a good end and rolls back at a bad one.",
        'Fill in the three blanks.\n\nrows = []\nwith ____:\n    for label in labels:\n        cursor = conn.execute("INSERT INTO events (label) VALUES (____)", (label,))\n        rows.append({"id": ____, "label": label})\nreturn rows',
    ),
    tellings={
        "generator": "What came back is a generator, and nothing is in the table.",
        "closed it": "After your function the connection is closed. It is only borrowed: its owner wants to lend it again.",
        "not committed": "After your function a transaction is still open: the labels are a draft, which nobody else can read.",
        "not stored": 'After `insert_labels(conn, ["login", "logout", "login"])` the table holds {got}.',
        "altered": "The label was {label}, and the table holds {came}.",
        "refused text": "The label was {label}, and SQLite raised {came:plain}.",
        "left open": "It was given ['login', None], and afterwards a transaction is still open.",
        "draft left open": "The iterator raised after its first label, and afterwards a transaction is still open.",
        "half stays": "{what:plain}, and afterwards the table, which held one old row, holds {got}.",
        "half seen": "In the end nothing stayed, but on the way another program read {seen}. If the power had failed then, a half would be there.",
        "swallowed": "{what:plain}, and your function returned as if nothing had happened.",
        "changed the error": "{what:plain}, and what came out of your function was another exception, {came}. Whoever called you wants to know what really happened.",
        "found, not inserted": "Two rows were in the table, two more went in, and you returned {got}.",
        "other shape": "Each row should be a dictionary with the two keys id and label. One of yours is {row}.",
        "wrong rows": "The table held rows 2 and 3, and a login among them; row 1 was deleted. What went in is {want}, and you returned {got}.",
        "gone through twice": "An iterator gave {want} labels. {seen} are in the table and you returned {got}.",
        "took the neighbour's": "While you inserted one label, another program inserted rows of its own. Yours is {want}, and you returned {got}.",
    },
    slips=(
        slip(
            "not committed",
            "None of them is committed: `with conn:` around the loop does that at its end.",
            breaks="stores_each_label all_or_none rolls_back_when_the_labels_fail",
            edit="""
-    with conn:
-        for label in labels:
-            cursor = conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
-            rows.append({"id": cursor.lastrowid, "label": label})
+    for label in labels:
+        cursor = conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
+        rows.append({"id": cursor.lastrowid, "label": label})
""",
        ),
        slip(
            "not stored",
            "A label that comes twice is two events: each wants a row of its own.",
            breaks="stores_each_label",
            edit="""
-        for label in labels:
+        for label in dict.fromkeys(labels):
""",
        ),
        slip(
            "raised ProgrammingError",
            "A text in the place of a tuple is taken letter by letter. A tuple of one has a comma: `(label,)`.",
            breaks="stores_each_label",
            edit="""
-            cursor = conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
+            cursor = conn.execute("INSERT INTO events (label) VALUES (?)", label)
""",
        ),
        slip(
            "generator",
            "With a `yield` in it, a function that is called runs nothing: its lines wait until somebody asks for the first row. Collect the rows in a list and return it.",
            breaks="stores_each_label",
            edit="""
-            rows.append({"id": cursor.lastrowid, "label": label})
-    return rows
+            yield {"id": cursor.lastrowid, "label": label}
""",
        ),
        slip(
            "closed it",
            "`with conn:` commits and does not close, and here nothing else should.",
            breaks="stores_each_label",
            edit="""
-    with conn:
+    with closing(conn), conn:
""",
        ),
        slip(
            "refused text",
            "The label became part of the SQL. Write `?` in its place and hand the label over beside it.",
            breaks="takes_any_text",
            edit="""
-            cursor = conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
+            cursor = conn.execute(f"INSERT INTO events (label) VALUES ('{label}')")
""",
        ),
        slip(
            "refused text",
            "Doubling the quotes helps against quotes. Handed over beside the SQL, as a parameter, any text arrives.",
            breaks="takes_any_text",
            edit="""
-            cursor = conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
+            label = str(label).replace("'", "''")
+            cursor = conn.execute(f"INSERT INTO events (label) VALUES ('{label}')")
""",
        ),
        slip(
            "altered",
            "Store each label as it came, spaces and all.",
            breaks="takes_any_text",
            edit="""
-            cursor = conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
+            cursor = conn.execute(
+                "INSERT INTO events (label) VALUES (?)", (label and label.strip(),)
+            )
""",
        ),
        slip(
            "left open",
            "The commit stands below the loop, and a failing INSERT skips it. `with conn:` around the loop rolls back then.",
            breaks="all_or_none rolls_back_when_the_labels_fail",
            edit="""
-    with conn:
-        for label in labels:
-            cursor = conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
-            rows.append({"id": cursor.lastrowid, "label": label})
+    for label in labels:
+        cursor = conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
+        rows.append({"id": cursor.lastrowid, "label": label})
+    conn.commit()
""",
        ),
        slip(
            "half stays",
            "Each label is a transaction of its own. Commit once, when all are in.",
            breaks="all_or_none",
            edit="""
-    with conn:
-        for label in labels:
+    for label in labels:
+        with conn:
""",
        ),
        slip(
            "half stays",
            "A commit in `finally` is made at a bad end, too.",
            breaks="all_or_none",
            edit="""
-    with conn:
+    try:
...
             rows.append({"id": cursor.lastrowid, "label": label})
+    finally:
+        conn.commit()
""",
        ),
        slip(
            "half seen",
            "It commits each label and deletes them afterwards. Commit once, when all are in, and there is nothing to delete.",
            breaks="all_or_none",
            edit="""
-    with conn:
+    try:
...
             rows.append({"id": cursor.lastrowid, "label": label})
+            conn.commit()
+    except BaseException:
+        conn.executemany("DELETE FROM events WHERE id = ?", [(row["id"],) for row in rows])
+        conn.commit()
+        raise
""",
        ),
        slip(
            "swallowed",
            "Roll back, then let the exception go on: nobody asked you to deal with it.",
            breaks="all_or_none",
            edit="""
-    with conn:
-        for label in labels:
-            cursor = conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
-            rows.append({"id": cursor.lastrowid, "label": label})
+    try:
+        with conn:
+            for label in labels:
+                cursor = conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
+                rows.append({"id": cursor.lastrowid, "label": label})
+    except sqlite3.IntegrityError:
+        return []
""",
        ),
        slip(
            "swallowed",
            "Roll back, then let the exception go on: nobody asked you to deal with it.",
            breaks="rolls_back_when_the_labels_fail",
            edit="""
-    with conn:
-        for label in labels:
-            cursor = conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
-            rows.append({"id": cursor.lastrowid, "label": label})
+    try:
+        with conn:
+            for label in labels:
+                cursor = conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
+                rows.append({"id": cursor.lastrowid, "label": label})
+    except OSError:
+        return []
""",
        ),
        slip(
            "changed the error",
            "An exception of your own hides the one that happened: `raise` alone passes that on.",
            breaks="all_or_none",
            edit="""
-    with conn:
-        for label in labels:
-            cursor = conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
-            rows.append({"id": cursor.lastrowid, "label": label})
+    try:
+        with conn:
+            for label in labels:
+                cursor = conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
+                rows.append({"id": cursor.lastrowid, "label": label})
+    except Exception as error:
+        raise RuntimeError("a label was refused") from error
""",
        ),
        slip(
            "draft left open",
            "It rolls back after an sqlite3.Error alone. Roll back whatever it was that went wrong: `with conn:` does.",
            breaks="rolls_back_when_the_labels_fail",
            edit="""
-    with conn:
+    try:
...
             rows.append({"id": cursor.lastrowid, "label": label})
+        conn.commit()
+    except sqlite3.Error:
+        conn.rollback()
+        raise
""",
        ),
        slip(
            "another history",
            "It rolls back after an Exception, and Ctrl-C is none: `except BaseException`, or `with conn:`.",
            edit="""
-    with conn:
+    try:
...
             rows.append({"id": cursor.lastrowid, "label": label})
+        conn.commit()
+    except Exception:
+        conn.rollback()
+        raise
""",
        ),
        slip(
            "found, not inserted",
            "A SELECT gives what is there, not what you put there. The cursor of an INSERT knows the id: `cursor.lastrowid`.",
            breaks="returns_what_it_inserted",
            edit="""
-            rows.append({"id": cursor.lastrowid, "label": label})
-    return rows
+    rows = conn.execute("SELECT id, label FROM events ORDER BY id").fetchall()
+    return [{"id": row[0], "label": row[1]} for row in rows]
""",
        ),
        slip(
            "wrong rows",
            "The id is the table's to give, not a number that you count: ask the cursor for its `lastrowid`.",
            breaks="returns_what_it_inserted",
            edit="""
-        for label in labels:
-            cursor = conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
-            rows.append({"id": cursor.lastrowid, "label": label})
+        for number, label in enumerate(labels, 1):
+            conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
+            rows.append({"id": number, "label": label})
""",
        ),
        slip(
            "wrong rows",
            "Looked up by its label, a row that was there before is found first. The cursor of the INSERT knows the id: `cursor.lastrowid`.",
            breaks="returns_what_it_inserted",
            edit="""
-            rows.append({"id": cursor.lastrowid, "label": label})
+            query = "SELECT id FROM events WHERE label = ?"
+            rows.append({"id": conn.execute(query, (label,)).fetchone()[0], "label": label})
""",
        ),
        slip(
            "other shape",
            breaks="returns_what_it_inserted",
            edit="""
-            rows.append({"id": cursor.lastrowid, "label": label})
+            rows.append((cursor.lastrowid, label))
""",
        ),
        slip(
            "wrong type",
            "The rows are in the table and nobody is told which: return them.",
            breaks="returns_what_it_inserted",
            edit="""
-    return rows
""",
        ),
        slip(
            "gone through twice",
            "An iterator can be gone through once: insert and note in the same loop.",
            breaks="goes_through_once",
            edit="""
-    rows = []
     with conn:
-        for label in labels:
-            cursor = conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
-            rows.append({"id": cursor.lastrowid, "label": label})
-    return rows
+        sql = "INSERT INTO events (label) VALUES (?)"
+        ids = [conn.execute(sql, (label,)).lastrowid for label in labels]
+    return [{"id": id, "label": label} for id, label in zip(ids, labels, strict=False)]
""",
        ),
        slip(
            "raised TypeError",
            "An iterator has no length and no places: go through it with `for label in labels`.",
            breaks="rolls_back_when_the_labels_fail",
            edit="""
-        for label in labels:
+        for label in (labels[place] for place in range(len(labels))):
""",
        ),
        slip(
            "took the neighbour's",
            "The number was asked for before the transaction had begun, and others inserted in between. Note each `cursor.lastrowid`.",
            breaks="leaves_out_the_neighbours_row",
            edit="""
-    rows = []
+    last = conn.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0]
     with conn:
...
-            cursor = conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
-            rows.append({"id": cursor.lastrowid, "label": label})
-    return rows
+            conn.execute("INSERT INTO events (label) VALUES (?)", (label,))
+    rows = conn.execute("SELECT id, label FROM events WHERE id > ? ORDER BY id", (last,))
+    return [{"id": id, "label": label} for id, label in rows.fetchall()]
""",
        ),
    ),
    after="You tell of your own rows, whatever else is in the table and whoever else is writing.",
)
