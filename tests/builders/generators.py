"""Histories of any zone and any time in the formats of services: synthetic, made from real series of `data/sample`.

A value is that of Germany at another hour of the sample, scaled and shifted by the zone, so that each zone has days,
weeks and seasons of its own and the same question has the same answer in every run. Nothing of it is a recording.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd

from builders.http_faults import Reply
from builders.replay import Answer, Asked
from gridahead.core.grid import ZONES
from gridahead.core.time import now

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
NOTE = "synthetic: made from data/sample for tests, no recording"
HOUR = pd.Timedelta(hours=1)
WEEK_HOURS = 168
Floats = npt.NDArray[np.float64]
Clock = Callable[[], pd.Timestamp]


@cache
def _sample() -> Mapping[str, Floats]:
    """Hourly values of Germany by quantity, each from the local midnight that its file begins with [MW]."""

    def column(pattern: str, name: str) -> Floats:
        files = [pd.read_csv(file, sep=";", thousands=",", na_values="-") for file in sorted(SAMPLE.glob(pattern))]
        frame = pd.concat(files, ignore_index=True)
        chosen = next(header for header in map(str, frame) if header.startswith(name))
        return frame[chosen].interpolate().to_numpy(dtype=float)

    load, forecast = (column(f"{kind}_consumption_*", "grid load") for kind in ("Actual", "Forecasted"))
    parts = {"wind_offshore": "Wind offshore", "wind_onshore": "Wind onshore", "solar": "Photovoltaics"}
    made = {quantity: column("Actual_generation_*", name) for quantity, name in parts.items()}
    weeks = min(map(len, (load, forecast, *made.values()))) // WEEK_HOURS * WEEK_HOURS
    # Generation begins a year after load: both are cut so that one index means one hour of the year.
    later = len(pd.date_range("2020-01-01", "2021-01-01", freq="h", inclusive="left"))
    load, forecast = load[later : later + weeks], forecast[later : later + weeks]
    made = {quantity: values[: len(load)] for quantity, values in made.items()}
    return {"load": load, "load_official": forecast, **made}


def values(zone: str, quantity: str, times: pd.DatetimeIndex) -> Floats:
    """What a zone has at these hours or quarters [MW, or EUR/MWh of a price]; one or two decimals, as services give it.

    Args:
        zone: by its code.
        quantity: load, wind_onshore, wind_offshore, solar, their official forecasts, price, gas or nuclear.
        times: the beginnings of the units, UTC.
    """
    if quantity == "price":
        load, wind, sun = (values(zone, name, times) for name in ("load", "wind_onshore", "solar"))
        return np.round(20 + 120 * (load - wind - sun) / np.maximum(load, 1.0) - 35, 2)
    if quantity == "gas":
        return np.round(0.2 * values(zone, "load", times), 1)
    if quantity == "nuclear":
        return np.round(np.full(len(times), 500.0 + crc32(zone.encode()) % 1000), 1)
    sample, measured = _sample(), quantity.removesuffix("_official")
    series = sample[quantity] if quantity in sample else sample[measured]
    seed = crc32(zone.encode())
    scale, shift = 0.05 + (seed % 97) / 100, WEEK_HOURS * (seed % 11)
    at = (times - pd.Timestamp("2020-12-31T23:00Z")) / HOUR + shift
    hours = np.floor(at.to_numpy()).astype(int) % len(series)
    between = np.mod(at.to_numpy(), 1.0)
    made = series[hours] * (1 - between) + series[(hours + 1) % len(series)] * between
    if quantity != measured and quantity not in sample:
        made = made * (1 + 0.1 * np.sin(hours * 0.7 + seed))
    return np.round(made * scale, 1)


def energy_charts(clock: Clock = now, step: pd.Timedelta = HOUR) -> Answer:
    """Answers as Energy-Charts does; measured values end at the present hour, forecasts and prices two days later.

    Args:
        clock: the present.
        step: of all values but prices before October 2025.
    """
    power = {
        "Load": "load",
        "Solar": "solar",
        "Wind onshore": "wind_onshore",
        "Wind offshore": "wind_offshore",
        "Fossil gas": "gas",
    }

    def answer(asked: Asked) -> Reply | None:
        paths = ("/price", "/public_power", "/public_power_forecast")
        if asked.path not in paths:
            return None
        query, present = asked.query, clock()
        area = query.get("bzn") or query["country"]
        ends = present.floor(step) if asked.path == "/public_power" else (present + pd.Timedelta(days=2)).floor("h")
        start, end = (pd.Timestamp(int(query[name]), unit="s", tz="UTC") for name in ("start", "end"))
        times = pd.date_range(start.ceil(step), min(end, ends - step), freq=step)
        content: dict[str, object] = {"note": NOTE, "unix_seconds": [int(stamp.timestamp()) for stamp in times]}
        if asked.path == "/price":
            content |= {"price": list(values(area, "price", times)), "unit": "EUR / MWh", "license_info": NOTE}
        elif asked.path == "/public_power":
            content["production_types"] = [
                {"name": name, "data": list(values(area, quantity, times))} for name, quantity in power.items()
            ]
        else:
            quantity = f"{query['production_type']}_official"
            content |= {"forecast_values": list(values(area, quantity, times)), "forecast_type": "day-ahead"}
        return Reply(json.dumps({**content, "deprecated": False}).encode())

    return answer


Rows = list[tuple[int, float]]


def rearranged(answer: Answer, change: Callable[[Rows], Rows]) -> Answer:
    """Prices as another host may send them: out of order, twice, contradictory.

    Args:
        answer: of Energy-Charts.
        change: of the pairs of second and price.
    """

    def changed(asked: Asked) -> Reply | None:
        reply = answer(asked)
        if reply is None or asked.path != "/price":
            return reply
        content = json.loads(reply.content)
        rows = change(list(zip(content["unix_seconds"], content["price"], strict=True)))
        content |= {"unix_seconds": [second for second, _ in rows], "price": [price for _, price in rows]}
        return Reply(json.dumps(content).encode())

    return changed


# -- ENTSO-E --------------------------------------------------------------------------------------------------------

_PSR = {"B16": "solar", "B18": "wind_offshore", "B19": "wind_onshore", "B04": "gas", "B14": "nuclear"}
_ZONE_OF = {zone.eic: code for code, zone in ZONES.items() if zone.eic}
_GENERATION_DOCUMENT = "GL_MarketDocument", "urn:iec62325.351:tc57wg16:451-6:generationloaddocument:3:0"
_PRICE_DOCUMENT = "Publication_MarketDocument", "urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3"
_ITEMS: Mapping[tuple[str, str], tuple[str, str, tuple[tuple[str, str], ...]]] = {
    ("A65", "A16"): ("outBiddingZone_Domain", "A04", (("", "load"),)),
    ("A65", "A01"): ("outBiddingZone_Domain", "A04", (("", "load_official"),)),
    ("A75", "A16"): ("in_Domain", "A01", tuple(_PSR.items())),
    ("A69", "A01"): (
        "in_Domain",
        "A94",
        tuple((psr, f"{name}_official") for psr, name in _PSR.items() if psr in ("B16", "B18", "B19")),
    ),
    ("A44", ""): ("in_Domain", "A62", (("", "price"),)),
}
"""By document and process type: parameter of the zone, business type, PSR type and quantity of each series."""
PAGE = 100
"""TimeSeries in one answer of prices."""


def entsoe(clock: Clock = now, path: str = "/api", resolution: str = "PT60M") -> Answer:
    """Answers as the Transparency Platform does, A65, A75, A69 and A44: A03 curves that leave out what repeats.

    Prices are a TimeSeries a local day, a hundred an answer; where there is nothing, an acknowledgement.

    Args:
        clock: the present: measured values end with it, forecasts two days later, prices with the last day whose
            auction has been held.
        path: of the service.
        resolution: of all but prices, which are in quarter hours from 1 October 2025.
    """

    def answer(asked: Asked) -> Reply | None:
        if asked.path != path:
            return None
        query = asked.query
        kind = query.get("documentType", ""), query.get("processType", "")
        if kind not in _ITEMS:
            return _acknowledgement("No matching data found for Data item")
        domain, business, series = _ITEMS[kind]
        zone = _ZONE_OF.get(query.get(domain, ""), query.get(domain, ""))
        start, end = (_instant(query[name]) for name in ("periodStart", "periodEnd"))
        if end - start > pd.Timedelta(days=367):
            return _acknowledgement("the amount of requested data exceeds allowed limit", status=400)
        end = min(end, _last_known(kind, clock()))
        if start >= end:
            return _acknowledgement("No matching data found for Data item")
        blocks = _prices(zone, start, end) if kind[0] == "A44" else _powers(zone, series, start, end, resolution)
        offset = int(query.get("offset", 0))
        page = blocks[offset : offset + PAGE] if kind[0] == "A44" else blocks
        if not page or (offset and kind[0] != "A44"):
            return _acknowledgement("No matching data found for Data item")
        name, namespace = _PRICE_DOCUMENT if kind[0] == "A44" else _GENERATION_DOCUMENT
        described = [_described(domain, query[domain], business, *block) for block in page]
        text = _document(name, namespace, kind, start, end, described, clock())
        return Reply(text.encode(), "text/xml", headers={"Content-Disposition": f'inline; filename="{kind[0]}.xml"'})

    return answer


def _last_known(kind: tuple[str, str], present: pd.Timestamp) -> pd.Timestamp:
    """Until when there are values of a document; prices of a day are out at 13:00 of the day before in Brussels."""
    if kind[0] == "A44":
        auctioned = (present.tz_convert("Europe/Brussels") + pd.Timedelta(hours=11)).normalize()
        return (auctioned + pd.DateOffset(days=1)).tz_convert("UTC")
    return (present + pd.Timedelta(days=2)).floor("D") if kind[1] == "A01" else present.floor("h")


Block = tuple[str, str, pd.Timestamp, pd.Timedelta, Floats]
"""PSR type, unit, start, step and values of one TimeSeries."""
_STEPS = {"PT15M": pd.Timedelta(minutes=15), "PT30M": pd.Timedelta(minutes=30), "PT60M": HOUR}
_QUARTERS_FROM = pd.Timestamp("2025-10-01", tz="Europe/Brussels")


def _powers(
    zone: str, series: tuple[tuple[str, str], ...], start: pd.Timestamp, end: pd.Timestamp, resolution: str
) -> list[Block]:
    step = _STEPS[resolution]
    times = pd.date_range(start, end, freq=step, inclusive="left")
    return [(psr, "MAW", start, step, values(zone, quantity, times)) for psr, quantity in series]


def _prices(zone: str, start: pd.Timestamp, end: pd.Timestamp) -> list[Block]:
    """A block a day of the market, whole days as the service gives them."""
    days = pd.date_range(
        start.tz_convert("Europe/Brussels").normalize(), end.tz_convert("Europe/Brussels"), freq="D", inclusive="left"
    )
    blocks = []
    for day in days:
        step = _STEPS["PT15M"] if day >= _QUARTERS_FROM else HOUR
        times = pd.date_range(day, day + pd.DateOffset(days=1), freq=step, inclusive="left").tz_convert("UTC")
        blocks.append(("", "EUR", times[0], step, values(zone, "price", times)))
    return blocks


def _described(
    domain: str, eic: str, business: str, psr: str, unit: str, start: pd.Timestamp, step: pd.Timedelta, made: Floats
) -> str:
    price = unit == "EUR"
    tag = "price.amount" if price else "quantity"
    given = np.flatnonzero(np.r_[True, made[1:] != made[:-1]])
    points = "".join(f"<Point><position>{n + 1}</position><{tag}>{made[n]}</{tag}></Point>" for n in given)
    minutes = step // pd.Timedelta(minutes=1)
    zones = "".join(f'<{d}.mRID codingScheme="A01">{eic}</{d}.mRID>' for d in _domains(domain, price))
    units = (
        f"<contract_MarketAgreement.type>A01</contract_MarketAgreement.type><currency_Unit.name>{unit}"
        "</currency_Unit.name><price_Measure_Unit.name>MWH</price_Measure_Unit.name>"
        "<classificationSequence_AttributeInstanceComponent.position>1"
        "</classificationSequence_AttributeInstanceComponent.position>"
        if price
        else f"<quantity_Measure_Unit.name>{unit}</quantity_Measure_Unit.name>"
    )
    type_of_plant = f"<MktPSRType><psrType>{psr}</psrType></MktPSRType>" if psr else ""
    return (
        f"<businessType>{business}</businessType>{zones}{units}<curveType>A03</curveType>{type_of_plant}<Period>"
        f"{_interval('timeInterval', start, start + len(made) * step)}<resolution>PT{minutes}M</resolution>{points}"
        "</Period>"
    )


def _domains(domain: str, price: bool) -> tuple[str, ...]:
    if price:
        return "in_Domain", "out_Domain"
    return ("inBiddingZone_Domain",) if domain == "in_Domain" else (domain,)


def _document(
    name: str,
    namespace: str,
    kind: tuple[str, str],
    start: pd.Timestamp,
    end: pd.Timestamp,
    series: list[str],
    made_at: pd.Timestamp,
) -> str:
    process = f"<process.processType>{kind[1]}</process.processType>" if kind[1] else ""
    interval = "period.timeInterval" if kind[0] == "A44" else "time_Period.timeInterval"
    blocks = "".join(f"<TimeSeries><mRID>{n}</mRID>{text}</TimeSeries>" for n, text in enumerate(series, start=1))
    return (
        f'<?xml version="1.0" encoding="utf-8"?><!-- {NOTE} --><{name} xmlns="{namespace}"><mRID>synthetic</mRID>'
        f"<revisionNumber>1</revisionNumber><type>{kind[0]}</type>{process}"
        f"<createdDateTime>{made_at:%Y-%m-%dT%H:%M:%SZ}</createdDateTime>{_interval(interval, start, end)}"
        f"{blocks}</{name}>"
    )


def _interval(tag: str, start: pd.Timestamp, end: pd.Timestamp) -> str:
    return f"<{tag}><start>{start:%Y-%m-%dT%H:%MZ}</start><end>{end:%Y-%m-%dT%H:%MZ}</end></{tag}>"


def _instant(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"{text[:8]}T{text[8:]}", tz="UTC")


def _acknowledgement(reason: str, status: int = 200) -> Reply:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><Acknowledgement_MarketDocument '
        'xmlns="urn:iec62325.351:tc57wg16:451-1:acknowledgementdocument:7:0"><mRID>synthetic</mRID>'
        f"<Reason><code>999</code><text>{reason}</text></Reason></Acknowledgement_MarketDocument>"
    )
    headers = {"Content-Disposition": 'inline; filename="acknowledgement.xml"'}
    return Reply(text.encode(), "text/xml", status, headers)
