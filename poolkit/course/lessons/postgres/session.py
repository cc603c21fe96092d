"""Exercise postgres.session: what every loan begins with, and what none may leave behind."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from types import TracebackType

from poolkit import ConnectionConfig, ConnectionPool
from poolkit.course.exercises import Exercise, NotJudged, assume, because
from poolkit.course.histories import Histories, Seen, raised
from poolkit.course.lessons.postgres.standin import StandIn, Unknown
from poolkit.course.slips import slip


class Session:
    """What every loan finds in its session: `settings`, and nothing of an earlier loan."""

    def __init__(self, settings):
        self.settings = settings

    def configure(self, conn):
        """Set `self.settings`, a dict such as {"statement_timeout": "2s"}; a value may be any text.

        They hold for the whole session. The pool calls this with each new connection, and commits
        what it leaves open. `conn.autocommit` is True or False, as `connect` made it, and stays so.
        """
        for name, value in self.settings.items():
            conn.execute("SELECT set_config(%s, %s, false)", (name, value))

    def reset(self, conn):
        """Leave nothing of a loan in its session, and `self.settings` as `configure` set them.

        What a loan may leave: other settings, advisory locks, LISTEN, temporary tables. The pool
        calls this with each connection that came back, rolled back and with `conn.autocommit` as
        `connect` made it, True or False; what this leaves open it rolls back, and what this makes
        of `conn.autocommit` it undoes. The connection stays open.
        """
        conn.autocommit = True
        conn.execute("DISCARD ALL")
        self.configure(conn)


TIMEOUT, NAME = {"statement_timeout": "2s"}, {"application_name": "ann's shop"}


class Trial:
    """A pool of one connection, a stand-in, that a learner's Session sets up and resets."""

    def __init__(self, session_class: type, settings: dict[str, str], autocommit=False) -> None:
        self.session, self.opened = session_class(dict(settings)), []
        self._autocommit = autocommit
        self.error: BaseException | None = None
        self._trace: TracebackType | None = None
        config = ConnectionConfig(pool_size=1, max_connections=1, max_retries=1)
        self._pool = ConnectionPool(
            config, connect=self._connect, configure=self._configure, reset=self._reset
        )

    def _connect(self) -> StandIn:
        self.opened.append(StandIn())
        self.opened[-1].autocommit = self._autocommit
        return self.opened[-1]

    def _configure(self, conn: StandIn) -> None:
        self._noting(self.session.configure, conn)
        if conn.closed:
            self.error = AssertionError("closed by configure")
            raise self.error
        self.left_autocommit = conn.autocommit

    def _reset(self, conn: StandIn) -> None:
        self._noting(self.session.reset, conn)

    def _noting(self, func, conn: StandIn) -> None:
        """The pool makes something else of an exception; what was raised is kept."""
        try:
            func(conn)
        except BaseException as error:
            self.error = self.error or error
            self._trace = self._trace or error.__traceback__  # the pool takes it off the error
            raise

    def borrow(self) -> StandIn:
        self.error = self._trace = None
        try:
            return self._pool.acquire(timeout=0)
        except Exception as failed:
            raise (self.error or failed).with_traceback(self._trace) from None

    def give_back(self, conn: StandIn) -> BaseException | None:
        """Give it back; what `reset` raised, which the pool answers by closing the connection."""
        self.error = self._trace = None
        self._pool.release(conn)
        if isinstance(self.error, Unknown):
            raise self.error
        return self.error and self.error.with_traceback(self._trace)


def _unknown(error: Unknown) -> NotJudged:
    """A statement that the stand-in does not know may be right: nothing is said for or against it."""
    unjudged = NotJudged()
    unjudged.__cause__ = AssertionError(because("unknown", sql=error.args[0]))
    return unjudged


def _borrow(trial: Trial) -> StandIn:
    try:
        return trial.borrow()
    except Unknown as error:
        raise _unknown(error)  # noqa: B904  (its cause is what is told)


