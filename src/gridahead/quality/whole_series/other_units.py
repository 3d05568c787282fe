"""Values in another unit throughout: all of a series, or some years of it.

Kilowatts for megawatts are 1000 times as much, sums of quarter hours in place of their mean 4 times. Days around are as
wrong. The counterpart shows which years are, and where there is none, the other years of the series.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.time import Mtu
from gridahead.quality.curves import Curve, is_official
from gridahead.quality.robust import mean_of_day
from gridahead.quality.whole_series.fault import SeriesFault, checks

Floats = npt.NDArray[np.float64]
Levels = Mapping[int, float]
"""By year."""

THOUSAND = 1000.0
"""Kilowatts and megawatts, megawatts and gigawatts."""
QUARTERS = 4.0
"""Quarter hours in an hour: energy of a unit taken for power, or a sum for a mean."""
HALVES = 2.0
"""Half hours in an hour: only for series in half hours."""
LOOSE, CLOSE = 0.7, 0.15
"""How far the logarithm of a ratio may be from that of 1000, and of the other factors."""
STEP = 1.6
"""Times that sound years may be apart in level, or from their counterpart. Of 100 years of outturns and official
forecasts in 18 zones no ratio is outside of 0.7 to 1.4."""
GROWN = 4.0
"""The same where a factor of 1000 is looked for: plant is built, and a year may be there in part."""
FEWEST = 30
"""Days of a year that are needed for its level."""
LITTLE = 0.01
"""Of the usual day of a year: a day with less has no ratio to speak of."""
ENOUGH = 0.7
"""Share of a day that has to be known."""
STEADY = frozenset({"load", "load_official"})
"""What does not grow four times from one year to the next, as new plant does."""


@checks("unit_of_years")
def unit_of_years(curve: Curve) -> Sequence[SeriesFault]:
    """The years in which a series has another unit than in others; by the counterpart where there is one."""
    other_unit = _by_counterpart(curve) if curve.counterpart is not None else _by_own_years(curve)
    return [] if other_unit is None or other_unit.whole else [_fault(curve, other_unit)]


@checks("unit_of_counterpart")
def unit_of_counterpart(curve: Curve) -> Sequence[SeriesFault]:
    """All years of an outturn, where it and its official forecast have different units in all of them."""
    other_unit = _by_counterpart(curve) if curve.counterpart is not None else None
    return [_fault(curve, other_unit)] if other_unit is not None and other_unit.whole else []


@dataclass(frozen=True, slots=True)
class YearsInOtherUnit:
    """The years of a series that are in another unit."""

    years: Sequence[int]
    factor: float
    """How many times as large as they should be."""
    whole: bool
    """Whether they are all years, so that nothing shows which of the two series is right."""


def _by_counterpart(curve: Curve) -> YearsInOtherUnit | None:
    assert curve.counterpart is not None
    own_levels, counterpart_levels = _daily(curve, curve.value), _daily(curve, curve.aligned(curve.counterpart))
    ratios = _of_years(curve, own_levels / counterpart_levels)
    for factor in _factors(curve):
        years = [year for year, ratio in ratios.items() if _near(ratio, factor)]
        if len(years) == len(ratios) > 0:
            return None if is_official(curve.series) else YearsInOtherUnit(years, factor, whole=True)
        if years:
            changes = [_change(_of_years(curve, level), years) for level in (own_levels, counterpart_levels)]
            return YearsInOtherUnit(years, factor, whole=False) if changes[0] > changes[1] else None
    return None


def _by_own_years(curve: Curve) -> YearsInOtherUnit | None:
    """The fewer of the years of a series whose levels are a factor apart, or else the later ones."""
    levels = _of_years(curve, _daily(curve, curve.value))
    for factor in _factors(curve):
        far = max(factor, 1 / factor) == THOUSAND
        if not far and curve.series.quantity not in STEADY:
            continue
        apart = GROWN if far else STEP
        usual = _usual(list(levels.values()), apart)
        years = [year for year, level in levels.items() if _near(level / usual, factor)]
        if years and all(year in years or _alike(level, usual, apart) for year, level in levels.items()):
            return YearsInOtherUnit(years, factor, whole=False)
    return None


def _usual(levels: Sequence[float], apart: float) -> float:
    """The first of the levels that most others are like."""
    return max(levels, default=0.0, key=lambda level: sum(_alike(level, other, apart) for other in levels))


def _alike(level: float, other: float, apart: float) -> bool:
    return bool(abs(np.log(level / other)) < np.log(apart))


def _change(levels: Levels, years: Sequence[int]) -> float:
    """By how much the level of those years differs from that of the others, as a logarithm."""
    inside, outside = ([level for year, level in levels.items() if (year in years) == part] for part in (True, False))
    return float(np.abs(np.log(np.median(inside) / np.median(outside)))) if inside and outside else 0.0


def _daily(curve: Curve, value: Floats) -> Floats:
    """The mean size of each day (D,); NaN where there is next to nothing for its year."""
    mean = pd.Series(mean_of_day(np.abs(curve.clock.matrix(value)), ENOUGH))
    usual = mean.groupby(np.asarray(curve.clock.days.year)).transform("median")
    return np.asarray(mean.where(mean > LITTLE * usual), dtype=np.float64)


def _of_years(curve: Curve, daily: Floats) -> Levels:
    """The median of a daily figure (D,) by year."""
    year = np.asarray(curve.clock.days.year)
    by_year = {int(of_year): daily[(year == of_year) & ~np.isnan(daily)] for of_year in np.unique(year)}
    return {of_year: float(np.median(days)) for of_year, days in by_year.items() if len(days) >= FEWEST}


def _factors(curve: Curve) -> Sequence[float]:
    """How many times too large or small values may be."""
    times = [THOUSAND, QUARTERS] + ([HALVES] if curve.mtu == Mtu.PT30M else [])
    return [*times, *(1 / factor for factor in times)]


def _near(ratio: float, factor: float) -> bool:
    return bool(abs(np.log(ratio / factor)) < (LOOSE if max(factor, 1 / factor) == THOUSAND else CLOSE))


def _fault(curve: Curve, other_unit: YearsInOtherUnit) -> SeriesFault:
    where = np.isin(np.asarray(curve.clock.days.year), other_unit.years)[curve.clock.day] & ~np.isnan(curve.value)
    times = other_unit.factor if other_unit.factor > 1 else 1 / other_unit.factor
    size = "large" if other_unit.factor > 1 else "small"
    note = f"{', '.join(map(str, other_unit.years))} are {times:,.0f} times as {size}"
    return SeriesFault(where, times, STEP, note)
