"""Report: what was published, how good it has been, and how complete the data are, on one page."""

from __future__ import annotations

import os
from pathlib import Path

from gridahead.core.each import of_each, require
from gridahead.core.errors import LakeError
from gridahead.core.grid import Series
from gridahead.core.resolution import at_mtu, mtu_of
from gridahead.core.time import TimeRange
from gridahead.core.vintages import FOREVER, IDENTITY, among, withdrawn_at
from gridahead.evaluation.scores import table
from gridahead.forecasting.publish import latest_manifest
from gridahead.operate.due import absent_of
from gridahead.operate.inspection_page import INDEX
from gridahead.operate.quality_page import quality_page
from gridahead.operate.slots import is_live
from gridahead.reading.card import Card, card
from gridahead.reports.forecast_page import render_report
from gridahead.reports.views import Absent, QualityLine, ReportView, SeriesView
from gridahead.workspace import Workspace

PAGE = "report.html"


def report(workspace: Workspace) -> Path:
    """Write the page; returns its path.

    Raises:
        LakeError: nothing has been published yet.
        PartialError: the page is written, without a series that cannot be shown.
    """
    settings = workspace.settings
    manifests = {entry.series: latest_manifest(settings.published_place, entry.series) for entry in settings.series}
    if not any(manifests.values()):
        raise LakeError(f"nothing is published in {workspace.published}; run `gridahead forecast` first")
    shown = [series for series, manifest in manifests.items() if manifest is not None or is_live(workspace)]
    views, failed = of_each(shown, lambda member: _view(workspace, member))
    page = settings.published_folder / PAGE
    inspected = settings.quality_folder / INDEX
    content = render_report(
        ReportView(
            title="Day-ahead forecasts",
            created_at=workspace.clock(),
            attribution=settings.attribution,
            series=tuple(views.values()),
            score_table=table(workspace.lake.read_scores()),
            quality_page=quality_page(workspace).name,
            inspection_page=Path(os.path.relpath(inspected, page.parent)).as_posix() if inspected.is_file() else None,
        )
    )
    workspace.put_page(page, content.encode())
    require(failed, [page])
    return page


def _view(workspace: Workspace, series: Series) -> SeriesView:
    settings, read = workspace.settings, card(workspace, series)
    return SeriesView(
        card=read,
        quality=_quality(workspace, series) if read.shown else None,
        absent=_absent(workspace, series),
        links=_links(workspace, read),
        stale_after_hours=settings.quality.stale_after_hours,
        coverage_alarm=settings.promotion.coverage_alarm,
    )


def _links(workspace: Workspace, read: Card) -> dict[str, str]:
    """The pages about a series that there are, relative to this one."""
    links = {}
    if read.shown:
        model = f"cards/{read.series.slug}-v{read.shown[0].issue.manifest['model_version']}.html"
        if (workspace.settings.published_folder / model).is_file():
            links["Model card"] = model
    return {**links, "Quarantine cases": "quality.html"}


def _absent(workspace: Workspace, series: Series) -> tuple[Absent, ...]:
    slots = absent_of(workspace, series, workspace.clock()) if is_live(workspace) else []
    return tuple(Absent(slot.day, slot.deadline, slot.gate_closure) for slot in slots)


def _quality(workspace: Workspace, series: Series) -> QualityLine:
    """How complete the accepted observations of a series are."""
    timezone = workspace.settings.zone(series.zone).timezone
    rows = workspace.lake.read_accepted(series)
    mtu = mtu_of(rows, series, timezone)
    rows = at_mtu(rows, mtu, timezone)
    start, end = rows["valid_time"].min(), rows["valid_time"].max() + mtu.delta
    return QualityLine(
        start=start,
        end=end,
        expected=len(TimeRange(start, end).times(mtu)),
        present=rows["valid_time"].nunique(),
        quarantined=_withheld(workspace, series),
    )


def _withheld(workspace: Workspace, series: Series) -> int:
    """Market time units with a row that the gate keeps out, or a person does."""
    lake = workspace.lake
    every, read = lake.read_observations(series), lake.read_accepted(series)
    there = every["value"].notna() & (withdrawn_at(every) == FOREVER) & ~every["batch"].isin(lake.waiting.batches())
    return int(every[~among(every, read, IDENTITY) & there]["valid_time"].nunique())
