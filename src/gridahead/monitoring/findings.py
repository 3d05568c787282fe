"""A finding of drift: its figure, its limits, and what follows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from gridahead.evaluation.bootstrap import resampled_days

Floats = npt.NDArray[np.float64]
DriftLevel = Literal["none", "watch", "alarm"]
DriftKind = Literal["input", "official", "error", "interval", "band"]
"""What a finding is about: an input's values, the error of the official forecast, the error of a model, the coverage of
its 80 % interval, that of the band that was published."""

ENOUGH = 20
"""Values or days below which nothing is judged."""
WATCH = 5
"""A watch is so many times as frequent in ordinary periods as an alarm."""


@dataclass(frozen=True, slots=True)
class LossChange:
    """Daily losses against those of the same season before; the value is the highest sum of their excess."""

    days: int
    mean_mw: float
    """Of the recent days."""
    ratio: float
    """Of the recent losses to those of their season, a geometric mean."""
    rising_since: dt.date | None
    """Where the sum began to rise; None below a watch."""


@dataclass(frozen=True, slots=True)
class CoverageChange:
    """The share of outturns in the 80 % band against that of the same season before; the value is their distance."""

    days: int
    share: float
    share_before: float


@dataclass(frozen=True, slots=True)
class InputChange:
    """Recent values against the same season of former years; the value is the distance in spreads."""

    years: int
    is_higher: bool
    """Whether the recent values are higher in the mean."""


@dataclass(frozen=True, slots=True)
class TooLittle:
    """There was too little to compare."""

    recent: int
    """Days; of an input, values."""
    before: int
    """Days; of an input, years."""


@dataclass(frozen=True, slots=True)
class DriftFinding:
    """Whether one input, error or band has drifted."""

    subject: str
    """The series, or the model."""
    kind: DriftKind
    level: DriftLevel
    value: float
    """The figure that decided; NaN where there was too little to compare."""
    limit: float
    """Where the alarm begins."""
    change: LossChange | CoverageChange | InputChange | TooLittle
    """What was compared."""

    @property
    def retrain(self) -> bool:
        """Whether the model should learn again; a doubtful finding waits for more days.

        Where the official forecast has changed, training again on the few days since does not help; where our own
        errors have risen with it, they say so themselves.
        """
        return self.level == "alarm" and self.kind != "official"

    @classmethod
    def from_limits(
        cls,
        subject: str,
        kind: DriftKind,
        value: float,
        limits: list[float],
        change: LossChange | CoverageChange | InputChange,
    ) -> DriftFinding:
        """With the level that two limits, watch and alarm, give a figure."""
        watch, alarm = limits
        level: DriftLevel = "alarm" if value > alarm else "watch" if value > watch else "none"
        return cls(subject, kind, level, value, alarm, change)

    @classmethod
    def too_little(cls, subject: str, kind: DriftKind, recent: int, before: int) -> DriftFinding:
        """Of too few recent values or days, or too few before, which is no drift."""
        return cls(subject, kind, "none", float("nan"), float("nan"), TooLittle(recent, before))


def limits(ordinary: Floats, false_alarms: float) -> list[float]:
    """Where watch and alarm begin, when so large a share of ordinary figures may pass for an alarm."""
    return [float(np.quantile(ordinary, max(0.0, 1 - times * false_alarms))) for times in (WATCH, 1)]


def ordinary_periods(usual: Floats, length: int, block: float, repetitions: int, seed: int) -> Floats:
    """Periods of so many values, or rows of them, drawn in blocks from the usual ones, (repetitions, length, ...)."""
    periods = np.empty((repetitions, length, *usual.shape[1:]))
    for number, first in enumerate(range(0, length, len(usual))):
        drawn = resampled_days(len(usual), block, repetitions, seed + number)
        periods[:, first : first + len(usual)] = usual[drawn[:, : length - first]]
    return periods
