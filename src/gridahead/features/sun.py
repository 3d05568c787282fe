"""What a clear day would bring: solar power seen against the best day of the context at the same hour.

The clouds of yesterday say little of those of tomorrow, and a network that is shown single days learns them by heart.
The highest value of the same hour over the context is what the sun alone allows, as the plants are now, at that time of
the year; the official forecast as a share of it says how cloudy the day will be.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridahead.core.grid import SUN_DRIVEN
from gridahead.core.vintages import MICROSECONDS_A_DAY, Instants
from gridahead.features.calendar import DAYS_A_YEAR, waves
from gridahead.features.rows import mean_of_known, same_hours
from gridahead.features.windows import Array, Windows

YEAR_WAVES, DAY_WAVES = 2, 3
SPANS_DAYS = (7, 14)
"""Over which values and errors at the same hour are averaged."""
AT_LEAST = 0.02
"""Of the highest value of the day: by dawn and dusk a share is a ratio of small numbers."""
MOST = 2.0
"""Shares above carry no information."""


def sun_clock(instants: Instants) -> Array:
    """The season and the time of day by the sun, (N, H, 10), of instants (N, H).

    That is all that the sun knows of the calendar: no weekdays, no holidays, no clocks that are changed. On Belgian
    solar power of 2023 what else the calendar says cost a small network 2.5 % of its pinball loss.
    """
    days = instants.ravel() / MICROSECONDS_A_DAY
    columns = [waves(days / DAYS_A_YEAR % 1, YEAR_WAVES), waves(days % 1, DAY_WAVES)]
    return np.concatenate(columns, axis=-1).reshape(*instants.shape, -1)


def under_the_sun(windows: Windows, values: Array) -> Array:
    """Clear-sky level, official forecast as a share of it, and means at the same hour, (N, H, ·).

    Args:
        windows: N of them.
        values: (N, C, V) of the context, scaled, the target first and the error of the official forecast last; NaN
            where not known.
    """
    spec, horizon = windows.spec, windows.target.shape[1]
    days = range(1, spec.context_days + 1)
    same_hour_before = same_hours(values[..., [0, -1] if spec.use_official else [0]], spec, days, horizon)
    columns = [np.fmax.reduce(same_hour_before[..., :1], axis=0)]
    if spec.use_official:
        brightest = np.where(windows.within, np.nan_to_num(_brightest(windows)), 0)[..., None]
        floor = AT_LEAST * brightest.max(axis=1, keepdims=True) + np.float32(1e-6)
        columns.append(np.clip(windows.official_ahead[..., None] / np.maximum(brightest, floor), 0, MOST))
    columns += [mean_of_known(same_hour_before[:span], axis=0) for span in SPANS_DAYS]
    seen: Array = np.nan_to_num(np.concatenate(columns, axis=-1)).astype(np.float32)
    return seen


def dark(windows: Windows) -> npt.NDArray[np.bool_]:
    """Where it is night, (N, H): at that time nothing was produced on any day of the context.

    Nothing is called dark where the official forecast expects something, where the context says nothing, and where it
    is dark all day: then the plants stand still or their meter is dead, and what tomorrow brings is not known. Nor is
    it ever dark for a series that does not live on the sun.
    """
    if windows.spec.series.quantity not in SUN_DRIVEN:
        return np.zeros(windows.target.shape, bool)
    brightest = _brightest(windows)
    highest = np.where(windows.within, np.nan_to_num(brightest), 0).max(axis=1, keepdims=True)
    night: npt.NDArray[np.bool_] = (brightest <= 0) & (highest > 0)
    return night & ~(windows.official_ahead > 0) if windows.spec.use_official else night


def _brightest(windows: Windows) -> Array:
    """The highest value at the time of each unit over the context, (N, H) [MW], NaN where none is known."""
    spec, horizon = windows.spec, windows.target.shape[1]
    days = range(1, spec.context_days + 1)
    highest: Array = np.fmax.reduce(same_hours(windows.target_past[..., None], spec, days, horizon), axis=0)[..., 0]
    return highest
