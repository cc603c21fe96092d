"""What is predicted in lesson 13, and what is to be explained in the end."""

from __future__ import annotations

from poolkit.course.helping import Explanation
from poolkit.course.predicting import Prediction

CELL = ("kept", "broken", "not offered")

predictions = (
    Prediction(
        id="compare.queue",
        question="A LifoQueue lends. Who waits gets what comes back, as soon as it comes; a loan that is given back twice is not on the shelf twice; a transaction that was left open is rolled back: what comes of each?",
        places={"woken": CELL, "twice": CELL, "rolled_back": CELL},
        sample={"woken": "kept", "twice": "kept", "rolled_back": "broken", "sure": 60},
        explanations=(
            (
                {"rolled_back": "broken"},
                "A queue knows nothing of transactions, and never said that it does. The suite counts as broken only what it asks, and it asks a pool for nothing that its adapter says it lacks.",
            ),
            (
                {"twice": "kept"},
                "A queue takes whatever is put into it. Put in twice, the same connection lies there twice, and two borrowers get it.",
            ),
            (
                {"twice": "not offered"},
                "Giving back is offered: it is `put`. What `put` does not do is look.",
            ),
            (
                {"woken": "broken"},
                "Waiting is what a queue was made for: `get` sleeps, and the next `put` wakes it.",
            ),
        ),
        why="Three words, and the third matters most: what a pool does not offer is your own work, and no fault of its author's.",
    ),
    Prediction(
        id="compare.line",
        question="One connection, SQLAlchemy's QueuePool, your adapter. Two wait, ann longer than carl: is ann served first? Three wait, and ann gives up: do the other two keep their order? Somebody's connect fails: may the next who waits try at once?",
        places={
            "longest_first": ("kept", "broken"),
            "others_keep_theirs": ("kept", "broken"),
            "after_a_failure": ("kept", "broken"),
        },
        sample={
            "longest_first": "broken",
            "others_keep_theirs": "broken",
            "after_a_failure": "kept",
            "sure": 60,
        },
        explanations=(
            (
                {"longest_first": "broken"},
                "Among those who sleep it wakes the one who has slept longest. What it does not do is keep the connection for her until she is up.",
            ),
            (
                {"after_a_failure": "kept"},
                "The place is free again at once, and nobody is told: who waits is woken by a return, and no connection returns when none was made.",
            ),
            (
                {"others_keep_theirs": "broken"},
                "Who gives up leaves the line, and the others stand in it as before.",
            ),
        ),
        why="In an application this is the request that waits up to 30 seconds, the default, beside a place that is free, on the one day when the database was away for a moment.",
    ),
    Prediction(
        id="compare.closed",
        question="The pool is DBUtils' PooledDB, and it was closed. What does `pool.connection()` give after that?",
        places={"gives": ("a connection", "an error")},
        sample={"gives": "an error", "sure": 70},
        explanations=(
            (
                {"gives": "an error"},
                "`close()` closes all connections in the pool, as its documentation says. That none is lent afterwards it does not say, and one is.",
            ),
        ),
        why="The suite asks every pool that can be closed whether it lends afterwards, so the matrix has a ✗ for this. By DBUtils' own words nothing is broken. But who takes `close()` for the end may find a connection open after it.",
    ),
    Prediction(
        id="compare.shared",
        question="The suite asks five pools beside ours. One promise it asks of all five, and none of them keeps it. Of which stage is it?",
        places={
            "stage": (
                "lends and reuses",
                "caps and waits",
                "order",
                "failures",
                "threads",
                "interrupts",
            )
        },
        sample={"stage": "order", "sure": 60},
        explanations=(
            (
                {"stage": "order"},
                "Most of them let others push in, but psycopg's pool hands what comes back to the one who has waited longest.",
            ),
            (
                {"stage": "threads"},
                "Two that ask at once are what a pool is for: some of the five keep every promise of that stage.",
            ),
            (
                {"stage": "failures"},
                "One fails here, another there: no promise about failures is asked of all five and broken by all.",
            ),
        ),
        why="Ctrl-C in the one moment between a wake-up and the loan is seldom met, and hard to try without a player. What is seldom met is seldom mended.",
    ),
    Prediction(
        id="compare.work",
        question="Borrow and give back, and nobody else wants one: whose loan costs most? Then sixteen threads share four connections. SQLAlchemy's pool lets others push in, psycopg's does not: does one of the two lend at least half as often again as the other, all threads together?",
        places={
            "dearest": (
                "poolkit",
                "queue.LifoQueue",
                "SQLAlchemy QueuePool",
                "DBUtils PooledDB",
                "psycopg_pool",
            ),
            "more": ("SQLAlchemy QueuePool", "psycopg_pool", "neither"),
        },
        sample={"dearest": "DBUtils PooledDB", "more": "SQLAlchemy QueuePool", "sure": 60},
        measured=True,
        explanations=(
            (
                {"more": "SQLAlchemy QueuePool"},
                "Who pushes in saves a change of threads. That is little beside half a millisecond of holding, and four connections can be held by four at once, whoever they are.",
            ),
            (
                {"more": "psycopg_pool"},
                "Who is fair shares out differently. The four connections are held for as long.",
            ),
        ),
        why="What costs a few microseconds more often does more for them: a wrapper of its own for each loan, a rollback each time, events that you can listen to.",
    ),
    Prediction(
        id="compare.idle",
        question="Five are borrowed at once, and all are given back. `ConnectionConfig(pool_size=2, max_connections=5)`, `QueuePool(connect, pool_size=2, max_overflow=3)`, and psycopg_pool's `ConnectionPool(min_size=2, max_size=5)`: how many lie idle in each, right afterwards?",
        places={"ours": int, "sqlalchemy": int, "psycopg": int},
        sample={"ours": 2, "sqlalchemy": 2, "psycopg": 2, "sure": 70},
        explanations=(
            (
                {"psycopg": 2},
                "`min_size` is how many it opens ahead and goes down to when it is quiet. It keeps all that it opened until they have been idle for `max_idle`, ten minutes if you say nothing.",
            ),
            (
                {"sqlalchemy": 5},
                "What was opened beyond `pool_size` is closed when it comes back.",
            ),
            (
                {"ours": 5},
                "`pool_size` is how many idle connections are kept: what comes back beyond that is closed.",
            ),
        ),
        why="So `min_size` is our `min_connections`, and our `pool_size` has no name there. Two numbers that look alike are not yet a translation.",
    ),
)

