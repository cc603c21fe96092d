"""Lends and reuses: one thread, nothing fails."""

import contextlib

from tests.conformance.story import Story


class Lends(Story):
    """A connection that is lent is open and works."""

    about = "loan"

    def ann(self):
        loan = self.take()
        cursor = loan.cursor()
        cursor.execute("SELECT 1")
        assert tuple(cursor.fetchone()) == (1,), "SELECT 1 did not answer 1"


class Reuses(Story):
    """A connection that came back is lent again, and no other is opened for it."""

    size = 3

    def ann(self):
        self.give(self.take())
        opened = len(self.desk.made)
        self.give(self.take())
        assert len(self.desk.made) == opened, "gave one back and borrowed again: another was opened"


class TwoAreTwo(Story):
    """Two loans at the same time are two connections."""

    size = 2

    def ann(self):
        self.take()
        self.take()


class KeepsAll(Story):
    """What came back is kept: as many as were lent can be lent again, and none is opened anew."""

    size = 3

    def ann(self):
        loans = [self.take() for _ in range(3)]
        for loan in loans:
            self.give(loan)
        opened = len(self.desk.made)
        self.all_there()
        more = len(self.desk.made) - opened
        assert more == 0, f"three came back and three were borrowed: {more} were opened anew"


class Stranger(Story):
    """A connection that is not the pool's own is refused, and nothing changes."""

    lesson = 7
    size = 2
    needs = "give"

    def ann(self):
        stranger = self.desk.open()
        loan = self.take()
        try:
            self.pool.release(stranger)
        except Exception:
            pass
        else:
            raise AssertionError("release() took a connection that the pool never lent")
        finally:
            stranger.close()
        assert self.desk.is_open(self.raw(loan)), "the connection that was out was closed"
        self.take()
        self.all_there()


class SecondReturn(Story):
    """A loan that is given back twice is not on the shelf twice."""

    lesson = 7
    size = 2

    def ann(self):
        loan = self.take()
        self.give(loan)
        with contextlib.suppress(Exception):  # to refuse it is as good as to look over it
            self.pool.release(loan)
        self.take()
        self.take()
