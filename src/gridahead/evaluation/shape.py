"""Scores of the shape of a day, as pure functions on arrays: its peak and its ramps.

Days are rows, (D, U), and units of the day columns; a day of 23 or 24 hours ends in NaN. A day counts where forecast
and outturn are there for the same units, because behind a gap there may have been the peak. Without such a day the
score is NaN.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def peak_hour_error(forecast: npt.ArrayLike, outturn: npt.ArrayLike) -> float:
    """Mean absolute error at the unit of the day's highest outturn [unit of the values].

    Args:
        forecast: (D, U)
        outturn: (D, U)

    Source: Shukla and Hong, BigDEAL Challenge 2022: forecasting peak timing of electricity demand, IET Smart Grid 7
        (2024), as are the other two scores of peaks.
    """
    ours, truth = _whole_days(forecast, outturn)
    at = _argmax(truth)
    return _mean(np.abs(_take(ours, at) - _take(truth, at)))


def daily_peak_error(forecast: npt.ArrayLike, outturn: npt.ArrayLike) -> float:
    """Mean absolute error of the highest value of a day, whenever it is [unit of the values].

    Args:
        forecast: (D, U)
        outturn: (D, U)

    Source: Shukla and Hong (2024).
    """
    ours, truth = _whole_days(forecast, outturn)
    return _mean(np.abs(_take(ours, _argmax(ours)) - _take(truth, _argmax(truth))))


def daily_peak_delay(forecast: npt.ArrayLike, outturn: npt.ArrayLike) -> float:
    """Mean absolute distance of the forecast's daily peak from the outturn's [units of the day].

    The first of equal values is the peak.

    Args:
        forecast: (D, U)
        outturn: (D, U)

    Source: Shukla and Hong (2024).
    """
    ours, truth = _whole_days(forecast, outturn)
    return _mean(np.abs(_argmax(ours) - _argmax(truth)).astype(float))


def ramp_error(forecast: npt.ArrayLike, outturn: npt.ArrayLike, units: int = 1) -> float:
    """Mean absolute error of the change over so many units, within a day [unit of the values].

    A forecast that is too high all day long makes none.

    Args:
        forecast: (D, U)
        outturn: (D, U)
        units: how far apart the two ends of a ramp are, such as 4 quarter hours.

    Source: Ferreira et al., A survey on wind power ramp forecasting, Argonne National Laboratory ANL/DIS-10-13 (2010),
        which defines a ramp by the difference between the ends of an interval.
    """
    ours, truth = _same_shape(forecast, outturn)
    return _mean(np.abs((ours[:, units:] - ours[:, :-units]) - (truth[:, units:] - truth[:, :-units])))


def _same_shape(forecast: npt.ArrayLike, outturn: npt.ArrayLike) -> tuple[Floats, Floats]:
    predicted, truth = np.asarray(forecast, dtype=float), np.asarray(outturn, dtype=float)
    if predicted.shape != truth.shape or predicted.ndim != 2:
        raise ValueError(f"forecast {predicted.shape} and outturn {truth.shape} are not days by units, (D, U)")
    return predicted, truth


def _whole_days(forecast: npt.ArrayLike, outturn: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Forecast and outturn of the days without a gap in either."""
    ours, truth = _same_shape(forecast, outturn)
    whole = np.all(np.isnan(ours) == np.isnan(truth), axis=1) & ~np.all(np.isnan(truth), axis=1)
    return ours[whole], truth[whole]


def _argmax(days: Floats) -> npt.NDArray[np.int64]:
    """The unit of the highest value of each day, (D,)."""
    return np.argmax(np.where(np.isnan(days), -np.inf, days), axis=1) if days.shape[1] else np.zeros(0, np.int64)


def _take(days: Floats, units: npt.NDArray[np.int64]) -> Floats:
    return np.take_along_axis(days, units[:, None], axis=1)[:, 0]


def _mean(values: Floats) -> float:
    exists = ~np.isnan(values)
    return float(values[exists].mean()) if exists.any() else float("nan")
