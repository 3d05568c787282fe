"""The table of weather points: every zone has some, where it is."""

import numpy as np
import pytest

from gridahead.core.grid import ZONES
from gridahead.core.weather_points import WeatherPoint, centre, weather_points

EUROPE = (
    *("AT", "BE", "BG", "CH", "CZ", "DE", "DK1", "DK2", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE", "LT"),
    *("LV", "NL", "NO1", "NO2", "NO3", "NO4", "NO5", "PL", "PT", "RO", "SE1", "SE2", "SE3", "SE4", "SI", "SK"),
)
OTHERS = ("CISO", "ERCO", "IESO", "ISNE", "JP-TK", "MISO", "NSW1", "NYIS", "PJM", "SWPP")


def test_the_zones_of_markets_have_points_and_every_zone_that_has_some_is_known():
    assert {*EUROPE, *OTHERS} <= set(weather_points()) <= set(ZONES)


@pytest.mark.parametrize("zone", weather_points())
def test_every_zone_has_points_of_its_own_with_people(zone):
    points = weather_points()[zone]
    assert 1 <= len(points) <= 8
    assert all(point.weight > 0 and point.name for point in points)
    assert len({(point.latitude, point.longitude) for point in points}) == len(points)


@pytest.mark.parametrize(
    ("zone", "latitude", "longitude"),
    # Boxes read off a map: in the north and south, in the west and east.
    [
        ("FR", (42.3, 51.1), (-4.8, 8.3)),
        ("DE", (47.3, 55.1), (5.9, 15.1)),
        ("NO4", (65.0, 71.2), (11.0, 31.1)),
        ("NO2", (57.9, 60.2), (4.5, 10.6)),
        ("SE1", (64.9, 69.1), (15.4, 24.2)),
        ("DK1", (54.8, 57.8), (8.0, 11.0)),
        ("ERCO", (25.8, 36.5), (-106.6, -93.5)),
        ("CISO", (32.5, 42.0), (-124.4, -114.1)),
        ("NSW1", (-37.6, -28.1), (141.0, 153.7)),
        ("JP-TK", (34.5, 38.0), (138.0, 141.0)),
    ],
)
def test_points_lie_in_their_zone(zone, latitude, longitude):
    for point in weather_points()[zone]:
        assert latitude[0] < point.latitude < latitude[1], point
        assert longitude[0] < point.longitude < longitude[1], point


def test_the_largest_town_of_a_country_weighs_most():
    for zone, name in (("FR", "Paris"), ("GB", "London"), ("GR", "Athens"), ("ERCO", "Dallas")):
        heaviest = max(weather_points()[zone], key=lambda point: point.weight)
        assert heaviest.name == name


def test_the_centre_is_the_weighted_middle():
    points = (WeatherPoint(50.0, 10.0, 3.0), WeatherPoint(54.0, 14.0, 1.0))
    assert np.allclose(centre(points), (51.0, 11.0))
