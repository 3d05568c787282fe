"""Report: what was published, how good it has been, and how complete the data are, on one page."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from gridahead.core.each import of_each, require
from gridahead.core.errors import LakeError
from gridahead.core.files import write_whole
from gridahead.core.grid import Series, quantity_of
from gridahead.core.resolution import at_mtu, forecasts_at, mtu_of
from gridahead.core.runs import HOLDOUT, LIVE
from gridahead.core.tables import Forecasts, Scores
from gridahead.core.time import Mtu, TimeRange
from gridahead.core.vintages import FOREVER, IDENTITY, among, as_of, of_series, withdrawn_at
from gridahead.evaluation.outturn import outturn
from gridahead.evaluation.scores import table
from gridahead.forecasting.publish import latest_manifest
from gridahead.monitoring.published import published_drift
from gridahead.operate.quality_page import quality_page
from gridahead.reports.drift import drift_words
from gridahead.reports.forecast_page import render_report
from gridahead.reports.views import QualityLine, ReportView, SeriesView
from gridahead.workspace import Workspace

PAGE = "report.html"
HISTORY = pd.Timedelta(days=14)


def report(workspace: Workspace) -> Path:
    """Write the page; returns its path.

    Raises:
        LakeError: nothing has been published yet.
        PartialError: the page is written, without a series that cannot be shown.
    """
    settings = workspace.settings
    scores = workspace.lake.read_scores()
    manifests = {entry.series: latest_manifest(settings.published_folder, entry.series) for entry in settings.series}
    published = {series: manifest for series, manifest in manifests.items() if manifest is not None}
    views, failed = of_each(published, lambda member: _view(workspace, member, published[member], scores))
    if not published:
        raise LakeError(f"nothing is published in {settings.published_folder}; run `gridahead forecast` first")
    page = settings.published_folder / PAGE
    content = render_report(
        ReportView(
            title="Day-ahead forecasts",
            created_at=workspace.clock(),
            attribution=settings.attribution,
            series=tuple(views.values()),
            score_table=table(scores),
            quality_page=quality_page(workspace).name,
        )
    )
    write_whole(page, content.encode())
    require(failed, [page])
    return page


def _view(workspace: Workspace, series: Series, manifest: dict[str, object], scores: Scores) -> SeriesView:
    zone = workspace.settings.zone(series.zone)
    issue_time = pd.Timestamp(str(manifest["issue_time"]))
    days = TimeRange(issue_time - HISTORY, issue_time + pd.Timedelta(days=3))
    live = workspace.lake.read_forecasts(series, LIVE, days)
    newest = live[(live["issue_time"] == issue_time) & (live["data_hash"] == manifest["data_hash"])]
    newest = newest[newest["model_version"] == manifest["model_version"]]
    past = workspace.lake.read_forecasts(series, HOLDOUT, days)
    past = past[past["model"] == manifest["model"]]
    mtu = Mtu(newest["mtu"].iloc[0])
    observations = at_mtu(workspace.lake.read_accepted(series, series.official, time_range=days), mtu, zone.timezone)
    official = observations[observations["quantity"] == series.official.quantity]
    return SeriesView(
        series=str(series),
        title=f"{quantity_of(series.quantity).title} {series.zone}",
        timezone=zone.timezone,
        forecast=newest,
        history=forecasts_at(Forecasts(pd.concat([past, live])), mtu, zone.timezone),
        official=as_of(official, workspace.clock())[["valid_time", "value"]],
        outturn=outturn(observations, series),
        scores=of_series(scores[scores["run"] == HOLDOUT], series),
        quality=_quality(workspace, series),
        manifest=manifest,
        csv=f"{series.slug}/latest.csv",
        unit=workspace.settings.unit_wanted(series),
        drifted={
            finding.kind: drift_words(finding, workspace.settings.unit_of(series))
            for finding in published_drift(workspace, series)
            if finding.level == "alarm"
        },
        stale_after_hours=workspace.settings.quality.stale_after_hours,
        coverage_alarm=workspace.settings.promotion.coverage_alarm,
    )


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
