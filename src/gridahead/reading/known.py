"""Outturn and official forecast of a series as they were known at an instant, in the unit of time it is read in."""

from __future__ import annotations

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.resolution import at_mtu, mtu_of
from gridahead.core.time import Mtu, TimeRange
from gridahead.core.vintages import as_of as known_at
from gridahead.workspace import Workspace

COLUMNS = ["valid_time", "value", "available_at"]


def outturn_known(
    workspace: Workspace,
    series: Series,
    time_range: TimeRange,
    as_of: pd.Timestamp | None = None,
    mtu: Mtu | None = None,
) -> pd.DataFrame:
    """The outturn: `valid_time`, `value` [MW], `available_at`; units without a value are left out.

    Args:
        workspace: whose lake.
        series: whose.
        time_range: of valid times.
        as_of: as known then; now unless given.
        mtu: in which units; that of the settings or, without one there, of the newest value unless given.

    Raises:
        LakeError: the lake cannot be read.
    """
    return _known(workspace, series, series, time_range, as_of, mtu)


def official_known(
    workspace: Workspace,
    series: Series,
    time_range: TimeRange,
    as_of: pd.Timestamp | None = None,
    mtu: Mtu | None = None,
) -> pd.DataFrame:
    """The official forecast, the same; empty where the series has none."""
    return _known(workspace, series, series.official, time_range, as_of, mtu)


def _known(
    workspace: Workspace,
    series: Series,
    member: Series,
    time_range: TimeRange,
    as_of: pd.Timestamp | None,
    mtu: Mtu | None,
) -> pd.DataFrame:
    timezone = workspace.settings.zone(series.zone).timezone
    rows = workspace.lake.read_vintages(member, time_range=time_range)
    if rows.empty:
        return rows[COLUMNS]
    mtu = mtu or workspace.settings.series_settings(series).mtu or mtu_of(rows, member, timezone)
    known = known_at(at_mtu(rows, mtu, timezone), workspace.clock() if as_of is None else as_of)
    return known[COLUMNS]
