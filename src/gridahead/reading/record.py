"""How good what was published has been: the last thirty live days, against the outturn and the official forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.time import TimeRange, delivery_range
from gridahead.evaluation.bootstrap import Interval, block_length, bootstrap_ratio
from gridahead.evaluation.metrics import crps
from gridahead.evaluation.sample import POINT
from gridahead.forecasting.publish import published_days
from gridahead.reading.compared import COMPARED, before_adaptation, compared, inside_band
from gridahead.workspace import Workspace

RECORD_DAYS = 30
ENOUGH = 7 * 24
"""Fewer hours than a week are no evidence of anything: [h]"""
SLACK_DAYS = 15
"""So many days may lack a forecast or an outturn, and the last thirty that have both are still found."""


@dataclass(frozen=True, slots=True)
class Skill:
    """By how much a forecast erred less than a reference on the same units."""

    reference: str
    mae: float
    """Of the reference."""
    skill: float
    """1 - MAE / MAE of the reference."""
    interval: tuple[float, float]
    """95 % interval of it, whole days drawn again; NaN of a single day."""
    n: int


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What adapting forecasts to the newest days has brought, on units whose quantiles are all there."""

    coverage: float
    """Share of outturns within the published 80 % band [1]; NaN where none was published."""
    coverage_before: float
    """The same of what the models had answered."""
    crps: float
    """Of what was published [MW], a price in its currency per MWh."""
    crps_before: float


@dataclass(frozen=True, eq=False)
class Record:
    """Live forecasts of some days against what came, whoever was champion."""

    start: pd.Timestamp
    """Of the first unit that both have, UTC."""
    end: pd.Timestamp
    """Of the last one, its end."""
    n: int
    """Units that have a forecast and an outturn."""
    hours: float
    """How long these are [h]."""
    mae: float
    """[MW], a price in its currency per MWh."""
    coverage: float
    """Share of outturns within the 80 % band [1]; NaN where none was published."""
    coverage_interval: tuple[float, float]
    """95 % interval of it, whole days drawn again; NaN of a single day."""
    against: tuple[Skill, ...]
    """Against `official` and `official_corrected`, where they are."""
    daily: pd.DataFrame
    """A row a delivery day: `day`, `mae`, `official_mae`, `coverage`."""
    adaptation: Adaptation | None = None
    """None where nothing was adapted."""

    @property
    def enough(self) -> bool:
        """Whether there is a week or more of it."""
        return self.hours >= ENOUGH


def live_record(
    workspace: Workspace, series: Series, days: int = RECORD_DAYS, at: pd.Timestamp | None = None
) -> Record | None:
    """The record of the last days that were published in time; None where nothing published has an outturn.

    Args:
        workspace: whose lake.
        series: whose.
        days: how many of the newest delivery days with an outturn.
        at: as of when; now unless given.

    Raises:
        LakeError: the lake cannot be read.
    """
    at = workspace.clock() if at is None else at
    end = _end(workspace, series, at)
    if end is None:
        return None
    rows = compared(workspace, series, TimeRange(end - pd.Timedelta(days=days + SLACK_DAYS), end), at)
    if rows.empty:
        return None
    return _record(rows[rows["day"].isin(np.sort(rows["day"].unique())[-days:])].sort_values("valid_time"))


def _end(workspace: Workspace, series: Series, at: pd.Timestamp) -> pd.Timestamp | None:
    """Until when the record may go: the present, or in a demonstration on history the end of its last day."""
    if workspace.settings.mode == "live":
        return at
    days = published_days(workspace.settings.published_place, series)
    timezone = workspace.settings.zone(series.zone).timezone
    return min(at, delivery_range(days[-1], timezone).end) if days else None


def _record(rows: pd.DataFrame) -> Record:
    """The figures of units in the order of time, as `compared` gives them."""
    errors = (rows[POINT] - rows["outturn"]).abs()
    inside = inside_band(rows)
    covered = ratio_by_day(inside, inside.notna().astype(float), rows["day"])
    theirs = {name: (rows[name] - rows["outturn"]).abs() for name in COMPARED}
    by_day = pd.DataFrame({"day": rows["day"], "mae": errors, "official_mae": theirs["official"], "coverage": inside})
    skills = (_skill(name, errors, theirs[name], rows["day"]) for name in COMPARED if theirs[name].notna().any())
    hours = float(rows["hours"].iloc[0])
    return Record(
        start=rows["valid_time"].iloc[0],
        end=rows["valid_time"].iloc[-1] + pd.Timedelta(hours=hours),
        n=len(rows),
        hours=hours * len(rows),
        mae=float(errors.mean()),
        coverage=covered.value,
        coverage_interval=(covered.low, covered.high),
        against=tuple(skills),
        daily=by_day.groupby("day", as_index=False).mean(),
        adaptation=_adaptation(rows),
    )


def _adaptation(rows: pd.DataFrame) -> Adaptation | None:
    levels = [float(name) for name in rows.columns if not isinstance(name, str)]
    names = [before_adaptation(level) for level in levels]
    rows = rows.dropna(subset=[*levels, *names])
    answered = rows[[*names, "outturn"]].set_axis([*levels, "outturn"], axis=1)
    if rows.empty or (rows[levels].to_numpy() == answered[levels].to_numpy()).all():
        return None
    held = [float(inside_band(each).mean()) for each in (rows, answered)]
    lost = [crps(each[levels].to_numpy(), levels, each["outturn"].to_numpy()) for each in (rows, answered)]
    return Adaptation(held[0], held[1], lost[0], lost[1])


def _skill(name: str, ours: pd.Series, theirs: pd.Series, days: pd.Series) -> Skill:
    both = theirs.notna()
    ratio = ratio_by_day(ours[both], theirs[both], days[both])
    return Skill(name, float(theirs.mean()), 1 - ratio.value, (1 - ratio.high, 1 - ratio.low), int(both.sum()))


def ratio_by_day(first: pd.Series, second: pd.Series, days: Sequence[Any] | pd.Series) -> Interval:
    """Sum of the first over sum of the second, and its 95 % interval, whole days drawn again.

    Days resemble their neighbours: they are drawn in blocks of a week, of few days in blocks of half of them.
    """
    sums = pd.DataFrame({"first": first, "second": second, "day": days}).groupby("day").sum()
    sums = sums[sums["second"] > 0]
    if sums.empty:
        return Interval(float("nan"), float("nan"), float("nan"))
    block = min(block_length(len(sums)), len(sums) / 2)
    return bootstrap_ratio(sums["first"], sums["second"], block=max(block, 1.0))
