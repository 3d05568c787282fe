"""Features that are made of weather forecasts, in the vintages known at the issue time, for every unit of the horizon.

- *degrees*: heating and cooling degrees now and on the mean of the last one and three days, as walls store heat.
- *power_curve*: power of a fleet of turbines at such wind, as a share of the installed power.
- *own_curve*: what the series itself had in the context at such wind: its own curve, without anything fitted.
- *clear_sky*: the irradiance of a clear sky at the place, and what clouds leave of it.

All of them are made of what stands in the windows, and so of nothing that came after the issue time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.vintages import Instants
from gridahead.features.rows import mean_of_known
from gridahead.features.weather_kinds import of_kind
from gridahead.features.windows import Array, Windows

HEATING_BELOW, COOLING_ABOVE = 15.0, 20.0
"""Degrees Celsius: between them buildings need neither. Eurostat counts heating degrees from 15; load in Europe and the
USA begins to rise with heat at about 20."""
SMOOTHED_HOURS = (24, 72)
CUT_IN, RATED, CUT_OUT = 3.0, 12.0, 25.0
"""Of a usual turbine [m/s]."""
SPREAD_MS = 1.5
"""Standard deviation of the wind over the turbines of an area [m/s]: their sum has a smoother curve than one of them.
Source: Nørgaard and Holttinen (2004), "A multi-turbine power curve approach"."""
HUB_METRES, SHEAR = 100.0, 1 / 7
"""Wind at other heights is brought to that of a hub by the power law over flat land."""
OWN_WIDTH_MS = 1.0
"""Of the Gaussian weights by which hours of the context with other winds count [m/s]."""
SUN_WM2 = 1000.0
"""Irradiance of a clear noon, by which all of it is divided [W/m²]."""
_HEIGHT = re.compile(r"wind_speed_(\d+)m?")


def weather_inputs(windows: Windows, past: Array) -> list[Array]:
    """The features of the kinds that the spec names, each (N, H, ·), scaled and without NaN.

    Args:
        windows: N of them.
        past: (N, C, ·) their scaled context, the target first; NaN where not known.
    """
    weather = windows.spec.weather
    if weather is None:
        return []
    made: list[Array] = []
    for kind in weather.kinds:
        series = of_kind(windows.spec.ahead, kind)
        if kind == "degrees":
            made.append(_degrees(windows, series))
        elif kind == "power_curve":
            made.append(mean_of_known(_stacked([fleet_power(speed) for _, speed in _hub_winds(windows, series)]), -1))
        elif kind == "own_curve":
            made.append(_own_curve(windows, series, past[..., 0]))
        else:
            made.append(_clear_sky(windows, weather.latitude, weather.longitude))
    return [np.nan_to_num(part if part.ndim == 3 else part[..., None]).astype(np.float32) for part in made]


def _stacked(parts: Sequence[Array]) -> Array:
    return np.stack(parts, axis=-1)


def _degrees(windows: Windows, series: Sequence[Series]) -> Array:
    """(N, H, 8) heating and cooling degrees, now and smoothed, and the smoothed temperature [10 °C]."""
    context = mean_of_known(_stacked([windows.input_past(one) for one in series]), -1)
    ahead = mean_of_known(_stacked([windows.input_ahead(one) for one in series]), -1)
    course, length = np.concatenate([context, ahead], axis=1), context.shape[1]
    columns = []
    for hours in (0, *SMOOTHED_HOURS):
        units = hours * windows.spec.mtu.per_hour
        temperature = _trailing_mean(course, units)[:, length:] if units else ahead
        columns += [np.maximum(HEATING_BELOW - temperature, 0), np.maximum(temperature - COOLING_ABOVE, 0)]
        if units:
            columns.append(temperature - HEATING_BELOW)
    return _stacked(columns) / np.float32(10)


def _trailing_mean(course: Array, units: int) -> Array:
    """The mean of what is known of the last so many units up to each, (N, T)."""
    known = ~np.isnan(course)
    totals, counts = (
        np.concatenate([np.zeros((len(course), 1)), np.cumsum(part, axis=1, dtype=np.float64)], axis=1)
        for part in (np.nan_to_num(course), known)
    )
    end = np.arange(1, course.shape[1] + 1)
    begin = np.maximum(end - units, 0)
    count = counts[:, end] - counts[:, begin]
    total = totals[:, end] - totals[:, begin]
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)


def fleet_power(speed: Array) -> Array:
    """The power of many turbines at a mean wind at their hubs [m/s], as a share of the installed power."""
    grid, curve = _fleet_curve()
    return np.where(np.isnan(speed), np.float32(np.nan), np.interp(speed, grid, curve)).astype(np.float32)


@lru_cache(maxsize=1)
def _fleet_curve() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Speeds [m/s] and shares: the curve of one turbine, over winds that are spread around their mean."""
    grid = np.arange(0, 45, 0.1)
    single = np.clip((grid**3 - CUT_IN**3) / (RATED**3 - CUT_IN**3), 0, 1) * (grid <= CUT_OUT)
    away = grid[:, None] - grid[None, :]
    weights = np.exp(-((away / SPREAD_MS) ** 2) / 2)
    return grid, (weights @ single) / weights.sum(axis=1)


