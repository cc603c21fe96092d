"""What is predicted in lesson 11, and what is to be explained in the end."""

from __future__ import annotations

from poolkit.course.helping import Explanation
from poolkit.course.predicting import Prediction

GROWTHS = ("fewer", "about as many", "up to four times", "more than four times")
SHARES = ("hardly any", "about a quarter", "half or more")

predictions = (
    Prediction(
        id="size.busy",
        question="200 loans a second, spread evenly; each holds its connection for 15 milliseconds. The pool has ten. How many are in use at a moment, on average?",
        places={"connections": ("about 1", "about 3", "about 6", "nearly all 10")},
        sample={"connections": "nearly all 10", "sure": 60},
        explanations=(
            (
                {"connections": "nearly all 10"},
                "200 a second sounds like a crowd. But in the 15 ms that one loan lasts, only three others begin.",
            ),
            (
                {"connections": "about 1"},
                "A loan begins every 5 ms and lasts for 15: before it ends the next ones have begun.",
            ),
            (
                {"connections": "about 6"},
                "A loan begins every 5 ms and lasts for 15 ms. Count how many have begun, and not ended, at the end of one.",
            ),
        ),
        why="In 15 ms, 200 * 0.015 = 3 loans begin; as many as began in that time are out at its end. A sleep is never shorter than asked, and often a little longer, so a little more than 3 is no surprise.",
        measured=True,
    ),
    Prediction(
        id="size.knee",
        question="Sixteen threads borrow, run one query, and come again at once. How many loans a second do they get through with 16 connections, compared with 1? Once each query reads 20,000 rows, once it adds one row and commits.",
        places={"reads": GROWTHS, "writes": GROWTHS},
        sample={"reads": "more than four times", "writes": "up to four times", "sure": 70},
        explanations=(
            (
                {"writes": "more than four times"},
                "SQLite has one writer at a time. The other fifteen wait inside the database, with a connection in their hands.",
            ),
            (
                {"reads": "more than four times"},
                "A query that computes needs a core of the processor, and your machine has no more of them than it has. What has no core waits for one.",
            ),
            (
                {"reads": "up to four times"},
                "How much reads gain depends on the cores that your machine has to spare, and on how much threads are in each other's way.",
            ),
            (
                {"reads": "about as many"},
                "How much reads gain depends on the cores that your machine has to spare, and on how much threads are in each other's way.",
            ),
            (
                {"reads": "fewer"},
                "How much reads gain depends on the cores that your machine has to spare, and on how much threads are in each other's way.",
            ),
            (
                {"writes": "up to four times"},
                "One writes at a time, either way. What differs is how soon the next one begins: SQLite's waiters sleep, look, sleep longer, look again.",
            ),
            (
                {"writes": "about as many"},
                "One writes at a time, either way. What differs is how soon the next one begins: SQLite's waiters sleep, look, sleep longer, look again.",
            ),
            (
                {"writes": "fewer"},
                "One writes at a time, either way. What differs is how soon the next one begins: SQLite's waiters sleep, look, sleep longer, look again.",
            ),
        ),
        why="More connections do not make more of what a query needs: cores, disks, the one writer's lock. Look at the pictures for what they do make.",
        measured=True,
    ),
    Prediction(
        id="size.ninety",
        question="A pool of four, clients who come by chance. At 50 % four connections are half in use on average, at 90 % nearly all. How long is the mean wait at 90 %, against the one at 50 %?",
        places={"as_long": ("up to twice", "five times", "more than ten times")},
        sample={"as_long": "up to twice", "sure": 60},
        explanations=(
            (
                {"as_long": "up to twice"},
                "Twice the clients, twice the wait? A wait does not come from the average but from the moments in which more come than can be served, and at 90 % what has piled up takes long to be worked off.",
            ),
            (
                {"as_long": "five times"},
                "The part that lies idle shrinks to a fifth, from 50 % to 10 %. The wait does grow at least so much; and at 50 % with four connections one of them was nearly always free, so there was next to no wait to begin with.",
            ),
        ),
        why="What is left over works off what has piled up. At 90 % a tenth is left over, at 98 % a fiftieth.",
    ),
    Prediction(
        id="size.servers",
        question="3,200 users, 80 of 100 connections in use on average. `split`: dealt evenly to twenty servers with a pool of five each, which part of the users has to wait at all? `shared`: which part if all use one pool of a hundred?",
        places={"split": SHARES, "shared": SHARES},
        sample={"split": "hardly any", "shared": "hardly any", "sure": 60},
        explanations=(
            (
                {"split": "hardly any"},
                "100 connections for 80 users at a time sounds roomy. But each server has only its own five, and by chance one has seven users while another has two.",
            ),
            (
                {"split": "about a quarter"},
                "More: with five connections it takes little bad luck for all to be out at once, and each server has only its own.",
            ),
            (
                {"shared": "half or more"},
                "The same users, as many connections, and yet another thing: as long as one of the hundred is free nobody waits, and one nearly always is.",
            ),
            (
                {"shared": "about a quarter"},
                "Chance evens out in a crowd: of a hundred, one is nearly always free at 80 %.",
            ),
        ),
        why="A connection in another server's pool helps nobody here. A proxy in front of the database, such as PgBouncer, makes one pool of many.",
    ),
    Prediction(
        id="size.skewed",
        question="Twenty servers with a pool of five each, and 320 users a second who hold a connection for 0.25 s, as before. But one server gets four times as many of them as each other. Which part of its users gives up after 5 s?",
        places={"skewed": SHARES},
        sample={"skewed": "about a quarter", "sure": 60},
        explanations=(
            (
                {"skewed": "hardly any"},
                "It gets 56 users a second, who hold 0.25 s: by Little's law that needs 14 connections. It has five.",
            ),
            (
                {"skewed": "about a quarter"},
                "By Little's law its users need 14 connections, and it has five. What five can serve is little more than a third.",
            ),
        ),
        why="The others have connections to spare, and cannot lend them. Nobody sees it in an average over all servers.",
    ),
    Prediction(
        id="size.storm",
        question="The database can answer 50 queries a second, and 25 come. It is away for five seconds, then as good as before. Who got no answer within a second asks again. Are callers answered again within 30 s after its return, if they pause with full jitter before they ask again? And if, besides, they make three attempts at most?",
        places={"jitter": bool, "three_attempts": bool},
        sample={"jitter": True, "three_attempts": True, "sure": 80},
        explanations=(
            (
                {"jitter": True},
                "Jitter spreads a crowd out over time. It does not make it smaller: everybody comes again, besides those who are new.",
            ),
            (
                {"three_attempts": True},
                "Three attempts for each of 25 callers are 75 queries a second, as long as all fail. 50 is what the database can do, so all fail.",
            ),
        ),
        why="The database is well, and busy with the queries of callers who have hung up. Those who wait get their answer too late, and so ask once more: the storm feeds itself, and what began it is long over.",
    ),
    Prediction(
        id="size.freeze",
        question="ann and ben each need two connections at the same time. They take one, then the other, and give none back before they have both. What is the smallest pool with which they can never freeze?",
        places={"smallest": int},
        sample={"smallest": 4, "sure": 80},
        explanations=(
            (
                {"smallest": 4},
                "With four nobody even waits. That is more than is asked for: waiting is fine, as long as somebody can go on.",
            ),
            (
                {"smallest": 2},
                "Each takes one, and the pool is empty. Each waits for the other's.",
            ),
            (
                {"smallest": 1},
                "With one not even ann alone could get her two.",
            ),
        ),
        why="At the worst moment each holds one and lacks one. With one more than that, somebody gets both, and gives them back.",
    ),
)

explanations = (
    Explanation(
        id="size.why_not_more",
        question="Users wait for connections, and a colleague wants to double the pool. What do you want to see before?",
        points=(
            "Little's law: loans a second times seconds held. Is the pool too small, or is each loan too long?",
            "Where the knee is: beyond it more connections move the line from the pool into the database, where all get slower.",
            "How busy the pool is, and its 99 % wait; from 80 or 90 % on small changes have great effects.",
            "How many other pools share the database's own limit.",
        ),
        sample="First how long each loan is held, since halving that does as much as doubling the pool; then whether the database does more loans a second with more connections at all, or is past its knee.",
    ),
    Explanation(
        id="size.why_storm_lasts",
        question="The database is well again, and still nobody gets an answer. Why? And why does a budget help where jitter does not?",
        points=(
            "It works on queries whose callers have hung up; those who wait are answered too late.",
            "Being too late makes them ask again, so the load stays above what it can do.",
            "Jitter moves retries in time; the load over a longer while is the same.",
            "A budget bounds the load: in the long run a tenth more than the first attempts, however many fail.",
        ),
        sample="All answers come too late, so everybody asks again, which keeps the answers late; jitter only moves the retries about, while a budget keeps their number below what the database can do.",
    ),
)
