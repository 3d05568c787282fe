"""The XML documents of ENTSO-E: acknowledgements, and time series whose curves leave out what repeats itself.

A curve of type A03 gives a value only where it changes; each holds until the next one, the last until the end of its
Period. What is missing is no part of any Period. A curve of type A01 gives every value.

Source: ENTSO-E, The Introduction of Different Time Series Possibilities (curveType), version 1.4.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from lxml import etree

from gridahead.core.time import Mtu
from gridahead.core.vintages import Floats, Instants, from_micros, micros
from gridahead.sources.http.body import xml_root

ACKNOWLEDGEMENT = b"Acknowledgement_MarketDocument"
NO_DATA = "no matching data"
"""How an acknowledgement says that there is nothing."""
_MTU_OF = {"PT15M": Mtu.PT15M, "PT30M": Mtu.PT30M, "PT60M": Mtu.PT60M, "PT1H": Mtu.PT60M}
_YEAR = "P1Y"
_KINDS = ("A01", "A03")
_HOUR = 3_600_000_000
"""Microseconds."""
_CONSUMED = "outBiddingZone_Domain.mRID"
_DOMAINS = (_CONSUMED, "inBiddingZone_Domain.mRID", "in_Domain.mRID")


@dataclass(frozen=True)
class Curve:
    """One Period of a time series, every unit of it."""

    times: Instants
    """(T,) start of each unit, microseconds since 1970 UTC."""
    value: Floats
    """(T,) [the unit of the series]"""
    repeated: npt.NDArray[np.bool_]
    """(T,) whether a value stands there only because the one before it holds."""
    mtu: Mtu

    @property
    def given(self) -> int:
        """How many values the document has."""
        return int((~self.repeated).sum())

    @property
    def tail(self) -> int:
        """How many units at the end repeat the last value that was given."""
        given = np.flatnonzero(~self.repeated)
        return len(self.value) - 1 - int(given[-1])


@dataclass(frozen=True)
class TimeSeries:
    """What one TimeSeries element says of itself, and its curves."""

    domain: str
    """EIC of the area."""
    psr_type: str
    """How the power is generated, such as B16; empty where it is load or a price."""
    consumed: bool
    """Whether it is what generators of the type take from the grid."""
    sequence: str
    """Of an auction: 1 is the coupled one; empty where the zone has no other."""
    contract: str
    """Of a price: A01 is the day-ahead market."""
    currency: str
    unit: str
    """MAW is MW; of a price MWH."""
    curves: tuple[Curve, ...]


class Document:
    """A market document.

    Args:
        content: the XML.

    Raises:
        ValueError: it is no market document.
    """

    def __init__(self, content: bytes) -> None:
        self._root = _root(content)
        name = etree.QName(self._root)
        if not name.localname.endswith("_MarketDocument"):
            raise ValueError(f"it is no market document, but a {name.localname}")
        self._space = f"{{{name.namespace}}}" if name.namespace else ""
        self.kind = _text(self._root, "type")
        """Its type, such as A65."""
        self.process = _text(self._root, "process.processType")
        """Such as A16 (realised) or A01 (day ahead); prices have none."""

    def series(self, timezone: str) -> tuple[TimeSeries, ...]:
        """The time series, from which nothing is missing but what the document leaves out.

        Args:
            timezone: of the area: years begin at its midnight.

        Raises:
            ValueError: a curve does not fit its Period.
        """
        elements = self._root.iterchildren(f"{self._space}TimeSeries")
        return tuple(_series(element, self._space, timezone) for element in elements)


def acknowledged(content: bytes) -> str | None:
    """What an acknowledgement says; None where the content is another document.

    Raises:
        ValueError: it is cut off.
    """
    if ACKNOWLEDGEMENT not in content[:2000]:
        return None
    texts = [_text(reason, "text") for reason in _root(content).iter("{*}Reason")]
    return " ".join(" ".join(text.split()) for text in texts if text) or "an acknowledgement without a reason"


def pages_may_follow(content: bytes, page: int) -> bool:
    """Whether an answer may be one page of several: a page has so many days of an auction, each a Period."""
    return content.count(b"Period>") >= 2 * page  # each opens and closes


def _root(content: bytes) -> etree._Element:
    try:
        return xml_root(content)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"it is no whole XML: {error}") from error


def _series(element: etree._Element, space: str, timezone: str) -> TimeSeries:
    about = {child.tag[len(space) :]: (child.text or "").strip() for child in element if not len(child)}
    domain = next((about[name] for name in _DOMAINS if name in about), "")
    psr_types = [(one.text or "").strip() for one in element.iter(f"{space}psrType")]
    kind = about.get("curveType", "A01")
    periods = element.iterchildren(f"{space}Period")
    return TimeSeries(
        domain=domain,
        psr_type=psr_types[0] if psr_types else "",
        consumed=_CONSUMED in about,
        sequence=about.get("classificationSequence_AttributeInstanceComponent.position", ""),
        contract=about.get("contract_MarketAgreement.type", ""),
        currency=about.get("currency_Unit.name", ""),
        unit=about.get("quantity_Measure_Unit.name") or about.get("price_Measure_Unit.name", ""),
        curves=tuple(curve for period in periods for curve in _curves(period, space, kind, timezone)),
    )


def _curves(period: etree._Element, space: str, kind: str, timezone: str) -> Iterator[Curve]:
    """The curve of a Period; of years one a year, in hours.

    Raises:
        ValueError: it does not fit its Period.
    """
    start, end = (period.findtext(f"{space}timeInterval/{space}{tag}", "").strip() for tag in ("start", "end"))
    try:
        if kind not in _KINDS:
            raise ValueError(f"is a curve of type {kind}, and known are {' and '.join(_KINDS)}")
        resolution = _text(period, "resolution")
        if resolution == _YEAR:
            units = _year_starts(_instant(start), _instant(end), timezone)
        else:
            units = _unit_starts(_instant(start), _instant(end), resolution)
        value, repeated = _filled(*_points(period, space), len(units) - 1, kind)
    except ValueError as error:
        raise ValueError(f"the Period of {start} to {end} {error}") from error
    if resolution != _YEAR:
        there = ~np.isnan(value)
        yield Curve(units[:-1][there], value[there], repeated[there], _MTU_OF[resolution])
        return
    for begin, until, level in zip(units, units[1:], value, strict=False):
        hours = np.arange(begin, until, _HOUR)
        if not math.isnan(level):
            yield Curve(hours, np.full(len(hours), level), np.zeros(len(hours), dtype=bool), Mtu.PT60M)


def _points(period: etree._Element, space: str) -> tuple[npt.NDArray[np.int64], Floats]:
    """The positions of a Period, and the value of each."""
    positions = np.array([int(one.text or "") for one in period.iter(f"{space}position")], dtype=np.int64)
    values = np.array([float(one.text or "") for one in period.iter(f"{space}quantity", f"{space}price.amount")])
    if len(values) != len(positions):
        raise ValueError(f"has {len(positions)} positions and {len(values)} values")
    if not np.isfinite(values).all():
        raise ValueError("has a value that is no number")
    return positions, values


def _unit_starts(start: int, end: int, resolution: str) -> Instants:
    """(T + 1,) the start of every unit, and the end of the last."""
    if resolution not in _MTU_OF:
        raise ValueError(f"has a resolution of {resolution}, and read are {', '.join(_MTU_OF)} and {_YEAR}")
    step = _HOUR // _MTU_OF[resolution].per_hour
    if end <= start or (end - start) % step:
        raise ValueError(f"is no whole number of units of {resolution}")
    return np.arange(start, end + 1, step)


def _year_starts(start: int, end: int, timezone: str) -> Instants:
    """(T + 1,) the start of every year since the start by the calendar of the area, and the end."""
    begin, until = from_micros(np.array([start, end]))
    local, starts = begin.tz_convert(timezone), [begin]
    while (following := (local + pd.DateOffset(years=len(starts))).tz_convert("UTC")) < until:
        starts.append(following)
    return micros(pd.DatetimeIndex([*starts, until]))


def _filled(
    positions: npt.NDArray[np.int64], values: Floats, length: int, kind: str
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """(T,) the values on all units, NaN where there is none, and whether each is a repetition."""
    if not len(positions):
        raise ValueError("has no values")
    if positions[0] < 1 or positions[-1] > length or (np.diff(positions) <= 0).any():
        raise ValueError(f"has positions that are out of order, there twice or beyond its {length} units")
    at = positions - 1
    filled, repeated = np.full(length, np.nan), np.ones(length, dtype=bool)
    repeated[at] = False
    if kind == "A03":
        filled[at[0] :] = np.repeat(values, np.diff(np.append(at, length)))
    else:
        filled[at] = values
    return filled, repeated


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z")


@lru_cache(maxsize=4096)
def _instant(text: str) -> int:
    """Microseconds since 1970: every time series of a document says the same few instants."""
    if not _INSTANT.fullmatch(text):
        raise ValueError(f"has {text!r}, which is no instant in UTC such as 2024-06-14T22:00Z")
    return int(np.datetime64(text[:-1], "us").astype(np.int64))


def _text(element: etree._Element, name: str) -> str:
    """The text of the first child of that name, whatever its namespace."""
    return (element.findtext(f"{{*}}{name}") or "").strip()
