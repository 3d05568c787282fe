"""Which slot a forecast is wanted for: the delivery day, and as of when."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from gridahead.core.errors import PublicationError, SettingsError
from gridahead.core.grid import Series
from gridahead.core.time import lasting
from gridahead.forecasting.slot import GRACE, Slot, due_day, slot_of
from gridahead.workspace import Workspace

AHEAD = pd.Timedelta(minutes=5)
"""By how much a clock elsewhere may be ahead of ours: an issue time later than this is a slip of the pen."""


def is_live(workspace: Workspace) -> bool:
    """Whether forecasts are made for the days to come, and not shown on history."""
    return workspace.settings.mode == "live"


def slot(workspace: Workspace, series: Series, asked: pd.Timestamp, day: dt.date | None = None) -> Slot:
    """The slot of a delivery day, by the settings; of the day that is due on the date of `asked` unless named.

    Raises:
        SettingsError: the delivery day is over by then.
    """
    settings = workspace.settings
    deadline, closure = settings.series_settings(series).deadline, settings.gate_closure_of(series)
    return slot_of(series, settings.zone(series.zone).timezone, deadline, closure, asked, day)


def wanted_slot(
    workspace: Workspace,
    series: Series,
    issue_time: pd.Timestamp | None,
    day: dt.date | None,
    scheduled: pd.Timestamp | None,
) -> Slot:
    """The slot that a caller means.

    Args:
        workspace: with the clock.
        series: which.
        issue_time: as of when, if a person says so.
        day: the delivery day, if it is named.
        scheduled: when the run should have begun: its day is the one that was due then, whenever it begins.

    Raises:
        SettingsError: the issue time is to come, or after the end of the delivery day.
        PublicationError: the day of a scheduled run is over.
    """
    at = workspace.clock()
    if issue_time is not None:
        if is_live(workspace) and issue_time > at + AHEAD:
            raise SettingsError(
                f"{series}: the issue time {issue_time:%Y-%m-%d %H:%M} UTC is {lasting(issue_time - at)} from now, and "
                "nobody knows yet what will be known then. Name one that has passed, such as --issue-time now; for "
                'history in the future of this clock say mode = "demo" in the settings'
            )
        return slot(workspace, series, issue_time, day)
    chosen = day or due_day(workspace.settings.series_settings(series).deadline, scheduled or at)
    due = due_slot(workspace, series, chosen)
    if not is_live(workspace):
        return due
    if at < due.end:
        return as_of_now(workspace, due, at)
    if scheduled is not None:
        raise PublicationError(
            str(series),
            f"the delivery day {chosen} of the run that was due {scheduled:%Y-%m-%d %H:%M} UTC is over; "
            "`gridahead catch-up` makes up for it, and scores it by itself",
        )
    return due


def due_slot(workspace: Workspace, series: Series, day: dt.date) -> Slot:
    """The slot of a delivery day as of its deadline."""
    return slot(workspace, series, workspace.settings.series_settings(series).deadline.for_delivery(day), day)


def as_of_now(workspace: Workspace, due: Slot, at: pd.Timestamp) -> Slot:
    """The same slot as of the present minute; as of its deadline where that has just passed."""
    if due.deadline <= at <= due.deadline + GRACE:
        return due
    return slot(workspace, due.series, at.floor("min"), due.day)
