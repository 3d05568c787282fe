"""How large a statistic gets by itself: limits from the tail of a series' own history.

The largest value of each week is taken. Its tail is read off the median and the highest tenth, which a faulty week in
ten does not move; the limit is the level that is passed once in many years. What happens in more than one week in a
hundred is the series' nature, however odd it looks.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

WEEK = 7 * 24 * 3_600_000_000
"""In microseconds."""
RETURN_YEARS = 100.0
"""A rule fails by chance once in so many years: thirty rules then raise less than one alarm a year."""
RARE = 0.01
"""Share of the weeks of a history that may be faulty."""
LONE, APART = 0.08, 2.0
"""Share of the weeks with a wrong value, where a gap lies between what they reach and all others: a factor of two that
tails of weather and people do not leave. In a year of 17 series with two to four single wrong values these are withheld
as often as one alone; in two later years of 44 sound series such limits raise 3.75 alarms a year in place of 3.57. For
values only: whole days that are odd twice a year are the clock changes."""
FEWEST_WEEKS = 4
"""Less history than this teaches nothing."""


def weekly_maxima(statistic: Floats, times: npt.NDArray[np.int64]) -> Floats:
    """The largest value of each week, without weeks in which there is none."""
    is_known = ~np.isnan(statistic)
    if not is_known.any():
        return np.zeros(0)
    week, value = times[is_known] // WEEK, statistic[is_known]
    first = np.flatnonzero(np.r_[True, week[1:] != week[:-1]])
    return np.asarray(np.maximum.reduceat(value, first))


def return_level(maxima: Floats, *, additive: bool, years: float = RETURN_YEARS, lone: float = LONE) -> float:
    """The level that weekly maxima pass once in so many years; NaN if the history is too short.

    A short history has not seen all seasons: the level is widened by the root of the missing part of a year.

    Args:
        maxima: as `weekly_maxima` gives them.
        additive: whether the statistic is one without a heavy tail, such as a difference, which may be negative.
        years: how rare the level is.
        lone: share of the weeks that may lie above a gap and not count.
    """
    weeks = len(maxima)
    if weeks < FEWEST_WEEKS:
        return float("nan")
    widened = float(np.sqrt(max(52 / weeks, 1.0)))
    middle, high = (float(level) for level in np.quantile(maxima, [0.5, 0.9]))
    reach = _seen(np.sort(maxima), middle if additive else 0.0, high, lone)
    # An exponential tail through both quantiles: from one week in two to one in `years` years.
    steps = np.log(0.5 * 52 * years) / np.log(0.5 / 0.1)
    tail = float(middle + (high - middle) * steps)
    if additive:
        # A gain has a long way from where most weeks lie, and no heavy tail there: what was seen bounds it.
        beyond = max(reach - high, high - middle)
        return min(tail, reach + 2.0 * beyond) + (widened - 1.0) * (high - middle)
    return max(tail, 1.25 * reach) * widened


def _seen(ordered: Floats, zero: float, high: float, lone: float) -> float:
    """How far the weeks reach, but for a few rare ones, and for a few more that lie far above all others.

    Args:
        ordered: maxima of the weeks, rising.
        zero: where their size is counted from.
        high: what one week in ten passes; a gap below it does not count.
        lone: share of the weeks that such a few may be.
    """
    weeks = len(ordered)
    set_aside = int(np.ceil(RARE * weeks))
    if high <= 0:  # where most weeks have nothing at all, nothing is far above them
        lone = RARE
    for above in range(set_aside + 1, int(np.ceil(lone * weeks)) + 1):
        if ordered[-above] - zero > APART * (max(ordered[-above - 1], high) - zero):
            set_aside = above
    return float(ordered[max(weeks - 1 - set_aside, 0)])
