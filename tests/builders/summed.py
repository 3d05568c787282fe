"""A total of two zones in mode live, of which nobody says the same twice, and former forecasts of all of them."""

import datetime as dt
import uuid
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from builders.forecasts import BERLIN, forecast_of
from builders.operation import Clock
from builders.rows import measured
from builders.serving import CONTEXT_DAYS, DAY, LEARNT_UNTIL, LEVELS, SPREAD
from gridahead.core.grid import Series
from gridahead.core.runs import CHAMPION, NAIVE
from gridahead.core.tables import Forecasts
from gridahead.core.time import Mtu, delivery_range
from gridahead.features.windows import WindowSpec
from gridahead.models.baselines import ReferenceForecast
from gridahead.registry.versions import Version
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

TOTAL, NORTH, SOUTH = (Series(zone, "load") for zone in ("TOTAL", "NORTH", "SOUTH"))
MEMBERS = (TOTAL, NORTH, SOUTH)
BASE = {NORTH: 30_000.0, SOUTH: 20_000.0}
FORMER_DAYS = 20
SUMS = [{"total": str(TOTAL), "parts": [str(NORTH), str(SOUTH)], "reconcile": "mint"}]


def summed(folder: Path, at: str = "2025-03-18T10:00Z", *, former: bool = True, sums: object = SUMS) -> Workspace:
    """A workspace in which a version of each series serves that says what the same hour of last week was.

    The total is measured by itself, and is by some hundred MW another than the sum: so is what is forecast of it.

    Args:
        folder: of the data.
        at: what the clock shows.
        former: whether forecasts of the weeks before are there, the total's ten times as wrong as those of its parts.
        sums: of the settings.
    """
    series = [{"series": str(one), "deadline": f"D-1T1100[{BERLIN}]", "mtu": "PT60M"} for one in MEMBERS]
    zones = [{"code": one.zone, "timezone": BERLIN} for one in MEMBERS]
    said = {"data_folder": folder, "lake": f"memory://{uuid.uuid4().hex}", "mode": "live", "sums": sums}
    settings = Settings.model_validate(said | {"series": series, "zones": zones})
    workspace = Workspace(settings, clock=Clock(at))
    load = loads()
    for one in MEMBERS:
        workspace.lake.observations.append(measured(one, pd.DatetimeIndex(load.index), load[one].to_numpy()))
        _serve(workspace, one)
    if former:
        workspace.lake.forecasts.append(former_forecasts())
    return workspace


@cache
def loads() -> pd.DataFrame:
    """What is measured of each, by hour, until the end of the delivery day [MW]."""
    begin = delivery_range(DAY - dt.timedelta(days=60), BERLIN).start
    times = pd.date_range(begin, delivery_range(DAY + dt.timedelta(days=2), BERLIN).end, freq="h", inclusive="left")
    rng = np.random.default_rng(11)
    hours = times.tz_convert(BERLIN).hour.to_numpy()
    load = pd.DataFrame(
        {one: base + 200.0 * hours + rng.normal(0, 300, len(times)) for one, base in BASE.items()}, times
    )
    load[TOTAL] = load[NORTH] + load[SOUTH] + rng.normal(0, 400, len(times))
    return load


@cache
def former_forecasts() -> Forecasts:
    """Live forecasts of the days before the delivery day: of the total they err by 2,000 MW, of its parts by 200."""
    load, rng, made = loads(), np.random.default_rng(12), []
    for back in range(FORMER_DAYS, 0, -1):
        day = DAY - dt.timedelta(days=back)
        for one, error in ((TOTAL, 2_000.0), (NORTH, 200.0), (SOUTH, 200.0)):
            rows = forecast_of(str(day), zone=one.zone)
            median = load[one].loc[rows["valid_time"]].to_numpy() + error * rng.normal(size=24).repeat(len(LEVELS))
            values = median + SPREAD * np.sign(rows["quantile"] - 0.5)
            made.append(rows.assign(value_mw=values, unadapted_mw=values, made_at=rows["issue_time"]))
    return Forecasts(pd.concat(made, ignore_index=True))


def _serve(workspace: Workspace, series: Series) -> None:
    entry = workspace.settings.series_settings(series)
    zone = workspace.settings.zone(series.zone)
    spec = WindowSpec(series, zone, Mtu.PT60M, entry.deadline, CONTEXT_DAYS, use_official=False)
    offsets = SPREAD * np.array([-1, 0, 1], np.float32)
    bundle = workspace.exports.keep(ReferenceForecast(NAIVE, spec, LEVELS, 30_000.0, offsets))
    tags = {"series": str(series), "model": NAIVE, "bundle": bundle, "copy": "none", "learnt_until": str(LEARNT_UNTIL)}
    tags["validation_days"] = f"2025-01-01 to {LEARNT_UNTIL}"
    version = Version(series, "1", "run-1", pd.Timestamp("2025-02-01T00:00Z"), (), tags)
    workspace.exports.put(version)
    workspace.exports.serve(series, {CHAMPION: "1"})
