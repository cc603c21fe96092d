"""What the course remembers of a learner: one SQLite file in my_work/, or memory anywhere else."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

MEMORY = ":memory:"
_TABLES = (
    "CREATE TABLE IF NOT EXISTS predictions (id TEXT PRIMARY KEY, guess TEXT, sure REAL, outcome TEXT)",
    "CREATE TABLE IF NOT EXISTS tries (id TEXT, try TEXT, kept INTEGER, PRIMARY KEY (id, try))",
)


def place() -> str:
    """Where progress is kept: POOLKIT_PROGRESS, else my_work/ if the notebook runs there, else memory."""
    if asked := os.environ.get("POOLKIT_PROGRESS"):
        return asked
    here = Path.cwd()
    return str(here / "progress.db") if here.name == "my_work" else MEMORY


class Store:
    """First predictions, outcomes and tries. SQLite writes each whole or not at all, and takes
    turns between two notebooks; a damaged file is set aside and a new one begun.
    """

    def __init__(self, path: str) -> None:
        self.path, self.notice = path, ""
        self._memory: sqlite3.Connection | None = None
        if path == MEMORY:
            self._keep_in_memory()
            return
        try:
            self._prepare()
        except (sqlite3.DatabaseError, OSError) as error:
            self._mend(error)

    def _prepare(self) -> None:
        with self._open() as db:
            for table in _TABLES:
                db.execute(table)
            db.execute("SELECT id, guess, sure, outcome FROM predictions").fetchall()
            db.execute("SELECT id, try, kept FROM tries").fetchall()

    def _mend(self, error: Exception) -> None:
        transient = isinstance(error, sqlite3.OperationalError) and "no such column" not in str(
            error
        )
        if transient or isinstance(error, OSError):
            self._keep_in_memory()
            self.notice = (
                f"Progress cannot be written to {self.path} ({error}): it is kept only until the kernel "
                "stops. Make the folder writable, then restart the kernel."
            )
            return
        aside = self._set_aside()
        self._prepare()
        self.notice = (
            f"The progress file was damaged: it is set aside as {aside}, and a new one is begun."
        )

    def _set_aside(self) -> str:
        path, number = Path(self.path), 1
        while (aside := path.with_name(f"progress-damaged-{number}.db")).exists():
            number += 1
        path.replace(aside)
        return aside.name

    def _keep_in_memory(self) -> None:
        self.path = MEMORY
        self._memory = sqlite3.connect(MEMORY, check_same_thread=False)
        for table in _TABLES:
            self._memory.execute(table)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if self._memory is not None:
            with self._memory:
                yield self._memory
            return
        db = sqlite3.connect(self.path, timeout=5.0)
        try:
            with db:
                yield db
        finally:
            db.close()

    def _run(self, sql: str, *values: object) -> list[tuple]:
        try:
            with self._open() as db:
                return db.execute(sql, values).fetchall()
        except (sqlite3.DatabaseError, OSError) as error:  # damaged, deleted or locked since
            with contextlib.suppress(FileNotFoundError):
                self._mend(error)
            with self._open() as db:
                for table in _TABLES:
                    db.execute(table)
                return db.execute(sql, values).fetchall()

    def keep_guess(self, id: str, guess: dict, sure: float) -> None:
        """Keep a first prediction; a later one changes nothing."""
        self._run(
            "INSERT INTO predictions VALUES (?, ?, ?, NULL) ON CONFLICT (id) DO NOTHING",
            id, json.dumps(guess), sure,
        )  # fmt: skip

    def guess(self, id: str) -> tuple[dict, float] | None:
        """The first prediction and how sure the learner was, in percent; None if there is none."""
        rows = self._run("SELECT guess, sure FROM predictions WHERE id = ?", id)
        return (json.loads(rows[0][0]), rows[0][1]) if rows else None

    def keep_outcome(self, id: str, outcome: dict) -> None:
        """Remember what came out, for a prediction that was made."""
        self._run("UPDATE predictions SET outcome = ? WHERE id = ?", json.dumps(outcome), id)

    def predictions(self) -> dict[str, tuple[dict, dict | None]]:
        """All predictions: id → (guess, outcome or None)."""
        rows = self._run("SELECT id, guess, outcome FROM predictions ORDER BY rowid")
        return {
            id: (json.loads(guess), json.loads(out) if out else None) for id, guess, out in rows
        }

    def keep_try(self, id: str, mark: str, kept: bool) -> None:
        """Remember a try at an exercise by its fingerprint, and whether every claim held."""
        self._run(
            "INSERT INTO tries VALUES (?, ?, ?) ON CONFLICT (id, try) DO UPDATE SET kept = MAX(kept, excluded.kept)",
            id, mark, int(kept),
        )  # fmt: skip

    def tries(self, id: str) -> int:
        """How many different tries were made at an exercise."""
        return self._run("SELECT COUNT(*) FROM tries WHERE id = ?", id)[0][0]

    def solved(self) -> set[str]:
        """The exercises that were solved once."""
        return {id for (id,) in self._run("SELECT DISTINCT id FROM tries WHERE kept")}


_store: Store | None = None


def store() -> Store:
    """The learner's progress, opened at first use."""
    global _store
    if _store is None:
        _store = Store(place())
        if _store.notice:
            from poolkit.course.shown import Card

            Card(tone="broken").say(_store.notice).show()
    return _store
