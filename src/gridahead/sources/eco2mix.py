"""éCO2mix of RTE through Open Data Réseaux Énergies: consumption, its forecasts and generation by type of France.

What is of this and last month is in the data set of real time, what is older in that of consolidated and definitive
values, which has half-hours where the other has quarters; both are asked. A null says that the data set has no place
for the time, as at a quarter past in one of half-hours, or has no value yet: it is no row.

The forecast of the day before (`prevision_j1`) is the official one and counts from its legal deadline. That of the same
day (`prevision_j`) is load_intraday, and known when its unit begins, or when it was fetched ahead of that: the service
says of neither when it was made.

Source: https://odre.opendatasoft.com, data sets eco2mix-national-tr and eco2mix-national-cons-def. Licence Ouverte 2.0,
"RTE". Tested with a recording.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pandas as pd

from gridahead.core.grid import BiddingZone, Series, official_by
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, Mtu, TimeRange
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

FIELDS: Mapping[str, tuple[str, ...]] = {
    "load": ("consommation",),
    "load_official": ("prevision_j1",),
    "load_intraday": ("prevision_j",),
    "wind": ("eolien",),
    "wind_onshore": ("eolien_terrestre",),
    "wind_offshore": ("eolien_offshore",),
    "solar": ("solaire",),
    "nuclear": ("nucleaire",),
    "gas": ("gaz",),
    "hard_coal": ("charbon",),
    "oil": ("fioul",),
    "biomass": ("bioenergies_biomasse", "bioenergies_biogaz"),
    "waste": ("bioenergies_dechets",),
    "hydro_run_of_river": ("hydraulique_fil_eau_eclusee",),
    "hydro_reservoir": ("hydraulique_lacs",),
    "hydro_pumped_storage": ("hydraulique_step_turbinage", "pompage"),
    "storage": ("destockage_batterie", "stockage_batterie"),
}
"""The fields of which each quantity is the sum; what is taken from the grid is negative."""
_NOT_AVAILABLE = "ND"
"""How RTE writes that there is no value, where it writes something."""
_DATASETS = ("eco2mix-national-cons-def", "eco2mix-national-tr")
_MONTH, _AHEAD = pd.Timedelta(days=31), pd.Timedelta(days=2)


class Eco2mix(HttpSource):
    """Reads the records of éCO2mix."""

    zone_codes: ClassVar[Mapping[str, str]] = {"FR": "France"}
    items = (Item("eco2mix", tuple(FIELDS), _MONTH, ahead=_AHEAD),)

    @property
    def official_available(self) -> Mapping[str, Deadline]:
        """By when EU law wants the forecast of the day before, as the service does not say when it came."""
        series = [Series(zone.code, "load") for zone in self.zones if self._wants("load_official")]
        return {str(one.official): by for one in series if (by := official_by(one)) is not None}

    def _wants(self, quantity: str) -> bool:
        return not self.settings.quantities or quantity in self.settings.quantities

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """The window of each data set as one list, which has no pages."""
        del item, zones
        start, end = (f"date'{at:%Y-%m-%dT%H:%M:%SZ}'" for at in (window.start, window.end))
        where = f"date_heure >= {start} and date_heure < {end}"
        for dataset in _DATASETS:
            parameters = {"where": where, "order_by": "date_heure", "timezone": "UTC"}
            yield Request(f"/{dataset}/exports/json", parameters)

    def parse(self, payload: RawPayload) -> Observations:
        """The series of an answer, in MW.

        Raises:
            SourceError: a record has no time, or is of another area, or two contradict each other.
        """
        zone, records = zone_of(payload, self.zones), _fields(payload, reply_of(payload))
        if not len(records):
            return observed(payload, zone, [])
        require_columns(payload, records, ("date_heure", "perimetre"))
        others = set(records["perimetre"]) - {self.code(zone)}
        if others:
            raise refusal(payload, f"records of {', '.join(map(str, others))} instead of {self.code(zone)}")
        times = instants(payload, records["date_heure"])
        there = [
            (quantity, fields)
            for quantity, fields in FIELDS.items()
            if self._wants(quantity) and all(field in records for field in fields)
        ]
        if not there:
            raise refusal(payload, f"its records have none of {', '.join(FIELDS['load'] + FIELDS['load_official'])} …")
        frames = [self._rows(payload, zone, quantity, times, records[list(fields)]) for quantity, fields in there]
        return observed(payload, zone, frames, Mtu.PT15M)

    def _rows(
        self, payload: RawPayload, zone: BiddingZone, quantity: str, times: pd.DatetimeIndex, fields: pd.DataFrame
    ) -> pd.DataFrame:
        """The rows of a quantity that have a value."""
        given = fields.mask(fields == _NOT_AVAILABLE)
        total = sum((numbers(payload, given[name]) for name in given), start=pd.Series(0.0, index=given.index))
        present = total.notna().to_numpy()
        valid_time, values = times[present], total.to_numpy()[present]
        if not len(values):
            return pd.DataFrame()
        if quantity == "load_intraday":
            known = valid_time.where(valid_time < payload.retrieved_at, payload.retrieved_at)
        else:
            units = units_of(payload, valid_time, zone.timezone, Mtu.PT15M)
            known = known_from(Series(zone.code, quantity), valid_time, units, zone, self.settings.lag)
        about = {"quantity": quantity, "availability": "assumed"}
        return pd.DataFrame({"valid_time": valid_time, "available_at": known, "value": values, **about})


def _fields(payload: RawPayload, reply: Any) -> pd.DataFrame:
    """The records of an export, or those of the older interface, which wraps each.

    Raises:
        SourceError: it is neither.
    """
    if isinstance(reply, list):
        return records_of(payload, reply)
    wrapped = records_of(payload, reply, "records")
    require_columns(payload, wrapped, ("fields",))
    return pd.DataFrame(list(wrapped["fields"]) if len(wrapped) else [], dtype=object)
