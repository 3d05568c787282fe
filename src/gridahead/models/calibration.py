"""Calibration by lead time: how far the quantiles of each block of the horizon are stretched to cover what they say.

Errors grow with the lead time, and a network is not equally wrong about its own doubt in the first hour and the last.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gridahead.features.windows import Array, WindowSpec
from gridahead.grid import SUN_DRIVEN

BLOCK_HOURS = 6
"""Of lead time share their factors: on 270 days that is 1,620 hours, enough for the 5 % quantile."""
SUN_BLOCK_HOURS = 72
"""The same for solar power, and so all of its horizon: half of the hours are dark, and blocks of dawn or of a morning
know little. On Belgian solar of 2023, measured every month on the last 180 days, one block had 0.4 % less pinball loss
than blocks of six hours."""
FEWEST = 100
"""With fewer outturns than this in a block, a 5 % quantile rests on less than five of them: all blocks decide."""

AT_NIGHT = 0.01
"""Of the largest outturn: a median below that, with an outturn of nought, is a night and no forecast to be doubted."""


def in_doubt(outturn: Array, median: Array, low: float | None) -> npt.NDArray[np.bool_]:
    """Where there is an interval to calibrate, (N, H): not where both median and outturn are at the physical bound.

    The sun does not shine at night. An interval that is right there all the time would be paid for by day.

    Args:
        outturn: (N, H) [MW], NaN where unknown.
        median: (N, H) [MW]
        low: the physical bound [MW], None without one.
    """
    if low is None or np.isnan(outturn).all():
        return np.ones(outturn.shape, bool)
    return ~((outturn <= low) & (median <= low + AT_NIGHT * (np.nanmax(outturn) - low)))


def units_of_block(spec: WindowSpec) -> int:
    """Market time units of the horizon that share their factors."""
    hours = SUN_BLOCK_HOURS if spec.series.quantity in SUN_DRIVEN else BLOCK_HOURS
    return hours * spec.mtu.per_hour


def fit_factors(
    answer: Array, target: Array, chosen: npt.NDArray[np.bool_], levels: tuple[float, ...], units: int
) -> Array:
    """The factor for each block of lead time and each quantile level, (B, Q).

    Args:
        answer: (N, H, Q) in scaled units.
        target: (N, H) in scaled units, NaN where unknown.
        chosen: (N, H) which units count.
        levels: Q levels.
        units: of the horizon in a block.
    """
    block = np.arange(answer.shape[1]) // units
    counted = chosen & ~np.isnan(target)
    everywhere = calibration_factors(answer[counted], target[counted], levels)
    factors = []
    for number in range(block[-1] + 1):
        here = counted & (block == number)
        enough = here.sum() >= FEWEST
        factors.append(calibration_factors(answer[here], target[here], levels) if enough else everywhere)
    return np.stack(factors)


def calibrate(answer: Array, factors: Array, units: int) -> Array:
    """Quantiles (N, H, Q), each unit stretched by the factors (B, Q) of its block of lead time.

    A horizon may be longer than the one that the factors come from, when clocks go back: its last block is then longer.
    """
    block = np.minimum(np.arange(answer.shape[1]) // units, len(factors) - 1)
    return stretch(answer, factors[block])


def stretch(answer: Array, factors: Array) -> Array:
    """Quantiles (…, Q) with the distances to the median multiplied, kept in order by the outermost seen so far."""
    middle = answer.shape[-1] // 2
    median = answer[..., middle : middle + 1]
    distance = np.abs(answer - median) * factors
    above = np.maximum.accumulate(distance[..., middle:], axis=-1)
    below = np.maximum.accumulate(distance[..., middle::-1], axis=-1)[..., ::-1]
    return np.concatenate([median - below[..., :-1], median + above], axis=-1)


def calibration_factors(answer: Array, target: npt.NDArray[Any], levels: tuple[float, ...]) -> Array:
    """The factor for each quantile level with which the share of outturns below it is what the level says, (Q,).

    The empirical quantile of (outturn − median) / (quantile − median), the split-conformal score of Romano, Patterson
    and Candès (2019), "Conformalized quantile regression", in its multiplicative form.

    Args:
        answer: (R, Q)
        target: (R,) outturns.
        levels: Q levels.
    """
    middle = len(levels) // 2
    error = target - answer[:, middle]
    factors = np.ones(len(levels), np.float32)
    for n, level in enumerate(levels):
        distance = answer[:, n] - answer[:, middle]
        if n == middle or len(error) == 0 or np.abs(distance).max() == 0:
            continue
        # Share below is rising in the factor for levels above the median, and share above for levels below it.
        ratio = np.where(np.abs(distance) > 0, error / np.where(distance == 0, 1, distance), 0.0)
        factors[n] = max(0.0, float(np.quantile(ratio, max(level, 1 - level))))
    return factors
