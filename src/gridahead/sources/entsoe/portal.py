"""What the portal of ENTSO-E's Transparency Platform exports: one area, a row a unit, beginning and end in one cell.

Times are UTC or local time, as the heading of the first column says; from autumn's repeated hour on exports mark them
with (CET) or (CEST), and older ones do not. Values that are not there are empty, "-", "n/e" or "N/A".

Source: https://transparency.entsoe.eu, button "Export data", CSV; before 2025 with other headings. Licence CC BY 4.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pandas as pd

from gridahead.core.grid import OFFICIAL_SUFFIX, BiddingZone
from gridahead.sources.clock import is_repeated, not_skipped, to_utc
from gridahead.sources.entsoe.areas import names_of
from gridahead.sources.entsoe.psr_types import CURRENT, INTRADAY, NET, QUANTITY_OF_TYPE, TYPE_OF_NAME
from gridahead.sources.findings import Findings
from gridahead.sources.numerals import numbers
from gridahead.sources.text import Layout, read_cells

_EXPORT_AGAIN = "Export it again from the portal, and do not edit it."
_TIMEZONES = {
    "UTC": "UTC",
    "CET/CEST": "Europe/Brussels",
    "EET/EEST": "Europe/Helsinki",
    "WET/WEST": "Europe/Lisbon",
}
"""By the heading of the times."""
_CELL = re.compile(
    r"(?P<start>\d\d[./]\d\d[./]\d{4} \d\d:\d\d(:\d\d)?)(?P<mark> \(\w+\))? - "
    r"(?P<end>\d\d[./]\d\d[./]\d{4} \d\d:\d\d(:\d\d)?)(?P<end_mark> \(\w+\))?"
)
_SUMMER = (" (CEST)", " (EEST)", " (WEST)")
_COLUMNS: tuple[tuple[str, str], ...] = (
    (r"actual total load", "load"),
    (r"day-ahead total load forecast", "load" + OFFICIAL_SUFFIX),
    (r"day-ahead price", "price"),
)
"""What a heading begins with, and the quantity."""
_KINDS = {
    "day-ahead": OFFICIAL_SUFFIX,
    "day ahead": OFFICIAL_SUFFIX,
    "intraday": INTRADAY,
    "current": CURRENT,
    "actual": "",
    "generation": "",
    "actual aggregated": "",
    "actual consumption": "",
}
_UNIT = r"\s*[\[(](?P<unit>MW|[A-Z]{3}/MWh)[\])]\s*"


def read_portal(
    content: bytes, name: str, zones: Mapping[str, BiddingZone], findings: Findings, max_bytes: int
) -> Iterator[pd.DataFrame]:
    """The rows of the zones, a frame a quantity: zone, quantity, valid_time, minutes, value and unit.

    Args:
        content: the file.
        name: of the file: newer exports of wind and solar power tell the type there alone.
        zones: by their codes.
        findings: receives what is wrong.
        max_bytes: the file may have.

    Raises:
        SourceError: it has other columns, another area, or cells that cannot be read.
    """
    first = content.split(b"\n", 1)[0].decode("utf-8-sig", errors="replace")
    separator = max(",;\t", key=first.count)
    cells = read_cells(content, Layout(separator, max_bytes=max_bytes), findings)
    times, timezone = _heading_of_times(list(cells.columns), findings)
    if "Sequence" in cells:
        cells = cells[cells["Sequence"].str.contains("without|1", case=False, regex=True)]
    found = False
    for zone in zones.values():
        of_zone = cells[cells["Area"].map(_area).isin(names_of(zone))] if "Area" in cells else cells
        columns = _columns(list(cells.columns), name, zone, "Area" in cells)
        if not len(of_zone) or not columns:
            continue
        found = True
        clocks = _clocks(of_zone[times], timezone, findings).reindex(of_zone.index)
        for quantity, (unit, parts) in columns.items():
            values = pd.Series(0.0, index=of_zone.index)
            there = pd.Series(False, index=of_zone.index)
            for header, sign in parts:
                read = numbers(of_zone[header], findings)
                there |= read.notna()
                values = values + sign * read.fillna(0.0) if quantity in NET else read
            lost = of_zone[times][there & clocks["valid_time"].isna()]
            findings.add_rows(lost, f"has a value and does not exist in {timezone}: clocks skip it", _EXPORT_AGAIN)
            # A row without a value is one of the future, or of a zone that does not publish it.
            yield clocks[there].assign(zone=zone.code, quantity=quantity, value=values[there], unit=unit)
    if not found:
        raise findings.refuse(
            f"row 1: no column that is read, or none of {', '.join(zones)}",
            "Read are exports of load, day-ahead prices, generation per type and wind and solar forecasts. If the "
            'portal has another name for the area, say so: [[zones]] code = "…", codes = {entsoe_files = "…"}.',
        )


def _heading_of_times(headers: list[str], findings: Findings) -> tuple[str, str]:
    """The column of the times, and their time zone; without one in its heading, that of Brussels.

    Raises:
        SourceError: there is none.
    """
    for header in headers:
        match = re.fullmatch(r"(MTU|Time)(?: \((?P<zone>[A-Z/]+)\))?", header.strip())
        if match and (match["zone"] or "CET/CEST") in _TIMEZONES:
            return header, _TIMEZONES[match["zone"] or "CET/CEST"]
    raise findings.refuse(f"row 1: no column of times such as 'MTU (UTC)' among {headers[:4]}", _EXPORT_AGAIN)


def _area(text: str) -> str:
    """The name of an area: `FR` of BZN|FR, `DE` of Germany (DE)."""
    match = re.search(r"\|\s*(.+)$|\(([A-Z0-9-]+)\)\s*$", text.strip())
    return ((match[1] or match[2]) if match else text).strip().upper()


def _columns(
    headers: list[str], name: str, zone: BiddingZone, one_area: bool
) -> dict[str, tuple[str, list[tuple[str, float]]]]:
    """Of each quantity of a zone its unit, and the headings it is the sum of, with their signs."""
    found: dict[str, tuple[str, list[tuple[str, float]]]] = {}
    # Older exports of prices have the area as the heading of a column of its own, which is empty.
    of_file = next((header for header in headers if header.startswith("BZN|")), "")
    for header in headers:
        match = re.fullmatch(rf"(?P<what>.+?){_UNIT}(?P<rest>.*)", header)
        if match is None:
            continue
        what, rest = " ".join(match["what"].split()).lower(), match["rest"].strip(" -/")
        kind, _, area = rest.partition("/")
        if not one_area and _area(area or rest or of_file) not in names_of(zone):
            continue
        quantity = _quantity(what, kind.strip().lower() if area else "", name)
        if quantity is not None:
            sign = -1.0 if what.endswith("actual consumption") else 1.0
            if sign > 0 or quantity in NET:
                found.setdefault(quantity, (match["unit"], []))[1].append((header, sign))
    return found


def _quantity(what: str, kind: str, name: str) -> str | None:
    """Our quantity of a heading, in lower case without its unit; None of one that is not read."""
    for begin, quantity in _COLUMNS:
        if re.match(begin, what):
            return quantity
    if match := re.fullmatch(r"generation - (?P<type>.+)", what):  # older forecasts: type, and kind behind the unit
        psr_name, suffix = match["type"], _KINDS.get(kind)
    elif match := re.fullmatch(r"(?P<type>.+) - (?P<kind>actual \w+)", what):  # older generation per type
        psr_name, suffix = match["type"], _KINDS.get(match["kind"])
    else:  # newer forecasts: kind, and the type in the name of the file
        psr_name, suffix = _type_of_file(name), _KINDS.get(what)
    measured = QUANTITY_OF_TYPE.get(TYPE_OF_NAME.get(psr_name, ""))
    return None if measured is None or suffix is None else measured + suffix


def _type_of_file(name: str) -> str:
    """The type of wind or solar power that the portal's name of a file tells."""
    words = name.upper()
    named = {"OFFSHORE": "wind offshore", "ONSHORE": "wind onshore", "SOLAR_": "solar"}
    told = words.split("FORECAST", 1)[-1]  # GUI_WIND_SOLAR_GENERATION_FORECAST_SOLAR_…: the first SOLAR says nothing
    return next((psr_name for word, psr_name in named.items() if word in told), "")


