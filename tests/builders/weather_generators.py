"""Runs of a weather model in the format of Open-Meteo, made as in `generators`: synthetic, no recordings.

Wind and sun are those of which the power in `data/sample` was made, temperature falls as load rises; what a run says of
an hour is the further off the longer ago the run began, so that one run can be told from another. The format is that of
the documentation of single runs and of recorded answers of `/v1/forecast`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from builders.generators import HOUR, NOTE, Clock, Floats, values
from builders.http_faults import Reply
from builders.recordings import recording
from builders.replay import Answer, Asked, reply_of
from gridahead.core.time import now

EVERY, DELAY = 6 * HOUR, pd.Timedelta(hours=6, minutes=20)
"""From one run to the next, and until it is there."""
_UNITS = {
    "temperature_2m": "°C",
    "wind_speed_100m": "m/s",
    "wind_speed_10m": "m/s",
    "shortwave_radiation": "W/m²",
    "cloud_cover": "%",
}


def openmeteo(clock: Clock = now, model: str = "ecmwf_ifs") -> Answer:
    """Answers as single runs, the newest run and `meta.json`; a run that is not there yet is refused as documented.

    Args:
        clock: the present: no later run is there.
        model: of which there is a `meta.json`.
    """
    refusal = reply_of(recording("_documented_errors/openmeteo_400_run_unavailable.json"))

    def answer(asked: Asked) -> Reply | None:
        newest = (clock() - DELAY).floor(EVERY)
        if asked.path == f"/api/data/{model}/static/meta.json":
            times = {"initialisation": newest, "availability": newest + DELAY}
            about = {f"last_run_{which}_time": int(time.timestamp()) for which, time in times.items()}
            return Reply(json.dumps({"note": NOTE, **about}).encode())
        if asked.path not in ("/api/v1/forecast", "/single-runs-api/v1/forecast"):
            return None
        run = pd.Timestamp(asked.query["run"], tz="UTC") if "run" in asked.query else newest
        if run > newest:
            return refusal
        return Reply(json.dumps(_of_run(asked.query, run)).encode())

    return answer


def weather(variable: str, latitude: float, run: pd.Timestamp, times: pd.DatetimeIndex) -> Floats:
    """What a run says of the weather at a place, at instants, or of the hours before them where the sun is meant.

    Args:
        variable: as the service calls it.
        latitude: of the place [°].
        run: when it began, UTC.
        times: UTC.
    """
    zone = f"weather at {latitude:.2f}"
    if variable == "shortwave_radiation":
        made = 900 * _share(zone, "solar", times - HOUR)
    elif variable == "temperature_2m":
        made = 60 - latitude - 30 * (_share(zone, "load", times) - 0.7)
    elif variable == "cloud_cover":
        made = 100 * (1 - _share(zone, "wind_offshore", times))
    else:
        made = (12 if variable == "wind_speed_100m" else 8) * np.cbrt(_share(zone, "wind_onshore", times))
    hours = ((times - run) / HOUR).to_numpy()
    off = 1 + 0.001 * hours * np.sin(run.timestamp() / 86400)
    return np.round(made * off, 1)


def _share(zone: str, quantity: str, times: pd.DatetimeIndex) -> Floats:
    """A series of a zone as a share of about its highest value."""
    year = pd.date_range("2022-01-01", periods=8760, freq="h", tz="UTC")
    return np.clip(values(zone, quantity, times) / values(zone, quantity, year).max(), 0, 1)


def _of_run(query: Mapping[str, str], run: pd.Timestamp) -> list[dict[str, Any]] | dict[str, Any]:
    """The answer for one place, or a list of those for several."""
    begin = run.floor("D")
    times = pd.date_range(begin, periods=24 * int(query["forecast_days"]), freq="h")
    names = query["hourly"].split(",")
    replies = [
        {
            "note": NOTE,
            "utc_offset_seconds": 0,
            "hourly_units": {"time": "unixtime", **{name: _UNITS[name] for name in names}},
            "hourly": {
                "time": [int(time.timestamp()) for time in times],
                **{name: weather(name, float(latitude), run, times).tolist() for name in names},
            },
        }
        for latitude in query["latitude"].split(",")
    ]
    return replies if len(replies) > 1 else replies[0]
