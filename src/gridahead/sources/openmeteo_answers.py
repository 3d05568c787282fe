"""What Open-Meteo answers, as means over the hours of a zone.

Every answer has columns by time. Temperature, wind and clouds are those of an instant; radiation, rain and gusts are of
the hour before it. A value of ours is the mean over the hour that begins at its valid time: of an instant's the mean of
both ends, of the others the value at the end.

Source: open-meteo.com/en/docs, hourly variables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.weather_points import WeatherPoint
from gridahead.sources.base import RawPayload

Floats = npt.NDArray[np.float64]

HOUR = pd.Timedelta(hours=1)
LEAST_WEIGHT = 0.5
"""Of the points must have a value, or the zone has none: a third of a country does not stand for it."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One kind of weather: what the service calls it, and in which unit we ask for it."""

    name: str
    unit: str
    """As the service writes it."""
    ours: str
    """As we write it."""
    of_hour_before: bool = False
    """Whether a value is of the hour before its time, not of the instant."""


VARIABLES: Mapping[str, Variable] = {
    "temperature": Variable("temperature_2m", "°C", "degC"),
    "apparent_temperature": Variable("apparent_temperature", "°C", "degC"),
    "dew_point": Variable("dew_point_2m", "°C", "degC"),
    "humidity": Variable("relative_humidity_2m", "%", "%"),
    "cloud_cover": Variable("cloud_cover", "%", "%"),
    "pressure": Variable("pressure_msl", "hPa", "hPa"),
    "snow_depth": Variable("snow_depth", "m", "m"),
    **{f"wind_speed_{height}m": Variable(f"wind_speed_{height}m", "m/s", "m/s") for height in (10, 80, 100, 120, 180)},
    "wind_gusts": Variable("wind_gusts_10m", "m/s", "m/s", of_hour_before=True),
    "shortwave_radiation": Variable("shortwave_radiation", "W/m²", "W/m2", of_hour_before=True),
    "direct_radiation": Variable("direct_radiation", "W/m²", "W/m2", of_hour_before=True),
    "diffuse_radiation": Variable("diffuse_radiation", "W/m²", "W/m2", of_hour_before=True),
    "precipitation": Variable("precipitation", "mm", "mm", of_hour_before=True),
}
"""By our names."""


def zone_means(
    payload: RawPayload,
    reply: Any,
    columns: Mapping[str, tuple[Variable, str]],
    points: Sequence[WeatherPoint],
    model: str,
) -> pd.DataFrame:
    """The weighted means over the points of a zone; one row an hour, by its beginning, one column a quantity.

    Where a point has no value the others count for it, if they are half of the weight or more.

    Args:
        payload: for what errors say.
        reply: the answer; of several points a list of them, in the order in which they were asked for.
        columns: by quantity the variable, and what its name in the answer ends with.
        points: of the zone, in that order.
        model: whose name the service adds to those of variables if it was asked for several.

    Raises:
        SourceError: an answer is not of these points, variables and units, or its columns do not belong together.
    """
    replies = reply if isinstance(reply, list) else [reply]
    if len(replies) != len(points):
        raise SourceError(
            payload.source, f"{payload.name}: answers for {len(replies)} points, {len(points)} were asked"
        )
    of_points = [_of_point(payload, one, columns, model) for one in replies]
    times = of_points[0].index
    if any(not one.index.equals(times) for one in of_points):
        raise SourceError(payload.source, f"{payload.name}: the points have different times")
    values = np.stack([one.to_numpy() for one in of_points])  # (P, T, K)
    weights = np.array([point.weight for point in points])[:, None, None] * ~np.isnan(values)
    known = weights.sum(axis=0)
    enough = known >= LEAST_WEIGHT * sum(point.weight for point in points)
    total = (np.nan_to_num(values) * weights).sum(axis=0)
    means = np.where(enough & (known > 0), total / np.where(known > 0, known, 1.0), np.nan)
    return pd.DataFrame(means, index=times, columns=list(columns))


def _of_point(payload: RawPayload, reply: Any, columns: Mapping[str, tuple[Variable, str]], model: str) -> pd.DataFrame:
    """The means over hours at one point, by the beginning of each."""
    hourly, units = (reply.get(part) if isinstance(reply, dict) else None for part in ("hourly", "hourly_units"))
    if not isinstance(hourly, dict) or not isinstance(units, dict) or not isinstance(hourly.get("time"), list):
        raise SourceError(payload.source, f"{payload.name}: an answer without hourly values")
    instants = _instants(payload, hourly["time"], str(units.get("time")), int(reply.get("utc_offset_seconds", 0)))
    means = {
        quantity: _means(_column(payload, hourly, units, variable, ending, model, len(instants)), variable)
        for quantity, (variable, ending) in columns.items()
    }
    return pd.DataFrame(means, index=instants[:-1], columns=list(columns))


def _instants(payload: RawPayload, times: list[Any], unit: str, offset: int) -> pd.DatetimeIndex:
    """The times of an answer; those that are no seconds since 1970 are local by one offset for the whole answer."""
    try:
        if unit == "unixtime":
            instants = pd.DatetimeIndex(np.asarray(times, dtype=np.int64) * 1_000_000_000, tz="UTC")
        else:
            instants = pd.DatetimeIndex(pd.to_datetime(times, format="%Y-%m-%dT%H:%M"), tz="UTC")
            instants -= pd.Timedelta(seconds=offset)
    except (TypeError, ValueError, OverflowError) as error:
        raise SourceError(payload.source, f"{payload.name}: times are no {unit} ({error})") from error
    if (instants[1:] - instants[:-1] != HOUR).any():
        raise SourceError(payload.source, f"{payload.name}: its times are not an hour apart each")
    return instants.as_unit("us")


def _column(
    payload: RawPayload,
    hourly: Mapping[str, Any],
    units: Mapping[str, Any],
    variable: Variable,
    ending: str,
    model: str,
    count: int,
) -> Floats:
    """The values of a variable by time, NaN for null."""
    name = next((name for suffix in ("", f"_{model}") if (name := variable.name + ending + suffix) in hourly), None)
    if name is None:
        has = ", ".join(key for key in hourly if key != "time") or "none"
        raise SourceError(payload.source, f"{payload.name}: no {variable.name}{ending} in the answer; it has {has}")
    if len(hourly[name]) != count:
        raise SourceError(payload.source, f"{payload.name}: {len(hourly[name])} values of {name} and {count} times")
    if units.get(name) not in (variable.unit, "undefined"):  # undefined where the model has no such variable
        raise SourceError(
            payload.source,
            f"{payload.name}: {name} is in {units.get(name)}, not in {variable.unit} as it was asked for",
        )
    try:
        return np.asarray(hourly[name], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SourceError(payload.source, f"{payload.name}: {name} has values that are no numbers") from error


def _means(values: Floats, variable: Variable) -> Floats:
    return values[1:] if variable.of_hour_before else (values[:-1] + values[1:]) / 2
