"""What kind of day it is: public holidays, the weekend, bridge days, and the two weeks around the turn of the year.

A holiday is a kind of its own and no former Monday or Sunday: what it takes from the load depends on the weekday that
it falls on, and is next to nothing on a weekend. The days beside it differ from others as well, and a forecast that
reads it as the value of yesterday or of last week is misled.

Source: Ziel (2018), "Modeling public holidays in load forecasting: a German case study", Journal of Modern Power
Systems and Clean Energy 6(2).
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import holidays
import numpy as np
import pandas as pd

from gridahead.core.grid import BiddingZone

HOLIDAY = 0.5
"""A day is a holiday where at least this share of the zone's population has it off."""
DAY_KINDS = ("holiday", "bridge_day", "turn_of_year", "near_holiday", "weekend", "working_day")
"""Every day is one of them: the first that holds."""
SATURDAY_AND_SUNDAY = frozenset({5, 6})
"""The weekend of a zone without a calendar of public holidays; Monday is 0."""
ONE_DAY = dt.timedelta(days=1)


def holiday_share(day: dt.date, zone: BiddingZone) -> float:
    """The share of the zone's population that has a public holiday on a day, 0 to 1."""
    if zone.country is None:
        return 0.0
    parts = tuple(zone.holiday_weights.items()) or ((None, 1.0),)
    today = dt.date(day.year, day.month, day.day)
    return sum(weight for part, weight in parts if today in _holidays(zone.country, part, day.year))


def weekend(zone: BiddingZone) -> frozenset[int]:
    """The weekdays on which the zone's country does not work: Friday and Saturday, say; Monday is 0."""
    return SATURDAY_AND_SUNDAY if zone.country is None else _weekend(zone.country)


def day_of_rest(zone: BiddingZone) -> int:
    """The weekday that is most like a holiday: Sunday where it is free, else Friday; Monday is 0."""
    free = weekend(zone)
    return next((day for day in (6, 4) if day in free), max(free, default=6))


def off_share(day: dt.date, zone: BiddingZone) -> float:
    """The share of the zone's population that does not work on a day: everybody on a weekend, 0 to 1."""
    return 1.0 if day.weekday() in weekend(zone) else holiday_share(day, zone)


def turns_year(day: dt.date) -> bool:
    """Whether a day is one from 24 December to 6 January, when many have time off that is no public holiday."""
    return (day.month, day.day) >= (12, 24) or (day.month, day.day) <= (1, 6)


def day_kind(day: dt.date, zone: BiddingZone) -> str:
    """What a day is, one of `DAY_KINDS`.

    A bridge day is a single day of work between days off; near a holiday are the day before and the one after.
    """
    if holiday_share(day, zone) >= HOLIDAY:
        return "holiday"
    before, is_off, after = (off_share(one, zone) >= HOLIDAY for one in (day - ONE_DAY, day, day + ONE_DAY))
    if before and after and not is_off:
        return "bridge_day"
    if zone.country is not None and turns_year(day):
        return "turn_of_year"
    if any(holiday_share(one, zone) >= HOLIDAY for one in (day - ONE_DAY, day + ONE_DAY)):
        return "near_holiday"
    return "weekend" if is_off else "working_day"


def day_kinds(local: pd.DatetimeIndex, zone: BiddingZone) -> pd.Categorical:
    """The kind of day of every instant (T,), in the order of `DAY_KINDS`.

    Args:
        local: in the zone's local time.
        zone: whose holidays count.
    """
    days, position = np.unique(local.tz_localize(None).normalize(), return_inverse=True)
    kinds = np.array([day_kind(day.date(), zone) for day in pd.DatetimeIndex(days)], dtype=object)
    return pd.Categorical(kinds[position], DAY_KINDS, ordered=True)


@lru_cache(maxsize=4096)
def _holidays(country: str, subdivision: str | None, year: int) -> frozenset[dt.date]:
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))


@lru_cache(maxsize=256)
def _weekend(country: str) -> frozenset[int]:
    return frozenset(holidays.country_holidays(country).weekend)
