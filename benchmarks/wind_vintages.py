"""GEFCom2012 wind, as known at each issue time: seven farms, weather forecasts that are renewed every twelve hours.

Every value that a model reads goes through `Vintages.as_of`: of the weather the newest forecast that had been issued,
and the one of twelve hours before it, whose difference says how sure the weather is; of power what had been measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from wind_power import expected_power

from gridahead.core.time import Mtu, TimeRange
from gridahead.core.vintages import Instants, Vintages, micros

Floats = npt.NDArray[np.float32]

HORIZON = 48
"""Hours ahead that are forecast, as in the competition."""
CONTEXT = 36
"""Hours back that are read: so many lie between two of the periods that the competition withheld."""
WEATHER = ("u", "v", "ws")
"""Wind by component, and its speed [m/s]."""
HOUR = 3_600_000_000
"""In microseconds."""
_RENEWAL = 12 * HOUR


@dataclass(frozen=True, slots=True)
class Farms:
    """All vintages of seven farms."""

    times: pd.DatetimeIndex
    """Every hour of the power [UTC]."""
    withheld: npt.NDArray[np.bool_]
    """Hours that the competition asked for."""
    weather: dict[tuple[int, str], Vintages]
    """By farm and quantity."""
    measured: dict[int, Vintages]
    """Power by farm, as a share of the installed power."""


@dataclass(frozen=True, slots=True)
class Windows:
    """What is known at N issue times about Z farms."""

    issue_times: Instants
    """(N,)"""
    past: Floats
    """(N, C, Z) power, NaN where unknown."""
    recent: Floats
    """(N, C, Z, 2) u and v of the same hours by the newest forecast of each [m/s]."""
    weather: Floats
    """(N, H, Z, 3) newest forecast [m/s]."""
    before: Floats
    """(N, H, Z, 3) the forecast known twelve hours before, the newest where it does not reach [m/s]."""
    target: Floats
    """(N, H, Z) power, NaN where unknown."""

    def rows(self, chosen: npt.NDArray[np.bool_]) -> Windows:
        """Some of the issue times."""
        parts = (self.past, self.recent, self.weather, self.before, self.target)
        return Windows(self.issue_times[chosen], *(part[chosen] for part in parts))


def read_farms(folder: Path) -> Farms:
    """The competition's data; its stamps are taken as UTC."""
    power = pd.read_parquet(folder / "gefcom2012_windpower.parquet")
    forecasts = pd.read_parquet(folder / "gefcom2012_wind_nwp_issues.parquet").dropna().reset_index()
    return farms_of(power, forecasts)


def farms_of(power: pd.DataFrame, forecasts: pd.DataFrame) -> Farms:
    """Power by hour and farm, and the weather with the instant from which each forecast was known."""
    stamps = pd.DatetimeIndex(power.index).tz_localize("UTC")
    issued = pd.DatetimeIndex(forecasts["issue"]).tz_localize("UTC")
    valid = issued + pd.TimedeltaIndex(pd.to_timedelta(forecasts["hors"], unit="h"))
    reach = TimeRange(stamps[0], max(stamps[-1], valid.max()) + pd.Timedelta(hours=1))
    farms = range(1, power.filter(like="wp").shape[1] + 1)

    def vintages(valid_time: pd.DatetimeIndex, available_at: pd.DatetimeIndex, value: pd.Series) -> Vintages:
        rows = pd.DataFrame({"valid_time": valid_time, "available_at": available_at, "value": value.to_numpy()})
        return Vintages.of(rows.dropna(ignore_index=True), reach, Mtu.PT60M)

    weather = {}
    for farm in farms:
        own = (forecasts["farm"] == farm).to_numpy()
        for name in WEATHER:
            weather[farm, name] = vintages(valid[own], issued[own], forecasts.loc[own, name])
    measured = {farm: vintages(stamps, stamps, power[f"wp{farm}"]) for farm in farms}
    return Farms(stamps, (power["usage"] != "Training").to_numpy(), weather, measured)


def windows_at(farms: Farms, issue_times: Instants) -> Windows:
    """Everything known at the issue times, and the power that came."""
    back = issue_times[:, None] + HOUR * np.arange(1 - CONTEXT, 1)
    ahead = issue_times[:, None] + HOUR * np.arange(1, HORIZON + 1)

    def seen(names: tuple[str, ...], at: Instants, valid: Instants) -> Floats:
        each = [[farms.weather[farm, name].as_of(at, valid) for name in names] for farm in farms.measured]
        return np.array(each, np.float32).transpose(2, 3, 0, 1)

    def measured(at: Instants, valid: Instants) -> Floats:
        each = [vintages.as_of(at, valid) for vintages in farms.measured.values()]
        return np.stack(each, axis=-1).astype(np.float32)

    weather = seen(WEATHER, issue_times, ahead)
    before = seen(WEATHER, issue_times - _RENEWAL, ahead)
    return Windows(
        issue_times,
        measured(issue_times, back),
        seen(("u", "v"), issue_times, back),
        weather,
        np.where(np.isnan(before), weather, before),
        measured(np.full_like(issue_times, np.iinfo(np.int64).max - 1), ahead),
    )


def competition_issues(farms: Farms) -> Instants:
    """The hours before each withheld period of 48 hours: when the competition's forecasts were made."""
    begins = farms.withheld & ~np.r_[False, farms.withheld[:-1]]
    return micros(farms.times[begins]) - HOUR


def training_issues(farms: Farms, end: pd.Timestamp) -> Instants:
    """Every twelve hours from when there is a context until the last one whose horizon ends by `end`."""
    first = micros(farms.times[:1])[0]
    start = -(-(first + CONTEXT * HOUR) // _RENEWAL) * _RENEWAL
    return np.arange(start, micros(pd.DatetimeIndex([end]))[0] - HORIZON * HOUR + 1, _RENEWAL)


def with_expected(windows: Windows, learnt: npt.NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Power that each farm has had at such wind, from the issue times that may be learnt.

    Returns:
        For the newest forecast (N, H, Z), for the one before (N, H, Z) and for the hours of the context (N, C, Z).
    """
    count, farms = len(windows.issue_times), windows.target.shape[-1]
    days = [
        (windows.issue_times[:, None] + HOUR * np.arange(*span)) // (24 * HOUR)
        for span in ((1, HORIZON + 1), (1, HORIZON + 1), (1 - CONTEXT, 1))
    ]
    nothing = np.full((count, HORIZON), np.nan, np.float32)
    answers = []
    for farm in range(farms):
        winds = [windows.weather[..., farm, :2], windows.before[..., farm, :2], windows.recent[..., farm, :]]
        known = np.where(learnt[:, None], windows.target[..., farm], np.nan)
        # The newest forecasts of the horizon teach the curve; the others only read it.
        power = np.concatenate([known, nothing, nothing[:, :CONTEXT]], axis=1).ravel()
        wind, day = np.nan_to_num(np.concatenate(winds, axis=1)).reshape(-1, 2), np.concatenate(days, axis=1).ravel()
        answers.append(expected_power(wind[:, 0], wind[:, 1], power, day).reshape(count, -1))
    every = np.stack(answers, axis=-1)
    return every[:, :HORIZON], every[:, HORIZON : 2 * HORIZON], every[:, 2 * HORIZON :]
