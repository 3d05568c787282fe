"""MISO's daily report of forecast and actual load, an Excel file of the old format.

A file is published on the day in its name and has the days from the one before it to five ahead, in Eastern Standard
Time all year and by the end of each hour. It says no time of day: what it has is taken to be known when that day ends,
or when it was fetched, if that was earlier. Its forecast of the day before it is not read, as it is none any more. A
window is one of publication, so that history has every vintage.

Source: https://docs.misoenergy.org/marketreports/, df_al. Licence: MISO's terms of use. Tested with a recording of the
layout until April 2026; since then there are blank rows and columns between, which are passed over.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import TimeRange
from gridahead.sources.base import RawPayload
from gridahead.sources.http.body import page_title
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.local_hours import EASTERN_STANDARD, beginnings, from_wall_clock, local_days, vintage
from gridahead.sources.records import numbers, observed, refusal, require_columns, zone_of
from gridahead.sources.wanted import Item

_DAY, _MONTH = pd.Timedelta(days=1), pd.Timedelta(days=31)
_PUBLISHED, _DAY_COLUMN, _HOUR_COLUMN = "Published Date:", "Market Day", "HourEnding"


class Miso(HttpSource):
    """Reads MISO's daily load reports; a zone is MISO as a whole, or one of its groups such as LRZ2_7."""

    zone_codes: ClassVar[Mapping[str, str]] = {"MISO": "MISO"}
    items = (Item("df_al", ("load", "load_official"), _MONTH, settles=_DAY),)

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """One file for every day of publication that a window touches; one that is not there yet is no error."""
        for day in local_days(window, EASTERN_STANDARD):
            path = f"/{day:%Y%m%d}_{item.name}.xls"
            yield Request(path, expected=("xls", "html", "xml"), answers=frozenset({200, 404}))

    def check(self, answer: Answer) -> None:
        """Refuse a web page in the place of a file.

        Raises:
            SourceError: what it says; the next answer may be a file.
        """
        if answer.status == 200 and not answer.content.startswith(b"\xd0\xcf"):
            raise SourceError(self.name, f"no report: {page_title(answer.content)}", retryable=True)

    def parse(self, payload: RawPayload) -> Observations:
        """Actual load of the past day and the forecast from the day of publication on [MW].

        Raises:
            SourceError: it is no report of this form.
        """
        if payload.asked["status"] == 404:
            return Observations(OBSERVATIONS.empty())
        zone, lines = zone_of(payload, self.zones), _lines(payload)
        dated = next((line for line in lines if _PUBLISHED in line), [])
        published = next((cell for cell in dated if isinstance(cell, dt.date)), None)
        if published is None:
            raise refusal(payload, "it does not say on which day it was published")
        known = min(pd.Timestamp(published, tz=EASTERN_STANDARD) + _DAY, payload.retrieved_at)
        table, code = _table(payload, lines), self.code(zone)
        names = {"load": f"{code} ActualLoad (MWh)", "load_official": f"{code} MTLF (MWh)"}
        require_columns(payload, table, tuple(names.values()))
        is_ahead = pd.to_datetime(table[_DAY_COLUMN]) >= pd.Timestamp(published)
        parts = ((table[~is_ahead], "load", "assumed"), (table[is_ahead], "load_official", "recorded"))
        rows = [
            vintage(quantity, _begin(payload, part), known, numbers(payload, part[names[quantity]]), availability)
            for part, quantity, availability in parts
        ]
        return observed(payload, zone, rows)


def _lines(payload: RawPayload) -> list[list[Any]]:
    """The rows of the first sheet."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(payload.content)).get_sheet_by_index(0)
    except CalamineError as error:
        raise refusal(payload, f"no whole Excel file ({error})") from error
    rows: list[list[Any]] = sheet.to_python()
    return rows


def _table(payload: RawPayload, lines: list[list[Any]]) -> pd.DataFrame:
    """The hours of every day as one table, under the header that is repeated above each day."""
    header = next((line for line in lines if _DAY_COLUMN in line and _HOUR_COLUMN in line), None)
    if header is None:
        raise refusal(payload, f"no header with {_DAY_COLUMN} and {_HOUR_COLUMN}")
    day, hour = header.index(_DAY_COLUMN), header.index(_HOUR_COLUMN)
    hours = [line for line in lines if isinstance(line[day], dt.date) and isinstance(line[hour], float)]
    table = pd.DataFrame(hours, columns=header, dtype=object)
    if table.empty or not table[_HOUR_COLUMN].between(1, 24).all():
        raise refusal(payload, "no hours from 1 to 24 under its days")
    return table


def _begin(payload: RawPayload, table: pd.DataFrame) -> pd.DatetimeIndex:
    wall = beginnings(pd.to_datetime(table[_DAY_COLUMN]), table[_HOUR_COLUMN].astype(int))
    return from_wall_clock(payload, wall, EASTERN_STANDARD)
