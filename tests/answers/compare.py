"""Answers to lesson 13: other right ones, and wrong designs. Slips are in the lesson's own files."""

import math
from dataclasses import asdict

from sqlalchemy import create_engine
from sqlalchemy import pool as pools
from sqlalchemy.exc import TimeoutError as NoneInTime
from sqlalchemy.pool import QueuePool

from tests.answers import right, wrong

# --- compare.adapter


@right("compare.adapter")
class Adapter:
    def __init__(self, connect, size, timeout):
        self.pool = QueuePool(connect, size, 0, timeout, use_lifo=True)
        self.acquire = self.pool.connect

    def acquire(self):
        return self.pool.connect()

    def release(self, loan):
        loan.close()

    def stats(self):
        return dict(
            idle=self.pool.checkedin(), in_use=self.pool.checkedout(), size=self.pool.size()
        )


@right("compare.adapter")
class Adapter:
    """By an engine, which makes the pool."""

    def __init__(self, connect, size, timeout):
        self.engine = create_engine(
            "sqlite://",
            creator=connect,
            poolclass=QueuePool,
            pool_size=size,
            max_overflow=0,
            pool_timeout=timeout,
        )

    def acquire(self):
        return self.engine.raw_connection()

    def release(self, loan):
        loan.close()

    def stats(self):
        pool = self.engine.pool
        return {"in_use": pool.checkedout(), "idle": pool.checkedin()}


@right("compare.adapter")
class Adapter:
    """Its own count of what is out."""

    def __init__(self, connect, size, timeout):
        forever = 10_000_000
        self.out = []
        self.pool = pools.QueuePool(
            creator=lambda: connect(),
            max_overflow=0,
            pool_size=size,
            timeout=forever if timeout is None else timeout,
        )

    def acquire(self):
        loan = self.pool.connect()
        self.out.append(loan)
        return loan

    def release(self, loan):
        self.out = [one for one in self.out if one is not loan]
        loan.close()

    def stats(self):
        return {"idle": self.pool.checkedin(), "in_use": len(self.out)}


@right("compare.adapter")
class Adapter(QueuePool):
    """It is one."""

    def __init__(self, connect, size, timeout):
        super().__init__(connect, pool_size=size, max_overflow=0, timeout=timeout)

    def acquire(self):
        return self.connect()

    def release(self, loan):
        loan.close()

    def stats(self):
        return {"idle": self.checkedin(), "in_use": self.checkedout()}


@right("compare.adapter")
class Adapter:
    """It lends what is in the wrapper, and keeps the wrapper."""

    def __init__(self, connect, size, timeout):
        self.pool = QueuePool(connect, pool_size=size, max_overflow=0, timeout=timeout)
        self.wrappers = {}

    def acquire(self):
        wrapper = self.pool.connect()
        self.wrappers[id(wrapper.dbapi_connection)] = wrapper
        return wrapper.dbapi_connection

    def release(self, loan):
        self.wrappers.pop(id(loan)).close()

    def stats(self):
        return {"idle": self.pool.checkedin(), "in_use": self.pool.checkedout()}


@wrong("compare.adapter", "no pool", breaks="makes_a_queue_pool")
class Adapter:
    def __init__(self, connect, size, timeout):
        self.connect, self.size, self.idle, self.out = connect, size, [], 0

    def acquire(self):
        if self.out >= self.size:
            raise NoneInTime("all are out")
        self.out += 1
        return self.idle.pop() if self.idle else self.connect()

    def release(self, loan):
        self.out -= 1
        self.idle.append(loan)

    def stats(self):
        return {"idle": len(self.idle), "in_use": self.out}


@wrong("compare.adapter", "pools", breaks="makes_a_queue_pool waits_as_told counts")
class Adapter:
    """One pool for each connection."""

    def __init__(self, connect, size, timeout):
        self.pools = [QueuePool(connect, 1, 0, 0) for _ in range(size)]
        self.pools[0] = QueuePool(connect, size, 0, timeout)

    def acquire(self):
        return self.pools[0].connect()

    def release(self, loan):
        loan.close()

    def stats(self):
        return {"idle": self.pools[1].checkedin(), "in_use": self.pools[0].checkedout()}


@wrong("compare.adapter", "returned none", breaks="makes_a_queue_pool keeps_to_the_size")
class Adapter:
    def __init__(self, connect, size, timeout):
        self.pool = QueuePool(connect, pool_size=size, max_overflow=0, timeout=timeout)

    def acquire(self):
        self.loan = self.pool.connect()

    def release(self, loan):
        self.loan.close()

    def stats(self):
        return {"idle": self.pool.checkedin(), "in_use": self.pool.checkedout()}


