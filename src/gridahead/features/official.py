"""The official forecast with its own quantiles, where its publisher gives them.

They are covariates that are named after the series: `solar_p10` and `solar_p90` beside `solar` and its official
forecast.
"""

from __future__ import annotations

import re

import numpy as np

from gridahead.features.normal import between, normal_scores
from gridahead.features.windows import Array, Windows, WindowSpec
from gridahead.grid import quantity_of


def official_columns(spec: WindowSpec) -> dict[float, int]:
    """The published levels but for the median, and where each stands among `spec.ahead`; none without a forecast."""
    if not spec.use_reference:
        return {}
    named = [re.fullmatch(rf"{re.escape(str(spec.series))}_p(\d\d)", str(one)) for one in spec.ahead]
    levels = {int(name[1]) / 100: column for column, name in enumerate(named) if name}
    return {level: column for level, column in levels.items() if level not in (0, 0.5)}


def official_quantiles(windows: Windows, levels: tuple[float, ...]) -> Array | None:
    """What the publisher says of any levels, (N, H, Q) [MW], rising along Q; None where it gives no quantiles.

    The forecast is the median. Other levels are drawn through the published ones on a straight line between each two,
    and beyond the last, over the quantiles of the standard normal distribution, as far as physics allows. NaN where the
    forecast or one of its quantiles is not known.

    Args:
        windows: N of them.
        levels: Q of them, rising.
    """
    columns = official_columns(windows.spec)
    if not columns:
        return None
    below, above = (sorted(level for level in columns if (level < 0.5) is low) for low in (True, False))
    forecast = windows.future[..., :1]
    told = [
        np.minimum(np.sort(windows.future[..., [columns[level] for level in below]], axis=-1), forecast),
        forecast,
        np.maximum(np.sort(windows.future[..., [columns[level] for level in above]], axis=-1), forecast),
    ]
    drawn = np.concatenate(told, axis=-1) @ between(normal_scores((*below, 0.5, *above)), normal_scores(levels)).T
    low = quantity_of(windows.spec.series.quantity).low
    possible = drawn if low is None else np.maximum(drawn, low)
    return np.maximum.accumulate(possible, axis=-1).astype(np.float32)
