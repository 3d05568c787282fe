"""Means and spreads: in which unit a network reads each input, and the level and spread that a window has of its own.

Moments are learnt on the training windows only. How they are used is the normalisation:

- *series*: one level and spread for all windows.
- *instance*: those of the window's own last week, so that a level never seen before is nothing new.
- *capacity*: those of all windows, times the installed capacity of the day relative to theirs. Plants are built all the
  time, and where their capacity is known this does for wind and solar power what a window's own week cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.features.rows import mean_of_known
from gridahead.features.windows import Array, Windows, WindowSpec
from gridahead.settings.networks import Normalise

LEAST_SPREAD = 0.1
"""Of a window's last week, relative to the series: a week without change must not blow up noise to a signal."""
CONSTANT = 1e-3
"""Of its mean; a covariate that varies less was the same all along, as a capacity in a year without new plants."""
UNIT_OF_CONSTANT = 0.1
"""Of its mean: in such units it changes later, and not in those of a spread that was nothing."""
FURTHEST = 5.0
"""Spreads from its mean; what a covariate says beyond has never been learnt."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Level and spread of the target, and of every covariate."""

    level: float
    """Mean of the target [MW]."""
    spread: float
    """Standard deviation of the target [MW]."""
    error_spread: float
    """Standard deviation of target − official forecast [MW]; 1 without one."""
    covariates: dict[str, tuple[float, float]]
    """Mean and standard deviation of every covariate, in its own unit."""
    normalise: Normalise = "series"

    @classmethod
    def fit(cls, windows: Windows, normalise: Normalise = "series") -> Moments:
        """Learn from training windows.

        Raises:
            ModelError: they are to be normalised by a capacity that is not read.
        """
        spec, target = windows.spec, windows.target_past
        if normalise == "capacity" and spec.series.capacity not in spec.inputs:
            raise ModelError(
                str(spec.series),
                f"cannot be normalised by its capacity: {spec.series.capacity} is not among its inputs; "
                'bring it as a covariate that is known ahead, or choose normalise = "series"',
            )
        level, spread = moments(target)
        error_spread = moments(target - windows.official_past)[1] if spec.use_official else 1.0
        covariates = {
            str(series): _of_covariate(windows.input_past(series))
            for series in spec.inputs
            if not spec.has_scale_of_target(series)
        }
        return cls(level, spread, error_spread, covariates, normalise)

    def frame(self, windows: Windows) -> tuple[Array, Array]:
        """The level of the target [MW], and its spread relative to that of the series, each (N or 1, 1)."""
        if self.normalise == "series":
            return np.full((1, 1), self.level, np.float32), np.ones((1, 1), np.float32)
        if self.normalise == "capacity":
            grown = self._growth(windows)
            return np.float32(self.level) * grown, grown
        week = windows.target_past[:, -7 * windows.spec.steps_per_day :]
        centre = mean_of_known(week, axis=1)[:, None]
        spread = np.sqrt(mean_of_known((week - centre) ** 2, axis=1))[:, None]
        centre = np.where(np.isnan(centre), np.float32(self.level), centre)
        relative = np.maximum(np.where(np.isnan(spread), self.spread, spread) / self.spread, LEAST_SPREAD)
        return centre, relative.astype(np.float32)

    def scaled_past(self, windows: Windows) -> Array:
        """(N, C, I + 1): every input in its own scale, and last the error of the official forecast if that is read."""
        spec, frame = windows.spec, self.frame(windows)
        scaled = np.empty((*windows.past.shape[:2], len(spec.inputs) + spec.use_official), np.float32)
        for column, series in enumerate(spec.inputs):
            scaled[..., column] = self._scaled(spec, series, windows.input_past(series), frame)
        if spec.use_official:
            scaled[..., -1] = (windows.target_past - windows.official_past) / (self.error_spread * frame[1])
        return scaled

    def scaled_ahead(self, windows: Windows) -> Array:
        """(N, H, A): what is read ahead, each in its own scale."""
        scaled, frame = np.empty(windows.inputs_ahead.shape, np.float32), self.frame(windows)
        for column, series in enumerate(windows.spec.ahead):
            scaled[..., column] = self._scaled(windows.spec, series, windows.input_ahead(series), frame)
        return scaled

    def scaled_correction(self, windows: Windows) -> Array:
        """(N, H, 1): what the official forecast has been off by of late, in units of its error."""
        correction = windows.corrected_ahead - windows.official_ahead
        return (correction / (self.error_spread * self.frame(windows)[1]))[..., None].astype(np.float32)

    def divides_all(self, spec: WindowSpec, series: Series) -> bool:
        """Whether an input is the capacity by which all else is divided."""
        return self.normalise == "capacity" and series == spec.series.capacity

    def _scaled(self, spec: WindowSpec, series: Series, values: Array, frame: tuple[Array, Array]) -> Array:
        if str(series) in self.covariates:
            mean, spread = self.covariates[str(series)]
            if self.divides_all(spec, series):
                values = values / frame[1]  # what is left is how it changed
            near: Array = np.clip((values - mean) / spread, -FURTHEST, FURTHEST)
            return near
        centre, relative = frame
        return (values - centre) / (self.spread * relative)

    def _growth(self, windows: Windows) -> Array:
        """The capacity in the last day of each context relative to that of all windows learnt, (N, 1)."""
        capacity = windows.spec.series.capacity
        newest = windows.input_past(capacity)[:, -windows.spec.steps_per_day :]
        grown = mean_of_known(newest, axis=1)[:, None] / np.float32(self.covariates[str(capacity)][0])
        return np.where(np.isnan(grown), np.float32(1), grown)


def moments(values: npt.NDArray[Any]) -> tuple[float, float]:
    """Mean and standard deviation of what is there; a constant has the spread 1."""
    present = values[~np.isnan(values)].astype(np.float64)
    if len(present) == 0:
        return 0.0, 1.0
    mean, spread = float(present.mean()), float(present.std())
    return mean, spread if spread > 1e-6 * max(1e-6, abs(mean)) else 1.0


def _of_covariate(values: npt.NDArray[Any]) -> tuple[float, float]:
    """The moments of a covariate; of one that was constant the spread is a tenth of its mean."""
    mean, spread = moments(values)
    is_constant = (mean != 0 and spread < CONSTANT * abs(mean)) or bool((values[~np.isnan(values)] == mean).all())
    return mean, max(UNIT_OF_CONSTANT * abs(mean), CONSTANT) if is_constant else spread
