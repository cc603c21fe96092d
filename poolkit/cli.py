"""The command `poolkit`: what goes wrong is one line on stderr that says what and what to do."""

import argparse
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NoReturn

from poolkit.config import ConnectionConfig
from poolkit.errors import PoolError
from poolkit.files import summary_lines
from poolkit.problems import database_problem, file_problem
from poolkit.workload import run

_INTERRUPTED = 130  # what a shell reports of a program that Ctrl-C ended: 128 + SIGINT
_CONFIG_FIELDS = ("db_path", "timeout", "max_retries", "pool_size")


class _Refused(Exception):
    """The command cannot do what was asked; the message is for the person who typed it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv`, by default the program's own, and return the exit code.

    0: done; 2: refused, and one line on stderr tells why; 130: interrupted. Subcommands other than
    `run` come from installed packages, as entry points of the group "poolkit.commands": functions
    that take the rest of the command line and return an exit code.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    try:
        if argv and argv[0] != "run" and not argv[0].startswith("-"):
            return _run_further_command(argv[0], argv[1:])
        return _run_own_command(argv)
    except _Refused as refused:
        _print_error(str(refused))
        return 2
    except KeyboardInterrupt:
        _print_error("poolkit: interrupted")
        return _INTERRUPTED


def _run_further_command(name: str, rest: list[str]) -> int:
    commands = _further_commands()
    if name not in commands:
        known = ", ".join(["run", *sorted(commands)])
        raise _Refused(f"poolkit: there is no command {name!r}: choose from {known}")
    try:
        command = commands[name].load()
    except (ImportError, AttributeError) as exc:
        raise _Refused(f"poolkit {name}: cannot be loaded, reinstall it: {exc}") from exc
    return int(command(rest) or 0)


def _further_commands() -> dict[str, Any]:
    from importlib.metadata import entry_points  # here, since it is slow and seldom needed

    return {entry.name: entry for entry in entry_points(group="poolkit.commands")}


def _said_of(entry: Any) -> str:
    """What a further command does: the first sentence of its module, after "`poolkit name`: "."""
    try:
        doc = sys.modules[entry.load().__module__].__doc__ or ""
    except (ImportError, AttributeError):
        return "cannot be loaded: reinstall it"
    name, _, sentence = " ".join(doc.partition("\n\n")[0].split()).partition("`: ")
    said = sentence.rstrip(".") if name == f"`poolkit {entry.name}" else ""
    return said.replace("%", "%%") or f"see poolkit {entry.name} --help"


def _run_own_command(argv: list[str]) -> int:
    wants_overview = not argv or argv[0] in ("-h", "--help")
    further = sorted(_further_commands().items()) if wants_overview else ()
    parser = _make_parser({name: _said_of(entry) for name, entry in further})
    try:
        args = parser.parse_args(argv or ["--help"])
    except SystemExit:  # help was asked for and given; errors of argparse come as _Refused
        return 0
    with _errors_in_one_line(args), _logging_to_stderr(args.verbose) as log:
        log(f"reading {args.input}, storing in {args.db_path}")
        summary = run(args.input, args.output, _config_from(args))
        log(f"stored {summary['rows_inserted']} rows, wrote {args.output}")
    utf8 = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
    _print_out(summary_lines(summary, ensure_ascii=not utf8))
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _Refused(f"{self.prog}: {message}: see {self.prog} --help")

    def print_help(self, file: object = None) -> None:
        _print_out([self.format_help()])  # argparse keeps a full disk to itself


def _make_parser(further_commands: dict[str, str]) -> _Parser:
    defaults = ConnectionConfig()
    parser = _Parser(
        prog="poolkit",
        description="A database connection pool to learn from, and the course that builds it.",
        epilog="`poolkit COMMAND --help` tells more of each.",
    )
    commands = parser.add_subparsers(title="commands", metavar="command", required=True)
    text = "store the labels of a text file in SQLite through a pool, and write a summary"
    own = commands.add_parser("run", help=text, description=text, allow_abbrev=False)
    for name, said in further_commands.items():
        commands.add_parser(name, help=said, add_help=False)
    add = own.add_argument
    add("--input", required=True, metavar="FILE", help="UTF-8 text, one label a line")
    add("--output", required=True, metavar="FILE", help="where the summary goes, as JSON")
    add(
        "--db",
        dest="db_path",
        default=defaults.db_path,
        metavar="PATH",
        help="database file; the default, %(default)s, is gone when the command ends",
    )
    add(
        "--pool-size",
        type=int,
        default=defaults.pool_size,
        metavar="N",
        help="idle connections kept (default: %(default)s)",
    )
    add(
        "--timeout",
        type=float,
        default=defaults.timeout,
        metavar="S",
        help="seconds to wait for a locked database (default: %(default)s)",
    )
    add(
        "--max-retries",
        type=int,
        default=defaults.max_retries,
        metavar="N",
        help="attempts to open the database (default: %(default)s)",
    )
    add("-v", "--verbose", action="store_true", help="tell on stderr what is done")
    return parser


def _config_from(args: argparse.Namespace) -> ConnectionConfig:
    try:
        config = ConnectionConfig(**{field: getattr(args, field) for field in _CONFIG_FIELDS})
    except ValueError as exc:
        field, _, rest = str(exc).partition(" ")
        option = "--db" if field == "db_path" else "--" + field.replace("_", "-")
        raise _Refused(f"poolkit run: {option} {rest}") from exc
    # whoever sets a longer wait for a locked database means it for opening it too
    return replace(config, acquire_timeout=max(config.acquire_timeout or 0, config.timeout))


@contextmanager
def _errors_in_one_line(args: argparse.Namespace) -> Iterator[None]:
    try:
        yield
    except (PoolError, sqlite3.Error) as exc:  # before OSError, which some PoolErrors are too
        problem = database_problem(exc, args.db_path)
    except OSError as exc:
        problem = file_problem(exc, "write" if exc.filename == args.output else "read")
    except ValueError as exc:
        problem = str(exc)
    except MemoryError:
        problem = "out of memory: split the input"
    else:
        return
    raise _Refused(f"poolkit run: {problem}")


@contextmanager
def _logging_to_stderr(wanted: bool) -> Iterator[Callable[[str], None]]:
    if not wanted:
        yield lambda message: None
        return
    import logging  # here, since most runs need none

    logger = logging.getLogger("poolkit")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        yield logger.info
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def _print_out(lines: Iterable[str]) -> None:
    try:
        if sys.stdout is not None:
            sys.stdout.writelines(lines)
            sys.stdout.flush()
    except OSError as exc:
        # else Python tries once more when it ends, and complains in words of its own
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(exc, BrokenPipeError):  # `| head` that has seen enough is no error
            raise _Refused(f"poolkit: cannot print: {exc.strerror}") from exc


def _print_error(message: str) -> None:
    if sys.stderr is not None:
        # a file name may hold a newline, or codes that a terminal would obey
        print("".join(c if c.isprintable() else repr(c)[1:-1] for c in message), file=sys.stderr)
