"""Answers to lesson 12: other right ones, and wrong designs. Slips are in the lesson's own files."""

import math

import psycopg
from psycopg import sql

from tests.answers import right, wrong

# --- postgres.transient


@right("postgres.transient")
def is_transient(exc):
    match getattr(exc, "sqlstate", None):
        case None:
            return isinstance(exc, psycopg.OperationalError)
        case "40001" | "40P01" | "53300" | "55P03" | "57P01" | "57P02" | "57P03" | "57P05":
            return True
        case code:
            return code[:2] == "08"


@right("postgres.transient")
def is_transient(exc):
    try:
        code = exc.sqlstate
    except AttributeError:
        return False  # psycopg's errors all have the attribute
    if not code:
        return isinstance(exc, psycopg.OperationalError)
    if code in {"40001", "40P01", "53300", "55P03"}:
        return True
    return code.find("08") == 0 or (
        code.startswith("57P0") and code != "57P04" and code[4] in "1235"
    )


@right("postgres.transient")
def is_transient(exc):
    passing = "40001 40P01 53300 55P03 57P01 57P02 57P03 57P05".split()
    if hasattr(exc, "sqlstate") and exc.sqlstate is not None:
        for code in passing:
            if exc.sqlstate == code:
                return True
        return exc.sqlstate[0:2] == "08"
    return issubclass(type(exc), psycopg.OperationalError)


@wrong("postgres.transient", "another history")
def is_transient(exc):
    # the codes of the class that the lesson names, and no others of it
    code = getattr(exc, "sqlstate", None)
    if code is None:
        return isinstance(exc, psycopg.OperationalError)
    return code in (
        "08000", "08001", "08003", "08004", "08006", "08P01", "40001", "40P01", "53300", "55P03",
        "57P01", "57P02", "57P03", "57P05",
    )  # fmt: skip


@wrong("postgres.transient", "others", breaks="knows_what_has_no_code")
def is_transient(exc):
    code = getattr(exc, "sqlstate", None)
    if code is None:
        return isinstance(exc, (psycopg.OperationalError, TimeoutError, ConnectionError))
    return code.startswith("08") or code in (
        "40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03", "57P05",
    )  # fmt: skip


@wrong("postgres.transient", "another history")
def is_transient(exc):
    if exc.__class__.__name__ == "OperationalError":
        exc = psycopg.OperationalError()
    code = getattr(exc, "sqlstate", None)
    if code is None:
        return isinstance(exc, psycopg.OperationalError)
    return code.startswith("08") or code in (
        "40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03", "57P05",
    )  # fmt: skip


# --- postgres.session


class Given:
    def __init__(self, settings):
        self.settings = settings


@right("postgres.session")
class Session(Given):
    def configure(self, conn):
        with conn.cursor() as cursor:
            cursor.executemany("SELECT set_config(%s, %s, false)", self.settings.items())

    def reset(self, conn):
        conn.set_autocommit(True)
        conn.execute("DISCARD ALL")
        conn.set_autocommit(False)
        self.configure(conn)
        conn.commit()


@right("postgres.session")
class Session(Given):
    def configure(self, conn):
        for name in self.settings:
            value = sql.Literal(self.settings[name])
            conn.execute(sql.SQL("SET {} TO {}").format(sql.Identifier(name), value))

    def reset(self, conn):
        conn.rollback()
        conn.execute("RESET ALL")
        conn.execute("SELECT pg_advisory_unlock_all()")
        conn.execute("UNLISTEN *")
        conn.execute("DISCARD TEMP")
        self.configure(conn)
        conn.commit()


@right("postgres.session")
class Session(Given):
    def configure(self, conn):
        for name, value in self.settings.items():
            text = value.replace("'", "''")
            conn.execute(f"set session {name} = '{text}';")

    def reset(self, conn):
        conn.execute("RESET ALL; SELECT pg_advisory_unlock_all(); UNLISTEN *; DISCARD TEMPORARY")
        with conn.transaction():
            Session.configure(self, conn)
        conn.commit()


@right("postgres.session")
class Session(Given):
    def configure(self, conn):
        ask = "select set_config(%(name)s, %(value)s, 'f')"
        for name, value in dict(self.settings).items():
            conn.execute(ask, {"name": name, "value": value})
        conn.commit()

    def reset(self, conn):
        before, conn.autocommit = conn.autocommit, True
        try:
            conn.cursor().execute("discard all")
            self.configure(conn)
        finally:
            conn.autocommit = before


