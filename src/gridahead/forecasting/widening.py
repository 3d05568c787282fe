"""How much wider a band has to be than the model says: measured on the last days, before it is believed.

Where nothing is missing, by what the band has missed on the newest days that the model has not learnt: errors of
today are like those of last month, and what a model was calibrated on is as old as the model.

Where something is missing, the model forecasts each of the last days twice: from what was known, and from what would
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
from gridahead.core.time import days_between, delivery_range
from gridahead.features.windows import Array, Windows, WindowSpec, build_windows
from gridahead.forecasting.issue import LATE_AFTER_HOURS, degradations
from gridahead.models.base import Forecaster, Quantiles, possible, predict_each
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
"""A week that the model has not learnt: of fewer days its own misses tell nothing."""
AS_UNSEEN = 14.0
"""Days that speak for the band as it is: of as many unseen ones, half of what they ask for is believed."""
OLDEST_DAYS = LadderSettings().model_days
"""Where no settings decide otherwise."""


def reads_from(day: dt.date, spec: WindowSpec, oldest_days: float = OLDEST_DAYS) -> dt.date:
    """The first day of which anything is read to judge the band of a delivery day.

    Args:
        day: the delivery day.
        spec: of the model.
        oldest_days: the age of the newest outturn beyond which no model is asked [days].
    """
    back = JUDGED_DAYS + math.ceil(oldest_days) + 2 + spec.context_days + spec.deadline.days_before + 1
    return day - dt.timedelta(days=back)


def recent_windows(observations: Observations, windows: Windows) -> Windows:
    """The windows of the days before a single one, issued at the same time of day, with what has come of them by then.

    Args:
        observations: every vintage of the inputs over these days and their contexts.
        windows: a single one.
    """
    spec = windows.spec
    issued = pd.Timestamp(windows.issue_time[0], unit="us", tz="UTC")
    last = pd.Timestamp(windows.valid_time[0, -1], unit="us", tz="UTC").tz_convert(spec.zone.timezone).date()
    measured = observations[(observations["zone"] == spec.series.zone) & (observations["available_at"] <= issued)]
    measured = measured[measured["quantity"] == spec.series.quantity]
    if measured.empty:
        return windows.take(slice(0, 0))
    newest = measured["valid_time"].max().tz_convert(spec.zone.timezone).date()
    first = newest - pd.Timedelta(days=JUDGED_DAYS)
    days = [day for day in days_between(first, newest) if day < last]
    since = issued - spec.deadline.for_delivery(last)
    issue_times = [spec.deadline.for_delivery(day) + since for day in days]
    return build_windows(observations, spec, days, issue_times=issue_times, outturn_as_of=issued)


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


def growth_by_misses(answers: Quantiles, windows: Windows, levels: Sequence[float]) -> float:
    """By how many times the band of the last window has to be wider, for what the bands of those before have missed.

    Args:
        answers: (N, H, Q) [MW] of the model as it is.
        windows: N of them in order of their issue times, the last one among them, of days that the model has not seen.
        levels: Q of them.
    """
    outturn = known_by_the_last(windows)[:-1]
    return _asked_for(answers[:-1], outturn, windows.delivery[:-1] & ~np.isnan(outturn), levels)


def known_by_the_last(windows: Windows) -> Array:
    """The outturn of every horizon as of the issue time of the last window, (N, H) [MW]; NaN where none was known.

    It is read from the contexts: what stands in none of them was not known.
    """
    step, context = windows.spec.mtu.microseconds, windows.past.shape[1]
    places = (windows.valid_time - windows.valid_time[0, 0]) // step + context
    known = np.full(int(places.max()) + 1, np.nan, np.float32)
    for begin, past in zip(places[:, 0], windows.target_past, strict=True):
        part = known[begin - context : begin]
        part[:] = np.where(np.isnan(past), part, past)
    return np.where(windows.within, known[places], np.float32(np.nan))


def days_before(day: dt.date, last_seen: dt.date) -> list[dt.date]:
    """The last days before a delivery day that a model has not seen; none where they are too few to tell."""
    first = max(day - dt.timedelta(days=JUDGED_DAYS), last_seen + dt.timedelta(days=1))
    days = days_between(first, day - dt.timedelta(days=1)) if first < day else []
    return days if len(days) >= FEWEST_UNSEEN else []


def growth_before(model: Forecaster, windows: Windows, observations: Observations, days: Sequence[dt.date]) -> float:
    """The growth by what a model has missed on some days before a single window, asked at the same time of day.

    Args:
        model: which.
        windows: the single one.
        observations: every vintage of the inputs over these days and their contexts.
        days: of `days_before`.
    """
    spec, day = windows.spec, windows.days[0]
    since = pd.Timestamp(windows.issue_time[0], unit="us", tz="UTC") - spec.deadline.for_delivery(day)
    days = [*days, day]
    issue_times = [spec.deadline.for_delivery(one) + since for one in days]
    judged = build_windows(observations, spec, days, issue_times=issue_times)
    return growth_by_misses(predict_each(model, judged), judged, model.quantiles)


def forecast_each(
    model: Forecaster,
    windows: Windows,
    observations: Observations,
    last_seen: dt.date,
    late_after_hours: float = LATE_AFTER_HOURS,
    oldest_days: float = OLDEST_DAYS,
) -> Quantiles:
    """What operation forecasts for each of N days, (N, H, Q) [MW]: the answers, each with the band of its day.

    A reference of a back-test has the band that it was made with.

    Args:
        model: which.
        windows: N of them, each as of its deadline, in order.
        observations: every vintage of the inputs.
        last_seen: the last day that the model has learnt, or was chosen by.
        late_after_hours: the age of the newest value of the target that is late [h].
        oldest_days: the age of the newest outturn beyond which no model is asked [days].
    """
    answers = predict_each(model, windows)
    if model.kind == "reference":
        return answers
    days, published = windows.days, answers.copy()
    observations = Observations(observations.drop(columns="flags", errors="ignore"))
    for row, day in enumerate(days):
        alone, before = windows.alone(row), days_before(day, last_seen)
        if degradations(windows, row, model.known_share, late_after_hours):
            begin = delivery_range(reads_from(day, alone.spec, oldest_days), alone.spec.zone.timezone).start
            recent = recent_windows(Observations(observations[observations["valid_time"] >= begin]), alone)
            found = strain(model, alone, recent, last_seen)
            growth = 1.0 if found is None else found.growth
        elif before and before[0] >= days[0]:
            rows = np.array([before[0] <= one <= day for one in days])
            growth = growth_by_misses(answers[rows], windows.where(rows), model.quantiles)
        else:
            growth = growth_before(model, alone, observations, before) if before else 1.0
        length = alone.target.shape[1]
        published[row, :length] = widened(answers[row : row + 1, :length], alone, growth)[0]
    return published


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
