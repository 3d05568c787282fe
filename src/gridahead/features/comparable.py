"""Comparable days: former days of the kind of the day that is forecast.

Last Thursday says little of Ascension Day, and Ascension Day little of the Thursday after it. So what the same hour of
former days says is also read as a mean over those that compare: working days for working days, days of rest and other
holidays for a holiday. The same weekday counts more than others, and newer days more than older ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gridahead.features.calendar import DAY_FEATURES
from gridahead.features.day_kinds import day_of_rest, weekend
from gridahead.features.rows import same_hours
from gridahead.features.windows import Array, Windows

FORGOTTEN_DAYS = 7.0
"""A day that is so much older counts a third. On German load of 2023, 4, 7 and 14 days differ by 0.3 %."""
SAME_WEEKDAY = 2.0
"""How many other days of its kind the same weekday counts. On the same load 2 and 5 differ by 0.2 %."""
OTHERWISE = 1e-3
"""What a day of another kind counts: it is read where no day compares, and is no matter where one does."""
_WEEKDAYS = slice(0, 7)
_HOLIDAY, _LOST, _BRIDGE = (DAY_FEATURES.index(name) for name in ("holiday", "work_lost", "bridge"))
_MOST = 0.5
"""A day is special on which at least this share of the population does not do what it does on that weekday."""


def comparable_mean(windows: Windows, past: Array) -> Array:
    """The means at the same hour of comparable days, (N, H, V), NaN where nothing is known.

    Args:
        windows: N of them.
        past: (N, C, V) values of the context, NaN where not known.
    """
    spec, horizon = windows.spec, windows.calendar_ahead.shape[1]
    days = range(1, spec.context_days + 1)
    forgotten = np.exp(-np.array(days) / np.float32(FORGOTTEN_DAYS))[:, None, None]
    dates, weekdays = (each[..., _WEEKDAYS].argmax(axis=-1) for each in (windows.calendar_past, windows.calendar_ahead))
    same_weekday = same_hours(dates[..., None], spec, days, horizon)[..., 0] == weekdays
    weight = forgotten * (alike(windows, days) + OTHERWISE) * (1 + (SAME_WEEKDAY - 1) * same_weekday)
    values = same_hours(past, spec, days, horizon)
    known = weight[..., None] * ~np.isnan(values)
    total, count = (known * np.nan_to_num(values)).sum(axis=0), known.sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, np.float32(1e-9)), np.nan).astype(np.float32)


def alike(windows: Windows, days: Sequence[int]) -> Array:
    """How far the kind of some days of the context is that of each unit of the horizon, (days, N, H).

    It is 1 for days of the same kind and 0 for others, and between where only a part of the population has a holiday. A
    bridge day is compared with working days, but none of them with it.

    Args:
        windows: N of them.
        days: how many days back each of them is.
    """
    spec, ahead, dates = windows.spec, windows.calendar_ahead, windows.calendar_past

    def compared(dates: Array) -> Array:
        return _kinds(windows, dates) * (1 - dates[..., [_BRIDGE]] * [1, 0, 0]).astype(np.float32)

    if len(days) * ahead.shape[1] < dates.shape[1]:  # of a few days not all of the context is looked at
        former = compared(same_hours(dates, spec, days, ahead.shape[1]))
    else:
        former = same_hours(compared(dates), spec, days, ahead.shape[1])
    shared: Array = (former * _kinds(windows, ahead)).sum(axis=-1)
    return shared


def special_days(windows: Windows) -> npt.NDArray[np.bool_]:
    """Whether each unit of the context belongs to a holiday on a weekday, or to a bridge day, (N, C)."""
    dates = windows.calendar_past
    special: npt.NDArray[np.bool_] = dates[..., _LOST] + dates[..., _BRIDGE] >= _MOST
    return special


def _kinds(windows: Windows, dates: Array) -> Array:
    """How far each unit is of a working day, of a day of rest, and of the rest of the weekend, (N, ·, 3)."""
    rest_day, free_days = day_of_rest(windows.spec.zone), weekend(windows.spec.zone)
    weekdays, holiday = dates[..., _WEEKDAYS], dates[..., _HOLIDAY]
    rest = holiday + (1 - holiday) * weekdays[..., rest_day]
    free = (1 - holiday) * weekdays[..., [day for day in free_days if day != rest_day]].sum(axis=-1)
    return np.stack([1 - rest - free, rest, free], axis=-1)
