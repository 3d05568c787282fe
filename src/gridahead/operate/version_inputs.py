"""What a version reads of a delivery day as of an issue time, what is missing of it, and what it forecasts.

Forecasts, forecasts of challengers and forecasts that are made again read by these functions alone.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from gridahead.core.errors import LakeError
from gridahead.core.grid import OFFICIAL_SUFFIX
from gridahead.core.quantiles import median_of
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange, delivery_range, lasting
from gridahead.core.vintages import from_micros
from gridahead.features.windows import AHEAD_OF_OURS, Windows, WindowSpec, build_windows
from gridahead.forecasting.adapting import Adapted, adapted, adapted_alone, days_before, strained
from gridahead.forecasting.issue import degradations
from gridahead.forecasting.widening import reads_from, recent_windows
from gridahead.models.aggregate import said_of
from gridahead.models.base import Forecaster, Quantiles
from gridahead.registry.versions import Registered
from gridahead.settings.gates import LadderSettings
from gridahead.workspace import Workspace, reading_range

log = logging.getLogger(__name__)

WEATHER_SOURCE = "openmeteo"
"""The source whose rows are of runs of a weather model."""


def inputs_of(workspace: Workspace, spec: WindowSpec, day: dt.date, issued: pd.Timestamp) -> tuple[Windows, list[str]]:
    """The window of a delivery day, and in words which inputs could not be read, and what was not to be known yet.

    Raises:
        LakeError: the series itself cannot be read.
    """
    observations, unread = _tolerantly(workspace, spec, reading_range(spec, day, day))
    observations = _recent(observations, issued, workspace.settings.ladder)
    early = spec.deadline.for_delivery(day) - issued
    if early > AHEAD_OF_OURS:
        unread.append(f"made {lasting(early)} before the model's deadline")
    return build_windows(observations, spec, [day], issue_times=[issued]).alone(0), unread


def missing_in(workspace: Workspace, model: Forecaster, windows: Windows) -> list[str]:
    """What is missing in a single window of the inputs of a model, in words."""
    return degradations(windows, 0, model.known_share, workspace.settings.quality.late_after_hours)


def forecast_of(workspace: Workspace, registered: Registered, windows: Windows, unread: Sequence[str] = ()) -> Adapted:
    """The forecast of a version for a single window, as it is published.

    Args:
        workspace: where the data are.
        registered: the version.
        windows: the single one.
        unread: what could not be read of it, in words.

    Raises:
        LakeError: the series itself cannot be read.
    """
    model, day, last_seen = registered.model, windows.days[0], registered.about.last_day_seen
    if unread or missing_in(workspace, model, windows):
        return strained(model, windows, _recent_windows(workspace, registered, windows), last_seen)
    if not (before := days_before(day, last_seen)):
        return adapted(model, said_of(model, windows), windows)
    observations, _ = _tolerantly(workspace, model.spec, reading_range(model.spec, before[0], day))
    return adapted_alone(model, windows, observations, before)


def median_by_time(windows: Windows, answer: Quantiles) -> pd.Series:
    """The median (1, H, Q) of a single window by valid time [MW], also of the hours before the delivery day."""
    return pd.Series(median_of(answer)[0].astype(np.float64), from_micros(windows.valid_time[0]))


def _recent_windows(workspace: Workspace, registered: Registered, windows: Windows) -> Windows:
    """The windows of the days before a single one, by which is judged what it lacks.

    Raises:
        LakeError: the series itself cannot be read.
    """
    spec, day = registered.model.spec, windows.days[0]
    zone, first = spec.zone.timezone, reads_from(day, spec, workspace.settings.ladder.model_days)
    span = TimeRange(delivery_range(first, zone).start, delivery_range(day, zone).end)
    observations, _ = _tolerantly(workspace, spec, span)
    return recent_windows(observations, windows)


def _tolerantly(workspace: Workspace, spec: WindowSpec, time_range: TimeRange) -> tuple[Observations, list[str]]:
    """Every input that can be read, and in words which could not.

    Raises:
        LakeError: the series itself cannot be read.
    """
    lake = workspace.lake
    try:
        return lake.read_vintages(*spec.inputs, time_range=time_range), []
    except LakeError as error:
        log.warning("%s: %s", spec.series, error)
    parts, unread = [lake.read_vintages(spec.series, time_range=time_range)], []
    for covariate in spec.inputs[1:]:
        try:
            parts.append(lake.read_vintages(covariate, time_range=time_range))
        except LakeError:
            unread.append(f"{covariate} cannot be read")
    return Observations(pd.concat(parts, ignore_index=True)), unread


def _recent(observations: Observations, issued: pd.Timestamp, settings: LadderSettings) -> Observations:
    """The observations without forecasts that are so old that a model has never been given such ones."""
    ahead = observations["valid_time"] >= issued
    age = issued - observations["available_at"]
    official, weather = observations["quantity"].str.endswith(OFFICIAL_SUFFIX), observations["source"] == WEATHER_SOURCE
    old = official & (age > pd.Timedelta(days=settings.official_days))
    old |= weather & (age > pd.Timedelta(days=settings.weather_days))
    return Observations(observations[~(ahead & old)])
