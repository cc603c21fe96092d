"""Labels in, a summary out: a file read line by line, a file written whole or not at all."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, TextIO

StrPath = str | os.PathLike[str]

_BOM = b"\xef\xbb\xbf"  # Windows editors begin UTF-8 files with it


@contextmanager
def open_labels(path: StrPath) -> Iterator[Iterator[str]]:
    """Open a text file for the block, and hand it an iterator over the labels, one a line.

    Labels are stripped and blank lines skipped. Only a newline ends a line, not the further
    characters that `str.splitlines` cuts at. One line at a time is held in memory. A pipe will do.

    Raises:
        OSError: the file cannot be opened or read; its `filename` is the path as it was given.
        ValueError: while iterating: a line is not UTF-8; the message names file and line.
    """
    with naming(path):
        file = open(path, "rb")  # noqa: SIM115 - naming() must not see errors of the block
    with file:
        yield _labels(file, path)


def _labels(file: BinaryIO, path: StrPath) -> Iterator[str]:
    with naming(path):
        for number, line in enumerate(file, 1):
            if number == 1:
                line = line.removeprefix(_BOM)
            try:
                label = line.decode("utf-8").strip()
            except UnicodeDecodeError:
                raise ValueError(
                    f"line {number} of {os.fspath(path)} is not UTF-8 text: save the file as UTF-8"
                ) from None
            if label:
                yield label


@contextmanager
def replacing(path: StrPath) -> Iterator[TextIO]:
    """Open a UTF-8 file that takes the place of `path` when the block ends well, and else is gone.

    It is made beside `path` before the block begins, so that a place where nothing can be written
    is known before work is done. Missing folders are made, links are followed, and the permissions
    of the file that is replaced are kept. A pipe or a device is written to directly.

    Raises:
        OSError: `path` cannot be written; its `filename` is the path as it was given.
    """
    with naming(path):
        mode = _mode_if_writable(path)
        directly = mode is not None and not stat.S_ISREG(mode)
        target = os.fspath(path) if directly else os.path.realpath(path)
        made = target if directly else _name_beside(target)
    file = None
    try:
        with naming(path):
            file = open(made, "w" if directly else "x", encoding="utf-8", newline="\n")  # noqa: SIM115
            if mode is not None and not directly:
                os.chmod(made, stat.S_IMODE(mode))  # while it is empty: what follows may be private
        yield file
        with naming(path):
            _finish(file, made, target)
    finally:  # an interrupt may come as soon as the file is there
        if file is not None:
            with suppress(OSError):  # Windows deletes no open file
                file.close()
        if not directly:
            with suppress(OSError):
                os.unlink(made)


def _mode_if_writable(path: StrPath) -> int | None:
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not os.access(path, os.W_OK):  # replacing it would get round its owner's wish
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return mode


def _name_beside(target: str) -> str:
    folder = os.path.dirname(target)
    os.makedirs(folder, exist_ok=True)
    # no tempfile: what that makes nobody but the owner can read, whatever the umask says
    return os.path.join(folder, f".poolkit-{os.urandom(8).hex()}.tmp")


def _finish(file: TextIO, made: str, target: str) -> None:
    file.flush()
    if made != target:
        os.fsync(file.fileno())  # else a power cut may keep the new name and lose what is in it
    file.close()
    if made != target:
        os.replace(made, target)


@contextmanager
def naming(path: StrPath) -> Iterator[None]:
    """Put the path, as the caller gave it, on an OSError of the block: errors of writing lack it.

    Keep calls to a pool out of the block, since PoolTimeout and ConnectFailed are OSErrors too.
    """
    try:
        yield
    except OSError as exc:
        exc.filename, exc.filename2 = os.fspath(path), None
        raise


def summary_lines(summary: dict[str, Any], ensure_ascii: bool = False) -> Iterator[str]:
    """Yield a dict as JSON text, one key a line, and of a list one element a line.

    Readable like `json.dumps(..., indent=2)`, but never whole in memory and several times faster.
    """
    from json import JSONEncoder  # here, since a program that only pools needs no json

    encode = JSONEncoder(ensure_ascii=ensure_ascii).encode
    before = "{\n  "
    for key, value in summary.items():
        yield f"{before}{encode(key)}: "
        before = ",\n  "
        if isinstance(value, list) and value:
            for index, element in enumerate(value):
                yield f"{',' if index else '['}\n    {encode(element)}"
            yield "\n  ]"
        else:
            yield encode(value)
    yield "{}\n" if before.startswith("{") else "\n}\n"
