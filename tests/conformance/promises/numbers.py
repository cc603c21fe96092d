"""Numbers that add up: what the pool says of itself."""

import contextlib

from tests.conformance.story import Story


class Counting(Story):
    needs = "in_use"

    def count(self, what):
        return self.pool.stats()[what]

    def says(self, when, **numbers):
        for what, wanted in numbers.items():
            if what in self.needs.split():
                got = self.count(what)
                assert got == wanted, f"{when}: {what} is {wanted}, and the pool says {got}"


class IdleIsTrue(Counting):
    """It counts rightly what lies idle."""

    size = 3
    needs = "idle"

    def ann(self):
        loans = [self.take(), self.take()]
        self.says("two are lent", idle=self.not_lent())
        for loan in loans:
            self.give(loan)
        self.says("both came back", idle=self.not_lent())

    def not_lent(self):
        return len(self.desk.open_ones) - len(self.out)


class InUseIsTrue(Counting):
    """It counts rightly what is lent."""

    size = 3

    def ann(self):
        self.says("nothing is lent", in_use=0)
        first, second = self.take(), self.take()
        self.says("two are lent", in_use=2)
        self.give(first)
        self.says("one of two came back", in_use=1)
        self.give(second)
        self.says("both came back", in_use=0)


class WaitingIsTrue(Counting):
    """It counts rightly who waits."""

    lesson = 8
    timeout = None
    needs = "waiting cap"

    def ann(self):
        self.at(1)
        self.give(self.take())

    def ben(self):
        loan = self.take()
        self.says("nobody waits", waiting=0)
        self.at(2)
        self.says("ann waits", waiting=1)
        self.give(loan)
        self.at(3)
        self.says("ann has hers and gave it back", waiting=0)


class GaveUpIsGone(Counting):
    """Who gave up is not counted as waiting any more."""

    lesson = 8
    needs = "waiting cap timeout"

    def ann(self):
        self.take()
        assert self.refused(), "one may be open, and a second was lent"
        self.says("the only one who waited gave up", waiting=0)


class FailuresAddUp(Counting):
    """After a connect that failed the numbers are what they were."""

    lesson = 8
    size = 2
    needs = "in_use connect error"

    def ann(self):
        self.must_connect()
        self.desk.fails["connect"] = [self.desk.error("down")]
        with contextlib.suppress(Exception):
            self.take()
        self.says("a connect failed, and nothing is lent", in_use=0)


class SecondReturnAddsUp(Counting):
    """A second return of the same loan changes no number."""

    lesson = 7
    size = 2
    needs = "in_use"

    def ann(self):
        loan, _other = self.take(), self.take()
        self.give(loan)
        with contextlib.suppress(Exception):
            self.pool.release(loan)
        self.says("one of two came back, twice", in_use=1)
