"""The models of lesson 11. All that is drawn is seeded, so a model comes out the same everywhere.

simpy is imported where it is used, so that nobody without it is kept from the other lessons.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field


def rush(client, sizes, per_second, held, seconds=60, patience=5, shares=None, seed=11):
    """Clients come at random to pools of these sizes; give the pairs noted at each pool.

    `per_second` clients come on average, hold `held` seconds on average, and are dealt to the pools
    by `shares`: [4, 1] sends four to the first for each one to the second; None deals evenly.
    """
    import simpy

    env, rng = simpy.Environment(), random.Random(seed)
    pools = [simpy.Resource(env, size) for size in sizes]
    waits = [[] for _ in sizes]

    def arrivals():
        while True:
            yield env.timeout(rng.expovariate(per_second))
            (n,) = rng.choices(range(len(sizes)), shares)
            env.process(client(env, pools[n], rng.expovariate(1 / held), patience, waits[n]))

    env.process(arrivals())
    env.run(until=seconds)
    return waits


def regulars(client, clients, size, think, held, seconds):
    """The same clients again and again: pause, come, hold. Give the seconds that each loan waited.

    What a client does is drawn from its own number, as `measured.regulars` draws it.
    """
    import simpy

    env, waits = simpy.Environment(), []
    pool = simpy.Resource(env, size)

    def regular(number):
        rng = random.Random(number)
        while True:
            yield env.timeout(rng.expovariate(1 / think))
            yield from client(env, pool, rng.expovariate(1 / held), math.inf, waits)

    for number in range(clients):
        env.process(regular(number))
    env.run(until=seconds)
    return [waited for waited, _ in waits]


def waited(pairs: list[tuple[float, bool]]) -> list[float]:
    """The seconds of such pairs, of those who gave up too."""
    return [seconds for seconds, _ in pairs]


def as_share(part: float) -> str:
    """A part of all, from 0 to 1, in the words of the prediction."""
    return "hardly any" if part < 0.1 else "about a quarter" if part < 0.45 else "half or more"


def as_times(ratio: float) -> str:
    """How many times as long, in the words of the prediction."""
    return "up to twice" if ratio <= 2.5 else "five times" if ratio <= 10 else "more than ten times"


def had_to_wait(pools: list[list[tuple[float, bool]]]) -> float:
    """The part of all clients who did not get a place at once, from 0 to 1."""
    pairs = [pair for pairs in pools for pair in pairs]
    return sum(seconds > 0 for seconds, _ in pairs) / len(pairs) if pairs else 0.0


def gave_up(pairs: list[tuple[float, bool]]) -> float:
    """The part of the clients that got no place, from 0 to 1."""
    return sum(not served for _, served in pairs) / len(pairs) if pairs else 0.0


@dataclass
class Storm:
    """A database that is away for a while, and callers who ask again.

    It has `places` for queries of `work` seconds: 50 a second. `pause(rng, n)` is slept after the
    n-th attempt of a caller, `attempts` is the most that one makes, `budget` a RetryBudget or None.
    """

    pause: Callable[[random.Random, int], float]
    attempts: float = math.inf
    budget: object = None
    per_second: float = 25.0
    places: int = 5
    work: float = 0.1
    patience: float = 1.0
    away: tuple[float, float] = (10.0, 15.0)
    seconds: float = 45.0
    asked: list[float] = field(default_factory=list)  # when queries were sent, retries too
    answered: list[float] = field(default_factory=list)  # when a caller got an answer in time

    def run(self, seed: int = 11) -> Storm:
        import simpy

        self.env, self.rng = simpy.Environment(), random.Random(seed)
        self.database = simpy.Resource(self.env, self.places)
        self.env.process(self._callers())
        self.env.run(until=self.seconds)
        return self

    def _callers(self):
        arrivals = random.Random(self.rng.random())  # the same callers, whatever the pauses draw
        while True:
            yield self.env.timeout(arrivals.expovariate(self.per_second))
            self.env.process(self.caller())

    def caller(self):
        if self.budget is not None:
            self.budget.first()
        for attempt in itertools.count(1):
            self.asked.append(self.env.now)
            answer = self.env.process(self.query())
            yield answer | self.env.timeout(self.patience)
            if answer.triggered:
                self.answered.append(self.env.now)
                return
            if attempt >= self.attempts or not self.may_retry():
                return  # an error for the user
            yield self.env.timeout(self.pause(self.rng, attempt))

    def may_retry(self) -> bool:
        return self.budget is None or self.budget.retry()

    def query(self):  # goes on to its end, whether or not the caller still waits for it
        begins, ends = self.away
        with self.database.request() as place:
            yield place
            if begins <= self.env.now < ends:
                yield self.env.timeout(ends - self.env.now)
            yield self.env.timeout(self.work)

    def each_second(self, times: list[float]) -> list[int]:
        """How many of these moments fall into each second."""
        counts = [0] * math.ceil(self.seconds)
        for moment in times:
            counts[int(moment)] += 1
        return counts

    @property
    def back_after(self) -> float | None:
        """Seconds from the database's return until callers are answered again; None if never.

        That is the first second from which on, for five seconds, as many are answered as come,
        within a fifth.
        """
        counts, back = self.each_second(self.answered), math.ceil(self.away[1])
        for second in range(back, len(counts) - 4):
            if sum(counts[second : second + 5]) >= 0.8 * 5 * self.per_second:
                return second - back
        return None


def no_pause(rng: random.Random, attempt: int) -> float:
    """Ask again at once."""
    return 0.0


def jittered(rng: random.Random, attempt: int) -> float:
    """Full jitter: somewhere from 0 to 0.5 s, then 1 s, 2 s, 4 s, and 8 s from then on."""
    return rng.uniform(0, min(8.0, 0.5 * 2 ** min(attempt - 1, 4)))
