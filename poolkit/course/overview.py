"""`progress`: what is solved, what was predicted, what comes next."""

from __future__ import annotations

from poolkit.course.exercises import lesson_part
from poolkit.course.lessons import LESSONS
from poolkit.course.shown import Card
from poolkit.course.state import MEMORY, Store, store


def lesson_rows(kept: Store) -> tuple[list[list[str]], str]:
    """The table of the lessons, with its head, and the id of the first exercise not solved, or ''.

    The stages of the last lesson count as exercises.
    """
    solved, guesses = kept.solved(), kept.predictions()
    rows, following = [["lesson", "exercises", "predicted", "right"]], ""
    for lesson in LESSONS:
        tasks = (*lesson_part(lesson.name, "stages"), *lesson_part(lesson.name, "exercises"))
        exercises = [one.id for one in tasks]
        asked = [one.id for one in lesson_part(lesson.name, "predictions")]
        done = [id for id in exercises if id in solved]
        made = [id for id in asked if id in guesses]
        right = [id for id in made if guesses[id][0] == guesses[id][1]]
        counts = f"{len(done)} of {len(exercises)}", f"{len(made)} of {len(asked)}", str(len(right))
        rows.append([lesson.label, *counts])
        open_ids = [id for id in exercises if id not in solved]
        following = following or (open_ids[0] if open_ids else "")
    return rows, following


def progress() -> None:
    """Show a table of the lessons: exercises solved, predictions made and right, what comes next."""
    kept = store()
    rows, following = lesson_rows(kept)
    card = Card("Your progress").table(rows)
    card.say(f"Next: `{following}`." if following else "Every exercise is solved.")
    if kept.path == MEMORY:
        card.say(
            "Kept only until the kernel stops: this notebook does not run in my_work/ (`poolkit lab` opens it there)."
        )
    card.show()
