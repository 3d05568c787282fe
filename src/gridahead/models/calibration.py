"""Calibration: which quantile of a model's forecast is published under which level.

Every outturn has a score: the standard normal quantile of the level at which the raw forecast has it. Of a calibrated
forecast the scores are standard normal. Of any other, the level 0.9 is published from the score below which nine tenths
of the past scores lie, and so is every level, the median included.

What the past shows is believed as far as it repeats itself. A season that leaned to one side moves its own quantiles;
in the next one that is an error. So what is wrong with location and spread is drawn towards nothing, by how much it
differed from month to month. Errors grow with the lead time, and a network is not equally wrong about its own doubt in
the first hour and the last: blocks of lead time have their own, drawn towards that of all.

Source: Chernozhukov, Wüthrich and Zhu (2021), "Distributional conformal prediction".
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gridahead.core.grid import SUN_DRIVEN, quantity_of
from gridahead.core.quantiles import median_of
from gridahead.features.normal import Scores, between, normal_scores
from gridahead.features.windows import Array, Windows, WindowSpec

BLOCK_HOURS = 6
"""Of lead time share their scores: on 180 days that is 1,080 hours, enough for the 5 % quantile."""
SUN_BLOCK_HOURS = 72
"""The same for solar power, and so all of its horizon: half of the hours are dark, and blocks of dawn or of a morning
know little. On Belgian solar of 2023, measured every month on the last 180 days, one block had 0.4 % less pinball loss
than blocks of six hours."""
MONTH_DAYS = 30
"""About so many days in a row are one observation of what the model is wrong about: neighbouring days are alike."""
MONTHS_DIFFER = 0.3
"""Usually, in scores; counted as `AS_MONTHS` months, for two alone show their variance badly."""
AS_MONTHS = 2.0
LASTING = np.array([0.1, 0.6, 0.6])
"""How far off location, spread below and spread above the median of a trained network are in the long run, in scores:
standard deviations. What months differ by much more than this is passing, and not published. Networks are near the
middle and too sure of themselves: on forecasts of German load, wind and solar of 2024 out of fold, this has 0.1 % to
0.9 % less pinball loss than 0.15, 0.3 and 0.3."""
PRIOR_DAYS = 60.0
"""What is left of each level besides location and spread is drawn towards nothing, as by so many days."""
FURTHEST = 1.0
"""Between a level's own score and the one it is published from, at most: the published 90 % lies between the 61 % and
the 99 % of the model. What would need more is no forecast to be stretched but a model to be trained again."""
NEAREST = 0.2
"""The distance of two neighbouring levels in scores shrinks to a fifth of their own at most, so that they stay apart:
days that know no error at all are too few, or too good."""
_EXTREME = 5.0
"""No score is further out: beyond the outermost quantile it is drawn on a straight line."""

AT_NIGHT = 0.01
"""Of the largest outturn: a median below that, with an outturn of nought, is a night and no forecast to be doubted."""


def as_it_is(levels: tuple[float, ...]) -> Scores:
    """The calibration that changes nothing, (1, Q)."""
    return normal_scores(levels)[None]


def in_doubt(outturn: Array, median: Array, low: float | None) -> npt.NDArray[np.bool_]:
    """Where there is an interval to calibrate, (N, H): not where both median and outturn are at the physical bound.

    The sun does not shine at night. An interval that is right there all the time would be paid for by day.

    Args:
        outturn: (N, H) [MW], NaN where unknown.
        median: (N, H) [MW]
        low: the physical bound [MW], None without one.
    """
    if low is None or np.isnan(outturn).all():
        return np.ones(outturn.shape, bool)
    return ~((outturn <= low) & (median <= low + AT_NIGHT * (np.nanmax(outturn) - low)))


def units_of_block(spec: WindowSpec) -> int:
    """Market time units of the horizon that share their scores."""
    hours = SUN_BLOCK_HOURS if spec.series.quantity in SUN_DRIVEN else BLOCK_HOURS
    return hours * spec.mtu.per_hour


def calibration_on(answers: Array, windows: Windows, levels: tuple[float, ...], furthest: float = FURTHEST) -> Scores:
    """The calibration (B, Q) of uncalibrated answers (N, H, Q) [MW] on the outturn of N windows.

    Args:
        answers: (N, H, Q) [MW]
        windows: N of them.
        levels: Q levels.
        furthest: between the score of a level and the one that it is published from, at most.
    """
    spec = windows.spec
    median = median_of(answers)
    outturn = np.where(windows.within, windows.target, np.float32(np.nan))
    doubted = windows.delivery & in_doubt(outturn, median, quantity_of(spec.series.quantity).low)
    return fit_calibration(answers, outturn, doubted, levels, units_of_block(spec), furthest)


def fit_calibration(
    answer: Array,
    target: Array,
    chosen: npt.NDArray[np.bool_],
    levels: tuple[float, ...],
    units: int,
    furthest: float = FURTHEST,
) -> Scores:
    """From which score each level is published, by block of lead time, (B, Q), rising along Q.

    Args:
        answer: (N, H, Q) as the model says it.
        target: (N, H) outturns, NaN where unknown.
        chosen: (N, H) which units count.
        levels: Q levels.
        units: of the horizon in a block.
        furthest: between the score of a level and the one that it is published from, at most.
    """
    block = np.arange(answer.shape[1]) // units
    counted = chosen & ~np.isnan(target)
    scores = np.full(target.shape, np.nan)
    scores[counted] = scores_of(answer[counted], target[counted], levels)
    plain = normal_scores(levels)
    together = plain + _moved(scores, levels, plain)
    days = int((~np.isnan(scores)).any(axis=1).sum())
    if days:
        left = np.nanquantile(scores, levels) - together
        together = together + days / (days + PRIOR_DAYS) * (left - _parts(plain) @ _sizes(left, plain))
    blocks = [together + _moved(scores[:, block == n], levels, together) for n in range(block[-1] + 1)]
    return np.clip(_apart(np.stack(blocks), plain), plain - furthest, plain + furthest)


def _apart(scores: Scores, plain: Scores) -> Scores:
    """The same scores (B, Q), the median where it is and the others no closer to each other than they may be."""
    middle = scores.shape[-1] // 2
    steps = np.maximum(np.diff(scores, axis=-1), NEAREST * np.diff(plain))
    above = np.cumsum(steps[:, middle:], axis=-1)
    below = np.cumsum(steps[:, :middle][:, ::-1], axis=-1)[:, ::-1]
    median = scores[:, middle : middle + 1]
    return np.concatenate([median - below, median, median + above], axis=-1)


def _moved(scores: Scores, levels: tuple[float, ...], expected: Scores) -> Scores:
    """By how much location and both spreads of the scores (N, h) differ from what is expected (Q,), as far as it lasts.

    Each is drawn towards 0 by the variance that its mean over months has: (Q,) in scores.
    """
    days = scores[(~np.isnan(scores)).any(axis=1)]
    if not len(days):
        return np.zeros(len(levels))
    plain, months = normal_scores(levels), np.array_split(days, max(1, round(len(days) / MONTH_DAYS)))
    by_month = np.stack([_sizes(np.nanquantile(month, levels) - expected, plain) for month in months])
    spread = ((by_month - by_month.mean(axis=0)) ** 2).sum(axis=0) + AS_MONTHS * MONTHS_DIFFER**2
    of_mean = spread / (len(months) - 1 + AS_MONTHS) / (len(days) / MONTH_DAYS)
    sizes = _sizes(np.nanquantile(days, levels) - expected, plain) * LASTING**2 / (LASTING**2 + of_mean)
    moved: Scores = _parts(plain) @ sizes
    return moved


def _parts(plain: Scores) -> Scores:
    """What a change of location, of the spread below the median and of that above does to each level, (Q, 3)."""
    return np.stack([np.ones(len(plain)), np.minimum(plain, 0), np.maximum(plain, 0)], axis=1)


def _sizes(change: Scores, plain: Scores) -> Scores:
    """The sizes of the three in a change of the levels (Q,), by least squares."""
    return np.linalg.lstsq(_parts(plain), change, rcond=None)[0].astype(np.float64)


def moved_parts(scores: Scores, weights: Scores, levels: tuple[float, ...]) -> Scores:
    """By how much location, spread below and spread above the median of some scores are off, (3,).

    Args:
        scores: (R,) of outturns.
        weights: (R,) what each counts.
        levels: Q levels, at which the scores are compared with what they should be.
    """
    order = np.argsort(scores, kind="stable")
    upto = np.cumsum(weights[order])
    middles = (upto - weights[order] / 2) / upto[-1]
    plain = normal_scores(levels)
    return _sizes(np.interp(levels, middles, scores[order]) - plain, plain)


def drawn_at(answer: Array, moved: Scores, levels: tuple[float, ...]) -> Array:
    """The quantiles (N, H, Q), location and spreads moved by (3,) scores; they still rise."""
    plain = normal_scores(levels)
    return calibrate(answer, _apart((plain + _parts(plain) @ moved)[None], plain), levels, answer.shape[1])


def scores_of(answer: Array, target: npt.NDArray[Any], levels: tuple[float, ...]) -> Scores:
    """The score of each outturn, (R,): where it lies among the quantiles, on a straight line between each two.

    Args:
        answer: (R, Q), rising along Q.
        target: (R,) outturns.
        levels: Q levels.
    """
    level_scores = normal_scores(levels)
    right = np.clip((answer < target[:, None]).sum(axis=1), 1, len(levels) - 1)
    rows = np.arange(len(answer))
    low, width = answer[rows, right - 1], answer[rows, right] - answer[rows, right - 1]
    # Where two quantiles coincide there is no way to go: an outturn between them is half-way, one beyond is far out.
    share = np.where(width > 0, (target - low) / np.where(width > 0, width, 1), 0.5 + _EXTREME * np.sign(target - low))
    scores: Scores = np.clip(
        level_scores[right - 1] + share * (level_scores[right] - level_scores[right - 1]), -_EXTREME, _EXTREME
    )
    return scores


def calibrate(answer: Array, scores: Scores, levels: tuple[float, ...], units: int) -> Array:
    """Quantiles (N, H, Q), each level read off at the scores (B, Q) of its block of lead time.

    A horizon may be longer than the one that the scores come from, when clocks go back: its last block is then longer.
    """
    block = np.minimum(np.arange(answer.shape[1]) // units, len(scores) - 1)
    weights = np.stack([between(normal_scores(levels), wanted) for wanted in scores])
    drawn = np.einsum("nhp,hqp->nhq", answer, weights[block])
    return np.maximum.accumulate(drawn, axis=-1).astype(np.float32)
