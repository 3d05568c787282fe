"""The references of a series, as forecasts beside ours: official, official_corrected and naive.

A reference is what was published, or nothing: it has no forecast of a unit for which the official one is not there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from gridahead.core.grid import day_after
from gridahead.core.runs import NAIVE, OFFICIAL_CORRECTED, REFERENCES, Reference
from gridahead.core.tables import Forecasts, Observations
from gridahead.core.time import now
from gridahead.features.corrected import corrected
from gridahead.features.windows import END_OF_TIME, Windows, WindowSpec, build_windows
from gridahead.forecasting.issue import issue
from gridahead.models.base import Quantiles, predict_each
from gridahead.models.baselines import ReferenceForecast

FITTED_DAYS = 365
"""The spread of a reference's errors is learnt on the year before the first day that is scored."""


def reference_forecasts(
    names: Sequence[str],
    observations: Observations,
    spec: WindowSpec,
    days: list[dt.date],
    levels: tuple[float, ...],
    run: str,
    made_at: pd.Timestamp | None = None,
) -> list[Forecasts]:
    """The named references' forecasts of each delivery day; none from the official one where the lake holds none."""
    forecasts, made_at = [], now() if made_at is None else made_at
    for name in references_among(names, observations, spec):
        fitted = fit_reference(name, observations, spec, min(days), levels)
        windows = reference_windows(name, observations, spec, days)
        if len(windows):
            answer = predict_each(fitted, windows)
            rows = issue(windows, answer, fitted.quantiles, run=run, model=name, version="-", made_at=made_at)
            forecasts.append(rows)
    return forecasts


def references_among(names: Sequence[str], observations: Observations, spec: WindowSpec) -> list[Reference]:
    """The references that are named and can be had."""
    has_official = spec.series.official.quantity in set(observations["quantity"])
    return [name for name in REFERENCES if name in names and (name == NAIVE or has_official)]


def fit_reference(
    name: Reference, observations: Observations, spec: WindowSpec, first: dt.date, levels: tuple[float, ...]
) -> ReferenceForecast:
    """A reference with the spread of its errors in the year before a delivery day, as known at its deadline."""
    learnt = [first - dt.timedelta(days=back) for back in range(FITTED_DAYS, spec.deadline.days_before, -1)]
    windows = _windows(name, observations, spec, learnt, spec.deadline.for_delivery(first))
    return ReferenceForecast.fit(name, windows, levels)


def reference_windows(name: str, observations: Observations, spec: WindowSpec, days: Sequence[dt.date]) -> Windows:
    """What a reference reads, under our issue time so that lead times compare.

    The official forecast is that of the same lead, read as of the end of the day on which ours is due. A day ahead that
    is the beginning of the delivery day, which is what its publisher answers for: for wind and solar it is hours later
    than an issue time before noon, and in its favour. The corrected one is that with the mean of its errors, of the
    same lead as well, as known at our issue time.

    Returns:
        Windows in which the units without an official forecast do not belong to the delivery; a day that has none of it
        is left out.
    """
    windows = _windows(name, observations, spec, days)
    if name == NAIVE:
        return windows
    published = windows.delivery & ~np.isnan(windows.official_ahead)
    return replace(windows, delivery=published).where(np.any(published, axis=1))


def reference_answers(
    observations: Observations, learnt: Windows, test: Windows, levels: tuple[float, ...]
) -> dict[str, Quantiles]:
    """Forecasts (N, H, Q) [MW] of every reference, by name, in windows that read the official one at their deadline.

    Args:
        observations: every vintage of the series and of its official forecast.
        learnt: windows before the others, for the spread of the errors.
        test: N windows.
        levels: Q of them.
    """
    answers: dict[str, Quantiles] = {}
    for name in REFERENCES:
        before, after = (corrected(one, observations) if name == OFFICIAL_CORRECTED else one for one in (learnt, test))
        answers[name] = ReferenceForecast.fit(name, before, levels).predict(after)
    return answers


def _windows(
    name: str,
    observations: Observations,
    spec: WindowSpec,
    days: Sequence[dt.date],
    outturn_as_of: pd.Timestamp = END_OF_TIME,
) -> Windows:
    """Windows of whole delivery days, with the official or the corrected forecast if the reference is one of them."""
    midnight = day_after(spec.deadline, spec.zone)
    windows = build_windows(
        observations,
        replace(spec, use_official=name != NAIVE),
        days,
        issue_times=None if name == NAIVE else [midnight.for_delivery(day) for day in days],
        outturn_as_of=outturn_as_of,
    )
    issued = np.array([spec.deadline.for_delivery(day).value // 1000 for day in days])
    if name == OFFICIAL_CORRECTED:
        windows = corrected(windows, observations, midnight, issued)
    return replace(windows, issue_time=issued)
