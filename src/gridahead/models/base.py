"""What every model has in common: windows in, non-crossing quantiles out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from gridahead.features.sun import dark
from gridahead.features.windows import Windows
from gridahead.grid import quantity_of

Quantiles = npt.NDArray[np.float32]
"""(N, H, Q) [MW], rising along Q."""


class Forecaster(Protocol):
    """A fitted model."""

    @property
    def name(self) -> str:
        """Name in the settings, in forecasts and in scores."""
        ...

    @property
    def quantiles(self) -> tuple[float, ...]:
        """The levels along axis Q."""
        ...

    def predict(self, windows: Windows) -> Quantiles:
        """Quantiles of every unit of the horizon, (N, H, Q) [MW].

        Raises:
            ModelError: the windows are not what the model was trained on.
        """
        ...


def possible(values: Quantiles, windows: Windows) -> Quantiles:
    """The quantiles (N, H, Q) [MW] as physics allows them: no negative wind power, no solar power at night.

    NaN in padding, of which no model says anything.
    """
    low = quantity_of(windows.spec.series.quantity).low
    bounded = values if low is None else np.maximum(values, np.float32(low))
    lit = np.where(dark(windows)[..., None], np.float32(0), bounded)
    return np.where(windows.within[..., None], lit, np.float32(np.nan))


def predict_each(model: Forecaster, windows: Windows) -> Quantiles:
    """What a model says at each issue time alone, (N, H, Q) [MW]; NaN where a shorter day is padded.

    The one way from windows to a forecast, in operation as in every back-test, validation and benchmark. In a product
    of larger matrices the same sums are rounded in another order, so a forecast is computed from its own window only: a
    back-test says to the bit what operation says, and a single forecast can be made again.
    """
    answers = np.full((*windows.target.shape, len(model.quantiles)), np.nan, np.float32)
    for row in range(len(windows)):
        answer = model.predict(windows.alone(row))
        answers[row, : answer.shape[1]] = answer[0]
    return answers
