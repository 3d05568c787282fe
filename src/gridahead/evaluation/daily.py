"""Daily losses: what trials of challengers and drift alarms look at."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from gridahead.core.errors import ContractError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import FORECASTS, Forecasts
from gridahead.evaluation import metrics
from gridahead.evaluation.sample import LOWER, POINT, UPPER, levels_of
from gridahead.evaluation.scores import common_rows
from gridahead.evaluation.slices import season
from gridahead.features.day_kinds import day_kind


def daily_losses(
    forecasts: Forecasts, outturn: pd.DataFrame, zone: BiddingZone, *, optional: Collection[str] = ()
) -> pd.DataFrame:
    """The losses of every model, a row a delivery day.

    Args:
        forecasts: of one series and one run, several models; as for `evaluate.score`.
        outturn: `valid_time` and `value` [MW].
        zone: whose local days count.
        optional: models that the others do not wait for, such as references: a time that one of them lacks counts for
            the others, and a day on which it lacks one is no day of its own.

    Returns:
        model, day (local midnight without a zone); crps and mae [MW], crps being the MAE of a model without quantiles;
        inside: the share of outturns in the 80 % interval, NaN without one; season; day_kind.

    Raises:
        ContractError: as for `evaluate.score`, or there is no common time at all.
    """
    tables = common_rows(forecasts, outturn, optional=optional)
    for table in tables.values():
        local = pd.DatetimeIndex(table["valid_time"]).tz_convert(zone.timezone)
        table["day"] = local.tz_localize(None).normalize()
    required = [table for model, table in tables.items() if model not in optional] or list(tables.values())
    units = max((table["day"].value_counts() for table in required), key=len, default=pd.Series(dtype=int))
    losses = pd.concat([_of_model(model, table, units) for model, table in tables.items()], ignore_index=True)
    if losses.empty:
        raise ContractError(FORECASTS.name, ["no model has a time in common with the others and the outturn"])
    days = losses["day"].drop_duplicates()
    seasons = {day: season(day.month, southern=zone.is_southern) for day in days}
    kinds = {day: day_kind(day.date(), zone) for day in days}
    return losses.assign(season=losses["day"].map(seasons), day_kind=losses["day"].map(kinds))


def _of_model(model: str, table: pd.DataFrame, units: pd.Series) -> pd.DataFrame:
    """The losses of one model on the days of which it has as many units as there are: model, day, crps, mae, inside."""
    rows = table[table["day"].map(table["day"].value_counts()) == table["day"].map(units)]
    day, truth, values = rows["day"], rows["outturn"].to_numpy(), rows.drop(columns="day")
    levels = levels_of(values)
    whole = (~values[levels].isna().any(axis=1) & (len(levels) > 1)).groupby(day).transform("all").to_numpy()
    each = pd.DataFrame({"mae": (values[POINT] - truth).abs()}, rows.index)
    each["crps"] = np.where(whole, metrics.crps_of_each(values[levels].to_numpy(), levels, truth), each["mae"])
    inside = metrics.inside(values[LOWER], values[UPPER], truth) if {LOWER, UPPER} <= set(levels) else np.nan
    each["inside"] = np.where(whole, inside, np.nan)
    losses = each.groupby(day).mean().reset_index().assign(model=model)
    return losses[["model", "day", "crps", "mae", "inside"]]
