"""ERCOT's public reports: load, wind and solar power and their forecasts, each report a vintage, and prices.

Reports are zip files with a table and are listed for about a week. Their names say when they were published, in Central
time. Hours are counted by their end in local time, 1 to 24, and `DSTFlag` marks the second of the two that autumn has.
A report of wind or solar power has what was measured until it was published, and the forecast of what follows: of the
hours before, the forecast is none any more and is not read. The price is that of the day-ahead market, on average over
the hubs.

Source: https://www.ercot.com/mp/data-products, NP3-560, NP4-190, NP4-732, NP4-737, NP6-345. Licence: ERCOT's terms of
use. The list and forecasts are tested with recordings, load and prices with the documented columns.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange
from gridahead.sources.base import RawPayload
from gridahead.sources.http.body import zip_members
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.listed import ListedSource
from gridahead.sources.local_hours import HOUR, beginnings, from_wall_clock, instant, vintage
from gridahead.sources.records import numbers, observed, refusal, require_columns, zone_of
from gridahead.sources.wanted import Item

CENTRAL = "America/Chicago"
_KEPT = pd.Timedelta(days=8)
_NAME = re.compile(r"cdr\.\d{8}\.\d+\.(\d{8}\.\d{6})\.")
"""Of a report: the day and time of its publication."""


@dataclass(frozen=True, slots=True)
class Report:
    """The columns of a report."""

    day: str
    hour: str
    measured: tuple[str, str] | None
    """Our quantity and its column."""
    forecast: tuple[str, str] | None
    """Our quantity and its column."""
    point: str = ""
    """Which `SettlementPoint` is read, of a report that has many."""


REPORTS: Mapping[str, Report] = {
    "12311": Report("DeliveryDate", "HourEnding", None, ("load_official", "SystemTotal")),
    "12331": Report("DeliveryDate", "HourEnding", None, ("price", "SettlementPointPrice"), "HB_HUBAVG"),
    "13028": Report(
        "DELIVERY_DATE", "HOUR_ENDING", ("wind", "SYSTEM_WIDE_GEN"), ("wind_official", "STWPF_SYSTEM_WIDE")
    ),
    "13101": Report("OperDay", "HourEnding", ("load", "TOTAL"), None),
    "13483": Report(
        "DELIVERY_DATE", "HOUR_ENDING", ("solar", "SYSTEM_WIDE_GEN"), ("solar_official", "STPPF_SYSTEM_WIDE")
    ),
}
"""By the number of their type: load forecast, prices of the day-ahead market, wind power, load, solar power."""


class Ercot(ListedSource):
    """Reads the reports of ERCOT's market information system."""

    zone_codes: ClassVar[Mapping[str, str]] = {"ERCO": "ERCOT"}
    items = tuple(
        Item(number, tuple(pair[0] for pair in (report.measured, report.forecast) if pair), _KEPT, settles=HOUR)
        for number, report in REPORTS.items()
    )

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """The list of the reports of a type, if any of the window may still be on it."""
        if window.end > self.clock() - _KEPT:
            yield Request("/misapp/servlets/IceDocListJsonWS", {"reportTypeId": item.name})

    def check(self, answer: Answer) -> None:
        """Refuse a list that is none.

        Raises:
            SourceError: what came instead.
        """
        try:
            answer.json()["ListDocsByRptTypeRes"]["DocumentList"]
        except (KeyError, TypeError):
            raise SourceError(self.name, f"no list of reports: {answer.content[:200]!r}", retryable=True) from None

    def listed(self, item: Item, answer: Answer, window: TimeRange) -> Iterator[Request]:
        """The reports as tables that were published in a window, the oldest first."""
        entries = answer.json()["ListDocsByRptTypeRes"]["DocumentList"]
        documents = entries if isinstance(entries, list) else [entries]
        found = []
        for document in (entry["Document"] for entry in documents):
            published = pd.Timestamp(document["PublishDate"]).tz_convert("UTC")
            if document["FriendlyName"].endswith("csv") and window.start <= published < window.end:
                found.append((published, str(document["DocID"])))
        for _, number in sorted(found):
            yield Request("/misdownload/servlets/mirDownload", {"doclookupId": number}, expected=("zip",))

    def parse(self, payload: RawPayload) -> Observations:
        """What a report has measured and forecast [MW], known from its publication.

        Raises:
            SourceError: it is no report of its type.
        """
        files = zip_members(payload.content, int(self.settings.max_size_mb * 1e6))
        return observed(
            payload,
            zone_of(payload, self.zones),
            [rows for name, content in files.items() for rows in _rows(payload, name, content)],
        )


def _rows(payload: RawPayload, name: str, content: bytes) -> Iterator[pd.DataFrame]:
    report, named = REPORTS[str(payload.asked["item"])], _NAME.search(name)
    if named is None:
        raise refusal(payload, f"a report {name!r} whose name has no time of publication")
    published = instant(payload, named[1], CENTRAL, "%Y%m%d.%H%M%S")
    table = pd.read_csv(io.BytesIO(content), dtype=object).rename(columns=str.strip)
    columns = [pair[1] for pair in (report.measured, report.forecast) if pair is not None]
    point = ["SettlementPoint"] if report.point else []
    require_columns(payload, table, (report.day, report.hour, "DSTFlag", *columns, *point))
    if report.point:
        table = table[table["SettlementPoint"] == report.point]
    hours = numbers(payload, table[report.hour].str.removesuffix(":00"))
    try:
        wall = beginnings(pd.to_datetime(table[report.day], format="%m/%d/%Y"), hours)
    except ValueError as error:
        raise refusal(payload, f"{report.day}: a day that cannot be read ({error})") from error
    begin = from_wall_clock(payload, wall, CENTRAL, table["DSTFlag"].str.strip() == "Y")
    is_past = begin + HOUR <= published
    if report.measured is not None:
        quantity, column = report.measured
        value = numbers(payload, table[column])[is_past]
        yield vintage(quantity, begin[is_past], published, value, "assumed")
    if report.forecast is not None:
        quantity, column = report.forecast
        yield vintage(quantity, begin[~is_past], published, numbers(payload, table[column])[~is_past])
