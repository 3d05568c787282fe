"""What faults do to a series: each changes a stretch of one column of a wide frame, and says which times it touched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

LOAD = frozenset({"load", "load_official"})
RESIDUAL, WIND, SOLAR, SUMMED = (frozenset({one}) for one in ("residual_load", "wind_onshore", "solar", "wind_solar"))
TEMPERATURE = frozenset({"temperature"})
GENERATION = WIND | SOLAR | SUMMED
POWER = LOAD | RESIDUAL | GENERATION
EVERY = POWER | TEMPERATURE


@dataclass(slots=True)
class Place:
    """Where a fault goes: a window of a data set, with the middle of the window as its place."""

    wide: pd.DataFrame
    """(T, quantities) of the window, to be changed."""
    target: str
    per_hour: int
    start: int
    """First unit of the fault: a local midnight."""
    local: pd.DatetimeIndex
    """(T,) local wall clock, naive."""
    high: float
    """99.5 % quantile of the target's history."""
    spread: float
    """1-99 % range of it."""
    rng: np.random.Generator
    other: str = ""
    """The other column, for faults that need one."""

    @property
    def series(self) -> Floats:
        """(T,) the target."""
        return np.array(self.wide[self.target], dtype=float)

    @property
    def day(self) -> int:
        """Units in a day of 24 hours."""
        return 24 * self.per_hour

    def hours(self, count: float) -> int:
        """Units in so many hours."""
        return int(count * self.per_hour)

    def lively(self, length: int) -> int:
        """A start on that day or soon after for a stretch of so many units in which the series moves and is not low."""
        series = self.series
        for start in range(self.start + self.hours(9), len(series) - length):
            part = series[start : start + length]
            if not np.isnan(part).any() and part.min() > 0.1 * self.high and np.ptp(part[: self.hours(3) + 1]) > 0:
                return start
        return self.start + self.hours(9)


Result = tuple[Floats, Mask]
"""The changed series, and which units are touched."""
Apply = Callable[[Place, float], Result]


def _stretch(place: Place, length: int, change: Callable[[Floats], Floats], start: int | None = None) -> Result:
    series = place.series
    begin = place.start if start is None else start
    touched = np.zeros(len(series), dtype=bool)
    touched[begin : begin + length] = True
    changed = series.copy()
    changed[touched] = change(series[touched])
    return changed, touched & (changed != series)


def times(factor: float) -> Apply:
    """So many hours times a factor, or divided by it."""

    def apply(place: Place, hours: float) -> Result:
        by = factor if place.rng.random() < 0.5 else 1 / factor
        start = place.lively(place.hours(min(hours, 6))) if hours < 24 else None
        return _stretch(place, place.hours(hours), lambda part: part * by, start)

    return apply


def decimal_slip(place: Place, count: float) -> Result:
    """So many single values times or divided by ten."""
    by = 10.0 if place.rng.random() < 0.5 else 0.1
    return _stretch(place, int(count), lambda part: part * by, place.lively(int(count)))


def spike(place: Place, share: float) -> Result:
    """One value off by so much of the range."""
    sign = 1.0 if place.rng.random() < 0.5 or place.target in GENERATION else -1.0
    return _stretch(place, 1, lambda part: part + sign * share * place.spread, place.lively(1))


def negative(place: Place, count: float) -> Result:
    """So many values with a minus in front."""
    return _stretch(place, int(count), lambda part: -np.abs(part), place.lively(int(count)))


def sign_flip(place: Place, days: float) -> Result:
    """So many days with the other sign."""
    return _stretch(place, int(days * place.day), lambda part: -part)


def zeros(place: Place, hours: float) -> Result:
    """So many hours of zeros."""
    length = place.hours(hours)
    return _stretch(place, length, np.zeros_like, place.lively(min(length, place.hours(4))))


def flat(place: Place, hours: float) -> Result:
    """So many hours at the first value."""
    length = place.hours(hours)
    return _stretch(place, length, lambda part: np.full_like(part, part[0]), place.lively(min(length, place.hours(4))))


def clipped(place: Place, days: float) -> Result:
    """The upper half of the values of so many days cut off."""
    return _stretch(place, int(days * place.day), lambda part: np.minimum(part, np.nanquantile(part[part > 0], 0.5)))


def interpolated(place: Place, hours: float) -> Result:
    """So many hours on a straight line."""
    start = place.lively(place.hours(min(hours, 4)))
    return _stretch(place, place.hours(hours), lambda part: np.linspace(part[0], part[-1], len(part)), start)


def gap(place: Place, hours: float) -> Result:
    """So many hours missing."""
    return _stretch(place, place.hours(hours), lambda part: np.full_like(part, np.nan), place.lively(1))


def lit_night(place: Place, share: float) -> Result:
    """A night with so much of the highest output."""
    return _stretch(place, place.hours(2), lambda part: np.maximum(part, share * place.high))


def above_capacity(place: Place, factor: float) -> Result:
    """Three hours at so many times the highest output."""
    noon = place.start + place.hours(11)
    return _stretch(place, place.hours(3), lambda part: np.linspace(1, 1.1, len(part)) * factor * place.high, noon)


def step(place: Place, share: float) -> Result:
    """Three hours off by so much of the range."""
    length = place.hours(3)
    return _stretch(place, length, lambda part: part + share * place.spread, place.lively(length))


def level_shift(place: Place, share: float) -> Result:
    """Three weeks that are larger or smaller by so much; of generation larger."""
    sign = 1.0 if place.rng.random() < 0.5 or place.target in GENERATION else -1.0
    return _stretch(place, 21 * place.day, lambda part: part * (1 + sign * share))


