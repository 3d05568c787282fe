"""Report: what was published, how good it has been, and how complete the data are, on one page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from gridahead.core.each import of_each, require
from gridahead.core.errors import LakeError
from gridahead.core.grid import Series, quantity_of
from gridahead.core.resolution import at_mtu, forecasts_at, mtu_of
from gridahead.core.runs import HOLDOUT, LIVE
from gridahead.core.tables import FORECASTS, SCORES, Forecasts, Scores
from gridahead.core.time import Mtu, TimeRange
from gridahead.core.vintages import FOREVER, IDENTITY, among, as_of, of_series, withdrawn_at
from gridahead.evaluation.outturn import outturn
from gridahead.evaluation.scores import table
from gridahead.forecasting.publish import Issue, home_of, latest_manifest
from gridahead.monitoring.published import published_drift
from gridahead.operate.due import absent_of
from gridahead.operate.quality_page import quality_page
from gridahead.operate.slots import is_live
from gridahead.reports.drift import drift_words
from gridahead.reports.forecast_page import render_report
from gridahead.reports.views import Absent, QualityLine, ReportView, SeriesView
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
    manifests = {entry.series: latest_manifest(settings.published_place, entry.series) for entry in settings.series}
    if not any(manifests.values()):
        raise LakeError(f"nothing is published in {workspace.published}; run `gridahead forecast` first")
    shown = [series for series, manifest in manifests.items() if manifest is not None or is_live(workspace)]
    views, failed = of_each(shown, lambda member: _view(workspace, member, manifests[member], scores))
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
    workspace.put_page(page, content.encode())
    require(failed, [page])
    return page


def _view(workspace: Workspace, series: Series, manifest: dict[str, Any] | None, scores: Scores) -> SeriesView:
    zone, at = workspace.settings.zone(series.zone), workspace.clock()
    absent = _absent(workspace, series, at)
    if manifest is None:
        return _without_forecast(workspace, series, absent)
    issue_time = pd.Timestamp(str(manifest["issue_time"]))
    days = TimeRange(issue_time - HISTORY, issue_time + pd.Timedelta(days=3))
    live = workspace.lake.read_forecasts(series, LIVE, days)
    newest = _rows_of(workspace, series, manifest, live)
    past = workspace.lake.read_forecasts(series, HOLDOUT, days)
    past = past[past["model"] == manifest["model"]]
    mtu = Mtu(newest["mtu"].iloc[0])
    observations = at_mtu(workspace.lake.read_accepted(series, series.official, time_range=days), mtu, zone.timezone)
    official = observations[observations["quantity"] == series.official.quantity]
    return SeriesView(
        series=str(series),
        title=_title(series),
        timezone=zone.timezone,
        forecast=newest,
        history=forecasts_at(Forecasts(pd.concat([past, live])), mtu, zone.timezone),
        official=as_of(official, at)[["valid_time", "value"]],
        outturn=outturn(observations, series, at),
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
        absent=absent,
        coverage_alarm=workspace.settings.promotion.coverage_alarm,
    )


def _title(series: Series) -> str:
    return f"{quantity_of(series.quantity).title} {series.zone}"


def _absent(workspace: Workspace, series: Series, at: pd.Timestamp) -> tuple[Absent, ...]:
    slots = absent_of(workspace, series, at) if is_live(workspace) else []
    return tuple(Absent(slot.day, slot.deadline, slot.gate_closure) for slot in slots)


def _rows_of(workspace: Workspace, series: Series, manifest: Mapping[str, Any], live: Forecasts) -> Forecasts:
    """The rows of a published forecast, from the lake, or from its file where the lake has not got it yet."""
    same = [live[name].astype(str) == str(manifest[name]) for name in ("data_hash", "model", "model_version")]
    rows = live[(live["issue_time"] == pd.Timestamp(manifest["issue_time"])) & same[0] & same[1] & same[2]]
    if len(rows):
        return Forecasts(rows)
    day, issue_time = dt.date.fromisoformat(manifest["delivery_day"]), pd.Timestamp(manifest["issue_time"])
    home = home_of(workspace.settings.published_place, series, day, issue_time, manifest["rung"])
    return Issue(home, dict(manifest)).forecasts


def _without_forecast(workspace: Workspace, series: Series, absent: tuple[Absent, ...]) -> SeriesView:
    """A series of which nothing has been published yet."""
    nothing = pd.DataFrame({"valid_time": pd.DatetimeIndex([], tz="UTC"), "value": pd.Series(dtype=float)})
    return SeriesView(
        series=str(series),
        title=_title(series),
        timezone=workspace.settings.zone(series.zone).timezone,
        forecast=FORECASTS.empty(),
        history=FORECASTS.empty(),
        official=nothing,
        outturn=nothing,
        scores=SCORES.empty(),
        unit=workspace.settings.unit_wanted(series),
        absent=absent,
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
