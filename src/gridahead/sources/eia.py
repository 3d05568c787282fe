"""EIA-930: demand, its day-ahead forecast and generation by fuel of the balancing authorities of the United States.

`period` is the UTC end of an hour, energy over an hour is its mean power. Respondents say no time of publication: form
EIA-930 wants demand within an hour, and by 07:00 Eastern the generation of the day before and the day-ahead forecast of
the day itself; what was fetched earlier was known when it was fetched. `official_available` of the source says another
time where a user knows one. Coal is not divided by kind, and is hard coal here.

Source: https://www.eia.gov/opendata/documentation.php and form EIA-930, instructions. Public domain. The envelope and
values are tested with recordings; pages, of which there is none, with real values in the documented envelope.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone, Series
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import Deadline, TimeRange
from gridahead.sources.base import RawPayload, availability_after, availability_by
from gridahead.sources.eia_faults import LONGEST_SHIFT, corrected
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.local_hours import HOUR, vintage
from gridahead.sources.records import numbers, observed, records_of, refusal, reply_of, require_columns
from gridahead.sources.wanted import Item

TYPES: Mapping[str, str] = {"D": "load", "DF": "load_official"}
FUELS: Mapping[str, str] = {
    "BAT": "storage",
    "COL": "hard_coal",
    "GEO": "geothermal",
    "NG": "gas",
    "NUC": "nuclear",
    "OES": "storage",
    "OIL": "oil",
    "OTH": "other_generation",
    "PS": "hydro_pumped_storage",
    "SNB": "solar",
    "SUN": "solar",
    "UES": "storage",
    "UNK": "other_generation",
    "WAT": "hydro",
    "WNB": "wind",
    "WND": "wind",
}
"""Fuels of the service; those with batteries of their own are added to those without."""
FORECAST_BY = Deadline.parse("D-0T0700[America/New_York]")
GENERATION_BY = replace(FORECAST_BY, days_before=-1)
"""By when form EIA-930 wants the day-ahead forecast of a day, and its generation: on the day, and on the one after."""
_RESPONDENTS = """
AEC AECI AVA AVRN AZPS BANC BPAT CHPD CISO CPLE CPLW DEAA DOPD DUK EPE ERCO FMPP FPC FPL GCPD GRID GRIF GVL GWA HGMA
HST IID IPCO ISNE JEA LDWP LGEE MISO NEVP NSB NWMT NYIS PACE PACW PGE PJM PNM PSCO PSEI SC SCEG SCL SEC SEPA SOCO SPA
SRP SWPP TAL TEC TEPC TIDC TPWR TVA WACM WALC WAUW WWA YAD
"""
RESPONDENTS: Mapping[str, str] = {code: code for code in _RESPONDENTS.split()}
"""Balancing authorities, by the codes that they have here as well."""
_PAGE = 5000
_MONTH = pd.Timedelta(days=31)


class Eia(HttpSource):
    """Reads the JSON of EIA's API, version 2."""

    zone_codes: ClassVar[Mapping[str, str]] = RESPONDENTS
    items = (
        Item("region-data", tuple(TYPES.values()), _MONTH, ahead=pd.Timedelta(days=2), together=True),
        Item("fuel-type-data", tuple(sorted(set(FUELS.values()))), _MONTH, together=True),
    )

    @property
    def official_available(self) -> Mapping[str, Deadline]:
        """By when the day-ahead forecast of demand has to be there."""
        if not any("load_official" in item.quantities for item in self.wanted_items()):
            return {}
        return {f"{zone.code}/load_official": self._forecast_by for zone in self.zones}

    @property
    def _forecast_by(self) -> Deadline:
        return self.settings.official_available or FORECAST_BY

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """The first page of a window, whose hours are named by their ends; a little more where stamps are wrong."""
        column, names = ("type", TYPES) if item.name == "region-data" else ("fueltype", FUELS)
        beyond = pd.Timedelta(0) if column == "type" else LONGEST_SHIFT
        asked = set(self.settings.quantities or names.values())
        yield Request(
            f"/v2/electricity/rto/{item.name}/data/",
            {
                "frequency": "hourly",
                "data[0]": "value",
                "facets[respondent][]": tuple(self.code(zone) for zone in zones),
                f"facets[{column}][]": tuple(name for name, quantity in names.items() if quantity in asked),
                "start": f"{window.start.floor('h') + HOUR - beyond:%Y-%m-%dT%H}",
                "end": f"{window.end.ceil('h') + beyond:%Y-%m-%dT%H}",
                # Without an order the service gives rows twice on one page and never on another.
                "sort[0][column]": "respondent",
                "sort[0][direction]": "asc",
                "sort[1][column]": "period",
                "sort[1][direction]": "asc",
                "sort[2][column]": column,
                "sort[2][direction]": "asc",
                "offset": "0",
                "length": str(_PAGE),
            },
        )

    def following(self, request: Request, answer: Answer) -> Request | None:
        """The page behind this one, until as many rows have come as there are."""
        response = answer.json()["response"]
        offset, rows = int(str(request.parameters["offset"])), len(response["data"])
        if not rows or offset + rows >= int(response["total"]):
            return None
        return replace(request, parameters={**request.parameters, "offset": str(offset + rows)})

    def check(self, answer: Answer) -> None:
        """Refuse an answer without data: the service says with status 200 as well what went wrong.

        Raises:
            SourceError: what it says.
        """
        reply = answer.json()
        response = reply.get("response") if isinstance(reply, Mapping) else None
        if not isinstance(response, Mapping) or not isinstance(response.get("data"), list) or "total" not in response:
            raise SourceError(self.name, f"an answer without data: {_said(reply)}", retryable=True)

    def parse(self, payload: RawPayload) -> Observations:
        """The series of all zones that were asked for together [MW].

        Raises:
            SourceError: it is no answer of the service, or of something that was not asked for.
        """
        column, names = ("type", TYPES) if payload.asked["item"] == "region-data" else ("fueltype", FUELS)
        rows = records_of(payload, reply_of(payload), "response", "data")
        require_columns(payload, rows, ("period", "respondent", column, "value", "value-units"))
        if rows.empty:
            return Observations(OBSERVATIONS.empty())
        units = sorted(set(rows["value-units"]) - {"megawatthours"})
        if units:
            raise refusal(payload, f"values in {', '.join(map(str, units))}, not in megawatthours")
        rows = rows[rows[column].isin(names)] if column == "type" else rows
        unknown = sorted(set(rows[column]) - set(names))
        if unknown:
            raise refusal(payload, f"{column} {', '.join(unknown)} was not asked for")
        rows = rows.assign(value=numbers(payload, rows["value"]), quantity=rows[column].map(names))
        stamps = _stamps(payload, rows["period"])
        zones = {self.code(zone): zone for zone in self.zones}
        blocks = [OBSERVATIONS.empty()]
        for respondent, block in rows.groupby("respondent", sort=True):
            if respondent in zones:
                of_block = pd.DatetimeIndex(stamps[rows.index.get_indexer(block.index)])
                if column == "fueltype":
                    of_block = corrected(of_block, str(respondent))
                blocks.append(self._of_zone(payload, zones[str(respondent)], block, of_block - HOUR))
        return Observations(pd.concat(blocks, ignore_index=True))

    def _of_zone(
        self, payload: RawPayload, zone: BiddingZone, block: pd.DataFrame, valid_time: pd.DatetimeIndex
    ) -> Observations:
        """Rows of one zone; fuels that are one quantity are added, and where one is missing so is the sum."""
        source = "type" if "type" in block else "fueltype"
        distinct = block.assign(valid_time=valid_time).drop_duplicates(["valid_time", source, "value"])
        twice = distinct[distinct.duplicated(["valid_time", source])]
        if len(twice):
            raise refusal(payload, f"{zone.code}: two values of {twice[source].iloc[0]} at {twice['period'].iloc[0]}")
        fuels = distinct.groupby(["quantity", "valid_time"], sort=True)["value"]
        sums = fuels.sum().where(fuels.count() == fuels.size())
        rows = []
        for quantity, of_quantity in sums.groupby(level=0):
            times = pd.DatetimeIndex(of_quantity.index.get_level_values(1)).as_unit("us")
            known = self._known_from(Series(zone.code, str(quantity)), times, zone)
            known = known.where(known <= payload.retrieved_at, payload.retrieved_at)
            rows.append(vintage(str(quantity), times, known, of_quantity, "assumed"))
        return observed(payload, zone, rows)

    def _known_from(self, series: Series, valid_time: pd.DatetimeIndex, zone: BiddingZone) -> pd.DatetimeIndex:
        if series.quantity == "load":
            return availability_after(valid_time, HOUR, self.settings.lag)
        by = self._forecast_by if series.quantity == "load_official" else GENERATION_BY
        return availability_by(valid_time, by, zone.timezone)


def _stamps(payload: RawPayload, periods: pd.Series) -> pd.DatetimeIndex:
    try:
        return pd.DatetimeIndex(pd.to_datetime(periods.astype(str), format="%Y-%m-%dT%H", utc=True)).as_unit("us")
    except ValueError as error:
        raise refusal(payload, f"period: no hour in UTC, such as 2026-03-01T05 ({error})") from error


def _said(reply: Any) -> str:
    """What an answer says in the place of data, in a line."""
    if isinstance(reply, Mapping):
        said = [reply[name] for name in ("error", "message", "warnings", "data") if reply.get(name)]
        return " ".join(str(text) for text in said)[:300] or str(reply)[:300]
    return str(reply)[:300]
