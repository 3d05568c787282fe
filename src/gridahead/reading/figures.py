"""What a delivery day comes to: peak, lowest, mean and energy, of the forecast and of the official one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from gridahead.core.time import Mtu


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
    quantiles: Mapping[float, float] = field(default_factory=dict)
    """What the whole day may come to, by level, as its paths have it [MW, MWh]; empty where the forecast has none."""
    hours: Mapping[pd.Timestamp, float] = field(default_factory=dict)
    """Of a peak: the share of paths that have theirs in the unit that begins then, UTC [1]."""

    @property
    def difference(self) -> float | None:
        """Ours less official."""
        return None if self.official is None else self.ours - self.official

    @property
    def has_paths(self) -> bool:
        """Whether it is known what the whole day may come to."""
        return {0.1, 0.5, 0.9} <= set(self.quantiles)

    @property
    def middle(self) -> float:
        """The median of what the day may come to; where the forecast has no paths, that of the medians of its units."""
        return self.quantiles[0.5] if self.has_paths else self.ours

    @property
    def interval(self) -> tuple[float, float] | None:
        """P10 and P90 of what the day may come to, or else of the unit of a peak or lowest value; None of no unit."""
        if self.has_paths:
            return self.quantiles[0.1], self.quantiles[0.9]
        return None if self.low is None or self.high is None else (self.low, self.high)

    @property
    def likeliest(self) -> pd.Timestamp | None:
        """Start of the unit that most paths have their peak in, the first of several, or else that of the medians."""
        return max(sorted(self.hours), key=lambda at: self.hours[at]) if self.hours else self.ours_at


def figures_of(
    wide: pd.DataFrame, official: pd.Series, *, mtu: Mtu, energy: bool, daily: Mapping[str, Any] | None = None
) -> tuple[Figure, ...]:
    """Peak, lowest, mean and, of power, energy of a day; nothing of a forecast without a median.

    The peak is that of the medians of the units, which is lower than the median of the peak: that is among `quantiles`.

    Args:
        wide: quantile levels as columns, valid times as rows [MW].
        official: by valid time [MW]; may be empty or have gaps.
        mtu: how long each unit is.
        energy: whether the values are power, whose sum over time means something.
        daily: the line of the manifest that says what the day may come to by the paths; None where it has none.
    """
    if wide.empty or 0.5 not in wide:
        return ()
    median = wide[0.5]
    theirs = official.reindex(median.index)
    whole = None if theirs.isna().any() else theirs
    hours = mtu.delta / pd.Timedelta(hours=1)
    figures = [_extreme("peak", wide, whole, highest=True), _extreme("lowest", wide, whole, highest=False)]
    figures.append(_total("mean", float(median.mean()), None if whole is None else float(whole.mean())))
    if energy:
        official_energy = None if whole is None else float(whole.sum() * hours)
        figures.append(_total("energy", float(median.sum() * hours), official_energy))
    return tuple(_with_paths(figure, daily or {}) for figure in figures)


def _with_paths(figure: Figure, daily: Mapping[str, Any]) -> Figure:
    quantiles = {float(level): float(value) for level, value in daily.get(figure.name, {}).items()}
    shares = daily.get("peak_at", {}) if figure.name == "peak" else {}
    return replace(figure, quantiles=quantiles, hours={pd.Timestamp(start): share for start, share in shares.items()})


def _extreme(name: str, wide: pd.DataFrame, official: pd.Series | None, *, highest: bool) -> Figure:
    at, ours = _at(wide[0.5], highest=highest)
    low, high = (float(wide[level].to_numpy()[at]) if level in wide else None for level in (0.1, 0.9))
    times = pd.DatetimeIndex(wide.index)
    if official is None:
        return Figure(name, ours, times[at], low, high, None, None)
    official_at, theirs = _at(official, highest=highest)
    return Figure(name, ours, times[at], low, high, theirs, times[official_at])


def _total(name: str, ours: float, official: float | None) -> Figure:
    return Figure(name, ours, None, None, None, official, None)


def _at(values: pd.Series, *, highest: bool) -> tuple[int, float]:
    """Where the first of the extreme values is, and what it is."""
    numbers = values.to_numpy(dtype=float)
    at = int(numbers.argmax() if highest else numbers.argmin())
    return at, float(numbers[at])
