"""The charts of a series: the day as a fan, its distance to the official forecast, the last weeks, errors.

A value is drawn in the middle of its market time unit. These are what is seen without script and on paper; with it,
`page.js` draws the same day so that it can be pointed at.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from gridahead.core.runs import NAIVE, OFFICIAL, OFFICIAL_CORRECTED
from gridahead.core.time import TimeRange, delivery_range
from gridahead.core.units import Unit
from gridahead.reading.card import Card
from gridahead.reading.record import Record
from gridahead.reports.svg import Band, Frame, Line, draw, frame_of
from gridahead.reports.trust import Day
from gridahead.reports.wording import Scale

HOUR = pd.Timedelta(hours=1)
LOOKS = {NAIVE: "naive", OFFICIAL: "official", OFFICIAL_CORRECTED: "corrected"}
"""Of the lines of references."""


def fan_chart(day: Day, normal: pd.DataFrame, eve: pd.Series) -> Markup:
    """The delivery day: bands between symmetric quantiles, median, official forecast, outturn as far as it is known.

    Args:
        day: which.
        normal: what is usual on such a day: `valid_time`, `low`, `high` [MW]; may be empty.
        eve: what was forecast of the day before, at the same hours of the clock [MW]; may be empty.
    """

    def placed(values: Any) -> Any:
        return _by_hour(values / day.scale.divisor, day.time_range.start, day.mtu.delta)

    usual = placed(normal.set_index("valid_time")[["low", "high"]]) if len(normal) else None
    wide = placed(day.wide)
    bands = [] if usual is None else [Band("normal", usual["low"], usual["high"])]
    bands += [Band("band", wide[low], wide[high]) for low, high in intervals(day.wide)]
    lines = [
        Line("eve", placed(eve)),
        Line("before", placed(day.shown.before)),
        Line("official", placed(day.official)),
        Line("outturn", placed(day.outturn)),
        Line("median", wide[0.5]),
    ]
    drawn: list[Line | Band] = [*bands, *(line for line in lines if line.points.notna().any())]
    frame = frame_of(drawn, 0, day.hours, floor=_never_negative(day.wide))
    title = f"Quantile forecast of {day.title} for {day.name}, with official forecast and outturn"
    return draw(title, frame, drawn, hour_ticks(day.time_range, day.timezone), day.scale.unit)


def strip_chart(day: Day) -> Markup | None:
    """Ours less the official forecast, a bar a market time unit; None without an official forecast."""
    difference = (day.wide[0.5] - day.official).dropna() / day.scale.divisor
    if difference.empty:
        return None
    bars = Line("bars", _by_hour(difference, day.time_range.start, day.mtu.delta))
    most = 1.15 * float(difference.abs().max()) or 1.0
    title = f"Median less official forecast of {day.title} for {day.name}"
    frame = Frame(0, day.hours, -most, most)
    return draw(title, frame, [bars], hour_ticks(day.time_range, day.timezone), day.scale.unit, steps=2)


def history_chart(card: Card, day: Day) -> Markup | None:
    """The days published before: the 80 % band and the median of what was forecast, and what came."""
    earlier = [one for one in card.shown[1:] if one.mtu == day.mtu]
    if not earlier:
        return None
    wide = pd.concat([one.wide for one in earlier]).sort_index() / day.scale.divisor
    truth = pd.concat([one.outturn for one in earlier]).sort_index() / day.scale.divisor
    length = max(day.mtu.delta, HOUR)
    if day.mtu.delta < HOUR:  # two weeks of quarter-hours are finer than what can be seen
        wide, truth = (values.resample(HOUR).mean() for values in (wide, truth))
    # A gap is a gap: without the missing times in the index the line would be drawn across it.
    times = pd.date_range(wide.index.min(), wide.index.max(), freq=length)
    bands, outturn = (_by_hour(values.reindex(times), times[0], length) for values in (wide, truth))
    drawn: list[Line | Band] = []
    if {0.1, 0.9} <= set(wide.columns):
        drawn.append(Band("band wide", bands[0.1], bands[0.9]))
    drawn += [line for line in (Line("median", bands[0.5]), Line("outturn", outturn)) if line.points.notna().any()]
    frame = frame_of(drawn, 0, len(times) * length / HOUR, floor=_never_negative(wide))
    title = f"Forecast and outturn of {day.title} on the days before"
    return draw(title, frame, drawn, day_ticks(times, day.timezone, most=7), day.scale.unit)


def lead_chart(errors: pd.DataFrame, model: str, title: str, unit: Unit | None) -> tuple[Markup, list[tuple[str, str]]]:
    """The mean absolute error by hour of lead time, of a model and of the references, and the looks of its lines.

    Args:
        errors: model names as columns, lead hours as rows [MW].
        model: ours.
        title: of the series.
        unit: of the errors; None for what fits.
    """
    scale = Scale.of(float(np.nanmax(errors.to_numpy())), unit)
    looks = {name: look for name, look in LOOKS.items() if name in errors.columns and name != model}
    lines = [Line(look, errors[name] / scale.divisor) for name, look in looks.items()]
    lines.append(Line("median", errors[model] / scale.divisor))
    lowest, highest = float(errors.index.min()), float(errors.index.max())
    frame = frame_of(lines, lowest - 0.5, highest + 0.5, floor=True)
    frame = Frame(frame.left, frame.right, 0.0, frame.high)
    marks = [hour for hour in range(0, int(highest) + 1, 6) if hour >= lowest]
    drawn = draw(f"Mean absolute error of {title} by lead time", frame, lines, (marks, [*map(str, marks)]), scale.unit)
    return drawn, [("median", model), *((look, name.replace("_", " ")) for name, look in looks.items())]


def errors_chart(record: Record, title: str, unit: Unit | None) -> Markup:
    """The mean error of every day that was published, ours and the official forecast's."""
    daily = record.daily.reset_index(drop=True)
    own, official = daily["mae"].astype(float), daily["official_mae"].astype(float)
    scale = Scale.of(float(np.nanmax([own.max(), official.max()])), unit)
    lines = [Line("official", official / scale.divisor), Line("median", own / scale.divisor)]
    lines = [line for line in lines if line.points.notna().any()]
    frame = frame_of(lines, -0.5, len(daily) - 0.5, floor=True)
    every = max(1, len(daily) // 4)
    days = [pd.Timestamp(day) for day in daily["day"]]
    ticks = ([*range(0, len(days), every)], [f"{day.day} {day:%b}" for day in days[::every]])
    frame = Frame(frame.left, frame.right, 0.0, frame.high)
    return draw(f"Mean error of {title} by day", frame, lines, ticks, scale.unit, steps=2)


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


def _by_hour(values: Any, start: pd.Timestamp, length: pd.Timedelta) -> Any:
    """The same values by hours from the start to the middle of their market time unit."""
    middle = pd.DatetimeIndex(values.index) - start + length / 2
    return values.set_axis(np.asarray(middle / HOUR, dtype=float), axis="index")


def _never_negative(wide: pd.DataFrame) -> bool:
    return bool(np.nanmin(wide.to_numpy(float)) >= 0)
