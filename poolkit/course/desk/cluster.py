"""Grade on a Dask cluster: the scheduler hands submissions to workers, and again if one is lost.

A scheduler that goes away is looked for again, and gets only what has not come back yet. What has
come back is with the caller, who keeps it.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable

from poolkit.course.desk.grade import course_digest, grade_submission
from poolkit.course.desk.results import Graded
from poolkit.course.desk.running import Limits
from poolkit.course.desk.speaking import DeskError
from poolkit.course.desk.submissions import NotGraded, Submission

PATIENCE = 120.0  # seconds that a scheduler which was there may be away
_ADDRESS = re.compile(r"((tcp|tls|ws|wss)://)?(\[[\w:.%]+\]|[\w.-]+):\d+")
RETRIES = 5  # of a submission whose worker was lost; the scheduler's own limit counts besides


def grade_on_cluster(address: str, left: list[Submission], limits: Limits, note: Callable) -> None:
    """Grade them all; `note(path, found)` gets each as it comes. Raises DeskError."""
    if not _ADDRESS.fullmatch(address):
        raise DeskError(f"--cluster {address}: an address is HOST:PORT or tcp://HOST:PORT")
    waiting = dict(enumerate(left))
    known, away = False, time.monotonic()
    while waiting:
        client = _connect(address)
        if client is None:
            if not known or time.monotonic() - away > PATIENCE:
                raise DeskError(f"no Dask scheduler answers at {address}")
            time.sleep(1.0)
            continue
        known = True
        try:
            _grade_with(client, waiting, limits, note)
        finally:
            away = time.monotonic()
            client.close(timeout=2)


def _connect(address: str):
    try:
        from distributed import Client
    except ImportError as missing:
        raise DeskError(
            f"--cluster needs distributed ({missing}): python -m pip install -e '.[cluster]'"
        ) from missing
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        return Client(address, timeout=5, set_as_default=False)
    except (OSError, ValueError, ImportError):
        return None


def _grade_with(client, waiting: dict[int, Submission], limits: Limits, note: Callable) -> None:
    """Until all is done, or the scheduler is gone: then what is left stays in `waiting`."""
    tasks = {
        number: client.submit(_on_worker, one, limits, course_digest(), pure=False, retries=RETRIES)
        for number, one in waiting.items()
    }
    while waiting and client.status == "running":
        for number in list(waiting):
            status = tasks[number].status
            if status in ("cancelled", "lost"):
                return
            if status == "pending":
                continue
            found = _found(tasks[number], waiting[number])
            note(waiting[number].path, found)
            del waiting[number], tasks[number]
        time.sleep(0.05)


def _found(task, submission: Submission) -> Graded | str:
    if task.status == "finished":
        return task.result(timeout=30)
    error = task.exception(timeout=30)
    if isinstance(error, DeskError):
        raise error
    text = " ".join(str(error).split())[:200]
    return f"{submission.path}: the cluster could not grade it: {type(error).__name__}: {text}"


def _on_worker(submission: Submission, limits: Limits, digest: str) -> Graded | str:
    if course_digest() != digest:
        raise DeskError("a worker has another version of the course: install the same one on all")
    try:
        return grade_submission(submission, limits, threading.Event())
    except NotGraded as problem:
        return str(problem)
