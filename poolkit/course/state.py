"""What the course remembers of a learner: one SQLite file in my_work/, or memory anywhere else."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path

MEMORY = ":memory:"
_TABLES = (
    "CREATE TABLE IF NOT EXISTS predictions (id TEXT PRIMARY KEY, guess TEXT, sure REAL, outcome TEXT)",
    "CREATE TABLE IF NOT EXISTS tries (id TEXT, try TEXT, kept INTEGER, PRIMARY KEY (id, try))",
)


_APPLICATION = 0x706F6F6C  # "pool", in the file's header: SQLite's own mark of whose file it is
RECORD = ".handed_out.json"  # what `poolkit lab` and `hand-out` leave beside the lessons
STARTED = Path.cwd()  # as the kernel started: a later %cd changes nothing


def place(environ: Mapping[str, str] = os.environ) -> str:
    """Where progress is kept: POOLKIT_PROGRESS, else the learner's folder, else memory.

    The learner's folder is the nearest one, from where the kernel started upwards, that lessons
    were handed out to or that is called my_work; a link to it will do.
    """
    if asked := environ.get("POOLKIT_PROGRESS"):
        return asked if asked == MEMORY else str(STARTED / asked)
    for folder in (STARTED, *STARTED.parents):
        if folder.name == "my_work" or (folder / RECORD).exists():
            return str(folder / "progress.db")
    return MEMORY


class Store:
    """First predictions, outcomes and tries. SQLite writes each whole or not at all, and takes
    turns between two notebooks; a damaged file of ours is set aside and a new one begun.

    While the file cannot be used (locked, full, gone), all that was known stays in view and what
    comes is held; the file is tried again at every call, and gets what was held.
    """

    def __init__(self, path: str, timeout: float = 5.0) -> None:
        self.path, self.notice, self.patience = path, "", timeout
        self._known = sqlite3.connect(MEMORY, check_same_thread=False, isolation_level=None)
        self._held: list[tuple[str, tuple]] = []
        self._failing = False
        self._begun = path == MEMORY  # whether the file was there once in this session
        for table in _TABLES:
            self._known.execute(table)
        if path != MEMORY:
            self._run("SELECT 1")

    def _use_file(self, sql: str, values: tuple) -> list[tuple]:
        """Run it on the file, after what was held; then know all that the file holds."""
        gone = self._begun and not os.path.exists(self.path)
        db = sqlite3.connect(self.path, timeout=0.1 if self._failing else self.patience)
        try:
            with db:
                if gone:
                    self._known.backup(db)
                    self._tell(
                        f"The progress file {self.path} was gone: it is written anew. To begin "
                        "afresh, stop the kernels first, then delete it."
                    )
                self._prepare(db)
                for held in self._held:
                    db.execute(*held)
                rows = db.execute(sql, values).fetchall()
            db.backup(self._known)
        finally:
            db.close()
        self._held.clear()
        self._begun = True
        return rows

    def _prepare(self, db: sqlite3.Connection) -> None:
        for table in _TABLES:
            db.execute(table)
        db.execute("SELECT id, guess, sure, outcome FROM predictions LIMIT 1").fetchall()
        db.execute("SELECT id, try, kept FROM tries LIMIT 1").fetchall()
        if db.execute("PRAGMA application_id").fetchone() != (_APPLICATION,):
            db.execute(f"PRAGMA application_id = {_APPLICATION}")

    def _run(self, sql: str, *values: object) -> list[tuple]:
        if self.path == MEMORY:
            return self._known.execute(sql, values).fetchall()
        try:
            rows = self._use_file(sql, values)
        except (sqlite3.Error, OSError) as error:
            return self._without_file(error, sql, values)
        if self._failing:
            self._failing = False
            self._tell(f"Progress is written to {self.path} again; nothing was lost.")
        return rows

    def _without_file(self, error: Exception, sql: str, values: tuple) -> list[tuple]:
        if self._is_damaged(error) and self._is_ours():
            aside = self._set_aside()
            self._known.backup(whole := sqlite3.connect(self.path))
            whole.close()
            self._tell(
                f"The progress file was damaged: it is set aside as {aside}, and a new one is begun."
            )
            return self._run(sql, *values)
        if not self._failing:
            self._failing = True
            self._tell(
                f"Progress cannot be written to {self.path} ({error}): until it can, it is kept "
                "only until the kernel stops. What was there before stays in view."
            )
        if not sql.startswith("SELECT"):
            self._held.append((sql, values))
        return self._known.execute(sql, values).fetchall()

    def _is_damaged(self, error: Exception) -> bool:
        if isinstance(error, sqlite3.OperationalError):
            return "no such column" in str(error) or "no column named" in str(error)
        return isinstance(error, sqlite3.DatabaseError)

    def _is_ours(self) -> bool:
        """Whether the course made the file: by its place, which nobody else uses, or by its mark."""
        path = Path(self.path).absolute()
        folder = path.parent
        own_place = folder.name == "my_work" or (folder / RECORD).exists()
        if path.name == "progress.db" and own_place:
            return True
        with contextlib.suppress(OSError), open(path, "rb") as file:
            return file.read(72)[68:] == _APPLICATION.to_bytes(4, "big")
        return False

    def _set_aside(self) -> str:
        path, number = Path(self.path), 1
        while (aside := path.with_name(f"progress-damaged-{number}.db")).exists():
            number += 1
        path.replace(aside)
        return aside.name

    def _tell(self, text: str) -> None:
        """Say it now, where the learner is; the first one of a session waits for `store()`."""
        self.notice = text
        if _store is self:
            from poolkit.course.shown import Card

            Card(tone="broken").say(text).show()

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

    def sureness(self) -> dict[str, float]:
        """How sure the learner was of each prediction, in percent."""
        return dict(self._run("SELECT id, sure FROM predictions ORDER BY rowid"))

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
