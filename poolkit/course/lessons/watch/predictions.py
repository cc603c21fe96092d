"""What is predicted in lesson 10, and what is to be explained in the end."""

from __future__ import annotations

from poolkit.course.helping import Explanation
from poolkit.course.predicting import Prediction

predictions = (
    Prediction(
        id="watch.events",
        question="A pool has room for one connection, and nothing is open yet. Ann borrows, gives back, and borrows again. Ben asks with `timeout=0` while she has it. How many events are noted, and which is the last?",
        places={"events": int, "last": ("lent", "waited", "timed out", "returned")},
        sample={"events": 4, "last": "waited", "sure": 60},
        explanations=(
            (
                {"last": "waited"},
                '"waited" stands for a wait that brought something. Ben got nothing, even if it took him no time.',
            ),
            (
                {"events": 4},
                "Ann has three: lent, returned, lent. Ben has one. And before the first loan the connection had to be opened.",
            ),
            (
                {"events": 6},
                "Her second loan opens nothing: the connection was there.",
            ),
            (
                {"events": 3},
                "A return is an event, and so are the opening and a wait in vain.",
            ),
        ),
        why="opened, lent, returned, lent, timed out. A loan that finds an idle connection makes two events, one at each end.",
    ),
    Prediction(
        id="watch.alike",
        question="On Monday a function keeps connections that it should give back. On Thursday far more customers come than on other days. On both mornings four connections at most may be open, and six borrowers wait in vain. Which of these numbers of `stats()` tells which morning it was?",
        places={"tells": ("in_use", "peak", "timeouts", "none of these")},
        sample={"tells": "in_use", "sure": 60},
        explanations=(
            (
                {"tells": "in_use"},
                "All four were in use on both mornings. A connection that was forgotten counts like one that works.",
            ),
            (
                {"tells": "peak"},
                "The peak stops at the cap. On both mornings all four were out at once.",
            ),
            (
                {"tells": "timeouts"},
                "Somebody waited in vain on both mornings; that is why anybody looked.",
            ),
        ),
        why="They are counts and high-water marks, and none says for how long. Both mornings were watched until six had waited in vain; later there would be more timeouts on either, and still not why.",
    ),
    Prediction(
        id="watch.whose",
        question="`export` does not call `pool.acquire` itself but borrows through a helper, `lend(pool)`. Which line does the event of the loan name as the borrower's?",
        places={"line": ("in export", "in lend", "in the pool")},
        sample={"line": "in export", "sure": 65},
        explanations=(
            (
                {"line": "in export"},
                "Nothing tells the pool that `lend` borrows for somebody else. It is the first function outside the library.",
            ),
            (
                {"line": "in the pool"},
                "The library leaves its own lines out: `pool.acquire` calls three functions more, and none of them is yours.",
            ),
        ),
        why="Every pool that reports a caller has this trouble. In a program with one helper for all, each report names the same line.",
    ),
    Prediction(
        id="watch.died",
        question="A thread borrows a connection, keeps it in a local variable, and comes to its end without giving back. Nothing else refers to the thread. When does the pool have the connection back?",
        places={"back": ("when the thread ends", "when its memory is freed", "never")},
        sample={"back": "when its memory is freed", "sure": 60},
        explanations=(
            (
                {"back": "when the thread ends"},
                "A thread is a stack of function calls. When the last one is over nobody is told, least of all a pool.",
            ),
            (
                {"back": "when its memory is freed"},
                "The local variable is gone with the thread. But it was not the only one that referred to the connection.",
            ),
        ),
        why="The pool itself refers to what it has lent, or it could not know it again. So nothing is freed, and the place is lost until the program ends. A loan whose borrower is gone looks to the pool like one that takes long.",
    ),
    Prediction(
        id="watch.used",
        question="In the last tenth of a second of each morning, which part of the four connections was in use? Whose is higher, Monday's with its leak, or Thursday's with its crowd?",
        places={"higher": ("Monday's", "Thursday's", "both are full")},
        sample={"higher": "Thursday's", "sure": 70},
        explanations=(
            (
                {"higher": "Thursday's"},
                "Nobody worked with Monday's connections, but they were out, and that is what this number counts.",
            ),
            (
                {"higher": "Monday's"},
                "Thursday's were out all the time as well: whatever came back was handed on at once.",
            ),
        ),
        why="A connection that never comes back is in use all the time. Utilisation says how much of the pool is taken, not how much it does. Beside it belongs a number of loans per second: none on Monday.",
        measured=True,
    ),
    Prediction(
        id="watch.status",
        question="SQLAlchemy's `QueuePool(pool_size=5, max_overflow=10)` keeps five connections, and opens up to ten more when need be. Two have been borrowed, and no other was ever opened. `status()` then says `Current Overflow:` and a number. Which?",
        places={"overflow": int},
        sample={"overflow": 0, "sure": 70},
        explanations=(
            (
                {"overflow": 0},
                "One would think so, since none of the ten was opened. But they are not counted one by one.",
            ),
            (
                {"overflow": 2},
                "Those two are below `pool_size`; the overflow begins after five.",
            ),
            (
                {"overflow": 3},
                "Three are missing to the five, and that is told as a negative number.",
            ),
            (
                {"overflow": 10},
                "Ten is what it may come to.",
            ),
        ),
        why="It is what is open, less `pool_size`: 2 − 5 here, and below 0 until five are open. Whoever puts it on a dashboard wonders about minus three.",
    ),
    Prediction(
        id="watch.cost",
        question="A loan and its return, while the pool is recorded: how much does it take, beside the same from a pool that is not?",
        places={
            "takes": (
                "as much",
                "twice as much",
                "five times as much",
                "ten times as much",
                "fifty times as much",
            )
        },
        sample={"takes": "as much", "sure": 55},
        explanations=(
            (
                {"takes": "as much"},
                "For each loan the pool looks at its caller, and at the callers of that, and puts together two tuples. A bare loan is a microsecond, so that this shows.",
            ),
            (
                {"takes": "twice as much"},
                "There are several callers to look at for each loan, and a bare loan is only a microsecond. So each look shows.",
            ),
            (
                {"takes": "five times as much"},
                "How deep the callers are nested, and what a bare loan costs on your machine, decide whether it is nearer to two, five or ten.",
            ),
            (
                {"takes": "ten times as much"},
                "How deep the callers are nested, and what a bare loan costs on your machine, decide whether it is nearer to two, five or ten.",
            ),
            (
                {"takes": "fifty times as much"},
                "Looking at a few callers and making two tuples takes microseconds, not tens of them.",
            ),
        ),
        why="Beside one query over a network it is nothing. When nobody records, the pool only asks whether somebody does.",
        measured=True,
    ),
)  # fmt: skip

explanations = (
    Explanation(
        id="watch.leak_or_small",
        question="The log says `PoolTimeout`, all connections are in use, and a colleague wants to double the size of the pool. What do you look at first, and why?",
        points=(
            "For how long each connection that is out has been out, compared with a usual loan.",
            "If some never come back, a larger pool is only later empty: find the line that borrowed them, also behind helper functions.",
            "If all come back as usual and the line is long, there are more borrowers than the pool can serve: fewer, quicker, or more connections.",
        ),
        sample="At how long the loans that are out have been out. If a few never come back it is a leak and I look for their line; doubling only delays it. If all are as short as usual and many wait, it is too small.",
    ),
)
