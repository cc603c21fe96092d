"""One look for every figure: colours that colour-blind readers can tell apart, and words beside them.

Colours: the Okabe-Ito set (Okabe and Ito, "Color Universal Design", 2008). A figure is drawn on
white, so that it reads the same in JupyterLab's light and dark theme.
"""

from __future__ import annotations

import base64
import io
import sys

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
LINES = (BLUE, VERMILION, GREEN, PURPLE, BLACK)  # 3:1 or better on white, in the order of use
MARKERS = ("o", "s", "^", "D", "v")
HATCHES = ("", "//", "..", "xx", "\\\\")

_STYLE = {
    "figure.figsize": (7.0, 3.4),
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "font.size": 11,
    "lines.linewidth": 2,
    "lines.markersize": 7,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}


def figure(rows: int = 1, columns: int = 1, **kwargs):
    """Make a figure and its axes in the course's style; as `matplotlib.pyplot.subplots`."""
    import matplotlib.pyplot as plt

    plt.rcParams.update(_STYLE)
    return plt.subplots(rows, columns, **kwargs)


def show(fig, alt: str) -> None:
    """Show a figure once, with the words for those who cannot see it."""
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", metadata={"Software": None})
    plt.close(fig)
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        print(f"[figure: {alt}]")
        return
    from IPython.display import display

    png = base64.b64encode(buffer.getvalue()).decode()
    data = {"image/png": png, "text/plain": f"[figure: {alt}]"}
    display(data, metadata={"image/png": {"alt": alt}}, raw=True)