def _hub_winds(windows: Windows, series: Sequence[Series]) -> list[tuple[Array, Array]]:
    """Wind speed of the context and of the horizon [m/s], of every series that is nearest to the height of hubs."""
    away = {one: abs(np.log(_height(one) / HUB_METRES)) for one in series}
    nearest = [one for one in series if away[one] == min(away.values())]
    factors = [np.float32((HUB_METRES / _height(one)) ** SHEAR) for one in nearest]
    return [
        (windows.input_past(one) * factor, windows.input_ahead(one) * factor)
        for one, factor in zip(nearest, factors, strict=True)
    ]


def _height(series: Series) -> float:
    """Above ground [m]; that of hubs where the name does not say."""
    named = _HEIGHT.match(series.quantity)
    return float(named[1]) if named else HUB_METRES


def _own_curve(windows: Windows, series: Sequence[Series], target: Array) -> Array:
    """(N, H) the mean of the scaled target over the hours of the context with such a wind."""
    by_wind = []
    for context, ahead in _hub_winds(windows, series):
        expected = np.full(ahead.shape, np.nan, np.float32)
        known = ~np.isnan(context) & ~np.isnan(target)
        for row in range(len(windows)):  # a window at a time: together they would not fit into memory
            hours = known[row]
            if hours.any():
                away = (ahead[row][:, None] - context[row][hours]) / np.float32(OWN_WIDTH_MS)
                away = np.maximum(-(away**2) / 2, np.float32(-50))  # a storm like none before counts all alike
                weights = np.exp(away - away.max(axis=1, keepdims=True))
                expected[row] = (weights @ target[row][hours]) / weights.sum(axis=1)
        by_wind.append(expected)
    return mean_of_known(_stacked(by_wind), -1)


def _clear_sky(windows: Windows, latitude: float, longitude: float) -> Array:
    """(N, H, 4) clear-sky irradiance, that under the clouds forecast, the share of it, and how high the sun stands."""
    clear, height = clear_sky(windows.valid_time, windows.spec.mtu.delta, latitude, longitude)
    named = {one.quantity: windows.input_ahead(one) for one in windows.spec.ahead if one.zone == windows.spec.zone.code}
    share = np.full(clear.shape, np.nan, np.float32)
    if (clouds := named.get("cloud_cover")) is not None:
        share = cloud_share(clouds)
    if (radiation := named.get("shortwave_radiation")) is not None:
        lit = clear > 0.05 * SUN_WM2  # by dawn and dusk a share is a ratio of small numbers
        share = np.where(lit & ~np.isnan(radiation), np.clip(radiation / np.where(lit, clear, 1), 0, 1.2), share)
    return _stacked([clear / SUN_WM2, clear * share / SUN_WM2, share, height]).astype(np.float32)


def cloud_share(clouds: Array) -> Array:
    """What clouds that cover so many percent of the sky leave of the irradiance, as a share.

    Source: Kasten and Czeplak (1980), "Solar and terrestrial radiation dependent on the amount and type of cloud".
    """
    return (1 - 0.75 * np.clip(clouds / 100, 0, 1) ** 3.4).astype(np.float32)


def clear_sky(instants: Instants, unit: pd.Timedelta, latitude: float, longitude: float) -> tuple[Array, Array]:
    """Global horizontal irradiance of a clear sky in the middle of units [W/m²], and the sine of the sun's height.

    Args:
        instants: the beginnings of the units [microseconds since 1970], of any shape.
        unit: how long they are.
        latitude: degrees north.
        longitude: degrees east.
    """
    step = unit // pd.Timedelta(microseconds=1)
    if not instants.size:
        return np.zeros(instants.shape, np.float32), np.zeros(instants.shape, np.float32)
    first, last = int(instants.min()), int(instants.max())
    irradiance, height = _sun(first, last, step, latitude, longitude)
    places = (instants - first) // step
    return irradiance[places], height[places]


@lru_cache(maxsize=16)
def _sun(first: int, last: int, step: int, latitude: float, longitude: float) -> tuple[Array, Array]:
    """Irradiance and height over a stretch of units, each once: windows overlap, and are read again and again."""
    from pvlib import clearsky, solarposition  # a second to import, and not everybody has sun among the inputs

    middle = pd.DatetimeIndex(pd.to_datetime(np.arange(first, last + 1, step) + step // 2, unit="us", utc=True))
    position = solarposition.get_solarposition(middle, latitude, longitude)
    irradiance = clearsky.haurwitz(position["apparent_zenith"])["ghi"].to_numpy(np.float32)
    return irradiance, np.sin(np.radians(position["elevation"].to_numpy())).astype(np.float32)
