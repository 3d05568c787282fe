"""An expert of experts: the outturn regressed on what the others say, hour by hour, corrected after every day.

A weighted mean of experts lies between them; where all are too low, it is too low. A regression on their differences
and on their level need not be. It begins as their plain mean, and Kalman's filter moves the coefficients of an hour by
every error of it, as far as that is more than noise. They are taken as constant: coefficients that may walk from day to
day had larger errors on fourteen series of 2016 to 2023.

Source: de Vilmarest and Goude (2021), "State-space models for online post-COVID electricity load forecasting
competition"; the filter: Kalman (1960), "A new approach to linear filtering and prediction problems".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

UNSURE = 0.1
"""Variance of every coefficient to begin with, in that of an error. Of 0.03 to 1 none is better by 0.1 % CRPS."""


@dataclass(frozen=True)
class KalmanRegression:
    """What a regression of U units of the day on K forecasts has learnt; it has K + 2 coefficients a unit."""

    centre: float
    """[MW] the level from which that of the forecasts is counted."""
    scales: Numbers
    """(K + 2,) [MW] what each regressor is counted in."""
    coefficients: Numbers
    """(U, K + 2) [MW] of one, of each forecast's difference to their mean, and of the mean's level."""
    covariance: Numbers
    """(U, K + 2, K + 2) how unsure these are, in the variance of an error."""

    @classmethod
    def begun(cls, says: Numbers) -> Self:
        """The plain mean of forecasts (K, N, U) [MW] by unit of the day, counted in their own scales."""
        mean = says.mean(axis=0)
        known = ~np.isnan(mean)
        centre = float(mean[known].mean()) if known.any() else 0.0
        scales = np.array([1.0, *(_spread((one - mean)[known]) for one in says), _spread(mean[known])])
        units, count = mean.shape[1], len(scales)
        covariance = np.broadcast_to(UNSURE * np.eye(count), (units, count, count)).copy()
        return cls(centre, scales, np.zeros((units, count)), covariance)

    def followed(self, says: Numbers, outturn: Numbers, lag: int) -> tuple[Numbers, Self]:
        """What it says of days in order, each by the outturns known for it, and what it has learnt when all are known.

        Args:
            says: (K, N, U) [MW] by unit of the day; where one says nothing there is no answer.
            outturn: (N, U) [MW], NaN where it is not known or does not count.
            lag: days from one whose outturn is known to the one that is forecast.

        Returns:
            (N, U) [MW] and the regression to go on with.
        """
        mean, regressors = self._regressors(says)
        learnt, answers = self, np.full(outturn.shape, np.nan)
        off = outturn - mean
        for day in range(len(outturn) + lag):
            if 0 <= (known := day - lag) < len(outturn):
                learnt = learnt.corrected(regressors[known], off[known])
            if day < len(outturn):
                answers[day] = mean[day] + (learnt.coefficients * regressors[day]).sum(axis=-1)
        return answers, learnt

    def corrected(self, regressors: Numbers, off: Numbers) -> Self:
        """The same after a day.

        Args:
            regressors: (U, K + 2) of the day, in their scales.
            off: (U,) [MW] the outturn less the mean; NaN where it is not known, which teaches nothing.
        """
        known = ~np.isnan(off) & ~np.isnan(regressors).any(axis=-1)
        seen, off = np.where(known[:, None], regressors, 0.0), np.where(known, off, 0.0)
        gain = (self.covariance * seen[:, None, :]).sum(axis=-1)
        variance = (gain * seen).sum(axis=-1) + 1.0
        missed = off - (self.coefficients * seen).sum(axis=-1)
        return replace(
            self,
            coefficients=self.coefficients + gain * (missed / variance)[:, None],
            covariance=self.covariance - gain[:, :, None] * gain[:, None, :] / variance[:, None, None],
        )

    def _regressors(self, says: Numbers) -> tuple[Numbers, Numbers]:
        """The plain mean (N, U) [MW] and the regressors (N, U, K + 2)."""
        mean = says.mean(axis=0)
        each = [np.ones_like(mean), *(one - mean for one in says), mean - self.centre]
        return mean, np.stack(each, axis=-1) / self.scales

    def to_dict(self) -> dict[str, Any]:
        """For a file."""
        arrays = {name: getattr(self, name).tolist() for name in ("scales", "coefficients", "covariance")}
        return {"centre": self.centre, **arrays}

    @classmethod
    def from_dict(cls, about: Mapping[str, Any]) -> Self:
        """From a file."""
        return cls(about["centre"], *(np.array(about[name]) for name in ("scales", "coefficients", "covariance")))


def by_unit(values: npt.NDArray[Any], delivery: Mask, units: int) -> Numbers:
    """Values (…, N, H) of the delivery days alone, (…, N, U) from their first unit on; NaN where a day is shorter.

    Of a longer one the last hour is left out.
    """
    found = np.full((*values.shape[:-1], units), np.nan)
    row, step, place = _places(delivery, units)
    found[..., row, place] = values[..., row, step]
    return found


def by_step(values: Numbers, delivery: Mask) -> Numbers:
    """The inverse: values (N, U) in their places of the horizons, (N, H); NaN beside the delivery days."""
    found = np.full(delivery.shape, np.nan)
    row, step, place = _places(delivery, values.shape[1])
    found[row, step] = values[row, place]
    return found


def _places(delivery: Mask, units: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    row, step = np.nonzero(delivery)
    place = (np.cumsum(delivery, axis=1) - 1)[row, step]
    kept = place < units
    return row[kept], step[kept], place[kept]


def _spread(values: Numbers) -> float:
    """The standard deviation, 1 where there is none to count in."""
    spread = float(values.std()) if values.size else 0.0
    return spread if spread > 0 else 1.0
