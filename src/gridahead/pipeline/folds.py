"""Folds: the stretches of a back-test, each forecast by models that were fitted before its first day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal, get_args

from gridahead.timeline import days_between

Retrain = Literal["never", "monthly", "weekly"]
SCHEDULES: tuple[Retrain, ...] = get_args(Retrain)


@dataclass(frozen=True, order=True)
class Fold:
    """Delivery days from first to last, both included."""

    first: dt.date
    last: dt.date

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"

    @property
    def days(self) -> list[dt.date]:
        """Every day of it."""
        return days_between(self.first, self.last)


def folds(first: dt.date, last: dt.date, retrain: Retrain) -> list[Fold]:
    """The period cut where models are trained anew: never, before every first of a month, or before every Monday."""
    starts = [day for day in days_between(first, last) if day == first or _begins(day, retrain)]
    ends = [start - dt.timedelta(days=1) for start in starts[1:]]
    return [Fold(*ends_of) for ends_of in zip(starts, [*ends, last], strict=True)]


def _begins(day: dt.date, retrain: Retrain) -> bool:
    return (retrain == "monthly" and day.day == 1) or (retrain == "weekly" and day.weekday() == 0)
