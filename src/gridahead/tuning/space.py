"""The settings that a search tries, and how far it goes with each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Range:
    """Numbers from low to high, both included."""

    low: float
    high: float
    log: bool = False


Options = Range | Sequence[Any]
Space = Mapping[str, Options]
"""By setting: a range, or what there is to choose from."""

OF_MODEL: Space = {
    "hidden": (32, 64, 96, 128, 192, 256),
    "decoder_hidden": (32, 64, 96, 128),
    "layers": (1, 2),
    "decoder": ("direct", "recurrent", "attention"),
    "dropout": Range(0.0, 0.5),
}
OF_TRAINING: Space = {
    "learning_rate": Range(5e-4, 2e-2, log=True),
    "weight_decay": Range(1e-4, 1e-1, log=True),
    "batch_size": (32, 64, 128),
    "half_life_days": (None, 300, 500, 800, 1300, 2000),
}
"""The space of the search; the present setting belongs to it wherever it lies, and `anchor` comes with the series."""


def used(value: Any) -> Any:
    """A setting as it is tried and written down: three digits are enough for a person, and finer than the noise."""
    return float(f"{value:.3g}") if isinstance(value, float) else value


def including(options: Options, value: Any) -> Options:
    """The same options and this value among them."""
    if isinstance(options, Range):
        low = min(options.low, value)
        return Range(low, max(options.high, value), options.log and low > 0)
    return tuple(dict.fromkeys((*options, value)))
