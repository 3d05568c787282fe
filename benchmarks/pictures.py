"""The look of all pictures of the benchmarks: that of the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common import Row
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gridahead.reports.drawing import STYLE, styled
from gridahead.reports.palette import LIGHT

COLOURS = {
    "lstm": LIGHT["model"],
    "gru": "#1a936f",
    "rnn": "#c0392b",
    "slstm": "#5aa9e6",
    "mlstm": "#0a3d62",
    "mingru": "#8fd6b4",
    "minlstm": "#f0a202",
    "attention": "#5e60ce",
    "transformer": "#8c6d1f",
    "feed_forward": "#b98b5f",
    "ensemble": LIGHT["ink"],
    "lightgbm": LIGHT["official"],
    "served": LIGHT["model"],
    "ridge": "#b98b5f",
    "official": LIGHT["soft"],
    "official_corrected": LIGHT["corrected"],
    "naive": LIGHT["naive"],
    "gridahead": LIGHT["model"],
    "neuralforecast": LIGHT["official"],
    "darts": LIGHT["naive"],
}
"""One colour a model in all pictures, by a word of its name."""


def colour(model: str) -> str:
    """The colour of a model: that of the last word in `COLOURS` that its name contains."""
    found = [shade for word, shade in COLOURS.items() if word in model.lower()]
    return found[-1] if found else LIGHT["soft"]


@contextmanager
def picture(path: Path, columns: int = 1, *, width: float = 5.0, height: float = 3.6) -> Iterator[list[Any]]:
    """Axes side by side to draw on, of so many inches each; kept as a PNG, the same bytes for the same drawing."""
    with styled({**STYLE, "font.size": 10}):
        figure = Figure(figsize=(width * columns, height), dpi=144, layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        yield list(figure.subplots(1, columns, squeeze=False)[0])
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="png", metadata={"Software": None})


def intervals(axes: Any, rows: Sequence[Row], limits: Sequence[float], words: str) -> None:
    """The figure of every task with its interval, the first at the top, beside what is asked for."""
    for n, row in enumerate(rows):
        axes.plot(row.value, n, "o", color=colour("gridahead"))
        if row.low is not None and row.high is not None:
            axes.plot([row.low, row.high], [n, n], color=colour("gridahead"), linewidth=1.5)
    for limit in limits:
        axes.axvline(limit, color=LIGHT["ink"], linewidth=1)
    axes.set_yticks(range(len(rows)), [row.task for row in rows], fontsize=8)
    axes.invert_yaxis()
    title(axes, words)


def title(axes: Any, text: str) -> None:
    """What a chart shows, and its unit, above its left edge."""
    axes.set_title(text, loc="left", fontsize=10, color=LIGHT["ink"])