def _give_back(trial: Trial, conn: StandIn) -> BaseException | None:
    try:
        return trial.give_back(conn)
    except Unknown as error:
        raise _unknown(error)  # noqa: B904


def _lent_again(trial: Trial, conn: StandIn) -> StandIn:
    """Give it back, and borrow: what `reset` raised is raised."""
    if error := _give_back(trial, conn):
        raise error
    return _borrow(trial)


def sets_for_the_session(session_class):
    """The settings hold for the whole session, not only for the first transaction."""
    trial = Trial(session_class, TIMEOUT)
    conn = _borrow(trial)
    assert trial.left_autocommit is False, because("autocommit", now=True, was=False)
    found = dict(conn.state.settings)
    assert found, "not set"
    assert found == TIMEOUT, because("set otherwise", found=found)


def takes_any_text(session_class):
    """A value may be any text: `ann's shop` is one."""
    assume(_borrow(Trial(session_class, TIMEOUT)).state.settings == TIMEOUT)
    found = dict(_borrow(Trial(session_class, {**TIMEOUT, **NAME})).state.settings)
    assert found == {**TIMEOUT, **NAME}, because("other text", found=found)


def ends_what_was_set(session_class):
    """What a loan has SET is gone after it."""
    conn = _after(session_class, "SET application_name = 'nightly'")
    assert conn.state.settings.get("application_name") is None, "still set"


def ends_locks(session_class):
    """So are its advisory locks, its LISTEN and its temporary tables."""
    for sql, key in (
        ("SELECT pg_advisory_lock(7)", "lock"),
        ("LISTEN news", "listens"),
        ("CREATE TEMP TABLE notes (x int)", "table"),
    ):
        conn = _after(session_class, sql)
        left = {"lock": conn.locks, "listens": conn.state.listens, "table": conn.state.tables}
        assert not left[key], because("left", sql=sql)


def keeps_its_own(session_class):
    """The pool's own settings are there again in the next loan."""
    assume(_borrow(Trial(session_class, TIMEOUT)).state.settings == TIMEOUT)
    for sql in ("SELECT 1", "SET statement_timeout = '9s'"):
        trial = Trial(session_class, TIMEOUT)
        found = dict(_after(session_class, sql, trial).state.settings)
        if sql == "SELECT 1" and getattr(trial.session, "settings", None) == {}:
            assert found, "settings emptied"
        if sql == "SELECT 1":
            assert found, "settings lost"
        assert found == TIMEOUT, because("settings changed", sql=sql, found=found)


def keeps_the_connection(session_class):
    """The connection is kept."""
    trial = Trial(session_class, TIMEOUT)
    first = _borrow(trial)
    assert _lent_again(trial, first) is first, "closed"


def works_with_autocommit(session_class):
    """All of this holds too where `connect` gives connections with `autocommit` on."""
    plain = _after(session_class, "SET application_name = 'nightly'").state.settings
    assume(plain == TIMEOUT)
    trial = Trial(session_class, TIMEOUT, autocommit=True)
    conn = _borrow(trial)
    assert trial.left_autocommit is True, because("autocommit", now=False, was=True)
    conn.execute("SET application_name = 'nightly'")
    if error := _give_back(trial, conn):
        told = str(raised(error)).removeprefix("it raises ")
        raise AssertionError(because("raises with autocommit", told=told))
    found = dict(_borrow(trial).state.settings)
    assert found == TIMEOUT, because("left with autocommit", found=found)


def each_its_own(session_class):
    """What one Session sets is not what another was given."""
    assume(_borrow(Trial(session_class, TIMEOUT)).state.settings == TIMEOUT)
    one, _ = Trial(session_class, TIMEOUT), Trial(session_class, {"work_mem": "8MB"})
    found = dict(_borrow(one).state.settings)
    assert found == TIMEOUT, because("shared", found=found)


def _after(session_class: type, sql: str, trial: Trial | None = None) -> StandIn:
    """The connection as the next borrower gets it, after a loan that did this and committed."""
    trial = trial or Trial(session_class, TIMEOUT)
    conn = _borrow(trial)
    conn.execute(sql)
    conn.commit()
    return _lent_again(trial, conn)


