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


@right("start_here.saved")
def saved_by_pool(opening, uses, *, times=0.0):
    if uses in (0, 1):
        return times * opening
    return again(opening, uses - 1, times=times + 1)


again = saved_by_pool


@wrong("start_here.saved", "signature")
def saved_by_pool(opening):
    return opening


@wrong("start_here.saved", "wrong kind")
class saved_by_pool:
    pass
