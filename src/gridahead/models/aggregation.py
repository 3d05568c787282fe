"""Sequential aggregation: whose forecast counts for how much, learnt from day to day by how far off each has been.

Weights begin with what was learnt before and are moved, after every day whose outturn is known, towards the experts
that would have been better than the mean; each quantile level has its own. How fast is no setting: the rate follows
from the sizes of the differences themselves, so that the mean is never much worse than the best expert.

Source: Wintenberger (2017), "Optimal learning with Bernstein online aggregation"; weights by level: Berrisch and Ziel
(2021), "CRPS learning".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

REMEMBERED = 0.99
"""Of what a day has shown is left a day later: what was right a season ago need not be so today."""
LEAST = 1e-6
"""No weight begins with nothing, or it would stay there."""


def aggregated(
    answers: npt.NDArray[np.float32],
    outturn: npt.NDArray[np.float32],
    prior: Numbers,
    levels: Sequence[float],
    lag: int,
) -> tuple[npt.NDArray[np.float32], Numbers]:
    """The means of experts' quantiles on days in order, each with the weights that were known for it.

    Args:
        answers: (M, N, H, Q) [MW] of M experts for N days; NaN where an expert says nothing, which leaves the others.
        outturn: (N, H) [MW], NaN where it is not known or does not count.
        prior: (M, Q) weights to begin with, 1 together.
        levels: Q of them.
        lag: days from one whose outturn is known to the one that is forecast.

    Returns:
        (N, H, Q) [MW], rising along Q, and the weights (M, Q) of the last day.
    """
    count, quantiles = len(answers), np.array(levels)
    regret, squares = np.zeros_like(prior), np.full_like(prior, 1e-12)
    largest, begun = np.full_like(prior, 1e-9), np.log(prior + LEAST)
    means, weights = np.empty(answers.shape[1:], np.float32), []
    for day in range(answers.shape[1]):
        rate = np.minimum(1 / (2 * largest), np.sqrt(np.log(max(count, 2)) / squares))
        weights.append(_shares(begun + rate * regret))
        means[day] = np.sort(weighted(answers[:, day], weights[-1]), axis=-1)
        known = day - lag + 1
        if known < 0 or np.isnan(outturn[known]).all():
            continue
        gained = _gained(answers[:, known], outturn[known], weights[known], quantiles)
        regret = REMEMBERED * regret + gained
        squares = REMEMBERED * squares + gained**2
        largest = np.maximum(REMEMBERED * largest, np.abs(gained))
    return means, weights[-1]


def weighted(answers: npt.NDArray[Any], weights: Numbers) -> Numbers:
    """The weighted mean (…, Q) of the answers (M, …, Q) that there are; NaN where there is none."""
    there = ~np.isnan(answers)
    weights = weights.reshape(len(weights), *(1,) * (answers.ndim - 2), -1)
    total = (weights * there).sum(axis=0)
    with np.errstate(invalid="ignore"):
        mean: Numbers = (weights * np.where(there, answers, 0)).sum(axis=0) / total
    return mean


def _shares(logarithms: Numbers) -> Numbers:
    """Weights (M, Q), 1 together, from their logarithms up to a constant."""
    unscaled = np.exp(logarithms - logarithms.max(axis=0))
    shares: Numbers = unscaled / unscaled.sum(axis=0)
    return shares


def _gained(
    answers: npt.NDArray[np.float32], outturn: npt.NDArray[np.float32], weights: Numbers, levels: Numbers
) -> Numbers:
    """By how much a little more of each expert would have made the loss of a day smaller, (M, Q) [MW]."""
    counted = ~np.isnan(outturn)
    of_day = answers[:, counted].astype(np.float64)
    mean = weighted(of_day, weights)
    slope = np.where(outturn[counted][:, None] > mean, -levels, 1 - levels)
    apart = np.where(np.isnan(of_day), 0.0, of_day - mean)
    gained: Numbers = -np.nan_to_num(slope * apart).mean(axis=1)
    return gained
