"""Published forecasts, found as readers ask for them: the latest, by id, by issue time, by day, or as of an instant.

As of an instant, a forecast was there once it was published. A demonstration publishes history long after, and there
the issue time stands for it.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from itertools import islice

import pandas as pd

from gridahead.core.dates import parse_instant
from gridahead.core.errors import PublicationError
from gridahead.core.grid import Series
from gridahead.forecasting.pointers import pointed_at
from gridahead.forecasting.publish import (
    HAND,
    WITHDRAWN,
    Issue,
    issues_of,
    newest_of,
    published_days,
    superseded_at,
)
from gridahead.lake.folder import Folder
from gridahead.workspace import Workspace

SHOWN_DAYS = 14
"""Two weeks have every weekday twice."""
POINTED = ("latest", "today")
"""What a forecast is asked for by, beside its id and its issue time."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d")
_NAMED = 3
"""How many forecasts a message names that there are."""


def issues(
    workspace: Workspace,
    series: Series,
    days: int = SHOWN_DAYS,
    before: dt.date | None = None,
    as_of: pd.Timestamp | None = None,
) -> list[Issue]:
    """What readers were given of the last delivery days that were published, one issue a day, the newest first.

    Args:
        workspace: where it is published.
        series: whose.
        days: how many.
        before: only earlier delivery days.
        as_of: only what was published by then.

    Raises:
        LakeError: the folder cannot be read.
    """
    return list(islice(_given(workspace, series, before, as_of), days))


def all_issues(workspace: Workspace, series: Series, day: dt.date, as_of: pd.Timestamp | None = None) -> list[Issue]:
    """Everything that was published of a delivery day, the newest first; a correction before what it corrects.

    Raises:
        LakeError: the folder cannot be read.
    """
    standing = issues_of(workspace.settings.published_place, series, day)
    found = [one for issue in standing for one in (*superseded_at(issue.folder), issue)]
    there = [issue for issue in found if as_of is None or published_at(workspace, issue) <= as_of]
    return sorted(there, key=_order, reverse=True)


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
        issue: `latest`, `today`, a forecast id, or an issue time in ISO 8601, UTC without an offset.
        day: its delivery day.
        as_of: only what was published by then.

    Raises:
        PublicationError: there is none; the message says which there are.
        LakeError: the folder cannot be read.
    """
    if issue not in POINTED:
        found = _named(workspace, series, issue, day, as_of)
    elif day is not None:
        found = given_of(workspace, series, day, as_of)
    else:
        found = _pointed(workspace, series, as_of)[issue]
    if found is None:
        raise PublicationError(str(series), _missing(workspace, series, issue, day, as_of))
    return found


def published_at(workspace: Workspace, issue: Issue) -> pd.Timestamp:
    """From when a reader could have a forecast, UTC; in a demonstration on history its issue time."""
    return issue.at("published_at" if workspace.settings.mode == "live" else "issue_time")


def present(workspace: Workspace, series: Series) -> pd.Timestamp:
    """As of when a reader looks, UTC: now, and in a demonstration on history when its newest forecast was issued."""
    if workspace.settings.mode == "live":
        return workspace.clock()
    newest = issues(workspace, series, 1)
    return newest[0].at("issue_time") if newest else workspace.clock()


def _given(
    workspace: Workspace, series: Series, before: dt.date | None = None, as_of: pd.Timestamp | None = None
) -> Iterator[Issue]:
    """What readers were given of each delivery day, the newest day first."""
    for day in reversed(published_days(workspace.settings.published_place, series)):
        if (before is None or day < before) and (issue := given_of(workspace, series, day, as_of)) is not None:
            yield issue


def given_of(workspace: Workspace, series: Series, day: dt.date, as_of: pd.Timestamp | None) -> Issue | None:
    """What a reader was given of one delivery day; None where nothing was out, or not by then."""
    if as_of is None:
        return newest_of(workspace.settings.published_place, series, day)
    there = (issue for issue in all_issues(workspace, series, day, as_of) if not _withdrawn_by(issue.folder, as_of))
    return next(there, None)


def _pointed(workspace: Workspace, series: Series, as_of: pd.Timestamp | None) -> dict[str, Issue | None]:
    """The forecasts that `latest` and `today` are."""
    live = workspace.settings.mode == "live"
    at = as_of if as_of is not None else workspace.clock() if live else None
    return pointed_at(
        workspace.settings.published_place, series, at, lambda day: given_of(workspace, series, day, as_of)
    )


def _named(
    workspace: Workspace, series: Series, name: str, day: dt.date | None, as_of: pd.Timestamp | None
) -> Issue | None:
    """The forecast of that id or issue time, the newest day first."""
    issued = _instant(name)
    place = workspace.settings.published_place
    for one in reversed(published_days(place, series)) if day is None else [day]:
        for issue in all_issues(workspace, series, one, as_of):
            if issue.at("issue_time") == issued or issue.manifest["forecast_id"] == name:
                return issue
    return None


def _instant(name: str) -> pd.Timestamp | None:
    """The instant that a name says, of UTC without an offset; None where it is another name."""
    try:
        return parse_instant(name, "UTC") if _INSTANT.match(name) else None
    except ValueError:
        return None


def _order(issue: Issue) -> tuple[bool, pd.Timestamp, pd.Timestamp]:
    """Corrections last, as long as they stand, and else by issue time and by when they were made."""
    return issue.folder.path.endswith(HAND), issue.at("issue_time"), issue.at("made_at")


def _withdrawn_by(home: Folder, as_of: pd.Timestamp) -> bool:
    try:
        return bool(pd.Timestamp(json.loads(home.read(WITHDRAWN))["at"]) <= as_of)
    except FileNotFoundError:
        return False


def _missing(workspace: Workspace, series: Series, issue: str, day: dt.date | None, as_of: pd.Timestamp | None) -> str:
    """Why there is no such forecast, and which there are."""
    when = "" if as_of is None else f" as of {as_of.tz_convert('UTC'):%Y-%m-%d %H:%M} UTC"
    wanted = {"latest": "no forecast", "today": "no forecast of the running day"}.get(issue, f"no forecast {issue!r}")
    of_day = "" if day is None else f" of {day}"
    there = issues(workspace, series, _NAMED, as_of=as_of)
    if not there:
        way_out = "nothing is published of it; `gridahead forecast` makes the first one"
    else:
        names = (f"{one.manifest['forecast_id']} issued {one.manifest['issue_time']}" for one in there)
        way_out = f"the newest are {', '.join(names)}. Name `latest`, one of these, or a delivery day"
    return f"{wanted}{of_day}{when}: {way_out}"
