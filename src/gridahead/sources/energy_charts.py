"""Energy-Charts of Fraunhofer ISE: load, generation, their day-ahead forecasts and prices of European zones.

A price belongs to a bidding zone, power to a country, so that a zone is called by both: `DE-LU:de`. Where a zone is
but a part of a country, as DK1 is, there is its price alone: `DK1:`. Times are the beginnings of units in seconds since
1970. The service tells no time of publication.

Source: https://api.energy-charts.info, version 1.5. Licence: that of the data's origin, named in each answer of prices;
those that are for private use only are warned of. Prices are tested with a recording, all else with answers written in
the form of the specification.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone, Series, official_by
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, Mtu, TimeRange
from gridahead.sources.base import RawPayload
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.records import known_from, numbers, observed, refusal, reply_of, units_of, zone_of
from gridahead.sources.wanted import Item

_FORECASTS = {"load_official": "load", "solar_official": "solar"} | {
    f"wind_{where}_official": f"wind_{where}" for where in ("onshore", "offshore")
}
"""The service's name of what each of our official forecasts is of."""
_POWER = {
    "Load": "load",
    "Residual load": "residual_load",
    "Solar": "solar",
    "Wind onshore": "wind_onshore",
    "Wind offshore": "wind_offshore",
    "Biomass": "biomass",
    "Fossil brown coal / lignite": "lignite",
    "Fossil hard coal": "hard_coal",
    "Fossil coal-derived gas": "coal_gas",
    "Fossil gas": "gas",
    "Fossil oil": "oil",
    "Geothermal": "geothermal",
    "Hydro Run-of-River": "hydro_run_of_river",
    "Hydro water reservoir": "hydro_reservoir",
    "Nuclear": "nuclear",
    "Waste": "waste",
    "Others": "other_generation",
}
"""Pumped storage is left out: the service splits it into what it gives and what it takes."""
_BOTH = (
    *("AT", "BE", "BG", "CH", "CZ", "EE", "ES", "FI", "FR", "GR", "HR"),
    *("HU", "LT", "LV", "NL", "PL", "PT", "RO", "SI", "SK"),
)
"""Bidding zones that are countries."""
_PARTS = ("DK1", "DK2", "NO1", "NO2", "NO3", "NO4", "NO5", "SE1", "SE2", "SE3", "SE4")
_WHOLE = ("DK", "IT", "NO", "SE")
"""Countries of several bidding zones."""
_NONE = 404
"""Of a forecast: the country has none, as one without a coast has none of offshore wind."""
_MONTH = pd.Timedelta(days=31)
_AHEAD = pd.Timedelta(days=2)
_FREE = "cc by"
"""How a licence begins by which prices may be used by everyone."""


