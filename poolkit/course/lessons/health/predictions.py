"""What is predicted in lesson 04, and what is to be explained in the end."""

from __future__ import annotations

from poolkit.course.helping import Explanation
from poolkit.course.predicting import Prediction

predictions = (
    Prediction(
        id="health.closed",
        question="A borrower closes his connection by hand and then gives it back. The pool is SimplePool, from lesson 02. How many connections does it believe to have idle, and who sees the first error?",
        places={
            "idle": int,
            "who": ("the borrower who closed it", "the pool, at release", "the next borrower"),
        },
        sample={"idle": 0, "who": "the pool, at release", "sure": 70},
        explanations=(
            (
                {"who": "the pool, at release"},
                "`release` puts the object on a list. It never asks it anything, so it cannot notice.",
            ),
            (
                {"who": "the borrower who closed it"},
                "He is content: he closed what he used, and gave back what he had borrowed. Neither raised anything.",
            ),
            (
                {"idle": 0},
                "A closed connection is still an object, and the pool counts objects.",
            ),
        ),
        why="The one who made the mistake never sees it. The one who sees it made none.",
    ),
    Prediction(
        id="health.left_open",
        question="Ann inserts a row, does not commit, and gives her connection back to a pool that trusts. Ben borrows next, inserts a row of his own, and commits. How many of the two rows does everybody see now?",
        places={"rows": int},
        sample={"rows": 1, "sure": 75},
        explanations=(
            (
                {"rows": 1},
                "A transaction belongs to the connection, not to the borrower. Ben was lent Ann's, with her row waiting in it, and his commit committed both.",
            ),
            (
                {"rows": 0},
                "Ben did commit. And what he committed was everything that waited in that connection, Ann's row too.",
            ),
        ),
        why="Had Ben rolled back, he would have lost nothing he knew of, and Ann a row. Neither of them did anything that looks wrong on its own.",
    ),
    Prediction(
        id="health.cost",
        question="A ping is `SELECT 1`. What does it cost beside a query that reads one row by its key, on the same connection?",
        places={"ping": ("a hundredth", "a tenth", "a third", "twice as much")},
        sample={"ping": "a hundredth", "sure": 60},
        explanations=(
            (
                {"ping": "a hundredth"},
                "It reads no table. But it goes the same way from Python to SQLite and back, and that way alone is often about a third of a short query.",
            ),
            (
                {"ping": "a tenth"},
                "It reads no table, but it goes the same way from Python to SQLite and back, and that way alone is often about a third of a short query.",
            ),
            (
                {"ping": "twice as much"},
                "It does less than the query: the same way there and back, and nothing to read.",
            ),
        ),
        why="Across a network both cost one journey to the server and back, and a ping is as dear as the query it goes before.",
        measured=True,
    ),
    Prediction(
        id="health.unseen",
        question="Three connections are open when their files meet with an accident: one is deleted, one is locked by somebody else, one is overwritten with a shopping list. Does `SELECT 1` still find them healthy?",
        places={"deleted": bool, "locked": bool, "damaged": bool},
        sample={"deleted": False, "locked": True, "damaged": False, "sure": 60},
        explanations=(
            (
                {"damaged": False},
                "`SELECT 1` needs no table. SQLite computes it without opening a page of the file, so it does not see what is in there.",
            ),
            (
                {"deleted": False},
                "`SELECT 1` needs no table, so SQLite does not touch the file, be it there or not.",
            ),
            (
                {"locked": False},
                "A lock stops those who want to read or write the file. `SELECT 1` wants neither.",
            ),
        ),
        why="A ping tells that the connection answers. It does not tell that the database is well.",
    ),
    Prediction(
        id="health.behind",
        question="A hundred loans, one after the other. After each, with a chance of three in ten, somebody closes the connection *after* it was given back. How many of the hundred loans are dead in a pool that trusts, in one with your guard at release, and in one that asks before it lends?",
        places={
            "trusting": ("none", "some", "nearly all"),
            "guarded": ("none", "some", "nearly all"),
            "checking": ("none", "some", "nearly all"),
        },
        sample={"trusting": "some", "guarded": "none", "checking": "none", "sure": 60},
        explanations=(
            (
                {"trusting": "some", "guarded": "none"},
                "A pool that trusts lends the same dead one for ever, since it is always on top of the stack. And a guard at release looks before the accident: what dies on the shelf, it never sees.",
            ),
            (
                {"guarded": "none"},
                "The guard looks when a connection comes back. These died later, on the shelf.",
            ),
            (
                {"trusting": "some"},
                "A stack lends what came back last. Once that is dead, it is lent, given back, and lent again.",
            ),
            (
                {"trusting": "none"},
                "Nothing in it ever looks: it lends what is on top of the stack, alive or not.",
            ),
            (
                {"guarded": "nearly all"},
                "The guard does catch each dead one, when it comes back. So each is lent once, and then gone.",
            ),
            (
                {"checking": "some"},
                "Here `ping_after` is 0: each connection is asked before each loan.",
            ),
        ),
        why="What is looked at in the doorway can still die on the shelf. Only a look at the moment of lending helps against that.",
    ),
)

explanations = (
    Explanation(
        id="health.when",
        question="When should a pool ask a connection whether it lives, and what does the answer not promise?",
        points=(
            "At return: whether it was closed, and what was left open. That costs next to nothing.",
            "Before lending, if it has been idle for a while: servers, proxies and firewalls drop what is silent. What was used a moment ago is almost surely alive.",
            "A ping sees the connection, not the tables, the locks or the disk behind it.",
            "It can die between the ping and the query. So the borrower still needs a retry around his work.",
        ),
        sample="A look when it comes back and a ping when it has been idle for long; but it can still die in the moment after that.",
    ),
)