def _clocks(texts: pd.Series, timezone: str, findings: Findings) -> pd.DataFrame:
    """When each unit begins in UTC, and how long it is."""
    parts = texts.str.strip().str.extract(_CELL)
    findings.add_rows(texts[parts["start"].isna()], "is no beginning and end of a unit", _EXPORT_AGAIN)
    findings.stop()
    start, end = (_wall(parts[name]) for name in ("start", "end"))
    there = not_skipped(start, timezone)
    # An hour that clocks skip may stand there, without a value.
    start, end, texts, parts = start[there], end[there], texts[there], parts[there]
    told = parts["mark"].notna() & is_repeated(start, timezone)
    marks = (~parts["mark"].isin(_SUMMER)).astype(object).where(told) if told.any() else None
    valid_time = to_utc(start, texts, timezone, findings, _EXPORT_AGAIN, marks=marks)
    findings.stop()
    lengths = (end - start).dt.total_seconds() / 60
    minutes = (
        lengths.where(lengths.isin([15, 30, 60])).ffill().bfill()
    )  # at a clock change the two ends of a cell differ by an hour more or less
    strange = texts[minutes.isna()]
    findings.add_rows(strange, "is no market time unit that is read", "Read are quarters, halves and whole hours.")
    findings.stop()
    return pd.DataFrame({"valid_time": pd.Series(valid_time, index=texts.index), "minutes": minutes.astype(int)})


def _wall(texts: pd.Series) -> pd.Series:
    """Local times, of a day, a month and a year between dots or slashes, with seconds or without."""
    plain = texts.str.replace("/", ".", regex=False).str.slice(0, 16)
    return pd.to_datetime(plain, format="%d.%m.%Y %H:%M", errors="coerce")
