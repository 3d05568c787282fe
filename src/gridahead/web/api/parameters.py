"""What a request may say, each with its bounds: whatever is not declared here is refused before anything is read."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

import pandas as pd
from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from gridahead.core import dates
from gridahead.core.errors import did_you_mean
from gridahead.core.grid import PRICE, Series
from gridahead.core.time import TimeRange, delivery_range, zone_info
from gridahead.core.units import PowerUnit, Unit
from gridahead.settings.model import Settings
from gridahead.web.api.formats import Format
from gridahead.web.problems import RequestError

LONGEST_NAME = 120
LONGEST_RANGE = pd.Timedelta(days=400)
"""A year and what surrounds it, in one answer: 3 MB in quarters of an hour."""
FIRST_YEAR, LAST_YEAR = 1980, 2099
"""No series of a power market is older, no forecast reaches as far."""
MOST_IN_A_PAGE, IN_A_PAGE = 100, 14
_LOST_PLUS = re.compile(r"(\d\d:\d\d(?::\d\d(?:\.\d+)?)?) (\d\d:?\d\d)")
"""An offset whose plus sign has become a space, as an address that is not quoted makes it."""

ZonePart = Annotated[str, Path(max_length=LONGEST_NAME, description="Zone of the series.", examples=["DE"])]
QuantityPart = Annotated[str, Path(max_length=LONGEST_NAME, description="Quantity of the series.", examples=["load"])]
CasePart = Annotated[str, Path(max_length=40, description="Id of the case.", examples=["0123456789abcdef"])]
InstantText = Annotated[str, Field(max_length=40, min_length=1, pattern=r"^[0-9A-Za-z:.,+/ -]+$")]
DayText = Annotated[str, Field(max_length=20, min_length=1, pattern=r"^[0-9A-Za-z./ -]+$")]
TimezoneText = Annotated[str, Field(max_length=64, min_length=1, pattern=r"^[A-Za-z0-9_+/-]+$")]


class Query(BaseModel):
    """What may stand behind the question mark."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class TableQuery(Query):
    """How a table is written."""

    format: Format | None = None
    """json, parquet and arrow for programs; csv and xlsx for spreadsheets; csv-de and so on as a spreadsheet of that
    language opens it. Without it, what the header Accept says, or JSON."""
    tz: TimezoneText | None = None
    """Time zone in which times are written, such as Europe/Berlin. Without it UTC for programs and the local time of
    the zone for spreadsheets; every time says its offset."""
    unit: PowerUnit | None = None
    """In which power is written. Without it MW for programs and the unit of the series for spreadsheets. A price has
    one unit alone."""


class IssueQuery(Query):
    """Which forecast."""

    issue: InstantText = "latest"
    """latest: the next delivery day that is published; today: the one that is being delivered; a forecast id; or an
    issue time in ISO 8601."""
    delivery: DayText | None = None
    """Its delivery day, local to the zone, such as 2025-12-31."""
    as_of: InstantText | None = None
    """Only what had been published by then. Without an offset, local time of the zone."""


class FiguresQuery(IssueQuery):
    """What a forecast comes to."""

    tz: TimezoneText | None = None
    """Time zone in which times are written. Without it UTC."""
    unit: PowerUnit | None = None
    """In which power is written. Without it MW."""


class PathsQuery(FiguresQuery):
    """The paths of a forecast."""

    format: Literal["json", "parquet", "arrow"] | None = None
    """Without it, what the header Accept says, or JSON."""


class ForecastQuery(TableQuery, IssueQuery):
    """Which forecast, and how it is written."""

    quantiles: Annotated[str, Field(max_length=120, min_length=1, pattern=r"^[0-9., ]+$")] | None = None
    """Levels by comma, such as 0.1,0.5,0.9. Without it all of them."""
    adapted: bool = True
    """false: the values as the model answered them, before they were adapted to the newest days."""


class KnownQuery(TableQuery):
    """Which values, and as known when."""

    start: InstantText | None = None
    """First valid time, or a local day. Without it seven days before the end."""
    end: InstantText | None = None
    """End, exclusive: a local day means its midnight. Without it the end of the newest delivery day that is
    published. At most 400 days lie between start and end."""
    as_of: InstantText | None = None
    """As known then. Without it as known now."""


class IssuesQuery(Query):
    """Which issues."""

    delivery: DayText | None = None
    """Everything that was published of this delivery day. Without it what readers were given of each day."""
    as_of: InstantText | None = None
    """Only what had been published by then."""
    limit: Annotated[int, Field(ge=1, le=MOST_IN_A_PAGE)] = IN_A_PAGE
    """How many in a page."""
    cursor: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")] | None = None
    """Of the next page, as the header Link has it."""


class ScoresQuery(Query):
    """Over how long."""

    days: Annotated[int, Field(ge=1, le=400)] = 30
    """So many of the newest delivery days that have an outturn."""
    unit: PowerUnit | None = None
    """In which power is written. Without it MW."""


