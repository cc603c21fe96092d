"""Failures: of connecting, checking, cleaning up and closing."""

import contextlib
import threading

from tests.conformance.story import NotJudged, Story


class ConnectErrorTold(Story):
    """A connect that fails is told to the borrower, with what the driver said."""

    lesson = 3
    needs = "connect error"

    def ann(self):
        self.must_connect()
        cause = self.desk.error("no route to the database")
        self.desk.fails["connect"] = [cause]
        try:
            self.take()
        except Exception as error:
            assert _chain(error, cause), (
                f"the borrower got {error!r}, without the driver's own error"
            )
        else:
            raise AssertionError("connect() failed, and acquire() raised nothing")


class FailedConnectFreesItsPlace(Story):
    """A connect that fails costs no place."""

    lesson = 8
    size = 2
    timeout = 5.0
    needs = "connect cap error"

    def ann(self):
        self.must_connect()
        self.desk.fails["connect"] = [self.desk.error("down") for _ in range(3)]
        for _ in range(3):
            _fails(self.take)
        self.all_there()


class FailedConnectWakesTheNext(Story):
    """When a connect fails, the next who waits may try at once."""

    lesson = 9
    timeout = 100.0
    needs = "connect cap error"

    def begin(self):
        self.must_connect()
        self.desk.fails["connect"] = [self.desk.error("down")]
        self.gate = self.desk.gates["connect"] = threading.Event()
        self.failed = False

    def ann(self):
        _fails(self.take)
        self.failed = True

    def ben(self):
        self.at(1)
        try:
            loan = self.take()
        except self.desk.driver_error:
            if self.desk.most > self.size:
                raise NotJudged("two are opened at once, and one may be open") from None
            raise
        self.soon(2, "a connect failed")
        self.give(loan)

    def carl(self):
        self.at(2)
        self.gate.set()

    def end(self):
        assert self.failed, "the connect that failed was not told to its borrower"


class OthersGoOn(Story):
    """While one connects, others give back, and borrow what is idle."""

    lesson = 8
    size = 3
    timeout = 100.0
    needs = "connect"

    def begin(self):
        self.first, self.second = self.take(), self.take()
        self.must_connect()
        self.gate = self.desk.gates["connect"] = threading.Event()

    def ann(self):
        self.take()

    def ben(self):
        self.at(1)
        self.give(self.first)  # which may go to ann
        self.give(self.second)
        self.give(self.take())
        self.gate.set()

    def end(self):
        self.all_there()


class OthersGoOnDuringACheck(Story):
    """While one connection is checked, others are given back."""

    lesson = 8
    size = 2
    timeout = 100.0
    needs = "check"

    def begin(self):
        self.loan = self.take()
        self.give(self.take())
        self.gate = self.desk.gates["use"] = threading.Event()

    def ann(self):
        self.at(1)
        self.take()
        if self.desk.gates:
            raise NotJudged("its check does not ask the database")

    def ben(self):
        self.at(2)
        self.give(self.loan)
        self.gate.set()


class OthersGoOnDuringARollback(Story):
    """While one connection is rolled back on its return, others are borrowed and given back."""

    lesson = 8
    size = 3
    timeout = 100.0
    needs = "clean"

    def begin(self):
        self.loan, self.other, third = self.take(), self.take(), self.take()
        self.give(third)
        self.desk.begin(self.loan)
        self.gate = self.desk.gates["rollback"] = threading.Event()

    def ann(self):
        self.at(1)
        self.give(self.loan)
        if self.desk.gates:
            raise NotJudged("it rolls nothing back")

    def ben(self):
        self.at(2)
        self.take()
        self.gate.set()
        self.give(self.other)

    def end(self):
        self.all_there()


class DeadOneReplaced(Story):
    """A connection that died while it lay idle is replaced, and its borrower notices nothing."""

    size = 2
    needs = "check"

    def ann(self):
        loans = [self.take(), self.take()]
        dead = [self.raw(loan) for loan in loans]
        for loan in loans:
            self.give(loan)
        for conn in dead:
            self.desk.kill(conn)
        _answers(self.take())
        _answers(self.take())


class FailedReplacementFreesItsPlace(Story):
    """If a dead one cannot be replaced, its place is kept for the next who asks."""

    lesson = 9
    timeout = 5.0
    needs = "check cap error connect"

    def ann(self):
        loan = self.take()
        dead = self.raw(loan)
        self.give(loan)
        self.desk.kill(dead)
        self.desk.fails["connect"] = [self.desk.error("down")]
        try:
            _fails(self.take)
        except AssertionError:
            raise NotJudged("a dead one is lent, and nothing has to replace it") from None
        self.all_there()


class BrokenByItsBorrower(Story):
    """A connection that its borrower broke is not lent again, and its place is."""

    size = 2
    timeout = 5.0

    def ann(self):
        loan = self.take()
        self.raw(loan).close()
        with contextlib.suppress(Exception):
            self.give(loan)
        lost = "one that its borrower broke came back, and its place is lost"
        _answers(self.take_or(lost))
        _answers(self.take_or(lost))


class FailedRollback(Story):
    """A return whose rollback fails costs that connection, and nothing else."""

    size = 2
    timeout = 5.0
    needs = "clean connect"

    def ann(self):
        loan = self.take()
        conn = self.raw(loan)
        self.desk.begin(loan)
        self.desk.fails["rollback"] = [self.desk.error("server gone")] * 9
        with contextlib.suppress(Exception):
            self.give(loan)
        self.desk.fails.clear()
        if not self.desk.seen["rollback"]:
            raise NotJudged("it rolls nothing back")
        lost = "the rollback of a return failed, and its place is lost"
        others = [self.take_or(lost), self.take_or(lost)]
        assert all(self.raw(other) is not conn for other in others), (
            "a connection whose rollback failed was lent again, with its transaction open"
        )
        assert not self.desk.is_open(conn), "a connection whose rollback failed was left open"


class FailedClose(Story):
    """A close that fails loses no place."""

    lesson = 9
    size = 2
    timeout = 5.0
    needs = "clean connect"

    def ann(self):
        self.close_may_fail()
        loan = self.take()
        self.desk.begin(loan)
        self.desk.fails["rollback"] = [self.desk.error("server gone")] * 9
        self.desk.fails["close"] = [self.desk.error("server gone")]
        with contextlib.suppress(Exception):
            self.give(loan)
        if not self.desk.seen["close"]:
            raise NotJudged("it closes nothing after a rollback that failed")
        self.desk.fails.clear()
        self.all_there()


def _fails(take):
    try:
        take()
    except (AssertionError, NotJudged):
        raise
    except Exception:
        return
    raise AssertionError("connect() failed, and acquire() raised nothing")


def _answers(loan):
    try:
        cursor = loan.cursor()
        cursor.execute("SELECT 1")
        cursor.fetchone()
    except Exception as error:
        raise AssertionError(f"a dead connection was lent: {error}") from None


def _chain(error, cause):
    """Whether the cause is the error, or was attached to it, or is told in its words."""
    while error is not None:
        if error is cause or str(cause) in str(error):
            return True
        hidden = error.__suppress_context__ and error.__cause__ is None  # raised `from None`
        error = None if hidden else error.__cause__ or error.__context__
    return False
