"""From when values of ENTSO-E are taken to be known, as it does not say when it published them."""

from __future__ import annotations

import pandas as pd

from gridahead.core.grid import OFFICIAL_SUFFIX, BiddingZone, Series, auction_by, official_by
from gridahead.core.time import Deadline
from gridahead.sources.base import availability_after, availability_by
from gridahead.sources.entsoe.psr_types import INTRADAY

_LOAD_BY, _GENERATION_BY = Deadline.parse("D-1T1000[Europe/Brussels]"), Deadline.parse("D-1T1800[Europe/Brussels]")
"""By when forecasts are there where EU law does not hold and operators follow it, as in Switzerland."""
_INTRADAY_BY = Deadline.parse("D-0T0800[Europe/Brussels]")
"""Source: Regulation (EU) 543/2013, article 14(2)(d): at least one update, by 8:00 on the day of delivery."""
_PRICE_BY = Deadline.parse("D-1T1800[Europe/Brussels]")
"""By when an auction that is not coupled has its prices: none closes later than in the afternoon."""
_CAPACITY_BEFORE = pd.Timedelta(days=7)
"""Source: Regulation (EU) 543/2013, article 14(2)(a): a week before the end of the year before."""


def official_deadline(zone: BiddingZone, quantity: str) -> Deadline:
    """By when the official forecast of a measured quantity has to be there."""
    return official_by(Series(zone.code, quantity)) or (_LOAD_BY if quantity == "load" else _GENERATION_BY)


def assumed_availability(
    item: str, zone: BiddingZone, valid_time: pd.DatetimeIndex, lengths: pd.TimedeltaIndex, lag: pd.Timedelta
) -> pd.DatetimeIndex:
    """From when values of an item may be used.

    Args:
        item: such as load_official.
        zone: whose local days are counted.
        valid_time: (T,) start of each unit.
        lengths: (T,) of each unit.
        lag: of measured values after the end of their unit, and of the newest forecast, which may change until then.
    """
    if item == "capacity":
        return _year_starts(valid_time, zone.timezone) - _CAPACITY_BEFORE
    if item == "price":
        by = auction_by(zone.code) or _PRICE_BY
    elif item.endswith(OFFICIAL_SUFFIX):
        by = official_deadline(zone, "load" if item.startswith("load") else "solar")
    elif item.endswith(INTRADAY):
        by = _INTRADAY_BY
    else:
        return availability_after(valid_time, lengths, lag)
    return availability_by(valid_time, by, zone.timezone)


def _year_starts(times: pd.DatetimeIndex, timezone: str) -> pd.DatetimeIndex:
    """(T,) when the calendar year of each instant begins in an area."""
    years = times.tz_convert(timezone).year.to_numpy()
    starts = {year: pd.Timestamp(year=year, month=1, day=1, tz=timezone).tz_convert("UTC") for year in set(years)}
    return pd.DatetimeIndex(pd.Series(years).map(starts)).as_unit("us")
