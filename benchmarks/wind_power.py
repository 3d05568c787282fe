"""The power curve of a farm, learnt from its own hours: mean power by direction and speed of the forecast wind.

A network of this size spends most of a year of data on finding these curves; given them, it learns the rest: what the
neighbours, the hours around and the error of the forecast say.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, map_coordinates

Floats = npt.NDArray[np.float32]
Days = npt.NDArray[np.int64]

STEP = 0.5
"""Width of a cell [m/s]."""
REACH = 22.0
"""Winds up to this one have cells [m/s]; the few beyond count as the last."""
BANDWIDTH = {1: 0.6, 2: 1.5}
"""Of the Gaussian that smooths over cells [m/s], by speed alone and by both components: chosen on tasks 1 to 3."""
FOLDS, BLOCK = 10, 3
"""Days are learnt in blocks of three, each left out of the curve that it is given itself: otherwise the curve knows the
answer, and the network trusts it too much."""
_FAINT = 0.02
"""Hours a cell counts as having had at the prior's value: what rare winds fall back to."""


def expected_power(u: Floats, v: Floats, power: Floats, day: Days) -> Floats:
    """Mean power at such wind on other days, (T,); an hour without power teaches nothing.

    Args:
        u: (T,) eastward wind [m/s].
        v: (T,) northward wind [m/s].
        power: (T,) as a share of the installed power, NaN where unknown.
        day: (T,) number of the day; an hour may come more than once, with different forecasts of its wind.
    """
    fold = day // BLOCK % FOLDS
    by_speed = _smoothed((np.hypot(u, v),), power, np.full_like(power, np.nanmean(power)), fold)
    return _smoothed((u, v), power, by_speed, fold)


def _smoothed(wind: tuple[Floats, ...], power: Floats, prior: Floats, fold: Days) -> Floats:
    """Prior plus what the power was above it at such wind in other folds, (T,)."""
    place = np.stack([(each + REACH) / STEP for each in wind])  # (d, T)
    shape = (round(2 * REACH / STEP) + 1,) * len(wind)
    cell = tuple(np.rint(place).astype(int).clip(0, shape[0] - 1))
    known = ~np.isnan(power)
    count, total = np.zeros((FOLDS, *shape)), np.zeros((FOLDS, *shape))
    here = (fold[known], *(axis[known] for axis in cell))
    np.add.at(count, here, 1.0)
    np.add.at(total, here, (power - prior)[known])
    above = np.empty(len(power))
    for asked in range(FOLDS):
        others = np.arange(FOLDS) != asked
        hours, excess = (gaussian_filter(each[others].sum(0), BANDWIDTH[len(wind)] / STEP) for each in (count, total))
        rows = fold == asked
        above[rows] = map_coordinates(excess / (hours + _FAINT), place[:, rows], order=1, mode="nearest")
    return (prior + above).astype(np.float32)
