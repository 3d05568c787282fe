"""Zones, quantities and series."""

import re

import pytest

from gridahead.core.grid import (
    GERMAN_STATES,
    MEASURED,
    QUANTITIES,
    ZONES,
    BiddingZone,
    Series,
    checked_name,
    day_after,
    lead_days,
    quantity_of,
)
from gridahead.core.time import Deadline


def test_a_series_is_written_as_it_is_read():
    series = Series.parse(" DE/wind_onshore ")
    assert series == Series("DE", "wind_onshore")
    assert str(series) == "DE/wind_onshore"
    assert series.slug == "DE.wind_onshore"


@pytest.mark.parametrize("text", ["", "DE", "DE/", "/load", "DE/load/hourly", "DE.load"])
def test_what_is_no_series_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="write it as ZONE/QUANTITY, such as DE/load"):
        Series.parse(text)


def test_the_official_forecast_is_a_series_of_its_own():
    assert str(Series("DE", "load").official) == "DE/load_official"


def test_every_measured_quantity_has_an_official_forecast_with_the_same_bounds():
    forecasts = {code for code in QUANTITIES if code.endswith("_official")}
    assert forecasts == {f"{code}_official" for code in MEASURED}
    for code in MEASURED:
        assert QUANTITIES[f"{code}_official"].low == QUANTITIES[code].low


def test_residual_load_may_be_negative_and_generation_may_not():
    assert quantity_of("residual_load").low is None
    assert quantity_of("solar").low == 0.0


def test_an_unknown_quantity_is_a_covariate_without_bounds():
    temperature = quantity_of("temperature_2m", unit="degC")
    assert (temperature.unit, temperature.low, temperature.high) == ("degC", None, None)
    assert temperature.title == "Temperature 2m"


def test_the_shares_of_the_german_states_add_up_to_the_country():
    # Destatis gives 84 358 845 inhabitants on 2022-12-31.
    assert len(GERMAN_STATES) == 16
    assert sum(GERMAN_STATES.values()) == 84_358_845
    assert sum(ZONES["DE"].holiday_weights.values()) == pytest.approx(1.0)
    assert ZONES["DE"].holiday_weights["BY"] == pytest.approx(13_369_393 / 84_358_845)


def test_a_zone_without_a_real_time_zone_is_refused():
    with pytest.raises(ValueError, match="unknown time zone 'Mars/Olympus'"):
        BiddingZone("XX", "Mars/Olympus")


# -- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["DE", "NO1", "temperature 2m", "Ærø", "東京", "wind_speed-10m", "t+1", "a.b", "Temp (°C)"]
)
def test_what_people_call_things_may_be_a_name(name):
    assert checked_name(f" {name} ") == name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("a/b", "'/' is not allowed"),
        ("a\\b", "is not allowed"),
        ("a:b*c", "'*', ':' is not allowed"),
        ("a\nb", "is not allowed"),
        ("a\x00", "is not allowed"),
        ("..", "begins with"),
        (".hidden", "begins with"),
        ("-x", "begins with"),
        ("a  b", "two spaces"),
        ("end.", "ends with a dot"),
        ("CON", "call it CON_1"),
        ("nul.x", "Windows"),
        ("x" * 81, "80 letters"),
        ("東" * 9, "too long"),
        ("a[b]", "is not allowed"),
        ("a%b", "is not allowed"),
    ],
)
def test_what_cannot_be_stored_everywhere_is_no_name(name, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        checked_name(name)


def test_one_letter_written_in_two_ways_is_one_name():
    assert checked_name("Zu\u0308rich") == "Zürich"
    assert Series.parse("Zu\u0308rich/load") == Series("Zürich", "load")


@pytest.mark.parametrize(
    ("deadline", "days", "after"),
    [
        ("D-0T0600[Europe/Berlin]", 0, "D-0T0000[Europe/Berlin]"),
        ("D-1T1100[Europe/Berlin]", 1, "D-0T0000[Europe/Berlin]"),
        ("D-3T1100[Europe/Berlin]", 3, "D-2T0000[Europe/Berlin]"),
        # 20:00 in New York is 02:00 of the day after in Berlin.
        ("D-3T2000[America/New_York]", 2, "D-1T0000[Europe/Berlin]"),
    ],
)
def test_how_many_days_ahead_a_deadline_is_is_counted_by_the_clock_of_the_zone(deadline, days, after):
    due = Deadline.parse(deadline)
    assert (lead_days(due, ZONES["DE"]), str(day_after(due, ZONES["DE"]))) == (days, after)
