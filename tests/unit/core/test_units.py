"""Power in the unit that fits it, with the digits that tell something."""

import pytest

from gridahead.core.grid import Series
from gridahead.core.units import decimals, per, power, signed, significant, tick, unit_of_source
from gridahead.reports.wording import Scale, figure
from gridahead.settings.model import Settings

SOURCE = {
    "kind": "file",
    "path": "in.csv",
    "zone": "DE",
    "quantity": "load",
    "time_column": "time",
    "value_column": "kw",
    "timezone": "UTC",
}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (52_431.7, "52,432"),
        (1183.4, "1,183"),
        (118.34, "118"),
        (41.23, "41.2"),
        (4.123, "4.12"),
        (0.4123, "0.412"),
        (0.00041234, "0.000412"),
        (-0.00041234, "-0.000412"),
        (0.0, "0"),
        (1e-15, "0"),
        (float("nan"), "nan"),
    ],
)
def test_a_number_has_three_significant_digits_at_least_and_no_power_of_ten(value, told):
    assert significant(value) == told


def test_a_change_has_its_sign():
    assert (signed(41.23), signed(-0.0004)) == ("+41.2", "-0.000400")


def test_power_is_told_in_the_unit_that_is_asked_for():
    assert power(0.000412, "kW") == "0.412 kW"
    assert power(58_234.0, "GW") == "58.2 GW"
    assert per(3.5, "MW") == 3.5


def test_five_digits_of_the_largest_value_take_so_many_places():
    assert [decimals(value, 5) for value in (60_000.0, 999.0, 0.412, 0.0)] == [0, 2, 5, 0]


@pytest.mark.parametrize(("value", "told"), [(1500.0, "1,500"), (0.30000000000000004, "0.3"), (2.5, "2.5"), (0.0, "0")])
def test_a_mark_of_an_axis_has_the_digits_that_it_needs(value, told):
    assert tick(value) == told


@pytest.mark.parametrize(
    ("came", "shown"), [("W", "kW"), ("kWh", "kW"), ("kW", "kW"), ("MWh", "MW"), ("GW", "GW"), ("°C", "MW")]
)
def test_a_series_is_shown_in_the_unit_of_its_file(came, shown):
    assert unit_of_source(came) == shown


def test_the_settings_choose_the_unit_and_else_the_file_does():
    series = [{"series": "DE/load", "deadline": "D-1T1100[UTC]"}]
    kw = {"data_folder": "data", "sources": [{**SOURCE, "unit": "kWh"}], "series": series}
    chosen = {**kw, "series": [{**series[0], "unit": "MW"}]}
    load, solar = Series("DE", "load"), Series("DE", "solar")
    settings = Settings.model_validate(kw)
    assert [settings.unit_of(one) for one in (load, load.official, solar)] == ["kW", "kW", "MW"]
    assert settings.unit_wanted(solar) is None
    assert Settings.model_validate(chosen).unit_of(load) == "MW"


@pytest.mark.parametrize(
    ("highest", "unit", "value", "told"),
    [
        (62_000.0, None, 58_234.0, "58.2 GW"),
        (5_400.0, None, 5_234.0, "5.23 GW"),
        (700.0, None, 523.4, "523 MW"),
        (0.0005, None, 0.000412, "0.412 kW"),
        (62_000.0, "MW", 58_234.0, "58\N{NARROW NO-BREAK SPACE}234 MW"),
        (5.4, "kW", 5.2, "5\N{NARROW NO-BREAK SPACE}200 kW"),
    ],
)
def test_the_page_shows_a_series_in_what_fits_it_or_in_what_is_wanted(highest, unit, value, told):
    assert (
        Scale.of(highest, unit)
        .text(value)
        .replace("\N{NARROW NO-BREAK SPACE}kW", " kW")
        .replace("\N{NARROW NO-BREAK SPACE}MW", " MW")
        .replace("\N{NARROW NO-BREAK SPACE}GW", " GW")
        == told
    )


def test_a_small_figure_on_the_page_is_no_nought():
    assert [figure(value) for value in (1183.4, 41.2, 4.12, 0.0127)] == [
        "1\N{NARROW NO-BREAK SPACE}183",
        "41",
        "4.12",
        "0.0127",
    ]
