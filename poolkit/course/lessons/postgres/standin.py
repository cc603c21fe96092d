"""A stand-in for a connection to PostgreSQL: what its session remembers, and nothing else.

It knows the statements that begin, change and end what a session remembers, and answers them as the
server does; a test lays it beside a real one. So an exercise can be checked without a server, and
in every short history. A statement that it does not know raises Unknown.
"""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from poolkit.course.lessons.postgres.judging import psycopg


class Unknown(BaseException):
    """The stand-in does not know this statement. Not an Exception, so that no `except` hides it."""


@dataclass
class Remembered:
    """What a transaction that is rolled back takes back: what was SET, LISTEN, temporary tables."""

    settings: dict[str, str] = field(default_factory=dict)
    listens: set[str] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)

    def copied(self) -> Remembered:
        return Remembered(dict(self.settings), set(self.listens), set(self.tables))


_TEXT = r"(?:E?'((?:[^']|'')*)'|([\w.+-]+)|(\"[^\"]*\"))"
_NAME = r'"?([A-Za-z_][\w.]*)"?'


class StandIn:
    """A connection with psycopg's `execute`, `cursor`, `commit`, `rollback`, `autocommit`, `close`."""

    def __init__(self) -> None:
        self.closed, self.lost = False, False
        self.state, self.locks = Remembered(), 0
        self._local: dict[str, str | None] = {}  # what SET LOCAL changed, as it was before
        self._before: Remembered | None = None  # at the beginning of the transaction
        self._failed, self._autocommit = False, False
        self._explicit = False  # begun by a BEGIN, which ends with no statement

    # What psycopg offers

    @property
    def autocommit(self) -> bool:
        return self._autocommit

    @autocommit.setter
    def autocommit(self, value: bool) -> None:
        self._answer()
        if self._before is not None:
            raise psycopg.ProgrammingError(
                "can't change 'autocommit' now: connection in transaction status INTRANS"
            )
        self._autocommit = bool(value)

    @property
    def info(self) -> SimpleNamespace:
        status = psycopg.pq.TransactionStatus
        inside = status.INERROR if self._failed else status.INTRANS
        return SimpleNamespace(transaction_status=inside if self.in_block else status.IDLE)

    def set_autocommit(self, value: bool) -> None:
        self.autocommit = value

    def cursor(self, *args: object, **kwargs: object) -> Cursor:
        return Cursor(self)

    def execute(self, query: Any, params: Any = None, **kwargs: object) -> Cursor:
        return self.cursor().execute(query, params)

    def transaction(self) -> Block:
        return Block(self)

    def commit(self) -> None:
        self._answer()
        if self._failed:
            self.rollback()
        self._undo_local()
        self._before, self._failed, self._explicit = None, False, False

    def rollback(self) -> None:
        self._answer()
        if self._before is not None:
            self.state = self._before
        self._local.clear()
        self._before, self._failed, self._explicit = None, False, False

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> StandIn:
        return self

    def __exit__(self, kind: object, *error: object) -> None:
        """As psycopg's own: commit or roll back, then close."""
        if not self.closed:
            self.commit() if kind is None else self.rollback()
            self.close()

    # What the server does

    @property
    def in_block(self) -> bool:
        return self._before is not None

    def run(self, sql: str, params: Any) -> list[tuple]:
        """Run one string of SQL, with values for its places."""
        self._answer()
        sql, values = _filled(sql, params)
        alone = self._autocommit and not self.in_block
        if not alone:
            self._begin()
        try:
            rows = self._run_all(_parsed(sql, values), values)
        except psycopg.Error:
            if alone:
                self.rollback()
            else:
                self._failed = True
            raise
        if alone and not self._explicit:
            self.commit()
        return rows

    def _run_all(self, parts: list[tuple], values: list) -> list[tuple]:
        rows: list[tuple] = []
        if len(parts) > 1:
            self._begin()
        for does, found in parts:
            if self._failed and does not in (StandIn._does_commit, StandIn._does_rollback):
                raise psycopg.errors.InFailedSqlTransaction("current transaction is aborted")
            rows = does(self, found, values) or []
        return rows

    def _answer(self) -> None:
        if self.closed:
            raise psycopg.OperationalError("the connection is closed")
        if self.lost:
            raise psycopg.OperationalError("the connection is lost")

    def _begin(self) -> None:
        if self._before is None:
            self._before = self.state.copied()

    def _undo_local(self) -> None:
        for name, value in self._local.items():
            self._set(name, value)
        self._local.clear()

    def _set(self, name: str, value: str | None) -> None:
        if value is None:
            self.state.settings.pop(name, None)
        else:
            self.state.settings[name] = value

    # The statements

    def _does_set(self, found: re.Match, values: list) -> None:
        local, name, text, bare, quoted = found.groups()
        value = text.replace("''", "'") if text is not None else (bare or quoted[1:-1])
        default = text is None and (bare or "").upper() == "DEFAULT"
        self._assign(name, None if default else value, (local or "").upper() == "LOCAL")

    def _does_set_config(self, found: re.Match, values: list) -> list[tuple]:
        left = list(values)
        name, value, local = (_argument(part, left) for part in found.groups())
        if str(local).lower() not in ("true", "false", "t", "f", "on", "off", "1", "0"):
            raise psycopg.errors.UndefinedFunction("function set_config does not exist")
        self._assign(str(name), str(value), str(local).lower() in ("true", "t", "on", "1"))
        return [(str(value),)]

    def _assign(self, name: str, value: str | None, local: bool) -> None:
        name = name.lower()
        if local:
            self._local.setdefault(name, self.state.settings.get(name))
        else:
            self._local.pop(name, None)
        self._set(name, value)

    def _does_reset(self, found: re.Match, values: list) -> None:
        name = found[1].lower()
        if name == "all":
            self.state.settings.clear()
        else:
            self.state.settings.pop(name, None)

    def _does_discard_all(self, found: re.Match, values: list) -> None:
        if self.in_block:
            raise psycopg.errors.ActiveSqlTransaction(
                "DISCARD ALL cannot run inside a transaction block"
            )
        self.state, self.locks = Remembered(), 0

    def _does_unlock(self, found: re.Match, values: list) -> list[tuple]:
        self.locks = 0
        return [("",)]

    def _does_lock(self, found: re.Match, values: list) -> list[tuple]:
        self.locks = 1
        return [("",)]

    def _does_listen(self, found: re.Match, values: list) -> None:
        self.state.listens.add(found[1])

    def _does_unlisten(self, found: re.Match, values: list) -> None:
        self.state.listens.clear()

    def _does_make(self, found: re.Match, values: list) -> None:
        if found[1] in self.state.tables:
            raise psycopg.errors.DuplicateTable("relation already exists")
        self.state.tables.add(found[1])

    def _does_drop_tables(self, found: re.Match, values: list) -> None:
        self.state.tables.clear()

    def _does_begin(self, found: re.Match, values: list) -> None:
        self._begin()
        self._explicit = True

    def _does_commit(self, found: re.Match, values: list) -> None:
        self.commit()

    def _does_rollback(self, found: re.Match, values: list) -> None:
        self.rollback()

    def _does_nothing(self, found: re.Match, values: list) -> list[tuple]:
        return [(1,)]


