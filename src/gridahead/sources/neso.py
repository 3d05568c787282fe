"""The data portal of NESO: what its forecasts of Great Britain were, and the wind and solar power that nobody meters.

Forecasts of demand and of metered wind power come from the archives of their performance and have their time of
publication. That of embedded wind and solar power is of the next 14 days and replaced each hour: it is known from when
it was fetched. Rows are placed by their settlement date and period, which count local half-hours: other columns of time
are ends of periods in some resources and beginnings in others. A time of publication without an offset is read as UTC,
which in summer is at most an hour too late and never too early.

Source: https://www.neso.energy/data-portal (CKAN). NESO Open Data Licence, "Supported by National Energy SO Open Data".
Tested with answers in the documented form, as no recording was to be had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone, Series
from gridahead.core.tables import Observations
from gridahead.core.time import Mtu, TimeRange
from gridahead.sources.base import RawPayload
from gridahead.sources.elexon import TIMEZONE, settled
from gridahead.sources.http.request import Answer, Request
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
    zone_of,
)
from gridahead.sources.wanted import Item


@dataclass(frozen=True, slots=True)
class Resource:
    """One table of the portal; columns are named in small letters."""

    identity: str
    columns: Mapping[str, str]
    """Our quantity of each column."""
    date: str = "date"
    period: str = "settlement_period"
    published: str = ""
    """The column with the time of publication; where there is none the table has the newest forecast alone."""
    asked_by: str = ""
    """The column that a window is asked by, as it is written there."""


RESOURCES: Mapping[str, Resource] = {
    "embedded": Resource(
        "db6c038f-98af-4570-ab60-24d71ebd0ae5",
        {
            "embedded_wind_forecast": "embedded_wind_official",
            "embedded_solar_forecast": "embedded_solar_official",
            "embedded_wind_capacity": "embedded_wind_capacity",
            "embedded_solar_capacity": "embedded_solar_capacity",
        },
        date="settlement_date",
    ),
    "load_official": Resource(
        "08e41551-80f8-4e28-a416-ea473a695db9",
        {"demand_forecast": "load_official"},
        published="publish_datetime",
        asked_by="Date",
    ),
    "wind_official": Resource(
        "7524ec65-f782-4258-aaf8-5b926c17b966",
        {"incentive_forecast": "wind_official"},
        published="forecast_timestamp",
        asked_by="Datetime_GMT",
    ),
}
_MOST_ROWS = 32_000
"""CKAN gives no more with one query."""
_MONTH, _FOREVER = pd.Timedelta(days=31), pd.Timedelta(days=36_500)


def _item(name: str, resource: Resource) -> Item:
    quantities = tuple(resource.columns.values())
    if resource.asked_by:
        return Item(name, quantities, _MONTH, ahead=pd.Timedelta(days=2))
    return Item(name, quantities, _FOREVER, ahead=pd.Timedelta(days=14))  # one request, whatever the window


class Neso(HttpSource):
    """Reads tables of NESO's data portal."""

    zone_codes: ClassVar[Mapping[str, str]] = {"GB": "GB"}
    items = tuple(_item(name, resource) for name, resource in RESOURCES.items())

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """The rows of the local days that a window touches, or all of the newest forecast."""
        del zones
        resource = RESOURCES[item.name]
        if not resource.asked_by:
            yield Request("/datastore_search", {"resource_id": resource.identity, "limit": str(_MOST_ROWS)})
            return
        first = window.start.tz_convert(TIMEZONE).normalize()
        last = (window.end - pd.Timedelta(seconds=1)).tz_convert(TIMEZONE).normalize() + pd.DateOffset(days=1)
        if resource.asked_by == "Date":
            begin, end = f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"
        else:
            begin, end = (f"{at.tz_convert('UTC'):%Y-%m-%dT%H:%M:%SZ}" for at in (first, last))
        where = f"\"{resource.asked_by}\" >= '{begin}' AND \"{resource.asked_by}\" < '{end}'"
        sql = f'SELECT * FROM "{resource.identity}" WHERE {where} ORDER BY "_id" LIMIT {_MOST_ROWS}'  # noqa: S608 (constants and dates)
        yield Request("/datastore_search_sql", {"sql": sql})

    def check(self, answer: Answer) -> None:
        """Let an answer pass only if it says that it is a success.

        Raises:
            SourceError: it is none; says what the portal says.
        """
        reply = answer.json()
        if not isinstance(reply, Mapping) or reply.get("success") is not True:
            said = reply.get("error") if isinstance(reply, Mapping) else reply
            raise SourceError(self.name, f"the portal says that it failed: {said}")

    def parse(self, payload: RawPayload) -> Observations:
        """The forecasts of an answer, in MW.

        Raises:
            SourceError: a row has no settlement period or no number, or there are more rows than one answer gives.
        """
        resource, zone = RESOURCES[str(payload.asked["item"])], zone_of(payload, self.zones)
        records = records_of(payload, reply_of(payload), "result", "records")
        if len(records) >= _MOST_ROWS:
            raise refusal(payload, f"{len(records)} rows, so that some may be missing")
        records = records.rename(columns=str.lower)
        require_columns(payload, records, [resource.date, resource.period, *resource.columns])
        if not len(records):
            return observed(payload, zone, [])
        valid_time = settled(payload, records[resource.date], records[resource.period])
        asked = set(self.settings.quantities or resource.columns.values())
        frames = [
            self._rows(payload, zone, resource, records, valid_time, column)
            for column, quantity in resource.columns.items()
            if quantity in asked
        ]
        return observed(payload, zone, frames, Mtu.PT30M)

    def _rows(
        self,
        payload: RawPayload,
        zone: BiddingZone,
        resource: Resource,
        records: pd.DataFrame,
        valid_time: pd.DatetimeIndex,
        column: str,
    ) -> pd.DataFrame:
        """The rows of a column, known from its publication, or from when it was fetched."""
        quantity = resource.columns[column]
        known = pd.Series(payload.retrieved_at, index=records.index).dt.as_unit("us")
        availability = pd.Series("assumed", index=records.index)
        if resource.published:
            begun = known_from(Series(zone.code, quantity), valid_time, Mtu.PT30M, zone, self.settings.lag)
            known = pd.Series(begun, index=records.index)
            require_columns(payload, records, (resource.published,))
            told = records[resource.published].notna() & (records[resource.published] != "")
            known[told] = instants(payload, records.loc[told, resource.published])
            availability[told] = "recorded"
        return pd.DataFrame(
            {
                "quantity": quantity,
                "valid_time": valid_time,
                "available_at": known,
                "availability": availability,
                "value": numbers(payload, records[column]),
            }
        )
