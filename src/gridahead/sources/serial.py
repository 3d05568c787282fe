"""Times as spreadsheets count them: days since the end of 1899, the time of day behind the decimal mark."""

from __future__ import annotations

import pandas as pd

_ZERO = pd.Timestamp("1899-12-30")
"""Day 0 of spreadsheets, which believe in a 29 February 1900."""
_COARSE = 1e4
"""Values of a day that four decimals distinguish: 8.6 s lie between two of them, enough for minutes, not seconds."""


def from_serial(days: pd.Series) -> pd.Series:
    """Naive wall times to the second, NaT where there is none or it is beyond what can be.

    Where no day has more than four decimals, to the minute.
    """
    days = days.astype("float64").where(days.abs() < 100_000)
    parts = days * _COARSE
    unit = 60 if bool(((parts - parts.round()).abs().dropna() < 1e-4).all()) else 1
    whole = (days * 86_400 / unit).round().astype("Int64") * unit
    return _ZERO + pd.to_timedelta(whole * 1_000_000, unit="us").astype("timedelta64[us]")
