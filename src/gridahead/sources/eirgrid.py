"""Smart Grid Dashboard of EirGrid and SONI: demand, wind and solar power of Ireland, and their forecasts.

The island is one bidding zone, IE; each system operator has a region of it as well. Times are local and say no offset,
those of an hour that clocks repeat being told apart by their order; where it is there once it cannot be told and is
left out. A null is a time that has no value yet. The older interface says when it was last updated: what it forecasts
beyond that was known then. Where nothing is said, a forecast counts from its legal deadline.

Source: https://www.smartgriddashboard.com, as its own page asks it. Licence: EirGrid Group, with the source named.
Tested with recordings of 2023 and 2025.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from gridahead.core.grid import OFFICIAL_SUFFIX, BiddingZone, Series, official_by
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, Mtu, TimeRange, days_between
from gridahead.sources.base import RawPayload
from gridahead.sources.http.request import Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.records import (
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

FIELDS: Mapping[str, str] = {
    "SYSTEM_DEMAND": "load",
    "DEMAND_FORECAST_VALUE": "load_official",
    "WIND_ACTUAL": "wind",
    "WIND_FCAST": "wind_official",
    "SOLAR_ACTUAL": "solar",
    "SOLAR_FCAST": "solar_official",
}
"""Our quantity of each field."""
_ASKED = {"load": ("demand", "demand"), "wind": ("default", "wind"), "solar": ("default", "solar")}
"""Which chart has a quantity, and what its areas are called there."""
_TIME_FORM = "%d-%b-%Y %H:%M:%S"
_WEEK, _AHEAD = pd.Timedelta(days=7), pd.Timedelta(days=2)


class EirGrid(HttpSource):
    """Reads the rows behind the charts of the dashboard."""

    zone_codes: ClassVar[Mapping[str, str]] = {"IE": "ALL", "IE-EIRGRID": "ROI", "NIR": "NI"}
    items = tuple(Item(name, (name, name + OFFICIAL_SUFFIX), _WEEK, ahead=_AHEAD) for name in _ASKED)

    @property
    def official_available(self) -> Mapping[str, Deadline]:
        """By when EU law wants each official forecast, as the service does not say when it came."""
        series = (Series(zone.code, item.name) for zone in self.zones for item in self.wanted_items())
        return {str(one.official): by for one in series if (by := official_by(one)) is not None}

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """One request for each local day that the window touches, for what was and what is forecast."""
        chart, area = _ASKED[item.name]
        timezone = zones[0].timezone
        last = window.end - pd.Timedelta(seconds=1)
        for day in days_between(window.start.tz_convert(timezone).date(), last.tz_convert(timezone).date()):
            date = f"{day:%d-%b-%Y}"
            about = {"region": self.code(zones[0]), "chartType": chart, "areas": f"{area}actual,{area}forecast"}
            yield Request("/api/chart/", {**about, "dateRange": "day", "dateFrom": date, "dateTo": date})

    def parse(self, payload: RawPayload) -> Observations:
        """The series of an answer, in MW.

        Raises:
            SourceError: the service says that it failed, a row is of another region, or two contradict each other.
        """
        reply, zone = reply_of(payload), zone_of(payload, self.zones)
        failure = reply.get("ErrorMessage") if isinstance(reply, Mapping) else None
        if failure:
            raise refusal(payload, f"it says {failure}")
        records = records_of(payload, reply, "Rows")
        if not len(records):
            return observed(payload, zone, [])
        require_columns(payload, records, ("EffectiveTime", "FieldName", "Region", "Value"))
        others = set(records["Region"]) - {self.code(zone)}
        if others:
            raise refusal(payload, f"rows of {', '.join(map(str, others))} instead of {self.code(zone)}")
        unknown = set(records["FieldName"]) - set(FIELDS)
        if unknown:
            raise refusal(payload, f"fields that are not known: {', '.join(map(str, unknown))}")
        updated = self._updated(payload, reply, zone)
        asked = set(self.settings.quantities or FIELDS.values())
        frames = [
            self._rows(payload, zone, FIELDS[str(name)], of_field.reset_index(drop=True), updated)
            for name, of_field in records.groupby("FieldName", sort=False)
            if FIELDS[str(name)] in asked
        ]
        return observed(payload, zone, frames, Mtu.PT30M)

    def _updated(self, payload: RawPayload, reply: Mapping[str, Any], zone: BiddingZone) -> pd.Timestamp | None:
        """When the answer says that it was updated."""
        told = reply.get("LastUpdated")
        if not told:
            return None
        return _instants(payload, pd.Series([told], name="LastUpdated"), zone.timezone)[0]

    def _rows(
        self, payload: RawPayload, zone: BiddingZone, quantity: str, records: pd.DataFrame, updated: pd.Timestamp | None
    ) -> pd.DataFrame:
        """The rows of a quantity that have a value."""
        present = records[records["Value"].notna()]
        valid_time = _instants(payload, present["EffectiveTime"], zone.timezone)
        told = valid_time.notna()
        if not told.all():
            self.warn(
                f"{payload.name}: an hour that clocks repeat is there once, and left out: which it is is not said"
            )
        valid_time, values = valid_time[told], numbers(payload, present["Value"]).to_numpy()[told]
        if not len(values):
            return pd.DataFrame()
        units = units_of(payload, valid_time, zone.timezone, Mtu.PT30M)
        known = known_from(Series(zone.code, quantity), valid_time, units, zone, self.settings.lag)
        is_seen = np.zeros(len(values), dtype=bool)
        if updated is not None and quantity.endswith(OFFICIAL_SUFFIX):
            is_seen = np.asarray(valid_time > updated)
            known = known.where(~is_seen, updated)
        return pd.DataFrame(
            {
                "quantity": quantity,
                "valid_time": valid_time,
                "available_at": known,
                "availability": np.where(is_seen, "recorded", "assumed"),
                "value": values,
            }
        )


def _instants(payload: RawPayload, texts: pd.Series, timezone: str) -> pd.DatetimeIndex:
    """Local times in UTC; none for one of a repeated hour that is there once.

    Raises:
        SourceError: one of them is no time, or one that clocks skip.
    """
    try:
        wall = pd.DatetimeIndex(pd.to_datetime(texts, format=_TIME_FORM))
        summer, winter = (
            wall.tz_localize(timezone, ambiguous=np.full(len(wall), is_summer), nonexistent="raise")
            for is_summer in (True, False)
        )
    except ValueError as error:
        raise refusal(payload, f"{texts.name}: {error}") from error
    repeated = np.asarray(summer != winter)
    second = repeated & np.asarray(wall.duplicated())
    single = repeated & ~np.asarray(wall.duplicated(keep=False))
    told = summer.where(~second, winter).tz_convert("UTC").as_unit("us")
    return pd.DatetimeIndex(told.where(~single))
