"""Where the weather of a zone is looked at: towns, weighted by the people who live nearest to them.

`weather_points.csv` has up to eight towns a zone: its largest ones that lie some way apart. The population of a town is
that of all towns of the zone with 15 000 people or more that are nearest to it, in thousands; towns within 12 km of a
larger one count as part of it, with its figure alone.

Source: GeoNames (geonames.org), towns of 15 000 people and more, as of 2026, CC BY 4.0. Which town belongs to which
zone follows its country and first administrative division; operators in the USA whose area is no set of states are told
by their main cities.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class WeatherPoint:
    """A place whose weather counts for a zone."""

    latitude: float
    """Degrees north."""
    longitude: float
    """Degrees east."""
    weight: float = 1.0
    """Relative to the other points of the zone, such as people or installed megawatts."""
    name: str = ""


@cache
def weather_points() -> Mapping[str, tuple[WeatherPoint, ...]]:
    """The points of every zone that the table has, by its code."""
    table = (resources.files("gridahead.core") / "weather_points.csv").read_text(encoding="utf-8")
    by_zone: dict[str, list[WeatherPoint]] = {}
    for row in csv.DictReader(table.splitlines()):
        place = WeatherPoint(
            float(row["latitude"]), float(row["longitude"]), float(row["population_thousands"]), row["place"]
        )
        by_zone.setdefault(row["zone"], []).append(place)
    return {zone: tuple(points) for zone, points in by_zone.items()}


def centre(points: Sequence[WeatherPoint]) -> tuple[float, float]:
    """Latitude and longitude in the weighted middle of some points [degrees]; zones do not cross the date line."""
    total = sum(point.weight for point in points)
    latitude = sum(point.weight * point.latitude for point in points) / total
    return latitude, sum(point.weight * point.longitude for point in points) / total
