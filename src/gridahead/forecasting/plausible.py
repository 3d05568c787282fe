"""Is a forecast plausible? What is not finite, or beyond what the series has ever shown, never leaves the house.

Nothing of it is set by hand: range and ramps are those of the series itself as known at the issue time, the distance
to the rungs below is measured in what those rungs have erred by themselves. The margins are wide. A forecast that is
merely bad passes; one of altered weights, of another unit or of an input that has gone mad does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridahead.core.grid import quantity_of
from gridahead.core.vintages import Floats, Instants
from gridahead.forecasting.history import History
from gridahead.forecasting.simple import Simple

MEDIAN_MARGIN = 0.5
"""Of the observed range lies the median beyond it at most: a cold spell, a new wind farm, the months since."""
BAND_MARGIN = 1.0
"""The same for the outermost quantiles."""
LEAST_MARGIN = 0.1
"""Of the largest observed value, where a series hardly varies."""
STEEPEST = 3.0
"""Times the steepest observed change from one unit to the next; medians are smoother than what they forecast."""
WIDEST = 1.0
"""Of the observed range is the mean width of the 80 % band at most: who has watched for a week knows as much."""
NARROWEST = 0.02
"""Of the narrowest band below, at least: a model that errs fifty times less than all others does not exist."""
FARTHEST = 4.0
"""Times the largest error of a rung below, over a day and of a season: a Christmas Day is 3 times the worst ordinary
day of last week's load. Whoever is as near to one of them is not far from all."""
ROUNDED = 1e-6
"""Of the largest value: single precision keeps seven digits."""
FEWEST_DAYS = 7
"""Of fewer days the range says little: only bounds that physics sets are looked at."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a series has shown, as known at an issue time."""

    low: float
    """The lowest value [MW]."""
    high: float
    """The highest [MW]."""
    steepest: float
    """The largest change from one unit to the next [MW]."""

    @classmethod
    def of(cls, history: History) -> Bounds | None:
        """The bounds of what is known; None where that is less than a week."""
        known = history.known
        if (~np.isnan(history.outturn)).any(axis=1).sum() < FEWEST_DAYS:
            return None
        steps = np.abs(np.diff(history.outturn.ravel()))
        steps = steps[~np.isnan(steps)]
        return cls(float(known.min()), float(known.max()), float(steps.max()) if len(steps) else np.inf)

    @property
    def range(self) -> float:
        """From the lowest to the highest, or what stands for it where the series hardly varies [MW]."""
        return max(self.high - self.low, LEAST_MARGIN * max(abs(self.low), abs(self.high)))


def implausible(
    quantiles: Floats | npt.NDArray[np.float32],
    levels: tuple[float, ...],
    valid_time: Instants,
    history: History,
    below: Mapping[str, Simple],
) -> str:
    """Why a forecast of a delivery day must not be published, in words; empty if nothing speaks against it.

    Args:
        quantiles: (H, Q) [MW].
        levels: Q of them.
        valid_time: (H,) the units that it is of.
        history: what is known of the series.
        below: the simple forecasts of the rungs below, by name, of the units of the history.
    """
    values = np.asarray(quantiles, dtype=float)
    if no_forecast := broken(values):
        return no_forecast
    median, width = values[:, levels.index(0.5)], values[:, -1] - values[:, 0]
    bounds = Bounds.of(history)
    found = [_outside_physics(values, history)]
    if bounds is not None:
        found += [_outside(values, median, bounds), _too_wide(values, levels, bounds)]
        found.append(_without_width(width, below, bounds))
        if np.isin(valid_time, history.valid_time).all():  # else its units may be longer than those of the history
            found.append(_too_steep(median, bounds))
    _, own, others = np.intersect1d(valid_time, history.valid_time, return_indices=True)
    found.append(_far_from_all(median[own], {name: one.point[others] for name, one in below.items()}, below))
    return next((one for one in found if one), "")


def broken(values: Floats) -> str:
    """Why values (H, Q) are no quantiles at all, in words; empty if they are."""
    if not np.isfinite(values).all():
        return f"{(~np.isfinite(values)).sum()} of {values.size} values are not finite"
    if (np.diff(values, axis=1) < -ROUNDED * np.abs(values).max()).any():
        return "its quantiles cross"
    return ""


def _outside_physics(values: Floats, history: History) -> str:
    quantity = quantity_of(history.series.quantity)
    if quantity.low is not None and values.min() < quantity.low:
        return f"{values.min():,.0f} is below {quantity.low:,.0f}"
    if quantity.high is not None and values.max() > quantity.high:
        return f"{values.max():,.0f} is more than any zone has"
    return ""


def _outside(values: Floats, median: Floats, bounds: Bounds) -> str:
    for shown, margin, name in ((median, MEDIAN_MARGIN, "median"), (values, BAND_MARGIN, "outer quantile")):
        low, high = bounds.low - margin * bounds.range, bounds.high + margin * bounds.range
        for value in (shown.min(), shown.max()):
            if not low <= value <= high:
                return f"{name} of {value:,.0f}, observed were {bounds.low:,.0f} to {bounds.high:,.0f}"
    return ""


def _too_steep(median: Floats, bounds: Bounds) -> str:
    steps = np.abs(np.diff(median))
    if len(steps) and steps.max() > STEEPEST * max(bounds.steepest, LEAST_MARGIN * bounds.range):
        return f"it changes by {steps.max():,.0f} in a unit, observed were {bounds.steepest:,.0f}"
    return ""


def _too_wide(values: Floats, levels: tuple[float, ...], bounds: Bounds) -> str:
    lower = int(np.argmin(np.abs(np.array(levels) - 0.1)))
    mean = float((values[:, len(levels) - 1 - lower] - values[:, lower]).mean())
    if mean > WIDEST * bounds.range:
        return f"its 80 % band is {mean:,.0f} wide, all that was observed is {bounds.range:,.0f}"
    return ""


def _without_width(width: Floats, below: Mapping[str, Simple], bounds: Bounds) -> str:
    bands = [float((one.quantiles[:, -1] - one.quantiles[:, 0]).mean()) for one in below.values()]
    if bands and width.mean() < NARROWEST * min(bands) and bounds.high > bounds.low:
        return f"its band is {width.mean():,.1f} wide, the narrowest below {min(bands):,.0f}"
    return ""


def _far_from_all(median: Floats, points: Mapping[str, Floats], below: Mapping[str, Simple]) -> str:
    """Whether it is far from each of the simple forecasts, in units of the largest error that each has made."""
    known = {name: point for name, point in points.items() if below[name].largest_error > 0 and len(point)}
    if not known:
        return ""
    distance = {name: float(np.abs(median - point).mean()) / below[name].largest_error for name, point in known.items()}
    name = min(distance, key=distance.__getitem__)
    if distance[name] <= FARTHEST:
        return ""
    return f"{distance[name]:,.0f} times as far from the forecast {name} as that has ever erred"
