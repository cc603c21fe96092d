"""The line in front of the desk: threads that wait, first come, first served.

All of `Line` is called with the pool's lock held; only `Waiter.wait` sleeps, and that without it.
"""

import threading
from collections import deque
from typing import Any


class Waiter:
    """One thread's place in the line, where it sleeps until it is handed something.

    `gift` is what it was handed: None as long as it waits, and after it was sent away. One that is
    `gone` is handed nothing any more, whether or not it stands in the line.
    """

    __slots__ = ("bell", "gift", "gone", "since")

    def __init__(self, since: float) -> None:
        self.since = since  # the clock when it came, in seconds
        self.gift: Any = None
        self.gone = False
        self.bell = threading.Lock()
        self.bell.acquire()  # held from the start: the next acquire sleeps until somebody rings

    def wait(self, seconds: float | None) -> None:
        """Sleep until somebody rings, `seconds` at most; None: for ever, 0: not at all."""
        if seconds is None:
            self.bell.acquire()
        else:
            self.bell.acquire(timeout=min(max(seconds, 0), threading.TIMEOUT_MAX))


class Line(deque[Waiter]):
    """Who waits, the longest waiter first.

    What is handed over goes straight into one waiter's hands. It is never put where all can reach
    it, so a thread that comes along at that moment cannot snatch it away: no barging. To join is
    `append`, and no method here: between the look around and the step into line nothing may come.
    """

    def leave(self, waiter: Waiter) -> None:
        """Step out, whether or not one stands in the line."""
        if waiter in self:
            self.remove(waiter)  # from the front mostly: who came first gives up first

    def serve(self, card: Any) -> bool:
        """Hand the card to the longest waiter; tell whether there was one."""
        while self:
            waiter, trips = self[0], card.trips + 1
            del self[0]
            if not waiter.gone:
                waiter.gift = card
                card.trips = trips
                waiter.bell.release()
                return True
        return False

    def send_away(self) -> None:
        """Wake everybody with empty hands."""
        while self:
            waiter = self[0]
            del self[0]
            waiter.bell.release()
