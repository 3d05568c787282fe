"""Days of live forecasts in a lake in memory, with an outturn and an official forecast that err as a test wants."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from builders.forecasts import BERLIN, forecast_of
from builders.operation import Clock
from builders.rows import LOAD, day_ahead, measured
from builders.serving import workspace_in_memory
from gridahead.core.tables import Forecasts
from gridahead.core.time import days_between, delivery_range
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

FIRST = dt.date(2025, 5, 1)
HISTORY = dt.timedelta(days=50)
"""Of outturn and official forecast before the first live day."""
SPREAD = 4_000.0
"""From the median of `forecast_of` to its P10 and its P90 [MW]."""


def live_days(
    folder: Path,
    days: int,
    *,
    inside: float = 0.8,
    error: float = 1_000.0,
    official_error: float = 2_000.0,
    official_spread: float = 0.0,
    moved: float = 0.0,
) -> tuple[Workspace, Clock]:
    """So many days of hourly live forecasts that were out in time; it is noon after the last of them.

    Args:
        folder: of the data.
        days: how many.
        inside: the share of outturns within the 80 % band, to a hundredth of a day.
        error: by how much the forecast is too low where the outturn is in the band [MW]; outside it is 5 000.
        official_error: by how much the official forecast is too high or too low, as luck has it [MW].
        official_spread: by which share of that an hour may differ from another.
        moved: by how much adaptation has moved every quantile upwards [MW].
    """
    last = FIRST + dt.timedelta(days=days - 1)
    plain, clock = workspace_in_memory(folder, "DE"), Clock(f"{last + dt.timedelta(days=1)}T10:00Z")
    said = plain.settings.model_dump(mode="json") | {"mode": "live"}
    workspace = replace(plain, settings=Settings.model_validate(said), clock=clock)
    live = [_published(day, moved) for day in days_between(FIRST, last)]
    workspace.lake.forecasts.append(pd.concat(live, ignore_index=True))
    before = FIRST - HISTORY
    times = pd.date_range(delivery_range(before, BERLIN).start, delivery_range(last, BERLIN).end, freq="h")[:-1]
    local, random = times.tz_convert(BERLIN), np.random.default_rng(0)
    within = np.concatenate([random.permutation(100) < round(100 * inside) for _ in range(len(times) // 100 + 1)])
    value = 50_000.0 + local.hour + np.where(within[: len(times)], error, 5_000.0)
    utc = times.tz_convert("UTC")
    workspace.lake.observations.append(measured(LOAD, utc, value))
    wrong = official_error * random.choice([-1.0, 1.0], len(utc))
    wrong *= random.uniform(1 - official_spread, 1 + official_spread, len(utc))
    workspace.lake.observations.append(day_ahead(LOAD.official, utc, value + wrong))
    return workspace, clock


def _published(day: dt.date, moved: float) -> Forecasts:
    rows = forecast_of(str(day))
    rows["unadapted_mw"] = rows["value_mw"] - moved
    return Forecasts(rows.assign(made_at=rows["issue_time"] + pd.Timedelta(minutes=1)))
