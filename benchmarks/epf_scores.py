"""Figures of a market of the benchmark `epf`, by the protocols of Lago et al. and of fev-bench."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from common import Row
from epf_tasks import PUBLISHED, SERVES
from one_year_scores import figures, served_tables

from gridahead.core.tables import Forecasts
from gridahead.core.time import delivery_days
from gridahead.evaluation.metrics import mae, naive_scale, pinball
from gridahead.evaluation.sample import POINT, levels_of
from gridahead.evaluation.significance import diebold_mariano

Floats = npt.NDArray[np.float64]

WEEK, DAY = 168, 24
"""Hours."""
FEV_DAYS = 20
FEV_LEVELS = tuple(np.round(np.arange(0.1, 1, 0.1), 1).tolist())


def scored(market: str, forecasts: Forecasts, table: pd.DataFrame, timezone: str) -> list[Row]:
    """The rows of a market.

    Args:
        market: its name.
        forecasts: of all our models over the same days.
        table: the market's by instant, with the published forecasts.
        timezone: of its days.
    """
    whole = Forecasts(forecasts.assign(run="all stretches"))  # each was a back-test of its own
    tables = served_tables(whole, SERVES, table["price"])
    first = next(iter(tables.values()))
    levels, when = levels_of(first), pd.DatetimeIndex(first["valid_time"])
    outturn = first["outturn"].to_numpy(float)
    last_week = table["price"].shift(WEEK).reindex(when).to_numpy(float)
    points = {name: one[POINT].to_numpy(float) for name, one in tables.items()}
    points |= {name: table[name].reindex(when).to_numpy(float) for name in PUBLISHED}
    rows = [row for name, one in tables.items() for row in figures(market, name, one, levels, timezone)]
    rows += [Row(market, name, "mae", mae(points[name], outturn), n=len(when)) for name in PUBLISHED]
    of_naive = mae(last_week, outturn)
    rows += [Row(market, name, "rmae", mae(point, outturn) / of_naive, n=len(when)) for name, point in points.items()]
    days = delivery_days(first["valid_time"], timezone)
    daily = {name: _daily(np.abs(point - outturn), days) for name, point in points.items()}
    rows += [row for name in tables for row in _compared(market, name, daily)]
    return rows + [
        Row(market, name, "sql", scaled_quantile_loss(one, levels, table["price"]), n=FEV_DAYS * DAY)
        for name, one in tables.items()
    ]


def scaled_quantile_loss(quantiles: pd.DataFrame, levels: list[float], price: pd.Series) -> float:
    """The SQL of fev-bench over the last 20 days [1].

    Each day is a window: twice the pinball loss of nine levels over the mean absolute difference to the same hour of
    the day before in all prices known until then, and the mean of the windows.

    Args:
        quantiles: by hour, whole days; the last 20 of them are scored.
        levels: its levels, nine of which are asked for.
        price: of all hours.

    Source: Shchur et al. (2025), fev-bench: A realistic benchmark for time series forecasting, tasks epf_*.
    """
    tested, losses = quantiles.iloc[-FEV_DAYS * DAY :], []
    asked = [next(level for level in levels if np.isclose(level, wanted)) for wanted in FEV_LEVELS]
    for begin in range(0, len(tested), DAY):
        window = tested.iloc[begin : begin + DAY]
        known = price[price.index < window["valid_time"].iloc[0]]
        losses.append(2 * pinball(window[asked], asked, window["outturn"]) / naive_scale(known, DAY))
    return float(np.mean(losses))


def _compared(market: str, name: str, daily: Mapping[str, Floats]) -> list[Row]:
    """How often luck alone would make the difference to each published forecast, two-sided, on the errors of days."""
    found = {other: diebold_mariano(daily[name], daily[other]) for other in PUBLISHED}
    days = len(daily[name])
    ratios = [
        Row(market, name, f"mae_ratio_to_{other}", float(daily[name].mean() / daily[other].mean()), n=days)
        for other in PUBLISHED
    ]
    return ratios + [
        Row(market, name, f"diebold_mariano_p_to_{other}", test.p, n=days)
        for other, test in found.items()
        if not np.isnan(test.p)
    ]


def _daily(errors: Floats, days: pd.Series) -> Floats:
    """The mean of each day, in order."""
    daily: Floats = np.asarray(pd.Series(errors).groupby(days.to_numpy()).mean(), np.float64)
    return daily
