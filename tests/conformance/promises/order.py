"""Order: who is served when several wait."""

from tests.conformance.story import Story


class FirstCome(Story):
    """Who waits longest is served first."""

    timeout = None
    needs = "cap"

    def begin(self):
        self.loan = self.take()
        self.served = []

    def served_to(self, name):
        loan = self.take()
        self.served.append(name)
        self.give(loan)

    def ann(self):
        self.at(1)
        self.served_to("ann")

    def carl(self):
        self.at(2)
        self.served_to("carl")

    def ben(self):
        self.at(3)
        self.give(self.loan)

    def end(self):
        assert self.served == ["ann", "carl"], "ann came first, and carl was served first"


class NobodyBarges(FirstCome):
    """Who gives one back and asks again stands behind those who wait."""

    def ben(self):
        self.at(3)
        self.give(self.loan)
        self.served_to("ben")

    def end(self):
        waited = [name for name in self.served if name != "ben"]
        assert self.served[-1] == "ben", (
            f"ben gave one back, asked again and got it, while {' and '.join(waited)} waited"
        )


class NewcomersQueue(Story):
    """One who comes when a connection comes back does not overtake one who waits for it."""

    timeout = None
    needs = "cap"
    preemptions = 1
    plays = 200

    def begin(self):
        self.loan = self.take()
        self.served = []

    def served_to(self, name):
        loan = self.take()
        self.served.append(name)
        self.at(9)
        self.give(loan)

    def ann(self):
        self.at(1)
        self.served_to("ann")

    def ben(self):
        self.at(2)
        self.give(self.loan)

    def carl(self):
        self.at(2)
        self.served_to("carl")

    def end(self):
        assert self.served == ["ann", "carl"], (
            "ann waited when carl came, and carl was served first"
        )


class OthersMoveUp(Story):
    """When one in the line gives up, the others keep their order."""

    timeout = 10.0
    needs = "cap timeout"

    def begin(self):
        self.loan = self.take()
        self.served = []

    def ann(self):
        assert self.refused(), "one may be open, and a second was lent"
        self.at(11)  # whoever was woken when ann left waits again
        self.give(self.loan)

    def ben(self):
        self.at(4, by_clock=True)
        loan = self.take_soon(11, "one came back, and ben was next")
        self.served.append("ben")
        self.give(loan)

    def carl(self):
        self.at(5, by_clock=True)
        loan = self.take()
        self.served.append("carl")
        self.give(loan)

    def end(self):
        assert self.served == ["ben", "carl"], (
            "ann gave up, ben came next, and carl was served first"
        )
