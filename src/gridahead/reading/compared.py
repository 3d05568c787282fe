"""What was published in time beside the outturn and the references, unit by unit: records and errors are made of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.resolution import at_mtu, forecasts_at, mtu_of
from gridahead.core.runs import OFFICIAL, OFFICIAL_CORRECTED, Reference
from gridahead.core.tables import Forecasts, Observations
from gridahead.core.time import TimeRange, delivery_days
from gridahead.core.vintages import from_micros, of_series
from gridahead.evaluation.outturn import outturn
from gridahead.evaluation.references import reference_windows
from gridahead.features.corrected import CORRECTION_DAYS
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
        level, `outturn`, `official` and `official_corrected` [MW], the last two as in the scores: NaN where none was
        published.

    Raises:
        LakeError: the lake cannot be read.
    """
    forecasts = read_in_time(workspace, series, span)
    if forecasts.empty:
        return pd.DataFrame()
    history = TimeRange.spanning(forecasts["valid_time"], pd.Timedelta(days=CORRECTION_DAYS) + SLACK)
    vintages = workspace.lake.read_vintages(series, series.official, time_range=history, flags=True)
    measured = of_series(vintages, series)
    if measured.empty:
        return pd.DataFrame()
    spec = _spec(workspace, series, measured)
    observations = at_mtu(vintages, spec.mtu, spec.zone.timezone)
    wide = _wide(forecasts_at(Forecasts(forecasts), spec.mtu, spec.zone.timezone))
    came = outturn(observations, series, at).dropna(subset="value").set_index("valid_time")["value"]
    rows = wide.join(came.rename("outturn"), how="inner").reset_index()
    if rows.empty:
        return rows
    rows["day"] = delivery_days(rows["valid_time"], spec.zone.timezone).dt.date.to_numpy()
    rows["hours"] = spec.mtu.delta / pd.Timedelta(hours=1)
    for name in COMPARED:
        published = reference_of(name, observations, spec, sorted(rows["day"].unique()))
        rows[name] = rows["valid_time"].map(published).to_numpy(dtype=float)
    return rows


def reference_of(name: Reference, observations: Observations, spec: WindowSpec, days: Sequence[dt.date]) -> pd.Series:
    """The official forecast, or the corrected one, by valid time [MW]; empty where there is none."""
    if of_series(observations, spec.series.official).empty:
        return pd.Series(dtype=float, index=pd.DatetimeIndex([], tz="UTC"))
    windows = reference_windows(name, observations, spec, days)
    there = windows.delivery
    return pd.Series(windows.official_ahead[there].astype(np.float64), from_micros(windows.valid_time[there]))


def _spec(workspace: Workspace, series: Series, measured: pd.DataFrame) -> WindowSpec:
    """What a reference reads: the series and its official forecast, and nothing else."""
    settings = workspace.settings
    zone, chosen = settings.zone(series.zone), settings.series_settings(series)
    mtu = chosen.mtu or mtu_of(measured, series, zone.timezone)
    return WindowSpec(series, zone, mtu, chosen.deadline, context_days=1)


def _wide(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Quantile levels and `issue_time` as columns, by valid time."""
    wide = forecasts.pivot(index="valid_time", columns="quantile", values="value_mw").sort_index()
    wide.columns = [float(level) for level in wide.columns]
    issued = forecasts.drop_duplicates("valid_time").set_index("valid_time")["issue_time"]
    return wide.assign(issue_time=issued)
