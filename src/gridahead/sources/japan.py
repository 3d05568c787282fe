"""Japan's transmission utilities: demand and supply of their areas by half-hours, and the forecast of demand.

The form is the same for all, the host is each one's own: a request is for a host and a path below it, and a base
address of the settings is a mirror that has a folder for each host. Text is in Shift-JIS or in UTF-8. Supply and demand
is mean power; its times are the beginnings of half-hours with most utilities and their ends with Kyushu's, which shows
by 0:00 or 24:00 among them. A forecast is energy over a half-hour, says when it was written, and is known from then;
half-hours that had ended are no forecast any more. Fuels that are not told apart here are other generation.

Source: the utilities' pages on area supply and demand, in the form that OCCTO's rules ask for. Licence: the terms of
use of each. Supply and demand is tested with a recording of Kyushu, forecasts with those of Tokyo, Tohoku and Kansai.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, cast

import pandas as pd

from gridahead.core.grid import BiddingZone
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import Clock, Mtu, TimeRange, now
from gridahead.settings.services import LiveSource
from gridahead.sources.base import RawPayload, availability_after
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.source import HttpSource
from gridahead.sources.http.transport import Check, Transport
from gridahead.sources.local_hours import from_wall_clock, instant, local_days, vintage
from gridahead.sources.records import numbers, observed, refusal, zone_of
from gridahead.sources.wanted import Item

TOKYO = "Asia/Tokyo"
_HALF_HOUR = Mtu.PT30M.delta
_MW_OF_KWH = 1 / 500
"""A kilowatt-hour over half an hour is two kilowatts."""
_MONTH = pd.Timedelta(days=31)
_COLUMNS: Mapping[str, str] = {
    "エリア需要": "load",
    "原子力": "nuclear",
    "火力(LNG)": "gas",
    "火力(石炭)": "hard_coal",
    "火力(石油)": "oil",
    "火力(その他)": "other_generation",
    "水力": "hydro",
    "地熱": "geothermal",
    "バイオマス": "biomass",
    "太陽光発電実績": "solar",
    "風力発電実績": "wind",
    "揚水": "hydro_pumped_storage",
    "蓄電池": "storage",
    "その他": "other_generation",
}
"""Our quantity by the header, whose brackets may be wide or narrow."""
_FORECASTS = {"エリア総需要量": "load_official", "エリア風力・太陽光": "wind_solar_official"}
"""Our quantity by how a header begins."""


@dataclass(frozen=True, slots=True)
class Files:
    """Where a utility has its files: host and path, with month (YYYYMM) and day (YYYYMMDD) to be filled in."""

    measured: str
    forecast: str = ""
    """Without a day in it, it is that of the present day."""


AREAS: Mapping[str, Files] = {
    "JP-CB": Files("powergrid.chuden.co.jp/denki_yoho_content_data/eria_jukyu_{month}_04.csv"),
    "JP-CG": Files("www.energia.co.jp/nw/jukyuu/sys/eria_jukyu_{month}_07.csv"),
    "JP-HR": Files("www.rikuden.co.jp/nw/denki-yoho/csv/eria_jukyu_{month}_05.csv"),
    "JP-KN": Files(
        "www.kansai-td.co.jp/interchange/denkiyoho/area-performance/eria_jukyu_{month}_06.csv",
        "www.kansai-td.co.jp/interchange/denkiyoho/imbalance/{day}_yosoku.csv",
    ),
    "JP-KY": Files("www.kyuden.co.jp/td_area_jukyu/csv/eria_jukyu_{month}_09.csv"),
    "JP-SK": Files("www.yonden.co.jp/nw/supply_demand/csv/eria_jukyu_{month}_08.csv"),
    "JP-TH": Files(
        "setsuden.nw.tohoku-epco.co.jp/common/demand/eria_jukyu_{month}_02.csv",
        "setsuden.nw.tohoku-epco.co.jp/common/demand/area_tso_yosoku_{day}.csv",
    ),
    "JP-TK": Files(
        "www.tepco.co.jp/forecast/html/images/eria_jukyu_{month}_03.csv",
        "www4.tepco.co.jp/forecast/html/images/AREA_YOSOKU.csv",
    ),
}


class Hosts:
    """The transport of a source whose files lie on hosts of their own."""

    def __init__(self, settings: LiveSource, clock: Clock = now) -> None:
        self._settings, self._clock = settings, clock
        self._transports: dict[str, Transport] = {}
        self.base_url = settings.base_url or settings.info.base_url

    def get(self, request: Request, check: Check | None = None) -> Answer:
        """The answer of the host that the path begins with.

        Raises:
            SourceError: the host fails.
        """
        host, _, path = request.path.removeprefix("/").partition("/")
        home = f"{self._settings.base_url}/{host}" if self._settings.base_url else f"https://{host}"
        settings = self._settings.model_copy(update={"base_url": home})
        transport = self._transports.setdefault(host, Transport.of(settings, self._clock))
        return transport.get(replace(request, path=f"/{path}"), check)


class Japan(HttpSource):
    """Reads the CSV files of Japan's transmission utilities."""

    zone_codes: ClassVar[Mapping[str, str]] = {code: code for code in AREAS}
    items = (
        Item("jukyu", tuple(sorted(set(_COLUMNS.values()))), pd.Timedelta(days=366)),
        Item("yosoku", tuple(_FORECASTS.values()), _MONTH, settles=pd.Timedelta(days=1), ahead=pd.Timedelta(days=1)),
    )

    def __init__(
        self,
        settings: LiveSource,
        zones: tuple[BiddingZone, ...],
        transport: Transport | None = None,
        clock: Clock = now,
    ) -> None:
        super().__init__(settings, zones, transport or cast(Transport, Hosts(settings, clock)), clock)

    def offers(self, item: Item, zone: BiddingZone) -> bool:
        """Forecasts of the utilities whose files are known."""
        return item.name == "jukyu" or bool(AREAS[self.code(zone)].forecast)

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """A file for every month of what was measured, and for every day that is forecast."""
        files, days = AREAS[self.code(zones[0])], local_days(window, TOKYO)
        if item.name == "jukyu":
            paths = [files.measured.format(month=month) for month in sorted({f"{day:%Y%m}" for day in days})]
        elif "{day}" in files.forecast:
            paths = [files.forecast.format(day=f"{day:%Y%m%d}") for day in days]
        else:
            paths = [files.forecast] if self.clock().tz_convert(TOKYO).date() in days else []
        for path in paths:
            yield Request(f"/{path}", expected=("csv", "html"), answers=frozenset({200, 404}))

    def parse(self, payload: RawPayload) -> Observations:
        """The series of a file [MW].

        Raises:
            SourceError: it is no file of this form.
        """
        if payload.asked["status"] == 404:
            return Observations(OBSERVATIONS.empty())
        zone = zone_of(payload, self.zones)
        lines = [[unicodedata.normalize("NFKC", cell).strip() for cell in line] for line in _lines(payload)]
        rows = self._measured(payload, lines) if payload.asked["item"] == "jukyu" else _forecast(payload, lines)
        return observed(payload, zone, rows, Mtu.PT30M)

    def _measured(self, payload: RawPayload, lines: list[list[str]]) -> list[pd.DataFrame]:
        place = next((place for place, line in enumerate(lines) if line[:2] == ["DATE", "TIME"]), None)
        if place is None:
            raise refusal(payload, "no header with DATE and TIME")
        header = lines[place]
        table = pd.DataFrame([line for line in lines[place + 1 :] if len(line) == len(header)], columns=header)
        begin = from_wall_clock(payload, _beginnings(payload, table), TOKYO)
        known = availability_after(begin, _HALF_HOUR, self.settings.lag)
        by_quantity: dict[str, pd.Series] = {}
        for column, quantity in _COLUMNS.items():
            if column in table:
                value = numbers(payload, table[column])
                by_quantity[quantity] = by_quantity[quantity] + value if quantity in by_quantity else value
        if "load" not in by_quantity:
            raise refusal(payload, f"no column エリア需要 (demand of the area); it has {', '.join(header)}")
        return [vintage(quantity, begin, known, value, "assumed") for quantity, value in by_quantity.items()]


