"""Adaptive calibration: what is published under each level, by what the newest outturn says of the last forecasts.

What a model was calibrated on is as old as the model. Errors of tomorrow are more like those of last week: where the
outturns of the newest days that the model has not learnt lay in its forecasts, location and both spreads are read off,
the newest days counting most, and the forecast is moved as far as so few days can be believed.

Forecasts of operation, of back-tests and of benchmarks are adapted here alone; without such days nothing is moved.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gridahead.core.grid import quantity_of
from gridahead.core.quantiles import median_of
from gridahead.core.tables import Observations
from gridahead.core.time import days_between, delivery_range
from gridahead.features.windows import Array, Windows, build_windows
from gridahead.forecasting.issue import LATE_AFTER_HOURS, degradations
from gridahead.forecasting.widening import (
    JUDGED_DAYS,
    OLDEST_DAYS,
    issued_alike,
    reads_from,
    recent_windows,
    strain,
    widened,
)
from gridahead.models.aggregate import Said, mixed_by, said_of
from gridahead.models.base import Forecaster, Quantiles, possible, predict_each
from gridahead.models.calibration import drawn_at, in_doubt, moved_parts, scores_of

HALF_LIFE_DAYS = 15.0
"""A day counts half of one so much newer. On fourteen series of 2016 to 2023, 8 to 25 differ by 0.3 % CRPS; a conformal
controller of every level has 0.8 % more, and the mean of both 0.3 %."""
AS_DAYS = 14.0
"""Days that speak for the forecast as it is: of as many newest ones, half of what they ask for is believed."""
FEWEST_DAYS = 7
"""A week that the model has not learnt: of fewer days its errors tell nothing."""
FURTHEST = 1.0
"""In scores; what would need more is no forecast to be moved but a model to be trained again."""


@dataclass(frozen=True)
class Adapted:
    """The forecast of a single window as it is published, and what has been done to it."""

    answer: Quantiles
    """(1, H, Q) [MW]"""
    unadapted: Quantiles
    """(1, H, Q) [MW] as the model answered: with the weights of its experts, before anything was moved or widened."""
    moved: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Location, spread below and spread above the median, in standard deviations of the model's own forecast."""
    growth: float = 1.0
    """Times as wide, for what is missing."""
    weights: dict[str, float] = field(default_factory=dict)
    """What each expert of an aggregate counts in the median."""
    error: float | None = None
    """Mean absolute error that the model lately had with as much missing [MW]; None where it was not measured."""

    @property
    def about(self) -> dict[str, object]:
        """The lines of a manifest."""
        return {"moved": [round(part, 6) for part in self.moved], "widened": self.growth, "weights": self.weights}


class Answers(NamedTuple):
    """The forecasts of N windows."""

    published: Quantiles
    """(N, H, Q) [MW]"""
    unadapted: Quantiles
    """(N, H, Q) [MW] as the model answered, before adaptation."""


def days_before(day: dt.date, last_seen: dt.date) -> list[dt.date]:
    """The last days before a delivery day that a model has not seen; none where they are too few to tell."""
    first = max(day - dt.timedelta(days=JUDGED_DAYS), last_seen + dt.timedelta(days=1))
    days = days_between(first, day - dt.timedelta(days=1)) if first < day else []
    return days if len(days) >= FEWEST_DAYS else []


def adapted(model: Forecaster, said: Said, windows: Windows) -> Adapted:
    """The forecast of the last of some windows, moved by where the outturns lay in those before.

    A reference is as it was made.

    Args:
        model: which.
        said: by it, of N windows.
        windows: N of them in order of their issue times, of days that it has not seen.
    """
    outturn = known_by_the_last(windows)
    outturn[~windows.delivery] = np.nan
    published, weights = mixed_by(model, said, windows, outturn)
    last = windows.alone(len(windows) - 1)
    answer = published[-1:, : last.target.shape[1]]
    moved = moves(published[:-1], outturn[:-1], windows, model.quantiles)
    if model.kind == "reference" or not moved.any():
        return Adapted(answer, answer, weights=weights)
    levels = model.quantiles
    return Adapted(possible(drawn_at(answer, moved, levels), last), answer, tuple(moved.tolist()), weights=weights)


