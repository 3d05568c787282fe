"""The references of a series, as forecasts beside ours: the official forecast and last week's same hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from gridahead.features.windows import END_OF_TIME, Windows, WindowSpec, build_windows
from gridahead.forecasting.issue import issue, predict_each
from gridahead.models.baselines import ReferenceForecast, ReferenceName
from gridahead.tables import Forecasts, Observations
from gridahead.timeline import delivery_window, now

REFERENCES: tuple[ReferenceName, ...] = ("official", "naive")
FITTED_DAYS = 365
"""The spread of a reference's errors is learnt on the year before the first day that is scored."""


def reference_forecasts(
    names: Sequence[str], observations: Observations, spec: WindowSpec, days: list[dt.date],
    levels: tuple[float, ...], run: str,
) -> list[Forecasts]:  # fmt: skip
    """The named references' forecasts of each delivery day; none of the official one where the lake holds none."""
    made = []
    for name in references_among(names, observations, spec):
        fitted = fit_reference(name, observations, spec, min(days), levels)
        windows = reference_windows(name, observations, spec, days)
        told = predict_each(fitted, windows)
        made.append(issue(windows, told, levels, run=run, model=name, version="-", made_at=now()))
    return made


def references_among(names: Sequence[str], observations: Observations, spec: WindowSpec) -> list[ReferenceName]:
    """The references that are named and can be had."""
    has_official = spec.series.reference.quantity in set(observations["quantity"])
    return [name for name in REFERENCES if name in names and (name != "official" or has_official)]


def fit_reference(
    name: ReferenceName, observations: Observations, spec: WindowSpec, first: dt.date, levels: tuple[float, ...]
) -> ReferenceForecast:
    """A reference with the spread of its errors in the year before a delivery day, as known at its deadline."""
    learnt = [first - dt.timedelta(days=back) for back in range(FITTED_DAYS, spec.deadline.days_before, -1)]
    windows = reference_windows(name, observations, spec, learnt, spec.deadline.for_delivery(first))
    return ReferenceForecast.fit(name, windows, levels)


def reference_windows(
    name: str,
    observations: Observations,
    spec: WindowSpec,
    days: Sequence[dt.date],
    outturn_as_of: pd.Timestamp = END_OF_TIME,
) -> Windows:
    """What a reference reads, under our issue time so that lead times compare.

    The official forecast is read as of the beginning of the delivery day, which is what its publisher answers for: for
    wind and solar that is hours later than an issue time before noon, and in its favour.
    """
    spec = replace(spec, use_reference=name == "official")
    midnights = [delivery_window(day, spec.zone.timezone).start for day in days]
    windows = build_windows(
        observations, spec, days, issue_times=midnights if name == "official" else None, outturn_as_of=outturn_as_of
    )
    return replace(windows, issue_time=np.array([spec.deadline.for_delivery(day).value // 1000 for day in days]))
