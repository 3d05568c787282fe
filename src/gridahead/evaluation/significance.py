"""Whether one model is better than another, or was only luckier, as a pure function on losses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

WEEK = 7
"""Days over which the losses of neighbouring days resemble one another; without it, p is too small."""


class Comparison(NamedTuple):
    """The outcome of a Diebold–Mariano test."""

    statistic: float
    """Negative when the first model has the smaller loss."""
    p: float
    """Two-sided: how often luck alone would make models of equal worth differ by this much."""

    @property
    def p_better(self) -> float:
        """One-sided: how often luck alone would make the first model look this much better, or more."""
        return self.p / 2 if self.statistic < 0 else 1 - self.p / 2


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
    return Comparison(statistic, _two_sided(statistic, count - 1))


def steady_comparison(first: npt.ArrayLike, second: npt.ArrayLike) -> Comparison:
    """The same test with an error rate that holds in short periods, where days resemble one another for long.

    The long-run variance is the mean square of the first ν = 0.4 N^(2/3) cosine waves of the differences, the slow
    ones, and Student's distribution has ν degrees of freedom instead of N − 1. On real forecasts that are equal in
    truth it finds a difference about as often as it says, and `diebold_mariano` up to twice as often.

    Args:
        first: (N,) as for `diebold_mariano`.
        second: (N,) as for `diebold_mariano`.

    Returns:
        The statistic and p; NaN where there are too few days, or the losses differ by a constant.

    Source: Lazarus, Lewis, Stock and Watson, HAR inference: recommendations for practice, Journal of Business &
    Economic Statistics 36 (2018); for Diebold–Mariano tests, Coroneo and Iacone, Journal of Applied Econometrics 35
    (2020).
    """
    difference = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    difference = difference[~np.isnan(difference)]
    count = len(difference)
    waves = int(0.4 * count ** (2 / 3))
    if waves < 1:
        return Comparison(float("nan"), float("nan"))
    phase = np.pi * (np.arange(count) + 0.5) / count
    shares = [np.sqrt(2 / count) * np.cos(wave * phase) @ difference for wave in range(1, waves + 1)]
    variance = float(np.mean(np.square(shares)))
    if variance <= 1e-24 * float(np.mean(difference**2)):  # rounding is no variance
        return Comparison(float("nan"), float("nan"))
    statistic = float(difference.mean() / np.sqrt(variance / count))
    return Comparison(statistic, _two_sided(statistic, waves))


def _two_sided(statistic: float, degrees: int) -> float:
    """How often Student's distribution is as far from zero."""
    from scipy.special import stdtr  # 14 MB, which a server that compares no models does without

    return float(2 * stdtr(degrees, -abs(statistic)))


def _long_run_variance(values: npt.NDArray[np.float64], lags: int) -> float:
    """Variance plus twice the autocovariances, with weights that fall to zero, so that it cannot be negative."""
    centred = values - values.mean()
    covariances = [centred[lag:] @ centred[: len(values) - lag] / len(values) for lag in range(lags + 1)]
    return float(covariances[0] + 2 * sum((1 - lag / (lags + 1)) * covariances[lag] for lag in range(1, lags + 1)))
