"""The two lowest rungs: the official forecast without its own recent error, and last week's same hour.

Both are made from what is known at the issue time and from nothing else: no model, no covariate. Their intervals come
from the errors that the same rule would have made on each of the last days, when as much had been missing as is missing
now: the same age of the newest outturn, the same gaps, the same lead. So they widen with what is missing, as measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridahead.core.grid import SUN_DRIVEN
from gridahead.core.vintages import Floats
from gridahead.features.correction import CORRECTION_DAYS, FEWEST_DAYS, clipped_mean
from gridahead.features.normal import normal_scores
from gridahead.features.rows import mean_of_known
from gridahead.forecasting.history import History

CALIBRATION_DAYS = 90
"""A season: on longer ones errors of another time of the year weigh as much as those of now."""
FEWEST_CALIBRATION_DAYS = 14
"""Of fewer days the 10 % quantile is that of two, and a weekend is not among them twice."""
SPELL_DAYS = 3.5
"""For about so long errors stay alike: 90 days are 26 that are independent. On German load and on wind and solar of
2025 the 80 % bands of these rungs hold with it between 77 and 83 %; as if every day were one, load has 74 to 77 %."""
SEASON_DAYS = 120
"""In so many days what errors are like changes as much as they vary: an old calibration is widened by that, up to
twice."""
OLDEST_WEEKS = 5
"""Longer ago the same hour is of another season; without outturn since then there is no naive forecast."""
OLDEST_CORRECTION_DAYS = 60
"""Errors of an official forecast lean to one side for weeks; two months later, one time out of two to the other."""
GUESSED = 0.1
"""Share of the level that stands for the standard deviation of errors, where none is known: twice that of an official
load forecast, and what last week's hour of load errs by."""
_GUESSED_WIDER = 1.5
"""Days of one week lie nearer to their mean than those of the next do."""
_NEIGHBOURS_HOURS = 2
"""Errors at nearby hours are alike: a mean over five hours is steadier than that of one."""
_LEAST_SHARE = 0.25
"""Of the mean error is every hour's own at least, but for the sun, which does not shine by night."""


@dataclass(frozen=True, eq=False)
class Simple:
    """A forecast of the delivery day by a simple rule."""

    quantiles: Floats
    """(H, Q) rising along Q [MW]."""
    point: Floats
    """(H,) the median [MW]."""
    mean_error: float
    """Mean absolute error on the days that it is calibrated on; NaN where there are none [MW]."""
    largest_error: float
    """That of the worst of them [MW]."""
    notes: tuple[str, ...] = ()
    """What had to be left out or guessed, in words."""


def last_week(history: History, levels: tuple[float, ...]) -> Simple | str:
    """Last week's same hour, or that of the newest week before of which it is known; else the reason why not.

    Where no week has it, as with a few days of data, the same hour of the newest day counts.
    """
    lag = _lags(history)
    if not lag.any():
        return f"nothing is known of {history.series} in the {7 * OLDEST_WEEKS} days before"
    rows = _calibrated_on(history)
    point = _at(history.outturn, np.array([len(history.outturn) - 1]), lag)[0]
    errors = history.outturn[rows] - _at(history.outturn, rows, lag)
    point = np.where(np.isnan(point), np.nanmean(point), point)
    notes = (f"of up to {lag.max()} days before",) if lag.max() > 7 else ()
    return _with_intervals(history, point[history.slot], errors, levels, notes)


def corrected_official(history: History, levels: tuple[float, ...]) -> Simple | str:
    """The official forecast plus the mean of its errors at the same hour on the newest days; else why not.

    The errors are of the newest 28 days of which one is known; older than two months none counts, and of fewer than
    seven the official forecast stays as it is.
    """
    unknown = np.isnan(history.official_ahead)
    if unknown.any():
        return f"official forecast missing for {unknown.sum()} of {len(unknown)} units"
    errors = history.outturn - history.official
    last = len(errors) - 1
    has: npt.NDArray[np.bool_] = np.any(~np.isnan(errors), axis=1)[::-1]
    lags = np.flatnonzero(has[: OLDEST_CORRECTION_DAYS + 1])[:CORRECTION_DAYS]
    rows = _calibrated_on(history)
    corrections = _correction(errors, np.append(rows, last), lags)
    notes = () if len(lags) >= FEWEST_DAYS else ("not corrected: its errors of the last weeks are not known",)
    point = history.official_ahead + corrections[-1][history.slot]
    return _with_intervals(history, point, errors[rows] - corrections[:-1], levels, notes)


def _correction(errors: Floats, rows: npt.NDArray[np.int64], lags: npt.NDArray[np.int64]) -> Floats:
    """The mean error (K, S) at each local time over the days that lie so many days before each of K rows."""
    if len(lags) < FEWEST_DAYS:
        return np.zeros((len(rows), errors.shape[1]))
    at = rows[:, None] - lags
    before = np.where((at >= 0)[..., None], errors[np.maximum(at, 0)], np.nan)
    few = (~np.isnan(before)).any(axis=2).sum(axis=1) < FEWEST_DAYS
    return np.where(few[:, None], np.nan, np.nan_to_num(clipped_mean(before)))


