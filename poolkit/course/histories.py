"""Every short history: all small inputs tried on the learner's answer and on ours, shortest first.

What the player is for threads, this is for everything else: most faults show in a small case, so
all small cases are tried (the small-scope hypothesis of Jackson's Alloy; SmallCheck, Runciman,
Naylor and Lindblad, 2008). Only what the exercise's text promises is compared.

    pools = Histories(
        "Over every short history of loans it does what the text says.",
        inputs=lambda: sequences(("acquire", "give back"), 4),
        play=play,    # (thing, history) -> the Seen of each moment, in order
        tell=", ".join,    # a history in words
    )
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from poolkit.course.exercises import NotJudged, WrongType, because, same
from poolkit.course.guard import Ended, NoInput, their_line
from poolkit.course.shown import short


@dataclass(frozen=True)
class Seen:
    """One thing observed: `what` in words, the value that is compared, and how it is told.

    "the last `acquire` lends" + "connection 2". `value` is plain: numbers, text, lists of them.
    `told` stands for the value where its repr would not read well.
    """

    what: str
    value: object
    told: str = ""

    def __str__(self) -> str:
        return f"{self.what} {self.told or short(self.value)}"


@dataclass(frozen=True)
class Difference:
    """The shortest history that tells an answer from ours, and what was seen in each."""

    history: str
    ours: str
    theirs: str


class Histories:
    """The last claim of an exercise. Calling it with an answer raises where that differs from ours.

    `inputs`: the histories, in order of length; `play(thing, history)` gives what was observed,
    an iterable of Seen: what it raises is caught and becomes the last thing seen. `tell(history)`
    puts a history into words. `answer`: what is compared with; the exercise's own answer if None.
    """

    def __init__(
        self,
        sentence: str,
        *,
        inputs: Callable[[], Iterable],
        play: Callable[[object, object], Iterable[Seen]],
        tell: Callable[[object], str] = str,
    ) -> None:
        self.__doc__ = sentence
        self.__name__ = "every_short_history"
        self._inputs, self._play, self._tell = inputs, play, tell
        self.answer: object = None  # set by the exercise that has it
        self._ours: list[list[Seen]] | None = None
        self._histories: list | None = None

    def __call__(self, thing: object) -> None:
        found = self.first_difference(thing)
        if found is not None:
            raise AssertionError(
                because(
                    "another history", history=found.history, ours=found.ours, theirs=found.theirs
                )
            )

    def __len__(self) -> int:
        return len(self._all())

    def first_difference(self, thing: object) -> Difference | None:
        """Try the histories in order; the first in which something other than ours was seen."""
        rows = zip(self._all(), self._reference(), self.observe_all(thing), strict=True)
        for history, ours, theirs in rows:
            if not _alike(ours, theirs):
                return self._difference(history, ours, theirs)
        return None

    def behave_alike(self, one: object, other: object) -> bool:
        """Whether two answers are seen to do the same in every history."""
        return all(map(_alike, self.observe_all(one), self.observe_all(other)))

    def observe_all(self, thing: object) -> Iterator[list[Seen]]:
        """What is seen of each history, in order; a claim may play several of them at once."""
        return (self.observe(thing, history) for history in self._all())

    def observe(self, thing: object, history: object) -> list[Seen]:
        """What is seen of one history, to its end or to the exception that ended it."""
        seen: list[Seen] = []
        try:
            for one in self._play(thing, history):
                seen.append(one)
        except (Ended, NoInput, NotJudged):
            raise
        except BaseException as error:
            seen.append(raised(error))
        return seen

    def _all(self) -> list:
        if self._histories is None:
            self._histories = list(self._inputs())
        return self._histories

    def _reference(self) -> list[list[Seen]]:
        if self._ours is None:
            self._ours = list(self.observe_all(self.answer))
        return self._ours

    def _difference(self, history: object, ours: list[Seen], theirs: list[Seen]) -> Difference:
        pairs = itertools.zip_longest(ours, theirs)
        mine, yours = next(pair for pair in pairs if not _same_seen(*pair))
        return Difference(self._tell(history), _said(mine), _said(yours))


ENDED = "nothing more happens"


def _said(seen: Seen | None) -> str:
    return ENDED if seen is None else str(seen)


def _same_seen(one: Seen | None, other: Seen | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.what == other.what and same(other.value, one.value)


def _alike(ours: Sequence[Seen], theirs: Sequence[Seen]) -> bool:
    return len(ours) == len(theirs) and all(map(_same_seen, ours, theirs))


def raised(error: BaseException) -> Seen:
    """An exception as something seen: compared by its class, told with its line if it has one."""
    name = type(error).__name__
    if isinstance(error, WrongType):
        return Seen("it gives another kind of thing", str(error), f"({error})")
    line = their_line(error.__traceback__)
    return Seen("it raises", name, f"{name}, at your {line}" if line else name)


def call(what: str, function: Callable, *args: object, **kwargs: object) -> Seen:
    """Call a function and see what it gives or raises. Not for calls that have to be ended."""
    try:
        return Seen(f"{what} gives", function(*args, **kwargs))
    except (Ended, NoInput):
        raise
    except BaseException as error:
        seen = raised(error)
        return Seen(f"{what} raises", seen.value, seen.told)


def grid(**choices: Iterable) -> Iterator[dict]:
    """All combinations of some values for each argument, those near the front of the lists first."""
    names, values = list(choices), [list(some) for some in choices.values()]
    ranked = itertools.product(*(enumerate(some) for some in values))
    for combination in sorted(ranked, key=lambda c: sum(rank for rank, _ in c)):
        yield dict(zip(names, (value for _, value in combination), strict=True))


def sequences(
    moves: Sequence, longest: int, fits: Callable[[tuple], bool] = lambda so_far: True
) -> Iterator[tuple]:
    """All sequences of 1 to `longest` moves, in order of length, as long as every beginning fits."""
    row: list[tuple] = [()]
    for _ in range(longest):
        row = [(*so_far, move) for so_far in row for move in moves if fits((*so_far, move))]
        yield from row
