"""The values of a series that another may be compared with: of two that differ, one that is odd by itself is wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridahead.quality.robust import AROUND, mean_of_day, median, moved

Floats = npt.NDArray[np.float64]

ABSURD = 2.0
"""Times the size of a series: nothing that it reaches by itself, unit errors and wrong digits do."""
DOUBLED = 1.0
"""Doublings by which the mean of a day is off that of the days around: no holiday halves a load."""
MORE = 2.0
"""Times as far off as the series that is compared: a storm or a dark day moves both."""
ENOUGH = 0.5
"""Share of a day that has to be known for its mean to count."""


def trusted(other: Floats, mine: Floats, highest: float, low: float | None) -> Floats:
    """The values of another series (D, K) that mine (D, K) may be compared with; NaN for the rest.

    Left out are absurd values, and days whose mean is far off that of the days around while mine is not: an official
    forecast of 0 all day is no measure of the outturn.

    Args:
        other: its values by day.
        mine: those that are to be compared.
        highest: the size of the other.
        low: its physical lower bound, None where the sign is free.
    """
    with np.errstate(invalid="ignore"):
        absurd = np.abs(other) > ABSURD * highest
        absurd |= np.zeros_like(absurd) if low is None else other < low
    plausible = np.where(absurd, np.nan, other)
    if low is None:
        return plausible
    means = [mean_of_day(days, ENOUGH) for days in (plausible, mine)]
    around = [median(np.stack([moved(mean, by) for by in AROUND])) for mean in means]
    off, mine_off = (np.abs(mean - usual) for mean, usual in zip(means, around, strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        doublings = np.abs(np.log2(np.maximum(means[0], 0.0) / around[0]))
    wrong = (doublings >= DOUBLED) & (off > MORE * mine_off)
    return np.where(wrong[:, None], np.nan, plausible)
