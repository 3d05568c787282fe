"""Which features are made of the weather, and where: part of what a model is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from gridahead.core.grid import Series
from gridahead.settings.model import WeatherKind

NEEDED: Mapping[WeatherKind, str] = {
    "degrees": "temperature",
    "power_curve": "wind_speed",
    "own_curve": "wind_speed",
    "clear_sky": "",
}
"""With what the quantity begins that a feature is made of; a clear sky needs the place alone."""


@dataclass(frozen=True, slots=True)
class WeatherFeatures:
    """Kinds of features, and the place of the zone."""

    kinds: tuple[WeatherKind, ...]
    latitude: float = 0.0
    """Degrees north."""
    longitude: float = 0.0
    """Degrees east."""

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for a bundle."""
        return {**asdict(self), "kinds": list(self.kinds)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """From the plain values that `to_dict` gives."""
        return cls(tuple(stored["kinds"]), stored["latitude"], stored["longitude"])


def of_kind(ahead: Sequence[Series], kind: WeatherKind) -> tuple[Series, ...]:
    """The series read ahead that a feature is made of."""
    return tuple(series for series in ahead if NEEDED[kind] and series.quantity.startswith(NEEDED[kind]))
