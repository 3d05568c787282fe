"""Weather from its source to the forecast: of every hour the newest run that was there at the issue time, no later one.

The weather comes as files with the issue time of every row, or from a server in the place of Open-Meteo that answers in
the documented form (specification examples: there are no recordings of single runs).
"""

import datetime as dt
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from builders.backtests import here

from gridahead.backtest import run
from gridahead.backtest.plan import Plan
from gridahead.core.grid import Series
from gridahead.core.time import now
from gridahead.features.windows import build_windows
from gridahead.operate import ingest as ingest_module
from gridahead.operate.ingest import ingest
from gridahead.quality.report import empty_report
from gridahead.quarantine import inspection
from gridahead.settings.model import Settings
from gridahead.sources.http import transport
from gridahead.sources.http.limits import HostLimits
from gridahead.sources.wanted import Wanted
from gridahead.workspace import Workspace

FIRST = pd.Timestamp("2025-01-06T00:00Z")
DAYS = 90
DAY = dt.date(2025, 4, 3)
"""Delivery day that is looked at: it is issued at D-1 11:00 in Berlin, 09:00 UTC."""
ISSUED = pd.Timestamp("2025-04-02T09:00Z")
RUNS = pd.date_range(FIRST, periods=DAYS, freq="D")
DELAY = pd.Timedelta(hours=7)
GARBAGE = 777.0
Floats = npt.NDArray[np.float64]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """What the gate says of the values is no matter here, nor how often a server of ours may be asked."""
    monkeypatch.setattr(inspection, "inspect", lambda new, *_, decided_at, **__: empty_report(decided_at))
    monkeypatch.setattr(inspection, "relearn", lambda *_, **__: None)
    monkeypatch.setattr(ingest_module, "publish_inspection", lambda *_: None)
    monkeypatch.setattr(transport, "limits_of", lambda *_: HostLimits(()))


@dataclass(frozen=True)
class World:
    """Weather and load; what a run says of an hour differs from run to run, so that one can tell them apart."""

    poisoned: bool = False

    def temperature(self, zone: str, begun: pd.Timestamp, times: pd.DatetimeIndex) -> Floats:
        """Of the instants [°C]; if poisoned, garbage in runs that were not there at the issue time."""
        if self.poisoned and begun + DELAY > ISSUED:
            return np.full(len(times), GARBAGE)
        hours = ((times - FIRST) / pd.Timedelta(hours=1)).to_numpy()
        number = (begun - FIRST).days
        return np.round(10 + 8 * np.sin(hours / 24) + 0.01 * number + (5 if zone == "FR" else 0), 4)


def settings_of(folder: Path, *weather: dict[str, object], zones: tuple[str, ...]) -> Settings:
    loads = [
        {
            "kind": "file",
            "path": folder / f"load_{zone}.csv",
            "zone": zone,
            "quantity": "load",
            "timezone": "UTC",
            "time_column": "time",
            "value_column": "load",
            "mtu": "PT15M",
        }
        for zone in zones
    ]
    series = [
        {
            "series": f"{zone}/load",
            "deadline": "D-1T1100[Europe/Berlin]",
            "future_covariates": [f"{zone}/temperature"],
            "weather": ["degrees"],
            **({"mtu": "PT60M"} if zone == "DE" else {}),
        }
        for zone in zones
    ]
    training = {"validation_days": 14, "context_days": 8, "quantiles": (0.1, 0.5, 0.9), "workers": 1}
    return Settings.model_validate(
        {"data_folder": folder / "data", "sources": [*loads, *weather], "series": series, "training": training}
    )


def write_load(folder: Path, zone: str) -> None:
    """Quarter hours that follow the temperature of the newest run."""
    times = pd.date_range(FIRST, FIRST + pd.Timedelta(days=DAYS), freq="15min", inclusive="left")
    rng = np.random.default_rng(4)
    load = 50_000 + 5_000 * np.sin(2 * np.pi * times.hour / 24) - 300 * World().temperature(zone, FIRST, times)
    table = pd.DataFrame({"time": times.strftime("%Y-%m-%dT%H:%MZ"), "load": load + rng.normal(0, 200, len(times))})
    (folder / f"load_{zone}.csv").write_text(table.round(1).to_csv(index=False))


def write_weather(folder: Path, zone: str, world: World) -> None:
    """Two files of runs."""
    for part, runs in enumerate((RUNS[:45], RUNS[45:])):
        tables = []
        for begun in runs:
            times = pd.date_range(begun, periods=72, freq="h")
            stamps = {"init": f"{begun:%Y-%m-%dT%H:%MZ}", "time": times.strftime("%Y-%m-%dT%H:%MZ")}
            tables.append(pd.DataFrame({**stamps, "t2m": world.temperature(zone, begun, times)}))
        (folder / f"weather_{zone}_{part}.csv").write_text(pd.concat(tables).to_csv(index=False))


def from_files(folder: Path, world: World, zones: tuple[str, ...] = ("DE",)) -> Workspace:
    """A lake with load and weather of some zones."""
    folder.mkdir()
    for zone in zones:
        write_load(folder, zone)
        write_weather(folder, zone, world)
    told = {"column": "t2m", "name": "temperature", "unit": "degC", "known_ahead": True}
    weather = [
        {
            "kind": "file",
            "path": folder / f"weather_{zone}_*.csv",
            "zone": zone,
            "timezone": "UTC",
            "time_column": "time",
            "issue_column": "init",
            "publication_lag_minutes": int(DELAY / pd.Timedelta(minutes=1)),
            "covariates": [told],
        }
        for zone in zones
    ]
    workspace = Workspace(settings_of(folder, *weather, zones=zones))
    ingest(workspace).require(1.0)
    return workspace


