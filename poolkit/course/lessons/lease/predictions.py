"""What lesson 07 lets the learner predict, and explain in their own words."""

from __future__ import annotations

from poolkit.course.helping import Explanation
from poolkit.course.predicting import Prediction

predictions = (
    Prediction(
        id="lease.leaks",
        question="A pool lends three connections at most. Six guests come one after the other; with three of them the work raises before `release`, and the caller catches that and goes on. How many connections are in use at the end, and what does the next borrower get?",
        places={"in_use": int, "next": ("a connection", "PoolTimeout")},
        sample={"in_use": 0, "next": "a connection", "sure": 70},
        explanations=(
            (
                {"in_use": 0},
                "The caller caught the exception, but not at the place where the connection was: the function that held it was left before it came to `release`.",
            ),
            (
                {"in_use": 6},
                "Three guests came to the end of the function and gave back; the same connection served them all.",
            ),
            (
                {"in_use": 1},
                "Each of the three that failed took a connection along: the next one found the shelf empty and had another opened.",
            ),
            (
                {"next": "a connection"},
                "All three places are taken, by borrowers that are long gone. The pool cannot know that they will never come.",
            ),
        ),
        why="Nothing crashed. The error was even handled. Hours later somebody else waits in vain, at a place that has nothing to do with it.",
    ),
    Prediction(
        id="lease.trap",
        question="A sqlite3 connection can stand in a `with` itself. Five times: `with pool.acquire() as conn:` and in the block one INSERT, no commit, no release. How many rows are stored for good, and how many connections are in use afterwards?",
        places={"stored": int, "in_use": int},
        sample={"stored": 5, "in_use": 0, "sure": 65},
        explanations=(
            (
                {"in_use": 0},
                "The `with` belongs to the connection, which knows nothing of a pool. It ended a transaction, not a loan.",
            ),
            (
                {"in_use": 1},
                "Nothing came back, so that each round had to open another one.",
            ),
            (
                {"stored": 0},
                "A sqlite3 connection in a `with` commits when the block ends well. That much it does.",
            ),
        ),
        why="It reads as if it gave back, and it commits, so that every test on the rows passes. It even fails to close: a sqlite3 connection in a `with` stays open.",
    ),
    Prediction(
        id="lease.ends",
        question="Three guests share one connection, one after the other. Ann writes a row and forgets to commit. Ben writes a row and raises before the second one. Cleo writes a row and commits. How many of the three rows are stored if the `with` form always commits at the end of a block, always rolls back, or leaves the transaction alone?",
        places={"commits": int, "rolls_back": int, "leaves_alone": int},
        sample={"commits": 2, "rolls_back": 1, "leaves_alone": 1, "sure": 60},
        explanations=(
            (
                {"leaves_alone": 1},
                "Ann's and Ben's rows were still waiting in the open transaction when Cleo came. Her commit committed all that the connection had, since a transaction belongs to the connection and not to the borrower.",
            ),
            (
                {"commits": 2},
                "A form that always commits does not ask how the block ended: Ben's half is stored as well.",
            ),
            (
                {"rolls_back": 2},
                "Only Cleo committed before her block ended. What Ann forgot to commit is gone, and no message says so.",
            ),
            (
                {"leaves_alone": 2},
                "Nobody undid Ben's row either: all three waited for the first commit that came along.",
            ),
            ({"rolls_back": 0}, "Cleo committed inside her block: a rollback afterwards undoes nothing."),
        ),
        why="None of the three costs nobody anything, and none of them asks how the block ended. A form that does ask is what you write next.",
    ),
    Prediction(
        id="lease.price",
        question="A loan with an empty block: written out with `try` and `finally`, by your class, by your generator. How much does the dearest of the three add to the cheapest, compared with opening a file, one query, and closing it again?",
        places={"adds": ("as much", "a tenth", "a hundredth")},
        sample={"adds": "a tenth", "sure": 55},
        explanations=(
            (
                {"adds": "as much"},
                "Opening a connection makes system calls and reads a file. A `with` form is a few calls inside Python.",
            ),
            (
                {"adds": "a tenth"},
                "A tenth of that is several microseconds. A form is a handful of calls inside Python, about one.",
            ),
        ),
        why="The form costs something, and never so much that leaving it out would pay.",
        measured=True,
    ),
    Prediction(
        id="lease.stale",
        question="The pool refuses what is not out. Ann borrows and gives back. Ben borrows and gets the same connection. Now Ann gives it back once more, out of a forgotten `finally`. Is she refused? And when Cleo borrows now: does she get the connection that Ben is working with?",
        places={"refused": bool, "shared": bool},
        sample={"refused": True, "shared": False, "sure": 75},
        explanations=(
            (
                {"refused": True},
                "The pool looks for this connection among those that are out, and finds it: Ben has it. An object does not say who holds it.",
            ),
            (
                {"shared": False},
                "For the pool Ben's loan is over, and the connection lies on the shelf. The last one back is the first one out.",
            ),
        ),
        why="Two borrowers in one transaction: whichever commits first commits the other's half-done work.",
    ),
)  # fmt: skip

explanations = (
    Explanation(
        id="lease.why_with",
        question="A colleague gives connections back with `pool.release(conn)` at the end of each function, and has never had trouble. Why should he use the `with` form?",
        points=(
            "An exception leaves the function before it comes to the last line; the connection is out for ever.",
            "Whether to commit or to roll back is decided in one place, by how the block ended.",
            "Each block ends its own loan, once: no second release can take a connection away from somebody else.",
        ),
        sample="Because an exception skips the last line and leaks the connection, and the with form also decides about the commit and gives back exactly once.",
    ),
)
