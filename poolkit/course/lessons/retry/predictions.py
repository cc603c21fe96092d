"""What is predicted in lesson 03, and what is to be explained in the end."""

from __future__ import annotations

from poolkit.course.helping import Explanation
from poolkit.course.predicting import Prediction

predictions = (
    Prediction(
        id="retry.wasted",
        question="The database stays locked. The loop pauses for 10 ms after its first attempt and twice as long after each next one; after the third it gives up. Its pauses add up to 70 ms. How many of them could you take away without losing an attempt?",
        places={"wasted": int},
        sample={"wasted": 0, "sure": 60},
        explanations=(
            (
                {"wasted": 0},
                "Look for the attempt that follows the third pause. There is none.",
            ),
            (
                {"wasted": 70},
                "An attempt follows the first pause and another the second: those gave the database its time. One pause is left that nothing follows.",
            ),
            (
                {"wasted": 10},
                "An attempt follows the first pause. Which pause has none after it?",
            ),
            (
                {"wasted": 30},
                "10 and 20 are the pauses that an attempt follows: these you need. The third one nobody does.",
            ),
        ),
        why="The pause after the last attempt is the longest of all, and all it does is hold back the error. Those before it grow: the first is for a glitch that is over in a moment, the next ones leave a longer gap to a database that needs it.",
    ),
    Prediction(
        id="retry.missing",
        question="A loop makes three attempts at most, and tries again after the exception that SQLite raises for a locked database. It opens a file in a folder that does not exist. How many attempts does it make? And does SQLite raise the same type of exception as for a locked database?",
        places={"attempts": int, "same_type": bool},
        sample={"attempts": 1, "same_type": False, "sure": 60},
        explanations=(
            (
                {"same_type": False},
                "Both are `sqlite3.OperationalError`. So the loop cannot tell them apart, and tries three times what cannot succeed once.",
            ),
            (
                {"attempts": 1},
                "The loop catches OperationalError, and this is one. It pauses politely and tries again, three times.",
            ),
            (
                {"attempts": 2},
                "Nothing tells the loop to stop early: it makes all three.",
            ),
        ),
        why="Retrying does not make a folder. It only keeps the answer from whoever could: they wait, and then read that something gave up.",
    ),
    Prediction(
        id="retry.herd",
        question="Fifty clients lost their connection at the same moment; the database comes back after half a second and lets in five at a time. With growing pauses and no jitter, how many knock at once in the worst moment after that? And which pauses have all fifty served first?",
        places={"at_once": int, "first_done": ("fixed", "exponential", "jittered")},
        sample={"at_once": 5, "first_done": "exponential", "sure": 60},
        explanations=(
            (
                {"at_once": 5},
                "Five are let in. But all fifty failed together, so that their pauses begin and end together: they all knock, and 45 are sent away.",
            ),
            (
                {"first_done": "exponential"},
                "Growing pauses keep the crowd together: all come at once, five get in, the others leave for the longest pause there is, together again.",
            ),
            (
                {"first_done": "fixed"},
                "Fixed pauses are short and come out second. They pay for it in knocks: look at the first number of the table.",
            ),
            (
                {"at_once": 10},
                "Nothing spreads them: equal pauses after an equal start lead to equal times.",
            ),
        ),
        why="A crowd that keeps in step is called a retry storm, or a thundering herd. Chance breaks the step.",
    ),
)

explanations = (
    Explanation(
        id="retry.why_exponential",
        question="Why do the pauses grow, when a fixed pause would be simpler? And what do growing pauses not do?",
        points=(
            "Nobody knows how long the trouble lasts. Short pauses first: most glitches are over at once.",
            "The longer it lasts, the less often you knock: a database that struggles is left alone.",
            "A cap keeps the pause from growing past all use, and a limit on attempts brings the error to somebody who can act.",
            "They do not spread clients that failed together: that is what jitter is for.",
        ),
        sample="A short glitch is waited out quickly, and a long one is not made worse by knocking all the time; but clients that failed together still come back together.",
    ),
)
