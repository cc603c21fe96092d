"""Exercise size.budget: retries only as long as first attempts pay for them."""

from __future__ import annotations

from collections.abc import Iterator

from poolkit.course.exercises import Exercise, assume, because, expect
from poolkit.course.histories import Histories, Seen, sequences
from poolkit.course.slips import slip


class RetryBudget:
    """Allow retries only as long as first attempts pay for them, in coins."""

    def __init__(self, price, most):
        """Begin with `most` coins. A retry costs `price` of them."""
        self._price, self._most = price, most
        self._coins = most

    def first(self):
        """Note a first attempt: it puts in one coin, unless there are `most` already."""
        self._coins = min(self._most, self._coins + 1)

    def retry(self):
        """Pay `price` coins and give True; if there are fewer, pay none and give False."""
        if self._coins < self._price:
            return False
        self._coins -= self._price
        return True


def begins_full(budget_class):
    """A new one holds `most` coins, and each retry costs `price` of them."""
    for price, most in ((2, 6), (3, 3)):
        allowed, want = spend(budget_class(price, most)), most // price
        called = f"RetryBudget({price}, {most})"
        assert allowed != 0, because("begins empty", called=called, price=price, most=most)
        assert allowed == want, because("wrong number", called=called, allowed=allowed, want=want)


def earns(budget_class):
    """Each first attempt puts in one coin: after `price` of them there is one retry more."""
    assume(spend(budget_class(3, 9)) == 3)
    budget = budget_class(3, 9)
    for _ in range(3):
        ask(budget)
    for _ in range(3):
        budget.first()
    allowed = spend(budget)
    assert allowed == 1, because("earned", allowed=allowed)


def refuses_for_nothing(budget_class):
    """A retry that is refused costs nothing."""
    assume(spend(budget_class(3, 3)) == 1)
    budget = budget_class(3, 3)
    spend(budget)
    for _ in range(2):
        budget.first()
    refused = ask(budget)
    assert not refused, "too soon"
    budget.first()
    assert ask(budget), "refusing costs"


def saves_no_more(budget_class):
    """However many first attempts there were, it holds no more than `most` coins."""
    assume(spend(budget_class(2, 6)) == 3)
    budget = budget_class(2, 6)
    for _ in range(10):
        budget.first()
    allowed = spend(budget)
    assert allowed == 3, because("no cap", allowed=allowed)


def each_its_own(budget_class):
    """What one budget pays is not taken from another."""
    assume(spend(budget_class(2, 6)) == 3)
    one, other = budget_class(2, 6), budget_class(2, 6)
    spend(one)
    allowed = spend(other)
    assert allowed == 3, because("shared", allowed=allowed)


def ask(budget) -> bool:
    got = budget.retry()
    expect(got, bool, "retry()")
    return got


def spend(budget, most: int = 20) -> int:
    """How many retries in a row it allows."""
    for allowed in range(most):
        if not ask(budget):
            return allowed
    raise AssertionError(because("no end", most=most))


# --- every short history


def inputs() -> Iterator[tuple]:
    """Short rows of calls on budgets of five kinds; price and most differ, also the price is higher."""
    for moves in sequences(("retry", "first"), 7):
        for price, most in ((1, 1), (2, 3), (1, 2), (2, 2), (3, 2)):
            if len(moves) < 6 or (price, most) in ((2, 3), (2, 2)):
                yield price, most, moves


def play(budget_class, history: tuple) -> Iterator[Seen]:
    price, most, moves = history
    budget, other = budget_class(price, most), budget_class(price, most)
    if len(moves) < 5:
        other.first()  # it is full: this changes nothing, of either
    else:
        other.retry()
    for number, move in enumerate(moves, 1):
        if move == "first":
            budget.first()
        else:
            got = budget.retry()
            expect(got, bool, "retry()")
            yield Seen(f"call {number}, `retry()`, gives", got)


def tell(history: tuple) -> str:
    price, most, moves = history
    beside = "`first()`" if len(moves) < 5 else "`retry()`"
    return (
        f"`RetryBudget({price}, {most})`, {beside} on a second one like it, then on the first one: "
        + ", ".join(f"`{move}()`" for move in moves)
    )


