"""What is predicted in lesson 02, and what is to be explained in the end."""

from __future__ import annotations

from poolkit.course.helping import Explanation
from poolkit.course.predicting import Prediction

predictions = (
    Prediction(
        id="simple.counts",
        question="You acquire, release and acquire again. What will the counters say?",
        places={"created": int, "reused": int},
        sample={"created": 2, "reused": 0, "sure": 70},
        explanations=(
            (
                {"created": 2},
                "Two acquires, but one of them found a connection on the shelf: nothing had to be opened.",
            ),
            (
                {"reused": 2},
                "The first acquire found an empty shelf: there was nothing to reuse yet.",
            ),
            (
                {"created": 0},
                "The first connection has to come from somewhere: the pool starts empty and opens it when it is asked.",
            ),
            (
                {"reused": 0},
                "The second acquire found what `release` had put down. That is a reuse.",
            ),
        ),
        why="Created counts what was paid for; reused counts what was saved.",
    ),
    Prediction(
        id="simple.order",
        question="Three connections lie idle. One borrower comes a hundred times, uses one and gives it back. How many different connections do they see?",
        places={"stack": int, "queue": int},
        sample={"stack": 3, "queue": 3, "sure": 60},
        explanations=(
            (
                {"stack": 3},
                "A stack lends what came back last, and that is always the one just given back. The other two are never touched.",
            ),
            (
                {"queue": 1},
                "A queue sends what comes back to the end of the line, so that each in turn gets to the front.",
            ),
            (
                {"stack": 100},
                "Nothing is opened while something lies idle: there are three in all.",
            ),
            (
                {"queue": 100},
                "Nothing is opened while something lies idle: there are three in all.",
            ),
        ),
        why="With a stack a quiet day uses one connection, which stays warm, and the others are seen to be surplus: that decides. A queue uses each just often enough to look needed. It would keep them all awake for a server that hangs up on the silent; but what nobody needs may well be hung up on.",
    ),
    Prediction(
        id="simple.uncapped",
        question="pool_size is 5. Thirty borrow at once and give back, later fifty do. How many lie idle in the end, if release() appends without looking (`uncapped`), and if it keeps to pool_size (`capped`)?",
        places={"uncapped": int, "capped": int},
        sample={"uncapped": 5, "capped": 5, "sure": 80},
        explanations=(
            (
                {"uncapped": 5},
                "`pool_size` is only a number in a config. Nothing enforces it unless `release()` looks.",
            ),
            (
                {"uncapped": 80},
                "The second rush found thirty on the shelf and opened only the twenty that were missing.",
            ),
            (
                {"uncapped": 30},
                "Thirty lay idle when fifty came: twenty more were opened, and nothing closed them.",
            ),
            ({"uncapped": 0}, "Nothing closed them: `release()` put each one on the shelf."),
            ({"capped": 50}, "With the cap, `release()` closes what does not fit."),
            ({"capped": 0}, "The cap closes the surplus only; the first five found room."),
        ),
        why="A pool without a cap stays as large as its worst minute ever was.",
    ),
    Prediction(
        id="simple.out",
        question="One connection is out and two lie idle when close_all() is called. Afterwards: can the borrower still query, and what does in_use say?",
        places={"still_works": bool, "in_use": int},
        sample={"still_works": False, "in_use": 0, "sure": 60},
        explanations=(
            (
                {"still_works": False},
                "The pool closes what is on its shelf. What is out is in somebody else's hands, in the middle of something, perhaps: it is left alone.",
            ),
            (
                {"in_use": 0},
                "Nobody gave it back, so that it still counts as out. A pool that forgot it could never tell you that something leaks.",
            ),
            ({"in_use": 3}, "The two idle ones were not in use before, and are closed now."),
        ),
        why="`close_all()` closes what came home. A borrower who never returns keeps a connection open until Python cleans up behind them. `in_use` counts it for ever, and is the only trace.",
    ),
)


explanations = (
    Explanation(
        id="simple.why_stack",
        question="Why does a pool lend the connection that came back last, and not the one that has waited longest?",
        points=(
            "What is not needed stays untouched, so that it can be recognised and closed.",
            "The caches of the one used last are warm.",
            "The one used last is the likeliest still to be alive: servers and firewalls drop what is silent. A queue would use each in turn and keep all alive, needed or not.",
        ),
        sample="The ones nobody needs can be found and closed, and the last one back is warm and was alive a moment ago.",
    ),
    Explanation(
        id="simple.sizes",
        question="What happens to an application whose pool keeps too few connections, and to one whose pool keeps too many?",
        points=(
            "Too few kept: every rush opens and closes again, and the saving is gone.",
            "Too many kept: memory and open files here, and connection slots on the server that others could use.",
            "This pool limits what it keeps, not what it lends: fifty borrowers at once still open fifty. A cap on lending comes with threads, in lesson 08.",
        ),
        sample="Too few and each rush pays for opening again; too many and they lie about costing memory and slots on the server.",
    ),
)
