"""Units of a day that are counted from its local midnight, as settlement periods are, and not named by a time."""

from __future__ import annotations

import pandas as pd

_DAY = pd.Timedelta(days=1)


def _midnights(dates: pd.Series, timezone: str) -> pd.DatetimeIndex:
    """The instant at which each local day begins, UTC."""
    # Where clocks change at midnight a day begins an hour late, or at the first of two midnights.
    times = pd.DatetimeIndex(dates)
    local = times.tz_localize(timezone, ambiguous=[True] * len(times), nonexistent="shift_forward")  # type: ignore[arg-type]
    return local.tz_convert("UTC")


def counted(dates: pd.Series, places: pd.Series, step: pd.Timedelta, timezone: str) -> pd.DatetimeIndex:
    """The instant at which each unit begins, NaT for one before the beginning or after the end of its day.

    Args:
        dates: naive midnights.
        places: of the unit in its day, from 1.
        step: length of a unit.
        timezone: in which days begin.
    """
    instants = _midnights(dates, timezone) + pd.TimedeltaIndex((places.to_numpy() - 1) * step)
    within = (places.to_numpy() >= 1) & (instants < _midnights(dates + _DAY, timezone))
    return pd.DatetimeIndex(instants.where(within))


def short_of(dates: pd.Series, places: pd.Series, step: pd.Timedelta, timezone: str) -> pd.Series:
    """Last rows of days of 25 hours that are counted to 24 only; the last day of the file may have begun just now."""
    last = places == places.groupby(dates).transform("max")
    length = _midnights(dates + _DAY, timezone) - _midnights(dates, timezone)
    is_short = pd.Series(places.to_numpy() * step == _DAY, dates.index) & (length > _DAY)
    before: pd.Series = dates < dates.max()
    return last & is_short & before


def counted_on(wall: pd.Series, dates: pd.Series, empty: pd.Series, step: pd.Timedelta, timezone: str) -> pd.Series:
    """Times of the clock of a table with a row a day, put right on days whose columns count on over the skipped hour.

    The day on which clocks go forward has an hour less. If the columns of the skipped hour are empty, they are times of
    the clock. If they have values and the last hour of the day has none, they are counted: from the skipped hour on an
    hour has to be added, and what is empty at the end is no time.
    """
    everywhere = [True] * len(wall)
    exists = pd.DatetimeIndex(wall).tz_localize(timezone, ambiguous=everywhere, nonexistent="NaT").notna()  # type: ignore[arg-type]
    skipped = ~pd.Series(exists, wall.index)
    length = skipped.groupby(dates).transform("sum") * step
    at_end = wall >= dates + _DAY - length
    on = (~skipped | ~empty).groupby(dates).transform("all") & (~at_end | empty).groupby(dates).transform("all")
    on &= length > pd.Timedelta(0)
    after = on & skipped.groupby(dates).cummax()
    return wall.mask(after, wall + length).mask(on & at_end)
