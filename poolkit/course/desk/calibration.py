"""How sure a learner was against how often right: bands, a sentence that they bear out, a picture.

A learner who is well calibrated is right in 70 % of what was said with 70 % (the reliability
diagram of weather forecasting: Murphy and Winkler, "Reliability of Subjective Probability Forecasts
of Precipitation and Temperature", 1977).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from poolkit.course import plots
from poolkit.course.state import Store

ENOUGH = 10  # predictions; with fewer, one more can turn any sentence round
_EDGES = ((50, 60), (60, 70), (70, 80), (80, 90), (90, 101))


@dataclass(frozen=True)
class Band:
    """The predictions made with `low` up to, not including, `high` percent."""

    low: int
    high: int
    sure: float  # percent, on average
    right: int
    count: int

    @property
    def name(self) -> str:
        return f"{self.low}–{min(self.high, 100)} %"

    @property
    def share(self) -> float:
        """How many of them were right, in percent."""
        return 100 * self.right / self.count


def judged(kept: Store) -> list[tuple[float, bool]]:
    """(how sure in percent, whether it came out so) of every prediction that was judged."""
    sure = kept.sureness()
    return [
        (sure[id], guess == outcome)
        for id, (guess, outcome) in kept.predictions().items()
        if outcome is not None and isinstance(sure[id], (int, float))
    ]


def bands(made: list[tuple[float, bool]]) -> list[Band]:
    """Those bands in which there is a prediction."""
    found = []
    for low, high in _EDGES:
        inside = [(sure, right) for sure, right in made if low <= sure < high]
        if inside:
            mean = sum(sure for sure, _ in inside) / len(inside)
            found.append(Band(low, high, mean, sum(right for _, right in inside), len(inside)))
    return found


def verdict(made: list[tuple[float, bool]]) -> str:
    """What the predictions show of the learner, or that there are too few yet to show it.

    Surer than right, or less sure, is said only where chance alone would seldom bring it about:
    where the gap is more than twice the spread of as many coins, each as loaded as was said.
    """
    sure = sum(percent for percent, _ in made) / len(made)
    share = 100 * sum(right for _, right in made) / len(made)
    numbers = f"On average {sure:.0f} % sure, {share:.0f} % right."
    if len(made) < ENOUGH:
        return f"{numbers} Too few yet to tell: {len(made)} of the {ENOUGH} that it takes."
    spread = math.sqrt(sum(p / 100 * (1 - p / 100) for p, _ in made)) * 100 / len(made)
    if abs(sure - share) <= 2 * spread:
        return f"{numbers} About as often right as you were sure, as far as {len(made)} can tell."
    if sure > share:
        return f"{numbers} You were surer than you were right: look for what could go otherwise."
    return f"{numbers} You knew more than you trusted yourself to."


def lines(made: list[tuple[float, bool]]) -> list[str]:
    """A bar a band; the mark | stands where sure and right would agree."""
    said = [f"How sure you were, and how often right ({len(made)} predictions):"]
    for band in bands(made):
        bar = ["█" if place < band.share / 5 else "·" for place in range(20)]
        bar[min(19, int(band.sure // 5))] = "|"
        said.append(f"{band.name:>8}  {''.join(bar)}  {band.right} of {band.count} right")
    return [*said, verdict(made)]


def draw(made: list[tuple[float, bool]], file: Path) -> None:
    """The same as a picture, in the format that the file's name ends in. Raises OSError."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plots.figure(figsize=(6.0, 5.0))
    found = bands(made)
    sure, share = [band.sure for band in found], [band.share for band in found]
    axes.plot([50, 100], [50, 100], color=plots.BLACK, linestyle="--", label="as right as sure")
    axes.vlines(sure, share, sure, color=plots.VERMILION, label="the gap")
    axes.plot(sure, share, color=plots.BLUE, marker="o", linestyle="", label="you")
    for band in found:
        above = band.share >= band.sure
        axes.annotate(f"{band.right} of {band.count}", (band.sure, band.share), ha="center",
            xytext=(0, 8 if above and band.share < 95 else -18), textcoords="offset points")  # fmt: skip
    axes.set(xlim=(46, 104), ylim=(-12, 108), xlabel="how sure you were, %", ylabel="right, %")
    axes.set_title(verdict(made), fontsize=9, loc="left", wrap=True)
    axes.legend(loc="upper left")
    try:
        figure.savefig(file)
    finally:
        plt.close(figure)
