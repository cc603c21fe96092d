"""How the commands speak: what goes wrong is one line and exit code 2, whatever stdout is."""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NoReturn


class DeskError(Exception):
    """Something the user can mend; the message says how."""


class Parser(argparse.ArgumentParser):
    """A parser that refuses in one line."""

    def __init__(self, prog: str, **how: object) -> None:
        how.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(prog=prog, allow_abbrev=False, **how)

    def error(self, message: str) -> NoReturn:
        raise DeskError(f"{message}: see {self.prog} --help")

    def print_help(self, file=None) -> None:
        say(self.format_help().splitlines())


def number(least: float, kind: type = float) -> Callable[[str], float]:
    """A type for argparse: a number of at least `least`; NaN and infinity are none."""

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not least <= value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text!r} is no number of at least {least:g}")
        return value

    return read


def path_of(text: str) -> Path:
    """A type for argparse: a path, in which ~ is the home folder."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise argparse.ArgumentTypeError(f"{text}: there is no such home folder") from error


def command(name: str) -> Callable:
    """Make of a function a command: its errors are one line, Ctrl-C is 130, `| head` is no error."""

    def decorate(main: Callable[..., int | None]) -> Callable[..., int]:
        @functools.wraps(main)
        def run(argv: list[str] | None = None, **how: object) -> int:
            try:
                return int(main(list(sys.argv[2:] if argv is None else argv), **how) or 0)
            except SystemExit as ending:  # help was asked for and given
                return int(ending.code or 0)
            except DeskError as error:
                complain(f"poolkit {name}: {error}")
                return 2
            except BrokenPipeError:  # whoever reads has seen enough
                return 0
            except OSError as error:
                complain(f"poolkit {name}: {_named(error)}")
                return 2
            except KeyboardInterrupt:
                complain(f"poolkit {name}: interrupted")
                return 130

        return run

    return decorate


def _named(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename is not None else ""
    return f"{where}{error.strerror or error}"


def say(lines: Iterable[str]) -> None:
    """Print lines, with what the terminal cannot show as escapes. Raises DeskError if it is full."""
    if sys.stdout is None:
        return
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        for line in lines:
            print(plain(line).encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except OSError as error:
        # else Python tries once more when it ends, and complains in words of its own
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise
        raise DeskError(f"cannot print: {error.strerror}") from error


def complain(line: str) -> None:
    """Print one line on stderr; where even that is closed, say nothing."""
    if sys.stderr is None:
        return
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    with contextlib.suppress(OSError, ValueError):
        print(plain(line).encode(encoding, "backslashreplace").decode(encoding), file=sys.stderr)


def progress_bar(*what: object, **how: object):
    """A bar of tqdm's on stderr, where that is a terminal; it is gone when the work is done."""
    from tqdm import tqdm  # here, since most commands need none

    return tqdm(*what, disable=True if sys.stderr is None else None, leave=False, **how)


def plain(line: str) -> str:
    """One line of text that no terminal obeys: names of files are other people's."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)


def table(rows: list[list[str]]) -> list[str]:
    """Rows as lines, in columns; the last column may be as long as it likes."""
    shown = [[plain(cell) for cell in row] for row in rows]
    wide = [max(len(row[i]) for row in shown) for i in range(len(shown[0]) - 1)]
    return ["  ".join([*map(str.ljust, row, wide), row[-1]]).rstrip() for row in shown]
