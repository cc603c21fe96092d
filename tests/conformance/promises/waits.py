"""Caps and waits: what happens when all connections are out."""

import time

from tests.conformance import adapter as shape
from tests.conformance.story import Story


class AtOnce(Story):
    """With a time-out of 0 nobody waits: it is refused at once."""

    timeout = 0
    needs = "cap no_wait"

    def ann(self):
        self.take()
        began = time.monotonic()
        assert self.refused(), "one may be open, and a second was lent"
        waited = time.monotonic() - began
        assert waited < self.scene.unit, f"it waited {waited:g} s"


class Cap(Story):
    """Never more connections are open than the pool may have."""

    size = 2
    timeout = 5.0
    about = "cap"
    needs = "cap"

    def _patience(self):
        offers_timeout = "timeout" not in shape.lacks(self.pool_class)
        return super()._patience() if offers_timeout else 0

    def ann(self):
        self.take()
        self.take()
        assert self.refused(), "two may be open, and a third was lent"
        self.within_cap()


class Woken(Story):
    """Who waits gets the connection that comes back, as soon as it comes."""

    timeout = 1000.0
    needs = "cap"

    def ann(self):
        self.at(1)
        self.take_soon(11, "one came back")

    def ben(self):
        loan = self.take()
        self.at(11)
        self.give(loan)


class ForEver(Story):
    """Without a time-out it waits as long as it takes."""

    timeout = None
    needs = "cap for_ever"

    def ann(self):
        self.at(1)
        self.give(self.take())

    def ben(self):
        loan = self.take()
        self.at(100)
        self.give(loan)


class TimesOut(Story):
    """Who gets none in time is told by a time-out: not too early, and not too late."""

    timeout = 10.0
    needs = "cap timeout"

    def ann(self):
        self.take()
        began = time.monotonic()
        assert self.refused(), "one may be open, and a second was lent"
        waited = (time.monotonic() - began) / self.scene.unit
        assert waited > 9.999, f"it gave up after {waited:g} s of 10"
        assert waited < 10.001 or self.scene.unit < 1, f"it gave up after {waited:g} s, not 10"


class TimesOutThoughWoken(Story):
    """The time-out counts from the call on, also for one who is woken and finds nothing."""

    timeout = 10.0
    needs = "cap timeout"

    def begin(self):
        self.loan = self.take()
        self.waited = {}

    def wait(self, name):
        began = time.monotonic()
        try:
            loan = self.take()
        except shape.timed_out(self.pool_class):
            self.waited[name] = (time.monotonic() - began) / self.scene.unit
            self.event("one gave up").set()
        else:
            self.wait_for("one gave up")
            self.give(loan)

    def ann(self):
        self.at(1)
        self.wait("ann")

    def ben(self):
        self.at(2)
        self.wait("ben")

    def carl(self):
        self.at(5)
        self.give(self.loan)

    def end(self):
        assert len(self.waited) == 1, (
            "one came back for two who wait, and one of them was left over"
        )
        (waited,) = self.waited.values()
        assert waited > 9.999, f"it gave up after {waited:g} s of 10"
        assert waited < 10.001 or self.scene.unit < 1, f"it gave up after {waited:g} s, not 10"


class GivesUpCleanly(Story):
    """Who gave up swallows no connection: what comes back later can be lent."""

    needs = "cap timeout"

    def ann(self):
        loan = self.take()
        assert self.refused(), "one may be open, and a second was lent"
        self.give(loan)
        self.all_there("one gave up, and later a connection came back")
