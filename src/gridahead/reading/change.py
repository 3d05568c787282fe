"""What has changed since the forecast of the day before, and why: as it was computed when the forecast was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, slots=True)
class Cause:
    """One group of inputs that has moved a forecast."""

    name: str
    """Of the group, such as `official` or `DE/load, past`."""
    effect_mw: float
    """By how much the mean of the common hours moved by it."""


@dataclass(frozen=True, slots=True)
class SinceYesterday:
    """How the hours that both forecasts have moved, and by which inputs."""

    since: pd.Timestamp
    """Issue time of the forecast before, UTC."""
    start: pd.Timestamp
    end: pd.Timestamp
    before_mw: float
    """Mean of the median over the common hours, as it was forecast before."""
    now_mw: float
    causes: tuple[Cause, ...]
    """The largest first; with what the model itself changed, they sum to the difference."""


def since_yesterday(manifest: Mapping[str, object]) -> SinceYesterday | None:
    """What a manifest says of it; None where nothing was computed."""
    raise NotImplementedError
