"""Quality page: count what is there, flagged and kept out, by series and day, and write the page that shows it."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from gridahead.core.grid import Series, quantity_of
from gridahead.core.resolution import at_mtu, mtu_of
from gridahead.core.tables import VERDICTS, Observations
from gridahead.core.time import Mtu, TimeRange, delivery_days
from gridahead.operate.inspection_page import INDEX
from gridahead.quarantine.cases import Case, cases_of
from gridahead.reports.quality_page import render_quality
from gridahead.reports.quality_views import CaseLine, Cell, QualityView, SeriesQuality
from gridahead.workspace import Workspace

PAGE = "quality.html"
DAYS = 60
WEEKS = 104
"""Two of every season, and no more is read however long the lake is."""
NEWEST = 20
"""Findings that a person reads."""

Days = dict[str, pd.Series]
"""By kind of count (expected, present, flagged, quarantined) the market time units of every local day."""


def quality_page(workspace: Workspace) -> Path:
    """Write the page; returns its path."""
    settings, lake, made_at = workspace.settings, workspace.lake, workspace.clock()
    page = settings.published_folder / PAGE
    rows = _newest_rows(workspace, made_at)
    cases = cases_of(lake.read_verdicts(), lake.read_rulings())
    inspections = lake.quality.read()["inspected_at"]
    days, series = _series(workspace, rows, _in_force(cases))
    view = QualityView(
        created_at=made_at,
        inspected_at=None if inspections.empty else inspections.max(),
        days=tuple(days[-DAYS:]),
        weeks=tuple(_mondays(days).unique()),
        series=series,
        open_cases=tuple(
            _line(workspace, case) for case in cases if case.state == "open" and case.severity == "quarantine"
        ),
        stale_after_hours=settings.quality.stale_after_hours,
        findings=tuple(_line(workspace, case) for case in cases[:NEWEST]),
        attribution=settings.attribution,
        inspection_page=Path(os.path.relpath(settings.quality_folder / INDEX, page.parent)).as_posix(),
    )
    workspace.put_page(page, render_quality(view).encode())
    return page


def _newest_rows(workspace: Workspace, made_at: pd.Timestamp) -> Observations:
    """The accepted rows of the last weeks; of a lake that ends before them, those of its last weeks."""
    span = pd.Timedelta(weeks=WEEKS)
    rows = workspace.lake.read_accepted(time_range=TimeRange(made_at - span, made_at + pd.Timedelta(days=14)))
    if rows.empty:
        rows = workspace.lake.read_accepted()
        if not rows.empty:
            rows = Observations(rows[rows["valid_time"] > rows["valid_time"].max() - span])
    return rows


def _in_force(cases: list[Case]) -> pd.DataFrame:
    """The rows that are flagged or kept out, not those that a person has released."""
    rows = [case.rows[case.rows["ruling"] != "release"].assign(severity=case.severity) for case in cases]
    return pd.concat(rows) if rows else VERDICTS.empty()


def _series(
    workspace: Workspace, rows: Observations, verdicts: pd.DataFrame
) -> tuple[pd.DatetimeIndex, tuple[SeriesQuality, ...]]:
    """The days of all series, and each series counted on them."""
    counted: dict[Series, tuple[pd.Timestamp, Days]] = {}
    by_series = dict(list(verdicts.groupby(["zone", "quantity"])))
    for (zone, quantity), of_quantity in rows.groupby(["zone", "quantity"]):
        series = Series(str(zone), str(quantity))
        timezone = workspace.settings.zone(series.zone).timezone
        mtu = mtu_of(of_quantity, series, timezone)
        of_quantity = at_mtu(Observations(of_quantity), mtu, timezone)
        of_series = by_series.get((zone, quantity), verdicts.iloc[:0])
        end = of_quantity["valid_time"].max() + mtu.delta
        counted[series] = (end.tz_convert(timezone), _count(of_quantity, of_series, mtu, timezone))
    first = [counts["expected"].index.min() for _, counts in counted.values()]
    last = [counts["expected"].index.max() for _, counts in counted.values()]
    days = pd.date_range(min(first), max(last), freq="D") if counted else pd.DatetimeIndex([])
    return days, tuple(_quality(series, end, counts, days) for series, (end, counts) in counted.items())


def _count(rows: pd.DataFrame, verdicts: pd.DataFrame, mtu: Mtu, timezone: str) -> Days:
    """Market time units of each local day: expected, there, flagged, kept out."""
    first, last = rows["valid_time"].min(), rows["valid_time"].max()
    inside = verdicts[(verdicts["valid_time"] >= first) & (verdicts["valid_time"] <= last)]
    times = {
        "expected": TimeRange(first, last + mtu.delta).times(mtu),
        "present": pd.DatetimeIndex(rows["valid_time"].unique()),
        "flagged": pd.DatetimeIndex(inside.loc[inside["severity"] == "flag", "valid_time"]),
        "quarantined": pd.DatetimeIndex(inside.loc[inside["severity"] == "quarantine", "valid_time"]),
    }
    return {name: delivery_days(index, timezone).value_counts() for name, index in times.items()}


def _quality(series: Series, end: pd.Timestamp, counts: Days, days: pd.DatetimeIndex) -> SeriesQuality:
    table = pd.DataFrame({name: counted.reindex(days, fill_value=0) for name, counted in counts.items()}, index=days)
    return SeriesQuality(
        series=str(series),
        title=_title(series),
        end=end,
        days=_cells(table.iloc[-DAYS:], "%a %-d %b %Y"),
        weeks=_cells(table.groupby(_mondays(days)).sum(), "Week of %-d %b %Y"),
    )


def _cells(table: pd.DataFrame, label: str) -> tuple[Cell, ...]:
    counts = table[["expected", "present", "flagged", "quarantined"]].to_numpy(int).tolist()
    return tuple(Cell(f"{start:{label}}", *row) for start, row in zip(table.index, counts, strict=True))


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
