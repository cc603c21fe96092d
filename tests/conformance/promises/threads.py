"""Threads: the moments at which two of them meet, each tried in every order."""

import contextlib

from poolkit.course.player import note
from tests.conformance.story import NotJudged, Story


class OneBorrower(Story):
    """Two threads that borrow at once get two connections."""

    size = 2
    preemptions = 1

    def begin(self):
        self.give(self.take())

    def ann(self):
        self.take()

    def ben(self):
        self.take()


class ReturnMeetsBorrower(Story):
    """What is given back while another borrows can be lent again: nothing gets lost."""

    size = 2
    preemptions = 1

    def begin(self):
        self.loan = self.take()

    def ann(self):
        self.take()

    def ben(self):
        self.give(self.loan)

    def end(self):
        self.all_there("one was given back while another was borrowed")


class TwoReturns(Story):
    """Two threads that give back at once lose no place."""

    size = 2
    preemptions = 1

    def begin(self):
        self.first, self.second = self.take(), self.take()

    def ann(self):
        self.give(self.first)

    def ben(self):
        self.give(self.second)

    def end(self):
        self.all_there("two were given back at once")


class OneLoanTwice(Story):
    """Two threads that give back the same loan at once give back one."""

    size = 2
    preemptions = 1
    needs = "give"

    def begin(self):
        self.loan = self.take()
        self.out.clear()

    def back(self):
        with contextlib.suppress(Exception):  # to refuse it is as good as to look over it
            self.pool.release(self.loan)
            note(f"gave {self.raw(self.loan)} back")

    def ann(self):
        self.back()

    def ben(self):
        self.back()

    def end(self):
        self.take()
        self.take()


class CapHolds(Story):
    """Two threads that ask at once never open more than there may be."""

    timeout = None
    about = "cap"
    preemptions = 1
    needs = "cap"

    def ann(self):
        self.give(self.take())

    def ben(self):
        self.give(self.take())

    def end(self):
        self.within_cap()


class ClosedFirst(Story):
    """A connection that cannot be kept is closed before another is opened in its place."""

    timeout = 10.0
    about = "cap"
    preemptions = 1
    needs = "cap clean connect"

    def begin(self):
        self.loan = self.take()
        self.desk.begin(self.loan)
        self.desk.fails["rollback"] = [self.desk.error("server gone")]

    def ann(self):
        with contextlib.suppress(Exception):
            self.give(self.loan)

    def ben(self):
        with contextlib.suppress(Exception):  # whether ben gets one is another story
            self.ask()
            note("got one")

    def end(self):
        if not self.desk.seen["rollback"]:
            raise NotJudged("it rolls nothing back", lesson=7)
        self.within_cap()


class WakeUpNotLost(Story):
    """A return that comes just before the wait begins wakes the one who is about to wait."""

    timeout = 1000.0
    preemptions = 1
    needs = "cap"

    def begin(self):
        self.loan = self.take()

    def ann(self):
        loan = self.take_soon(0, "one came back")
        self.give(loan)

    def ben(self):
        self.give(self.loan)


class EveryReturnWakesOne(Story):
    """Two returns wake two who wait."""

    size = 2
    timeout = 1000.0
    preemptions = 1
    plays = 200
    needs = "cap"

    def begin(self):
        self.loans = [self.take(), self.take()]

    def wait(self):
        self.take_soon(5, "two came back for two who waited")

    def ann(self):
        self.at(1)
        self.wait()

    def carl(self):
        self.at(2)
        self.wait()

    def ben(self):
        self.at(5)
        for loan in self.loans:
            self.give(loan)


class TimeUpJustThen(Story):
    """When the time is up just as one comes back, it goes to one of them and is not lost."""

    timeout = 10.0
    preemptions = 1
    needs = "cap timeout"

    def begin(self):
        self.loan = self.take()

    def ann(self):
        if not self.refused():
            self.give(self.out[-1])

    def ben(self):
        self.at(10)
        self.give(self.loan)

    def end(self):
        self.all_there("the time was up just as one came back")


class TimeUpWithOthersBehind(Story):
    """When one gives up just as a connection comes back, the next who waits gets it."""

    timeout = 10.0
    preemptions = 1
    plays = 200
    needs = "cap timeout"

    def begin(self):
        self.loan = self.take()

    def ann(self):
        if not self.refused():
            self.at(12)
            self.give(self.out[-1])

    def ben(self):
        self.at(10)
        self.give(self.loan)

    def carl(self):
        self.at(5)
        assert not self.refused(), "ann gave up just as one came back, and carl behind her got none"
        if self.scene.late(12) < 0:  # else ann was given it, and gave it back at 12
            self.soon(10, "ann gave up just as one came back")
