"""Scores as pure functions on arrays.

A pair counts when both the forecast and the outturn exist; NaN marks what does not. Without a pair the score is NaN.
Errors are forecast minus outturn, so a positive bias is a forecast that is too high. Shares are fractions, not percent.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def mae(forecast: npt.ArrayLike, outturn: npt.ArrayLike) -> float:
    """Mean absolute error [unit of the values].

    Source: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed. (2021), section 5.8.
    """
    return _mean(np.abs(_errors(forecast, outturn)))


def rmse(forecast: npt.ArrayLike, outturn: npt.ArrayLike) -> float:
    """Root of the mean squared error [unit of the values].

    Source: Hyndman and Athanasopoulos (2021), section 5.8.
    """
    return float(np.sqrt(_mean(_errors(forecast, outturn) ** 2)))


def bias(forecast: npt.ArrayLike, outturn: npt.ArrayLike) -> float:
    """Mean error [unit of the values]; positive when the forecast is too high.

    Source: Murphy, Skill scores based on the mean square error, Monthly Weather Review 116 (1988).
    """
    return _mean(_errors(forecast, outturn))


def mape(forecast: npt.ArrayLike, outturn: npt.ArrayLike) -> float:
    """Mean absolute percentage error [1]; a pair whose outturn is zero has no percentage, and does not count.

    Source: Hyndman and Athanasopoulos (2021), section 5.8, which also says why it misleads near zero: use `wape` there.
    """
    truth = np.asarray(outturn, dtype=float)
    return _mean(np.abs(_errors(forecast, outturn) / np.where(truth == 0, np.nan, truth)))


def wape(forecast: npt.ArrayLike, outturn: npt.ArrayLike) -> float:
    """Weighted absolute percentage error [1]: the sum of absolute errors over the sum of absolute outturns.

    Source: Kolassa and Schütz, Advantages of the MAD/MEAN ratio over the MAPE, Foresight 6 (2007).
    """
    errors = _errors(forecast, outturn)
    total = np.nansum(np.where(np.isnan(errors), np.nan, np.abs(outturn)))
    return float(np.nansum(np.abs(errors)) / total) if total > 0 else float("nan")


def pinball(quantiles: npt.ArrayLike, levels: npt.ArrayLike, outturn: npt.ArrayLike) -> float:
    """Mean over levels and times of max(q·e, (q−1)·e), where e is outturn minus quantile [unit of the values].

    There is no factor 2: with the median alone it is half the mean absolute error.

    Args:
        quantiles: (..., Q)
        levels: (Q,), each between 0 and 1
        outturn: (...,)

    Source: Koenker and Bassett, Regression quantiles, Econometrica 46 (1978); Gneiting and Raftery, Strictly proper
        scoring rules, JASA 102 (2007), section 6.1.

    Raises:
        ValueError: the shapes do not fit.
    """
    values, level, truth = (np.asarray(each, dtype=float) for each in (quantiles, levels, outturn))
    if level.ndim != 1 or values.shape != (*truth.shape, len(level)):
        raise ValueError(f"quantiles {values.shape} are not outturn {truth.shape} by levels {level.shape}")
    short = truth[..., None] - values
    return _mean(np.maximum(level * short, (level - 1) * short))


def coverage(lower: npt.ArrayLike, upper: npt.ArrayLike, outturn: npt.ArrayLike) -> float:
    """Share of outturns inside the interval, bounds included [1]; an 80 % interval should cover 0.8.

    Source: Gneiting, Balabdaoui and Raftery, Probabilistic forecasts, calibration and sharpness, JRSS B 69 (2007).
    """
    above, below = _errors(outturn, lower), _errors(upper, outturn)
    inside = np.where(np.isnan(above + below), np.nan, (above >= 0) & (below >= 0))
    return _mean(inside)


def width(lower: npt.ArrayLike, upper: npt.ArrayLike) -> float:
    """Mean width of the interval [unit of the values]: the sharpness that goes with a coverage.

    Source: Gneiting, Balabdaoui and Raftery (2007).
    """
    return _mean(_errors(upper, lower))


def _errors(forecast: npt.ArrayLike, outturn: npt.ArrayLike) -> Floats:
    """First minus second, NaN where either is missing."""
    first, second = np.asarray(forecast, dtype=float), np.asarray(outturn, dtype=float)
    if first.shape != second.shape:
        raise ValueError(f"shapes differ: {first.shape} and {second.shape}")
    errors: Floats = first - second
    return errors


def _mean(values: Floats) -> float:
    """The mean of what exists; NaN, without a warning, if nothing does."""
    exists = ~np.isnan(values)
    return float(values[exists].mean()) if exists.any() else float("nan")
