"""What ENTSO-E calls the ways to generate power, and what we call them.

Source: ENTSO-E, code list 92, PsrType; the names are those of the platform's own files.
"""

from __future__ import annotations

from collections.abc import Mapping

QUANTITY_OF_TYPE: Mapping[str, str] = {
    "B01": "biomass",
    "B02": "lignite",
    "B03": "coal_gas",
    "B04": "gas",
    "B05": "hard_coal",
    "B06": "oil",
    "B07": "oil_shale",
    "B08": "peat",
    "B09": "geothermal",
    "B10": "hydro_pumped_storage",
    "B11": "hydro_run_of_river",
    "B12": "hydro_reservoir",
    "B13": "marine",
    "B14": "nuclear",
    "B15": "other_renewable",
    "B16": "solar",
    "B17": "waste",
    "B18": "wind_offshore",
    "B19": "wind_onshore",
    "B20": "other_generation",
    "B25": "storage",
}
"""Our quantity of each type that generates."""

NET = frozenset({"hydro_pumped_storage", "storage"})
"""What fills itself from the grid: generation minus consumption. What others consume, such as wind farms in a calm, is
no generation and left out."""

WEATHER_DRIVEN = ("solar", "wind_onshore", "wind_offshore")
"""The types of which the platform has forecasts."""

INTRADAY, CURRENT, CAPACITY = "_intraday", "_current", "_capacity"
"""Endings of quantities: the forecast of the same day, the newest one, and what is installed."""

TYPE_OF_NAME: Mapping[str, str] = {
    "biomass": "B01",
    "fossil brown coal/lignite": "B02",
    "fossil coal-derived gas": "B03",
    "fossil gas": "B04",
    "fossil hard coal": "B05",
    "fossil oil": "B06",
    "fossil oil shale": "B07",
    "fossil peat": "B08",
    "geothermal": "B09",
    "hydro pumped storage": "B10",
    "hydro run-of-river and poundage": "B11",
    "hydro run-of-river and pondage": "B11",
    "hydro water reservoir": "B12",
    "marine": "B13",
    "nuclear": "B14",
    "other renewable": "B15",
    "solar": "B16",
    "waste": "B17",
    "wind offshore": "B18",
    "wind onshore": "B19",
    "other": "B20",
    "energy storage": "B25",
}
"""The type of each name in the platform's files, in lower case."""
