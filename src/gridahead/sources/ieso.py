"""IESO's public reports for Ontario: demand, its forecast for each hour of a day, forecasts of wind and solar power.

All clocks are Eastern Standard Time all year, and hours are counted by their end, 1 to 24. Documents say when they were
created, and are known from then; of hours that had ended by then they are no forecast any more, and are not read. A
document is replaced by newer versions until its day is over: history has the last of each day, and every version is had
by who fetches every hour. Wind and solar power is that of market participants, without what is embedded in networks
below, for which demand is less.

Source: https://reports-public.ieso.ca/public, Adequacy2, VGForecastSummary, Demand. Licence: IESO's terms of use. Both
documents are tested with recordings, demand with the documented columns.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Mapping
from typing import ClassVar

import pandas as pd
from lxml import etree

from gridahead.core.grid import BiddingZone
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import TimeRange
from gridahead.sources.base import RawPayload, availability_after
from gridahead.sources.http.body import xml_root
from gridahead.sources.http.request import Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.local_hours import (
    EASTERN_STANDARD,
    HOUR,
    beginnings,
    from_wall_clock,
    instant,
    local_days,
    vintage,
)
from gridahead.sources.records import numbers, observed, refusal, require_columns, zone_of
from gridahead.sources.wanted import Item

_FUELS = {"Solar": "solar_official", "Wind": "wind_official"}
_DAY, _MONTH = pd.Timedelta(days=1), pd.Timedelta(days=31)


class Ieso(HttpSource):
    """Reads XML and CSV reports of IESO."""

    zone_codes: ClassVar[Mapping[str, str]] = {"IESO": "OntarioTotal"}
    items = (
        Item("Adequacy2", ("load_official",), _MONTH, settles=_DAY, ahead=pd.Timedelta(days=2)),
        Item("Demand", ("load",), pd.Timedelta(days=366)),
        Item("VGForecastSummary", tuple(_FUELS.values()), _MONTH, settles=_DAY),
    )

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """A document for every day, of delivery or, for wind and sun, of publication; demand by the year."""
        days = local_days(window, EASTERN_STANDARD)
        if item.name == "Demand":
            for year in sorted({day.year for day in days}):
                yield self._request(f"/Demand/PUB_Demand_{year}.csv", "csv")
        else:
            for day in days:
                yield self._request(f"/{item.name}/PUB_{item.name}_{day:%Y%m%d}.xml", "xml")

    def _request(self, path: str, kind: str) -> Request:
        expected = ("csv", "html") if kind == "csv" else ("xml", "html")
        return Request(path, expected=expected, answers=frozenset({200, 404}))  # type: ignore[arg-type]

    def parse(self, payload: RawPayload) -> Observations:
        """The series of a report [MW].

        Raises:
            SourceError: it is no report of this form.
        """
        if payload.asked["status"] == 404:
            return Observations(OBSERVATIONS.empty())
        zone = zone_of(payload, self.zones)
        if payload.asked["item"] == "Demand":
            return observed(payload, zone, [self._demand(payload)])
        try:
            root = xml_root(payload.content)
        except etree.XMLSyntaxError as error:
            raise refusal(payload, f"no whole XML ({error})") from error
        created = instant(payload, root.findtext("{*}DocHeader/{*}CreatedAt") or "", EASTERN_STANDARD)
        forecasts = _adequacy if payload.asked["item"] == "Adequacy2" else _variable
        rows = [self._ahead(payload, created, *one) for one in forecasts(payload, root, self.code(zone))]
        return observed(payload, zone, rows)

    def _ahead(
        self,
        payload: RawPayload,
        created: pd.Timestamp,
        quantity: str,
        days: list[str],
        hours: list[str],
        mw: list[str],
    ) -> pd.DataFrame:
        """The hours of a forecast that had not ended when it was made."""
        text = pd.DataFrame({"day": days, "hour": hours, "mw": mw}, dtype=object)
        wall = beginnings(pd.to_datetime(text["day"]), numbers(payload, text["hour"]))
        begin = from_wall_clock(payload, wall, EASTERN_STANDARD)
        is_ahead = begin + HOUR > created
        return vintage(quantity, begin[is_ahead], created, numbers(payload, text["mw"])[is_ahead])

    def _demand(self, payload: RawPayload) -> pd.DataFrame:
        """Ontario's demand, under a few lines of text that begin with backslashes."""
        lines = payload.content.decode("utf-8-sig", errors="replace").splitlines()
        text = "\n".join(line for line in lines if not line.startswith("\\"))
        table = pd.read_csv(io.StringIO(text), dtype=object, index_col=False)
        require_columns(payload, table, ("Date", "Hour", "Ontario Demand"))
        wall = beginnings(pd.to_datetime(table["Date"]), numbers(payload, table["Hour"]))
        begin = from_wall_clock(payload, wall, EASTERN_STANDARD)
        known = availability_after(begin, HOUR, self.settings.lag)
        return vintage("load", begin, known, numbers(payload, table["Ontario Demand"]), "assumed")


_Forecast = tuple[str, list[str], list[str], list[str]]
"""Our quantity; days, hours and values as they stand there."""


def _adequacy(payload: RawPayload, root: etree._Element, zone: str) -> Iterator[_Forecast]:
    """The forecast of Ontario's demand on one day."""
    del zone
    day = root.findtext("{*}DocBody/{*}DeliveryDate") or ""
    hours = root.findall("{*}DocBody/{*}ForecastDemand/{*}OntarioDemand/{*}ForecastOntDemand/{*}Demand")
    if not day or not hours:
        raise refusal(payload, "no forecast of Ontario's demand in it")
    yield (
        "load_official",
        [dt.date.fromisoformat(day).isoformat()] * len(hours),
        [hour.findtext("{*}DeliveryHour") or "" for hour in hours],
        [hour.findtext("{*}EnergyMW") or "" for hour in hours],
    )


def _variable(payload: RawPayload, root: etree._Element, zone: str) -> Iterator[_Forecast]:
    """The forecasts of wind and solar power of market participants in a zone."""
    found = False
    for organisation in root.findall("{*}DocBody/{*}OrganizationData"):
        if organisation.findtext("{*}OrganizationType") != "MARKET PARTICIPANT":
            continue
        for fuel in organisation.findall("{*}FuelData"):
            quantity = _FUELS.get(fuel.findtext("{*}FuelType") or "")
            for area in fuel.findall("{*}ResourceData"):
                if quantity is None or area.findtext("{*}ZoneName") != zone:
                    continue
                found = True
                days, hours, values = list[str](), list[str](), list[str]()
                for day in area.findall("{*}EnergyForecast"):
                    for hour in day.findall("{*}ForecastInterval"):
                        days.append(day.findtext("{*}ForecastDate") or "")
                        hours.append(hour.findtext("{*}ForecastHour") or "")
                        values.append(hour.findtext("{*}MWOutput") or "")
                yield quantity, days, hours, values
    if not found:
        raise refusal(payload, f"no forecast of wind or solar power in {zone} in it")
