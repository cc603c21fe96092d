"""What is predicted in lesson 12, and what is to be explained in the end."""

from __future__ import annotations

from poolkit.course.helping import Explanation
from poolkit.course.predicting import Prediction

predictions = (
    Prediction(
        id="postgres.cost",
        question="To open a connection to this server, ask one question and close it again: which of these numbers of questions on an open connection does that cost, nearest? And which of loans from a pool?",
        places={
            "queries": ("3", "30", "300"),
            "loans": ("30", "300", "3000"),
        },
        sample={"queries": "3", "loans": "30", "sure": 55},
        explanations=(
            (
                {"queries": "3"},
                "It is more than some messages there and back: for each connection the server starts a process.",
            ),
            (
                {"loans": "30"},
                "A loan asks the server nothing. It moves a connection from one list to another, in this process.",
            ),
        ),
        why="A process is started for each connection, the user is looked up, caches are filled; and this server is on the same machine, without a password and without encryption.",
        measured=True,
    ),
    Prediction(
        id="postgres.killed",
        question="A connection lies idle in the pool, and the server ends its session. A moment later somebody borrows it. What does `conn.closed` say, before anything is asked? What does the first query raise? And does the pool keep the connection afterwards?",
        places={
            "looks": ("open", "closed"),
            "raises": ("nothing", "AdminShutdown", "PoolTimeout"),
            "kept": bool,
        },
        sample={"looks": "closed", "raises": "nothing", "kept": False, "sure": 60},
        explanations=(
            (
                {"looks": "closed"},
                "The server's goodbye lies in the socket, and nobody has read it yet. psycopg reads when you ask.",
            ),
            (
                {"raises": "nothing"},
                "The pool asks only connections that have been idle for `ping_after` seconds; this one had been idle for less.",
            ),
            (
                {"raises": "PoolTimeout"},
                "There was one to lend, so nobody waited. That it was dead showed only when it was used.",
            ),
            (
                {"kept": True},
                "On its return it could not be rolled back, and so it was thrown away.",
            ),
        ),
        why="No `ping_after` closes this gap: a session can end between the ping and your query. Whoever borrows must be ready to try again.",
    ),
    Prediction(
        id="postgres.restart",
        question="Three connections lie idle, and the server is started anew. Then three borrow, one after the other, and each asks one question. How many of them get an error? And how many if somebody calls `pool.drain()` in between?",
        places={"trusting": int, "drained": int},
        sample={"trusting": 1, "drained": 0, "sure": 60},
        explanations=(
            (
                {"trusting": 1},
                "The first dead connection is thrown away, and under it on the stack lies the next dead one: the pool does not conclude from one to the others.",
            ),
            (
                {"trusting": 0},
                "They are lent without a ping here, since they were used less than a minute ago.",
            ),
            (
                {"drained": 3},
                "`drain()` closes what is idle, at once; what is lent is closed when it comes back. So all three get new ones.",
            ),
        ),
        why="A pool of fifty hands out up to fifty errors after a restart. `drain()`, or a ping before each loan, spares you that.",
    ),
    Prediction(
        id="postgres.failed",
        question="In one block: an INSERT, then a statement that divides by zero, whose error is caught, then `SELECT 1`, whose error would be caught, too. What does that SELECT give? Does the block raise at its end? And how many rows are stored?",
        places={"select": ("an answer", "an error"), "block_raises": bool, "stored": int},
        sample={"select": "an answer", "block_raises": False, "stored": 1, "sure": 70},
        explanations=(
            (
                {"select": "an answer", "stored": 1},
                "So it would be in SQLite. PostgreSQL gives up the whole transaction at the first error: nothing is answered any more, and nothing of it can be stored.",
            ),
            (
                {"select": "an answer"},
                "Until the rollback every statement is refused with `InFailedSqlTransaction`.",
            ),
            (
                {"block_raises": True},
                "All errors were caught, so the block ends well, and the pool commits. The server answers that COMMIT with a rollback, and psycopg raises nothing.",
            ),
            (
                {"stored": 1},
                "The INSERT belongs to the transaction that failed. Its COMMIT is a rollback.",
            ),
        ),
        why="Nobody was told, and the row is gone. An error that you mean to survive needs a savepoint.",
    ),
    Prediction(
        id="postgres.left",
        question="ann sets `autocommit`, SETs `statement_timeout`, and takes an advisory lock; her block ends well. The pool has no `reset` of ours, so it does only what it does by itself. What does the next borrower of her connection find?",
        places={"autocommit": bool, "setting": bool, "lock": bool},
        sample={"autocommit": True, "setting": False, "lock": False, "sure": 60},
        explanations=(
            (
                {"autocommit": True},
                "`autocommit` is an attribute of the Python object, and poolkit brings it back. Many other pools do not.",
            ),
            (
                {"setting": False},
                "A rollback takes back a SET of its own transaction. Her SET was final before, with `autocommit` on.",
            ),
            (
                {"lock": False},
                "`pg_advisory_lock` belongs to the session, not to the transaction: no commit and no rollback lets go of it.",
            ),
        ),
        why="The session lives on in the server. What it remembers, the next borrower inherits.",
    ),
    Prediction(
        id="postgres.limits",
        question="The pool has one connection. ann borrows it and runs a query of a minute, under a `statement_timeout` of 0.3 s. ben asks for a connection and would wait five seconds. What does ann get, and what does ben get?",
        places={
            "ann": ("her answer", "PoolTimeout", "QueryCanceled"),
            "ben": ("ann's connection", "a new connection", "PoolTimeout"),
        },
        sample={"ann": "QueryCanceled", "ben": "a new connection", "sure": 60},
        explanations=(
            (
                {"ann": "PoolTimeout"},
                "ann has her connection: only who waits for one gets a PoolTimeout.",
            ),
            (
                {"ann": "her answer"},
                "The server watches the time of each statement, and ended hers.",
            ),
            (
                {"ben": "a new connection"},
                "A statement was cancelled, not the session: after a rollback the connection is as good as before.",
            ),
            (
                {"ben": "PoolTimeout"},
                "After 0.3 s the server ended ann's statement, her block ended with it, and ben was next.",
            ),
        ),
        why="The one limit is the server's, the other the pool's. Only the server can end a query; a pool's time-out ends nothing but the wait of who set it.",
    ),
    Prediction(
        id="postgres.full",
        question="`SHOW max_connections` says 100. A user without special rights opens connections till one is refused. How many does he get? And does the error carry a sqlstate?",
        places={"opened": int, "has_code": bool},
        sample={"opened": 100, "has_code": True, "sure": 75},
        explanations=(
            (
                {"opened": 100},
                "Some are kept back, so that somebody can still get in and look: `superuser_reserved_connections`, 3 unless it was changed.",
            ),
            (
                {"opened": 99},
                "More than one is kept back: `superuser_reserved_connections` is 3 unless it was changed.",
            ),
            (
                {"has_code": True},
                "The server has a code for it, 53300, but psycopg does not pass it on from a connection that never was.",
            ),
        ),
        why="100, less the 3 that are kept back for administrators. And `is_transient` must have an answer for an error without a code.",
    ),
    Prediction(
        id="postgres.fork",
        question='A process has a connection and forks. The child wants to be tidy and closes "its" connection at once. Then the parent asks `SELECT 1`. What does the parent get?',
        places={"parent": ("an answer", "an error")},
        sample={"parent": "an answer", "sure": 65},
        explanations=(
            (
                {"parent": "an answer"},
                "There are two Python objects, and one socket. The child said goodbye on it, and the server ended the session that both had.",
            ),
        ),
        why="And had both asked a question, each might have read the other's answer.",
    ),
    Prediction(
        id="postgres.bouncer",
        question="Through PgBouncer in transaction mode: ann SETs `statement_timeout` and takes an advisory lock that is hers alone. ben, another client, then looks at the setting, and tries to take the same lock. Does he find her setting? Does he get the lock?",
        places={"setting": bool, "lock": bool},
        sample={"setting": False, "lock": False, "sure": 60},
        explanations=(
            (
                {"setting": False, "lock": False},
                "So it is on two connections of their own. Here both of them speak, in turn, through one session of the server: what it remembers is everybody's.",
            ),
            (
                {"lock": False},
                "PgBouncer gave his query the session that hers had come through, and the lock belongs to that session.",
            ),
            (
                {"setting": False},
                "Her SET went to a session of the server, and his question to the same one.",
            ),
        ),
        why="In transaction mode you own a session only from BEGIN to COMMIT. To the server both are one session, and a session may take its own lock again: here two clients hold a lock that is for one.",
    ),
)

explanations = (
    Explanation(
        id="postgres.why_reset",
        question="A colleague says: the pool rolls back on return, so nothing of a loan is left. What do you answer, for SQLite and for PostgreSQL?",
        points=(
            "A rollback undoes a transaction; a session remembers more than that.",
            "Settings that were committed, advisory locks, LISTEN, temporary tables stay in the session, in the server.",
            "DISCARD ALL ends them, outside a transaction; and with them what the pool itself had set, so that it must be set again.",
            "In SQLite, too, there is more: ATTACH, temporary tables, most PRAGMAs.",
        ),
        sample="A rollback ends a transaction, but the session lives on in the server with its settings and locks, so a reset has to end those and then set again what the pool had configured.",
    ),
)
