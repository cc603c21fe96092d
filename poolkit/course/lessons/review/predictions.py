"""What lesson 09 asks before each run, and in the end."""

from __future__ import annotations

from poolkit.course.helping import Explanation
from poolkit.course.predicting import Prediction

predictions = (
    Prediction(
        id="review.start",
        question="(1) A found pool that opens two ahead, and may open two in all (`least=2, most=2`): what does the first borrower get? (2) One that opens none ahead: two blocks end with an IntegrityError each. What does the third borrower get?",
        places={
            "prefilled": ("a connection", "TimeoutError"),
            "after_errors": ("a connection", "TimeoutError"),
        },
        sample={"prefilled": "a connection", "after_errors": "a connection", "sure": 65},
        explanations=(
            (
                {"prefilled": "a connection"},
                "Two were opened ahead, so one expects to get one of them. The demo opened none ahead, and nobody noticed.",
            ),
            (
                {"after_errors": "a connection"},
                "Both connections were closed, so one expects that there is room. Read the line below `conn.close()` once more.",
            ),
        ),
        why="(1) `fill` drops what it opens: both places are taken, and nothing lies on the shelf. (2) `throw_away` subtracts from `self.opened`; there is no such attribute, the count is called `self.open`. `except: pass` swallows the AttributeError, and no place is ever free again. Two faults, one face: a TimeoutError, far from its cause. Whoever gets the report will ask for a larger pool.",
    ),
    Prediction(
        id="review.wait",
        question="The only connection is out. Ann waits for it, five seconds at most. After one second ben gives it back. What does ann get, and how many seconds does ben stand in `release`?",
        places={"ann": ("a connection", "TimeoutError"), "ben_stands": int},
        sample={"ann": "a connection", "ben_stands": 0, "sure": 80},
        explanations=(
            (
                {"ann": "a connection"},
                "Ann waits inside `with self.lock`. Ben's `release` needs that lock to put the connection on the shelf. He can put it there when she has given up.",
            ),
            (
                {"ben_stands": 0},
                "Giving back ought to be the quickest thing in the world. But ann holds the lock that `release` wants, and sleeps.",
            ),
            (
                {"ben_stands": 5},
                "He came a second after her: of her five seconds four were left.",
            ),
        ),
        why="In the demo five threads shared eight places: nobody ever had to wait. The first real rush is the first test of this line.",
    ),
    Prediction(
        id="review.back",
        question="(1) Ann writes a row, forgets to commit and gives back. Ben borrows, writes a row and commits. How many rows are stored? (2) In a pool with room for many, five blocks one after the other run into an IntegrityError. How many connections does the pool open for them?",
        places={"stored": int, "opened": int},
        sample={"stored": 1, "opened": 1, "sure": 60},
        explanations=(
            (
                {"stored": 1},
                "Ann never committed, so one expects her row to be gone. But a transaction belongs to the connection, not to its borrower, and the connection was never asked.",
            ),
            (
                {"opened": 1},
                "One sound connection could have served all five. After any exception in its block this pool throws it away.",
            ),
            ({"opened": 0}, "Somebody has to open the first one."),
        ),
        why="(1) `release` lays the connection down with ann's transaction open; ben's row joins it, and his commit stores both. (2) An e-mail that is there already says nothing against the connection, and each time it is thrown away. It keeps what it should clean, and throws away what it should keep.",
    ),
    Prediction(
        id="review.end",
        question="(1) A pool of one. Its connection died on the shelf: the server hung up. What does the next borrower get, and what the one after? (2) One connection is out when `close_all()` is called, and comes back afterwards. Is it closed then?",
        places={
            "next": ("a connection", "an error"),
            "after_next": ("a connection", "an error", "TimeoutError"),
            "closed": bool,
        },
        sample={"next": "an error", "after_next": "a connection", "closed": True, "sure": 55},
        explanations=(
            (
                {"next": "a connection"},
                "A pool that tests before it lends ought to lend something that works. This one tests, and that is all.",
            ),
            (
                {"after_next": "a connection"},
                "The only place is taken by a connection that does not exist any more: nobody took it out of the count.",
            ),
            (
                {"after_next": "an error"},
                "The dead one is gone from the shelf: it can do no more harm to anybody. Its place went with it.",
            ),
            (
                {"closed": True},
                "It came back, so one expects the pool to see to it. `release` lays it on a shelf that nobody will look at again.",
            ),
        ),
        why="(1) `tested` notices, and raises: the borrower has the pool's problem. The dead one left the shelf and not the count, so that its place is gone. (2) `close_all` empties the shelf and forgets that it was called. To look is not enough: whoever checks needs an answer for the case that the check fails.",
    ),
)  # fmt: skip


explanations = (
    Explanation(
        id="review.symptom",
        question="Somebody reports TimeoutErrors, and a colleague mends it by setting `patience=60`. What do you say?",
        points=(
            "The time-out is where it shows, not where it is: a lost place, or a lock that is held, is still lost or held after sixty seconds.",
            "Write a check that fails because of the fault itself; then try it on the mended pool, and on one that was mended only where it shows.",
            "Who waits ten times as long without getting anything has a worse pool, and the next review has less to go by.",
        ),
        sample="A longer wait hides the symptom, the connections are still lost or locked; first prove where they go with a check that fails, then mend that.",
    ),
)
