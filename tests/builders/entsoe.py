"""Payloads of ENTSO-E: recorded ones as they were asked for, and made-up documents whose values a reader can count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd
from lxml import etree

from builders.recordings import Recording
from gridahead.core.grid import ZONES, BiddingZone
from gridahead.core.tables import Observations
from gridahead.settings.services import LiveSource
from gridahead.sources.base import RawPayload
from gridahead.sources.entsoe.service import Entsoe

DE_LU = ZONES["DE-LU"]
IT_NORTH = BiddingZone("IT-NORTH", "Europe/Rome", "IT", "10Y1001A1001A73I")
KNOWN = (*(zone for zone in ZONES.values() if zone.eic), IT_NORTH)
ITEM_OF = {
    ("A65", "A16"): "load",
    ("A65", "A01"): "load_official",
    ("A75", "A16"): "generation",
    ("A69", "A01"): "wind_solar_official",
    ("A69", "A40"): "wind_solar_intraday",
    ("A69", "A18"): "wind_solar_current",
    ("A44", ""): "price",
    ("A68", "A33"): "capacity",
}
ZONE_OF = {zone.eic: zone.code for zone in KNOWN}
PREFIXES = ("entsoe/", "operators/ENTSOE", "_documented_errors/entsoe")
LATER = pd.Timestamp("2026-05-08T00:00Z")
"""When a payload came, unless a test says otherwise: after everything that is in it."""
ALWAYS = ("2000-01-01T00:00Z", "2100-01-01T00:00Z")


def service(*quantities: str, zones: Sequence[BiddingZone] = KNOWN) -> Entsoe:
    """The source, for so many quantities of these zones."""
    settings = LiveSource(kind="entsoe", zones=("DE",), quantities=quantities, attempts=2, retry_wait_seconds=0.01)
    return Entsoe(settings, zones)


def payload(
    content: bytes,
    item: str,
    zone: str,
    window: tuple[str, str] = ALWAYS,
    *,
    retrieved_at: pd.Timestamp = LATER,
    name: str = "made-up.xml",
) -> RawPayload:
    """An answer to a request for an item of a zone in a window."""
    asked = {"item": item, "zones": [zone], "start": window[0], "end": window[1]}
    return RawPayload("entsoe", name, content, {"kind": "entsoe"}, retrieved_at, asked=asked)


def text_of(root: etree._Element, *names: str) -> str:
    """The text of the first element that has one of the names, whatever its namespace."""
    return next((e.text or "" for name in names for e in root.iter(f"{{*}}{name}")), "")


def asked(one: Recording) -> tuple[str, str]:
    """What item of which zone a recording answers; load of Belgium where it is of none that is read."""
    try:
        root = etree.fromstring(one.content)
    except etree.XMLSyntaxError:
        return "load", "BE"
    kinds = text_of(root, "type"), text_of(root, "process.processType")
    eic = text_of(root, "outBiddingZone_Domain.mRID", "inBiddingZone_Domain.mRID", "in_Domain.mRID")
    return ITEM_OF.get(kinds, "load"), ZONE_OF.get(eic, "BE")


def parsed(one: Recording) -> Observations:
    """What the source reads in a recording, as the answer to what it is of."""
    item, zone = asked(one)
    return service().parse(payload(one.content, item, zone, name=one.name))


@dataclass(frozen=True)
class Period:
    """A stretch of time with a value at some of its positions."""

    start: str
    end: str
    points: dict[int, float]
    resolution: str = "PT60M"


@dataclass(frozen=True)
class Series:
    """A TimeSeries element."""

    periods: Sequence[Period]
    psr_type: str = ""
    curve: str = "A03"
    consumed: bool = False
    sequence: str = ""
    more: dict[str, str] = field(default_factory=dict)


_ACKNOWLEDGEMENT = (
    '<?xml version="1.0" encoding="UTF-8"?><Acknowledgement_MarketDocument '
    'xmlns="urn:iec62325.351:tc57wg16:451-1:acknowledgementdocument:7:0"><mRID>1</mRID>'
    "<Reason><code>999</code><text>{}</text></Reason></Acknowledgement_MarketDocument>"
)


def acknowledgement(text: str = "No matching data found for Data item ENERGY_PRICES [12.1.D]") -> bytes:
    """A made-up acknowledgement, with the elements that the recorded ones have."""
    return _ACKNOWLEDGEMENT.format(text).encode()


def document(
    kind: str, process: str, eic: str, series: Sequence[Series], *, namespace: str = "urn:made-up:document:9:9"
) -> bytes:
    """A made-up document, with the elements that the recorded ones have."""
    about = f"<type>{kind}</type>" + (f"<process.processType>{process}</process.processType>" if process else "")
    inside = "".join(_series(one, kind, eic) for one in series)
    root = "Publication_MarketDocument" if kind == "A44" else "GL_MarketDocument"
    return f'<?xml version="1.0"?><{root} xmlns="{namespace}">{about}{inside}</{root}>'.encode()


def _series(series: Series, kind: str, eic: str) -> str:
    outside = series.consumed or kind == "A65"
    price = kind == "A44"
    domain = "in_Domain.mRID" if price else f"{'out' if outside else 'in'}BiddingZone_Domain.mRID"
    about = {domain: eic, **({"currency_Unit.name": "EUR", "price_Measure_Unit.name": "MWH"} if price else {})}
    about |= {} if price else {"quantity_Measure_Unit.name": "MAW"}
    about |= {"contract_MarketAgreement.type": "A01"} if price else {}
    if series.sequence:
        about["classificationSequence_AttributeInstanceComponent.position"] = series.sequence
    about |= {"curveType": series.curve, **series.more}
    elements = "".join(f"<{name}>{text}</{name}>" for name, text in about.items())
    psr = f"<MktPSRType><psrType>{series.psr_type}</psrType></MktPSRType>" if series.psr_type else ""
    value = "price.amount" if price else "quantity"
    return f"<TimeSeries>{elements}{psr}{''.join(_period(one, value) for one in series.periods)}</TimeSeries>"


def _period(period: Period, value: str) -> str:
    points = "".join(
        f"<Point><position>{position}</position><{value}>{number}</{value}></Point>"
        for position, number in period.points.items()
    )
    interval = f"<timeInterval><start>{period.start}</start><end>{period.end}</end></timeInterval>"
    return f"<Period>{interval}<resolution>{period.resolution}</resolution>{points}</Period>"
