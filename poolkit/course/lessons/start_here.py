"""Lesson 00, start here: what opening a connection costs, and how the course answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from poolkit.course.exercises import Exercise, because, expect, same
from poolkit.course.helping import Explanation
from poolkit.course.histories import Histories, Seen, grid
from poolkit.course.measuring import typical
from poolkit.course.predicting import Prediction
from poolkit.course.shown import short
from poolkit.course.slips import slip


def make_database(folder: str) -> Path:
    """A small SQLite file with a table worth reading; gives its path."""
    path = Path(folder) / "events.db"
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode=WAL")
    with db:
        db.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, label TEXT NOT NULL)")
        db.executemany("INSERT INTO events (label) VALUES (?)", [("login",), ("logout",)] * 50)
    db.close()
    return path


def cost_picture(opening: list[float], keeping: list[float]):
    """Draw both measurements, microseconds a round; gives the figure and its alternative text."""
    from poolkit.course import plots

    fig, axes = plots.figure()
    rows = [("one for each query:\nopen, ask, close", opening), ("one kept open:\nask", keeping)]
    for y, (_, micros) in enumerate(rows):
        marker, colour = plots.MARKERS[y], plots.LINES[y]
        axes.plot(micros, [y] * len(micros), marker, color=colour, alpha=0.45, linestyle="none")
        axes.plot([typical(micros)], [y], "|", color="black", markersize=34, markeredgewidth=2)
        axes.text(
            typical(micros), y + 0.36, f"{typical(micros):.1f} µs", ha="center", clip_on=False
        )
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set_ylim(-0.6, 1.7)
    axes.set_xscale("log")
    low, high = min(map(min, (opening, keeping))), max(map(max, (opening, keeping)))
    axes.set_xlim(low / 2, high * 2)
    axes.set_xlabel("microseconds for one query (each mark one round)")
    return fig, (
        "Two rows of marks on a scale of microseconds: queries on a connection opened for each "
        "one, and queries on a connection that was kept open. The line in each row is the median."
    )


def cost_sentence(opening: list[float], keeping: list[float]) -> str:
    """What the picture shows, computed from its numbers; it may also be that it shows nothing."""
    ratio = typical(opening) / typical(keeping)
    if ratio < 2:
        return f"Not shown on this machine: opening made a query only {ratio:.1f} times as dear."
    return f"On your machine a query costs {ratio:.0f} times as much if it has to open its own connection."


def saved_by_pool(opening, uses):
    """Microseconds saved by one kept connection, used `uses` times, against opening for each use.

    `opening`: what opening one connection costs, in microseconds. `uses` may be 0.
    """
    return opening * max(uses - 1, 0)


# --- start_here.saved


def many_uses(func):
    """Ten uses at 50 µs save what nine openings cost."""
    got = called(func, 50, 10)
    assert same(plain(got), 450.0), because("ten uses", got=got)


def one_use(func):
    """A connection used once saves nothing."""
    got = called(func, 50, 1)
    assert same(plain(got), 0.0), because("one use", got=got)


def no_use(func):
    """A connection that nobody uses saves nothing, and costs nothing yet."""
    got = called(func, 50, 0)
    assert same(plain(got), 0.0), because("no use", got=got)


def called(func, opening, uses):
    """What the learner's function gives, which has to be a number."""
    got = func(opening, uses)
    expect(got, (int, float), f"saved_by_pool({opening}, {uses})")
    return got


def plain(number: int | float) -> float:
    """A number as a float, also where it is too large to be one."""
    return float(min(max(number, -1e300), 1e300))


def play_twice(func, arguments: dict) -> Iterator[Seen]:
    """What one call gives, and the same call once more."""
    for what in ("it gives", "the same call once more gives"):
        got = called(func, **arguments)
        yield Seen(what, plain(got), short(got))


