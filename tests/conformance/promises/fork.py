"""Fork: a process that splits in two while a pool has connections open."""

from tests.conformance.forking import judged
from tests.conformance.story import Story


class ForkStory(Story):
    # Played in a process of its own, which forks.
    needs = "fork"

    @classmethod
    def judge(cls, pool):
        return judged(cls.__name__, pool)


class ChildHasItsOwn(ForkStory):
    """A child process can borrow, and is never handed a connection of its parent."""


class ChildIsNotStuck(ForkStory):
    """A child that is forked in the midst of a loan gets its own or an error, at once."""


class ParentGoesOn(ForkStory):
    """What the child does with the pool, closing it included, breaks no loan of the parent."""


class NothingCommittedIsLost(ForkStory):
    """What parent and child commit after a fork is there in the end."""
