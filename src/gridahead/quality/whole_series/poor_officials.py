"""An official forecast that is of no use throughout: further off than the days before, or nothing but a copy of them.

Each of its days looks as it should, and those around are as far off: a plant is counted that the outturn lacks, the
column is another authority's, the publisher sends yesterday once more. A year's usual day shows it beside what anybody
could have said: the outturn of the newest day that was over, and that of a week before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridahead.quality.curves import Curve, is_official
from gridahead.quality.robust import mean_of_day, moved
from gridahead.quality.whole_series.fault import Mask, SeriesFault, checks
from gridahead.quality.whole_series.other_units import unit_of_counterpart, unit_of_years
from gridahead.quality.whole_series.shifted_hours import hours_off

Floats = npt.NDArray[np.float64]

DAYS_BEFORE = (2, 7)
"""What anybody knows of a day on the day before: the newest whole one, and that of its weekday."""
FEWEST = 30
"""Days of a year that are needed."""
ENOUGH = 0.7
"""Share of a day that has to be known."""
FAR_OFF = 1.5
"""Times the error of the better of these days. Of 54 authorities of the United States, 2015 to 2020, those whose
forecasts are sane have 1.42 at most, but for two years that are a fifth too high; German load of 2020 to 2025 has 0.90
to 1.27, and of New York's zones of 2012 to 2018 all have less than 1 but Mohawk Valley, which has 1.8 to 2.5."""
LEANS = 0.5
"""Of its error is a lasting difference of one sign: then that is what is wrong."""
COPIED = 0.5
"""Share of the values that are to the digit those of an earlier day. Whole megawatts of a small series agree by chance
in a tenth."""
COPIES_FROM = (1, 2, 7)
"""Days before, which a publisher repeats."""


@checks("forecast_far_off")
def forecast_far_off(curve: Curve) -> Sequence[SeriesFault]:
    """The years in which an official forecast is further off than the days before, and nothing else explains it."""
    days = _Days.of(curve)
    if days is None:
        return []
    times = {year: ratio for year in days.years if (ratio := days.times_as_far(year)) > FAR_OFF}
    explained = _explained(curve) if times else frozenset()
    times = {year: ratio for year, ratio in times.items() if year not in explained}
    note = ", ".join(f"{year}{days.lean(year)}" for year in times)
    return [SeriesFault(days.inside(times), max(times.values()), FAR_OFF, note)] if times else []


@checks("forecast_is_old_outturn")
def forecast_is_old_outturn(curve: Curve) -> Sequence[SeriesFault]:
    """The years in which an official forecast is the outturn of an earlier day."""
    days = _Days.of(curve)
    if days is None:
        return []
    faults = []
    for back in COPIES_FROM:
        shares = {year: share for year in days.years if (share := days.copied(year, back)) > COPIED}
        if shares:
            note = f"{', '.join(map(str, shares))} ({back} day{'s' if back > 1 else ''} before)"
            faults.append(SeriesFault(days.inside(shares), max(shares.values()), COPIED, note))
    return faults[:1]


@dataclass(frozen=True, eq=False)
class _Days:
    """An official forecast and its outturn by day, (D, K)."""

    curve: Curve
    official: Floats
    outturn: Floats
    year: npt.NDArray[np.int64]
    """(D,)"""

    @classmethod
    def of(cls, curve: Curve) -> _Days | None:
        """Those of a curve; None where it is no official forecast, or has no outturn beside."""
        if not is_official(curve.series) or curve.counterpart is None:
            return None
        outturn = curve.clock.matrix(curve.aligned(curve.counterpart))
        return cls(curve, curve.days, outturn, np.asarray(curve.clock.days.year, dtype=np.int64))

    @property
    def years(self) -> Sequence[int]:
        """All that there are, in order."""
        return [int(year) for year in np.unique(self.year)]

    def inside(self, years: Mapping[int, float]) -> Mask:
        """(T,) the values of some years."""
        return np.isin(self.year, [*years])[self.curve.clock.day] & ~np.isnan(self.curve.value)

    def times_as_far(self, year: int) -> float:
        """The usual error of a day over that of the better of the days before; NaN where too few days tell."""
        told = [self.official, *(moved(self.outturn, -by) for by in DAYS_BEFORE)]
        errors = np.stack([mean_of_day(np.abs(one - self.outturn), ENOUGH) for one in told])
        known = (self.year == year) & ~np.isnan(errors).any(axis=0)
        if known.sum() < FEWEST:
            return float("nan")
        official, *others = np.median(errors[:, known], axis=1)
        return float(official / min(others)) if min(others) > 0 else float("nan")

    def lean(self, year: int) -> str:
        """By how much it is too high or too low, if that is most of its error; with a space before, in brackets."""
        away = mean_of_day(self.official - self.outturn, ENOUGH)
        size = mean_of_day(np.abs(self.official - self.outturn), ENOUGH)
        level = mean_of_day(np.abs(self.outturn), ENOUGH)
        known = (self.year == year) & ~np.isnan(away) & ~np.isnan(level)
        lean, error, usual = (float(np.median(one[known])) for one in (away, size, level))
        if abs(lean) < LEANS * error or not usual:
            return ""
        return f" ({abs(lean) / usual:.0%} too {'high' if lean > 0 else 'low'})"

    def copied(self, year: int, back: int) -> float:
        """The share of its values that are those of an earlier day, where those of the day itself are not."""
        earlier = moved(self.outturn, -back)
        counted = (self.year == year)[:, None] & ~np.isnan(self.official + self.outturn + earlier)
        # Of nights, and of what stands still, everything would be a copy.
        counted &= (self.official != 0) & (earlier != self.outturn)
        if counted.any(axis=1).sum() < FEWEST:
            return float("nan")
        return float((self.official == earlier)[counted].mean())


def _explained(curve: Curve) -> frozenset[int]:
    """The years in which the pair has another fault: hours or units that are wrong make any forecast a bad one."""
    assert curve.counterpart is not None
    found = set[int]()
    for one in (curve, curve.counterpart):
        year = np.asarray(one.clock.days.year)[one.clock.day]
        for check in (hours_off, unit_of_years, unit_of_counterpart):
            found |= {int(of_it) for fault in check(one) for of_it in np.unique(year[fault.where])}
    return frozenset(found)