@wrong("postgres.session", "settings lost", breaks="keeps_its_own")
class Session(Given):
    def configure(self, conn):
        for name, value in self.settings.items():
            conn.execute("SELECT set_config(%s, %s, false)", (name, value))

    def reset(self, conn):
        conn.autocommit = True
        conn.execute("DISCARD ALL")
        conn.autocommit = False
        self.configure(conn)


@wrong(
    "postgres.session",
    "unknown",
    unjudged="sets_for_the_session takes_any_text keeps_the_connection every_short_history",
)
class Session(Given):
    def configure(self, conn):
        for name, value in self.settings.items():
            conn.execute(f"ALTER SESSION SET {name} = '{value}'")

    def reset(self, conn):
        conn.autocommit = True
        conn.execute("DISCARD ALL")
        self.configure(conn)


@wrong(
    "postgres.session",
    "closed",
    breaks="keeps_the_connection",
)
class Session(Given):
    def configure(self, conn):
        for name, value in self.settings.items():
            conn.execute("SELECT set_config(%s, %s, false)", (name, value))

    def reset(self, conn):
        conn.autocommit = True
        with conn:
            conn.execute("DISCARD ALL")
            self.configure(conn)


@wrong("postgres.session", "raises with autocommit", breaks="works_with_autocommit")
class Session(Given):
    def configure(self, conn):
        for name, value in self.settings.items():
            conn.execute("SELECT set_config(%s, %s, false)", (name, value))

    def reset(self, conn):
        if conn.autocommit:
            raise ValueError("somebody else's connection")
        conn.autocommit = True
        conn.execute("DISCARD ALL")
        self.configure(conn)


@wrong("postgres.session", "autocommit", breaks="works_with_autocommit")
class Session(Given):
    def configure(self, conn):
        conn.autocommit = False
        for name, value in self.settings.items():
            conn.execute("SELECT set_config(%s, %s, false)", (name, value))

    def reset(self, conn):
        conn.autocommit = True
        conn.execute("DISCARD ALL")
        self.configure(conn)
        conn.commit()


@wrong("postgres.session", "set otherwise", breaks="sets_for_the_session")
class Session(Given):
    def configure(self, conn):
        for name, value in self.settings.items():
            conn.execute("SELECT set_config(%s, %s, false)", (value, name))

    def reset(self, conn):
        conn.autocommit = True
        conn.execute("DISCARD ALL")
        self.configure(conn)


@wrong("postgres.session", "settings changed", breaks="keeps_its_own")
class Session(Given):
    def configure(self, conn):
        for name, value in self.settings.items():
            conn.execute("SELECT set_config(%s, %s, false)", (name, value))

    def reset(self, conn):
        conn.autocommit = True
        conn.execute("RESET application_name")
        conn.execute("SELECT pg_advisory_unlock_all()")
        conn.execute("UNLISTEN *")
        conn.execute("DISCARD TEMP")


# --- postgres.share


@right("postgres.share")
def largest_pool(max_connections, reserved, servers, processes=1, rolling=False):
    for_each_server = max_connections - reserved
    if rolling:
        servers += servers
    share = math.floor(for_each_server / (servers * processes))
    if share <= 0:
        raise ValueError("they do not fit")
    return share


@right("postgres.share")
def largest_pool(max_connections, reserved, servers, processes=1, rolling=False):
    pools = sum(processes for _ in range(servers))
    size = 0
    while (size + 1) * pools * (1 + rolling) + reserved <= max_connections:
        size += 1
    if not size:
        raise ValueError(f"no room for {pools} pools")
    return size


@right("postgres.share")
def largest_pool(max_connections, reserved, servers, processes=1, rolling=False):
    size, _ = divmod(max_connections - reserved, servers * processes)
    if rolling:
        size = int(size / 2)
    if size < 1:
        raise ValueError
    return size


@wrong("postgres.share", "another history")
def largest_pool(max_connections, reserved, servers, processes=1, rolling=False):
    size = max((max_connections - reserved) // (servers * processes), 1)
    if rolling:
        size //= 2
    if size < 1 or max_connections - reserved < servers * processes:
        raise ValueError
    return min(size, 32)


@wrong("postgres.share", "signature")
def largest_pool(max_connections, servers):
    return max_connections // servers
