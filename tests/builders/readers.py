"""An installation after two weeks of operation, for whoever looks at it: what is read, and nothing that trains."""

import datetime as dt
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import uvicorn

from builders.operation import Clock
from builders.rows import day_ahead, judged, measured, rows
from builders.servers import free_port
from builders.serving import serve
from gridahead.core.grid import Series
from gridahead.core.runs import HOLDOUT
from gridahead.core.tables import FORECASTS, PROMOTIONS, Forecasts, Promotions
from gridahead.core.time import Mtu, days_between, delivery_range
from gridahead.evaluation.scores import score
from gridahead.forecasting.pointers import renew_pointers
from gridahead.forecasting.publish import publish
from gridahead.operate.slots import due_slot
from gridahead.settings.model import Settings
from gridahead.web.app import application
from gridahead.web.state import Watch
from gridahead.workspace import Workspace

LEVELS = (0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
BELOW = np.array([-2.33, -1.64, -1.28, -0.84, -0.52, 0, 0.52, 0.84, 1.28, 1.64, 2.33])
"""The same levels of a normal distribution."""
LAST = dt.date(2025, 11, 5)
"""Tomorrow. The days before have a change of the clocks (26 October) and holidays (31 October, 1 November)."""
AT = "2025-11-04T11:30Z"
SPIKE = pd.Timestamp("2025-10-29T08:00Z")
"""From then on three values wait in quarantine."""


def installation(
    folder: Path, *names: str, days: int = 16, history: int = 40, at: str = AT, lake: str | None = None
) -> Workspace:
    """A workspace whose series were published every day, with outturn, official forecast, models and a case.

    Args:
        folder: of the data.
        names: of the series; the load of Germany and Finland and a price unless given.
        days: how many delivery days were published.
        history: how many days of outturn there are before.
        at: what the clock shows.
        lake: where the lake is; in the folder unless given.
    """
    series = [
        {"series": name, "deadline": "D-1T1100[Europe/Berlin]"}
        for name in names or ("DE/load", "DE/wind_solar", "FI/load")
    ]
    said = {"data_folder": folder, "lake": lake, "series": series, "mode": "live"}
    workspace = Workspace(Settings.model_validate(said), clock=Clock(at))
    workspace.lake  # noqa: B018 - the folder is marked with its layout
    for number, entry in enumerate(workspace.settings.series):
        _one(workspace, entry.series, days, history, np.random.default_rng(number))
    spike = pd.date_range(SPIKE, periods=3, freq="h")
    first = workspace.settings.series[0].series
    wrong = rows(first, spike, [9e5, 8.8e5, 9.1e5], spike + pd.Timedelta(hours=2), availability="recorded")
    workspace.lake.observations.append(wrong)
    found = judged(wrong, known_at="2025-10-29T12:00Z").assign(decided_at=pd.Timestamp("2025-10-29T12:00Z"))
    workspace.lake.verdicts.append(found.assign(reason="outside of what it has ever been, 18 to 78 GW"))
    return workspace


def _one(workspace: Workspace, series: Series, days: int, history: int, random: np.random.Generator) -> None:
    first = LAST - dt.timedelta(days=days - 1)
    zone = workspace.settings.zone(series.zone)
    start = delivery_range(first - dt.timedelta(days=history), zone.timezone).start
    end = delivery_range(LAST, zone.timezone).end
    times = pd.date_range(start, end, freq="h", inclusive="left")
    truth = pd.Series(_values(series, times.tz_convert(zone.timezone), random), times)
    known = times < workspace.clock().floor("h") - pd.Timedelta(hours=1)
    workspace.lake.observations.append(measured(series, times[known], truth[known]))
    size = float(truth.mean())
    official = truth + size * 0.03 * _drifting(len(times), random)
    workspace.lake.observations.append(day_ahead(series.official, times, official.to_numpy()))
    for number, role, error in (("1", "previous", 0.024), ("3", "challenger", 0.021), ("2", "champion", 0.02)):
        _version(workspace, series, number, role, error * size)
    workspace.lake.promotions.append(_promotions(series))
    errors = size * 0.02 * _drifting(len(times), random)
    issued = [_forecast(workspace, series, day, truth + errors, size * 0.02) for day in days_between(first, LAST)]
    beside = [one.assign(run="shadow", model_version="3", value_mw=one["value_mw"] * 1.01) for one in issued]
    workspace.lake.forecasts.append(Forecasts(pd.concat([*issued, *beside], ignore_index=True)))
    for rows_of_day in issued:
        _publish(workspace, series, rows_of_day)
    outturn = pd.DataFrame({"valid_time": times[known], "value": truth[known].to_numpy()})
    own = pd.concat(issued, ignore_index=True).assign(run=HOLDOUT)
    workspace.lake.scores.append(score(Forecasts(own), outturn, scored_at=workspace.clock()))


def _version(workspace: Workspace, series: Series, number: str, role: str, error: float) -> None:
    """A version that is called a GRU; what it says nobody asks here."""
    version = serve(workspace, series, number, role)  # type: ignore[arg-type]
    tags = {"model": "gru", "train_days": "2023-01-01 to 2024-12-31", "validation_mae": str(error)}
    workspace.exports.put(replace(version, tags={**version.tags, **tags}))


def _values(series: Series, local: pd.DatetimeIndex, random: np.random.Generator) -> np.ndarray:
    """A day with two peaks and a quiet weekend; of the sun and the wind, something like it."""
    hour = local.hour.to_numpy()
    if "solar" in series.quantity:
        sun = 18_000 * np.clip(np.sin((hour - 7) / 10 * np.pi), 0, None)
        return sun + 15_000 * np.clip(1 + 0.7 * _drifting(len(hour), random, 0.97), 0.05, None)
    base = {"DE": 52_000, "FI": 9_500}.get(series.zone, 20_000)
    shape = 1 + 0.12 * np.sin((hour - 6) / 12 * np.pi) + 0.08 * np.exp(-((hour - 18) ** 2) / 6)
    quiet = np.where(local.dayofweek >= 5, 0.85, 1.0)
    return base * shape * quiet * (1 + 0.02 * _drifting(len(hour), random))


def _drifting(count: int, random: np.random.Generator, memory: float = 0.9) -> np.ndarray:
    """Errors that last for some hours, of a standard deviation of about one."""
    steps = random.normal(0, np.sqrt(1 - memory**2), count)
    found = np.zeros(count)
    for n in range(1, count):
        found[n] = memory * found[n - 1] + steps[n]
    return found


def _forecast(workspace: Workspace, series: Series, day: dt.date, median: pd.Series, spread: float) -> Forecasts:
    slot = due_slot(workspace, series, day)
    times = delivery_range(day, workspace.settings.zone(series.zone).timezone).times(Mtu.PT60M)
    values = median.reindex(times).to_numpy()[:, None] + spread * BELOW
    lapsed = day == LAST - dt.timedelta(days=3)
    frame = pd.DataFrame(
        {
            "run": "live",
            "zone": series.zone,
            "quantity": series.quantity,
            "model": "gru",
            "issue_time": slot.deadline,
            "valid_time": times.repeat(len(LEVELS)),
            "quantile": np.tile(LEVELS, len(times)),
            "value_mw": np.maximum(values, 0).ravel(),
            "mtu": "PT60M",
            "model_version": "2",
            "rung": "degraded" if lapsed else "full",
            "missing": "weather" if lapsed else "",
            "data_hash": f"{day}",
            "made_at": slot.deadline + pd.Timedelta(minutes=1),
        }
    )
    return Forecasts(FORECASTS.check(frame))


def _publish(workspace: Workspace, series: Series, forecasts: Forecasts) -> None:
    zone = workspace.settings.zone(series.zone)
    day = forecasts["valid_time"].min().tz_convert(zone.timezone).date()
    slot = due_slot(workspace, series, day)
    at = slot.deadline + pd.Timedelta(minutes=2)
    place = workspace.settings.published_place
    publish(place, forecasts, zone.timezone, {}, workspace.settings.unit_of(series), at=at, slot=slot)
    renew_pointers(place, series, workspace.clock())


def _promotions(series: Series) -> Promotions:
    told = [
        ("champion", "first", "", "1", "It is the first one.", "train", "2025-09-01T08:00Z"),
        (
            "champion",
            "trial",
            "1",
            "2",
            "Its error is 6 % smaller (95 % interval 2 to 10 %).",
            "train",
            "2025-10-01T08:00Z",
        ),
        ("challenger", "person", "", "3", "To see how it does without weather.", "ana", "2025-10-20T09:00Z"),
    ]
    names = ["alias", "how", "from_version", "to_version", "reason", "decided_by", "decided_at"]
    frame = pd.DataFrame(told, columns=names).assign(zone=series.zone, quantity=series.quantity)
    frame["decided_at"] = pd.to_datetime(frame["decided_at"])
    return Promotions(PROMOTIONS.check(PROMOTIONS.select(frame)))


@contextmanager
def served_at(workspace: Workspace) -> Iterator[str]:
    """The server of a workspace while it is needed, in a thread, with the workspace's own clock; gives its address."""
    port = free_port()
    app = application(workspace, Watch(workspace, 0, lambda: None))
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


def without(workspace: Workspace, **settings: object) -> Workspace:
    """The same workspace with other settings."""
    return replace(workspace, settings=workspace.settings.model_copy(update=settings))