saved = Exercise(
    id="start_here.saved",
    title="How much does keeping one connection save?",
    answer=saved_by_pool,
    claims=(
        many_uses,
        one_use,
        no_use,
        Histories(
            "Of every small number of uses, and whatever opening costs, it is the saving.",
            inputs=lambda: grid(
                opening=[50, 1, 0, 7.5, 33.125, 4000], uses=[0, 1, 2, 3, 4, 5, 6, 7, 50, 100]
            ),
            play=play_twice,
            tell=lambda arguments: "`saved_by_pool({opening}, {uses})`".format_map(arguments),
        ),
    ),
    hints=(
        "With a connection for each use you open as often as you use. How often do you open if you keep the first?",
        "The saving is the openings you did not need, times what one costs. Then think about `uses` of 0.",
        "Fill in the blank; `max` keeps the result from falling below nothing.\n\nreturn opening * max(____, 0)",
    ),
    tellings={
        "ten uses": "`saved_by_pool(50, 10)` gave {got}. Without a pool there are ten openings, with one there is one: nine are saved, which is 450 µs.",
        "one use": "`saved_by_pool(50, 1)` gave {got}. With a pool or without one, it is opened once: nothing is saved.",
        "no use": "`saved_by_pool(50, 0)` gave {got}. A connection that nobody uses is never opened: nothing is saved and nothing lost.",
    },
    slips=(
        slip(
            "ten uses",
            "It counts every opening as saved. But the kept connection has to be opened too, once.",
            breaks="many_uses one_use",
            edit="""
-    return opening * max(uses - 1, 0)
+    return opening * uses
""",
        ),
        slip(
            "ten uses",
            "That is what one opening costs; asked is what all the others would have cost.",
            breaks="many_uses one_use no_use",
            edit="""
-    return opening * max(uses - 1, 0)
+    return opening
""",
        ),
        slip(
            "ten uses",
            "That is how many openings are saved. Each of them costs `opening`.",
            breaks="many_uses",
            edit="""
-    return opening * max(uses - 1, 0)
+    return max(uses - 1, 0)
""",
        ),
        slip(
            "ten uses",
            "The two are exchanged: `opening` is what one costs, `uses` is how often.",
            breaks="many_uses one_use",
            edit="""
-    return opening * max(uses - 1, 0)
+    return uses * max(opening - 1, 0)
""",
        ),
        slip(
            "one use",
            breaks="one_use",
            edit="""
-    return opening * max(uses - 1, 0)
+    return opening * (uses - 1 if uses > 1 else uses)
""",
        ),
        slip(
            "no use",
            "With `uses` of 0 it goes one opening below nothing.",
            breaks="no_use",
            edit="""
-    return opening * max(uses - 1, 0)
+    return opening * (uses - 1)
""",
        ),
        slip(
            "raised ZeroDivisionError",
            "`uses` may be 0, and nothing can be divided by that.",
            breaks="no_use",
            edit="""
-    return opening * max(uses - 1, 0)
+    return opening * uses * (1 - 1 / uses)
""",
        ),
        slip(
            "wrong type",
            "Often the result is printed: a function gives to its caller what stands after `return`.",
            breaks="many_uses",
            edit="""
-    return opening * max(uses - 1, 0)
+    print(opening * max(uses - 1, 0))
""",
        ),
        slip(
            "another history",
            "It is rounded to whole microseconds; nobody asked for that.",
            edit="""
-    return opening * max(uses - 1, 0)
+    return round(opening * max(uses - 1, 0))
""",
        ),
    ),
    after="The more often a connection is used again, the less its opening matters. The rest of the course is about using it again without harm.",
)

exercises = (saved,)

predictions = (
    Prediction(
        id="start_here.first",
        question="A page asks three questions and is shown a hundred times. One program opens a connection for each question (`each_time`), another for each page (`kept`). How many connections does each open?",
        places={"each_time": int, "kept": int},
        sample={"each_time": 300, "kept": 100, "sure": 95},
        explanations=(
            (
                {"each_time": 100},
                "Each question of a page opened one, and closed it before the next: three for every page.",
            ),
            (
                {"kept": 1},
                "It was kept for one page only, and closed at its end: the next page had to open another.",
            ),
            (
                {"kept": 300},
                "Within a page it stays open, and all three questions go through the same one.",
            ),
        ),
        why="A pool would open one, and lend it to each page in turn: a hundred pages, one connection.",
    ),
    Prediction(
        id="start_here.cost",
        question="A query on a connection that is open already, against open + the same query + close. How much dearer is the second?",
        places={"dearer": ("about the same", "3 times", "30 times", "300 times")},
        sample={"dearer": "3 times", "sure": 60},
        explanations=(
            (
                {"dearer": "about the same"},
                "It is only a file, but SQLite opens it, takes locks, reads the list of tables and prepares your query anew for every connection.",
            ),
            (
                {"dearer": "3 times"},
                "Most people expect a small surcharge. But the query takes so little that opening dwarfs it.",
            ),
            (
                {"dearer": "300 times"},
                "A file on your own disk is cheaper than that: there is no network, no password and no server that has to start a process.",
            ),
        ),
        why="Across a network both grow: a query pays for one way there and back, opening for several, a password check and encryption. Opening stays the dear part.",
        measured=True,
    ),
)

explanations = (
    Explanation(
        id="start_here.why_pool",
        question="A friend asks why a program would keep a database connection that it does not need at the moment. What do you say?",
        points=(
            "Opening costs many times what a query costs.",
            "Whoever needs one next can have it at once.",
            "What is kept also has to be looked after: it can go stale, leak, or be given to two at once. The rest of the course is about that.",
        ),
        sample="Opening it again would cost far more than the query itself, so we lend the open one to whoever comes next.",
    ),
)
