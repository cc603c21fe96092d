"""What came of a promise: kept, broken, not offered, or not judged."""

from typing import NamedTuple

MARKS = {"kept": "✓", "broken": "✗", "not offered": "–", "not judged": "?"}


class Verdict(NamedTuple):
    """`why`: what was seen, or why there is nothing to see; `kind`: how a play was stopped.

    `lesson`: where that can be read up, if not in the promise's own; 0: in none.
    """

    what: str
    why: str = ""
    kind: str = ""
    lesson: int | None = None

    def __str__(self) -> str:
        return f"{self.what}: {self.why}" if self.why else self.what
