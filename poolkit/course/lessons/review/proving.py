"""How a proof of the learner's is proved: right pools pass, and each pool with its fault fails."""

from __future__ import annotations

from collections.abc import Iterator

from poolkit import ConnectionPool
from poolkit.course.exercises import because
from poolkit.course.guard import Ended, NoInput
from poolkit.course.histories import Histories, Seen
from poolkit.course.lessons.review.benches import bench
from poolkit.course.lessons.review.faults import WORLD, Lazy, Unshelved
from poolkit.course.lessons.review.found import FoundPool, MendedPool
from poolkit.course.lessons.review.scenes import complaint


def matrix(*names: str) -> Histories:
    """The last claim of an exercise that is a proof: on each pool of the world it does as ours."""

    def try_proof(proof_class: type, history: tuple[str, type]) -> Iterator[Seen]:
        name, pool_class = history
        error = said_of(proof_class, name, pool_class)
        told = f"fails: {complaint(error)}" if error is not None else "passes"
        yield Seen("the proof", error is None, told)

    worlds = (
        [one for one in WORLD if one not in (Unshelved, Lazy)] if "interrupted" in names else WORLD
    )
    return Histories(
        "On every pool that we have, right or wrong in one way, it passes or fails as it should.",
        inputs=lambda: [(name, pool_class) for pool_class in worlds for name in names],
        play=try_proof,
        tell=lambda history: f"`{history[0]}` on {WORLD[history[1]]}",
    )


RIGHT = (MendedPool, ConnectionPool)


def said_of(proof_class: type, name: str, pool_class: type) -> BaseException | None:
    """What a proof raises on the bench of this pool class; None if it passes."""
    with bench(pool_class) as tried:
        try:
            getattr(proof_class(), name)(tried)
        except (SystemExit, Ended, NoInput):
            raise
        except BaseException as error:  # also what `pytest.raises` raises
            return error
    return None


def passes(proof_class: type, *names: str) -> None:
    """Assert that these proofs pass on pools that are right."""
    for pool_class in RIGHT:
        for name in names:
            error = said_of(proof_class, name, pool_class)
            if error is not None and not isinstance(error, AssertionError):
                raise error
            assert error is None, because("fails the right", name=name, error=complaint(error))


def fails(proof_class: type, name: str, pool_class: type, key: str) -> None:
    """Assert that a proof fails on a pool that is wrong."""
    assert said_of(proof_class, name, pool_class) is not None, key


def fails_as_found(proof_class: type, name: str, pool_class: type, key: str) -> None:
    """Assert that a proof fails on a pool with one of the faults found, and on the found pool."""
    fails(proof_class, name, pool_class, key)
    fails(proof_class, name, FoundPool, key)
