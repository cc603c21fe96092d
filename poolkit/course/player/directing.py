"""Directing an act: start it, wait for its end, and leave no thread running, whatever happens.

The director's thread waits in short slices, so that it sees when nobody wants the result any more,
and when a worker makes no step: in code that is not followed, or at a lock that cannot be seen.
"""

import dis
import sys

from poolkit.course.player.locks import real_monotonic
from poolkit.course.player.stage import Stage
from poolkit.course.player.worker import Worker

PATIENCE = 1.0  # real seconds without a step before a worker counts as stuck
SLICE = 0.02  # real seconds between two looks


def act(stage: Stage, parts: list[tuple[Worker, str, object]], main=True, followed=True) -> None:
    """Play the parts until each is done or a verdict falls, and leave no worker running.

    `main`: these are the scene's workers, not its set-up or its end. `followed`: what they run is
    looked at step by step.
    """
    stage.over.acquire(blocking=False)  # in case the act before left it open
    for index, (worker, name, job) in enumerate(parts):
        worker.cast(stage, index, name, job, followed)
    try:
        stage.open([worker for worker, _, _ in parts], main)
        _watch(stage)
    finally:
        _end_all(stage)


def _watch(stage: Stage) -> None:
    """Wait for the end of the act; see to a worker that makes no step any more."""
    seen, since, places = -1, real_monotonic(), set()
    while not stage.over.acquire(timeout=SLICE):
        if stage.cancelled.is_set():
            stage.stop("cancelled", stage.current)
            return
        moved = stage.steps + stage.moves
        if moved != seen:
            seen, since, places = moved, real_monotonic(), set()
            continue
        places.add(_standing(stage))
        if real_monotonic() - since > (PATIENCE if stage.verdict is None else 0.1):
            # One that runs, in code that is not followed, is endless; one that waits, stuck.
            runs = len(places) > 1 or None in places
            stage.out_of_sight = True
            stage.stop("endless" if runs else "stuck", stage.current, stage.strange_code())
            return


def _standing(stage: Stage) -> tuple | None:
    """The instruction that the current worker is on, or None if it is on none that waits."""
    frame = sys._current_frames().get(stage.current.thread.ident)
    if frame is None:
        return ()
    at = frame.f_lasti
    step = dis.opname[frame.f_code.co_code[at]]
    return None if step.startswith(("JUMP", "RESUME")) else (frame.f_code, at)


def _end_all(stage: Stage) -> None:
    """End the parked workers one after the other, and last the one that does not move."""
    if all(worker.done for worker in stage.cast):
        return
    stage.ending = True
    parked = [w for w in stage.cast if not w.done and w is not stage.current]
    for worker in parked:
        worker.gate.release()
        _end(stage, worker)
    if stage.current is not None and not stage.current.done:
        _end(stage, stage.current)


def _end(stage: Stage, worker: Worker) -> None:
    until = real_monotonic() + 0.5
    patience = real_monotonic() + 0.1
    while not worker.done and real_monotonic() < until:
        if real_monotonic() > patience:
            worker.end_by_force()
        stage.over.acquire(timeout=SLICE)
    worker.spoiled = worker.spoiled or not worker.done
