"""Facts of a lake that a page or a scrape shows: how fresh, how well covered, how much is withheld.

Each reads only the columns and days that it needs, and none of it loads a model.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyarrow.compute as pc
import pyarrow.dataset as ds

from gridahead.core.grid import Series
from gridahead.core.time import Mtu, TimeRange
from gridahead.quarantine.rulings import cases
from gridahead.reading.compared import held_in_band
from gridahead.workspace import Workspace

RECENT = pd.Timedelta(days=60)
"""Newest values are looked for here first: a year of many series is read only if one of them has none so young."""
AHEAD = pd.Timedelta(days=20)
"""Forecasts of weather reach so far at most."""
COVERAGE = pd.Timedelta(days=28)
"""Every weekday four times, as everywhere where published intervals are judged."""


@dataclass(frozen=True)
class Freshness:
    """How new what a source brings of a series is."""

    series: str
    source: str
    end: pd.Timestamp
    """Of the newest market time unit with a value."""
    available_at: pd.Timestamp
    """When the newest value could be known."""


def freshness(workspace: Workspace) -> tuple[Freshness, ...]:
    """A line a series and source, by their names."""
    at = workspace.clock()
    recent = _newest(workspace, TimeRange(at - RECENT, at + AHEAD))
    declared = {str(entry.series) for entry in workspace.settings.series}
    return recent if declared <= {line.series for line in recent} else _newest(workspace, None)


def _newest(workspace: Workspace, time_range: TimeRange | None) -> tuple[Freshness, ...]:
    store = workspace.lake.observations
    columns = ["zone", "quantity", "source", "mtu", "valid_time", "available_at", "value"]
    condition = None
    if time_range is not None:
        condition = (ds.field("valid_time") >= time_range.start) & (ds.field("valid_time") < time_range.end)
    rows = store.try_again(lambda: store.rows_of(store.files(time_range=time_range), condition, columns))
    rows = rows.filter(pc.is_valid(rows["value"]))
    # A row that stands in two files changes no maximum, so nothing need be sorted.
    grouped = rows.group_by(["zone", "quantity", "source", "mtu"]).aggregate(
        [("valid_time", "max"), ("available_at", "max")]
    )
    newest: dict[tuple[str, str], Freshness] = {}
    for row in grouped.to_pylist():
        name = f"{row['zone']}/{row['quantity']}"
        end = pd.Timestamp(row["valid_time_max"]) + Mtu(row["mtu"]).delta
        line = Freshness(name, row["source"], end, pd.Timestamp(row["available_at_max"]))
        other = newest.get((name, row["source"]))
        if other is None or other.end < end:
            newest[name, row["source"]] = line
    return tuple(newest[key] for key in sorted(newest))


@dataclass(frozen=True)
class Coverage:
    """How often the outturn was within the published 80 % interval."""

    series: str
    share: float
    """[1]"""
    units: int
    """Market time units that have both."""


def coverage(workspace: Workspace) -> tuple[Coverage, ...]:
    """Of every series with forecasts that were out in time, and outturn, in the last four weeks."""
    found = (_coverage(workspace, entry.series) for entry in workspace.settings.series)
    return tuple(one for one in found if one is not None)


def _coverage(workspace: Workspace, series: Series) -> Coverage | None:
    at = workspace.clock()
    held = held_in_band(workspace, series, TimeRange(at - COVERAGE, at), at)
    return None if held.empty else Coverage(str(series), float(held["inside"].mean()), len(held))


def withheld(workspace: Workspace) -> dict[str, int]:
    """Rows that wait in quarantine for a person, by series."""
    waiting: dict[str, int] = {}
    for case in cases(workspace):
        waiting[str(case.series)] = waiting.get(str(case.series), 0) + len(case.rows)
    return waiting
