"""Outturns against the forecast that was served for them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.resolution import repeated
from gridahead.core.time import Mtu
from gridahead.core.units import significant
from gridahead.core.vintages import micros, of_series
from gridahead.quality.curves import Curve
from gridahead.quality.measures.base import Floats
from gridahead.quality.measures.repeats import run_length

LONGEST_HOURS = 6.0
"""A band of 1-99 % leaves out one hour in fifty, and errors last for hours, but not for so many outside."""


def outside_hours(curve: Curve, served: pd.DataFrame) -> Floats:
    """For how many hours in a row (T,) the outturn lies outside the served band, on the same side.

    Args:
        curve: the outturn.
        served: valid_time, mtu, low and high [unit of the series], rows of this series.
    """
    longer = served["mtu"].map({str(mtu): mtu.delta for mtu in Mtu}) > curve.mtu.delta
    if longer.any():
        # An outturn of quarter hours lies inside or outside of the band of its hour.
        served = pd.concat([served[~longer], repeated(served[longer], curve.mtu)])
    low, high = np.full(len(curve.value), np.nan), np.full(len(curve.value), np.nan)
    place = (micros(served["valid_time"]) - curve.clock.start) // curve.clock.step
    inside = (place >= 0) & (place < len(low))
    low[place[inside]] = served["low"].to_numpy()[inside]
    high[place[inside]] = served["high"].to_numpy()[inside]
    hours = np.maximum(run_length(curve.value < low), run_length(curve.value > high)) / curve.per_hour
    return np.where(np.isnan(curve.value) | np.isnan(low), np.nan, hours)


def served_words(served: pd.DataFrame, row: pd.Series) -> str:
    """The band that was served for an outturn, and by which forecast."""
    of_row = of_series(served, Series(row["zone"], row["quantity"]))
    band = of_row[of_row["valid_time"] <= row["valid_time"]].sort_values("valid_time").iloc[-1]
    return f"{significant(band['low'])} to {significant(band['high'])} by {band['forecast']}"
