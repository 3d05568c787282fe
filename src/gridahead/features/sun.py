"""What a clear day would bring: solar power seen against the best day of the context at the same hour.

The clouds of yesterday say little of those of tomorrow, and a network that is shown single days learns them by heart.
The highest value of the same hour over the context is what the sun alone allows, as the plants are now, at that time of
the year; the official forecast as a share of it says how cloudy the day will be.
"""

from __future__ import annotations

import numpy as np

from gridahead.features.rows import mean_of_known, same_hours
from gridahead.features.windows import Array, Windows

SPANS_DAYS = (7, 14)
"""Over which values and errors at the same hour are averaged."""
AT_LEAST = 0.02
"""Of the highest value of the day: by dawn and dusk a share is a ratio of small numbers."""
MOST = 2.0
"""Shares above say nothing more."""


def under_the_sun(windows: Windows, values: Array) -> Array:
    """Clear-sky level, official forecast as a share of it, and means at the same hour, (N, H, ·).

    Args:
        windows: N of them.
        values: (N, C, V) of the context, scaled, the target first and the error of the official forecast last; NaN
            where not known.
    """
    spec, horizon = windows.spec, windows.target.shape[1]
    days = range(1, spec.context_days + 1)
    told = same_hours(values[..., [0, -1] if spec.use_reference else [0]], spec, days, horizon)
    columns = [np.fmax.reduce(told[..., :1], axis=0)]
    if spec.use_reference:
        brightest = np.nan_to_num(np.fmax.reduce(same_hours(windows.past[..., :1], spec, days, horizon), axis=0))
        floor = AT_LEAST * brightest.max(axis=1, keepdims=True) + np.float32(1e-6)
        columns.append(np.clip(windows.future[..., :1] / np.maximum(brightest, floor), 0, MOST))
    columns += [mean_of_known(told[:span], axis=0) for span in SPANS_DAYS]
    seen: Array = np.nan_to_num(np.concatenate(columns, axis=-1)).astype(np.float32)
    return seen
