"""Drift of inputs: whether a series has left what it was in the same season of former years. Summer is no drift."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.evaluation.significance import WEEK
from gridahead.monitoring.findings import ENOUGH, DriftFinding, Floats, InputChange, limits, ordinary_periods
from gridahead.monitoring.ordinary import ordinary_days

SEASON = pd.Timedelta(days=15)
"""How far from the same days of a former year a day is still of the same season."""
FLOOR = 0.25
"""Distance [spreads of the season] that is no drift however alike former years were: it would not hurt a model."""
LONE_YEAR = 2.0
"""With one former year nobody knows how far years are apart, so that limits are so many times higher."""
REPETITIONS = 200
"""Periods drawn of every former year."""
SHARES = (np.arange(200) + 0.5) / 200
"""Levels at which two distributions are compared: Wasserstein's distance is the mean distance of their quantiles."""


def same_season(values: pd.Series, start: pd.Timestamp, end: pd.Timestamp) -> dict[int, Floats]:
    """The values of the same days of former years and of the weeks around them, by how many years before.

    Args:
        values: by valid time, in its order; NaN where there is none.
        start: of the recent period, UTC.
        end: of the recent period, not included.
    """
    measured, by_years_before = values.dropna(), {}
    if measured.empty:
        return {}
    oldest = measured.index.min()
    for years in range(1, start.year - oldest.year + 1):
        begin, finish = (instant - pd.DateOffset(years=years) for instant in (start - SEASON, end + SEASON))
        part = measured[(measured.index >= begin) & (measured.index < min(finish, start))].to_numpy(dtype=float)
        # A history that begins in the middle of the season has another season.
        if len(part) >= ENOUGH and oldest <= begin + SEASON:
            by_years_before[years] = part
    return by_years_before


def input_drift(
    subject: str,
    recent: npt.ArrayLike,
    former: Mapping[int, npt.ArrayLike],
    units_per_day: int,
    *,
    false_alarms: float = 0.01,
    seed: int = 0,
) -> DriftFinding:
    """Whether the recent values of an input are of another distribution than the same season had in former years.

    The distance is Wasserstein's to the most similar former year, in spreads (standard deviations) of former values: by
    how much a value has moved, on average. The alarm begins where only a share `false_alarms` of periods get that are
    drawn, with the memory that days have of the days before, from one of the former years and compared with the others.

    Args:
        subject: the series.
        recent: (T,) a month or so; NaN does not count.
        former: by year, (T,) values of the same season in the order of time; as `same_season` gives them.
        units_per_day: of the values.
        false_alarms: share of ordinary periods with an alarm.
        seed: of the blocks that are drawn.

    Source: Ramdas, García Trillos and Cuturi, On Wasserstein two-sample testing, Entropy 19 (2017), for the distance;
        that years are drawn one at a time is what makes the limit know how far years are apart.
    """
    values, years = _present(recent), [_present(year) for year in former.values()]
    years = [year for year in years if len(year) >= ENOUGH * units_per_day]
    if len(values) < ENOUGH or not years:
        return DriftFinding.too_little(subject, "input", len(values), len(years))
    spread = float(np.std(np.concatenate(years))) or float(np.finfo(float).eps)
    distance = float(_nearest(_quantiles(values), [_quantiles(year) for year in years])) / spread
    usual = limits(_usual_distances(years, len(values), units_per_day, seed) / spread, false_alarms)
    bounds = [max(FLOOR, bound) * (LONE_YEAR if len(years) == 1 else 1) for bound in usual]
    is_higher = bool(values.mean() > np.mean([year.mean() for year in years]))
    return DriftFinding.from_limits(subject, "input", distance, bounds, InputChange(len(years), is_higher))


def _present(values: npt.ArrayLike) -> Floats:
    array = np.asarray(values, dtype=float)
    present: Floats = array[~np.isnan(array)]
    return present


def _quantiles(values: Floats) -> Floats:
    """Quantiles along the last axis at the levels that are compared, (..., 200)."""
    quantiles: Floats = np.moveaxis(np.quantile(values, SHARES, axis=-1), 0, -1)
    return quantiles


def _nearest(quantiles: Floats, years: list[Floats]) -> Floats:
    """How far quantiles (..., 200) are from those of the most similar year, (...,)."""
    nearest: Floats = np.min([np.abs(quantiles - year).mean(axis=-1) for year in years], axis=0)
    return nearest


def _usual_distances(years: list[Floats], length: int, units_per_day: int, seed: int) -> Floats:
    """How far periods like those of a former year are from the other years; of a lone year, from another like it."""
    quantiles_by_year, days, distances = [_quantiles(year) for year in years], max(1, round(length / units_per_day)), []
    for number, year in enumerate(years):
        other_years = [quantiles for other, quantiles in enumerate(quantiles_by_year) if other != number]
        season = 0 if other_years else len(year) // units_per_day
        drawn = _periods(year, season + days, units_per_day, seed + number)
        before, after = drawn[:, : season * units_per_day], drawn[:, season * units_per_day :]
        distances.append(_nearest(_quantiles(after), other_years or [_quantiles(before)]))
    return np.concatenate(distances)


def _periods(year: Floats, days: int, units_per_day: int, seed: int) -> Floats:
    """Periods of so many days as that year might have had them too, (repetitions, values).

    The mean of a day is drawn with its memory, so that a month may be warm or windy as a whole; what the values of a
    day are around it comes in blocks of days.
    """
    whole = len(year) // units_per_day
    by_day = year[: whole * units_per_day].reshape(whole, units_per_day)
    means = by_day.mean(axis=1)
    drawn = ordinary_days(means - means.mean(), days, means=1, repetitions=REPETITIONS, seed=seed)
    around = ordinary_periods(by_day - means[:, None], days, WEEK, REPETITIONS, seed)
    periods: Floats = (means.mean() + drawn[..., None] + around).reshape(REPETITIONS, -1)
    return periods
