"""How far off the official forecast has been of late: what anybody can correct it by who can take a mean.

A publisher that is 2 GW too low at noon for weeks is beaten by whoever notices it. The correction is the mean of its
errors at the same local hour on the newest days that are known, each of the forecast of the same lead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, TimeRange, delivery_days, local_slots
from gridahead.core.vintages import (
    MICROSECONDS_A_DAY,
    NEVER,
    Floats,
    Instants,
    Vintages,
    from_micros,
    micros,
    of_series,
)

if TYPE_CHECKING:
    from gridahead.features.windows import WindowSpec

CORRECTION_DAYS = 28
"""Four of each weekday, and still like the days to come. At a day-ahead deadline they are D-2 to D-29."""
OLDEST_DAYS = 42
"""Where days are missing, those of six weeks back still count: what is older says nothing of tomorrow."""
FEWEST_DAYS = 7
"""A mean of fewer is more noise than error: the official forecast stays as it is."""
CLIPPED_AT = 3.0
"""Median absolute deviations from the median: one storm or strike is not what the forecast errs by every day."""
_ROWS_AT_ONCE = 256
"""Issue times whose errors are in memory together: 28 days of quarter hours take 11 MB."""


def corrections(
    observations: Observations, spec: WindowSpec, read: Deadline, known_at: Instants, valid_time: Instants
) -> Floats:
    """What the official forecast of each unit has to be corrected by, (N, H) [MW].

    It is the mean of outturn minus official forecast at the same local time of day over the newest 28 delivery days of
    which every unit was measured and published at the issue time, none of them older than six weeks. Each of these
    errors is of the forecast as it was read at the same lead: at `read` of its own delivery day. Errors further than
    three median absolute deviations from their median are clipped there. With fewer than seven such days nothing is
    corrected.

    Args:
        observations: every vintage of the series and of its official forecast, in the market time unit of the spec.
        spec: gives series, clock and market time unit.
        read: when the official forecast of a delivery day is read.
        known_at: (N,) outturn that was not known then does not count.
        valid_time: (N, H)
    """
    if not len(valid_time):
        return np.zeros(valid_time.shape)
    since = valid_time[:, 0] - OLDEST_DAYS * MICROSECONDS_A_DAY
    past = _Past.of(_between(observations, since.min(), valid_time.max()), spec, read)
    slots, parts = _slots(valid_time, spec), []
    for first in range(0, len(valid_time), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        parts.append(np.take_along_axis(past.correction(known_at[rows], since[rows]), slots[rows], axis=1))
    return np.concatenate(parts)


def _between(observations: Observations, first: np.int64, last: np.int64) -> Observations:
    """The rows of what can count."""
    begin, end = (pd.Timestamp(int(at), unit="us", tz="UTC") for at in (first, last))
    return Observations(observations[(observations["valid_time"] >= begin) & (observations["valid_time"] <= end)])


@dataclass(frozen=True, eq=False)
class _Past:
    """The P delivery days that have an outturn, with S local times of day; a day of 25 hours has some times twice."""

    valid_time: Instants
    """(P, 2, S); of a time that a day does not have, that of its first unit."""
    has: npt.NDArray[np.bool_]
    """(P, 2, S) whether the day has this local time once, and a second time."""
    official: Floats
    """(P, 2, S) as it was read for each day [MW]."""
    begins: Instants
    """(P,) of each day."""
    whole_from: Instants
    """(P,) when the day was over and the last of its units was published."""
    outturn: Vintages

    @classmethod
    def of(cls, observations: Observations, spec: WindowSpec, read: Deadline) -> _Past:
        """Lay out the history of a series by day and local time."""
        measured, step = of_series(observations, spec.series), spec.mtu.microseconds
        measured = measured.dropna(subset="value")
        if measured.empty:
            none = np.zeros((0, 2, spec.steps_per_day))
            whole = TimeRange(pd.Timestamp(0, tz="UTC"), pd.Timestamp(0, tz="UTC") + spec.mtu.delta)
            outturn = Vintages.of(measured, whole, spec.mtu)
            nothing = np.zeros(0, np.int64)
            return cls(none.astype(np.int64), none.astype(bool), none, nothing, nothing, outturn)
        times = pd.DatetimeIndex([measured["valid_time"].min(), measured["valid_time"].max()])
        first, last = delivery_days(times, spec.zone.timezone)
        midnights = pd.date_range(first, last + pd.Timedelta(days=1))
        bounds = micros(
            midnights.tz_localize(
                spec.zone.timezone, nonexistent="shift_forward", ambiguous=np.ones(len(midnights), bool)
            )
        )
        days, starts, ends = midnights[:-1], bounds[:-1], bounds[1:]
        span = TimeRange(*(pd.Timestamp(at, unit="us", tz="UTC") for at in (starts[0], ends[-1])))
        units = starts[:, None] + np.arange((ends - starts).max() // step) * step
        valid_time, has = _by_local_time(units, units < ends[:, None], spec)
        outturn = Vintages.of(of_series(observations, spec.series), span, spec.mtu)
        official = Vintages.of(of_series(observations, spec.series.official), span, spec.mtu)
        read_at = micros(pd.DatetimeIndex([read.for_delivery(day.date()) for day in days]))
        forecast = official.as_of(read_at, valid_time.reshape(len(days), -1)).reshape(has.shape)
        published = np.where(np.isnan(outturn.value), NEVER, outturn.read_from).min(axis=1)
        known = np.where(has, published[(valid_time - outturn.start) // step], 0).max(axis=(1, 2))
        return cls(valid_time, has, forecast, starts, np.maximum(known, ends), outturn)

    def correction(self, known_at: Instants, since: Instants) -> Floats:
        """The mean error at each local time of day, as known at N issue times, (N, S) [MW]; 0 where it is unknown.

        Args:
            known_at: (N,)
            since: (N,) before which no day counts.
        """
        whole = (self.whole_from <= known_at[:, None]) & (self.begins >= since[:, None])
        newest = np.argsort(whole, axis=1, kind="stable")[:, -CORRECTION_DAYS:]
        counts = np.take_along_axis(whole, newest, axis=1)[:, :, None, None] & self.has[newest]
        came = self.outturn.as_of(known_at, self.valid_time[newest].reshape(len(known_at), -1))
        errors = np.where(counts, came.reshape(counts.shape) - self.official[newest], np.nan)
        days = (~np.isnan(errors)).any(axis=2).sum(axis=1)
        mean = clipped_mean(errors.reshape(len(known_at), -1, errors.shape[-1]))
        return np.where(days < FEWEST_DAYS, 0.0, mean)


def _by_local_time(
    units: Instants, inside: npt.NDArray[np.bool_], spec: WindowSpec
) -> tuple[Instants, npt.NDArray[np.bool_]]:
    """Units (P, U) of P days by local time, (P, 2, S), and which there are; the second is of an hour that repeats."""
    slots, day = _slots(units, spec), np.arange(len(units))
    valid_time = np.repeat(units[:, :1], 2 * spec.steps_per_day, axis=1).reshape(len(units), 2, -1)
    has = np.zeros(valid_time.shape, bool)
    for unit in range(units.shape[1]):
        slot, has_unit = slots[:, unit], inside[:, unit]
        again = has[day, 0, slot].astype(int)
        at = (day[has_unit], again[has_unit], slot[has_unit])
        valid_time[at], has[at] = units[has_unit, unit], True
    return valid_time, has


def _slots(valid_time: Instants, spec: WindowSpec) -> npt.NDArray[np.int64]:
    """Which unit of a day of 24 hours each one is by its local time."""
    times = from_micros(valid_time.ravel())
    return local_slots(times, spec.zone.timezone, spec.steps_per_day).reshape(valid_time.shape)


def clipped_mean(values: Floats) -> Floats:
    """The mean of what there is along the middle axis of (N, K, S), clipped around its median; NaN of nothing."""
    median = _median(values)
    reach = CLIPPED_AT * _median(np.abs(values - median))
    clipped = np.clip(values, median - reach, median + reach)
    there = ~np.isnan(clipped)
    total: Any = np.where(there, clipped, 0).sum(axis=1)
    return np.where(there.any(axis=1), total / np.maximum(there.sum(axis=1), 1), np.nan)


def _median(values: Floats) -> Floats:
    """The median of what there is along the middle axis, (N, 1, S); NaN of nothing."""
    count = (~np.isnan(values)).sum(axis=1, keepdims=True)
    if values.shape[1] == 0:
        return np.full(count.shape, np.nan)
    rising = np.sort(values, axis=1)  # NaN is sorted to the end
    low, high = (np.take_along_axis(rising, np.maximum(at, 0), axis=1) for at in ((count - 1) // 2, count // 2))
    return (low + high) / 2
