"""ISO New England's web services: load, every vintage of its forecast, and generation by fuel.

Times have their offset, so that days of 23 and 25 hours need no rule. A forecast says when it was made
(`CreationDate`), and every one that was made for a day is in the answer. Load is `NativeLoad`, without the pumps that
take power at will, because that is what the forecast is of. Generation comes as snapshots every few minutes: an hour
has their mean by time if they cover three quarters of it, and a fuel that a snapshot leaves out gives nothing then.

The price is that of the day-ahead market at the internal hub.

Source: https://webservices.iso-ne.com/docs/v1.1, hourlyloadforecast, hourlysysload, genfuelmix, hourlylmp. Licence:
ISO-NE's terms of use. Tested with recordings, but for prices, which are read as documented.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pandas as pd

from gridahead.core.grid import BiddingZone, Series
from gridahead.core.tables import Observations
from gridahead.core.time import Mtu, TimeRange
from gridahead.sources.averaging import ENOUGH
from gridahead.sources.base import RawPayload, availability_after
from gridahead.sources.http.request import Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.local_hours import HOUR, local_days, vintage
from gridahead.sources.records import (
    instants,
    known_from,
    numbers,
    observed,
    records_of,
    refusal,
    reply_of,
    require_columns,
    zone_of,
)
from gridahead.sources.wanted import Item

FUELS: Mapping[str, str] = {
    "Coal": "hard_coal",
    "Hydro": "hydro",
    "Landfill Gas": "biomass",
    "Natural Gas": "gas",
    "Nuclear": "nuclear",
    "Oil": "oil",
    "Other": "other_generation",
    "Refuse": "waste",
    "Solar": "solar",
    "Wind": "wind",
    "Wood": "biomass",
}
_WEEK = pd.Timedelta(days=7)
_HUB = 4000
"""The location whose prices stand for New England: its internal hub."""
_LONGEST_SNAPSHOT = pd.Timedelta(minutes=15)
"""A snapshot says nothing of what is longer after it: the operator's own come every three to ten minutes."""


class Isone(HttpSource):
    """Reads the JSON of ISO-NE's web services, a day an answer."""

    zone_codes: ClassVar[Mapping[str, str]] = {"ISNE": "32"}
    items = (
        Item("hourlyloadforecast", ("load_official",), _WEEK, ahead=pd.Timedelta(days=2)),
        Item("hourlysysload", ("load",), _WEEK),
        Item("hourlylmp", ("price",), _WEEK, ahead=pd.Timedelta(days=2)),
        Item("genfuelmix", tuple(sorted(set(FUELS.values()))), _WEEK),
    )

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """One request for every local day that a window touches."""
        kind = {"hourlyloadforecast": "all/", "hourlylmp": "da/final/"}.get(item.name, "")
        place = f"/location/{_HUB}" if item.name == "hourlylmp" else ""
        for day in local_days(window, zones[0].timezone):
            yield Request(f"/{item.name}/{kind}day/{day:%Y%m%d}{place}", headers={"accept": "application/json"})

    def parse(self, payload: RawPayload) -> Observations:
        """The series of a day [MW].

        Raises:
            SourceError: it is no answer of this service.
        """
        item, zone, reply = payload.asked["item"], zone_of(payload, self.zones), reply_of(payload)
        if item == "hourlyloadforecast":
            rows = [_forecasts(payload, reply)]
        elif item == "hourlysysload":
            rows = [self._loads(payload, reply)]
        elif item == "hourlylmp":
            rows = [self._prices(payload, zone, reply)]
        else:
            rows = self._generation(payload, _records(payload, reply, "GenFuelMixes", "GenFuelMix"))
        return observed(payload, zone, rows)

    def _loads(self, payload: RawPayload, reply: Any) -> pd.DataFrame:
        records = _records(payload, reply, "HourlySystemLoads", "HourlySystemLoad")
        require_columns(payload, records, ("BeginDate", "NativeLoad"))
        if records.empty:
            return records
        begin = instants(payload, records["BeginDate"])
        value = numbers(payload, records["NativeLoad"])
        return vintage("load", begin, availability_after(begin, HOUR, self.settings.lag), value, "assumed")

    def _prices(self, payload: RawPayload, zone: BiddingZone, reply: Any) -> pd.DataFrame:
        records = _records(payload, reply, "HourlyLmps", "HourlyLmp")
        require_columns(payload, records, ("BeginDate", "LmpTotal"))
        if records.empty:
            return records
        begin = instants(payload, records["BeginDate"])
        known = known_from(Series(zone.code, "price"), begin, Mtu.PT60M, zone, self.settings.lag)
        known = known.where(known <= payload.retrieved_at, payload.retrieved_at)
        return vintage("price", begin, known, numbers(payload, records["LmpTotal"]), "assumed")

    def _generation(self, payload: RawPayload, records: pd.DataFrame) -> list[pd.DataFrame]:
        """Means of the hours that had ended when the answer came."""
        require_columns(payload, records, ("BeginDate", "FuelCategory", "GenMw"))
        if records.empty:
            return []
        for fuel in sorted(set(records["FuelCategory"]) - set(FUELS)):
            self.warn(
                f"ISO-NE reports generation by {fuel!r}, which is none of the fuels that are known: it is left out"
            )
        records = records.assign(
            begin=instants(payload, records["BeginDate"]),
            value=numbers(payload, records["GenMw"]),
            quantity=records["FuelCategory"].map(FUELS),
        ).drop_duplicates(["begin", "FuelCategory", "value"])
        if records.duplicated(["begin", "FuelCategory"]).any():
            raise refusal(payload, "two values of one fuel in the same snapshot")
        snapshots = records.pivot_table("value", "begin", "quantity", aggfunc="sum").fillna(0.0)
        means = _hourly(snapshots)
        means = means[pd.DatetimeIndex(means.index) + HOUR <= payload.retrieved_at]
        begin = pd.DatetimeIndex(means.index)
        known = availability_after(begin, HOUR, self.settings.lag)
        return [vintage(str(quantity), begin, known, means[quantity], "assumed") for quantity in means]


