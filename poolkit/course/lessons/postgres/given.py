"""What the notebook of lesson 12 is given: errors really made, a fork, a proxy, a picture of costs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

from poolkit.course.lessons.postgres.judging import psycopg
from poolkit.course.lessons.postgres.serving import Server
from poolkit.course.measuring import typical
from poolkit.course.postgres import NoServer

KEY = 120_000_000 + os.getpid()  # of advisory locks: two notebooks on one server have two


def provoke_errors(server: Server) -> dict[str, Exception]:
    """Some errors of psycopg's, each really made; on a server of yours nothing is left of them."""
    nowhere = psycopg.conninfo.make_conninfo(
        server.address, host="localhost", hostaddr="127.0.0.1", port=1
    )
    errors = {"nobody listens there": error_of(psycopg.connect, nowhere)}
    with (
        psycopg.connect(server.address, autocommit=True) as one,
        psycopg.connect(server.address, autocommit=True) as other,
    ):
        other.execute("SELECT pg_advisory_lock(%s)", [KEY])
        one.execute("SET lock_timeout = '20ms'")
        errors["another has the lock"] = error_of(one.execute, f"SELECT pg_advisory_lock({KEY})")
        one.execute("SET statement_timeout = '20ms'")
        errors["the statement took too long"] = error_of(one.execute, "SELECT pg_sleep(5)")
        errors["no such table"] = error_of(one.execute, "SELECT * FROM evnets")
        if server.own:
            errors["another changed the row"] = _changed_by_another(one, other)
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [one.info.backend_pid])
        errors["the server ended the session"] = error_of(one.execute, "SELECT 1")
    return errors


def _changed_by_another(one, other) -> Exception | None:
    """Two transactions add to the same row; the later one read it before the other's commit."""
    other.execute("DROP TABLE IF EXISTS counters")
    other.execute("CREATE TABLE counters AS SELECT 1 AS n")
    one.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    one.execute("SELECT n FROM counters")
    other.execute("UPDATE counters SET n = n + 1")
    error = error_of(one.execute, "UPDATE counters SET n = n + 1")
    one.execute("ROLLBACK")
    other.execute("DROP TABLE counters")
    return error


def error_of(func: Callable, *args: object) -> Exception | None:
    """What this call raises, if it raises."""
    try:
        func(*args)
    except Exception as exc:
        return exc
    return None


_FORKS = """
import os, sys, warnings, psycopg
warnings.simplefilter("ignore")
conn = psycopg.connect(sys.stdin.read(), autocommit=True)
child = os.fork()
if child == 0:
    conn.close()
    os._exit(0)
os.waitpid(child, 0)
try:
    conn.execute("SELECT 1")
    print("an answer")
except psycopg.OperationalError:
    print("an error")
"""


def fork_and_close(server: Server) -> str:
    """What a process gets that asks again after a child it forked has closed "its" connection.

    All of it happens in a process of its own, so that nothing of yours is shared.
    """
    if not hasattr(os, "fork"):
        return "an error"  # told, not run: this system has no fork, and so not this trouble
    done = subprocess.run(
        [sys.executable, "-c", _FORKS],
        input=server.address,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout.strip()


WHEN_WE_RAN_IT = (True, True)  # PgBouncer 1.18, PostgreSQL 18


def through_a_bouncer(server: Server, two_clients: Callable[[str], tuple]) -> tuple:
    """What `two_clients(address)` gives through PgBouncer; told where it cannot be run."""
    try:
        address = server.start_bouncer()
    except NoServer as error:
        print(f"{error}. This is what came out when we ran it:")
        return WHEN_WE_RAN_IT
    print("Run here, through PgBouncer:")
    return two_clients(address)


# --- what a connection costs

_ROWS = {
    "loan": "loan: acquire and release",
    "query": "query: SELECT 1",
    "open": "open, the same query, close",
}


def in_words(micros: float) -> str:
    """A length of time with as many digits as it is worth."""
    return (
        f"{micros / 1000:.1f} ms" if micros >= 1000 else f"{micros:.{0 if micros >= 10 else 1}f} µs"
    )


def cost_picture(costs: dict[str, list[float]]):
    """Draw what each costs, microseconds a round; gives the figure and its alternative text."""
    from poolkit.course import plots

    fig, axes = plots.figure(figsize=(7.0, 3.2))
    for y, (_, micros) in enumerate(costs.items()):
        marker, colour = plots.MARKERS[y], plots.LINES[y]
        axes.plot(micros, [y] * len(micros), marker, color=colour, alpha=0.45, linestyle="none")
        axes.plot([typical(micros)], [y], "|", color="black", markersize=26, markeredgewidth=2)
        axes.text(typical(micros), y + 0.34, in_words(typical(micros)), ha="center")
    axes.set_yticks(range(len(costs)), [_ROWS[name] for name in costs])
    axes.margins(x=0.1)
    axes.set_ylim(-0.5, len(costs) - 0.3)
    axes.set_xscale("log")
    axes.set_xlabel("microseconds, ×10 a step; each mark one round")
    return fig, (
        f"{len(costs)} rows of marks on a scale of microseconds: {', '.join(costs)}. "
        "The line in each row is the median."
    )


def cost_sentence(costs: dict[str, list[float]]) -> str:
    """What the picture shows, computed from its numbers; it may also be that it shows nothing."""
    loan, query, opening = (typical(costs[name]) for name in ("loan", "query", "open"))
    if not loan < query < opening:
        return (
            "Not shown on this machine: a query is not dearer than a loan and cheaper than opening."
        )
    return (
        f"On your machine one connection costs as much as {opening / query:,.0f} queries, or as "
        f"{opening / loan:,.0f} loans from the pool."
    )
