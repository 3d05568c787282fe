"""Histories of American operators in their own formats, made as in `generators`: synthetic, no recordings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from builders.generators import HOUR, NOTE, Clock, values
from builders.http_faults import Reply
from builders.replay import Answer, Asked
from gridahead.core.time import now

EASTERN = "America/New_York"
_VINTAGES = (("-2d", 10), ("-1d", 4), ("-1d", 10), ("0d", 4), ("0d", 10))
"""Days before or after the day forecast, and local hours, at which ISO-NE publishes: some of what is recorded."""
_FUELS = {"Natural Gas": "gas", "Nuclear": "nuclear", "Solar": "solar", "Wind": "wind_onshore"}


def isone(clock: Clock = now, zone: str = "ISNE") -> Answer:
    """Answers as ISO-NE's web services do, a local day each: load, every vintage of its forecast, snapshots of fuels.

    Args:
        clock: the present: no load, snapshot or vintage is later.
        zone: whose history it is.
    """
    makers: dict[str, Callable[[str, pd.DatetimeIndex, pd.Timestamp], dict[str, Any]]] = {
        "/hourlysysload/day/": _loads,
        "/hourlyloadforecast/all/day/": _forecasts,
        "/genfuelmix/day/": _snapshots,
    }

    def answer(asked: Asked) -> Reply | None:
        for path, make in makers.items():
            _, found, day = asked.path.partition(path)
            if found:
                begin = pd.Timestamp(day, tz=EASTERN)
                hours = pd.date_range(begin, begin + pd.DateOffset(days=1), freq="h", inclusive="left")
                return Reply(json.dumps({"note": NOTE, **make(zone, hours, clock())}).encode())
        return None

    return answer


def _loads(zone: str, hours: pd.DatetimeIndex, present: pd.Timestamp) -> dict[str, Any]:
    ended = hours[hours + HOUR <= present]
    loads = zip(ended, values(zone, "load", ended.tz_convert("UTC")), strict=True)
    place = {"@LocId": "32", "$": "NEPOOL AREA"}
    records = [
        {"BeginDate": _written(hour), "Location": place, "Load": load + 20.0, "NativeLoad": load, "ArdDemand": 20.0}
        for hour, load in loads
    ]
    return {"HourlySystemLoads": {"HourlySystemLoad": records} if records else ""}


def _forecasts(zone: str, hours: pd.DatetimeIndex, present: pd.Timestamp) -> dict[str, Any]:
    forecast = values(zone, "load_official", hours.tz_convert("UTC"))
    records = [
        {"BeginDate": _written(hour), "CreationDate": _written(made), "LoadMw": round(load * factor), "NetLoadMw": None}
        for hour, load in zip(hours, forecast, strict=True)
        for made, factor in _made(hours[0])
        if made <= present
    ]
    return {"HourlyLoadForecasts": {"HourlyLoadForecast": records} if records else ""}


def _made(day: pd.Timestamp) -> Iterator[tuple[pd.Timestamp, float]]:
    """When the forecasts of a day were made, and by how much each is off the last."""
    for number, (days, hour) in enumerate(_VINTAGES):
        local = (day.tz_localize(None) + pd.Timedelta(days)).normalize() + pd.Timedelta(hours=hour)
        yield local.tz_localize(day.tz), 1.0 + 0.002 * (len(_VINTAGES) - 1 - number)


def _snapshots(zone: str, hours: pd.DatetimeIndex, present: pd.Timestamp) -> dict[str, Any]:
    begin, end = hours[0], hours[-1] + HOUR
    times = pd.date_range(begin, end, freq="10min", inclusive="left")
    times = times[times <= present]
    records = [
        {"BeginDate": _written(time), "GenMw": round(value), "FuelCategoryRollup": fuel, "FuelCategory": fuel}
        for fuel, quantity in _FUELS.items()
        for time, value in zip(times, values(zone, quantity, times.tz_convert("UTC").floor("h")), strict=True)
    ]
    return {"GenFuelMixes": {"GenFuelMix": sorted(records, key=lambda one: one["BeginDate"])} if records else ""}


def _written(instant: pd.Timestamp) -> str:
    return instant.isoformat(timespec="milliseconds")


# -- EIA ------------------------------------------------------------------------------------------------------------

_TYPES = {"D": "load", "DF": "load_official"}
_EIA_FUELS = {"NG": "gas", "NUC": "nuclear", "SUN": "solar", "WND": "wind_onshore"}


def eia(clock: Clock = now) -> Answer:
    """Answers as EIA's API 2 does: hours by their ends, values as text, pages of at most 5000 rows.

    Args:
        clock: the present: demand ends an hour before it, generation two days, the forecast of demand a day later.
    """

    def answer(asked: Asked) -> Reply | None:
        for item, column, names in (("region-data", "type", _TYPES), ("fuel-type-data", "fueltype", _EIA_FUELS)):
            if asked.path.rstrip("/").endswith(f"/electricity/rto/{item}/data"):
                rows = list(_rows(asked, column, names, clock()))
                offset, length = int(asked.query.get("offset", 0)), min(int(asked.query.get("length", 5000)), 5000)
                response = {
                    "total": str(len(rows)),
                    "dateFormat": 'YYYY-MM-DD"T"HH24',
                    "frequency": "hourly",
                    "data": rows[offset : offset + length],
                    "description": NOTE,
                }
                return Reply(json.dumps({"response": response}).encode())
        return None

    return answer


def _rows(asked: Asked, column: str, names: dict[str, str], present: pd.Timestamp) -> Iterator[dict[str, str]]:
    wanted = {
        name: [value for key, value in asked.pairs if key == f"facets[{name}][]"] for name in ("respondent", column)
    }
    start, end = (pd.Timestamp(asked.query[name], tz="UTC") for name in ("start", "end"))
    rows = []
    for kind in wanted[column] or list(names):
        if kind not in names:
            continue
        ends = {"D": -HOUR, "DF": pd.Timedelta(days=1)}.get(kind, pd.Timedelta(days=-2))
        stamps = pd.date_range(start, min(end, (present + ends).floor("h")), freq="h")
        for respondent in wanted["respondent"]:
            for stamp, value in zip(stamps, values(respondent, names[kind], stamps - HOUR), strict=True):
                rows.append(
                    {
                        "period": f"{stamp:%Y-%m-%dT%H}",
                        "respondent": respondent,
                        "respondent-name": respondent,
                        column: kind,
                        "type-name": names[kind],
                        "value": str(round(value)),
                        "value-units": "megawatthours",
                    }
                )
    yield from sorted(rows, key=lambda row: (row["period"], row["respondent"], row[column]))
