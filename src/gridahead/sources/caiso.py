"""CAISO's OASIS: load, its day-ahead forecast, wind and solar power and their day-ahead forecasts.

An answer is a zip file with a table, whose times are in GMT and given for both ends of an hour. There is no time of
publication: a day-ahead forecast counts as known with the results of the day-ahead market, at 13:00 of the day before,
or from when it was fetched, if that was earlier. Wind and solar power is the sum of the three trading hubs.

Source: https://oasis.caiso.com, Interface Specification for OASIS, SLD_FCST and SLD_REN_FCST. Licence: CAISO's terms of
use. Tested with recordings of a forecast of wind and solar power and of one of load, which is that of seven days ahead.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import Deadline, TimeRange
from gridahead.sources.base import RawPayload, availability_after, availability_by
from gridahead.sources.http.body import zip_members
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.local_hours import HOUR, vintage
from gridahead.sources.records import instants, numbers, observed, refusal, require_columns, zone_of
from gridahead.sources.wanted import Item

FORECAST_BY = Deadline.parse("D-1T1300[America/Los_Angeles]")
_HUBS = 3
_FUELS = {"Solar": "solar", "Wind": "wind"}
_NO_DATA = "1000"
_MONTH = pd.Timedelta(days=30)
_AHEAD = pd.Timedelta(days=2)


class Caiso(HttpSource):
    """Reads zip files of OASIS; a zone is a TAC area."""

    zone_codes: ClassVar[Mapping[str, str]] = {"CISO": "CA ISO-TAC"}
    items = (
        Item("SLD_FCST-ACTUAL", ("load",), _MONTH),
        Item("SLD_FCST-DAM", ("load_official",), _MONTH, ahead=_AHEAD),
        Item("SLD_REN_FCST-ACTUAL", ("solar", "wind"), _MONTH),
        Item("SLD_REN_FCST-DAM", ("solar_official", "wind_official"), _MONTH, ahead=_AHEAD),
    )

    @property
    def official_available(self) -> Mapping[str, Deadline]:
        """By when day-ahead forecasts count as known."""
        quantities = [quantity for item in self.wanted_items() if item.ahead for quantity in item.quantities]
        return {f"{zone.code}/{quantity}": self._forecast_by for zone in self.zones for quantity in quantities}

    @property
    def _forecast_by(self) -> Deadline:
        return self.settings.official_available or FORECAST_BY

    def offers(self, item: Item, zone: BiddingZone) -> bool:
        """Wind and solar power of the whole alone."""
        return item.name.startswith("SLD_FCST") or self.code(zone) == self.zone_codes["CISO"]

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """One request a window."""
        query, _, run = item.name.partition("-")
        parameters = {
            "queryname": query,
            "market_run_id": run,
            "startdatetime": f"{window.start:%Y%m%dT%H:%M}-0000",
            "enddatetime": f"{window.end:%Y%m%dT%H:%M}-0000",
            "version": "1",
            "resultformat": "6",
        }
        yield Request("/oasisapi/SingleZip", parameters, expected=("zip",))

    def check(self, answer: Answer) -> None:
        """Refuse an error that comes as a zip file, but for the one that there is no data.

        Raises:
            SourceError: what the service says; it may answer when asked again.
        """
        said = _error(self._members(answer.content))
        if said is not None and said[0] != _NO_DATA:
            raise SourceError(self.name, f"error {said[0]}: {said[1]}", retryable=True)

    def parse(self, payload: RawPayload) -> Observations:
        """The series of an answer [MW].

        Raises:
            SourceError: it is no table of what was asked for.
        """
        members = self._members(payload.content)
        if _error(members) is not None:
            return Observations(OBSERVATIONS.empty())
        item, zone = str(payload.asked["item"]), zone_of(payload, self.zones)
        table = pd.concat([pd.read_csv(io.BytesIO(content), dtype=object) for content in members.values()])
        area = "TAC_AREA_NAME" if item.startswith("SLD_FCST") else "TRADING_HUB"
        times = ("INTERVALSTARTTIME_GMT", "INTERVALENDTIME_GMT")
        require_columns(payload, table, (*times, "MARKET_RUN_ID", "MW", area))
        run = item.partition("-")[2]
        others = sorted(set(table["MARKET_RUN_ID"]) - {run})
        if others:
            raise refusal(payload, f"rows of market run {', '.join(map(str, others))}, and {run} was asked for")
        if area == "TAC_AREA_NAME":
            table = table[table[area] == self.code(zone)].assign(quantity="load")
        else:
            require_columns(payload, table, ("RENEWABLE_TYPE",))
            table = table.assign(quantity=table["RENEWABLE_TYPE"].map(_FUELS))
        begin, end = (instants(payload, table[name]) for name in times)
        if len(table) and set(end - begin) != {HOUR}:
            raise refusal(payload, "intervals that are no hours")
        table = table.assign(begin=begin, mw=numbers(payload, table["MW"]), area=table[area])
        return observed(payload, zone, list(self._rows(payload, zone, table, 1 if area == "TAC_AREA_NAME" else _HUBS)))

    def _rows(self, payload: RawPayload, zone: BiddingZone, table: pd.DataFrame, parts: int) -> Iterator[pd.DataFrame]:
        """The sum of so many areas, where all of them are there."""
        distinct = table.drop_duplicates(["quantity", "begin", "area", "mw"])
        if distinct.duplicated(["quantity", "begin", "area"]).any():
            raise refusal(payload, "two values of one area in the same hour")
        official = "_official" if str(payload.asked["item"]).endswith("-DAM") else ""
        for quantity, block in distinct.groupby("quantity"):
            of_hour = block.groupby("begin")["mw"]
            sums = of_hour.sum()[of_hour.count() == parts]
            times = pd.DatetimeIndex(sums.index)
            if official:
                known = availability_by(times, self._forecast_by, zone.timezone)
                known = known.where(known <= payload.retrieved_at, payload.retrieved_at)
            else:
                known = availability_after(times, HOUR, self.settings.lag)
            yield vintage(f"{quantity}{official}", times, known, sums, "assumed")

    def _members(self, content: bytes) -> Mapping[str, bytes]:
        return zip_members(content, int(self.settings.max_size_mb * 1e6))


def _error(members: Mapping[str, bytes]) -> tuple[str, str] | None:
    """Code and text of an error that is packed in the place of a table."""
    for name, content in members.items():
        if name.lower().endswith(".xml"):
            text = content.decode(errors="replace")
            code, said = (re.search(rf"ERR_{part}>([^<]*)<", text) for part in ("CODE", "DESC"))
            return (code[1] if code else "without a code"), (said[1] if said else text[:200])
    return None
