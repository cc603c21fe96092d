"""A slip: the answer with a line changed, and what to say to whoever changed it that way.

    slip("kept on the shelf", breaks="lends_each_once counts", edit='''
    -            return self._idle.pop()
    +            return self._idle[-1]
    ''', says="Looking at the last item is not enough; it has to leave the list.")

The wrong answer is made from the answer's own source. What a slip says is told only to an answer
that behaves, over all that was tried, just as the slip does.
"""

from __future__ import annotations

import ast
import functools
import linecache
import sys
from dataclasses import dataclass

HANGS = ("hung", "stands still")  # after these nothing more is run


@dataclass(frozen=True)
class Slip:
    """`reason`: what its first broken claim fails with. `breaks`: the claims it breaks, but for the
    short histories, which nearly every slip does.

    `says`: the diagnosis, added to the telling; empty where the telling says it all.
    `beyond`: why the short histories cannot see it; empty where they can.
    """

    reason: str
    edit: str
    says: str = ""
    breaks: frozenset[str] = frozenset()
    beyond: str = ""

    def broken(self, exercise) -> frozenset[str]:
        """The names of all claims of the exercise that it breaks."""
        last = exercise.histories
        sees = last is not None and not self.beyond and self.reason not in HANGS
        return self.breaks | {last.__name__} if sees else self.breaks


def slip(reason: str, says: str = "", *, edit: str, breaks: str = "", beyond: str = "") -> Slip:
    """Write down a wrong answer as an edit of the right one. See Slip."""
    return Slip(reason, edit, says, frozenset(breaks.split()), beyond)


class Misfit(ValueError):
    """An edit does not fit the source that it is for."""


def edited(source: str, edit: str) -> str:
    """Apply an edit: lines that begin with `-` go, with `+` come, with a space stay.

    A line `...` ends one place and begins the next, further down. Each place is looked for as
    a run of lines; indentation counts from the edit's own left margin. Raises Misfit if a place
    is not found, or is found twice.
    """
    lines, start = source.splitlines(), 0
    for hunk in _hunks(edit):
        old = [line[1:] for line in hunk if line[0] in " -"]
        new = [line[1:] for line in hunk if line[0] in " +"]
        at = _places(lines, old, start)
        if len(at) != 1:
            raise Misfit(f"found {len(at)} times, should be once: {old}")
        lines[at[0] : at[0] + len(old)] = new
        start = at[0] + len(new)
    return "\n".join(lines) + "\n"


def _hunks(edit: str) -> list[list[str]]:
    hunks: list[list[str]] = [[]]
    for line in edit.strip("\n").splitlines():
        if line.strip() == "...":
            hunks.append([])
        elif line.strip() == "":
            hunks[-1].append(" ")
        elif line[0] in "+- ":
            hunks[-1].append(line)
        else:
            raise Misfit(f"a line of an edit begins with -, + or a space: {line!r}")
    return hunks


def _places(lines: list[str], old: list[str], start: int) -> list[int]:
    if not any(line.strip() for line in old):
        raise Misfit("an edit needs a line that stays or goes, to say where")
    wanted = [line.rstrip() for line in old]
    have = [line.rstrip() for line in lines]
    return [at for at in range(start, len(lines)) if have[at : at + len(wanted)] == wanted]


def made_from(source: str, answer: object, filename: str) -> object:
    """Run an exercise's source as a notebook cell would be, among the names of its lesson."""
    names = {**vars(sys.modules[answer.__module__]), "__name__": "a_notebook"}
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec", dont_inherit=True), names)
    return names[answer.__name__]


@functools.lru_cache(maxsize=256)
def thing_of(exercise, number: int) -> object:
    """The wrong answer that the exercise's slip of this number stands for."""
    from poolkit.course.source import solution_source

    source = edited(solution_source(exercise), exercise.slips[number].edit)
    ast.parse(source)
    return made_from(source, exercise.answer, f"slip {number + 1} of {exercise.id}")
