"""Days out of order: right values in the wrong place.

Nothing distinguishes day and month of a date when both are at most 12. A file read the wrong way round has the
days of the first twelve of each month in each other's place: every value is plausible, only the midnights, the
weekdays, the season and the official forecast do not agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pandas as pd

from gridahead.quality.clocks import Clock
from gridahead.quality.curves import Curve
from gridahead.quality.measures.base import LASTING, Floats, Measurement, measures, only_variant
from gridahead.quality.measures.fit import ENOUGH, WEIGHT, Scale, Seams, cost, counterpart_scale, own, step_before
from gridahead.quality.robust import mean_of_day, moved, sustained, with_part

MENDED, MIDNIGHTS = 0.5, 4.5
"""Exchanged back, days leave at most half of the cost of their three midnights, or what three usual ones have. Where
two odd days only resemble each other's forecast, as on the eve of a holiday, as many break as are mended."""


@measures("day_out_of_place")
def day_out_of_place(curve: Curve) -> Mapping[str, Measurement]:
    """The misfit of a day with its two midnights, the days around and its counterpart; that of three midnights."""
    seams = Seams.of(curve.days).cost(step_before(curve.days, curve.days))
    both = seams + moved(seams, 1)
    inside = sum(_inside(curve.days, scale) for scale in _scales(curve))
    return {"": only_variant(both + inside)[""], "midnights" + LASTING: only_variant(sustained(seams))[""]}


@measures("days_exchanged")
def days_exchanged(curve: Curve) -> Mapping[str, Measurement]:
    """How much better a day and the next fit in each other's place; nothing where the midnights then do not fit."""
    days, seams = curve.days, Seams.of(curve.days)
    following, before, over = moved(days, 1), moved(days, -1), moved(days, 2)
    costs = seams.cost(step_before(days, days))
    now = (costs, moved(costs, 1), moved(costs, 2))
    then = (
        seams.cost(following[:, 0] - before[:, -1]),
        cost(days[:, 0] - following[:, -1] - moved(seams.expected, 1), moved(seams.usual, 1)),
        cost(over[:, 0] - days[:, -1] - moved(seams.expected, 2), moved(seams.usual, 2)),
    )
    # Each midnight on its own: at the end of a series the last one is not known yet.
    known = [~np.isnan(cost_now - cost_then) for cost_now, cost_then in zip(now, then, strict=True)]
    total_now, total_then = (np.sum(np.where(known, costs, 0.0), axis=0) for costs in (now, then))
    total = total_now - total_then
    for scale in _scales(curve):
        fits = _inside(days, scale)
        total = total + fits - _inside(following, scale) + moved(fits - _inside(before, scale), 1)
    total = np.where(total_then <= np.maximum(MENDED * total_now, MIDNIGHTS), total, np.fmin(total, 0.0))
    return only_variant(np.fmax(total, moved(total, -1)))


@measures("day_and_month_swapped")
def day_and_month_swapped(curve: Curve) -> Mapping[str, Measurement]:
    """How much better days fit where their date has day and month exchanged: a pair of days, and those of a month."""
    partner = swapped(curve.clock)
    alone = _pair_gain(curve, partner)
    month = pd.Series(alone).groupby(curve.clock.days.to_period("M").asi8).transform(_pooled).to_numpy()
    return {"": only_variant(alone)[""], "month": only_variant(with_part(alone, month))[""]}


@lru_cache(maxsize=64)
def swapped(clock: Clock) -> np.ndarray:
    """The place (D,) of the day whose date is this one's with day and month exchanged; -1 where there is none."""
    days = clock.days
    ambiguous = (days.day <= 12) & (days.day != days.month)
    month, day = np.where(ambiguous, days.day, 1), np.where(ambiguous, days.month, 1)
    dates = pd.to_datetime(pd.DataFrame({"year": days.year, "month": month, "day": day}))
    return np.where(ambiguous, days.get_indexer(pd.DatetimeIndex(dates)), -1)


def _pooled(gains: pd.Series) -> float:
    return float(gains.mean()) if gains.count() >= 3 else float("nan")


def _pair_gain(curve: Curve, partner: np.ndarray) -> Floats:
    """How much better each day and its partner fit in each other's place (D,); NaN without a partner."""
    days, valid = curve.days, partner >= 0
    exchanged = np.where(valid[:, None], days[partner], days)
    better = _midnights_gained(days, exchanged)
    for scale in _scales(curve):
        better = better + _inside(days, scale) - _inside(exchanged, scale)
    return np.where(valid, better + better[partner], np.nan)


def _midnights_gained(days: Floats, exchanged: Floats) -> Floats:
    """How much smoother the midnights around each day are once it is exchanged, alone or with its neighbours (D,)."""
    seams = Seams.of(days)
    now = seams.cost(step_before(days, days))
    together = seams.cost(step_before(exchanged, exchanged))
    before = np.fmin(seams.cost(step_before(days, exchanged)), together)
    after = np.fmin(seams.cost(step_before(exchanged, days)), together)
    return np.nan_to_num(now - before) + np.nan_to_num(moved(now - after, 1))


def _inside(days: Floats, scale: Scale) -> Floats:
    return WEIGHT * mean_of_day(cost(days - scale.expected, scale.usual), ENOUGH)


def _scales(curve: Curve) -> list[Scale]:
    against = counterpart_scale(curve)
    return [own(curve), *([against] if against is not None else [])]
