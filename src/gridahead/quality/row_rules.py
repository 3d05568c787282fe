"""The rules that need nothing but the rows: impossible values, starts off the grid, measured values of the future."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gridahead.core.grid import MEASURED, OFFICIAL_SUFFIX, QUANTITIES, quantity_of
from gridahead.core.time import Mtu
from gridahead.quality.curves import Curves
from gridahead.quality.limit_ratios import Floats, RuleRatios
from gridahead.quality.measures.bounds import GENERATION
from gridahead.settings.model import Settings

_HOUR, _MINUTE = pd.Timedelta(hours=1), pd.Timedelta(minutes=1)

OWN_USE = 0.01
"""Of the highest output: what wind and solar plant may draw from the grid when it does not generate."""


def value_physical(column: RuleRatios, rows: pd.DataFrame, curves: Curves) -> None:
    """Values outside what is possible. The least excess is too much, so its size is added to the limit of 1."""
    highest = {series: curve.highest for (series, _), curve in curves.items()}
    codes, names = pd.factorize(rows["zone"].astype("str") + "/" + rows["quantity"].astype("str"))
    for code, name in enumerate(names):
        at = np.flatnonzero(codes == code)
        quantity = quantity_of(str(name).partition("/")[2])
        value = rows["value"].to_numpy()[at]
        low = -np.inf if quantity.low is None else quantity.low
        if quantity.code.removesuffix(OFFICIAL_SUFFIX) in GENERATION:
            known = [size for series, size in highest.items() if str(series) == name and np.isfinite(size)]
            low -= OWN_USE * max(known, default=0.0)
        high = np.inf if quantity.high is None else quantity.high
        if quantity.code not in QUANTITIES:
            continue
        beyond = np.maximum(low - value, value - high)
        column.ratios[at] = np.where(beyond > 0, 1.0 + beyond, 0.5)
        column.ratios[at[np.isnan(value)]] = np.nan
        column.measured[at], column.limit[at] = value, np.where(value < low, low, high)


def starts_off_the_grid(column: RuleRatios, rows: pd.DataFrame, settings: Settings) -> None:
    """Minutes by which values start after their market time unit does."""
    column.put(np.arange(len(rows)), off_the_grid(rows, settings), np.full(len(rows), 1e-9))


def in_the_future(column: RuleRatios, rows: pd.DataFrame, now: pd.Timestamp) -> None:
    """Hours by which measured values begin after the present; forecasts and plans are there before their time."""
    ahead = rows["quantity"].str.endswith(OFFICIAL_SUFFIX) | (
        ~rows["quantity"].isin(MEASURED) & (rows["available_at"] <= rows["valid_time"])
    )
    hours: Floats = np.asarray((rows["valid_time"] - now) / _HOUR, dtype=np.float64)
    late = np.flatnonzero(~ahead.to_numpy(dtype=bool) & (hours > 0))
    column.put(late, hours[late], np.full(len(late), 1e-9))


def off_the_grid(rows: pd.DataFrame, settings: Settings) -> Floats:
    """Minutes (n,) by which each row misses the quarter, half or whole hour that its market time unit starts at.

    Units are counted from local midnight or, where a source is declared so, from midnight in UTC: where local time is
    half an hour or 45 minutes off, an hour may begin at either.
    """
    off = np.full(len(rows), np.nan)
    lengths = rows["mtu"].map({str(mtu): mtu.delta / _MINUTE for mtu in Mtu}).to_numpy(dtype=float)
    clocks = rows["zone"].map({zone: settings.zone(str(zone)).timezone for zone in rows["zone"].unique()})
    times = pd.DatetimeIndex(rows["valid_time"])
    for timezone, at in clocks.groupby(clocks).indices.items():
        local = times[at].tz_convert(str(timezone)).tz_localize(None)
        off[at] = np.fmin(*(_minutes(clock) % lengths[at] for clock in (times[at], local)))
    return off


def _minutes(times: pd.DatetimeIndex) -> Floats:
    """Minutes since midnight of each instant."""
    return np.asarray(times.hour * 60 + times.minute + times.second / 60, dtype=float)
