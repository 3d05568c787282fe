"""The three charts of a series: the day as a fan, the last weeks, and the error by lead time.

A value is drawn in the middle of its market time unit. Each chart is drawn for a wide and for a narrow screen, and the
page shows the one that fits: a chart that is only scaled down has letters nobody can read.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from gridahead.core.runs import NAIVE, OFFICIAL, OFFICIAL_CORRECTED
from gridahead.core.time import Mtu, TimeRange, delivery_range
from gridahead.reports.drawing import (
    DASHED,
    DOTTED,
    MIXED,
    SOLID,
    Line,
    Size,
    canvas,
    draw_lines,
    styled,
    to_svg,
)
from gridahead.reports.palette import LIGHT
from gridahead.reports.trust import Day
from gridahead.reports.wording import Scale

HOUR = pd.Timedelta(hours=1)


def fan_chart(day: Day, size: Size) -> str:
    """The delivery day: bands between symmetric quantiles, median, official forecast, outturn as far as it is known."""
    with styled():
        figure, axes = canvas(size)

        def placed(values: Any) -> Any:
            return _by_hour(values / day.scale.divisor, day.time_range.start, day.mtu)

        bands = placed(day.wide)
        for lower, upper in intervals(day.wide):
            axes.fill_between(bands.index, bands[lower], bands[upper], color=LIGHT["model"], alpha=0.16, linewidth=0)
        axes.set_xticks(*hour_ticks(day.time_range, day.timezone, every=6 if size.narrow else 3))
        axes.set_xlim(0, day.hours)
        lines = [
            Line("median", bands[0.5], "model", SOLID, 2.5),
            Line("official", placed(day.official), "official", DASHED),
            Line("outturn", placed(day.outturn), "ink"),
        ]
        draw_lines(axes, lines, size, day.scale.unit, floor=_never_negative(day.wide))
        return to_svg(figure, f"Quantile forecast for {day.name}, with official forecast and outturn")


def history_chart(wide: pd.DataFrame, outturn: pd.Series, day: Day, size: Size) -> str:
    """The last weeks: the 80 % band and the median of what was forecast, and what came.

    Args:
        wide: quantile levels as columns, valid times as rows [MW].
        outturn: by valid time [MW].
        day: the forecast that the history leads up to, for its scale and time zone.
        size: of the drawing.
    """
    with styled():
        figure, axes = canvas(size)
        # A gap is a gap: without the missing times in the index the line would be drawn across it.
        times = pd.date_range(wide.index.min(), wide.index.max(), freq=day.mtu.delta)
        bands = _by_hour(wide.reindex(times) / day.scale.divisor, times[0], day.mtu)
        truth = _by_hour(outturn.reindex(times) / day.scale.divisor, times[0], day.mtu)
        if {0.1, 0.9} <= set(wide.columns):
            axes.fill_between(bands.index, bands[0.1], bands[0.9], color=LIGHT["model"], alpha=0.3, linewidth=0)
        axes.set_xticks(*day_ticks(times, day.timezone, most=4 if size.narrow else 5))
        axes.set_xlim(0, len(times) / day.mtu.per_hour)
        lines = [Line("median", bands[0.5], "model", SOLID, 1.4), Line("outturn", truth, "ink", SOLID, 1.4)]
        draw_lines(axes, lines, size, day.scale.unit, floor=_never_negative(wide))
        return to_svg(figure, "Forecast and outturn of the last weeks")


def lead_chart(errors: pd.DataFrame, day: Day, size: Size) -> str:
    """The mean absolute error by hour of lead time, of the served model and of the references.

    Args:
        errors: model names as columns, lead hours as rows [MW].
        day: the forecast, for its model.
        size: of the drawing.
    """
    with styled():
        figure, axes = canvas(size)
        scale = Scale.of(float(np.nanmax(errors.to_numpy())), day.unit)
        looks = {
            NAIVE: ("naive", DOTTED),
            OFFICIAL: ("official", DASHED),
            OFFICIAL_CORRECTED: ("corrected", MIXED),
        }
        lines = [
            Line(label, errors[name] / scale.divisor, label, dash)
            for name, (label, dash) in looks.items()
            if name in errors.columns and name != day.model
        ]
        lines.append(Line(day.model, errors[day.model] / scale.divisor, "model", SOLID, 2.5))
        margin = 0.03 * (errors.index.max() - errors.index.min()) + 0.5
        axes.set_xlim(errors.index.min() - margin, errors.index.max() + margin)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.set_xlabel("hours after issue")
        axes.set_ylim(0, 1.1 * max(line.points.max() for line in lines))
        draw_lines(axes, lines, size, scale.unit, floor=True)
        return to_svg(figure, "Mean absolute error by lead time")


def intervals(wide: pd.DataFrame) -> list[tuple[float, float]]:
    """The pairs of symmetric quantile levels among the columns, widest first."""
    levels = sorted(float(level) for level in wide.columns)
    return [(low, high) for low in levels if low < 0.5 for high in levels if abs(low + high - 1) < 1e-9]


def hour_ticks(day: TimeRange, timezone: str, *, every: int = 3) -> tuple[list[float], list[str]]:
    """Hours since local midnight, and the wall clock there; a day of 25 hours ends at hour 25, which reads 24."""
    clock = pd.date_range(day.start, day.end, freq="h", inclusive="left").tz_convert(timezone).hour
    # Of a wall-clock hour that comes twice, the first is marked.
    elapsed_by_hour = {int(hour): elapsed for elapsed, hour in reversed(list(enumerate(clock))) if hour % every == 0}
    marks = sorted((elapsed, f"{hour:02d}") for hour, elapsed in elapsed_by_hour.items())
    return [float(elapsed) for elapsed, _ in marks] + [float(len(clock))], [label for _, label in marks] + ["24"]


def day_ticks(times: pd.DatetimeIndex, timezone: str, *, most: int) -> tuple[list[float], list[str]]:
    """Hours since the first time of local midnights, and their dates, evenly and at most so many."""
    local = times.tz_convert(timezone).tz_localize(None).normalize()
    days = pd.date_range(local[0], local[-1], freq="D")
    every = -(-len(days) // most)
    midnights = [(delivery_range(day.date(), timezone).start, f"{day.day} {day:%b}") for day in days[::every]]
    inside = [((midnight - times[0]) / HOUR, label) for midnight, label in midnights if midnight >= times[0]]
    return [hours for hours, _ in inside], [label for _, label in inside]


def _by_hour(values: Any, start: pd.Timestamp, mtu: Mtu) -> Any:
    """The same values by hours from the start to the middle of their market time unit."""
    middle = pd.DatetimeIndex(values.index) - start + mtu.delta / 2
    return values.set_axis(np.asarray(middle / HOUR, dtype=float), axis="index")


def _never_negative(wide: pd.DataFrame) -> bool:
    return bool(np.nanmin(wide.to_numpy(float)) >= 0)
