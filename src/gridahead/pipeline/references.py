"""The references of a series, as forecasts beside ours: the official forecast and last week's same hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gridahead.features.windows import Windows, WindowSpec, build_windows
from gridahead.forecasting.issue import issue
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
    has_official = spec.series.reference.quantity in set(observations["quantity"])
    return [
        _reference(name, observations, spec, days, levels, run)
        for name in REFERENCES
        if name in names and (name != "official" or has_official)
    ]


def _reference(
    name: ReferenceName, observations: Observations, spec: WindowSpec, days: list[dt.date],
    levels: tuple[float, ...], run: str,
) -> Forecasts:  # fmt: skip
    """One reference, under our issue time so that lead times compare.

    The official forecast is read as of the beginning of the delivery day, which is what its publisher answers for: for
    wind and solar that is hours later than an issue time before noon, and in its favour.
    """
    spec = replace(spec, use_reference=name == "official")
    learnt = [min(days) - dt.timedelta(days=back) for back in range(FITTED_DAYS, spec.deadline.days_before, -1)]
    fitted = ReferenceForecast.fit(name, _read(name, observations, spec, learnt), levels)
    windows = _read(name, observations, spec, days)
    issued = np.array([spec.deadline.for_delivery(day).value // 1000 for day in days])
    made = replace(windows, issue_time=issued)
    return issue(made, fitted.predict(windows), levels, run=run, model=name, version="-", made_at=now())


def _read(name: ReferenceName, observations: Observations, spec: WindowSpec, days: list[dt.date]) -> Windows:
    issued = [delivery_window(day, spec.zone.timezone).start for day in days] if name == "official" else None
    return build_windows(observations, spec, days, issue_times=issued)
