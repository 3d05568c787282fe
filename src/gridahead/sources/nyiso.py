"""NYISO's market information: load, and every published forecast of it.

A forecast is named by its first day and published on the day before: of 2,533 files of 2012 to 2018, 99 % between 07:00
and 07:10 New York time and all but a few by 08:00, from when they count as known. Its times are local and begin their
hours; the hour that comes twice stands there twice, and the one that is skipped is left out. Load has its offset as EST
or EDT and comes by zone: the whole is the sum of all eleven. Files of days are kept for a week or so, those before in a
file a month.

Source: http://mis.nyiso.com/public, P-7 (isolf) and P-58C (palIntegrated). Licence: NYISO's terms of use. The forecast
is tested with a recording, load with the documented columns.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

import pandas as pd

from gridahead.core.grid import BiddingZone
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import TimeRange
from gridahead.sources.base import RawPayload, availability_after
from gridahead.sources.http.body import zip_members
from gridahead.sources.http.request import Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.local_hours import HOUR, from_wall_clock, local_days, vintage
from gridahead.sources.records import numbers, observed, refusal, require_columns, zone_of
from gridahead.sources.wanted import Item

NEW_YORK = "America/New_York"
ZONES = 11
_WHOLE = "NYISO"
_OFFSETS = {"EST": pd.Timedelta(hours=5), "EDT": pd.Timedelta(hours=4)}
_PUBLISHED_AT = pd.Timedelta(hours=8)
_DAYS_KEPT = 7
_DAY, _MONTH = pd.Timedelta(days=1), pd.Timedelta(days=31)


class Nyiso(HttpSource):
    """Reads CSV files of NYISO; a zone is the whole, or one of its own such as N.Y.C."""

    zone_codes: ClassVar[Mapping[str, str]] = {"NYIS": _WHOLE}
    items = (
        Item("isolf", ("load_official",), _MONTH, settles=_DAY),
        Item("palIntegrated", ("load",), _MONTH),
    )

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """A file for every new day, and one for every month of older ones; a forecast's window is of publication."""
        ahead = dt.timedelta(days=1 if item.name == "isolf" else 0)
        days = [day + ahead for day in local_days(window, NEW_YORK)]
        kept_from = self.clock().tz_convert(NEW_YORK).date() - dt.timedelta(days=_DAYS_KEPT)
        for month in sorted({day.replace(day=1) for day in days if day < kept_from}):
            yield Request(f"/{item.name}/{month:%Y%m%d}{item.name}_csv.zip", expected=("zip",))
        for day in days:
            if day >= kept_from:
                path = f"/{item.name}/{day:%Y%m%d}{item.name}.csv"
                yield Request(path, expected=("csv", "html"), answers=frozenset({200, 404}))

    def parse(self, payload: RawPayload) -> Observations:
        """Load or its forecasts [MW].

        Raises:
            SourceError: a file is not of the documented form.
        """
        if payload.asked.get("status") == 404:
            return Observations(OBSERVATIONS.empty())
        zone, files = zone_of(payload, self.zones), self._files(payload)
        if payload.asked["item"] == "isolf":
            rows = [self._forecast(payload, zone, day, content) for day, content in files.items()]
        else:
            rows = [self._load(payload, zone, content) for content in files.values()]
        return observed(payload, zone, rows)

    def _files(self, payload: RawPayload) -> dict[dt.date, bytes]:
        """The files of a payload by the day in their names."""
        name = str(payload.asked.get("path", ""))
        if payload.content[:2] != b"PK":
            return {_day_of(payload, name): payload.content}
        files = zip_members(payload.content, int(self.settings.max_size_mb * 1e6))
        return {_day_of(payload, member): content for member, content in files.items()}

    def _forecast(self, payload: RawPayload, zone: BiddingZone, day: dt.date, content: bytes) -> pd.DataFrame:
        table = pd.read_csv(io.BytesIO(content), dtype=object)
        column = next((str(name) for name in table if _same(str(name), self.code(zone))), self.code(zone))
        require_columns(payload, table, ("Time Stamp", column))
        valid_time = from_wall_clock(payload, _times(payload, table["Time Stamp"], "%m/%d/%Y %H:%M"), NEW_YORK)
        known = pd.Timestamp(day - dt.timedelta(days=1)) + _PUBLISHED_AT
        published = min(known.tz_localize(NEW_YORK).tz_convert("UTC"), payload.retrieved_at)
        return vintage("load_official", valid_time, published, numbers(payload, table[column]))

    def _load(self, payload: RawPayload, zone: BiddingZone, content: bytes) -> pd.DataFrame:
        table = pd.read_csv(io.BytesIO(content), dtype=object)
        require_columns(payload, table, ("Time Stamp", "Time Zone", "Name", "Integrated Load"))
        strange = sorted(set(table["Time Zone"]) - set(_OFFSETS))
        if strange:
            raise refusal(payload, f"Time Zone {', '.join(map(str, strange))} is neither EST nor EDT")
        wall = _times(payload, table["Time Stamp"], "%m/%d/%Y %H:%M:%S")
        begin = (wall + pd.to_timedelta(table["Time Zone"].map(_OFFSETS).to_numpy())).tz_localize("UTC")
        table = table.assign(begin=begin.as_unit("us"), mw=numbers(payload, table["Integrated Load"]))
        code = self.code(zone)
        if code == _WHOLE:
            distinct = table.drop_duplicates(["begin", "Name", "mw"])
            if distinct.duplicated(["begin", "Name"]).any():
                raise refusal(payload, "two values of one zone in the same hour")
            of_hour = distinct.groupby("begin")["mw"]
            load = of_hour.sum()[of_hour.count() == ZONES]
        else:
            load = table[[_same(name, code) for name in table["Name"]]].set_index("begin")["mw"]
        times = pd.DatetimeIndex(load.index)
        return vintage("load", times, availability_after(times, HOUR, self.settings.lag), load, "assumed")


def _day_of(payload: RawPayload, name: str) -> dt.date:
    found = re.search(r"(\d{8})(isolf|palIntegrated)", name)
    if found is None:
        raise refusal(payload, f"a file {name!r} whose name has no day")
    return dt.date.fromisoformat(found[1])


def _times(payload: RawPayload, texts: pd.Series, pattern: str) -> pd.DatetimeIndex:
    try:
        return pd.DatetimeIndex(pd.to_datetime(texts, format=pattern))
    except ValueError as error:
        raise refusal(payload, f"Time Stamp: a time that cannot be read ({error})") from error


def _same(name: str, code: str) -> bool:
    """Whether a name is that of a zone: forecasts write Capitl what load writes CAPITL."""
    return name.casefold() == code.casefold()
