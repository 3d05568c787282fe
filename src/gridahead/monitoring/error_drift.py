"""Drift of a model: whether it errs more than it did in the back-test, knowing the season.

Summer is no drift of winter: losses are compared with those of their own season. Days that the model has learnt say
nothing about it, and are refused.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from gridahead.core.errors import ModelError
from gridahead.monitoring.findings import ENOUGH, CoverageChange, DriftFinding, DriftKind, Floats, LossChange, limits
from gridahead.monitoring.ordinary import Period

SLACK = 0.5
"""Of the cumulative sum [spreads a day]: half of the shift that it finds fastest. Source: Page (1954); Montgomery,
Introduction to Statistical Quality Control, chapter on cumulative sums."""
MAD_OF_NORMAL = 0.6744897501960817
"""The median absolute deviation of a normal distribution [standard deviations]: its upper quartile."""
UNSEEN_LOSS = 0.5
"""How far the log loss of a season is from that of the others (standard deviation), where the past has not seen it. Of
official forecasts it is 0.1 to 0.2 for German load and residual load, and 0.5 for Belgian solar at 11:00."""
UNSEEN_INSIDE = 0.05
"""The same of the share in the 80 % band: right on the whole, it may hold 75 % in one season and 85 % in another."""


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
) -> DriftFinding:
    """Whether a model errs more than it did before in the same season: a cumulative sum of daily losses.

    Logarithms of the losses are taken in spreads from the mean of their season; what exceeds `SLACK` adds up, what
    falls short is taken off, and the sum never falls below zero. The alarm begins where only a share `false_alarms` of
    ordinary periods ever get. An ordinary period is drawn together with a past of its own, from which its means and its
    spread are taken anew, because those of the real past are known no better.

    Args:
        model: its name.
        recent: by day, in the order of time: `loss` [MW] and `season`.
        past: the same of the days before, one after the other.
        learnt_until: the last day that the model has learnt; both periods are after it.
        false_alarms: share of ordinary periods with an alarm.
        seed: of what is drawn.

    Raises:
        ModelError: the model has learnt one of the days.

    Source: Page, Continuous inspection schemes, Biometrika 41 (1954); limits by resampling: Chatterjee and Qiu,
        Distribution-free cumulative sum control charts using bootstrap-based control limits, Annals of Applied
        Statistics 3 (2009).
    """
    for days in (recent, past):
        require_unlearnt(model, days.index, learnt_until)
    return _excess_of_loss(model, "error", recent, past, false_alarms, seed)


def official_drift(
    subject: str,
    recent: pd.DataFrame,
    past: pd.DataFrame,
    *,
    false_alarms: float = 0.01,
    seed: int = 0,
) -> DriftFinding:
    """Whether the official forecast errs more than it did before in the same season, judged like a model of ours.

    What leans on it is then not what its figures say, whether or not our own errors show it yet.

    Args:
        subject: the series of the official forecast.
        recent: by day, in the order of time: `loss` [MW], its mean absolute error, and `season`.
        past: the same of the days before.
        false_alarms: share of ordinary periods with an alarm.
        seed: of what is drawn.
    """
    return _excess_of_loss(subject, "official", recent, past, false_alarms, seed)


def interval_drift(
    model: str,
    recent: pd.DataFrame,
    past: pd.DataFrame,
    *,
    learnt_until: dt.date,
    false_alarms: float = 0.01,
    seed: int = 0,
) -> DriftFinding:
    """Whether the 80 % interval covers less or more than it did before in the same season.

    Args:
        model: its name.
        recent: by day, `inside`, the share of outturns inside [1], and `season`; NaN days do not count.
        past: the same of the days before.
        learnt_until: the last day that the model has learnt; both periods are after it.
        false_alarms: share of ordinary periods with an alarm, too low and too high together.
        seed: of what is drawn.

    Raises:
        ModelError: the model has learnt one of the days.
    """
    for days in (recent, past):
        require_unlearnt(model, days.index, learnt_until)
    return _coverage(model, "interval", recent, past, false_alarms, seed)


def band_drift(
    subject: str, recent: pd.DataFrame, past: pd.DataFrame, *, false_alarms: float = 0.01, seed: int = 0
) -> DriftFinding:
    """Whether the 80 % band that was published holds less or more than before, whichever model it was of.

    Args:
        subject: the series.
        recent: as for `interval_drift`, of what was published ahead, so that no model had learnt it.
        past: the same of the days before.
        false_alarms: as for `interval_drift`.
        seed: of what is drawn.
    """
    return _coverage(subject, "band", recent, past, false_alarms, seed)


def _excess_of_loss(
    subject: str,
    kind: DriftKind,
    recent: pd.DataFrame,
    past: pd.DataFrame,
    false_alarms: float,
    seed: int,
) -> DriftFinding:
    """The cumulative sum of the log losses against that of ordinary periods."""
    recent, past = recent[recent["loss"] > 0], past[past["loss"] > 0]
    if recent.empty or len(past) < 2 * ENOUGH:
        return DriftFinding.too_little(subject, kind, len(recent), len(past))
    logs = [np.log(days["loss"].to_numpy(dtype=float)) for days in (past, recent)]
    period = Period(past["season"].to_numpy(dtype=str), recent["season"].to_numpy(dtype=str), UNSEEN_LOSS)
    before, excess = period.from_season(*logs)
    sums = _sums(before, excess)
    ordinary = period.ordinary(before, lambda past, recent: _sums(past, recent).max(axis=-1), seed)
    bounds = limits(ordinary, false_alarms)
    highest = float(sums.max())
    change = LossChange(
        days=len(recent),
        mean_mw=float(recent["loss"].mean()),
        ratio=float(np.exp(excess.mean())),
        rising_since=_risen_since(recent.index, sums) if highest > bounds[0] else None,
    )
    return DriftFinding.from_limits(subject, kind, highest, bounds, change)


def _coverage(
    subject: str, kind: DriftKind, recent: pd.DataFrame, past: pd.DataFrame, false_alarms: float, seed: int
) -> DriftFinding:
    """The mean coverage, from that of its season, against that of ordinary periods."""
    recent, past = recent.dropna(subset="inside"), past.dropna(subset="inside")
    if recent.empty or len(past) < 2 * ENOUGH:
        return DriftFinding.too_little(subject, kind, len(recent), len(past))
    shares = [days["inside"].to_numpy(dtype=float) for days in (past, recent)]
    period = Period(past["season"].to_numpy(dtype=str), recent["season"].to_numpy(dtype=str), UNSEEN_INSIDE)
    before, excess = period.from_season(*shares)
    distance = abs(float(excess.mean()))
    ordinary = period.ordinary(before, lambda _, recent: np.abs(recent.mean(axis=-1)), seed)
    bounds = limits(ordinary, false_alarms)
    share = float(recent["inside"].mean())
    change = CoverageChange(len(recent), share, share - float(excess.mean()))
    return DriftFinding.from_limits(subject, kind, distance, bounds, change)


def _sums(past: Floats, excess: Floats) -> Floats:
    """Page's cumulative sum of an excess (..., M) in spreads of its past (..., N), along the last axis; never negative.

    The spread is the median absolute deviation, so that a broken day of the past does not hide those of today.
    """
    total = np.cumsum(excess / np.maximum(spread(past), np.finfo(float).eps) - SLACK, axis=-1)
    sums: Floats = total - np.minimum(np.minimum.accumulate(total, axis=-1), 0.0)
    return sums


def spread(values: Floats) -> Floats:
    """The median absolute deviation along the last axis, which stays, as a standard deviation: (..., 1) of (..., N).

    `scipy.stats` has it too, and brings 45 MB into a server that judges drift.
    """
    middle = np.median(values, axis=-1, keepdims=True)
    deviation: Floats = np.median(np.abs(values - middle), axis=-1, keepdims=True) / MAD_OF_NORMAL
    return deviation


def _risen_since(days: pd.Index, sums: Floats) -> dt.date:
    """The first day of the rise to the highest sum."""
    zeros = np.flatnonzero(sums[: int(sums.argmax())] == 0)
    return pd.DatetimeIndex(days)[zeros[-1] + 1 if len(zeros) else 0].date()
