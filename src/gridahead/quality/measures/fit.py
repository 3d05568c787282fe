"""How well a day fits where it stands: the pieces that all rules on whole days are made of.

A misfit is a cost: minus the logarithm of the likelihood of Student's t distribution with four degrees of freedom, so
that ten wrong hours count more than one very wrong one. A cost of 0 is a perfect fit, and differences of costs show
which of two explanations of a day is the better one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from gridahead.quality.curves import Curve
from gridahead.quality.robust import AROUND, EARLIER, mean_of_day, median, median_of_days, moved, usual

Floats = npt.NDArray[np.float64]

WEIGHT = 4.0
"""A day of correlated hours counts as so many independent ones."""
ENOUGH = 0.7
"""Share of the units of a day that have to be known to compare it as a whole."""

remembered = lru_cache(maxsize=4)
"""Several rules need the same pieces of one curve, one curve after the other."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What a day is compared with, and the usual deviation from it (D, K)."""

    expected: Floats
    usual: Floats


def cost(rest: Floats, usual_rest: Floats) -> Floats:
    """The cost of each unit (D, K); the usual rest is a median, 0.74 times which is the scale of the distribution."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(usual_rest > 0, 2.5 * np.log1p((0.74 * rest / usual_rest) ** 2 / 4), np.nan))


def own(curve: Curve) -> Scale:
    """The values that a day is expected to have by the days around it."""
    return Scale(curve.expected.value, curve.expected.usual)


@remembered
def past(curve: Curve) -> Scale:
    """Earlier days only, which are right when a fault begins and stays."""
    weekly, daily = ((-21, -14, -7), (-3, -2, -1))
    rests = [curve.days - median_of_days(curve.days, offsets) for offsets in (weekly, daily)]
    usuals = [usual(rest, EARLIER) for rest in rests]
    better = (np.nanmean(usuals[0]) <= np.nanmean(usuals[1])) if np.isfinite(usuals[0]).any() else False
    chosen = 0 if better else 1
    return Scale(curve.days - rests[chosen], usuals[chosen])


@remembered
def counterpart_scale(curve: Curve) -> Scale | None:
    """The official forecast of an outturn, or the outturn of an official forecast, freed of a lasting difference."""
    counterpart = curve.trusted_counterpart
    if counterpart is None:
        return None
    lasting = median_of_days(curve.days - counterpart, AROUND)
    expected = counterpart + np.nan_to_num(lasting)
    return Scale(expected, usual(curve.days - expected))


@dataclass(frozen=True, slots=True)
class Seams:
    """The step over the midnight before each day: what is usual (D,)."""

    expected: Floats
    usual: Floats

    @classmethod
    def of(cls, days: Floats) -> Seams:
        """Of the days around."""
        steps = step_before(days, days)
        expected = median(np.stack([moved(steps, by) for by in AROUND]))
        away = np.abs(steps - expected)
        local = median(np.stack([moved(away, by) for by in AROUND]))
        floor = 0.25 * mean_of_day(median_of_days(np.abs(np.diff(days, axis=1)), AROUND))
        return cls(expected, np.fmax(local, floor))

    def cost(self, steps: Floats) -> Floats:
        """The cost of such steps before each day (D,)."""
        return cost(steps - self.expected, self.usual)


def step_before(before: Floats, days: Floats) -> Floats:
    """The step (D,) from the last unit of the day before, in `before`, to the first unit of each day, in `days`."""
    return np.asarray(days[:, 0] - moved(before[:, -1], -1))


def gain(days: Floats, other: Floats, scale: Scale, *, level: bool) -> Floats:
    """How much better other values explain each day (D,): above 0 where they fit better.

    Args:
        days: (D, K) the values.
        other: (D, K) what they might have to be.
        scale: what a day is compared with.
        level: whether the level of the day counts, or its shape only.
    """
    rests = [values - scale.expected for values in (days, other)]
    if not level:
        rests = [rest - median(rest.T)[:, None] for rest in rests]
    better = cost(rests[0], scale.usual) - cost(rests[1], scale.usual)
    return np.asarray(WEIGHT * mean_of_day(better, ENOUGH))
