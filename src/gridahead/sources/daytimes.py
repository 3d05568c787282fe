"""The time of a row in several columns: a date in parts, a period or a time of the day, and how each is recognised."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from gridahead.core.time import Mtu
from gridahead.settings.file_source import FileSource, TimeColumns
from gridahead.sources.typed import as_texts
from gridahead.sources.written import read_daytimes

PERIOD = r"^(?:(?:SP|HE|H|PTU|P)[ _-]?)?([0-9]{1,3})(?:\.0)?$"
"""A number, or one with what it counts before it: settlement period SP01, hour ending HE01. A spreadsheet adds .0."""
_CLOCK = r"\d{1,2}(?:[:.h]\d\d(?:[:.]\d\d)?)?"
_SPAN = rf"{_CLOCK}(\s*(?:-|–|/|to|bis)\s*){_CLOCK}"
"""Beginning and end of a unit: 00-01, 00:00-01:00."""
LAST_HOUR = 23
"""Of a day whose hours begin with 0."""
MOST_PERIODS = 100
"""Units of a day of 25 hours, quarter hours: a column of higher numbers counts something else."""
_UNITS = ((range(22, 26), Mtu.PT60M), (range(45, 51), Mtu.PT30M), (range(91, 101), Mtu.PT15M))
"""How high the units of a day are counted, from 0 or from 1, on days with an hour less or more as well."""


@dataclass(frozen=True)
class PartOfDay:
    """How a column gives the unit of the day of its rows."""

    kind: Literal["time", "period"]
    first_period: int = 1
    between: str = ""
    """What stands between the beginning and the end, where a cell has both."""
    mtu: Mtu | None = None
    """The unit that is counted; None where the column does not show it."""

    def keys(self, date: Mapping[str, str], column: str, settings: FileSource) -> str:
        """What to set, beside the columns of the date, to read the column so."""
        columns: dict[str, object] = {**date, self.kind: column}
        if self.kind == "period" and not self.first_period:
            columns["first_period"] = 0
        inside = ", ".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in columns.items())
        keys = [f"time_columns = {{{inside}}}"]
        if self.between:
            keys.append(f'interval_separator = "{self.between}"')
        if self.mtu not in (None, settings.mtu):
            keys.append(f'mtu = "{self.mtu}"')
        return " and ".join(keys)


def part_of_day(texts: pd.Series) -> PartOfDay | None:
    """How a column gives the unit of the day; None where it seems not to."""
    texts = texts[texts != ""].drop_duplicates()
    if texts.empty:
        return None
    if (between := between_of(texts)) is not None:
        return PartOfDay("time", between=between)
    if texts.str.fullmatch(r"\d{1,2}[:.h]\d\d.*").all():
        return PartOfDay("time")
    numbers = pd.to_numeric(texts.str.extract(PERIOD)[0])
    if numbers.isna().any():
        return None
    low, high = int(numbers.min()), int(numbers.max())
    if low == 0 and high <= LAST_HOUR:
        return PartOfDay("time")
    return None if high > MOST_PERIODS else PartOfDay("period", min(low, 1), mtu=unit_counted(high))


def unit_counted(most: int) -> Mtu | None:
    """Units of which a day has about so many."""
    return next((mtu for counts, mtu in _UNITS if most in counts), None)


def between_of(texts: pd.Series) -> str | None:
    """The mark between the beginning and the end of a unit, if every cell has both with the same mark."""
    texts_between = texts.str.extract(f"^{_SPAN}$")[0]
    marks = set(texts_between.str.strip()) if texts_between.notna().all() else set()
    return str(marks.pop()) if len(marks) == 1 else None


def begins(texts: pd.Series, between: str) -> tuple[pd.Series, pd.Series]:
    """The text before the mark between beginning and end, and which cells have the mark; others stay as they are."""
    parts = texts.str.rpartition(between)
    divided = parts[1] != ""
    return parts[0].str.strip().where(divided, texts), divided


def date_keys(columns: TimeColumns) -> dict[str, str]:
    """The columns that make the date."""
    columns_by_part = {"date": columns.date, "year": columns.year, "month": columns.month, "day": columns.day}
    return {name: column for name, column in columns_by_part.items() if column is not None}


def dates_of_parts(cells: pd.DataFrame, year: str, month: str, day: str) -> pd.Series:
    """The dates of three columns of numbers as ISO 8601 writes them; years of two digits are of this century."""
    years, months, days = (
        as_texts(cells[name]).str.strip().str.replace(r"\.0+$", "", regex=True) for name in (year, month, day)
    )
    years = years.mask(years.str.fullmatch(r"\d\d"), "20" + years)
    return years + "-" + months.str.zfill(2) + "-" + days.str.zfill(2)


def since_midnight(hours: pd.Series, minutes: pd.Series | None) -> pd.Series:
    """Time since midnight, NaT where there is none: of the clock, and of minutes in a column of their own."""
    since = read_daytimes(hours)
    if minutes is None:
        return since
    numbers = pd.to_numeric(minutes.where(minutes.str.fullmatch(r"[0-5]?\d(?:\.0+)?"))).astype("float64")
    return since + pd.to_timedelta(numbers, unit="min").astype("timedelta64[us]")
