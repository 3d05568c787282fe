"""A week that stands in a series twice: values of one week in the place of those of another, however far apart.

A file that is stitched together may hold a month twice, or a week that was missing as a copy of another. The rule on
days looks eight weeks back; here every stretch of six days is looked for in all of the series.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.vintages import MICROSECONDS_A_DAY
from gridahead.quality.curves import Curve
from gridahead.quality.whole_series.fault import Mask, SeriesFault, checks

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

LIMIT_DAYS = 6.0
"""Whole days in a row that may repeat; of a week whose days have 23 or 25 hours, more than six are a copy still."""
CHANGING = 0.2
"""Share of the units of a stretch that have to differ from the one before: standing still is no copy."""
MOST = 0.55
"""Share of a series that repeats from which on it is of this kind, such as a weekly profile; of two years one may."""
ODD = np.uint64(0x9E3779B97F4A7C15)
"""A large odd factor, so that stretches of 64-bit sums differ where their values do."""


@checks("weeks_repeated")
def weeks_repeated(curve: Curve) -> Sequence[SeriesFault]:
    """The later, or the worse fitting, of two stretches of more than six days with the same values."""
    length = int(LIMIT_DAYS * MICROSECONDS_A_DAY // curve.clock.step)
    begins, lags = _pairs(curve.value, length)
    if not len(begins):
        return []
    runs = _runs(begins, lags, length)
    repeated = np.zeros(len(curve.value), dtype=bool)
    for first, last, _ in runs:
        repeated[first:last] = True
    longest = max(last - first for first, last, _ in runs)
    if longest <= length or repeated.sum() > MOST * (~np.isnan(curve.value)).sum():
        return []
    wrong, notes = np.zeros(len(curve.value), dtype=bool), []
    for first, last, lag in runs:
        copy, original = (first, first - lag)
        if _misfit(curve, original, last - lag) > _misfit(curve, copy, last):
            copy, original = original, copy
        wrong[copy : copy + last - first] = True
        notes.append((copy, f"{_date(curve, copy)} as those from {_date(curve, original)}"))
    note = ", ".join(words for _, words in sorted(notes))
    days = longest * curve.clock.step / MICROSECONDS_A_DAY
    return [SeriesFault(wrong, days, LIMIT_DAYS, note)]


def _pairs(value: Floats, length: int) -> tuple[Ints, Ints]:
    """Where a stretch of that length begins (P,) that was there before, and how many units before (P,)."""
    if len(value) < 2 * length:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    hashes = _hashes(np.unique(value, return_inverse=True)[1].astype(np.uint64) + np.uint64(1), length)
    changes = np.r_[0, np.cumsum(np.diff(value) != 0)]
    unknown = np.r_[0, np.cumsum(np.isnan(value))]
    at = np.arange(len(hashes))
    usable = changes[at + length - 1] - changes[at] >= CHANGING * length
    usable &= unknown[at + length] == unknown[at]
    at = at[usable]
    ordered = at[np.argsort(hashes[at], kind="stable")]
    again = np.flatnonzero(hashes[ordered[1:]] == hashes[ordered[:-1]]) + 1
    lags = ordered[again] - ordered[again - 1]
    order = np.lexsort((ordered[again], lags))
    return ordered[again][order], lags[order]


def _hashes(codes: Hashes, length: int) -> Hashes:
    """A number for every stretch of so many codes (T - length + 1,), by doubling; equal stretches have equal ones."""
    total, done = np.zeros(len(codes), dtype=np.uint64), 0
    piece, size, factor = codes, 1, ODD
    while size <= length:
        if length & size:
            total = total[: len(codes) - done - size + 1]
            total = total * factor + piece[done : done + len(total)]
            done += size
        piece = piece[: len(piece) - size] * factor + piece[size:]
        factor, size = np.uint64(int(factor) ** 2 % 2**64), 2 * size
    return total


def _runs(begins: Ints, lags: Ints, length: int) -> Sequence[tuple[int, int, int]]:
    """First and last (excluded) unit of every repeated stretch, and how many units before it was there."""
    fresh = np.flatnonzero((np.diff(begins) != 1) | (np.diff(lags) != 0)) + 1
    firsts, lasts = np.r_[0, fresh], np.r_[fresh, len(begins)] - 1
    return [(int(begins[a]), int(begins[b]) + length, int(lags[a])) for a, b in zip(firsts, lasts, strict=True)]


def _misfit(curve: Curve, first: int, last: int) -> float:
    """How badly a stretch fits where it stands: by the counterpart if there is one, else by the steps at its ends."""
    if curve.trusted_counterpart is not None:
        away = np.abs(curve.value - curve.clock.line(curve.trusted_counterpart))[first:last]
        if (~np.isnan(away)).mean() > 0.5:
            return float(np.nanmean(away))
    return sum(_step(curve, place) for place in (first, last))


def _step(curve: Curve, place: int) -> float:
    """How far the step to a unit is from what is usual at its time of the day; 0 where it is not known."""
    if not 0 < place < len(curve.value):
        return 0.0
    steps = np.diff(curve.value, prepend=np.nan)
    beside: Mask = curve.clock.slot == curve.clock.slot[place]
    beside &= np.abs(np.arange(len(steps)) - place) <= 28 * curve.clock.slots
    return float(np.nan_to_num(np.abs(steps[place] - np.nanmedian(steps[beside]))))


def _date(curve: Curve, place: int) -> str:
    return f"{pd.DatetimeIndex(curve.clock.days)[curve.clock.day[place]]:%Y-%m-%d}"
