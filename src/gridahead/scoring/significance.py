"""Whether one model is better than another, or was only luckier, as a pure function on losses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

WEEK = 7
"""Days over which the losses of neighbouring days resemble one another; without it, p is too small."""


class Comparison(NamedTuple):
    """The outcome of a Diebold–Mariano test."""

    statistic: float
    """Negative when the first model has the smaller loss."""
    p: float
    """Two-sided: how often luck alone would make models of equal worth differ by this much."""


def diebold_mariano(first: npt.ArrayLike, second: npt.ArrayLike, lags: int = WEEK) -> Comparison:
    """The test that two models have the same expected loss.

    Args:
        first: (N,) the loss of one model, such as its mean absolute error day by day, in the order of time. Days that
            either model lacks (NaN) are left out.
        second: (N,) of the other one, on the same days.
        lags: days over which the difference of losses may be correlated; 0 for independent days.

    Returns:
        The statistic and p; NaN where there are too few days, or the losses differ by a constant.

    Source: Diebold and Mariano, Comparing predictive accuracy, Journal of Business & Economic Statistics 13 (1995), the
    long-run variance by Newey and West, Econometrica 55 (1987), the correction for small samples and Student's
    distribution by Harvey, Leybourne and Newbold, International Journal of Forecasting 13 (1997).
    """
    difference = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    difference = difference[~np.isnan(difference)]
    count, horizon = len(difference), lags + 1
    if count <= horizon:
        return Comparison(float("nan"), float("nan"))
    variance = _long_run_variance(difference, lags)
    if variance <= 0:
        return Comparison(float("nan"), float("nan"))
    correction = (count + 1 - 2 * horizon + horizon * lags / count) / count
    statistic = float(np.sqrt(correction) * difference.mean() / np.sqrt(variance / count))
    return Comparison(statistic, float(2 * stats.t.sf(abs(statistic), count - 1)))


def _long_run_variance(values: npt.NDArray[np.float64], lags: int) -> float:
    """Variance plus twice the autocovariances, with weights that fall to zero, so that it cannot be negative."""
    centred = values - values.mean()
    covariances = [centred[lag:] @ centred[: len(values) - lag] / len(values) for lag in range(lags + 1)]
    return float(covariances[0] + 2 * sum((1 - lag / (lags + 1)) * covariances[lag] for lag in range(1, lags + 1)))
