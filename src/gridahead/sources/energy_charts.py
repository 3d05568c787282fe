"""Energy-Charts of Fraunhofer ISE: load, generation, their day-ahead forecasts and prices of European zones.

A price belongs to a bidding zone, power to a country, so that a zone is called by both: `DE-LU:de`. Times are the
beginnings of units in seconds since 1970. The service tells no time of publication.

Source: https://api.energy-charts.info, version 1.5. Licence: that of the data's origin, named in each answer of prices.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone, Series, auction_by, official_by
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import Deadline, Mtu, TimeRange
from gridahead.sources.base import RawPayload, availability_after, availability_by, observations
from gridahead.sources.http.request import Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.wanted import Item

_FORECASTS = {"load_official": "load", "solar_official": "solar"} | {
    f"wind_{where}_official": f"wind_{where}" for where in ("onshore", "offshore")
}
"""The service's name of what each of our official forecasts is of."""
_POWER = {"Load": "load", "Solar": "solar", "Wind onshore": "wind_onshore", "Wind offshore": "wind_offshore"}
_MONTH, _WEEK = pd.Timedelta(days=31), pd.Timedelta(days=7)
_AHEAD = pd.Timedelta(days=2)


class EnergyCharts(HttpSource):
    """Reads the JSON of Energy-Charts."""

    zone_codes: ClassVar[Mapping[str, str]] = {
        "AT": "AT:at",
        "BE": "BE:be",
        "CH": "CH:ch",
        "CZ": "CZ:cz",
        "DE": "DE-LU:de",
        "ES": "ES:es",
        "FR": "FR:fr",
        "HU": "HU:hu",
        "NL": "NL:nl",
        "PL": "PL:pl",
        "SI": "SI:si",
    }
    items = (
        Item("public_power", tuple(_POWER.values()), _MONTH),
        Item("price", ("price",), _MONTH, ahead=_AHEAD),
        *(Item(name, (name,), _MONTH, ahead=_AHEAD) for name in _FORECASTS),
    )

    @property
    def official_available(self) -> Mapping[str, Deadline]:
        """By when EU law wants each official forecast, as the service does not say when it came."""
        series = (Series(zone.code, name) for zone in self.zones for name in self.items_of_forecasts())
        return {str(one.official): by for one in series if (by := official_by(one)) is not None}

    def items_of_forecasts(self) -> list[str]:
        """The quantities of which the settings ask for the official forecast."""
        return [_FORECASTS[item.name] for item in self.wanted_items() if item.name in _FORECASTS]

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """One request a window; the service takes both ends as part of it."""
        bidding_zone, _, country = self.code(zones[0]).partition(":")
        last = window.end - pd.Timedelta(seconds=1)
        parameters = {"start": str(int(window.start.timestamp())), "end": str(int(last.timestamp()))}
        if item.name == "price":
            yield Request("/price", {"bzn": bidding_zone, **parameters})
        elif item.name == "public_power":
            yield Request("/public_power", {"country": country, **parameters})
        else:
            kind = {"production_type": _FORECASTS[item.name], "forecast_type": "day-ahead"}
            yield Request("/public_power_forecast", {"country": country, **kind, **parameters})

    def parse(self, payload: RawPayload) -> Observations:
        """The series of an answer, in MW or the currency of the zone per MWh.

        Raises:
            SourceError: the arrays of the answer do not belong together.
        """
        reply = json.loads(payload.content)
        item = str(payload.asked["item"])
        zone = next(zone for zone in self.zones if zone.code == payload.asked["zones"][0])  # type: ignore[index]
        seconds = np.asarray(reply.get("unix_seconds", []), dtype=np.int64)
        if not len(seconds):
            return Observations(OBSERVATIONS.empty())
        valid_time = pd.DatetimeIndex(seconds * 1_000_000_000, tz="UTC").as_unit("us")
        mtu = _unit_of(valid_time, payload)
        parts = []
        for quantity, values in self._columns(item, reply):
            if len(values) != len(valid_time):
                raise SourceError(
                    self.name, f"{payload.name}: {len(values)} values of {quantity} and {len(valid_time)} times"
                )
            series = Series(zone.code, quantity)
            parts.append(
                observations(
                    series,
                    valid_time,
                    self._available(series, valid_time, mtu, zone),
                    pd.Series(values, dtype=float),
                    mtu=mtu,
                    payload=payload,
                    unit=f"{zone.currency or 'EUR'}/MWh" if quantity == "price" else None,
                )
            )
        return Observations(pd.concat(parts, ignore_index=True) if parts else OBSERVATIONS.empty())

    def _columns(self, item: str, reply: Mapping[str, Any]) -> Iterator[tuple[str, list[float | None]]]:
        """The quantities of an answer and their values."""
        if item == "price":
            yield "price", reply["price"]
        elif item == "public_power":
            asked = set(self.settings.quantities or _POWER.values())
            for column in reply["production_types"]:
                quantity = _POWER.get(column["name"])
                if quantity in asked:
                    yield quantity, column["data"]
        else:
            yield item, reply["forecast_values"]

    def _available(self, series: Series, valid_time: pd.DatetimeIndex, mtu: Mtu, zone: BiddingZone) -> pd.DatetimeIndex:
        measured = Series(series.zone, series.quantity.removesuffix("_official"))
        by = auction_by(zone.code) if series.quantity == "price" else official_by(measured)
        if measured != series or series.quantity == "price":
            assert by is not None
            return availability_by(valid_time, by, zone.timezone)
        return availability_after(valid_time, mtu.delta, self.settings.lag)


def _unit_of(valid_time: pd.DatetimeIndex, payload: RawPayload) -> Mtu:
    """The market time unit of an answer, which is its smallest step.

    Raises:
        SourceError: no market time unit is as long.
    """
    steps = pd.Series(valid_time).diff()
    try:
        return Mtu.from_delta(steps.min()) if len(valid_time) > 1 else Mtu.PT60M
    except ValueError as error:
        raise SourceError(payload.source, f"{payload.name}: {error}") from error
