"""What lesson 05 lets the learner predict, and explain in their own words."""

from __future__ import annotations

from poolkit.course.helping import Explanation
from poolkit.course.predicting import Prediction

READERS = ("finds the row", "finds an empty table", "no such table")
STORED = ("the text as typed", "the password", "an error")

predictions = (
    Prediction(
        id="workload.commit",
        question="You insert one row and do not commit. How many rows does your own connection count, how many does another connection to the same file, and how many does that one count after you have closed yours?",
        places={"here": int, "next_door": int, "after_closing": int},
        sample={"here": 1, "next_door": 1, "after_closing": 1, "sure": 75},
        explanations=(
            (
                {"here": 0},
                "Your own connection sees what it has done itself, committed or not.",
            ),
            (
                {"next_door": 1},
                "INSERT opened a transaction by itself. Until it is committed, it is a draft that only its own connection can read.",
            ),
            (
                {"after_closing": 1},
                "Closing does not commit. The draft is thrown away.",
            ),
        ),
        why="Nothing failed and nothing warned. While you test through one connection, all looks well: it reads its own draft.",
    ),
    Prediction(
        id="workload.pasted",
        question="A visitor types the label `' || (SELECT password FROM users) || '`. It is stored once by pasting it into the SQL, once as a parameter. What does the table hold afterwards?",
        places={"pasted": STORED, "parameter": STORED},
        sample={"pasted": "an error", "parameter": "the text as typed", "sure": 65},
        explanations=(
            (
                {"pasted": "an error"},
                "The quotes are even, so that it is good SQL: an empty text, joined to the answer of a SELECT, joined to an empty text. SQLite runs it.",
            ),
            (
                {"pasted": "the text as typed"},
                "The first quote in the label ends the text. What follows is SQL, written by the visitor, and SQLite runs it.",
            ),
            (
                {"parameter": "the password"},
                "A parameter is never read as SQL. It goes into the row as it is, quotes and all.",
            ),
            (
                {"parameter": "an error"},
                "A parameter may hold anything. Nobody looks for quotes in it.",
            ),
        ),
        why="This is SQL injection: whoever can type a label can run a query. A parameter travels beside the SQL, not inside it.",
    ),
    Prediction(
        id="workload.found",
        question="The table holds two rows. You insert three, and while you are at it another program inserts one. How many rows does a SELECT find afterwards, and what is the count afterwards minus the count before?",
        places={"found": int, "difference": int},
        sample={"found": 3, "difference": 3, "sure": 70},
        explanations=(
            (
                {"found": 3},
                "A SELECT finds what is there: the old rows, the other program's, and yours.",
            ),
            (
                {"found": 5},
                "The other program's row is in the table too, and a SELECT does not ask whose it is.",
            ),
            (
                {"difference": 3},
                "The other program's row came between the two counts, and the difference takes it for yours.",
            ),
        ),
        why="You inserted three, and neither number says so. Only the INSERT itself knows which row it made.",
    ),
    Prediction(
        id="workload.leak",
        question="A pool lends two connections at most. `release` stands below the INSERT, not in a `finally`. Two INSERTs fail, and the caller carries on. What does the third borrower get? And what does the pool tell them of the cause?",
        places={
            "third": ("a connection", "PoolTimeout", "a closed connection"),
            "names": ("nothing of it", "the INSERT that failed", "the line that borrowed"),
        },
        sample={"third": "PoolTimeout", "names": "nothing of it", "sure": 70},
        explanations=(
            (
                {"third": "a connection"},
                "The exception left the function at the INSERT, and the line with `release` was never reached. Both are out, as far as the pool knows, and two is the most it may lend.",
            ),
            (
                {"third": "a closed connection"},
                "Nothing closed them. They are open, and nobody has them any more.",
            ),
            (
                {"names": "the INSERT that failed"},
                "The pool saw no INSERT: that went from the borrower to the database. What it did see is who borrowed, when, and at which line.",
            ),
            (
                {"names": "nothing of it"},
                "The pool cannot know that nobody will come. But it has noted each loan: who borrowed, when, and at which line of the program. The one that is out for longest it names.",
            ),
        ),
        why="The third borrower did nothing wrong and gets the error. That is why leaks are hard to find: the error appears far from its cause, and only a note made at the loan leads back.",
    ),
    Prediction(
        id="workload.memory",
        question='A pool on ":memory:". Ann borrows, makes the table, inserts, commits. While she still has her connection, Ben borrows and reads. Ben gives his back, then Ann gives hers back, and Cem borrows and reads. What do they find?',
        places={"ben": READERS, "cem": READERS},
        sample={"ben": "finds the row", "cem": "finds the row", "sure": 75},
        explanations=(
            (
                {"ben": "finds the row"},
                'Every connection to ":memory:" is a database of its own. Ben has a second one, and it is new.',
            ),
            (
                {"ben": "finds an empty table"},
                "Not even the table is there: Ben's is another database, and nobody has made a table in it.",
            ),
            (
                {"cem": "no such table"},
                "Cem was lent the connection that came back last, Ann's, and with it Ann's database.",
            ),
            (
                {"cem": "finds an empty table"},
                "Cem was lent the connection that came back last, Ann's, and with it Ann's database, rows and all.",
            ),
        ),
        why="As long as one borrower comes after the other, everybody gets the same connection and all looks well. The first day with two at once, a table is missing.",
    ),
)

explanations = (
    Explanation(
        id="workload.why_finally",
        question="Why does `release` stand in `finally`, and `acquire` before the `try`?",
        points=(
            "`finally` runs on every way out: the end, a `return`, an exception, Ctrl-C.",
            "Without it each failed INSERT costs the pool a connection, until the next borrower, who did nothing wrong, gets a PoolTimeout.",
            "If `acquire` fails there is nothing to give back, and `finally` would fail in its turn and hide why.",
        ),
        sample="Whatever happens in the work, finally runs and the connection comes back; acquire stands before it because what was never borrowed cannot be given back.",
    ),
)
