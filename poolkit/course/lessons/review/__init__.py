"""Lesson 09, review: a pool as one finds it, seven of its faults, and for each a proof and a mend."""

from poolkit.course.lessons.review.benches import (
    ANN,
    BEN,
    NOBODY,
    Bench,
    ask,
    bench,
    five_users,
    rows,
)
from poolkit.course.lessons.review.beside import laid_beside
from poolkit.course.lessons.review.ending import EndProof, mend_end, prove_end
from poolkit.course.lessons.review.found import (
    CleanPool,
    FoundPool,
    Mended1,
    Mended2,
    Mended3,
    MendedPool,
    SpeakingPool,
    WaitingPool,
)
from poolkit.course.lessons.review.predictions import explanations, predictions
from poolkit.course.lessons.review.returning import ReturnProof, mend_return, prove_return
from poolkit.course.lessons.review.scenes import WaitScene, stand_and_wait
from poolkit.course.lessons.review.starting import FirstProof, StartProof, mend_start, prove_start
from poolkit.course.lessons.review.waiting import WaitProof, mend_wait, prove_wait

__all__ = [
    "ANN", "BEN", "NOBODY", "Bench", "CleanPool", "EndProof", "FirstProof", "FoundPool",
    "Mended1", "Mended2", "Mended3", "MendedPool", "ReturnProof", "SpeakingPool", "StartProof",
    "WaitProof", "WaitScene", "WaitingPool", "ask", "bench", "exercises", "explanations",
    "five_users", "laid_beside", "predictions", "rows", "stand_and_wait",
]  # fmt: skip

exercises = (
    prove_start,
    mend_start,
    prove_wait,
    mend_wait,
    prove_return,
    mend_return,
    prove_end,
    mend_end,
)
