"""Dates with day and month exchanged throughout: all of a file, a year of it, or one column.

A day of 12 or less can be read as a month. In a file that was read the wrong way round once, those days stand in each
other's place: 132 of every year. All values are plausible, and the days around a wrong one are as wrong, so no rule on
days finds it. Days from 13 on are right in any case: they show how large a step over midnight is, and how alike
neighbouring days and weeks are, where dates are right. By that measure all ambiguous dates of a year are compared at
once: whether they fit better as they are or exchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.vintages import MICROSECONDS_A_DAY
from gridahead.quality.clocks import Clock, clock_of
from gridahead.quality.curves import Curve
from gridahead.quality.robust import moved
from gridahead.quality.whole_series.fault import Mask, SeriesFault, checks

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HALF_A_DAY = MICROSECONDS_A_DAY // 2
AMBIGUOUS = 12
"""Up to this day of a month a date can be read both ways."""
BESIDE = (-7, -1, 1, 7)
"""Days that a day is like: those beside it, and the same weekday; so weekdays, seasons and the sun count."""
SEASON = 45
"""Days on either side that show what a midnight is usually like: half of the days of a month are ambiguous."""
FEWEST = 20
"""Ambiguous dates of a year that are needed: two months have so many, and luck plays no part in them."""
CERTAIN = 0.3
"""Mean gain of a date by which exchanged dates have to be the better ones. Of 910 years of load, official forecasts,
wind, solar, prices and a temperature none gains more than -0.85 as it is, and none less than 0.85 exchanged."""
MOST = 0.6
"""Share of the dates that have to be better off; of the same years at most 0.3 as they are, at least 0.7 exchanged."""
HOLES = 10
"""Days that are missing between others: a file of some months, exchanged, lies scattered over its years."""
MENDED = 0.1
"""Share of those holes that may be left once day and month are exchanged, if that is why they are there."""


@dataclass(frozen=True, slots=True)
class DatePairs:
    """The days of whole years, each with the day that it is when day and month are exchanged."""

    dates: pd.DatetimeIndex
    """(D,) naive midnights without a gap, from a 1 January to a 31 December."""
    partner: Ints
    """(D,) the place of the exchanged date; a day's own place where that is the same."""

    @classmethod
    def around(cls, days: pd.DatetimeIndex) -> DatePairs:
        """The whole years that days are of."""
        return _of_years(int(days[0].year), int(days[-1].year))

    @property
    def differs(self) -> Mask:
        """(D,) which days are others when day and month are exchanged."""
        return np.asarray(self.partner != np.arange(len(self.dates)))

    def unambiguous(self, by: int = 0) -> Mask:
        """(D,) which days are right in any case, and so is the day that is `by` days later."""
        later = self.dates + pd.Timedelta(days=by)
        return np.asarray((self.dates.day > AMBIGUOUS) & (later.day > AMBIGUOUS))


@cache
def _of_years(first: int, last: int) -> DatePairs:
    """The same for every series that is looked at."""
    dates = pd.date_range(f"{first}-01-01", f"{last}-12-31", freq="D")
    ambiguous = dates.day <= AMBIGUOUS
    month, day = np.where(ambiguous, dates.day, 1), np.where(ambiguous, dates.month, 1)
    exchanged = pd.DatetimeIndex(pd.to_datetime(pd.DataFrame({"year": dates.year, "month": month, "day": day})))
    return DatePairs(dates, np.where(ambiguous, dates.get_indexer(exchanged), np.arange(len(dates))))


@checks("dates_exchanged")
def dates_exchanged(curve: Curve) -> Sequence[SeriesFault]:
    """The dates that fit better with day and month exchanged, where that is true of all of a year.

    Dates are those of the zone, of UTC, or of an offset that the zone has: whichever the file was written in.
    """
    by_clock = (_check_clock(curve, clock, offset) for clock, offset in _clocks(curve))
    faults = [fault for fault in by_clock if fault is not None]
    return [max(faults, key=lambda fault: fault.measured)] if faults else []


def _clocks(curve: Curve) -> Iterator[tuple[Clock, int]]:
    """The clocks that a file may be written in, and by how much instants are ahead of UTC in them [microseconds]."""
    yield curve.clock, 0
    first, last = int(curve.times[0]), int(curve.times[-1])
    midnights = curve.times[np.flatnonzero(np.diff(curve.clock.day, prepend=-1))]
    for offset in sorted({0, *(-((midnights + HALF_A_DAY) % MICROSECONDS_A_DAY - HALF_A_DAY)).tolist()}):
        yield clock_of(first + offset, last + offset, "UTC", curve.mtu, standard=False), offset


