"""Scores as pure functions on arrays.

A pair counts when both the forecast and the outturn exist; NaN marks what does not. Without a pair the score is NaN.
Errors are forecast minus outturn, so a positive bias is a forecast that is too high. Shares are fractions, not percent.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridahead.core.quantiles import pinball_losses

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
    return _mean(_pinballs(quantiles, levels, outturn))


def crps(quantiles: npt.ArrayLike, levels: npt.ArrayLike, outturn: npt.ArrayLike) -> float:
    """Continuous ranked probability score from quantiles, mean over times [unit of the values].

    It is 2 ∫ PB(q) dq over levels from 0 to 1, with PB the pinball loss, by the midpoint rule: every level stands for
    the levels that are nearer to it than to any other, so that Σ 2 w_q PB_q has weights that add up to 1. With the
    median alone it is the mean absolute error, which is why the two are compared. Where the levels are (k − ½)/Q, all
    weights are 1/Q and it is twice `pinball`.

    Args:
        quantiles: (..., Q) along rising levels.
        levels: (Q,), rising, each between 0 and 1.
        outturn: (...,)

    Source: Laio and Tamea, Verification tools for probabilistic forecasts of continuous hydrological variables, HESS 11
        (2007); Gneiting and Ranjan, Comparing density forecasts using threshold- and quantile-weighted scoring rules,
        JBES 29 (2011).

    Raises:
        ValueError: the shapes do not fit, or the levels do not rise.
    """
    return _mean(crps_of_each(quantiles, levels, outturn))


def crps_of_each(quantiles: npt.ArrayLike, levels: npt.ArrayLike, outturn: npt.ArrayLike) -> Floats:
    """The continuous ranked probability score of every time, (...), as for `crps`."""
    return 2 * _pinballs(quantiles, levels, outturn) @ level_weights(levels)


def level_weights(levels: npt.ArrayLike) -> Floats:
    """The share of all levels that each one stands for, (Q,) adding up to 1: up to half-way to its neighbours.

    Raises:
        ValueError: the levels do not rise from above 0 to below 1.
    """
    level = np.asarray(levels, dtype=float)
    if level.ndim != 1 or np.any(np.diff(level) <= 0) or np.any((level <= 0) | (level >= 1)):
        raise ValueError(f"levels {level} do not rise from above 0 to below 1")
    return np.diff(np.concatenate([[0.0], (level[1:] + level[:-1]) / 2, [1.0]]))


def inside(lower: npt.ArrayLike, upper: npt.ArrayLike, outturn: npt.ArrayLike) -> Floats:
    """Whether each outturn is inside its interval, (...): 1, or 0, or a half on a bound; NaN where there is no width.

    A series may have a point mass, as solar power has at night: there the interval is a point that the outturn cannot
    miss, and says nothing of calibration. Where the mass is one end of the interval, as at dawn, a tie counts half, as
    it would on average if ties were broken by chance.

    Source: Czado, Gneiting and Held, Predictive model assessment for count data, Biometrics 65 (2009), section 2.
    """
    above, below = _errors(outturn, lower), _errors(upper, outturn)
    counted: Floats = np.where(above + below > 0, _sign_share(above) * _sign_share(below), np.nan)
    return counted


def coverage(lower: npt.ArrayLike, upper: npt.ArrayLike, outturn: npt.ArrayLike) -> float:
    """Share of outturns inside the interval [1], as `inside` counts them; an 80 % interval should cover 0.8.

    Source: Gneiting, Balabdaoui and Raftery, Probabilistic forecasts, calibration and sharpness, JRSS B 69 (2007).
    """
    return _mean(inside(lower, upper, outturn))


def width(lower: npt.ArrayLike, upper: npt.ArrayLike) -> float:
    """Mean width of the interval [unit of the values]: the sharpness that goes with a coverage.

    Source: Gneiting, Balabdaoui and Raftery (2007).
    """
    return _mean(_errors(upper, lower))


def interval_score(lower: npt.ArrayLike, upper: npt.ArrayLike, outturn: npt.ArrayLike, share: float) -> float:
    """Width of a central interval plus what outturns outside it cost, mean over times [unit of the values].

    Args:
        lower: (...,) the quantile of level (1 − share) / 2.
        upper: (...,) the quantile of level (1 + share) / 2.
        outturn: (...,)
        share: what the interval promises to cover, such as 0.8; a miss costs 2 / (1 − share) times its distance.

    Source: Winkler, A decision-theoretic approach to interval estimation, JASA 67 (1972); Gneiting and Raftery (2007),
        equation 43.

    Raises:
        ValueError: the shapes differ, or the share is not between 0 and 1.
    """
    if not 0 < share < 1:
        raise ValueError(f"an interval cannot promise to cover {share}; a share is between 0 and 1")
    misses = np.maximum(_errors(lower, outturn), 0) + np.maximum(_errors(outturn, upper), 0)
    return _mean(_errors(upper, lower) + 2 / (1 - share) * misses)


def jump(now: npt.ArrayLike, before: npt.ArrayLike) -> float:
    """Mean absolute change of what is forecast of the same time, from one issue to the next [unit of the values].

    A forecast is to change as much as news ask for: where it jumps by more than it errs by afterwards, it jumps to and
    fro. It says nothing of accuracy, and a forecast that never changes has none.

    Args:
        now: (...,) what an issue says of some times.
        before: (...,) what the issue before it has said of them.

    Source: Zsoter, Buizza and Richardson, "Jumpiness" of the ECMWF and Met Office EPS control and ensemble-mean
        forecasts, Monthly Weather Review 137 (2009); Van Belle, Crevits and Verbeke, Improving forecast stability using
        deep learning, International Journal of Forecasting 39 (2023).
    """
    return _mean(np.abs(_errors(now, before)))


def reliability(quantiles: npt.ArrayLike, levels: npt.ArrayLike, outturn: npt.ArrayLike) -> Floats:
    """Share of outturns below each quantile, (Q,) [1]; of a calibrated forecast it is the level.

    A tie counts half, and times at which the levels nearest to 0.1 and 0.9 are equal do not count, as in `inside`.

    Args:
        quantiles: (..., Q)
        levels: (Q,)
        outturn: (...,)

    Source: Gneiting, Balabdaoui and Raftery (2007), section 3.

    Raises:
        ValueError: the shapes do not fit.
    """
    short, level = _shortfalls(quantiles, levels, outturn), np.asarray(levels, dtype=float)
    low, high = (int(np.argmin(np.abs(level - outer))) for outer in (0.1, 0.9))
    wide = (short[..., low] > short[..., high]) if low != high else np.ones(short.shape[:-1], bool)
    below = np.where(wide[..., None], _sign_share(-short), np.nan)
    return np.array([_mean(below[..., number]) for number in range(below.shape[-1])])


def mase(forecast: npt.ArrayLike, outturn: npt.ArrayLike, scale: float) -> float:
    """Mean absolute scaled error [1]: below 1 where it is better than the naive forecast was on the training days.

    Args:
        forecast: (...,)
        outturn: (...,)
        scale: `naive_scale` of the outturn that the model has learnt from, in the unit of the values.

    Source: Hyndman and Koehler, Another look at measures of forecast accuracy, International Journal of Forecasting 22
        (2006).
    """
    return mae(forecast, outturn) / scale if scale > 0 else float("nan")


def naive_scale(history: npt.ArrayLike, season: int) -> float:
    """Mean absolute difference to the value one season before [unit of the values].

    Args:
        history: (T,) training values, evenly spaced; NaN where there is none.
        season: how many units a season has, such as 168 for a week of hours.

    Source: Hyndman and Koehler (2006).
    """
    values = np.asarray(history, dtype=float)
    return mae(values[season:], values[: len(values) - season]) if len(values) > season else float("nan")


def skill(loss: float, reference: float) -> float:
    """What share of the reference's loss is saved [1]: 0 as good, 1 perfect, negative worse; NaN without a loss.

    Source: Murphy, Skill scores based on the mean square error, Monthly Weather Review 116 (1988).
    """
    return 1 - loss / reference if reference > 0 else float("nan")


def _pinballs(quantiles: npt.ArrayLike, levels: npt.ArrayLike, outturn: npt.ArrayLike) -> Floats:
    """The pinball loss of every time and level, (..., Q)."""
    return pinball_losses(_shortfalls(quantiles, levels, outturn), levels)


def _shortfalls(quantiles: npt.ArrayLike, levels: npt.ArrayLike, outturn: npt.ArrayLike) -> Floats:
    """Outturn minus quantile, (..., Q)."""
    values, level, truth = (np.asarray(each, dtype=float) for each in (quantiles, levels, outturn))
    if level.ndim != 1 or values.shape != (*truth.shape, len(level)):
        raise ValueError(f"quantiles {values.shape} are not outturn {truth.shape} by levels {level.shape}")
    short: Floats = truth[..., None] - values
    return short


def _sign_share(difference: Floats) -> Floats:
    """1 where it is positive, a half where it is 0, 0 where it is negative, NaN where it is missing."""
    share: Floats = (np.sign(difference) + 1) / 2
    return share


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
