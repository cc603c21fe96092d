"""What lesson 06 lets the learner predict, and explain in their own words."""

from __future__ import annotations

from poolkit.course.helping import Explanation
from poolkit.course.predicting import Prediction

AFTERWARDS = ("yesterday's summary", "half of today's", "nothing at all")

predictions = (
    Prediction(
        id="run.counts",
        question="`run` stores a file of 22 labels through a pool that keeps up to five connections, as lesson 05 did, and then asks a connection for its health. How many connections will the pool have created, and how often will it have reused one?",
        places={"created": int, "reused": int},
        sample={"created": 1, "reused": 22, "sure": 65},
        explanations=(
            (
                {"created": 2},
                "There were two loans, but the first connection was back on the shelf before the second began: nothing had to be opened.",
            ),
            (
                {"created": 5},
                "`pool_size=5` says how many it may keep, not how many it opens. It opens one when somebody asks and none is idle.",
            ),
            (
                {"reused": 21},
                "That would be a loan for each label. All 22 go in on one loan, since they are one transaction: all or none.",
            ),
            (
                {"reused": 22},
                "That would be a loan for each label, and one for the health. All 22 go in on one loan, since they are one transaction: all or none.",
            ),
            (
                {"reused": 0},
                "The second loan was of a connection that was there already. That is a reuse.",
            ),
            (
                {"reused": 2},
                "The first loan found an empty shelf; only the second was a reuse.",
            ),
        ),
        why="The summary proves the pool: two loans, one for all labels and one for the health, and one connection.",
    ),
    Prediction(
        id="run.lines",
        question="A file holds `search: red shoes\\u2028size 42\\nlogin\\n`: in one label, copied from a web page, stands a line separator, U+2028, which looks like a space. How many lines does `splitlines()` make of it, and how many `for line in file`?",
        places={"splitlines": int, "in_file": int},
        sample={"splitlines": 2, "in_file": 2, "sure": 70},
        explanations=(
            (
                {"splitlines": 2},
                "`str.splitlines` ends a line at ten different characters, U+2028 and the vertical tab among them, and not only at a newline.",
            ),
            (
                {"in_file": 3},
                "A file that is gone through line by line ends a line at a newline, of whatever system, and nowhere else.",
            ),
        ),
        why="A label cut in two is two rows in the database, and nothing looks wrong.",
    ),
    Prediction(
        id="run.torn",
        question="Yesterday's summary is in the file. Today's holds a date, for which JSON has no word, so that `json.dump` fails half-way. What is in the file afterwards?",
        places={"after": AFTERWARDS},
        sample={"after": "yesterday's summary", "sure": 70},
        explanations=(
            (
                {"after": "yesterday's summary"},
                'It was gone before the first letter of the new one was written: `open(path, "w")` empties the file.',
            ),
            (
                {"after": "nothing at all"},
                "`json.dump` writes piece by piece, and the pieces before the date were written when the file was closed.",
            ),
        ),
        why="A full disk, Ctrl-C or a power cut do the same, with a summary that JSON likes very well.",
    ),
    Prediction(
        id="run.refused",
        question="The third of five lines is not UTF-8, and the output file holds yesterday's summary. What is the command's exit code, how many rows are in the database afterwards, and what is in the output?",
        places={"code": int, "rows": int, "output": AFTERWARDS},
        sample={"code": 1, "rows": 2, "output": "yesterday's summary", "sure": 65},
        explanations=(
            (
                {"rows": 2},
                "Two labels had gone in, in one transaction, which was rolled back when the third could not be read.",
            ),
            (
                {"rows": 4},
                "A line that cannot be read is not skipped: nobody would notice that it is missing.",
            ),
            (
                {"output": "nothing at all"},
                "The new summary is written beside the old one and takes its place when it is whole. It never was.",
            ),
            (
                {"output": "half of today's"},
                "The new summary is written beside the old one and takes its place when it is whole. It never was.",
            ),
            (
                {"code": 1},
                "1 is what Python gives for a traceback. This command gives 2 for what a person can mend, so that a script can tell the two apart.",
            ),
            (
                {"code": 0},
                "0 means that all is well. A script that starts the command would go on with yesterday's numbers.",
            ),
        ),
        why="All or nothing, twice: the rows by a transaction, the summary by a swap of files.",
    ),
    Prediction(
        id="run.timeout",
        question="Another program has locked the database for writing. The command is started with `--timeout 0`, and once more with `--timeout 30`; a moment later the other program lets go. What are the two exit codes?",
        places={"impatient": int, "patient": int},
        sample={"impatient": 2, "patient": 2, "sure": 60},
        explanations=(
            (
                {"patient": 2},
                "`--timeout` is how long SQLite keeps asking for the lock. It was still asking when the other program let go.",
            ),
            (
                {"impatient": 0},
                "With `--timeout 0` SQLite asks once, is told that somebody else writes, and gives up.",
            ),
            (
                {"impatient": 1},
                "A locked database is no bug but something that a person can wait for: the code is 2.",
            ),
        ),
        why="A timeout decides who is kept waiting: the command, or the person who has to start it again.",
    ),
)

explanations = (
    Explanation(
        id="run.why_one",
        question="Why does the summary of `run` say created 1, and what would have to happen for it to say 2?",
        points=(
            "The first connection was given back before the second was asked for, so that the pool could lend it again.",
            "It would be 2 if both were out at once: a leak in the first loan would do.",
            "Or if the first had been closed, or had failed its check, in between.",
        ),
        sample="The first one came back before the second borrower asked, so it was lent again; had it still been out, the pool would have opened another.",
    ),
    Explanation(
        id="run.why_two_kinds",
        question="Why does a missing file end in one line and exit code 2, and a KeyError of ours in a traceback?",
        points=(
            "The line is for whoever can mend it: it says what was wrong, and what to do.",
            "A traceback is for whoever can mend the program; a person who typed a wrong name can do nothing with it.",
            "Catching everything would hide our own bugs behind a friendly sentence.",
        ),
        sample="The person at the keyboard can correct a name but not our code, so each gets the message that helps to mend it.",
    ),
)