_QUOTED = r"'(?:[^']|'')*'(?!')|\"[^\"]*\""
_PART = r"\s*(%s|E?'(?:[^']|'')*'|\w+)(?:::\w+)?\s*"
_STATEMENTS = (
    (r"(?:SET\s+SESSION\s+AUTHORIZATION\s+DEFAULT|RESET\s+SESSION\s+AUTHORIZATION)", StandIn._does_nothing),
    (rf"SET\s+(?:(SESSION|LOCAL)\s+)?{_NAME}\s*(?:=|\s+TO\s)\s*{_TEXT}", StandIn._does_set),
    (rf"SET\s+(?:(SESSION|LOCAL)\s+)?{_NAME}\s*(?:=|\s+TO\s)\s*(%s)()()", StandIn._does_set),
    (rf"SELECT\s+(?:pg_catalog\.)?set_config\s*\({_PART},{_PART},{_PART}\)", StandIn._does_set_config),
    (rf"RESET\s+{_NAME}", StandIn._does_reset),
    (r"DISCARD\s+ALL", StandIn._does_discard_all),
    (r"DISCARD\s+(?:TEMP|TEMPORARY)", StandIn._does_drop_tables),
    (r"DISCARD\s+(?:PLANS|SEQUENCES)|DEALLOCATE\s+(?:PREPARE\s+)?ALL|CLOSE\s+ALL", StandIn._does_nothing),
    (r"UNLISTEN\s+\*", StandIn._does_unlisten),
    (rf"LISTEN\s+{_NAME}", StandIn._does_listen),
    (r"SELECT\s+(?:pg_catalog\.)?pg_advisory_unlock_all\s*\(\s*\)", StandIn._does_unlock),
    (r"SELECT\s+(?:pg_catalog\.)?pg_advisory_lock\s*\(\s*\d+\s*\)", StandIn._does_lock),
    (rf"CREATE\s+TEMP(?:ORARY)?\s+TABLE\s+{_NAME}\s*\(.*\)", StandIn._does_make),
    (r"(?:BEGIN|START)(?:\s+(?:TRANSACTION|WORK))?", StandIn._does_begin),
    (r"(?:COMMIT|END)(?:\s+(?:TRANSACTION|WORK))?", StandIn._does_commit),
    (r"(?:ROLLBACK|ABORT)(?:\s+(?:TRANSACTION|WORK))?", StandIn._does_rollback),
    (r"SELECT\s+1", StandIn._does_nothing),
)  # fmt: skip


