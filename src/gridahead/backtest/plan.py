"""What is back-tested: a plan, and the folds of its period, each forecast by models fitted before its first day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from gridahead.core.runs import backtest_run
from gridahead.core.time import days_between

Retrain = Literal["never", "monthly", "weekly"]
"""When models are trained anew: never, on every first of a month, or on every Monday."""


@dataclass(frozen=True)
class Plan:
    """The period, the models and the retraining of a back-test."""

    name: str
    first: dt.date
    last: dt.date
    models: tuple[str, ...]
    retrain: Retrain = "never"
    warm: bool = False
    """Whether a fold begins with the weights of the one before."""

    @property
    def run(self) -> str:
        """The name of its forecasts in the lake."""
        return backtest_run(self.name)

    @property
    def folds(self) -> list[Fold]:
        """The stretches of its period."""
        return folds(self.first, self.last, self.retrain)


@dataclass(frozen=True, order=True)
class Fold:
    """Delivery days from first to last, both included."""

    first: dt.date
    last: dt.date

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"

    @property
    def days(self) -> list[dt.date]:
        """Every delivery day of the fold."""
        return days_between(self.first, self.last)


def folds(first: dt.date, last: dt.date, retrain: Retrain) -> list[Fold]:
    """The period cut where models are trained anew: never, before every first of a month, or before every Monday."""
    starts = [day for day in days_between(first, last) if day == first or _trained_on(day, retrain)]
    ends = [start - dt.timedelta(days=1) for start in starts[1:]]
    return [Fold(start, end) for start, end in zip(starts, [*ends, last], strict=True)]


def _trained_on(day: dt.date, retrain: Retrain) -> bool:
    return (retrain == "monthly" and day.day == 1) or (retrain == "weekly" and day.weekday() == 0)
