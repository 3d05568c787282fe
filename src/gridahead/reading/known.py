"""Outturn and official forecast of a series as they were known at an instant, in the unit of time it is read in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from gridahead.core.grid import Series, day_after
from gridahead.core.resolution import at_mtu, mtu_of
from gridahead.core.tables import Observations
from gridahead.core.time import Mtu, TimeRange, delivery_range
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


def official_of_days(
    workspace: Workspace, series: Series, days: Sequence[dt.date], mtu: Mtu, at: pd.Timestamp
) -> pd.Series:
    """The official forecast of some delivery days by valid time [MW]: what was known of each, of the lead of ours.

    That is the newest by the end of the day on which ours was due; a day ahead the newest there is, as nobody has
    published another since.

    Args:
        workspace: whose lake.
        series: whose.
        days: the delivery days, in any order.
        mtu: in which units.
        at: as of when.

    Raises:
        LakeError: the lake cannot be read.
    """
    settings = workspace.settings
    zone, deadline = settings.zone(series.zone), settings.series_settings(series).deadline
    whole = {day: delivery_range(day, zone.timezone) for day in days}
    span = TimeRange(min(one.start for one in whole.values()), max(one.end for one in whole.values()))
    rows = at_mtu(workspace.lake.read_vintages(series.official, time_range=span), mtu, zone.timezone)
    read = day_after(deadline, zone)
    by_day = []
    for day, one in whole.items():
        known_by = min(at, read.for_delivery(day)) if read.days_before else at
        own = rows[(rows["valid_time"] >= one.start) & (rows["valid_time"] < one.end)]
        by_day.append(known_at(Observations(own), known_by))
    known = pd.concat(by_day)
    return known.set_index("valid_time")["value"].sort_index()


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
