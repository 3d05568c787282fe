"""Energi Data Service of Energinet: wind and solar power, their forecasts in four vintages, prices, load; DK1 and DK2.

Times are asked for and read in UTC: without `timezone=UTC` the service takes them as Danish local time. Values of five
minutes become means of quarter-hours. Of a forecast there are the one of the day before, those of five hours and of one
hour before, and the newest, each a vintage; of the newest the service says when it was made. Prices are of hours until
October 2025 and of quarter-hours after. Load is the gross consumption of the settlement, which comes days later.

Source: https://www.energidataservice.dk, guides to its API and descriptions of its datasets. Licence: Energinet's terms
for open data, with the source named. Forecasts and power are tested with recordings, prices and load with answers in
the documented form.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone, Series, currency_of, official_by
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, Mtu, TimeRange
from gridahead.sources.base import RawPayload
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.records import (
    instants,
    known_from,
    numbers,
    observed,
    quarters,
    records_of,
    reply_of,
    require_columns,
)
from gridahead.sources.wanted import Item

_FORECASTS = {"Offshore Wind": "wind_offshore", "Onshore Wind": "wind_onshore", "Solar": "solar"}
_OFFICIAL = tuple(f"{quantity}_official" for quantity in _FORECASTS.values())
_POWER = {"OffshoreWindPower": "wind_offshore", "OnshoreWindPower": "wind_onshore", "SolarPower": "solar"}
_AHEAD_OF = {"Forecast5Hour": pd.Timedelta(hours=5), "Forecast1Hour": pd.Timedelta(hours=1)}
"""How long before its unit each of these forecasts was made."""
_QUARTERS_SINCE = pd.Timestamp("2025-09-30T22:00Z")
"""From then on prices are in a dataset of their own."""
_SETTLED_AFTER = pd.Timedelta(days=10)
"""The settlement of a day comes within about ten days, and is corrected for weeks."""
_TIMES = {
    "DayAheadPrices": "TimeUTC",
    "ElectricityProdex5MinRealtime": "Minutes5UTC",
    "Elspotprices": "HourUTC",
    "Forecasts_5Min": "Minutes5UTC",
    "ProductionConsumptionSettlement": "HourUTC",
}
_MONTH, _AHEAD = pd.Timedelta(days=31), pd.Timedelta(days=2)


class Energinet(HttpSource):
    """Reads the JSON of Energi Data Service, both price areas with one request."""

    zone_codes: ClassVar[Mapping[str, str]] = {"DK1": "DK1", "DK2": "DK2"}
    items = (
        Item("power", tuple(_POWER.values()), _MONTH, together=True),
        Item("forecast", _OFFICIAL, _MONTH, ahead=_AHEAD, together=True),
        Item("price", ("price",), _MONTH, ahead=_AHEAD, together=True),
        Item("load", ("load",), pd.Timedelta(days=366), settles=pd.Timedelta(days=45), together=True),
    )

    @property
    def official_available(self) -> Mapping[str, Deadline]:
        """By when EU law wants the forecast of the day before, as the service does not say when it came."""
        if not any(item.name == "forecast" for item in self.wanted_items()):
            return {}
        series = (Series(zone.code, name) for zone in self.zones for name in _FORECASTS.values())
        return {str(one.official): by for one in series if (by := official_by(one)) is not None}

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """One request a dataset; of prices one for what is before quarter-hours and one for what is after."""
        areas = [self.code(zone) for zone in zones]
        if item.name == "price":
            if window.start < _QUARTERS_SINCE:
                yield _request("Elspotprices", areas, window.start, min(window.end, _QUARTERS_SINCE))
            if window.end > _QUARTERS_SINCE:
                yield _request("DayAheadPrices", areas, max(window.start, _QUARTERS_SINCE), window.end)
            return
        dataset = {
            "power": "ElectricityProdex5MinRealtime",
            "forecast": "Forecasts_5Min",
            "load": "ProductionConsumptionSettlement",
        }[item.name]
        yield _request(dataset, areas, window.start, window.end)

    def following(self, request: Request, answer: Answer) -> Request | None:
        """The request for what is missing of the total that an answer tells; a limit of 0 should leave nothing.

        Raises:
            SourceError: it tells of more records than it gives.
        """
        reply = answer.json()
        there = int(str(request.parameters.get("offset", "0"))) + len(reply.get("records", []))
        if there >= int(reply.get("total", 0)):
            return None
        if not reply.get("records"):
            raise SourceError(self.name, f"{request.path}: {reply['total']} records, and none after {there}")
        return replace(request, parameters={**request.parameters, "offset": str(there)})

    def parse(self, payload: RawPayload) -> Observations:
        """The series of an answer, in MW or the currency of the zone per MWh.

        Raises:
            SourceError: a record lacks what it should have, or two contradict each other.
        """
        records = records_of(payload, reply_of(payload), "records")
        require_columns(payload, records, ("PriceArea",))
        parts = [observed(payload, zone, []) for zone in self.zones[:1]]
        asked: list[str] = payload.asked["zones"]  # type: ignore[assignment]
        for zone in self.zones:
            if zone.code in asked and len(records):
                of_zone = records[records["PriceArea"] == self.code(zone)].reset_index(drop=True)
                parts.append(observed(payload, zone, list(self._rows(payload, zone, of_zone)), Mtu.PT15M))
        return Observations(pd.concat(parts, ignore_index=True))

    def _rows(self, payload: RawPayload, zone: BiddingZone, records: pd.DataFrame) -> Iterator[pd.DataFrame]:
        """The rows of a zone, a frame each quantity and vintage."""
        item = str(payload.asked["item"])
        if not len(records):
            return
        if item == "forecast":
            yield from self._forecasts(payload, zone, records)
        elif item == "power":
            for column, quantity in _POWER.items():
                times = _times(payload, records, "Minutes5UTC")
                known = times + pd.Timedelta(minutes=5) + self.settings.lag
                if self._wants(quantity):
                    yield quarters(payload, _frame(payload, quantity, times, known, records, column), zone.timezone)
        elif item == "price":
            is_new = "TimeUTC" in records
            column = f"{'DayAhead' if is_new else 'Spot'}Price{currency_of(zone)}"
            times = _times(payload, records, "TimeUTC" if is_new else "HourUTC")
            known = known_from(Series(zone.code, "price"), times, Mtu.PT60M, zone, self.settings.lag)
            yield _frame(payload, "price", times, known, records, column)
        else:
            times = _times(payload, records, "HourUTC")
            known = times + Mtu.PT60M.delta + _SETTLED_AFTER
            yield _frame(payload, "load", times, known, records, "GrossConsumptionMWh")

    def _forecasts(self, payload: RawPayload, zone: BiddingZone, records: pd.DataFrame) -> Iterator[pd.DataFrame]:
        """The vintages of each forecast; where two have become known at once, the one whose time is told counts."""
        require_columns(payload, records, ("ForecastType", "TimestampUTC"))
        for kind, quantity in _FORECASTS.items():
            of_kind = records[records["ForecastType"] == kind].reset_index(drop=True)
            if not (len(of_kind) and self._wants(f"{quantity}_official")):
                continue
            series, times = Series(zone.code, quantity).official, _times(payload, of_kind, "Minutes5UTC")
            made = {
                "ForecastDayAhead": known_from(series, times, Mtu.PT15M, zone, self.settings.lag),
                **{column: times - ahead for column, ahead in _AHEAD_OF.items()},
            }
            told = of_kind["TimestampUTC"].notna()
            newest = of_kind[told].reset_index(drop=True)
            made_at = instants(payload, newest["TimestampUTC"])
            frames = [
                _frame(payload, series.quantity, times[told], made_at, newest, "ForecastCurrent", "recorded"),
                *(_frame(payload, series.quantity, times, known, of_kind, column) for column, known in made.items()),
            ]
            rows = pd.concat([quarters(payload, frame, zone.timezone) for frame in frames], ignore_index=True)
            yield rows.drop_duplicates(["valid_time", "available_at"])

    def _wants(self, quantity: str) -> bool:
        return not self.settings.quantities or quantity in self.settings.quantities


def _request(dataset: str, areas: list[str], start: pd.Timestamp, end: pd.Timestamp) -> Request:
    """The request for a dataset, whole."""
    parameters = {
        "start": f"{start:%Y-%m-%dT%H:%M}",
        "end": f"{end:%Y-%m-%dT%H:%M}",
        "timezone": "UTC",
        "filter": json.dumps({"PriceArea": areas}, separators=(",", ":")),
        "sort": f"{_TIMES[dataset]} ASC",
        "limit": "0",
    }
    return Request(f"/dataset/{dataset}", parameters, counted_as=dataset)


def _times(payload: RawPayload, records: pd.DataFrame, column: str) -> pd.DatetimeIndex:
    require_columns(payload, records, (column,))
    return instants(payload, records[column])


def _frame(
    payload: RawPayload,
    quantity: str,
    valid_time: pd.DatetimeIndex,
    available_at: pd.DatetimeIndex,
    records: pd.DataFrame,
    column: str,
    availability: str = "assumed",
) -> pd.DataFrame:
    """The rows of a column."""
    require_columns(payload, records, (column,))
    about = {"quantity": quantity, "availability": availability}
    values = numbers(payload, records[column]).to_numpy()
    return pd.DataFrame({"valid_time": valid_time, "available_at": available_at, "value": values, **about})
