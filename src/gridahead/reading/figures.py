"""What a delivery day comes to: peak, lowest, mean and energy, of the forecast and of the official one."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a day, ours and official."""

    name: str
    """peak, lowest, mean or energy."""
    ours: float
    """[MW], energy [MWh]; a price in its currency per MWh."""
    ours_at: pd.Timestamp | None
    """Start of the unit of a peak or lowest value, UTC."""
    low: float | None
    """P10 at that unit."""
    high: float | None
    """P90 at that unit."""
    official: float | None
    """None where there is no official forecast of every unit of the day."""
    official_at: pd.Timestamp | None

    @property
    def difference(self) -> float | None:
        """Ours less official."""
        return None if self.official is None else self.ours - self.official


def figures_of(wide: pd.DataFrame, official: pd.Series, *, energy: bool) -> tuple[Figure, ...]:
    """Peak, lowest, mean and, of power, energy of a day.

    The peak is that of the medians of the units, which is lower than the median of the peak.

    Args:
        wide: quantile levels as columns, valid times as rows [MW].
        official: by valid time [MW]; may be empty or have gaps.
        energy: whether the values are power, whose sum over time means something.
    """
    raise NotImplementedError
