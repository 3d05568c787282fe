"""The band that was published against the outturn: what a watch, `gridahead status` and the server tell of it."""

from __future__ import annotations

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.resolution import at_mtu, forecasts_at, mtu_of
from gridahead.core.runs import LIVE
from gridahead.core.time import TimeRange
from gridahead.core.vintages import newest_forecasts
from gridahead.evaluation.outturn import outturn
from gridahead.workspace import Workspace

BAND = (0.1, 0.9)
"""Quantiles between which 80 % of the outturns should be."""


def held_in_band(workspace: Workspace, series: Series, time_range: TimeRange) -> pd.Series:
    """Whether the published 80 % band held the outturn, by valid time; empty where there is no band or no outturn.

    Raises:
        LakeError: the lake cannot be read.
    """
    timezone, nothing = workspace.settings.zone(series.zone).timezone, pd.Series(dtype=bool)
    rows = workspace.lake.read_accepted(series, time_range=time_range)
    live = workspace.lake.read_forecasts(series, LIVE, time_range)
    if rows.empty or live.empty:
        return nothing
    mtu = mtu_of(rows, series, timezone)
    newest = newest_forecasts(forecasts_at(live, mtu, timezone))
    band = newest[newest["quantile"].isin(BAND)].pivot(index="valid_time", columns="quantile", values="value_mw")
    if len(band.columns) < len(BAND):
        return nothing
    measured = outturn(at_mtu(rows, mtu, timezone), series).dropna(subset="value").set_index("valid_time")["value"]
    both = band.join(measured, how="inner")
    return both["value"].between(both[BAND[0]], both[BAND[1]])
