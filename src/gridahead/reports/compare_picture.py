"""The picture of a comparison: the loss over time, four weeks at a time, and by season."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from gridahead.core.runs import NAIVE, OFFICIAL, OFFICIAL_CORRECTED
from gridahead.core.units import per
from gridahead.promotion.compare import VersionComparison
from gridahead.reports.comparison import comparison_sentence
from gridahead.reports.drawing import DASHED, DOTTED, MIXED, SOLID, STYLE, styled
from gridahead.reports.palette import LIGHT

VERSIONS = ((LIGHT["model"], SOLID), (LIGHT["naive"], SOLID))
LOOKS: dict[str, tuple[str, Any]] = {
    OFFICIAL: (LIGHT["official"], DASHED),
    OFFICIAL_CORRECTED: (LIGHT["corrected"], MIXED),
    NAIVE: (LIGHT["soft"], DOTTED),
}
FOUR_WEEKS = 28


def compare_picture(comparison: VersionComparison) -> bytes:
    """Running means over four weeks and means of the seasons, as PNG."""
    unit = comparison.unit
    losses = per(comparison.losses, unit)
    names = list(losses.columns)
    seasons = comparison.seasons.assign(**{name: per(comparison.seasons[name], unit) for name in names})
    with styled({**STYLE, "font.size": 10, "axes.titlelocation": "left"}):
        figure = Figure(figsize=(12, 4.4), dpi=110, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(
            comparison_sentence(comparison),
            x=0.01,
            ha="left",
            fontsize=10,
            color=LIGHT["ink"],
            parse_math=False,
            wrap=True,
        )
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        smooth = losses.asfreq("D").rolling(FOUR_WEEKS, min_periods=FOUR_WEEKS // 2).mean()
        width = 0.8 / len(names)
        looks = [*VERSIONS, *(LOOKS[name] for name in names[len(VERSIONS) :])]
        for n, (name, (colour, dash)) in enumerate(zip(names, looks, strict=True)):
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
