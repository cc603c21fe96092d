"""Exercise postgres.share: how large may each pool be, so that all of them fit?"""

from __future__ import annotations

from collections.abc import Iterator

from poolkit.course.exercises import Exercise, assume, because, expect
from poolkit.course.guard import Ended, NoInput
from poolkit.course.histories import Histories, Seen, grid, raised
from poolkit.course.slips import slip


def largest_pool(max_connections, reserved, servers, processes=1, rolling=False):
    """The largest size that every pool may have, so that all together fit: a whole number.

    The database takes `max_connections`, and keeps `reserved` of them back. `servers` application
    servers run `processes` processes each, and every process has a pool of its own. With
    `rolling=True` it must fit during a deploy, too, when the old servers and as many new ones run
    side by side. Raise ValueError if not even one connection is left for each pool.
    """
    pools = servers * processes * (2 if rolling else 1)
    size = (max_connections - reserved) // pools
    if size < 1:
        raise ValueError(f"they do not fit: there are {pools} pools")
    return size


def largest(func, *args: object, **kwargs: object) -> int:
    """What the learner's function says: a whole number."""
    got = func(*args, **kwargs)
    said = [*map(repr, args), *(f"{name}={value!r}" for name, value in kwargs.items())]
    expect(got, int, f"largest_pool({', '.join(said)})")
    return got


def shares_out(func):
    """What applications may use is shared out evenly, and what is left over stays unused."""
    for args, size in (((100, 0, 30), 3), ((30, 3, 4), 6)):
        got = largest(func, *args)
        asks, free = got * args[2], args[0] - args[1]
        assert asks <= free, because("too large", got=got, args=args, asks=asks, free=free)
        assert got == size, because("another size", got=got, args=args, size=size)


def counts_processes(func):
    """Every process has a pool of its own."""
    assume(largest(func, 100, 4, 3) == 32)
    got = largest(func, 100, 4, 3, 4)
    assert got != 32, "one a server"
    assert got == 8, because("processes", got=got)


def leaves_room_for_a_deploy(func):
    """In a rolling deploy there are twice as many."""
    assume(largest(func, 100, 10, 3) == 30)
    assume(largest(func, 100, 10, 3, 5) == 6)
    for args, before, size in (((100, 10, 3), 30, 15), ((100, 10, 3, 5), 6, 3)):
        got = largest(func, *args, rolling=True)
        assert got != before, because("no deploy", args=args, got=got)
        assert got == size, because("deploy", args=args, got=got, size=size)


def says_when_it_does_not_fit(func):
    """Where not even one is left for each pool, it raises ValueError."""
    assume(largest(func, 100, 4, 3) == 32)
    for args in ((10, 3, 8), (3, 3, 1), (2, 3, 1)):
        try:
            got = func(*args)
        except ValueError:
            continue
        raise AssertionError(because("does not fit", args=args, got=got))
    try:
        fits = largest(func, 10, 3, 7)
    except ValueError:
        fits = 0
    assert fits == 1, because("just fits", got=fits or "a ValueError")


# --- every short history: small numbers of everything, and a few as they are in life


def needs() -> Iterator[dict]:
    """All small numbers, then larger ones."""
    yield from grid(
        max_connections=range(1, 13),
        servers=(1, 2, 3, 5),
        reserved=(0, 1, 3),
        processes=(1, 2, 3),
        rolling=(False, True),
    )
    yield from grid(
        max_connections=(100, 97, 500),
        servers=(20, 4, 7),
        reserved=(3, 10, 0, 100),
        processes=(1, 4),
        rolling=(False, True),
    )


def tell_needs(need: dict) -> str:
    """A case in words."""
    parts = [f"max_connections={need['max_connections']}", f"reserved={need['reserved']}"]
    parts.append(f"servers={need['servers']}")
    if need["processes"] != 1:
        parts.append(f"processes={need['processes']}")
    if need["rolling"]:
        parts.append("rolling=True")
    return f"With {', '.join(parts)}"


def play_needs(func, need: dict) -> Iterator[Seen]:
    """The size, or the exception; where nothing is said of processes or a deploy, nothing is given."""
    optional = {"processes": 1, "rolling": False}
    given = {k: v for k, v in need.items() if k not in optional or optional[k] != v}
    try:
        size = largest(func, **given)
    except (Ended, NoInput):
        raise
    except ValueError:
        yield Seen("it raises", "ValueError", "ValueError")
    except BaseException as error:
        yield raised(error)
    else:
        yield Seen("`largest_pool` gives", size)


