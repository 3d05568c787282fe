"""Wall-clock labels of operators as instants: hours that end, days of 23 and 25 hours, and clocks that never change."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from gridahead.core.time import TimeRange
from gridahead.sources.base import RawPayload
from gridahead.sources.records import refusal

EASTERN_STANDARD = "Etc/GMT+5"
"""Eastern Standard Time all year, five hours behind UTC; the sign of the name is reversed."""
HOUR = pd.Timedelta(hours=1)


def local_days(window: TimeRange, timezone: str) -> list[dt.date]:
    """Every local day that a window touches."""
    last = window.end - pd.Timedelta(microseconds=1)
    first_day, last_day = (instant.tz_convert(timezone).date() for instant in (window.start, last))
    return [first_day + dt.timedelta(days=n) for n in range((last_day - first_day).days + 1)]


def beginnings(days: pd.Series, hours_ending: pd.Series) -> pd.DatetimeIndex:
    """The wall-clock beginning, without a time zone, of hours that are counted by their end, 1 to 24."""
    return pd.DatetimeIndex(pd.to_datetime(days)) + pd.to_timedelta(hours_ending.to_numpy() - 1, unit="h")


def from_wall_clock(
    payload: RawPayload, wall: pd.DatetimeIndex, timezone: str, is_second: pd.Series | None = None
) -> pd.DatetimeIndex:
    """Wall-clock times in UTC.

    Args:
        payload: where they are from.
        wall: (T,) without a time zone.
        timezone: of the clock.
        is_second: (T,) whether a time that the clock shows twice in autumn is the second of them; without it, the
            second row with a label is.

    Raises:
        SourceError: a time does not exist, as the clock goes forward over it.
    """
    second = wall.duplicated() if is_second is None else is_second.to_numpy(dtype=bool)
    try:
        local = wall.tz_localize(timezone, ambiguous=np.logical_not(second), nonexistent="raise")
    except ValueError as error:
        raise refusal(payload, f"a time that no clock in {timezone} shows ({error})") from error
    return local.tz_convert("UTC").as_unit("us")


def instant(payload: RawPayload, text: str, timezone: str, pattern: str | None = None) -> pd.Timestamp:
    """When a document says that it was made.

    Raises:
        SourceError: it is no time.
    """
    try:
        stamp = pd.Timestamp(pd.to_datetime(text, format=pattern))
        local = stamp.tz_localize(timezone, ambiguous=False) if stamp.tzinfo is None else stamp
    except (ValueError, TypeError) as error:
        raise refusal(payload, f"{text!r} does not say when it was made") from error
    return local.tz_convert("UTC").as_unit("us")


def vintage(
    quantity: str,
    valid_time: pd.DatetimeIndex,
    available_at: pd.Timestamp | pd.DatetimeIndex,
    value: pd.Series,
    availability: str = "recorded",
) -> pd.DataFrame:
    """Rows of one quantity as `records.ROWS` has them; those of one publication share their availability."""
    return pd.DataFrame(
        {
            "quantity": quantity,
            "valid_time": valid_time,
            "available_at": available_at,
            "availability": availability,
            "value": value.to_numpy(dtype=float),
        }
    ).astype({"valid_time": "datetime64[us, UTC]", "available_at": "datetime64[us, UTC]"})
