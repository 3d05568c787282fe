"""How much wider a band has to be where something is missing: measured on the last days, before it is believed.

The model forecasts each of the last days twice: from what was known, and from what would
have been known if as much had been missing as is missing now. By as much as its errors grow in units of its own band,
the band grows, or by what it misses then. A model that has learnt what it is like without an input has such a band
already, and is left alone.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.quantiles import median_of
from gridahead.core.tables import Observations
from gridahead.core.time import days_between
from gridahead.features.windows import Array, Windows, WindowSpec, build_windows
from gridahead.models.aggregate import Aggregate
from gridahead.models.base import Forecaster, Quantiles, possible
from gridahead.settings.gates import LadderSettings

JUDGED_DAYS = 56
"""Eight of each weekday: whether errors have doubled is seen on them within a tenth."""
WHOLE = 0.9
"""Share of the context of a day that is known; where a history begins, a model misses more than is missing now."""
FEWEST_DAYS = 14
"""Of fewer days nothing is measured."""
WORTH = 1.15
"""Times as wide: less than that, 56 days cannot tell from nothing."""
MOST = 6.0
"""Times as wide, at most: a forecast that would need more is caught by what is plausible."""
INSIDE = 0.8
"""Share of errors by which they are compared: the band is to hold so many."""
FEWEST_UNSEEN = 7
"""A week that the model has not learnt: of fewer days what it misses without what is missing now tells nothing."""
AS_UNSEEN = 14.0
"""Days that speak for the band as it is: of as many unseen ones, forecast without what is missing now, half of what
they ask for is believed."""
OLDEST_DAYS = LadderSettings().model_days
"""Where no settings decide otherwise."""


def reads_from(day: dt.date, spec: WindowSpec, oldest_days: float = OLDEST_DAYS) -> dt.date:
    """The first day of which anything is read to judge the band of a delivery day.

    Args:
        day: the delivery day.
        spec: of the model.
        oldest_days: the age of the newest outturn beyond which no model is asked [days].
    """
    back = JUDGED_DAYS + math.ceil(oldest_days) + 2 + spec.days_read
    return day - dt.timedelta(days=back)


def issued_alike(windows: Windows, days: Sequence[dt.date]) -> list[pd.Timestamp]:
    """The issue times of some delivery days, each as long after its deadline as that of a single window after its own.

    Args:
        windows: the single one.
        days: the delivery days.
    """
    deadline = windows.spec.deadline
    since = pd.Timestamp(windows.issue_time[0], unit="us", tz="UTC") - deadline.for_delivery(windows.days[0])
    return [deadline.for_delivery(day) + since for day in days]


def recent_windows(observations: Observations, windows: Windows) -> Windows:
    """The windows of the days before a single one, issued at the same time of day, with what has come of them by then.

    Args:
        observations: every vintage of the inputs over these days and their contexts.
        windows: a single one.
    """
    spec = windows.spec
    issued = pd.Timestamp(windows.issue_time[0], unit="us", tz="UTC")
    measured = observations[(observations["zone"] == spec.series.zone) & (observations["available_at"] <= issued)]
    measured = measured[measured["quantity"] == spec.series.quantity]
    if measured.empty:
        return windows.take(slice(0, 0))
    newest = measured["valid_time"].max().tz_convert(spec.zone.timezone).date()
    first = newest - pd.Timedelta(days=JUDGED_DAYS)
    days = [day for day in days_between(first, newest) if day < windows.days[0]]
    alike = issued_alike(windows, days)
    return build_windows(observations, spec, days, issue_times=alike, outturn_as_of=issued)


@dataclass(frozen=True, slots=True)
class Strain:
    """What missing inputs do to a model, on the last days."""

    error: float
    """Its mean absolute error [MW]."""
    growth: float
    """By how many times its errors grow in units of its band; 1 if that is less than can be told."""


def strain(model: Forecaster, windows: Windows, recent: Windows, last_seen: dt.date = dt.date.max) -> Strain | None:
    """What is missing in a single window does to a model; None where there are too few days to tell.

    Args:
        model: which.
        windows: a single one.
        recent: K windows of days before, with their outturn.
        last_seen: the last day that the model has learnt, or was chosen by.
    """
    recent = recent.where((~np.isnan(recent.target_past)).mean(axis=1) >= WHOLE)
    model = model.recurrent if isinstance(model, Aggregate) else model  # where something is missing they answer alone
    counted = recent.delivery & ~np.isnan(recent.target)
    if counted.any(axis=1).sum() < FEWEST_DAYS:
        return None
    missing = _with_the_same_missing(recent, windows)
    before, after = (model.predict(of) for of in (recent, missing))
    sizes = [_size(answers, recent, counted) for answers in (before, after)]
    growth = float(np.clip(sizes[1] / sizes[0], 1.0, MOST)) if sizes[0] > 0 else 1.0
    error = float(np.abs(recent.target - median_of(after))[counted].mean())
    unseen = np.array([day > last_seen for day in recent.days], bool)
    own = _asked_for(after[unseen], recent.target[unseen], counted[unseen], model.quantiles)
    return Strain(error, max(growth if growth > WORTH else 1.0, own))


def widened(answer: Quantiles, windows: Windows, growth: float) -> Quantiles:
    """The answer (1, H, Q) to a single window, its band so many times as wide around the median [MW]."""
    if growth == 1:
        return answer
    median = median_of(answer)[..., None]
    return possible((median + np.float32(growth) * (answer - median)).astype(np.float32), windows)


def _with_the_same_missing(recent: Windows, windows: Windows) -> Windows:
    """The windows of former days without what is missing in a single one, at the same places."""
    past, future = recent.past.copy(), recent.future.copy()
    past[:, np.isnan(windows.past[0])] = np.nan
    length = min(future.shape[1], windows.future.shape[1])
    future[:, :length][:, np.isnan(windows.future[0, :length])] = np.nan
    return replace(recent, past=past, future=future)


def _size(answers: Quantiles, windows: Windows, counted: np.ndarray) -> float:
    """The size of an error that so many are below, in units of half the width of the band."""
    half = (answers[..., -1] - answers[..., 0])[counted] / 2
    error = np.abs(windows.target - median_of(answers))[counted]
    wide = half > 0
    return float(np.quantile(error[wide] / half[wide], INSIDE)) if wide.any() else 0.0


def _asked_for(answers: Quantiles, outturn: Array, counted: npt.NDArray[np.bool_], levels: Sequence[float]) -> float:
    """By how many times wider the band would have held the share that it is to hold; 1 if it has, or too little tells.

    Args:
        answers: (K, H, Q) [MW]
        outturn: (K, H) [MW]
        counted: (K, H) which units count.
        levels: Q of them.
    """
    days = int(counted.any(axis=1).sum())
    if days < FEWEST_UNSEEN:
        return 1.0
    low = int(np.abs(np.array(levels) - (1 - INSIDE) / 2).argmin())
    high = len(levels) - 1 - low
    below, median, above = (answers[..., column][counted].astype(float) for column in (low, len(levels) // 2, high))
    error = outturn[counted] - median
    half = np.where(error > 0, above - median, median - below)
    if not (half > 0).any():
        return 1.0
    needed = float(np.quantile(np.abs(error[half > 0]) / half[half > 0], levels[high] - levels[low]))
    return float(np.clip(needed ** (days / (days + AS_UNSEEN)), 1.0, MOST)) if needed > 0 else 1.0
