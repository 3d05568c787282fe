"""AESO's forecasts of wind and solar power in Alberta, and what they were measured to be.

A report has the past two days with their actual power and seven days ahead, in local time by the beginning of each
hour: the sun is highest at 13:36 in March, and by its labels the middle of solar power is half an hour before. The
report does not say when it was made: a forecast is known from when it was fetched, and begins with the first hour that
has no actual power. There is no history.

Source: http://ets.aeso.ca, wind and solar power forecasting, long term. Licence: AESO's terms of use. Tested with
recordings.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import ClassVar

import pandas as pd

from gridahead.core.grid import BiddingZone
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange
from gridahead.sources.base import RawPayload, availability_after
from gridahead.sources.http.request import Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.local_hours import HOUR, from_wall_clock, vintage
from gridahead.sources.records import numbers, observed, refusal, require_columns, zone_of
from gridahead.sources.wanted import Item

ALBERTA = "America/Edmonton"
_MONTH = pd.Timedelta(days=31)
_FOLDER = "/Market/Reports/Manual/Operations/prodweb_reports/wind_solar_forecast"


class Aeso(HttpSource):
    """Reads CSV reports of AESO."""

    zone_codes: ClassVar[Mapping[str, str]] = {"AESO": "AESO"}
    items = (
        Item("solar", ("solar", "solar_official"), _MONTH, settles=HOUR),
        Item("wind", ("wind", "wind_official"), _MONTH, settles=HOUR),
    )

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """The newest report, if the window reaches the present."""
        if window.end > self.clock() - HOUR:
            yield Request(f"{_FOLDER}/{item.name}_rpt_longterm.csv", expected=("csv",))

    def parse(self, payload: RawPayload) -> Observations:
        """Actual power and the most likely one ahead [MW].

        Raises:
            SourceError: it is no report of this form.
        """
        quantity, zone = str(payload.asked["item"]), zone_of(payload, self.zones)
        table = pd.read_csv(io.BytesIO(payload.content), dtype=object)
        require_columns(payload, table, ("Forecast Transaction Date", "Most Likely", "Actual"))
        try:
            wall = pd.DatetimeIndex(pd.to_datetime(table["Forecast Transaction Date"], format="%Y-%m-%d %H:%M"))
        except ValueError as error:
            raise refusal(payload, f"Forecast Transaction Date: a time that cannot be read ({error})") from error
        begin = from_wall_clock(payload, wall, ALBERTA)
        actual, likely = numbers(payload, table["Actual"]), numbers(payload, table["Most Likely"])
        last = actual.last_valid_index()
        measured = table.index <= (-1 if last is None else last)
        known = availability_after(begin[measured], HOUR, self.settings.lag)
        known = known.where(known <= payload.retrieved_at, payload.retrieved_at)
        return observed(
            payload,
            zone,
            [
                vintage(quantity, begin[measured], known, actual[measured], "assumed"),
                vintage(f"{quantity}_official", begin[~measured], payload.retrieved_at, likely[~measured]),
            ],
        )
