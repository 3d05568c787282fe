"""The references every model is measured against: the official forecast and last week's same hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gridahead.features.scaling import Anchor, anchored
from gridahead.features.windows import Array, Windows
from gridahead.grid import quantity_of
from gridahead.models.base import Quantiles, within

ReferenceName = Literal["official", "naive"]
_ANCHOR: dict[ReferenceName, Anchor] = {"official": "reference", "naive": "week"}


@dataclass(frozen=True)
class ReferenceForecast:
    """A given point forecast with the spread of its own past errors around it.

    The median is the point forecast itself, uncorrected, so that its error is the one that its publisher answers for.
    """

    name: ReferenceName
    quantiles: tuple[float, ...]
    level: float
    """Mean of the target [MW], where nothing at all is known."""
    offsets: Array
    """(Q,) quantiles of the error, shifted so that the median is 0 [MW]."""

    @classmethod
    def fit(cls, name: ReferenceName, windows: Windows, quantiles: tuple[float, ...]) -> ReferenceForecast:
        """Learn the spread of the errors on training windows."""
        level = float(np.nanmean(windows.past[..., 0]))
        error = (windows.target - anchored(windows, _ANCHOR[name], level))[windows.delivery]
        offsets = np.nanquantile(error, quantiles) - np.nanmedian(error)
        return cls(name, quantiles, level, offsets.astype(np.float32))

    def predict(self, windows: Windows) -> Quantiles:
        """The point forecast and its error quantiles, (N, H, Q) [MW]."""
        point = anchored(windows, _ANCHOR[self.name], self.level)
        return within(point[..., None] + self.offsets, quantity_of(windows.spec.series.quantity).low)