def moves(answers: Quantiles, outturn: Array, windows: Windows, levels: Sequence[float]) -> npt.NDArray[np.float64]:
    """By how much location, spread below and spread above the median have lately been off, (3,) in scores.

    Args:
        answers: (K, H, Q) [MW] as published, the newest last.
        outturn: (K, H) [MW], NaN where it was not known or does not count.
        windows: of the quantity.
        levels: Q of them.
    """
    low = quantity_of(windows.spec.series.quantity).low
    counted = ~np.isnan(outturn) & ~np.isnan(answers).any(axis=-1)
    if len(answers) and counted.any():
        counted &= in_doubt(outturn, median_of(answers), low)
    known = counted.any(axis=1)
    if known.sum() < FEWEST_DAYS:
        return np.zeros(3)
    age = np.arange(len(answers))[::-1]
    of_day = 0.5 ** (age / HALF_LIFE_DAYS)
    scores = scores_of(answers[counted], outturn[counted], tuple(levels))
    weights = np.broadcast_to(of_day[:, None], counted.shape)[counted]
    days = float(of_day[known].sum())
    believed = days / (days + AS_DAYS)
    return np.clip(believed * moved_parts(scores, weights, tuple(levels)), -FURTHEST, FURTHEST)


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


def adapted_alone(model: Forecaster, windows: Windows, observations: Observations, days: Sequence[dt.date]) -> Adapted:
    """The forecast of a single window, adapted by what the model would have said of some days before it.

    Args:
        model: which.
        windows: the single one.
        observations: every vintage of the inputs over these days and their contexts.
        days: of `days_before`, one at least.
    """
    days = [*days, windows.days[0]]
    judged = build_windows(observations, windows.spec, days, issue_times=issued_alike(windows, days))
    return adapted(model, said_of(model, judged), judged)


def forecast_each(
    model: Forecaster,
    windows: Windows,
    observations: Observations,
    last_seen: dt.date,
    late_after_hours: float = LATE_AFTER_HOURS,
    oldest_days: float = OLDEST_DAYS,
) -> Answers:
    """What operation forecasts for each of N days.

    A reference of a back-test is as it was made.

    Args:
        model: which.
        windows: N of them, each as of its deadline, in order.
        observations: every vintage of the inputs.
        last_seen: the last day that the model has learnt, or was chosen by.
        late_after_hours: the age of the newest value of the target that is late [h].
        oldest_days: the age of the newest outturn beyond which no model is asked [days].
    """
    if model.kind == "reference":
        answers = predict_each(model, windows)
        return Answers(answers, answers)
    said, days = said_of(model, windows), windows.days
    published, unadapted = np.full((2, *windows.target.shape, len(model.quantiles)), np.nan, np.float32)
    observations = Observations(observations.drop(columns="flags", errors="ignore"))
    for row, day in enumerate(days):
        alone, before = windows.alone(row), days_before(day, last_seen)
        if degradations(windows, row, model.known_share, late_after_hours):
            first = reads_from(day, alone.spec, oldest_days)
            recent = recent_windows(_between(observations, first, day, alone.spec.zone.timezone), alone)
            made = strained(model, alone, recent, last_seen)
        elif set(before) <= set(days):  # asked already
            rows = np.array([one == day or one in before for one in days])
            made = adapted(model, said.take(rows), windows.where(rows))
        else:
            made = adapted_alone(model, alone, observations, before)
        length = alone.target.shape[1]
        published[row, :length], unadapted[row, :length] = made.answer[0, :length], made.unadapted[0, :length]
    return Answers(published, unadapted)


def _between(observations: Observations, first: dt.date, last: dt.date, timezone: str) -> Observations:
    """The rows of some delivery days: of a year that a back-test holds, each day reads a part."""
    begin, end = delivery_range(first, timezone).start, delivery_range(last, timezone).end
    times = observations["valid_time"]
    return Observations(observations[(times >= begin) & (times < end)])


def strained(model: Forecaster, windows: Windows, recent: Windows, last_seen: dt.date) -> Adapted:
    """The forecast of a single window in which something is missing, its band as wide as that asks for.

    Args:
        model: which.
        windows: the single one.
        recent: K windows of days before, with their outturn.
        last_seen: the last day that the model has learnt, or was chosen by.
    """
    answer, found = predict_each(model, windows), strain(model, windows, recent, last_seen)
    if found is None:
        return Adapted(answer, answer)
    return Adapted(widened(answer, windows, found.growth), answer, growth=found.growth, error=found.error)
