"""The chart data of the German market data portal SMARD: load, generation, official forecasts and prices.

The portal lays its values in files of a week each, which begins on Monday at midnight in Berlin and has 167 or 169
hours where clocks change; an index names the weeks. Times are the beginnings of units in milliseconds since 1970.
Power comes as energy per unit [MWh], and is made mean power [MW]. When a file was built says nothing of when a value
was published, so availability is assumed. Actual values are revised without a word.

Source: https://www.smard.de/app/chart_data. Licence CC BY 4.0, "Bundesnetzagentur | SMARD.de". Tested with examples of
a specification and with weeks written in its form, as no recording was to be had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np
import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone, Series, official_by
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import Deadline, Mtu, TimeRange
from gridahead.sources.base import RawPayload
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.records import known_from, numbers, observed, refusal, reply_of, zone_of
from gridahead.sources.wanted import Item

FILTERS: Mapping[str, int] = {
    "load": 410,
    "residual_load": 4359,
    "wind_onshore": 4067,
    "wind_offshore": 1225,
    "solar": 4068,
    "biomass": 4066,
    "hydro": 1226,
    "lignite": 1223,
    "hard_coal": 4069,
    "gas": 4071,
    "hydro_pumped_storage": 4070,
    "load_official": 411,
    "wind_onshore_official": 123,
    "wind_offshore_official": 3791,
    "solar_official": 125,
    "wind_solar_official": 5097,
    "price": 4169,
}
"""The portal's number of each of our quantities. Source: openapi.yaml of bundesAPI/smard-api."""
ABSENT = 404
_PRICES = {"AT": 4170, "DE": FILTERS["price"], "DE-LU": FILTERS["price"]}
"""The number of the price by region; a control area has none of its own."""
_CONTROL_AREAS = {
    "DE-50HZ": "50Hertz",
    "DE-AMPRION": "Amprion",
    "DE-TENNET": "TenneT",
    "DE-TRANSNET": "TransnetBW",
}
_HOUR, _WEEK, _MONTH = pd.Timedelta(hours=1), pd.Timedelta(days=7), pd.Timedelta(days=31)
_TODAY, _AHEAD = pd.Timedelta(0), pd.Timedelta(days=2)


class SmardLive(HttpSource):
    """Reads the week files behind the portal's charts."""

    zone_codes: ClassVar[Mapping[str, str]] = {"AT": "AT", "DE": "DE", "DE-LU": "DE-LU", **_CONTROL_AREAS}
    items = tuple(
        Item(name, (name,), _MONTH, ahead=_AHEAD if name == "price" or name.endswith("_official") else _TODAY)
        for name in FILTERS
    )

    @property
    def official_available(self) -> Mapping[str, Deadline]:
        """By when EU law wants each official forecast, as the portal does not say when it came."""
        names = [item.name.removesuffix("_official") for item in self.wanted_items() if item.name.endswith("_official")]
        series = (Series(zone.code, name) for zone in self.zones for name in names)
        return {str(one.official): by for one in series if (by := official_by(one)) is not None}

    def offers(self, item: Item, zone: BiddingZone) -> bool:
        """Prices of bidding zones, all else of control areas as well."""
        return item.name != "price" or self.code(zone) in _PRICES

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """The week files that the index names for the window; of prices those of hours where there are no quarters.

        The index is asked for each time, as a week may be new.
        """
        region, there = self.code(zones[0]), set[int]()
        number = _PRICES[region] if item.name == "price" else FILTERS[item.name]
        for resolution in ("quarterhour", "hour") if item.name == "price" else ("quarterhour",):
            index = self.transport.get(_file(number, region, f"index_{resolution}"), self.check)
            weeks = [week for week in _weeks(index, window) if week not in there]
            there |= set(weeks)
            yield from (_file(number, region, f"{number}_{region}_{resolution}_{week}") for week in weeks)

    def check(self, answer: Answer) -> None:
        """Refuse a web page where a file should be; that of a file which is not there is an answer.

        Raises:
            SourceError: the portal sent a page, which it does when it is overloaded.
        """
        if answer.status != ABSENT and not answer.content.lstrip().startswith(b"{"):
            raise SourceError(self.name, "a web page instead of data", retryable=True)

    def parse(self, payload: RawPayload) -> Observations:
        """The series of a week file, in MW or EUR/MWh; nothing where the portal has no such file.

        Raises:
            SourceError: it is none.
        """
        if payload.asked.get("status") == ABSENT:
            return Observations(OBSERVATIONS.empty())
        reply, quantity = reply_of(payload), str(payload.asked["item"])
        pairs = reply.get("series") if isinstance(reply, Mapping) else None
        if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            raise refusal(payload, "no list of times and values under series")
        zone = zone_of(payload, self.zones)
        table = pd.DataFrame(pairs, columns=["time", "value"], dtype=object)
        times = pd.DatetimeIndex(pd.to_datetime(numbers(payload, table["time"]), unit="ms", utc=True)).as_unit("us")
        if len(times) < 2:
            return Observations(OBSERVATIONS.empty())
        mtu = _unit_of(payload, times)
        values = numbers(payload, table["value"])
        rows = pd.DataFrame(
            {
                "quantity": quantity,
                "valid_time": times,
                "available_at": known_from(Series(zone.code, quantity), times, mtu, zone, self.settings.lag),
                "availability": "assumed",
                "value": values if quantity == "price" else values * mtu.per_hour,
            }
        )
        return observed(payload, zone, [rows], mtu)


def _file(number: int, region: str, name: str) -> Request:
    """The request for a file of the portal, which answers with a web page where there is none."""
    path = f"/{number}/{region}/{name}.json"
    return Request(path, expected=("json", "html"), answers=frozenset({200, ABSENT}))


def _weeks(index: Answer, window: TimeRange) -> Iterator[int]:
    """The weeks of an index that a window touches, as the portal numbers them: by their first millisecond."""
    weeks = sorted(index.json().get("timestamps", [])) if index.status != ABSENT else []
    for week, following in zip(weeks, [*weeks[1:], None], strict=False):
        start = pd.Timestamp(week, unit="ms", tz="UTC")
        end = start + _WEEK + _HOUR if following is None else pd.Timestamp(following, unit="ms", tz="UTC")
        if start < window.end and end > window.start:
            yield week


def _unit_of(payload: RawPayload, times: pd.DatetimeIndex) -> Mtu:
    """The unit of a file, by which energy becomes power: the portal leaves no row out, so that there is one step.

    Raises:
        SourceError: there are several, or no market time unit is as long.
    """
    steps = [pd.Timedelta(step) for step in np.unique(np.diff(times.unique().sort_values().to_numpy()))]
    if len(steps) != 1:
        raise refusal(payload, f"its units are not of one length, but of {', '.join(str(step) for step in steps)}")
    try:
        return Mtu.from_delta(steps[0])
    except ValueError as error:
        raise refusal(payload, str(error)) from error
