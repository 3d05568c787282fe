"""Versions that serve from what is exported, over a lake in memory: for the tests of what operation does with them."""

import datetime as dt
import uuid
from pathlib import Path

import numpy as np
import pandas as pd

from builders.rows import LOAD, measured
from gridahead.core.grid import Series
from gridahead.core.runs import CHAMPION, LIVE, NAIVE, Role
from gridahead.core.time import Mtu, delivery_range
from gridahead.features.windows import WindowSpec
from gridahead.models.baselines import ReferenceForecast
from gridahead.registry.versions import Version
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

LEVELS = (0.1, 0.5, 0.9)
SPREAD = 1_000.0
"""From the median to the other two quantiles [MW]."""
CONTEXT_DAYS = 8
LEARNT_UNTIL = dt.date(2025, 1, 31)
DAY = dt.date(2025, 3, 19)
"""A Wednesday; the week before has days of 24 hours."""
BASE = {"DE": 50_000, "FI": 8_000}
"""What a zone consumes in a night at the turn of the year [MW]."""
TIMEZONES = {"DE": "Europe/Berlin", "FI": "Europe/Helsinki"}
BY_CHAMPION = {"full", "degraded"}
"""Before eleven by the local clock a forecast of the day that is due then says that less is known than usually."""


def load_at(series: Series, local: pd.DatetimeIndex) -> np.ndarray:
    """A load that tells its own day and hour [MW]: 10 more with every day of the year, 100 more with every hour."""
    return np.asarray(BASE[series.zone] + 10 * local.dayofyear + 100 * local.hour, dtype=float)


def workspace_in_memory(folder: Path, *zones: str, **quality: object) -> Workspace:
    """Settings for the load of these zones, and an empty lake; whoever asks the registry is told that there is none."""
    series = [{"series": f"{zone}/load", "deadline": f"D-1T1100[{TIMEZONES[zone]}]"} for zone in zones]
    said = {"data_folder": folder, "lake": f"memory://{uuid.uuid4().hex}", "series": series, "quality": quality}

    def refuse(_: Workspace) -> None:
        raise AssertionError("a forecast asks no registry")

    return Workspace(Settings.model_validate(said), registry_of=refuse)  # type: ignore[arg-type]


def fill(workspace: Workspace, series: Series, day: dt.date, until: pd.Timestamp | None = None) -> None:
    """Put the load of the days before a delivery day into the lake: until an instant, else with all of that day."""
    timezone = workspace.settings.zone(series.zone).timezone
    start = delivery_range(day - dt.timedelta(days=CONTEXT_DAYS + 4), timezone).start
    end = until if until is not None else delivery_range(day, timezone).end
    times = pd.date_range(start, end, freq="h", inclusive="left")
    workspace.lake.observations.append(measured(series, times, load_at(series, times.tz_convert(timezone))))


def fill_before(workspace: Workspace, series: Series, day: dt.date, days: int = 60, seed: int = 1) -> None:
    """Put the load of the weeks before into the lake, with a noise that differs from day to day: paths follow it."""
    timezone = workspace.settings.zone(series.zone).timezone
    end = delivery_range(day - dt.timedelta(days=CONTEXT_DAYS + 4), timezone).start
    times = pd.date_range(end - pd.Timedelta(days=days), end, freq="h", inclusive="left")
    noise = np.random.default_rng(seed).normal(0, 60, len(times)).cumsum()
    load = load_at(series, times.tz_convert(timezone)) + noise
    workspace.lake.observations.append(measured(series, times.tz_convert("UTC"), load))


def serve(
    workspace: Workspace, series: Series, number: str = "1", role: Role = CHAMPION, learnt: dt.date = LEARNT_UNTIL
) -> Version:
    """Export a version that says of every hour what the same hour of last week was, and give it a role."""
    entry = workspace.settings.series_settings(series)
    zone = workspace.settings.zone(series.zone)
    spec = WindowSpec(
        series, zone, Mtu.PT60M, entry.deadline, CONTEXT_DAYS, use_official=False, intraday=entry.intraday
    )
    offsets = SPREAD * np.array([-1, 0, 1], np.float32)
    bundle = workspace.exports.keep(ReferenceForecast(NAIVE, spec, LEVELS, float(BASE[series.zone]), offsets))
    tags = {"series": str(series), "model": NAIVE, "bundle": bundle, "copy": "none", "learnt_until": str(learnt)}
    tags["validation_days"] = f"2025-01-01 to {learnt}"
    version = Version(series, number, f"run-{number}", pd.Timestamp("2025-02-01T00:00Z"), (), tags)
    workspace.exports.put(version)
    workspace.exports.serve(series, {**workspace.exports.serving(series), role: number})
    return version


def ready(
    folder: Path, *zones: str, day: dt.date = DAY, until: pd.Timestamp | None = None, **quality: object
) -> Workspace:
    """A workspace in which a version of every zone serves, with a load up to an instant."""
    workspace = workspace_in_memory(folder, *(zones or ("DE",)), **quality)
    for entry in workspace.settings.series:
        fill(workspace, entry.series, day, until)
        serve(workspace, entry.series)
    return workspace


def issued(workspace: Workspace, series: Series = LOAD, day: dt.date = DAY) -> pd.Timestamp:
    """The deadline of a delivery day."""
    return workspace.settings.series_settings(series).deadline.for_delivery(day)


def stored(workspace: Workspace, series: Series = LOAD, run: str = LIVE) -> pd.DataFrame:
    """The forecasts of a run, by time and quantile."""
    rows = workspace.lake.forecasts.read({"run": run, "zone": series.zone, "quantity": series.quantity})
    return rows.sort_values(["issue_time", "valid_time", "quantile"], ignore_index=True)


def values_of(rows: pd.DataFrame) -> np.ndarray:
    """What one forecast says, (units, quantiles) [MW]."""
    return rows["value_mw"].to_numpy().reshape(-1, len(LEVELS))


def last_week(series: Series, day: dt.date, timezone: str) -> np.ndarray:
    """What the version has to say of a day, worked out from the clock on the wall, (units, quantiles) [MW]."""
    span = delivery_range(day, timezone)
    hours = pd.date_range(span.start, span.end, freq="h", inclusive="left").tz_convert(timezone)
    return (load_at(series, hours) - 7 * 10)[:, None] + SPREAD * np.array([-1, 0, 1])
