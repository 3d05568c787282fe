"""Prices on a scale on which spikes are not all that counts: the inverse hyperbolic sine of their distance to a median.

Around its median a price stays nearly what it is, far from it a price ten times as high is a step of 2.3: one winter
night of 800 USD/MWh no longer bends a regression for years, and negative prices need no care. Quantiles are the same on
either scale. On the years before the test years of three markets (Germany, Nord Pool, PJM; see benchmark epf) the
linear anchor has an MAE of 3.70, 1.53 and 2.47 on it, and 3.99, 1.59 and 4.19 without, LightGBM upon it 3.53, 1.47 and
2.41 instead of 3.64, 1.52 and 3.64.

Source: Uniejewski, Weron and Ziel, Variance stabilizing transformations for electricity spot price forecasting, IEEE
Transactions on Power Systems 33 (2018).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gridahead.core.grid import PRICE
from gridahead.features.windows import Array, Windows

WIDTHS = 2.0
"""Robust standard deviations up to which the scale is nearly straight. In the same three years the linear anchor has
3.99, 1.55 and 2.44 with 1, and 3.75, 1.54 and 2.75 with 4."""
ROBUST = 1.4826
"""Median absolute deviations in a standard deviation of a normal distribution."""
FARTHEST = 1.0
"""How far beyond the most extreme value learnt an answer may go on the new scale: to e times as high a price."""


@dataclass(frozen=True, slots=True)
class Stabilised:
    """A scale on which prices are learnt and answered."""

    centre: float
    """Median of the target [its unit]."""
    width: float
    """Around which the scale is straight [the same]."""
    reach: float
    """The most extreme answer on the new scale."""

    @classmethod
    def fit(cls, windows: Windows) -> Stabilised | None:
        """Learn from training windows; None for what is no price, or never changes."""
        if windows.spec.series.quantity != PRICE:
            return None
        known = windows.target_past[~np.isnan(windows.target_past)].astype(np.float64)
        if len(known) == 0:
            return None
        centre = float(np.median(known))
        width = WIDTHS * ROBUST * float(np.median(np.abs(known - centre)))
        if width == 0:
            return None
        return cls(centre, width, float(np.arcsinh(np.abs(known - centre).max() / width)) + FARTHEST)

    def of(self, windows: Windows) -> Windows:
        """The same windows, the price and its forecasts among the inputs on the new scale."""
        spec = windows.spec
        past, future = windows.past.copy(), windows.future.copy()
        for series in filter(spec.has_scale_of_target, spec.inputs):
            for values, columns in ((past, spec.past_columns(series)), (future, spec.future_columns(series)[:1])):
                values[..., columns] = self.there(values[..., columns])
        if spec.use_official:  # what it is corrected by is a difference on either scale
            future[..., -1] = self.there(windows.corrected_ahead) - self.there(windows.official_ahead)
        return replace(windows, past=past, future=future, target=self.there(windows.target))

    def there(self, values: Array) -> Array:
        """Values on the new scale."""
        there: Array = np.arcsinh((values - np.float32(self.centre)) / np.float32(self.width))
        return there

    def back(self, values: Array) -> Array:
        """Values on the scale that they were read on."""
        nearer = np.clip(values, -self.reach, self.reach)
        back: Array = np.sinh(nearer) * np.float32(self.width) + np.float32(self.centre)
        return back
