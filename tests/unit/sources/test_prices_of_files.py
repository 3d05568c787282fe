"""Prices in files: their currency, and that an auction says them before their time."""

from pathlib import Path

import pandas as pd
import pytest

from gridahead.core.grid import ZONES, BiddingZone, Series
from gridahead.settings.file_source import FileSource
from gridahead.settings.model import SeriesSettings, Settings
from gridahead.sources.base import RawPayload
from gridahead.sources.file import FileTable

SUMMER = "time,price,load\n2025-07-15 00:00,-12.5,50000\n2025-07-15 13:00,80,60000\n"


def parse(zone="FR", text=SUMMER, **changes):
    """The rows of a file of prices."""
    said = {
        "kind": "file",
        "path": Path("p.csv"),
        "zone": zone,
        "quantity": "price",
        "time_column": "time",
        "value_column": "price",
        "timezone": ZONES[zone].timezone,
        "unit": "EUR/MWh",
    }
    table = FileTable(FileSource(**{**said, **changes}), ZONES[zone])
    return table.parse(RawPayload("p", "p.csv", text.encode(), {}, pd.Timestamp("2026-01-01", tz="UTC")))


@pytest.mark.parametrize(
    ("unit", "kept", "first"),
    [
        ("EUR/MWh", "EUR/MWh", -12.5),
        ("€/MWh", "EUR/MWh", -12.5),
        ("£/MWh", "GBP/MWh", -12.5),
        ("EUR/kWh", "EUR/MWh", -12_500.0),
        ("JPY/kWh", "JPY/MWh", -12_500.0),
    ],
)
def test_a_price_is_kept_per_mwh_in_its_currency(unit, kept, first):
    rows = parse(unit=unit)
    assert set(rows["unit"]) == {kept}
    assert rows["value"].iloc[0] == pytest.approx(first)


@pytest.mark.parametrize(
    ("zone", "available_at"),
    [
        ("FR", "2025-07-14T11:00Z"),  # 13:00 in Brussels on the day before
        ("GB", "2025-07-14T09:00Z"),  # 10:00 in London
        ("PJM", "2025-07-14T17:30Z"),  # 13:30 in New York
        ("CH", "2025-07-14T22:00Z"),  # when is not known: when the day begins
        ("NSW1", "2025-07-14T14:00Z"),  # there is no auction
    ],
)
def test_a_price_is_known_from_its_auction_on_and_never_before(zone, available_at):
    rows = parse(zone)
    assert set(rows["available_at"]) == {pd.Timestamp(available_at)}
    assert (rows["available_at"] <= rows["valid_time"]).all()


def test_a_price_beside_a_load_is_known_from_its_auction_on_as_well():
    """Guard: other covariates that are known ahead are there from the start of the day before, which no price is."""
    price = {"column": "price", "name": "price", "unit": "EUR/MWh", "known_ahead": True}
    rows = parse(quantity="load", value_column="load", unit="MW", covariates=[price])
    of_price = rows[rows["quantity"] == "price"]
    assert set(of_price["available_at"]) == {pd.Timestamp("2025-07-14T11:00Z")}


@pytest.mark.parametrize("unit", ["MW", "EUR", "EUR/MW", "eur/mwh", "ct/kWh"])
def test_a_unit_that_is_none_of_a_price_is_refused_with_an_example(unit):
    with pytest.raises(ValueError, match="such as EUR/MWh or GBP/kWh"):
        parse(unit=unit)


def test_there_is_no_official_forecast_of_a_price():
    with pytest.raises(ValueError, match="no official forecast of a price"):
        parse(official_column="load")


def settings_of(series, **more):
    """Settings with one series."""
    entry = {"series": series, "deadline": "D-1T1100[Europe/Paris]", **more}
    return Settings.model_validate({"data_folder": "data", "series": [entry]})


def test_a_price_is_shown_in_the_currency_of_its_zone():
    assert settings_of("GB/price").unit_of(Series("GB", "price")) == "GBP/MWh"
    declared = {"code": "Island", "timezone": "Europe/Paris", "currency": "ISK"}
    settings = Settings.model_validate({"data_folder": "data", "zones": [declared]})
    assert settings.unit_of(Series("Island", "price")) == "ISK/MWh"
    assert settings_of("FR/load").unit_of(Series("FR", "load")) == "MW"


def test_a_price_has_no_unit_of_power():
    with pytest.raises(ValueError, match="the currency of its zone"):
        SeriesSettings.model_validate({"series": "FR/price", "deadline": "D-1T1100[Europe/Paris]", "unit": "kW"})


def test_a_zone_without_a_currency_is_taken_for_one_of_the_euro():
    zone = BiddingZone("X", "Europe/Paris")
    settings = Settings.model_validate({"data_folder": "data", "zones": [{"code": "X", "timezone": "Europe/Paris"}]})
    assert zone.currency is None
    assert settings.unit_of(Series("X", "price")) == "EUR/MWh"


def test_what_is_installed_is_a_covariate_in_megawatts():
    capacity = {"column": "price", "name": "solar_capacity", "unit": "GW", "known_ahead": True}
    text = SUMMER.replace("-12.5", "20").replace("80,", "21,")
    rows = parse(text=text, quantity=None, value_column=None, unit="MW", covariates=[capacity])
    assert set(rows["unit"]) == {"MW"}
    assert list(rows["value"]) == [20_000.0, 21_000.0]
