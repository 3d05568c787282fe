"""The files whose names a reader knows: `latest.*` for what was due last, `today.*` for the day that is running.

`latest.*` is the newest published delivery day of those that are due by the end of the day: of a forecast that is due
on the day before the next one, of one that is due at D-3 that in three days. Where all of these have begun, it is the
next one that has not, and where there is none the newest that has. `today.*` is the day that is being delivered, and is
not there where nothing is published of it. Parquet, CSV, XLSX and paths are written before the JSON, and all are of one
forecast: CSV and XLSX have its id in every row. A writer that is killed between them leaves the JSON of the forecast
before, which the next call puts right.

Whoever writes looks once more afterwards: of two that write at once, the last one has seen what both have published.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from gridahead.core.errors import LakeError
from gridahead.core.grid import Series
from gridahead.core.time import delivery_range
from gridahead.forecasting.publish import FILES, Issue, folder_of, manifest_text, newest_of, published_days
from gridahead.lake.folder import Folder, write_if_new

log = logging.getLogger(__name__)

LATEST, TODAY = "latest", "today"
KINDS = {**{kind: kind for kind in FILES}, "paths": "paths.parquet"}
"""How the name of each file of a pointer ends, by the line of the manifest that has it, as they are written."""
ENDINGS = (*KINDS.values(), "json")
SPARED = ("xlsx", "paths")
"""Files without which a forecast is one."""
LOOKS = 10
"""How often a writer looks whether something newer was published while it wrote; nobody publishes that fast."""


def renew_pointers(place: str | Path | Folder, series: Series, at: pd.Timestamp | None) -> None:
    """Write `latest.*` and `today.*` of a series where they are not what they should be.

    Args:
        place: where published forecasts lie.
        series: which.
        at: the present; None for a demonstration on history, whose newest day is the latest.

    Raises:
        LakeError: the folder cannot be read or written.
    """
    folder = folder_of(place, series)
    for _ in range(LOOKS):
        wanted = pointed_at(place, series, at)
        for name, issue in wanted.items():
            _point(folder, name, issue)
        if pointed_at(place, series, at) == wanted:
            return
    raise LakeError(f"{folder}: forecasts are published faster than they can be pointed at; are many under way?")


def is_pointed(place: str | Path | Folder, series: Series, at: pd.Timestamp) -> bool:
    """Whether `latest.*` and `today.*` of a series are what they should be.

    Raises:
        LakeError: the folder cannot be read.
    """
    folder, wanted = folder_of(place, series), pointed_at(place, series, at)
    ids = {name: issue and issue.manifest["forecast_id"] for name, issue in wanted.items()}
    found = {name: read_pointer(folder, name) for name in wanted}
    return ids == {name: manifest and manifest["forecast_id"] for name, manifest in found.items()}


def read_pointer(folder: Folder, name: str) -> dict[str, Any] | None:
    """The manifest that a pointer has, None if there is none."""
    try:
        return dict(json.loads(folder.read(f"{name}.json")))
    except (FileNotFoundError, ValueError):
        return None


def pointed_at(
    place: str | Path | Folder,
    series: Series,
    at: pd.Timestamp | None,
    given_of: Callable[[dt.date], Issue | None] | None = None,
) -> dict[str, Issue | None]:
    """The forecast of each pointer, None where there is none.

    Args:
        place: where published forecasts lie.
        series: which.
        at: the present; None for a demonstration on history.
        given_of: what a reader was given of a delivery day, if not what is given now.
    """
    given_of = given_of or partial(newest_of, place, series)
    latest: Issue | None = None
    for day in reversed(published_days(place, series)):
        if (issue := given_of(day)) is None:
            continue
        whole = delivery_range(day, str(issue.manifest["timezone"]))
        if at is None:
            return {LATEST: issue, TODAY: None}
        if latest is None or (whole.start > at and not _is_due(latest, at)):
            latest = issue
        if whole.start <= at:
            return {LATEST: latest, TODAY: issue if at < whole.end else None}
    return {LATEST: latest, TODAY: None}


def _is_due(issue: Issue, at: pd.Timestamp) -> bool:
    """Whether a forecast is due on the local date of an instant, or was before."""
    day = dt.date.fromisoformat(str(issue.manifest["delivery_day"]))
    return day - dt.timedelta(days=issue.lead_days) <= at.tz_convert(str(issue.manifest["timezone"])).date()


def _point(folder: Folder, name: str, issue: Issue | None) -> None:
    if issue is None:
        for ending in reversed(ENDINGS):  # the JSON first: what it speaks of is there as long as it is
            folder.delete(f"{name}.{ending}")
        return
    for kind, ending in KINDS.items():
        content = _content(issue, kind)
        if content is None:  # one that is there is of another forecast
            folder.delete(f"{name}.{ending}")
        else:
            write_if_new(folder, f"{name}.{ending}", content)
    write_if_new(folder, f"{name}.json", manifest_text(issue.manifest))


def _content(issue: Issue, kind: str) -> bytes | None:
    """A file of a forecast; None where it has no XLSX or paths, or no longer: nobody goes without the rest for that."""
    file = issue.manifest.get(kind)
    try:
        return None if file is None else issue.folder.read(str(file))
    except FileNotFoundError:
        if kind not in SPARED:
            raise
        log.warning("%s: its %s is gone", issue.folder, KINDS[kind])
        return None
