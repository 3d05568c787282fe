"""Quantiles over the standard normal distribution: there, those of a normal forecast lie on a straight line."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from gridahead.features.windows import Array

Scores = npt.NDArray[np.float64]
"""Standard normal quantiles of levels: 0 for the median, 1.28 for 90 %."""


def normal_scores(levels: tuple[float, ...]) -> Scores:
    """The standard normal quantiles of some levels, (Q,): the scores of a forecast that needs no calibration."""
    return np.array([NormalDist().inv_cdf(level) for level in levels])


def between(known: Scores, wanted: Scores) -> Array:
    """The weights (Q, P) of P quantiles in each of Q others, on a straight line between two scores and beyond the last.

    Args:
        known: (P,) scores of the quantiles that are there, rising.
        wanted: (Q,) scores of those to be drawn.
    """
    if len(known) == 1:  # there is no line through one
        return np.ones((len(wanted), 1), np.float32)
    right = np.clip(np.searchsorted(known, wanted), 1, len(known) - 1)
    share = (wanted - known[right - 1]) / (known[right] - known[right - 1])
    weights = np.zeros((len(wanted), len(known)), np.float32)
    rows = np.arange(len(wanted))
    weights[rows, right - 1], weights[rows, right] = 1 - share, share
    return weights
