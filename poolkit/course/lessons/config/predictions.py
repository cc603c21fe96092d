"""What is predicted in lesson 01, and what is to be explained in the end."""

from __future__ import annotations

from poolkit.course.helping import Explanation
from poolkit.course.predicting import Prediction

predictions = (
    Prediction(
        id="config.zero",
        question="`pool_size` is the number of idle connections that a pool keeps. Nobody forbids 0. With it, ten borrowers come one after the other. What do you see? `works`: each gets a connection that answers. `created`: how many the pool opens in all.",
        places={"works": bool, "created": int},
        sample={"works": False, "created": 0, "sure": 75},
        explanations=(
            (
                {"works": False},
                "Nothing fails. Each borrower gets a connection, since the pool opens one when its shelf is empty, and each is closed when it comes back. It works, and it saves nothing.",
            ),
            (
                {"created": 1},
                "The first was closed when it came back: a shelf for 0 has no room for it. So the second borrower had to open another.",
            ),
            (
                {"created": 0},
                "The shelf is always empty, so that every acquire opens a connection.",
            ),
        ),
        why="That is the worst kind of mistake: everything works, only slower, and no message tells you so.",
    ),
    Prediction(
        id="config.hint",
        question='The field says `timeout: float`. What does `SmallConfig(timeout="5")` do, with text instead of a number?',
        places={"does": ("raises TypeError", "turns it into 5.0", "keeps the text")},
        sample={"does": "raises TypeError", "sure": 80},
        explanations=(
            (
                {"does": "raises TypeError"},
                "A type annotation is a note for readers and tools. Python itself does not look at it when the program runs.",
            ),
            (
                {"does": "turns it into 5.0"},
                "Nothing is converted: an annotation is a note, and a dataclass only stores what it was given.",
            ),
        ),
        why="The text travels on until somebody counts with it. Then the error appears far from its cause.",
    ),
    Prediction(
        id="config.shared",
        question="Two pools were given the same config object, which is not frozen. Someone sets `config.pool_size = 1` for the first. How many connections will the *second* pool keep of five that come back?",
        places={"kept": int},
        sample={"kept": 5, "sure": 70},
        explanations=(
            (
                {"kept": 5},
                "There is one object, and both pools look at it each time a connection comes back. What one changes, the other sees.",
            ),
            ({"kept": 0}, "A size of 1 keeps one; the other four are closed."),
        ),
        why="A frozen dataclass refuses this: assignment raises FrozenInstanceError.",
    ),
    Prediction(
        id="config.replace",
        question="A frozen, checked config is copied with `replace(config, pool_size=0)`. What happens?",
        places={"does": ("makes a config with 0", "raises ValueError", "changes the old one")},
        sample={"does": "makes a config with 0", "sure": 60},
        explanations=(
            (
                {"does": "makes a config with 0"},
                "`replace` makes the copy by calling the class anew, so that `__post_init__` runs and looks again.",
            ),
            (
                {"does": "changes the old one"},
                "The old one is frozen; `replace` makes another object and leaves it alone.",
            ),
        ),
        why="So `replace` is no back door: what it makes is checked as well. What still gets round is `object.__setattr__`, which nobody writes by mistake.",
    ),
)


explanations = (
    Explanation(
        id="config.why_object",
        question="Why pass one config object instead of four arguments?",
        points=(
            "A new setting is added in one place, not in every function that passes the others on.",
            "All of them are checked together, at the moment they are made, also against each other.",
            "It can be printed, compared, stored, and handed to a test.",
        ),
        sample="A new setting is one line, all are checked together when they are made, and you can print or compare them.",
    ),
)