explanations = (
    Explanation(
        id="compare.why_not_offered",
        question="Why does the matrix have “not offered”, instead of counting it as broken? And what does a ✗ in it not say?",
        points=(
            "A pool is not asked for what it has nothing for: a queue knows no transactions.",
            "What is not offered still has to be done, by whoever uses it.",
            "A ✗ says what was seen once, with one version and one setting; it can be mended in the next.",
            "It need not break a promise of the library's own: the promises are the suite's.",
            "It says nothing on whether you will ever meet the case: that depends on your threads, your failures, your forks.",
        ),
        sample="A queue that knows no transactions cannot break a promise about them. A cross says what was seen with one version, not that the pool is bad, and not that my program will run into it.",
    ),
    Explanation(
        id="compare.which",
        question="Somebody asks you which pool to take. What do you ask back?",
        points=(
            "Which database and driver: psycopg has its own pool, and SQLAlchemy brings one.",
            "How many threads wait for a connection at once: where nobody waits, fairness is for free.",
            "What has to hold when things go wrong: a connect that fails, Ctrl-C, a fork, the end.",
            "Who rolls back, checks and closes: the pool, or you.",
        ),
        sample="What do you run on it, and which database is it? Do threads wait for connections? What must not happen when the database goes away?",
    ),
)
