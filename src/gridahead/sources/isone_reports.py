"""ISO New England's public reports: forecasts of wind and solar power for seven days, with the time of their making.

A report has a column for each day and a row for each hour, by its end in local time; `02X` is the second of two. A
window is one of publication, so that history has every report of it.

Source: https://www.iso-ne.com/isoexpress, seven-day wind and solar power forecast. Licence: ISO-NE's terms of use.
Tested with recordings; the label of the hour that comes twice is the operator's rule, of which there is no recording.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import TimeRange
from gridahead.sources.base import RawPayload
from gridahead.sources.http.body import page_title
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.local_hours import beginnings, from_wall_clock, instant, local_days, vintage
from gridahead.sources.records import numbers, observed, refusal, zone_of
from gridahead.sources.wanted import Item

_CLOCKS = {"EST": "Etc/GMT+5", "EDT": "Etc/GMT+4"}
_QUANTITIES = {"wphf": "wind_official", "sphf": "solar_official"}
_MADE = re.compile(r"Report generated (\d\d/\d\d/\d{4} \d\d:\d\d:\d\d) (E[SD]T)")
_DAY, _WEEK = pd.Timedelta(days=1), pd.Timedelta(days=7)


class IsoneReports(HttpSource):
    """Reads CSV reports of ISO-NE, one a day of publication."""

    zone_codes: ClassVar[Mapping[str, str]] = {"ISNE": "ISNE"}
    items = tuple(Item(report, (quantity,), _WEEK, settles=_DAY) for report, quantity in _QUANTITIES.items())

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """One request for every day of publication that a window touches; a day may have no report."""
        for day in local_days(window, zones[0].timezone):
            yield Request(
                f"/transform/csv/{item.name}",
                {"start": f"{day:%Y%m%d}"},
                expected=("csv", "html"),
                answers=frozenset({200, 404}),
            )

    def check(self, answer: Answer) -> None:
        """Refuse a web page that comes in the place of a report.

        Raises:
            SourceError: what it says; the next answer may be a report.
        """
        if answer.status == 200 and not answer.content.lstrip().startswith(b'"C"'):
            raise SourceError(self.name, f"no report: {page_title(answer.content)}", retryable=True)

    def parse(self, payload: RawPayload) -> Observations:
        """The forecast of a report [MW], known from when it was generated.

        Raises:
            SourceError: it is no report of this form.
        """
        if payload.asked["status"] == 404:
            return Observations(OBSERVATIONS.empty())
        zone, text = zone_of(payload, self.zones), payload.content.decode("utf-8-sig", errors="replace")
        made = _MADE.search(text)
        if made is None:
            raise refusal(payload, "it does not say when it was generated")
        published = instant(payload, made[1], _CLOCKS[made[2]], "%m/%d/%Y %H:%M:%S")
        lines = list(csv.reader(io.StringIO(text)))
        header = next((line for line in lines if line[:3] == ["D", "Date", "Hour Ending"]), None)
        hours = [line for line in lines if line[:2] == ["D", ""] and re.fullmatch(r"\d\dX?", line[2])]
        if header is None or not hours or any(len(line) != len(header) for line in hours):
            raise refusal(payload, "no table of days and hours")
        table = pd.DataFrame(hours).drop(columns=[0, 1]).melt(id_vars=[2], var_name="column", value_name="mw")
        table = table[table["mw"].str.strip() != ""].reset_index(drop=True)
        days = pd.to_datetime(table["column"].map(dict(enumerate(header))), format="%m/%d/%Y")
        is_second = table[2].str.endswith("X")
        wall = beginnings(days, table[2].str.removesuffix("X").astype(int))
        valid_time = from_wall_clock(payload, wall, zone.timezone, is_second)
        quantity = _QUANTITIES[str(payload.asked["item"])]
        return observed(payload, zone, [vintage(quantity, valid_time, published, numbers(payload, table["mw"]))])
