"""Quality page: what is there, flagged and kept out, by series and day, and what waits for a decision."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.grid import Series, quantity_of
from gridahead.core.time import delivery_days, delivery_range
from gridahead.core.vintages import IDENTITY
from gridahead.operate.day_counts import KEY, day_counts
from gridahead.operate.inspection_page import INDEX
from gridahead.quarantine.cases import Case, cases_of, end_of, identity_of, rows_of_cases
from gridahead.reports.quality_page import render_quality
from gridahead.reports.quality_views import CaseLine, Cell, QualityView, SeriesQuality
from gridahead.workspace import Workspace

PAGE = "quality.html"
DAYS = 60
WEEKS = 104
"""Two of every season; older days are not shown however long the lake is."""
NEWEST = 20
"""Findings that a person reads."""
MOST_OPEN = 50
"""Open cases that the page describes; the others are counted."""
OF_ROW = [*IDENTITY, "severity", "batch", "value", "mtu", "decided_at"]
"""What has to be known of verdicts to count them: not their reasons, which are a hundred times as long."""
_MINUTE = pd.Timedelta(minutes=1)

Counts = npt.NDArray[np.int64]


def quality_page(workspace: Workspace) -> Path:
    """Write the page; returns its path."""
    settings, made_at = workspace.settings, workspace.clock()
    page = settings.published_folder / PAGE
    in_cases = rows_of_cases(workspace.lake.verdicts.read(columns=OF_ROW), workspace.lake.read_rulings())
    waits = (in_cases["state"] == "open") & (in_cases["severity"] == "quarantine")
    inspections = workspace.lake.quality.read(columns=["inspected_at"])["inspected_at"]
    days, series = _series(workspace, day_counts(workspace), in_cases[in_cases["ruling"] != "release"], made_at)
    view = QualityView(
        created_at=made_at,
        inspected_at=None if inspections.empty else inspections.max(),
        days=tuple(days[-DAYS:]),
        weeks=tuple(_mondays(days).unique()),
        series=series,
        open_cases=_lines(workspace, _newest(in_cases[waits], MOST_OPEN)),
        open_count=int(in_cases.loc[waits, "stretch"].nunique()),
        open_rows=int(waits.sum()),
        stale_after_hours=settings.quality.stale_after_hours,
        findings=_lines(workspace, _newest(in_cases, NEWEST)),
        attribution=settings.attribution,
        inspection_page=Path(os.path.relpath(settings.quality_folder / INDEX, page.parent)).as_posix(),
    )
    workspace.put_page(page, render_quality(view).encode())
    return page


def _newest(in_cases: pd.DataFrame, most: int) -> pd.DataFrame:
    """The first row of each of the newest cases, in the order of `cases_of`."""
    by_case = in_cases.groupby("stretch")
    first = by_case.head(1).set_index("stretch")
    order = first.assign(
        decided=-by_case["decided_at"].min().astype("int64"),
        flagged=first["severity"] == "flag",
        ended=-by_case.tail(1).set_index("stretch").pipe(end_of).astype("int64"),
    ).sort_values(["decided", "flagged", "ended", "zone", "quantity"])
    return first.loc[order.index[:most]]


def _lines(workspace: Workspace, first_rows: pd.DataFrame) -> tuple[CaseLine, ...]:
    """The cases that begin with these rows, in words."""
    if first_rows.empty:
        return ()
    series = {Series(*pair) for pair in first_rows[KEY].itertuples(index=False, name=None)}
    lake = workspace.lake
    cases = {case.id: case for case in cases_of(lake.read_verdicts(*series), lake.read_rulings(*series))}
    named = [identity_of(row) for _, row in first_rows.iterrows()]
    return tuple(_line(workspace, cases[one]) for one in named if one in cases)  # a ruling may come in between


def _series(
    workspace: Workspace, counts: pd.DataFrame, in_cases: pd.DataFrame, made_at: pd.Timestamp
) -> tuple[pd.DatetimeIndex, tuple[SeriesQuality, ...]]:
    """The days of all series, and each series counted on them, the worst first."""
    counts = _shown(counts, made_at)
    if counts.empty:
        return pd.DatetimeIndex([]), ()
    days = pd.date_range(counts["day"].min(), counts["day"].max(), freq="D")
    marked = _marked(workspace, in_cases)
    every = [
        _quality(Series(str(zone), str(quantity)), of_series, marked.get((str(zone), str(quantity))), days)
        for (zone, quantity), of_series in counts.groupby(KEY)
    ]
    return days, tuple(sorted(every, key=lambda one: one.badness))


def _shown(counts: pd.DataFrame, made_at: pd.Timestamp) -> pd.DataFrame:
    """The days of the last weeks; of a lake that ends before them, those of its last weeks."""
    first = made_at.tz_localize(None).floor("D") - pd.Timedelta(weeks=WEEKS)
    recent = counts[counts["day"] >= first]
    return recent if len(recent) else counts[counts["day"] > counts["day"].max() - pd.Timedelta(weeks=WEEKS)]


def _marked(workspace: Workspace, in_cases: pd.DataFrame) -> dict[tuple[str, str], pd.DataFrame]:
    """By series the local day and the severity of every row that is flagged or kept out."""
    found = {}
    for (zone, quantity), of_series in in_cases[[*KEY, "valid_time", "severity"]].groupby(KEY):
        timezone = workspace.settings.zone(str(zone)).timezone
        days = delivery_days(of_series["valid_time"], timezone).to_numpy()
        found[str(zone), str(quantity)] = of_series.assign(day=days)
    return found


def _quality(
    series: Series, counts: pd.DataFrame, marked: pd.DataFrame | None, days: pd.DatetimeIndex
) -> SeriesQuality:
    """One series, counted on all days."""
    timezone, at = str(counts["timezone"].iloc[0]), days.get_indexer(pd.DatetimeIndex(counts["day"]))
    present = np.zeros(len(days), dtype=np.int64)
    present[at] = counts["present"]
    end = counts["last"].iloc[-1] + counts["minutes"].iloc[-1] * _MINUTE
    flagged, quarantined = (
        _of_days(marked, severity, days, counts["first"].iloc[0], end) for severity in ("flag", "quarantine")
    )
    table = np.stack([_expected(counts, at, len(days), timezone, end), present, flagged, quarantined], axis=1)
    mondays = _mondays(days)
    by_week = np.add.reduceat(table, np.flatnonzero(~mondays.duplicated()), axis=0)
    return SeriesQuality(
        series=str(series),
        title=_title(series),
        end=end.tz_convert(timezone),
        days=_cells(table[-DAYS:], _labels(tuple(days[-DAYS:]), "%a %-d %b %Y")),
        weeks=_cells(by_week, _labels(tuple(mondays.unique()), "Week of %-d %b %Y")),
    )


def _expected(counts: pd.DataFrame, at: Counts, length: int, timezone: str, end: pd.Timestamp) -> Counts:
    """(days,) market time units from the first value to the end of the last one; a day without any has those before."""
    first, last = at[0], at[-1]
    lengths = _minutes_of_days(counts["day"].iloc[0], counts["day"].iloc[-1], timezone).copy()
    lengths[-1] = (end - _midnight(counts["day"].iloc[-1], timezone)) / _MINUTE
    lengths[0] -= (counts["first"].iloc[0] - _midnight(counts["day"].iloc[0], timezone)) / _MINUTE
    before = np.searchsorted(at, np.arange(first, last + 1), side="right") - 1
    expected = np.zeros(length, dtype=np.int64)
    expected[first : last + 1] = np.ceil(lengths / counts["minutes"].to_numpy()[before])
    return expected


@lru_cache(maxsize=4096)
def _midnight(day: pd.Timestamp, timezone: str) -> pd.Timestamp:
    """When a local day begins; remembered, as all series of a zone ask for the same few."""
    return delivery_range(day.date(), timezone).start


@lru_cache(maxsize=64)
def _minutes_of_days(first: pd.Timestamp, last: pd.Timestamp, timezone: str) -> npt.NDArray[np.float64]:
    """How long each of the local days is; remembered, since most series have the same."""
    ranges = [delivery_range(day.date(), timezone) for day in pd.date_range(first, last, freq="D")]
    return np.array([(one.end - one.start) / _MINUTE for one in ranges])


def _of_days(
    marked: pd.DataFrame | None, severity: str, days: pd.DatetimeIndex, first: pd.Timestamp, end: pd.Timestamp
) -> Counts:
    """(days,) the rows of a severity between the first accepted value and the end of the last one."""
    if marked is None:
        return np.zeros(len(days), dtype=np.int64)
    inside = (marked["severity"] == severity) & (marked["valid_time"] >= first) & (marked["valid_time"] < end)
    at = days.get_indexer(pd.DatetimeIndex(marked.loc[inside, "day"]))
    return np.bincount(at[at >= 0], minlength=len(days))


def _cells(table: Counts, labels: Sequence[str]) -> tuple[Cell, ...]:
    return tuple(Cell(label, *row) for label, row in zip(labels, table.tolist(), strict=True))


@lru_cache(maxsize=4)
def _labels(starts: tuple[pd.Timestamp, ...], form: str) -> tuple[str, ...]:
    """What cells that begin there are called; the same for every series."""
    return tuple(f"{start:{form}}" for start in starts)


def _mondays(days: pd.DatetimeIndex) -> pd.DatetimeIndex:
    return days - pd.to_timedelta(days.dayofweek, unit="D")


def _line(workspace: Workspace, case: Case) -> CaseLine:
    timezone = workspace.settings.zone(case.series.zone).timezone
    return CaseLine(
        id=case.id,
        title=_title(case.series),
        start=case.start.tz_convert(timezone),
        end=case.end.tz_convert(timezone),
        rows=len(case.rows),
        severity=case.severity,
        state=case.state,
        rules=tuple(case.rules),
        reason=case.reasons[0],
        found_at=case.decided_at,
    )


def _title(series: Series) -> str:
    return f"{quantity_of(series.quantity).title} {series.zone}"
