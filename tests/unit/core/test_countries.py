"""A country or subdivision without a calendar of public holidays is found when settings are read."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from gridahead.core.countries import check_holidays, country_of, holidays_of
from gridahead.settings.model import Settings


@pytest.mark.parametrize(
    ("country", "code"),
    [("Germany", "DE"), ("de", "DE"), ("United Kingdom", "GB"), ("Austrlia", "AU"), ("Narnia", "AM")],
)
def test_a_country_that_has_no_calendar_is_refused_with_the_nearest_code_that_works(country, code):
    with pytest.raises(ValueError, match=f"country = '{country}'.*Did you mean \"{code}\"") as caught:
        check_holidays(country, {})
    assert "ISO 3166" in str(caught.value)
    check_holidays(code, {})


@pytest.mark.parametrize("country", ["DE", "DEU", "AU", "IN", "UK"])
def test_codes_of_two_and_three_letters_are_fine(country):
    check_holidays(country, {})


def test_a_subdivision_that_the_country_does_not_have_is_refused_with_those_that_it_has():
    with pytest.raises(ValueError, match=r"DE has no subdivision 'XX'.*BB, BE, BW, BY"):
        check_holidays("DE", {"XX": 1.0})
    with pytest.raises(ValueError, match=r'Did you mean "BY" \(Bayern\)'):
        check_holidays("DE", {"Bayren": 1.0})
    check_holidays("DE", {"BY": 0.5, "Sachsen": 0.5})


@pytest.mark.parametrize("weights", [{"BY": 1.2}, {"BY": -0.1}, {"BY": 0.6, "BE": 0.6}])
def test_weights_that_are_no_shares_are_refused(weights):
    with pytest.raises(ValueError, match="shares of the population"):
        check_holidays("DE", weights)


def test_shares_that_are_rounded_may_come_to_a_little_more_than_one():
    check_holidays("DE", {"BY": 0.5003, "BE": 0.5003})


def test_weights_without_a_country_are_refused():
    with pytest.raises(ValueError, match="say which"):
        check_holidays(None, {"BY": 1.0})


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ({"timezone": "UTC", "country": "Narnia"}, "Narnia"),
        ({"timezone": "UTC", "country": "DE", "holiday_weights": {"XX": 1.0}}, "XX"),
        ({"timezone": "Europe/Berln"}, "did you mean 'Europe/Berlin'"),
    ],
)
def test_settings_with_such_a_zone_are_not_read(zone, told):
    with pytest.raises(ValidationError, match=told):
        Settings(data_folder=Path("data"), zones=({"code": "XY", **zone},))


def test_the_example_in_a_message_is_the_country_of_the_time_zone():
    with pytest.raises(ValueError, match='two letters, such as "ES"'):
        check_holidays("Spanien", {}, "Europe/Madrid")
    with pytest.raises(ValueError, match='such as country = "CL"'):
        check_holidays(None, {"RM": 1.0}, "America/Santiago")


@pytest.mark.parametrize(
    ("timezone", "country"), [("Europe/Madrid", "ES"), ("America/New_York", "US"), ("UTC", None), ("+01:00", None)]
)
def test_a_time_zone_has_the_country_that_its_database_says(timezone, country):
    assert country_of(timezone) == country
    assert holidays_of(timezone) == country
