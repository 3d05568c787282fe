"""An installation in mode live over a lake in memory, with a clock that a test sets."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from builders.rows import LOAD, measured
from builders.serving import CONTEXT_DAYS, DAY, TIMEZONES, load_at, serve, workspace_in_memory
from gridahead.core.grid import Series
from gridahead.core.time import delivery_range
from gridahead.forecasting.publish import Issue, newest_of
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace


class Clock:
    """The present, as a test sets it."""

    def __init__(self, at: str) -> None:
        self.set(at)

    def set(self, at: str) -> None:
        """Make it another instant."""
        self.at = pd.Timestamp(at).as_unit("us")

    def __call__(self) -> pd.Timestamp:
        return self.at


def operated(
    folder: Path,
    at: str,
    *zones: str,
    first: dt.date = DAY - dt.timedelta(days=3),
    last: dt.date = DAY + dt.timedelta(days=25),
    **changes: Any,
) -> tuple[Workspace, Clock]:
    """A workspace in which a version of every zone serves, with a load of some days that appears hour by hour.

    Args:
        folder: of the data.
        at: what the clock shows.
        zones: DE if none is named.
        first: the first day that can be forecast.
        last: the last day with a load.
        changes: of the settings of every series, such as `deadline` or `intraday`.
    """
    plain = workspace_in_memory(folder, *(zones or ("DE",)))
    workspace, clock = _live(plain, at, changes)
    fill_days(workspace, first, last)
    return workspace, clock


def on_disk(folder: Path, at: str) -> tuple[Workspace, Clock]:
    """The same with its lake in the folder, to be opened by several processes; `fill_days` fills it once."""
    return _live(workspace_in_memory(folder, "DE"), at, {}, lake=None)


def _live(plain: Workspace, at: str, changes: Mapping[str, Any], **settings: Any) -> tuple[Workspace, Clock]:
    clock, said = Clock(at), plain.settings.model_dump(mode="json")
    said |= {"mode": "live", "series": [{**entry, **changes} for entry in said["series"]], **settings}
    return replace(plain, settings=Settings.model_validate(said), clock=clock), clock


def fill_days(workspace: Workspace, first: dt.date, last: dt.date) -> None:
    """A version that serves, and a load that appears hour by hour, for every series."""
    for entry in workspace.settings.series:
        timezone = TIMEZONES[entry.series.zone]
        start = delivery_range(first - dt.timedelta(days=CONTEXT_DAYS + 4), timezone).start
        times = pd.date_range(start, delivery_range(last, timezone).end, freq="h", inclusive="left")
        values = load_at(entry.series, times.tz_convert(timezone))
        workspace.lake.observations.append(measured(entry.series, times, values))
        serve(workspace, entry.series)


def newest(workspace: Workspace, day: str, series: Series = LOAD) -> Issue | None:
    """What is published of a day."""
    return newest_of(workspace.settings.published_folder, series, dt.date.fromisoformat(day))
