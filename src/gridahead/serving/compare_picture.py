"""The picture of a comparison: the loss over time, four weeks at a time, and by season."""

from __future__ import annotations

import io

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gridahead.serving.drawing import DASHED, DOTTED, LIGHT, MIXED, SOLID, STYLE

VERSIONS = ((LIGHT["model"], SOLID), (LIGHT["naive"], SOLID))
REFERENCES = {
    "official": (LIGHT["official"], DASHED),
    "official_corrected": (LIGHT["corrected"], MIXED),
    "naive": (LIGHT["soft"], DOTTED),
}
FOUR_WEEKS = 28


def compare_picture(losses: pd.DataFrame, seasons: pd.DataFrame, title: str, unit: str) -> bytes:
    """Running means over four weeks and means of the seasons, as PNG.

    Args:
        losses: by day, a column a model [unit]: the two versions, then the references.
        seasons: a row a season, a column a model [unit].
        title: above the picture.
        unit: of both.
    """
    with mpl.rc_context({**STYLE, "font.size": 10, "axes.titlelocation": "left"}):
        figure = Figure(figsize=(12, 4.4), dpi=110, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(title, x=0.01, ha="left", fontsize=10, color=LIGHT["ink"], parse_math=False, wrap=True)
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        smooth = losses.asfreq("D").rolling(FOUR_WEEKS, min_periods=FOUR_WEEKS // 2).mean()
        width = 0.8 / len(losses.columns)
        looks = [*VERSIONS, *(REFERENCES[name] for name in losses.columns[len(VERSIONS) :])]
        for n, (name, (colour, dash)) in enumerate(zip(losses.columns, looks, strict=True)):
            left.plot(smooth.index, smooth[name], color=colour, linestyle=dash, linewidth=1.8, label=str(name))
            right.bar(np.arange(len(seasons)) + (n - (len(looks) - 1) / 2) * width, seasons[name], width, color=colour)
        left.set_title(f"CRPS [{unit}], mean of four weeks", fontsize=10, color=LIGHT["ink"])
        legend = left.legend(frameon=False, fontsize=9)
        for text in legend.get_texts():
            text.set_parse_math(False)
        days = [f"{season}\n{days} days" for season, days in zip(seasons["season"], seasons["days"], strict=True)]
        right.set_xticks(np.arange(len(seasons)), days)
        right.set_title("by season", fontsize=10, color=LIGHT["ink"])
        for axes in (left, right):
            axes.set_ylim(bottom=0)
        content = io.BytesIO()
        figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()
