"""Time as the power market counts it: market time units, half-open windows, delivery days, deadlines.

Everything stored is UTC. Local time appears in two places only: where a delivery day begins and ends, and in the
features a model reads. A delivery day runs from local midnight to local midnight and has 23, 24 or 25 hours.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.errors import did_you_mean

UTC = dt.UTC
NO_TIME = pd.Timedelta(0)
MICROSECOND = pd.Timedelta(microseconds=1)
"""The shortest step between two instants of the lake."""
DAYS_KEPT = 8192
"""Delivery days whose beginning and end are remembered: the windows of every series of a zone ask for the same ones."""


class Mtu(StrEnum):
    """Market time unit: the resolution of a series, as an ISO 8601 duration."""

    PT15M = "PT15M"
    PT30M = "PT30M"
    PT60M = "PT60M"

    @property
    def delta(self) -> pd.Timedelta:
        """The length of one unit, as a Timedelta."""
        return pd.Timedelta(minutes=int(self.value[2:-1]))

    @property
    def microseconds(self) -> int:
        """The length of one unit [µs], which is what instants of the lake are counted in."""
        return self.delta // MICROSECOND

    @property
    def per_hour(self) -> int:
        """How many units make one hour."""
        return 60 // int(self.value[2:-1])

    @classmethod
    def from_delta(cls, delta: pd.Timedelta) -> Mtu:
        """The unit of that length.

        Raises:
            ValueError: no market time unit has this length.
        """
        for mtu in cls:
            if mtu.delta == delta:
                return mtu
        raise ValueError(f"{delta} is no market time unit; known: {', '.join(cls)}")


HOURS_UNTIL, DAYS_UNTIL = pd.Timedelta(days=3), pd.Timedelta(days=730)
"""Up to these an age is shown in hours and in days: a person thinks of 60 hours and of 400 days, not of 500 hours."""


def lasting(span: pd.Timedelta) -> str:
    """How long, in the unit that a person would use: 20 min, 9.5 h, 41 h, 12 days, 2.9 years."""
    if span < pd.Timedelta(hours=1):
        return f"{span / pd.Timedelta(minutes=1):.0f} min"
    if span < HOURS_UNTIL:
        hours = span / pd.Timedelta(hours=1)
        return f"{hours:.1f}".removesuffix(".0") + " h" if hours < 10 else f"{hours:.0f} h"
    days = span / pd.Timedelta(days=1)
    return f"{days:.0f} days" if span < DAYS_UNTIL else f"{days / 365.25:,.1f} years"


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Half-open interval of time `[start, end)` in UTC."""

    start: pd.Timestamp
    end: pd.Timestamp

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            stamp = pd.Timestamp(getattr(self, name))
            if stamp.tzinfo is None:
                raise ValueError(f"a window needs a time zone; {name}={stamp} has none")
            object.__setattr__(self, name, stamp.tz_convert("UTC"))
        if self.start >= self.end:
            raise ValueError(f"a window must end after it starts: {self}")

    def __str__(self) -> str:
        return f"[{self.start:%Y-%m-%dT%H:%MZ}, {self.end:%Y-%m-%dT%H:%MZ})"

    @classmethod
    def spanning(cls, times: pd.Series, around: pd.Timedelta = NO_TIME) -> TimeRange:
        """From the first of some instants to just after the last, so that both lie inside, and so much around."""
        return cls(times.min() - around, times.max() + around + MICROSECOND)

    def times(self, mtu: Mtu) -> pd.DatetimeIndex:
        """The start of every market time unit in the window, UTC."""
        return pd.date_range(self.start, self.end, freq=mtu.delta, inclusive="left")


