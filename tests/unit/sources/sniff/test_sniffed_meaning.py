from __future__ import annotations

import pandas as pd
import pytest

from gridahead.sources.sniff.meaning import meaning_of, power_unit, slug, unit_by_magnitude, zone_in


@pytest.mark.parametrize(
    ("header", "kind", "name"),
    [
        ("load", "quantity", "load"),
        ("Netzlast [MWh]", "quantity", "load"),
        ("Consommation (MW)", "quantity", "load"),
        ("GrossConsumptionMWh", "quantity", "load"),
        ("Demanda", "quantity", "load"),
        ("Wind Onshore", "quantity", "wind_onshore"),
        ("solar_mw", "quantity", "solar"),
        ("residual load", "quantity", "residual_load"),
        ("Temp (°C)", "covariate", "temperature"),
        ("t2m", "covariate", "temperature"),
        ("wind speed", "covariate", "wind_speed"),
        ("solar radiation W/m2", "covariate", "radiation"),
        ("Price EUR/MWh", "covariate", "price"),
        ("wind %", "covariate", "wind"),
        ("MT_001", "unknown", ""),
    ],
)
def test_a_header_says_what_its_column_holds(header: str, kind: str, name: str) -> None:
    found = meaning_of(header)
    assert (found.kind, found.name) == (kind, name)


def test_a_forecast_is_told_from_what_is_measured() -> None:
    assert meaning_of("Day-ahead Total Load Forecast [MW]").is_forecast
    assert meaning_of("Prévision J-1").is_forecast
    assert not meaning_of("Actual Total Load [MW]").is_forecast


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("Last [MW]", "MW"),
        ("power_kW", "kW"),
        ("Energie kWh", "kWh"),
        ("W", "W"),
        ("demand_mw", "MW"),
        ("EUR/MWh", None),
        ("GrossConsumptionMWh", "MWh"),
        ("wind", None),
        ("W/m2", None),
        ("load", None),
    ],
)
def test_a_unit_of_power_or_energy_is_found_in_a_name(text: str, unit: str | None) -> None:
    assert power_unit(text) == unit


def test_where_nothing_names_the_unit_its_size_does() -> None:
    assert unit_by_magnitude(pd.Series([0.3, 0.5]), known_zone=False) == "kW"
    assert unit_by_magnitude(pd.Series([900.0]), known_zone=False) == "MW"
    assert unit_by_magnitude(pd.Series([52.0]), known_zone=True) == "GW"
    assert unit_by_magnitude(pd.Series([52_000.0]), known_zone=True) == "MW"
    assert unit_by_magnitude(pd.Series([52e6]), known_zone=True) == "kW"
    assert unit_by_magnitude(pd.Series([None], dtype="float64"), known_zone=False) == "MW"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("load_FR_2024", "FR"),
        ("Germany load", "DE"),
        ("SA1", "SA1"),
        ("in", None),
        ("meters", None),
        ("no_es_at", None),
    ],
)
def test_a_zone_is_named_by_its_code_in_capitals_or_by_its_country(text: str, code: str | None) -> None:
    found = zone_in(text)
    assert (None if found is None else found.code) == code


def test_names_of_settings_have_letters_digits_and_underscores() -> None:
    assert slug("Zähler 7/b") == "Zahler_7_b"
