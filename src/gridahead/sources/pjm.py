"""PJM's Data Miner 2: load, wind and solar forecasts with the time of their making, generation by fuel, prices.

Times are given in UTC and begin their hours; energy over an hour is its mean power. Forecasts say when they were
evaluated, and each evaluation is a vintage. The seven-day feed has the newest evaluation alone; `load_frcstd_hist` has
those of every six hours of past days. `Multiple Fuels` is other generation; wind and solar power behind the meter is
not counted. The price is that of the day-ahead market for all of PJM.

Source: https://dataminer2.pjm.com, definitions of the feeds. Licence: PJM; who is no member may not pass data on
without one. Forecasts of load and solar power and generation are tested with recordings, the rest with the documented
fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone, Series
from gridahead.core.tables import Observations
from gridahead.core.time import Mtu, TimeRange
from gridahead.sources.base import RawPayload, availability_after
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.local_hours import HOUR, vintage
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

_PAGE = 50_000
"""More rows than a window of any feed has."""
_WHOLE = "RTO"
_WEEK, _MONTH = pd.Timedelta(days=7), pd.Timedelta(days=31)
FUELS: Mapping[str, str] = {
    "Coal": "hard_coal",
    "Gas": "gas",
    "Hydro": "hydro",
    "Multiple Fuels": "other_generation",
    "Nuclear": "nuclear",
    "Oil": "oil",
    "Other": "other_generation",
    "Other Renewables": "other_renewable",
    "Solar": "solar",
    "Storage": "storage",
    "Wind": "wind",
}


@dataclass(frozen=True, slots=True)
class Feed:
    """The fields of a feed."""

    begin: str
    """The beginning of an hour in UTC."""
    value: str
    quantity: str
    """What it is; by fuel unless given."""
    made: str = ""
    """When it was evaluated in UTC; measured unless given."""
    area: str = ""
    """The field that has the area, if it has several."""
    whole: str = _WHOLE
    """What that field says of all of PJM."""


FEEDS: Mapping[str, Feed] = {
    "da_hrl_lmps": Feed("datetime_beginning_utc", "total_lmp_da", "price", "", "pnode_id", "1"),
    "gen_by_fuel": Feed("datetime_beginning_utc", "mw", ""),
    "hourly_solar_power_forecast": Feed(
        "datetime_beginning_utc", "solar_forecast_mwh", "solar_official", "evaluated_at_utc"
    ),
    "hourly_wind_power_forecast": Feed(
        "datetime_beginning_utc", "wind_forecast_mwh", "wind_official", "evaluated_at_utc"
    ),
    "hrl_load_prelim": Feed("datetime_beginning_utc", "prelim_load_avg_hourly", "load", "", "load_area"),
    "load_frcstd_7_day": Feed(
        "forecast_datetime_beginning_utc",
        "forecast_load_mw",
        "load_official",
        "evaluated_at_datetime_utc",
        "forecast_area",
        "RTO_COMBINED",
    ),
    "load_frcstd_hist": Feed(
        "forecast_hour_beginning_utc", "forecast_load_mw", "load_official", "evaluated_at_utc", "forecast_area"
    ),
}


class Pjm(HttpSource):
    """Reads the JSON of Data Miner 2."""

    zone_codes: ClassVar[Mapping[str, str]] = {"PJM": _WHOLE}
    items = (
        Item("da_hrl_lmps", ("price",), _MONTH, ahead=pd.Timedelta(days=2)),
        Item("gen_by_fuel", tuple(sorted(set(FUELS.values()))), _MONTH),
        Item("hourly_solar_power_forecast", ("solar_official",), _WEEK, settles=HOUR, ahead=_WEEK),
        Item("hourly_wind_power_forecast", ("wind_official",), _WEEK, settles=HOUR, ahead=_WEEK),
        Item("hrl_load_prelim", ("load",), _MONTH),
        Item("load_frcstd_7_day", ("load_official",), _MONTH, settles=HOUR),
        Item("load_frcstd_hist", ("load_official",), _MONTH),
    )

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """The first page of a window; the newest seven days, which have no history, if it reaches the present."""
        feed = FEEDS[item.name]
        parameters = {"rowCount": str(_PAGE), "startRow": "1"}
        if feed.area:
            parameters[feed.area] = self._area(feed, zones[0])
        if item.name != "load_frcstd_7_day":
            last = window.end - pd.Timedelta(minutes=1)
            parameters[feed.begin] = f"{window.start:%m/%d/%Y %H:%M}to{last:%m/%d/%Y %H:%M}"
        elif window.end <= self.clock() - HOUR:
            return
        yield Request(f"/{item.name}", parameters)

    def _area(self, feed: Feed, zone: BiddingZone) -> str:
        """What a feed calls a zone: PJM as a whole, or an area of its own such as MIDATL."""
        code = self.code(zone)
        return feed.whole if code == _WHOLE else code

    def following(self, request: Request, answer: Answer) -> Request | None:
        """The page behind this one, until as many rows have come as there are."""
        reply = answer.json()
        if not isinstance(reply, Mapping):
            return None
        start = int(str(request.parameters["startRow"])) + len(reply["items"])
        if not reply["items"] or start > int(reply.get("totalRows", 0)):
            return None
        return replace(request, parameters={**request.parameters, "startRow": str(start)})

    def check(self, answer: Answer) -> None:
        """Refuse an answer without rows or their number.

        Raises:
            SourceError: what it says.
        """
        reply = answer.json()
        if not isinstance(reply, list) and not (isinstance(reply, Mapping) and isinstance(reply.get("items"), list)):
            raise SourceError(self.name, f"an answer without items: {str(reply)[:200]}", retryable=True)

    def parse(self, payload: RawPayload) -> Observations:
        """The series of a feed [MW].

        Raises:
            SourceError: it is not what the feed sends.
        """
        name, zone = str(payload.asked["item"]), zone_of(payload, self.zones)
        feed, reply = FEEDS[name], reply_of(payload)
        rows = _rows(payload, reply)
        require_columns(payload, rows, [field for field in (feed.begin, feed.value, feed.made, feed.area) if field])
        if rows.empty:
            return observed(payload, zone, [])
        if feed.area:
            rows = rows[rows[feed.area].astype(str) == self._area(feed, zone)]
        begin, value = instants(payload, rows[feed.begin]), numbers(payload, rows[feed.value])
        if feed.made:
            made = instants(payload, rows[feed.made])
            return observed(payload, zone, [vintage(feed.quantity, begin, made, value)])
        known = availability_after(begin, HOUR, self.settings.lag)
        if feed.quantity == "price":
            known = known_from(Series(zone.code, feed.quantity), begin, Mtu.PT60M, zone, self.settings.lag)
            known = known.where(known <= payload.retrieved_at, payload.retrieved_at)
        if feed.quantity:
            return observed(payload, zone, [vintage(feed.quantity, begin, known, value, "assumed")])
        return observed(payload, zone, self._generation(payload, rows.assign(begin=begin, known=known, value=value)))

    def _generation(self, payload: RawPayload, rows: pd.DataFrame) -> list[pd.DataFrame]:
        """Generation by our names; fuels that are one quantity are added."""
        require_columns(payload, rows, ("fuel_type",))
        for fuel in sorted(set(rows["fuel_type"]) - set(FUELS)):
            self.warn(f"PJM reports generation by {fuel!r}, which is none of the fuels that are known: it is left out")
        distinct = rows.drop_duplicates(["begin", "fuel_type", "value"])
        if distinct.duplicated(["begin", "fuel_type"]).any():
            raise refusal(payload, "two values of one fuel in the same hour")
        fuels = distinct.assign(quantity=distinct["fuel_type"].map(FUELS)).groupby(["quantity", "begin", "known"])
        sums = fuels["value"].sum().where(fuels["value"].count() == fuels.size()).rename("value").reset_index()
        return [
            vintage(
                str(quantity), pd.DatetimeIndex(one["begin"]), pd.DatetimeIndex(one["known"]), one["value"], "assumed"
            )
            for quantity, one in sums.groupby("quantity")
        ]


def _rows(payload: RawPayload, reply: Any) -> pd.DataFrame:
    """The rows of an answer; a download has them without anything around."""
    return records_of(payload, reply) if isinstance(reply, list) else records_of(payload, reply, "items")
