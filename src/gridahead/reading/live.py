"""What readers were given: live forecasts that were there in time, without those that stood behind a correction."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.runs import BY_HAND, LIVE
from gridahead.core.time import TimeRange, delivery_days
from gridahead.core.vintages import newest_forecasts
from gridahead.evaluation.in_time import counted
from gridahead.forecasting.publish import standing_corrections
from gridahead.workspace import Workspace

COLUMNS = ("mtu", "rung", "value_mw", "unadapted_mw", "made_at")
"""What is read of a forecast beside its key."""


def read_in_time(workspace: Workspace, series: Series, time_range: TimeRange | None = None) -> pd.DataFrame:
    """The live forecasts that readers had before the gate closed, one of each unit, whoever was champion.

    Args:
        workspace: whose lake.
        series: which.
        time_range: of valid times.

    Returns:
        The key of FORECASTS with `mtu`, `rung`, `value_mw`, `unadapted_mw` and `made_at`.

    Raises:
        LakeError: the lake cannot be read.
    """
    store = workspace.lake.forecasts
    where = {"zone": series.zone, "quantity": series.quantity, "run": LIVE}
    rows = store.read(where, time_range, columns=[*store.table.key, *COLUMNS])
    return newest_forecasts(as_read(workspace, series, counted(rows, series, workspace.settings)))


def as_read(workspace: Workspace, series: Series, forecasts: pd.DataFrame) -> pd.DataFrame:
    """The forecasts without those behind a correction, and without corrections that were withdrawn."""
    by_hand = (forecasts["rung"] == BY_HAND).to_numpy()
    if not by_hand.any():
        return forecasts
    place, timezone = workspace.settings.published_place, workspace.settings.zone(series.zone).timezone
    days = delivery_days(forecasts["valid_time"], timezone).to_numpy()
    kept = ~by_hand
    for day in np.unique(days[by_hand]):
        stands = standing_corrections(place, series, pd.Timestamp(day).date())
        mine = by_hand & (days == day) & forecasts["data_hash"].isin(stands).to_numpy()
        kept = np.where((days == day) & mine.any(), mine, kept)
    return forecasts[kept]
