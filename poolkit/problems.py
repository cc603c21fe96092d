"""Errors of files and databases, told to a person: what is wrong, and what to do about it."""

import errno
import os
import sqlite3
from collections.abc import Iterator

_FILE_REMEDIES = {
    errno.ENOENT: "check the spelling",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EEXIST: "a part of the path is a file, not a folder",
    errno.EISDIR: "name a file in it",
    errno.EACCES: "check its permissions, or choose another file",
    errno.EPERM: "check its permissions, or choose another file",
    errno.EROFS: "choose another place",
    errno.ENOSPC: "make room, or choose another place",
    errno.EFBIG: "choose another place",
    errno.ENAMETOOLONG: "choose a shorter name",
}
_DATABASE_REMEDIES = {
    sqlite3.SQLITE_BUSY: "another program is using it: try again later, or set a longer --timeout",
    sqlite3.SQLITE_LOCKED: "another program is using it: try again later",
    sqlite3.SQLITE_NOTADB: "choose another file, this one is left as it is",
    sqlite3.SQLITE_CORRUPT: "it is damaged: restore a copy of it, or choose another file",
    sqlite3.SQLITE_CANTOPEN: "check that its folder exists, and your permissions",
    sqlite3.SQLITE_READONLY: "check the permissions of the file and its folder, or choose another",
    sqlite3.SQLITE_FULL: "make room, or choose another place",
    sqlite3.SQLITE_IOERR: "check the disk, and that nobody moved or deleted the file",
}


def file_problem(exc: OSError, verb: str) -> str:
    """Tell why a file could not be read or written, as `verb` says, and what helps."""
    remedy = _FILE_REMEDIES.get(exc.errno or 0, "choose another file")
    return f"cannot {verb} {exc.filename}: {exc.strerror or exc}: {remedy}"


def database_problem(exc: BaseException, db_path: str) -> str:
    """Tell why the database could not be used, and what helps.

    A pool's error is told by what SQLite said, where that is its cause.
    """
    cause = next((e for e in _causes(exc) if isinstance(e, sqlite3.Error)), None)
    code = getattr(cause, "sqlite_errorcode", None)
    if cause is None or code is None:
        return f"cannot use the database {db_path}: {exc}"
    if code & 0xFF == sqlite3.SQLITE_CANTOPEN and os.path.isdir(db_path):
        return f"cannot use the database {db_path}: it is a folder: name a file in it"
    remedy = _DATABASE_REMEDIES.get(code & 0xFF, "choose another database")
    return f"cannot use the database {db_path}: {cause}: {remedy}"


def _causes(exc: BaseException | None) -> Iterator[BaseException]:
    while exc is not None:
        yield exc
        exc = exc.__cause__