def _parsed(sql: str, values: list) -> list[tuple]:
    """What each statement of a string is; an error of grammar comes before any of them runs."""
    parts = _split(sql)
    if values and len(parts) > 1:
        raise psycopg.errors.SyntaxError(
            "cannot insert multiple commands into a prepared statement"
        )
    if values and any(re.match(r"(?i)SET\b", part) for part in parts):
        raise psycopg.errors.SyntaxError('syntax error at or near "$1"')
    return [_understood(part) for part in parts]


@functools.lru_cache(maxsize=512)
def _understood(sql: str) -> tuple:
    for pattern, does in _STATEMENTS:
        if found := re.fullmatch(pattern, sql, re.IGNORECASE | re.DOTALL):
            return does, found
    raise Unknown(sql)


def _argument(part: str, values: list) -> object:
    if part == "%s":
        return values.pop(0)
    if part.endswith("'"):
        return part[part.index("'") + 1 : -1].replace("''", "'")
    return part


@functools.lru_cache(maxsize=512)
def _split(sql: str) -> tuple[str, ...]:
    """The statements of a string; a `;` between quotes ends none, and a quote must be closed."""
    sql = re.sub(r"--[^\n]*", "", sql)
    if re.sub(_QUOTED, "", sql).count("'"):
        raise psycopg.errors.SyntaxError(_open_quote(sql))
    parts = re.findall(r"(?:[^;'\"]|'(?:[^']|'')*'|\"[^\"]*\")+", sql)
    return tuple(part.strip() for part in parts if part.strip())


def _open_quote(sql: str) -> str:
    """What the server says of a quote that is not closed: it stops at the first word it cannot place."""
    tokens = re.findall(rf"{_QUOTED}|'.*|\w+|\S", sql, re.DOTALL)
    for one, other in itertools.pairwise(tokens):
        if one[0] == "'" and (other[0].isalnum() or other[0] == "_"):
            return f'syntax error at or near "{other}"'
    return f'unterminated quoted string at or near "{tokens[-1]}"'


def _filled(sql: str, params: Any) -> tuple[str, list]:
    """The SQL with `%s` for each place, and the values in their order."""
    if params is None:
        return sql, []
    names = re.findall(r"%\((\w+)\)s", sql)
    sql = re.sub(r"%\(\w+\)s", "%s", sql)
    places = sql.count("%s")
    if names:
        return sql, [params[name] for name in names]
    if isinstance(params, (str, bytes)):
        raise TypeError("query parameters should be a sequence or a mapping, got str")
    if places != len(params):
        raise psycopg.ProgrammingError(
            f"the query has {places} placeholders but {len(params)} parameters were passed"
        )
    return sql.replace("%%", "%"), list(params)


class Cursor:
    """A cursor of the stand-in's."""

    def __init__(self, conn: StandIn) -> None:
        self.connection, self._rows = conn, []

    def execute(self, query: Any, params: Any = None, **kwargs: object) -> Cursor:
        if hasattr(query, "as_string"):  # psycopg.sql
            query = query.as_string(None)
        sql = query.decode() if isinstance(query, bytes) else query
        if not isinstance(sql, str):
            raise TypeError(f"the query should be text, not {type(query).__name__}")
        self._rows = self.connection.run(sql.strip(), params)
        return self

    def executemany(self, query: Any, params_seq: Any, **kwargs: object) -> None:
        for params in params_seq:
            self.execute(query, params)

    def fetchone(self) -> tuple | None:
        return self._rows.pop(0) if self._rows else None

    def fetchall(self) -> list[tuple]:
        rows, self._rows = self._rows, []
        return rows

    def close(self) -> None:
        pass

    def __enter__(self) -> Cursor:
        return self

    def __exit__(self, *error: object) -> None:
        pass


class Block:
    """`with conn.transaction():` commits at a good end where it began the transaction itself."""

    def __init__(self, conn: StandIn) -> None:
        self._conn = conn

    def __enter__(self) -> Block:
        self._began = not self._conn.in_block
        self._conn._answer()
        self._conn._begin()
        return self

    def __exit__(self, kind: object, *error: object) -> None:
        if self._began and kind is None:
            self._conn.commit()
        elif self._began:
            self._conn.rollback()
