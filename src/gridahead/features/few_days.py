"""Level and spread of a series of which a few days are known, read against what the same days said of others.

A week in July is no year: its level is that of July, and its spread lacks the winter. Of series of the same kind it is
known what such a week was beside all their days, and hours that are missing are missing from theirs as well: of five
working days nothing is taken for a week.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gridahead.features.windows import Array

Floats = npt.NDArray[np.float64]
NARROWEST, WIDEST = 0.25, 4.0
"""The spread of a few days may be so many times that of all days: what is beyond comes of a day that stood still."""


class Moments(NamedTuple):
    """Mean and standard deviation of all that is known up to each of D windows, NaN where nothing is."""

    level: Floats
    """(D,)"""
    spread: Floats
    """(D,)"""


def so_far(values: Array) -> Moments:
    """The moments of what is known in the contexts (D, C) of the windows up to each."""
    there = ~np.isnan(values)
    middle = float(values[there].mean(dtype=np.float64)) if there.any() else 0.0
    near = np.where(there, values.astype(np.float64) - middle, 0.0)
    count = there.sum(axis=1).cumsum()
    first, second = (near.sum(axis=1).cumsum(), (near**2).sum(axis=1).cumsum())
    known, some = count > 0, np.maximum(count, 1)
    level = first / some
    spread = np.sqrt(np.maximum(second / some - level**2, 0.0))
    return Moments(np.where(known, level + middle, np.nan), np.where(known, spread, np.nan))


def as_of_all_days(values: Array, others: Iterable[Array]) -> Moments:
    """What the moments of all days are likely to be, as known at each of D windows.

    Args:
        values: (D, C) the contexts of the series, D windows one after the other.
        others: the same windows of other series, each in units of the spread of all its days around their level; NaN
            where it has none.
    """
    own, unknown = so_far(values), np.isnan(values)
    theirs = [so_far(np.where(unknown, np.float32(np.nan), other)) for other in others]
    centre = _median([one.level for one in theirs], own.level, 0.0)
    width = np.clip(_median([one.spread for one in theirs], own.spread, 1.0), NARROWEST, WIDEST)
    spread = own.spread / width
    return Moments(own.level - centre * spread, spread)


def _median(rows: list[Floats], like: Floats, nobody: float) -> Floats:
    """The median of rows that know something at each window, and what stands for it where none does."""
    stacked = np.array([row for row in rows if not np.isnan(row).all()] or [np.full(like.shape, np.nan)])
    there = ~np.isnan(stacked).all(axis=0)
    medians = np.full(like.shape, nobody)
    medians[there] = np.nanmedian(stacked[:, there], axis=0)
    return medians