def _check_clock(curve: Curve, clock: Clock, offset: int) -> SeriesFault | None:
    """The fault as it shows in the dates of one clock."""
    pairs = DatePairs.around(clock.days)
    place = pairs.dates.get_indexer(clock.days)
    at = (curve.clock.start + offset - clock.start) // clock.step + np.arange(len(curve.value))
    inside = (at >= 0) & (at < len(clock))
    value = np.full(len(clock), np.nan)
    value[at[inside]] = curve.value[inside]
    days = np.full((len(pairs.dates), clock.slots), np.nan)
    days[place] = clock.matrix(value)
    there = ~np.isnan(days).all(axis=1)
    is_torn = torn(there, pairs)
    if not is_torn and not _are_enough(there, pairs):  # as in every hour of operation: nothing can be found
        return None
    gained = gains(days, pairs)
    wrong = np.full(len(days), is_torn)
    wrong |= np.isin(pairs.dates.year, exchanged_years(gained, pairs))
    wrong &= pairs.differs & there
    if not wrong.any():
        return None
    of_day = np.zeros(len(curve.value), dtype=bool)
    of_day[inside] = wrong[place][clock.day[at[inside]]]
    years = ", ".join(map(str, sorted(set(pairs.dates.year[wrong]))))
    return SeriesFault(of_day, float((wrong & ~(gained < 0)).sum()), MOST * float(wrong.sum()), years)


def _are_enough(there: Mask, pairs: DatePairs) -> bool:
    """Whether any year has so many days (D,) that may be exchanged, and are both there, as it takes to find it so."""
    years = pairs.dates.year[pairs.differs & there & there[pairs.partner]]
    return bool(len(years)) and int(years.value_counts().max()) >= FEWEST


def torn(there: Mask, pairs: DatePairs) -> bool:
    """Whether days (D,) lie scattered, and in one piece once day and month are exchanged."""
    together = np.zeros(len(there), dtype=bool)
    together[pairs.partner[there]] = True
    before, after = _holes(there), _holes(together)
    return before >= HOLES and after <= MENDED * before


def _holes(present: Mask) -> int:
    at = np.flatnonzero(present)
    return int(at[-1] - at[0] + 1 - len(at)) if len(at) else 0


def exchanged_years(gained: Floats, pairs: DatePairs) -> list[int]:
    """The years in which the dates gain (D,) by being exchanged."""
    years = []
    for year, of_year in pd.Series(gained).groupby(pairs.dates.year):
        known = of_year[of_year.abs() > 0]
        if len(known) >= FEWEST and known.mean() > CERTAIN and (known > 0).mean() > MOST:
            years.append(int(year))
    return years


def gains(days: Floats, pairs: DatePairs) -> Floats:
    """How much better each ambiguous date (D,) fits once all are exchanged; NaN for others, 0 where nothing is known.

    Args:
        days: (D, K) values by day of the calendar; NaN where there is none.
        pairs: which days they are.
    """
    exchanged = days[pairs.partner]
    gained = _at_midnight(days, exchanged, pairs) + _beside(days, exchanged, pairs)
    return np.where(pairs.differs & ~np.isnan(days).all(axis=1), gained, np.nan)


def _at_midnight(days: Floats, exchanged: Floats, pairs: DatePairs) -> Floats:
    """What the two midnights of each day gain (D,)."""
    steps = [order[:, 0] - moved(order[:, -1:], -1)[:, 0] for order in (days, exchanged)]
    known_steps = pd.Series(np.where(pairs.unambiguous(-1), steps[0], np.nan))
    expected = known_steps.rolling(2 * SEASON + 1, center=True, min_periods=5).median()
    # Where nothing happens at midnight, as at night of solar power, a tenth of what happens by day is nothing as well.
    inside = np.abs(np.diff(days[pairs.unambiguous()], axis=1))
    usual = max(_median((known_steps - expected).abs().to_numpy()), 0.1 * _median(inside))
    gained = _cheaper(steps[0] - expected.to_numpy(), steps[1] - expected.to_numpy(), usual)
    return np.asarray(gained + np.nan_to_num(moved(gained[:, None], 1)[:, 0]))


def _beside(days: Floats, exchanged: Floats, pairs: DatePairs) -> Floats:
    """What each day gains in likeness to the days beside it and to the same weekday (D,)."""
    gained = []
    for by in BESIDE:
        now, then = (_apart(order, moved(order, by)) for order in (days, exchanged))
        gained.append(_cheaper(now, then, _median(now[pairs.unambiguous(by)])))
    return np.asarray(np.mean(gained, axis=0))


def _cheaper(now: Floats, then: Floats, usual: float) -> Floats:
    """By how much the cost of a deviation falls, by Student's t distribution; 0 where one is unknown."""
    if not usual > 0:
        return np.zeros(len(now))
    costs = [2.5 * np.log1p((rest / usual) ** 2 / 4) for rest in (now, then)]
    return np.nan_to_num(costs[0] - costs[1])


def _apart(days: Floats, others: Floats) -> Floats:
    """The mean distance of two days (D,); NaN where less than half of them is known."""
    distance = np.abs(days - others)
    known = ~np.isnan(distance)
    count = known.sum(axis=1)
    total = np.where(known, distance, 0.0).sum(axis=1)
    return np.where(2 * count > days.shape[1], total / np.maximum(count, 1), np.nan)


def _median(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")
