"""A series that stands hours off throughout: all of it, some years, or only while daylight saving time holds.

Every day looks as it should, and the days around are as wrong. Two things show it. The counterpart, official forecast
or outturn, fits better some hours away, on nearly all days of a year's summer or winter time. And where only one of the
two halves of a year is wrong, the daily course jumps by an hour as the clocks change: load by the wall clock, solar
power by the sun.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.time import zone_info
from gridahead.quality.curves import Curve, is_official, is_sun_driven
from gridahead.quality.robust import mean_of_day, median, moved
from gridahead.quality.whole_series.fault import Mask, SeriesFault, checks

Floats = npt.NDArray[np.float64]
HalfYear = tuple[int, bool]
"""A year, and whether of its days those of daylight saving time."""

LAGS = tuple(by for by in range(-12, 13) if by)
"""Hours: a wrong stamp is one off, a wrong time zone up to twelve."""
FEWEST = 30
"""Days of half a year that are needed."""
ENOUGH = 0.7
"""Share of a day that has to be known in both."""
CERTAIN = 1.15
"""Times the misfit has to be what it is hours away, by the median of the days. Of 150 halves of years of load, solar,
wind and residual load in 18 zones none that stands right is above 0.93; moved by an hour, one of 100 is below this."""
MOST = 0.65
"""Share of the days that have to fit better."""
WEEKS = 14
"""Days before and after a clock change, whose daily courses are compared."""
JUMP = {True: 1.0, False: 1.65}
"""Times the misfit over a year's two clock changes has to be what it is with summer an hour away, for solar power, and
for load. Sound years have 0.92 and 1.43 at most. Load follows the sun in part: with no counterpart, half of the summers
that are wrong are not found."""
JUMP_EACH = {True: 1.0, False: 1.28}
"""The least of one clock change of the year; sound load has both of a year at 1.14 at most."""
ALONE = frozenset({"load", "load_official"})
"""Besides solar power, what keeps its hours by the wall clock; what wind has its part in does not."""


@checks("hours_off")
def hours_off(curve: Curve) -> Sequence[SeriesFault]:
    """The years that fit better hours away, each of them as a whole or in one half by the clock."""
    half_years = HalfYears(curve)
    offsets = {**_by_clock_changes(curve, half_years), **_by_counterpart(curve, half_years)}
    wrong = {half: offset for half, offset in offsets.items() if offset is not None}
    if not wrong:
        return []
    days = np.isin(
        np.arange(len(half_years.year)),
        [day for half in wrong for day in np.flatnonzero(half_years.of(half))],
    )
    inside = days[curve.clock.day] & ~np.isnan(curve.value)
    least = min(wrong.values(), key=lambda offset: offset.measured / offset.limit)
    return [SeriesFault(inside, least.measured, least.limit, _note(offsets))]


class HalfYears:
    """The days of a curve by year and by summer or winter time."""

    def __init__(self, curve: Curve) -> None:
        noons = (curve.clock.days + pd.Timedelta(hours=12)).tz_localize(zone_info(curve.timezone))
        self.year = np.asarray(noons.year)
        self.summer: Mask = np.array([bool(noon.dst()) for noon in noons.to_pydatetime()], dtype=bool)
        self.every: list[HalfYear] = sorted({(int(y), bool(s)) for y, s in zip(self.year, self.summer, strict=True)})
        self.changes = np.flatnonzero(np.diff(self.summer)) + 1
        """Days on which the clocks change."""

    def of(self, half: HalfYear) -> Mask:
        """(D,) which days lie in a half year."""
        return np.asarray((self.year == half[0]) & (self.summer == half[1]))


@dataclass(frozen=True, slots=True)
class HourOffset:
    """How far off half a year stands, and the figures that show it."""

    lag: int
    """Hours later at which it fits."""
    measured: float
    """Times the misfit there that it has as it stands."""
    limit: float


def _by_counterpart(curve: Curve, half_years: HalfYears) -> Mapping[HalfYear, HourOffset | None]:
    """Every half year that can be compared with the counterpart: None where it stands right, or the other does not."""
    if curve.counterpart is None:
        return {}
    offsets = _fits(curve, curve.counterpart, half_years)
    single = {half: offset for half, offset in offsets.items() if offset is not None and not _all_year(offsets, half)}
    blamed_for_years, blamed_for_halves = not is_official(curve.series), _is_to_blame(curve, half_years, single)
    return {
        half: offset if offset is None or (blamed_for_halves if half in single else blamed_for_years) else None
        for half, offset in offsets.items()
    }


def _all_year(offsets: Mapping[HalfYear, HourOffset | None], half: HalfYear) -> bool:
    """Whether the other half of the year is as far off, or not known."""
    offset, other = offsets[half], offsets.get((half[0], not half[1]), offsets[half])
    return offset is not None and other is not None and other.lag == offset.lag


def _is_to_blame(curve: Curve, half_years: HalfYears, single: Mapping[HalfYear, HourOffset]) -> bool:
    """Whether a series is wrong in single halves of years, and not its counterpart: the one that jumps with the clocks.

    Where that does not decide, it is the outturn, as where the whole year is off.
    """
    assert curve.counterpart is not None
    scores = np.zeros(2)
    if keeps_hours(curve):
        for (year, summer), offset in single.items():
            lag = offset.lag if summer else -offset.lag
            for at, (suspect, by) in enumerate(((curve, lag), (curve.counterpart, -lag))):
                scores[at] += np.log(_jump(suspect, HalfYears(suspect), by).get(year, (1.0, 1.0, 0))[0])
    return bool(scores[0] > scores[1]) if scores[0] != scores[1] else not is_official(curve.series)


def keeps_hours(curve: Curve) -> bool:
    """Whether the daily course of a series is tied to a clock, or to the sun."""
    return is_sun_driven(curve.series) or curve.series.quantity in ALONE


def _fits(curve: Curve, other: Curve, half_years: HalfYears) -> Mapping[HalfYear, HourOffset | None]:
    """By half of a year: at how many hours another series fits best, if that is not where it stands."""
    value, hour = curve.aligned(other), curve.per_hour
    misfits = {by: _misfit(curve, moved(value, by * hour)) for by in (0, *LAGS)}
    offsets: dict[HalfYear, HourOffset | None] = {}
    for half in half_years.every:
        at = half_years.of(half) & ~np.isnan(misfits[0]) & (misfits[0] > 0)
        if at.sum() < FEWEST:
            continue
        times = {by: misfits[0][at] / np.maximum(misfits[by][at], 1e-9 * misfits[0][at]) for by in LAGS}
        best = max(LAGS, key=lambda by: float(np.nanmedian(times[by])))
        measured, share = float(np.nanmedian(times[best])), float((times[best] > 1).mean())
        offsets[half] = HourOffset(best, measured, CERTAIN) if measured > CERTAIN and share > MOST else None
    return offsets


def _misfit(curve: Curve, value: Floats) -> Floats:
    """The mean distance of each day (D,) from other values, but for the level."""
    away = curve.clock.matrix(curve.value - value)
    return mean_of_day(np.abs(away - mean_of_day(away)[:, None]), ENOUGH)


def _by_clock_changes(curve: Curve, half_years: HalfYears) -> Mapping[HalfYear, HourOffset | None]:
    """The summers that begin and end with a jump of the daily course by an hour."""
    if not keeps_hours(curve):
        return {}
    sun = is_sun_driven(curve.series)
    offsets: dict[HalfYear, HourOffset | None] = {}
    for lag in (-1, 1):
        for year, (measured, least, changes) in _jump(curve, half_years, lag).items():
            if changes == 2 and measured > JUMP[sun] and least > JUMP_EACH[sun]:
                offsets |= {(year, True): HourOffset(lag, measured, JUMP[sun]), (year, False): None}
    return offsets


def _jump(curve: Curve, half_years: HalfYears, lag: int) -> Mapping[int, tuple[float, float, int]]:
    """By year: how much better the courses around the clock changes fit with summer so many hours later.

    Times the misfit that is left, as the mean and the least of the changes; and the number of changes.
    """
    by = lag * curve.per_hour
    by_year: dict[int, list[float]] = {}
    for day in half_years.changes:
        before, after = (curve.days[max(at, 0) : at + WEEKS] for at in (day - WEEKS, day + 1))
        if min(len(before), len(after)) < WEEKS:
            continue
        courses = [median(days) for days in (before, after)]
        summer, winter = courses[::-1] if half_years.summer[day] else courses
        now, then = (_course_misfit(np.roll(summer, at) - winter, abs(by)) for at in (0, by))
        if now > 0 and then > 0:
            by_year.setdefault(int(half_years.year[day]), []).append(now / then)
    return {year: (float(np.exp(np.mean(np.log(times)))), min(times), len(times)) for year, times in by_year.items()}


def _course_misfit(away: Floats, edge: int) -> float:
    """The mean size of a difference of two daily courses (K,), but for the level and the hours around midnight."""
    inside = away[edge : len(away) - edge]
    known = inside[~np.isnan(inside)]
    return float(np.abs(known - np.median(known)).mean()) if len(known) > ENOUGH * len(away) else float("nan")


def _note(offsets: Mapping[HalfYear, HourOffset | None]) -> str:
    """Which years, when in them, by how much, and the setting that helps."""
    kinds: dict[tuple[int, str], set[int]] = {}
    for (year, summer), offset in offsets.items():
        if offset is not None:
            when = " while daylight saving time holds" if summer else " outside daylight saving time"
            kinds.setdefault((offset.lag, "" if _all_year(offsets, (year, summer)) else when), set()).add(year)
    return "; ".join(_words(lag, when, sorted(years)) for (lag, when), years in sorted(kinds.items()))


def _words(lag: int, when: str, years: Sequence[int]) -> str:
    hours = f"{abs(lag)} hour{'s' if abs(lag) > 1 else ''}"
    fits = f"{', '.join(map(str, years))}{when} it fits {hours} {'later' if lag > 0 else 'earlier'}"
    if when:
        return f"{fits} (set `timezone` for its file to the one offset, or the local time, that it is written in)"
    stamp = f', or `stamp = "{"beginning" if lag > 0 else "ending"}"`' if abs(lag) == 1 else ""
    other = f"or its counterpart {hours} {'earlier' if lag > 0 else 'later'}"
    return f"{fits}, {other} (set `timezone`{stamp} for the file that is wrong)"