class CasesQuery(Query):
    """Which cases."""

    state: Literal["open", "all"] = "open"
    """open: what waits for a person; all: what has been ruled on as well."""
    severity: Literal["quarantine", "all"] = "quarantine"
    """quarantine: what is withheld; all: what is only flagged as well."""
    series: Annotated[str, Field(max_length=2 * LONGEST_NAME)] | None = None
    """Only those of this series, written ZONE/QUANTITY."""
    limit: Annotated[int, Field(ge=1, le=MOST_IN_A_PAGE)] = IN_A_PAGE
    """How many in a page."""
    cursor: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] | None = None
    """Of the next page, as the header Link has it."""


def series_of(settings: Settings, zone: str, quantity: str) -> Series:
    """The series at an address.

    Raises:
        RequestError: the settings forecast no such series.
    """
    known = {str(entry.series): entry.series for entry in settings.series}
    name = f"{zone}/{quantity}"
    if name not in known:
        hint = f"{did_you_mean(name, known)}there are: {', '.join(known) or 'none; add [[series]] to the settings'}"
        raise RequestError("unknown-series", f"no series {name[:200]!r}", hint.capitalize() if not known else hint)
    return known[name]


def unit_for(settings: Settings, series: Series, wanted: PowerUnit | None, *, shown: bool = False) -> Unit:
    """The unit that values are written in.

    Args:
        settings: know that of a price, and what people are shown.
        series: whose values.
        wanted: what the request says.
        shown: whether people read them.

    Raises:
        RequestError: a price is asked for in a unit of power.
    """
    own = settings.unit_of(series)
    if series.quantity == PRICE:
        if wanted is not None:
            raise RequestError("invalid", f"unit: {series} is a price in {own}, not a power", "Leave unit out")
        return own
    return wanted or (own if shown else "MW")


def timezone_of(name: str | None, otherwise: str) -> str:
    """The time zone that times are written in.

    Raises:
        RequestError: there is no such zone.
    """
    if name is None:
        return otherwise
    try:
        zone_info(name)
    except ValueError as error:
        raise RequestError("invalid", f"tz: {error}", "Name one of the IANA database, such as Europe/Berlin") from error
    return name


def day_of(name: str, text: str, timezone: str, at: pd.Timestamp) -> dt.date:
    """The day that a parameter means.

    Raises:
        RequestError: it is none, may be two, or lies where no market has been.
    """
    try:
        day = dates.parse_day(text, at.tz_convert(timezone).date())
    except (ValueError, OverflowError) as error:
        raise RequestError("invalid", f"{name}: {error}", f"Write {name}=2025-12-31, today or tomorrow") from error
    _bounded(name, day.year)
    return day


def instant_of(name: str, text: str, timezone: str) -> pd.Timestamp:
    """The instant that a parameter means; without an offset, of the clocks of the zone.

    Raises:
        RequestError: it is none, may be two, or lies where no market has been.
    """
    try:
        instant = dates.parse_instant(_LOST_PLUS.sub(r"\1+\2", text), timezone)
    except (ValueError, OverflowError) as error:
        raise RequestError("invalid", f"{name}: {error}", f"Write {name}=2025-12-30T11:00Z, or a day") from error
    _bounded(name, instant.year)
    return instant


def _bounded(name: str, year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise RequestError("invalid", f"{name}: the year {year}", f"Years are from {FIRST_YEAR} to {LAST_YEAR}")


def range_of(query: KnownQuery, timezone: str, newest_day: dt.date) -> TimeRange:
    """The valid times that are asked for.

    Args:
        query: what the request says.
        timezone: of its times without an offset.
        newest_day: whose end it ends with, where nothing else is said.

    Raises:
        RequestError: it ends before it begins, or is too long.
    """
    end = delivery_range(newest_day, timezone).end if query.end is None else instant_of("end", query.end, timezone)
    start = end - pd.Timedelta(days=7) if query.start is None else instant_of("start", query.start, timezone)
    if start >= end:
        raise RequestError("invalid", f"start {start} is not before end {end}", "Let start be before end")
    if end - start > LONGEST_RANGE:
        days = (end - start).days
        raise RequestError("invalid", f"start to end are {days} days", f"Ask for {LONGEST_RANGE.days} days at a time")
    return TimeRange(start, end)


def levels_of(text: str | None, there: list[float]) -> list[float]:
    """The quantiles that are asked for, of those that a forecast has.

    Raises:
        RequestError: it is no list of numbers, or the forecast lacks one of them.
    """
    if text is None:
        return there
    names = ", ".join(f"{level:g}" for level in there)
    try:
        wanted = sorted({float(part) for part in text.split(",")})
    except ValueError as error:
        hint = f"Write levels by comma, of {names}"
        raise RequestError("invalid", f"quantiles: {text!r} is no list of numbers", hint) from error
    if missing := [level for level in wanted if level not in there]:
        raise RequestError("invalid", f"quantiles: the forecast has no {missing[0]:g}", f"It has {names}")
    return wanted
