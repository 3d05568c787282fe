"""What is usual on such a day: the band of the same hours of the same kind of day in the years before."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.time import Mtu
from gridahead.workspace import Workspace


def seasonal_normal(workspace: Workspace, series: Series, day: dt.date, mtu: Mtu, as_of: pd.Timestamp) -> pd.DataFrame:
    """P10, median and P90 of the outturn at the local hours of a day: `valid_time`, `low`, `median`, `high` [MW].

    Of the days within two weeks of the same date in the years before, of the same kind (working day, Saturday, Sunday
    or holiday), as known at an instant. Empty where there is less than a year before.

    Args:
        workspace: whose lake.
        series: whose.
        day: the delivery day.
        mtu: in which units.
        as_of: nothing that became known later is read.
    """
    raise NotImplementedError
