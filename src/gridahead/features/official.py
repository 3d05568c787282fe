"""The official forecast with its own quantiles, where its publisher gives them.

They are covariates that are named after the series: `solar_p10` and `solar_p90` beside `solar` and its official
forecast.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from gridahead.core.grid import Series, quantity_of
from gridahead.features.normal import between, normal_scores
from gridahead.features.windows import Array, Windows, WindowSpec


def official_levels(spec: WindowSpec) -> dict[float, Series]:
    """The published levels but for the median, and the input that is each; none without an official forecast."""
    if not spec.use_official:
        return {}
    named = {series: re.fullmatch(rf"{re.escape(str(spec.series))}_p(\d\d)", str(series)) for series in spec.ahead}
    levels = {int(name[1]) / 100: series for series, name in named.items() if name}
    return {level: series for level, series in levels.items() if level not in (0, 0.5)}


def official_quantiles(windows: Windows, levels: tuple[float, ...]) -> Array | None:
    """The publisher's own forecast at any levels, (N, H, Q) [MW], rising along Q; None where it gives no quantiles.

    The forecast is the median. Other levels are drawn through the published ones on a straight line between each two,
    and beyond the last, over the quantiles of the standard normal distribution, as far as physics allows. NaN where the
    forecast or one of its quantiles is not known.

    Args:
        windows: N of them.
        levels: Q of them, rising.
    """
    published = official_levels(windows.spec)
    if not published:
        return None
    below, above = (sorted(level for level in published if (level < 0.5) is low) for low in (True, False))
    lower, upper = (_rising(windows, [published[level] for level in side]) for side in (below, above))
    forecast = windows.official_ahead[..., None]
    known = np.concatenate([np.minimum(lower, forecast), forecast, np.maximum(upper, forecast)], axis=-1)
    drawn = known @ between(normal_scores((*below, 0.5, *above)), normal_scores(levels)).T
    low = quantity_of(windows.spec.series.quantity).low
    possible = drawn if low is None else np.maximum(drawn, low)
    return np.maximum.accumulate(possible, axis=-1).astype(np.float32)


def _rising(windows: Windows, published: Sequence[Series]) -> Array:
    """Some published quantiles, (N, H, ·) [MW]; where they cross they are sorted."""
    values = [windows.input_ahead(series) for series in published]
    return np.sort(np.stack(values, axis=-1), axis=-1) if values else windows.future[..., :0]
