"""AEMO's NEMWEB: operational demand of the regions of Australia's market, and its forecasts, every half-hour a vintage.

Files are listed on web pages and are zip files with a table, those of the archive zip files of such. Rows begin with C,
I or D: what the file is, the columns of a table, and its values; a file has several tables. All times are UTC+10
without daylight saving, and an interval is named by its end. A forecast is that which is exceeded with a probability of
one half (POE50), and is known from when its file was made, some minutes after its `LOAD_DATE`. Of rows that an
intervention of the operator has doubled, those without it count.

Source: https://nemweb.com.au/Reports, Operational_Demand. Licence: AEMO's copyright permissions, with attribution. A
forecast and lists are tested with recordings, actual demand with the documented columns.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import ClassVar

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import Mtu, TimeRange
from gridahead.sources.base import RawPayload
from gridahead.sources.http.body import zip_members
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.listed import ListedSource
from gridahead.sources.local_hours import HOUR, from_wall_clock, instant, vintage
from gridahead.sources.records import numbers, observed, refusal, require_columns
from gridahead.sources.wanted import Item

MARKET_TIME = "Etc/GMT-10"
"""UTC+10 all year; the sign of the name is reversed."""
_TABLES = {
    "ACTUAL_HH": ("ACTUAL", "OPERATIONAL_DEMAND", "load"),
    "FORECAST_HH": ("FORECAST", "OPERATIONAL_DEMAND_POE50", "load_official"),
}
"""By the folder: the name of the table, its column, and our quantity."""
_LINK = re.compile(rb'href="?([^">]*/)?([^">/]+\.zip)', re.IGNORECASE)
_STAMPS = {
    re.compile(r"_(\d{14})\.zip$", re.IGNORECASE): "%Y%m%d%H%M%S",
    re.compile(r"_(\d{12})_\d+\.zip$", re.IGNORECASE): "%Y%m%d%H%M",
    re.compile(r"_(\d{8})\.zip$", re.IGNORECASE): "%Y%m%d",
}
"""When a file was made, or of which interval or week it is, as its name says."""
_CURRENT, _WEEK, _LONG = pd.Timedelta(days=13), pd.Timedelta(days=7), pd.Timedelta(days=28)
"""Files stay among the current ones for two weeks or more; one of the archive has a week."""


class Aemo(ListedSource):
    """Reads files of NEMWEB, each of all regions."""

    zone_codes: ClassVar[Mapping[str, str]] = {code: code for code in ("NSW1", "QLD1", "SA1", "TAS1", "VIC1")}
    items = tuple(
        Item(folder, (quantity,), _LONG, settles=HOUR, together=True) for folder, (_, _, quantity) in _TABLES.items()
    )

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """The list of the archive for what is old, that of the current files for what is not."""
        edge = self.clock() - _CURRENT
        if window.start < edge:
            yield Request(f"/Reports/ARCHIVE/Operational_Demand/{item.name}/", expected=("html",))
        if window.end > edge:
            yield Request(f"/Reports/CURRENT/Operational_Demand/{item.name}/", expected=("html",))

    def check(self, answer: Answer) -> None:
        """Refuse a page that is no list.

        Raises:
            SourceError: what it is.
        """
        if b"[To Parent Directory]" not in answer.content:
            raise SourceError(self.name, f"no list of files: {answer.content[:200]!r}", retryable=True)

    def listed(self, item: Item, answer: Answer, window: TimeRange) -> Iterator[Request]:
        """The files of a list that were made in a window, the oldest first."""
        is_archive = b"/ARCHIVE/" in answer.content.upper()
        folder = f"/Reports/{'ARCHIVE' if is_archive else 'CURRENT'}/Operational_Demand/{item.name}/"
        length = _WEEK if is_archive else pd.Timedelta(0)
        found = []
        for _, name in set(_LINK.findall(answer.content)):
            made = _made(name.decode())
            if made is not None and made < window.end and made + length >= window.start:
                found.append((made, name.decode()))
        for _, name in sorted(found):
            yield Request(folder + name, expected=("zip",))

    def parse(self, payload: RawPayload) -> Observations:
        """Operational demand or its forecasts, of all zones [MW].

        Raises:
            SourceError: a file is not whole, or not of this form.
        """
        blocks = [OBSERVATIONS.empty()]
        tables = [_table(payload, name, content) for name, content in self._files(payload, payload.content)]
        for zone in self.zones:
            rows = [vintages for table in tables for vintages in self._of_zone(payload, zone, table)]
            blocks.append(observed(payload, zone, rows, Mtu.PT30M))
        return Observations(pd.concat(blocks, ignore_index=True))

    def _files(self, payload: RawPayload, content: bytes) -> Iterator[tuple[str, bytes]]:
        """The tables in a zip file, and in the zip files in it."""
        try:
            members = zip_members(content, int(self.settings.max_size_mb * 1e6))
        except zipfile.BadZipFile as error:
            raise refusal(payload, f"no whole zip file ({error})") from error
        for name, member in members.items():
            if name.lower().endswith(".zip"):
                yield from self._files(payload, member)
            else:
                yield name, member

    def _of_zone(
        self, payload: RawPayload, zone: BiddingZone, table: tuple[pd.Timestamp, pd.DataFrame]
    ) -> Iterator[pd.DataFrame]:
        made, rows = table
        _, column, quantity = _TABLES[str(payload.asked["item"])]
        require_columns(payload, rows, ("REGIONID", "INTERVAL_DATETIME", column))
        if rows.empty:
            return
        rows = rows[rows["REGIONID"] == self.code(zone)]
        ends = pd.DatetimeIndex(pd.to_datetime(rows["INTERVAL_DATETIME"], format="%Y/%m/%d %H:%M:%S"))
        begin = from_wall_clock(payload, ends, MARKET_TIME) - Mtu.PT30M.delta
        availability = "recorded" if quantity.endswith("_official") else "assumed"
        yield vintage(quantity, begin, made, numbers(payload, rows[column]), availability)


def _made(name: str) -> pd.Timestamp | None:
    """When a file was made, as its name says; none where it does not."""
    for pattern, form in _STAMPS.items():
        found = pattern.search(name)
        if found is not None:
            return pd.Timestamp(pd.to_datetime(found[1], format=form)).tz_localize(MARKET_TIME).tz_convert("UTC")
    return None


def _table(payload: RawPayload, name: str, content: bytes) -> tuple[pd.Timestamp, pd.DataFrame]:
    """When a file was made, and the table of operational demand in it.

    Raises:
        SourceError: it is not whole, or has no such table.
    """
    subject = _TABLES[str(payload.asked["item"])][0]
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig", errors="replace"))))
    if not lines or lines[-1][:2] != ["C", "END OF REPORT"] or int(lines[-1][2]) != len(lines):
        raise refusal(payload, f"{name} ends before it is complete")
    made = instant(payload, " ".join(lines[0][5:7]), MARKET_TIME, "%Y/%m/%d %H:%M:%S")
    columns = next((line for line in lines if line[:3] == ["I", "OPERATIONAL_DEMAND", subject]), None)
    if columns is None:
        raise refusal(payload, f"{name} has no table OPERATIONAL_DEMAND {subject}")
    values = [line for line in lines if line[:3] == ["D", "OPERATIONAL_DEMAND", subject]]
    table = pd.DataFrame([line[4:] for line in values], columns=columns[4:], dtype=object)
    if "INTERVENTION" in table:
        table = table[table["INTERVENTION"] == "0"]
    return made, table
