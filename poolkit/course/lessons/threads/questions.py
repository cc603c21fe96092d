"""The predictions of lesson 08, and what is to be explained in one's own words."""

from __future__ import annotations

from poolkit.course.helping import Explanation
from poolkit.course.predicting import Prediction

FATES = ("a connection", "an error", "waits for ever")

predictions = (
    Prediction(
        id="threads.lucky",
        question="Two real threads borrow from one SimplePool and give back, 10,000 times together. It was written for one thread. How many loans go wrong?",
        places={"wrong": ("none", "one in a hundred or fewer", "more")},
        sample={"wrong": "more", "sure": 60},
        explanations=(
            (
                {"wrong": "more"},
                "The gap between looking and taking is two instructions long. The operating system and Python would have to stop a thread in just that gap, and they hardly ever do, or never.",
            ),
            (
                {"wrong": "one in a hundred or fewer"},
                "Even that did not come about. Many versions of Python never change threads between these two lines. None of them promises it.",
            ),
            (
                {"wrong": "none"},
                "On your machine the switch did fall into the gap. On the next it may not.",
            ),
        ),
        why="A clean run tells you where the switches fell today, not where they can fall. The next version of Python, a build without the global lock, or one more call between the two lines moves them.",
        measured=True,
    ),
    Prediction(
        id="threads.race",
        question="One connection lies idle. ann runs `if self._idle:` and is paused. ben borrows, from start to end. ann goes on. What does she get?",
        places={"ann": ("a connection", "the same as ben", "an error")},
        sample={"ann": "the same as ben", "sure": 70},
        explanations=(
            (
                {"ann": "the same as ben"},
                "`pop()` takes the connection off the list, so ben's cannot be popped again. There is nothing left to pop.",
            ),
            (
                {"ann": "a connection"},
                "She would open a new one if she looked now. But she has looked already, and believes what she saw.",
            ),
        ),
        why="What she saw was true when she saw it. Between looking and taking the world went on: that is a race.",
    ),
    Prediction(
        id="threads.plus",
        question="Nobody has borrowed yet, so in_use is 0. ann is paused in the middle of `self._in_use += 1`. ben borrows, from start to end. ann goes on. Two are out: what does in_use say?",
        places={"in_use": int},
        sample={"in_use": 2, "sure": 80},
        explanations=(
            (
                {"in_use": 2},
                "Both have added 1. But both have added it to 0.",
            ),
            ({"in_use": 0}, "Each has written. But each has written the same number."),
        ),
        why="One line is not one step: `+=` reads, adds and writes. ann had read 0 before ben wrote 1, and then wrote her own 0 + 1. A counter that two threads add to without a lock loses counts.",
    ),
    Prediction(
        id="threads.held",
        question="The only connection is out, with ben. ann asks for one and waits in `get()`, with the pool's lock in her hand. ben comes to give his back. What becomes of ann?",
        places={"ann": FATES},
        sample={"ann": "a connection", "sure": 70},
        explanations=(
            (
                {"ann": "a connection"},
                "ben cannot put it down: `release` wants the lock, and ann keeps it until she has a connection. She waits for ben, and he waits for her.",
            ),
            ({"ann": "an error"}, "Nothing raises. Both stand there in silence."),
        ),
        why="That is a deadlock: each has what the other needs. With a timeout it would end in an error for somebody who did nothing wrong.",
    ),
    Prediction(
        id="threads.asleep",
        question="ann looks: nothing is idle. She is paused before she falls asleep. ben gives his connection back and rings. Then ann goes on. What becomes of her?",
        places={"ann": FATES},
        sample={"ann": "a connection", "sure": 60},
        explanations=(
            (
                {"ann": "a connection"},
                "It lies there for her. But she has looked already, goes to sleep, and the bell that would wake her has rung.",
            ),
            ({"ann": "an error"}, "She never gets to the `pop()` that could fail: she sleeps."),
        ),
        why="A bell is not remembered: `notify` wakes those who sleep at that moment. That is a lost wake-up, and the cure is to look and to fall asleep under one hold of the lock.",
    ),
    Prediction(
        id="threads.once",
        question="ann waits. ben gives his connection back, which wakes her, and before she gets going he borrows again. ann goes on after her `if`. What becomes of her?",
        places={"ann": FATES},
        sample={"ann": "waits for ever", "sure": 60},
        explanations=(
            (
                {"ann": "waits for ever"},
                "She was woken, and an `if` does not send her back to sleep. She goes on to `pop()`, and the shelf is empty.",
            ),
            ({"ann": "a connection"}, "ben was faster: he has it again."),
        ),
        why="To be woken means: look again. With `while` in place of `if` she would, and would sleep on.",
    ),
    Prediction(
        id="threads.next",
        question="ann has waited for a minute. ben gives the only connection back and asks for one again at once. The pool has a shelf and a condition, as in our answer to the last exercise. Who has it first?",
        places={"first": ("ann", "ben")},
        sample={"first": "ann", "sure": 80},
        explanations=(
            (
                {"first": "ann"},
                "She was woken, but waking takes a moment. ben is awake already, and what lies on the shelf belongs to whoever comes first.",
            ),
        ),
        why="ben pushes in without meaning to. It is called barging. With one waiter it costs her a moment; with many, somebody may never be served.",
    ),
    Prediction(
        id="threads.fair",
        question="Sixteen threads share four connections and hold each for half a millisecond. Compare the thread that is served least with the one that is served most: how often does it get a connection? By a queue, where one can push in, and by hand-off.",
        places={
            "queue": ("nearly as often", "half as often", "hardly ever"),
            "hand_off": ("nearly as often", "half as often", "hardly ever"),
        },
        sample={"queue": "half as often", "hand_off": "nearly as often", "sure": 60},
        explanations=(
            (
                {"queue": "nearly as often"},
                "Chance does not even it out: a thread that has just given back is always the one that is awake.",
            ),
            (
                {"queue": "half as often"},
                "Pushing in is not luck that changes hands. Who has just given back is awake, takes it again, and will be in the same place next time.",
            ),
            (
                {"hand_off": "half as often"},
                "Who stands in line is served in turn, whatever the others do.",
            ),
            (
                {"hand_off": "hardly ever"},
                "Who stands in line is served in turn, whatever the others do.",
            ),
        ),
        why="Compare the sums too: if pushing in gains anything for all together, those who are never served pay for it. They are said to starve.",
        measured=True,
    ),
    Prediction(
        id="threads.users",
        question="Eight threads insert 37 users; two of them have the same e-mail, and the column is UNIQUE. How many rows are stored, how many inserts are refused, and how many connections does the pool lose by it?",
        places={"stored": int, "refused": int, "lost": int},
        sample={"stored": 35, "refused": 2, "lost": 1, "sure": 60},
        explanations=(
            (
                {"stored": 35, "refused": 2},
                "One of the two was first and is stored. Only the second is refused.",
            ),
            (
                {"lost": 1},
                "The database refused a row; the connection is as good as before. The block rolled back and gave it back.",
            ),
            ({"stored": 37}, "`UNIQUE` holds for all connections: the second one is refused."),
            ({"refused": 0}, "The second of the two raised IntegrityError."),
        ),
        why="An IntegrityError is an answer, not a broken line. A pool that closed the connection for it would open a new one for every duplicate.",
    ),
)

explanations = (
    Explanation(
        id="threads.why_again",
        question="A thread waits for a connection and is woken. Why must it look again before it takes one?",
        points=(
            "To be woken means that something changed, at some time before.",
            "Between the bell and its first step somebody else may have taken the connection.",
            "So it looks and takes under one hold of the lock, and goes back to sleep if there is nothing.",
        ),
        sample="Because between the bell and its next step another thread may have taken the connection, so it has to look again under the lock.",
    ),
    Explanation(
        id="threads.why_tests_pass",
        question="A colleague ran the pool with fifty threads for an hour, and nothing went wrong. What do you answer?",
        points=(
            "The run shows the orders that came up, not the ones that can.",
            "A gap of two instructions is hit once in millions, or only by another version or machine.",
            "What can go wrong is found by choosing the order: pause one thread in the gap, let the other run.",
        ),
        sample="An hour shows only the orders that happened to come up; pause one thread between looking and taking, and you see the fault at once.",
    ),
)
