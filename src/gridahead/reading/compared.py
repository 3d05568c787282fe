"""What was published in time beside the outturn and the references, unit by unit: records and errors are made of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from gridahead.core.grid import Series, day_after
from gridahead.core.resolution import at_mtu, forecasts_at, mtu_of
from gridahead.core.runs import BY_HAND, OFFICIAL, OFFICIAL_CORRECTED, UNADAPTED, Reference
from gridahead.core.tables import Forecasts, Observations
from gridahead.core.time import TimeRange, delivery_days, delivery_range
from gridahead.core.vintages import Vintages, as_answered, from_micros, micros, of_series
from gridahead.evaluation.outturn import outturn
from gridahead.evaluation.sample import LOWER, UPPER
from gridahead.features.correction import CORRECTION_DAYS, corrections
from gridahead.features.windows import WindowSpec
from gridahead.reading.live import read_in_time
from gridahead.workspace import Workspace

COMPARED: tuple[Reference, ...] = (OFFICIAL, OFFICIAL_CORRECTED)
"""What a published forecast is compared with; last week's same hour is nobody's forecast."""
SLACK = pd.Timedelta(days=14)
"""So many days may lack an outturn, and the newest whose errors correct the official forecast are still found."""


def compared(workspace: Workspace, series: Series, span: TimeRange | None, at: pd.Timestamp) -> pd.DataFrame:
    """A row a unit that was forecast in time and has an outturn, all in the unit of time that the series has now.

    Args:
        workspace: whose lake.
        series: which.
        span: of valid times; all that was published without it.
        at: as of when.

    Returns:
        `valid_time`; `issue_time`; `day`, the delivery day; `hours`, the length of the unit [h]; a column a quantile
        level, and another by the name of `before_adaptation` as the models answered it; `outturn`, `official` and
        `official_corrected` [MW], the last two as in the scores: NaN where none was published.

    Raises:
        LakeError: the lake cannot be read.
    """
    forecasts = read_in_time(workspace, series, span)
    if forecasts.empty:
        return pd.DataFrame()
    history = TimeRange.spanning(forecasts["valid_time"], pd.Timedelta(days=CORRECTION_DAYS) + SLACK)
    vintages = workspace.lake.read_vintages(series, series.official, time_range=history, flags=True)
    rows = _with_outturn(workspace, series, forecasts, vintages, at)
    if rows.empty:
        return rows
    spec = _spec(workspace, series, of_series(vintages, series))
    observations = at_mtu(vintages, spec.mtu, spec.zone.timezone)
    published = references_of(observations, spec, sorted(rows["day"].unique()))
    return rows.join(published, on="valid_time")


def held_in_band(workspace: Workspace, series: Series, span: TimeRange, at: pd.Timestamp) -> pd.DataFrame:
    """A row a unit whose outturn the published 80 % band did or did not hold; all who tell of a band read this.

    Args:
        workspace: whose lake.
        series: which.
        span: of valid times.
        at: as of when.

    Returns:
        `valid_time`; `day`, the delivery day; `inside`, 1 or 0.

    Raises:
        LakeError: the lake cannot be read.
    """
    forecasts = read_in_time(workspace, series, span)
    nothing = pd.DataFrame(columns=["valid_time", "day", "inside"])
    if forecasts.empty:
        return nothing
    units = TimeRange.spanning(forecasts["valid_time"])
    vintages = workspace.lake.read_vintages(series, time_range=units, flags=True)
    rows = _with_outturn(workspace, series, forecasts, vintages, at)
    return nothing if rows.empty else rows.assign(inside=inside_band(rows)).dropna(subset="inside")[nothing.columns]


def inside_band(rows: pd.DataFrame) -> pd.Series:
    """Whether each outturn was in the 80 % band, 1 or 0; NaN without a band."""
    if not {LOWER, UPPER} <= set(rows.columns):
        return pd.Series(np.nan, rows.index)
    held = rows["outturn"].between(rows[LOWER], rows[UPPER]).astype(float)
    return held.where(rows[LOWER].notna() & rows[UPPER].notna())


def _with_outturn(
    workspace: Workspace, series: Series, forecasts: pd.DataFrame, vintages: Observations, at: pd.Timestamp
) -> pd.DataFrame:
    """What `compared` gives without the references."""
    measured = of_series(vintages, series)
    if measured.empty:
        return pd.DataFrame()
    spec = _spec(workspace, series, measured)
    timezone = spec.zone.timezone
    wide = _wide(forecasts_at(Forecasts(forecasts), spec.mtu, timezone))
    came = outturn(at_mtu(Observations(measured), spec.mtu, timezone), series, at).dropna(subset="value")
    rows = wide.join(came.set_index("valid_time")["value"].rename("outturn"), how="inner").reset_index()
    if rows.empty:
        return rows
    days = delivery_days(rows["valid_time"], timezone).dt.date.to_numpy()
    return rows.assign(day=days, hours=spec.mtu.delta / pd.Timedelta(hours=1))


def references_of(observations: Observations, spec: WindowSpec, days: Sequence[dt.date]) -> pd.DataFrame:
    """The official and the corrected forecast as in the scores, a column each, by valid time [MW]; NaN where none was.

    The official forecast is read as of the end of the day on which ours is due, its errors as known at our deadline.
    """
    read, zone = day_after(spec.deadline, spec.zone), spec.zone.timezone
    ranges, read_at = [delivery_range(day, zone) for day in days], [read.for_delivery(day) for day in days]
    starts, ends = (
        micros(pd.DatetimeIndex(bounds)) for bounds in zip(*[(r.start, r.end) for r in ranges], strict=True)
    )
    units = starts[:, None] + np.arange((ends - starts).max() // spec.mtu.microseconds) * spec.mtu.microseconds
    inside = units < ends[:, None]
    span = TimeRange(ranges[0].start, ranges[-1].end)
    vintages = Vintages.of(of_series(observations, spec.series.official), span, spec.mtu)
    official = vintages.as_of(micros(pd.DatetimeIndex(read_at)), units)
    due = micros(pd.DatetimeIndex([spec.deadline.for_delivery(day) for day in days]))
    better = official + corrections(observations, spec, read, due, units)
    return pd.DataFrame({OFFICIAL: official[inside], OFFICIAL_CORRECTED: better[inside]}, from_micros(units[inside]))


def _spec(workspace: Workspace, series: Series, measured: pd.DataFrame) -> WindowSpec:
    """What a reference reads: the series and its official forecast, and nothing else."""
    settings = workspace.settings
    zone, chosen = settings.zone(series.zone), settings.series_settings(series)
    mtu = chosen.mtu or mtu_of(measured, series, zone.timezone)
    return WindowSpec(series, zone, mtu, chosen.deadline, context_days=1)


def before_adaptation(level: float) -> str:
    """The name of the column of a quantile as the models answered it; where nothing was adapted it is the same."""
    return f"{UNADAPTED} {level:g}"


def _wide(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Quantile levels, the same before adaptation, and `issue_time` as columns, by valid time."""
    by_hand = forecasts["rung"] == BY_HAND  # what a person has changed is no adaptation
    answered = as_answered(forecasts).where(~by_hand, forecasts["value_mw"])
    wide = _by_level(forecasts)
    before = _by_level(forecasts.assign(value_mw=answered)).rename(columns=before_adaptation)
    issued = forecasts.drop_duplicates("valid_time").set_index("valid_time")["issue_time"]
    return wide.join(before).assign(issue_time=issued)


def _by_level(forecasts: pd.DataFrame) -> pd.DataFrame:
    wide = forecasts.pivot(index="valid_time", columns="quantile", values="value_mw").sort_index()
    wide.columns = pd.Index([float(level) for level in wide.columns], dtype=object)
    return wide