def from_service(folder: Path, world: World) -> Workspace:
    """The same, the weather from a server."""
    folder.mkdir()
    write_load(folder, "DE")
    with served(world) as address:
        weather: dict[str, object] = {
            "kind": "openmeteo",
            "zones": ["DE"],
            "quantities": ["temperature"],
            "base_url": f"{address}/{{host}}",
            "run_hours": [0],
            "days_ahead": 3,
            "points": {"DE": [{"latitude": 52.5, "longitude": 13.4}]},
        }
        workspace = Workspace(settings_of(folder, weather, zones=("DE",)))
        span = Wanted(now(), start=ISSUED - pd.Timedelta(days=10), end=ISSUED + pd.Timedelta(days=2))
        ingest(workspace, span).require(1.0)
    return workspace


@contextmanager
def served(world: World) -> Iterator[str]:
    """A server that has single runs, and says nothing of the newest one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            where = urlparse(self.path)
            asked = {name: values[0] for name, values in parse_qs(where.query).items()}
            known = where.path == "/single-runs-api/v1/forecast"
            content = json.dumps(answer(world, asked) if known else {}).encode()
            self.send_response(200 if known else 404)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answer(world: World, asked: dict[str, str]) -> dict[str, object]:
    begun = pd.Timestamp(asked["run"], tz="UTC")
    times = pd.date_range(begun, periods=24 * int(asked["forecast_days"]), freq="h")
    seconds = [int(stamp.timestamp()) for stamp in times]
    return {
        "utc_offset_seconds": 0,
        "hourly_units": {"time": "unixtime", "temperature_2m": "°C"},
        "hourly": {"time": seconds, "temperature_2m": world.temperature("DE", begun, times).tolist()},
    }


LOADS = {zone: Series(zone, "load") for zone in ("DE", "FR")}


def ahead_of(workspace: Workspace, zone: str = "DE") -> pd.Series:
    """The temperature that is read ahead for the day, by hour."""
    spec, observations = workspace.inputs(LOADS[zone])
    windows = build_windows(observations, spec, [DAY])
    times = pd.to_datetime(windows.valid_time[0], unit="us", utc=True)
    return pd.Series(windows.input_ahead(f"{zone}/temperature")[0], times)[windows.delivery[0]]


def test_of_every_hour_the_newest_run_that_was_there_is_read_in_each_zone(tmp_path):
    """At 09:00 UTC of the 2nd the run of that midnight has been there for two hours, that of the 3rd is to come.

    Load comes by quarter hours: in Germany it is read by hours, in France the weather by quarter hours.
    """
    workspace = from_files(tmp_path / "files", World(), ("DE", "FR"))
    for zone, units in (("DE", 1), ("FR", 4)):
        ahead = ahead_of(workspace, zone)
        assert len(ahead) == 24 * units
        beginnings = pd.DatetimeIndex(ahead.index).floor("h")
        expected = World().temperature(zone, pd.Timestamp("2025-04-02T00:00Z"), beginnings)
        assert np.allclose(ahead, expected, atol=1e-3)


def test_a_run_that_came_after_the_issue_time_reaches_no_forecast(tmp_path, monkeypatch):
    """Poisoned: every run that was not there at the issue time says 777 °C, from the file to the forecast."""
    monkeypatch.setattr(run, "worker_pool", here)
    found = []
    for name, world in (("honest", World()), ("poisoned", World(poisoned=True))):
        workspace = from_files(tmp_path / name, world)
        require_poison(workspace, world)
        plan = Plan("t", DAY, DAY, ("ridge",), "never", False)
        run.backtests(workspace, [LOADS["DE"]], plan, lambda event: None)
        forecasts = workspace.lake.read_forecasts(LOADS["DE"], "backtest/t")
        found.append(forecasts.sort_values(["valid_time", "quantile"], ignore_index=True).drop(columns="made_at"))
    assert len(found[0]) == 24 * 3
    pd.testing.assert_frame_equal(found[0], found[1])


def test_a_run_that_the_service_had_after_the_issue_time_is_in_no_window(tmp_path):
    hashes = []
    for name, world in (("honest", World()), ("poisoned", World(poisoned=True))):
        workspace = from_service(tmp_path / name, world)
        require_poison(workspace, world)
        spec, observations = workspace.inputs(LOADS["DE"])
        hashes.append(build_windows(observations, spec, [DAY]).data_hash(0))
        ahead = ahead_of(workspace)
        of_run = world.temperature("DE", pd.Timestamp("2025-04-02T00:00Z"), pd.DatetimeIndex(ahead.index))
        of_end = world.temperature(
            "DE", pd.Timestamp("2025-04-02T00:00Z"), pd.DatetimeIndex(ahead.index) + pd.Timedelta(hours=1)
        )
        assert np.allclose(ahead, (of_run + of_end) / 2, atol=1e-3)  # the mean of an hour
    assert hashes[0] == hashes[1]


def require_poison(workspace: Workspace, world: World) -> None:
    """The poison is in the lake, and nowhere but where it has to be ignored."""
    rows = workspace.lake.read_accepted(Series("DE", "temperature"))
    assert (rows["value"] == GARBAGE).any() == world.poisoned
    assert (rows.loc[rows["value"] == GARBAGE, "available_at"] > ISSUED).all()