share = Exercise(
    id="postgres.share",
    title="How large may each pool be?",
    answer=largest_pool,
    names=("max_connections", "reserved", "servers", "processes", "rolling"),
    claims=(
        shares_out,
        counts_processes,
        leaves_room_for_a_deploy,
        says_when_it_does_not_fit,
        Histories(
            "For all small numbers, and for some large ones, it says what fits.",
            inputs=needs,
            play=play_needs,
            tell=tell_needs,
        ),
    ),
    hints=(
        "How many pools are there in the worst moment? And how many connections are there for them?",
        "Multiply for the pools: servers, processes, and 2 during a deploy. Then divide what is left after the reserve, and drop the fraction: `//`.",
        'Fill in the three blanks.\n\npools = servers * processes * (2 if rolling else 1)\nsize = (____) // ____\nif ____:\n    raise ValueError("they do not fit")\nreturn size',
    ),
    tellings={
        "too large": "`largest_pool{args:plain}` gives {got}. Together they may ask for {asks}, and there are {free} for them.",
        "another size": "`largest_pool{args:plain}` gives {got}, and {size} each would fit.",
        "one a server": "3 servers with 4 processes each have 12 pools. Yours gives what 3 pools could have.",
        "processes": "3 servers with 4 processes each have 12 pools, for 96 connections: 8 each. Yours gives {got}.",
        "no deploy": "`largest_pool{args:plain}` gives {got}, with `rolling=True` and without it.",
        "deploy": "With `rolling=True`, `largest_pool{args:plain}` gives {got}. Twice as many pools can have {size} each.",
        "does not fit": "`largest_pool{args:plain}` gives {got}: there is not one connection for each pool. Here ValueError is to be raised.",
        "just fits": "`largest_pool(10, 3, 7)`: 7 connections for 7 pools, one each. Yours gives {got:plain}.",
    },
    slips=(
        slip(
            "too large",
            "`reserved` is not looked at.",
            breaks="shares_out",
            edit="""
-    size = (max_connections - reserved) // pools
+    size = max_connections // pools
""",
        ),
        slip(
            "too large",
            "It is rounded up.",
            breaks="shares_out says_when_it_does_not_fit",
            edit="""
-    size = (max_connections - reserved) // pools
+    size = -(-(max_connections - reserved) // pools)
""",
        ),
        slip(
            "too large",
            "It is rounded to the nearest. One too many for each pool is many too many.",
            breaks="shares_out says_when_it_does_not_fit",
            edit="""
-    size = (max_connections - reserved) // pools
+    size = round((max_connections - reserved) / pools)
""",
        ),
        slip(
            "too large",
            "That is what all of them have together.",
            breaks="shares_out",
            edit="""
-    size = (max_connections - reserved) // pools
+    size = max_connections - reserved
""",
        ),
        slip(
            "wrong type",
            "`/` gives a float: there is no half of a connection. `//` drops the fraction.",
            breaks="shares_out",
            edit="""
-    size = (max_connections - reserved) // pools
+    size = (max_connections - reserved) / pools
""",
        ),
        slip(
            "another size",
            "The reserve is taken from each pool's share, and not once from the whole.",
            breaks="shares_out",
            edit="""
-    size = (max_connections - reserved) // pools
+    size = max_connections // pools - reserved
""",
        ),
        slip(
            "one a server",
            "`processes` is not looked at.",
            breaks="counts_processes",
            edit="""
-    pools = servers * processes * (2 if rolling else 1)
+    pools = servers * (2 if rolling else 1)
""",
        ),
        slip(
            "processes",
            "Servers and processes are added: each of the servers has so many.",
            breaks="counts_processes",
            edit="""
-    pools = servers * processes * (2 if rolling else 1)
+    pools = (servers + processes - 1) * (2 if rolling else 1)
""",
        ),
        slip(
            "no deploy",
            "`rolling` is not looked at.",
            breaks="leaves_room_for_a_deploy",
            edit="""
-    pools = servers * processes * (2 if rolling else 1)
+    pools = servers * processes
""",
        ),
        slip(
            "deploy",
            "One more server is reckoned with, not as many again.",
            breaks="leaves_room_for_a_deploy",
            edit="""
-    pools = servers * processes * (2 if rolling else 1)
+    pools = (servers + rolling) * processes
""",
        ),
        slip(
            "does not fit",
            breaks="says_when_it_does_not_fit",
            edit="""
-    if size < 1:
-        raise ValueError(f"they do not fit: there are {pools} pools")
-    return size
+    return size
""",
        ),
        slip(
            "does not fit",
            "One is given out even where there is none.",
            breaks="says_when_it_does_not_fit",
            edit="""
-    if size < 1:
-        raise ValueError(f"they do not fit: there are {pools} pools")
-    return size
+    return max(size, 1)
""",
        ),
        slip(
            "just fits",
            "One each is enough.",
            breaks="says_when_it_does_not_fit",
            edit="""
-    if size < 1:
+    if size <= 1:
""",
        ),
    ),
    after="The number is no recommendation, only the limit that nobody has to find out at three in the morning.",
)
