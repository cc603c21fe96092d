"""The predictions of lesson 14, and what is to be explained in one's own words."""

from poolkit.course.helping import Explanation
from poolkit.course.predicting import Prediction

KINDS = ("basket", "search", "refund")
LOADS = ("product", "checkout", "export")
COUNTS = ("none", "fewer", "about as many")

predictions = (
    Prediction(
        id="capstone.lines",
        question="At the end of the record some loans had lasted for more than a second. From how many different lines of shop.py do these loans come, and from how many of the three kinds of requests?",
        places={"lines": int, "kinds": int},
        sample={"lines": 4, "kinds": 2, "sure": 60},
        explanations=(
            (
                {"kinds": 2},
                "Baskets and searches are the ones that time out. Who finds nothing is not who took it.",
            ),
            (
                {"kinds": 3},
                "All three suffer, and all three borrow in the same way. Only one does not give back.",
            ),
            (
                {"lines": 4},
                "Each loan was noted with the line that called `acquire`. That line stands in a helper that everybody uses.",
            ),
            (
                {"lines": 3},
                "One line a kind would be so if each kind called `acquire` itself. They all call a helper, which does.",
            ),
            (
                {"lines": 2},
                "They all call one helper, and it is the helper's line that was noted.",
            ),
        ),
        why="A leak report names the line that borrowed. Behind a helper that is the same line for everybody; what tells the culprit then is the rest of the event: who it was.",
    ),
    Prediction(
        id="capstone.bigger",
        question="Somebody mends it by a pool of ten instead of five. How long does the shop go on with it, refund after refund?",
        places={"lasts": ("for good", "longer", "no longer")},
        sample={"lasts": "longer", "sure": 80},
        explanations=(
            (
                {"lasts": "for good"},
                "Ten places run out like five, only later: each refund that is asked for again takes one for good.",
            ),
            (
                {"lasts": "no longer"},
                "Each place that is lost is a place more that had to be there before.",
            ),
        ),
        why="A larger pool buys time and hides the fault for just so long. It is the mend that is tried first, and its success is the reason why leaks live for years.",
    ),
    Prediction(
        id="capstone.exports",
        question="Between 2 s and 4 s: which kind of request held the connections for most of the time, all its loans added up? And which kind timed out most often?",
        places={"held": LOADS, "timed_out": LOADS},
        sample={"held": "product", "timed_out": "product", "sure": 60},
        explanations=(
            (
                {"held": "product"},
                "Most loans are product pages, each of a fiftieth of a second. Eight loans can outweigh them all.",
            ),
            (
                {"held": "checkout"},
                "A checkout takes twice as long as a page, and there are few of them.",
            ),
            (
                {"timed_out": "export"},
                "Exports wait and are sent away, too. But pages come all the time, and each asks three times.",
            ),
            (
                {"timed_out": "checkout"},
                "Checkouts are sent away as often as pages are, each for itself; there are fewer of them.",
            ),
        ),
        why="Who shows up in the log is who suffers and comes often. Add up seconds, not events.",
    ),
    Prediction(
        id="capstone.doubled",
        question="The same rush, played with eight connections instead of four, and with four where only one export at a time may have one. Beside the pages that were never shown so far: how many are not shown now?",
        places={"eight": COUNTS, "one_at_a_time": COUNTS},
        sample={"eight": "none", "one_at_a_time": "fewer", "sure": 60},
        explanations=(
            (
                {"eight": "none"},
                "There are eight exports, and they take whatever there is. It is over sooner, but until then a page finds nothing.",
            ),
            (
                {"eight": "about as many"},
                "With twice as many connections the exports are through in half the time.",
            ),
            (
                {"one_at_a_time": "fewer"},
                "One export holds one of four; three are left for pages all the time.",
            ),
            (
                {"one_at_a_time": "about as many"},
                "The exports take longer together, and nobody minds: they hold one connection of four.",
            ),
        ),
        why="The pool was not too small, one kind of work had no bound. Give slow work a bound, or a pool, of its own; and let who is sent away come back later, not at once.",
        measured=True,
    ),
    Prediction(
        id="capstone.stored",
        question="Seven orders of that day were refused by the card company, and each customer read that nothing was ordered. How many of the seven stand in the table of orders at the end of the day?",
        places={"stored": int},
        sample={"stored": 0, "sure": 70},
        explanations=(
            (
                {"stored": 0},
                "Nobody committed them on purpose. But nobody rolled them back either, and the connection went on to the next.",
            ),
            (
                {"stored": 7},
                "Most of them were committed by somebody else. One met a guest whose own work failed and was rolled back, and one was still open when the program ended.",
            ),
        ),
        why="What becomes of a transaction that is left open is decided by whoever borrows the connection next: a commit keeps it, a rollback throws it away. Both meant their own work.",
    ),
)

explanations = (
    Explanation(
        id="capstone.suite",
        question="Your pool keeps all promises of the suite. What do you know now, and what do you not know?",
        points=(
            "Each promise was kept in every order of two or three threads that was tried, with one forced switch: most races show there, not all.",
            "What nobody has promised was not tried: speed, a hundred threads, a server that goes away, another driver's habits.",
            "A promise that breaks tomorrow is seen at once, and told by name: that is what the suite is for after today.",
        ),
        sample="Every promise held in all the orders that were tried with few threads; speed, real load and what no promise speaks of were not tried at all.",
    ),
    Explanation(
        id="capstone.cause",
        question="A colleague says: time-outs, so the pool is too small. What do you ask for before you believe it?",
        points=(
            "A record of who held what, when: loans that never end are a leak, a few that last very long are a slow user, many short ones are load.",
            "A proof: a number computed from the record that would be another one if the cause were another.",
            "The mend tried on a run of the same kind, beside the larger pool.",
        ),
        sample="I ask who held the connections at that time and for how long, since a leak and one slow user also end in time-outs, and a larger pool only delays them.",
    ),
)
