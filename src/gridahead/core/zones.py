"""The catalogue of zones: `zones.csv` as rows, and the day-ahead markets that prices of them come from.

Codes and names are those of ENTSO-E practice (DE, DK1, IT-NORD), of the EIA and the ISOs (PJM, BPAT), of AEMO (NSW1)
and JP- with the area for Japan. The local time is that of most people there, but for MISO and IESO, whose days are
counted in Eastern Standard Time all year. A zone without a day-ahead market, or with one whose times are not known,
has no market or no time: its prices are then taken to be known when their day begins.

Source: ENTSO-E, area codes (EIC type Y) and borders; EIA-930, reference tables, for balancing authorities; AEMO; OCCTO
for Japan. Inhabitants of New South Wales and the ACT, which share a region: Australian Bureau of Statistics, Census
2021.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from gridahead.core.time import Deadline

FILE = Path(__file__).with_name("zones.csv")


class ZoneRow(NamedTuple):
    """A row of the catalogue, as text."""

    code: str
    name: str
    timezone: str
    country: str
    """ISO 3166 code of the public holidays; empty for an area of several countries."""
    holidays: str
    """Subdivisions with their share of the population, such as `NSW=0.9467 ACT=0.0533`, where holidays differ."""
    kind: str
    """bidding zone, control area, region or balancing authority."""
    eic: str
    """Energy Identification Code at ENTSO-E."""
    currency: str
    """ISO 4217 code of the day-ahead prices; empty where there are none."""
    market: str
    """Which of `MARKETS` has its day-ahead auction."""
    neighbours: str
    """Codes of the zones it has lines to, with blanks between."""


@dataclass(frozen=True, slots=True)
class Market:
    """When a day-ahead auction closes and when its prices are published; None where that is not known."""

    title: str
    gate_closure: Deadline | None
    published: Deadline | None
    follows_eu_law: bool = False
    """Whether Regulation (EU) 543/2013 says by when official forecasts have to be there."""


@cache
def rows() -> Mapping[str, ZoneRow]:
    """Every row of the catalogue by its code; the file is read once, and not before somebody asks."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: ZoneRow(**row) for row in csv.DictReader(file)}


def market_of(zone: str) -> Market | None:
    """The day-ahead market of a zone, by its code; None where there is none, or none is known."""
    row = rows().get(zone)
    return MARKETS.get(row.market) if row is not None else None


def _at(text: str) -> Deadline:
    return Deadline.parse(text)


MARKETS: Mapping[str, Market] = {
    "sdac": Market(
        "Single day-ahead coupling of the EU and Norway",
        _at("D-1T1200[Europe/Brussels]"),
        _at("D-1T1300[Europe/Brussels]"),
        follows_eu_law=True,
    ),
    "ch": Market("Swiss day-ahead auction of EPEX SPOT", _at("D-1T1100[Europe/Zurich]"), None),
    "gb": Market("N2EX day-ahead auction", _at("D-1T0950[Europe/London]"), _at("D-1T1000[Europe/London]")),
    "caiso": Market("CAISO", _at("D-1T1000[America/Los_Angeles]"), _at("D-1T1300[America/Los_Angeles]")),
    "ercot": Market("ERCOT", _at("D-1T1000[America/Chicago]"), _at("D-1T1330[America/Chicago]")),
    "isone": Market("ISO-NE", _at("D-1T1030[America/New_York]"), _at("D-1T1330[America/New_York]")),
    "miso": Market("MISO", _at("D-1T1030[America/New_York]"), _at("D-1T1400[America/New_York]")),
    "nyiso": Market("NYISO", _at("D-1T0500[America/New_York]"), _at("D-1T1100[America/New_York]")),
    "pjm": Market("PJM", _at("D-1T1100[America/New_York]"), _at("D-1T1330[America/New_York]")),
    "spp": Market("SPP", _at("D-1T0930[America/Chicago]"), None),
    "ieso": Market("IESO", None, None),
    "jepx": Market("JEPX spot market", _at("D-1T1000[Asia/Tokyo]"), None),
}
"""By the code in the catalogue, times in local time.

Source: NEMO Committee, single day-ahead coupling, results from about 12:57; EEX Transparency, glossary (Switzerland);
Nord Pool, "About the N2EX day-ahead auction", results at latest 10:00; CAISO, market processes, results at 13:00; ERCOT
Nodal Protocols, section 4.1; ISO-NE, tariff filing of 2020-07-27, and FERC order of April 2013 on clearing at 13:30;
MISO, KA-01016 and KA-01019, answers until 14:00; NYISO, Market Services Tariff, section 4.2; PJM, Manual 11; SPP,
Integrated Marketplace Protocols, section 4.3; JEPX, trading guide. When SPP, IESO, JEPX and the Swiss auction publish
is not known here. AEMO and AESO have no day-ahead auction.
"""