def _lags(history: History) -> npt.NDArray[np.int64]:
    """How many days back each local time is known first, (S,): whole weeks before all others; 0 where it is not."""
    last, most = len(history.outturn) - 1, 7 * OLDEST_WEEKS
    order = [*range(7, most + 1, 7), *(days for days in range(1, most) if days % 7)]
    lag = np.zeros(history.outturn.shape[1], np.int64)
    for days in (days for days in order if days <= last):
        lag = np.where((lag == 0) & ~np.isnan(history.outturn[last - days]), days, lag)
    return lag


def _at(values: Floats, rows: npt.NDArray[np.int64], lag: npt.NDArray[np.int64]) -> Floats:
    """The values (K, S) that lie so many days before each of K rows, by local time; NaN where nothing does."""
    at = rows[:, None] - lag
    found = np.take_along_axis(values, np.maximum(at, 0), axis=0)
    return np.where((at >= 0) & (lag > 0), found, np.nan)


def _calibrated_on(history: History) -> npt.NDArray[np.int64]:
    """The rows of the newest days of which at least half is known, but for the delivery day."""
    known = (~np.isnan(history.outturn)).mean(axis=1)
    return np.flatnonzero(known[:-1] >= 0.5)[-CALIBRATION_DAYS:]


def _with_intervals(
    history: History, point: Floats, errors: Floats, levels: tuple[float, ...], notes: tuple[str, ...]
) -> Simple:
    """A point forecast (H,) with the quantiles of the errors (K, S) that it would have made on former days."""
    judged = errors[(~np.isnan(errors)).mean(axis=1) >= 0.5]
    daily = np.nanmean(np.abs(judged), axis=1) if len(judged) else np.zeros(0)
    if len(judged) < FEWEST_CALIBRATION_DAYS:
        spread = _guessed(history, point)
        offsets = spread * normal_scores(levels)[None] * np.ones((len(point), 1))
        notes = (*notes, f"its band is a guess: errors of {len(judged)} days are known")
    else:
        offsets = _offsets(history, judged, levels)[history.slot]
    mean, largest = (float(daily.mean()), float(daily.max())) if len(daily) else (np.nan, np.nan)
    return Simple(point[:, None] + offsets, point, mean, largest, notes)


def _offsets(history: History, errors: Floats, levels: tuple[float, ...]) -> Floats:
    """Quantiles (S, Q) of errors (K, S): of all hours in units of each hour's own, the median at nothing."""
    size = _sizes(errors, sun=history.series.quantity in SUN_DRIVEN)
    there = ~np.isnan(errors) & (size > 0)
    scaled = (errors / np.where(size > 0, size, 1))[there]
    if not len(scaled):
        return np.zeros((errors.shape[1], len(levels)))
    # Of K spells that have been, the next one lies beyond the outermost one time out of K + 1.
    spells = len(errors) / SPELL_DAYS
    asked = np.clip(0.5 + (np.array(levels) - 0.5) * (spells + 1) / spells, 0, 1)
    offsets = np.quantile(scaled, asked) * np.sqrt(1 + min(history.age_days or 0, 3 * SEASON_DAYS) / SEASON_DAYS)
    below = np.array(levels) < 0.5
    sided = np.where(below, np.minimum(offsets, 0), np.maximum(offsets, 0))
    sided[np.isclose(levels, 0.5)] = 0
    by_hour: Floats = size[:, None] * sided
    return by_hour


def _sizes(errors: Floats, *, sun: bool) -> Floats:
    """The usual size of an error at each local time, (S,) [MW], from it and the hours around it."""
    steps = errors.shape[1]
    reach = max(1, _NEIGHBOURS_HOURS * steps // 24)
    count = (~np.isnan(errors)).sum(axis=0).astype(float)
    total = np.nansum(np.abs(errors), axis=0)
    around = [np.roll(np.stack([total, count]), shift, axis=1) for shift in range(-reach, reach + 1)]
    sums, counts = np.sum(around, axis=0)
    size = sums / np.maximum(counts, 1)
    if sun:
        lit: Floats = np.where(total > 0, size, 0.0)
        return lit
    least = float(_LEAST_SHARE * total.sum() / max(count.sum(), 1))
    floored: Floats = np.maximum(size, least)
    return floored


def _guessed(history: History, point: Floats) -> float:
    """What stands for the standard deviation of errors where too few are known [MW]."""
    values = history.outturn.astype(np.float32)
    deviations = values - mean_of_known(values, axis=0)
    seen = float(np.nanstd(deviations)) if len(history.known) else 0.0
    return max(_GUESSED_WIDER * seen, GUESSED * float(np.abs(point).mean()))