budget = Exercise(
    id="size.budget",
    title="A budget for retries",
    answer=RetryBudget,
    parts=("__init__", "first", "retry"),
    claims=(
        begins_full,
        earns,
        refuses_for_nothing,
        saves_no_more,
        each_its_own,
        Histories(
            "Over every short row of first attempts and retries it allows what it should.",
            inputs=inputs,
            play=play,
            tell=tell,
        ),
    ),
    hints=(
        "One number is all that has to be remembered from call to call: the coins there are.",
        "`first` adds one, and `min` keeps it from growing past `most`. `retry` looks first, and pays only if there is enough.",
        "Fill in the blanks.\n\ndef first(self):\n    self._coins = min(____, self._coins + 1)\n\ndef retry(self):\n    if self._coins < ____:\n        return False\n    self._coins -= ____\n    return ____",
    ),
    tellings={
        "begins empty": "A new `{called:plain}` refused the first retry. It begins with {most} coins, and a retry costs {price}.",
        "wrong number": "Of many retries in a row a new `{called:plain}` allowed {allowed}, and should allow {want}.",
        "no end": "It allowed {most} retries in a row, with no first attempt between them.",
        "too soon": "`RetryBudget(3, 3)`: retries until one is refused, then two first attempts. A retry costs 3 coins, and was allowed.",
        "refusing costs": "`RetryBudget(3, 3)`: retries until one is refused, then two first attempts, a retry that is refused, too, and a third first attempt. There should be three coins for a retry; it was refused.",
        "earned": "`RetryBudget(3, 9)`: three retries, which is all, then three first attempts. They pay for one more; it allowed {allowed}.",
        "no cap": "`RetryBudget(2, 6)` after ten first attempts: of many retries in a row it allowed {allowed}. It holds at most 6 coins, which is enough for 3.",
        "shared": "Of two `RetryBudget(2, 6)` the first spent all that it had. Of many retries in a row the second then allowed {allowed}, not 3.",
    },
    slips=(
        slip(
            "begins empty",
            "Nothing is there at the start in yours.",
            breaks="begins_full",
            edit="""
-        self._coins = most
+        self._coins = 0
""",
        ),
        slip(
            "wrong number",
            "A retry costs `price` coins; yours pays one.",
            breaks="begins_full refuses_for_nothing",
            edit="""
-        self._coins -= self._price
+        self._coins -= 1
""",
        ),
        slip(
            "wrong number",
            "Just enough is enough: with `price` coins a retry is allowed.",
            breaks="begins_full",
            edit="""
-        if self._coins < self._price:
+        if self._coins <= self._price:
""",
        ),
        slip(
            "no end",
            "Nothing is paid in yours.",
            breaks="begins_full",
            edit="""
-        self._coins -= self._price
""",
        ),
        slip(
            "too soon",
            "Yours allows it as long as there is any coin at all.",
            breaks="refuses_for_nothing",
            edit="""
-        if self._coins < self._price:
+        if self._coins <= 0:
""",
        ),
        slip(
            "refusing costs",
            "In yours a retry that is refused costs, too.",
            breaks="refuses_for_nothing",
            edit="""
-        if self._coins < self._price:
-            return False
         self._coins -= self._price
-        return True
+        return self._coins >= 0
""",
        ),
        slip(
            "earned",
            "Each first attempt brings one coin; yours lets it pay for a whole retry.",
            breaks="earns refuses_for_nothing",
            edit="""
-        self._coins = min(self._most, self._coins + 1)
+        self._coins = min(self._most, self._coins + self._price)
""",
        ),
        slip(
            "no cap",
            "A quiet week would then pay for a storm.",
            breaks="saves_no_more",
            edit="""
-        self._coins = min(self._most, self._coins + 1)
+        self._coins += 1
""",
        ),
        slip(
            "shared",
            "Often the coins stand on the class then, and what stands there belongs to all its objects. What `self` is given is each one's own.",
            breaks="each_its_own",
            edit="""
-        self._coins = most
+        type(self)._coins = most
...
-        self._coins = min(self._most, self._coins + 1)
+        type(self)._coins = min(self._most, self._coins + 1)
...
-        self._coins -= self._price
+        type(self)._coins -= self._price
""",
        ),
        slip(
            "wrong type",
            breaks="begins_full",
            edit="""
-        return True
""",
        ),
    ),
    after="A cap on attempts multiplies the load by so much when all fail; a budget adds so much to it, and no more. Finagle and tower, which other programs make their calls with, have one.",
)
