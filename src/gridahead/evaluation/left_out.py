"""The units that a score leaves out, with the reason of each."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from gridahead.core.tables import Forecasts, Scores
from gridahead.core.time import delivery_days
from gridahead.evaluation.sample import POINT

NO_OUTTURN = "no outturn"
COLUMNS = ("first", "last", "units", "reason")


class Scored(NamedTuple):
    """Scores, and what they leave out."""

    scores: Scores
    left_out: pd.DataFrame
    """As `left_out` gives it."""


def left_out(
    forecasts: Forecasts,
    outturn: pd.DataFrame,
    expected: pd.DatetimeIndex,
    timezone: str,
    excluded: pd.Series | None = None,
) -> pd.DataFrame:
    """The market time units that should have been scored and are not, with the reason.

    Args:
        forecasts: as for `evaluate.score`: of one series and one run, all models that are compared.
        outturn: `valid_time` and `value` [MW]; a missing value is no outturn.
        expected: the valid times that were to be scored.
        timezone: whose delivery days are named.
        excluded: why a person has excluded units from scores, by valid time.

    Returns:
        A row a reason and stretch of delivery days on end: first and last day [local date], units, and the reason:
        there is no outturn, which models have no forecast, or the words of the person who excluded it.
    """
    measured = pd.DatetimeIndex(outturn.dropna(subset="value")["valid_time"])
    points = forecasts[(forecasts["quantile"] == POINT) & (forecasts["valid_time"] >= forecasts["issue_time"])]
    times_by_model = {str(model): pd.DatetimeIndex(rows["valid_time"]) for model, rows in points.groupby("model")}
    lacking = pd.DataFrame({model: ~expected.isin(times) for model, times in times_by_model.items()}, index=expected)
    reasons = pd.Series("", index=expected)
    for combination in lacking.drop_duplicates().itertuples(index=False, name=None):
        names = [model for model, lacks in zip(lacking.columns, combination, strict=True) if lacks]
        if names:
            which = (lacking == list(combination)).all(axis=1)
            reasons[which] = f"no forecast of {', '.join(names)}"
    reasons[~expected.isin(measured)] = NO_OUTTURN
    if excluded is not None:
        reasons.update(excluded)
    return _by_stretch(reasons[reasons != ""], timezone)


def _by_stretch(reasons: pd.Series, timezone: str) -> pd.DataFrame:
    """The reasons of units, by valid time, as rows of days on end."""
    if reasons.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    days = delivery_days(pd.DatetimeIndex(reasons.index), timezone)
    units = pd.DataFrame({"day": days.to_numpy(), "reason": reasons.to_numpy()}).value_counts(sort=False)
    daily = units.rename("units").reset_index().sort_values(["reason", "day"], ignore_index=True)
    goes_on = (daily["day"].diff() == pd.Timedelta(days=1)) & (daily["reason"] == daily["reason"].shift())
    stretches = daily.groupby((~goes_on).cumsum())
    rows = stretches.agg(first=("day", "min"), last=("day", "max"), units=("units", "sum"), reason=("reason", "first"))
    rows[["first", "last"]] = rows[["first", "last"]].apply(lambda column: column.dt.strftime("%Y-%m-%d"))
    return rows.sort_values(["first", "reason"], ignore_index=True)
