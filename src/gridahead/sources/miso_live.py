"""MISO's data broker: the newest forecasts of wind and solar power.

An answer says of which interval it is (`RefId`), and counts as known from the end of that hour, or from when it was
fetched, if that was earlier. Hours are in Eastern Standard Time all year; `DateTimeEST` is their beginning and
`HourEndingEST` their number. There is no history: a window that ended before is not asked for.

Source: https://api.misoenergy.org/MISORTWDDataBroker, getwindforecast and getsolarforecast. Licence: MISO's terms of
use. Tested with recordings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange
from gridahead.sources.base import RawPayload
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.local_hours import EASTERN_STANDARD, HOUR, from_wall_clock, instant, vintage
from gridahead.sources.records import numbers, observed, records_of, refusal, reply_of, require_columns, zone_of
from gridahead.sources.wanted import Item

_QUANTITIES = {"getwindforecast": "wind_official", "getsolarforecast": "solar_official"}
_MONTH = pd.Timedelta(days=31)


class MisoLive(HttpSource):
    """Reads the JSON of MISO's data broker."""

    zone_codes: ClassVar[Mapping[str, str]] = {"MISO": "MISO"}
    items = tuple(Item(message, (quantity,), _MONTH, settles=HOUR) for message, quantity in _QUANTITIES.items())

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """The newest forecast, if the window reaches the present."""
        if window.end > self.clock() - HOUR:
            yield Request("/DataBrokerServices.asmx", {"messageType": item.name, "returnType": "json"})

    def check(self, answer: Answer) -> None:
        """Refuse an answer without a forecast.

        Raises:
            SourceError: what it says.
        """
        reply = answer.json()
        if not isinstance(reply, Mapping) or not reply.get("Forecast"):
            raise SourceError(self.name, f"an answer without a forecast: {str(reply)[:200]}", retryable=True)

    def parse(self, payload: RawPayload) -> Observations:
        """The forecast [MW].

        Raises:
            SourceError: it is none, or its two labels of an hour do not say the same.
        """
        reply, zone = reply_of(payload), zone_of(payload, self.zones)
        rows = records_of(payload, reply, "Forecast")
        require_columns(payload, rows, ("DateTimeEST", "HourEndingEST", "Value"))
        interval = str(reply.get("RefId", "")).replace(" - Interval ", " ").removesuffix(" EST")
        made = instant(payload, interval, EASTERN_STANDARD, "%d-%b-%Y %H:%M")
        try:
            wall = pd.DatetimeIndex(pd.to_datetime(rows["DateTimeEST"], format="%Y-%m-%d %I:%M:%S %p"))
        except ValueError as error:
            raise refusal(payload, f"DateTimeEST: a time that cannot be read ({error})") from error
        if (wall.hour + 1 != numbers(payload, rows["HourEndingEST"])).any():
            raise refusal(payload, "DateTimeEST is not the beginning of the hour that HourEndingEST names")
        valid_time = from_wall_clock(payload, wall, EASTERN_STANDARD)
        known = min(made + HOUR, payload.retrieved_at)
        quantity = _QUANTITIES[str(payload.asked["item"])]
        return observed(payload, zone, [vintage(quantity, valid_time, known, numbers(payload, rows["Value"]))])
