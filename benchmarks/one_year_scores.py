"""Figures of one series of the benchmark `one_year`, on the units that every model has forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from bands import BELOW_MEDIAN, COVERAGE, band_rows, held_rows, quarter_rows
from common import Row

from gridahead.core.tables import Forecasts
from gridahead.core.time import delivery_days
from gridahead.evaluation.bootstrap import bootstrap_ratio
from gridahead.evaluation.metrics import crps, mae
from gridahead.evaluation.sample import POINT, levels_of
from gridahead.evaluation.scores import common_rows

Floats = npt.NDArray[np.float64]

SERVED = "served"
OPPONENTS = ("ridge", "official_corrected")
RATIO = "crps_ratio_to_better"
"""CRPS of the served model over that of the better of the opponents."""
OFFICIALS = ("official", "official_corrected")
MAE_RATIO = "mae_ratio_to_better_official"
"""MAE of the served model over that of the better of these."""
LIMIT_MEAN, LIMIT_EACH = 0.98, 1.02
LIMITS_COVERAGE = (0.74, 0.86)


def scored(task: str, forecasts: Forecasts, champion: str, measured: pd.Series, timezone: str) -> list[Row]:
    """The rows of a series.

    Args:
        task: its name.
        forecasts: of all models over the same days.
        champion: the model among them that serves; its rows are called `served`.
        measured: outturn by valid time [MW], without what does not count.
        timezone: of its delivery days.
    """
    return scored_tables(task, served_tables(forecasts, champion, measured), len(measured), timezone)


def scored_tables(task: str, tables: Mapping[str, pd.DataFrame], measured: int, timezone: str) -> list[Row]:
    """The rows of a series; arguments as for `figure_rows`."""
    ratios = [crps_ratio(task, tables, timezone), mae_ratio(task, tables, MAE_RATIO, OFFICIALS, timezone)]
    return [*figure_rows(task, tables, measured, timezone), *ratios]


def figure_rows(task: str, tables: Mapping[str, pd.DataFrame], measured: int, timezone: str) -> list[Row]:
    """The figures of every model, the quarters of the served one, and how many units are left out.

    Args:
        task: its name.
        tables: as `served_tables` gives them.
        measured: units with an outturn.
        timezone: of its delivery days.
    """
    served = tables[SERVED]
    levels = levels_of(served)
    rows = [row for name, table in tables.items() for row in figures(task, name, table, levels, timezone)]
    left_out = Row(task, "all", "units_left_out", measured - len(served), n=measured)
    return [*rows, *quarter_rows(task, SERVED, served, timezone), left_out]


def served_tables(forecasts: Forecasts, champion: str, measured: pd.Series) -> dict[str, pd.DataFrame]:
    """The tables of `common_quantiles`, that of the champion as `served`."""
    tables = common_quantiles(forecasts, measured)
    tables[SERVED] = tables.pop(champion)
    return tables


def common_quantiles(forecasts: Forecasts, measured: pd.Series) -> dict[str, pd.DataFrame]:
    """By model, quantiles and `outturn` a valid time, where every model has all quantiles."""
    truth = pd.DataFrame({"valid_time": measured.index, "value": measured.to_numpy(dtype=float)})
    whole = {name: table.dropna().set_index("valid_time") for name, table in common_rows(forecasts, truth).items()}
    first, *others = (table.index for table in whole.values())
    for other in others:
        first = first.intersection(other)
    return {name: table.loc[first.sort_values()].reset_index() for name, table in whole.items()}


def figures(task: str, model: str, table: pd.DataFrame, levels: Sequence[float], timezone: str) -> list[Row]:
    """CRPS and MAE of the median [MW], the shares of outturns inside the 80 % band and below the median."""
    outturn = table["outturn"].to_numpy()
    return [
        Row(task, model, "crps", crps(table[list(levels)], levels, outturn), n=len(table)),
        Row(task, model, "mae", mae(table[POINT], outturn), n=len(table)),
        *band_rows(task, model, table, timezone),
    ]


def crps_ratio(task: str, tables: Mapping[str, pd.DataFrame], timezone: str) -> Row:
    """CRPS of the served model over that of the better opponent, of all units; the interval is from blocks of days."""
    daily = {name: daily_crps(tables[name], timezone) for name in (SERVED, *OPPONENTS)}
    better = min(OPPONENTS, key=lambda name: daily[name].sum())
    return ratio(task, SERVED, RATIO, daily[SERVED], daily[better])


def mae_ratio(
    task: str, tables: Mapping[str, pd.DataFrame], metric: str, references: Sequence[str], timezone: str
) -> Row:
    """MAE of the served model over that of the better of references, of all units; likewise."""
    daily = {name: daily_errors(tables[name], timezone) for name in (SERVED, *references)}
    better = min(references, key=lambda name: daily[name].sum())
    return ratio(task, SERVED, metric, daily[SERVED], daily[better])


def ratio(task: str, model: str, metric: str, ours: Floats, theirs: Floats) -> Row:
    """The losses of a model over those of another, of all units; arguments are the sums of each day."""
    return Row.within(task, model, metric, bootstrap_ratio(ours, theirs), len(ours))


def daily_errors(table: pd.DataFrame, timezone: str) -> Floats:
    """The absolute errors of each delivery day added up, in their order [MWh]."""
    errors = (table[POINT] - table["outturn"]).abs().groupby(_days(table, timezone).to_numpy()).sum()
    return errors.to_numpy(dtype=float)


def daily_crps(table: pd.DataFrame, timezone: str) -> Floats:
    """The CRPS of the units of each delivery day added up, in their order [MWh]."""
    levels, groups = levels_of(table), table.groupby(_days(table, timezone).to_numpy())
    return np.array([crps(day[levels], levels, day["outturn"]) * len(day) for _, day in groups])


def _days(table: pd.DataFrame, timezone: str) -> pd.Series:
    return delivery_days(table["valid_time"], timezone)


def together(rows: Sequence[Row]) -> list[Row]:
    """Mean of the ratios between the smallest and the largest, likewise of shares, and which bands hold."""
    means = []
    for metric in (MAE_RATIO, RATIO, COVERAGE, BELOW_MEDIAN):
        values = [row.value for row in rows if (row.model, row.metric) == (SERVED, metric)]
        means.append(Row("mean of all", SERVED, metric, float(np.mean(values)), min(values), max(values), len(values)))
    return [*means, *held_rows(rows, SERVED)]
