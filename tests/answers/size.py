"""Answers to lesson 11: other right ones, and wrong designs. Slips are in the lesson's own files."""

from tests.answers import equivalent, right, wrong

# --- size.little


@right("size.little")
def little(per_second=None, seconds=None, busy=None):
    match (per_second, seconds, busy):
        case (None, None, _) | (None, _, None) | (_, None, None):
            raise ValueError("two, please")
        case (rate, held, None):
            return rate * held
        case (rate, None, out):
            return out / rate
        case (None, held, out):
            return out / held
    raise ValueError("that is all of them")


@right("size.little")
def little(per_second=None, seconds=None, busy=None):
    three = dict(per_second=per_second, seconds=seconds, busy=busy)
    given = {name: float(value) for name, value in three.items() if value is not None}
    if len(given) != 2:
        raise ValueError(f"need 2 of 3, got {sorted(given)}")
    if "busy" not in given:
        return given["per_second"] * given["seconds"]
    (other,) = given.keys() - {"busy"}
    return given["busy"] / given[other]


@right("size.little")
def little(per_second=None, seconds=None, busy=None):
    missing = (per_second is None) + (seconds is None) + (busy is None)
    if missing > 1:
        raise ValueError("too few")
    elif missing == 0:
        raise ValueError("too many")
    result = 0
    if per_second is None:
        result = busy / seconds
    elif seconds is None:
        result = busy * (1 / per_second)
    else:
        result = seconds * per_second
    return result


# --- size.client


@right("size.client")
def client(env, pool, held, patience, waits):
    begin = env.now
    request = pool.request()
    try:
        outcome = yield request | env.timeout(patience)
        got_it = request in outcome
        waits.append((env.now - begin, got_it))
        if got_it:
            yield env.timeout(held)
    finally:
        request.cancel()
        pool.release(request)


@right("size.client")
def client(env, pool, held, patience, waits):
    start = env.now
    timer = env.timeout(patience)
    with pool.request() as req:
        yield env.any_of([req, timer])
        if not req.triggered:
            waits.append([env.now - start, False])
            return
        waits.append([env.now - start, True])
        yield env.timeout(held)


@right("size.client")
def client(env, pool, held, patience, waits):
    asked = env.now
    place = pool.request()
    try:
        result = yield place | env.timeout(patience)
        if place not in result:
            place.cancel()
            waits.append((env.now - asked, False))
        else:
            waits.append((env.now - asked, True))
            yield env.timeout(held)
    except BaseException:
        place.cancel()
        raise
    finally:
        if place in pool.users:
            yield pool.release(place)


@right("size.client")
def client(env, pool, held, patience, waits):
    came = env.now

    def hold():
        yield env.timeout(held)

    with pool.request() as place:
        got = yield place | env.timeout(patience)
        waits.append((env.now - came, bool(got) and place in got))
        if place in got:
            yield from hold()


@wrong("size.client", "another history")
def client(env, pool, held, patience, waits):
    asked = env.now
    with pool.request() as place:
        yield place | env.timeout(patience)
        waited = env.now - asked
        waits.append((waited, place.triggered))
        if place.triggered:
            yield env.timeout(max(0, held - waited))


# --- size.budget


@right("size.budget")
class RetryBudget:
    def __init__(self, price, most):
        self.price = price
        self.most = most
        self.spent = 0

    def first(self):
        if self.spent > 0:
            self.spent -= 1

    def retry(self):
        if self.spent + self.price <= self.most:
            self.spent += self.price
            return True
        return False


@right("size.budget")
class RetryBudget:
    def __init__(self, price, most):
        self.price, self.coins = price, ["coin"] * most
        self.room = 0

    def first(self):
        if self.room:
            self.room -= 1
            self.coins.append("coin")

    def retry(self):
        enough = len(self.coins) >= self.price
        if enough:
            del self.coins[: self.price]
            self.room += self.price
        return enough


@right("size.budget")
class RetryBudget:
    from collections import deque as _deque

    def __init__(self, price, most):
        self.price = price
        self.coins = self._deque(range(most), maxlen=most)

    def first(self):
        self.coins.append(1)

    def retry(self):
        if self.price > len(self.coins):
            return False
        for _ in range(self.price):
            self.coins.popleft()
        return True


# --- size.smallest


@right("size.smallest")
def smallest_pool(needs):
    size = 1
    for need in needs:
        size += max(0, need - 1)
    return size


@right("size.smallest")
def smallest_pool(needs):
    busy = [need for need in needs if need]
    return sum(busy) - len(busy) + 1


@right("size.smallest")
def smallest_pool(needs):
    def freezes(size):
        held = [max(need - 1, 0) for need in needs]
        return any(needs) and sum(held) >= size

    size = 1
    while freezes(size):
        size += 1
    return size


@right("size.smallest")
def smallest_pool(needs):
    def beyond_one(rest):
        return max(rest[0] - 1, 0) + beyond_one(rest[1:]) if rest else 0

    return beyond_one(needs) + 1


@wrong("size.smallest", "too many", breaks="equal_needs")
def smallest_pool(needs):
    size = 1
    for need in needs:
        size = max(size, len(needs) * (need - 1) + 1 if need > 1 else len(needs))
    return size


equivalent(
    "size.smallest",
    "return 1 + sum(need - 1 for need in needs if need > 0) | 0 plus 1",
    "a thread that needs one holds none at the worst moment, and adds none",
)
