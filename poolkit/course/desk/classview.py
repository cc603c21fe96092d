"""`poolkit classview`: what a class found hard, from the results of `poolkit grade --results`."""

from __future__ import annotations

import os
import sys
from collections import Counter

from poolkit.course.desk.results import Graded, check_writable, read
from poolkit.course.desk.speaking import DeskError, Parser, command, say, table

HELP = """\
Show which mistake was made how often, and which prediction surprised most, as tables and as a
picture.

  poolkit grade class/ --results class.jsonl
  poolkit classview class.jsonl
"""


@command("classview")
def main(argv: list[str]) -> None:
    """`poolkit classview RESULTS`."""
    parser = Parser("poolkit classview", description=HELP)
    parser.add_argument(
        "results", metavar="RESULTS", help="what `poolkit grade ... --results FILE` wrote"
    )
    parser.add_argument("--picture", metavar="FILE",
        help="a name that ends in .png, .svg or .pdf (default: RESULTS with .png)")  # fmt: skip
    asked = parser.parse_args(argv)
    picture = asked.picture or f"{os.path.splitext(asked.results)[0]}.png"
    if not picture.endswith((".png", ".svg", ".pdf")):
        raise DeskError(f"--picture {picture}: a name that ends in .png, .svg or .pdf is needed")
    graded = read(asked.results)
    if not graded:
        raise DeskError(f"{asked.results}: no results in it")
    check_writable("--picture", picture)
    slips, surprises = count_slips(graded), count_surprises(graded)
    say(lines(len(graded), slips, surprises))
    draw(picture, slips, surprises)
    say(["", f"As a picture: {picture}"])


def count_slips(graded: list[Graded]) -> list[tuple[str, str, int]]:
    """(exercise, what went wrong, how often), most often first; what was not tried is no slip."""
    found = Counter(
        (row.exercise, row.result)
        for one in graded
        for row in one.rows
        if row.result not in ("solved", "not attempted", "not there")
    )
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [(exercise, slip, count) for (exercise, slip), count in ranked]


def count_surprises(graded: list[Graded]) -> list[tuple[str, int, int]]:
    """(prediction, how many it surprised, how many made it), the largest share first."""
    made: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for one in graded:
        for guess in one.predictions:
            if guess.outcome is not None:
                made[guess.id] += 1
                wrong[guess.id] += guess.guess != guess.outcome
    ranked = sorted(made, key=lambda id: (-wrong[id] / made[id], -made[id], id))
    return [(id, wrong[id], made[id]) for id in ranked]


def lines(count: int, slips, surprises) -> list[str]:
    """Both tables, in words where one is empty."""
    said = [f"{count} submissions", ""]
    if slips:
        head = ["exercise", "times", "what went wrong"]
        said += table([head, *[[exercise, str(n), slip] for exercise, slip, n in slips]])
    else:
        said.append("Nothing that was tried went wrong.")
    if surprises:
        rows = [[id, f"{wrong} of {made}"] for id, wrong, made in surprises]
        return [*said, "", *table([["prediction", "surprised"], *rows])]
    return [*said, "", "No prediction was made."]


def draw(name: str, slips, surprises) -> None:
    """The ten of each that are largest, as bars."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    _bars(left, [(f"{e}: {s}", n) for e, s, n in slips[:10]], "submissions", "#D55E00", "Mistakes")
    shares = [(id, 100 * wrong / made) for id, wrong, made in surprises[:10]]
    _bars(right, shares, "surprised, % of those who guessed", "#0072B2", "Surprises")
    try:
        figure.savefig(name, metadata={"Date": None} if name.endswith(".svg") else None)
    except OSError as error:
        raise DeskError(f"--picture {name}: {error.strerror}") from error
    finally:
        plt.close(figure)


def _bars(axes, bars: list[tuple[str, float]], unit: str, colour: str, title: str) -> None:
    axes.barh([label for label, _ in bars], [value for _, value in bars], color=colour)
    axes.invert_yaxis()
    axes.set(xlabel=unit, title=title)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
