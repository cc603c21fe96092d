"""The promises on forks, tried in a process of their own that forks: `judged(name, pool)`.

    python -m tests.conformance.forking MODULE:CLASS

tells what came of each. A child says through a pipe how far it is; who hears nothing for
LIMIT seconds takes it as stuck.
"""

import contextlib
import functools
import gc
import importlib
import os
import select
import signal
import sys
import tempfile
import threading

from tests.conformance import adapter as shape
from tests.conformance import apart
from tests.conformance.desk import Desk
from tests.conformance.verdicts import Verdict

LIMIT = 3.0  # seconds
STUCK = "broken", "the process itself was stuck"
NOT_TRIED = "not judged", "the process was stuck before"


def judged(name, pool):
    if not hasattr(os, "fork"):
        return Verdict("not judged", "this system has no fork")
    found = _all(f"{pool.__module__}:{pool.__qualname__}", tuple(sys.path))
    return Verdict(*found.get(name, ("not judged", found.get("error", "it was not tried"))))


@functools.cache
def _all(spec, path):
    """Run this file on a pool, once for all its promises."""
    if spec.startswith("__main__:"):
        return {"error": "the class must be in a file, for another process to import it"}
    found, error = apart.ask(__name__, spec)
    return found or {"error": error}


class Child:
    """A fork of this process that runs `job(say, hear)`; both ways go through pipes."""

    def __init__(self, job):
        (self._in, theirs), (mine, self._out) = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            signal.alarm(int(LIMIT) * 2)
            try:
                job(lambda text: os.write(theirs, f"{text}\n".encode()), lambda: os.read(mine, 1))
            except BaseException as error:
                os.write(theirs, f"raised {error!r}\n".encode())
            os._exit(0)
        os.close(theirs)
        os.close(mine)

    def hear(self):
        """The next thing that the child says; None if it says nothing for too long."""
        ready, _, _ = select.select([self._in], [], [], LIMIT)
        return os.read(self._in, 4096).decode().strip() if ready else None

    def go_on(self):
        os.write(self._out, b".")

    def end(self):
        os.close(self._out)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


class Ground:
    """A pool on a database of its own, and what the parent has of it."""

    def __init__(self, pool, folder, size=2):
        self.kind = pool
        opener = shape.said(pool, "connect")
        self.desk = shape.said(pool, "desk", Desk)(f"{folder}/t.db", opener)
        self.desk.make_table()
        self.pool = pool(self.desk.connect, size, None if "timeout" in shape.lacks(pool) else 2.0)

    def write(self):
        """Borrow, write a row, commit, give back."""
        loan = self.pool.acquire()
        self.desk.write(loan)
        loan.commit()
        self.pool.release(loan)

    def close(self):
        """Close the pool, if it can be closed and says how."""
        if "close" not in shape.lacks(self.kind) and hasattr(self.pool, "close_all"):
            self.pool.close_all()

    def inherited(self, loan, made):
        conn = shape.raw(self.kind, loan)
        return any(conn is other for other in made)


def child_has_its_own(ground):
    ground.write()
    made = list(ground.desk.made)

    def job(say, hear):
        loan = ground.pool.acquire()
        say("inherited" if ground.inherited(loan, made) else "own")

    said = _once(job)
    if said == "inherited":
        return "the child borrowed, and got the connection that its parent had open"
    if said != "own":
        return f"with nothing lent at the fork the child borrowed, and {said or 'was stuck'}"
    return None


def child_is_not_stuck(ground):
    loan = ground.pool.acquire()
    made = list(ground.desk.made)

    def job(say, hear):
        try:
            mine = ground.pool.acquire()
        except shape.timed_out(ground.kind):
            say("timed out")
        except Exception:
            say("refused")
        else:
            say("inherited" if ground.inherited(mine, made) else "own")

    said = _once(job)
    ground.pool.release(loan)
    if said == "inherited":
        return "forked in the midst of a loan, the child was handed its parent's connection"
    if said not in ("own", "refused"):
        return f"forked in the midst of a loan, the child {said or 'was stuck'}"
    return None


def parent_goes_on(ground):
    loan = ground.pool.acquire()
    ground.desk.write(loan)

    def job(say, hear):
        with contextlib.suppress(Exception):  # to be refused is right
            ground.pool.release(ground.pool.acquire())
        with contextlib.suppress(Exception):
            ground.close()
        say("done")

    said = _once(job)
    if said != "done":
        return f"the child borrowed and closed the pool, and {said or 'was stuck'}"
    try:
        loan.commit()
        ground.pool.release(loan)
        rows = ground.desk.rows()
    except Exception as error:
        return f"the child used the pool, and the parent's commit failed: {error}"
    return None if rows == 1 else "the child used the pool, and what the parent committed is lost"


def nothing_committed_is_lost(ground):
    ground.desk.share_log()
    ground.write()

    def job(say, hear):
        for _ in range(2):
            try:
                ground.write()
                say("wrote")
            except Exception:
                say("failed")  # told, and so not lost
            hear()

    child = Child(job)
    said = [child.hear()]
    ground.write()
    ground.close()
    ground.pool = None
    gc.collect()
    child.go_on()
    said.append(child.hear())
    child.end()
    if None in said:
        return "the child wrote, and was stuck"
    wrote, rows = 2 + said.count("wrote"), ground.desk.rows()
    return None if rows == wrote else f"{wrote} rows were committed, and {rows} are there"


def _once(job):
    child = Child(job)
    said = child.hear()
    child.end()
    return said


TRIALS = {
    "ChildHasItsOwn": child_has_its_own,
    "ChildIsNotStuck": child_is_not_stuck,
    "ParentGoesOn": parent_goes_on,
    "NothingCommittedIsLost": nothing_committed_is_lost,
}


def main(spec):
    tell = apart.teller()
    module, _, name = spec.partition(":")
    pool = functools.reduce(getattr, name.split("."), importlib.import_module(module))
    found = {}
    for trial, job in TRIALS.items():
        found[trial] = _tried(job, pool)
        if found[trial] == STUCK:
            break
    tell({**dict.fromkeys(TRIALS, NOT_TRIED), **found})
    os._exit(0)  # what the pools still have open is of no interest


def _tried(job, pool):
    """The verdict on one promise, in a thread, since the parent may be stuck as well."""
    came = []

    def trial():
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            try:
                came.append(job(Ground(pool, folder, 1 if job is child_is_not_stuck else 2)))
            except BaseException as error:
                came.append(f"{error!r} came out")

    thread = threading.Thread(target=trial, daemon=True)
    thread.start()
    thread.join(3 * LIMIT)
    if not came:
        return STUCK
    return ("broken", came[0]) if came[0] else ("kept", "")


if __name__ == "__main__":
    main(sys.argv[1])