# --- every short history: settings, and what some loans do, one after the other

DID = {
    "SET application_name = 'nightly'": "SETs `application_name`",
    "SET statement_timeout = '9s'": "SETs `statement_timeout` to 9s",
    "RESET ALL": "runs RESET ALL",
    "SELECT pg_advisory_lock(7)": "takes an advisory lock",
    "LISTEN news": "LISTENs",
    "CREATE TEMP TABLE notes (x int)": "makes a temporary table",
    "SELECT 1": "only reads",
}
ENDS = {
    "and commits": lambda c: c.commit(),
    "and leaves it open": lambda c: None,
    "after it set `autocommit`": None,
}
SETTINGS = (
    {}, TIMEOUT, NAME, {**TIMEOUT, **NAME},
    {"application_name": "a%s; b", "statement_timeout": "5s"}, {"application_name": ""},
)  # fmt: skip


def stories() -> Iterator[tuple]:
    """Settings, the loans: what each does and how it ends; and `autocommit` from the beginning."""
    loans = tuple(itertools.product(DID, ENDS))
    for settings in SETTINGS:
        yield settings, (), False
    for loan in loans:
        yield from ((settings, (loan,), False) for settings in SETTINGS)
        yield {**TIMEOUT, **NAME}, (loan,), True
    few = [loan for loan in loans if loan[1] != "and leaves it open"]
    for one, other in itertools.product(few, few[::3]):
        yield {**TIMEOUT, **NAME}, (one, other), False


def tell_story(story: tuple) -> str:
    """A story in words."""
    settings, loans, autocommit = story
    said = [f"With the settings {settings}"]
    said += ["connections that have `autocommit` on from the beginning"] * autocommit
    said += ["another Session, with {'work_mem': '8MB'}, made after this one"] * (not loans)
    said += [
        f"{n} loan {DID[sql]} {end}" for n, (sql, end) in zip(("a", "another"), loans, strict=False)
    ]
    return ", ".join(said)


def play_story(session_class, story: tuple) -> Iterator[Seen]:
    """What each loan finds; a second pool of the same kind, with other settings, stands beside it."""
    settings, loans, autocommit = story
    trial = Trial(session_class, settings, autocommit)
    other = None if loans else Trial(session_class, {"work_mem": "8MB"})
    try:
        conn = trial.borrow()
        yield from _found(conn)
        for sql, end in loans:
            if ENDS[end] is None:
                conn.autocommit = True
            conn.execute(sql)
            (ENDS[end] or (lambda c: None))(conn)
            error = trial.give_back(conn)
            if error is not None:
                yield raised(error)
            yield Seen("the connection is", conn.closed, "closed" if conn.closed else "kept")
            conn = trial.borrow()
            yield from _found(conn)
        if other is not None:
            yield from _found(other.borrow(), "in another pool's session ")
    except Unknown as error:
        raise _unknown(error)  # noqa: B904


def _found(conn: StandIn, where: str = "") -> Iterator[Seen]:
    state = conn.state
    yield Seen(f"{where}the next loan finds the settings", dict(state.settings))
    left = {
        "advisory locks": conn.locks, "LISTEN": len(state.listens), "temporary tables": len(state.tables),
    }  # fmt: skip
    yield Seen("left of it:", [n for n, some in left.items() if some], _listed(left))
    yield Seen("`conn.autocommit` is", conn.autocommit)


def _listed(left: dict[str, int]) -> str:
    return ", ".join(name for name, some in left.items() if some) or "nothing"


