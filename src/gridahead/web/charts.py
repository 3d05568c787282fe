"""The charts that only the server has: days in a row, errors, calibration, a case in quarantine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
import pandas as pd
from markupsafe import Markup

from gridahead.core.time import Mtu, TimeRange
from gridahead.reading.card import Shown
from gridahead.reports.svg import Band, Frame, Line, draw, frame_of
from gridahead.reports.wording import Scale, percent, words

Framed = TypeVar("Framed", pd.Series, pd.DataFrame)
HOUR = pd.Timedelta(hours=1)
FLATTENED = 5.0
"""Values so many times as large as all accepted ones leave nothing to see of those."""
LOOKS = {"published": "median", "official": "official", "official_corrected": "corrected", "naive": "naive"}
"""The look of a model's line, as on every page."""
NAMES = {"published": "ours", "official": "official", "official_corrected": "official, corrected", "naive": "last week"}


def days_chart(days: Sequence[Shown], scale: Scale, timezone: str, marked: Mapping[dt.date, str]) -> Markup:
    """Days in a row: the 80 % band and the median as they were published, and what came.

    Every day has a field of its own that a script can mark as chosen; days that are special are shaded.

    Args:
        days: the oldest first.
        scale: in which values are shown.
        timezone: of the days.
        marked: what is special about a day, by day.
    """
    start, end = days[0].time_range.start, days[-1].time_range.end
    drawn: list[Line | Band] = []
    for one in days:
        wide = _placed(one.wide / scale.divisor, start, one.time_range, one.mtu)
        if {0.1, 0.9} <= set(wide):
            drawn.append(Band("band wide", wide[0.1], wide[0.9]))
        if 0.5 in wide:
            drawn.append(Line("median", wide[0.5]))
        drawn.append(Line("outturn", _placed(one.outturn / scale.divisor, start, one.time_range, one.mtu)))
    drawn = [one for one in drawn if isinstance(one, Band) or one.points.notna().any()]
    frame = frame_of(drawn, 0, (end - start) / HOUR, floor=_never_negative(days))
    fields = [_field(f"pick d{one.day}{' special' if one.day in marked else ''}", one, start, frame) for one in days]
    noons = [(one.time_range.start - start) / HOUR + 12 for one in days]
    names = [f"{one.day:%a} {one.day.day}" for one in days]
    said = "; ".join(f"{day}: {what}" for day, what in marked.items())
    title = f"What was published for {days[0].day} to {days[-1].day}, and what came{f' ({said})' if said else ''}"
    return draw(title, frame, [*fields, *drawn], (noons, names), scale.unit, steps=4)


