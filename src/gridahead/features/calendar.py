"""The calendar of an instant: hour, weekday, season, public holidays and what comes of them, in local time."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.grid import BiddingZone
from gridahead.core.vintages import Instants
from gridahead.features.day_kinds import holiday_share, weekend

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
    "work_lost",
    "work_lost_after_day_off",
    "work_lost_before_day_off",
    "bridge",
    "turn_of_year",
    "turn_of_year_later",
    "christmas_or_new_year_eve",
    *(f"year_{wave}{k}" for k in range(1, YEAR_WAVES + 1) for wave in ("sin", "cos")),
)
"""Features that are the same all day long. A holiday on a weekend takes little from the load, and one beside a weekend
less than one in the middle of a week: `work_lost` is a holiday on a weekday, and is said again where the day before or
after it is off. The turn of the year is one of days of work."""
TURN_DAYS = 14
"""From 24 December to 6 January: half a wave over so many days, and a whole one that tells their halves apart."""
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
    of_day = _day_features(tuple(day.tolist()), zone.country, tuple(zone.holiday_weights.items()))
    return np.column_stack([of_day[position], waves(hour / 24, 3)])


@lru_cache(maxsize=64)
def _day_features(at: tuple[int, ...], country: str | None, weights: tuple[tuple[str, float], ...]) -> Features:
    """The features of days; the zones of a country share them, and all that is forecast of them on one day."""
    days, zone = pd.DatetimeIndex(at), BiddingZone("-", "UTC", country, holiday_weights=dict(weights))
    weekday = np.equal.outer(days.dayofweek.to_numpy(), np.arange(7))
    around = [days + pd.Timedelta(days=n) for n in (0, -1, 1)]
    holiday = np.column_stack([[holiday_share(d, zone) for d in shifted] for shifted in around])
    free = np.column_stack([shifted.dayofweek.isin([*weekend(zone)]) for shifted in around])
    off = np.where(free, 1, holiday)
    lost = np.where(free, 0, holiday)[:, 0]
    bridge = (1 - off[:, 0]) * off[:, 1] * off[:, 2]
    at_work = (1 - off[:, 0] - bridge)[:, None] * _turn_of_year(days)
    eve = (days.month == 12) & days.day.isin([24, 31])
    year = waves((days.dayofyear.to_numpy() - 1) / DAYS_A_YEAR, YEAR_WAVES)
    special = [lost, lost * off[:, 1], lost * off[:, 2], bridge, at_work]
    return np.column_stack([weekday, holiday, *special, eve, year]).astype(np.float32)


def _turn_of_year(days: pd.DatetimeIndex) -> Features:
    """Half a wave and a whole one over the two weeks around the turn of the year, (T, 2); 0 at all other times."""
    first = pd.to_datetime({"year": days.year - (days.month == 1), "month": 12, "day": 24}).to_numpy()
    place = (days.to_numpy() - first) / np.timedelta64(1, "D")
    phase = np.clip((place + 1) / (TURN_DAYS + 1), 0, 1)[:, None]
    return (np.sin(np.pi * phase * [1, 2]) * ((phase > 0) & (phase < 1))).astype(np.float32)


def waves(phase: npt.NDArray[np.float64], harmonics: int) -> Features:
    """Sine and cosine of a share of a day or year and its harmonics, (T, 2 × harmonics), of phase (T,)."""
    angle = 2 * np.pi * np.outer(phase, np.arange(1, harmonics + 1))
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(len(phase), -1).astype(np.float32)
