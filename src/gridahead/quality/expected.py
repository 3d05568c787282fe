"""What neighbouring days let expect of a day: the same hour of the same weekday, or of the days beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridahead.quality.robust import mean_of_day, median_of_days, moved, usual

Floats = npt.NDArray[np.float64]

WEEKLY, DAILY = (-21, -14, -7, 7, 14, 21), (-3, -2, -1, 1, 2, 3)
"""The days that a day is compared with, in a series that follows the week, and in one that follows the weather."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected day, what is left of the real one, and how much usually is. All (D, K), in the series' unit."""

    value: Floats
    rest: Floats
    usual: Floats


def expect(days: Floats) -> Expected:
    """The expectation by the week or by the neighbouring days, whichever usually leaves less at each place of the day.

    Both are moved to the level of the days beside, as far as these agree, so that a cold week is no surprise.
    """
    candidates = [_levelled(days, median_of_days(days, offsets)) for offsets in (WEEKLY, DAILY)]
    rests = [days - expected for expected in candidates]
    usuals = [usual(rest) for rest in rests]
    weekly = mean_of_day(usuals[0]) <= mean_of_day(usuals[1])
    chosen = np.where((weekly | np.isnan(mean_of_day(usuals[1])))[:, None], candidates[0], candidates[1])
    rest = days - chosen
    return Expected(chosen, rest, usual(rest))


def _levelled(days: Floats, expected: Floats) -> Floats:
    deviation = mean_of_day(days - expected)
    before, after = moved(deviation, -1), moved(deviation, 1)
    before, after = np.where(np.isnan(before), after, before), np.where(np.isnan(after), before, after)
    # The smaller of the two if they agree in sign, else nothing: one wrong day does not move its neighbours.
    agreed = np.where(before * after > 0, np.sign(before) * np.fmin(np.abs(before), np.abs(after)), 0.0)
    return np.asarray(expected + np.nan_to_num(agreed)[:, None])
