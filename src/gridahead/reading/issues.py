"""Published forecasts, found as readers ask for them: the latest, by id, by issue time, by day, or as of an instant."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from gridahead.core.grid import Series
from gridahead.forecasting.publish import Issue
from gridahead.workspace import Workspace

SHOWN_DAYS = 14
"""Two weeks have every weekday twice."""


def issues(workspace: Workspace, series: Series, days: int = SHOWN_DAYS, before: dt.date | None = None) -> list[Issue]:
    """What readers were given of the last delivery days that were published, one issue a day, the newest first.

    Args:
        workspace: where it is published.
        series: whose.
        days: how many.
        before: only earlier delivery days.

    Raises:
        LakeError: the folder cannot be read.
    """
    raise NotImplementedError


def find_issue(
    workspace: Workspace,
    series: Series,
    issue: str = "latest",
    *,
    day: dt.date | None = None,
    as_of: pd.Timestamp | None = None,
) -> Issue:
    """One published forecast.

    Args:
        workspace: where it is published.
        series: whose.
        issue: `latest`, `today`, a forecast id, or an issue time in ISO 8601.
        day: its delivery day.
        as_of: only what was published by then.

    Raises:
        PublicationError: there is none; the message says which there are.
        LakeError: the folder cannot be read.
    """
    raise NotImplementedError
