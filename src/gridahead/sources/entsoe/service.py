"""The Restful API of ENTSO-E: load, generation, their forecasts, prices and capacity of European zones.

Times are UTC and the beginning of units; answers are widened to whole documents, and clipped to what was asked. The
platform does not say when a value was published: `createdDateTime` is when it answered, `revisionNumber` is always the
same. So availability is assumed: by law, or by the lag. Forecasts of the same day and the newest ones are dated by when
we saw them, if that is earlier.

Rows that come twice alike are taken once. Where an answer has a unit and its parts, such as an hour and its quarters,
the parts are taken if the unit is their mean, and the answer is refused if not.

Source: https://transparencyplatform.zendesk.com, guide to the Restful API. Licence CC BY 4.0.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.grid import OFFICIAL_SUFFIX, BiddingZone, Series, quantity_of
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import Clock, Deadline, Mtu, TimeRange, now
from gridahead.core.vintages import from_micros, micros
from gridahead.settings.services import LiveSource
from gridahead.sources.base import RawPayload
from gridahead.sources.entsoe.areas import EIC_OF, area_of, eic_of
from gridahead.sources.entsoe.availability import assumed_availability, official_deadline
from gridahead.sources.entsoe.document import NO_DATA, Document, TimeSeries, acknowledged, pages_may_follow
from gridahead.sources.entsoe.psr_types import CAPACITY, CURRENT, INTRADAY, QUANTITY_OF_TYPE, WEATHER_DRIVEN
from gridahead.sources.entsoe.rows import CutOffError, Laid, Rows, rows_of
from gridahead.sources.http.body import BodyError, zip_members
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.source import HttpSource, Job
from gridahead.sources.http.transport import Transport
from gridahead.sources.records import zone_of
from gridahead.sources.wanted import Item, cut

PAGE = 100
"""Days of prices in one answer. Source: the platform's guide to its Restful API, 12.1.D."""
_YEAR, _QUARTER, _MONTH = (pd.Timedelta(days=days) for days in (365, 92, 31))
"""A year is the longest window that the platform takes; of twenty series it would be a hundred megabytes."""
_AHEAD, _CAPACITY_AHEAD = pd.Timedelta(days=3), pd.Timedelta(days=8)


@dataclass(frozen=True, slots=True)
class _Question:
    """What an item is called at the platform."""

    document: str
    process: str
    domain: str
    """The parameter of the area."""
    suffix: str = ""
    """Of our quantities that it has."""


_QUESTIONS: Mapping[str, _Question] = {
    "load": _Question("A65", "A16", "outBiddingZone_Domain"),
    "load_official": _Question("A65", "A01", "outBiddingZone_Domain", OFFICIAL_SUFFIX),
    "generation": _Question("A75", "A16", "in_Domain"),
    "wind_solar_official": _Question("A69", "A01", "in_Domain", OFFICIAL_SUFFIX),
    "wind_solar_intraday": _Question("A69", "A40", "in_Domain", INTRADAY),
    "wind_solar_current": _Question("A69", "A18", "in_Domain", CURRENT),
    "price": _Question("A44", "", "in_Domain"),
    "capacity": _Question("A68", "A33", "in_Domain", CAPACITY),
}

_NEVER_CUT = pd.Timedelta(days=10)
"""960 quarters: when the platform cut answers off, it did so after 1000."""
_COMPARED = 48
"""Values that must agree before two forecasts count as one."""


