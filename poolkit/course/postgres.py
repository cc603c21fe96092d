"""A PostgreSQL server for lessons and tests: one of our own, or the one that DATABASE_URL names."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from pathlib import Path

_HOLDER = Path(__file__).with_name("pgholder.py")


class NoServer(Exception):
    """There is no server to be had; the message says why, in a line and without a password."""


class OwnServer:
    """A server that belongs to this process, started by `own_server`.

    A process of its own holds it, and stops it when this process ends, whatever ends it; its
    folder is thrown away. Two of them have nothing in common.
    """

    def __init__(self) -> None:
        apart = {"start_new_session": True} if os.name == "posix" else {"creationflags": 0x200}
        self._pid = os.getpid()
        self._holder = subprocess.Popen(
            [sys.executable, "-P", str(_HOLDER), str(self._pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            **apart,
        )
        self._facts = self._answer()

    def address(self, user: str = "postgres") -> str:
        """Where it is, for psycopg: the database `postgres`, which this user needs no password for."""
        where = {name: self._facts[name] for name in ("host", "port")}
        parts = {**where, "user": user, "dbname": "postgres"}
        return " ".join(f"{name}={value}" for name, value in parts.items())

    def restart(self) -> None:
        """Stop it and start it again; every connection to it is lost."""
        self._facts = self._ask("restart")

    def start_program(self, arguments: list[str]) -> None:
        """Start a program, as the user that the server runs as, that ends with the server."""
        self._ask(json.dumps(arguments))

    @property
    def folder(self) -> Path:
        """The folder that is thrown away with it."""
        return Path(self._facts["folder"])

    def stop(self) -> None:
        """Stop it and throw its folder away. May be called again; a forked child stops nothing."""
        if os.getpid() != self._pid:
            return
        self._holder.stdin.close()
        self._holder.stdout.close()
        self._holder.wait()

    @property
    def stopped(self) -> bool:
        return self._holder.poll() is not None

    def _ask(self, command: str) -> dict:
        try:
            self._holder.stdin.write(command + "\n")
            self._holder.stdin.flush()
        except (OSError, ValueError):
            raise NoServer("the server is stopped") from None
        return self._answer()

    def _answer(self) -> dict:
        line = self._holder.stdout.readline()
        facts = json.loads(line) if line.strip() else {"error": "it ended before it was ready"}
        if "error" in facts:
            self.stop()
            raise NoServer(facts["error"])
        return facts


def own_server() -> OwnServer:
    """Start a server that ends with this process; takes about a second.

    Raises:
        NoServer: the package is missing, or the server does not start.
    """
    server = OwnServer()
    atexit.register(server.stop)
    return server