def shifted(place: Place, days: float) -> Result:
    """So many days an hour early or late."""
    hour = place.hours(1) * (1 if place.rng.random() < 0.5 else -1)
    series = place.series
    return _stretch(place, int(days * place.day), lambda part: np.roll(series, hour)[_slice(place, len(part))])


def clock_change(place: Place, days: float) -> Result:
    """So many days from a clock change on in which it was overlooked."""
    offsets = (place.local - pd.DatetimeIndex(place.wide.index).tz_localize(None)).to_numpy()
    change = np.flatnonzero(np.diff(offsets) != np.timedelta64(0))
    start = int(change[np.argmin(np.abs(change - place.start))]) + 1 if len(change) else place.start
    hour = place.hours(1) * (1 if len(change) and offsets[start] > offsets[start - 1] else -1)
    series = place.series
    length = int(days * place.day)
    return _stretch(place, length, lambda part: np.roll(series, hour)[start : start + len(part)], start)


def day_month(place: Place, months: float) -> Result:
    """So many whole months of a file with day and month of the date exchanged, where both are at most 12."""
    first = place.local[place.start].to_period("M")
    series, changed = place.series, place.series
    periods = [first + n for n in range(int(months))]
    dates = pd.Series(place.local.normalize())
    rows = {day: np.flatnonzero(dates == day) for day in dates.unique()}
    for period in periods:
        for day in range(1, 13):
            here = pd.Timestamp(period.year, period.month, day)
            there = pd.Timestamp(period.year, day, period.month)
            if here == there or there.to_period("M") not in periods or here not in rows or there not in rows:
                continue
            count = min(len(rows[here]), len(rows[there]))
            changed[rows[here][:count]] = series[rows[there][:count]]
    return changed, changed != series


def repeated(place: Place, days: float) -> Result:
    """So many days that repeat the days just before, as many."""
    length = int(days * place.day)
    return _stretch(place, length, lambda part: place.series[place.start - length : place.start][: len(part)])


def reversed_days(place: Place, days: float) -> Result:
    """So many days in descending order."""

    def turn(part: Floats) -> Floats:
        return np.asarray(part.reshape(int(days), -1)[::-1].ravel())

    return _stretch(place, int(days) * place.day, turn)


def backwards(place: Place, days: float) -> Result:
    """So many days, each with its hours in descending order."""
    return _stretch(place, int(days) * place.day, lambda part: part.reshape(int(days), -1)[:, ::-1].ravel())


def halves(place: Place, days: float) -> Result:
    """So many days with AM and PM exchanged."""
    return _stretch(
        place, int(days) * place.day, lambda part: np.roll(part.reshape(int(days), -1), place.day // 2, axis=1).ravel()
    )


def exchanged(place: Place, pairs: float) -> Result:
    """So many pairs of neighbouring days in each other's place, a weekend's end among them."""
    start = place.start
    while place.local[start].dayofweek != 6:
        start += place.day
    length = 2 * int(pairs) * place.day

    def turn(part: Floats) -> Floats:
        return np.asarray(part.reshape(int(pairs), 2, -1)[:, ::-1].ravel())

    return _stretch(place, length, turn, start)


def wrong_sum(place: Place, share: float) -> Result:
    """A day off by so much of its values, so that the sum is wrong."""
    return _stretch(place, place.day, lambda part: part * (1 + share))


def other_column(place: Place, days: float) -> Result:
    """So many days of the other column."""
    source = place.wide[place.other].to_numpy()
    return _stretch(place, int(days * place.day), lambda part: source[_slice(place, len(part))])


def noise(place: Place, share: float) -> Result:
    """Two days with noise of so much of their range, at times when the series is not zero."""

    def add(part: Floats) -> Floats:
        drawn = place.rng.normal(0, share * np.ptp(part[~np.isnan(part)]), len(part))
        return np.where(part == 0, part, np.maximum(part + drawn, 0) if place.target in GENERATION else part + drawn)

    return _stretch(place, 2 * place.day, add)


def foreign(place: Place, days: float) -> Result:
    """So many days of a zone a quarter as large, three hours further west."""
    series = np.roll(place.series, 3 * place.per_hour) / 4
    return _stretch(place, int(days * place.day), lambda part: series[_slice(place, len(part))])


def standing_days(place: Place, days: float) -> Result:
    """So many whole days at their mean."""
    return _stretch(place, int(days * place.day), lambda part: np.full_like(part, np.nanmean(part)))


def _slice(place: Place, length: int) -> slice:
    return slice(place.start, place.start + length)


def ended(place: Place, days: float) -> Result:
    """The series ends so many days before the others."""
    length = len(place.series)
    return _stretch(place, length, lambda part: np.full_like(part, np.nan), length - int(days * place.day))


def marked(place: Place, count: float) -> Result:
    """So many values whose rows are changed in something else than the value."""
    touched = np.zeros(len(place.series), dtype=bool)
    touched[place.start : place.start + int(count)] = True
    return place.series, touched


def gigawatts(rows: pd.DataFrame, touched: pd.Series) -> pd.DataFrame:
    """The rows with another unit beside the value."""
    return rows.assign(unit=rows["unit"].where(~touched, "GW"))


def doubled(rows: pd.DataFrame, touched: pd.Series) -> pd.DataFrame:
    """The rows twice, with other values."""
    return pd.concat([rows, rows[touched].assign(value=lambda row: 1.01 * row["value"])], ignore_index=True)


def off_the_grid(rows: pd.DataFrame, touched: pd.Series) -> pd.DataFrame:
    """The rows five minutes late."""
    late = rows["valid_time"] + pd.Timedelta(minutes=5)
    return rows.assign(valid_time=rows["valid_time"].where(~touched, late))
