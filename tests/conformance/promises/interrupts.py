"""Interrupts: Ctrl-C, or whatever else comes in the midst of a step, costs no connection."""

import contextlib

from tests.conformance.story import NotJudged, Story


class InAWait(Story):
    """Who is interrupted in the wait swallows nothing: what comes back later can be lent."""

    lesson = 8
    interrupts = True
    needs = "cap"

    def begin(self):
        self.loan = self.take()

    def ann(self):
        _interrupted(self.take, "ann was interrupted in her wait")

    def ben(self):
        self.at(1)
        self.scene.interrupt("ann")
        self.at(2)
        self.give(self.loan)

    def end(self):
        self.all_there()


class HandedOverJustThen(Story):
    """An interrupt that comes together with a connection does not lose it."""

    lesson = 8
    interrupts = True
    needs = "cap"
    preemptions = 1

    def begin(self):
        self.loan = self.take()

    def ann(self):
        with contextlib.suppress(KeyboardInterrupt):
            self.take()

    def ben(self):
        self.at(1)
        self.scene.interrupt("ann")
        self.give(self.loan)

    def end(self):
        self.all_there()


class NextInLineGetsIt(Story):
    """If an interrupt comes together with a connection, the next who waits gets it."""

    lesson = 8
    timeout = 1000.0
    interrupts = True
    needs = "cap"

    def begin(self):
        self.loan = self.take()

    def ann(self):
        self.at(1)
        with contextlib.suppress(KeyboardInterrupt):
            self.give(self.take())

    def carl(self):
        self.at(2)
        loan = self.take()
        self.soon(3, "one came back just when ann was interrupted")
        self.give(loan)

    def ben(self):
        self.at(3)
        self.scene.together(lambda: self.give(self.loan), "ann")


class InAConnect(Story):
    """An interrupt in connect() goes to the borrower and costs no place."""

    lesson = 8
    needs = "connect error"

    def ann(self):
        self.must_connect()
        self.desk.fails["connect"] = [KeyboardInterrupt()]
        _interrupted(self.take, "connect() was interrupted")
        self.all_there()


class InACheck(Story):
    """An interrupt in the check of an idle connection costs no place."""

    needs = "check"

    def ann(self):
        self.give(self.take())
        self.desk.fails["use"] = [KeyboardInterrupt()]
        _interrupted(self.taken_and_checked, "the check was interrupted")
        self.all_there()

    def taken_and_checked(self):
        self.take()
        if self.desk.fails["use"] and not self.desk.seen["use"]:
            raise NotJudged("its check does not ask the database")


class InARollback(Story):
    """An interrupt in the rollback of a return costs no place, and lends no open transaction."""

    needs = "clean"

    def ann(self):
        loan = self.take()
        self.desk.begin(loan)
        self.desk.fails["rollback"] = [KeyboardInterrupt()]
        _interrupted(lambda: self.given_and_rolled_back(loan), "the rollback was interrupted")

        assert not self.refused(), "the rollback of a return was interrupted: its place is lost"
        assert not self.desk.in_transaction(self.raw(self.out[-1])), (
            "the rollback was interrupted, and the next borrower is in the midst of the transaction"
        )

    def given_and_rolled_back(self, loan):
        self.give(loan)
        if not self.desk.seen["rollback"]:
            raise NotJudged("it rolls nothing back")


class InABlock(Story):
    """An interrupt in a block gives the connection back."""

    lesson = 7
    needs = "block"

    def ann(self):
        def block():
            with self.pool.connection() as conn:
                self.desk.begin(conn)
                raise KeyboardInterrupt

        _interrupted(block, "the block was interrupted")
        self.all_there()


def _interrupted(call, what):
    try:
        call()
    except KeyboardInterrupt:
        return
    raise AssertionError(f"{what}, and no KeyboardInterrupt came out")
