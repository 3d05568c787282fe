"""The wind farms of GEFCom2014: power and weather on one hourly axis, the months to forecast, and the official score.

The official protocol: task k is the k-th month from October 2012, from 01:00 on the first to 00:00 on the first of the
next month. Everything before it may be learnt; of the month itself the weather forecast is known, and nothing after it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.evaluation.metrics import pinball

Floats = npt.NDArray[np.float32]

LEVELS = tuple(np.round(np.arange(0.01, 1, 0.01), 2).tolist())
"""The 99 quantiles that the competition asked for."""
DAY = 24
"""Hours; stamps end the hour, so that a day goes from 01:00 to 00:00."""
WIND = ("U10", "V10", "U100", "V100")
"""Components of the wind at 10 and 100 m [m/s]."""
_FIRST_MONTH = pd.Timestamp("2012-10-01", tz="UTC")


@dataclass(frozen=True, slots=True)
class Farms:
    """What is known of Z farms over T hours, whole days."""

    times: pd.DatetimeIndex
    """(T,)"""
    power: Floats
    """(T, Z) as a share of the installed power, NaN where unknown."""
    wind: Floats
    """(T, Z, 4) [m/s]"""

    @property
    def days(self) -> int:
        """How many."""
        return len(self.times) // DAY


@dataclass(frozen=True, slots=True)
class Task:
    """One month to forecast, as days since the first one."""

    number: int
    first: int
    end: int
    """The first day after it."""

    @property
    def hours(self) -> slice:
        """Its rows."""
        return slice(self.first * DAY, self.end * DAY)


def read_farms(file: Path) -> Farms:
    """All farms of the competition's data."""
    rows = pd.read_parquet(file)
    tables = [rows.pivot(columns="ZONEID", values=name).sort_index() for name in ("TARGETVAR", *WIND)]
    power, *wind = (table.to_numpy(np.float32) for table in tables)
    return Farms(pd.DatetimeIndex(tables[0].index), power, np.stack(wind, axis=-1))


def task_of(farms: Farms, number: int) -> Task:
    """The month of a task."""
    start = _FIRST_MONTH + pd.DateOffset(months=number - 1)
    origin = farms.times[0].normalize()
    first, end = ((instant - origin).days for instant in (start, start + pd.DateOffset(months=1)))
    return Task(number, first, end)


def known_for(farms: Farms, task: Task) -> Farms:
    """What may be used for a task: power before its month, weather to the end of its month."""
    end = task.end * DAY
    power = farms.power[:end].copy()
    power[task.hours] = np.nan
    return replace(farms, times=farms.times[:end], power=power, wind=farms.wind[:end])


def own_history(known: Farms, task: Task) -> Floats:
    """The official benchmark: the quantiles of each farm's power so far, for every hour of the month, (hours, Z, Q)."""
    quantiles = np.nanquantile(known.power, LEVELS, axis=0).T.astype(np.float32)  # (Z, Q)
    return np.broadcast_to(quantiles, ((task.end - task.first) * DAY, *quantiles.shape))


def score(quantiles: Floats, farms: Farms, task: Task) -> float:
    """The official score of a month: mean pinball loss over levels, hours and farms."""
    return pinball(quantiles, LEVELS, farms.power[task.hours])
