"""Do bands hold what they promise: shares of outturns in them, how sure these are, and every quarter of a year alone.

A band holds if from 78 to 82 % of outturns are inside the 80 % band and from 48 to 52 % below the median, or if the
interval around the share holds the nominal one; and of quarters none may be outside 72 to 88 %, one in ten outside 74
to 86 %.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from common import Row

from gridahead.core.time import delivery_days
from gridahead.evaluation.bootstrap import bootstrap_ratio
from gridahead.evaluation.sample import LOWER, POINT, UPPER

COVERAGE, BELOW_MEDIAN = "coverage_80", "below_median"
QUARTER = f"{COVERAGE} of "
"""Then comes which, such as 2025Q1."""
HELD = {COVERAGE: (0.78, 0.82), BELOW_MEDIAN: (0.48, 0.52)}
NOMINAL = {COVERAGE: UPPER - LOWER, BELOW_MEDIAN: POINT}
ANY_QUARTER, MOST_QUARTERS = (0.72, 0.88), (0.74, 0.86)
MANY_DAYS = 60
"""A quarter with fewer days that count says nothing."""


def band_rows(task: str, model: str, table: pd.DataFrame, timezone: str) -> list[Row]:
    """Shares of outturns inside the 80 % band and below the median, with 95 % intervals from blocks of days.

    Args:
        task: its name.
        model: its name.
        table: `valid_time`, quantiles by level and `outturn`, by unit.
        timezone: of its delivery days.
    """
    spread = with_spread(table)
    days = delivery_days(spread["valid_time"], timezone).to_numpy()
    if spread.empty:
        return []
    return [
        _share(task, model, metric, counted.groupby(days).agg(["sum", "size"]))
        for metric, counted in ((COVERAGE, inside(spread)), (BELOW_MEDIAN, below(spread, POINT)))
    ]


def quarter_rows(task: str, model: str, table: pd.DataFrame, timezone: str) -> list[Row]:
    """The share inside the 80 % band in every quarter of a year; arguments as for `band_rows`."""
    spread = with_spread(table)
    days = delivery_days(spread["valid_time"], timezone)
    quarters = days.dt.to_period("Q").to_numpy()
    many = days.groupby(quarters).nunique() >= MANY_DAYS
    return [
        Row(task, model, f"{QUARTER}{quarter}", float(each.mean()), n=len(each))
        for quarter, each in inside(spread).groupby(quarters)
        if many[quarter]
    ]


def held_rows(rows: Sequence[Row], model: str) -> list[Row]:
    """The shares of tasks whose band and median hold, and of quarters outside either limit, of one model."""
    ours = [row for row in rows if row.model == model]
    found = []
    for metric in HELD:
        if each := [holds(row) for row in ours if row.metric == metric]:
            found.append(Row("all", model, f"{metric} holds", float(np.mean(each)), n=len(each)))
    quarters = [row.value for row in ours if row.metric.startswith(QUARTER)]
    for low, high in (ANY_QUARTER, MOST_QUARTERS) if quarters else ():
        outside = float(np.mean([not low <= value <= high for value in quarters]))
        found.append(Row("all", model, f"quarters outside {low:.0%} to {high:.0%}", outside, n=len(quarters)))
    return found


def holds(row: Row) -> bool:
    """Whether a share is near its nominal one, or its interval holds that."""
    low, high = HELD[row.metric]
    if low <= row.value <= high:
        return True
    return row.low is not None and row.high is not None and row.low <= NOMINAL[row.metric] <= row.high


def with_spread(table: pd.DataFrame) -> pd.DataFrame:
    """The units that count for shares: where P10 is P90, as by night for solar power, there is no band to be in."""
    return table[table[LOWER] < table[UPPER]]


def inside(table: pd.DataFrame) -> pd.Series:
    """Which outturns are inside the 80 % band: 1, or ½ for one on a bound."""
    return below(table, UPPER) - below(table, LOWER)


def below(table: pd.DataFrame, level: float) -> pd.Series:
    """Which outturns are below a quantile: 1, or ½ for one that is equal to it."""
    return (table["outturn"] < table[level]) + 0.5 * (table["outturn"] == table[level])


def _share(task: str, model: str, metric: str, daily: pd.DataFrame) -> Row:
    """Of the sums and numbers of each day."""
    found = bootstrap_ratio(daily["sum"], daily["size"])
    return Row.within(task, model, metric, found, int(daily["size"].sum()))
