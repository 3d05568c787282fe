"""What should be published and is not: the slots that are due, those that are missed, and those that are absent.

They are read from the folder of what is published and, of what was made up for, from the lake: no model is loaded.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.runs import BACKFILLED
from gridahead.core.time import TimeRange, delivery_days, delivery_range
from gridahead.forecasting.pointers import is_pointed
from gridahead.forecasting.publish import issues_of, newest_of, published_days
from gridahead.forecasting.slot import GRACE, Slot, due_day
from gridahead.operate.slots import as_of_now, due_slot, is_live
from gridahead.reading.issues import given_of
from gridahead.workspace import Workspace

DAYS_BACK = 14
"""How many delivery days back a missed one is made up for; after longer the data of then are no longer looked for."""


def due(workspace: Workspace, at: pd.Timestamp) -> list[Slot]:
    """The slots that are due by an instant, are not published, and whose gate is still open; none in mode demo.

    A forecast that was issued before the deadline, by hand for example, is not the one that was due.

    Args:
        workspace: with the settings and the folder of what is published.
        at: the present, as of which they would be forecast.

    Raises:
        LakeError: the folder of what is published cannot be read.
    """
    return _of_all(workspace, at, due_of)


def due_of(workspace: Workspace, series: Series, at: pd.Timestamp) -> list[Slot]:
    """The same of one series, in any mode."""
    place = workspace.settings.published_place
    slots = [slot for slot in _slots(workspace, series, at) if slot.deadline <= at < min(slot.gate_closure, slot.end)]
    return [as_of_now(workspace, slot, at) for slot in slots if not _is_out(place, slot)]


def missed(workspace: Workspace, at: pd.Timestamp) -> list[Slot]:
    """The slots of which nothing was published before the gate closed, and that were not made up for since.

    They begin after the first day that was published in time, and go back `DAYS_BACK` days; none in mode demo.

    Args:
        workspace: with the settings, the folder of what is published, and the lake.
        at: the present.

    Raises:
        LakeError: the folder of what is published, or the lake, cannot be read.
    """
    return _of_all(workspace, at, missed_of)


def missed_of(workspace: Workspace, series: Series, at: pd.Timestamp) -> list[Slot]:
    """The same of one series, in any mode."""
    place = workspace.settings.published_place
    first = _first_in_time(place, series)
    if first is None:
        return []
    slots = [slot for slot in _slots(workspace, series, at) if slot.gate_closure <= at and slot.day > first]
    slots = [slot for slot in slots if not any(issue.in_time for issue in issues_of(place, series, slot.day))]
    if not slots:
        return []
    made_up_for = backfilled_days(workspace, series, slots[0].day, slots[-1].day)
    return [slot for slot in slots if slot.day not in made_up_for]


def absent(workspace: Workspace, at: pd.Timestamp) -> list[Slot]:
    """The slots whose deadline has passed, whose delivery is not over, and of which nothing is out, late or not.

    A reader is told of them whether the gate is open or not, and whether they were made up for; none in mode demo.

    Args:
        workspace: with the settings and the folder of what is published.
        at: the present.

    Raises:
        LakeError: the folder of what is published cannot be read.
    """
    return _of_all(workspace, at, absent_of)


def absent_of(workspace: Workspace, series: Series, at: pd.Timestamp, as_of: pd.Timestamp | None = None) -> list[Slot]:
    """The same of one series, in any mode; given `as_of`, what came out later counts as absent."""
    place, timezone = workspace.settings.published_place, workspace.settings.zone(series.zone).timezone
    # A day that has begun before the first one was published is none of ours.
    begun = min([*published_days(place, series)[:1], at.tz_convert(timezone).date()])
    slots = [slot for slot in _slots(workspace, series, at) if slot.deadline + GRACE < at < slot.end]
    return [slot for slot in slots if slot.day > begun and given_of(workspace, series, slot.day, as_of) is None]


def unpointed(workspace: Workspace, at: pd.Timestamp) -> list[Series]:
    """The series whose `latest.*` or `today.*` is not what it should be, as when a day has begun; none in mode demo.

    Args:
        workspace: with the settings and the folder of what is published.
        at: the present.

    Raises:
        LakeError: the folder of what is published cannot be read.
    """
    if not is_live(workspace):
        return []
    place = workspace.settings.published_place
    return [entry.series for entry in workspace.settings.series if not is_pointed(place, entry.series, at)]


def backfilled_days(workspace: Workspace, series: Series, first: dt.date, last: dt.date) -> set[dt.date]:
    """The delivery days among these of which the lake has a forecast that was made afterwards."""
    timezone = workspace.settings.zone(series.zone).timezone
    span = TimeRange(delivery_range(first, timezone).start, delivery_range(last, timezone).end)
    rows = workspace.lake.read_forecasts(series, BACKFILLED, span)
    return {day.date() for day in delivery_days(rows["valid_time"], timezone).unique()}


def _of_all(
    workspace: Workspace, at: pd.Timestamp, of_one: Callable[[Workspace, Series, pd.Timestamp], list[Slot]]
) -> list[Slot]:
    """The slots of every series of the settings, by deadline; none in mode demo."""
    if not is_live(workspace):
        return []
    every = (slot for entry in workspace.settings.series for slot in of_one(workspace, entry.series, at))
    return sorted(every, key=lambda slot: slot.deadline)


def _slots(workspace: Workspace, series: Series, at: pd.Timestamp) -> Iterator[Slot]:
    """Of every delivery day that may be due or missed, in order."""
    deadline = workspace.settings.series_settings(series).deadline
    newest = due_day(deadline, at)
    for back in range(DAYS_BACK + deadline.days_before, -1, -1):
        yield due_slot(workspace, series, newest - dt.timedelta(days=back))


def _is_out(place: str, slot: Slot) -> bool:
    issue = newest_of(place, slot.series, slot.day)
    return issue is not None and bool(issue.at("issue_time") >= slot.deadline)


def _first_in_time(place: str, series: Series) -> dt.date | None:
    """The first delivery day that was published in time: operation has begun with it."""
    for day in published_days(place, series):
        if any(issue.in_time for issue in issues_of(place, series, day)):
            return day
    return None
