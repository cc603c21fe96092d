"""The server of lesson 12: one of the notebook's own, or DATABASE_URL's; and what to do without."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time

from poolkit.course.lessons.postgres.judging import psycopg
from poolkit.course.postgres import NoServer, OwnServer, own_server

ON_ANY, ON_OWN = "# on the server", "# on a server of our own"
_LEFT_OUT = "Left out: {why}."


class Server:
    """A server to connect to. It is true if it is there; `own` tells whether it may be restarted."""

    def __init__(self, address: str = "", held: OwnServer | None = None, why: str = "") -> None:
        self.address = address
        self.own = held is not None
        self.why = why
        self._held = held

    def __bool__(self) -> bool:
        return bool(self.address)

    def __repr__(self) -> str:
        return (
            f"<a PostgreSQL server of {'our own' if self.own else 'yours'}>" if self else "<none>"
        )

    def restart(self) -> None:
        """Stop it and start it again: every connection to it is lost."""
        self._held.restart()

    def start_bouncer(self) -> str:
        """Start a PgBouncer in front of it, and give the address of that.

        Transaction mode, one connection to the server; it ends with the server. Raises NoServer
        where it is not installed, or does not start.
        """
        program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if program is None:
            raise NoServer("PgBouncer is not installed here")
        host = psycopg.conninfo.conninfo_to_dict(self.address)["host"]
        settings = self._held.folder / "bouncer.ini"
        settings.write_text(_BOUNCER.format(folder=host), encoding="utf-8")
        self._held.start_program([program, "-q", str(settings)])
        address = psycopg.conninfo.make_conninfo(self.address, port=6432)
        _wait_for(address)
        return address


_server: Server | None = None


def start_server() -> Server:
    """Start a server that ends with this kernel, or take the one that DATABASE_URL names.

    Says in one line which it is. Where there is none, cells that begin with `# on the server` are
    left out from here on; where it is not our own, those with `# on a server of our own`.
    """
    global _server
    if _server is None or not _server or (_server.own and _server._held.stopped):
        _server = _find_server()
    _leave_out(_server)
    print(_said(_server))
    return _server


def _said(server: Server) -> str:
    if server.own:
        return "A PostgreSQL server of this notebook's own. It ends when the kernel does."
    if server:
        return (
            "The PostgreSQL server that DATABASE_URL names. Nothing of yours is changed there; "
            "what needs a server of our own is left out."
        )
    return f"No PostgreSQL server: {server.why}. What needs one is left out; all else works."


def _find_server() -> Server:
    if os.environ.get("POOLKIT_GRADED"):
        return Server(why="none is needed to grade")
    if psycopg is None:
        return Server(why="the package psycopg is missing: `pip install -r requirements.txt`")
    if asked := asked_for(os.environ.get("DATABASE_URL", "")):
        return _theirs(asked)
    try:
        held = own_server()
        with psycopg.connect(held.address(), autocommit=True) as conn:
            conn.execute("CREATE ROLE app LOGIN")
            conn.execute("GRANT CREATE ON SCHEMA public TO app")
    except (NoServer, psycopg.Error) as error:
        return Server(why=" ".join(str(error).split()).rstrip("."))
    return Server(held.address("app"), held)


def asked_for(url: str) -> str:
    """The address in DATABASE_URL if it is one of PostgreSQL's, as psycopg reads it; else ''."""
    url = re.sub(
        r"^(postgres(?:ql)?)\+\w+://", r"\1://", url.strip()
    )  # SQLAlchemy names its driver
    scheme = re.match(r"(\w[\w+.-]*):", url)
    if scheme and scheme[1] not in ("postgres", "postgresql"):
        return ""
    return url


def _theirs(url: str) -> Server:
    try:
        parts = psycopg.conninfo.conninfo_to_dict(url)
        address = psycopg.conninfo.make_conninfo(url, **{"connect_timeout": 5, **_timeout(parts)})
        psycopg.connect(address).close()
    except psycopg.Error as error:
        # What it says of an address that cannot be read may hold the password.
        known = isinstance(error, psycopg.OperationalError)
        said = " ".join(str(error).split()) if known else "its address cannot be read"
        secret = psycopg.conninfo.conninfo_to_dict(url).get("password") if known else ""
        said = said.replace(str(secret), "…") if secret else said
        return Server(why=f"DATABASE_URL is set, and {said}"[:300].rstrip("."))
    return Server(address)


def _timeout(parts: dict) -> dict:
    return {"connect_timeout": parts["connect_timeout"]} if "connect_timeout" in parts else {}


def _leave_out(server: Server) -> None:
    """Let IPython leave out the cells that cannot be run; a second call takes the first's place."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        return
    earlier = shell.input_transformers_cleanup
    earlier[:] = [one for one in earlier if not isinstance(one, LeavesOut)]
    if not server.own:
        earlier.insert(0, LeavesOut(server))


class LeavesOut:
    """Puts a line that says so in the place of a cell that needs what there is not."""

    def __init__(self, server: Server) -> None:
        self._whys = {ON_OWN: "this needs a server of our own"}
        if not server:
            self._whys = dict.fromkeys((ON_ANY, ON_OWN), "there is no server")

    def __call__(self, lines: list[str]) -> list[str]:
        why = self._whys.get(lines[0].strip()) if lines else None
        return lines if why is None else [f"print({_LEFT_OUT.format(why=why)!r})\n"]


_BOUNCER = """
[databases]
postgres = host={folder} port=5432 user=app dbname=postgres
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = 6432
auth_type = any
pool_mode = transaction
default_pool_size = 1
max_client_conn = 500
"""


def _wait_for(address: str, seconds: float = 3.0) -> None:
    """Wait until somebody answers there."""
    ends = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(address).close()
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > ends:
                raise NoServer("PgBouncer did not start") from error
            time.sleep(0.02)
