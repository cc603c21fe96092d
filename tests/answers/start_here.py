"""Answers to lesson 00, right and wrong."""

from tests.answers import right, wrong


@right("start_here.saved")
def saved_by_pool(opening, uses):
    each_time = opening * uses
    kept = opening if uses else 0
    return each_time - kept


@right("start_here.saved")
def saved_by_pool(cost, n):
    if n < 2:
        return 0.0
    return sum(cost for _ in range(n - 1))


@wrong("start_here.saved", "forgot the first", breaks="many_uses one_use")
def saved_by_pool(opening, uses):
    return opening * uses


@wrong("start_here.saved", "less than nothing", breaks="no_use")
def saved_by_pool(opening, uses):
    return opening * (uses - 1)


@wrong("start_here.saved", "what it costs", breaks="many_uses one_use no_use")
def saved_by_pool(opening, uses):
    return opening


@wrong("start_here.saved", "wrong amount", breaks="one_use")
def saved_by_pool(opening, uses):
    if uses > 1:
        return opening * (uses - 1)
    return opening * uses


@wrong("start_here.saved", "wrong type", breaks="many_uses one_use no_use")
def saved_by_pool(opening, uses):
    print(opening * max(uses - 1, 0))


@wrong("start_here.saved", "raised ZeroDivisionError", breaks="no_use")
def saved_by_pool(opening, uses):
    return opening * uses * (1 - 1 / uses)


@wrong("start_here.saved", "signature")
def saved_by_pool(opening):
    return opening


@wrong("start_here.saved", "wrong kind")
class saved_by_pool:
    pass
