"""Demanda of Red Eléctrica: demand, its forecast and generation by type of mainland Spain, every five minutes.

An answer is of one local day with some hours around it, of which the day itself is read, and JSON wrapped in a call of
a function. Local times say by A and B which pass of the hour they are of that is there twice in autumn: "2B:15" is
02:15 after the clocks went back. Values of five minutes become means of quarter-hours. The service does not say when a
forecast was made; it counts from the legal deadline.

Source: https://demanda.ree.es, as its own page asks it. Licence: Red Eléctrica's terms of re-use, with the source
named. Demand and generation are tested with a recording over the end of summer time, the forecast with answers in
the form that others have described.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone, Series, official_by
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, Mtu, TimeRange, days_between
from gridahead.sources.base import RawPayload
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.records import (
    known_from,
    numbers,
    observed,
    quarters,
    records_of,
    refusal,
    require_columns,
    zone_of,
)
from gridahead.sources.wanted import Item

FIELDS: Mapping[str, tuple[str, ...]] = {
    "load": ("dem",),
    "wind_onshore": ("eol",),
    "solar": ("sol",),
    "nuclear": ("nuc",),
    "hard_coal": ("car",),
    "gas": ("cc",),
    "other_renewable": ("termRenov",),
    "other_generation": ("cogenResto",),
    "storage": ("bat", "consBat"),
}
"""The fields of which each quantity is the sum; solar is photovoltaic and thermal together."""
_LIST = {"demand": "valoresHorariosGeneracion", "forecast": "valoresPrevistaProgramada"}
_RESOURCE = {"demand": "demandaGeneracion", "forecast": "prevProg"}
_CURVE = "DEMANDAQH"
_WRAPPED = re.compile(rb"\s*[\w.$]*\((.*)\)\s*;?\s*", re.DOTALL)
_LOCAL = re.compile(r"(\d{4}-\d\d-\d\d) (\d{1,2})([AB]?):(\d\d)")
_WEEK, _AHEAD = pd.Timedelta(days=7), pd.Timedelta(days=1)


class Ree(HttpSource):
    """Reads what the page of Red Eléctrica draws."""

    zone_codes: ClassVar[Mapping[str, str]] = {"ES": "Peninsula"}
    items = (Item("demand", tuple(FIELDS), _WEEK), Item("forecast", ("load_official",), _WEEK, ahead=_AHEAD))

    @property
    def official_available(self) -> Mapping[str, Deadline]:
        """By when EU law wants the forecast, as the service does not say when it came."""
        if not any(item.name == "forecast" for item in self.wanted_items()):
            return {}
        series = [Series(zone.code, "load") for zone in self.zones]
        return {str(one.official): by for one in series if (by := official_by(one)) is not None}

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """One request for each local day that the window touches."""
        system, timezone = self.code(zones[0]), zones[0].timezone
        last = window.end - pd.Timedelta(seconds=1)
        for day in days_between(window.start.tz_convert(timezone).date(), last.tz_convert(timezone).date()):
            path = f"/WSvisionaMoviles{system}Rest/resources/{_RESOURCE[item.name]}{system}"
            # "csv" lets any text pass; `check` looks whether there is JSON in it.
            yield Request(path, {"curva": _CURVE, "fecha": day.isoformat()}, expected=("csv",))

    def check(self, answer: Answer) -> None:
        """Let an answer pass only if it is whole.

        Raises:
            SourceError: it is not.
        """
        try:
            unwrapped(answer.content)
        except ValueError as error:
            raise SourceError(self.name, f"no whole JSON in a call ({error})", retryable=True) from error

    def parse(self, payload: RawPayload) -> Observations:
        """The series of one local day, in MW.

        Raises:
            SourceError: a time does not exist, a value is no number, or two contradict each other.
        """
        item, zone = str(payload.asked["item"]), zone_of(payload, self.zones)
        try:
            reply = unwrapped(payload.content)
        except ValueError as error:
            raise refusal(payload, f"no whole JSON in a call ({error})") from error
        if isinstance(reply, Mapping) and _LIST[item] in reply and reply[_LIST[item]] is None:
            return observed(payload, zone, [])  # of a day that has no values yet
        records = records_of(payload, reply, _LIST[item])
        if not len(records):
            return observed(payload, zone, [])
        require_columns(payload, records, ("ts",))
        asked: Mapping[str, str] = payload.asked["parameters"]  # type: ignore[assignment]
        records = records[records["ts"].astype(str).str.startswith(asked["fecha"])].reset_index(drop=True)
        if not len(records):
            return observed(payload, zone, [])
        times = _instants(payload, records["ts"], zone.timezone)
        wanted = set(self.settings.quantities or FIELDS)
        of_demand = {quantity: fields for quantity, fields in FIELDS.items() if quantity in wanted}
        fields = of_demand if item == "demand" else {"load_official": ("pre",)}
        frames = [self._rows(payload, zone, quantity, times, records, names) for quantity, names in fields.items()]
        return observed(payload, zone, frames, Mtu.PT15M)

    def _rows(
        self,
        payload: RawPayload,
        zone: BiddingZone,
        quantity: str,
        times: pd.DatetimeIndex,
        records: pd.DataFrame,
        fields: tuple[str, ...],
    ) -> pd.DataFrame:
        """The quarter-hours of a quantity."""
        require_columns(payload, records, fields)
        total = sum((numbers(payload, records[name]) for name in fields), start=pd.Series(0.0, index=records.index))
        series = Series(zone.code, quantity)
        frame = pd.DataFrame({"quantity": quantity, "valid_time": times, "value": total, "availability": "assumed"})
        rows = quarters(payload, frame.assign(available_at=times), zone.timezone)
        begin = pd.DatetimeIndex(rows["valid_time"])
        return rows.assign(available_at=known_from(series, begin, Mtu.PT15M, zone, self.settings.lag))


def unwrapped(content: bytes) -> Any:
    """The JSON inside a call such as `null(…);`.

    Raises:
        ValueError: there is none.
    """
    match = _WRAPPED.fullmatch(content)
    return json.loads(match[1] if match else content)


def _instants(payload: RawPayload, texts: pd.Series, timezone: str) -> pd.DatetimeIndex:
    """Local times in UTC; A is the first pass of a repeated hour, and B the second.

    Raises:
        SourceError: one of them is no time, does not exist, or does not say which pass it is.
    """
    found = texts.astype(str).str.extract(f"^{_LOCAL.pattern}$")
    wrong = texts[found[0].isna()]
    if len(wrong):
        raise refusal(payload, f"ts: {wrong.iloc[0]!r} is no local time")
    wall = pd.DatetimeIndex(pd.to_datetime(found[0] + " " + found[1].str.zfill(2) + ":" + found[3]))
    try:
        wall[(found[2] == "").to_numpy()].tz_localize(timezone, ambiguous="raise")
        told = wall.tz_localize(timezone, ambiguous=(found[2] != "B").to_numpy(), nonexistent="raise")
    except ValueError as error:
        raise refusal(payload, f"ts: {error}") from error
    return told.tz_convert("UTC").as_unit("us")