def _forecasts(payload: RawPayload, reply: Any) -> pd.DataFrame:
    """Every vintage in an answer of the service, or in that of the operator's chart, which has the last two."""
    if isinstance(reply, list):
        charts = [entry.get("data") for entry in reply if isinstance(entry, Mapping)]
        parts = [records_of(payload, chart, name) for chart in charts for name in ("priorDay", "forecast")]
        records = pd.concat(parts, ignore_index=True).rename(columns={"Mw": "LoadMw"}) if parts else pd.DataFrame()
    else:
        records = _records(payload, reply, "HourlyLoadForecasts", "HourlyLoadForecast")
    require_columns(payload, records, ("BeginDate", "CreationDate", "LoadMw"))
    if records.empty:
        return records
    made = instants(payload, records["CreationDate"])
    return vintage("load_official", instants(payload, records["BeginDate"]), made, numbers(payload, records["LoadMw"]))


def _records(payload: RawPayload, reply: Any, outer: str, inner: str) -> pd.DataFrame:
    """The records of an answer: the service writes one without a list around it, and none as an empty text."""
    if not isinstance(reply, Mapping) or outer not in reply:
        raise refusal(payload, f"no {outer} in it")
    found = reply[outer].get(inner, []) if isinstance(reply[outer], Mapping) else []
    return records_of(payload, [found] if isinstance(found, Mapping) else found)


def _hourly(snapshots: pd.DataFrame) -> pd.DataFrame:
    """The mean of each hour by time, of hours that snapshots cover for the most part.

    Args:
        snapshots: a column a quantity; each row holds until the next one.
    """
    begin = pd.DatetimeIndex(snapshots.index)
    ends = pd.DatetimeIndex([*begin[1:], begin[-1] + _LONGEST_SNAPSHOT])
    ends = ends.where(ends - begin <= _LONGEST_SNAPSHOT, begin + _LONGEST_SNAPSHOT)
    hours = begin.floor("h")
    parts = []
    for hour in (hours, hours + HOUR):  # a snapshot may reach into the next hour
        seconds = (ends.where(ends < hour + HOUR, hour + HOUR) - begin.where(begin > hour, hour)).total_seconds()
        parts.append(snapshots.assign(hour=hour, seconds=seconds)[seconds > 0])
    pieces = pd.concat(parts)
    covered = pieces.groupby("hour")["seconds"].sum()
    energy = pieces[list(snapshots)].mul(pieces["seconds"], axis=0).groupby(pieces["hour"]).sum()
    return energy.div(covered, axis=0)[covered >= ENOUGH * HOUR.total_seconds()]
