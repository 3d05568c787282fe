"""What is known of a series at an issue time, by local day and time: all that the lowest rungs of the ladder need.

Rows are P days on the calendar of the zone, the last of which is the delivery day; columns are S local times of day. A
time that a clock change skips is not there, of one that occurs twice the first counts. So the same place in another row
is the same hour for people, and what is missing now can be taken away from former days in the same way.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridahead.core.fingerprint import digest
from gridahead.core.grid import Series
from gridahead.core.resolution import at_mtu
from gridahead.core.tables import Observations
from gridahead.core.time import Mtu, TimeRange, delivery_range, local_slots
from gridahead.core.vintages import Floats, Instants, Vintages, from_micros, micros, of_series

LOOK_BACK_DAYS = 160
"""A season: 90 days to calibrate on, before them the weeks that those days have looked back to, and a fortnight without
outturn."""
LONG_LOOK_BACK_DAYS = 560
"""Where the newest outturn is older than a month: the same before an outage of a year."""


@dataclass(frozen=True, eq=False)
class History:
    """A series and its official forecast as they are known at an issue time."""

    series: Series
    day: dt.date
    """The delivery day, the last row."""
    outturn: Floats
    """(P, S) as known at the issue time, NaN where it is not [MW]."""
    official: Floats
    """(P, S) of each day as it was known at the same local time before it, NaN where it was not [MW]."""
    valid_time: Instants
    """(H,) the units that are to be forecast: all of the delivery day, or what is left of it."""
    slot: Instants
    """(H,) which column each of them is."""
    official_ahead: Floats
    """(H,) the official forecast of them [MW]."""

    @classmethod
    def of(
        cls,
        observations: Observations,
        series: Series,
        timezone: str,
        mtu: Mtu,
        day: dt.date,
        issued: pd.Timestamp,
        valid_time: Instants | None = None,
        back: int = LOOK_BACK_DAYS,
    ) -> History:
        """Lay out what is known.

        Args:
            observations: every vintage of the series and of its official forecast.
            series: which.
            timezone: of its delivery days.
            mtu: its market time unit.
            day: the delivery day.
            issued: as of when.
            valid_time: (H,) the units that are to be forecast; all of the delivery day unless given.
            back: how many days before it.
        """
        days, steps = back + 1, int(pd.Timedelta(days=1) / mtu.delta)
        midnights = pd.date_range(end=pd.Timestamp(day), periods=days)
        local = (midnights.to_numpy()[:, None] + np.arange(steps) * mtu.delta.to_timedelta64()).ravel()
        stamps = pd.DatetimeIndex(local).tz_localize(timezone, ambiguous=np.ones(len(local), bool), nonexistent="NaT")
        there = np.asarray(stamps.notna(), bool).reshape(days, steps)
        delivery = delivery_range(day, timezone)
        span = TimeRange(delivery_range(midnights[0].date(), timezone).start, delivery.end)
        units = micros(pd.DatetimeIndex(stamps.fillna(span.start))).reshape(days, steps)
        rows = at_mtu(observations, mtu, timezone)
        outturn = Vintages.of(of_series(rows, series), span, mtu)
        official = Vintages.of(of_series(rows, series.official), span, mtu)
        now = micros(pd.DatetimeIndex([issued]))
        wanted = micros(pd.DatetimeIndex(delivery.times(mtu))) if valid_time is None else valid_time
        known = outturn.as_of(now, units.reshape(1, -1)).reshape(days, steps)
        forecast = official.as_of(_same_time_before(issued, timezone, days), units)
        return cls(
            series=series,
            day=day,
            outturn=np.where(there, known, np.nan),
            official=np.where(there, forecast, np.nan),
            valid_time=wanted,
            slot=local_slots(from_micros(wanted), timezone, steps),
            official_ahead=official.as_of(now, wanted[None])[0],
        )

    @property
    def known(self) -> Floats:
        """All known values of the outturn, one after the other."""
        return self.outturn[~np.isnan(self.outturn)]

    @property
    def age_days(self) -> int | None:
        """How many days before the delivery day the newest day with outturn is; None without any."""
        days = np.flatnonzero((~np.isnan(self.outturn)).any(axis=1))
        return len(self.outturn) - 1 - int(days[-1]) if len(days) else None

    def data_hash(self) -> str:
        """Fingerprint of everything that is read."""
        arrays = (self.outturn, self.official, self.official_ahead)
        return digest(*(np.ascontiguousarray(array).data for array in arrays))


def _same_time_before(issued: pd.Timestamp, timezone: str, days: int) -> Instants:
    """The issue time of each of so many days, (P,): at the same local time, as long before it."""
    last = issued.tz_convert(timezone).tz_localize(None)
    local = pd.DatetimeIndex([last - pd.Timedelta(days=back) for back in range(days - 1, -1, -1)])
    stamps = local.tz_localize(timezone, ambiguous=np.ones(days, bool), nonexistent="shift_forward")
    return np.append(micros(stamps)[:-1], micros(pd.DatetimeIndex([issued])))
