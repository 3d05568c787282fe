"""A made-up zone with load, its official forecast, solar power and the sums, in which every fault is put by hand."""

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from builders.rows import rows, together
from gridahead.core.grid import Series
from gridahead.core.tables import Observations

TIMEZONE = "Europe/Berlin"
UNITS = {"price": "EUR/MWh"}


def made_zone(start: str, end: str, seed: int = 0) -> pd.DataFrame:
    """Hourly columns by UTC: load follows the wall clock and the week, solar the sun; both with weather that lasts."""
    first, last = (pd.Timestamp(day, tz=TIMEZONE).tz_convert("UTC") for day in (start, end))
    times = pd.date_range(first, last, freq="h", inclusive="left")
    local = times.tz_convert(TIMEZONE)
    draw = np.random.default_rng(seed)

    def lasting(hours: float, size: float) -> np.ndarray:
        keep = np.exp(-1 / hours)
        return size * lfilter([np.sqrt(1 - keep**2)], [1, -keep], draw.normal(0, 1, len(times)))

    season = np.cos(2 * np.pi * (times.dayofyear - 15) / 365.25)
    shape = 8_000 * np.sin(2 * np.pi * (local.hour - 8) / 24) + 3_000 * np.sin(4 * np.pi * (local.hour - 5) / 24)
    load = 50_000 + 5_000 * season + shape - 7_000 * (local.dayofweek >= 5) + lasting(30, 1_000) + lasting(2, 200)
    height = np.sin(2 * np.pi * (times.hour + 0.5 - 6) / 24) - 0.45 * season
    solar = 25_000 * np.maximum(height, 0) * np.clip(0.65 + lasting(20, 0.25), 0.1, 1)
    wind = np.clip(12_000 + lasting(40, 6_000), 500, 30_000)
    wide = pd.DataFrame({"load": load, "load_official": load + lasting(12, 900), "solar": solar}, index=times)
    wide = wide.assign(wind_solar=wide["solar"] + wind).round(2)
    return wide.assign(residual_load=(wide["load"] - wide["wind_solar"]).round(2))


def as_rows(wide: pd.DataFrame, zone: str) -> Observations:
    """The columns as observations of a zone; missing values are left out."""
    columns = {name: wide[name].dropna() for name in wide}
    return together(
        *(
            rows(
                Series(zone, str(name)),
                pd.DatetimeIndex(column.index),
                column.to_numpy(),
                pd.DatetimeIndex(column.index) + pd.Timedelta(hours=1),
                unit=UNITS.get(str(name), "MW"),
                source="made",
            )
            for name, column in columns.items()
        )
    )
