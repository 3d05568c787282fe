"""What the settings of a series say of its weather, and what is missing for it."""

from typing import Any

import pytest

from gridahead.core.errors import SettingsError
from gridahead.core.grid import Series
from gridahead.settings.model import Settings
from gridahead.workspace import weather_features


def settings_of(zone: str = "DE", **series: Any) -> Settings:
    entry = {"series": f"{zone}/load", "deadline": "D-1T1100[Europe/Berlin]", **series}
    said: dict[str, Any] = {"data_folder": "data", "series": [entry]}
    if zone not in ("DE", "FR"):
        said["zones"] = [{"code": zone, "timezone": "Europe/Berlin"}]
    return Settings.model_validate(said)


def test_nothing_is_made_of_the_weather_unless_it_is_asked_for():
    assert weather_features(settings_of(future_covariates=["DE/temperature"]), Series("DE", "load")) is None


def test_the_place_is_the_middle_of_the_points_of_the_zone():
    made = weather_features(settings_of(weather=["clear_sky"]), Series("DE", "load"))
    assert made is not None
    assert made.kinds == ("clear_sky",)
    assert 49 < made.latitude < 53
    assert 8 < made.longitude < 12


def test_a_place_of_the_settings_counts_before_that_of_the_table():
    own = {"kind": "openmeteo", "zones": ["DE"], "points": {"DE": [{"latitude": 54, "longitude": 9}]}}
    settings = settings_of(weather=["clear_sky"])
    with_place = Settings.model_validate({**settings.model_dump(exclude={"sources", "models"}), "sources": [own]})
    made = weather_features(with_place, Series("DE", "load"))
    assert made is not None
    assert (made.latitude, made.longitude) == (54, 9)


@pytest.mark.parametrize(
    ("kind", "needed"),
    [("degrees", "DE/temperature"), ("power_curve", "DE/wind_speed_100m"), ("own_curve", "DE/wind_speed_100m")],
)
def test_a_feature_without_its_input_names_it(kind, needed):
    with pytest.raises(SettingsError, match=f'future_covariates = \\["{needed}"\\]'):
        weather_features(settings_of(weather=[kind]), Series("DE", "load"))
    there = settings_of(weather=[kind], future_covariates=[needed])
    assert weather_features(there, Series("DE", "load")) is not None


def test_a_clear_sky_over_a_zone_that_is_nowhere_asks_for_its_place():
    with pytest.raises(SettingsError, match=r"where is zone VILLAGE\?.*points = \{VILLAGE = "):
        weather_features(settings_of("VILLAGE", weather=["clear_sky"]), Series("VILLAGE", "load"))
    degrees = settings_of("VILLAGE", weather=["degrees"], future_covariates=["VILLAGE/temperature"])
    assert weather_features(degrees, Series("VILLAGE", "load")) is not None