@wrong("compare.adapter", "stranger", breaks="makes_a_queue_pool keeps_to_the_size counts")
class Adapter:
    def __init__(self, connect, size, timeout):
        self.pool = QueuePool(connect, pool_size=size, max_overflow=0, timeout=timeout)

    def acquire(self):
        return self.pool.connect().cursor()

    def release(self, loan):
        loan.connection.close()

    def stats(self):
        return {"idle": self.pool.checkedin(), "in_use": self.pool.checkedout()}


# --- compare.candidates


@right("compare.candidates")
def candidates(cells, needs):
    found = []
    for pool in cells:
        for promise in needs:
            if promise not in cells[pool] or cells[pool][promise] != "kept":
                break
        else:
            found.append(pool)
    return found


@right("compare.candidates")
def candidates(cells, needs):
    wanted = set(needs)
    return [
        pool
        for pool, found in cells.items()
        if wanted <= {promise for promise, word in found.items() if word == "kept"}
    ]


@right("compare.candidates")
def candidates(cells, needs):
    left = list(cells)
    for promise in needs:
        left = [pool for pool in left if cells[pool].get(promise, "broken") == "kept"]
    return left


@right("compare.candidates")
def candidates(cells, needs):
    def keeps(pool):
        try:
            return not [promise for promise in needs if cells[pool][promise] != "kept"]
        except KeyError:
            return False

    return list(filter(keeps, cells))


@wrong(
    "compare.candidates",
    "wrong type",
    breaks="keeps_what_is_kept",
)
def candidates(cells, needs):
    return {p for p, found in cells.items() if all(found.get(n) == "kept" for n in needs)}


@wrong("compare.candidates", "left out", breaks="wants_all")
def candidates(cells, needs):
    return [
        pool
        for pool, found in cells.items()
        if sum(found.get(promise) == "kept" for promise in needs) == 1
    ]


@wrong("compare.candidates", "changed needs", breaks="leaves_them_alone")
def candidates(cells, needs):
    left = list(cells)
    while needs:
        promise = needs.pop()
        left = [pool for pool in left if cells[pool].get(promise) == "kept"]
    return left


@wrong("compare.candidates", "changed cells", breaks="leaves_them_alone")
def candidates(cells, needs):
    for promise in needs:
        for pool in list(cells):
            if cells[pool].get(promise) != "kept":
                del cells[pool]
    return list(cells)


# --- compare.settings


@right("compare.settings")
def engine_settings(config):
    settings = {"pool_size": config.pool_size, "pool_timeout": config.acquire_timeout}
    settings["max_overflow"] = -1
    if config.max_connections is not None:
        settings["max_overflow"] = config.max_connections - config.pool_size
    settings["pool_recycle"] = config.max_lifetime
    if settings["pool_recycle"] is None:
        settings["pool_recycle"] = -1
    settings["pool_pre_ping"] = not math.isinf(config.ping_after)
    return settings


@right("compare.settings")
def engine_settings(config):
    match config.max_connections:
        case None:
            overflow = -1
        case most:
            overflow = most - config.pool_size
    return dict(
        pool_size=config.pool_size,
        max_overflow=overflow,
        pool_timeout=config.acquire_timeout,
        pool_recycle={None: -1}.get(config.max_lifetime, config.max_lifetime),
        pool_pre_ping=config.ping_after < float("inf"),
    )


@right("compare.settings")
def engine_settings(config):
    ours = asdict(config)
    cap = ours["max_connections"] or ours["pool_size"] - 1
    return {
        "pool_size": ours["pool_size"],
        "max_overflow": cap - ours["pool_size"],
        "pool_timeout": ours["acquire_timeout"],
        "pool_recycle": -1 if ours["max_lifetime"] is None else float(ours["max_lifetime"]),
        "pool_pre_ping": True if math.isfinite(ours["ping_after"]) else False,
    }


@wrong(
    "compare.settings",
    "wrong type",
    breaks="names_all_five",
)
def engine_settings(config):
    return create_engine("sqlite://", poolclass=QueuePool, pool_size=config.pool_size)


@wrong("compare.settings", "another history")
def engine_settings(config):
    cap, age = config.max_connections, config.max_lifetime
    return {
        "pool_size": config.pool_size,
        "max_overflow": -1 if cap is None else cap - config.pool_size,
        "pool_timeout": config.acquire_timeout,
        "pool_recycle": -1 if age is None else int(age),
        "pool_pre_ping": config.ping_after != math.inf,
    }