def zone_info(name: str) -> ZoneInfo:
    """The time zone of that IANA name.

    Raises:
        ValueError: the name is unknown.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"unknown time zone {name!r}; {did_you_mean(str(name), sorted(available_timezones()))}"
            "use an IANA name such as 'Europe/Berlin'"
        ) from error


@cache
def clock_change(timezone: str) -> pd.Timedelta:
    """By how much the clocks of a time zone go forward and back in a year, nothing where they do not."""
    # One year stands for all: a shift of the whole zone is no clock change, and comes once in decades.
    noons = pd.date_range("2025-01-01T12:00Z", periods=12, freq="MS").tz_convert(timezone)
    offsets = [moment.tz_localize(None) - moment.tz_convert("UTC").tz_localize(None) for moment in noons]
    return pd.Timedelta(max(offsets) - min(offsets))


@cache
def is_southern(timezone: str, country: str | None = None) -> bool:
    """Whether the place of a time zone lies south of the equator; of one without a place, such as UTC, its country.

    Source: the table of zones in the time zone database, with latitudes. Names that are not in it are aliases of
    others; those show by clocks that go forward at the end of the year, if at all.
    """
    latitudes = _latitudes()
    if timezone in latitudes:
        return latitudes[timezone] < 0
    if country in latitudes:
        return latitudes[country] < 0
    january, july = (pd.Timestamp(f"2025-{month}-15", tz=timezone).utcoffset() for month in ("01", "07"))
    return january is not None and july is not None and january > july


@cache
def zones_with_places() -> tuple[tuple[str, str, str], ...]:
    """Country (ISO 3166), place (such as -3352+15113) and name of every time zone that has a place.

    Source: the table of zones in the time zone database.
    """
    table = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return tuple((country, place, name) for country, place, name, *_ in rows)


@cache
def _latitudes() -> dict[str, float]:
    """Degrees and minutes north (-3327 is 33°27′ south) of every time zone and, by its first zone, of every country."""
    latitudes: dict[str, float] = {}
    for country, place, name in zones_with_places():
        north = float(place[:5])
        latitudes[name] = north
        latitudes.setdefault(country, north)
    return latitudes


@lru_cache(DAYS_KEPT)
def delivery_range(day: dt.date, timezone: str) -> TimeRange:
    """The delivery day as a window: local midnight to the next local midnight, 23, 24 or 25 hours long."""
    start, end = (
        # Some zones change clocks at midnight: the day then begins an hour late, or at the first of two midnights.
        pd.Timestamp(midnight).tz_localize(timezone, nonexistent="shift_forward", ambiguous=True)
        for midnight in (day, day + dt.timedelta(days=1))
    )
    return TimeRange(start, end)


def delivery_days(times: pd.DatetimeIndex | pd.Series, timezone: str) -> pd.Series:
    """The local calendar day of each UTC instant, as naive midnights."""
    local = pd.DatetimeIndex(times).tz_convert(timezone)
    return pd.Series(local.tz_localize(None).normalize())


def local_slots(times: pd.DatetimeIndex, timezone: str, per_day: int) -> npt.NDArray[np.int64]:
    """Which part of a day of 24 hours each instant is in by its local time; an hour that repeats is in the same twice.

    Args:
        times: (T,)
        timezone: of the clock.
        per_day: how many parts of equal length, such as 96 quarter hours.
    """
    clock = times.tz_convert(timezone)
    minutes = (clock.hour * 60 + clock.minute).to_numpy(dtype=np.int64)
    return minutes * per_day // (24 * 60)


def last_ended_day(until: pd.Timestamp, timezone: str) -> dt.date:
    """The last local day that has ended at an instant, such as the end of the newest value."""
    day: dt.date = until.tz_convert(timezone).date()
    return day - dt.timedelta(days=1)


def days_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """Every day from first to last, both included."""
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


Clock = Callable[[], pd.Timestamp]
"""Tells the present, UTC."""


def now() -> pd.Timestamp:
    """The present instant, UTC, to the microsecond that the lake keeps."""
    return pd.Timestamp(dt.datetime.now(dt.UTC)).as_unit("us")


MOST_LEAD_DAYS = 7
"""Deadlines are at most so many days before the delivery day: beyond a week forecasts of weather are no better than the
season, and of load than last week."""
LOCAL = "local"
"""In the place of a time zone: that of the zone whose series it is."""
_DEADLINE = re.compile(r"^D-(?P<days>\d+)T(?P<hour>\d\d):?(?P<minute>\d\d)\[(?P<zone>[^\]]+)\]$")


@dataclass(frozen=True, slots=True)
class Deadline:
    """A wall-clock instant relative to the delivery day, such as `D-1T1100[Europe/Berlin]`."""

    days_before: int
    at: dt.time
    timezone: str

    @classmethod
    def parse(cls, text: str) -> Deadline:
        """Read `D-1T1100[Europe/Berlin]`.

        Raises:
            ValueError: the text is not of that form, or the zone is unknown.
        """
        match = _DEADLINE.match(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is no deadline; write it like 'D-1T1100[Europe/Berlin]'")
        if match["zone"] != LOCAL:
            zone_info(match["zone"])
        at = dt.time(int(match["hour"]), int(match["minute"]))
        return cls(int(match["days"]), at, match["zone"])

    def __str__(self) -> str:
        return f"D-{self.days_before}T{self.at:%H%M}[{self.timezone}]"

    def by_clock_of(self, timezone: str) -> Deadline:
        """The same with a time zone where it says `[local]`."""
        return replace(self, timezone=timezone) if self.timezone == LOCAL else self

    @property
    def offset(self) -> dt.timedelta:
        """How long after the beginning of the delivery day on the clock of its zone, negative before it."""
        return dt.timedelta(days=-self.days_before, hours=self.at.hour, minutes=self.at.minute)

    def for_delivery(self, day: dt.date) -> pd.Timestamp:
        """The UTC instant of this deadline for a delivery day.

        A wall-clock time that a clock change skips is read an hour later, one that occurs twice is read as the first.
        """
        local = dt.datetime.combine(day - dt.timedelta(days=self.days_before), self.at, zone_info(self.timezone))
        return pd.Timestamp(local.astimezone(UTC))

    def delivery_day(self, issue_time: pd.Timestamp) -> dt.date:
        """The first delivery day whose deadline is at or after the issue time."""
        local = issue_time.tz_convert(self.timezone)
        day = local.date() + dt.timedelta(days=self.days_before)
        if self.for_delivery(day) < issue_time:
            day += dt.timedelta(days=1)
        return day
