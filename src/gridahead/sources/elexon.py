"""Elexon Insights: demand, generation, forecasts with every vintage, and the market price of Great Britain.

Nearly every row has the time of its publication, so that availability is recorded. A forecast is asked for by when it
was published, and each publication is a vintage; all else is asked for by when it holds. Times are beginnings of
half-hours in UTC; a row that has none is placed by its settlement date and period, which count local half-hours in
Great Britain: 46 in spring, 50 in autumn. Values are mean power over the unit [MW].

Load is the initial national demand (INDO), which its forecast (NDF) is of; the demand on the transmission system
(ITSDO, TSDF) and the total load (ATL, DATL) are quantities of their own. The price is the Market Price of the
settlement, the mean of the market index data (MID) weighted by volume [GBP/MWh]: it is known after its half-hour.

Source: https://data.elexon.co.uk/bmrs/api/v1, OpenAPI specification. Licence: BMRS data, "Contains BMRS data © Elexon
Limited copyright and database right". Tested with the specification's examples and answers in their form, as no
recording was to be had.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import pandas as pd

from gridahead.core.grid import BiddingZone
from gridahead.core.tables import Observations
from gridahead.core.time import Mtu, TimeRange
from gridahead.sources.base import RawPayload
from gridahead.sources.http.request import Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.records import (
    instants,
    numbers,
    observed,
    once,
    records_of,
    refusal,
    reply_of,
    require_columns,
    zone_of,
)
from gridahead.sources.wanted import Item

TIMEZONE = "Europe/London"
HALF_HOUR = Mtu.PT30M.delta
_DAY, _WEEK = pd.Timedelta(days=1), pd.Timedelta(days=7)
_AHEAD = pd.Timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Dataset:
    """One kind of answer: where it is, how it is asked for, and which columns have what."""

    path: str
    asked_by: Literal["settlement", "time", "published"]
    columns: Mapping[str, str]
    """Our quantity of each column that is read."""
    kinds: Mapping[str, str] | None = None
    """Where rows are of several kinds: our quantity of each, as the column `kind` names it."""
    kind: str = ""
    measured: bool = True
    parameters: Mapping[str, str] | None = None


_SOURCES = {"Solar": "solar", "Wind Onshore": "wind_onshore", "Wind Offshore": "wind_offshore"}
_FUELS = {
    "BIOMASS": "biomass",
    "CCGT": "gas",
    "COAL": "hard_coal",
    "NPSHYD": "hydro",
    "NUCLEAR": "nuclear",
    "OCGT": "gas",
    "OIL": "oil",
    "OTHER": "other_generation",
    "PS": "hydro_pumped_storage",
    "WIND": "wind",
}
"""Interconnectors are left out. Embedded wind and solar power is in none of them."""

DATASETS: Mapping[str, Dataset] = {
    "demand": Dataset(
        "/demand/outturn",
        "settlement",
        {"initialDemandOutturn": "load", "initialTransmissionSystemDemandOutturn": "transmission_load"},
    ),
    "total_load": Dataset("/demand/actual/total", "time", {"quantity": "total_load"}),
    "load_official": Dataset("/datasets/NDF", "published", {"demand": "load_official"}, measured=False),
    "transmission_load_official": Dataset(
        "/datasets/TSDF", "published", {"demand": "transmission_load_official"}, measured=False
    ),
    "total_load_official": Dataset(
        "/forecast/demand/total/day-ahead", "time", {"quantity": "total_load_official"}, measured=False
    ),
    "wind_official": Dataset("/datasets/WINDFOR", "published", {"generation": "wind_official"}, measured=False),
    "wind_and_solar_official": Dataset(
        "/forecast/generation/wind-and-solar/day-ahead",
        "time",
        {"quantity": "value"},
        {name: f"{quantity}_official" for name, quantity in _SOURCES.items()},
        "psrType",
        measured=False,
        parameters={"processType": "day ahead"},
    ),
    "wind_and_solar": Dataset(
        "/generation/actual/per-type/wind-and-solar", "time", {"quantity": "value"}, _SOURCES, "psrType"
    ),
    "fuel": Dataset("/datasets/FUELHH", "settlement", {"generation": "value"}, _FUELS, "fuelType"),
    "price": Dataset("/datasets/MID", "time", {"price": "price_intraday"}),
}


def _item(name: str, dataset: Dataset) -> Item:
    quantities = tuple(dict.fromkeys((dataset.kinds or dataset.columns).values()))
    if dataset.asked_by == "published":  # what was published changes no more; a day has about 4,000 rows
        return Item(name, quantities, _WEEK if name == "wind_official" else _DAY, settles=_DAY)
    longest = _WEEK - _DAY if dataset.asked_by == "settlement" else _WEEK  # six days from noon on are seven dates
    return Item(name, quantities, longest, ahead=pd.Timedelta(0) if dataset.measured else _AHEAD)


class Elexon(HttpSource):
    """Reads the JSON of Elexon Insights."""

    zone_codes: ClassVar[Mapping[str, str]] = {"GB": "GB"}
    items = tuple(_item(name, dataset) for name, dataset in DATASETS.items())

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """One request a window, by what the dataset is asked by."""
        del zones
        dataset = DATASETS[item.name]
        first, last = window.start, window.end - pd.Timedelta(seconds=1)
        if dataset.asked_by == "settlement":
            names, form = ("settlementDateFrom", "settlementDateTo"), "%Y-%m-%d"
            first, last = first.tz_convert(TIMEZONE), last.tz_convert(TIMEZONE)
        else:
            published = dataset.asked_by == "published"
            names = ("publishDateTimeFrom", "publishDateTimeTo") if published else ("from", "to")
            form, last = "%Y-%m-%dT%H:%MZ", window.end
        period = {names[0]: first.strftime(form), names[1]: last.strftime(form)}
        yield Request(dataset.path, {**period, **(dataset.parameters or {}), "format": "json"})

    def parse(self, payload: RawPayload) -> Observations:
        """The series of an answer, in MW or GBP/MWh; of a forecast every vintage that it has.

        Raises:
            SourceError: a row has no time, no kind or no number where it should.
        """
        item = str(payload.asked["item"])
        dataset, zone = DATASETS[item], zone_of(payload, self.zones)
        records = records_of(payload, reply_of(payload), "data")
        if not len(records):
            return observed(payload, zone, [])
        required = [*dataset.columns, *([dataset.kind] if dataset.kind else [])]
        require_columns(payload, records, required)
        records = _national(records).drop_duplicates()
        if item == "price":
            records = _market_price(payload, records)
        parts: dict[str, list[pd.DataFrame]] = {}
        asked = set(self.settings.quantities)
        for column, named in dataset.columns.items():
            for quantity, of_kind in _by_quantity(dataset, named, records):
                if len(of_kind) and (not asked or quantity in asked):
                    parts.setdefault(quantity, []).append(self._rows(payload, dataset, quantity, of_kind, column))
        return observed(payload, zone, [_added(payload, frames) for frames in parts.values()], Mtu.PT30M)

    def _rows(
        self, payload: RawPayload, dataset: Dataset, quantity: str, records: pd.DataFrame, column: str
    ) -> pd.DataFrame:
        """The rows of a quantity.

        A measured value that is said to have been published before its unit ended is not believed.
        """
        start = pd.Series(starts(payload, records), index=records.index)
        published = _published(payload, records)
        ended = start + HALF_HOUR
        assumed = published.isna() | (dataset.measured & (published < ended))
        return pd.DataFrame(
            {
                "quantity": quantity,
                "valid_time": start,
                "available_at": published.where(~assumed, ended + self.settings.lag),
                "availability": assumed.map({True: "assumed", False: "recorded"}),
                "value": numbers(payload, records[column]),
            }
        )


def starts(payload: RawPayload, records: pd.DataFrame) -> pd.DatetimeIndex:
    """The beginning of each row's unit: its start time, or else that of its settlement period.

    Raises:
        SourceError: it has neither, or the day has no such period.
    """
    if "startTime" in records and records["startTime"].notna().all():
        return instants(payload, records["startTime"])
    require_columns(payload, records, ("settlementDate", "settlementPeriod"))
    return settled(payload, records["settlementDate"], records["settlementPeriod"])


def settled(payload: RawPayload, dates: pd.Series, periods: pd.Series) -> pd.DatetimeIndex:
    """The beginnings of settlement periods, which count the half-hours of a local day from 1.

    Raises:
        SourceError: the day has no such period.
    """
    days = instants(payload, dates).tz_localize(None).normalize()
    midnight = days.tz_localize(TIMEZONE).tz_convert("UTC")
    following = (days + _DAY).tz_localize(TIMEZONE).tz_convert("UTC")
    start = midnight + pd.to_timedelta((numbers(payload, periods).to_numpy() - 1) * 30, unit="min")
    outside = (start < midnight) | (start >= following)
    if outside.any():
        raise refusal(payload, f"{dates[outside].iloc[0]} has no settlement period {periods[outside].iloc[0]}")
    return start.as_unit("us")


def _published(payload: RawPayload, records: pd.DataFrame) -> pd.Series:
    """When each row was published, NaT where it does not say."""
    if "publishTime" not in records:
        return pd.Series(pd.NaT, index=records.index, dtype="datetime64[us, UTC]")
    told = records["publishTime"].dropna()
    return pd.Series(instants(payload, told), index=told.index).reindex(records.index)


def _national(records: pd.DataFrame) -> pd.DataFrame:
    """The rows of the whole country, and of the day-ahead process where there are several."""
    if "boundary" in records:
        records = records[records["boundary"].isna() | records["boundary"].isin(["", "N"])]
    if "processType" in records:
        records = records[records["processType"].astype(str).str.casefold() == "day ahead"]
    return records


def _by_quantity(dataset: Dataset, named: str, records: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each quantity and the records of it, or of one of the kinds that it is a sum of."""
    if dataset.kinds is None:
        yield named, records
        return
    for kind, quantity in dataset.kinds.items():
        yield quantity, records[records[dataset.kind] == kind]