class Entsoe(HttpSource):
    """Reads the XML of the Transparency Platform's Restful API."""

    zone_codes: ClassVar[Mapping[str, str]] = EIC_OF
    """Beside the EIC that every zone has."""
    items = (
        Item("load", ("load",), _YEAR),
        Item("load_official", ("load_official",), _YEAR, ahead=_AHEAD),
        Item("generation", tuple(QUANTITY_OF_TYPE.values()), _MONTH),
        *(
            Item(f"wind_solar{suffix}", tuple(name + suffix for name in WEATHER_DRIVEN), _QUARTER, ahead=_AHEAD)
            for suffix in (OFFICIAL_SUFFIX, INTRADAY, CURRENT)
        ),
        Item("price", ("price",), _YEAR, ahead=_AHEAD),
        Item("capacity", tuple(name + CAPACITY for name in WEATHER_DRIVEN), _YEAR, ahead=_CAPACITY_AHEAD),
    )

    def __init__(
        self,
        settings: LiveSource,
        zones: Sequence[BiddingZone],
        transport: Transport | None = None,
        clock: Clock = now,
    ) -> None:
        super().__init__(settings, zones, transport, clock)
        self._day_ahead: dict[Series, Laid] = {}

    def code(self, zone: BiddingZone) -> str:
        """The EIC of a zone, or of its power and of its price with a colon between.

        Raises:
            SettingsError: it has none.
        """
        return eic_of(zone)

    @property
    def official_available(self) -> Mapping[str, Deadline]:
        """By when each official forecast has to be there, as the platform does not say when it came."""
        names = [name for item in self.wanted_items() for name in item.quantities if name.endswith(OFFICIAL_SUFFIX)]
        return {
            str(Series(zone.code, name)): official_deadline(zone, name.removesuffix(OFFICIAL_SUFFIX))
            for zone in self.zones
            for name in names
            if self._is_asked(name)
        }

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """One request a window; of installed capacity one for each year of the area's calendar."""
        question, zone = _QUESTIONS[item.name], zones[0]
        area = area_of(zone, item.name)
        parameters = {"documentType": question.document, question.domain: area}
        if question.process:
            parameters["processType"] = question.process
        if item.name == "price":
            parameters |= {"out_Domain": area, "contract_MarketAgreement.type": "A01", "offset": "0"}
        for asked in _years(window, zone.timezone) if item.name == "capacity" else [window]:
            period = {"periodStart": f"{asked.start:%Y%m%d%H%M}", "periodEnd": f"{asked.end:%Y%m%d%H%M}"}
            yield Request("/api", {**parameters, **period}, ("xml", "zip"), answers=frozenset({200, 400}))

    def following(self, request: Request, answer: Answer) -> Request | None:
        """The next page of prices, until one is not full or the platform says that there are no more."""
        if "offset" not in request.parameters or not pages_may_follow(answer.content, PAGE):
            return None
        offset = int(str(request.parameters["offset"])) + PAGE
        return replace(request, parameters={**request.parameters, "offset": str(offset)})

    def answers_to(self, job: Job) -> list[RawPayload]:
        """Every page of every answer that a job needs; in short windows where the platform cuts off a long one.

        Raises:
            SourceError: one of them could not be fetched.
        """
        payloads = super().answers_to(job)
        if job.window.end - job.window.start <= _NEVER_CUT or not any(map(self._is_cut_off, payloads)):
            return payloads
        shorter = []
        for window in cut(job.window, _NEVER_CUT):
            shorter += super().answers_to(replace(job, window=window))
        return shorter

    def _is_cut_off(self, payload: RawPayload) -> bool:
        try:
            self._whole(payload)
        except CutOffError:
            return True
        except (ValueError, BodyError, zipfile.BadZipFile):
            return False  # whoever parses it will say what is wrong
        return False

    def check(self, answer: Answer) -> None:
        """Let an answer pass that has data, or says that there are none.

        Raises:
            SourceError: the platform refuses the request; retryable if it blames itself.
        """
        said = acknowledged(answer.content)
        if said is None and answer.status != 200:
            raise SourceError(self.name, f"status {answer.status} without a reason")
        if said is not None and NO_DATA not in said.lower():
            raise SourceError(self.name, _refusal(said), retryable=_is_transient(said))

    def parse(self, payload: RawPayload) -> Observations:
        """The series of an answer, in MW or the currency of the auction per MWh.

        Raises:
            SourceError: it is not the document that was asked for, or it is not whole.
        """
        try:
            blocks = list(self._blocks(payload))
        except (ValueError, BodyError, zipfile.BadZipFile) as error:
            raise SourceError(self.name, f"{payload.name}: {error}") from error
        count = sum(len(rows.laid.times) for rows in blocks)
        if not count:
            return Observations(OBSERVATIONS.empty())
        zone, item = zone_of(payload, self.zones), str(payload.asked["item"])
        lengths = [len(rows.laid.times) for rows in blocks]
        valid_time = from_micros(np.concatenate([rows.laid.times for rows in blocks]))
        minutes = np.concatenate([rows.laid.minutes for rows in blocks])
        frame = pd.DataFrame(
            {
                "zone": zone.code,
                "quantity": np.repeat([rows.quantity for rows in blocks], lengths),
                "valid_time": valid_time,
                "available_at": self._available(item, zone, valid_time, minutes, payload.retrieved_at),
                "availability": "assumed",
                "value": np.concatenate([rows.laid.value for rows in blocks]),
                "unit": np.repeat([rows.unit or quantity_of(rows.quantity).unit for rows in blocks], lengths),
                "mtu": _MTU[minutes],
                "source": payload.source,
                "batch": payload.batch,
            }
        )
        return Observations(OBSERVATIONS.check(frame))

    def _whole(self, payload: RawPayload) -> list[Rows]:
        """The rows of each quantity that is wanted, those beyond the window that was asked for as well.

        Raises:
            ValueError: it is not the document that was asked for, or it is not whole.
        """
        item, zone = str(payload.asked["item"]), zone_of(payload, self.zones)
        parameters = payload.asked.get("parameters") or {}
        assert isinstance(parameters, Mapping)
        area = str(parameters.get(_QUESTIONS[item].domain) or area_of(zone, item))
        contents = self._contents(payload)
        series = [one for content in contents for one in self._series(content, item, area, zone.timezone)]
        return [one for one in rows_of(item, _QUESTIONS[item].suffix, series, zone) if self._is_asked(one.quantity)]

    def _blocks(self, payload: RawPayload) -> Iterator[Rows]:
        """The rows of each quantity within the window that was asked for."""
        zone = zone_of(payload, self.zones)
        start, end = micros(pd.DatetimeIndex([str(payload.asked[name]) for name in ("start", "end")]))
        for rows in self._whole(payload):
            if rows.warning:
                self.warn(f"{payload.name}: {zone.code}/{rows.warning}")
            clipped = rows.laid.where((rows.laid.times >= start) & (rows.laid.times < end))
            self._compare(Series(zone.code, rows.quantity), clipped)
            yield replace(rows, laid=clipped)

    def _series(self, content: bytes, item: str, area: str, timezone: str) -> tuple[TimeSeries, ...]:
        """The time series of a document, if it is the one that was asked for; none of one that says there are none.

        Raises:
            ValueError: it is another one.
        """
        said = acknowledged(content)
        if said is not None:
            if NO_DATA not in said.lower():
                raise ValueError(_refusal(said))
            return ()
        document, question = Document(content), _QUESTIONS[item]
        found = replace(question, document=document.kind, process=document.process)
        if found != question:
            of, wanted = (f"{one.document} {one.process}".strip() for one in (found, question))
            raise ValueError(f"it is a document {of}, and {item} was asked for, which is {wanted}")
        series = document.series(timezone)
        if strange := {one.domain for one in series} - {area}:
            raise ValueError(f"it is of area {', '.join(sorted(strange))}, and {area} was asked for")
        return series

    def _contents(self, payload: RawPayload) -> list[bytes]:
        """The documents of an answer, which may be packed together."""
        if payload.content[:2] != b"PK":
            return [payload.content]
        return list(zip_members(payload.content, int(self.settings.max_size_mb * 1e6)).values())

    def _is_asked(self, quantity: str) -> bool:
        return not self.settings.quantities or quantity in self.settings.quantities

    def _available(
        self,
        item: str,
        zone: BiddingZone,
        valid_time: pd.DatetimeIndex,
        minutes: npt.NDArray[np.int64],
        retrieved_at: pd.Timestamp,
    ) -> pd.DatetimeIndex:
        """From when each value may be used, as far as that is known."""
        lengths = pd.to_timedelta(minutes, unit="min").as_unit("us")
        assumed = assumed_availability(item, zone, valid_time, lengths, self.settings.lag)
        # What is newer than the day-ahead forecast counts from when we saw it: nothing else tells one from the other.
        newer = item.endswith((INTRADAY, CURRENT))
        return assumed.where(assumed < retrieved_at, retrieved_at) if newer else assumed

    def _compare(self, series: Series, laid: Laid) -> None:
        """Warn of a zone whose day-ahead forecast is what it said on the day itself: it may know too much."""
        of = Series(series.zone, series.quantity.removesuffix(INTRADAY) + OFFICIAL_SUFFIX)
        if series.quantity.endswith(OFFICIAL_SUFFIX):
            self._day_ahead[series] = laid
        elif series.quantity.endswith(INTRADAY) and of in self._day_ahead:
            before = self._day_ahead[of]
            _, then, now = np.intersect1d(before.times, laid.times, assume_unique=True, return_indices=True)
            same = np.array_equal(before.value[then], laid.value[now])
            if same and len(now) >= _COMPARED and laid.value[now].any():
                self.warn(
                    f"{of}: the platform has the same forecast for the day ahead and for the day itself, {len(now)} "
                    "values alike. It may have been made later than its label says: compare before you trust what a "
                    "back-test makes of it"
                )


