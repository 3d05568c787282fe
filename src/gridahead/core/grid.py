"""Where and what: bidding zones, quantities, and the pair of them, a series."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from gridahead.core.time import Deadline, is_southern, zone_info

LONGEST_NAME = 80
"""Bytes of a name as it stands in the names of folders, where a letter beyond ASCII takes six or more: two names
and what is added to them have to fit into the 255 that file systems allow."""
_IN_NAMES = " _-+.,()°"
"""What may stand in a name beside letters and digits; a slash parts zone and quantity, others no file system takes."""
_RESERVED = frozenset(
    {"CON", "PRN", "AUX", "NUL", *(f"{device}{n}" for device in ("COM", "LPT") for n in range(1, 10))}
)
"""Names that Windows keeps for devices, in whatever case and with whatever ending."""


def checked_name(text: str) -> str:
    """A zone's, quantity's or covariate's name that can be written, stored and read on any system.

    Raises:
        ValueError: it cannot; says why, and what would do.
    """
    name = unicodedata.normalize("NFC", text.strip())
    if not name:
        raise ValueError("a name is empty; write one or more letters or digits, such as DE or temperature")
    strange = sorted({sign for sign in name if not (sign in _IN_NAMES or unicodedata.category(sign)[0] in "LMN")})
    if strange:
        raise ValueError(
            f"{text!r} cannot be a name: {', '.join(map(repr, strange))} is not allowed in one; letters, digits and "
            f"{' '.join(_IN_NAMES.strip())} are, and single spaces"
        )
    if "  " in name or name[0] in "-.," or name[-1] == ".":
        raise ValueError(
            f"{text!r} cannot be a name: it begins with a mark, ends with a dot or has two spaces in a row"
        )
    if name.split(".")[0].upper() in _RESERVED:
        raise ValueError(f"{text!r} cannot be a name: it is one that Windows keeps for a device; call it {name}_1")
    if len(quote(name, safe="")) > LONGEST_NAME:
        raise ValueError(
            f"{text!r} cannot be a name: it is too long for a folder. {LONGEST_NAME} letters and digits fit, of others "
            "a third to a ninth of them"
        )
    return name


@dataclass(frozen=True, slots=True)
class BiddingZone:
    """An area with one price, one local time and one calendar of public holidays."""

    code: str
    timezone: str
    country: str | None = None
    """ISO 3166 code for public holidays; None for a zone without a holiday calendar."""
    eic: str | None = None
    """Energy Identification Code of the area at ENTSO-E."""
    holiday_weights: Mapping[str, float] = field(default_factory=dict)
    """Share of the population by subdivision, where holidays differ inside the country."""
    name: str = ""
    """The area in words, such as France."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """What sources call it, by the kind of the source, where they have a name of their own for it."""
    currency: str | None = None
    """ISO 4217 code of its day-ahead prices."""
    neighbours: tuple[str, ...] = ()
    """Codes of the zones that it has lines to."""

    def __post_init__(self) -> None:
        zone_info(self.timezone)

    @property
    def is_southern(self) -> bool:
        """Whether it lies south of the equator, where summer is from December to February."""
        return is_southern(self.timezone, self.country)

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is measured or forecast: mean power over the market time unit, or a covariate."""

    code: str
    title: str
    unit: str = "MW"
    low: float | None = None
    """Physical lower bound [unit], None where the sign is free."""
    high: float | None = 500_000.0
    """Upper bound no zone reaches [unit]; catches unit errors, not outliers."""

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True, order=True)
class Series:
    """One quantity in one zone, written `DE/load`."""

    zone: str
    quantity: str

    @classmethod
    def parse(cls, text: str) -> Series:
        """Read `ZONE/QUANTITY`.

        Raises:
            ValueError: the text is not of that form.
        """
        zone, slash, quantity = text.strip().partition("/")
        if not (zone and slash and quantity) or "/" in quantity:
            raise ValueError(f"{text!r} is no series; write it as ZONE/QUANTITY, such as DE/load")
        return cls(checked_name(zone), checked_name(quantity))

    def __str__(self) -> str:
        return f"{self.zone}/{self.quantity}"

    @property
    def slug(self) -> str:
        """The name in file names and in the model registry, where a slash is not allowed."""
        return f"{self.zone}.{self.quantity}"

    @property
    def official(self) -> Series:
        """The series of the official forecast of this one."""
        return Series(self.zone, self.quantity + OFFICIAL_SUFFIX)


OFFICIAL_SUFFIX = "_official"
"""The official forecast of a quantity is a quantity of its own, with its own availability."""

