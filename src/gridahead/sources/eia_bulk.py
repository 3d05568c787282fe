"""EIA-930's half-year files: years of history of every balancing authority without a key.

A file has a row for each authority and hour, by the UTC end of the hour, as the API has it; numbers may have commas.
Only half-years that are over are fetched, each once, as a file has 40 MB: what is new comes from the API. Values are
those that authorities reported, not the ones that EIA imputed or adjusted.

Source: https://www.eia.gov/electricity/gridmonitor, six-month files, BALANCE. Public domain. Tested with rows in the
documented columns of 2019 and 2025.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import ClassVar

import pandas as pd

from gridahead.core.grid import BiddingZone
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import TimeRange
from gridahead.sources.base import RawPayload, availability_after, availability_by
from gridahead.sources.eia import FORECAST_BY, GENERATION_BY, RESPONDENTS
from gridahead.sources.eia_faults import corrected
from gridahead.sources.http.request import Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.local_hours import HOUR, vintage
from gridahead.sources.records import numbers, observed, refusal, require_columns
from gridahead.sources.wanted import Item, Wanted

_FROM = "Net Generation (MW) from "
_COLUMNS: Mapping[str, str] = {
    "Demand (MW)": "load",
    "Demand Forecast (MW)": "load_official",
    f"{_FROM}All Petroleum Products": "oil",
    f"{_FROM}Battery Storage": "storage",
    f"{_FROM}Coal": "hard_coal",
    f"{_FROM}Geothermal": "geothermal",
    f"{_FROM}Hydropower Excluding Pumped Storage": "hydro",
    f"{_FROM}Hydropower and Pumped Storage": "hydro",
    f"{_FROM}Natural Gas": "gas",
    f"{_FROM}Nuclear": "nuclear",
    f"{_FROM}Other Energy Storage": "storage",
    f"{_FROM}Other Fuel Sources": "other_generation",
    f"{_FROM}Pumped Storage": "hydro_pumped_storage",
    f"{_FROM}Solar": "solar",
    f"{_FROM}Solar with Integrated Battery Storage": "solar",
    f"{_FROM}Solar without Integrated Battery Storage": "solar",
    f"{_FROM}Unknown Energy Storage": "storage",
    f"{_FROM}Unknown Fuel Sources": "other_generation",
    f"{_FROM}Wind": "wind",
    f"{_FROM}Wind with Integrated Battery Storage": "wind",
    f"{_FROM}Wind without Integrated Battery Storage": "wind",
}
"""Our quantity by the column; columns that are one quantity are added, where an authority has both."""
_ZONE, _ENDS = "Balancing Authority", "UTC Time at End of Hour"
_LONG = pd.Timedelta(days=20 * 366)
_COMPLETE_AFTER = pd.Timedelta(days=3)
"""The last day of a half-year is in its file by then, as the form asks for it on the day after."""


class EiaBulk(HttpSource):
    """Reads half-year files of EIA-930."""

    zone_codes: ClassVar[Mapping[str, str]] = RESPONDENTS
    items = (Item("BALANCE", tuple(sorted(set(_COLUMNS.values()))), _LONG, together=True),)

    def _windows(self, wanted: Wanted, item: Item, zone: BiddingZone) -> list[TimeRange]:
        """What is missing, of the half-years that are over."""
        windows = super()._windows(wanted, item, zone)
        return [
            TimeRange(max(window.start, half.start), min(window.end, half.end))
            for window in windows
            for half in _halves(window, self.clock()).values()
        ]

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """The half-years that a window touches."""
        for name in _halves(window, self.clock()):
            yield Request(f"/sixMonthFiles/EIA930_{item.name}_{name}.csv", expected=("csv",))

    def parse(self, payload: RawPayload) -> Observations:
        """Demand, its forecast and generation by fuel of all zones [MW].

        Raises:
            SourceError: it is no file of this form.
        """
        head = pd.read_csv(io.BytesIO(payload.content), nrows=0)
        require_columns(payload, pd.DataFrame([[0] * len(head.columns)], columns=head.columns), (_ZONE, _ENDS))
        columns = [str(name) for name in head if name in _COLUMNS]
        if not columns:
            raise refusal(payload, "no column of demand or generation")
        table = pd.read_csv(io.BytesIO(payload.content), usecols=[_ZONE, _ENDS, *columns], dtype=str)
        zones = {self.code(zone): zone for zone in self.zones}
        table = table[table[_ZONE].isin(zones)]
        blocks = [OBSERVATIONS.empty()]
        for respondent, block in table.groupby(_ZONE, sort=True):
            blocks.append(self._of_zone(payload, zones[str(respondent)], str(respondent), block, columns))
        return Observations(pd.concat(blocks, ignore_index=True))

    def _of_zone(
        self, payload: RawPayload, zone: BiddingZone, respondent: str, block: pd.DataFrame, columns: list[str]
    ) -> Observations:
        try:
            stamps = pd.to_datetime(block[_ENDS], format="%m/%d/%Y %I:%M:%S %p", utc=True)
        except ValueError as error:
            raise refusal(payload, f"{_ENDS}: a time that cannot be read ({error})") from error
        ends = pd.DatetimeIndex(stamps).as_unit("us")
        parts: dict[str, list[pd.Series]] = {}
        for column in columns:
            parts.setdefault(_COLUMNS[column], []).append(numbers(payload, block[column].str.replace(",", "")))
        rows = []
        for quantity, series in parts.items():
            value = pd.concat(series, axis=1).sum(axis=1, min_count=1)
            if value.notna().any():
                begin = (ends if quantity.startswith("load") else corrected(ends, respondent)) - HOUR
                rows.append(vintage(quantity, begin, self._known_from(quantity, begin, zone), value, "assumed"))
        return observed(payload, zone, rows)

    def _known_from(self, quantity: str, begin: pd.DatetimeIndex, zone: BiddingZone) -> pd.DatetimeIndex:
        if quantity == "load":
            return availability_after(begin, HOUR, self.settings.lag)
        forecast_by = self.settings.official_available or FORECAST_BY
        return availability_by(begin, forecast_by if quantity == "load_official" else GENERATION_BY, zone.timezone)


def _halves(window: TimeRange, at: pd.Timestamp) -> dict[str, TimeRange]:
    """The half-years that a window touches and that are over at an instant, by the names of their files."""
    found = {}
    for year in range(window.start.year, window.end.year + 1):
        middle = pd.Timestamp(year=year, month=7, day=1, tz="UTC")
        first = pd.Timestamp(year=year, month=1, day=1, tz="UTC")
        after = pd.Timestamp(year=year + 1, month=1, day=1, tz="UTC")
        for name, half in (("Jan_Jun", TimeRange(first, middle)), ("Jul_Dec", TimeRange(middle, after))):
            if half.start < window.end and half.end > window.start and half.end + _COMPLETE_AFTER < at:
                found[f"{year}_{name}"] = half
    return found
