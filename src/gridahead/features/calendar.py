"""The calendar of an instant: hour, weekday, season, public holidays, in the zone's local time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.grid import BiddingZone
from gridahead.core.vintages import Instants
from gridahead.features.day_kinds import holiday_share

Features = npt.NDArray[np.float32]

CALENDAR = "calendar"
"""The name under which these features are one input of a model, beside its series."""
DAYS_A_YEAR = 365.25
YEAR_WAVES = 6
"""The shortest is two months long: holidays in summer and the weeks around Christmas are no season of a sine wave."""
DAY_FEATURES = (
    *(f"weekday_{day}" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")),
    "holiday",
    "holiday_yesterday",
    "holiday_tomorrow",
    "christmas_or_new_year_eve",
    *(f"year_{wave}{k}" for k in range(1, YEAR_WAVES + 1) for wave in ("sin", "cos")),
)
"""Features that are the same all day long."""
HOUR_FEATURES = tuple(f"hour_{wave}{k}" for k in (1, 2, 3) for wave in ("sin", "cos"))
CALENDAR_FEATURES = (*DAY_FEATURES, *HOUR_FEATURES)


def calendar(instants: Instants, zone: BiddingZone) -> Features:
    """The calendar at each instant.

    Args:
        instants: (T,) microseconds since 1970 UTC.
        zone: whose local time and holidays count.

    Returns:
        (T, K), K as in `CALENDAR_FEATURES`; shares of the population for holidays, waves in [-1, 1].
    """
    local = pd.DatetimeIndex(pd.to_datetime(instants, unit="us", utc=True)).tz_convert(zone.timezone)
    day, position = np.unique(local.tz_localize(None).normalize(), return_inverse=True)
    hour = (local.hour + local.minute / 60).to_numpy()
    return np.column_stack([_day_features(pd.DatetimeIndex(day), zone)[position], waves(hour / 24, 3)])


def _day_features(days: pd.DatetimeIndex, zone: BiddingZone) -> Features:
    weekday = np.equal.outer(days.dayofweek.to_numpy(), np.arange(7))
    holiday = np.column_stack([[holiday_share(d, zone) for d in days + pd.Timedelta(days=n)] for n in (0, -1, 1)])
    eve = (days.month == 12) & days.day.isin([24, 31])
    year = waves((days.dayofyear.to_numpy() - 1) / DAYS_A_YEAR, YEAR_WAVES)
    return np.column_stack([weekday, holiday, eve, year]).astype(np.float32)


def waves(phase: npt.NDArray[np.float64], harmonics: int) -> Features:
    """Sine and cosine of a share of a day or year and its harmonics, (T, 2 × harmonics), of phase (T,)."""
    angle = 2 * np.pi * np.outer(phase, np.arange(1, harmonics + 1))
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(len(phase), -1).astype(np.float32)
