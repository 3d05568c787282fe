"""Daily losses: what trials of challengers and drift alarms look at."""

from __future__ import annotations

from collections.abc import Collection

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
    records = []
    tables = common_rows(forecasts, outturn, optional=optional)
    for table in tables.values():
        local = pd.DatetimeIndex(table["valid_time"]).tz_convert(zone.timezone)
        table["day"] = local.tz_localize(None).normalize()
    required = [table for model, table in tables.items() if model not in optional] or list(tables.values())
    units = max((table["day"].value_counts() for table in required), key=len, default=pd.Series(dtype=int))
    for model, table in tables.items():
        whole = table["day"].map(table["day"].value_counts()) == table["day"].map(units)
        days = table[whole].groupby("day")
        records += [{"model": model, "day": day, **_day(rows.drop(columns="day"))} for day, rows in days]
    if not records:
        raise ContractError(FORECASTS.name, ["no model has a time in common with the others and the outturn"])
    losses = pd.DataFrame(records)
    losses["season"] = [season(day.month, southern=zone.is_southern) for day in losses["day"]]
    losses["day_kind"] = [day_kind(day.date(), zone) for day in losses["day"]]
    return losses


def _day(rows: pd.DataFrame) -> dict[str, float]:
    """The losses of one model on one day."""
    truth, point = rows["outturn"].to_numpy(), metrics.mae(rows[POINT], rows["outturn"])
    levels = levels_of(rows)
    whole = len(levels) > 1 and not rows[levels].isna().to_numpy().any()
    has_interval = whole and {LOWER, UPPER} <= set(levels)
    return {
        "crps": metrics.crps(rows[levels].to_numpy(), levels, truth) if whole else point,
        "mae": point,
        "inside": metrics.coverage(rows[LOWER], rows[UPPER], truth) if has_interval else float("nan"),
    }
