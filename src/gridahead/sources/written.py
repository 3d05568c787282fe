"""Times as they are written: text, and the wall time and offset from UTC that it has. Nothing is guessed.

A date whose order is told has its parts by place; other layouts go through strptime. In both, 24:00 is the next
midnight, and a date alone the midnight at which it begins.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridahead.core.time import zone_info

_MARKED = r"(?P<leading>\d{1,4})(?P<mark>[-/.])(?P<middle>\d{1,2})(?P=mark)(?P<trailing>\d{1,4})"
_COMPACT = r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"
_OFFSET = r"(?:UTC|GMT)[+-]\d{1,2}(?::?\d\d)?|[+-]\d\d(?::?\d\d)?"
_ALSO_NAMED = r"(?:\s[A-Z]{3,5}|\[[\w/+-]+\])"
"""What Go and Java put behind an offset: +0000 UTC, +01:00[Europe/Berlin]. The offset means the same."""
_ZONE = rf"\s*[(\[]?(?:(?P<zone>(?:{_OFFSET}|Z(?=\[)){_ALSO_NAMED}?|utc|[A-Z]{{1,5}}(?:/[A-Z]{{2,5}})?))?[)\]]?"
_CLOCK = (
    r"(?P<hour>\d{1,2})(?:(?P<pass>[AB])(?=[:.h]))?(?:[:.h](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:[.,](?P<part>\d{1,9}))?)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
)
_RUN = r"(?P<run_hour>\d\d)(?P<run_minute>\d\d)(?P<run_second>\d\d)?"
_DAYTIME = rf"(?:{_CLOCK}|{_RUN}){_ZONE}"
_TIME = re.compile(rf"(?:{_MARKED}|{_COMPACT})(?:(?:T|_|,?\s+){_DAYTIME})?")
_COMPACT_TIME = re.compile(rf"{_COMPACT}{_RUN}{_ZONE}")
_DAYTIME_ALONE = re.compile(_DAYTIME)

_PLAIN = r"\d{4}-\d\d-\d\d[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
"""What most files have, and pandas reads ten times as fast."""
_OFFSET = r"(?:Z|[+-]\d\d:\d\d)"
_ZERO = ("Z", "UTC", "GMT", "UT", "utc")
_GERMAN = {"MEZ": "CET", "MESZ": "CEST"}
_CENTURY = 69
"""Years of two digits from here on are of the twentieth century, as POSIX defines and strptime does."""
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Written:
    """The parsed texts: wall times, zones and passes; the index is the row."""

    wall: pd.Series
    """Naive times on the clock of whoever wrote them, NaT where the text is no time."""
    zones: pd.Series
    """What stands behind them: Z, UTC, +01:00, CET; "" for nothing."""
    passes: pd.Series
    """A or B where the hour is marked as the first or the second of two with the same label, else ""."""


def read_numbers(texts: pd.Series, order: str = "ymd", *, short_year: bool = False) -> Written:
    """Times that are written in numbers: ISO 8601 and its relatives, or with day or month first.

    Args:
        texts: the cells, without blanks around them.
        order: in which order year, month and day stand.
        short_year: whether a year may have two digits.
    """
    if order == "ymd" and texts.str.fullmatch(f"{_PLAIN}{_OFFSET}?").all():
        nothing = pd.Series("", texts.index, dtype="str")
        offset = texts.str.extract(f"({_OFFSET})$", expand=False).fillna("").astype("str")
        plain = texts.str.replace(f"{_OFFSET}$", "", regex=True)
        return Written(pd.to_datetime(plain, format="ISO8601", errors="coerce").dt.as_unit("us"), offset, nothing)
    names = [{"y": "year", "m": "month", "d": "day"}[letter] for letter in order]
    read = [_read_text(text, names, short_year) for text in texts]
    walls, zones, passes = zip(*read, strict=True) if read else ((), (), ())
    return Written(
        pd.Series(walls, texts.index, dtype="datetime64[us]"),
        pd.Series(zones, texts.index, dtype="str"),
        pd.Series(passes, texts.index, dtype="str"),
    )


def _read_text(text: str, names: list[str], short_year: bool) -> tuple[dt.datetime | None, str, str]:
    """Wall time, zone and pass of one text; None, "" and "" if it is no time."""
    match = _TIME.fullmatch(text) or _COMPACT_TIME.fullmatch(text)
    if match is None:
        return None, "", ""
    parts: dict[str, str | None] = match.groupdict()
    if parts.get("year") is None:
        parts |= dict(zip(names, (parts["leading"], parts["middle"], parts["trailing"]), strict=True))
    year, month, day = parts["year"] or "", parts["month"] or "", parts["day"] or ""
    since = _daytime(parts)
    if since is None or not (len(year) == 4 or (short_year and len(year) == 2)):
        return None, "", ""
    century = 0 if len(year) == 4 else 1900 if int(year) >= _CENTURY else 2000
    try:
        # Naive as it is written: the clock of whoever wrote it.
        wall = dt.datetime(century + int(year), int(month), int(day)) + since  # noqa: DTZ001
    except (ValueError, OverflowError):
        return None, "", ""
    return wall, _plain_zone(parts.get("zone") or ""), parts.get("pass") or ""


def _plain_zone(zone: str) -> str:
    """An offset without the names around it: +1 of UTC+1, +01:00 of +01:00[Europe/Berlin]; other zones as they are."""
    match = re.match(r"(?:UTC|GMT)?([+-]\d{1,2}(?::?\d\d)?|Z(?=\[))", zone)
    return zone if match is None else match[1]


def read_daytimes(texts: pd.Series) -> pd.Series:
    """Times of the day as time since midnight: 13:00, 13, 1300, 1:00 PM, 24:00; NaT where the text is none."""
    # Hours and minutes that were a number have lost their zero: 130 for 0130.
    texts = texts.str.replace(r"^(\d)(\d\d)$", r"0\1\2", regex=True)
    matches = [_DAYTIME_ALONE.fullmatch(text) for text in texts]
    read = [
        _daytime(match.groupdict()) if match is not None and not (match["zone"] or match["pass"]) else None
        for match in matches
    ]
    return pd.Series(read, texts.index, dtype="timedelta64[us]")


def _daytime(parts: Mapping[str, str | None]) -> dt.timedelta | None:
    """Time since midnight, zero where no time of the day stands; None where there is no such time."""
    hour, minute, second = (
        int(parts.get(name) or parts.get(f"run_{name}") or 0) for name in ("hour", "minute", "second")
    )
    if half := (parts.get("half") or "")[:1].lower():
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    since = dt.timedelta(
        hours=hour, minutes=minute, seconds=second, microseconds=int((parts.get("part") or "").ljust(9, "0")[:6])
    )
    return since if minute < 60 and second < 60 and (hour < 24 or since == _DAY) else None


def read_format(texts: pd.Series, form: str) -> Written:
    """Times in a strptime format; besides, a date alone is its midnight and 24:00 the next one.

    Raises:
        ValueError: it is no such format.
    """
    if "%" not in form:  # pandas would guess with "mixed"
        raise ValueError("it has no directive such as %d")
    zoned = form.endswith("%Z")
    zones = pd.Series("", index=texts.index, dtype="str")
    if zoned:
        form = form.removesuffix("%Z").rstrip()
        zones = texts.str.extract(r"([A-Z]{1,5}(?:/[A-Z]{2,5})?)\)?$")[0].fillna("")
        texts = texts.str.replace(r"\s*\(?[A-Z]{1,5}(?:/[A-Z]{2,5})?\)?$", "", regex=True).where(zones != "", "")
    elif "%Z" in form:
        raise ValueError("%Z stands at the end of a format")
    if "%z" in form:
        zones = texts.str.extract(r"(Z|[+-]\d\d:?\d\d)(?!.*(?:Z|[+-]\d\d:?\d\d))")[0].fillna("")
    wall = _strptime(texts, form)
    unread = wall.isna() & (texts != "")
    if unread.any():
        wall = wall.where(~unread, _midnights(texts[unread], form).reindex(texts.index))
    return Written(wall, zones, pd.Series("", index=texts.index, dtype="str"))


def _strptime(texts: pd.Series, form: str) -> pd.Series:
    """Naive wall times, whatever offset stands behind them."""
    if re.search(r"%[YymdHIMS]%[ymdHIMS]", form):
        # Without marks between them strptime takes one digit where two are lacking: 20231231 would be 2 January, 3:31.
        widths = re.sub(r"%[ymdHIMS]", r"\\d\\d", re.escape(form).replace("%Y", r"\d{4}"))
        texts = texts.where(texts.str.fullmatch(re.sub(r"%[A-Za-z]", ".+", widths)), "")
    try:
        times = pd.to_datetime(texts, format=form, errors="coerce", utc=False)
    except re.error as error:
        raise ValueError(f"a directive stands in {form!r} twice") from error
    except ValueError:
        if "%z" not in form:
            raise
        times = pd.Series([_wall(text, form) for text in texts], index=texts.index, dtype="datetime64[us]")
    return times.dt.tz_localize(None) if isinstance(times.dtype, pd.DatetimeTZDtype) else times


def _wall(text: str, form: str) -> pd.Timestamp:
    """One time of several with different offsets."""
    time = pd.to_datetime(text, format=form, errors="coerce")
    return time.tz_localize(None) if isinstance(time, pd.Timestamp) else pd.NaT  # type: ignore[return-value]


def _midnights(texts: pd.Series, form: str) -> pd.Series:
    """Texts that the format does not read: 24:00 as the next midnight, a date alone as its own."""
    early = texts.str.replace(r"(?<!\d)24(?=[:.h]?00(?:[:.]?00(?:\.0+)?)?(?!\d))", "00", regex=True)
    early = early.where(early != texts, texts.str.replace(r"(?<=\d{8})24(?=0{2,4}$)|(?<=[ T])24$", "00", regex=True))
    next_day = _strptime(early, form).where(early != texts) + _DAY
    date = re.split(r"[\sT_,]*%[HIMSpfTRXc].*", form, maxsplit=1)[0]
    if date in ("", form):
        return next_day
    return next_day.where(next_day.notna(), _strptime(texts, date))


def offsets(zones: pd.Series, timezone: str, wall: pd.Series) -> pd.Series:
    """The offset from UTC of each zone, NaT for none and for an abbreviation that is not known.

    CET, EST and the like count where the declared time zone has them: IST alone has three meanings.
    """
    parts = zones.str.extract(r"^([+-])(\d\d?):?(\d\d)?$")
    minutes = pd.to_numeric(parts[1]) * 60 + pd.to_numeric(parts[2]).fillna(0)
    numeric = pd.to_timedelta(minutes * np.where(parts[0] == "-", -1, 1), unit="min")
    named = {**abbreviations(timezone, wall), **dict.fromkeys(_ZERO, pd.Timedelta(0))}
    return numeric.where(numeric.notna(), pd.to_timedelta(zones.replace(_GERMAN).map(named)))


def abbreviations(timezone: str, wall: pd.Series) -> dict[str, pd.Timedelta]:
    """What the offsets of a time zone are called in the years of these times: CET and CEST."""
    years = sorted(set(wall.dropna().dt.year)) or [2024]
    if timezone[:1] in "+-":
        return {}
    zone = zone_info(timezone)
    times = [pd.Timestamp(year=int(year), month=month, day=15, tz=zone) for year in years for month in (1, 4, 7, 10)]
    named = {str(time.tzname()): time.tz_localize(None) - time.tz_convert("UTC").tz_localize(None) for time in times}
    return {name: offset for name, offset in named.items() if name.isalpha()}


def is_local(zones: pd.Series, timezone: str, wall: pd.Series) -> pd.Series:
    """Whether the text after a time names the time zone and not its offset, such as CET/CEST."""
    if not zones.str.contains("/").any():
        return pd.Series(False, zones.index)
    names = set(abbreviations(timezone, wall))
    is_named = {zone: set(re.split("/", zone)) <= names for zone in set(zones.replace(_GERMAN)) if "/" in zone}
    return zones.replace(_GERMAN).map(is_named).fillna(False).astype(bool)
