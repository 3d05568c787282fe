"""Rows that are finer than a market time unit, as the mean of each unit."""

from __future__ import annotations

import pandas as pd

from gridahead.core.resolution import past_begin
from gridahead.core.time import Mtu

ENOUGH = 0.75
"""Share of the rows of a unit that must have a value, nine of twelve 5-minute rows: with less, the mean may be that of
one half of it, so there is none."""


def averaged(
    begin: pd.DatetimeIndex, values: pd.Series, row: pd.Timedelta, mtu: Mtu, timezone: str
) -> tuple[pd.DatetimeIndex, pd.Series]:
    """The beginning and the mean of every unit of which enough rows have a value.

    Args:
        begin: of each row, UTC.
        values: power over each row.
        row: its length.
        mtu: the unit.
        timezone: from whose midnights units are counted.
    """
    units = begin - pd.to_timedelta(past_begin(begin, mtu.delta, timezone), unit="us")
    present = pd.DataFrame({"unit": units, "value": values.to_numpy()}).dropna()
    means = present.groupby("unit")["value"].agg(["mean", "size"])
    means = means[means["size"] * row >= ENOUGH * mtu.delta]
    return pd.DatetimeIndex(means.index), means["mean"]