_MTU = np.array([next((str(mtu) for mtu in Mtu if 60 // mtu.per_hour == length), "") for length in range(61)])
"""By minutes."""


def _years(window: TimeRange, timezone: str) -> Iterator[TimeRange]:
    """The calendar years of an area that a window touches."""
    last = window.end - pd.Timedelta(microseconds=1)
    for year in range(window.start.tz_convert(timezone).year, last.tz_convert(timezone).year + 1):
        yield TimeRange(*(pd.Timestamp(year=one, month=1, day=1, tz=timezone) for one in (year, year + 1)))


def _is_transient(said: str) -> bool:
    """Whether the platform blames itself, and may answer better when asked again."""
    return "unexpected error" in said.lower()


_WAYS_OUT = {
    "exceeds the allowed": "Ask for a shorter window",
    "not valid for this area": "Look whether the EIC of the zone is right, and whether it is the one for this item",
    "dependency tables": "Look whether the EIC of the zone is right, and whether it is the one for this item",
}
"""By what an acknowledgement says."""


def _refusal(said: str) -> str:
    """What an acknowledgement refuses, and what helps."""
    way_out = next((way_out for words, way_out in _WAYS_OUT.items() if words in said.lower()), "")
    return f"ENTSO-E answers: {said.rstrip('.')}" + (f". {way_out}" if way_out else "")
