"""One forecast as a fan: a figure for notebooks."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from gridahead.core.tables import Forecasts, Observations
from gridahead.core.units import Unit, per
from gridahead.reports.charts import intervals
from gridahead.reports.palette import LIGHT


def fan_figure(forecasts: Forecasts, outturn: Observations, timezone: str, unit: Unit) -> Figure:
    """Bands between symmetric quantiles, the median, and the outturn where it is known, by local time.

    Args:
        forecasts: of one series and one issue time.
        outturn: of the same series; what lies outside of the forecast hours is not drawn.
        timezone: local time of the market.
        unit: of the axis.
    """
    first = forecasts.iloc[0]
    wide = per(forecasts.pivot(index="valid_time", columns="quantile", values="value_mw"), unit)
    measured = outturn[outturn["valid_time"].isin(wide.index)].set_index("valid_time")["value"]
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    hours = pd.DatetimeIndex(wide.index).tz_convert(timezone)
    for lower, upper in intervals(wide):
        label = f"{round(100 * (upper - lower))} %"
        axes.fill_between(hours, wide[lower], wide[upper], color=LIGHT["model"], alpha=0.18, linewidth=0, label=label)
    axes.plot(hours, wide[0.5], color=LIGHT["model"], linewidth=2, label=f"{first['model']}, median")
    if len(measured):
        axes.plot(
            pd.DatetimeIndex(measured.index).tz_convert(timezone),
            per(measured, unit),
            color=LIGHT["ink"],
            label="outturn",
        )
    issued = pd.Timestamp(first["issue_time"]).tz_convert(timezone)
    axes.set_title(f"Issued {issued:%Y-%m-%d %H:%M}", loc="left")
    axes.set_ylabel(f"{first['zone']}/{first['quantity']} [{unit}]")
    axes.legend(frameon=False, ncols=3)
    figure.autofmt_xdate()
    return figure
