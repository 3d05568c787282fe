"""Nord Pool's market data: day-ahead prices, and of the continuous intraday market the mean price of quarter-hours.

Day-ahead prices are known from their auction. The intraday price is the mean of the trades in contracts of one
quarter-hour, weighted by volume, and known when the statistics were last updated, which they say; contracts of hours
and half-hours are products of their own, and left out. A quarter-hour without trades has no price.

Source: https://data-api.nordpoolgroup.com, version 2, for customers. Licence: Nord Pool's, which allows no passing on.
The statistics are tested with a recording, day-ahead prices with answers in the form that others have described.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pandas as pd

from gridahead.core.grid import BiddingZone, Series, currency_of
from gridahead.core.tables import Observations
from gridahead.core.time import Mtu, TimeRange, days_between
from gridahead.sources.base import RawPayload
from gridahead.sources.http.request import Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.records import (
    instants,
    known_from,
    numbers,
    observed,
    records_of,
    refusal,
    reply_of,
    require_columns,
    units_of,
    zone_of,
)
from gridahead.sources.wanted import Item

_TIMEZONE = "Europe/Oslo"
"""Delivery days are counted in Central European time everywhere."""
_SAME = (
    *("AT", "BE", "DK1", "DK2", "EE", "FI", "FR", "LT", "LV", "NL", "PL"),
    *("NO1", "NO2", "NO3", "NO4", "NO5", "SE1", "SE2", "SE3", "SE4"),
)
_QUARTER_HOURS = "QH-"
_NONE = 204
"""Of a day that has no prices yet."""
_ANSWERS = frozenset({200, _NONE})
_WEEK, _AHEAD = pd.Timedelta(days=7), pd.Timedelta(days=1)


class NordPool(HttpSource):
    """Reads the JSON of Nord Pool's market data API."""

    zone_codes: ClassVar[Mapping[str, str]] = {"DE": "GER", "GB": "UK", **{code: code for code in _SAME}}
    items = (Item("price", ("price",), _WEEK, ahead=_AHEAD), Item("intraday", ("price_intraday",), _WEEK))

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """One request for each delivery day that the window touches."""
        zone = zones[0]
        last = window.end - pd.Timedelta(seconds=1)
        for day in days_between(window.start.tz_convert(_TIMEZONE).date(), last.tz_convert(_TIMEZONE).date()):
            about = {"areas": self.code(zone), "date": day.isoformat()}
            if item.name == "intraday":
                yield Request("/Intraday/ContractStatistics/ByAreas", about, answers=_ANSWERS)
            else:
                market = "GbHalfHour_DayAhead" if zone.code == "GB" else "DayAhead"
                about |= {"market": market, "currency": currency_of(zone)}
                yield Request("/Auction/Prices/ByAreas", about, answers=_ANSWERS)

    def parse(self, payload: RawPayload) -> Observations:
        """The prices of an answer, in its currency per MWh.

        Raises:
            SourceError: it is of another area or currency, or a price is there twice and not the same.
        """
        zone, item = zone_of(payload, self.zones), str(payload.asked["item"])
        if payload.asked.get("status") == _NONE:
            return observed(payload, zone, [])
        areas = records_of(payload, reply_of(payload))
        frames = []
        for area in areas.to_dict("records"):
            if area.get("deliveryArea") != self.code(zone):
                raise refusal(payload, f"prices of {area.get('deliveryArea')} instead of {self.code(zone)}")
            if item == "intraday":
                frames.append(self._intraday(payload, zone, area))
            else:
                frames.append(self._auction(payload, zone, area))
        return observed(payload, zone, frames, Mtu.PT15M)

    def _auction(self, payload: RawPayload, zone: BiddingZone, area: Mapping[Any, Any]) -> pd.DataFrame:
        """The day-ahead prices of an area."""
        _require_currency(payload, zone, str(area.get("currency")))
        prices = records_of(payload, area, "prices")
        if not len(prices):
            return pd.DataFrame()
        require_columns(payload, prices, ("deliveryStart", "price"))
        valid_time = instants(payload, prices["deliveryStart"])
        units = units_of(payload, valid_time, zone.timezone, Mtu.PT60M)
        known = known_from(Series(zone.code, "price"), valid_time, units, zone, self.settings.lag)
        return _frame("price", valid_time, known, "assumed", numbers(payload, prices["price"]))

    def _intraday(self, payload: RawPayload, zone: BiddingZone, area: Mapping[Any, Any]) -> pd.DataFrame:
        """The mean prices of quarter-hours of an area, of what was traded inside it and across its borders."""
        _require_currency(payload, zone, str(area.get("priceUnit")).partition("/")[0])
        contracts = records_of(payload, area, "contracts")
        require_columns(payload, contracts, ("contractName", "contractId", "deliveryStart", "averagePrice", "volume"))
        if not len(contracts):
            return pd.DataFrame()
        named = contracts["contractName"].astype(str).str.startswith(_QUARTER_HOURS)
        quarters = contracts[named].drop_duplicates().reset_index(drop=True)
        if quarters["contractId"].duplicated().any():
            raise refusal(payload, "a contract is there twice and not the same")
        updated = instants(payload, pd.Series([area.get("updatedAt")], name="updatedAt"))[0]
        traded = pd.DataFrame(
            {
                "valid_time": instants(payload, quarters["deliveryStart"]),
                "price": numbers(payload, quarters["averagePrice"]),
                "volume": numbers(payload, quarters["volume"]),
            }
        )
        traded = traded[traded["price"].notna() & (traded["volume"] > 0)]
        traded["paid"] = traded["price"] * traded["volume"]
        sums = traded.groupby("valid_time")[["paid", "volume"]].sum()
        known = pd.DatetimeIndex([updated] * len(sums), tz="UTC").as_unit("us")
        return _frame("price_intraday", pd.DatetimeIndex(sums.index), known, "recorded", sums["paid"] / sums["volume"])


def _frame(
    quantity: str, valid_time: pd.DatetimeIndex, known: pd.DatetimeIndex, availability: str, values: pd.Series
) -> pd.DataFrame:
    """The rows of a quantity."""
    about = {"quantity": quantity, "availability": availability}
    return pd.DataFrame({"valid_time": valid_time, "available_at": known, "value": values.to_numpy(), **about})


def _require_currency(payload: RawPayload, zone: BiddingZone, currency: str) -> None:
    """Let prices pass only if they are in the currency of the zone.

    Raises:
        SourceError: they are not.
    """
    if currency != currency_of(zone):
        raise refusal(payload, f"prices in {currency}, and {zone.code} has them in {currency_of(zone)}")