def error_chart(table: pd.DataFrame, by: str, scale: Scale, title: str) -> Markup:
    """Mean absolute errors of models over lead, hour or month, as lines; few values as dots besides.

    Of kinds of day there are dots only: none is between two others.

    Args:
        table: the column `by`, one of MAE a model [MW], `n`.
        by: what is across.
        scale: in which errors are shown.
        title: in words.
    """
    across = np.arange(len(table), dtype=float)
    lines = [
        Line(look, pd.Series(table[name].to_numpy(float) / scale.divisor, across))
        for name, look in reversed(LOOKS.items())
        if name in table and table[name].notna().any()
    ]
    if by == "day_kind":
        lines = [_dots(line) for line in lines]
    elif len(table) <= 24:
        lines += [_dots(line) for line in lines if line.look == "median"]
    frame = frame_of(lines, -0.5, len(table) - 0.5, floor=True)
    every = {"lead_hours": 6, "hour": 3}.get(by, max(1, len(table) // 6))
    counted = table[by] if by in ("lead_hours", "hour") else range(len(table))
    marks = [n for n, value in enumerate(counted) if int(value) % every == 0]
    names = [_mark(by, table[by].iloc[n]) for n in marks]
    return draw(title, Frame(frame.left, frame.right, 0, frame.high), lines, (marks, names), scale.unit, steps=4)


def calibration_chart(table: pd.DataFrame) -> Markup:
    """Share of outturns at or below each quantile: on the diagonal, a quantile holds what it says."""
    held = Line("median", pd.Series(table["share"].to_numpy(float) * 100, table["level"].to_numpy(float) * 100))
    ideal = Line("ideal", pd.Series([0.0, 100.0], [0.0, 100.0]))
    said = ", ".join(
        f"{percent(level)}: {percent(share)}" for level, share in zip(table["level"], table["share"], strict=True)
    )
    ticks = [0, 10, 25, 50, 75, 90, 100]
    title = f"Share of outturns at or below each quantile: {said}"
    return draw(title, Frame(0, 100, 0, 100), [ideal, held, _dots(held)], (ticks, [f"P{at}" for at in ticks]), "%")


def accepted_chart(accepted: pd.Series, in_question: pd.Series, title: str, unit: str, timezone: str) -> Markup | None:
    """The accepted values alone, where those in question would press them into a line at the bottom; else None."""
    if not len(accepted.dropna()) or in_question.abs().max() <= FLATTENED * accepted.abs().max():
        return None
    return case_chart(accepted, in_question.iloc[[0, -1]] * np.nan, f"{title}, accepted alone", unit, timezone)


def case_chart(accepted: pd.Series, in_question: pd.Series, title: str, unit: str, timezone: str) -> Markup:
    """The accepted values around a case as a line, and those in question as dots."""
    everything = in_question.index.append(accepted.index)
    start, end = everything.min(), everything.max() + HOUR
    kept = accepted.sort_index()
    if len(kept) > 1:
        step = kept.index.to_series().diff().min()
        kept = kept.reindex(pd.date_range(kept.index.min(), kept.index.max(), freq=step))
    line = Line("median", _by_hour(kept, start))
    dots = _dots(Line("", _by_hour(in_question.groupby(level=0).last(), start)), "doubt")
    drawn = [one for one in (line, dots) if one.points.notna().any()]
    frame = frame_of(drawn, 0, (end - start) / HOUR, floor=all((one.points.dropna() >= 0).all() for one in drawn))
    since, until = (in_question.index.min() - start) / HOUR, (in_question.index.max() + HOUR - start) / HOUR
    shade = _rectangle("special", since, until, frame)
    days = pd.date_range(start.tz_convert(timezone).ceil("D"), end.tz_convert(timezone), freq="2D")
    ticks = [(day - start) / HOUR for day in days], [f"{day.day} {day:%b}" for day in days]
    words = f"{title}: accepted values as a line, those in question as dots"
    return draw(words, frame, [shade, *drawn], ticks, unit)


def _field(look: str, one: Shown, start: pd.Timestamp, frame: Frame) -> Band:
    since, until = (one.time_range.start - start) / HOUR, (one.time_range.end - start) / HOUR
    return _rectangle(look, since, until, frame)


def _rectangle(look: str, since: float, until: float, frame: Frame) -> Band:
    across = [since, until]
    return Band(look, pd.Series([frame.low] * 2, across), pd.Series([frame.high] * 2, across))


def _dots(line: Line, look: str | None = None) -> Line:
    """A point at every value: a line without length, whose round ends are seen."""
    points = line.points.dropna()
    across = np.repeat(points.index.to_numpy(float), 3)
    values = np.column_stack([points, points, np.full(len(points), np.nan)]).ravel()
    return Line(f"dots {line.look if look is None else look}", pd.Series(values, across))


def _placed(values: Framed, start: pd.Timestamp, day: TimeRange, mtu: Mtu) -> Framed:
    """Every unit of a day by the hours from the first day to its middle; a unit without a value is a gap."""
    whole = values.reindex(pd.DatetimeIndex(day.times(mtu)))
    middle = pd.DatetimeIndex(whole.index) - start + mtu.delta / 2
    return whole.set_axis(np.asarray(middle / HOUR, float), axis="index")


def _by_hour(values: pd.Series, start: pd.Timestamp) -> pd.Series:
    since = pd.DatetimeIndex(values.index) - start
    return values.set_axis(np.asarray(since / HOUR, float))


def _never_negative(days: Sequence[Shown]) -> bool:
    return all(bool(np.nanmin(one.wide.to_numpy(float)) >= 0) for one in days)


def _mark(by: str, value: object) -> str:
    if by == "hour":
        return f"{int(str(value)):02d}:00"
    if by == "day_kind":
        return words(str(value))
    return f"{pd.Timestamp(str(value)):%b %Y}" if by == "month" else f"{value} h"