def _lines(payload: RawPayload) -> list[list[str]]:
    """The cells of a file in one of the two encodings that there are."""
    try:
        text = payload.content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = payload.content.decode("cp932")
        except UnicodeDecodeError as error:
            raise refusal(payload, f"text that is neither Shift-JIS nor UTF-8 ({error})") from error
    return list(csv.reader(io.StringIO(text)))


def _beginnings(payload: RawPayload, table: pd.DataFrame) -> pd.DatetimeIndex:
    """The beginnings of half-hours, which are labelled by them or by their ends."""
    labels = set(table["TIME"])
    by_begin = bool(labels & {"0:00", "00:00"})
    by_end = "24:00" in labels or (not by_begin and table["TIME"].iloc[:1].isin(["0:30", "00:30"]).any())
    if by_end == by_begin:
        raise refusal(payload, "times that do not show whether they are beginnings (0:00) or ends (24:00)")
    days, times = pd.to_datetime(table["DATE"], format="mixed"), table["TIME"].str.split(":", expand=True).astype(int)
    minutes = times[0] * 60 + times[1] - (30 if by_end else 0)
    return pd.DatetimeIndex(days + pd.to_timedelta(minutes, unit="min"))


def _forecast(payload: RawPayload, lines: list[list[str]]) -> list[pd.DataFrame]:
    """Demand, and wind and solar power together, of the half-hours that had not ended when the file was written."""
    written = next(
        (line for line in lines if len(line) >= 3 and re.fullmatch(r"\d{8}", line[0]) and ":" in line[1]), None
    )
    place = next((place for place, line in enumerate(lines) if len(line) > 4 and line[1].startswith("時間コマ")), None)
    if written is None or place is None:
        raise refusal(payload, "no time of writing, or no header with 時間コマ (number of the half-hour)")
    made = instant(payload, f"{written[0]} {written[1]}", TOKYO, "%Y%m%d %H:%M:%S")
    header = lines[place]
    table = pd.DataFrame([line for line in lines[place + 1 :] if len(line) == len(header)], columns=header)
    number = numbers(payload, table[header[1]])
    starts = table[header[2]].str.replace(":", "").astype(int)
    if ((number - 1) // 2 * 100 + (number - 1) % 2 * 30 != starts).any():
        raise refusal(payload, "numbers of half-hours that do not go with their times")
    days = pd.to_datetime(table[header[0]], format="mixed")
    wall = pd.DatetimeIndex(days + pd.to_timedelta((number - 1) * 30, unit="min"))
    begin = from_wall_clock(payload, wall, TOKYO)
    is_ahead = begin + _HALF_HOUR > made
    rows = []
    for start, quantity in _FORECASTS.items():
        column = next((name for name in header if name.startswith(start)), None)
        if column is None:
            raise refusal(payload, f"no column {start}; it has {', '.join(header)}")
        power = numbers(payload, table[column]) * _MW_OF_KWH
        rows.append(vintage(quantity, begin[is_ahead], made, power[is_ahead]))
    return rows
