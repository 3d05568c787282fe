"""Explain: which past hours and which inputs moved a forecast, measured from the usual inputs of that weekday."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.core.quantiles import median_of
from gridahead.core.tables import Observations
from gridahead.core.time import delivery_days
from gridahead.core.units import Unit
from gridahead.core.vintages import from_micros
from gridahead.explain.attribution import Attribution, attribute, hourly_groups, same_gaps
from gridahead.explain.baseline import USUAL_WEEKS, mean_inputs
from gridahead.explain.news import Change, as_published, changed
from gridahead.features.windows import Array, Windows, build_windows
from gridahead.forecasting.issue import degradations
from gridahead.forecasting.publish import latest_manifest
from gridahead.forecasting.slot import due_day
from gridahead.models.determinism import deterministic
from gridahead.registry.versions import Registered
from gridahead.workspace import Workspace, reading_range

Publishes = Callable[[Registered, Windows], pd.Series]
"""What is published of a single window by a version: the median by valid time [MW], adapted to the newest days."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """A forecast, what moved it, and what has changed since the one before."""

    registered: Registered
    windows: Windows
    """Of the forecast."""
    forecast: Array
    """(H,) median as the model answers it [MW]"""
    published: Array
    """(H,) the same adapted to the newest days, as it is published [MW]"""
    attribution: Attribution
    degradations: tuple[str, ...]
    unit: Unit
    """In which people read and draw power."""
    change: Change | None
    """None where the hours have not been forecast a day before."""

    def __repr__(self) -> str:
        """Whose forecast of which day it explains; what moved it is in the attributes."""
        about = f"{self.registered.series}, {self.day}, issued {self.issue_time:%Y-%m-%dT%H:%MZ}"
        return f"<Explanation of {about}, by {self.registered}>"

    @property
    def adapted(self) -> Array:
        """By how much it is moved as the newest days ask for, (H,) [MW]; with the shares it adds up to `published`."""
        moved: Array = self.published - self.forecast
        return moved

    @property
    def issue_time(self) -> pd.Timestamp:
        """The issue time of the forecast, UTC."""
        return pd.Timestamp(self.windows.issue_time[0], unit="us", tz="UTC")

    @property
    def valid_times(self) -> pd.DatetimeIndex:
        """(H,) the start of every unit of the horizon, UTC."""
        return _times(self.windows)

    @property
    def day(self) -> dt.date:
        """The delivery day of the forecast, local date."""
        last = self.valid_times[self.windows.delivery[0]][-1:]
        day: dt.date = delivery_days(last, self.windows.spec.zone.timezone)[0].date()
        return day


@deterministic()
def explain(
    workspace: Workspace,
    series: Series,
    publishes: Publishes,
    issue_time: pd.Timestamp | None = None,
    since: pd.Timestamp | None = None,
    version: str | None = None,
) -> Explanation:
    """Share out a forecast among its inputs, and what has changed since an earlier one.

    Args:
        workspace: where the data and the models are.
        series: whose forecast.
        publishes: what operation makes of the model's answer.
        issue_time: as of when; without it, the newest published one.
        since: the earlier issue time; without it, a day before.
        version: a number or an alias; without it, the one that serves.

    Raises:
        ModelError: there is no such version, nothing is published, or nothing of the series is known in the context.
        LakeError: the lake does not have the series.
    """
    registry = workspace.registry
    registered = registry.champion(series) if version is None else registry.load(registry.version(series, version))
    spec, model = registered.model.spec, registered.model
    issued, day = (issue_time, due_day(spec.deadline, issue_time)) if issue_time else _newest(workspace, series)
    days = [day - dt.timedelta(weeks=back) for back in range(USUAL_WEEKS + 1)]
    issue_times = [issued - pd.Timedelta(weeks=back) for back in range(USUAL_WEEKS + 1)]
    observations = workspace.lake.read_vintages(*spec.inputs, time_range=reading_range(spec, days[-1], day))
    windows = build_windows(observations, spec, days, issue_times=issue_times)
    of_day, weeks_before = windows.where(np.arange(len(days)) == 0), windows.where(np.arange(len(days)) > 0)
    if np.isnan(of_day.target_past).all():
        raise ModelError(str(series), f"nothing is known of it in the {spec.context_days} days before {issued}")
    attribution = attribute(model, of_day, same_gaps(mean_inputs(weeks_before), of_day), hourly_groups(of_day))
    published = publishes(registered, of_day.alone(0))
    return Explanation(
        registered=registered,
        windows=of_day,
        forecast=median_of(model.predict(of_day))[0],
        published=published.reindex(_times(of_day)).to_numpy(np.float32),
        attribution=attribution,
        degradations=tuple(degradations(of_day, 0, model.known_share, workspace.settings.quality.late_after_hours)),
        unit=workspace.settings.unit_of(series),
        change=_change(registered, observations, since or issued - pd.Timedelta(days=1), of_day, published, publishes),
    )


def _change(
    registered: Registered,
    observations: Observations,
    since: pd.Timestamp,
    windows: Windows,
    published: pd.Series,
    publishes: Publishes,
) -> Change | None:
    """What has changed between what is published at an earlier time and what is published of a single window."""
    spec, issued = registered.model.spec, pd.Timestamp(windows.issue_time[0], unit="us", tz="UTC")
    if (change := changed(registered.model, observations, since, issued)) is None:
        return None

    def at(time: pd.Timestamp, day: dt.date) -> pd.Series:
        return publishes(registered, build_windows(observations, spec, [day], issue_times=[time]).alone(0))

    before, now = (spec.deadline.delivery_day(time) for time in (since, issued))
    return as_published(change, at(since, before), published if now == windows.days[0] else at(issued, now))


def _times(windows: Windows) -> pd.DatetimeIndex:
    """(H,) the start of every unit of the horizon of a single window, UTC."""
    return from_micros(windows.valid_time[0])


def _newest(workspace: Workspace, series: Series) -> tuple[pd.Timestamp, dt.date]:
    """The issue time and the delivery day of what a reader is given."""
    manifest = latest_manifest(workspace.settings.published_place, series)
    if manifest is None:
        raise ModelError(
            str(series), "nothing is published that could be explained; run `gridahead forecast`, or say --issue-time"
        )
    return pd.Timestamp(str(manifest["issue_time"])), dt.date.fromisoformat(str(manifest["delivery_day"]))