def _added(payload: RawPayload, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """The sum of what a quantity consists of; no value where a part has none."""
    if len(parts) == 1:
        return parts[0]
    key = ["quantity", "valid_time", "available_at", "availability"]
    values = [once(payload, part).set_index(key)["value"] for part in parts]
    total = values[0]
    for value in values[1:]:
        total = total.add(value)
    return total.reset_index()


def _market_price(payload: RawPayload, records: pd.DataFrame) -> pd.DataFrame:
    """One record a half-hour: the mean of the providers by volume, none where nothing was traded.

    Source: Balancing and Settlement Code, section T (Market Price).
    """
    require_columns(payload, records, ("volume", "dataProvider"))
    start = starts(payload, records)
    traded = pd.DataFrame(
        {
            "startTime": start,
            "dataProvider": records["dataProvider"].to_numpy(),
            "price": numbers(payload, records["price"]).to_numpy(),
            "volume": numbers(payload, records["volume"]).fillna(0.0).to_numpy(),
        }
    ).drop_duplicates()
    if traded.duplicated(["startTime", "dataProvider"]).any():
        raise refusal(payload, "a provider has two prices for one half-hour")
    traded["paid"] = (traded["price"] * traded["volume"]).where(traded["volume"] > 0, 0.0)
    sums = traded.groupby("startTime", as_index=False)[["paid", "volume"]].sum()
    return sums.assign(price=(sums["paid"] / sums["volume"]).where(sums["volume"] > 0).astype(object))
