"""One forecast as a fan: a figure for notebooks."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from gridahead.core.units import Unit, per
from gridahead.reports.charts import intervals
from gridahead.reports.palette import LIGHT

ALPHA = 0.18
"""Opacity of a band [1]."""


def fan_figure(wide: pd.DataFrame, outturn: pd.Series, official: pd.Series, unit: Unit) -> Figure:
    """Bands between symmetric quantiles, the median, the official forecast and the outturn where they are known.

    Args:
        wide: of one forecast: quantile levels as columns [MW], by local time; `.attrs["manifest"]` says whose it is.
        outturn: of the same series by time [MW]; what lies outside of the forecast units is not drawn.
        official: the same of the official forecast.
        unit: of the axis.
    """
    manifest = wide.attrs["manifest"]
    shown = per(wide, unit)
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    swatches = []
    for number, (lower, upper) in enumerate(intervals(shown), 1):
        colour, label = LIGHT["model"], f"{round(100 * (upper - lower))} %"
        axes.fill_between(shown.index, shown[lower], shown[upper], color=colour, alpha=ALPHA, linewidth=0)
        # A band lies over all wider ones, and is seen through them.
        swatches.append(Patch(color=colour, alpha=1 - (1 - ALPHA) ** number, linewidth=0, label=label))
    axes.plot(shown.index, shown[0.5], color=LIGHT["model"], linewidth=2, label=f"{manifest['model']}, median")
    for name, values, dash in (("official", official, "--"), ("outturn", outturn, "-")):
        known = per(values.reindex(shown.index), unit)
        if known.notna().any():
            colour = LIGHT["ink" if name == "outturn" else "official"]
            axes.plot(known.index, known, color=colour, linestyle=dash, label=name)
    issued = pd.Timestamp(str(manifest["issue_time"])).tz_convert(str(manifest["timezone"]))
    axes.set_title(f"Issued {issued:%Y-%m-%d %H:%M}", loc="left")
    axes.set_ylabel(f"{manifest['series']} [{unit}]")
    axes.legend(handles=[*swatches, *axes.lines], frameon=False, ncols=3)
    figure.autofmt_xdate()
    return figure
