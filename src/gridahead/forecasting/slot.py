"""The slot of a forecast: for which delivery day it is, when it is due, and as of when it is made.

A forecast is due at its deadline. Until the gate closure it is still of use; after it, it is too late for the market. A
run that comes late forecasts the day that it was due for, not the next one. It reads what is known by then if the model
was trained for such an issue time, and else nothing later than the deadline.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from gridahead.core.errors import SettingsError
from gridahead.core.grid import Series
from gridahead.core.time import Deadline, delivery_range
from gridahead.features.windows import WindowSpec

GRACE = pd.Timedelta(minutes=10)
"""A forecast that is out so soon after its deadline is in time: the run that makes it begins at the deadline, and waits
for a free worker for a minute or two."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A delivery day of a series that is to be forecast."""

    series: Series
    day: dt.date
    """The delivery day."""
    asked: pd.Timestamp
    """As of when the forecast is wanted."""
    deadline: pd.Timestamp
    """When it is due."""
    gate_closure: pd.Timestamp
    """From when on it is too late for the market."""
    end: pd.Timestamp
    """Of the delivery day."""

    @property
    def is_late(self) -> bool:
        """Whether it is wanted after it was due."""
        return self.asked > self.deadline

    def late_by(self, published_at: pd.Timestamp) -> pd.Timedelta | None:
        """By how much a forecast that is out then has missed its deadline; None if it is in time."""
        in_time = published_at <= min(self.deadline + GRACE, max(self.deadline, self.gate_closure))
        return None if in_time else published_at - self.deadline

    def issue_time(self, spec: WindowSpec) -> pd.Timestamp:
        """As of when a model reads: as it is wanted if it was trained for that, else the deadline."""
        return self.asked if not self.is_late or spec.serves(self.asked, self.day) else self.deadline


def due_day(deadline: Deadline, at: pd.Timestamp) -> dt.date:
    """The delivery day whose deadline is on the local date of an instant, whether it has passed or not."""
    return at.tz_convert(deadline.timezone).date() + dt.timedelta(days=deadline.days_before)


def slot_of(
    series: Series,
    timezone: str,
    deadline: Deadline,
    gate_closure: Deadline,
    asked: pd.Timestamp,
    day: dt.date | None = None,
) -> Slot:
    """The slot of a forecast that is wanted as of an instant.

    Args:
        series: which.
        timezone: of its delivery days.
        deadline: when a forecast of it is due.
        gate_closure: of its market.
        asked: as of when.
        day: the delivery day; the one that is due on the date of `asked` unless given.

    Raises:
        SettingsError: the delivery day is over by then.
    """
    day = due_day(deadline, asked) if day is None else day
    delivery = delivery_range(day, timezone)
    if asked >= delivery.end:
        raise SettingsError(
            f"{series}: {asked:%Y-%m-%d %H:%M} UTC is after the end of the delivery day {day}; name an issue time "
            f"before, such as its deadline {deadline.for_delivery(day):%Y-%m-%dT%H:%MZ}, or a later day"
        )
    return Slot(series, day, asked, deadline.for_delivery(day), gate_closure.for_delivery(day), delivery.end)
