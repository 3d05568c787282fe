"""What a measure gives: figures in a unit that a person understands, and the scale that a limit is in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridahead.quality.curves import Curve
from gridahead.settings.quality_rules import RULE_BY_NAME

Floats = npt.NDArray[np.float64]

LASTING = ".days"
"""How the name of a variant ends that is the mean of three days in a row."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """Figures of the units (T,) or days (D,) of a curve; NaN where the measure does not apply.

    `measured / scale` is the statistic. A limit learnt for the statistic, times the scale, is the limit in the unit of
    the figure, which is what a reason gives.
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

MEASURES: dict[str, Measure] = {}
"""By the name of the rule."""


def measures(rule: str) -> Callable[[Measure], Measure]:
    """Make a function the measure of a rule that is declared in `settings.quality_rules`."""

    def register(measure: Measure) -> Measure:
        MEASURES[RULE_BY_NAME[rule].name] = measure
        return measure

    return register


def only_variant(measured: Floats, scale: Floats | float = 1.0) -> dict[str, Measurement]:
    """The only variant of a measure."""
    return {"": Measurement(measured, np.asarray(scale, dtype=float))}


SIZE = "size"
"""The variant that is compared by its size, on no scale of the hour."""


def by_both(measured: Floats, scale: Floats, broad: Floats | float = 1.0) -> dict[str, Measurement]:
    """A figure compared with what is usual at this hour, and by its size alone: a calm hour makes a breeze a storm.

    Args:
        measured: the figures.
        scale: what is usual at this hour.
        broad: what is usual in this season, or 1 for the unit of the series.
    """
    return {"": Measurement(measured, scale), SIZE: Measurement(measured, np.asarray(broad, dtype=float))}


SHEER = "sheer"
"""The variant that is compared with what the history has shown and not with how far its tail might reach: what a person
sees at once is no matter of once in a hundred years."""
