"""The clock of a series: a regular grid of instants, each with its day and its place in the day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.time import Mtu, zone_info

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """Whole days of market time units: T instants, D days, K places in a day."""

    start: int
    """First instant, microseconds since 1970 UTC."""
    step: int
    """Market time unit in microseconds."""
    day: Ints
    """(T,) which day each instant lies in."""
    slot: Ints
    """(T,) its place in the day by the wall clock: at the autumn clock change two instants share a place."""
    days: pd.DatetimeIndex
    """(D,) naive midnights."""
    slots: int
    """K, of a day of 24 hours."""

    def __len__(self) -> int:
        return len(self.day)

    def matrix(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Values (T,) as days (D, K); NaN where the spring clock change leaves out an hour."""
        matrix = np.full((len(self.days), self.slots), np.nan)
        matrix[self.day, self.slot] = values
        return matrix

    def line(self, days: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Days (D, K) or one value a day (D,) as values (T,)."""
        return days[self.day] if days.ndim == 1 else days[self.day, self.slot]


@lru_cache(maxsize=256)
def clock_of(first: int, last: int, timezone: str, mtu: Mtu, *, standard: bool) -> Clock:
    """The clock of whole local days around two instants; remembered, since the series of a zone share it.

    Args:
        first: the earliest instant [microseconds since 1970 UTC].
        last: the latest.
        timezone: local time of the zone.
        mtu: market time unit.
        standard: whether days follow the sun, without clock changes.
    """
    zone = _standard(timezone, first) if standard else zone_info(timezone)
    days = [dt.datetime.fromtimestamp(at // 1_000_000, dt.UTC).astimezone(zone).date() for at in (first, last)]
    start, end = (
        pd.Timestamp(day).tz_localize(zone, nonexistent="shift_forward", ambiguous=True)
        for day in (days[0], days[1] + dt.timedelta(days=1))
    )
    times = pd.date_range(start, end, freq=mtu.delta, inclusive="left", unit="us")
    local = times.tz_localize(None)
    midnights = local.normalize()
    calendar = pd.date_range(midnights[0], midnights[-1], freq="D")
    step = mtu.microseconds
    since_midnight = ((local - midnights) // mtu.delta).to_numpy(dtype=np.int64)
    day = calendar.get_indexer(midnights).astype(np.int64)
    return Clock(int(times.asi8[0]), step, day, since_midnight, calendar, 24 * mtu.per_hour)


def _standard(timezone: str, at: int) -> dt.timezone:
    """The offset of winter: in a year with clock changes, the smaller one."""
    year = dt.datetime.fromtimestamp(at // 1_000_000, dt.UTC).year
    offsets = [dt.datetime(year, month, 1, tzinfo=zone_info(timezone)).utcoffset() for month in (1, 7)]
    return dt.timezone(min(offset or dt.timedelta(0) for offset in offsets))
