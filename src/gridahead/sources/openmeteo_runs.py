"""What is known of the runs of weather models at Open-Meteo, and what stands for those that it does not keep.

Source: open-meteo.com/en/docs/single-runs-api and /ecmwf-api for delays; issue 1969 of open-meteo/open-meteo for the
beginning of the archives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from gridahead.sources.openmeteo_answers import HOUR, VARIABLES
from gridahead.sources.openmeteo_hosts import HINDCAST, PREVIOUS, REANALYSIS
from gridahead.sources.wanted import Item

DAY = pd.Timedelta(days=1)
RECENT = pd.Timedelta(days=2)
"""Runs that began so long ago are asked for without any wish for history: an outage of a day leaves no gap."""
EARLIEST = pd.Timedelta(hours=1)
"""After its beginning no run is there earlier."""
UNAVAILABLE = pd.Timedelta(days=3)
"""A run that the service does not have so long after it began will not come any more."""
ERA5_DELAY = pd.Timedelta(days=5)
WEIGHT_VARIABLES, WEIGHT_DAYS = 10, 14
"""A request counts once for so many variables and days at a point, and in proportion above. Source: its RateLimiter."""


@dataclass(frozen=True, slots=True)
class Model:
    """What is known of the runs of a weather model."""

    every: pd.Timedelta
    """From the beginning of a run to that of the next."""
    delay: pd.Timedelta
    """From the beginning of a run until it is there, on the safe side."""
    since: pd.Timestamp
    """From when single runs are kept."""


def usual_model(every: float, delay: float, since: str = "2026-04-02") -> Model:
    """A model by hours, of which single runs are kept as long as of most."""
    return Model(pd.Timedelta(hours=every), pd.Timedelta(hours=delay), pd.Timestamp(since, tz="UTC"))


MODELS: Mapping[str, Model] = {
    "ecmwf_ifs": usual_model(6, 7, "2024-03-14"),
    "ecmwf_ifs025": usual_model(6, 9),
    "gfs_global": usual_model(6, 6),
    "icon_global": usual_model(6, 5),
    "icon_eu": usual_model(3, 4),
    "icon_d2": usual_model(3, 3),
}
"""Runs are there 4 to 6 hours after they begin (global models) or 1 to 3 (regional ones), the open data of ECMWF two
hours after its own; an hour is added."""

_ALL = tuple(VARIABLES)
RUNS, MEMBERS = Item("runs", _ALL, HOUR), Item("members", _ALL, HOUR)
_MONTH = pd.Timedelta(days=31)


@dataclass(frozen=True, slots=True)
class ByTime:
    """What is asked for by valid times: forecasts of a fixed age, or weather as it came."""

    path: str
    item: Item
    age: pd.Timedelta
    """How old the run of an hour is at least."""
    ending: str = ""
    """Of the names of variables."""


BY_TIME: Mapping[str, ByTime] = {
    **{
        f"previous_day{days}": ByTime(
            f"{PREVIOUS}/v1/forecast",
            Item(f"previous_day{days}", _ALL, _MONTH, ahead=2 * DAY),
            days * DAY,
            f"_previous_day{days}",
        )
        for days in (1, 2)
    },
    "hindcast": ByTime(f"{HINDCAST}/v1/forecast", Item("hindcast", _ALL, _MONTH), 0 * DAY),
    "reanalysis": ByTime(f"{REANALYSIS}/v1/archive", Item("reanalysis", _ALL, _MONTH, ahead=-ERA5_DELAY), 0 * DAY),
}
"""By the policy of the settings, which is the name of the item as well."""
