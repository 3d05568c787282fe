"""Where and what: bidding zones, quantities, and the pair of them, a series."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from urllib.parse import quote

from gridahead.core import zones
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
    name: str = field(default="", repr=False, compare=False)
    """The area in words, such as France. This and what follows decides no forecast, and is no part of what a model's
    settings are known by."""
    codes: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """What sources call it, by the kind of the source, where they have a name of their own for it."""
    currency: str | None = field(default=None, repr=False, compare=False)
    """ISO 4217 code of its day-ahead prices."""
    neighbours: tuple[str, ...] = field(default=(), repr=False, compare=False)
    """Codes of the zones that it has lines to."""
    kind: str = field(default="", repr=False, compare=False)
    """bidding zone, control area, region or balancing authority, where the catalogue has it."""

    def __post_init__(self) -> None:
        zone_info(self.timezone)

    @property
    def is_southern(self) -> bool:
        """Whether it lies south of the equator, where summer is from December to February."""
        return is_southern(self.timezone, self.country)

    def to_dict(self) -> dict[str, object]:
        """What decides a forecast, as plain values for a bundle; what the zone is called there is no part of it."""
        return {part.name: getattr(self, part.name) for part in fields(self) if part.compare}

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
    def capacity(self) -> Series:
        """The series of what is installed of this one."""
        return Series(self.zone, self.quantity + CAPACITY_SUFFIX)

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
CAPACITY_SUFFIX = "_capacity"
"""What is installed of a quantity is a quantity of its own, known ahead like any plan."""
_CAPACITIES = tuple(
    Quantity(f"{code}{CAPACITY_SUFFIX}", f"{title}, installed capacity", low=0.0)
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
PRICE = "price"
_PRICE = Quantity(PRICE, "Day-ahead price", unit="EUR/MWh", high=None)
"""Its rows are in the currency of their zone. It has no bounds: what is high in EUR is low in JPY."""

MEASURED = tuple(quantity.code for quantity in _MEASURED)
"""The quantities that are measured and forecast, and of which there are official forecasts."""
FORECAST = (*MEASURED, PRICE)
"""The quantities that are forecast. A price is not measured: an auction says it before its time."""

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


def unit_of(series: Series, zone: BiddingZone) -> str:
    """The unit in which values of a series are kept: MW, or for a price the currency of its zone per MWh."""
    return f"{currency_of(zone)}/MWh" if series.quantity == PRICE else quantity_of(series.quantity).unit


def currency_of(zone: BiddingZone) -> str:
    """ISO 4217 code of a zone's prices; that of the coupled market where the catalogue knows none."""
    return zone.currency or "EUR"


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


class _Catalogue(Mapping[str, BiddingZone]):
    """The zones of the catalogue by their code; each is made when somebody asks for it."""

    def __getitem__(self, code: str) -> BiddingZone:
        return _zone(code)

    def __contains__(self, code: object) -> bool:
        return code in zones.rows()

    def __iter__(self) -> Iterator[str]:
        return iter(zones.rows())

    def __len__(self) -> int:
        return len(zones.rows())


@cache
def _zone(code: str) -> BiddingZone:
    row = zones.rows()[code]
    weights = {part: float(share) for part, _, share in (entry.partition("=") for entry in row.holidays.split())}
    return BiddingZone(
        code,
        row.timezone,
        row.country or None,
        row.eic or None,
        _shares(GERMAN_STATES) if code in ("DE", "DE-LU") else weights,
        name=row.name,
        currency=row.currency or None,
        neighbours=tuple(row.neighbours.split()),
        kind=row.kind,
    )


ZONES: Mapping[str, BiddingZone] = _Catalogue()
"""Zones known without settings; `[[zones]]` in the settings adds others or replaces these."""


class _GateClosures(Mapping[str, Deadline]):
    """The gate closures that are known, by the code of the zone."""

    def __getitem__(self, code: str) -> Deadline:
        market = zones.market_of(code)
        if market is None or market.gate_closure is None:
            raise KeyError(code)
        return market.gate_closure

    def __iter__(self) -> Iterator[str]:
        return (code for code in zones.rows() if code in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


GATE_CLOSURE: Mapping[str, Deadline] = _GateClosures()
"""When the day-ahead auction of a zone closes, by its code, as far as the catalogue says it."""


def auction_by(zone: str) -> Deadline | None:
    """From when the prices of a delivery day are there; None where there is no auction, or it is not known."""
    market = zones.market_of(zone)
    return None if market is None else market.published


def price_by(zone: BiddingZone) -> Deadline:
    """From when the prices of a delivery day may be used: the auction's publication, else the beginning of the day."""
    return auction_by(zone.code) or day_begins(zone)


def day_begins(zone: BiddingZone) -> Deadline:
    """The beginning of the delivery day: by then everything about it that is published a day ahead is there."""
    return Deadline(0, dt.time(0), zone.timezone)


def lead_days(deadline: Deadline, zone: BiddingZone) -> int:
    """How many days before the delivery day a deadline is, by the clock of the zone: 1 of a day-ahead forecast."""
    day = dt.date(2025, 1, 15)
    return (day - deadline.for_delivery(day).tz_convert(zone.timezone).date()).days


def day_after(deadline: Deadline, zone: BiddingZone) -> Deadline:
    """The end of the day that a deadline is on by the clock of the zone, no later than the delivery day begins.

    An official forecast that is out by then has the same lead as ours: of D-3, what was published on D-3.
    """
    return replace(day_begins(zone), days_before=max(0, lead_days(deadline, zone) - 1))


_GENERATION_BY = Deadline.parse("D-1T1800[Europe/Brussels]")


def official_by(series: Series) -> Deadline | None:
    """By when the official forecast of a measured series has to be published; None where EU law sets no time.

    Load two hours before the zone's gate closes; wind and solar power, and with them what is a sum of them, by 18:00
    Brussels time. Publishers may be earlier, but do not have to be: who reads a forecast before this may look ahead.

    Source: Regulation (EU) 543/2013, articles 6(2)(b) and 14(2)(d).
    """
    market = zones.market_of(series.zone)
    if market is None or market.gate_closure is None or not market.follows_eu_law:
        return None
    if series.quantity != "load":
        return _GENERATION_BY
    return replace(market.gate_closure, at=market.gate_closure.at.replace(hour=market.gate_closure.at.hour - 2))