_MEASURED = (
    Quantity("load", "Load", low=0.0),
    Quantity("residual_load", "Residual load"),
    Quantity("wind_solar", "Wind and solar", low=0.0),
    Quantity("wind", "Wind", low=0.0),
    Quantity("wind_onshore", "Wind onshore", low=0.0),
    Quantity("wind_offshore", "Wind offshore", low=0.0),
    Quantity("solar", "Solar", low=0.0),
)

_GENERATION = (
    Quantity("biomass", "Biomass", low=0.0),
    Quantity("lignite", "Lignite", low=0.0),
    Quantity("hard_coal", "Hard coal", low=0.0),
    Quantity("coal_gas", "Gas from coal", low=0.0),
    Quantity("gas", "Natural gas", low=0.0),
    Quantity("oil", "Oil", low=0.0),
    Quantity("oil_shale", "Oil shale", low=0.0),
    Quantity("peat", "Peat", low=0.0),
    Quantity("geothermal", "Geothermal", low=0.0),
    Quantity("hydro", "Hydro", low=0.0),
    Quantity("hydro_run_of_river", "Run of river", low=0.0),
    Quantity("hydro_reservoir", "Water reservoir", low=0.0),
    Quantity("hydro_pumped_storage", "Pumped storage, pumping is negative"),
    Quantity("storage", "Batteries and other storage, charging is negative"),
    Quantity("marine", "Marine", low=0.0),
    Quantity("nuclear", "Nuclear", low=0.0),
    Quantity("waste", "Waste", low=0.0),
    Quantity("other_renewable", "Other renewable", low=0.0),
    Quantity("other_generation", "Other generation"),
)
"""What else generates; measured, and an input to models."""
_CAPACITIES = tuple(
    Quantity(f"{code}_capacity", f"{title}, installed capacity", low=0.0)
    for code, title in (
        ("solar", "Solar"),
        ("wind", "Wind"),
        ("wind_onshore", "Wind onshore"),
        ("wind_offshore", "Wind offshore"),
    )
)
_NEWER_FORECASTS = tuple(
    Quantity(f"{code}_{which}", f"{title}, {words}", low=0.0)
    for which, words in (("intraday", "forecast of the same day"), ("current", "newest forecast"))
    for code, title in (("solar", "Solar"), ("wind_onshore", "Wind onshore"), ("wind_offshore", "Wind offshore"))
)
"""Forecasts that operators publish after the official one of the day before; covariates that are known ahead."""
_PRICE = Quantity("price", "Day-ahead price", unit="EUR/MWh", high=None)
"""Its rows are in the currency of their zone."""

MEASURED = tuple(quantity.code for quantity in _MEASURED)
"""The quantities that are measured and forecast."""

QUANTITIES: dict[str, Quantity] = {
    quantity.code: quantity
    for measured in _MEASURED
    for quantity in (
        measured,
        Quantity(measured.code + OFFICIAL_SUFFIX, f"{measured.title}, official forecast", low=measured.low),
    )
}
QUANTITIES |= {quantity.code: quantity for quantity in (*_GENERATION, *_CAPACITIES, *_NEWER_FORECASTS, _PRICE)}
"""The quantities that gridahead knows. A file source may bring others as covariates, in a unit of their own."""


SUN_DRIVEN = frozenset({"solar"})
"""Quantities whose days follow the sun and not the wall clock."""

SUMS: Mapping[str, tuple[tuple[str, float], ...]] = {
    "residual_load": (("load", 1.0), ("wind_solar", -1.0)),
    "wind": (("wind_onshore", 1.0), ("wind_offshore", 1.0)),
    "wind_solar": (("wind_onshore", 1.0), ("wind_offshore", 1.0), ("solar", 1.0)),
}
"""Quantities that are a sum of others, with their signs; it holds for measured values and official forecasts alike."""


def quantity_of(code: str, unit: str = "MW") -> Quantity:
    """The quantity of that code; one that is not in the list is a covariate without physical bounds."""
    return QUANTITIES.get(code) or Quantity(code, code.replace("_", " ").capitalize(), unit=unit, high=None)


GERMAN_STATES = {
    "BW": 11_280_257,
    "BY": 13_369_393,
    "BE": 3_755_251,
    "BB": 2_573_135,
    "HB": 684_864,
    "HH": 1_892_122,
    "HE": 6_391_360,
    "MV": 1_628_378,
    "NI": 8_140_242,
    "NW": 18_139_116,
    "RP": 4_159_150,
    "SL": 992_666,
    "SN": 4_086_152,
    "ST": 2_186_643,
    "SH": 2_953_270,
    "TH": 2_126_846,
}
"""Inhabitants by state on 2022-12-31. Source: Statistisches Bundesamt (Destatis), table 12411-0010."""


