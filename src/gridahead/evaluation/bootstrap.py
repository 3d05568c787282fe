"""How sure a mean loss is, and the difference or ratio of two: intervals from resampled days.

Days resemble their neighbours, so whole blocks of days are drawn. Two models keep their days in common: what made a day
hard was hard for both, and drawing them apart would make every comparison look like luck.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gridahead.evaluation.significance import WEEK

Floats = npt.NDArray[np.float64]

REPETITIONS = 2000
"""Bounds of a 95 % interval then vary by about a fiftieth of its width from seed to seed."""


class Interval(NamedTuple):
    """A figure and the interval around it."""

    value: float
    low: float
    high: float


def bootstrap_mean(
    losses: npt.ArrayLike, *, share: float = 0.95, block: float | None = None, seed: int = 0
) -> Interval:
    """The mean loss and its interval [unit of the losses].

    Args:
        losses: (N,) a loss a day, in the order of time; NaN days are left out.
        share: what the interval should cover.
        block: mean length of a block [days], by default `block_length`.
        seed: the same one draws the same days.

    Returns:
        NaN bounds where the days are fewer than two blocks.

    Source: Politis and Romano, The stationary bootstrap, JASA 89 (1994); percentile intervals by Efron (1979).
    """
    return _interval(np.mean, [np.asarray(losses, dtype=float)], share, block, seed)


def bootstrap_difference(
    first: npt.ArrayLike, second: npt.ArrayLike, *, share: float = 0.95, block: float | None = None, seed: int = 0
) -> Interval:
    """Mean of the first minus mean of the second, and its interval; on the days that both have.

    Args:
        first: (N,) losses of one model, day by day.
        second: (N,) of the other one, on the same days.
        share: as for `bootstrap_mean`.
        block: as for `bootstrap_mean`.
        seed: as for `bootstrap_mean`.
    """
    return _interval(
        lambda ours, theirs, axis: np.mean(ours - theirs, axis=axis), _pair(first, second), share, block, seed
    )


def bootstrap_ratio(
    first: npt.ArrayLike, second: npt.ArrayLike, *, share: float = 0.95, block: float | None = None, seed: int = 0
) -> Interval:
    """Mean of the first over mean of the second [1], and its interval; on the days that both have.

    Args:
        first: (N,) losses of one model, day by day.
        second: (N,) of the other one, on the same days; not all zero.
        share: as for `bootstrap_mean`.
        block: as for `bootstrap_mean`.
        seed: as for `bootstrap_mean`.
    """
    return _interval(
        lambda a, b, axis: np.mean(a, axis=axis) / np.mean(b, axis=axis), _pair(first, second), share, block, seed
    )


def block_length(days: int) -> float:
    """Mean length of a block [days]: a week, and more where there are more than 343 days.

    A week holds what weekdays have in common and most spells of weather. The length that is best for a mean grows with
    the cube root of the number of days.

    Source: Politis and White, Automatic block-length selection for the dependent bootstrap, Econometric Reviews 23
        (2004).
    """
    return max(float(WEEK), float(np.cbrt(days)))


def resampled_days(days: int, block: float, repetitions: int, seed: int) -> npt.NDArray[np.int64]:
    """Which days are drawn, (repetitions, days): blocks of random length, that go round from the last day to the first.

    Args:
        days: how many there are.
        block: mean length of a block [days]; every day ends one with probability 1 / block.
        repetitions: how often all days are drawn.
        seed: of the random numbers.
    """
    draws = np.random.default_rng(seed)
    starts = draws.integers(days, size=(repetitions, days))
    begins = draws.random((repetitions, days)) < 1 / block
    begins[:, 0] = True
    place = np.arange(days)
    begun = np.where(begins, place, 0)
    np.maximum.accumulate(begun, axis=1, out=begun)
    drawn = np.take_along_axis(starts, begun, axis=1)
    drawn += place  # in place, as above: of three years and 2,000 repetitions each further array is 17 MB
    drawn -= begun
    drawn %= days
    return drawn


def _pair(first: npt.ArrayLike, second: npt.ArrayLike) -> list[Floats]:
    pair = [np.asarray(losses, dtype=float) for losses in (first, second)]
    if pair[0].shape != pair[1].shape:
        raise ValueError(f"shapes differ: {pair[0].shape} and {pair[1].shape}")
    return pair


def _interval(
    figure: Callable[..., Any], losses: list[Floats], share: float, block: float | None, seed: int
) -> Interval:
    """The figure of the days that there are, and its quantiles over resampled ones."""
    if not 0 < share < 1:
        raise ValueError(f"an interval cannot cover {share}; a share is between 0 and 1")
    known = ~np.isnan(np.sum(losses, axis=0))
    complete, nothing = [loss[known] for loss in losses], float("nan")
    days = int(known.sum())
    length = block or block_length(days)
    if days < 2 * length:
        return Interval(float(figure(*complete, axis=0)) if days else nothing, nothing, nothing)
    drawn = resampled_days(days, length, REPETITIONS, seed)
    figures = figure(*(loss[drawn] for loss in complete), axis=1)
    low, high = np.quantile(figures, [(1 - share) / 2, (1 + share) / 2])
    return Interval(float(figure(*complete, axis=0)), float(low), float(high))
