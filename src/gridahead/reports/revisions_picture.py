"""The picture of revisions: the share of values that change at each age, and how far they go."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from gridahead.core.units import per, tick
from gridahead.monitoring.revisions import Revisions
from gridahead.reports.drawing import STYLE, styled
from gridahead.reports.palette import LIGHT
from gridahead.reports.revisions import age_name, revisions_sentence


def revisions_picture(found: Revisions) -> bytes:
    """The share of values that changed in each span of ages, and in it or later, and the size of changes, as PNG."""
    at = np.arange(len(found.by_age))
    with styled({**STYLE, "font.size": 10, "axes.titlelocation": "left"}):
        figure = Figure(figsize=(12, 4.6), dpi=110, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        title = f"{found.series}: {revisions_sentence(found)}"
        figure.suptitle(title, x=0.01, ha="left", fontsize=10, color=LIGHT["ink"], parse_math=False, wrap=True)
        left, right = figure.subplots(1, 2)
        shares = {
            "changed then": ([span.changed for span in found.by_age], LIGHT["model"]),
            "then or later": ([span.open for span in found.by_age], LIGHT["soft"]),
        }
        known = np.maximum([span.values for span in found.by_age], 1)
        for n, (name, (counts, colour)) in enumerate(shares.items()):
            left.bar(at + (n - 0.5) * 0.4, 100 * np.array(counts) / known, 0.4, color=colour, label=name)
        left.set_title("Values that changed [%], by their age", fontsize=10, color=LIGHT["ink"])
        sizes = {
            "mean size": ([span.size.mean_abs_mw for span in found.by_age], LIGHT["model"]),
            "mean, new less old": ([span.size.mean_mw for span in found.by_age], LIGHT["official"]),
        }
        for n, (name, (means, colour)) in enumerate(sizes.items()):
            heights = per(np.array(means, dtype=float), found.unit)
            right.bar(at + (n - 0.5) * 0.4, heights, 0.4, color=colour, label=name)
        largest = per(np.array([span.size.largest_mw for span in found.by_age], dtype=float), found.unit)
        right.plot(at, largest, "o", color=LIGHT["ink"], markersize=4, label="largest")
        right.axhline(0, color=LIGHT["ink"], linewidth=0.8)
        right.set_title(f"How far they moved [{found.unit}], by their age", fontsize=10, color=LIGHT["ink"])
        for axes in (left, right):
            _finish(axes, [age_name(span).replace(" to ", "\nto ").replace("than ", "than\n") for span in found.by_age])
        content = io.BytesIO()
        figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def _finish(axes: Any, names: list[str]) -> None:
    axes.set_xticks(np.arange(len(names)), names, fontsize=9)
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))
    axes.legend(frameon=False, fontsize=9)