def _shares(inhabitants: Mapping[str, int]) -> dict[str, float]:
    total = sum(inhabitants.values())
    return {state: count / total for state, count in inhabitants.items()}


_BY_COUNTRY = """
AT      Europe/Vienna     AT 10YAT-APG------L
BE      Europe/Brussels   BE 10YBE----------2
BG      Europe/Sofia      BG 10YCA-BULGARIA-R
CH      Europe/Zurich     CH 10YCH-SWISSGRIDZ
CZ      Europe/Prague     CZ 10YCZ-CEPS-----N
DK1     Europe/Copenhagen DK 10YDK-1--------W
DK2     Europe/Copenhagen DK 10YDK-2--------M
EE      Europe/Tallinn    EE 10Y1001A1001A39I
ES      Europe/Madrid     ES 10YES-REE------0
FI      Europe/Helsinki   FI 10YFI-1--------U
FR      Europe/Paris      FR 10YFR-RTE------C
GB      Europe/London     GB 10YGB----------A
GR      Europe/Athens     GR 10YGR-HTSO-----Y
HR      Europe/Zagreb     HR 10YHR-HEP------M
HU      Europe/Budapest   HU 10YHU-MAVIR----U
IE      Europe/Dublin     IE 10Y1001A1001A59C
IT      Europe/Rome       IT 10YIT-GRTN-----B
LT      Europe/Vilnius    LT 10YLT-1001A0008Q
LV      Europe/Riga       LV 10YLV-1001A00074
NL      Europe/Amsterdam  NL 10YNL----------L
NO1     Europe/Oslo       NO 10YNO-1--------2
NO2     Europe/Oslo       NO 10YNO-2--------T
NO3     Europe/Oslo       NO 10YNO-3--------J
NO4     Europe/Oslo       NO 10YNO-4--------9
NO5     Europe/Oslo       NO 10Y1001A1001A48H
PL      Europe/Warsaw     PL 10YPL-AREA-----S
PT      Europe/Lisbon     PT 10YPT-REN------W
RO      Europe/Bucharest  RO 10YRO-TEL------P
SE1     Europe/Stockholm  SE 10Y1001A1001A44P
SE2     Europe/Stockholm  SE 10Y1001A1001A45N
SE3     Europe/Stockholm  SE 10Y1001A1001A46L
SE4     Europe/Stockholm  SE 10Y1001A1001A47J
SI      Europe/Ljubljana  SI 10YSI-ELES-----O
SK      Europe/Bratislava SK 10YSK-SEPS-----K
"""
"""Code, time zone, country of the public holidays, EIC. Source of the codes: ENTSO-E, area codes (EIC type Y)."""

ZONES: Mapping[str, BiddingZone] = {
    "DE": BiddingZone("DE", "Europe/Berlin", "DE", "10Y1001A1001A83F", _shares(GERMAN_STATES)),
    **{
        code: BiddingZone(code, timezone, country, eic)
        for code, timezone, country, eic in map(str.split, _BY_COUNTRY.strip().splitlines())
    },
}
"""Zones known without settings; `[[zones]]` in the settings adds others or replaces these."""

GATE_CLOSURE: Mapping[str, Deadline] = {
    code: Deadline.parse("D-1T1200[Europe/Brussels]") for code in ZONES if code not in ("CH", "GB")
}
"""When the day-ahead auction of a zone closes, by its code. The zones of the EU's coupled market, Norway's among them,
share one; Switzerland and Great Britain are no part of it. Source: NEMO Committee, single day-ahead coupling."""
_AUCTION_BY = Deadline.parse("D-1T1300[Europe/Brussels]")


def auction_by(zone: str) -> Deadline | None:
    """From when the prices of a delivery day are there, in zones of the EU's coupled market; None elsewhere.

    Source: NEMO Committee, single day-ahead coupling: results are published from about 12:57 on the day before.
    """
    return _AUCTION_BY if zone in GATE_CLOSURE else None


_GENERATION_BY = Deadline.parse("D-1T1800[Europe/Brussels]")


def official_by(series: Series) -> Deadline | None:
    """By when the official forecast of a measured series has to be published; None where EU law sets no time.

    Load two hours before the zone's gate closes; wind and solar power, and with them what is a sum of them, by 18:00
    Brussels time. Publishers may be earlier, but do not have to be: who reads a forecast before this may look ahead.

    Source: Regulation (EU) 543/2013, articles 6(2)(b) and 14(2)(d).
    """
    closure = GATE_CLOSURE.get(series.zone)
    if closure is None:
        return None
    if series.quantity != "load":
        return _GENERATION_BY
    return replace(closure, at=closure.at.replace(hour=closure.at.hour - 2))
