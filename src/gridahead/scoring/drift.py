"""Drift of a model: whether it errs more than it did in the back-test, knowing the season.

Summer is no drift of winter: losses are compared with those of their own season. Days that the model has learnt say
nothing about it, and are refused.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from scipy import stats

from gridahead.errors import ModelError
from gridahead.scoring.bootstrap import block_length
from gridahead.scoring.findings import ENOUGH, Finding, Floats, limits, ordinary_periods

REPETITIONS = 2000
SLACK = 0.5
"""Of the cumulative sum [spreads a day]: half of the shift that it finds fastest. Source: Page (1954); Montgomery,
Introduction to Statistical Quality Control, chapter on cumulative sums."""


def require_unlearnt(model: str, days: pd.Index, learnt_until: dt.date) -> None:
    """Refuse to judge a model by days that it has learnt.

    Args:
        model: its name, for the message.
        days: (N,) local midnights.
        learnt_until: the last delivery day that its weights have learnt.

    Raises:
        ModelError: one of the days is not after it.
    """
    if len(days) and (first := pd.DatetimeIndex(days).min().date()) <= learnt_until:
        raise ModelError(
            model,
            f"has learnt until {learnt_until}: its errors from {first} on say nothing; take days after {learnt_until}",
        )


def error_drift(
    model: str,
    recent: pd.DataFrame,
    past: pd.DataFrame,
    *,
    learnt_until: dt.date,
    false_alarms: float = 0.01,
    seed: int = 0,
) -> Finding:
    """Whether a model errs more than it did in the back-test in the same season: a cumulative sum of daily losses.

    Logarithms of the losses are taken in spreads from the mean of their season; what exceeds `SLACK` adds up, what
    falls short is taken off, and the sum never falls below zero. The alarm begins where only a share `false_alarms` of
    periods of the same length, drawn in blocks from the back-test itself, ever get.

    Args:
        model: its name.
        recent: by day, in the order of time: `loss` [MW] and `season`.
        past: the same of the back-test.
        learnt_until: the last day that the model has learnt; both periods are after it.
        false_alarms: share of ordinary periods with an alarm.
        seed: of the blocks that are drawn.

    Raises:
        ModelError: the model has learnt one of the days.

    Source: Page, Continuous inspection schemes, Biometrika 41 (1954); limits by resampling: Chatterjee and Qiu,
        Distribution-free cumulative sum control charts using bootstrap-based control limits, Annals of Applied
        Statistics 3 (2009).
    """
    for days in (recent, past):
        require_unlearnt(model, days.index, learnt_until)
    recent, past = recent[recent["loss"] > 0], past[past["loss"] > 0]
    if recent.empty or len(past) < 2 * ENOUGH:
        return Finding.nothing(model, "error", f"{len(recent)} recent days, {len(past)} of the back-test")
    now, usual = _in_spreads(recent, past), _in_spreads(past, past)
    highest = float(_sums(now).max())
    drawn = ordinary_periods(usual, len(now), block_length(len(usual)), REPETITIONS, seed)
    bounds = limits(_sums(drawn).max(axis=1), false_alarms)
    words = (
        f"over {len(now)} days the loss is {_times_usual(recent, past):.2f} times what its season had in the "
        f"back-test; the sum of the excess reached {highest:.1f}, an alarm begins at {bounds[1]:.1f}"
    )
    return Finding.judged(model, "error", words, highest, bounds)


def interval_drift(
    model: str,
    recent: pd.Series,
    past: pd.Series,
    *,
    learnt_until: dt.date,
    false_alarms: float = 0.01,
    seed: int = 0,
) -> Finding:
    """Whether the 80 % interval covers less or more than it did in the back-test.

    Args:
        model: its name.
        recent: by day, the share of outturns inside [1]; NaN days do not count.
        past: the same of the back-test.
        learnt_until: the last day that the model has learnt; both periods are after it.
        false_alarms: share of ordinary periods with an alarm, too low and too high together.
        seed: of the blocks that are drawn.

    Raises:
        ModelError: the model has learnt one of the days.
    """
    for days in (recent, past):
        require_unlearnt(model, days.index, learnt_until)
    now, usual = recent.dropna().to_numpy(dtype=float), past.dropna().to_numpy(dtype=float)
    if len(now) == 0 or len(usual) < 2 * ENOUGH:
        return Finding.nothing(model, "interval", f"{len(now)} recent days, {len(usual)} of the back-test")
    distance = abs(float(now.mean() - usual.mean()))
    drawn = ordinary_periods(usual, len(now), block_length(len(usual)), REPETITIONS, seed)
    bounds = limits(np.abs(drawn.mean(axis=1) - usual.mean()), false_alarms)
    words = (
        f"the 80 % interval covers {100 * now.mean():.0f} % over {len(now)} days, {100 * usual.mean():.0f} % in the "
        f"back-test; an alarm begins {100 * bounds[1]:.0f} points away"
    )
    return Finding.judged(model, "interval", words, distance, bounds)


def _usual(past: pd.DataFrame, season: str) -> Floats:
    """Log losses of the season in the back-test; a season that it hardly has is compared with the whole of it."""
    of_season = past.loc[past["season"] == season, "loss"]
    usual: Floats = np.log((of_season if len(of_season) >= ENOUGH else past["loss"]).to_numpy(dtype=float))
    return usual


def _in_spreads(days: pd.DataFrame, past: pd.DataFrame) -> Floats:
    """Log losses in spreads from the mean of their season in the back-test, (N,)."""
    found = np.empty(len(days))
    for season in days["season"].unique():
        usual, chosen = _usual(past, season), (days["season"] == season).to_numpy()
        spread = float(stats.median_abs_deviation(usual, scale="normal")) or float(np.finfo(float).eps)
        found[chosen] = (np.log(days.loc[chosen, "loss"].to_numpy(dtype=float)) - usual.mean()) / spread
    return found


def _times_usual(recent: pd.DataFrame, past: pd.DataFrame) -> float:
    """The loss over that of its season, as a geometric mean."""
    usual = recent["season"].map({season: float(_usual(past, season).mean()) for season in recent["season"].unique()})
    return float(np.exp((np.log(recent["loss"]) - usual).mean()))


def _sums(excess: Floats) -> Floats:
    """Page's cumulative sum along the last axis, (..., N): never below zero."""
    total = np.cumsum(excess - SLACK, axis=-1)
    lowest = np.minimum(np.minimum.accumulate(total, axis=-1), 0.0)
    sums: Floats = total - lowest
    return sums
