"""The end: closing the pool."""

from tests.conformance.story import Story


class ClosesIdleOnes(Story):
    """Closing the pool closes what lies idle."""

    lesson = 2
    size = 2
    needs = "close"

    def ann(self):
        loans = [self.take(), self.take()]
        for loan in loans:
            self.give(loan)
        self.pool.close_all()
        left = [str(conn) for conn in self.desk.made if self.desk.is_open(conn)]
        assert not left, f"the pool is closed, and {' and '.join(left)} still open"


class LendsNothingAfterwards(Story):
    """Who asks a closed pool is told at once, and gets nothing."""

    timeout = 10.0
    needs = "close"

    def ann(self):
        self.give(self.take())
        self.pool.close_all()
        began = self.scene.now()
        try:
            self.ask()
        except Exception as error:
            assert self.scene.now() - began < self.scene.unit, (
                f"it took a time-out to say {error!r}"
            )
        else:
            raise AssertionError("the pool was closed, and lent a connection")


class LeavesWhatIsOut(Story):
    """A connection that is out is not closed under its borrower, but when it comes back."""

    needs = "close"

    def ann(self):
        loan = self.take()
        conn = self.raw(loan)
        self.pool.close_all()
        assert self.desk.is_open(conn), "the pool was closed, and with it a connection in use"
        self.give(loan)
        assert not self.desk.is_open(conn), "the pool is closed, and what came back was left open"


class TellsWhoWaits(Story):
    """Closing the pool wakes those who wait, with an error and not at their time-out."""

    timeout = 1000.0
    needs = "close cap"

    def begin(self):
        self.loan = self.take()

    def ann(self):
        self.at(1)
        try:
            self.take()
        except Exception:
            late = self.scene.now() - self.event_at
            assert late < self.scene.unit, f"the pool was closed, and ann slept on for {late:g} s"
        else:
            raise AssertionError("the pool was closed, and lent a connection to one who had waited")

    def ben(self):
        self.at(5)
        self.event_at = self.scene.now()
        self.pool.close_all()
        self.at(2000 if self.scene.unit == 1 else 6)
        self.give(self.loan)


class Twice(Story):
    """Closing twice does no harm."""

    needs = "close"

    def ann(self):
        self.give(self.take())
        self.pool.close_all()
        self.pool.close_all()


class FailedCloseGoesOn(Story):
    """A close that fails keeps the others from nothing: all of them are closed."""

    size = 3
    needs = "close"

    def ann(self):
        self.close_may_fail()
        loans = [self.take() for _ in range(3)]
        for loan in loans:
            self.give(loan)
        self.desk.fails["close"] = [self.desk.error("server gone")]
        try:
            self.pool.close_all()
        except Exception as error:
            raise AssertionError(
                f"one could not be closed, and close_all() raised {error!r}"
            ) from None
        left = sum(self.desk.is_open(conn) for conn in self.desk.made)
        assert left == 0, f"one could not be closed, and {left} of the others were left open"


class ReturnMeetsTheEnd(Story):
    """A connection that comes back while the pool closes is closed, whichever comes first."""

    preemptions = 1
    needs = "close"

    def begin(self):
        self.loan = self.take()

    def ann(self):
        self.give(self.loan)

    def ben(self):
        self.pool.close_all()

    def end(self):
        left = [str(conn) for conn in self.desk.made if self.desk.is_open(conn)]
        assert not left, f"all is given back, the pool is closed, and {left[0]} is still open"


class LoanMeetsTheEnd(Story):
    """One who borrows while the pool closes gets a loan or an error, and nothing stays open."""

    preemptions = 1
    needs = "close"

    def begin(self):
        self.give(self.take())

    def ann(self):
        try:
            loan = self.ask()
        except Exception:
            return
        self.pool.release(loan)

    def ben(self):
        self.pool.close_all()

    def end(self):
        left = [str(conn) for conn in self.desk.made if self.desk.is_open(conn)]
        assert not left, f"all is given back, the pool is closed, and {left[0]} is still open"


class HandOverMeetsTheEnd(Story):
    """What is handed to one who just gives up, while the pool closes, is closed too."""

    timeout = 10.0
    preemptions = 1
    needs = "close cap timeout"

    def begin(self):
        self.loan = self.take()

    def ann(self):
        try:
            loan = self.ask()
        except Exception:
            return
        self.pool.release(loan)

    def ben(self):
        self.at(10)
        self.give(self.loan)
        self.pool.close_all()

    def end(self):
        left = [str(conn) for conn in self.desk.made if self.desk.is_open(conn)]
        assert not left, f"all is given back, the pool is closed, and {left[0]} is still open"