class EnergyCharts(HttpSource):
    """Reads the JSON of Energy-Charts."""

    zone_codes: ClassVar[Mapping[str, str]] = {
        "DE": "DE-LU:de",
        "IT-NORD": "IT-North:",
        **{code: f"{code}:{code.lower()}" for code in _BOTH},
        **{code: f"{code}:" for code in _PARTS},
        **{code: f":{code.lower()}" for code in _WHOLE},
    }
    items = (
        Item("public_power", tuple(_POWER.values()), _MONTH),
        Item("price", ("price",), _MONTH, ahead=_AHEAD),
        *(Item(name, (name,), _MONTH, ahead=_AHEAD) for name in _FORECASTS),
    )

    def _names(self, zone: BiddingZone) -> tuple[str, str]:
        """What prices and what power of a zone are asked by; empty where it has none."""
        bidding_zone, _, country = self.code(zone).partition(":")
        return bidding_zone, country

    def offers(self, item: Item, zone: BiddingZone) -> bool:
        """Prices of bidding zones, power of countries."""
        bidding_zone, country = self._names(zone)
        return bool(bidding_zone if item.name == "price" else country)

    @property
    def official_available(self) -> Mapping[str, Deadline]:
        """By when EU law wants each official forecast, as the service does not say when it came."""
        asked = [item for item in self.wanted_items() if item.name in _FORECASTS]
        pairs = ((zone, item) for zone in self.zones for item in asked if self.offers(item, zone))
        series = (Series(zone.code, _FORECASTS[item.name]) for zone, item in pairs)
        return {str(one.official): by for one in series if (by := official_by(one)) is not None}

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """One request a window; the service takes both ends as part of it."""
        bidding_zone, country = self._names(zones[0])
        last = window.end - pd.Timedelta(seconds=1)
        parameters = {"start": str(int(window.start.timestamp())), "end": str(int(last.timestamp()))}
        if item.name == "price":
            yield Request("/price", {"bzn": bidding_zone, **parameters})
        elif item.name == "public_power":
            yield Request("/public_power", {"country": country, **parameters})
        else:
            kind = {"production_type": _FORECASTS[item.name], "forecast_type": "day-ahead"}
            about = {"country": country, **kind, **parameters}
            yield Request("/public_power_forecast", about, answers=frozenset({200, _NONE}))

    def check(self, answer: Answer) -> None:
        """Refuse an answer without a single time, which the service gives while it is being updated.

        Raises:
            SourceError: it is empty; the next may not be.
        """
        reply = answer.json()
        if answer.status != _NONE and isinstance(reply, Mapping) and not reply.get("unix_seconds"):
            raise SourceError(self.name, "an answer without a single value", retryable=True)

    def parse(self, payload: RawPayload) -> Observations:
        """The series of an answer, in MW or the currency of the zone per MWh.

        Raises:
            SourceError: the arrays of the answer do not belong together.
        """
        reply, zone = reply_of(payload), zone_of(payload, self.zones)
        if payload.asked.get("status") == _NONE:
            return observed(payload, zone, [])
        if not isinstance(reply, Mapping) or "unix_seconds" not in reply:
            raise refusal(payload, "no times under unix_seconds")
        seconds = numbers(payload, pd.Series(reply["unix_seconds"], dtype=object, name="unix_seconds"))
        valid_time = pd.DatetimeIndex(pd.to_datetime(seconds, unit="s", utc=True)).as_unit("us")
        self._look_at_licence(str(payload.asked["item"]), zone, reply)
        rows = []
        for quantity, values in self._columns(payload, reply):
            if len(values) != len(valid_time):
                raise refusal(payload, f"{len(values)} values of {quantity} and {len(valid_time)} times")
            rows.append(self._rows(payload, zone, quantity, valid_time, values))
        return observed(payload, zone, rows, price_unit=str(reply.get("unit", "EUR/MWh")).replace(" ", ""))

    def _rows(
        self, payload: RawPayload, zone: BiddingZone, quantity: str, valid_time: pd.DatetimeIndex, values: list[object]
    ) -> pd.DataFrame:
        """One row a time, as `records.ROWS` has them."""
        if not len(valid_time):
            return pd.DataFrame()
        units = units_of(payload, valid_time, zone.timezone, Mtu.PT60M)
        return pd.DataFrame(
            {
                "quantity": quantity,
                "valid_time": valid_time,
                "available_at": known_from(Series(zone.code, quantity), valid_time, units, zone, self.settings.lag),
                "availability": "assumed",
                "value": numbers(payload, pd.Series(values, dtype=object, name=quantity)),
            }
        )

    def _columns(self, payload: RawPayload, reply: Mapping[str, Any]) -> Iterator[tuple[str, list[object]]]:
        """The quantities of an answer and their values.

        Raises:
            SourceError: it has not what was asked for.
        """
        item = str(payload.asked["item"])
        name = {"price": "price", "public_power": "production_types"}.get(item, "forecast_values")
        if not isinstance(reply.get(name), list):
            raise refusal(payload, f"no list under {name}")
        if item != "public_power":
            yield item, reply[name]
            return
        asked = set(self.settings.quantities or _POWER.values())
        for column in reply[name]:
            quantity = _POWER.get(column["name"])
            if quantity in asked:
                yield quantity, column["data"]

    def _look_at_licence(self, item: str, zone: BiddingZone, reply: Mapping[str, Any]) -> None:
        """Warn of prices that not everyone may use; the words are archived with the answer."""
        licence = str(reply.get("license_info", ""))
        if item == "price" and not licence.lower().startswith(_FREE):
            self.warn(f"Energy-Charts says of the prices of {zone.code}: {licence or 'nothing about their licence'}")
