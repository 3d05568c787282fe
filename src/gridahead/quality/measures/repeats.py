"""What repeats itself: values that stand still, lines drawn over a gap, days that come twice."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gridahead.quality.curves import Curve
from gridahead.quality.measures.base import Floats, Measurement, measures, only_variant
from gridahead.quality.robust import share_of_days

POWER = "MW"
"""The unit in which a row of zeros may stand for nothing at all."""


@measures("flat")
def flat(curve: Curve) -> Mapping[str, Measurement]:
    """Hours without any change, on how surprising that is at these times of the day: at night solar power stands."""
    same = _is_zero(np.diff(curve.value, prepend=np.nan))
    return run_surprise(curve, same, lead=1)


@measures("interpolated")
def interpolated(curve: Curve) -> Mapping[str, Measurement]:
    """Hours on a straight line that rises or falls, on how surprising that is at these times of the day."""
    step = np.diff(curve.value, prepend=np.nan)
    bend = np.diff(step, prepend=np.nan)
    straight = (np.abs(bend) <= _resolution(curve.value)) & (np.abs(step) > 3 * _resolution(curve.value))
    return run_surprise(curve, np.where(np.isnan(bend), np.nan, straight.astype(float)), lead=2)


@measures("false_zero")
def false_zero(curve: Curve) -> Mapping[str, Measurement]:
    """Hours of zeros in a row, on how surprising they are at these times of the day; 0 MW, as 0 °C is a value."""
    if curve.unit != POWER:
        return {}
    return run_surprise(curve, _is_zero(curve.value), lead=0)


@measures("still_day")
def still_day(curve: Curve) -> Mapping[str, Measurement]:
    """Whole days in a row in which the value never changes."""
    is_known = (~np.isnan(curve.days)).sum(axis=1) >= 0.75 * curve.clock.slots
    filled = np.where(np.isnan(curve.days), curve.days[:, :1], curve.days)
    filled = np.nan_to_num(filled)
    still = is_known & (filled.max(axis=1) == filled.min(axis=1))
    length = run_length(still)
    return only_variant(np.where(is_known, length, np.nan))


@measures("repeated_day")
def repeated_day(curve: Curve) -> Mapping[str, Measurement]:
    """Share of the changing units of a day that equal those of an earlier one, on how surprising that is."""
    days = curve.days
    step = np.diff(days, axis=1, prepend=np.nan)
    moving = (step != 0) & ~np.isnan(step)
    count = moving.sum(axis=1)
    most, total, compared = np.zeros(len(days)), np.zeros(len(days)), np.zeros(len(days))
    for back in range(1, min(REPEAT_DAYS, len(days) - 1) + 1):
        alike = ((days[back:] == days[:-back]) & moving[back:]).sum(axis=1)
        most[back:] = np.maximum(most[back:], alike)
        total[back:] += alike
        compared[back:] += count[back:]
    # By chance, as often as in the other days: whole degrees repeat more easily than hundredths of a megawatt.
    chance = (total - most + 0.5) / (np.maximum(compared - count, 0) + 1.0)
    surprise = -np.log(np.minimum(chance, 0.9)) * most
    enough = count >= max(6, days.shape[1] // 6)
    share = np.where(enough, most / np.maximum(count, 1), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return only_variant(share, np.where(surprise > 0, share / surprise, 1.0))


REPEAT_DAYS = 56
"""How far back a day is looked for."""


def run_surprise(curve: Curve, happened: Floats, *, lead: int) -> Mapping[str, Measurement]:
    """Length [h] of every run of what happened, on its surprise: minus the logarithm of its probability.

    Args:
        curve: the series.
        happened: (T,) 1 where it did, 0 where not, NaN where unknown.
        lead: how many units before the first one belong to the run.
    """
    probability = curve.clock.line(share_of_days(curve.clock.matrix(happened)))
    inside = happened == 1.0
    surprise = _spread(inside, np.where(inside, -np.log(probability), 0.0))
    hours = run_length(inside) + lead * inside
    for _ in range(lead):
        before = np.r_[~inside[:-1] & inside[1:], False]
        surprise[before], hours[before] = surprise[1:][before[:-1]], hours[1:][before[:-1]]
        inside = inside | before
    hours = np.where(np.isnan(happened) & ~inside, np.nan, hours / curve.per_hour)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(surprise > 0, hours / surprise, 1.0)
    return only_variant(hours, scale)


def run_length(inside: np.ndarray) -> Floats:
    """How many in a row, at every place of each run; 0 outside."""
    return _spread(inside, np.ones(len(inside)))


def _spread(inside: np.ndarray, amount: Floats) -> Floats:
    """The sum of the amounts over each run, at every place of the run; 0 outside."""
    edges = np.flatnonzero(np.diff(np.r_[False, inside, False].astype(int)))
    out = np.zeros(len(inside))
    if len(edges):
        starts, ends = edges[::2], edges[1::2]
        total = np.r_[0.0, np.cumsum(amount)]
        out[inside] = np.repeat(total[ends] - total[starts], ends - starts)
    return out


def _is_zero(values: Floats) -> Floats:
    """1 where a value is zero, 0 where not, NaN where it is missing."""
    return np.where(np.isnan(values), np.nan, (values == 0.0).astype(float))


def _resolution(values: Floats) -> float:
    """How finely the values are rounded, and at least a billionth of their size."""
    sizes = np.abs(values[~np.isnan(values)])
    if not len(sizes):
        return 0.0
    fine = 1e-9 * float(sizes.max())
    for digit in (1.0, 0.5, 0.25, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6):  # the last is a watt, as household meters have it
        if sizes.max() >= digit and np.allclose(sizes / digit, np.round(sizes / digit), rtol=0, atol=1e-6):
            return max(digit, fine)
    return max(fine, 1e-12)
