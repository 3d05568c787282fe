"""What is special about a delivery day, in words: public holidays, and the days on which the clocks change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import lru_cache

import holidays

from gridahead.core.grid import BiddingZone
from gridahead.core.time import delivery_range
from gridahead.features.day_kinds import holiday_share
from gridahead.reports.wording import percent

MINORITY = 0.5
"""A day that fewer people than these have off is called a holiday of so many of them [1]."""
LANGUAGE = "en_US"
"""Of the names of holidays; where there are none in it, they are in the country's own."""


def special_days(days: Iterable[dt.date], zone: BiddingZone) -> dict[dt.date, str]:
    """The special ones among the days, and what is special about each."""
    found = {day: "; ".join(filter(None, (_holiday(day, zone), _clock(day, zone)))) for day in days}
    return {day: words for day, words in found.items() if words}


def _clock(day: dt.date, zone: BiddingZone) -> str:
    span = delivery_range(day, zone.timezone)
    hours = (span.end - span.start).total_seconds() / 3600
    return "" if hours == 24 else f"clock change, {hours:g} hours"


def _holiday(day: dt.date, zone: BiddingZone) -> str:
    share = holiday_share(day, zone)
    if not share:
        return ""
    name = _name(zone.country or "", tuple(zone.holiday_weights) or (None,), day)
    return name if share >= MINORITY else f"{name}, a holiday for {percent(share)} of the people"


@lru_cache(maxsize=4096)
def _name(country: str, parts: tuple[str | None, ...], day: dt.date) -> str:
    """What it is called in the first part of the country that has it."""
    for part in parts:
        calendar = holidays.country_holidays(country, subdiv=part, years=day.year, language=LANGUAGE)
        if day in calendar:
            return str(calendar[day])
    return "public holiday"
