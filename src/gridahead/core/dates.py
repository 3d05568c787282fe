"""Dates and instants as people type them; what could be two days is refused with both."""

from __future__ import annotations

import calendar
import datetime as dt
import re

import pandas as pd

from gridahead.core.time import now, zone_info

_MONTHS = {name.lower(): at for names in (calendar.month_name, calendar.month_abbr) for at, name in enumerate(names)}
_MONTHS["sept"] = 9
_RELATIVE = {"yesterday": -1, "today": 0, "tomorrow": 1}
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})|(\d{4})(\d{2})(\d{2})")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_NAMED = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\.?[ -]*([a-z]{3,})\.?,?[ -]*(\d{4})")
_NAMED_FIRST = re.compile(r"([a-z]{3,})\.? *(\d{1,2})(?:st|nd|rd|th)?,? *(\d{4})")
_TIME = re.compile(
    r"(?P<day>.*?)(?:(?:[T ]+(?P<hour>\d{1,2}):|(?<=\d)T(?P<packed>\d{2}))(?P<minute>\d{2})"
    r"(?::?(?P<second>\d{2})(?:\.(?P<fraction>\d+))?)?)?"
    r" *(?P<offset>Z|UTC|GMT|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)


def parse_day(text: str, today: dt.date | None = None) -> dt.date:
    """The day that a person means: 2025-1-5, 2025/01/05, 20250105, 5 Jan 2025, Jan 5 2025, 5.1.2025, today and such.

    Args:
        text: as it was typed.
        today: the day that yesterday, today and tomorrow are counted from; that of UTC without it.

    Raises:
        ValueError: it is no day, or may be two; the message says what to type.
    """
    words = " ".join(text.split()).lower()
    if words in _RELATIVE:
        return (today or now().date()) + dt.timedelta(days=_RELATIVE[words])
    if match := _YEAR_FIRST.fullmatch(words):
        year, _, month, day, *packed = match.groups()
        return _day(text, *((year, month, day) if year else packed))
    if match := _YEAR_LAST.fullmatch(words):
        first, mark, second, year = match.groups()
        if mark != "." and first != second and max(int(first), int(second)) <= 12:
            first_day, second_day = (
                f"{year}-{int(second):02d}-{int(first):02d}",
                f"{year}-{int(first):02d}-{int(second):02d}",
            )
            raise ValueError(
                f"{text!r} may be {_long(first_day)} or {_long(second_day)}; write {first_day} or {second_day}"
            )
        month_first = mark != "." and int(second) > 12
        return _day(text, year, *((first, second) if month_first else (second, first)))
    if match := _NAMED.fullmatch(words):
        day, name, year = match.groups()
    elif match := _NAMED_FIRST.fullmatch(words):
        name, day, year = match.groups()
    else:
        raise ValueError(f"{text!r} is no day; write it as 2025-12-30, 30 Dec 2025, today, yesterday or tomorrow")
    if name not in _MONTHS:
        raise ValueError(f"{text!r} is no day: there is no month {name!r}; write it as 2025-12-30")
    return _day(text, year, _MONTHS[name], day)


def parse_instant(text: str, timezone: str | None = None) -> pd.Timestamp:
    """The instant that a person means, UTC: `now`, or a day as in `parse_day`, perhaps with a time and an offset.

    So are read those of programs: 2025-12-30T10:00:00.25+00:00, and 2025-12-30T1000Z as folders have them.

    Args:
        text: as it was typed; a day alone is its midnight.
        timezone: where the clock hangs if no offset is said; without it an offset has to be said.

    Raises:
        ValueError: it is no instant, may be two, or has no offset where one is needed.
    """
    if text.strip().lower() == "now":
        return now().floor("min")
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no instant; write it as 2025-12-30T11:00+01:00")
    offset = match["offset"]
    clock = offset or timezone
    is_date = match["day"][:1].isdigit()
    today = None if clock is None or is_date else now().tz_convert(_clock(clock)).date()
    day = parse_day(match["day"], today)
    hour, minute, second = (
        int(text or 0) for text in (match["hour"] or match["packed"], *match.group("minute", "second"))
    )
    micros = int((match["fraction"] or "")[:6].ljust(6, "0"))
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"{text!r} is no instant: a clock does not show {hour:02d}:{minute:02d}:{second:02d}")
    wall = pd.Timestamp(dt.datetime.combine(day, dt.time(hour, minute, second, micros)))
    if clock is None:
        raise ValueError(f"{text} needs an offset, such as {wall:%Y-%m-%dT%H:%M}+01:00 or {wall:%Y-%m-%dT%H:%M}Z")
    local = wall.tz_localize(_clock(clock), nonexistent="shift_forward", ambiguous=True)
    return pd.Timestamp(local.tz_convert("UTC")).as_unit("us")


def _clock(name: str) -> dt.tzinfo:
    if name.upper() in ("Z", "UTC", "GMT"):
        return dt.UTC
    if name[0] in "+-":
        digits = name[1:].replace(":", "")
        span = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        return dt.timezone(span if name[0] == "+" else -span)
    return zone_info(name)


def _day(text: str, year: str | int, month: str | int, day: str | int) -> dt.date:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError as error:
        raise ValueError(f"{text!r} is no day: {error}") from error


def _long(iso: str) -> str:
    day = dt.date.fromisoformat(iso)
    return f"{day.day} {day:%B %Y}"
