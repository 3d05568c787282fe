"""What a measure gives: figures in words a person understands, and the scale that a limit is in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridahead.quality.curves import Curve

Floats = npt.NDArray[np.float64]

LASTING = ".days"
"""How the name of a variant ends that is the mean of three days in a row."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """Figures of the units (T,) or days (D,) of a curve; NaN where there is nothing to say.

    `measured / scale` is the statistic. A limit learnt for the statistic, times the scale, is the limit in the unit of
    the figure, which is what a reason tells.
    """

    measured: Floats
    scale: Floats

    @property
    def statistic(self) -> Floats:
        """How many times its scale each figure is; NaN where there is no scale."""
        scale = np.broadcast_to(self.scale, self.measured.shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(scale > 0, self.measured / scale, np.nan))


Measure = Callable[[Curve], Mapping[str, Measurement]]
"""Gives one measurement a variant; each variant has a limit of its own, and a rule fails if one of them does."""


def one(measured: Floats, scale: Floats | float = 1.0) -> dict[str, Measurement]:
    """The only variant of a measure."""
    return {"": Measurement(measured, np.asarray(scale, dtype=float))}


SIZE = "size"
"""The variant that is judged by its size, on no scale of the hour."""


def by_both(measured: Floats, scale: Floats, broad: Floats | float = 1.0) -> dict[str, Measurement]:
    """A measure judged by what is usual at this hour, and by its size alone: a calm hour makes a breeze a storm.

    Args:
        measured: the figures.
        scale: what is usual at this hour.
        broad: what is usual in this season, or 1 for the unit of the series.
    """
    return {"": Measurement(measured, scale), SIZE: Measurement(measured, np.asarray(broad, dtype=float))}


SHEER = "sheer"
"""The variant that is judged by what the history has shown and not by how far its tail might reach: what a person sees
at once is no matter of once in a hundred years."""
