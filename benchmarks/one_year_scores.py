"""Figures of one series of the benchmark `one_year`, on the units that every model has forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from common import Row

from gridahead.core.tables import Forecasts
from gridahead.core.time import delivery_days
from gridahead.evaluation.bootstrap import bootstrap_ratio
from gridahead.evaluation.metrics import crps, mae
from gridahead.evaluation.sample import LOWER, POINT, UPPER, levels_of
from gridahead.evaluation.scores import common_rows

Floats = npt.NDArray[np.float64]

SERVED = "served"
OPPONENTS = ("ridge", "official_corrected")
RATIO = "crps_ratio_to_better"
"""CRPS of the served model over that of the better of the opponents."""
LIMIT_MEAN, LIMIT_EACH = 1.00, 1.02
LIMITS_COVERAGE = (0.72, 0.88)


def scored(task: str, forecasts: Forecasts, champion: str, measured: pd.Series, timezone: str) -> list[Row]:
    """The rows of a series.

    Args:
        task: its name.
        forecasts: of all models over the same days.
        champion: the model among them that serves; its rows are called `served`.
        measured: outturn by valid time [MW], without what does not count.
        timezone: of its delivery days.
    """
    tables = common_quantiles(forecasts, measured)
    tables[SERVED] = tables.pop(champion)
    levels = levels_of(tables[SERVED])
    n = len(tables[SERVED])
    rows = [row for name, table in tables.items() for row in figures(task, name, table, levels)]
    left_out = Row(task, "all", "units_left_out", len(measured) - n, n=len(measured))
    return [*rows, left_out, _ratio(task, tables, levels, timezone)]


def common_quantiles(forecasts: Forecasts, measured: pd.Series) -> dict[str, pd.DataFrame]:
    """By model, quantiles and `outturn` a valid time, where every model has all quantiles."""
    truth = pd.DataFrame({"valid_time": measured.index, "value": measured.to_numpy(dtype=float)})
    whole = {name: table.dropna().set_index("valid_time") for name, table in common_rows(forecasts, truth).items()}
    first, *others = (table.index for table in whole.values())
    for other in others:
        first = first.intersection(other)
    return {name: table.loc[first.sort_values()].reset_index() for name, table in whole.items()}


def figures(task: str, model: str, table: pd.DataFrame, levels: Sequence[float]) -> list[Row]:
    """CRPS and MAE of the median [MW], the shares of outturns inside the 80 % band and below the median.

    Where P10 is P90, as at night for solar power, there is no band to be inside of: such units count for no share.
    """
    outturn, spread = table["outturn"].to_numpy(), table[table[LOWER] < table[UPPER]]
    return [
        Row(task, model, "crps", crps(table[list(levels)], levels, outturn), n=len(table)),
        Row(task, model, "mae", mae(table[POINT], outturn), n=len(table)),
        Row(task, model, "coverage_80", share_below(spread, UPPER) - share_below(spread, LOWER), n=len(spread)),
        Row(task, model, "below_median", share_below(spread, POINT), n=len(spread)),
    ]


def share_below(table: pd.DataFrame, level: float) -> float:
    """Share of outturns below a quantile [1]; one that is equal to it counts half."""
    below, equal = table["outturn"] < table[level], table["outturn"] == table[level]
    return float((below + 0.5 * equal).mean())


def _ratio(task: str, tables: Mapping[str, pd.DataFrame], levels: Sequence[float], timezone: str) -> Row:
    """CRPS of the served model over that of the better opponent, of all units; the interval is from blocks of days."""
    daily = {name: _daily_crps(tables[name], levels, timezone) for name in (SERVED, *OPPONENTS)}
    units = tables[SERVED]["valid_time"].groupby(_days(tables[SERVED], timezone)).size()
    mean = {name: float(np.average(losses, weights=units)) for name, losses in daily.items()}
    better = min(OPPONENTS, key=mean.__getitem__)
    found = bootstrap_ratio(daily[SERVED], daily[better])
    low, high = (None if np.isnan(bound) else bound for bound in (found.low, found.high))
    return Row(task, SERVED, RATIO, mean[SERVED] / mean[better], low, high, len(units))


def _daily_crps(table: pd.DataFrame, levels: Sequence[float], timezone: str) -> Floats:
    """The CRPS of each delivery day, in their order [MW]."""
    groups = table.groupby(_days(table, timezone))
    return np.array([crps(day[list(levels)], levels, day["outturn"]) for _, day in groups])


def _days(table: pd.DataFrame, timezone: str) -> pd.Series:
    return delivery_days(table["valid_time"], timezone)


def together(rows: Sequence[Row]) -> list[Row]:
    """Mean of the ratios between the smallest and the largest, and likewise of the coverage, over all series."""
    means = []
    for metric in (RATIO, "coverage_80", "below_median"):
        values = [row.value for row in rows if (row.model, row.metric) == (SERVED, metric)]
        means.append(Row("mean of all", SERVED, metric, float(np.mean(values)), min(values), max(values), len(values)))
    return means
