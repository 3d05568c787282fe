"""Outturn and official forecast of a series as they were known at an instant, in the unit of time it is read in."""

from __future__ import annotations

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.time import TimeRange
from gridahead.workspace import Workspace


def outturn_known(
    workspace: Workspace, series: Series, time_range: TimeRange, as_of: pd.Timestamp | None = None
) -> pd.DataFrame:
    """The outturn: `valid_time`, `value` [MW], `available_at`; units without a value are left out.

    Args:
        workspace: whose lake.
        series: whose.
        time_range: of valid times.
        as_of: as known then; now unless given.
    """
    raise NotImplementedError


def official_known(
    workspace: Workspace, series: Series, time_range: TimeRange, as_of: pd.Timestamp | None = None
) -> pd.DataFrame:
    """The official forecast, the same; empty where the series has none."""
    raise NotImplementedError