session = Exercise(
    id="postgres.session",
    title="What every loan begins with",
    answer=Session,
    parts=("configure", "reset"),
    given=("__init__",),
    claims=(
        sets_for_the_session,
        takes_any_text,
        keeps_the_connection,
        ends_what_was_set,
        ends_locks,
        keeps_its_own,
        works_with_autocommit,
        each_its_own,
        Histories(
            "Whatever one or two loans leave behind, the next finds the settings and nothing else.",
            inputs=stories,
            play=play_story,
            tell=tell_story,
        ),
    ),
    hints=(
        "SET takes no parameter, but there is a function that does the same and takes three. And where does the server refuse DISCARD ALL?",
        "`SELECT set_config(name, value, false)`, with the first two as parameters; false means: for the session. In `reset`, set `conn.autocommit` before DISCARD ALL. What does that do to what `configure` had set?",
        'Fill in the three blanks.\n\ndef configure(self, conn):\n    for name, value in self.settings.items():\n        conn.execute("SELECT set_config(%s, %s, false)", ____)\n\ndef reset(self, conn):\n    conn.autocommit = ____\n    conn.execute("DISCARD ALL")\n    ____',
    ),
    tellings={
        "unknown": "This cannot be judged: the connection that it is tried on is a stand-in, and does not know {sql}. It knows SET, RESET, set_config, DISCARD, UNLISTEN *, pg_advisory_unlock_all(), and what begins and ends a transaction.",
        "autocommit": "After `configure`, `conn.autocommit` is {now}. `connect` had made it {was}, and so it should stay.",
        "not set": "The pool called `configure` with a new connection and committed, and its session has no setting of ours.",
        "set otherwise": "`settings` was {{'statement_timeout': '2s'}}, and after `configure` and the pool's commit the session has {found:plain}.",
        "other text": "`settings` had the application_name `ann's shop` and the statement_timeout 2s, and after `configure` the session has {found:plain}.",
        "closed": "A loan did nothing at all, and the next one got another connection.",
        "closed by configure": "`configure` closed the connection, so that nobody can borrow it. A `with conn:` closes it at its end, too.",
        "raises with autocommit": "`connect` had made `conn.autocommit` True. After a loan `reset` raised {told:plain}; without `autocommit` it raised nothing.",
        "left with autocommit": "`settings` was {{'statement_timeout': '2s'}}, and `connect` had made `conn.autocommit` True. A loan SET application_name, and the next one finds {found:plain}.",
        "shared": "A Session was made with {{'statement_timeout': '2s'}}, then another with {{'work_mem': '8MB'}}. A connection that the first of them set up has {found:plain}.",
        "settings emptied": "`settings` was {{'statement_timeout': '2s'}}, and after one loan, which only read, it is gone from the session, and from `self.settings` as well: that is {{}}. What was needed once is needed again.",
        "still set": "A loan SET application_name and committed. The next one finds it.",
        "left": "A loan did `{sql:plain}` and committed. The next one still has that in its session.",
        "settings lost": "`settings` was {{'statement_timeout': '2s'}}, and after one loan, which only read, it is gone.",
        "settings changed": "`settings` was {{'statement_timeout': '2s'}}. After a loan that did `{sql:plain}` and committed, the next one finds {found:plain}.",
    },
    slips=(
        slip(
            "not set",
            "Often the third argument of `set_config` is true: that is for this transaction only, and the pool's commit ends it.",
            breaks="sets_for_the_session",
            edit="""
-            conn.execute("SELECT set_config(%s, %s, false)", (name, value))
+            conn.execute("SELECT set_config(%s, %s, true)", (name, value))
""",
        ),
        slip(
            "raised SyntaxError",
            "SET takes no parameter: psycopg sends it as `$1`, and the server has no place for it there. `set_config` takes some.",
            breaks="sets_for_the_session",
            edit="""
-            conn.execute("SELECT set_config(%s, %s, false)", (name, value))
+            conn.execute("SET " + name + " = %s", (value,))
""",
        ),
        slip(
            "raised SyntaxError",
            "The value is pasted into the SQL, and its quote ends the text too early.",
            breaks="takes_any_text",
            edit="""
-            conn.execute("SELECT set_config(%s, %s, false)", (name, value))
+            conn.execute("SET " + name + " = '" + value + "'")
""",
        ),
        slip(
            "other text",
            "`self.settings` is not looked at.",
            breaks="takes_any_text",
            edit="""
-        for name, value in self.settings.items():
-            conn.execute("SELECT set_config(%s, %s, false)", (name, value))
+        conn.execute("SET statement_timeout = '2s'")
""",
        ),
        slip(
            "other text",
            "Only the first of the settings is set.",
            breaks="takes_any_text",
            edit="""
             conn.execute("SELECT set_config(%s, %s, false)", (name, value))
+            return
""",
        ),
        slip(
            "autocommit",
            breaks="sets_for_the_session",
            edit="""
-        for name, value in self.settings.items():
+        conn.autocommit = True
+        for name, value in self.settings.items():
""",
        ),
        slip(
            "raised ActiveSqlTransaction",
            "psycopg begins a transaction before the first statement, unless `conn.autocommit` is True.",
            breaks="keeps_the_connection",
            edit="""
-        conn.autocommit = True
         conn.execute("DISCARD ALL")
""",
        ),
        slip(
            "raises with autocommit",
            "Often it was turned over: what was True is False then.",
            breaks="works_with_autocommit",
            edit="""
-        conn.autocommit = True
+        conn.autocommit = not conn.autocommit
""",
        ),
        slip(
            "left with autocommit",
            "In yours nothing of such a loan is undone.",
            breaks="works_with_autocommit",
            edit="""
+        if conn.autocommit:
+            return
         conn.autocommit = True
""",
        ),
        slip(
            "shared",
            "Often the settings stand on the class then, and what stands there belongs to all its objects.",
            breaks="each_its_own",
            edit="""
-        self.settings = settings
+        type(self).settings = settings
""",
        ),
        slip(
            "settings emptied",
            breaks="keeps_its_own",
            edit="""
-        for name, value in self.settings.items():
-            conn.execute("SELECT set_config(%s, %s, false)", (name, value))
+        while self.settings:
+            name, value = self.settings.popitem()
+            conn.execute("SELECT set_config(%s, %s, false)", (name, value))
""",
        ),
        slip(
            "closed by configure",
            breaks="sets_for_the_session",
            edit="""
-        for name, value in self.settings.items():
-            conn.execute("SELECT set_config(%s, %s, false)", (name, value))
+        with conn:
+            for name, value in self.settings.items():
+                conn.execute("SELECT set_config(%s, %s, false)", (name, value))
""",
        ),
        slip(
            "closed",
            "It is the connection that `reset` closes: then every loan pays for a new one.",
            breaks="keeps_the_connection",
            edit="""
-        conn.autocommit = True
-        conn.execute("DISCARD ALL")
-        self.configure(conn)
+        conn.close()
""",
        ),
        slip(
            "still set",
            "A rollback takes back what was SET in its own transaction. The loan had committed.",
            breaks="ends_what_was_set ends_locks keeps_its_own",
            edit="""
-        conn.autocommit = True
-        conn.execute("DISCARD ALL")
         self.configure(conn)
+        conn.rollback()
""",
        ),
        slip(
            "still set",
            "In yours locks go, and settings stay.",
            breaks="ends_what_was_set ends_locks",
            edit="""
-        conn.execute("DISCARD ALL")
+        conn.execute("SELECT pg_advisory_unlock_all()")
""",
        ),
        slip(
            "left",
            "In yours settings are brought back, and nothing else is.",
            breaks="ends_locks",
            edit="""
-        conn.execute("DISCARD ALL")
+        conn.execute("RESET ALL")
""",
        ),
        slip(
            "left",
            "Settings and locks are undone, and LISTEN and temporary tables are not.",
            breaks="ends_locks",
            edit="""
-        conn.execute("DISCARD ALL")
+        conn.execute("RESET ALL")
+        conn.execute("SELECT pg_advisory_unlock_all()")
""",
        ),
        slip(
            "settings lost",
            "They are not set again for good: not at all, or before all is discarded, or in a transaction that the pool rolls back.",
            breaks="keeps_its_own",
            edit="""
         conn.execute("DISCARD ALL")
-        self.configure(conn)
""",
        ),
    ),
    after="What ends all of it ends what the pool had set as well. That is why `reset` has to know what `configure` does.",
)
