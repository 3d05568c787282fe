"""Report: what was published, how good it has been, and how complete the data are, on one page."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from gridahead.core.each import require
from gridahead.core.errors import LakeError
from gridahead.core.grid import Series
from gridahead.core.resolution import at_mtu, mtu_of
from gridahead.core.time import MICROSECOND, TimeRange
from gridahead.core.vintages import FOREVER, IDENTITY, among, withdrawn_at
from gridahead.core.vintages import as_of as known_at
from gridahead.evaluation.scores import table
from gridahead.operate.due import absent_of
from gridahead.operate.inspection_page import INDEX
from gridahead.operate.quality_page import PAGE as QUALITY_PAGE
from gridahead.operate.quality_page import quality_page
from gridahead.operate.slots import is_live
from gridahead.operate.together import of_each_together
from gridahead.reading.card import Card, as_seen, card, scored_by
from gridahead.reading.issues import issues
from gridahead.reports.forecast_page import render_report
from gridahead.reports.views import Absent, QualityLine, ReportView, SeriesView
from gridahead.reports.wording import title_of_forecasts
from gridahead.workspace import Workspace

PAGE = "report.html"


def report(workspace: Workspace, as_of: pd.Timestamp | None = None) -> Path:
    """Write the page; returns its path.

    Args:
        workspace: whose.
        as_of: as it looked then, as a page of its own beside the one of now.

    Raises:
        LakeError: nothing has been published yet, or nothing had been by then.
        PartialError: the page is written, without a series that cannot be shown.
    """
    settings = workspace.settings
    published = {entry.series: issues(workspace, entry.series, 1, as_of=as_of) for entry in settings.series}
    if not any(published.values()):
        then = "" if as_of is None else f" as of {as_of:%Y-%m-%d %H:%M} UTC"
        raise LakeError(f"nothing is published in {workspace.published}{then}; run `gridahead forecast` first")
    seen = workspace if as_of is None else as_seen(workspace, as_of)
    shown = [series for series, found in published.items() if found or is_live(workspace)]
    views, failed = of_each_together(seen, shown, lambda ahead, member: _view(ahead, member, as_of))
    page = settings.published_folder / (PAGE if as_of is None else f"report-{as_of:%Y-%m-%dT%H%MZ}.html")
    inspected = settings.quality_folder / INDEX
    content = render_report(
        ReportView(
            title=title_of_forecasts(settings.lead_days(entry.series) for entry in settings.series),
            created_at=seen.clock(),
            attribution=settings.attribution,
            series=tuple(views.values()),
            score_table=table(workspace.lake.read_scores(as_of, scored_by(workspace))),
            quality_page=QUALITY_PAGE if as_of is not None else quality_page(workspace).name,
            inspection_page=Path(os.path.relpath(inspected, page.parent)).as_posix() if inspected.is_file() else None,
        )
    )
    workspace.put_page(page, content.encode())
    require(failed, [page])
    return page


def _view(workspace: Workspace, series: Series, as_of: pd.Timestamp | None) -> SeriesView:
    settings, read = workspace.settings, card(workspace, series, as_of)
    return SeriesView(
        card=read,
        quality=_quality(workspace, series, read.at) if read.shown else None,
        absent=_absent(workspace, series, as_of),
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


def _absent(workspace: Workspace, series: Series, as_of: pd.Timestamp | None) -> tuple[Absent, ...]:
    slots = absent_of(workspace, series, workspace.clock(), as_of) if is_live(workspace) else []
    return tuple(Absent(slot.day, slot.deadline, slot.gate_closure) for slot in slots)


def _quality(workspace: Workspace, series: Series, at: pd.Timestamp) -> QualityLine | None:
    """How complete the observations of a series were that could be read at an instant; None where there were none."""
    timezone, lake = workspace.settings.zone(series.zone).timezone, workspace.lake
    vintages = lake.read_vintages(series)
    mtu = mtu_of(vintages, series, timezone)
    rows = known_at(at_mtu(vintages, mtu, timezone), at)
    if rows.empty:
        return None
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
    judged = pd.concat([lake.read_verdicts(series)["valid_time"], lake.read_rulings(series)["valid_time"]])
    if judged.empty:
        return 0
    span = TimeRange(judged.min(), judged.max() + MICROSECOND)
    every, read = lake.read_inspected(series, time_range=span), lake.read_accepted(series, time_range=span)
    there = every["value"].notna() & (withdrawn_at(every) == FOREVER)
    return int(every[~among(every, read, IDENTITY) & there]["valid_time"].nunique())
