"""Elia open data: wind and solar power, load and their forecasts in Belgium, each forecast in up to four vintages.

Wind power is the sum of its parts by region and grid; at a time at which one of them is missing there is no value. The
forecasts are named for when they are made: at 11:00 and at 18:00 on the day before. That of a week ahead was made
before the day before began. The most recent one is known when its unit ends, or when it was fetched ahead of that. What
is of the last weeks lies in a data set of its own; both are asked. Times without an offset are those of Brussels.

Source: https://opendata.elia.be, data sets ods001, ods002 (load), ods031, ods086 (wind), ods032, ods087 (solar).
Licence: Elia Open Data Licence (CC BY 4.0), "Elia". Wind is tested with an export of 2018, all else in its form.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import ClassVar

import pandas as pd

from gridahead.core.grid import BiddingZone, Series
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, Mtu, TimeRange
from gridahead.sources.base import RawPayload, availability_by
from gridahead.sources.http.request import Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.records import instants, known_from, numbers, observed, once, refusal, zone_of
from gridahead.sources.wanted import Item

_TIMEZONE = "Europe/Brussels"
_NAMES: Mapping[str, str] = {
    "Datetime": "datetime",
    "Offshore/onshore": "offshoreonshore",
    "Region": "region",
    "Grid connection type": "gridconnectiontype",
    "Measured & Upscaled": "measured",
    "realtime": "measured",
    "Total Load": "measured",
    "totalload": "measured",
    "Most recent forecast": "mostrecentforecast",
    "Day Ahead 11AM forecast": "dayahead11hforecast",
    "Day-ahead 6PM forecast": "dayaheadforecast",
    "Week-ahead forecast": "weekaheadforecast",
    "Monitored capacity": "monitoredcapacity",
}
"""What else fields are called: by the labels of an export, and in the data sets of the last weeks."""
_MADE: Mapping[str, Deadline] = {
    "dayahead11hforecast": Deadline.parse(f"D-1T1100[{_TIMEZONE}]"),
    "dayaheadforecast": Deadline.parse(f"D-1T1800[{_TIMEZONE}]"),
    "weekaheadforecast": Deadline.parse(f"D-1T0000[{_TIMEZONE}]"),
}
"""By when each forecast is there. Source: Elia, descriptions of the fields of ods031."""
_MOST_RECENT = "mostrecentforecast"
_DATASETS = {"load": ("ods001", "ods002"), "wind": ("ods031", "ods086"), "solar": ("ods032", "ods087")}
_WHERE = {"Onshore": "wind_onshore", "Offshore": "wind_offshore"}
_PARTS = ("offshoreonshore", "region", "gridconnectiontype")
_COUNTRY = "Belgium"
_OLD_FORM = "%d-%m-%Y %H:%M"
_MONTH, _AHEAD = pd.Timedelta(days=31), pd.Timedelta(days=2)


def _item(name: str, quantities: tuple[str, ...]) -> Item:
    more = () if name == "load" else tuple(f"{quantity}_capacity" for quantity in quantities)
    official = tuple(f"{quantity}_official" for quantity in quantities)
    return Item(name, (*quantities, *official, *more), _MONTH, ahead=_AHEAD)


class Elia(HttpSource):
    """Reads the exports of Elia's open data."""

    zone_codes: ClassVar[Mapping[str, str]] = {"BE": "BE"}
    items = (_item("load", ("load",)), _item("wind", tuple(_WHERE.values())), _item("solar", ("solar",)))

    @property
    def official_available(self) -> Mapping[str, Deadline]:
        """From when the forecast of the day before may be used: that of load at 18:00, of all else at 11:00."""
        items = self.wanted_items()
        names = [name for item in items for name in item.quantities if f"{name}_official" in item.quantities]
        made = {name: _MADE["dayaheadforecast" if name == "load" else "dayahead11hforecast"] for name in names}
        return {str(Series(zone.code, name).official): by for zone in self.zones for name, by in made.items()}

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """The window of both data sets, each as one export."""
        del zones
        start, end = (f"date'{at:%Y-%m-%dT%H:%M:%SZ}'" for at in (window.start, window.end))
        where = f"datetime >= {start} and datetime < {end}"
        if item.name == "solar":
            where += f" and region = '{_COUNTRY}'"
        for dataset in _DATASETS[item.name]:
            parameters = {"where": where, "order_by": "datetime", "timezone": "UTC", "delimiter": ";"}
            yield Request(f"/{dataset}/exports/csv", parameters, expected=("csv",))

    def parse(self, payload: RawPayload) -> Observations:
        """The series of an export, in MW.

        Raises:
            SourceError: it is no table of that data set, is cut off, or contradicts itself.
        """
        zone, table = zone_of(payload, self.zones), _table(payload)
        item = str(payload.asked["item"])
        if not len(table):
            return observed(payload, zone, [])
        if item == "solar":
            table = table[table["region"] == _COUNTRY]
        table = table.assign(valid_time=_instants(payload, table["datetime"]))
        frames = []
        for quantity, of_quantity in _by_quantity(payload, item, table):
            for field in (name for name in ("measured", "monitoredcapacity", _MOST_RECENT, *_MADE) if name in table):
                frame = self._rows(payload, zone, quantity, of_quantity, field)
                if not self.settings.quantities or frame["quantity"].iloc[0] in self.settings.quantities:
                    frames.append(frame)
        return observed(payload, zone, frames, Mtu.PT15M)

    def _rows(
        self, payload: RawPayload, zone: BiddingZone, quantity: str, table: pd.DataFrame, field: str
    ) -> pd.DataFrame:
        """The rows of a field, its parts added."""
        if field in _MADE or field == _MOST_RECENT:
            quantity = f"{quantity}_official"
        elif field == "monitoredcapacity":
            quantity = f"{quantity}_capacity"
        total = _added(payload, quantity, table, field)
        valid_time = pd.DatetimeIndex(total.index)
        if field in _MADE:
            known = availability_by(valid_time, _MADE[field], zone.timezone)
        elif field == _MOST_RECENT:
            ended = valid_time + Mtu.PT15M.delta
            known = ended.where(ended < payload.retrieved_at, payload.retrieved_at)
        else:
            known = known_from(Series(zone.code, quantity), valid_time, Mtu.PT15M, zone, self.settings.lag)
        about = {"quantity": quantity, "availability": "assumed"}
        return pd.DataFrame({"valid_time": valid_time, "available_at": known, "value": total.to_numpy(), **about})


