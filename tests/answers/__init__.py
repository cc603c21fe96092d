"""Other right answers to the exercises, and wrong ones by name; one file a lesson.

    @right("simple.reuse")
    class ReusingPool(Shelf): ...

    @wrong("simple.reuse", "always new", breaks="reuses counts")
    class ReusingPool(Shelf): ...

A wrong answer gives the reason it must be refused for (a misconception's key, or a rung of the
ladder such as "raised IndexError") and the names of the claims it breaks, but for the last one,
every short history, which nearly all break; it keeps all others. `unjudged`: claims of which it
must not be said that they hold, since what they ask about never came up.
"""

from dataclasses import dataclass

RIGHT: dict[str, list] = {}
WRONG: dict[str, list["Wrong"]] = {}
# Mutations of an answer that change nothing a claim could see, each with the reason why.
EQUIVALENT: dict[str, dict[str, str]] = {}


@dataclass(frozen=True)
class Wrong:
    thing: object
    reason: str
    breaks: frozenset[str]
    unjudged: frozenset[str] = frozenset()


def right(id: str):
    """Enter another right answer to an exercise."""

    def enter(thing):
        RIGHT.setdefault(id, []).append(thing)
        return thing

    return enter


def wrong(id: str, reason: str, breaks: str = "", unjudged: str = ""):
    """Enter a wrong answer, the reason it must be refused for, and every claim that it breaks."""

    def enter(thing):
        WRONG.setdefault(id, []).append(
            Wrong(thing, reason, *(frozenset(names.split()) for names in (breaks, unjudged)))
        )
        return thing

    return enter


def equivalent(id: str, mutation: str, why: str) -> None:
    """Enter a mutation, as the test names it, that is no mistake."""
    EQUIVALENT.setdefault(id, {})[mutation] = why
