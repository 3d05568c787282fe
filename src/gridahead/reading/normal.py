"""What is usual on such a day: the band of the same hours of the same kind of day in the years before."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from gridahead.core.grid import BiddingZone, Series
from gridahead.core.time import Mtu, TimeRange, days_between, delivery_days, delivery_range
from gridahead.features.day_kinds import HOLIDAY, holiday_share
from gridahead.reading.known import outturn_known
from gridahead.workspace import Workspace

YEARS = 5
"""What was usual longer ago is no measure of today: capacity has grown, and habits have changed."""
AROUND = dt.timedelta(days=14)
"""Two weeks on either side of the date: the season is the same, and there are four of each weekday a year."""
FEWEST_DAYS = 8
"""Of fewer days the tenth and the ninetieth percentile are their lowest and highest."""
LEVELS = {"low": 0.1, "median": 0.5, "high": 0.9}
COLUMNS = ["valid_time", *LEVELS]


def seasonal_normal(workspace: Workspace, series: Series, day: dt.date, mtu: Mtu, as_of: pd.Timestamp) -> pd.DataFrame:
    """P10, median and P90 of the outturn at the local hours of a day: `valid_time`, `low`, `median`, `high` [MW].

    Of the days within two weeks of the same date in the five years before, of the same kind (working day, Saturday,
    Sunday or holiday), as known at an instant. Empty where there are fewer than eight such days.

    Args:
        workspace: whose lake.
        series: whose.
        day: the delivery day.
        mtu: in which units.
        as_of: nothing that became known later is read.

    Raises:
        LakeError: the lake cannot be read.
    """
    zone = workspace.settings.zone(series.zone)
    kind = _kind(day, zone)
    parts = []
    for years in range(1, YEARS + 1):
        alike = [one for one in _around(day, years) if _kind(one, zone) == kind]
        if not alike:
            continue
        span = TimeRange(delivery_range(alike[0], zone.timezone).start, delivery_range(alike[-1], zone.timezone).end)
        known = outturn_known(workspace, series, span, as_of, mtu)
        known["day"] = delivery_days(known["valid_time"], zone.timezone).dt.date.to_numpy()
        parts.append(known[known["day"].isin(alike)])
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["day"])
    if rows["day"].nunique() < FEWEST_DAYS:
        return pd.DataFrame(columns=COLUMNS)
    by_clock = rows.groupby(_clock(rows["valid_time"], zone.timezone))["value"]
    times = delivery_range(day, zone.timezone).times(mtu)
    levels = pd.DataFrame({name: by_clock.quantile(level) for name, level in LEVELS.items()})
    band = levels.reindex(_clock(times, zone.timezone))
    return band.assign(valid_time=times).dropna()[COLUMNS].reset_index(drop=True)


def _around(day: dt.date, years: int) -> list[dt.date]:
    """The days around the same date of an earlier year; around the 28th for a 29th of February."""
    year = day.year - years
    same = day.replace(year=year, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=year)
    return days_between(same - AROUND, same + AROUND)


def _kind(day: dt.date, zone: BiddingZone) -> str:
    """Working days are alike, and holidays are as Sundays."""
    if day.weekday() == 6 or holiday_share(day, zone) >= HOLIDAY:
        return "sunday"
    return "saturday" if day.weekday() == 5 else "working_day"


def _clock(times: pd.Series | pd.DatetimeIndex, timezone: str) -> pd.Index:
    """The time of day on the wall, in minutes."""
    local = pd.DatetimeIndex(times).tz_convert(timezone)
    return pd.Index(local.hour * 60 + local.minute, name="minute")
