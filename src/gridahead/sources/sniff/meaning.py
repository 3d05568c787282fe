"""What names in a file mean: quantity, unit, zone, forecast or measured."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gridahead.core.grid import PRICE, ZONES, BiddingZone
from gridahead.core.units import price_unit
from gridahead.core.zones import rows

_QUANTITIES = (
    ("residual_load", r"residual|net[ _-]?load|netto[ _-]?last|charge nette"),
    ("wind_solar", r"wind.{0,8}(solar|pv)|(solar|pv).{0,8}wind"),
    ("wind_onshore", r"wind.{0,6}on|on[ _-]?shore|eolien terrestre|eolica terrestre|wind an land"),
    ("wind_offshore", r"wind.{0,6}off|off[ _-]?shore|eolien en mer|eolica marina|wind auf see"),
    ("wind", r"wind(?![ _-]?(speed|dir|gust|geschw))|eolien|eolic|vindkraft|wiatr"),
    ("solar", r"solar(?!.{0,8}(rad|irr))|\bpv\b|photovolt|fotovolt|sonne|\bzon\b"),
    (
        "load",
        r"load|demand|cons[uo]m|verbrauch|\blast\b|netzlast|charge|demanda|consumo|carga|zuzyci|zapotrzeb|fogyasz|"
        r"forbruk|forbrug|kulutus|belasting|verbruik|bezug|usage|soutirage|\btsd\b|\bnd\b|lastgang|leistung|import",
    ),
)
_COVARIATES = (
    ("temperature", "degC", r"temp|\bt2m\b|t_?2m|tavg|°c|lufttemp"),
    ("wind_speed", "m/s", r"wind[ _-]?(speed|geschw)|wspd|\bws\d*\b|u10|v10|m/s"),
    ("radiation", "W/m2", r"ghi|dni|dhi|radiation|irradian|strahlung|w/m"),
    ("cloud_cover", "%", r"cloud|bewolk|bewoelk|nebul"),
    ("humidity", "%", r"humid|\brh\b|feuchte"),
    ("precipitation", "mm", r"precip|rain|niederschlag|pluie|lluvia"),
    ("price", "EUR/MWh", r"price|preis|prix|precio|eur/mwh|€/mwh|spot"),
    ("pressure", "hPa", r"pressure|luftdruck|hpa"),
)
_FORECAST = (
    r"forec|fcst|\bfc\b|predict|prognos|prevision|prevista|previsto|pronost|day[ _-]?ahead|planned|schedul|_da\b"
)
_UNIT = re.compile(r"(?<![A-Za-z])(?P<prefix>[kKMGm]?)(?P<stem>[Ww](?:att)?)(?P<hour>[hH]?)(?![A-Za-z/])")
_OTHER_UNIT = re.compile(
    r"(?:[\[(]|\s)\s*(?P<unit>°C|degC|C|°F|K|%|m/s|km/h|W/m[²2]|hPa|mm|(?:[A-Z]{3}|[€£$¥])/[kM]Wh)\s*(?:[\])]|$)"
)
_COUNTRIES = {
    "austria": "AT",
    "osterreich": "AT",
    "belgium": "BE",
    "belgique": "BE",
    "belgie": "BE",
    "bulgaria": "BG",
    "switzerland": "CH",
    "schweiz": "CH",
    "suisse": "CH",
    "swissgrid": "CH",
    "czech": "CZ",
    "ceps": "CZ",
    "germany": "DE",
    "deutschland": "DE",
    "allemagne": "DE",
    "smard": "DE",
    "estonia": "EE",
    "spain": "ES",
    "espana": "ES",
    "esios": "ES",
    "finland": "FI",
    "suomi": "FI",
    "fingrid": "FI",
    "france": "FR",
    "enedis": "FR",
    "eco2mix": "FR",
    "britain": "GB",
    "england": "GB",
    "elexon": "GB",
    "national grid": "GB",
    "greece": "GR",
    "croatia": "HR",
    "hungary": "HU",
    "ireland": "IE",
    "italy": "IT",
    "italia": "IT",
    "terna": "IT",
    "lithuania": "LT",
    "latvia": "LV",
    "netherlands": "NL",
    "nederland": "NL",
    "tennet": "NL",
    "poland": "PL",
    "polska": "PL",
    "portugal": "PT",
    "romania": "RO",
    "slovenia": "SI",
    "slovakia": "SK",
}
_NAMED = {
    **{code: code for code, row in rows().items() if row.market in ("sdac", "ch", "gb") and code.isalnum()},
    **{code: code for code in ("NSW1", "QLD1", "SA1", "TAS1", "VIC1", "PJM", "MISO")},
    "ERCOT": "ERCO",
    "CAISO": "CISO",
    "NYISO": "NYIS",
    "ISONE": "ISNE",
    "SPP": "SWPP",
}
"""What files call zones in one word. Of balancing authorities only the names of ISOs: GRID and SEC are words, as are BY
and ME."""
SMALL_SITE = 20.0
"""Mean [unit unknown] below which a series is taken for a meter in kW: no zone is so small in MW."""
LARGE_ZONE = 100.0
"""Mean [unit unknown] below which the series of a known zone is taken for GW: the largest in Europe has 60 GW."""


@dataclass(frozen=True)
class Meaning:
    """What a column seems to hold."""

    kind: str
    """quantity, covariate or unknown"""
    name: str
    unit: str | None = None
    is_forecast: bool = False


def plain(text: str) -> str:
    """The text in lower case, without accents."""
    letters = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).lower()


def spaced(name: str) -> str:
    """The words of a name apart: GrossConsumptionMWh and gross_consumption_MWh alike."""
    return re.sub(r"([a-z])([A-Z])", r"\1 \2", name.replace("_", " ")).replace("k Wh", "kWh").replace("k W", "kW")


def meaning_of(header: str, unit_row: str = "") -> Meaning:
    """The quantity, the unit and the kind of a column by its name."""
    text = plain(spaced(header))
    unit, is_forecast = power_unit(f"{header} {unit_row}"), bool(re.search(_FORECAST, text))
    other_unit = _OTHER_UNIT.search(header) or _OTHER_UNIT.search(f"({unit_row})")
    for name, usual, pattern in _COVARIATES:
        if re.search(pattern, text) and unit is None:
            said = other_unit["unit"] if other_unit else usual
            named = name if name != PRICE or price_unit(said) is not None else slug(header).lower()
            return Meaning("covariate", named, said, is_forecast)
    if other_unit is not None and unit is None:
        return Meaning("covariate", slug(header).lower(), other_unit["unit"], is_forecast)
    for name, pattern in _QUANTITIES:
        if re.search(pattern, text):
            return Meaning("quantity", name, unit, is_forecast)
    return Meaning("unknown", "", unit, is_forecast)


def power_unit(text: str) -> str | None:
    """The unit of power or energy that a text names."""
    match = _UNIT.search(spaced(text))
    if match is None or re.search(r"(?:[A-Z]{3}|[€£$¥])\s*/\s*[kM]Wh", text):
        return None
    prefix = {"K": "k", "m": "M"}.get(match["prefix"], match["prefix"])
    bare = not prefix and not match["hour"]
    if bare and match["stem"] == "w":
        return None  # a lone small w is a letter
    return f"{prefix}W{'h' if match['hour'] else ''}"


def price_unit_in(text: str) -> str | None:
    """The unit of a price that a text names, such as €/MWh."""
    match = _OTHER_UNIT.search(text)
    return match["unit"] if match is not None and price_unit(match["unit"]) is not None else None


def unit_by_magnitude(values: pd.Series, known_zone: bool) -> str:
    """The unit of power in which values make sense where nothing names it."""
    if values.isna().all():
        return "MW"
    level = float(np.nanmean(np.abs(values)))
    if level < SMALL_SITE:
        return "kW"
    if not known_zone:
        return "MW"
    return "GW" if level < LARGE_ZONE else "MW" if level < 1e6 else "kW"


def zone_in(*texts: str) -> BiddingZone | None:
    """The zone that texts name: its code in capitals, or its country."""
    for text in texts:
        words = re.split(r"[^A-Za-z0-9]+", text)
        for word in words:
            if word in _NAMED:
                return ZONES[_NAMED[word]]
    whole = plain(" ".join(texts))
    for name, code in _COUNTRIES.items():
        if re.search(rf"(?<![a-z]){name}", whole):
            return ZONES[code]
    return None


def zone_of_id(name: str) -> BiddingZone | None:
    """The zone that one name of a long or wide table stands for, in any case."""
    return zone_in(name.upper()) or zone_in(name)


def slug(name: str) -> str:
    """A name that settings and file names take."""
    letters = "".join(letter for letter in unicodedata.normalize("NFKD", name.replace("ß", "ss")) if letter.isascii())
    return re.sub(r"[^A-Za-z0-9]+", "_", letters).strip("_") or "value"


def words_of(path: Path) -> str:
    """The words in the name of a file."""
    return re.sub(r"\.(csv|gz|parquet|pq|xlsx?|txt|tsv)$", "", path.name, flags=re.IGNORECASE)
