"""The error of the newest hours: what a forecast that is made again in the course of the day knows more.

When the morning was higher than the official forecast, so will noon be, and in the evening that is mostly forgotten. A
network that is issued once a day has little of it; one that serves every hour lives on it.
"""

from __future__ import annotations

import numpy as np

from gridahead.features.rows import mean_of_known
from gridahead.features.windows import Array, Windows

NEWEST_HOURS = (3, 24)
"""The mean error of the last hours that are known, and of a day."""
FORGOTTEN_HOURS = (3.0, 12.0)
"""After so many hours a third of the newest error is left: of German load it is between the two."""
_WEEK_DAYS = 7


def newest_error(windows: Windows, past: Array) -> Array:
    """For each unit of the horizon what may be left of the newest errors, (N, H, 4), 0 where none is known.

    It is the error of the official forecast or, without one, the difference to the same hour of last week.

    Args:
        windows: N of them.
        past: (N, C, ·) their scaled past, NaN where not known; last the error of the official forecast, if read.
    """
    spec = windows.spec
    week = _WEEK_DAYS * spec.steps_per_day
    error = past[..., -1] if spec.use_official else past[..., 0].copy()
    if not spec.use_official:
        error[:, week:] -= past[:, :-week, 0]
        error[:, :week] = np.nan
    known = ~np.isnan(error)
    age = np.where(known.any(axis=1), known[:, ::-1].argmax(axis=1), known.shape[1])
    means = [_mean_of_newest(error, age, hours * spec.mtu.per_hour) for hours in NEWEST_HOURS]
    lead = (np.arange(windows.target.shape[1]) + age[:, None]) / spec.mtu.per_hour
    left = [means[0][:, None] * np.exp(-lead / hours) for hours in FORGOTTEN_HOURS]
    same = [np.broadcast_to(mean[:, None], lead.shape) for mean in means]
    return np.stack([*left, *same], axis=-1).astype(np.float32)


def _mean_of_newest(error: Array, age: np.ndarray[tuple[int, ...], np.dtype[np.int64]], units: int) -> Array:
    """The mean of so many units up to the newest that is known, (N,)."""
    at = error.shape[1] - 1 - age[:, None] - np.arange(units)
    values = np.take_along_axis(error, np.maximum(at, 0), axis=1)
    return np.nan_to_num(mean_of_known(np.where(at >= 0, values, np.float32(np.nan)), axis=1))