def _table(payload: RawPayload) -> pd.DataFrame:
    """The cells of an export, its columns called by the names of the fields.

    Raises:
        SourceError: it is no table, or its last row is cut off.
    """
    lines = payload.content.decode("utf-8-sig", errors="replace").rstrip().splitlines()
    separator = ";" if lines and ";" in lines[0] else ","
    if lines and lines[-1].count(separator) != lines[0].count(separator):
        raise refusal(payload, f"row {len(lines)}, the last, has another number of cells than the header")
    try:
        table = pd.read_csv(
            io.BytesIO(payload.content), sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
    except (ValueError, UnicodeDecodeError) as error:
        raise refusal(payload, f"no table ({error})") from error
    table = table.rename(columns=dict(_NAMES))
    if "datetime" not in table:
        raise refusal(payload, f"its columns are {', '.join(map(str, table.columns[:5]))}, and none is datetime")
    return table


def _instants(payload: RawPayload, texts: pd.Series) -> pd.DatetimeIndex:
    """Times in UTC, of exports with an offset and of those that have Brussels time.

    Raises:
        SourceError: one of them is no time, or one of an hour that clocks skip or repeat.
    """
    if not texts.str.fullmatch(r"\d\d-\d\d-\d{4} \d\d:\d\d").all():
        return instants(payload, texts)
    try:
        wall = pd.DatetimeIndex(pd.to_datetime(texts, format=_OLD_FORM))
        return wall.tz_localize(_TIMEZONE).tz_convert("UTC").as_unit("us")
    except ValueError as error:
        raise refusal(payload, f"datetime: {error}") from error


def _by_quantity(payload: RawPayload, item: str, table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each quantity and the rows of it.

    Raises:
        SourceError: rows are neither onshore nor offshore.
    """
    if item != "wind":
        yield item, table
        return
    unknown = set(table["offshoreonshore"]) - set(_WHERE)
    if unknown:
        raise refusal(payload, f"wind power of {', '.join(sorted(unknown))}, which is neither onshore nor offshore")
    for where, quantity in _WHERE.items():
        yield quantity, table[table["offshoreonshore"] == where]


def _added(payload: RawPayload, quantity: str, table: pd.DataFrame, field: str) -> pd.Series:
    """(T,) the sum of a field over its parts by valid time; none at a time that lacks a part which others have.

    Raises:
        SourceError: a part is there twice and not the same.
    """
    parts = table[[name for name in _PARTS if name in table]].agg(" ".join, axis=1)
    rows = pd.DataFrame(
        {
            "quantity": quantity + " " + parts,
            "valid_time": table["valid_time"],
            "available_at": payload.retrieved_at,
            "value": numbers(payload, table[field]),
        }
    )
    wide = once(payload, rows).pivot(index="valid_time", columns="quantity", values="value")
    return wide.sum(axis=1, skipna=False)
